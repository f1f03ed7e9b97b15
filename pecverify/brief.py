"""A brief delivery receipt against what the sender kept: which file each hash is of, and over which bytes.

A brief receipt carries the original with each attachment replaced by a text, named after it with `.hash`, that holds
the attachment's SHA-1. RFC 6109 §3.3.2.2 leaves open over which bytes ("on the entire content of the part", which
"SHOULD be calculated on base64 encoded parts"), so every form that a provider may have meant is tried, and the answer
says which one it was. A hash proves that a file was delivered only if the receipt itself is VALID.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pecverify._hash_forms import HashForm, HashInput, Kept, digests
from pecverify._leaves import HASH_SUFFIX, Leaf, is_hash, read_or_none, same_name
from pecverify._mime import SIGNATURE_TYPES
from pecverify._part_comparison import PartComparison, PartOutcome, are_in_order, compare_parts
from pecverify.comparison import Side
from pecverify.receipt import Delivery, ReceiptForm
from pecverify.report import Report, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "AttachmentComparison",
    "AttachmentOutcome",
    "BriefComparison",
    "HashForm",
    "HashInput",
    "check_brief",
]

_DIGEST = re.compile(rb"[0-9A-Fa-f]{40}|[0-9A-Fa-f]{64}")
_ALGORITHMS = {40: "sha1", 64: "sha256"}


class AttachmentOutcome(StrEnum):
    """What came of one attachment."""

    MATCHED = "matched"
    """The hash in the receipt is that of the file."""
    DIFFERENT = "different"
    """There is a file of that name, and the hash is not of it in any form."""
    MISSING = "missing"
    """The receipt has a hash, and no file was given that goes with it."""
    EXTRA = "extra"
    """A file was given that the receipt knows nothing of."""
    UNREADABLE = "unreadable"
    """The receipt names the file, and has no hash of 40 or 64 hexadecimal digits for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentComparison:
    """One attachment of the sent message."""

    name: str
    """Its file name by the receipt (without `.hash`), or by the caller if it is EXTRA. Hostile text: escape it before
    you print it."""
    outcome: AttachmentOutcome
    """What came of it."""
    algorithm: str | None
    """`sha1` as RFC 6109 has it, or `sha256`; None where the receipt states no hash."""
    stated: str | None
    """The hash that the receipt states, hexadecimal, lower case."""
    form: HashForm | None
    """Over which bytes the hash is; None unless MATCHED."""
    kept_as: str | None
    """Name of the caller's file: another than `name` where only the content matched; None if there is none."""
    sha256: str | None
    """SHA-256 of the caller's file (decoded), hexadecimal, lower case; None if it is missing or cannot be decoded."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BriefComparison:
    """What came of the whole."""

    receipt_verdict: Verdict
    """The verdict on the receipt: a hash proves nothing unless it is VALID."""
    attachments: tuple[AttachmentComparison, ...]
    """Every hash of the receipt, in its order; files that are EXTRA last."""
    others: tuple[PartComparison, ...]
    """The parts that a brief receipt carries whole: texts, the sender's own signature. Compared only with a sent
    message; with files alone there is nothing to compare them with."""
    unreadable: tuple[Side, ...]
    """Which of the two messages could not be read: then nothing was compared."""

    @property
    def proves_content(self) -> bool:
        """Whether the receipt is VALID and certifies all that was compared: attachments; other parts, in order."""
        return (
            self.receipt_verdict is Verdict.VALID
            and not self.unreadable
            and all(attachment.outcome is AttachmentOutcome.MATCHED for attachment in self.attachments)
            and all(part.outcome in (PartOutcome.IDENTICAL, PartOutcome.EQUIVALENT) for part in self.others)
            and are_in_order(self.others)
        )


def check_brief(
    report: Report, *, sent: bytes | None = None, files: Mapping[str, bytes] | None = None
) -> BriefComparison:
    """Establish which files the hashes of a brief delivery receipt are of.

    Only signed bytes are used: the original of a report whose digest and signature hold. The report need not be VALID
    (a receipt of a provider that is not recognised can still be compared); its verdict is repeated in the result, and
    `proves_content` is True only with a VALID one.

    Args:
        report: of a brief delivery receipt.
        sent: the bytes of the message that the sender kept, or
        files: the attachments by their file names, decoded.

    Raises:
        TypeError: what is to be compared is not bytes.
        ValueError: both or neither of `sent` and `files`; the report is not of a brief delivery receipt, or its
            signature does not hold. Nothing on hostile input.

    Source: RFC 6109 §3.3.2.2.
    """
    receipt, original = report.receipt, report.original
    if not isinstance(receipt, Delivery) or receipt.carried_form is not ReceiptForm.BRIEF or original is None:
        message = "not a report of a brief delivery receipt whose signature holds"
        raise ValueError(message)
    if (sent is None) == (files is None):
        message = "give either the sent message or the files"
        raise ValueError(message)
    for value in [sent, *(files or {}).values()]:
        if not isinstance(value, bytes | None):
            message = f"what is compared must be bytes, not {type(value).__name__}: open files in binary mode"
            raise TypeError(message)
    content = read_or_none(original)
    kept_message = None if sent is None else read_or_none(sent)
    sides = ((Side.ORIGINAL, content is None), (Side.SENT, sent is not None and kept_message is None))
    unreadable = tuple(side for side, failed in sides if failed)
    if content is None or unreadable:
        return BriefComparison(receipt_verdict=report.verdict, attachments=(), others=(), unreadable=unreadable)
    hashed = [leaf for leaf in content.leaves if is_hash(leaf.part, leaf.name)]
    whole = [leaf for leaf in content.leaves if not is_hash(leaf.part, leaf.name)]
    if kept_message is None:
        attachments = _match(hashed, [Kept(name, data, None) for name, data in (files or {}).items()])
        others: tuple[PartComparison, ...] = ()
    else:
        # What the receipt carries whole is not looked for among the hashes, even if it has a name (RFC 6109 §3.3.2.2:
        # the sender's signature; and everything, of a message that is one CMS object).
        names = {same_name(leaf.name) for leaf in whole if leaf.name is not None}
        replaced = [leaf for leaf in kept_message.leaves if _is_replaced(leaf, names)]
        attachments = _match(hashed, [Kept(leaf.name or "", leaf.decoded(), leaf) for leaf in replaced])
        others = compare_parts(whole, [leaf for leaf in kept_message.leaves if not _is_replaced(leaf, names)])
    return BriefComparison(
        receipt_verdict=report.verdict, attachments=attachments, others=others, unreadable=unreadable
    )


def _is_replaced(leaf: Leaf, carried_whole: set[str]) -> bool:
    """Whether a brief receipt has a hash in place of this part of the sent message."""
    if leaf.part.media_type in SIGNATURE_TYPES:
        return False
    if leaf.part.media_type == "message/rfc822":
        return True
    return leaf.name is not None and same_name(leaf.name) not in carried_whole


@dataclass(frozen=True, slots=True)
class _Stated:
    """A hash in the receipt."""

    name: str
    """The attachment's name."""
    digest: str | None
    """Hexadecimal, lower case; None if there is none to read."""

    @classmethod
    def of(cls, leaf: Leaf) -> _Stated:
        text = (leaf.decoded() or b"").strip()
        digest = text.decode("ascii").lower() if _DIGEST.fullmatch(text) else None
        return cls((leaf.name or "").strip()[: -len(HASH_SUFFIX)], digest)

    @property
    def algorithm(self) -> str | None:
        return None if self.digest is None else _ALGORITHMS[len(self.digest)]


