"""Reports made by hand: one of each kind, and what a verdict looks like without any cryptography."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TypedDict

from pecverify import (
    Acceptance,
    AnomalyEnvelope,
    Basis,
    CertificateFacts,
    Check,
    CheckResult,
    Delivery,
    DeliveryDelay,
    DeliveryError,
    DeliveryFailure,
    DeliveryProblem,
    Finding,
    NonAcceptance,
    Outcome,
    ProblemCause,
    Provider,
    Reason,
    Receipt,
    ReceiptForm,
    Recipient,
    RecipientType,
    Recognition,
    Report,
    Severity,
    Signer,
    TakenInCharge,
    Times,
    TransportEnvelope,
    TrustStatement,
    Verdict,
    VirusDetected,
)

ISSUED_AT = datetime(2021, 11, 14, 18, 26, 32, tzinfo=timezone(timedelta(hours=1)))
ORIGINAL = b"Subject: original\r\n\r\nbody \xff\r\n"


class Certified(TypedDict):
    pec_id: str
    message_id: str | None
    sender: str
    recipients: tuple[Recipient, ...]
    reply_to: str | None
    subject: str | None
    issuing_provider: str | None
    issued_at: datetime
    error: DeliveryError | None
    error_detail: str | None
    problem: DeliveryProblem | None


def certified(
    subject: str | None = "Diffida",
    problem: DeliveryProblem | None = None,
    recipients: tuple[Recipient, ...] = (
        Recipient(address="bruno@pec.example", type=RecipientType.CERTIFIED),
        Recipient(address="carla@mail.example", type=RecipientType.EXTERNAL),
        Recipient(address="dario@mail.example", type=None),
    ),
) -> Certified:
    return Certified(
        pec_id="opec1.20211114182632.1.1@pec.example",
        message_id=None if subject is None else "client-1@mail.example",
        sender="anna@pec.example",
        recipients=recipients,
        reply_to="anna@pec.example",
        subject=subject,
        issuing_provider="Gestore S.p.A.",
        issued_at=ISSUED_AT,
        error=DeliveryError.NONE if problem is None else DeliveryError.OTHER,
        error_detail=None if problem is None else "5.2.2 - Altro Gestore - casella piena",
        problem=problem,
    )


FULL = DeliveryProblem(
    status_code="5.2.2",
    provider="Altro Gestore",
    reason="casella piena",
    cause=ProblemCause.MAILBOX_FULL,
    permanent=True,
)
LATE = DeliveryProblem(status_code=None, provider=None, reason=None, cause=ProblemCause.TIMEOUT, permanent=False)

BRUNO = "bruno@pec.example"


def delivery(carried_form: ReceiptForm = ReceiptForm.COMPLETE) -> Delivery:
    return Delivery(**certified(), delivered_to=BRUNO, form=ReceiptForm.COMPLETE, carried_form=carried_form)


RECEIPTS: tuple[Receipt, ...] = (
    Acceptance(**certified()),
    NonAcceptance(**certified(problem=FULL)),
    TakenInCharge(**certified(), taken_for=(BRUNO,)),
    delivery(),
    DeliveryFailure(**certified(problem=FULL), delivered_to=BRUNO, form=None),
    DeliveryDelay(**certified(problem=LATE), delivered_to=BRUNO, form=ReceiptForm.BRIEF),
    VirusDetected(**certified(), delivered_to=BRUNO, taken_for=()),
    TransportEnvelope(**certified(), form=ReceiptForm.CONCISE),
    AnomalyEnvelope(),
)

CERTIFICATE = CertificateFacts(
    subject="CN=Gestore,C=IT",
    issuer="CN=AgID CA1,C=IT",
    serial_number="1f",
    not_before=datetime(2020, 1, 1, tzinfo=UTC),
    not_after=datetime(2023, 1, 1, tzinfo=UTC),
    sha256="ab" * 32,
)
ANCHOR = CertificateFacts(
    subject="CN=AgID CA1,C=IT",
    issuer=None,
    serial_number=None,
    not_before=datetime(2019, 1, 1, tzinfo=UTC),
    not_after=datetime(9999, 1, 1, tzinfo=UTC),
    sha256="cd" * 32,
)


STATEMENT = TrustStatement(
    recognition=Recognition.AGID_CA,
    recognises=True,
    source="AgID CA1",
    issued_at=ANCHOR.not_before,
    sha256=ANCHOR.sha256,
    entry="edition of 2019-01-01",
    status="in force",
    since=ANCHOR.not_before,
)


def signer(
    name: str | None = "Gestore",
    organization: str | None = "Gestore S.p.A.",
    certificate: CertificateFacts = CERTIFICATE,
    recognition: Recognition = Recognition.AGID_CA,
) -> Signer:
    return Signer(
        provider=Provider(organization=organization, name=name),
        certificate=certificate,
        addresses=("posta-certificata@pec.example",),
        key="RSA 2048",
        digest_algorithm="sha256",
        signature_algorithm="rsassa-pkcs1v15",
        recognition=recognition,
        recognised_by=None if recognition is Recognition.NONE else "AgID CA1, edition of 2019",
        statements=() if recognition is Recognition.NONE else (STATEMENT,),
        path=(certificate, ANCHOR),
    )


NO_TIMES = Times(stated_at=None, signing_time=None, header_date=None, validated_at=None, basis=Basis.STATED)
TIMES = Times(
    stated_at=ISSUED_AT,
    signing_time=ISSUED_AT.astimezone(UTC),
    header_date=None,
    validated_at=ISSUED_AT,
    basis=Basis.STATED,
)
_VERDICTS = {Severity.ERROR: Verdict.INVALID, Severity.UNKNOWN: Verdict.INDETERMINATE}
_OUTCOMES = {Severity.ERROR: Outcome.FAILED, Severity.UNKNOWN: Outcome.UNKNOWN}


def finding(
    reason: Reason, expected: str | None = None, actual: str | None = None, where: str | None = None
) -> Finding:
    return Finding(reason=reason, severity=reason.rule.severity, expected=expected, actual=actual, where=where)


def report(
    receipt: Receipt | None = None,
    *findings: Finding,
    by: Signer | None = None,
    times: Times = TIMES,
    original: bytes | None = None,
    taken_from: tuple[int, int] | None = None,
) -> Report:
    """The report that these findings make; `findings` in the order of their severity."""
    first = findings[0].severity if findings else Severity.NOTE
    outcomes = {found.check: _OUTCOMES.get(found.severity, Outcome.PASSED) for found in reversed(findings)}
    return Report(
        verdict=_VERDICTS.get(first, Verdict.VALID),
        findings=findings,
        checks=tuple(CheckResult(check=check, outcome=outcomes.get(check, Outcome.PASSED)) for check in Check),
        receipt=receipt,
        signer=by,
        times=times,
        original_span=None if original is None else (100, 100 + len(original)),
        taken_from=taken_from,
        _original=original,
    )


WEAK = finding(Reason.DIGEST_WEAK, actual="sha1")
UNRECOGNISED = finding(Reason.PROVIDER_NOT_RECOGNISED, expected="AgID CA1", actual="CN=Other CA")
CHANGED = finding(Reason.DIGEST_MISMATCH, expected="aa", actual="bb", where="bytes 10-20")
NOT_PEC = finding(Reason.NOT_PEC)
NESTED = finding(Reason.NESTED_RECEIPT, where="bytes 30-40")
