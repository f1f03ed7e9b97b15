"""Genuine messages of 2014 and 2018, which lie beside the project: the procedure on what providers really sent."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from pecverify import (
    Acceptance,
    Delivery,
    Policy,
    Reason,
    ReceiptForm,
    Recognition,
    Severity,
    TransportEnvelope,
    Verdict,
    verify_receipt,
)
from pecverify.receipt import CertifiedReceipt

REAL = Path(__file__).resolve().parents[2] / "shared" / "real"
pytestmark = pytest.mark.skipif(not REAL.is_dir(), reason="the genuine messages do not lie beside the project")

ARUBA_2014 = "opec275.20141114182632.23219.07.1.48@pec.aruba.it"
MESSAGES = {
    "aruba-2014-accettazione": (Acceptance, ARUBA_2014, "thinkstudio@pec.it", "2014-11-14T18:26:32+01:00", "Aruba"),
    "aruba-2014-consegna": (Delivery, ARUBA_2014, "thinkstudio@pec.it", "2014-11-14T18:26:32+01:00", "Aruba"),
    "aruba-2018-accettazione": (
        Acceptance,
        "opec288.20181113163926.01838.310.1.63@pec.aruba.it",
        "l.battistini@pec.it",
        "2018-11-13T16:39:26+01:00",
        "Aruba",
    ),
    "sogei-2018-busta": (
        TransportEnvelope,
        "opec288.20181208122618.17535.2665.1.3@pcert.sogei.it",
        "l.battistini@pec.it",
        "2018-12-08T12:26:18+01:00",
        "Sogei",
    ),
}
OLD = {name for name in MESSAGES if "2014" in name}
LF_FILES = set(MESSAGES) - OLD


def read(name: str) -> bytes:
    return (REAL / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", MESSAGES)
def test_verdict_and_receipt(name: str) -> None:
    kind, pec_id, recipient, instant, provider = MESSAGES[name]
    report = verify_receipt(read(name), policy=Policy.archival() if name in OLD else None)
    assert report.verdict is Verdict.VALID
    receipt = report.require()
    assert type(receipt) is kind
    assert isinstance(receipt, CertifiedReceipt)
    assert receipt.pec_id == pec_id
    assert receipt.message_id is not None
    assert "@" in receipt.message_id
    assert [entry.address for entry in receipt.recipients] == [recipient]
    assert receipt.sender == ("sdi03@pec.fatturapa.it" if kind is TransportEnvelope else "l.battistini@pec.it")
    assert receipt.issued_at == datetime.fromisoformat(instant)
    assert report.signer is not None
    assert report.signer.recognition is Recognition.AGID_CA
    assert report.signer.provider.name == provider
    assert report.times.validated_at == receipt.issued_at == report.times.header_date
    assert report.times.signing_time is not None
    assert abs((report.times.signing_time - receipt.issued_at).total_seconds()) <= 1
    assert len(report.signer.path) == 2


@pytest.mark.parametrize("name", sorted(LF_FILES))
def test_messages_of_2018_are_valid_with_a_warning_for_sha1(name: str) -> None:
    report = verify_receipt(read(name))
    assert report.verdict is Verdict.VALID
    warnings = [finding.reason for finding in report.findings if finding.severity is Severity.WARNING]
    assert warnings == [Reason.DIGEST_WEAK]


@pytest.mark.parametrize("name", sorted(OLD))
def test_messages_of_2014_are_weak_by_default(name: str) -> None:
    report = verify_receipt(read(name))
    assert report.verdict is Verdict.INDETERMINATE
    assert {finding.reason for finding in report.decisive_findings} == {Reason.ALGORITHM_WEAK}
    assert Reason.CERTIFICATE_PROFILE in {finding.reason for finding in report.findings}


def test_the_original_is_the_slice_of_the_file() -> None:
    data = read("aruba-2014-consegna")
    report = verify_receipt(data)
    start = data.index(b"\r\n\r\n", data.index(b"message/rfc822")) + 4
    stop = data.index(b"\r\n------------=_1415985992-23219-15--")
    assert report.original_span == (start, stop)
    assert report.original == data[start:stop]
    assert isinstance(report.receipt, Delivery)
    assert report.receipt.carried_form is ReceiptForm.COMPLETE


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("portion", [0.01, 0.2, 0.4, 0.6, 0.8, 0.99])
def test_one_byte_changed_inside_the_signed_part(name: str, portion: float) -> None:
    data = bytearray(read(name))
    start = data.index(b"Content-Type: multipart/mixed")
    stop = data.rindex(b"\n------", start, data.rindex(b"Content-Type: application/x-pkcs7-signature"))
    position = start + int((stop - start - 20) * portion)
    while not chr(data[position]).isalpha():
        position -= 1
    data[position] ^= 0x20
    report = verify_receipt(bytes(data), policy=Policy.archival())
    assert report.verdict is Verdict.INVALID
    assert report.findings[0].reason is Reason.DIGEST_MISMATCH
    assert report.receipt is None
    assert report.original is None


@pytest.mark.parametrize("name", MESSAGES)
def test_from_changed(name: str) -> None:
    data = read(name)
    changed = data.replace(b"posta-certificata@p", b"posta-certificata@x", 1).replace(
        b"From: posta-certificata@p", b"From: posta-certificata@x", 1
    )
    changed = changed.replace(b"<posta-certificata@pcert", b"<posta-certificata@xcert", 1)
    report = verify_receipt(changed, policy=Policy.archival())
    assert report.verdict is Verdict.INVALID
    assert report.findings[0].reason is Reason.FROM_NOT_IN_CERTIFICATE


@pytest.mark.parametrize("name", MESSAGES)
def test_line_ends_change_nothing_but_a_note(name: str) -> None:
    data = read(name)
    lf = data.replace(b"\r\n", b"\n")
    reports = [verify_receipt(lines) for lines in (lf, lf.replace(b"\n", b"\r\n"))]
    reasons = [{finding.reason for finding in report.findings} for report in reports]
    assert reasons[0] - reasons[1] == {Reason.LINE_ENDINGS_CANONICALISED}
    assert reasons[1] - reasons[0] == set()
    assert reports[0].verdict is reports[1].verdict
    assert reports[0].receipt == reports[1].receipt
    assert reports[0].signer == reports[1].signer


@pytest.mark.parametrize("name", MESSAGES)
def test_every_truncation_gives_a_report(name: str) -> None:
    data = read(name)
    for step in range(50):
        report = verify_receipt(data[: len(data) * step // 50])
        assert report.verdict is Verdict.INVALID
        assert report.receipt is None
