"""Outlook's files: what is taken from them, that nothing slips in, and that hostile ones cost little and say why."""

from __future__ import annotations

import io
import random
import struct
from dataclasses import replace

import olefile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Limits, Reason, Report, TrustStore, Verdict, verify_receipt
from pecverify._findings import found, with_note
from pecverify._header import parse_header
from pecverify._mime import read_part
from pecverify.archive import Cause
from pecverify.archive.outlook import OutlookError, OutlookMessage, annotate, read_outlook_message
from tests.compound_file import MAGIC, Storage, compound_file
from tests.messages import Message, original_message
from tests.outlook_files import CLEAR_SIGNED, OPAQUE, PLAIN, OutlookFile, outlook_file, taken_apart
from tests.pki import authority

TRUST = TrustStore.from_certificates(authority())
MESSAGE = Message().build()
HEADERS, ENTITY = taken_apart(MESSAGE)
FILE = OutlookFile(entity=ENTITY, headers=HEADERS)
BYTES = FILE.build()
LIMITS = Limits()


def read(data: bytes, limits: Limits = LIMITS) -> OutlookMessage:
    return read_outlook_message(data, limits)


def put_together(headers: str | bytes | None) -> OutlookMessage:
    return read(replace(FILE, headers=headers).build())


def report_on(data: bytes) -> Report:
    message = read(data)
    return annotate(verify_receipt(message.data, trust=TRUST), message)


def reasons(report: Report) -> set[Reason]:
    return {finding.reason for finding in report.findings}


def refusal(data: bytes, limits: Limits = LIMITS) -> tuple[Cause, str]:
    with pytest.raises(OutlookError) as caught:
        read(data, limits)
    assert len(caught.value.detail) <= 300
    return caught.value.cause, caught.value.detail


# --- what is put together


def test_header_fields_of_the_transport_and_the_entity() -> None:
    message = read(BYTES)
    assert message == OutlookMessage(data=message.data, has_transport_headers=True, left_out=())
    assert message.data.endswith(ENTITY)
    before = message.data.removesuffix(ENTITY)
    assert before == b"".join(
        line
        for line in HEADERS.encode().splitlines(keepends=True)
        if not line.startswith((b"MIME-Version", b"Content-Type"))
    )


def test_the_report_says_that_the_header_is_not_the_original_one() -> None:
    report = report_on(BYTES)
    assert report.verdict is Verdict.VALID
    assert [(finding.reason, finding.actual) for finding in report.findings] == [(Reason.HEADERS_NOT_ORIGINAL, None)]
    assert report.receipt == verify_receipt(MESSAGE, trust=TRUST).receipt


@pytest.mark.parametrize("sector_bytes", [512, 4096])
def test_sizes_of_sectors(sector_bytes: int) -> None:
    assert read(replace(FILE, sector_bytes=sector_bytes).build()) == read(BYTES)


def test_a_file_whose_allocation_table_the_header_cannot_name_whole() -> None:
    original = original_message() + b"x" * 7_400_000
    message = Message(kind="posta-certificata", form="completa", original=original).build()
    data = outlook_file(message)
    assert struct.unpack_from("<L", data, 72) != (0,)
    report = report_on(data)
    assert report.verdict is Verdict.VALID
    assert report.original == original


def test_positions_count_in_the_message_that_was_put_together() -> None:
    original = original_message()
    message = read(outlook_file(Message(kind="posta-certificata", form="completa", original=original).build()))
    report = verify_receipt(message.data, trust=TRUST)
    assert report.original_span is not None
    assert message.data[slice(*report.original_span)] == original


def test_texts_of_8_bit_characters() -> None:
    assert put_together(HEADERS.encode("ascii")) == read(BYTES)
    assert put_together(b"X-A: \xe8\r\n").data == b"X-A: \xe8\r\n" + ENTITY


def test_other_characters_are_utf_8() -> None:
    assert put_together("X-A: è\r\n").data == "X-A: è\r\n".encode() + ENTITY


