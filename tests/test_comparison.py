"""A complete receipt's original against the message that was sent."""

from __future__ import annotations

import base64
import email.policy
import pickle
from dataclasses import replace
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.catalogue.kinds import BRIEF, CONCISE, DELIVERY, ENVELOPE
from pecverify import Report, TrustStore, Verdict, verify_receipt
from pecverify._leaves import name_of, read_content, read_or_none
from pecverify._mime import read_part
from pecverify.comparison import (
    FieldOutcome,
    OriginalComparison,
    PartOutcome,
    Sameness,
    Side,
    compare_original,
)
from pecverify.policy import Limits
from tests.messages import MESSAGE_ID, PEC_ID, RECIPIENT, SECOND, SENDER, Edit, Message, chain, replacing
from tests.messages import original_message as original
from tests.pki import DOMAINS, authority, base64_lines
from tests.strategies import entities

TRUST = TrustStore.from_certificates(authority())
DELIVERED = verify_receipt(DELIVERY.build(), trust=TRUST)
TEXT = "Si diffida ad adempiere entro 15 giorni."


def report_of(message: Message = DELIVERY) -> Report:
    return DELIVERED if message is DELIVERY else verify_receipt(message.build(), trust=TRUST)


def as_sent(edit: Edit = lambda data: data) -> bytes:
    """What the sender's client kept: its own Message-ID, and none of what servers added."""
    header = f"Received: from client.example by smtp.{DOMAINS['a']} with ESMTPSA; Fri, 15 Mar 2024 10:20:30 +0100 (CET)"
    own = chain(
        replacing(f"{header}\r\n", ""),
        replacing(f"X-Riferimento-Message-ID: <{MESSAGE_ID}>\r\n", ""),
        replacing(f"Message-ID: <{PEC_ID}>", f"Message-ID: <{MESSAGE_ID}>"),
    )
    return edit(own(original()))


def compared(edit: Edit = lambda data: data, message: Message = DELIVERY) -> OriginalComparison:
    return compare_original(report_of(message), as_sent(edit))


def outcomes(comparison: OriginalComparison) -> dict[str, FieldOutcome]:
    return {field.name: field.outcome for field in comparison.fields if field.outcome is not FieldOutcome.IDENTICAL}


PROVIDERS = {
    "message-id": FieldOutcome.BY_RIGHT,
    "received": FieldOutcome.BY_RIGHT,
    "x-riferimento-message-id": FieldOutcome.BY_RIGHT,
}


def test_what_a_provider_changes_by_right() -> None:
    comparison = compared()
    assert comparison.sameness is Sameness.IDENTICAL
    assert comparison.receipt_verdict is Verdict.VALID
    assert comparison.proves_content
    assert comparison.same_structure
    assert comparison.unreadable == ()
    assert outcomes(comparison) == PROVIDERS
    assert [(part.path, part.media_type, part.name, part.outcome) for part in comparison.parts] == [
        ("1", "text/plain", None, PartOutcome.IDENTICAL),
        ("2", "application/pdf", "diffida.pdf", PartOutcome.IDENTICAL),
    ]
    assert all(part.original_sha256 == part.sent_sha256 is not None for part in comparison.parts)
    assert all(addresses.agree for addresses in comparison.addresses)
    by_field = {addresses.field: addresses.original for addresses in comparison.addresses}
    assert by_field == {"from": (SENDER,), "to": (RECIPIENT,), "cc": (), "reply-to": ()}


def test_a_copy_saved_with_lf_is_identical() -> None:
    assert compared(lambda data: data.replace(b"\r\n", b"\n")).sameness is Sameness.IDENTICAL


def test_a_transport_envelope_is_compared_too() -> None:
    assert compared(message=ENVELOPE).sameness is Sameness.IDENTICAL


def test_a_receipt_that_is_not_valid_proves_nothing() -> None:
    report = verify_receipt(DELIVERY.build())
    comparison = compare_original(report, as_sent())
    assert comparison.sameness is Sameness.IDENTICAL
    assert comparison.receipt_verdict is Verdict.INDETERMINATE
    assert not comparison.proves_content


PDF_WIDER = replacing(base64_lines(b"%PDF-1.4 finto"), base64_lines(b"%PDF-1.4 finto", 8))
QP = replacing(
    f"charset=us-ascii\r\n\r\n{TEXT}",
    "charset=us-ascii\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
    "Si diffida ad adempiere entro 1=\r\n5 giorni.",
)
QUOTED = replacing("charset=us-ascii", 'charset="us-ascii"')


