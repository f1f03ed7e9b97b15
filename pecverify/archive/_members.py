"""What is in a zip or tar file, one entry after another: nothing is written, no name is a path, no link is followed.

An entry that cannot be read is a value and the next one follows; where an archive itself breaks off, that is the last.
"""

from __future__ import annotations

import stat
import struct
import tarfile
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from pecverify.archive._streams import ArchiveError, Forward, check_ratio
from pecverify.archive.answer import Cause, Unverified

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.archive._streams import Readable
    from pecverify.archive.limits import ArchiveLimits


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One entry."""

    name: str | None
    """As the archive has it; None for what is wrong with the archive as a whole."""
    offset: int | None
    """Where it begins in the archive."""
    content: Readable | Unverified
    """To be read before the next one is asked for."""


def tar_members(source: Readable, limits: ArchiveLimits) -> Iterator[Member]:
    """The files in a tar archive, in one pass.

    Source: POSIX.1-2017, pax, "ustar Interchange Format".
    """
    stream = Forward(source)
    count = 0
    try:
        with tarfile.open(fileobj=stream, mode="r:") as archive:
            while (entry := archive.next()) is not None:
                archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all
                count += 1
                _check_count(count, limits)
                content = _tar_content(archive, entry)
                if content is not None:
                    yield Member(name=entry.name, offset=entry.offset, content=content)
            if len(stream.last) != tarfile.BLOCKSIZE or stream.last.strip(b"\0"):
                # The library takes a broken header for the end.
                raise ArchiveError(Cause.DAMAGED, "it breaks off: no end mark, or a header that is none")
    except Exception as error:  # noqa: BLE001 (whatever the library makes of hostile bytes)
        yield _broken(error)


def _tar_content(archive: tarfile.TarFile, entry: tarfile.TarInfo) -> IO[bytes] | Unverified | None:
    """None for what holds nothing: a folder, a device."""
    if entry.issym() or entry.islnk():
        return Unverified(cause=Cause.LINK, detail=f"a link to {entry.linkname}")
    if entry.issparse():  # a few bytes may stand for terabytes
        return Unverified(cause=Cause.LIMIT_EXCEEDED, detail="a sparse file")
    return archive.extractfile(entry)


def zip_members(file: IO[bytes], limits: ArchiveLimits) -> Iterator[Member]:
    """The files in a zip archive, in the order of its directory.

    Args:
        file: seekable.
        limits: entries, size of the directory, ratio.

    Source: PKWARE APPNOTE.TXT §4.3.
    """
    unpacked = 0
    try:
        size = _check_directory(file, limits)
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            for count, entry in enumerate(entries, 1):
                _check_count(count, limits)
                if entry.is_dir():
                    continue
                content = _zip_content(archive, entry, limits)
                yield Member(name=entry.filename, offset=entry.header_offset, content=content)
                if isinstance(content, _ZipEntry):
                    unpacked += content.given
                    check_ratio(unpacked, size, limits)  # entries may lie over each other
    except Exception as error:  # noqa: BLE001 (as above)
        yield _broken(error)


class _ZipEntry:
    """An entry, opened when it is read, within the ratio."""

    def __init__(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> None:
        self._archive, self._entry, self._limits = archive, entry, limits
        self._stream: IO[bytes] | None = None
        self.given = 0

    def read(self, size: int, /) -> bytes:
        try:
            if self._stream is None:
                self._stream = self._archive.open(self._entry)
            data = self._stream.read(size)
        except ArchiveError:
            raise  # of an archive around this one
        except Exception as error:  # noqa: BLE001 (as above)
            raise ArchiveError(Cause.DAMAGED, str(error)) from None
        self.given += len(data)
        check_ratio(self.given, self._entry.compress_size, self._limits)
        return data


def _zip_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> _ZipEntry | Unverified:
    if stat.S_ISLNK(entry.external_attr >> 16):  # written by Unix: the mode is in the upper half
        return Unverified(cause=Cause.LINK, detail="a link")
    if entry.flag_bits & 1:
        return Unverified(cause=Cause.ENCRYPTED, detail="protected by a password")
    return _ZipEntry(archive, entry, limits)


_END = struct.Struct("<4s4H2LH")
"""The end of central directory record (§4.3.16)."""
_END_64 = struct.Struct("<4sQ2H2L4Q")
"""Its Zip64 form (§4.3.14)."""
_LONGEST_COMMENT = 0xFFFF
_IN_ZIP_64 = 0xFFFFFFFF


def _check_directory(file: IO[bytes], limits: ArchiveLimits) -> int:
    """The archive's size; its directory, which the library reads at once, must not be too large."""
    size = file.seek(0, 2)
    start = file.seek(max(0, size - _LONGEST_COMMENT - _END.size - _END_64.size - 20))
    tail = file.read(size - start)
    file.seek(0)
    at, at_64 = tail.rfind(b"PK\x05\x06"), tail.rfind(b"PK\x06\x06")
    directory = _END.unpack_from(tail, at)[5] if 0 <= at <= len(tail) - _END.size else 0
    if directory == _IN_ZIP_64 and 0 <= at_64 <= len(tail) - _END_64.size:
        directory = _END_64.unpack_from(tail, at_64)[8]
    if directory > limits.directory_bytes:
        raise ArchiveError(Cause.LIMIT_EXCEEDED, f"a directory of {directory} bytes")
    return size


def _check_count(count: int, limits: ArchiveLimits) -> None:
    if count > limits.entries:
        raise ArchiveError(Cause.LIMIT_EXCEEDED, f"more than {limits.entries} entries")


def _broken(error: Exception) -> Member:
    if isinstance(error, ArchiveError):
        return Member(name=None, offset=None, content=Unverified(cause=error.cause, detail=error.detail))
    detail = f"{type(error).__name__}: {error}"
    return Member(name=None, offset=None, content=Unverified(cause=Cause.DAMAGED, detail=detail))
