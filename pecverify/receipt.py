"""The typed receipts: one class per kind of PEC message, and the protocol's enumerations.

Names follow RFC 6109 Appendix A; enum values are the tokens that travel on the wire (RFC 6109 §4.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import ClassVar

from pecverify.problem import DeliveryProblem


class ReceiptKind(StrEnum):
    """The kinds of message that a PEC system makes: `postacert/@tipo`, and the anomaly envelope, which has none."""

    ACCEPTED = "accettazione"
    """Acceptance: the sender's provider took the message (RFC 6109 §3.1.4)."""
    NOT_ACCEPTED = "non-accettazione"
    """Non-acceptance, for formal exceptions or a virus (§3.1.2, §3.1.3)."""
    TAKEN_IN_CHARGE = "presa-in-carico"
    """Take-in-charge, from provider to provider (§3.2.1)."""
    DELIVERED = "avvenuta-consegna"
    """Delivery: the message was made available in the recipient's mailbox (§3.3.2)."""
    DELIVERY_FAILED = "errore-consegna"
    """Non-delivery (§3.3.3) and non-delivery due to a virus (§3.2.4)."""
    DELIVERY_DELAYED = "preavviso-errore-consegna"
    """Non-delivery by timeout: the 12 h and the 24 h notice share this token (§3.1.6)."""
    VIRUS_DETECTED = "rilevazione-virus"
    """Virus detection, from provider to provider (§3.2.3)."""
    TRANSPORT_ENVELOPE = "posta-certificata"
    """Transport envelope: the certified message on its way (§3.1.5)."""
    ANOMALY_ENVELOPE = "errore"
    """Anomaly envelope (`X-Trasporto: errore`): uncertified mail handed to a PEC mailbox (§3.2.2)."""


class ReceiptForm(StrEnum):
    """How much of the original a delivery receipt carries: `ricevuta/@tipo`."""

    COMPLETE = "completa"
    """The whole original (§3.3.2.1)."""
    BRIEF = "breve"
    """The original with each named part replaced by its hash (§3.3.2.2)."""
    CONCISE = "sintetica"
    """No original (§3.3.2.3)."""


class DeliveryError(StrEnum):
    """`postacert/@errore`."""

    NONE = "nessuno"
    """No error."""
    NO_RECIPIENT = "no-dest"
    """The recipient's address does not exist or does not take mail."""
    NO_DOMAIN = "no-dominio"
    """The recipient's domain does not exist."""
    VIRUS = "virus"
    """A virus was found."""
    OTHER = "altro"
    """Any other error."""


class RecipientType(StrEnum):
    """`destinatari/@tipo`."""

    CERTIFIED = "certificato"
    """A PEC mailbox, as the sender's provider found it in the directory at acceptance."""
    EXTERNAL = "esterno"
    """An ordinary mailbox: nothing is certified about its delivery."""


class DelayNotice(StrEnum):
    """The two notices that share the token `preavviso-errore-consegna` (RFC 6109 §3.1.6)."""

    FIRST = "12h"
    """Not taken in charge or delivered within 12 hours; delivery may still follow."""
    SECOND = "24h"
    """Not delivered within 24 hours (sent from the 22nd hour on): final."""


