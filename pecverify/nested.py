"""Receipts inside other messages: forwarded as an attachment, wrapped by a mailing list, or kept in an original.

A receipt found here is not the message's own. It is cut out byte for byte and verified by itself.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pecverify._header import MimeError
from pecverify._mime import decode_body, read_part, split_multipart
from pecverify.policy import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._mime import Part
    from pecverify.report import Span

_PARTS_LOOKED_AT = 10_000
"""A message may carry many receipts, where a receipt itself may not have many parts."""
_HEADERS_READ = 100
"""Headers of the largest size that are read: what the parts of a receipt may have."""
_PEC_FIELDS = ("X-Ricevuta", "X-Trasporto")


@dataclass(frozen=True, slots=True, kw_only=True)
class NestedReceipt:
    """One entity that has the form of a PEC message. Nothing about it has been verified."""

    span: Span
    """Where it lies in the message given (zero-based, stop exclusive); of the encoded region if `encoded`."""
    encoded: bool
    """Whether it lay there in base64 or quoted-printable."""
    _source: memoryview | bytes = field(repr=False)

    @property
    def data(self) -> bytes:
        """Its bytes, transfer decoding undone: give them to `verify_receipt`."""
        return bytes(self._source)

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (self.span, self.encoded, self.data))


def _rebuild(span: Span, encoded: bool, data: bytes) -> NestedReceipt:  # noqa: FBT001 (as pickled)
    return NestedReceipt(span=span, encoded=encoded, _source=data)


def find_receipts(message: bytes, *, limits: Limits | None = None) -> tuple[NestedReceipt, ...]:
    """The PEC messages inside a message, in order; the message itself is not among them.

    Looks into every multipart and attached message, and into attachments named `.eml`, to the depth that `limits` set;
    into the first 10,000 parts at most, and into attachments in base64 or quoted-printable as long as they have no more
    than `limits.encoded_bytes` in all. What is malformed is passed over. Nothing is raised on hostile input.

    Args:
        message: the bytes of the outer message.
        limits: bounds on depth, header size and what is decoded; `Limits()` by default.

    Source: RFC 2046 §5.1, §5.2.1.
    """
    bounds = dataclasses.replace(limits or Limits(), mime_parts=_PARTS_LOOKED_AT)
    return tuple(_Search(bounds).receipts(message, (0, len(message)), 0))


class _Search:
    """A search, and what is left of its bounds."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.parts_left = _PARTS_LOOKED_AT
        self.header_bytes_left = _HEADERS_READ * limits.header_bytes
        self.encoded_bytes_left = limits.encoded_bytes

    def receipts(self, data: bytes, span: Span, depth: int) -> Iterator[NestedReceipt]:
        """Those in the entity at `span`, the entity itself among them unless it is the outermost."""
        self.parts_left -= 1
        if self.parts_left < 0 or self.header_bytes_left < 0:
            return
        try:
            part = self._read_part(data, span)
            if depth and _has_pec_form(data, part):
                yield NestedReceipt(span=span, encoded=False, _source=memoryview(data)[span[0] : span[1]])
            if depth >= self.limits.mime_depth:
                return
            if part.media_type.startswith("multipart/"):
                for inner in split_multipart(data, part, self.limits).parts:
                    yield from self.receipts(data, inner, depth + 1)
            elif _holds_message(part):
                yield from self._attached(data, part, depth + 1)
        except MimeError:
            return

    def _read_part(self, data: bytes, span: Span) -> Part:
        """The entity at `span`; its header counts, and one that is malformed as what was looked at of it."""
        try:
            part = read_part(data, span, self.limits)
        except MimeError:
            self.header_bytes_left -= min(span[1] - span[0], self.limits.header_bytes)
            raise
        self.header_bytes_left -= part.body[0] - span[0]
        return part

    def _attached(self, data: bytes, part: Part, depth: int) -> Iterator[NestedReceipt]:
        if not part.header.is_encoded:
            yield from self.receipts(data, part.body, depth)
            return
        decoded = decode_body(data, part, most=self.encoded_bytes_left)
        self.encoded_bytes_left -= part.body[1] - part.body[0]
        for inner in self.receipts(decoded, (0, len(decoded)), depth):
            yield dataclasses.replace(inner, span=part.body, encoded=True)


def _has_pec_form(data: bytes, part: Part) -> bool:
    """multipart/signed by S/MIME, with a PEC header field or, where a list stripped those, with certification data."""
    if not part.is_smime_signed:
        return False
    return any(part.header.fields.all(name) for name in _PEC_FIELDS) or data.find(b"daticert.xml", *part.body) != -1


def _holds_message(part: Part) -> bool:
    return part.media_type == "message/rfc822" or any(name.endswith(".eml") for name in part.header.names)