@pytest.mark.parametrize(("edit", "path"), [(PDF_WIDER, "2"), (QP, "1"), (QUOTED, "1")])
def test_another_transfer_encoding(edit: Edit, path: str) -> None:
    comparison = compared(edit)
    assert comparison.sameness is Sameness.EQUIVALENT
    assert comparison.proves_content
    assert {part.path: part.outcome for part in comparison.parts} == {
        "1": PartOutcome.EQUIVALENT if path == "1" else PartOutcome.IDENTICAL,
        "2": PartOutcome.EQUIVALENT if path == "2" else PartOutcome.IDENTICAL,
    }


ATTACHED = base64_lines(b"%PDF-1.4 finto")


@pytest.mark.parametrize(
    ("edit", "path"),
    [
        (replacing("15 giorni", "16 giorni"), "1"),
        (replacing(ATTACHED, base64_lines(b"%PDF-1.4 finta")), "2"),
        (replacing('filename="diffida.pdf"', 'filename="altro.pdf"'), "2"),
        (replacing("application/pdf", "application/octet-stream"), "2"),
        (replacing("charset=us-ascii", "charset=utf-8"), "1"),
        (replacing(ATTACHED, b"non base64!\r\n"), "2"),
    ],
)
def test_another_content(edit: Edit, path: str) -> None:
    comparison = compared(edit)
    assert comparison.sameness is Sameness.DIFFERENT
    assert not comparison.proves_content
    assert [part.outcome for part in comparison.parts if part.path == path] == [PartOutcome.DIFFERENT]


ANOTHER = "--=-corpo-1\r\nContent-Type: text/csv; name=b.csv\r\n\r\n1;2\r\n"


def test_a_part_that_is_not_in_the_receipt() -> None:
    comparison = compared(replacing("--=-corpo-1--", f"{ANOTHER}--=-corpo-1--"))
    assert comparison.sameness is Sameness.DIFFERENT
    assert not comparison.same_structure
    missing = comparison.parts[-1]
    assert (missing.path, missing.name, missing.outcome) == ("3", "b.csv", PartOutcome.MISSING)
    assert missing.original_sha256 is None
    assert missing.sent_sha256 is not None


def test_a_part_that_was_not_sent() -> None:
    more = replace(DELIVERY, original=original(edit=replacing("--=-corpo-1--", f"{ANOTHER}--=-corpo-1--")))
    comparison = compared(message=more)
    assert comparison.sameness is Sameness.DIFFERENT
    assert [part.outcome for part in comparison.parts][2:] == [PartOutcome.EXTRA]


def test_parts_in_another_order_are_found() -> None:
    def swapped(data: bytes) -> bytes:
        start, one, two, end = data.split(b"--=-corpo-1")
        return b"--=-corpo-1".join([start, two, one, end])

    comparison = compared(swapped)
    assert comparison.sameness is Sameness.DIFFERENT
    assert not comparison.same_structure
    assert [part.outcome for part in comparison.parts] == [PartOutcome.IDENTICAL, PartOutcome.IDENTICAL]


def two_texts(first: str, second: str) -> Edit:
    """A body of two parts of one type."""

    def edit(data: bytes) -> bytes:
        header = data.split(b"\r\n\r\n", 1)[0]
        texts = (f"--=-corpo-1\r\nContent-Type: text/plain\r\n\r\n{text}\r\n" for text in (first, second))
        return header + f"\r\n\r\n{''.join(texts)}--=-corpo-1--\r\n".encode()

    return edit


def test_parts_of_one_type_in_another_order_are_another_message() -> None:
    """Which of two texts comes first may turn round what is said."""
    one, other = "Si paga il canone.", "Quanto sopra non vale."
    receipt = replace(DELIVERY, original=original(edit=two_texts(one, other)))
    same, swapped = (compared(two_texts(*texts), receipt) for texts in ((one, other), (other, one)))
    assert (same.sameness, same.proves_content) == (Sameness.IDENTICAL, True)
    assert (swapped.sameness, swapped.same_structure, swapped.proves_content) == (Sameness.DIFFERENT, False, False)
    assert [(part.path, part.sent_path, part.outcome) for part in swapped.parts] == [
        ("1", "2", PartOutcome.IDENTICAL),
        ("2", "1", PartOutcome.IDENTICAL),
    ]


def test_two_parts_alike_stay_in_their_places() -> None:
    receipt = replace(DELIVERY, original=original(edit=two_texts("Prima.", "Prima.")))
    assert compared(two_texts("Prima.", "Prima."), receipt).sameness is Sameness.IDENTICAL


def test_what_reads_like_an_address_and_is_none_is_another_recipient() -> None:
    """RFC 2047 §5: an encoded word is no address."""
    encoded = f"To: =?us-ascii?q?{RECIPIENT.replace('@', '=40')}?="
    comparison = compared(replacing(f"To: {RECIPIENT}", encoded))
    assert [each.agree for each in comparison.addresses if each.field == "to"] == [False]
    assert (comparison.sameness, comparison.proves_content) == (Sameness.DIFFERENT, False)


