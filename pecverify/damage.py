"""What happened to a file whose digest does not match, found out by undoing it.

Mail programs, editors, lists and archives change files without a thought for signatures. Each kind of such damage
(`DamageKind`) has an undoing that guesses what the file was before. A guess becomes a repair only if the signed part of
the guess has exactly the digest that the signature states and that signature verifies: a changed word is never called
damage, whatever is tried. The file as given stays what its own report says; the repaired copy has a report of its own.

The search goes, within fixed bounds on guesses and on bytes hashed:

1. the undoings of what happens to whole files, alone and in pairs;
2. on the file and on each result of one such undoing, the undoings of what happens to single parts, alone and in pairs.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import itertools
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TypeAlias

from pecverify import _file_damage as file_damage
from pecverify import _part_damage as part_damage
from pecverify._cms import CmsError, SignerView, parse_signed_data
from pecverify._findings import found
from pecverify._header import MimeError
from pecverify._mime import canonical_chunks, read_signed_message
from pecverify._part_damage import SignedTree, merge, splice
from pecverify.policy import Limits, Policy
from pecverify.reasons import Check, Reason
from pecverify.report import CheckResult, Outcome, Report
from pecverify.trust import TrustStore
from pecverify.verify import verify_receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pecverify._mime import Part
    from pecverify._part_damage import Edits
    from pecverify.problem import Language
    from pecverify.report import Finding

_MOST_GUESSES = 20_000
_MOST_BYTES = 2_000_000_000
"""A receipt of 10 kB takes a second or so, one of 30 MB half a minute."""
_MOST_IN_PAIRS = 60
"""Guesses of one kind about parts that are also tried together with another kind's."""
_HOLDS = frozenset(CheckResult(check=check, outcome=Outcome.PASSED) for check in (Check.DIGEST, Check.SIGNATURE))


class DamageKind(StrEnum):
    """What can happen to a file and be undone. The text of each, in two languages, is `describe()`."""

    BYTE_ORDER_MARK = "byte-order-mark"
    UTF_16 = "utf-16"
    MBOX_SEPARATOR = "mbox-separator"
    LEADING_BLANK_LINES = "leading-blank-lines"
    LIST_WRAPPING = "list-wrapping"
    CARRIED = "carried"
    END_CUT_OFF = "end-cut-off"
    LINE_ENDS = "line-ends"
    LINES_DOUBLED = "lines-doubled"
    SAVED_AS_UTF_8 = "saved-as-utf-8"
    SAVED_AS_LATIN_1 = "saved-as-latin-1"
    FROM_QUOTING = "from-quoting"
    DOT_STUFFING = "dot-stuffing"
    TABS_TO_BLANKS = "tabs-to-blanks"
    TRAILING_BLANKS = "trailing-blanks"
    EMPTY_LINE = "empty-line"
    BASE64_REWRAPPED = "base64-rewrapped"
    QUOTED_PRINTABLE_REENCODED = "quoted-printable-reencoded"
    HEADERS_RESPELLED = "headers-respelled"

    def describe(self, language: Language = "en") -> str:
        """What happened, in one sentence, in English or Italian."""
        english, italian = _TEXTS[self]
        return italian if language == "it" else english


