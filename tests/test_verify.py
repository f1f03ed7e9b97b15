"""verify_receipt: any bytes give a Report; header, text and original against the certified data; nested receipts."""

from __future__ import annotations

import pickle
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures.catalogue.broken_mime import forwarded, wrapped
from fixtures.catalogue.kinds import ANOMALY, BRIEF, DELIVERY, ENVELOPE
from pecverify import (
    Basis,
    Check,
    Limits,
    NestedReceipt,
    Outcome,
    Policy,
    Reason,
    Recognition,
    Report,
    Severity,
    TrustStore,
    Verdict,
    _mime,
    find_receipts,
    verify_nested,
    verify_receipt,
)
from tests.messages import (
    PEC_ID,
    RECIPIENT,
    SENDER,
    Edit,
    Message,
    chain,
    daticert_part,
    hash_attachment,
    original_message,
    original_part,
    replacing,
)
from tests.pki import Cms, authority, base64_lines, make_signer

TRUST = TrustStore.from_certificates(authority())
RECEIPT = Message().build()


def verify(message: Message, policy: Policy | None = None) -> Report:
    return verify_receipt(message.build(), trust=TRUST, policy=policy)


def reasons(message: Message, policy: Policy | None = None) -> list[Reason]:
    return [finding.reason for finding in verify(message, policy).findings]


# --- arguments


@pytest.mark.parametrize("data", [RECEIPT, bytearray(RECEIPT), memoryview(RECEIPT)])
def test_bytes_like(data: bytes | bytearray | memoryview) -> None:
    assert verify_receipt(data, trust=TRUST).verdict is Verdict.VALID


def test_text_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="open the file in binary mode"):
        verify_receipt(RECEIPT.decode("latin-1"))  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [0, 1, 10_000_000])
def test_zeros(size: int) -> None:
    report = verify_receipt(bytes(size))
    assert report.verdict is Verdict.INVALID
    assert [finding.reason for finding in report.findings] == [Reason.NOT_A_MESSAGE]
    assert report.signer is None
    assert report.times.validated_at is None
    assert [result.outcome for result in report.checks] == [Outcome.FAILED] + [Outcome.NOT_RUN] * (len(Check) - 1)


@given(st.binary(max_size=300))
def test_whatever_bytes_come_in(data: bytes) -> None:
    report = verify_receipt(data, trust=TRUST)
    assert report.verdict is Verdict.INVALID
    assert report.receipt is None


@settings(max_examples=300)
@given(st.integers(0, len(RECEIPT) - 1), st.integers(0, 255))
def test_one_byte_replaced(position: int, value: int) -> None:
    """If VALID, what the report states is a function of signed bytes alone."""
    valid = verify_receipt(RECEIPT, trust=TRUST)
    report = verify_receipt(RECEIPT[:position] + bytes([value]) + RECEIPT[position + 1 :], trust=TRUST)
    if report.verdict is Verdict.VALID:
        assert report.receipt == valid.receipt
        assert report.signer is not None
        assert valid.signer is not None
        assert report.signer.certificate == valid.signer.certificate


# --- the report


def test_every_check_passes_and_is_listed_in_order() -> None:
    report = verify(Message())
    assert [result.check for result in report.checks] == list(Check)
    outcomes = {result.check: result.outcome for result in report.checks}
    assert outcomes.pop(Check.REVOCATION) is Outcome.NOT_RUN  # nothing was given that could tell
    assert set(outcomes.values()) == {Outcome.PASSED}


def test_a_failed_check_does_not_stop_the_others() -> None:
    edits = replacing("X-Ricevuta: accettazione", "X-Ricevuta: avvenuta-consegna")
    message = Message(finish=replacing(b"stato accettato", b"stato bccettato"), header=edits)
    report = verify(message)
    assert [finding.reason for finding in report.findings] == [
        Reason.DIGEST_MISMATCH,
        Reason.HEADER_CONTRADICTS_SIGNED,
    ]
    outcomes = {result.check: result.outcome for result in report.checks}
    assert outcomes[Check.DIGEST] is outcomes[Check.CONSISTENCY] is Outcome.FAILED
    assert outcomes[Check.SIGNATURE] is outcomes[Check.RECOGNITION] is Outcome.PASSED