@pytest.mark.parametrize(
    "name", [CLEAR_SIGNED, OPAQUE, "ipm.note.smime.multipartsigned", "IPM.X.SMIME", b"IPM.Note.SMIME"]
)
def test_classes_of_signed_messages(name: str | bytes) -> None:
    assert read(replace(FILE, message_class=name).build()) == read(BYTES)


def test_a_text_may_end_with_a_null() -> None:
    assert read(replace(FILE, message_class=f"{CLEAR_SIGNED}\0", headers=f"{HEADERS}\0").build()) == read(BYTES)


# --- header fields


def test_the_entity_says_how_its_body_is_read() -> None:
    more = "content-type: text/plain\r\nMIME-VERSION: 2.0\r\nContent-Transfer-Encoding: base64\r\n"
    assert put_together(more + HEADERS).data == read(BYTES).data


def test_what_the_entity_repeats_stands_once() -> None:
    entity = b"From: a@b.example\r\nSubject: one\r\n two\r\n" + ENTITY
    headers = "FROM:  a@b.example\r\nSubject: one two\r\nTo: c@d.example\r\n"
    assert read(replace(FILE, entity=entity, headers=headers).build()).data == b"To: c@d.example\r\n" + entity


def test_contradictions_are_left_to_the_verifier() -> None:
    entity = b"From: other@pec.example\r\n" + ENTITY
    report = report_on(replace(FILE, entity=entity).build())
    assert report.verdict is Verdict.INVALID
    assert Reason.HEADER_REPEATED in reasons(report)
    headers = HEADERS.replace("From: posta-certificata@", "From: other@")
    assert Reason.FROM_NOT_IN_CERTIFICATE in reasons(report_on(replace(FILE, headers=headers).build()))


def test_without_header_fields_nothing_says_who_sent_it() -> None:
    data = replace(FILE, headers=None).build()
    assert read(data) == OutlookMessage(data=ENTITY, has_transport_headers=False, left_out=())
    report = report_on(data)
    assert report.verdict is Verdict.INDETERMINATE
    assert report.findings[0].reason is Reason.FROM_MISSING
    assert report.findings[-1] == found(Reason.HEADERS_NOT_ORIGINAL, actual="no header fields of the transport")


@pytest.mark.parametrize(
    ("headers", "kept", "left_out"),
    [
        ("Microsoft Mail Internet Headers Version 2.0\r\nX-A: 1\r\n", "X-A: 1\r\n", ("a line that is no field",)),
        ("From a@b.example Fri Mar 15 09:20:30 2024\r\nX-A: 1", "X-A: 1\r\n", ("a line that is no field",)),
        (" continued\r\nX-A: 1\r\n", "X-A: 1\r\n", ("a line that is no field",)),
        ("X-A : 1\r\n", "", ("a line that is no field",)),
        ("X-A: 1\rX-B: 2\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A",)),
        ("X-A: 1\0\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A",)),
        ("X-A: 1\r\r\n\r\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A", "a line that is no field")),
        ("X-A: 1\r\n \t\r\n two\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A",)),
        ("X-A: 1\r\n \t\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A",)),
        ("X-A: 1\r\n\t", "", ("X-A",)),
        ("X-A: \ud800\r\nX-C: 3\r\n", "X-C: 3\r\n", ("X-A",)),
        ("X-A: 1\n two\nX-C: 3\n", "X-A: 1\r\n two\r\nX-C: 3\r\n", ()),
        ("X-A: 1\r\n\r\n--boundary\r\nContent-Type: text/plain\r\nX-B: 2\r\n", "X-A: 1\r\n", ()),
        ("\r\nX-A: 1\r\n", "", ()),
        ("X-A: 1\u2028X-B: 2\x85X-C: 3\r\n", "X-A: 1\u2028X-B: 2\x85X-C: 3\r\n", ()),
        ("", "", ()),
    ],
)
def test_only_header_fields_are_taken(headers: str, kept: str, left_out: tuple[str, ...]) -> None:
    message = put_together(headers)
    assert message.data == kept.encode() + ENTITY
    assert message.left_out == left_out


