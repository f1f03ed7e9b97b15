"""Policy, receipts, findings and reports as values."""

from __future__ import annotations

import json
import pickle
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pecverify import (
    Check,
    DelayNotice,
    DeliveryDelay,
    Finding,
    Limits,
    PecverifyError,
    Policy,
    Reason,
    Report,
    Severity,
    SubIndication,
    TrustStore,
    Verdict,
    VerificationError,
    verify_receipt,
)
from pecverify import report as report_module
from pecverify._findings import found
from tests.messages import Message
from tests.pki import authority

TRUST = TrustStore.from_certificates(authority())
DELAY = Message(kind="preavviso-errore-consegna", delivered_to="protocollo@pec.gestore-b.example")
VALID = verify_receipt(Message().build(), trust=TRUST)
UNRECOGNISED = verify_receipt(Message().build())
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


# --- policy


@pytest.mark.parametrize("name", ["at", "existed_at", "now", "sha1_digest_until", "weak_signature_until"])
def test_naive_instants_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match=rf"Policy\.{name} must be an aware datetime"):
        Policy(**{name: datetime(2024, 1, 1)})  # type: ignore[arg-type]  # noqa: DTZ001 (naive on purpose)


def test_there_is_one_validated_instant() -> None:
    with pytest.raises(ValueError, match="not both"):
        Policy(at=NOW, existed_at=NOW)


def test_strict() -> None:
    policy = Policy.strict(now=NOW)
    assert (policy.at, policy.existed_at, policy.now) == (NOW, None, NOW)
    proven = Policy.strict(existed_at=NOW, now=NOW + timedelta(days=1))
    assert (proven.at, proven.existed_at) == (None, NOW)
    assert proven.sha1_digest_until is not None
    assert proven.sha1_digest_until < datetime(1900, 1, 1, tzinfo=UTC)


def test_strict_reads_the_clock_once() -> None:
    before = datetime.now(UTC)
    policy = Policy.strict()
    assert policy.now is not None
    assert before <= policy.now <= datetime.now(UTC)
    assert policy.at == policy.now


