"""Header blocks and structured fields: one reading, or none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Reason
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


def test_a_field_repeated_as_often_as_it_fits() -> None:
    assert parse_header(b"".join(b"a:%d\r\n" % number for number in range(8_000))).all("a") == tuple(
        b"%d" % number for number in range(8_000)
    )


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


# --- where the header ends


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"A: b\r\n\r\nx\n\ny", (6, 8)),
        (b"A: b\n\nx\r\n\r\ny", (5, 6)),
        (b"A: b\n\r\nx", (5, 7)),
        (b"A: b\r\n\nx", (6, 7)),
        (b"A: b\n\n\r\nx", (5, 6)),
        (b"A: b\r\n\r\n\r\nx", (6, 8)),
        (b"A: b\n\n\nx", (5, 6)),
    ],
)
def test_the_first_empty_line_ends_the_header(data: bytes, expected: tuple[int, int]) -> None:
    assert find_header(data, 0, len(data), 1000) == expected


def test_bug_an_empty_line_by_crlf_before_a_body_that_starts_with_lf() -> None:
    data = b"A: b\r\n\r\n\nx"
    assert find_header(data, 0, len(data), 1000) == (6, 8)


@given(st.lists(st.sampled_from([b"A: b", b" c", b"x"]), max_size=4), st.lists(st.booleans(), min_size=12, max_size=12))
def test_line_ends_may_be_mixed(lines: list[bytes], crlf: list[bool]) -> None:
    """Whatever the line ends, and short of an LF that follows a CRLF empty line, the first empty line is found."""
    ends = [b"\r\n" if each else b"\n" for each in crlf]
    block = b"A: b" + ends[0] + b"".join(line + end for line, end in zip(lines, ends[1:], strict=False))
    data = block + ends[-1] + b"x" + ends[-2] + ends[-3]
    assert find_header(data, 0, len(data), 1000) == (len(block), len(block) + len(ends[-1]))


def test_offsets_are_those_of_the_message() -> None:
    data = b"--b\r\nA: b\r\n\r\nx\r\n--b"
    assert find_header(data, 5, 14, 1000) == (11, 13)
    assert find_header(data, 5, 12, 1000) == (12, 12)
    assert find_header(data, 3, len(data), 1000) == (3, 5)


def test_where_it_is_no_message_and_where_it_is_too_long() -> None:
    data = b"x" * 100
    for stop, where in ((79, (0, 79)), (80, (0, 80)), (81, (0, 80))):
        with pytest.raises(MimeError) as caught:
            find_header(data, 0, stop, 1000)
        assert caught.value.span == where
    with pytest.raises(MimeError) as caught:
        find_header(b"A: " + data + b"\n\nx", 0, 106, 50)
    assert (caught.value.reason, caught.value.span) == (Reason.LIMIT_EXCEEDED, (0, 53))


# --- attacks


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(b"A: b\r\n \r\nFrom: c@d.example\r\n", id="t064-line-of-blanks-that-some-take-for-the-end"),
        pytest.param(b"A: b\r\n\t \t\r\n", id="t064-line-of-blanks-at-the-end"),
        pytest.param(b"A: b\rFrom: c@d.example\r\n", id="t063-bare-cr"),
        pytest.param(b"A: b\r", id="t063-bare-cr-at-the-end"),
        pytest.param(b"A: b\x00\r\n", id="t063-nul"),
        pytest.param(b"A: b\r\nFrom : c@d.example\r\n", id="t071-blank-before-the-colon"),
        pytest.param(b"A: b\r\nFrom\r\n : c@d.example\r\n", id="t071-name-folded"),
        pytest.param(b"A: b\r\nFr\xf6m: c@d.example\r\n", id="t071-name-not-ascii"),
        pytest.param(b" A: b\r\n", id="t071-starts-folded"),
        pytest.param(b"A: b\r\n\r\n", id="t064-empty-line-inside"),
    ],
)
def test_attacks_on_blocks(block: bytes) -> None:
    with pytest.raises(MimeError) as caught:
        parse_header(block)
    assert caught.value.reason is Reason.MIME_MALFORMED


@pytest.mark.parametrize("size", [199, 200, 201])
def test_names_are_bounded(size: int) -> None:
    name = b"x" * size
    if size <= 200:
        assert parse_header(name + b": y").all(name.decode()) == (b"y",)
        assert find_header(name + b": y", 0, size + 3, 1000) == (size + 3, size + 3)
    else:
        with pytest.raises(MimeError):
            parse_header(name + b": y")
        with pytest.raises(MimeError):
            find_header(name + b": y", 0, size + 3, 1000)


def test_t059_only_names_the_repeated_field() -> None:
    header = parse_header(b"Content-Type: a/b\r\nX: y\r\ncontent-TYPE: a/b\r\n")
    with pytest.raises(MimeError) as caught:
        header.only("Content-Type")
    assert (caught.value.reason, caught.value.detail, caught.value.span) == (
        Reason.MIME_MALFORMED,
        "repeated Content-Type",
        None,
    )


def test_fields_come_in_order_whatever_lies_between() -> None:
    header = parse_header(b"To: 1\nX: 0\nTO: 2\nto:3\n")
    assert header.all("to") == (b"1", b"2", b"3")
    assert header.bodies == {b"to": (b"1", b"2", b"3"), b"x": (b"0",)}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"multipart/signed; boundary=a; boundary=b", id="t060-two"),
        pytest.param(b'multipart/signed; boundary=a; Boundary="a"', id="t060-two-equal"),
        pytest.param(b"multipart/signed; boundary(x)=a", id="t060-comment-in-the-name"),
        pytest.param(b"multipart/signed; boundary=a (x)", id="t060-comment-behind"),
        pytest.param(b"multipart/signed (x); boundary=a", id="t060-comment-before"),
        pytest.param(b"multipart / signed; boundary=a", id="t060-blanks-in-the-type"),
        pytest.param(b"multipart/signed; boundary = a", id="t060-blanks-around-the-sign"),
        pytest.param(b"multipart/signed; boundary=a, x", id="t060-comma"),
        pytest.param(b"multipart/signed; boundary=a/b", id="t060-slash-not-quoted"),
        pytest.param(b'multipart/signed; boundary="a"b', id="t060-text-after-the-quotes"),
        pytest.param(b'multipart/signed; boundary="a\x0bb"', id="t060-control-in-the-quotes"),
        pytest.param(b'multipart/signed; boundary="a\\\x80"', id="t060-quoted-pair-not-ascii"),
        pytest.param(b"=?us-ascii?q?multipart/signed?=; boundary=a", id="t060-encoded-word"),
        pytest.param(b"multipart/signed boundary=a", id="t060-no-semicolon"),
    ],
)
def test_attacks_on_parameters(body: bytes) -> None:
    with pytest.raises(MimeError) as caught:
        parse_parameterized(body)
    assert caught.value.reason is Reason.MIME_MALFORMED


def test_extended_parameters_stay_apart() -> None:
    """T60: a boundary by RFC 2231 is not joined here; who asks for `boundary` does not find it."""
    assert parse_parameterized(b"a/b; boundary*0=x; boundary*1=y; boundary*=us-ascii''z").parameters == {
        "boundary*0": "x",
        "boundary*1": "y",
        "boundary*": "us-ascii''z",
    }


_NAMES = st.text("!#-9;AZaz~", min_size=1, max_size=8).map(str.encode)
_LINES = st.binary(max_size=12).map(lambda line: line.translate(None, b"\0\r\n"))


@given(
    st.lists(
        st.tuples(_NAMES, _LINES, st.lists(_LINES.filter(lambda line: line.strip(b" \t")), max_size=2)), max_size=5
    )
)
def test_every_field_is_read_back(fields: list[tuple[bytes, bytes, list[bytes]]]) -> None:
    """Written with CRLF or LF, folded or not, a field's body is its lines joined by what folded them."""
    lines = [name + b":" + b"\n ".join([first, *others]) + b"\n" for name, first, others in fields]
    expected: dict[bytes, tuple[bytes, ...]] = {}
    for name, first, others in fields:
        key = name.lower()
        expected[key] = (*expected.get(key, ()), b" ".join([first, *others]).strip(b" \t"))
    for block in (b"".join(lines), b"".join(lines).replace(b"\n", b"\r\n")):
        assert parse_header(block).bodies == expected


_TOKENS = st.text("!#$%&'*+-.09AZ^_`az{|}~", min_size=1, max_size=8)
_QUOTABLE = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x2FF, exclude_characters="\x7f"), max_size=8)


@given(_TOKENS, _TOKENS, st.dictionaries(_TOKENS.map(str.lower), _QUOTABLE, max_size=4))
def test_every_parameter_is_read_back(kind: str, subtype: str, parameters: dict[str, str]) -> None:
    quoted = [
        f'; {name}="{value.translate({0x22: chr(92) + chr(34), 0x5C: chr(92) * 2})}"'
        for name, value in parameters.items()
    ]
    parsed = parse_parameterized(f"{kind}/{subtype}{''.join(quoted)}".encode())
    assert (parsed.value, parsed.parameters) == (f"{kind}/{subtype}".lower(), parameters)