def test_what_was_left_out_is_said() -> None:
    report = report_on(replace(FILE, headers=f"X-A: \0\r\nX-B: \r \r\n{HEADERS}").build())
    assert report.verdict is Verdict.VALID
    assert [finding.actual for finding in report.findings] == ["left out: X-A, X-B"]
    many = report_on(replace(FILE, headers="X-A: \0\r\n" * 5_000 + HEADERS).build())
    assert len(many.findings[0].actual or "") == 200


PIECES = st.lists(
    st.sampled_from(["\r", "\n", "\r\n", "\0", " ", "\t", ":", "X-A", "From", "Content-Type", "é", "\ud800", "-"])
)


@given(PIECES.map("".join) | st.text(st.characters(codec=None), max_size=40), st.booleans())
def test_no_header_field_changes_where_the_entity_begins(headers: str, narrow: bool) -> None:  # noqa: FBT001
    message = put_together(headers.encode("latin-1", "replace") if narrow else headers)
    assert message.data.endswith(ENTITY)
    before = message.data.removesuffix(ENTITY)
    fields = parse_header(before)
    part = read_part(message.data, (0, len(message.data)), LIMITS)
    alone = read_part(ENTITY, (0, len(ENTITY)), LIMITS)
    assert message.data[slice(*part.body)] == ENTITY[slice(*alone.body)]
    assert part.media_type == "multipart/signed"
    for name in {*fields.bodies, *alone.header.fields.bodies}:
        both = fields.bodies.get(name, ()) + alone.header.fields.bodies.get(name, ())
        assert part.header.fields.bodies[name] == both
    assert not any(name == b"mime-version" or name.startswith(b"content-") for name in fields.bodies)


# --- nothing to verify


def test_mail_that_is_not_signed_has_lost_its_bytes() -> None:
    assert refusal(replace(FILE, message_class=PLAIN).build()) == (
        Cause.ORIGINAL_LOST,
        "message class IPM.Note: only of signed messages are the bytes kept",
    )
    assert refusal(replace(FILE, message_class=None).build())[0] is Cause.ORIGINAL_LOST
    long = "X" * 400
    assert refusal(replace(FILE, message_class=long).build())[0] is Cause.ORIGINAL_LOST


@pytest.mark.parametrize(
    ("entity", "cause"),
    [
        (b"\x30\x82\x01\x00" + bytes(256), Cause.ORIGINAL_LOST),
        (b"", Cause.ORIGINAL_LOST),
        (b"\r\n" + ENTITY, Cause.ORIGINAL_LOST),
        (b" folded\r\n" + ENTITY, Cause.ORIGINAL_LOST),
        (b"Content-Type: application/pkcs7-mime; smime-type=signed-data\r\n\r\nMII=\r\n", Cause.ORIGINAL_LOST),
        (b"Content-Type: text/" + b"x" * 1_000 + b"\r\n\r\n", Cause.ORIGINAL_LOST),
        (b"Content-Type: multipart/signed\0\r\n\r\n", Cause.DAMAGED),
        (b"Content-Type: multipart/signed\r\nContent-Type: multipart/signed\r\n\r\n", Cause.DAMAGED),
        (b"X-A: 1\r\n" * 10_000 + ENTITY, Cause.LIMIT_EXCEEDED),
        (None, Cause.ORIGINAL_LOST),
    ],
)
def test_attachments_that_are_no_signed_entity(entity: bytes | None, cause: Cause) -> None:
    assert refusal(replace(FILE, entity=entity).build())[0] is cause


@pytest.mark.parametrize("count", [0, 2])
def test_a_signed_message_has_one_attachment(count: int) -> None:
    assert refusal(replace(FILE, attachments=count).build())[0] is Cause.DAMAGED


def test_an_attachment_of_a_message_inside_is_none_of_this_one() -> None:
    inner = {"__substg1.0_3701000D": {"__attach_version1.0_#00000000": {"__substg1.0_37010102": ENTITY}}}
    assert read(replace(FILE, more={"__recip_version1.0_#00000000": inner}).build()) == read(BYTES)


