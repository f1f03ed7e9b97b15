"""A complete receipt's original against the message that was sent: the same parts, addresses and header.

The provider certifies the message as it received it, and has changed some of it by right: the access point is a
submission service (RFC 6109 §3.1; RFC 6409 §8), gives the message the PEC id and moves the client's aside (RFC 6109
§2.2.1), and servers add their trace (RFC 5321 §4.4). Everything else must be the same, if perhaps in another transfer
encoding.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pecverify._field_comparison import (
    AddressComparison,
    FieldComparison,
    FieldOutcome,
    compare_addresses,
    compare_fields,
)
from pecverify._leaves import Content, read_or_none
from pecverify._part_comparison import PartComparison, PartOutcome, compare_parts
from pecverify.receipt import Delivery, ReceiptForm, TransportEnvelope
from pecverify.report import Report, Verdict

if TYPE_CHECKING:
    from pecverify.receipt import CertifiedReceipt

__all__ = [
    "AddressComparison",
    "FieldComparison",
    "FieldOutcome",
    "OriginalComparison",
    "PartComparison",
    "PartOutcome",
    "Sameness",
    "Side",
    "compare_original",
]


class Sameness(StrEnum):
    """Whether two messages are one."""

    IDENTICAL = "identical"
    """Every part byte for byte (line ends aside), and no header field changed but by right."""
    EQUIVALENT = "equivalent"
    """The same content in another transfer encoding, or header fields written otherwise."""
    DIFFERENT = "different"
    """Something else was sent, or one of the two cannot be read."""


class Side(StrEnum):
    """One of the two messages."""

    ORIGINAL = "original"
    """The original in the receipt."""
    SENT = "sent"
    """The message that the caller kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginalComparison:
    """What came of the whole."""

    receipt_verdict: Verdict
    """The verdict on the receipt: a comparison proves nothing unless it is VALID."""
    sameness: Sameness
    """The sum of what follows."""
    parts: tuple[PartComparison, ...]
    """Every part, in the receipt's order; MISSING ones last."""
    fields: tuple[FieldComparison, ...]
    """Every header field but those about content, by name."""
    addresses: tuple[AddressComparison, ...]
    """Sender and recipients."""
    same_structure: bool
    """Whether both have the same parts in the same places."""
    unreadable: tuple[Side, ...]
    """Which of the two could not be read: then nothing was compared."""

    @property
    def proves_content(self) -> bool:
        """Whether the receipt is VALID and certifies the content that was sent."""
        return self.receipt_verdict is Verdict.VALID and self.sameness is not Sameness.DIFFERENT


def compare_original(report: Report, sent: bytes) -> OriginalComparison:
    """Establish whether the message that a receipt certifies is the one that was sent.

    Only signed bytes are compared: the original of a report whose digest and signature hold. Its verdict may still be
    other than VALID; it is repeated in the result.

    Args:
        report: of a complete delivery receipt, or of a transport envelope.
        sent: the bytes of the message that the sender kept.

    Raises:
        TypeError: `sent` is not bytes.
        ValueError: the report carries no such original (for a brief receipt use `brief.check_brief`). Nothing on
            hostile input.

    Source: RFC 6109 §2.2.1, §3.1, §3.3.2.1; RFC 6409 §8; RFC 5321 §4.4; RFC 2045 §6.
    """
    receipt = report.receipt
    brief = isinstance(receipt, Delivery) and receipt.carried_form is not ReceiptForm.COMPLETE
    original = report.original
    if not isinstance(receipt, Delivery | TransportEnvelope) or brief or original is None:
        message = "not a report of a complete delivery receipt or a transport envelope whose signature holds"
        raise ValueError(message)
    if not isinstance(sent, bytes):
        message = f"the sent message must be bytes, not {type(sent).__name__}: open the file in binary mode"
        raise TypeError(message)
    return _compare(report.verdict, receipt, read_or_none(original), read_or_none(sent))


def _compare(
    verdict: Verdict, receipt: CertifiedReceipt, original: Content | None, sent: Content | None
) -> OriginalComparison:
    if original is None or sent is None:
        sides = ((Side.ORIGINAL, original), (Side.SENT, sent))
        return OriginalComparison(
            receipt_verdict=verdict,
            sameness=Sameness.DIFFERENT,
            parts=(),
            fields=(),
            addresses=(),
            same_structure=False,
            unreadable=tuple(side for side, content in sides if content is None),
        )
    parts = compare_parts(original.leaves, sent.leaves)
    fields = tuple(compare_fields(original.header, sent.header, receipt))
    same_structure = original.shape == sent.shape and all(part.sent_path in (None, part.path) for part in parts)
    addresses = tuple(compare_addresses(original.header, sent.header))
    return OriginalComparison(
        receipt_verdict=verdict,
        sameness=_sum_up(parts, fields, addresses, same_structure=same_structure),
        parts=parts,
        fields=fields,
        addresses=addresses,
        same_structure=same_structure,
        unreadable=(),
    )


def _sum_up(
    parts: tuple[PartComparison, ...],
    fields: tuple[FieldComparison, ...],
    addresses: tuple[AddressComparison, ...],
    *,
    same_structure: bool,
) -> Sameness:
    values = {part.outcome.value for part in parts} | {field.outcome.value for field in fields}
    agree = all(each.agree for each in addresses)
    if not (same_structure and agree) or values - {"identical", "equivalent", "by-right"}:
        return Sameness.DIFFERENT
    return Sameness.EQUIVALENT if "equivalent" in values else Sameness.IDENTICAL
