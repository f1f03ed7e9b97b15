"""One message and all that is proven about it: an Exchange, with the outcome for each recipient.

Nothing is decided here: `_outcomes.py`, `_checks.py` and `_reconcile.py` decide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pecverify.archive.answer import Origin, Unverified
from pecverify.exchange.evidence import Apart, Evidence
from pecverify.exchange.reasons import ExchangeReason
from pecverify.exchange.states import Conclusion, State
from pecverify.problem import DeliveryProblem
from pecverify.reasons import Severity
from pecverify.receipt import ReceiptForm, ReceiptKind, RecipientType
from pecverify.report import to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pecverify.problem import Language
    from pecverify.report import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeFinding:
    """One thing found in the receipts taken together."""

    reason: ExchangeReason
    """The machine-readable cause."""
    recipient: str | None = None
    """The recipient concerned; None if the message as a whole is."""
    values: tuple[str, ...] = ()
    """The values that differ, or that are concerned. Hostile text: escape it before you print it."""
    evidence: tuple[Evidence, ...] = ()
    """The receipts it rests on."""

    @property
    def check(self) -> int:
        """The number of the check that found it."""
        return self.reason.rule.check

    @property
    def severity(self) -> Severity:
        """Its weight."""
        return self.reason.rule.severity

    def text(self, language: Language = "en") -> str:
        """One sentence for a person, in English or Italian, with the recipient and the values."""
        about = f" ({self.recipient})" if self.recipient is not None else ""
        return f"{self.reason.text(language)}{about}" + (f": {' | '.join(self.values)}" if self.values else "")

    def to_dict(self, numbers: Mapping[Evidence, int]) -> dict[str, JsonValue]:
        """JSON values; `numbers` gives the place of each receipt in the exchange's `evidence`."""
        return {
            "reason": self.reason.value,
            "check": self.check,
            "severity": self.severity.value,
            "recipient": self.recipient,
            "values": [*self.values],
            "evidence": [numbers[each] for each in self.evidence],
            "text": {"en": self.text("en"), "it": self.text("it")},
            "source": self.reason.rule.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientOutcome:
    """What is proven about one recipient."""

    address: str
    """The address, as the acceptance (or the first receipt that names it) writes it."""
    type: RecipientType | None
    """CERTIFIED or EXTERNAL, as the receipts state it; CERTIFIED where they differ."""
    is_copy: bool | None
    """Whether it is a Cc recipient, from the original in the receipts; None if that is not at hand."""
    state: State
    """What became of the message."""
    at: datetime | None
    """The instant of the receipt that the state rests on; None where there is none, or more than one."""
    problem: DeliveryProblem | None
    """Why it was not delivered, where a provider says so."""
    taken_in_charge_at: datetime | None
    """When the recipient's provider took the message over, if that receipt is there."""
    evidence: tuple[Evidence, ...]
    """The receipts about this recipient, in the order of their instants."""
    serves: bool
    """Whether it has what service of process asks for: one complete delivery receipt beyond dispute."""

    @property
    def perfected_at(self) -> datetime | None:
        """When the communication was perfected for this recipient: the delivery's instant; None if not delivered."""
        return self.at if self.state is State.DELIVERED else None

    @property
    def carried_form(self) -> ReceiptForm | None:
        """What the delivery receipt carries; None if not delivered."""
        if self.state is not State.DELIVERED:
            return None
        return next((each.carried_form for each in self.evidence if each.kind is ReceiptKind.DELIVERED), None)

    def to_dict(self, numbers: Mapping[Evidence, int]) -> dict[str, JsonValue]:
        """JSON values; `numbers` gives the place of each receipt in the exchange's `evidence`."""
        own = ("address", "type", "is_copy", "state", "at", "perfected_at", "carried_form", "problem")
        values = {name: to_json(getattr(self, name)) for name in (*own, "taken_in_charge_at", "serves")}
        return {**values, "evidence": [numbers[each] for each in self.evidence]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One message, by its PEC id, sender and Message-ID, and every receipt about it."""

    pec_id: str | None
    """`identificativo`; None for a message that was sent and that no receipt names."""
    message_id: str | None
    """`msgid`; None if the client gave none."""
    sender: str
    """The sender's address, as the first receipt writes it."""
    subject: str | None
    """Its subject, as the first receipt states it. Hostile text: escape it before you print it."""
    accepted_at: datetime | None
    """The instant of the acceptance receipt; None if there is none, or if receipts dispute it."""
    refused_at: datetime | None
    """The instant of the notice of non-acceptance, likewise."""
    recipients: tuple[RecipientOutcome, ...]
    """One outcome for each recipient, in the order of the receipts."""
    findings: tuple[ExchangeFinding, ...]
    """Contradictions first, then what is missing, warnings and notes; within each by check."""
    evidence: tuple[Evidence, ...]
    """Every VALID receipt about the message, in the order of their instants."""
    apart: tuple[Apart, ...]
    """Messages that claim this PEC id and are no evidence, with their verdicts."""
    now: datetime | None
    """The instant at which `PENDING` was judged, if one was given."""

    @property
    def acceptance(self) -> Evidence | None:
        """The acceptance receipt; None if there is none, or if receipts dispute it."""
        if self.accepted_at is None:
            return None
        return next(each for each in self.evidence if each.kind is ReceiptKind.ACCEPTED)

    @property
    def perfected_for_sender_at(self) -> datetime | None:
        """When the communication was perfected for the sender: the acceptance (L. 53/1994 art. 3-bis(3))."""
        return self.accepted_at

    @property
    def contradictions(self) -> tuple[ExchangeFinding, ...]:
        """The findings that say that receipts contradict each other."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.ERROR)

    @property
    def missing(self) -> tuple[ExchangeFinding, ...]:
        """The findings that say that something ought to be there and is not."""
        return tuple(finding for finding in self.findings if finding.severity is Severity.UNKNOWN)

    @property
    def serves(self) -> bool:
        """Whether the set has what service of process asks for: acceptance, and a complete delivery for each recipient.

        The bearing in law is for the court: registers, proof of service and times of day are not looked at.

        Source: L. 53/1994 art. 3-bis; DGSIA technical specifications art. 19-bis.
        """
        complete = bool(self.recipients) and all(recipient.serves for recipient in self.recipients)
        return self.accepted_at is not None and complete and not self.contradictions

    @property
    def conclusion(self) -> Conclusion:
        """What became of the message as a whole: contradictions come first, then what is missing."""
        states = {recipient.state for recipient in self.recipients}
        if self.contradictions:
            return Conclusion.CONTRADICTORY
        if self.refused_at is not None:
            return Conclusion.REFUSED
        if states & {State.PENDING, State.DELAYED_12H} and not self.missing:
            return Conclusion.OPEN
        if self.missing or not states:
            return Conclusion.INCOMPLETE
        if states == {State.DELIVERED}:
            return Conclusion.DELIVERED
        return Conclusion.PARTLY_DELIVERED if State.DELIVERED in states else Conclusion.NOT_DELIVERED

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `$defs/exchange` of `pecverify/data/exchange.schema.json`."""
        numbers = {each: number for number, each in enumerate(self.evidence)}
        signers = {each.signer.certificate.sha256: each.signer for each in self.evidence if each.signer is not None}
        own = ("pec_id", "message_id", "sender", "subject", "conclusion", "serves", "accepted_at", "refused_at")
        return {
            **{name: to_json(getattr(self, name)) for name in (*own, "perfected_for_sender_at")},
            "recipients": [each.to_dict(numbers) for each in self.recipients],
            "findings": [each.to_dict(numbers) for each in self.findings],
            "evidence": [each.to_dict() for each in self.evidence],
            "apart": [each.to_dict() for each in self.apart],
            "signers": [to_json(signers[sha256]) for sha256 in sorted(signers)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """Every exchange that the receipts make, and what belongs to none."""

    exchanges: tuple[Exchange, ...]
    """In the order of their first instants."""
    unattributed: tuple[Apart, ...]
    """Messages that are no evidence and claim no exchange that a VALID receipt knows, with their verdicts."""
    unverified: tuple[tuple[Origin, Unverified], ...]
    """What could not be verified at all: where it lay, and why."""
    now: datetime | None
    """The instant at which `PENDING` was judged, if one was given."""

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `pecverify/data/exchange.schema.json`. Times are RFC 3339."""
        return {
            "now": to_json(self.now),
            "exchanges": [each.to_dict() for each in self.exchanges],
            "unattributed": [each.to_dict() for each in self.unattributed],
            "unverified": [{"origin": to_json(origin), **value.to_dict()} for origin, value in self.unverified],
        }