def test_half_a_character() -> None:
    data = BYTES.replace(struct.pack("<L", 2 * len(HEADERS)), struct.pack("<L", 2 * len(HEADERS) - 1))
    assert refusal(data)[0] is Cause.DAMAGED


# --- hostile files


def test_limits() -> None:
    assert read(BYTES, replace(LIMITS, message_bytes=len(BYTES))) == read(BYTES)
    cause, detail = refusal(BYTES, replace(LIMITS, message_bytes=len(BYTES) - 1))
    assert (cause, detail) == (Cause.LIMIT_EXCEEDED, f"file over {len(BYTES) - 1} bytes")
    for headers in (HEADERS, HEADERS.encode()):
        data = replace(FILE, headers=headers).build()
        assert read(data, replace(LIMITS, header_bytes=len(HEADERS))).data == read(BYTES).data
        assert refusal(data, replace(LIMITS, header_bytes=len(HEADERS) - 1))[0] is Cause.LIMIT_EXCEEDED
    assert refusal(replace(FILE, message_class="X" * 1_001).build())[0] is Cause.LIMIT_EXCEEDED


@pytest.mark.parametrize("data", [b"", b"x", MESSAGE, MAGIC, MAGIC + bytes(504), MAGIC + bytes(4096), b"/etc/hostname"])
def test_no_compound_file(data: bytes) -> None:
    assert refusal(data)[0] is Cause.DAMAGED


def test_a_file_that_ends_early() -> None:
    for stop in range(0, len(BYTES) - 512, 509):
        assert refusal(BYTES[:stop])[0] is Cause.DAMAGED


def patched(data: bytes, at: int, number: int) -> bytes:
    return data[:at] + struct.pack("<L", number) + data[at + 4 :]


