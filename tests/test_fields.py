"""Decoded values of unsigned fields: one mailbox or none, and best effort without an exception for the rest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify._fields import (
    Mailbox,
    addresses,
    decode_charset,
    decode_text,
    message_id,
    parse_date,
    parse_mailbox,
    same_address,
)
from pecverify._header import Header


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
        # A special in an unquoted display name: readers take what stands before it for the address.
        b"evil@c.example <a@b.example>",
        b"evil@c.example (x) <a@b.example>",
        b"Per conto di: evil@c.example <a@b.example>",
        b"@c.example:<a@b.example>",
        b"x ( <a@b.example>",
        b"x ) <a@b.example>",
        b"[x] <a@b.example>",
        b"x\\ <a@b.example>",
        b"x\x01 <a@b.example>",
        b"x\x7f <a@b.example>",
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
        ("perché".encode("latin-1"), "perch\ufffd"),
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


# --- limits


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_a_mailbox_is_bounded(excess: int) -> None:
    body = b" <a@b.example>".rjust(2000 + excess, b"x")
    assert (parse_mailbox(body) is None) == (excess > 0)


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_encoded_words_are_decoded_up_to_a_length(excess: int) -> None:
    body = b"=?utf-8?q?=C3=A8?= ".ljust(4000 + excess, b"x")
    assert decode_text(body).startswith("=?" if excess > 0 else "è x")


# --- what other readers take for an address (T71, T73)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b'"a@b.example" c@d.example', id="t071-quoted-address-before-another"),
        pytest.param(b"a@b.example <c@d.example", id="t071-angle-not-closed"),
        pytest.param(b"a@b.example c@d.example>", id="t071-angle-not-opened"),
        pytest.param(b"<a@b.example><c@d.example>", id="t071-two-angles"),
        pytest.param(b"a@b.example,<c@d.example>", id="t071-list"),
        pytest.param(b"<@relay.example:a@b.example>", id="t071-source-route"),
        pytest.param(b'"a b"@c.example', id="t071-quoted-local-part"),
        pytest.param(b"a@[127.0.0.1]", id="t071-domain-literal"),
        pytest.param(b"gruppo:a@b.example;", id="t071-group"),
        pytest.param(b"a@b.example\x00", id="t050-nul"),
        pytest.param(b"<a@b.example\x00@c.example>", id="t050-nul-before-the-domain"),
        pytest.param(b"a@=?utf-8?q?b.example?=", id="t071-encoded-word-as-domain"),
        pytest.param("a@bücher.example".encode(), id="t073-domain-not-ascii"),
        pytest.param(b"\xd0\xb0@b.example", id="t073-cyrillic-a"),
    ],
)
def test_no_mailbox_where_readers_disagree(body: bytes) -> None:
    assert parse_mailbox(body) is None


def test_an_address_in_the_display_name_is_not_the_address() -> None:
    assert parse_mailbox(b'"vittima@b.example" <altro@c.example>') == ("vittima@b.example", "altro@c.example")


def test_a_bare_display_name_ends_before_its_blanks() -> None:
    assert parse_mailbox(b"Posta Certificata \t<a@b.example>") == Mailbox("Posta Certificata", "a@b.example")


def test_a_quote_that_never_ends_hides_nothing() -> None:
    assert addresses((b'"x" <a@b.example>, "c <d@e.example>, f@g.example',)) == {
        "a@b.example",
        "d@e.example",
        "f@g.example",
    }
    assert addresses((b'a@b.example, "' + b'\\"' * 30_000,)) == {"a@b.example"}
    assert addresses((b'a@b.example, "c\\',)) == {"a@b.example"}


def test_a_list_ignores_addresses_in_display_names() -> None:
    assert addresses((b'"a@b.example, c@d.example" <E@f.example>, "x" <g@h.example>',)) == {
        "e@f.example",
        "g@h.example",
    }


@pytest.mark.parametrize(
    "charset", ["utf-7", "utf-16", "rot13", "punycode", "raw_unicode_escape", "mbcs", "", " utf-8"]
)
def test_charset_tricks(charset: str) -> None:
    """T73: only the usual character sets are decoded as such; UTF-7's markup stays text."""
    assert decode_charset(b"+ADw-", charset) == "+ADw-"


def test_the_usual_charsets() -> None:
    assert decode_charset(b"\xc3\xa8", None) == "è"
    assert decode_charset(b"\xc3\xa8", "UTF-8") == "è"
    assert decode_charset(b"\xa4", "iso-8859-15") == "€"
    assert decode_charset(b"\x80", "Windows-1252") == "€"
    assert decode_charset(b"\x81", "windows-1252") == "\ufffd"
    assert decode_charset(b"\xe8", "us-ascii") == "\ufffd"


