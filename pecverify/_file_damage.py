"""What programs do to a whole file, undone: byte-order marks, character sets, line ends, quoting, wrapping.

Each function takes a file's bytes and yields what the file may have been before: at most a few guesses, none where the
damage has left no trace. Nothing is believed of a guess: `damage.py` holds it against the signature. Every one takes
time linear in the file.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from pecverify._header import MimeError
from pecverify._mime import read_part, split_multipart
from pecverify.nested import find_receipts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._mime import Part
    from pecverify.policy import Limits

_UTF_16_MARKS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SINGLE_BYTE_CHARSETS = ("latin-1", "cp1252")
_MBOX_SEPARATOR = re.compile(rb"From [^\n]*\n")
_BLANK_LINES = re.compile(rb"(?:[ \t]*\r?\n)+")
_QUOTED_FROM = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_QUOTED_FROM_ONCE = re.compile(rb"^>(?=From )", re.MULTILINE)
_FROM = re.compile(rb"^(?=>+From )", re.MULTILINE)
_BARE_FROM = re.compile(rb"^(?=>*From )", re.MULTILINE)
_STUFFED_DOT = re.compile(rb"^\.(?=\.)", re.MULTILINE)
_DOT = re.compile(rb"^(?=\.)", re.MULTILINE)
_LONE_CR = re.compile(rb"\r(?!\n)")
_MANY_CR = re.compile(rb"\r\r+\n")
_TWO_LINE_ENDS = re.compile(rb"(\r?\n)\r?\n")
_TAB_WIDTHS = (8, 4, 2)
_FIELD = re.compile(rb"([!-9;-~]+):[^\n]*\n(?:[ \t][^\n]*\n)*")
_DESCRIBES_CONTENT = b"content-"


def without_byte_order_mark(data: bytes) -> Iterator[bytes]:
    """A UTF-8 byte-order mark in front removed."""
    if data.startswith(codecs.BOM_UTF8):
        yield data.removeprefix(codecs.BOM_UTF8)


def from_utf_16(data: bytes) -> Iterator[bytes]:
    """Bytes that a program took for text and wrote as UTF-16, as PowerShell's `>` does."""
    if not data.startswith(_UTF_16_MARKS):
        return
    try:
        text = data.decode("utf-16")
    except UnicodeDecodeError:
        return
    yield from _encodings(text, *_SINGLE_BYTE_CHARSETS, "utf-8")


def utf_8_to_single_bytes(data: bytes) -> Iterator[bytes]:
    """Bytes that a program took for Latin-1 (or Windows-1252) and wrote as UTF-8."""
    if data.isascii():
        return
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return
    yield from _encodings(text, *_SINGLE_BYTE_CHARSETS)


def single_bytes_to_utf_8(data: bytes) -> Iterator[bytes]:
    """UTF-8 that a program read as such and wrote as Latin-1 (or Windows-1252)."""
    if data.isascii():
        return
    for charset in _SINGLE_BYTE_CHARSETS:
        try:
            yield data.decode(charset).encode("utf-8")
        except UnicodeDecodeError:  # five bytes of Windows-1252 are nothing
            continue


def _encodings(text: str, *charsets: str) -> Iterator[bytes]:
    for charset in charsets:
        try:
            yield text.encode(charset)
        except UnicodeEncodeError:
            continue


def without_mbox_separator(data: bytes) -> Iterator[bytes]:
    """The line `From sender date` with which a message starts in an mbox, removed (RFC 4155)."""
    if match := _MBOX_SEPARATOR.match(data):
        yield data[match.end() :]


def without_leading_blank_lines(data: bytes) -> Iterator[bytes]:
    """Blank lines before the header removed: they make all of it a body."""
    if match := _BLANK_LINES.match(data):
        yield data[match.end() :]


