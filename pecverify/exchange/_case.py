"""The receipts about one message, sorted by kind: what every check looks at."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pecverify._fields import address_key
from pecverify.receipt import ReceiptKind, RecipientType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.exchange.evidence import Evidence
    from pecverify.receipt import Recipient

TOLERANCE = timedelta(minutes=2)
"""Two clocks, each within one minute of the true time (D.M. 2 Nov 2005 art. 9(2))."""
FIRST_NOTICE_AFTER = timedelta(hours=12)
"""RFC 6109 §3.1.6."""
LONGEST_DELIVERY = timedelta(hours=24)
"""RFC 6109 §3.1.6: after it the transaction counts as ended."""

_BETWEEN_PROVIDERS = (ReceiptKind.TAKEN_IN_CHARGE, ReceiptKind.VIRUS_DETECTED)


@dataclass(frozen=True, slots=True)
class Case:
    """Distinct VALID receipts of one PEC id, sender and Message-ID."""

    evidence: tuple[Evidence, ...]
    """In the order of their instants."""
    now: datetime | None
    """The caller's clock."""

    def of_kind(self, *kinds: ReceiptKind) -> tuple[Evidence, ...]:
        """The receipts of these kinds, in order."""
        return tuple(each for each in self.evidence if each.kind in kinds)

    @property
    def accepted_at(self) -> datetime | None:
        """The instant of acceptance, if one acceptance tells it and nothing denies it."""
        return None if self.of_kind(ReceiptKind.NOT_ACCEPTED) else _only_instant(self.of_kind(ReceiptKind.ACCEPTED))

    @property
    def refused_at(self) -> datetime | None:
        """The instant of non-acceptance, if one notice tells it and nothing denies it."""
        return None if self.is_refusal_disputed else _only_instant(self.of_kind(ReceiptKind.NOT_ACCEPTED))

    @property
    def is_refusal_disputed(self) -> bool:
        """Whether a non-acceptance stands against another receipt."""
        return bool(self.of_kind(ReceiptKind.NOT_ACCEPTED)) and len(self.evidence) > 1

    @property
    def started_at(self) -> datetime | None:
        """Since when the hours count: acceptance, else the date of the transport envelope, which is the same."""
        if self.of_kind(ReceiptKind.ACCEPTED):
            return self.accepted_at
        return _only_instant(self.of_kind(ReceiptKind.TRANSPORT_ENVELOPE))

    @property
    def is_provider_side(self) -> bool:
        """Whether it holds receipts that travel between providers only."""
        return bool(self.of_kind(*_BETWEEN_PROVIDERS))

    def recipients(self) -> dict[str, Recipient]:
        """Every recipient that a receipt names, by its key; certified where they differ; the acceptance first."""
        merged: dict[str, Recipient] = {}
        for recipient in self._named():
            key = address_key(recipient.address)
            known = merged.setdefault(key, recipient)
            if known.type is not RecipientType.CERTIFIED and recipient.type is RecipientType.CERTIFIED:
                merged[key] = recipient
        return merged

    def _named(self) -> Iterator[Recipient]:
        first = self.of_kind(ReceiptKind.ACCEPTED, ReceiptKind.NOT_ACCEPTED)
        for recipients in dict.fromkeys(each.recipients for each in (*first, *self.evidence)):
            yield from recipients


def message_key(message_id: str | None) -> str | None:
    """What two writings of one Message-ID have in common: folding may have put blanks into it."""
    return None if message_id is None else "".join(message_id.split())


def _only_instant(evidence: tuple[Evidence, ...]) -> datetime | None:
    return evidence[0].issued_at if len(evidence) == 1 else None
