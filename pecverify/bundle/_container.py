"""The zip around a bundle: written in one way, read as what a stranger made."""

from __future__ import annotations

import hashlib
import io
import struct
import zipfile
from collections import Counter
from typing import IO, TYPE_CHECKING, cast

from pecverify.archive._members import zip_members
from pecverify.archive._streams import ArchiveError, Readable, read_bounded
from pecverify.archive.answer import Unverified
from pecverify.archive.limits import ArchiveLimits
from pecverify.bundle.errors import BundleError
from pecverify.bundle.manifest import MANIFEST, MAXIMUM_MANIFEST_BYTES, FileEntry, Manifest, digest_of

if TYPE_CHECKING:
    from collections.abc import Iterator

_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The first instant that a zip can name."""
_MODE = 0o100644 << 16
_UNIX = 3
_LIMITS = ArchiveLimits(entries=200_000, directory_bytes=20_000_000)
"""More entries than a manifest has room for."""
_CHUNK = 1 << 16
_LOCAL_HEADER = struct.Struct("<4s2xH10xL4x2H")
"""Signature, flags, compressed size, lengths of name and extra field (APPNOTE.TXT §4.3.7)."""
_SIZE_FOLLOWS = 1 << 3
_END = struct.Struct("<4s16xH")
"""Signature, and length of the comment (APPNOTE.TXT §4.3.16)."""


class Writer:
    """Writes entries that depend on nothing but their names and bytes: nothing compressed, no clock, no owner.

    Compression is left out on purpose: its libraries do not all give the same bytes.

    Args:
        file: seekable.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = zipfile.ZipFile(file, "w", zipfile.ZIP_STORED)

    def add(self, path: str, data: bytes) -> FileEntry:
        """Write one entry."""
        info = zipfile.ZipInfo(path, _EPOCH)
        info.create_system = _UNIX
        info.external_attr = _MODE
        self._zip.writestr(info, data, zipfile.ZIP_STORED)
        return FileEntry(path=path, size=len(data), sha256=digest_of(data))

    def finish(self) -> None:
        """Write the directory."""
        self._zip.close()


class Container:
    """Reads the entries of a zip by name, each once, and none that is there twice.

    Raises:
        BundleError: it is no zip that can be read within the limits, or has bytes that belong to none of its entries.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._members = {}
        count: Counter[str] = Counter()
        for member in zip_members(file, _LIMITS, with_folders=True):
            if member.name is None:
                message = f"not a zip that can be read: {cast('Unverified', member.content).detail}"
                raise BundleError(message)
            count[member.name] += 1
            self._members[member.name] = member.content
        if not _is_seamless(file):
            message = "not a zip of which every byte belongs to an entry: another program may find other files in it"
            raise BundleError(message)
        self.repeated = tuple(name for name, times in count.items() if times > 1)
        """Names of more than one entry."""
        self.names = frozenset(self._members)
        """Of all entries."""

    def read(self, name: str, limit: int) -> bytes:
        """An entry, or its first `limit` bytes and one more.

        Raises:
            ArchiveError: it cannot be read.
        """
        return read_bounded(self._open(name), limit)

    def fingerprint(self, name: str, limit: int) -> tuple[int, str]:
        """Size and SHA-256 of an entry, or of as much as `limit` bytes and a little more. Raises as `read`."""
        digest, size = hashlib.sha256(), 0
        for chunk in _chunks(self._open(name)):
            digest.update(chunk)
            size += len(chunk)
            if size > limit:
                break
        return size, digest.hexdigest()

    def read_manifest(self) -> tuple[bytes, Manifest]:
        """The manifest as it stands and as it reads.

        Raises:
            BundleError: there is none, or more than one, or it is none.
        """
        if self.repeated:
            message = f"two entries of one name: {self.repeated[0]!r:.100}"
            raise BundleError(message)
        if MANIFEST not in self._members:
            message = f"no {MANIFEST} in it"
            raise BundleError(message)
        try:
            data = self.read(MANIFEST, MAXIMUM_MANIFEST_BYTES)
        except ArchiveError as error:
            message = f"{MANIFEST} cannot be read: {error.detail}"
            raise BundleError(message) from None
        if len(data) > MAXIMUM_MANIFEST_BYTES:
            message = f"{MANIFEST} has more than {MAXIMUM_MANIFEST_BYTES} bytes"
            raise BundleError(message)
        return data, Manifest.parse(data)

    def _open(self, name: str) -> Readable:
        content = self._members[name]
        if isinstance(content, Unverified):
            raise ArchiveError(content.cause, content.detail)
        return content


def _is_seamless(file: IO[bytes]) -> bool:
    """Whether the entries lie one after the other from the first byte to the directory, and its end ends the file.

    Programs that read a zip from its beginning then find the entries that the directory names, and no others.
    """
    archive = zipfile.ZipFile(file)
    position = 0
    for entry in sorted(archive.infolist(), key=lambda entry: entry.header_offset):
        file.seek(position)
        header = file.read(_LOCAL_HEADER.size)
        if entry.header_offset != position or len(header) < _LOCAL_HEADER.size:
            return False
        _, flags, size, name, extra = _LOCAL_HEADER.unpack(header)
        is_stored = entry.compress_type == zipfile.ZIP_STORED
        if flags & _SIZE_FOLLOWS or size != entry.compress_size or (is_stored and size != entry.file_size):
            return False
        position += _LOCAL_HEADER.size + name + extra + size
    file.seek(-_END.size, io.SEEK_END)
    return position == archive.start_dir and _END.unpack(file.read(_END.size)) == (b"PK\5\6", 0)


def _chunks(source: Readable) -> Iterator[bytes]:
    while chunk := source.read(_CHUNK):
        yield chunk
