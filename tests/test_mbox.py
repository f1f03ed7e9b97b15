from __future__ import annotations

import io
from collections.abc import Iterator
from itertools import chain, repeat

import pytest

from pecverify.archive import _mbox
from pecverify.archive._mbox import read_mbox, unquoted

LIMIT = 1_000_000
FIRST = b"From - Fri Mar 15 10:20:30 2024\n"
SECOND = b"From someone@pec.example Fri Mar 15 10:20:31 +0100 2024\r\n"


def read(data: bytes, limit: int = LIMIT) -> list[tuple[int, bytes]]:
    return list(read_mbox(io.BytesIO(data), limit))


def test_messages_are_slices() -> None:
    data = FIRST + b"Subject: a\n\nbody\n\n" + SECOND + b"Subject: b\r\n\r\nbody\r\n\r\n"
    found = read(data)
    assert [message for _, message in found] == [b"Subject: a\n\nbody\n", b"Subject: b\r\n\r\nbody\r\n"]
    for offset, message in found:
        assert data[offset : offset + len(message)] == message


@pytest.mark.parametrize(
    "line",
    [
        b"From here on nothing is as it was\nSubject: x\n",
        b"From - Fri Mar 15 10:20:30 2024\nthe line below is no header field\n",
        b" From - Fri Mar 15 10:20:30 2024\nSubject: x\n",
        b">From - Fri Mar 15 10:20:30 2024\nSubject: x\n",
        b"from - Fri Mar 15 10:20:30 2024\nSubject: x\n",
    ],
)
def test_text_that_is_no_separator(line: bytes) -> None:
    data = FIRST + b"Subject: a\n\nbefore\n\n" + line + b"after\n"
    assert [message for _, message in read(data)] == [data[len(FIRST) :]]


def test_a_separator_needs_no_blank_line_before_it() -> None:
    """A program that was stopped while it wrote leaves none, and the next message must not be lost."""
    found = read(FIRST + b"Subject: a\n\ncut off\n" + SECOND + b"Subject: b\n\n")
    assert [message for _, message in found] == [b"Subject: a\n\ncut off\n", b"Subject: b\n"]


def test_what_is_before_the_first_separator_is_a_message() -> None:
    assert read(b"Subject: a\n\nbody\n\n" + FIRST + b"Subject: b\n\nx\n") == [
        (0, b"Subject: a\n\nbody\n"),
        (18 + len(FIRST), b"Subject: b\n\nx\n"),
    ]
    assert [message for _, message in read(b"\n\r\n" + FIRST + b"Subject: b\n\nx\n")] == [b"Subject: b\n\nx\n"]


def test_nothing_in_an_empty_file() -> None:
    assert read(b"") == []


@pytest.mark.parametrize("block", [1, 7, 40, 1000, 5000])
def test_blocks_change_nothing(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"From the line\nFrom - Fri Mar 15 10:20:30 2024\nno field\n" + b"x" * 700 + b"\n"
    data = b"".join(FIRST + b"Subject: %d\n\n%s\n" % (number, body) for number in range(20))
    expected = read(data)
    monkeypatch.setattr(_mbox, "_BLOCK", block)
    assert read(data) == expected
    assert len(expected) == 20


def test_a_block_that_begins_within_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    """What looks like a separator there is none: it is the rest of a line."""
    monkeypatch.setattr(_mbox, "_BLOCK", 3_000)
    before = FIRST + b"Subject: a\n\n"
    cut = 3_000 - _mbox._LONGEST_SEPARATOR  # where the second run begins
    data = before + b"x" * (cut - len(before)) + SECOND + b"Subject: b\n\nbody" + b" text" * 1_000 + b"\n"
    assert [message for _, message in read(data)] == [data[len(FIRST) :]]


class Endless:
    """Blocks one after another, whatever is asked for."""

    def __init__(self, blocks: Iterator[bytes]) -> None:
        self._blocks = blocks

    def read(self, _: int, /) -> bytes:
        return next(self._blocks, b"")


def test_a_line_of_a_hundred_megabytes() -> None:
    """It is read over: of its message no more is kept than the limit and one byte, and the next one is found."""
    line = repeat(b"x" * 1_000_000, 100)
    blocks = chain([FIRST + b"Subject: a\n\n"], line, [b"\n" + SECOND + b"Subject: b\n\nbody\n"])
    (_, long), (offset, short) = read_mbox(Endless(iter(blocks)), LIMIT)
    assert len(long) == LIMIT + 1
    assert short == b"Subject: b\n\nbody\n"
    assert offset > 100_000_000


@pytest.mark.parametrize(
    ("quoted", "candidates"),
    [
        (b"a\n>From b\n", (b"a\nFrom b\n",)),
        (b">From b\n>>From c\n", (b"From b\n>From c\n", b"From b\n>>From c\n")),
        (b"> From b\n x >From c\n", ()),
        (b">>From b\n", (b">From b\n",)),
    ],
)
def test_unquoting(quoted: bytes, candidates: tuple[bytes, ...]) -> None:
    assert unquoted(quoted) == candidates
