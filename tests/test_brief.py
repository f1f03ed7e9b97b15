"""A brief delivery receipt's hashes against the sent message and against files."""

from __future__ import annotations

import base64
import hashlib
import pickle
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.catalogue.kinds import BRIEF, CONCISE, DELIVERY
from pecverify import Report, TrustStore, Verdict, verify_receipt
from pecverify.brief import AttachmentOutcome, BriefComparison, HashForm, HashInput, check_brief
from pecverify.comparison import PartOutcome, Side
from tests.messages import Message, hash_attachment, original_message, replacing
from tests.pki import authority, base64_lines
from tests.strategies import entities

TRUST = TrustStore.from_certificates(authority())
FILE = b"%PDF-1.4\n" + bytes(range(256)) * 2
HEADER = (
    b'Content-Type: application/pdf; name="diffida.pdf"\r\n'
    b'Content-Disposition: attachment; filename="diffida.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
)
BODY = base64_lines(FILE, 76).removesuffix(b"\r\n")
SENT = original_message(form="breve", attachment=HEADER + BODY)


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def report_of(*attachments: bytes, valid: bool = True) -> Report:
    joined = b"\r\n--=-corpo-1\r\n".join(attachments)
    message = replace(BRIEF, original=original_message(form="breve", attachment=joined))
    report = verify_receipt(message.build(), trust=TRUST if valid else None)
    assert report.verdict is (Verdict.VALID if valid else Verdict.INDETERMINATE)
    return report


def hashed(value: str, name: str = "diffida.pdf") -> bytes:
    return hash_attachment(value).replace(b"diffida.pdf", name.encode())


def outcomes(comparison: BriefComparison) -> list[tuple[str, AttachmentOutcome]]:
    return [(attachment.name, attachment.outcome) for attachment in comparison.attachments]


def rewrapped(width: int | None, line_end: bytes = b"\r\n") -> bytes:
    text = base64.b64encode(FILE)
    step = width or len(text)
    return line_end.join(text[start : start + step] for start in range(0, len(text), step))


ENTITY = HEADER + BODY
FORMS = [
    (BODY, HashForm(input=HashInput.BODY, line_end="crlf", final_line_end=False)),
    (BODY + b"\r\n", HashForm(input=HashInput.BODY, line_end="crlf", final_line_end=True)),
    (BODY.replace(b"\r\n", b"\n"), HashForm(input=HashInput.BODY, line_end="lf", final_line_end=False)),
    (BODY.replace(b"\r\n", b"\n") + b"\n", HashForm(input=HashInput.BODY, line_end="lf", final_line_end=True)),
    (FILE, HashForm(input=HashInput.CONTENT, line_end="as-is", final_line_end=False)),
    (rewrapped(64), HashForm(input=HashInput.BASE64, line_end="crlf", final_line_end=False, width=64)),
    (
        rewrapped(60, b"\n") + b"\n",
        HashForm(input=HashInput.BASE64, line_end="lf", final_line_end=True, width=60),
    ),
    (rewrapped(None), HashForm(input=HashInput.BASE64, line_end="crlf", final_line_end=False, width=None)),
    (ENTITY, HashForm(input=HashInput.ENTITY, line_end="crlf", final_line_end=False)),
    (ENTITY + b"\r\n", HashForm(input=HashInput.ENTITY, line_end="crlf", final_line_end=True)),
    (ENTITY.replace(b"\r\n", b"\n"), HashForm(input=HashInput.ENTITY, line_end="lf", final_line_end=False)),
]


@pytest.mark.parametrize("saved_with", [b"\r\n", b"\n"])
@pytest.mark.parametrize(("data", "form"), FORMS)
def test_every_form_is_found_in_the_sent_message(data: bytes, form: HashForm, saved_with: bytes) -> None:
    comparison = check_brief(report_of(hashed(sha1(data).upper())), sent=SENT.replace(b"\r\n", saved_with))
    (attachment,) = comparison.attachments
    assert attachment.outcome is AttachmentOutcome.MATCHED
    assert attachment.form == form
    assert (attachment.name, attachment.kept_as) == ("diffida.pdf", "diffida.pdf")
    assert (attachment.algorithm, attachment.stated) == ("sha1", sha1(data))
    assert attachment.sha256 == hashlib.sha256(FILE).hexdigest()
    assert [(part.path, part.outcome) for part in comparison.others] == [("1", PartOutcome.IDENTICAL)]
    assert comparison.proves_content