SECOND_NOTICE_AFTER = timedelta(hours=22)
"""The second notice is "not [sent] before 22 hours have passed" since acceptance (RFC 6109 §3.1.6)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """One `destinatari` element."""

    address: str
    """The bare address, as written."""
    type: RecipientType | None
    """CERTIFIED or EXTERNAL; None where the token is none of the DTD's (finding `token-unknown`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """Common base of all kinds."""

    kind: ClassVar[ReceiptKind]
    """Which kind this is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedReceipt(Receipt):
    """What every `daticert.xml` holds. Source: RFC 6109 §4.4."""

    pec_id: str
    """`identificativo`: the id of the transport envelope, shared by every receipt about it; no angle brackets."""
    message_id: str | None
    """`msgid`: the Message-ID that the sender's client gave, without angle brackets; None if it gave none."""
    sender: str
    """`mittente`: the bare address of the original sender."""
    recipients: tuple[Recipient, ...]
    """`destinatari`: all To and Cc recipients, in order, at least one."""
    reply_to: str | None
    """`risposte`; None where the (mandatory) element is absent."""
    subject: str | None
    """`oggetto` of the original message."""
    issuing_provider: str | None
    """`gestore-emittente`: free text in which the issuing provider names itself; None where absent."""
    issued_at: datetime
    """`data`: when the certified event happened; aware, with the offset that the message states, to the second."""
    error: DeliveryError | None
    """`@errore`; None where the token is none of the DTD's (finding `token-unknown`)."""
    error_detail: str | None
    """`errore-esteso`, as written."""
    problem: DeliveryProblem | None
    """What `error` and `error_detail` mean and what the sender can do; None where there is no error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance(CertifiedReceipt):
    """The sender's provider accepted the message at `issued_at`. Does not prove content or delivery."""

    kind = ReceiptKind.ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class NonAcceptance(CertifiedReceipt):
    """The sender's provider refused the message; it was not sent."""

    kind = ReceiptKind.NOT_ACCEPTED


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenInCharge(CertifiedReceipt):
    """The recipients' provider took the message over from the sender's: between providers, proves no delivery."""

    kind = ReceiptKind.TAKEN_IN_CHARGE
    taken_for: tuple[str, ...]
    """`ricezione`: the recipients covered, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _AboutOneRecipient(CertifiedReceipt):
    delivered_to: str
    """`consegna`: the recipient that this receipt is about."""
    form: ReceiptForm | None
    """`ricevuta/@tipo`: the form of delivery receipt that the sender asked for; None if not stated."""

    @property
    def recipient(self) -> Recipient | None:
        """The entry of `recipients` that `delivered_to` names (case-insensitive); None if there is none."""
        wanted = self.delivered_to.casefold()
        return next((entry for entry in self.recipients if entry.address.casefold() == wanted), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(_AboutOneRecipient):
    """The message was made available in the mailbox of `delivered_to` at `issued_at`."""

    kind = ReceiptKind.DELIVERED
    carried_form: ReceiptForm
    """What this receipt in fact carries: COMPLETE or BRIEF with the original, CONCISE without. (A Cc recipient's
    is concise whatever `form` was asked for.)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryFailure(_AboutOneRecipient):
    """The message was not delivered to `delivered_to`; `problem` explains why."""

    kind = ReceiptKind.DELIVERY_FAILED


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryDelay(_AboutOneRecipient):
    """No delivery to `delivered_to` within 12 or 24 hours: see `possible_notices` and `notice()`."""

    kind = ReceiptKind.DELIVERY_DELAYED

    @property
    def possible_notices(self) -> tuple[DelayNotice, ...]:
        """Which notices this may be, from the receipt alone: both, unless it states a final error code (5.x.x)."""
        if self.problem is not None and self.problem.permanent:
            return (DelayNotice.SECOND,)
        return (DelayNotice.FIRST, DelayNotice.SECOND)

    def notice(self, accepted_at: datetime) -> DelayNotice:
        """Tell the first notice from the second by the time since acceptance.

        Args:
            accepted_at: `issued_at` of the acceptance receipt, aware.

        Raises:
            ValueError: the acceptance is later than this notice, or naive.

        Source: RFC 6109 §3.1.6 (the second notice is not sent before 22 hours have passed).
        """
        if accepted_at.utcoffset() is None:
            message = "accepted_at must be an aware datetime"
            raise ValueError(message)
        elapsed = self.issued_at - accepted_at
        if elapsed < timedelta(0):
            message = "the acceptance is later than this notice: it belongs to another message"
            raise ValueError(message)
        if self.possible_notices == (DelayNotice.SECOND,) or elapsed >= SECOND_NOTICE_AFTER:
            return DelayNotice.SECOND
        return DelayNotice.FIRST


@dataclass(frozen=True, slots=True, kw_only=True)
class VirusDetected(CertifiedReceipt):
    """The recipient's provider found a virus: between providers."""

    kind = ReceiptKind.VIRUS_DETECTED
    delivered_to: str | None
    """`consegna`: the recipient concerned; older software writes `ricezione` instead."""
    taken_for: tuple[str, ...]
    """`ricezione`: the recipients concerned, in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransportEnvelope(CertifiedReceipt):
    """The certified message itself, as the sender's provider sent it: origin, integrity and time of acceptance."""

    kind = ReceiptKind.TRANSPORT_ENVELOPE
    form: ReceiptForm | None
    """`ricevuta/@tipo`: the form of delivery receipt that the sender asked for; None if not stated."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalyEnvelope(Receipt):
    """Uncertified mail that a provider handed over: certifies nothing of what it carries (RFC 6109 §3.2.2)."""

    kind = ReceiptKind.ANOMALY_ENVELOPE
