"""Mutations of a few bytes, and of a list of anything: what the other mutators have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

Piece = TypeVar("Piece")
_INTERESTING = (
    b"",
    b"\x00",
    b"\x7f",
    b"\x80",
    b"\xff",
    b"\x00\x00",
    b"\r\n",
    b"\n",
    b"\r",
    b" ",
    b"\xc3\xa9",
    b"A" * 80,
)
_LONGEST_CUT = 8


def mutate_bytes(data: bytes, random: Random, words: Sequence[bytes] = ()) -> bytes:
    """A bit flipped, bytes cut out or put in, a word in their place, or the whole repeated."""
    start = random.randrange(len(data) + 1)
    stop = min(len(data), start + random.randrange(_LONGEST_CUT))
    match random.randrange(6):
        case 0 if start < len(data):
            return data[:start] + bytes([data[start] ^ 1 << random.randrange(8)]) + data[start + 1 :]
        case 1:
            return data[:start] + data[stop:]
        case 2:
            return data[:start] + random.choice(_INTERESTING) + data[stop:]
        case 3:
            return data + data
        case 4 if words:
            return data[:start] + random.choice(words) + data[stop:]
        case _:
            return random.choice(words or _INTERESTING)


def mutate_list(pieces: list[Piece], random: Random, others: Sequence[Piece] = ()) -> None:
    """One piece doubled, left out, moved or exchanged; or one of `others` put in. In place.

    Doubled means the same object twice: fit for what is written out before it is mutated again.
    """
    if others and (not pieces or random.random() < 0.25):  # noqa: PLR2004 (a quarter)
        pieces.insert(random.randrange(len(pieces) + 1), random.choice(others))
        return
    if not pieces:
        return
    here, there = random.randrange(len(pieces)), random.randrange(len(pieces))
    match random.randrange(4):
        case 0:
            pieces.insert(there, pieces[here])
        case 1:
            del pieces[here]
        case 2:
            pieces.insert(there, pieces.pop(here))
        case _:
            pieces[here], pieces[there] = pieces[there], pieces[here]


def count_of_steps(random: Random) -> int:
    """How many mutations one input gets: mostly one, seldom many."""
    steps = 1
    while random.random() < 0.25 and steps < 5:  # noqa: PLR2004 (taste)
        steps += 1
    return steps