@pytest.mark.parametrize(("data", "form"), [case for case in FORMS if case[1].input is not HashInput.ENTITY])
def test_forms_are_found_from_the_file_alone(data: bytes, form: HashForm) -> None:
    comparison = check_brief(report_of(hashed(sha1(data))), files={"diffida.pdf": FILE})
    (attachment,) = comparison.attachments
    assert attachment.outcome is AttachmentOutcome.MATCHED
    expected = form if form.input is not HashInput.BODY else replace(form, input=HashInput.BASE64, width=76)
    assert attachment.form == expected
    assert comparison.others == ()
    assert comparison.proves_content


def test_sha_256() -> None:
    message = replace(
        BRIEF, original=original_message(form="breve", attachment=hashed(hashlib.sha256(BODY).hexdigest()))
    )
    report = verify_receipt(message.build(), trust=TRUST)
    (attachment,) = check_brief(report, sent=SENT).attachments
    assert (attachment.outcome, attachment.algorithm) == (AttachmentOutcome.MATCHED, "sha256")


def test_a_text_file_with_other_line_ends() -> None:
    report = report_of(hashed(sha1(b"uno\r\ndue\r\n"), "nota.txt"))
    (attachment,) = check_brief(report, files={"Nota.TXT": b"uno\ndue\n"}).attachments
    assert attachment.form == HashForm(input=HashInput.CONTENT, line_end="crlf", final_line_end=True)
    part = b'Content-Type: text/plain; name="nota.txt"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    sent = original_message(form="breve", attachment=part + base64.b64encode(b"uno\ndue\n"))
    (attachment,) = check_brief(report, sent=sent).attachments
    assert attachment.form == HashForm(input=HashInput.CONTENT, line_end="crlf", final_line_end=True)


def test_another_file() -> None:
    comparison = check_brief(report_of(hashed(sha1(BODY))), files={"diffida.pdf": FILE + b"x"})
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.DIFFERENT)]
    assert comparison.attachments[0].form is None
    assert comparison.attachments[0].kept_as == "diffida.pdf"
    assert not comparison.proves_content


def test_missing_and_extra() -> None:
    comparison = check_brief(report_of(hashed(sha1(BODY))), files={"altro.pdf": b"altro"})
    assert outcomes(comparison) == [
        ("diffida.pdf", AttachmentOutcome.MISSING),
        ("altro.pdf", AttachmentOutcome.EXTRA),
    ]
    assert comparison.attachments[0].sha256 is None
    assert not comparison.proves_content
    assert outcomes(check_brief(report_of(hashed(sha1(BODY))), files={})) == [
        ("diffida.pdf", AttachmentOutcome.MISSING)
    ]


def test_a_renamed_file_is_found_by_its_content() -> None:
    comparison = check_brief(report_of(hashed(sha1(BODY))), files={"copia (2).pdf": FILE, "diffida.pdf": b"altro"})
    assert outcomes(comparison) == [
        ("diffida.pdf", AttachmentOutcome.MATCHED),
        ("diffida.pdf", AttachmentOutcome.EXTRA),
    ]
    assert comparison.attachments[0].kept_as == "copia (2).pdf"


def test_two_files_of_one_name() -> None:
    """Each goes with the hash that is its own; names alone would mix them up."""
    other = HEADER + base64_lines(b"secondo", 76).removesuffix(b"\r\n")
    both = original_message(form="breve", attachment=HEADER + BODY + b"\r\n--=-corpo-1\r\n" + other)
    report = report_of(hashed(sha1(other.split(b"\r\n\r\n")[1])), hashed(sha1(BODY)), hashed(sha1(BODY)))
    comparison = check_brief(report, sent=both)
    assert [attachment.outcome for attachment in comparison.attachments] == [
        AttachmentOutcome.MATCHED,
        AttachmentOutcome.MATCHED,
        AttachmentOutcome.MISSING,
    ]