def test_an_allocation_table_that_never_ends() -> None:
    """A sector that names itself as the next one, and 127 times one sector of the table: read 33 million times."""
    at = len(BYTES) // 512 - 1
    table = struct.pack("<128L", *[0] * 127, at)
    data = BYTES + table
    for sectors in (0xFFFFFFFF, 300):
        hostile = patched(data, 44, sectors)
        hostile = patched(patched(hostile, 68, at), 72, -(-(sectors - 109) // 127))
        assert refusal(hostile) == (Cause.DAMAGED, f"an allocation table of {sectors} sectors")


def test_a_directory_of_many() -> None:
    few = {f"{number:08}": b"" for number in range(9_900)}
    assert read(replace(FILE, more=few).build()) == read(BYTES)
    many = {f"{number:08}": b"" for number in range(10_000)}
    assert refusal(replace(FILE, more=many).build()) == (Cause.LIMIT_EXCEEDED, "over 10000 streams and storages")


def test_storages_in_storages() -> None:
    cause, detail = refusal(compound_file_of_depth(2_000))
    assert cause is Cause.DAMAGED
    assert detail.startswith("RecursionError")


def compound_file_of_depth(depth: int) -> bytes:
    """Made from siblings: each is turned into the child of the one before."""
    data = bytearray(compound_file({f"{number:08}": {} for number in range(depth)}))
    (start,) = struct.unpack_from("<L", data, 48)
    at = 512 * (start + 1)
    nobody = 0xFFFFFFFF
    for index in range(depth + 1):
        child = index + 1 if index < depth else nobody
        struct.pack_into("<LLL", data, at + 128 * index + 68, nobody, nobody, child)
    return bytes(data)


def entry_of(data: bytes, name: str) -> int:
    """Where the directory's entry of that name begins."""
    return data.index(name.encode("utf-16-le"))


@pytest.mark.parametrize("size", [0, 1, len(ENTITY) + 1_000, 0x7FFFFFFE, 0x7FFFFFFF, 0xFFFFFFFF])
def test_streams_of_another_size(size: int) -> None:
    data = patched(BYTES, entry_of(BYTES, "__substg1.0_37010102") + 120, size)
    huge = replace(LIMITS, message_bytes=1 << 33)
    assert refusal(data, huge)[0] in (Cause.DAMAGED, Cause.ORIGINAL_LOST)
    if size > LIMITS.message_bytes:
        assert refusal(data)[0] is Cause.LIMIT_EXCEEDED


def test_a_chain_that_comes_back() -> None:
    (fat,) = struct.unpack_from("<L", BYTES, 76)
    (start,) = struct.unpack_from("<L", BYTES, entry_of(BYTES, "__substg1.0_37010102") + 116)
    data = patched(BYTES, 512 * (fat + 1) + 4 * start, start)
    message = read(data)  # as long as it says, of one sector again and again
    assert verify_receipt(message.data, trust=TRUST).verdict is Verdict.INVALID


def mutated(data: bytes, chance: random.Random) -> bytes:
    """A few bytes or numbers changed, a run moved, or the end cut off."""
    changed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(changed))
        kind = chance.randrange(5)
        if kind == 0:
            changed[at] = chance.randrange(256)
        elif kind == 1:
            at &= ~3
            number = chance.choice((0, 1, 2, 0x7FFFFFFF, 0xFFFFFFFC, 0xFFFFFFFE, 0xFFFFFFFF, chance.randrange(64)))
            changed[at : at + 4] = struct.pack("<L", number)
        elif kind == 2:
            start = chance.randrange(len(changed)) & ~63
            changed[at & ~63 : (at & ~63) + 64] = changed[start : start + 64]
        elif kind == 3:
            at = chance.randrange(min(76, len(changed)))
            changed[at] = chance.randrange(256)
        elif chance.randrange(8) == 0:
            del changed[max(at, 1) :]
    return bytes(changed)


def test_mutations_are_refused_or_state_the_same() -> None:
    chance = random.Random(1)  # noqa: S311 (the same ones every time)
    causes: set[Cause | None] = set()
    whole, receipt = read(BYTES), verify_receipt(MESSAGE, trust=TRUST).require()
    for _ in range(3_000):
        data = mutated(BYTES, chance)
        try:
            message = read(data)
        except OutlookError as error:
            causes.add(error.cause)
        else:
            causes.add(None)
            assert len(message.data) <= len(data)
            if message.data != whole.data:
                assert verify_receipt(message.data, trust=TRUST).receipt in (None, receipt)
    assert causes >= {None, Cause.DAMAGED, Cause.ORIGINAL_LOST}


# --- the writer of compound files, and the note


def test_the_writer_makes_files_without_a_defect() -> None:
    content: Storage = {
        "empty": b"",
        "small": b"s" * 4095,
        "large": b"l" * 4096,
        "storage": {"inner": b"i" * 65, "none": {}},
        "many": {str(number): bytes([number]) for number in range(100)},
    }
    for sector_bytes in (512, 4096):
        data = compound_file(content, sector_bytes=sector_bytes)
        with olefile.OleFileIO(io.BytesIO(data), raise_defects=olefile.DEFECT_UNSURE) as container:
            assert container.openstream("empty").read() == b""
            assert container.openstream("small").read() == content["small"]
            assert container.openstream("large").read() == content["large"]
            assert container.openstream("storage/inner").read() == b"i" * 65
            assert container.get_type("storage/none") == olefile.STGTY_STORAGE
            assert len(container.listdir()) == 104


def test_only_notes_are_added_to_a_report() -> None:
    report = verify_receipt(MESSAGE)
    noted = with_note(report, found(Reason.MBOX_QUOTING_UNDONE))
    assert noted.verdict is report.verdict
    assert [finding.reason for finding in noted.findings] == [
        Reason.PROVIDER_NOT_RECOGNISED,
        Reason.MBOX_QUOTING_UNDONE,
    ]
    both = with_note(noted, found(Reason.HEADERS_NOT_ORIGINAL))
    assert [finding.reason for finding in both.findings][1:] == [
        Reason.HEADERS_NOT_ORIGINAL,
        Reason.MBOX_QUOTING_UNDONE,
    ]
    with pytest.raises(ValueError, match="digest-mismatch is no note"):
        with_note(report, found(Reason.DIGEST_MISMATCH))
