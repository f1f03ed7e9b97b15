"""Byte spans of MIME parts; canonical form; transfer decoding.

A part is an offset span into the message as given. Nothing is ever written back out: the digest of a part runs over
exactly the bytes between its delimiter lines (RFC 2046 §5.1.1: the line end before a delimiter belongs to the
delimiter). A delimiter is a whole line; a longer line that starts like one is content.
"""

from __future__ import annotations

import binascii
import functools
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from pecverify._header import (
    Header,
    MimeError,
    ParameterizedValue,
    find_header,
    parse_header,
    parse_parameterized,
)
from pecverify.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.policy import Limits
    from pecverify.report import Span

SIGNATURE_TYPES = ("application/pkcs7-signature", "application/x-pkcs7-signature")
_IDENTITY_ENCODINGS = ("7bit", "8bit", "binary")
_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,69}[0-9A-Za-z'()+_,\-./:=?]")
_BASE64 = re.compile(rb"[0-9A-Za-z+/ \t\r\n]*+(?:=[ \t\r\n]*+){0,2}")
_AFTER_DELIMITER = re.compile(rb"(--)?([ \t]*)(\r?\n|\Z)")
_LF, _CR = 0x0A, 0x0D
_SMALL_HEADER = 512
_CHUNK_BYTES = 1 << 20
_MAXIMUM_CANDIDATES = 10_000
"""Lines that start like a delimiter: a hundred for each part that the default limits allow."""
_SHORT = 60_000_000
"""Twice PEC's own limit: up to here line ends are not counted."""
_MOST_LINES = 20_000_000
"""The largest message allowed, in lines of ten characters. To canonicalise one costs as much as to digest ten bytes."""
ENCODED_PER_BYTE = 4
"""Bytes that may encode one: 1.4 in base64 with its line ends, 3.1 in quoted-printable where every byte is escaped."""
_DEFAULT_TYPE = ParameterizedValue("text/plain", {})
_NO_DISPOSITION = ParameterizedValue("", {})


@dataclass(frozen=True, slots=True)
class EntityHeader:
    """What a header says about the entity below it."""

    fields: Header
    """All its fields."""
    content_type: ParameterizedValue
    """Content-Type; text/plain where absent."""
    encoding: str
    """Content-Transfer-Encoding, lower case; 7bit where absent."""
    names: tuple[str, ...]
    """Its names, lower case: Content-Type `name`, Content-Disposition `filename` (RFC 2231 forms included)."""

    @property
    def is_encoded(self) -> bool:
        """Whether the body has to be decoded (RFC 2045 §6.2)."""
        return self.encoding not in _IDENTITY_ENCODINGS


@dataclass(frozen=True, slots=True)
class Part:
    """One MIME entity."""

    header: EntityHeader
    """What it says of itself."""
    start: int
    """Where its header starts."""
    body: Span
    """Where its body lies; the entity ends with it."""

    @property
    def span(self) -> Span:
        """Header and body."""
        return self.start, self.body[1]

    @property
    def media_type(self) -> str:
        """Type and subtype, lower case."""
        return self.header.content_type.value

    @property
    def is_smime_signed(self) -> bool:
        """Whether it says that it is multipart/signed by S/MIME (RFC 8551 §3.5.3.2)."""
        protocol = self.header.content_type.parameters.get("protocol", "")
        return self.media_type == "multipart/signed" and protocol.lower() in SIGNATURE_TYPES


@dataclass(frozen=True, slots=True)
class Multipart:
    """The body of a multipart entity, split."""

    preamble: Span
    """Before the first delimiter."""
    parts: tuple[Span, ...]
    """Each part, header and body."""
    epilogue: Span
    """After the close delimiter."""


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message whose root is multipart/signed."""

    root: Part
    """The message."""
    layout: Multipart
    """Its body: exactly two parts."""
    signed: Part
    """The first part: what is signed."""
    signature: bytes
    """The second part, decoded."""
    micalg: str | None
    """The micalg parameter, lower case: a hint, no more."""


def read_part(data: bytes, span: Span, limits: Limits) -> Part:
    """Read the header of the entity at `span`.

    Raises:
        MimeError: the header breaks a rule; a structured field is repeated or unreadable; the transfer encoding is
            unknown, or is not an identity on a multipart (RFC 2045 §6.4).
    """
    start, stop = span
    block_stop, body_start = find_header(data, start, stop, limits.header_bytes)
    block = data[start:block_stop]
    try:
        header = _read_entity_header(block) if len(block) > _SMALL_HEADER else _remembered_entity_header(block)
    except MimeError as error:
        raise MimeError(error.reason, error.detail, (start, block_stop)) from None
    return Part(header, start, (body_start, stop))


def _read_entity_header(block: bytes) -> EntityHeader:
    fields = parse_header(block)
    content_type, disposition = fields.only("Content-Type"), fields.only("Content-Disposition")
    encoding = (fields.only("Content-Transfer-Encoding") or b"7bit").decode("ascii", "replace").lower()
    parsed_type = _DEFAULT_TYPE if content_type is None else parse_parameterized(content_type)
    if encoding not in (*_IDENTITY_ENCODINGS, "base64", "quoted-printable"):
        raise MimeError(Reason.MIME_MALFORMED, "unknown Content-Transfer-Encoding")
    if parsed_type.value.startswith("multipart/") and encoding not in _IDENTITY_ENCODINGS:
        raise MimeError(Reason.MIME_MALFORMED, f"{encoding} on a multipart")
    parsed_disposition = _NO_DISPOSITION if disposition is None else parse_parameterized(disposition)
    names = (*_values(parsed_type, "name"), *_values(parsed_disposition, "filename"))
    return EntityHeader(fields, parsed_type, encoding, names)


_remembered_entity_header = functools.lru_cache(maxsize=256)(_read_entity_header)
"""The small headers of parts are the same in every message of a provider."""


def _values(value: ParameterizedValue, attribute: str) -> list[str]:
    """A parameter's value, or those of its RFC 2231 forms."""
    return [
        text.strip().lower()
        for key, text in value.parameters.items()
        if key == attribute or key.startswith(f"{attribute}*")
    ]


def split_multipart(data: bytes, part: Part, limits: Limits) -> Multipart:
    """Split the body of a multipart entity at its delimiter lines.

    Raises:
        MimeError: MIME_MALFORMED: no usable boundary, a delimiter padded with blanks, an empty part, a delimiter after
            the close delimiter; MESSAGE_TRUNCATED: no close delimiter; LIMIT_EXCEEDED: too many parts.

    Source: RFC 2046 §5.1.1.
    """
    delimiter = b"--" + _boundary(part)
    start, stop = part.body
    delimiters: list[
        tuple[int, int, bool]
    ] = []  # where the delimiter (with the line end before it) starts, stops; closes
    for count, hit in enumerate(_line_starts(data, delimiter, start, stop)):
        if count >= _MAXIMUM_CANDIDATES:
            raise MimeError(Reason.LIMIT_EXCEEDED, f"over {_MAXIMUM_CANDIDATES} lines like a boundary", (start, stop))
        match = _AFTER_DELIMITER.match(data, hit + len(delimiter), stop)
        if match is None:
            continue  # a longer line: content
        if match.group(2):
            raise MimeError(Reason.MIME_MALFORMED, "blanks after a boundary", (hit, match.end()))
        if delimiters and delimiters[-1][2]:
            raise MimeError(Reason.MIME_MALFORMED, "a boundary after the closing one", (hit, match.end()))
        if len(delimiters) > limits.mime_parts:
            raise MimeError(Reason.LIMIT_EXCEEDED, f"over {limits.mime_parts} parts", (start, stop))
        delimiters.append((_before_line_end(data, hit, start), match.end(), match.group(1) is not None))
    if not delimiters or not delimiters[-1][2]:
        raise MimeError(Reason.MESSAGE_TRUNCATED, "no closing boundary", (start, stop))
    spans = tuple((left_stop, right_start) for (_, left_stop, _), (right_start, _, _) in pairwise(delimiters))
    if any(first > last for first, last in spans):
        raise MimeError(Reason.MIME_MALFORMED, "an empty part", (start, stop))
    return Multipart((start, delimiters[0][0]), spans, (delimiters[-1][1], stop))


def _boundary(part: Part) -> bytes:
    parameters = part.header.content_type.parameters
    if any(attribute.startswith("boundary*") for attribute in parameters):
        raise MimeError(Reason.MIME_MALFORMED, "boundary in an extended parameter", part.span)
    boundary = parameters.get("boundary", "")
    if not _BOUNDARY.fullmatch(boundary):
        raise MimeError(Reason.MIME_MALFORMED, "missing or unusable boundary", part.span)
    return boundary.encode("ascii")


def _line_starts(data: bytes, delimiter: bytes, start: int, stop: int) -> Iterator[int]:
    """Where lines start with `delimiter`."""
    if data.startswith(delimiter, start, stop):
        yield start
    needle = b"\n" + delimiter
    # The body's own first line end may sit one byte before a delimiter that follows at once: hence `start`, not beyond.
    hit = data.find(needle, start, stop)
    while hit != -1:
        yield hit + 1
        hit = data.find(needle, hit + len(needle), stop)


def _before_line_end(data: bytes, line_start: int, start: int) -> int:
    """Where the line end before `line_start` begins, not before `start`."""
    if line_start > start and data[line_start - 1] == _LF:
        line_start -= 1
        if line_start > start and data[line_start - 1] == _CR:
            line_start -= 1
    return line_start


def read_signed_message(data: bytes, limits: Limits) -> SignedMessage:
    """Establish that the message is multipart/signed with exactly two parts, the second an S/MIME signature.

    Raises:
        MimeError: NOT_A_MESSAGE, NOT_PEC, MIME_MALFORMED, MESSAGE_TRUNCATED or LIMIT_EXCEEDED.

    Source: RFC 6109 §2.1, RFC 1847 §2.1, RFC 8551 §3.5.3.
    """
    if len(data) > limits.message_bytes:
        raise MimeError(Reason.LIMIT_EXCEEDED, f"message over {limits.message_bytes} bytes", (0, len(data)))
    root = read_part(data, (0, len(data)), limits)
    if not root.header.fields.bodies:
        raise MimeError(Reason.NOT_A_MESSAGE, "no header", root.span)
    if root.media_type != "multipart/signed":
        raise MimeError(Reason.NOT_PEC, f"the root is {root.media_type}", root.span)
    if not root.is_smime_signed:
        raise MimeError(Reason.MIME_MALFORMED, "protocol is not that of S/MIME", root.span)
    layout = split_multipart(data, root, limits)
    if len(layout.parts) != 2:  # noqa: PLR2004 (RFC 1847 §2.1: exactly two)
        raise MimeError(Reason.MIME_MALFORMED, f"{len(layout.parts)} parts in multipart/signed", root.body)
    signed, signature = (read_part(data, span, limits) for span in layout.parts)
    if signature.media_type not in SIGNATURE_TYPES:
        raise MimeError(Reason.MIME_MALFORMED, "the second part is not an S/MIME signature", signature.span)
    if signature.header.encoding != "base64":
        raise MimeError(Reason.MIME_MALFORMED, "the signature is not in base64", signature.span)
    micalg = root.header.content_type.parameters.get("micalg")
    decoded = decode_body(data, signature, most=ENCODED_PER_BYTE * limits.cms_bytes)
    return SignedMessage(root, layout, signed, decoded, micalg.lower() if micalg else None)


def walk_signed_tree(data: bytes, root: Part, limits: Limits) -> tuple[Part, ...]:
    """The leaves of the signed entity, in order. A message/rfc822 part is a leaf: the original is not walked.

    Raises:
        MimeError: a part breaks a rule, or LIMIT_EXCEEDED.
    """
    leaves: list[Part] = []
    pending = [(root, 1)]
    seen = 1
    while pending:
        part, depth = pending.pop()
        if not part.media_type.startswith("multipart/"):
            leaves.append(part)
            continue
        if depth >= limits.mime_depth:
            raise MimeError(Reason.LIMIT_EXCEEDED, f"nested over {limits.mime_depth} levels", part.span)
        spans = split_multipart(data, part, limits).parts
        seen += len(spans)
        if seen > limits.mime_parts:
            raise MimeError(Reason.LIMIT_EXCEEDED, f"over {limits.mime_parts} parts", part.span)
        pending.extend((read_part(data, span, limits), depth + 1) for span in reversed(spans))
    return tuple(leaves)


def decode_body(data: bytes, part: Part, *, most: int) -> bytes:
    """The body with its transfer encoding undone, and with no other copy of it.

    Args:
        data: the message.
        part: the entity.
        most: bytes that the body may have, as it stands.

    Raises:
        MimeError: LIMIT_EXCEEDED; MIME_MALFORMED: base64 with anything but its alphabet, blanks and line ends, or not
            complete.

    Source: RFC 2045 §6.7, §6.8.
    """
    start, stop = part.body
    if stop - start > most:
        raise MimeError(Reason.LIMIT_EXCEEDED, f"a part to decode of over {most} bytes", part.body)
    if part.header.encoding == "base64":
        return _decode_base64(data, part.body)
    if part.header.encoding == "quoted-printable":
        return binascii.a2b_qp(memoryview(data)[start:stop])
    return data[start:stop]


def _decode_base64(data: bytes, span: Span) -> bytes:
    """Strictly: the library's own strict mode takes no line ends, and without it anything is taken."""
    start, stop = span
    blanks = sum(data.count(blank, start, stop) for blank in (b" ", b"\t", b"\r", b"\n"))
    if (stop - start - blanks) % 4 or not _BASE64.fullmatch(data, start, stop):
        raise MimeError(Reason.MIME_MALFORMED, "malformed base64", span)
    return binascii.a2b_base64(memoryview(data)[start:stop])


def is_of_lines(data: bytes, span: Span) -> bool:
    """Whether the span is short, or has so few line ends, that its canonical form can be made in no time."""
    start, stop = span
    return stop - start <= _SHORT or data.count(b"\n", start, stop) <= _MOST_LINES


def canonical_chunks(data: bytes, span: Span) -> Iterator[bytes]:
    """The bytes of `span` with every line end as CRLF, in chunks of about a megabyte (RFC 8551 §3.1.1)."""
    position, stop = span
    while position < stop:
        chunk_stop = min(position + _CHUNK_BYTES, stop)
        if chunk_stop < stop and data[chunk_stop - 1] == _CR:
            chunk_stop -= 1  # never between CR and LF
        chunk = data[position:chunk_stop]
        if b"\r" in chunk:
            chunk = chunk.replace(b"\r\n", b"\n")
        yield chunk.replace(b"\n", b"\r\n")
        position = chunk_stop
