"""Upper bounds on archives, as `Limits` has them for one message."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveLimits:
    """Upper bounds, inclusive. What exceeds one is `Unverified` by `limit-exceeded`; the rest of the run goes on."""

    entries: int = 1_000_000
    """Entries of one archive that are looked at. ClamAV's MaxFiles, for one attachment, is 10,000."""
    directory_bytes: int = 100_000_000
    """The directory of a zip file, which is read before anything else: room for some million entries."""
    ratio: int = 200
    """What is unpacked to what is packed, once more than `free_bytes` are unpacked. Mail packs to a tenth of itself at
    best; DEFLATE cannot do more than 1,032 to 1, Apache POI's ZipSecureFile takes 100 to 1."""
    free_bytes: int = 1_000_000
    """Bytes that any entry may unpack to, whatever the ratio."""
    depth: int = 3
    """Archives in archives: a `.zip` in a `.tar.gz` in a `.zip`."""