def test_one_file_is_not_counted_twice() -> None:
    """Two hashes of one file, over different forms of it."""
    comparison = check_brief(report_of(hashed(sha1(BODY)), hashed(sha1(FILE))), sent=SENT)
    assert [attachment.outcome for attachment in comparison.attachments] == [
        AttachmentOutcome.MATCHED,
        AttachmentOutcome.MISSING,
    ]


@pytest.mark.parametrize("stated", ["", "non un hash", "da39", "z" * 40, "a" * 41, "a" * 40 + "\r\n" + "b" * 40])
def test_a_hash_that_cannot_be_read(stated: str) -> None:
    message = replace(BRIEF, original=original_message(form="breve", attachment=hashed(stated)))
    report = verify_receipt(message.build(), trust=TRUST)
    comparison = check_brief(report, sent=SENT)
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.UNREADABLE)]
    assert comparison.attachments[0].algorithm is None
    assert comparison.attachments[0].kept_as == "diffida.pdf"
    assert not comparison.proves_content


def test_an_attached_message_is_hashed_whole() -> None:
    attached = b"Content-Type: message/rfc822\r\n\r\nSubject: a\r\n\r\nb"
    sent = original_message(form="breve", attachment=attached)
    report = report_of(hashed(sha1(b"Subject: a\r\n\r\nb"), "messaggio.eml"))
    (attachment,) = check_brief(report, sent=sent).attachments
    assert attachment.outcome is AttachmentOutcome.MATCHED
    assert (attachment.name, attachment.kept_as) == ("messaggio.eml", "")


def test_an_attachment_that_cannot_be_decoded() -> None:
    sent = original_message(form="breve", attachment=HEADER + b"non base64!")
    (attachment,) = check_brief(report_of(hashed(sha1(b"non base64!"))), sent=sent).attachments
    assert attachment.outcome is AttachmentOutcome.MATCHED
    assert attachment.sha256 is None


def test_the_text_is_compared_too() -> None:
    comparison = check_brief(report_of(hashed(sha1(BODY))), sent=replacing("15 giorni", "16 giorni")(SENT))
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.MATCHED)]
    assert [part.outcome for part in comparison.others] == [PartOutcome.DIFFERENT]
    assert not comparison.proves_content


def test_texts_in_another_order_are_not_proved() -> None:
    second = b"Content-Type: text/plain\r\n\r\nQuanto sopra non vale."
    receipt = report_of(hashed(sha1(BODY)), second)
    in_order = original_message(form="breve", attachment=HEADER + BODY + b"\r\n--=-corpo-1\r\n" + second)
    head, text, file, rest = in_order.split(b"--=-corpo-1\r\n")
    last = rest.removesuffix(b"--=-corpo-1--\r\n")
    assert last != rest
    swapped = b"--=-corpo-1\r\n".join([head, last, file, text]) + b"--=-corpo-1--\r\n"
    assert check_brief(receipt, sent=in_order).proves_content
    comparison = check_brief(receipt, sent=swapped)
    assert {part.outcome for part in comparison.others} == {PartOutcome.IDENTICAL}
    assert not comparison.proves_content


@pytest.mark.parametrize(
    "name",
    [
        'filename="=?UTF-8?B?Y2l0dMOgLnBkZi5oYXNo?="',
        "filename*=UTF-8''citt%C3%A0.pdf.hash",
        'filename*0="lungo-";\r\n filename*1="nome.pdf.hash"',
        'filename="DIFFIDA.PDF.HASH"',
    ],
)
def test_a_hash_is_known_by_a_name_however_it_is_written(name: str) -> None:
    part = f"Content-Type: text/plain\r\nContent-Disposition: attachment; {name}\r\n\r\n{sha1(BODY)}"
    report = report_of(part.encode())
    assert report.findings == ()
    (attachment,) = check_brief(report, files={"a": BODY}).attachments
    assert attachment.outcome is AttachmentOutcome.MATCHED


SIGNATURE = (
    b"Content-Type: application/pkcs7-signature; name=smime.p7s\r\nContent-Transfer-Encoding: base64\r\n\r\nAAAA"
)