def test_a_changed_file_is_found_by_its_name() -> None:
    edit = chain(
        replacing(ATTACHED, base64_lines(b"altro")),
        replacing("--=-corpo-1\r\nContent-Type: text/plain", f"{ANOTHER}--=-corpo-1\r\nContent-Type: text/plain"),
    )
    comparison = compared(edit)
    pdf = next(part for part in comparison.parts if part.name == "diffida.pdf")
    assert pdf.outcome is PartOutcome.DIFFERENT


@pytest.mark.parametrize(
    ("sent", "kept", "name", "outcome"),
    [
        ("Subject: Diffida e", "Subject: Diffida  e", "subject", FieldOutcome.EQUIVALENT),
        ("Subject: Diffida", "Subject: Saluti", "subject", FieldOutcome.CHANGED),
        ("MIME-Version", "Importance: high\r\nMIME-Version", "importance", FieldOutcome.MISSING),
        ("MIME-Version", "X-Mozilla-Status: 0001\r\nMIME-Version", "x-mozilla-status", FieldOutcome.BY_RIGHT),
        ("MIME-Version", "Bcc: x@posta.example\r\nMIME-Version", "bcc", FieldOutcome.BY_RIGHT),
        ("MIME-Version", "X-TipoRicevuta: breve\r\nMIME-Version", "x-tiporicevuta", FieldOutcome.MISSING),
        ("MIME-Version", "X-Mailer: a\r\nMIME-Version", "x-mailer", FieldOutcome.MISSING),
        ("Date: Fri, 15 Mar 2024 10:20:28 +0100\r\n", "", "date", FieldOutcome.BY_RIGHT),
        ("Date: Fri, 15", "Date: Thu, 14", "date", FieldOutcome.CHANGED),
        (f"Message-ID: <{MESSAGE_ID}>\r\n", "", "message-id", FieldOutcome.BY_RIGHT),
    ],
)
def test_fields_of_the_sent_message(sent: str, kept: str, name: str, outcome: FieldOutcome) -> None:
    comparison = compared(replacing(sent, kept))
    assert outcomes(comparison)[name] is outcome
    different = outcome in (FieldOutcome.CHANGED, FieldOutcome.MISSING, FieldOutcome.EXTRA)
    assert (comparison.sameness is Sameness.DIFFERENT) is (different or "Message-ID" in sent)


@pytest.mark.parametrize(
    ("old", "new", "name", "outcome"),
    [
        ("MIME-Version", "X-Virus-Scanned: yes\r\nMIME-Version", "x-virus-scanned", FieldOutcome.BY_RIGHT),
        ("MIME-Version", f"Sender: {SENDER}\r\nMIME-Version", "sender", FieldOutcome.BY_RIGHT),
        ("MIME-Version", "Importance: high\r\nMIME-Version", "importance", FieldOutcome.EXTRA),
        (f"Message-ID: <{PEC_ID}>", "Message-ID: <altro@posta.example>", "message-id", FieldOutcome.CHANGED),
        (f"<{MESSAGE_ID}>", "<altro@posta.example>", "x-riferimento-message-id", FieldOutcome.EXTRA),
    ],
)
def test_fields_of_the_receipt(old: str, new: str, name: str, outcome: FieldOutcome) -> None:
    message = replace(DELIVERY, original=original(edit=replacing(old, new)))
    assert outcomes(compared(message=message))[name] is outcome


def test_other_recipients() -> None:
    comparison = compared(replacing(f"To: {RECIPIENT}", f"To: {RECIPIENT}, {SECOND}"))
    (to,) = (addresses for addresses in comparison.addresses if not addresses.agree)
    assert (to.field, to.original, to.sent) == ("to", (RECIPIENT,), tuple(sorted((RECIPIENT, SECOND))))
    assert comparison.sameness is Sameness.DIFFERENT


@pytest.mark.parametrize(
    "sent", [b"", b"\xff", b"nessun campo\r\n", b"Content-Type: multipart/mixed; boundary=a\r\n\r\n"]
)
def test_a_sent_message_that_cannot_be_read(sent: bytes) -> None:
    comparison = compare_original(report_of(), sent)
    if sent:
        assert comparison.unreadable == (Side.SENT,)
        assert comparison.parts == ()
    assert comparison.sameness is Sameness.DIFFERENT
    assert not comparison.proves_content


def test_an_original_that_cannot_be_read() -> None:
    message = replace(DELIVERY, original=b"nessun campo\r\n")
    assert compared(message=message).unreadable == (Side.ORIGINAL,)


