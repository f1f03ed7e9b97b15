"""The two invariants, over structures that are almost right.

"Whatever bytes come in, verify_receipt returns a Report", and "if VALID, every field returned is a function of signed
bytes only". A short run goes with the tests; the long one, a million examples of each (some five
hours of processor time) or as many as HYPOTHESIS_EXAMPLES says, by

    HYPOTHESIS_PROFILE=long pytest tests/test_invariants.py
"""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pecverify import Report, TrustStore, Verdict, find_receipts, verify_receipt
from tests.messages import Edit, Message
from tests.pki import authority
from tests.strategies import damaged_signatures, daticerts, entities, in_message, wrapped_messages

TRUST = TrustStore.from_certificates(authority())


def verify(data: bytes) -> Report:
    return verify_receipt(data, trust=TRUST)


@given(wrapped_messages())
def test_what_is_returned_comes_from_signed_bytes(case: tuple[Message, bytes]) -> None:
    message, data = case
    report = verify(data)
    genuine = verify(message.build())
    if report.receipt is not None:
        assert report.receipt == genuine.receipt
        assert report.signer == genuine.signer
        original = genuine.original
        assert report.original == (
            original if b"\r\n" in data or original is None else original.replace(b"\r\n", b"\n")
        )
    if report.verdict is Verdict.VALID:
        assert report.receipt is not None


@given(entities())
def test_trees_of_parts(data: bytes) -> None:
    assert verify(data).verdict is Verdict.INVALID
    assert isinstance(find_receipts(data), tuple)


@given(st.lists(entities(), min_size=1, max_size=3))
def test_trees_inside_a_signed_message(parts: list[bytes]) -> None:
    report = verify(Message(more_parts=tuple(parts)).build())
    if report.verdict is Verdict.VALID:
        assert report.receipt == verify(Message().build()).receipt


@given(damaged_signatures())
def test_damaged_signatures(signature: bytes) -> None:
    assert verify(in_message(signature)).verdict is Verdict.INVALID


def putting(document: bytes) -> Edit:
    return lambda _: document


@given(daticerts())
def test_documents_under_a_good_signature(document: bytes) -> None:
    report = verify(replace(Message(), xml=putting(document)).build())
    assert isinstance(report, Report)
    if report.receipt is not None:
        # Nothing is made up: whatever is said stands in the document.
        assert report.receipt.kind.value.encode() in document
