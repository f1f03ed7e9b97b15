"""The ASN.1 walker that runs before any decoder: bounded, exact, and by DER's rules where they apply.

Decoders are generous: they accept extra fields, lengths that are not minimal and values that never end, and some take
seconds over one long OBJECT IDENTIFIER. Everything that reaches one has passed through here first.

Rules kept (X.690): an element ends inside its parent; a parent is consumed exactly; tags have one byte (nothing in CMS
or X.509 needs more); nesting, the length of an OBJECT IDENTIFIER and the number of children are bounded. Under DER
also: definite, minimal lengths; SEQUENCE and SET constructed, everything else universal primitive; minimal INTEGERs;
BOOLEAN 00 or FF; well-formed BIT STRINGs.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pecverify.policy import Limits

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_IDENTIFIER = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06
SEQUENCE, SET = 0x30, 0x31

_CONSTRUCTED = 0x20
_CLASS = 0xC0
_TAG_NUMBER = 0x1F
_LONG_FORM = 0x80
_INDEFINITE = 0x80
_INDEFINITE_LENGTH = b"\x80"
_END_OF_CONTENTS = b"\x00\x00"
_MOST_CHILDREN = 40_000
"""Of one element: a providers' directory of 30 MB in pieces of a kilobyte, as some engines write it."""
# Arcs: octets with the high bit set, the first of them no padding, then one without.
_OBJECT_IDENTIFIER = re.compile(rb"(?:(?:[\x81-\xff][\x80-\xff]*)?[\x00-\x7f])+")

_MOST_INSIDE = 100_000
"""Elements inside one of indefinite length: to find its end they are walked, again for each level above that is so."""


class Asn1Error(ValueError):
    """The bytes break a rule of this module; the message says which and at what offset."""


class Asn1LimitError(Asn1Error):
    """The bytes exceed a limit."""


class Element(NamedTuple):
    """Where one element lies in the bytes that hold it."""

    tag: int
    """The identifier octet, class and constructed bit included."""
    start: int
    """Offset of the identifier octet."""
    content_start: int
    """Offset of the first content octet."""
    content_stop: int
    """Offset after the last content octet (before the end-of-contents octets, if any)."""
    stop: int
    """Offset after the element."""
    is_der_header: bool
    """Whether the length is definite and minimal."""


def read_element(data: bytes, start: int, stop: int, depth: int) -> Element:
    """Read the header of the element at `start` and find its end.

    Args:
        data: the bytes that hold it.
        start: its offset.
        stop: where its parent ends.
        depth: how many levels of nesting are left, to find the end of an indefinite length.

    Raises:
        Asn1Error: the header breaks a rule, or the element ends outside its parent.
        Asn1LimitError: no level is left.

    Source: X.690 §8.1.
    """
    if depth < 0:
        message = f"nested too deeply at offset {start}"
        raise Asn1LimitError(message)
    content = start + 2
    if content > stop:
        message = f"element cut off at offset {start}"
        raise Asn1Error(message)
    tag, length = data[start], data[start + 1]
    if tag & _TAG_NUMBER == _TAG_NUMBER:
        message = f"multi-byte tag at offset {start}"
        raise Asn1Error(message)
    minimal = True
    if length & _LONG_FORM:
        if length == _INDEFINITE:
            return _read_indefinite(data, start, stop, depth)
        octets = length & ~_LONG_FORM
        content += octets
        if octets > 4 or content > stop:  # noqa: PLR2004 (four octets: 4 GB, more than any input)
            message = f"length out of bounds at offset {start}"
            raise Asn1Error(message)
        length = int.from_bytes(data[start + 2 : content], "big")
        minimal = length >= _LONG_FORM and data[start + 2] != 0
    end = content + length
    if end > stop:
        message = f"element at offset {start} ends outside its parent"
        raise Asn1Error(message)
    # The hottest line of a verification: past the constructor, which costs as much again.
    return tuple.__new__(Element, (tag, start, content, end, end, minimal))


def _read_indefinite(data: bytes, start: int, stop: int, depth: int) -> Element:
    """Find the end-of-contents octets that are this element's own, past those of the elements inside it."""
    position, unfinished = start, 0
    for _ in range(_MOST_INSIDE):
        if unfinished and data[position : position + 2] == _END_OF_CONTENTS:
            position += 2
            unfinished -= 1
        elif data[position + 1 : position + 2] == _INDEFINITE_LENGTH and position + 2 <= stop:
            _check_indefinite(data, position, depth - unfinished)
            position += 2
            unfinished += 1
        else:
            position = read_element(data, position, stop, depth - unfinished).stop
        if position > stop:
            message = f"element at offset {start} ends outside its parent"
            raise Asn1Error(message)
        if not unfinished:
            return Element(data[start], start, start + 2, position - 2, position, is_der_header=False)
    message = f"more than {_MOST_INSIDE} elements in the one at offset {start}"
    raise Asn1LimitError(message)


