"""A Report holds what it needs and nothing else, and there is one whatever time a message states."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fixtures.catalogue.kinds import ANOMALY, DELIVERY
from pecverify import Policy, Reason, Receipt, TrustStore, Verdict, verify_receipt
from tests.messages import Edit, Message, replacing
from tests.pki import Cms, authority, der
from tests.reports import RECEIPTS, report

TRUST = TrustStore.from_certificates(authority())
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_pickled_report_takes_the_original_along_and_no_other_byte_of_the_message() -> None:
    message = DELIVERY.build()
    whole = verify_receipt(message, trust=TRUST)
    assert whole.original
    # What stands before the signed part belongs to the message and not to the report.
    fields = b"".join(b"X-Padding-%d: %b\r\n" % (number, b"a" * 70) for number in range(500))
    padded = verify_receipt(fields + message, trust=TRUST)
    assert len(pickle.dumps(padded)) < len(pickle.dumps(whole)) + 100
    copy = pickle.loads(pickle.dumps(padded))  # noqa: S301 (our own)
    assert copy == padded
    assert copy.original == padded.original == whole.original
    assert copy.original_span == padded.original_span != whole.original_span
    assert hash(copy) == hash(padded)


def test_a_report_outlives_the_buffer_that_it_was_made_from() -> None:
    buffer = bytearray(DELIVERY.build())
    made = verify_receipt(buffer, trust=TRUST)
    original = made.original
    assert original
    buffer[:] = bytes(len(buffer))
    assert made.original == original


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda receipt: receipt.kind.name)
def test_the_kind_of_a_receipt_is_told_by_name(receipt: Receipt) -> None:
    assert report(receipt).to_dict()["kind"] == receipt.kind.name.lower()


def stating(day: str, hour: str, zone: str) -> Edit:
    """Another time in daticert.xml, and nowhere else."""
    return replacing(
        '<data zona="+0100"><giorno>15/03/2024</giorno><ora>10:20:30</ora></data>',
        f'<data zona="{zone}"><giorno>{day}</giorno><ora>{hour}</ora></data>',
    )


@pytest.mark.parametrize("policy", [Policy(), Policy(now=NOW), Policy(at=NOW), Policy(existed_at=NOW)])
@pytest.mark.parametrize(
    ("day", "hour", "zone"),
    [
        ("01/01/0001", "00:00:00", "+0100"),
        ("01/01/0001", "00:04:59", "+0000"),
        ("31/12/9999", "23:59:59", "-1200"),
        ("31/12/9999", "23:59:59", "+0000"),
    ],
)
def test_a_stated_time_at_the_ends_of_the_calendar(policy: Policy, day: str, hour: str, zone: str) -> None:
    """Such a time may have no instant in UTC, and nothing can be taken from it: a Report, not an OverflowError."""
    verified = verify_receipt(Message(xml=stating(day, hour, zone)).build(), trust=TRUST, policy=policy)
    assert verified.verdict is Verdict.INVALID


@pytest.mark.parametrize("policy", [Policy(), Policy(now=NOW), Policy(at=NOW), Policy(existed_at=NOW)])
@pytest.mark.parametrize("time", [b"00010101000000Z", b"99991231235959Z"])
def test_a_signing_time_at_the_ends_of_the_calendar(policy: Policy, time: bytes) -> None:
    """The anomaly envelope states no other time."""
    message = replace(ANOMALY, cms=Cms(signing_time=der(0x18, time)))
    verified = verify_receipt(message.build(), trust=TRUST, policy=policy)
    assert verified.verdict is Verdict.INVALID
    assert Reason.ANOMALY_NOT_CERTIFIED in {finding.reason for finding in verified.findings}


def test_a_tolerance_without_end() -> None:
    policy = Policy(now=NOW, clock_tolerance=timedelta.max)
    assert verify_receipt(DELIVERY.build(), trust=TRUST, policy=policy).verdict is Verdict.VALID
