"""A Report holds what it needs and nothing else, and there is one whatever time a message states."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from fixtures.catalogue.kinds import DELIVERY
from pecverify import TrustStore, verify_receipt
from tests.messages import replacing
from tests.pki import authority
from tests.reports import RECEIPTS, report

TRUST = TrustStore.from_certificates(authority())
NOW = datetime(2026, 11, 23, tzinfo=UTC)


def test_a_pickled_report_takes_the_original_along_and_no_other_byte_of_the_message() -> None:
    small = DELIVERY.build()
    whole = verify_receipt(small, trust=TRUST)
    assert whole.original is not None
    # What stands before the signed part belongs to the message and not to the report.
    big = small.replace(b"Return-Path:", b"X-Padding: " + b"abc " * 10_000 + b"\r\nReturn-Path:", 1)
    padded = verify_receipt(big, trust=TRUST)
    assert padded.original == whole.original
    assert len(pickle.dumps(padded)) < len(pickle.dumps(whole)) + 100
    copy = pickle.loads(pickle.dumps(padded))  # noqa: S301 (our own)
    assert copy == padded
    assert copy.original == whole.original
    assert copy.original_span == padded.original_span
    assert hash(copy) == hash(padded)


def test_a_report_outlives_the_buffer_that_it_was_made_from() -> None:
    buffer = bytearray(DELIVERY.build())
    made = verify_receipt(buffer, trust=TRUST)
    original = made.original
    assert original
    buffer[:] = bytes(len(buffer))
    assert made.original == original


@pytest.mark.parametrize("receipt", RECEIPTS, ids=lambda receipt: receipt.kind.name)
def test_the_kind_of_a_receipt_is_told_by_name(receipt: object) -> None:
    told = report(receipt).to_dict()  # type: ignore[arg-type]
    assert told["kind"] == receipt.kind.name.lower()  # type: ignore[attr-defined]


def stating(day: str, hour: str, zone: str) -> Callable[[bytes], bytes]:
    """Another time in daticert.xml, and nowhere else."""
    return replacing(
        b'<data zona="+0100"><giorno>15/03/2024</giorno><ora>10:20:30</ora></data>',
        f'<data zona="{zone}"><giorno>{day}</giorno><ora>{hour}</ora></data>'.encode(),
    )
