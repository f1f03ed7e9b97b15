"""The search for a repair: guesses made, held against the signature, and counted.

It goes, within fixed bounds on guesses and on bytes hashed:

1. the undoings of what happens to whole files, alone and in pairs;
2. on the file and on each result of one such undoing, the undoings of what happens to single parts, alone and in pairs.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pecverify import _file_damage as file_damage
from pecverify import _part_damage as part_damage
from pecverify import _part_spelling as part_spelling
from pecverify._cms import CmsError, SignerView, parse_signed_data
from pecverify._damage_kinds import DamageKind
from pecverify._header import MimeError
from pecverify._mime import canonical_chunks, read_signed_message
from pecverify._signed_tree import SignedTree, merge, splice
from pecverify.reasons import Check
from pecverify.report import CheckResult, Outcome, Report
from pecverify.verify import digest_part, verify_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pecverify._mime import Part
    from pecverify._signed_tree import Edits
    from pecverify.policy import Limits, Policy
    from pecverify.trust import TrustStore

_MOST_GUESSES = 20_000
_MOST_BYTES = 4_000_000_000
"""A receipt of some kilobytes takes under a second, one of 30 MB some fifteen (`benchmarks/damage.py`)."""
_MOST_IN_PAIRS = 60
"""Guesses of one kind about parts that are also tried together with another kind's."""
_MOST_BYTES_IN_PAIRS = 50_000_000
"""What the edits of those may come to."""
_HOLDS = frozenset(CheckResult(check=check, outcome=Outcome.PASSED) for check in (Check.DIGEST, Check.SIGNATURE))


def signature_holds(report: Report) -> bool:
    """Whether the signed part of the message is what the certificate's key signed."""
    return frozenset(report.checks) >= _HOLDS


_FileUndoing: TypeAlias = "tuple[DamageKind, Callable[[bytes], Iterator[bytes]]]"
_PartUndoing: TypeAlias = "tuple[DamageKind, Callable[[SignedTree], Iterator[Edits]]]"


def _file_undoings(limits: Limits) -> tuple[_FileUndoing, ...]:
    return (
        (DamageKind.BYTE_ORDER_MARK, file_damage.without_byte_order_mark),
        (DamageKind.UTF_16, file_damage.from_utf_16),
        (DamageKind.MBOX_SEPARATOR, file_damage.without_mbox_separator),
        (DamageKind.LEADING_BLANK_LINES, file_damage.without_leading_blank_lines),
        (DamageKind.LIST_WRAPPING, functools.partial(file_damage.out_of_list_message, limits=limits)),
        (DamageKind.CARRIED, functools.partial(file_damage.out_of_other_message, limits=limits)),
        (DamageKind.END_CUT_OFF, functools.partial(file_damage.with_closing_boundary, limits=limits)),
        (DamageKind.FROM_QUOTING, file_damage.with_from_unquoted),
        (DamageKind.DOT_STUFFING, file_damage.with_dots_unstuffed),
        (DamageKind.SAVED_AS_UTF_8, file_damage.utf_8_to_single_bytes),
        (DamageKind.SAVED_AS_LATIN_1, file_damage.single_bytes_to_utf_8),
        (DamageKind.LINES_DOUBLED, file_damage.with_single_lines),
        (DamageKind.LINE_ENDS, file_damage.with_other_line_ends),
        (DamageKind.TABS_TO_BLANKS, file_damage.with_tabs),
    )


_PART_UNDOINGS: tuple[_PartUndoing, ...] = (
    (DamageKind.LINE_ENDS, part_damage.parts_with_lf),
    (DamageKind.FROM_QUOTING, part_damage.with_some_from_unquoted),
    (DamageKind.TRAILING_BLANKS, part_damage.with_trailing_blanks),
    (DamageKind.BASE64_REWRAPPED, part_spelling.base64_rewrapped),
    (DamageKind.QUOTED_PRINTABLE_REENCODED, part_spelling.quoted_printable_reencoded),
    (DamageKind.HEADERS_RESPELLED, part_spelling.headers_respelled),
)
_AT_ONE_PLACE: tuple[_PartUndoing, ...] = (
    (DamageKind.EMPTY_LINE, functools.partial(part_damage.one_place, lost=b"\r\n", at_end=True)),
    (DamageKind.EMPTY_LINE, part_damage.one_empty_line_less),
    (DamageKind.TRAILING_BLANKS, functools.partial(part_damage.one_place, lost=b" ", at_end=True)),
    (DamageKind.DOT_STUFFING, functools.partial(part_damage.one_place, lost=b".", at_end=False)),
)


@dataclass(frozen=True, slots=True)
class Repair:
    """A guess that the signature proves."""

    kinds: tuple[DamageKind, ...]
    """What was undone, in order."""
    data: bytes
    """The repaired file."""
    report: Report
    """Its report: digest and signature hold."""


class _BoundReachedError(Exception):
    """No more guesses may be made."""


