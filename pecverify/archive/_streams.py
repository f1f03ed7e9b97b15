"""Reading what is packed, forward only and never more than is allowed: archives are bombs until shown otherwise."""

from __future__ import annotations

import importlib
import io
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Protocol

from pecverify.archive._names import HEAD_BYTES, compression_of
from pecverify.archive.answer import Cause, Unverified

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType

    from pecverify.archive.limits import ArchiveLimits

BLOCK = 1 << 16
_LONGEST_READ = 256_000_000
"""Bytes asked for at once: a length in a hostile header is no reason to make room for it."""


class ArchiveError(Exception):
    """An archive, or an entry of it, cannot be read on. Never leaves this package: it becomes an `Unverified`."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(cause, detail)
        self.cause = cause
        self.detail = detail

    def as_value(self) -> Unverified:
        """The same as a value."""
        return Unverified(cause=self.cause, detail=self.detail)


@contextmanager
def failures_named() -> Iterator[None]:
    """Whatever a library makes of hostile bytes, it is damage."""
    try:
        yield
    except ArchiveError:
        raise  # of an archive around this one, or a limit
    except Exception as error:  # noqa: BLE001 (the libraries document no full list, and hostile bytes find the rest)
        raise ArchiveError(Cause.DAMAGED, f"{type(error).__name__}: {error}") from None


class Readable(Protocol):
    """What can be read in order."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; none at the end."""


class Unpacked:
    """A compressed stream, unpacked as far as the limits allow.

    Args:
        packed: the compressed bytes.
        ending: the compression, `.gz` and so on.
        limits: the ratio and what is free of it.

    Raises:
        ArchiveError: EXTRA_MISSING at once; DAMAGED or LIMIT_EXCEEDED while it is read.
    """

    def __init__(self, packed: Readable, ending: str, limits: ArchiveLimits) -> None:
        self._packed = _Counted(packed)
        self._unpacked = _open_compressed(self._packed, ending)
        self._limits = limits
        self._given = 0

    def read(self, size: int, /) -> bytes:
        """As `Readable`."""
        with failures_named():
            data = self._unpacked.read(min(size, BLOCK))
        self._given += len(data)
        check_ratio(self._given, self._packed.count, self._limits)
        return data


def check_ratio(unpacked: int, packed: int, limits: ArchiveLimits) -> None:
    """Raise LIMIT_EXCEEDED where more was unpacked than the ratio allows."""
    if unpacked > max(limits.free_bytes, limits.ratio * packed):
        raise ArchiveError(Cause.LIMIT_EXCEEDED, f"unpacks to more than {limits.ratio} times its size")


class Forward(io.RawIOBase):
    """A stream with a position that can be moved forward, as `tarfile` wants it: what lies between is read over."""

    def __init__(self, source: Readable, head: bytes = b"") -> None:
        super().__init__()
        self._source, self._head = source, head
        self._position = 0
        self.last = b""
        """What the last `read` gave."""

    def tell(self) -> int:
        """How much was read."""
        return self._position

    def read(self, size: int | None = -1, /) -> bytes:
        """Exactly `size` bytes unless the end comes first."""
        if size is None or not 0 <= size <= _LONGEST_READ:
            raise ArchiveError(Cause.LIMIT_EXCEEDED, f"a header of {size} bytes")
        return self.read_up_to(size)

    def read_up_to(self, size: int) -> bytes:
        """The same for a size that no header chose."""
        pieces, missing = [], size
        while missing > 0 and (piece := self._read_some(min(missing, _LONGEST_READ))):
            pieces.append(piece)
            missing -= len(piece)
        self.last = b"".join(pieces)
        return self.last

    def _read_some(self, size: int) -> bytes:
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        else:
            data = self._source.read(size)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """Forward to `offset`, or as near to it as the stream reaches."""
        if whence != io.SEEK_SET or offset < self._position:
            raise ArchiveError(Cause.DAMAGED, "it points back to where it was read already")
        while self._position < offset and self._read_some(min(BLOCK, offset - self._position)):
            pass
        return self._position


def peek(source: Readable) -> tuple[bytes, Forward]:
    """How a stream begins, and the stream with that in front again."""
    head = Forward(source).read(HEAD_BYTES)
    return head, Forward(source, head)


def read_bounded(source: Readable, limit: int) -> bytes:
    """All of it, or the first `limit` bytes and one more: enough for the verifier to refuse it."""
    return Forward(source).read_up_to(limit + 1)


def unpack_message(data: bytes, limit: int, limits: ArchiveLimits) -> bytes:
    """A message's bytes, unpacked if they are compressed: some mail servers keep them so.

    Raises:
        ArchiveError: it is compressed and cannot be unpacked.
    """
    ending = compression_of(data)
    return data if ending is None else read_bounded(Unpacked(io.BytesIO(data), ending, limits), limit)


class _Counted(io.RawIOBase):
    """Counts what is read from it."""

    def __init__(self, source: Readable) -> None:
        super().__init__()
        self._source = source
        self.count = 0

    def readinto(self, buffer: bytearray | memoryview, /) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        self.count += len(data)
        return len(data)


def _open_compressed(packed: _Counted, ending: str) -> IO[bytes]:
    openers: dict[str, Callable[[_Counted], IO[bytes]]] = {
        ".gz": lambda raw: _module("gzip").GzipFile(fileobj=raw, mode="rb"),
        ".bz2": lambda raw: _module("bz2").BZ2File(raw),
        ".xz": lambda raw: _module("lzma").LZMAFile(raw),
        ".zst": lambda raw: _zstandard().ZstdFile(raw),
    }
    return openers[ending](packed)


def _module(name: str) -> ModuleType:
    """A module of the standard library that some builds of Python leave out."""
    try:
        return importlib.import_module(name)
    except ImportError:
        raise ArchiveError(Cause.EXTRA_MISSING, f"this Python has no {name}") from None


def _zstandard() -> ModuleType:
    """The standard library's module since Python 3.14, and its twin for older ones (PEP 784)."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise ArchiveError(Cause.EXTRA_MISSING, "it takes pip install 'pecverify[zst]'")
