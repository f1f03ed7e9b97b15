"""Header blocks and structured header fields, read from bytes without changing one.

Rules kept, because readers disagree about what breaks them: a field starts with a printable ASCII name directly before
its colon; a line of blanks alone neither folds nor ends a header; NUL and bare CR do not occur; Content-Type has no
comments, no repeated or split parameters. Folded lines are joined by removing the line end alone: blanks on either side
of a fold belong to the value.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pecverify.report import Span

_FIELD_NAME = re.compile(rb"[!-9;-~]{1,200}:")
_FIELD = re.compile(rb"^([!-9;-~]{1,200}):([^\n]*(?:\n[ \t][^\n]*)*)\n", re.MULTILINE)
_BLANK_FOLD = re.compile(rb"\n[ \t]+\n")
_TOKEN = rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+"
_QUOTED = rb'"(?:[^"\\\x00-\x08\x0a-\x1f\x7f]|\\[\t -~])*"'
_MEDIA_TYPE = re.compile(rb"[ \t]*(" + _TOKEN + rb"(?:/" + _TOKEN + rb")?)[ \t]*")
_PARAMETER = re.compile(rb";[ \t]*(" + _TOKEN + rb")=(" + _TOKEN + rb"|" + _QUOTED + rb")[ \t]*")
_QUOTED_PAIR = re.compile(rb"\\(.)")


class MimeError(ValueError):
    """The bytes break a rule of MIME that this library keeps."""

    def __init__(self, reason: Reason, detail: str, span: Span | None = None) -> None:
        super().__init__(reason, detail, span)
        self.reason = reason
        """The finding's reason."""
        self.detail = detail
        """What breaks the rule, in a few words of ours (no message content)."""
        self.span = span
        """Where, in the message given."""


@functools.cache
def _key(name: str) -> bytes:
    """A field name of ours as it is looked up."""
    return name.lower().encode("ascii")


@dataclass(frozen=True, slots=True)
class Header:
    """One header block."""

    bodies: Mapping[bytes, tuple[bytes, ...]]
    """Field bodies in order, unfolded, outer blanks removed; by field name, lower case."""

    def all(self, name: str) -> tuple[bytes, ...]:
        """The bodies of every field of that name (case-insensitive), in order."""
        return self.bodies.get(_key(name), ())

    def only(self, name: str) -> bytes | None:
        """The body of the one field of that name; None if there is none.

        Raises:
            MimeError: MIME_MALFORMED: the field is repeated.
        """
        bodies = self.all(name)
        if len(bodies) > 1:
            raise MimeError(Reason.MIME_MALFORMED, f"repeated {name}")
        return bodies[0] if bodies else None


@dataclass(frozen=True, slots=True)
class ParameterizedValue:
    """The value of Content-Type or Content-Disposition."""

    value: str
    """The media type or disposition, lower case."""
    parameters: dict[str, str]
    """By attribute name, lower case."""


def find_header(data: bytes, start: int, stop: int, header_bytes: int) -> tuple[int, int]:
    """Find the header block at `start`: to its empty line or to `stop`.

    Args:
        data: the message.
        start: where the block starts.
        stop: where the entity ends.
        header_bytes: the largest block accepted, its empty line not counted.

    Returns:
        Where the block stops (after its last line end) and where the body starts.

    Raises:
        MimeError: NOT_A_MESSAGE if not even the first line is a field; LIMIT_EXCEEDED.

    Source: RFC 5322 §2.1.
    """
    if data.startswith(b"\r\n", start, stop):
        return start, start + 2
    if data.startswith(b"\n", start, stop):
        return start, start + 1
    if not _FIELD_NAME.match(data, start, stop):
        raise MimeError(Reason.NOT_A_MESSAGE, "the first line is not a header field", (start, min(start + 80, stop)))
    return _find_empty_line(data, start, stop, header_bytes)


def _find_empty_line(data: bytes, start: int, stop: int, header_bytes: int) -> Span:
    window = min(stop, start + header_bytes + 3)
    # The usual form first: the other is then sought in the header alone.
    with_crlf = data.find(b"\n\r\n", start, window)
    with_lf = data.find(b"\n\n", start, window if with_crlf == -1 else with_crlf + 1)
    found, width = (with_crlf, 3) if with_lf == -1 else (with_lf, 2)
    if found == -1:
        if stop - start > header_bytes:
            raise MimeError(Reason.LIMIT_EXCEEDED, f"header over {header_bytes} bytes", (start, window))
        return stop, stop
    if found + 1 - start > header_bytes:
        raise MimeError(Reason.LIMIT_EXCEEDED, f"header over {header_bytes} bytes", (start, found))
    return found + 1, found + width


def parse_header(block: bytes) -> Header:
    """Read the fields of a header block.

    Args:
        block: the block without its empty line.

    Raises:
        MimeError: MIME_MALFORMED: NUL, bare CR, a line that is blank or no field.

    Source: RFC 5322 §2.2, §2.2.3; RFC 2045 §3.
    """
    if b"\0" in block or block.count(b"\r") != block.count(b"\r\n"):
        raise MimeError(Reason.MIME_MALFORMED, "NUL or bare CR in a header")
    lines = block.replace(b"\r\n", b"\n").removesuffix(b"\n") + b"\n" if block else b""
    fields = _FIELD.findall(lines)
    # The pattern passes over what is no field: then it has not consumed every byte.
    if sum(len(name) + len(body) + 2 for name, body in fields) != len(lines) or _BLANK_FOLD.search(lines):
        raise MimeError(Reason.MIME_MALFORMED, "a line of a header is no field")
    bodies: dict[bytes, list[bytes]] = {}
    for name, folded in fields:
        bodies.setdefault(name.lower(), []).append(folded.replace(b"\n", b"").strip(b" \t"))
    return Header({name: tuple(values) for name, values in bodies.items()})


def parse_parameterized(body: bytes) -> ParameterizedValue:
    """Read a Content-Type or Content-Disposition body.

    Raises:
        MimeError: MIME_MALFORMED: comments, encoded words, repeated parameters, or anything else outside the grammar.

    Source: RFC 2045 §5.1, RFC 2183 §2.
    """
    match = _MEDIA_TYPE.match(body)
    if match is None:
        raise MimeError(Reason.MIME_MALFORMED, "structured field without a value")
    value, position = match.group(1).decode("ascii").lower(), match.end()
    parameters: dict[str, str] = {}
    while position < len(body):
        match = _PARAMETER.match(body, position)
        if match is None:
            if body[position:].strip(b" \t") == b";":
                break
            raise MimeError(Reason.MIME_MALFORMED, f"unreadable parameter of {value}")
        attribute = match.group(1).decode("ascii").lower()
        if attribute in parameters:
            raise MimeError(Reason.MIME_MALFORMED, f"repeated parameter {attribute} of {value}")
        raw = match.group(2)
        if raw.startswith(b'"'):
            raw = _QUOTED_PAIR.sub(rb"\1", raw[1:-1])
        parameters[attribute] = raw.decode("utf-8", "replace")
        position = match.end()
    return ParameterizedValue(value, parameters)