class Search:
    """One search: what was tried, and how much more may be."""

    def __init__(self, trust: TrustStore, policy: Policy) -> None:
        self.trust = trust
        self.policy = policy
        self.is_exhausted = False
        self.guesses_left = _MOST_GUESSES
        self.bytes_left = _MOST_BYTES
        self.seen: set[int] = set()
        self.views: dict[bytes, SignerView | None] = {}

    def run(self, data: bytes) -> Repair | None:
        """The first repair; None if there is none, or (`is_exhausted`) none within the bounds.

        Raises:
            Nothing on hostile input.
        """
        self.seen.add(hash(data))
        try:
            return self._whole_file((), data, depth=2) or self._parts_of_each(data)
        except _BoundReachedError:
            self.is_exhausted = True
            return None

    def _undo(self, data: bytes) -> Iterator[tuple[DamageKind, bytes]]:
        for kind, undo in _file_undoings(self.policy.limits):
            for guess in undo(data):
                yield kind, guess

    def _whole_file(self, kinds: tuple[DamageKind, ...], data: bytes, depth: int) -> Repair | None:
        """Undo what happened to the whole file: each undoing, then each after each other."""
        for kind, guess in self._undo(data):
            if self._is_new(guess) and (report := self._verify(guess)) is not None:
                return Repair((*kinds, kind), guess, report)
        if depth > 1:
            for kind, guess in self._undo(data):
                if repair := self._whole_file((*kinds, kind), guess, depth - 1):
                    return repair
        return None

    def _is_new(self, guess: bytes) -> bool:
        self._spend(len(guess))
        key = hash(guess)
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new

    def _spend(self, size: int) -> None:
        self.guesses_left -= 1
        self.bytes_left -= size
        if self.guesses_left < 0 or self.bytes_left < 0:
            raise _BoundReachedError

    def _verify(self, guess: bytes) -> Report | None:
        """The report of a guess whose signed part has the digest that its signature states, and whose signature holds.

        The digest is looked at first: it is what nearly every guess fails at.
        """
        read = self._read(guess)
        if read is None:
            return None
        signed, view = read
        if not any(
            digest_part(guess, signed.span, view.digest, canonical=canonical) == view.message_digest
            for canonical in (False, True)
        ):
            return None
        report = verify_receipt(guess, trust=self.trust, policy=self.policy)
        return report if signature_holds(report) else None

    def _read(self, guess: bytes) -> tuple[Part, SignerView] | None:
        """The signed part and what its signature states, as far as there is such a thing."""
        try:
            message = read_signed_message(guess, self.policy.limits)
        except MimeError:
            return None
        if message.signature not in self.views:
            try:
                self.views[message.signature] = parse_signed_data(message.signature, self.policy.limits)
            except CmsError:
                self.views[message.signature] = None
        view = self.views[message.signature]
        return None if view is None else (message.signed, view)

    def _parts_of_each(self, data: bytes) -> Repair | None:
        """Undo what happened to parts: of the file, and of each result of one undoing of the whole."""
        tried: set[int] = set()
        for kinds, guess in itertools.chain([((), data)], (((kind,), undone) for kind, undone in self._undo(data))):
            canonical = b"".join(canonical_chunks(guess, (0, len(guess))))
            if hash(canonical) not in tried:
                tried.add(hash(canonical))
                if repair := self._parts(kinds, canonical):
                    return repair
        return None

    def _parts(self, kinds: tuple[DamageKind, ...], data: bytes) -> Repair | None:
        read = self._read(data)
        if read is None:
            return None
        signed, view = read
        tree = SignedTree.read(data, signed, self.policy.limits)
        for made, edits in self._guesses(tree):
            self._spend(signed.span[1] - signed.span[0])
            digest = hashlib.new(view.digest, usedforsecurity=False)
            for piece in splice(data, signed.span, edits):
                digest.update(piece)
            if digest.digest() == view.message_digest:
                guess = b"".join(splice(data, (0, len(data)), edits))
                if (report := self._verify(guess)) is not None:
                    return Repair((*kinds, *made), guess, report)
        return None

    @staticmethod
    def _guesses(tree: SignedTree) -> Iterator[tuple[tuple[DamageKind, ...], Edits]]:
        for kind, undo in (*_PART_UNDOINGS[:-1], *_AT_ONE_PLACE, _PART_UNDOINGS[-1]):  # headers: the most guesses
            for edits in undo(tree):
                yield (kind,), edits
        few = [(kind, _first(undo(tree))) for kind, undo in _PART_UNDOINGS]
        for (one, ways), (other, other_ways) in itertools.combinations(few, 2):
            for edits, more in itertools.product(ways, other_ways):
                both = merge(edits, more)
                if both is not None:
                    yield (one, other), both


def _first(guesses: Iterator[Edits]) -> list[Edits]:
    """As many as are tried together with others, and fit into memory."""
    first: list[Edits] = []
    room = _MOST_BYTES_IN_PAIRS
    for edits in itertools.islice(guesses, _MOST_IN_PAIRS):
        room -= sum(len(new) for _, _, new in edits)
        if room < 0:
            break
        first.append(edits)
    return first