_TEXTS: dict[DamageKind, tuple[str, str]] = {
    DamageKind.BYTE_ORDER_MARK: (
        "An editor put a UTF-8 byte-order mark in front",
        "Un editor ha messo all'inizio un byte-order mark UTF-8",
    ),
    DamageKind.UTF_16: (
        "The file was saved as UTF-16, as PowerShell's redirection does",
        "Il file è stato salvato in UTF-16, come fa la redirezione di PowerShell",
    ),
    DamageKind.MBOX_SEPARATOR: (
        "The line that separates messages in an mbox was left in front",
        "All'inizio è rimasta la riga che separa i messaggi in un mbox",
    ),
    DamageKind.LEADING_BLANK_LINES: ("Blank lines were put in front", "All'inizio sono state messe righe vuote"),
    DamageKind.LIST_WRAPPING: (
        "A mailing list put the message into one of its own, with a part added",
        "Una mailing list ha messo il messaggio dentro uno suo, con una parte aggiunta",
    ),
    DamageKind.CARRIED: (
        "The receipt lies inside another message, as when it is forwarded",
        "La ricevuta sta dentro un altro messaggio, come quando viene inoltrata",
    ),
    DamageKind.END_CUT_OFF: (
        "The end of the file is missing, after everything that is signed",
        "Manca la fine del file, dopo tutto ciò che è firmato",
    ),
    DamageKind.LINE_ENDS: (
        "Line ends were changed: CR CR LF, CR alone, or CRLF where LF was signed",
        "I fine riga sono stati cambiati: CR CR LF, CR da solo, o CRLF dove era firmato LF",
    ),
    DamageKind.LINES_DOUBLED: (
        "An empty line was put after every line",
        "Dopo ogni riga è stata messa una riga vuota",
    ),
    DamageKind.SAVED_AS_UTF_8: (
        "The file was read as Latin-1 and saved as UTF-8",
        "Il file è stato letto come Latin-1 e salvato in UTF-8",
    ),
    DamageKind.SAVED_AS_LATIN_1: (
        "The file was read as UTF-8 and saved as Latin-1",
        "Il file è stato letto come UTF-8 e salvato in Latin-1",
    ),
    DamageKind.FROM_QUOTING: (
        "Lines that begin with 'From ' were quoted with '>', as in an mbox, or unquoted once too often",
        "Le righe che iniziano con 'From ' sono state precedute da '>', come in un mbox, o ne sono state private"
        " una volta di troppo",
    ),
    DamageKind.DOT_STUFFING: (
        "Lines that begin with a dot got a second one, as in SMTP, or lost one",
        "Le righe che iniziano con un punto ne hanno avuto un secondo, come in SMTP, o ne hanno perso uno",
    ),
    DamageKind.TABS_TO_BLANKS: ("Tabs were turned into blanks", "Le tabulazioni sono diventate spazi"),
    DamageKind.TRAILING_BLANKS: (
        "Blanks at the end of lines were removed, as editors and commit hooks do",
        "Sono stati tolti gli spazi a fine riga, come fanno editor e hook di commit",
    ),
    DamageKind.EMPTY_LINE: (
        "An empty line was removed or added",
        "È stata tolta o aggiunta una riga vuota",
    ),
    DamageKind.BASE64_REWRAPPED: (
        "Base64 was wrapped at another width",
        "Il base64 è stato mandato a capo a un'altra larghezza",
    ),
    DamageKind.QUOTED_PRINTABLE_REENCODED: (
        "Quoted-printable was encoded anew",
        "Il quoted-printable è stato ricodificato",
    ),
    DamageKind.HEADERS_RESPELLED: (
        "A mail library wrote the headers of parts anew: folds, quotes, the case of a charset",
        "Una libreria di posta ha riscritto le intestazioni delle parti: a capo, virgolette, maiuscole nel charset",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What became of a file and whether it can be undone."""

    report: Report
    """The file as given. Nothing in this diagnosis changes its verdict."""
    kinds: tuple[DamageKind, ...]
    """What happened to it, in the order in which it was undone; empty if nothing was found."""
    findings: tuple[Finding, ...]
    """`damage-repairable` with kinds and SHA-256 of the repaired bytes; empty if there is no repair."""
    repaired_report: Report | None
    """The repaired copy, verified: digest and signature hold, everything else is in its verdict."""
    repaired_sha256: str | None
    """SHA-256 of the repaired copy, hexadecimal, lower case."""
    is_complete: bool
    """Whether nothing was left untried; False where the bounds on guesses and bytes ended the search."""
    _repaired: bytes | None = field(default=None, repr=False)

    @property
    def is_intact(self) -> bool:
        """Whether digest and signature hold for the file as given, so that there was nothing to look for."""
        return _signature_holds(self.report)

    @property
    def repaired(self) -> bytes | None:
        """The repaired copy: its signed part is, byte for byte, what was signed. None if there is no repair."""
        return self._repaired

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, tuple((f.name, getattr(self, f.name)) for f in dataclasses.fields(self))


def _rebuild(*values: tuple[str, Any]) -> Diagnosis:
    return Diagnosis(**dict(values))


def diagnose(
    data: bytes | bytearray | memoryview, *, trust: TrustStore | None = None, policy: Policy | None = None
) -> Diagnosis:
    """Establish whether a file that fails was a genuine one before something well known happened to it.

    Args:
        data: the bytes of the .eml file, as they are.
        trust: as for `verify_receipt`.
        policy: as for `verify_receipt`.

    Returns:
        The diagnosis; without a search where the signature holds as it is, or the file exceeds `Limits.message_bytes`.

    Raises:
        TypeError: `data` is not bytes. Nothing on hostile input.

    Source: RFC 8551 §3.1.2, RFC 4155, RFC 5321 §4.5.2, RFC 2045 §6.7 and §6.8 for what is undone.
    """
    report = verify_receipt(data, trust=trust, policy=policy)
    search = _Search(trust or TrustStore.default(), policy or Policy())
    whole = bytes(data)
    repair = None
    if not _signature_holds(report) and len(whole) <= search.policy.limits.message_bytes:
        repair = search.run(whole)
    if repair is None:
        return Diagnosis(
            report=report,
            kinds=(),
            findings=(),
            repaired_report=None,
            repaired_sha256=None,
            is_complete=not search.is_exhausted,
        )
    sha256 = hashlib.sha256(repair.data).hexdigest()
    kinds = tuple(dict.fromkeys(repair.kinds))
    finding = found(Reason.DAMAGE_REPAIRABLE, expected=f"SHA-256 {sha256}", actual=", ".join(kinds))
    return Diagnosis(
        report=report,
        kinds=kinds,
        findings=(finding,),
        repaired_report=repair.report,
        repaired_sha256=sha256,
        is_complete=True,
        _repaired=repair.data,
    )


def _signature_holds(report: Report) -> bool:
    return _HOLDS <= frozenset(report.checks)


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
    (DamageKind.TRAILING_BLANKS, part_damage.with_trailing_blanks),
    (DamageKind.BASE64_REWRAPPED, part_damage.base64_rewrapped),
    (DamageKind.QUOTED_PRINTABLE_REENCODED, part_damage.quoted_printable_reencoded),
    (DamageKind.HEADERS_RESPELLED, part_damage.headers_respelled),
)
_AT_ONE_PLACE: tuple[_PartUndoing, ...] = (
    (DamageKind.EMPTY_LINE, functools.partial(part_damage.one_place, lost=b"\r\n", at_end=True)),
    (DamageKind.EMPTY_LINE, part_damage.one_empty_line_less),
    (DamageKind.TRAILING_BLANKS, functools.partial(part_damage.one_place, lost=b" ", at_end=True)),
    (DamageKind.DOT_STUFFING, functools.partial(part_damage.one_place, lost=b".", at_end=False)),
)


@dataclass(frozen=True, slots=True)
class _Repair:
    kinds: tuple[DamageKind, ...]
    data: bytes
    report: Report


class _BoundReachedError(Exception):
    """No more guesses may be made."""


class _Search:
    """One search: what was tried, and how much more may be."""

    def __init__(self, trust: TrustStore, policy: Policy) -> None:
        self.trust = trust
        self.policy = policy
        self.is_exhausted = False
        self.guesses_left = _MOST_GUESSES
        self.bytes_left = _MOST_BYTES
        self.seen: set[int] = set()
        self.views: dict[bytes, SignerView | None] = {}

    def run(self, data: bytes) -> _Repair | None:
        """The first repair; None if there is none, or none within the bounds."""
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

    def _whole_file(self, kinds: tuple[DamageKind, ...], data: bytes, depth: int) -> _Repair | None:
        """Undo what happened to the whole file: each undoing, then each after each other."""
        for kind, guess in self._undo(data):
            if self._is_new(guess) and (report := self._verify(guess)) is not None:
                return _Repair((*kinds, kind), guess, report)
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
        as_given = hashlib.new(view.digest, memoryview(guess)[slice(*signed.span)], usedforsecurity=False)
        if as_given.digest() != view.message_digest:
            canonical = hashlib.new(view.digest, usedforsecurity=False)
            for chunk in canonical_chunks(guess, signed.span):
                canonical.update(chunk)
            if canonical.digest() != view.message_digest:
                return None
        report = verify_receipt(guess, trust=self.trust, policy=self.policy)
        return report if _signature_holds(report) else None

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

    def _parts_of_each(self, data: bytes) -> _Repair | None:
        """Undo what happened to parts: of the file, and of each result of one undoing of the whole."""
        tried: set[int] = set()
        for kinds, guess in itertools.chain([((), data)], (((kind,), undone) for kind, undone in self._undo(data))):
            canonical = b"".join(canonical_chunks(guess, (0, len(guess))))
            if hash(canonical) not in tried:
                tried.add(hash(canonical))
                if repair := self._parts(kinds, canonical):
                    return repair
        return None

    def _parts(self, kinds: tuple[DamageKind, ...], data: bytes) -> _Repair | None:
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
                    return _Repair((*kinds, *made), guess, report)
        return None

    @staticmethod
    def _guesses(tree: SignedTree) -> Iterator[tuple[tuple[DamageKind, ...], Edits]]:
        for kind, undo in (*_PART_UNDOINGS, *_AT_ONE_PLACE):
            for edits in undo(tree):
                yield (kind,), edits
        for (one, undo_one), (other, undo_other) in itertools.combinations(_PART_UNDOINGS, 2):
            for edits in itertools.islice(undo_one(tree), _MOST_IN_PAIRS):
                for more in itertools.islice(undo_other(tree), _MOST_IN_PAIRS):
                    both = merge(edits, more)
                    if both is not None:
                        yield (one, other), both