def _match(hashed: list[Leaf], kept: list[Kept]) -> tuple[AttachmentComparison, ...]:
    """Each hash with its file: of the same name and hash, else of the same hash, else of the same name."""
    stated = [_Stated.of(leaf) for leaf in hashed]
    algorithms = {hash_.algorithm for hash_ in stated if hash_.algorithm is not None}
    forms = [digests(file, algorithms) for file in kept]
    free = dict.fromkeys(range(len(kept)))
    found: dict[int, int] = {}

    def by_name_and_hash(number: int) -> Iterator[object]:
        return ((same_name(kept[number].name), digest) for digest in forms[number])

    def by_hash(number: int) -> Iterator[object]:
        return iter(forms[number])

    def by_name(number: int) -> Iterator[object]:
        return iter([same_name(kept[number].name)])

    for keys_of, key_of in (
        (by_name_and_hash, lambda hash_: (same_name(hash_.name), hash_.digest)),
        (by_hash, lambda hash_: hash_.digest),
        (by_name, lambda hash_: same_name(hash_.name)),
    ):
        waiting: dict[object, deque[int]] = {}
        for number in free:
            for key in keys_of(number):
                waiting.setdefault(key, deque()).append(number)
        for place, hash_ in enumerate(stated):
            candidates = waiting.get(key_of(hash_), deque())
            while place not in found and candidates:
                number = candidates.popleft()
                if number in free:
                    found[place] = number
                    del free[number]
    compared = [
        _compare(hash_, kept[found[place]], forms[found[place]]) if place in found else _compare(hash_, None, {})
        for place, hash_ in enumerate(stated)
    ]
    return (*compared, *(_extra(kept[number]) for number in free))


def _compare(hash_: _Stated, file: Kept | None, forms: Mapping[str, HashForm]) -> AttachmentComparison:
    form = None if hash_.digest is None else forms.get(hash_.digest)
    if hash_.digest is None:
        outcome = AttachmentOutcome.UNREADABLE
    elif form is not None:
        outcome = AttachmentOutcome.MATCHED
    else:
        outcome = AttachmentOutcome.MISSING if file is None else AttachmentOutcome.DIFFERENT
    return AttachmentComparison(
        name=hash_.name,
        outcome=outcome,
        algorithm=hash_.algorithm,
        stated=hash_.digest,
        form=form,
        kept_as=None if file is None else file.name,
        sha256=None if file is None else file.sha256,
    )


def _extra(file: Kept) -> AttachmentComparison:
    return AttachmentComparison(
        name=file.name,
        outcome=AttachmentOutcome.EXTRA,
        algorithm=None,
        stated=None,
        form=None,
        kept_as=file.name,
        sha256=file.sha256,
    )
