"""The bytes that the hash of an attachment may be over.

RFC 6109 §3.3.2.2: it is "calculated on the entire content of the part", and "SHOULD be calculated on base64 encoded
parts". Which bytes these are is left open: with or without the line end before the boundary, with the MIME header or
not.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pecverify._leaves import Leaf

_WIDTHS = (76, 64, 60, 72, None)
"""Of RFC 2045, PEM, Perl's MIME tools, some providers; all in one line."""
_CRLF, _LF = b"\r\n", b"\n"


class HashInput(StrEnum):
    """Which bytes of a part a hash is over."""

    BODY = "body"
    """The body as transported, still in its transfer encoding."""
    CONTENT = "content"
    """The file itself, decoded."""
    BASE64 = "base64"
    """The file in base64, with lines of another width than it was sent in."""
    ENTITY = "entity"
    """The whole part, with its MIME header."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HashForm:
    """The exact form whose hash it is."""

    input: HashInput
    """Which bytes."""
    line_end: str
    """`crlf` or `lf`: the line ends in them; `as-is` where they are those of the file."""
    final_line_end: bool
    """Whether they end with a line end."""
    width: int | None = None
    """Characters in a line of BASE64; None for one line, and for other inputs."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that the caller has, or a part of the sent message."""

    name: str
    """Its file name; empty if it has none."""
    content: bytes | None
    """Decoded; None where the transfer encoding is broken."""
    leaf: Leaf | None
    """The part of the sent message."""

    @property
    def sha256(self) -> str | None:
        """SHA-256 of the content, hexadecimal, lower case."""
        return None if self.content is None else hashlib.sha256(self.content).hexdigest()

    def forms(self) -> Iterator[tuple[HashForm, bytes]]:
        """Everything that a provider may have taken the hash of, the likeliest first."""
        if self.leaf is not None:
            yield from _with_line_ends(HashInput.BODY, self.leaf.body)
        if self.content is not None:
            final = self.content.endswith(_LF)
            yield HashForm(input=HashInput.CONTENT, line_end="as-is", final_line_end=final), self.content
            if self.leaf is None or self.leaf.part.media_type.startswith("text/"):
                yield from _with_line_ends(HashInput.CONTENT, self.content.replace(_CRLF, _LF).replace(_LF, _CRLF))
            for width in _WIDTHS:
                yield from _with_line_ends(HashInput.BASE64, _base64(self.content, width), width)
        if self.leaf is not None:
            yield from _with_line_ends(HashInput.ENTITY, self.leaf.entity)


def _with_line_ends(input_: HashInput, data: bytes, width: int | None = None) -> Iterator[tuple[HashForm, bytes]]:
    """`data`, which has CRLF line ends, as it is, with one line end at its end and without; and all that with LF."""
    bare = data.rstrip(_CRLF)
    for line_end, name in ((_CRLF, "crlf"), (_LF, "lf")):
        for form in dict.fromkeys((data, bare, bare + _CRLF)):
            final = form.endswith(_CRLF)
            written = form if line_end == _CRLF else form.replace(_CRLF, _LF)
            yield HashForm(input=input_, line_end=name, final_line_end=final, width=width), written


def _base64(content: bytes, width: int | None) -> bytes:
    text = base64.b64encode(content)
    step = width or len(text) or 1
    return _CRLF.join(text[start : start + step] for start in range(0, len(text), step))


def digests(file: Kept, algorithms: Iterable[str]) -> dict[str, HashForm]:
    """The hash of every form of a file, with the likeliest form that has it."""
    found: dict[str, HashForm] = {}
    for form, data in file.forms():
        for algorithm in algorithms:
            found.setdefault(hashlib.new(algorithm, data, usedforsecurity=False).hexdigest(), form)
    return found
