"""A timestamp for a bundle that is there already: what to send to an authority, and its answer put beside the manifest.

Needs the extra `timestamp`.
"""

from __future__ import annotations

from typing import IO

from pecverify.archive._streams import ArchiveError
from pecverify.bundle._container import Container, Writer
from pecverify.bundle.errors import BundleError
from pecverify.bundle.manifest import MANIFEST, TIMESTAMP, FileEntry, Manifest, digest_of


def request_timestamp(file: IO[bytes], *, nonce: bool = False) -> bytes:
    """A TimeStampReq (RFC 3161) over the manifest of a bundle, DER.

    Args:
        file: the bundle; seekable.
        nonce: whether to put a random number in: without, the same bundle gives the same request.

    Raises:
        ImportError: the extra `timestamp` is not installed.
        BundleError: it is no bundle.
    """
    from pecverify.bundle.timestamp import make_request  # noqa: PLC0415 (an extra)

    data, _ = Container(file).read_manifest()
    return make_request(data, nonce=nonce)


def attach_timestamp(file: IO[bytes], token: bytes, new: IO[bytes]) -> Manifest:
    """Write a bundle again with an authority's answer in it. Whether the authority is to be trusted is for the check.

    Args:
        file: the bundle; seekable.
        token: TimeStampResp, DER, over its manifest.
        new: where to; seekable.

    Raises:
        ImportError: the extra `timestamp` is not installed.
        BundleError: it is no bundle or not intact, has a timestamp already, or the answer is not about its manifest.
    """
    from pecverify.bundle.timestamp import TimestampError, check_imprint  # noqa: PLC0415 (an extra)

    container = Container(file)
    data, manifest = container.read_manifest()
    names = {MANIFEST, *(entry.path for entry in manifest.files)}
    if container.names != names:
        other = min(container.names ^ names)
        message = (
            f"{other!r:.100}: there is a timestamp already" if other == TIMESTAMP else f"not intact: {other!r:.100}"
        )
        raise BundleError(message)
    try:
        check_imprint(token, data)
    except TimestampError as error:
        message = f"the timestamp is refused: {error.reason.value}: {error.detail}"
        raise BundleError(message) from None
    writer = Writer(new)
    files = {entry.path: entry for entry in manifest.files}
    receipts = [receipt.file for receipt in manifest.receipts]
    for path in (*receipts, *sorted(files.keys() - set(receipts))):
        writer.add(path, _read_intact(container, files[path]))
    writer.add(MANIFEST, data)
    writer.add(TIMESTAMP, token)
    writer.finish()
    return manifest


def _read_intact(container: Container, entry: FileEntry) -> bytes:
    try:
        content = container.read(entry.path, entry.size)
    except ArchiveError as error:
        message = f"not intact: {entry.path}: {error.detail}"
        raise BundleError(message) from None
    if digest_of(content) != entry.sha256:
        message = f"not intact: {entry.path}"
        raise BundleError(message)
    return content
