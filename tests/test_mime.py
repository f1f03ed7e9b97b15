"""Spans of parts, canonical form and transfer decoding."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Limits, Reason, _mime
from pecverify._header import MimeError
from pecverify._mime import (
    canonical_chunks,
    decode_body,
    read_part,
    read_signed_message,
    split_multipart,
    walk_signed_tree,
)

LIMITS = Limits()
MIXED = b'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'


def split(body: bytes, header: bytes = MIXED, limits: Limits = LIMITS) -> tuple[bytes, list[bytes], bytes]:
    data = header + body
    layout = split_multipart(data, read_part(data, (0, len(data)), limits), limits)
    return (
        data[slice(*layout.preamble)],
        [data[slice(*span)] for span in layout.parts],
        data[slice(*layout.epilogue)],
    )


def reason(body: bytes, header: bytes = MIXED, limits: Limits = LIMITS) -> Reason:
    with pytest.raises(MimeError) as caught:
        split(body, header, limits)
    assert caught.value.span is not None
    return caught.value.reason


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_parts(line_end: bytes) -> None:
    body = line_end.join([b"pre", b"--b", b"A: 1", b"", b"uno", b"--b", b"", b"due", b"", b"--b--", b"post"])
    header = MIXED.replace(b"\r\n", line_end)
    preamble, parts, epilogue = split(body, header)
    assert preamble == b"pre"
    assert parts == [line_end.join([b"A: 1", b"", b"uno"]), line_end.join([b"", b"due", b""])]
    assert epilogue == b"post"


def test_longer_lines_are_content() -> None:
    assert split(b"--b\r\n\r\n--bc\r\nx--b\r\n--b--x\r\n--b--")[1] == [b"\r\n--bc\r\nx--b\r\n--b--x"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", Reason.MESSAGE_TRUNCATED),
        (b"--b\r\nx", Reason.MESSAGE_TRUNCATED),
        (b"--b\r\nx\r\n--b\r\n", Reason.MESSAGE_TRUNCATED),
        (b"--b \r\nx\r\n--b--", Reason.MIME_MALFORMED),
        (b"--b\r\nx\r\n--b--\t", Reason.MIME_MALFORMED),
        (b"--b\r\nx\r\n--b--\r\n--b\r\ny\r\n", Reason.MIME_MALFORMED),
        (b"--b\r\nx\r\n--b--\r\n--b--\r\n", Reason.MIME_MALFORMED),
        (b"--b\r\n--b--", Reason.MIME_MALFORMED),
    ],
)
def test_malformed_bodies(body: bytes, expected: Reason) -> None:
    assert reason(body) is expected


@pytest.mark.parametrize(
    "parameter",
    [
        b"",
        b'; boundary=""',
        b'; boundary="a "',
        b"; boundary*=x",
        b"; boundary*0=x",
        b'; boundary="%b"' % (b"x" * 71),
        b'; boundary="a\xc3\xa8"',
    ],
)
def test_unusable_boundaries(parameter: bytes) -> None:
    assert reason(b"", b"Content-Type: multipart/mixed%b\r\n\r\n" % parameter) is Reason.MIME_MALFORMED


def test_the_longest_boundary() -> None:
    boundary = b"x" * 70
    header = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n' % boundary
    assert split(b"--%b\r\n\r\ny\r\n--%b--" % (boundary, boundary), header)[1] == [b"\r\ny"]


@pytest.mark.parametrize("count", [99, 100, 101])
def test_parts_are_counted(count: int) -> None:
    body = b"--b\r\n\r\nx\r\n" * count + b"--b--"
    if count <= LIMITS.mime_parts:
        assert len(split(body)[1]) == count
    else:
        assert reason(body) is Reason.LIMIT_EXCEEDED


def test_lines_like_a_boundary_are_counted() -> None:
    assert reason(b"\r\n--bx" * 10_001) is Reason.LIMIT_EXCEEDED
    assert reason(b"\r\n--bx" * 10_000) is Reason.MESSAGE_TRUNCATED


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Transfer-Encoding: x-uuencode",
        b"Content-Transfer-Encoding: base64\r\nContent-Transfer-Encoding: base64",
        b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: quoted-printable",
        b"Content-Type: text/plain\r\nContent-Type: text/html",
        b"Content-Disposition: inline\r\nContent-Disposition: inline",
        b"Content-Disposition: ;",
    ],
)
def test_malformed_parts(header: bytes) -> None:
    data = header + b"\r\n\r\nx"
    with pytest.raises(MimeError) as caught:
        read_part(data, (0, len(data)), LIMITS)
    assert caught.value.reason is Reason.MIME_MALFORMED
    assert caught.value.span == (0, len(header) + 2)


def test_a_part_by_default_and_by_name() -> None:
    part = read_part(b"\r\nx", (0, 3), LIMITS)
    assert (part.media_type, part.header.encoding, part.header.names, part.body) == ("text/plain", "7bit", (), (2, 3))
    data = b"Content-Type: a/b; name=A.XML; x=y\r\nContent-Disposition: inline; filename*0=b; filename*1=c\r\n\r\n"
    part = read_part(data, (0, len(data)), LIMITS)
    assert part.header.names == ("a.xml", "b", "c")
    assert part.span == (0, len(data))


@pytest.mark.parametrize("padding", [0, 600])
def test_small_headers_are_remembered_by_their_bytes(padding: int) -> None:
    extra = b"X-Lungo: " + b"x" * padding + b"\r\n"
    data = b"Content-Type: a/b\r\n" + extra + b"\r\nx"
    first, second = (read_part(data, (0, len(data)), LIMITS) for _ in range(2))
    assert first == second
    assert (first.header is second.header) == (padding == 0)


def signed(**changes: bytes) -> bytes:
    parts = {
        "kind": b"multipart/signed",
        "protocol": b'; protocol="application/pkcs7-signature"',
        "more": b"",
        "type": b"application/x-pkcs7-signature",
        "encoding": b"base64",
        "signature": b"MAA=",
        **changes,
    }
    return (
        b"From: a@b.example\r\nContent-Type: %(kind)b%(protocol)b; boundary=b\r\n\r\n--b\r\n\r\nx\r\n--b\r\n"
        b"Content-Type: %(type)b\r\nContent-Transfer-Encoding: %(encoding)b\r\n\r\n%(signature)b\r\n%(more)b--b--\r\n"
        % {name.encode(): value for name, value in parts.items()}
    )


def test_a_signed_message() -> None:
    data = signed(protocol=b'; protocol="Application/PKCS7-Signature"; micalg=SHA-256')
    message = read_signed_message(data, LIMITS)
    assert data[slice(*message.signed.span)] == b"\r\nx"
    assert message.signature == b"0\x00"
    assert message.micalg == "sha-256"
    assert read_signed_message(signed(), LIMITS).micalg is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\r\n\r\nx", Reason.NOT_A_MESSAGE),
        (signed(kind=b"multipart/mixed"), Reason.NOT_PEC),
        (signed(protocol=b""), Reason.MIME_MALFORMED),
        (signed(protocol=b"; protocol=x"), Reason.MIME_MALFORMED),
        (signed(more=b"--b\r\n\r\ny\r\n"), Reason.MIME_MALFORMED),
        (signed(type=b"text/plain"), Reason.MIME_MALFORMED),
        (signed(encoding=b"7bit"), Reason.MIME_MALFORMED),
        (signed(signature=b"M*A="), Reason.MIME_MALFORMED),
        (signed(signature=b"MAA=MAA="), Reason.MIME_MALFORMED),
        (signed(signature=b"MAA"), Reason.MIME_MALFORMED),
        (signed(signature=b"-----BEGIN-----"), Reason.MIME_MALFORMED),
    ],
)
def test_what_is_no_signed_message(data: bytes, expected: Reason) -> None:
    with pytest.raises(MimeError) as caught:
        read_signed_message(data, LIMITS)
    assert caught.value.reason is expected


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_the_message_is_bounded(excess: int) -> None:
    data = signed()
    limits = Limits(message_bytes=len(data) - excess)
    if excess > 0:
        with pytest.raises(MimeError) as caught:
            read_signed_message(data, limits)
        assert caught.value.reason is Reason.LIMIT_EXCEEDED
    else:
        assert read_signed_message(data, limits).signature


def nested(levels: int) -> bytes:
    data = b"\r\nx"
    for level in range(levels):
        data = b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n%b\r\n--b%d--" % (
            level,
            level,
            data,
            level,
        )
    return data


@pytest.mark.parametrize("depth", [7, 8, 9])
def test_depth_is_bounded(depth: int) -> None:
    data = nested(depth - 1)
    root = read_part(data, (0, len(data)), LIMITS)
    if depth <= LIMITS.mime_depth:
        assert [data[slice(*leaf.body)] for leaf in walk_signed_tree(data, root, LIMITS)] == [b"x"]
    else:
        with pytest.raises(MimeError) as caught:
            walk_signed_tree(data, root, LIMITS)
        assert caught.value.reason is Reason.LIMIT_EXCEEDED


def test_parts_of_the_whole_tree_are_counted() -> None:
    inner = b"Content-Type: multipart/mixed; boundary=c\r\n\r\n" + b"--c\r\n\r\nx\r\n" * 60 + b"--c--"
    data = MIXED + (b"--b\r\n" + inner + b"\r\n") * 2 + b"--b--"
    root = read_part(data, (0, len(data)), LIMITS)
    with pytest.raises(MimeError) as caught:
        walk_signed_tree(data, root, LIMITS)
    assert caught.value.reason is Reason.LIMIT_EXCEEDED


def test_leaves_come_in_order_and_attached_messages_are_leaves() -> None:
    inner = b"Content-Type: message/rfc822\r\n\r\n" + MIXED + b"--b--"
    data = MIXED.replace(b'"b"', b'"o"') + b"--o\r\n\r\n1\r\n--o\r\n" + inner + b"\r\n--o--"
    leaves = walk_signed_tree(data, read_part(data, (0, len(data)), LIMITS), LIMITS)
    assert [leaf.media_type for leaf in leaves] == ["text/plain", "message/rfc822"]


@pytest.mark.parametrize(
    ("encoding", "body", "decoded"),
    [
        (b"7bit", b"a=\r\n", b"a=\r\n"),
        (b"binary", b"\x00", b"\x00"),
        (b"quoted-printable", b"a=E8=\r\nb", b"a\xe8b"),
        (b"BASE64", b"YW Jj\r\n\tZA==\r\n", b"abcd"),
    ],
)
def test_transfer_encodings(encoding: bytes, body: bytes, decoded: bytes) -> None:
    data = b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + body
    part = read_part(data, (0, len(data)), LIMITS)
    assert decode_body(data, part, most=len(body)) == decoded
    with pytest.raises(MimeError) as caught:
        decode_body(data, part, most=len(body) - 1)
    assert caught.value.reason is Reason.LIMIT_EXCEEDED


@given(st.text("\r\nx", max_size=60).map(str.encode), st.integers(2, 9))
def test_canonical_form_does_not_depend_on_the_chunks(data: bytes, size: int) -> None:
    span = (1, max(len(data) - 1, 1))
    whole = data[slice(*span)].replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    patch = pytest.MonkeyPatch()
    with patch.context() as context:
        context.setattr(_mime, "_CHUNK_BYTES", size)
        assert b"".join(canonical_chunks(data, span)) == whole


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    with pytest.raises(MimeError):
        read_signed_message(data, LIMITS)