def test_depth_is_bounded() -> None:
    data = b"x\r\n"
    for level in range(20):
        data = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b\r\n--b%d--\r\n" % (
            level,
            level,
            data,
            level,
        )
    assert read_or_none(data) is None


def test_the_callers_mistakes() -> None:
    for message in (BRIEF, CONCISE, Message(), replace(DELIVERY, original=None)):
        with pytest.raises(ValueError, match="complete delivery receipt"):
            compare_original(report_of(message), as_sent())
    forged = DELIVERY.build().replace(b"15 giorni", b"16 giorni")
    with pytest.raises(ValueError, match="whose signature holds"):
        compare_original(verify_receipt(forged, trust=TRUST), as_sent())
    with pytest.raises(TypeError, match="binary mode"):
        compare_original(report_of(), "From: a")  # type: ignore[arg-type]


@given(entities())
def test_any_sent_message_gets_a_comparison(sent: bytes) -> None:
    comparison = compare_original(report_of(), sent)
    assert comparison.sameness is Sameness.DIFFERENT
    assert pickle.loads(pickle.dumps(comparison)) == comparison  # noqa: S301 (our own)


@given(st.sampled_from([SENDER, RECIPIENT, TEXT, "diffida.pdf", "Diffida e messa"]), st.integers(0, 30))
def test_a_changed_word_is_different(word: str, place: int) -> None:
    at = place % len(word)
    changed = word[:at] + ("X" if word[at] != "X" else "Y") + word[at + 1 :]
    if changed.casefold() != word.casefold():
        assert compared(replacing(word, changed, -1)).sameness is Sameness.DIFFERENT


def test_a_message_of_one_part() -> None:
    def single(header: bytes, body: bytes) -> bytes:
        return original().split(b"MIME-Version")[0] + b"MIME-Version: 1.0\r\n" + header + b"\r\n" + body

    plain = single(b"Content-Type: text/plain; charset=utf-8\r\n", b"Buongiorno.\r\n")
    report = report_of(replace(DELIVERY, original=plain))
    assert compare_original(report, plain).sameness is Sameness.IDENTICAL
    assert compare_original(report, plain.rstrip()).sameness is Sameness.EQUIVALENT
    encoded = single(
        b"Content-Type: text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64\r\n",
        base64.b64encode(b"Buongiorno.\n"),
    )
    comparison = compare_original(report, encoded)
    assert comparison.sameness is Sameness.EQUIVALENT
    assert comparison.parts[0].path == "1"


# --- names of files


def named(header: bytes) -> str | None:
    return name_of(read_part(header + b"\r\n", (0, len(header) + 2), Limits()))


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (b"Content-Type: a/b; name=x.pdf\r\n", "x.pdf"),
        (b'Content-Type: a/b; name="y"\r\nContent-Disposition: inline; filename="x y.pdf"\r\n', "x y.pdf"),
        (b"Content-Type: a/b; name=x.pdf\r\nContent-Disposition: inline\r\n", "x.pdf"),
        (b"Content-Disposition: inline; filename*=utf-8'it'perch%C3%A9.pdf\r\n", "perché.pdf"),
        (b"Content-Disposition: inline; filename*0*=iso-8859-1''perch; filename*1*=%E9.pdf\r\n", "perché.pdf"),
        (b'Content-Disposition: inline; filename*1="b.pdf"; filename*0="a"\r\n', "ab.pdf"),
        (b'Content-Type: a/b; name="=?utf-8?B?cGVyY2jDqS5wZGY=?="\r\n', "perché.pdf"),
        (b"Content-Disposition: inline; filename=b.pdf; filename*=utf-8''%C3%A8.pdf\r\n", "è.pdf"),
        (b"Content-Disposition: inline; filename*=utf-8''%C3%A8.pdf; filename=b.pdf\r\n", "è.pdf"),
        (b"Content-Disposition: inline; filename*x=a; filename*99999=b; filename=c\r\n", "c"),
        (b"Content-Disposition: inline; filename*=broken\r\nContent-Type: a/b; name=x\r\n", "x"),
        (b"Content-Type: a/b\r\n", None),
    ],
)
def test_names(header: bytes, name: str | None) -> None:
    assert named(header) == name


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zs", "Zl", "Zp"]), min_size=1, max_size=30))
def test_names_as_the_standard_library_writes_them(name: str) -> None:
    message = EmailMessage()
    message.set_content("x")
    message.add_attachment(b"x", maintype="a", subtype="b", filename=name)
    content = read_content(message.as_bytes(policy=email.policy.SMTP))
    assert content.leaves[1].name == name