def test_unknown_is_an_outcome() -> None:
    outcomes = {result.check: result.outcome for result in verify_receipt(RECEIPT).checks}
    assert outcomes[Check.RECOGNITION] is Outcome.UNKNOWN


def test_a_claimed_certificate_recognises_nobody() -> None:
    report = verify(Message(cms=Cms(signature=lambda value: value[:-1] + bytes([value[-1] ^ 1]))))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.NONE
    assert report.signer.recognised_by is None
    assert report.receipt is None


def test_a_key_of_another_kind_than_the_algorithm() -> None:
    signer = make_signer(key_name="ec-p256")
    rsa = bytes.fromhex("300d06092a864886f70d0101010500")
    assert reasons(Message(signer=signer, cms=Cms(signature_oid=rsa))) == [Reason.ALGORITHM_MISMATCH]


def test_an_unknown_digest_in_a_signing_certificate() -> None:
    cms = Cms(hashed={"2.16.840.1.101.3.4.2.8": bytes(32)})
    assert reasons(Message(cms=cms)) == [Reason.SIGNER_REFERENCE_MISMATCH]


def test_malformed_certificates_beside_the_signers_are_passed_over() -> None:
    cms = Cms(certificates=lambda found: [*found, b"\x30\x03\x02\x01\x00"])
    assert verify(Message(cms=cms)).verdict is Verdict.VALID


def test_a_repeated_certificate_is_one() -> None:
    assert verify(Message(cms=Cms(certificates=lambda found: [*found, found[0]]))).verdict is Verdict.VALID


def test_findings_of_one_reason_are_bounded() -> None:
    recipients = tuple((f"a{number}@x.example", "boh") for number in range(100))
    report = verify(Message(recipients=recipients))
    assert [finding.reason for finding in report.findings].count(Reason.TOKEN_UNKNOWN) == 20
    assert report.receipt is not None


def test_the_original_pickles_without_the_message_around_it() -> None:
    report = verify(DELIVERY)
    copy = pickle.loads(pickle.dumps(report))  # noqa: S301 (our own)
    assert copy == report
    assert copy.original == report.original == DELIVERY.original
    assert len(pickle.dumps(report)) < len(DELIVERY.build()) + 4_000


# --- line ends


def test_mixed_line_ends_are_canonicalised() -> None:
    start = RECEIPT.index(b"Il giorno")
    stop = RECEIPT.index(b"\r\n", start)
    mixed = RECEIPT[:stop] + b"\n" + RECEIPT[stop + 2 :]
    report = verify_receipt(mixed, trust=TRUST)
    assert [finding.reason for finding in report.findings] == [Reason.LINE_ENDINGS_CANONICALISED]


def test_a_part_signed_with_lf_is_what_was_signed() -> None:
    """Not the canonical form that S/MIME asks for, but exactly the bytes that the provider signed."""
    message = Message(entity=lambda entity: entity.replace(b"\r\n", b"\n"))
    assert reasons(message) == []


