r"""The messages of an mbox file, as slices of it.

A message begins after a line "From address date" (RFC 4155, Appendix A). Not every line that begins with `From ` is
one: some programs leave such lines of the text as they are. So the line must hold a date as asctime writes it, and a
header field must follow. Others quote them by `>`; `unquoted` undoes that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.archive._streams import Readable

_SEPARATOR = re.compile(
    rb"^From (?:[^\r\n]{0,400} )?[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-3]?[0-9] [0-9]{2}:[0-9]{2}[^\r\n]{0,80}\r?\n"
    rb"(?=[!-9;-~]{1,76}[ \t]*:|>From )",
    re.MULTILINE,
)
_LONGEST_SEPARATOR = 1024
"""Bytes within which a separator and the field name behind it end."""
_BLOCK = 1 << 20
_QUOTED = re.compile(rb"^>(>*From )", re.MULTILINE)
_QUOTED_ONCE = re.compile(rb"^>(From )", re.MULTILINE)


def read_mbox(source: Readable, limit: int) -> Iterator[tuple[int, bytes]]:
    """Each message with the offset of its first byte; of one beyond `limit` bytes the first `limit` and one more.

    What lies before the first separator is a message too, if it is more than blank lines: nothing is lost. The empty
    line that ends a message in the file is not part of it.
    """
    message = _Growing(0, limit)
    for at, chunk, begins in _runs(source):
        if begins:
            yield from message.finished()
            message = _Growing(at, limit)
        message.add(chunk)
    yield from message.finished()


def unquoted(message: bytes) -> tuple[bytes, ...]:
    """What the message may have been before lines that begin with `From ` were quoted, likelier first.

    Some programs put a `>` before such lines alone ("mboxo"), others also before those that have one already
    ("mboxrd"): they differ where there are lines with two.
    """
    candidates = (_QUOTED.sub(rb"\1", message), _QUOTED_ONCE.sub(rb"\1", message))
    return tuple(dict.fromkeys(candidate for candidate in candidates if candidate != message))


class _Growing:
    """A message that is being read."""

    def __init__(self, start: int, limit: int) -> None:
        self._start, self._room = start, limit + 1
        self._chunks: list[bytes] = []

    def add(self, chunk: bytes) -> None:
        kept = chunk[: self._room]
        self._room -= len(kept)
        self._chunks.append(kept)

    def finished(self) -> Iterator[tuple[int, bytes]]:
        data = b"".join(self._chunks)
        if not data.strip(b"\r\n"):
            return
        for blank in (b"\r\n\r\n", b"\n\n"):
            if data.endswith(blank):
                data = data[: -len(blank) // 2]
                break
        yield self._start, data


def _runs(source: Readable) -> Iterator[tuple[int, bytes, bool]]:
    """The file in runs without a separator: offset, bytes, and whether a separator lay before them."""
    buffer, offset, at_line_start = b"", 0, True
    while True:
        block = source.read(_BLOCK)
        buffer += block
        # A separator that is not whole yet waits for the next block.
        stop = max(0, len(buffer) - _LONGEST_SEPARATOR) if block else len(buffer)
        done, begins = 0, False
        for match in _SEPARATOR.finditer(buffer):
            if match.start() >= stop:
                break
            if match.start() == 0 and not at_line_start:
                continue
            yield offset + done, buffer[done : match.start()], begins
            done, begins = match.end(), True
        stop = max(stop, done)
        yield offset + done, buffer[done:stop], begins
        if not block:
            return
        if stop:
            at_line_start = buffer[stop - 1 : stop] == b"\n"
        buffer, offset = buffer[stop:], offset + stop
