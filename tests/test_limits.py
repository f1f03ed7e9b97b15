"""Each bound, with its default and on whole messages: just below, at and just above it; and nothing recurses."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from fixtures.catalogue.kinds import BRIEF, DELIVERY
from pecverify import (
    Check,
    CheckResult,
    Limits,
    Outcome,
    Policy,
    Reason,
    Report,
    TrustStore,
    Verdict,
    find_receipts,
    verify_nested,
    verify_receipt,
)
from tests import limits
from tests.messages import Message, original_message, original_part, replacing
from tests.oracle import VECTORS
from tests.pki import NULL, Cms, attribute, authority, der, indefinite, make_signer

LIMITS = Limits()
TRUST = TrustStore.from_certificates(authority(), limits.open_authority())
Make = Callable[[int], bytes]


def reasons(report: Report) -> list[Reason]:
    return [finding.reason for finding in report.findings]


def encoded_original(size: int) -> bytes:
    """A delivery whose original is in base64 of so many bytes."""
    original = original_message()
    body = limits.padded_base64(original, size)
    part = original_part(original, "base64").partition(limits.END_OF_HEADER)[0] + limits.END_OF_HEADER + body
    return replace(DELIVERY, original=None, more_parts=(part,)).build()


MEASURES: dict[str, tuple[Make, int, list[Reason]]] = {
    "message_bytes": (limits.message_of, 200_000_000, [Reason.UNSIGNED_CONTENT]),
    "header_bytes": (limits.header_of, 64_000, []),
    "mime_depth": (limits.nested, 8, []),
    "mime_parts": (limits.parts_of, 100, []),
    "daticert_bytes": (limits.daticert_of, 1_000_000, []),
    "encoded_bytes": (encoded_original, 45_000_000, [Reason.ORIGINAL_TRANSFER_ENCODED]),
    "cms_bytes": (limits.signature_of, 1_000_000, []),
    "certificates": (limits.certificates_of, 16, []),
    "asn1_depth": (limits.asn1_of, 32, []),
    "oid_bytes": (limits.oid_of, 64, []),
    "path_length": (limits.path_of, 5, []),
}
"""A message of n, what n is by default, and what is noted of a message that keeps the bound."""


@pytest.mark.parametrize("name", MEASURES)
def test_just_below_and_at_the_bound(name: str) -> None:
    make, bound, noted = MEASURES[name]
    assert getattr(LIMITS, name) == bound
    for size in (bound - 1, bound):
        report = verify_receipt(make(size), trust=TRUST)
        assert (report.verdict, reasons(report)) == (Verdict.VALID, noted), size


@pytest.mark.parametrize("name", MEASURES)
def test_t097_just_above_the_bound(name: str) -> None:
    make, bound, _ = MEASURES[name]
    report = verify_receipt(make(bound + 1), trust=TRUST)
    assert report.verdict is Verdict.INVALID
    assert reasons(report)[0] is Reason.LIMIT_EXCEEDED


@pytest.mark.parametrize("count", [99, 100, 101])
def test_t041_signatures_tried_for_a_path(count: int) -> None:
    message, trust = limits.anchors_of(count)
    report = verify_receipt(message, trust=trust)
    if count <= LIMITS.signature_checks:
        assert (report.verdict, reasons(report)) == (Verdict.VALID, [])
    else:
        assert (report.verdict, reasons(report)) == (Verdict.INVALID, [Reason.LIMIT_EXCEEDED])


@pytest.mark.parametrize(("count", "verdict"), [(0, Verdict.INVALID), (1, Verdict.VALID), (2, Verdict.INVALID)])
def test_one_signer_has_a_reason_of_its_own(count: int, verdict: Verdict) -> None:
    """A second SignerInfo is no matter of effort: PEC knows one signer."""
    report = verify_receipt(limits.signers_of(count), trust=TRUST)
    assert (report.verdict, reasons(report)[:1]) == (verdict, [] if count == 1 else [Reason.SIGNER_COUNT])


def test_every_limit_is_tested() -> None:
    assert MEASURES.keys() | {"signature_checks"} == set(inspect.signature(Limits).parameters)


def test_the_originals_own_parts_are_not_walked() -> None:
    report = verify_receipt(limits.original_of(500), trust=TRUST)
    assert (report.verdict, reasons(report)) == (Verdict.VALID, [])


# --- bounds that are no field of Limits


@pytest.mark.parametrize("elements", [39_999, 40_000, 40_001])
def test_elements_of_one_asn1_element(elements: int) -> None:
    message = Message(cms=Cms(digest_algorithms=("sha256",) * elements))
    report = verify_receipt(message.build(), trust=TRUST)
    assert reasons(report) == ([] if elements <= 40_000 else [Reason.LIMIT_EXCEEDED])


@pytest.mark.parametrize("attributes", [19, 20, 21])
def test_t078_attributes_of_one_element(attributes: int) -> None:
    element = b"<x " + b"".join(b'a%d="" ' % number for number in range(attributes)) + b"/></dati>"
    report = verify_receipt(Message(xml=replacing(b"</dati>", element)).build(), trust=TRUST)
    assert reasons(report)[0] is (Reason.DATICERT_UNKNOWN_ELEMENT if attributes <= 20 else Reason.LIMIT_EXCEEDED)


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_t078_tags_of_daticert(excess: int) -> None:
    def fill(xml: bytes) -> bytes:
        return replacing(b"</dati>", b"<a/>" * (100_000 + excess - xml.count(b"<")) + b"</dati>")(xml)

    report = verify_receipt(Message(xml=fill).build(), trust=TRUST)
    assert reasons(report)[0] is (Reason.DATICERT_UNKNOWN_ELEMENT if excess <= 0 else Reason.LIMIT_EXCEEDED)
    assert report.verdict is (Verdict.VALID if excess <= 0 else Verdict.INVALID)


@pytest.mark.parametrize("excess", [0, 1])
def test_line_ends_of_the_canonical_form(excess: int) -> None:
    """A large part with more is judged as it is: whether a canonical form has the digest is not established."""
    ends = 20_000_000 + excess
    entity = Message(more_parts=(b"Content-Type: image/gif\r\n\r\n" + b"x" * 40_000_000,))

    def fill(data: bytes) -> bytes:
        return replacing(b"image/gif\r\n\r\n", b"image/gif\r\n\r\n" + b"\r\n" * (ends - data.count(b"\n")))(data)

    message = replace(entity, entity=fill).build()
    assert verify_receipt(message, trust=TRUST).verdict is Verdict.VALID
    report = verify_receipt(message.replace(b"\r\n", b"\n"), trust=TRUST)
    if excess:
        assert reasons(report) == [Reason.LIMIT_EXCEEDED]
        assert CheckResult(check=Check.DIGEST, outcome=Outcome.NOT_RUN) in report.checks
        assert report.receipt is None
    else:
        assert (report.verdict, reasons(report)) == (Verdict.VALID, [Reason.LINE_ENDINGS_CANONICALISED])


@pytest.mark.parametrize("excess", [0, 1])
def test_line_ends_of_a_short_part_are_not_counted(excess: int) -> None:
    """The same number is no matter up to 60 MB."""
    head = b"Content-Type: image/gif\r\n\r\n"
    filler = Message(more_parts=(head,))

    def fill(data: bytes) -> bytes:
        lines = 25_000_000
        size = 60_000_000 + excess - (len(data) - data.count(b"\r\n")) - lines
        return replacing(head, head + b"\r\n" * lines + b"x" * size)(data)

    report = verify_receipt(replace(filler, entity=fill).build().replace(b"\r\n", b"\n"), trust=TRUST)
    assert reasons(report) == [Reason.LIMIT_EXCEEDED if excess else Reason.LINE_ENDINGS_CANONICALISED]


def daticert_in(encoding: str, body: bytes) -> bytes:
    head = f"Content-Type: text/xml; name=daticert.xml\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n".encode()
    return Message(with_daticert=False, more_parts=(head + body + b"\r\n",)).build()


@pytest.mark.parametrize(
    "message",
    [
        daticert_in("base64", b"QUJD" * 1_000_001),
        daticert_in("quoted-printable", b"=41" * 1_400_000),
        daticert_in("binary", b"a" * 4_000_001),
        limits.with_signature(b"QUJD" * 1_000_001),
    ],
    ids=["base64", "quoted-printable", "binary", "signature"],
)
def test_what_is_too_long_to_be_decoded(message: bytes) -> None:
    assert reasons(verify_receipt(message, trust=TRUST))[0] is Reason.LIMIT_EXCEEDED


def test_a_readable_text_that_is_too_long_is_not_compared() -> None:
    """It is no error: the text carries nothing."""
    long = Message(entity=replacing(b"Il giorno", b"x" * 4_000_000 + b"Il giorno"))
    report = verify_receipt(long.build(), trust=TRUST)
    assert report.verdict is Verdict.VALID
    assert set(reasons(report)) == {Reason.TEXT_MISMATCH}
    short = Message(entity=replacing(b"Il giorno", b"x" * 3_000_000 + b"Il giorno"))
    assert reasons(verify_receipt(short.build(), trust=TRUST)) == []


def test_a_long_part_of_a_brief_receipt_is_no_hash() -> None:
    hashed = b"da39a3ee5e6b4b0d3255bfef95601890afd80709"
    assert BRIEF.original is not None
    original = replacing(hashed, hashed + b" " * 1_000)(BRIEF.original)
    assert reasons(verify_receipt(replace(BRIEF, original=original).build(), trust=TRUST)) == [
        Reason.BRIEF_PART_NOT_HASHED
    ]


# --- receipts inside other messages


def holding(*parts: bytes) -> bytes:
    """A message with these parts."""
    head = b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="fuori"\r\n\r\n'
    return head + b"".join(b"--fuori\r\n" + part + b"\r\n" for part in parts) + b"--fuori--\r\n"


def test_t074_parts_looked_at_in_all() -> None:
    receipt = original_part(Message().build(), name="ricevuta.eml")
    inner = holding(*(b"\r\nx",) * 99).partition(b"\r\n")[2].replace(b"fuori", b"dentro")
    few, many = ((inner,) * count for count in (99, 100))  # a hundred parts each, and the message itself
    assert len(find_receipts(holding(*few, receipt))) == 1
    assert find_receipts(holding(*many, receipt)) == ()


def test_t074_headers_read_in_all() -> None:
    receipt = original_part(Message().build(), name="ricevuta.eml")
    full = b"X: " + b"x" * 63_000 + b"\r\n\r\nx"
    assert len(find_receipts(holding(*(full,) * 101, receipt))) == 1
    assert find_receipts(holding(*(full,) * 102, receipt)) == ()


def test_t074_malformed_headers_are_read_too() -> None:
    receipt = original_part(Message().build(), name="ricevuta.eml")
    malformed = b"X: " + b"x" * 63_000 + b"\r\nno field\r\n\r\nx"
    assert len(find_receipts(holding(*(malformed,) * 99, receipt))) == 1
    assert find_receipts(holding(*(malformed,) * 103, receipt)) == ()


def test_attachments_decoded_in_all() -> None:
    receipt = original_part(Message().build(), "base64", "ricevuta.eml")
    size = len(receipt.partition(limits.END_OF_HEADER)[2])
    bounds = [Limits(encoded_bytes=count * size) for count in (1, 2, 3)]
    assert [len(find_receipts(holding(receipt, receipt), limits=bound)) for bound in bounds] == [1, 2, 2]
    reports = verify_nested(holding(receipt, receipt), trust=TRUST, policy=Policy(limits=bounds[1]))
    assert [report.verdict for report in reports] == [Verdict.VALID] * 2


# --- nothing recurses

FRAMES = 60
"""What a verification may add to the stack, its libraries included. The deepest that is read: eight levels of MIME."""


@contextmanager
def little_stack() -> Iterator[None]:
    """Calls may go no deeper than a few frames from here."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack(0)) + FRAMES)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def deep_messages() -> Iterator[bytes]:
    """As deep as it is read, and far deeper."""
    text = b"Content-Type: text/plain\r\n\r\n"
    for levels in (4, 5, 6, 10_000):
        yield Message(entity=lambda entity, levels=levels: limits.nested_in_multiparts(entity, levels=levels)).build()  # type: ignore[misc]
        yield b"From: a@b.example\r\n" + limits.nested_in_multiparts(text, levels=levels)
    attached = Message().build()
    for _ in range(12):
        attached = b"Content-Type: message/rfc822\r\n\r\n" + attached
    yield attached
    for levels in (200, 250, 300, 10_000):
        deep = b"<x>" * levels + b"</x>" * levels
        yield Message(xml=replacing(b"</dati>", deep + b"</dati>")).build()
        yield Message(xml=replacing(b"<mittente>", b"<mittente>" + deep)).build()
    for levels in (29, 30, 100_000):
        value = b"\x30\x80" * levels
        yield Message(cms=Cms(ber=True, unsigned_attributes=indefinite(0xA1, value))).build()
    for levels in (29, 30, 1_000):
        deep = NULL
        for _ in range(levels):
            deep = der(0x30, deep)
        yield Message(cms=Cms(attributes=lambda own, deep=deep: [*own, attribute("1.2.3", deep)])).build()  # type: ignore[misc]
        unknown = {"unknown": ("1.3.6.1.4.1.99999.1", False, deep)}
        yield Message(signer=make_signer(replace=unknown)).build()  # type: ignore[arg-type]
    yield Message(signer=limits.circular_signer()).build()
    yield limits.path_of(6)


def test_t094_nothing_recurses() -> None:
    everything = [path.with_suffix(".eml").read_bytes() for path in VECTORS]
    everything += deep_messages()
    trust = TrustStore.from_certificates(authority())
    # What is imported on first use, and what the libraries set up then, is no part of a verification.
    expected = [verify_receipt(message, trust=trust) for message in everything]
    with little_stack():
        reports = [verify_receipt(message, trust=trust | TrustStore()) for message in everything]
        nested = [verify_nested(message) for message in everything]
    assert reports == expected
    assert len(nested) == len(everything)
