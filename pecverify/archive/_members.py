"""What is in a zip or tar file, one entry after another: nothing is written, no name is a path, no link is followed.

An entry that cannot be read is a value and the next one follows; where an archive itself breaks off, that is the last.
"""

from __future__ import annotations

import stat
import struct
import tarfile
import zipfile
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, cast

from pecverify.archive._streams import ArchiveError, Forward, check_ratio, failures_named
from pecverify.archive.answer import Cause, Unverified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
        with failures_named():
            archive = tarfile.open(fileobj=stream, mode="r:")  # noqa: SIM115 (it holds nothing that is to be closed)
        while (entry := _next(archive)) is not None:
            count += 1
            _check_count(count, limits)
            content = _tar_content(archive, entry, limits)
            if content is not None:
                yield Member(name=entry.name, offset=entry.offset, content=content)
        if len(stream.last) != tarfile.BLOCKSIZE or stream.last.strip(b"\0"):
            # The library takes a broken header for the end.
            raise ArchiveError(Cause.DAMAGED, "it breaks off: no end mark, or a header that is none")
    except ArchiveError as error:
        yield _broken(error)


def _next(archive: tarfile.TarFile) -> tarfile.TarInfo | None:
    with failures_named():
        entry = archive.next()
    archive.members.clear()  # type: ignore[attr-defined]  # it would keep them all
    return entry


def _tar_content(archive: tarfile.TarFile, entry: tarfile.TarInfo, limits: ArchiveLimits) -> _Entry | Unverified | None:
    """None for what holds nothing: a folder, a device."""
    if entry.issym() or entry.islnk():
        return Unverified(cause=Cause.LINK, detail=f"a link to {entry.linkname}")
    if entry.issparse():  # a few bytes may stand for terabytes
        return Unverified(cause=Cause.LIMIT_EXCEEDED, detail="a sparse file")
    if not entry.isreg() and entry.type in tarfile.SUPPORTED_TYPES:  # an unknown type is a file (POSIX, pax)
        return None
    return _Entry(lambda: cast("IO[bytes]", archive.extractfile(entry)), None, limits)


def zip_members(file: IO[bytes], limits: ArchiveLimits, *, with_folders: bool = False) -> Iterator[Member]:
    """The files in a zip archive, in the order of its directory. They can be read in any order, each once.

    Args:
        file: seekable.
        limits: entries, size of the directory, ratio.
        with_folders: whether to give entries that hold nothing too.

    Source: PKWARE APPNOTE.TXT §4.3.
    """
    packed = 0
    try:
        with failures_named():
            size = _check_directory(file, limits)
            archive = zipfile.ZipFile(file)  # it holds nothing that is to be closed
        for count, entry in enumerate(archive.infolist(), 1):
            _check_count(count, limits)
            if entry.is_dir() and not with_folders:
                continue
            packed += entry.compress_size
            if packed > size:
                raise ArchiveError(Cause.LIMIT_EXCEEDED, "entries lie over each other")
            content = _zip_content(archive, entry, limits)
            yield Member(name=entry.filename, offset=entry.header_offset, content=content)
    except ArchiveError as error:
        yield _broken(error)


class _Entry:
    """What an entry holds: opened when it is read, and within the ratio where it is packed."""

    def __init__(self, open_: Callable[[], IO[bytes]], packed: int | None, limits: ArchiveLimits) -> None:
        self._open, self._packed, self._limits = open_, packed, limits
        self._stream: IO[bytes] | None = None
        self._given = 0

    def read(self, size: int, /) -> bytes:
        with failures_named():
            if self._stream is None:
                self._stream = self._open()
            data = self._stream.read(size)
        self._given += len(data)
        if self._packed is not None:
            check_ratio(self._given, self._packed, self._limits)
        return data


def _zip_content(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limits: ArchiveLimits) -> _Entry | Unverified:
    if stat.S_ISLNK(entry.external_attr >> 16):  # written by Unix: the mode is in the upper half
        return Unverified(cause=Cause.LINK, detail="a link")
    if entry.flag_bits & 1:
        return Unverified(cause=Cause.ENCRYPTED, detail="protected by a password")
    return _Entry(lambda: archive.open(entry), entry.compress_size, limits)


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


def _broken(error: ArchiveError) -> Member:
    return Member(name=None, offset=None, content=error.as_value())
