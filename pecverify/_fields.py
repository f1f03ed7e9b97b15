"""Decoded values of unsigned header fields, for comparison only.

From and Sender go through one strict pattern: a reader and a verifier must see the same address. Lists of recipients,
subjects and dates are read as well as they can be; they never carry a verdict.
"""

from __future__ import annotations

import re
from email.errors import HeaderParseError
from email.header import decode_header
from email.utils import getaddresses, parsedate_to_datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from datetime import datetime

    from pecverify._header import Header

_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_ADDR_SPEC = rf"{_ATOM}(?:\.{_ATOM})*@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*"
_MAILBOX = re.compile(
    rf"""(?:(?P<display>"(?:[^"\\]|\\.)*"|[^"<>,;]*?)[ \t]*<(?P<angle>{_ADDR_SPEC})>|(?P<bare>{_ADDR_SPEC}))"""
)
_BLANKS = re.compile(r"\s+")
_WIDEST_MAILBOX = 2_000
"""Characters of a From that are looked at: the pattern's cost is bounded with them."""


class Mailbox(NamedTuple):
    """One address with its display name."""

    display_name: str
    """Decoded; empty where there is none."""
    address: str
    """As written."""


def decode_text(body: bytes) -> str:
    """An unstructured field's text, encoded words decoded where that is possible, blanks collapsed (RFC 2047)."""
    raw = body.decode("ascii", "surrogateescape")
    if b"=?" not in body and body.isascii():
        return _BLANKS.sub(" ", raw)  # the common case
    text = ""
    try:
        for chunk, charset in decode_header(raw):
            text += chunk if isinstance(chunk, str) else _decode_chunk(chunk, charset)
    except (HeaderParseError, ValueError):
        text = raw
    return _BLANKS.sub(" ", text.encode("utf-8", "replace").decode("utf-8")).strip()


def _decode_chunk(chunk: bytes, charset: str | None) -> str:
    try:
        return chunk.decode(charset or "utf-8", "replace")
    except LookupError:
        return chunk.decode("latin-1")


def parse_mailbox(body: bytes) -> Mailbox | None:
    """The one mailbox of From or Sender; None if it is anything but one plain ASCII mailbox (RFC 5322 §3.4)."""
    try:
        text = body.decode("ascii")
    except UnicodeDecodeError:
        return None
    match = _MAILBOX.fullmatch(text) if len(text) <= _WIDEST_MAILBOX else None
    if match is None:
        return None
    display_name = match["display"] or ""
    if display_name.startswith('"'):
        display_name = re.sub(r"\\(.)", r"\1", display_name[1:-1])
    return Mailbox(decode_text(display_name.encode("ascii")), match["angle"] or match["bare"])


def addresses(bodies: tuple[bytes, ...]) -> frozenset[str]:
    """Every address in To-like fields, for comparison: case folded."""
    mailboxes = [parse_mailbox(body) for body in bodies]
    plain = {mailbox.address for mailbox in mailboxes if mailbox is not None}
    rest = [body.decode("utf-8", "replace") for body, read in zip(bodies, mailboxes, strict=True) if read is None]
    listed = {address for _, address in getaddresses(rest) if "@" in address} if rest else set()
    return frozenset(address.casefold() for address in plain | listed)


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


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one mailbox for PEC: compared without case (RFC 6109 §2.2.2)."""
    return one.casefold() == other.casefold()
