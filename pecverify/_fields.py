"""Decoded values of unsigned header fields, for comparison only.

From and Sender go through one strict pattern: a reader and a verifier must see the same address. Lists of recipients,
subjects and dates are read as well as they can be; they never carry a verdict.
"""

from __future__ import annotations

import contextlib
import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from pecverify._header import Header

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDR_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_PHRASE = r"""[^"<>,;:@()\[\]\\\x00-\x08\x0a-\x1f\x7f]*?"""
"""An unquoted display name: with a special in it, readers find another address than a verifier (RFC 5322 §3.2.3)."""
_MAILBOX = re.compile(
    rf"""(?:(?P<display>"(?:[^"\\]|\\.)*"|{_PHRASE})[ \t]*<(?P<angle>{_ADDR_SPEC})>|(?P<bare>{_ADDR_SPEC}))"""
)
_QUOTED_STRING = re.compile(r'"(?:[^"\\]|\\.?)*+("?)')
"""One that never ends matches too, to the end: else every quote in it would be tried as a beginning."""
_ANGLE_ADDRESS = re.compile(r"<[ \t]*([^<>@\s]+@[^<>@\s]+)[ \t]*>")
_BARE_ADDRESS = re.compile(r"(?:[^:@]*:)?\s*([^:@;\s]+@[^:@;\s]+)\s*;?")
_BLANKS = re.compile(r"\s+")
_LONGEST_DECODED = 4_000
"""Bytes of a field that are decoded: the standard library's pattern for encoded words is quadratic in them."""
_LONGEST_MAILBOX = 2_000
"""Characters of a From that are looked at: the pattern's cost is bounded with them."""
_CHARSETS = frozenset({"us-ascii", "ascii", "utf-8", "iso-8859-1", "iso-8859-15", "windows-1252"})
"""Character sets that are decoded; Python's codecs under other names include some that raise or warn by design."""


class Mailbox(NamedTuple):
    """One address with its display name."""

    display_name: str
    """Decoded; empty where there is none."""
    address: str
    """As written."""


def decode_text(body: bytes) -> str:
    """An unstructured field's text, encoded words decoded where that is possible, blanks collapsed (RFC 2047)."""
    chunks: list[tuple[bytes | str, str | None]] = [(body, None)]
    if b"=?" in body and len(body) <= _LONGEST_DECODED:
        # As ISO-8859-1, the one form in which the library gives back the bytes that are not ASCII as they are.
        with contextlib.suppress(HeaderParseError):
            chunks = decode_header(body.decode("iso-8859-1"))
    text = "".join(
        decode_charset(chunk.encode("iso-8859-1") if isinstance(chunk, str) else chunk, charset)
        for chunk, charset in chunks
    )
    return _BLANKS.sub(" ", text).strip()


def decode_charset(data: bytes, charset: str | None) -> str:
    """Text in a declared character set: as UTF-8 if none is declared, as ISO-8859-1 if it is not one of the usual."""
    name = (charset or "utf-8").lower()
    return data.decode(name if name in _CHARSETS else "iso-8859-1", "replace")


def parse_mailbox(body: bytes) -> Mailbox | None:
    """The one mailbox of From or Sender; None if it is anything but one plain ASCII mailbox (RFC 5322 §3.4)."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        return None
    match = _MAILBOX.fullmatch(text) if len(text) <= _LONGEST_MAILBOX else None
    if match is None:
        return None
    display_name = match["display"] or ""
    if display_name.startswith('"'):
        display_name = re.sub(r"\\(.)", r"\1", display_name[1:-1])
    return Mailbox(decode_text(display_name.encode("ascii")), match["angle"] or match["bare"])


def addresses(bodies: tuple[bytes, ...]) -> frozenset[str]:
    """Every address in To-like fields, for comparison: case folded."""
    found = set()
    for body in bodies:
        unquoted = _QUOTED_STRING.sub(lambda quoted: " " if quoted[1] else quoted[0], body.decode("utf-8", "replace"))
        for item in unquoted.split(","):
            match = _ANGLE_ADDRESS.search(item) or _BARE_ADDRESS.fullmatch(item.strip())
            if match is not None:
                found.add(address_key(match[1]))
    return frozenset(found)


def message_id(body: bytes) -> str:
    """A message identifier without blanks and angle brackets."""
    return _BLANKS.sub("", body.decode("ascii", "replace")).removeprefix("<").removesuffix(">")


def parse_date(header: Header) -> datetime | None:
    """The Date field as an aware datetime; None if absent, repeated, unreadable or without a zone."""
    bodies = header.all("Date")
    if len(bodies) != 1:
        return None
    try:
        date = parsedate_to_datetime(bodies[0].decode("ascii", "replace"))
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return date if date.utcoffset() is not None else None


def address_key(address: str) -> str:
    """What two addresses have in common if they are one mailbox for PEC: case does not count (RFC 6109 §2.2.2)."""
    return address.casefold()


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox for PEC: compared without case (RFC 6109 §2.2.2)."""
    return address_key(one) == address_key(other)
