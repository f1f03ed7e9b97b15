"""The parts of an original message that hold content, each with its place and its name decoded for comparison."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify import _fields
from pecverify._header import MimeError, parse_parameterized
from pecverify._mime import canonical_chunks, decode_body, read_part, split_multipart
from pecverify.policy import Limits
from pecverify.reasons import Reason

if TYPE_CHECKING:
    from pecverify._header import Header, ParameterizedValue
    from pecverify._mime import Part

HASH_SUFFIX = ".hash"
"""What a brief receipt puts after an attachment's name."""
_MOST_PARTS = 10_000
"""An original may have as many attachments as its sender liked."""
_LONGEST_NUMBER = 4
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


@dataclass(frozen=True, slots=True)
class Leaf:
    """A part that is no multipart; an attached message is one."""

    data: bytes
    """The message that it is part of."""
    part: Part
    """Its header and body."""
    path: str
    """Its place: `2.1` is the first part of the second; `1` where the message has no parts."""
    name: str | None
    """Its file name, decoded (RFC 2231, RFC 2047)."""

    @property
    def body(self) -> bytes:
        """Its body as transported, with CRLF line ends."""
        return b"".join(canonical_chunks(self.data, self.part.body))

    @property
    def entity(self) -> bytes:
        """Header and body as transported, with CRLF line ends."""
        return b"".join(canonical_chunks(self.data, self.part.span))

    def decoded(self) -> bytes | None:
        """Its content; None where the transfer encoding is broken."""
        try:
            return decode_body(self.data, self.part, most=len(self.data))  # the message itself was bounded
        except MimeError:
            return None


@dataclass(frozen=True, slots=True)
class Content:
    """A message as a whole."""

    header: Header
    """Its header."""
    leaves: tuple[Leaf, ...]
    """What it holds, in order."""
    shape: tuple[tuple[str, str], ...]
    """Place and media type of every entity."""


def read_content(data: bytes) -> Content:
    """Read a message down to its leaves; attached messages are not entered.

    Raises:
        MimeError: a part breaks a rule of MIME, or a limit.
    """
    limits = dataclasses.replace(Limits(), mime_parts=_MOST_PARTS)
    root = read_part(data, (0, len(data)), limits)
    leaves: list[Leaf] = []
    shape: list[tuple[str, str]] = []
    pending: list[tuple[Part, tuple[int, ...]]] = [(root, ())]
    while pending:
        part, path = pending.pop()
        place = ".".join(map(str, path)) or "1"
        shape.append((place if path else "", part.media_type))
        if not part.media_type.startswith("multipart/"):
            leaves.append(Leaf(data, part, place, name_of(part)))
            continue
        if len(path) >= limits.mime_depth or len(shape) > _MOST_PARTS:
            raise MimeError(Reason.LIMIT_EXCEEDED, "nested too deeply or in too many parts", part.span)
        spans = enumerate(split_multipart(data, part, limits).parts, start=1)
        inner = [(read_part(data, span, limits), (*path, number)) for number, span in spans]
        pending.extend(reversed(inner))
    return Content(root.header.fields, tuple(leaves), tuple(shape))


def read_or_none(data: bytes) -> Content | None:
    """A message's content; None if it cannot be read."""
    try:
        return read_content(data)
    except MimeError:
        return None


def name_of(part: Part) -> str | None:
    """A part's file name: of Content-Disposition `filename`, else of Content-Type `name` (RFC 2183 §2.3)."""
    disposition = part.header.fields.only("Content-Disposition")
    name = None if disposition is None else _parameter(parse_parameterized(disposition), "filename")
    return name or _parameter(part.header.content_type, "name")


def _parameter(value: ParameterizedValue, attribute: str) -> str | None:
    """A value, extended or continued (RFC 2231), or plain and then perhaps, against RFC 2047 §5, in encoded words."""
    parameters = value.parameters
    extended = parameters.get(f"{attribute}*")
    if extended is not None:
        return _decode_extended(extended)
    prefix = f"{attribute}*"
    pieces: dict[int, str] = {}
    for key, text in parameters.items():
        number = key.removeprefix(prefix).removesuffix("*")
        if key.startswith(prefix) and number.isdigit() and len(number) < _LONGEST_NUMBER:
            pieces[int(number)] = text
    if pieces:
        whole = "".join(pieces[number] for number in sorted(pieces))
        return _decode_extended(whole) if f"{prefix}0*" in parameters else whole
    plain = parameters.get(attribute)
    return None if plain is None else _fields.decode_text(plain.encode("utf-8"))


def _decode_extended(text: str) -> str:
    charset, _, rest = text.partition("'")
    _, _, encoded = rest.partition("'")
    raw = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), encoded.encode("utf-8"))
    return _fields.decode_charset(raw, charset)


def is_hash(part: Part, name: str | None) -> bool:
    """Whether a part is what a brief receipt has in place of an attachment: a text named `.hash` (RFC 6109 §3.3.2.2).

    Args:
        part: of the original that a brief receipt carries.
        name: its file name, as `name_of` has it.
    """
    return part.media_type == "text/plain" and name is not None and name.casefold().endswith(HASH_SUFFIX)


def same_name(one: str) -> str:
    """A file name as it is compared: without regard to case, Unicode form and blanks."""
    return "".join(unicodedata.normalize("NFC", one).casefold().split())