def test_the_senders_own_signature_is_left_whole() -> None:
    sent = original_message(form="breve", attachment=HEADER + BODY + b"\r\n--=-corpo-1\r\n" + SIGNATURE)
    comparison = check_brief(report_of(hashed(sha1(BODY)), SIGNATURE), sent=sent)
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.MATCHED)]
    assert [part.outcome for part in comparison.others] == [PartOutcome.IDENTICAL, PartOutcome.IDENTICAL]
    assert comparison.proves_content


def test_a_message_that_is_one_cms_object_is_carried_whole() -> None:
    def opaque(body: bytes) -> bytes:
        header = original_message(form="breve").split(b"MIME-Version")[0]
        kind = b"Content-Type: application/pkcs7-mime; name=smime.p7m\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        return header + b"MIME-Version: 1.0\r\n" + kind + body

    report = verify_receipt(replace(BRIEF, original=opaque(b"AAAA")).build(), trust=TRUST)
    comparison = check_brief(report, sent=opaque(b"AAAA"))
    assert comparison.attachments == ()
    assert [part.outcome for part in comparison.others] == [PartOutcome.IDENTICAL]
    assert comparison.proves_content
    assert not check_brief(report, sent=opaque(b"AAAB")).proves_content


def test_a_receipt_that_is_not_valid_proves_nothing() -> None:
    comparison = check_brief(report_of(hashed(sha1(BODY)), valid=False), sent=SENT)
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.MATCHED)]
    assert comparison.receipt_verdict is Verdict.INDETERMINATE
    assert not comparison.proves_content


def test_messages_that_cannot_be_read() -> None:
    report = report_of(hashed(sha1(BODY)))
    comparison = check_brief(report, sent=b"nessun campo\r\n")
    assert comparison == BriefComparison(
        receipt_verdict=Verdict.VALID, attachments=(), others=(), unreadable=(Side.SENT,)
    )
    assert not comparison.proves_content
    broken = verify_receipt(replace(BRIEF, original=b"nessun campo\r\n").build(), trust=TRUST)
    assert check_brief(broken, files={}).unreadable == (Side.ORIGINAL,)
    assert check_brief(broken, sent=b"\r").unreadable == (Side.ORIGINAL, Side.SENT)


def test_the_callers_mistakes() -> None:
    for message in (DELIVERY, CONCISE, Message()):
        with pytest.raises(ValueError, match="brief delivery receipt"):
            check_brief(verify_receipt(message.build(), trust=TRUST), sent=SENT)
    forged = BRIEF.build().replace(b"15 giorni", b"16 giorni")
    with pytest.raises(ValueError, match="whose signature holds"):
        check_brief(verify_receipt(forged, trust=TRUST), sent=SENT)
    report = report_of(hashed(sha1(BODY)))
    with pytest.raises(ValueError, match="either the sent message or the files"):
        check_brief(report)
    with pytest.raises(ValueError, match="either the sent message or the files"):
        check_brief(report, sent=SENT, files={})
    with pytest.raises(TypeError, match="binary mode"):
        check_brief(report, files={"a": "b"})  # type: ignore[dict-item]
    with pytest.raises(TypeError, match="binary mode"):
        check_brief(report, sent="x")  # type: ignore[arg-type]


REPORT = report_of(hashed(sha1(BODY)))


@given(entities())
def test_any_sent_message_gets_a_comparison(sent: bytes) -> None:
    comparison = check_brief(REPORT, sent=sent)
    assert not comparison.proves_content
    assert pickle.loads(pickle.dumps(comparison)) == comparison  # noqa: S301 (our own)


@given(st.dictionaries(st.sampled_from(["diffida.pdf", "DIFFIDA.pdf", "x", ""]), st.binary(max_size=50)))
def test_no_other_file_matches(files: dict[str, bytes]) -> None:
    assert all(outcome is not AttachmentOutcome.MATCHED for _, outcome in outcomes(check_brief(REPORT, files=files)))


@given(st.integers(0, len(FILE) - 1), st.integers(1, 255))
def test_a_changed_byte_never_matches(place: int, change: int) -> None:
    changed = FILE[:place] + bytes([FILE[place] ^ change]) + FILE[place + 1 :]
    comparison = check_brief(REPORT, files={"diffida.pdf": changed})
    assert outcomes(comparison) == [("diffida.pdf", AttachmentOutcome.DIFFERENT)]
