"""LDIF content records: folded lines, base64 values; changes and references to elsewhere are refused.

Source: RFC 2849.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

_ATTRIBUTE = re.compile(rb"([A-Za-z][A-Za-z0-9-]*|[0-9]+(?:\.[0-9]+)*)((?:;[A-Za-z0-9-]+)*)(::|:<|:) *(.*)", re.DOTALL)
_REFUSED = frozenset({"changetype", "control"})
_SEPARATOR = ""


class LdifError(ValueError):
    """The text is no LDIF content; the message names the line."""


class Record(NamedTuple):
    """One entry."""

    name: str
    """Its distinguished name, as written."""
    attributes: dict[str, tuple[bytes, ...]]
    """Values by attribute type, lower case, without options (`;binary`); in order."""

    def values(self, attribute: str) -> tuple[str, ...]:
        """The values of a textual attribute.

        Raises:
            LdifError: one is not UTF-8.
        """
        try:
            return tuple(value.decode("utf-8").strip() for value in self.attributes.get(attribute.lower(), ()))
        except UnicodeDecodeError as error:
            message = f"{attribute} of {self.name[:80]!r} is not UTF-8"
            raise LdifError(message) from error


def parse_ldif(data: bytes) -> Iterator[Record]:
    """Read the entries of an LDIF file.

    Args:
        data: the text, LF or CRLF line ends. A `dn` without the empty line before it begins a new record all the same:
            RFC 6109's own example has such.

    Raises:
        LdifError: malformed, a change record, or a value to be fetched from elsewhere.
    """
    name: str | None = None
    attributes: dict[str, list[bytes]] = {}
    for number, attribute, value in _lines(data):
        if attribute in (_SEPARATOR, "dn"):
            if name is not None:
                yield _record(name, attributes)
            name, attributes = _decode_name(number, value) if attribute == "dn" else None, {}
        elif name is not None:
            attributes.setdefault(attribute, []).append(value)
        elif (attribute, value) != ("version", b"1"):
            raise _error(number, "an attribute outside any entry")
    if name is not None:
        yield _record(name, attributes)


def _lines(data: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Line number, attribute type and decoded value of each line; the empty type for an empty line."""
    for number, line in _logical_lines(data):
        if not line:
            yield number, _SEPARATOR, b""
            continue
        match = _ATTRIBUTE.fullmatch(line)
        if match is None:
            raise _error(number, "neither an attribute nor a comment")
        attribute = match[1].decode("ascii").lower()
        if attribute in _REFUSED:
            raise _error(number, f"a change record ({attribute})")
        yield number, attribute, _decode(number, match[3], match[4])


def _logical_lines(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Unfolded lines with the number of their first physical line, comments left out (RFC 2849, notes 2 and 3)."""
    pieces: list[bytes] = []
    first = 1
    for number, physical in enumerate(data.split(b"\n"), start=1):
        line = physical.removesuffix(b"\r")
        if line.startswith(b" ") and pieces:
            pieces.append(line[1:])
            continue
        if pieces and not pieces[0].startswith(b"#"):
            yield first, b"".join(pieces)
        if line.startswith(b" "):
            raise _error(number, "a continuation of nothing")
        if line:
            pieces, first = [line], number
        else:
            pieces = []
            yield number, b""
    if pieces and not pieces[0].startswith(b"#"):
        yield first, b"".join(pieces)


def _decode(number: int, separator: bytes, value: bytes) -> bytes:
    if separator == b":<":
        raise _error(number, "a value to be fetched from a URL")
    if separator == b":":
        return value
    try:
        return base64.b64decode(value, validate=True)
    except binascii.Error:
        raise _error(number, "a value that is not base64") from None


def _decode_name(number: int, value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        raise _error(number, "a distinguished name that is not UTF-8") from None


def _record(name: str, attributes: dict[str, list[bytes]]) -> Record:
    return Record(name, {attribute: tuple(values) for attribute, values in attributes.items()})


def _error(number: int, what: str) -> LdifError:
    return LdifError(f"line {number}: {what}")