def test_encoded_words_cannot_break_a_line() -> None:
    assert decode_text(b"=?utf-8?q?a=0D=0AFrom:_b?=") == "a From: b"


def test_bug_raw_bytes_beside_an_encoded_word_are_not_spelled_out() -> None:
    """What is not ASCII is read like that in a field without encoded words: never as a backslash and its code."""
    assert "\\" not in decode_text("è =?utf-8?q?x?=".encode())


# --- identifiers


@pytest.mark.parametrize(
    ("body", "identifier"),
    [
        (b"<a@b>", "a@b"),
        (b" < a @\tb > ", "a@b"),
        (b"<<a@b>>", "<a@b>"),
        (b"a@b", "a@b"),
        (b"", ""),
        (b"<\xe8@b>", "\ufffd@b"),
    ],
)
def test_identifiers(body: bytes, identifier: str) -> None:
    assert message_id(body) == identifier


# --- dates


@pytest.mark.parametrize(
    ("body", "instant"),
    [
        (b"Fri, 15 Mar 2024 10:20:30 +0100", datetime(2024, 3, 15, 9, 20, 30, tzinfo=UTC)),
        (b"15 Mar 2024 10:20:30 GMT", datetime(2024, 3, 15, 10, 20, 30, tzinfo=UTC)),
        (b"Fri, 15 Mar 2024 10:20:30 +0100 (CET)", datetime(2024, 3, 15, 9, 20, 30, tzinfo=UTC)),
    ],
)
def test_dates(body: bytes, instant: datetime) -> None:
    assert parse_date(Header({b"date": (body,)})) == instant


def test_a_date_keeps_its_zone() -> None:
    date = parse_date(Header({b"date": (b"Fri, 15 Mar 2024 10:20:30 +0100",)}))
    assert date is not None
    assert date.tzinfo == timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "bodies",
    [
        pytest.param((), id="absent"),
        pytest.param((b"Fri, 15 Mar 2024 10:20:30 +0100",) * 2, id="repeated"),
        pytest.param((b"Fri, 15 Mar 2024 10:20:30 -0000",), id="without-a-zone"),
        pytest.param((b"",), id="empty"),
        pytest.param((b"ieri",), id="unreadable"),
        pytest.param((b"Fri, 32 Mar 2024 10:20:30 +0100",), id="no-such-day"),
        pytest.param((b"Fri, 15 Mar 2024 10:20:30 +9999",), id="no-such-zone"),
        pytest.param((b"Fri, 15 Mar 2024 10:20:30 +" + b"9" * 30,), id="zone-beyond-any"),
        pytest.param((b"Fri, 15 Mar " + b"9" * 30 + b" 10:20:30 +0100",), id="year-beyond-any"),
        pytest.param((b"Fri, 15 Mar " + b"9" * 5000 + b" 10:20:30 +0100",), id="year-of-5000-digits"),
        pytest.param((b"\xff",), id="not-ascii"),
    ],
)
def test_no_date(bodies: tuple[bytes, ...]) -> None:
    assert parse_date(Header({b"date": bodies} if bodies else {})) is None


# --- whatever comes in

_PIECES = [
    b"=?utf-8?q?",
    b"=?x?b?",
    b"?=",
    b"=E8",
    b"YQ==",
    b'"',
    b"\\",
    b"<",
    b">",
    b"@",
    b"a",
    b".b",
    b",",
    b":",
    b";",
]
_BODIES = st.lists(st.sampled_from([*_PIECES, b" ", b"\t", b"(", b")", b"\xe8", b"\x1c", b"\x85"]), max_size=20).map(
    b"".join
)


@given(_BODIES | st.binary(max_size=100))
def test_any_bytes(body: bytes) -> None:
    text = decode_text(body)
    assert text == " ".join(text.split())
    assert text.encode("utf-8").decode("utf-8") == text
    mailbox = parse_mailbox(body)
    assert mailbox is None or (mailbox.address.count("@") == 1 and mailbox.address.encode("ascii") in body)
    assert all(address.count("@") == 1 for address in addresses((body,)))
    assert not any(character.isspace() for character in message_id(body))


_DATE_PIECES = [
    "Fri,",
    "15",
    "Mar",
    "2024",
    "24",
    "0",
    "9999",
    "10:20:30",
    "10.20",
    "24:00:00",
    "23:59:60",
    "+0100",
    "GMT",
]
_DATES = st.lists(st.sampled_from([*_DATE_PIECES, "-0000", "+9999", "1" * 30, "(x)", "è", ":", ",", "-"]), max_size=8)


@given(_DATES.map(lambda pieces: " ".join(pieces).encode()) | st.binary(max_size=40))
def test_any_date(body: bytes) -> None:
    date = parse_date(Header({b"date": (body,)}))
    assert date is None or date.utcoffset() is not None
