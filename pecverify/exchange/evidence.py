"""What an exchange keeps of each receipt: small frozen values, so that 100,000 receipts fit into memory.

Only VALID receipts are evidence. The others are set apart with their verdict: what they state is a claim.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, TypedDict

from pecverify import _fields
from pecverify._header import MimeError
from pecverify._mime import read_part
from pecverify.archive.answer import Origin
from pecverify.policy import Limits
from pecverify.problem import DeliveryProblem
from pecverify.reasons import Severity
from pecverify.receipt import (
    CertifiedReceipt,
    Delivery,
    DeliveryDelay,
    DeliveryError,
    DeliveryFailure,
    ReceiptForm,
    ReceiptKind,
    Recipient,
    TakenInCharge,
    TransportEnvelope,
    VirusDetected,
)
from pecverify.report import Basis, Finding, Report, Signer, Span, Verdict, to_json
from pecverify.verify import digest_part

if TYPE_CHECKING:
    from pecverify.receipt import Receipt
    from pecverify.report import JsonValue

_FINDINGS_KEPT = 10
_LINE_ENDS = b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where one copy of a receipt lay."""

    origin: Origin | None = None
    """File, member and hash; None if the report came without."""
    taken_from: Span | None = None
    """For a receipt taken out of another message: where it lay there."""

    @property
    def order(self) -> tuple[str, str, int, str, Span]:
        """A key to sort by."""
        origin = self.origin or Origin(path="")
        offset = -1 if origin.offset is None else origin.offset
        return origin.path, origin.member or "", offset, origin.sha256 or "", self.taken_from or (-1, -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """What identifies the original message that a receipt carries."""

    sha256: str
    """SHA-256 of postacert.eml, its line ends as CRLF, hexadecimal."""
    body_sha256: str
    """SHA-256 of its body alone, line ends as CRLF and those at its end left out: providers add header fields."""
    copies: tuple[str, ...] | None
    """Its Cc recipients, case folded, sorted, without those in To as well, who count as primary (RFC 6109 §3.3.2);
    None if its header cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Examined:
    verdict: Verdict
    """What its verification came to."""
    findings: tuple[Finding, ...]
    """The first of its findings, the heaviest before."""
    finding_count: int
    """How many there were."""
    signer: Signer | None
    """Who signed; claimed only, unless the verdict is VALID."""
    validated_at: datetime | None
    """The instant that the verdict is about."""
    basis: Basis
    """Where that instant comes from."""
    kind: ReceiptKind | None
    """The kind of message; None where nothing of it is signed."""
    issued_at: datetime | None
    """The instant stated; None where there is none."""
    about: tuple[str, ...]
    """The recipients that it is about, as written (`consegna`, `ricezione`); empty if about all."""
    sources: tuple[Source, ...]
    """Where its copies lay, in a fixed order."""

    @property
    def provider(self) -> str | None:
        """The name of the provider that signed."""
        return None if self.signer is None else self.signer.provider.name or self.signer.provider.organization

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values; the signer by the hash of its certificate."""
        own = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "signer"}
        values = {name: to_json(value) for name, value in own.items()}
        return {
            **values,
            "kind": None if self.kind is None else self.kind.name.lower(),
            "findings": [finding.to_dict() for finding in self.findings],
            "provider": self.provider,
            "certificate_sha256": None if self.signer is None else self.signer.certificate.sha256,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence(_Examined):
    """One VALID receipt, however many copies of it there were."""

    kind: ReceiptKind
    """The kind of receipt."""
    issued_at: datetime
    """When the certified event happened."""
    pec_id: str
    """`identificativo`."""
    message_id: str | None
    """`msgid`."""
    sender: str
    """`mittente`."""
    recipients: tuple[Recipient, ...]
    """`destinatari`."""
    reply_to: str | None
    """`risposte`."""
    subject: str | None
    """`oggetto`."""
    form: ReceiptForm | None
    """`ricevuta/@tipo`: the form of delivery receipt that was asked for."""
    carried_form: ReceiptForm | None
    """For a delivery, what it carries."""
    error: DeliveryError | None
    """`@errore`."""
    problem: DeliveryProblem | None
    """What the error means."""
    original: Original | None
    """Of the original that it carries; None if it carries none, or the report came without its bytes."""
    content_doubtful: bool
    """Whether a warning says that the original does not agree with the certified data."""

    @property
    def identity(self) -> tuple[object, ...]:
        """What two copies of one receipt have in common, whatever was added around the signed part on the way."""
        return (
            *(self.kind, self.issued_at.isoformat(), self.pec_id, self.message_id, self.sender, self.recipients),
            *(self.reply_to, self.subject, self.about, self.form, self.carried_form, self.error, self.problem),
            None if self.signer is None else self.signer.certificate.sha256,
        )

    @property
    def order(self) -> tuple[object, ...]:
        """A key to sort by: by instant; among receipts of one instant by where they lay, else by what they say."""
        place = self.sources[0]
        said = () if place.origin is not None else tuple(map(str, self.identity))
        kind = tuple(ReceiptKind).index(self.kind)
        return self.issued_at, kind, self.about, _order_of(self.original), place.order, said


@dataclass(frozen=True, slots=True, kw_only=True)
class Apart(_Examined):
    """A message that is no evidence: not VALID, or one that certifies nothing."""

    pec_id: str | None
    """The `identificativo` that it states; None where nothing of it is signed."""

    @property
    def order(self) -> tuple[object, ...]:
        """A key to sort by."""
        instant = "" if self.issued_at is None else self.issued_at.isoformat()
        return self.sources[0].order, self.verdict, self.pec_id or "", instant, tuple(map(str, self.findings))


class _ExaminedValues(TypedDict):
    verdict: Verdict
    findings: tuple[Finding, ...]
    finding_count: int
    signer: Signer | None
    validated_at: datetime | None
    basis: Basis
    about: tuple[str, ...]
    sources: tuple[Source, ...]


def read_evidence(report: Report, origin: Origin | None = None) -> Evidence | Apart:
    """What an exchange keeps of one report.

    Args:
        report: of one message.
        origin: where it lay, if that is known.
    """
    receipt = report.receipt
    examined = _ExaminedValues(
        verdict=report.verdict,
        findings=report.findings[:_FINDINGS_KEPT],
        finding_count=len(report.findings),
        signer=report.signer,
        validated_at=report.times.validated_at,
        basis=report.times.basis,
        about=_concerned(receipt),
        sources=(Source(origin=origin, taken_from=report.taken_from),),
    )
    if report.verdict is not Verdict.VALID or not isinstance(receipt, CertifiedReceipt):
        return Apart(
            **examined,
            kind=None if receipt is None else receipt.kind,
            issued_at=report.times.claimed,
            pec_id=receipt.pec_id if isinstance(receipt, CertifiedReceipt) else None,
        )
    return Evidence(
        **examined,
        kind=receipt.kind,
        issued_at=receipt.issued_at,
        pec_id=receipt.pec_id,
        message_id=receipt.message_id,
        sender=receipt.sender,
        recipients=receipt.recipients,
        reply_to=receipt.reply_to,
        subject=receipt.subject,
        form=receipt.form if isinstance(receipt, _WITH_FORM) else None,
        carried_form=receipt.carried_form if isinstance(receipt, Delivery) else None,
        error=receipt.error,
        problem=receipt.problem,
        original=_read_original(report.original),
        content_doubtful=any(map(_casts_doubt, report.findings)),
    )


def _read_original(data: bytes | None) -> Original | None:
    if data is None:
        return None
    copies: tuple[str, ...] | None
    try:
        root = read_part(data, (0, len(data)), Limits())
    except MimeError:
        body, copies = (0, len(data)), None
    else:
        fields = root.header.fields
        body, copies = root.body, _copies_of(fields.all("Cc"), fields.all("To"))
    return Original(sha256=_digest(data, (0, len(data))), body_sha256=body_digest(data, body), copies=copies)


@functools.lru_cache(maxsize=256)
def _copies_of(cc: tuple[bytes, ...], to: tuple[bytes, ...]) -> tuple[str, ...]:
    """Remembered: each recipient's receipt carries the same long lists."""
    return tuple(sorted(_fields.addresses(cc) - _fields.addresses(to)))


def body_digest(data: bytes, body: Span) -> str:
    """SHA-256 of a body with its line ends as CRLF, and without those at its end, which transport adds and drops."""
    start, stop = body
    while stop > start and data[stop - 1] in _LINE_ENDS:
        stop -= 1
    return _digest(data, (start, stop))


def _digest(data: bytes, span: Span) -> str:
    return digest_part(data, span, "sha256", canonical=True).hex()


_WITH_FORM = (Delivery, DeliveryFailure, DeliveryDelay, TransportEnvelope)


def _concerned(receipt: Receipt | None) -> tuple[str, ...]:
    match receipt:
        case Delivery() | DeliveryFailure() | DeliveryDelay():
            return (receipt.delivered_to,)
        case VirusDetected():
            own = () if receipt.delivered_to is None else (receipt.delivered_to,)
            return tuple(dict.fromkeys((*own, *receipt.taken_for)))
        case TakenInCharge():
            return receipt.taken_for
    return ()


def _casts_doubt(finding: Finding) -> bool:
    return finding.severity is Severity.WARNING and finding.reason.value.startswith(("original-", "brief-"))


def _order_of(original: Original | None) -> str:
    return "" if original is None else original.sha256
