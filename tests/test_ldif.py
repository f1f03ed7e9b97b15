"""LDIF: records, folding, base64, and what is refused."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify.trust._ldif import LdifError, Record, parse_ldif


def parse(text: str | bytes) -> list[Record]:
    return list(parse_ldif(text.encode() if isinstance(text, str) else text))


@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_records(line_end: str) -> None:
    text = line_end.join(
        [
            "version: 1",
            "# a comment",
            "#  that is",
            "  folded",
            "dn: a=b,c=d",
            "Name: one",
            "name: two",
            "folded: be",
            " ginning",
            "   and end",
            f"binary;binary:: {base64.b64encode(bytes(range(60))).decode()[:40]}",
            f" {base64.b64encode(bytes(range(60))).decode()[40:]}",
            "empty:",
            "1.2.3: by oid",
            "",
            "",
            "dn:: " + base64.b64encode("è=x".encode()).decode(),
            "name: three",
        ]
    )
    first, second = parse(text)
    assert first.name == "a=b,c=d"
    assert first.values("NAME") == ("one", "two")
    assert first.values("folded") == ("beginning  and end",)
    assert first.attributes["binary"] == (bytes(range(60)),)
    assert first.values("empty") == ("",)
    assert first.values("1.2.3") == ("by oid",)
    assert first.values("absent") == ()
    assert second == Record("è=x", {"name": (b"three",)})


def test_a_record_may_begin_without_an_empty_line() -> None:
    """As in the example of RFC 6109 §4.5.10."""
    assert [record.name for record in parse("dn: a\nx: 1\ndn: b\nx: 2")] == ["a", "b"]


def test_a_comment_may_be_the_last_line() -> None:
    assert parse("dn: a\n# end") == [Record("a", {})]
    assert parse("") == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("dn: a\nchangetype: delete", "line 2: a change record"),
        ("dn: a\ncontrol: 1.2.3 true", "line 2: a change record"),
        ("dn: a\nx:< file:///etc/passwd", "line 2: a value to be fetched"),
        ("dn: a\nx:: !!!", "line 2: a value that is not base64"),
        ("dn: a\nx", "line 2: neither"),
        ("dn: a\n-", "line 2: neither"),
        ("dn: a\nx y: z", "line 2: neither"),
        ("dn: a\n\nx: y", "line 3: an attribute outside any entry"),
        ("version: 2\ndn: a", "line 1: an attribute outside any entry"),
        (" x", "line 1: a continuation of nothing"),
        ("dn: a\n\n x", "line 3: a continuation of nothing"),
        (b"dn: \xff", "line 1: a distinguished name"),
    ],
)
def test_refused(text: str | bytes, why: str) -> None:
    with pytest.raises(LdifError, match=why):
        parse(text)


def test_a_value_that_is_no_text() -> None:
    (record,) = parse(b"dn: a\nx: \xff")
    with pytest.raises(LdifError, match="x of 'a' is not UTF-8"):
        record.values("x")


@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    try:
        records = parse(data)
    except LdifError:
        return
    assert all(isinstance(record.name, str) for record in records)


@given(st.lists(st.tuples(st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True), st.binary(max_size=80)), max_size=5))
def test_what_is_written_is_read(attributes: list[tuple[str, bytes]]) -> None:
    attributes = [(name, value) for name, value in attributes if name not in ("dn", "control", "changetype")]
    lines = ["dn: x"]
    for name, value in attributes:
        line = f"{name}:: {base64.b64encode(value).decode()}"
        lines += [line[:40], *(f" {line[start : start + 39]}" for start in range(40, len(line), 39))]
    (record,) = parse("\n".join(lines))
    expected: dict[str, tuple[bytes, ...]] = {}
    for name, value in attributes:
        expected[name] = (*expected.get(name, ()), value)
    assert record.attributes == expected
