"""The receipts about one message, sorted by kind: what every check looks at."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from pecverify._fields import address_key
from pecverify.receipt import ReceiptKind, RecipientType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify.exchange.evidence import Evidence
    from pecverify.receipt import Recipient

TOLERANCE = timedelta(minutes=2)
"""Two clocks, each within one minute of the true time (D.M. 2 Nov 2005 art. 9(2))."""
FIRST_NOTICE_AFTER = timedelta(hours=12)
"""RFC 6109 §3.1.6."""
LONGEST_DELIVERY = timedelta(hours=24)
"""RFC 6109 §3.1.6: after it the transaction counts as ended."""

_BETWEEN_PROVIDERS = (ReceiptKind.TAKEN_IN_CHARGE, ReceiptKind.VIRUS_DETECTED)


class Case:
    """Distinct VALID receipts of one PEC id, sender and Message-ID."""

    def __init__(self, evidence: tuple[Evidence, ...], now: datetime | None) -> None:
        self.evidence = evidence
        """In the order of their instants."""
        self.now = now
        """The caller's clock."""
        self._by_kind = {kind: tuple(each for each in evidence if each.kind is kind) for kind in ReceiptKind}
        accepted, refused = self.of_kind(ReceiptKind.ACCEPTED), self.of_kind(ReceiptKind.NOT_ACCEPTED)
        self.is_refusal_disputed = bool(refused) and len(evidence) > 1
        """Whether a non-acceptance stands against another receipt."""
        self.accepted_at = None if refused else _only_instant(accepted)
        """The instant of acceptance, if one acceptance tells it and nothing denies it."""
        self.refused_at = None if self.is_refusal_disputed else _only_instant(refused)
        """The instant of non-acceptance, if one notice tells it and nothing denies it."""
        envelopes = self.of_kind(ReceiptKind.TRANSPORT_ENVELOPE)
        self.started_at = self.accepted_at if accepted else _only_instant(envelopes)
        """Since when the hours count: acceptance, else the date of the transport envelope, which is the same."""
        self.is_provider_side = any(map(self.of_kind, _BETWEEN_PROVIDERS))
        """Whether it holds receipts that travel between providers only."""

    def of_kind(self, kind: ReceiptKind) -> tuple[Evidence, ...]:
        """The receipts of this kind, in order."""
        return self._by_kind[kind]

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
        first = (*self.of_kind(ReceiptKind.ACCEPTED), *self.of_kind(ReceiptKind.NOT_ACCEPTED))
        for recipients in dict.fromkeys(each.recipients for each in (*first, *self.evidence)):
            yield from recipients


def message_key(message_id: str | None) -> str | None:
    """What two writings of one Message-ID have in common: folding may have put blanks into it."""
    return None if message_id is None else "".join(message_id.split())


def _only_instant(evidence: tuple[Evidence, ...]) -> datetime | None:
    return evidence[0].issued_at if len(evidence) == 1 else None
