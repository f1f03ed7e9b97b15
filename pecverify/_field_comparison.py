"""The header of an original against that of the message that was sent, and what may differ by right.

The access point is a submission service (RFC 6109 §3.1; RFC 6409 §8), gives the message the PEC id and moves the
client's aside (RFC 6109 §2.2.1); servers add their trace (RFC 5321 §4.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pecverify import _fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._header import Header
    from pecverify.receipt import CertifiedReceipt

_ADDRESS_FIELDS = ("from", "to", "cc", "reply-to")
_ABOUT_CONTENT = ("content-type", "content-transfer-encoding", "content-disposition", "mime-version")
_TRACE = frozenset({"received", "return-path", "delivered-to", "authentication-results", "dkim-signature"})
"""Fields that servers put in front (RFC 5321 §4.4, RFC 6409 §8.5)."""
_TRACE_PREFIXES = ("x-", "arc-", "received-")
_COMPLETED = frozenset({"date", "sender"})
"""Fields that a submission service adds where the client gave none (RFC 6409 §8.1, §8.2)."""
_LOCAL = frozenset({"bcc", "fcc", "status", "x-status", "x-unsent", "x-identity-key", "x-account-key"})
"""Fields of the copy that a client keeps; they are not sent (RFC 5322 §3.6.3)."""
_LOCAL_PREFIX = "x-mozilla-"
_ASKS_FOR_FORM = "x-tiporicevuta"


class FieldOutcome(StrEnum):
    """What came of the header fields of one name."""

    IDENTICAL = "identical"
    """The same value."""
    EQUIVALENT = "equivalent"
    """The same text, encoded or spaced otherwise."""
    BY_RIGHT = "by-right"
    """Added, changed or removed as a provider or the sender's client may."""
    CHANGED = "changed"
    """Another value, by nobody's right."""
    MISSING = "missing"
    """Sent, and not in the receipt."""
    EXTRA = "extra"
    """In the receipt, and not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldComparison:
    """The header fields of one name."""

    name: str
    """The field's name, lower case."""
    outcome: FieldOutcome
    """What came of it."""
    original: tuple[str, ...]
    """Values in the receipt's original, decoded. Hostile text: escape it before you print it."""
    sent: tuple[str, ...]
    """Values in the sent message, likewise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressComparison:
    """The addresses in one header field, names aside."""

    field: str
    """`from`, `to`, `cc` or `reply-to`."""
    original: tuple[str, ...]
    """Addresses in the receipt's original, sorted, case folded."""
    sent: tuple[str, ...]
    """Addresses in the sent message, likewise."""

    @property
    def agree(self) -> bool:
        """Whether they are the same."""
        return self.original == self.sent


def compare_addresses(original: Header, sent: Header) -> Iterator[AddressComparison]:
    """Sender and recipients of both."""
    for name in _ADDRESS_FIELDS:
        ours, theirs = (tuple(sorted(_fields.addresses(header.all(name)))) for header in (original, sent))
        yield AddressComparison(field=name, original=ours, sent=theirs)


def compare_fields(original: Header, sent: Header, receipt: CertifiedReceipt) -> Iterator[FieldComparison]:
    """Every field of both but those about content, which are compared with the parts; by name."""
    names = sorted({name.decode("ascii") for name in (*original.bodies, *sent.bodies)})
    for name in names:
        if name in _ABOUT_CONTENT:
            continue
        ours, theirs = original.all(name), sent.all(name)
        shown, kept = (tuple(map(_fields.decode_text, bodies)) for bodies in (ours, theirs))
        if ours == theirs:
            outcome = FieldOutcome.IDENTICAL
        elif _by_right(name, original, sent, receipt):
            outcome = FieldOutcome.BY_RIGHT
        elif shown == kept:
            outcome = FieldOutcome.EQUIVALENT
        elif ours and theirs:
            outcome = FieldOutcome.CHANGED
        else:
            outcome = FieldOutcome.EXTRA if ours else FieldOutcome.MISSING
        yield FieldComparison(name=name, outcome=outcome, original=shown, sent=kept)


def _by_right(name: str, original: Header, sent: Header, receipt: CertifiedReceipt) -> bool:
    """Whether a field that differs may differ."""
    ours, theirs = original.all(name), sent.all(name)
    if name == "message-id":
        # "that msgid SHALL be substituted by a PEC msgid" (RFC 6109 §2.2.1).
        return len(ours) == 1 and _fields.message_id(ours[0]) == receipt.pec_id
    if name == "x-riferimento-message-id":
        client = [_fields.message_id(body) for body in sent.all("message-id")]
        return [_fields.message_id(body) for body in ours] == client
    if name == _ASKS_FOR_FORM:
        return False
    if not ours:
        return name in _LOCAL or name.startswith(_LOCAL_PREFIX)
    is_trace = name in _TRACE or name.startswith(_TRACE_PREFIXES)
    return is_trace or (name in _COMPLETED and not theirs)