def out_of_list_message(data: bytes, limits: Limits) -> Iterator[bytes]:
    """A signed message to which a mailing list added a part: the list's header and the signed entity, put together.

    The list keeps the message's own fields in front and moves those about its content down to the signed entity
    (RFC 2046 §5.1).
    """
    root = _root_unless_signed(data, limits)
    if root is None or not root.media_type.startswith("multipart/"):
        return
    try:
        entities = [read_part(data, span, limits) for span in split_multipart(data, root, limits).parts]
    except MimeError:
        return
    signed = [entity for entity in entities if entity.media_type == "multipart/signed"]
    if len(signed) == 1:
        fields = _FIELD.finditer(data, 0, root.body[0])
        kept = b"".join(field[0] for field in fields if not field[1].lower().startswith(_DESCRIBES_CONTENT))
        yield kept + data[slice(*signed[0].span)]


def out_of_other_message(data: bytes, limits: Limits) -> Iterator[bytes]:
    """The one receipt that another message carries: forwarded, or attached."""
    if _root_unless_signed(data, limits) is None:
        return  # a receipt in the original of a receipt is not what this file was
    nested = find_receipts(data, limits=limits)
    if len(nested) == 1:
        yield nested[0].data


def _root_unless_signed(data: bytes, limits: Limits) -> Part | None:
    """The root of a message that claims no S/MIME signature of its own."""
    try:
        root = read_part(data, (0, len(data)), limits)
    except MimeError:
        return None
    return None if root.is_smime_signed else root


def with_closing_boundary(data: bytes, limits: Limits) -> Iterator[bytes]:
    """The closing boundary of the message, with which it should end, put back."""
    try:
        root = read_part(data, (0, len(data)), limits)
    except MimeError:
        return
    boundary = root.header.content_type.parameters.get("boundary")
    if root.media_type == "multipart/signed" and boundary is not None:
        line_end = b"\r\n" if b"\r\n" in data else b"\n"
        closing = b"--%b--" % boundary.encode()
        # Whatever is left of the closing boundary's line is cut off first.
        last_line = data.rfind(b"\n") + 1
        whole = data[:last_line] if closing.startswith(data[last_line:]) else data + line_end
        yield whole + closing + line_end


def with_other_line_ends(data: bytes) -> Iterator[bytes]:
    """CR CR LF, as of a file converted twice; CR alone; LF where a program wrote CRLF.

    (LF for CRLF, and a mixture of the two, is not here: the verifier reads them as they were signed.)
    """
    if _MANY_CR.search(data):
        yield _MANY_CR.sub(b"\r\n", data)
    if _LONE_CR.search(data):
        yield _LONE_CR.sub(b"\r\n", data)
    if b"\r\n" in data:
        yield data.replace(b"\r\n", b"\n")


def with_single_lines(data: bytes) -> Iterator[bytes]:
    """An empty line after every line, removed."""
    undone, pairs = _TWO_LINE_ENDS.subn(rb"\1", data)
    if pairs and data.count(b"\n") - 2 * pairs in (0, 1):  # all of them, but perhaps the last
        yield undone


def with_from_unquoted(data: bytes) -> Iterator[bytes]:
    """`>From ` at the start of a line, as an mbox writes `From ` (RFC 4155); and the reverse, undone once too often."""
    undone = _QUOTED_FROM.sub(b"", data)
    if undone != data:
        yield undone
        yield _QUOTED_FROM_ONCE.sub(b"", data)
    for pattern in (_BARE_FROM, _FROM):
        if pattern.search(data):
            yield pattern.sub(b">", data)


def with_dots_unstuffed(data: bytes) -> Iterator[bytes]:
    """A dot before a line that starts with one, as SMTP transmits it (RFC 5321 §4.5.2); and the reverse."""
    if _STUFFED_DOT.search(data):
        yield _STUFFED_DOT.sub(b"", data)
    if _DOT.search(data):
        yield _DOT.sub(b".", data)


def with_tabs(data: bytes) -> Iterator[bytes]:
    """Blanks that stand for tabs: at the start of lines, or everywhere."""
    for width in _TAB_WIDTHS:
        blanks = b" " * width
        if blanks not in data:
            continue
        leading = re.compile(rb"^(?:%b)+" % blanks, re.MULTILINE)
        undone = leading.sub(lambda match: b"\t" * (len(match[0]) // width), data)  # noqa: B023 (used at once)
        if undone != data:
            yield undone
        yield data.replace(blanks, b"\t")
