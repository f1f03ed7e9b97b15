"""Header blocks and structured fields: one reading, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Reason
from pecverify._fields import addresses, decode_charset, decode_text, message_id, parse_mailbox, same_address
from pecverify._header import MimeError, find_header, parse_header, parse_parameterized


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_block_and_its_body(line_end: bytes) -> None:
    lines = [b"Subject: uno", b" due \t", b"\ttre", b"X: y", b"", b"corpo"]
    data = line_end.join(lines)
    stop, body = find_header(data, 0, len(data), 1000)
    assert data[stop:body] == line_end
    assert data[body:] == b"corpo"
    header = parse_header(data[:stop])
    assert header.all("subject") == (b"uno due \t\ttre",)
    assert header.only("X") == b"y"
    assert header.only("Y") is None


def test_blanks_at_a_fold_belong_to_the_value() -> None:
    assert parse_header(b"A: x  \r\n  y\r\n").all("a") == (b"x    y",)


def test_a_block_without_body() -> None:
    assert find_header(b"A: b\r\n", 0, 6, 1000) == (6, 6)
    assert parse_header(b"A: b").all("A") == (b"b",)
    assert parse_header(b"").bodies == {}


@pytest.mark.parametrize("empty_line", [b"\r\n", b"\n"])
def test_an_empty_header(empty_line: bytes) -> None:
    assert find_header(empty_line + b"corpo", 0, 10, 1000) == (0, len(empty_line))


@pytest.mark.parametrize("excess", [-1, 0, 1])
@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("with_body", [True, False])
def test_size_is_bounded(excess: int, line_end: bytes, with_body: bool) -> None:  # noqa: FBT001
    block = b"A: ".ljust(200 + excess - len(line_end), b"x") + line_end
    data = block + (line_end + b"corpo" if with_body else b"")
    if excess > 0:
        with pytest.raises(MimeError) as caught:
            find_header(data, 0, len(data), 200)
        assert caught.value.reason is Reason.LIMIT_EXCEEDED
    else:
        assert find_header(data, 0, len(data), 200)[0] == len(block)


@pytest.mark.parametrize("data", [b"", b"\x00", b"corpo", b" A: b", b": b", b"From a@b Fri\n\nx", b"\xef\xbb\xbfA: b"])
def test_what_is_no_message(data: bytes) -> None:
    with pytest.raises(MimeError) as caught:
        find_header(data, 0, len(data), 1000)
    assert caught.value.reason is Reason.NOT_A_MESSAGE


@pytest.mark.parametrize(
    "block",
    [
        b"A: b\r\n \r\nC: d",
        b"A: b\n\t\n",
        b"A: b\r\nC : d",
        b"A: b\r\nC d",
        b"A: b\r\n: d",
        b"A: b\0c",
        b"A: b\rC: d",
        b"A: b\r\r\n",
        b"A\xe8: b",
        b"x" * 201 + b": y",
    ],
)
def test_malformed_blocks(block: bytes) -> None:
    with pytest.raises(MimeError) as caught:
        parse_header(block)
    assert caught.value.reason is Reason.MIME_MALFORMED


def test_a_repeated_field() -> None:
    header = parse_header(b"A: b\r\na: c")
    assert header.all("A") == (b"b", b"c")
    with pytest.raises(MimeError):
        header.only("A")


@pytest.mark.parametrize(
    ("body", "value", "parameters"),
    [
        (b"text/plain", "text/plain", {}),
        (b"Text/PLAIN; Charset=UTF-8", "text/plain", {"charset": "UTF-8"}),
        (b'a/b; x="c;d\\"e" ; y=z', "a/b", {"x": 'c;d"e', "y": "z"}),
        (b"a/b;", "a/b", {}),
        (b"a/b; ", "a/b", {}),
        (b"inline; filename=daticert.xml", "inline", {"filename": "daticert.xml"}),
        (b"a/b; name*=utf-8''x", "a/b", {"name*": "utf-8''x"}),
        ('a/b; name="è"'.encode(), "a/b", {"name": "è"}),
    ],
)
def test_parameters(body: bytes, value: str, parameters: dict[str, str]) -> None:
    parsed = parse_parameterized(body)
    assert (parsed.value, parsed.parameters) == (value, parameters)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"/b",
        b"a/b x",
        b"a/b (x)",
        b"a/b; x",
        b"a/b; x=",
        b'a/b; x="y',
        b"a/b; x=y; X=z",
        b"a/b; x=y z",
        b"a/b;;",
        b"\xe8",
    ],
)
def test_malformed_parameters(body: bytes) -> None:
    with pytest.raises(MimeError) as caught:
        parse_parameterized(body)
    assert caught.value.reason is Reason.MIME_MALFORMED


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    for read in (parse_header, parse_parameterized, lambda block: find_header(block, 0, len(block), 50)):
        try:
            read(data)
        except MimeError:
            continue


# --- decoded values


@pytest.mark.parametrize(
    ("body", "name", "address"),
    [
        (b"a@b.example", "", "a@b.example"),
        (b"<a@b.example>", "", "a@b.example"),
        (b"Mario Rossi <a.b+c@d-e.example>", "Mario Rossi", "a.b+c@d-e.example"),
        (b'"Per conto di: x@y.example" <a@b.example>', "Per conto di: x@y.example", "a@b.example"),
        (b'"a\\"b" <a@b.example>', 'a"b', "a@b.example"),
        (b"=?utf-8?q?Per=C3=B2?= <a@b.example>", "Però", "a@b.example"),
    ],
)
def test_one_mailbox(body: bytes, name: str, address: str) -> None:
    mailbox = parse_mailbox(body)
    assert mailbox is not None
    assert (mailbox.display_name, mailbox.address) == (name, address)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"a",
        b"a@b@c",
        b"a@b, c@d",
        b"<a@b> <c@d>",
        b"a@b (x)",
        b"<a@b>x",
        b'"a@b',
        b"<>",
        b"a b@c",
        b".a@b",
        b"a@b.",
        b"x; <a@b>",
        "è <a@b>".encode(),
        b"a@=?utf-8?q?b?=",
        b"x" * 2000 + b" <a@b>",
    ],
)
def test_anything_else_is_no_mailbox(body: bytes) -> None:
    assert parse_mailbox(body) is None


@pytest.mark.parametrize(
    ("bodies", "found"),
    [
        ((), set()),
        ((b"a@b.example, C@d.example",), {"a@b.example", "c@d.example"}),
        ((b'"x, y@z" <a@b.example>', b"c@d.example"), {"a@b.example", "c@d.example"}),
        ((b"gruppo: a@b.example, c@d.example;",), {"a@b.example", "c@d.example"}),
        ((b"undisclosed-recipients:;",), set()),
        ((b"(" * 50_000,), set()),
    ],
)
def test_lists_of_addresses(bodies: tuple[bytes, ...], found: set[str]) -> None:
    assert addresses(bodies) == found


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"a  b\t c", "a b c"),
        (b"=?iso-8859-1?q?perch=E9?=", "perché"),
        (b"=?utf-8?b?cGVyY2jDqQ==?= =?utf-8?q?_no?=", "perché no"),
        (b"x =?undefined?q?=E9?= y", "x é y"),
        (b"=?utf-8?b?a?=", "=?utf-8?b?a?="),
        ("perché".encode("latin-1"), "perch?"),
        (b"=?utf-8?q?a?=" * 1000, "=?utf-8?q?a?=" * 1000),
    ],
)
def test_text(body: bytes, text: str) -> None:
    assert decode_text(body) == text


@pytest.mark.parametrize("charset", ["undefined", "idna", "unicode_escape", "hex", "x\0y", "utf-7"])
def test_odd_charsets_are_latin_1(charset: str) -> None:
    assert decode_charset(b"\\q\xe8", charset) == "\\qè"


def test_identifiers_and_addresses() -> None:
    assert message_id(b" <a@b .c>") == "a@b.c"
    assert message_id(b"a") == "a"
    assert same_address("A@B", "a@b")
    assert not same_address("a@b", "a@c")