def test_archival() -> None:
    policy = Policy.archival(at=NOW)
    assert policy.at == NOW
    assert policy.weak_signature_until == datetime(2017, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert replace(policy, weak_signature_until=None) == Policy(at=NOW)


def test_limits_are_values() -> None:
    assert Limits() == Limits()
    assert pickle.loads(pickle.dumps(Policy(limits=Limits(path_length=3)))).limits.path_length == 3  # noqa: S301


# --- receipts


def delay_receipt(message: Message = DELAY) -> DeliveryDelay:
    receipt = verify_receipt(message.build(), trust=TRUST).require()
    assert isinstance(receipt, DeliveryDelay)
    return receipt


def test_delay_notices() -> None:
    receipt = delay_receipt()
    assert receipt.possible_notices == (DelayNotice.FIRST, DelayNotice.SECOND)
    for elapsed, notice in (
        (timedelta(0), DelayNotice.FIRST),
        (timedelta(hours=12), DelayNotice.FIRST),
        (timedelta(hours=21, minutes=59, seconds=59), DelayNotice.FIRST),
        (timedelta(hours=22), DelayNotice.SECOND),
        (timedelta(hours=24), DelayNotice.SECOND),
    ):
        assert receipt.notice(receipt.issued_at - elapsed) is notice
    with pytest.raises(ValueError, match="later than this notice"):
        receipt.notice(receipt.issued_at + timedelta(seconds=1))
    with pytest.raises(ValueError, match="aware"):
        receipt.notice(receipt.issued_at.replace(tzinfo=None))


def test_a_delay_notice_with_a_permanent_code_is_final() -> None:
    detail = "5.4.1 - Namirial S.p.A. - tempo massimo superato"
    receipt = delay_receipt(replace(DELAY, error="altro", error_detail=detail))
    assert receipt.possible_notices == (DelayNotice.SECOND,)
    assert receipt.notice(receipt.issued_at - timedelta(hours=12)) is DelayNotice.SECOND


def test_the_recipient_is_found_without_case() -> None:
    receipt = replace(delay_receipt(), delivered_to=delay_receipt().recipients[0].address.upper())
    assert receipt.recipient is receipt.recipients[0]
    assert replace(receipt, delivered_to="x@y.example").recipient is None


# --- reasons


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_is_explained(reason: Reason) -> None:
    rule = reason.rule
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", reason.value)
    assert rule.english
    assert rule.italian
    assert rule.english != rule.italian
    assert rule.source
    assert isinstance(rule.check, Check)
    if rule.severity in (Severity.ERROR, Severity.UNKNOWN):
        assert isinstance(rule.sub_indication, SubIndication)


def test_finding_texts() -> None:
    finding = found(Reason.TO_MISMATCH, expected="a", actual="b", where="To")
    assert finding.text() == "The receipt is not addressed to the certified sender (To): expected a, found b"
    assert finding.text("it") == "La ricevuta non è indirizzata al mittente certificato (To): atteso a, trovato b"
    assert found(Reason.FROM_MISSING).text() == "There is no readable From to compare with the certificate"
    assert finding.check is Check.CONSISTENCY
    assert finding.sub_indication is None
    assert found(Reason.DIGEST_WEAK).sub_indication is None
    weak = found(Reason.DIGEST_WEAK, severity=Severity.UNKNOWN)
    assert weak.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE


def test_quotes_are_bounded() -> None:
    finding = found(Reason.TO_MISMATCH, expected="x" * 200, actual="y" * 201, where=(3, 7))
    assert finding.expected == "x" * 200
    assert finding.actual == "y" * 199 + "…"
    assert finding.where == "bytes 3-7"


# --- reports


def test_a_report_has_no_truth_value() -> None:
    with pytest.raises(TypeError, match=r"compare report\.verdict"):
        bool(VALID)


def test_require() -> None:
    assert VALID.require() is VALID.receipt
    with pytest.raises(VerificationError) as caught:
        UNRECOGNISED.require()
    assert caught.value.report is UNRECOGNISED
    assert str(caught.value) == "indeterminate: provider-not-recognised"
    assert isinstance(caught.value, PecverifyError)
    copy = pickle.loads(pickle.dumps(caught.value))  # noqa: S301 (our own)
    assert copy.report == UNRECOGNISED


def test_a_valid_report_without_receipt_is_not_required() -> None:
    with pytest.raises(VerificationError):
        replace(VALID, receipt=None).require()


def test_decisive_findings() -> None:
    assert VALID.decisive_findings == ()
    assert [finding.reason for finding in UNRECOGNISED.decisive_findings] == [Reason.PROVIDER_NOT_RECOGNISED]


def test_validity_of_the_certificate() -> None:
    signer = VALID.signer
    assert signer is not None
    facts = signer.certificate
    assert signer.valid_at(facts.not_before)
    assert signer.valid_at(facts.not_after)
    assert not signer.valid_at(facts.not_before - timedelta(seconds=1))
    assert not signer.valid_at(facts.not_after + timedelta(seconds=1))
    assert signer.valid_now == signer.valid_at(datetime.now(UTC))


@pytest.mark.parametrize("report", [VALID, UNRECOGNISED, verify_receipt(b"")], ids=["valid", "unrecognised", "empty"])
def test_reports_pickle_and_turn_into_json(report: Report) -> None:
    assert pickle.loads(pickle.dumps(report)) == report  # noqa: S301 (our own)
    text = json.dumps(report.to_dict())
    assert json.loads(text)["verdict"] == report.verdict.value
    assert repr(report)


def test_only_known_types_turn_into_json() -> None:
    with pytest.raises(TypeError, match="no JSON form for bytes"):
        report_module.to_json(b"x")


def test_values_are_frozen() -> None:
    with pytest.raises(AttributeError):
        VALID.verdict = Verdict.INVALID  # type: ignore[misc]
    assert Finding(reason=Reason.DIGEST_WEAK, severity=Severity.WARNING) == found(Reason.DIGEST_WEAK)