def test_more_line_ends_than_are_canonicalised(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was signed is found as it is; nothing is said of the digest of what was not made canonical."""
    message = Message().build()
    others = (message.replace(b"\r\n", b"\n"), message.replace(b"15/03/2024", b"16/03/2024"))
    canonical = [verify_receipt(other, trust=TRUST).findings[0] for other in others]
    assert [finding.reason for finding in canonical] == [Reason.LINE_ENDINGS_CANONICALISED, Reason.DIGEST_MISMATCH]
    monkeypatch.setattr(_mime, "_SHORT", 10)
    monkeypatch.setattr(_mime, "_MOST_LINES", 3)
    with_lf = Message(entity=lambda entity: entity.replace(b"\r\n", b"\n")).build()
    assert [verify_receipt(signed, trust=TRUST).verdict for signed in (message, with_lf)] == [Verdict.VALID] * 2
    for other, known in zip(others, canonical, strict=True):
        report = verify_receipt(other, trust=TRUST)
        (finding,) = (finding for finding in report.findings if finding.reason is Reason.LIMIT_EXCEEDED)
        assert (finding.actual, finding.where) == ("too many line ends", known.where)
        outcomes = {result.check: result.outcome for result in report.checks}
        assert (report.verdict, outcomes[Check.DIGEST]) == (Verdict.INVALID, Outcome.NOT_RUN)
        assert known.reason not in {each.reason for each in report.findings}


def test_line_ends_of_the_header_are_not_the_parts() -> None:
    """The part is as it was signed, whatever became of the header above it: nothing was canonicalised."""
    header, _, body = RECEIPT.partition(b"\r\n\r\n")
    mixed = header.replace(b"\r\n", b"\n") + b"\n\n" + body
    assert verify_receipt(mixed, trust=TRUST).findings == ()


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_mismatch_shows_the_digest_of_the_canonical_form(line_end: bytes) -> None:
    changed = RECEIPT.replace(b"stato accettato", b"stato bccettato")
    (finding,) = verify_receipt(changed.replace(b"\r\n", line_end), trust=TRUST).findings
    assert finding.actual == verify_receipt(changed, trust=TRUST).findings[0].actual
    assert finding.expected != finding.actual


# --- times


def test_bases() -> None:
    inside = datetime(2025, 1, 1, tzinfo=UTC)
    for policy, basis, instant in (
        (Policy(), Basis.STATED, Message().issued_at),
        (Policy(at=inside), Basis.GIVEN, inside),
        (Policy(existed_at=inside), Basis.PROVEN, inside),
    ):
        times = verify(Message(), policy).times
        assert (times.basis, times.validated_at) == (basis, instant)


def test_sha1_until() -> None:
    weak = Message(cms=Cms(digest="sha1"))
    at = weak.issued_at
    for until, severity in ((at, Severity.WARNING), (at - timedelta(seconds=1), Severity.UNKNOWN)):
        assert [f.severity for f in verify(weak, Policy(sha1_digest_until=until)).findings] == [severity]


def test_a_stated_time_within_the_tolerance_is_not_in_the_future() -> None:
    policy = Policy(now=Message().issued_at - timedelta(minutes=5))
    assert verify(Message(), policy).verdict is Verdict.VALID
    later = Policy(now=Message().issued_at - timedelta(minutes=5, seconds=1))
    assert reasons(Message(), later) == [Reason.STATED_IN_FUTURE]


# --- the header


@pytest.mark.parametrize(
    ("edit", "expected"),
    [
        (replacing("\r\nFrom: posta", "\r\nSender: posta-certificata@pec.gestore-a.example\r\nFrom: posta"), []),
        (replacing("\r\nSubject: ACCETTAZIONE: Diffida e messa in mora", ""), [Reason.HEADER_ABSENT]),
        (replacing("\r\nTo: mario", "\r\nX-To: mario"), [Reason.HEADER_ABSENT]),
        (replacing("\r\nDate: Fri, 15 Mar 2024 10:20:30 +0100", ""), [Reason.HEADER_ABSENT]),
        (replacing("\r\nDate: Fri, 15 Mar 2024 10:20:30 +0100", "\r\nDate: ieri"), [Reason.DATE_MISMATCH]),
        (replacing("10:20:30 +0100\r\nMess", "10:20:30\r\nMess"), [Reason.DATE_MISMATCH]),
        (replacing("\r\nMessage-ID", "\r\nX-Message-ID"), []),
        (replacing("X-Riferimento-Message-ID", "X-Altro"), [Reason.HEADER_ABSENT]),
    ],
)
def test_one_header_field(edit: Edit, expected: list[Reason]) -> None:
    assert reasons(Message(header=edit)) == expected


def test_a_repeated_date_is_one_finding() -> None:
    date = "\r\nDate: Fri, 15 Mar 2024 10:20:30 +0100"
    assert reasons(Message(header=replacing(date, date * 2))) == [Reason.HEADER_REPEATED]


def test_recipients_in_a_list() -> None:
    to = f'\r\nTo: "x, y" <altri@b.example>, Rossi <{SENDER}>'
    assert reasons(Message(header=replacing(f"\r\nTo: {SENDER}", to))) == []
    group = f"\r\nTo: gruppo: {SENDER};"
    assert reasons(Message(header=replacing(f"\r\nTo: {SENDER}", group))) == []
    nobody = "\r\nTo: undisclosed-recipients:;"
    assert reasons(Message(header=replacing(f"\r\nTo: {SENDER}", nobody))) == [Reason.TO_MISMATCH]


def test_sender_beside_an_unreadable_from() -> None:
    address = Message().signer.address
    edit = replacing(f"\r\nFrom: {address}", f"\r\nFrom: {address}, x@y.example\r\nSender: {address}")
    assert reasons(Message(header=edit)) == [Reason.FROM_NOT_IN_CERTIFICATE, Reason.HEADER_CONTRADICTS_SIGNED]


def test_sender_without_from() -> None:
    address = Message().signer.address
    edit = replacing(f"\r\nFrom: {address}", f"\r\nSender: {address}")
    assert reasons(Message(header=edit)) == [Reason.FROM_MISSING]


def test_a_from_that_is_not_ascii_or_endless() -> None:
    address = Message().signer.address
    for body in (f"Però <{address}>".encode(), b"x " * 1500 + f"<{address}>".encode()):
        edit = replacing(f"\r\nFrom: {address}".encode(), b"\r\nFrom: " + body)
        assert reasons(Message(header=edit)) == [Reason.FROM_NOT_IN_CERTIFICATE]


def test_a_subject_cut_off_or_odd() -> None:
    long = Message(subject="Atto di citazione davanti al Tribunale di Roma, sezione terza civile")
    assert reasons(replace(long, header=replacing("sezione terza civile", "sez..."))) == []
    assert reasons(
        replace(long, header=replacing("di citazione davanti al Tribunale di Roma, sezione terza civile", "di..."))
    ) == [Reason.SUBJECT_MISMATCH]
    broken = replacing("Subject: ACCETTAZIONE", "Subject: =?utf-8?b?%%%?= =?undefined?q?x?= ACCETTAZIONE")
    assert reasons(Message(header=broken)) == [Reason.SUBJECT_MISMATCH]
    latin = replacing(b"Diffida e messa", "Diffida è messa".encode("latin-1"))
    assert reasons(Message(header=latin)) == [Reason.SUBJECT_MISMATCH]


def test_an_envelope_without_its_message_id() -> None:
    edit = replacing(f"\r\nMessage-ID: <{PEC_ID}>", "")
    assert reasons(replace(ENVELOPE, header=edit)) == [Reason.HEADER_ABSENT]


# --- the readable text


@pytest.mark.parametrize("charset", ["utf-8", "undefined", "unicode_escape", "x\\0y"])
def test_any_charset_of_the_text(charset: str) -> None:
    assert verify(Message(entity=replacing("iso-8859-1", charset))).verdict is Verdict.VALID


def test_a_text_that_cannot_be_decoded_is_no_text() -> None:
    edit = replacing(b"Content-Transfer-Encoding: quoted-printable", b"Content-Transfer-Encoding: base64")
    assert set(reasons(Message(entity=edit))) == {Reason.TEXT_MISMATCH}


def test_without_a_text_nothing_is_compared() -> None:
    other = chain(replacing(b"text/plain", b"text/enriched"), replacing(PEC_ID.encode(), b"?", -1))
    assert reasons(Message(entity=other)) == []


def test_a_wrapped_identifier_is_found() -> None:
    assert (
        reasons(Message(entity=replacing(PEC_ID.encode(), PEC_ID[:20].encode() + b"\r\n" + PEC_ID[20:].encode()))) == []
    )


# --- the original


def test_an_envelope_that_asks_for_another_form() -> None:
    edit = replacing("X-TipoRicevuta: completa", "X-TipoRicevuta: breve")
    assert reasons(replace(ENVELOPE, header=edit)) == [Reason.ORIGINAL_FORM_MISMATCH]


def test_a_reply_to_of_the_original_is_inherited() -> None:
    with_reply = original_message(edit=replacing("Subject:", f"Reply-To: {RECIPIENT}\r\nSubject:"))
    message = replace(
        ENVELOPE,
        original=with_reply,
        header=replacing(f"Reply-To: {SENDER}", f"Reply-To: {RECIPIENT}"),
        xml=replacing(f"<risposte>{SENDER}", f"<risposte>{RECIPIENT}"),
    )
    assert reasons(message) == []


def test_an_unreadable_from_of_an_envelope_is_reported_once() -> None:
    edit = replacing(">\r\nX-Trasporto", ">, x@y.example\r\nX-Trasporto")
    assert reasons(replace(ENVELOPE, header=edit)) == [Reason.FROM_NOT_IN_CERTIFICATE]


def test_brief_of_an_opaque_original() -> None:
    opaque = original_message(form="breve", edit=replacing("multipart/mixed;", "application/pkcs7-mime;"))
    assert reasons(replace(BRIEF, original=opaque)) == []


def test_brief_keeps_the_senders_own_signature() -> None:
    signature = b'Content-Type: application/pkcs7-signature; name="smime.p7s"\r\n\r\nx'
    original = original_message(form="breve", attachment=hash_attachment() + b"\r\n--=-corpo-1\r\n" + signature)
    assert reasons(replace(BRIEF, original=original)) == []


def test_brief_that_cannot_be_walked() -> None:
    broken = original_message(
        form="breve", attachment=hash_attachment(), edit=lambda data: data.replace(b"--=-corpo-1--", b"")
    )
    assert reasons(replace(BRIEF, original=broken)) == [Reason.ORIGINAL_UNREADABLE]


def test_malformed_parts_of_the_signed_entity() -> None:
    base64 = replacing(b"Content-Transfer-Encoding: base64\r\n\r\n", b"Content-Transfer-Encoding: base64\r\n\r\n!")
    assert Reason.MIME_MALFORMED in reasons(Message(entity=base64))


def test_an_anomaly_envelope_needs_its_header() -> None:
    edit = replacing("X-Trasporto: errore\r\n", "")
    assert reasons(replace(ANOMALY, header=edit))[0] is Reason.DATICERT_MISSING


# --- receipts inside


def test_find_receipts_cuts_out_byte_for_byte() -> None:
    message = forwarded(RECEIPT)
    (found,) = find_receipts(message)
    assert found.data == RECEIPT == message[slice(*found.span)]
    assert not found.encoded
    assert pickle.loads(pickle.dumps(found)) == found  # noqa: S301 (our own)


def test_nested_receipts_are_verified_on_their_own() -> None:
    (report,) = verify_nested(forwarded(RECEIPT), trust=TRUST)
    assert report.verdict is Verdict.VALID
    assert report.taken_from == find_receipts(forwarded(RECEIPT))[0].span
    assert report.receipt == verify_receipt(RECEIPT, trust=TRUST).receipt


def test_a_receipt_that_lost_its_header_is_not_established() -> None:
    (report,) = verify_nested(wrapped(RECEIPT), trust=TRUST)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.findings[0].reason is Reason.FROM_MISSING
    assert report.receipt is not None


def attached(encoding: str, body: bytes) -> bytes:
    return (
        b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n'
        b'Content-Type: application/octet-stream; name="ricevuta.EML"\r\nContent-Transfer-Encoding: '
        + encoding.encode()
        + b"\r\n\r\n"
        + body
        + b"\r\n--b--\r\n"
    )


def test_an_encoded_attachment_is_decoded() -> None:
    message = attached("base64", base64_lines(RECEIPT))
    (found,) = find_receipts(message)
    assert found.encoded
    assert found.data == RECEIPT
    assert message[slice(*found.span)] == base64_lines(RECEIPT)
    assert verify_nested(message, trust=TRUST)[0].verdict is Verdict.VALID
    assert verify_receipt(message).findings[0].reason is Reason.NESTED_RECEIPT


@pytest.mark.parametrize(
    "message",
    [
        b"",
        RECEIPT,
        attached("base64", b"!!!"),
        attached("7bit", b"From: a@b.example\r\n\r\nciao"),
        attached(
            "7bit", b"Content-Type: multipart/signed; protocol=x; boundary=y\r\nX-Ricevuta: accettazione\r\n\r\nz"
        ),
        attached("7bit", b"From a@b.example\r\n\r\nmbox"),
    ],
)
def test_where_there_is_none(message: bytes) -> None:
    assert find_receipts(message) == ()


def test_depth_is_bounded() -> None:
    message = RECEIPT
    for _ in range(8):
        message = (
            forwarded(message)
            .replace(b'"inoltro"', b'"i%d"' % len(message))
            .replace(b"--inoltro", b"--i%d" % len(message))
        )
    assert len(find_receipts(message, limits=Limits(mime_depth=16))) == 1
    assert find_receipts(message, limits=Limits(mime_depth=15)) == ()


def test_a_receipt_inside_a_signed_mail_of_the_user() -> None:
    """The user's own S/MIME mail with a receipt attached is no receipt, whoever signed it."""
    other = Message(
        entity=replacing(b"_1710494430-4711", b"_1710494430-0815", -1), finish=replacing(b"3C5B9E71A0D84F26", b"5A", -1)
    ).build()
    report = verify(Message(with_daticert=False, original=other, original_name="ricevuta.eml"))
    assert {finding.reason for finding in report.findings} == {Reason.NESTED_RECEIPT, Reason.DATICERT_MISSING}
    assert report.verdict is Verdict.INVALID


def test_a_receipt_inside_a_mail_signed_otherwise() -> None:
    pgp = (
        b'From: a@b.example\r\nContent-Type: multipart/signed; protocol="application/pgp-signature"; boundary=p\r\n\r\n'
    )
    part = original_part(RECEIPT, name="ricevuta.eml")
    report = verify_receipt(pgp + b"--p\r\n" + part + b"\r\n--p\r\n\r\nx\r\n--p--\r\n", trust=TRUST)
    assert [finding.reason for finding in report.findings] == [Reason.NESTED_RECEIPT, Reason.MIME_MALFORMED]


def test_nested_receipt_is_a_value() -> None:
    assert NestedReceipt(span=(0, 1), encoded=False, _source=b"x").data == b"x"


def test_daticert_beside_other_named_parts() -> None:
    assert (
        verify(Message(more_parts=(original_part(b"Subject: x\r\n\r\ny", name="altro.eml"),))).verdict is Verdict.VALID
    )
    by_rfc_name = Message(with_daticert=False, more_parts=(daticert_part(Message().daticert(), b"certdata.xml"),))
    assert verify(by_rfc_name).verdict is Verdict.VALID


@pytest.mark.parametrize("data", [RECEIPT, b"", b"rubbish"])
def test_a_report_has_no_truth_value(data: bytes) -> None:
    """`if report:` would take an INVALID one for a pass."""
    report = verify_receipt(data, trust=TRUST)
    with pytest.raises(TypeError, match=r"compare report\.verdict"):
        bool(report)