def _check_indefinite(data: bytes, start: int, depth: int) -> None:
    if depth < 0:
        message = f"nested too deeply at offset {start}"
        raise Asn1LimitError(message)
    if not data[start] & _CONSTRUCTED:
        message = f"indefinite length of a primitive at offset {start}"
        raise Asn1Error(message)


def read_elements(data: bytes, start: int, stop: int, depth: int) -> list[Element]:
    """The elements that fill `data[start:stop]` exactly. Raises as `read_element`; Asn1LimitError if they are many."""
    elements: list[Element] = []
    while start < stop:
        if len(elements) == _MOST_CHILDREN:
            message = f"more than {_MOST_CHILDREN} elements before offset {start}"
            raise Asn1LimitError(message)
        element = read_element(data, start, stop, depth)
        elements.append(element)
        start = element.stop
    return elements


def read_children(data: bytes, parent: Element, depth: int) -> list[Element]:
    """The elements that fill a constructed one exactly. Raises as `read_element`."""
    return read_elements(data, parent.content_start, parent.content_stop, depth)


def check_der(data: bytes, limits: Limits) -> None:
    """Establish that `data` is exactly one element and DER throughout.

    Raises:
        Asn1Error: it is not.
        Asn1LimitError: it is nested more deeply, or holds a longer OBJECT IDENTIFIER, than `limits` allow.

    Source: X.690 §8, §10.
    """
    depth, oid_bytes = limits.asn1_depth, limits.oid_bytes
    # One element after the other, with the ends of those that are not finished: no recursion, and no list of them all.
    position, unfinished = 0, [len(data)]
    while True:
        element = read_element(data, position, unfinished[-1], depth + 1 - len(unfinished))
        tag, start, position, content_stop, stop, is_der_header = element
        if start == 0 and stop != len(data):
            message = f"trailing bytes at offset {stop}"
            raise Asn1Error(message)
        if not is_der_header:
            message = f"length not in DER at offset {start}"
            raise Asn1Error(message)
        if not tag & _CONSTRUCTED:
            _check_der_primitive(data, element, oid_bytes)
            position = stop
        elif tag & _CLASS or tag in (SEQUENCE, SET):
            unfinished.append(content_stop)
        else:
            message = f"constructed primitive at offset {start}"
            raise Asn1Error(message)
        while position == unfinished[-1]:
            unfinished.pop()
            if not unfinished:
                return


def _check_der_primitive(data: bytes, element: Element, oid_bytes: int) -> None:
    tag = element.tag
    size = element.content_stop - element.content_start
    if tag == OBJECT_IDENTIFIER:
        if size > oid_bytes:
            message = f"OBJECT IDENTIFIER of {size} bytes at offset {element.start}"
            raise Asn1LimitError(message)
        sound = _is_object_identifier(data[element.content_start : element.content_stop])
    elif tag == INTEGER:
        sound = _is_minimal_integer(data[element.content_start : element.content_start + 2], size)
    elif tag == BOOLEAN:
        sound = size == 1 and data[element.content_start] in (0x00, 0xFF)
    elif tag == BIT_STRING:
        unused = data[element.content_start] if size else 8
        sound = unused == 0 or (unused < 8 and size > 1)  # noqa: PLR2004 (bits of an octet)
    elif tag == NULL:
        sound = size == 0
    else:
        # What follows SEQUENCE and SET in the tag table must not travel primitive.
        sound = tag not in (SEQUENCE & ~_CONSTRUCTED, SET & ~_CONSTRUCTED)
    if not sound:
        message = f"malformed value at offset {element.start}"
        raise Asn1Error(message)


def _is_object_identifier(content: bytes) -> bool:
    """Whether every arc ends and none is padded (X.690 §8.19.2)."""
    return _OBJECT_IDENTIFIER.fullmatch(content) is not None


def decode_oid(content: bytes) -> str:
    """An OBJECT IDENTIFIER in dotted form, from its content octets (X.690 §8.19).

    Raises:
        Asn1Error: it is malformed.
    """
    if not _is_object_identifier(content):
        message = "malformed OBJECT IDENTIFIER"
        raise Asn1Error(message)
    arcs = [0]
    for octet in content:
        arcs[-1] = arcs[-1] << 7 | octet & 0x7F
        if octet < 0x80:  # noqa: PLR2004 (the last octet of an arc)
            arcs.append(0)
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:-1])))


def _is_minimal_integer(head: bytes, size: int) -> bool:
    """Whether the first nine bits are neither all zero nor all one (X.690 §8.3.2)."""
    if size <= 1:
        return size == 1
    return not (head[0] == 0x00 and head[1] < 0x80) and not (head[0] == 0xFF and head[1] >= 0x80)  # noqa: PLR2004
