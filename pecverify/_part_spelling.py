"""The same content as another program writes it: encodings and headers of the parts of a signed entity.

A guess is right byte for byte or worth nothing, so only what programs are known to write is guessed.
"""

from __future__ import annotations

import binascii
import itertools
import re
from dataclasses import dataclass
from email import quoprimime
from typing import TYPE_CHECKING

from pecverify._signed_tree import in_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pecverify._signed_tree import Edit, Edits, Entity, SignedTree, Way

_CRLF = b"\r\n"
_BASE64_WIDTHS = (76, 64, 60, 72, 0)
"""Of RFC 2045, PEM, Perl's MIME tools, some providers; all in one line."""
_HEX_DIGITS = re.compile(rb"=[0-9A-Fa-f]{2}")
_QP_LITERAL = frozenset((*range(0x20, 0x3D), *range(0x3E, 0x7F), *b"\t\n"))
_QP_LINE = 76
_STRUCTURED = re.compile(
    rb"^(content-(?:type|disposition):)([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE
)
_PARAMETER = re.compile(rb';([ \t\r\n]*)([^=;\s]+)=("[^"\r\n]*"|[^;\s"]+)')
_TOKEN = re.compile(rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_LONG_LINE = 76
_FOLD = re.compile(rb"\r\n[ \t]+")


def base64_rewrapped(tree: SignedTree) -> Iterator[Edits]:
    """Base64 bodies in lines of another width, with and without a line end after the last."""

    def way(width: int, end: bytes) -> Way:
        def rewrap(entity: Entity) -> Edit:
            text = tree.body(entity).translate(None, b" \t\r\n")
            step = width or len(text) or 1
            lines = [text[start : start + step] for start in range(0, len(text), step)]
            return (*entity.part.body, _CRLF.join(lines) + end)

        return rewrap

    ways = (way(width, end) for width in _BASE64_WIDTHS for end in (_CRLF, b""))
    yield from in_groups(tree, tree.leaves("base64"), ways)


def quoted_printable_reencoded(tree: SignedTree) -> Iterator[Edits]:
    """Quoted-printable bodies as other encoders write the same text."""

    def way(encode: Callable[[bytes], bytes]) -> Way:
        return lambda entity: (*entity.part.body, encode(tree.body(entity)))

    encoders = (_qp_upper, _qp_lower, *(_qp_by(encode) for encode in (_qp_short, binascii.b2a_qp, _qp_python)))
    yield from in_groups(tree, tree.leaves("quoted-printable"), map(way, encoders))


def _qp_upper(body: bytes) -> bytes:
    return _HEX_DIGITS.sub(lambda match: match[0].upper(), body)


def _qp_lower(body: bytes) -> bytes:
    return _HEX_DIGITS.sub(lambda match: match[0].lower(), body)


def _qp_by(encode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda body: encode(binascii.a2b_qp(body).replace(_CRLF, b"\n")).replace(b"\n", _CRLF)


def _qp_short(text: bytes) -> bytes:
    """As few escapes as the rules allow, lines as long as they allow: Perl's MIME::QuotedPrint."""
    escaped = b"".join(b"%c" % byte if byte in _QP_LITERAL else b"=%02X" % byte for byte in text)
    return b"\n".join(map(_qp_broken, escaped.split(b"\n")))


def _qp_broken(line: bytes) -> bytes:
    text = line.rstrip(b" \t")
    line = text + b"".join(b"=%02X" % blank for blank in line[len(text) :])
    pieces = []
    start = 0
    while len(line) - start > _QP_LINE:
        stop = start + _QP_LINE - 1
        escape = line.rfind(b"=", stop - 2, stop)
        stop = escape if escape != -1 else stop
        pieces.append(line[start:stop])
        start = stop
    return b"=\n".join([*pieces, line[start:]])


def _qp_python(text: bytes) -> bytes:
    """The standard library's encoder for bodies of messages."""
    return quoprimime.body_encode(text.decode("latin-1")).encode("ascii")


def headers_respelled(tree: SignedTree) -> Iterator[Edits]:
    """Header fields folded at other places, parameters with or without quotes, a charset's name in another case."""

    def way(spell: Callable[[bytes], bytes]) -> Way:
        def respell(entity: Entity) -> Edit:
            start, stop = tree.header(entity)
            return start, stop, spell(tree.data[start:stop])

        return respell

    yield from in_groups(tree, tree.entities, map(way, _spellings()))


def _spellings() -> Iterator[Callable[[bytes], bytes]]:
    for fold in (b"\r\n\t", b"\r\n ", b" "):
        yield lambda header, fold=fold: _FOLD.sub(fold, header)  # type: ignore[misc]
    separators = (None, b" ", b"\r\n ", b"\r\n\t", b" \r\n\t")
    values = (
        _as_it_is,
        *(_of_charset(spell) for spell in (_unquoted, _quoted, bytes.upper, bytes.lower)),
        _of_all(_quoted),
        _of_all(_unquoted),
    )
    for value, separator, which in itertools.product(values, separators, (_every, _multipart, _long)):
        yield _Spelling(separator, value, which)


@dataclass(frozen=True, slots=True)
class _Spelling:
    """One way to write Content-Type and Content-Disposition."""

    separator: bytes | None
    """After each semicolon; None: as it is."""
    value: Callable[[bytes, bytes], bytes]
    """How a parameter's value is written, by its name."""
    folds: Callable[[bytes], bool]
    """Which fields (unfolded) get the separator; the others are on one line."""

    def __call__(self, header: bytes) -> bytes:
        return _STRUCTURED.sub(lambda field: field[1] + self._respell(field[2], len(field[1])), header)

    def _respell(self, body: bytes, name_length: int) -> bytes:
        def parameter(separator: bytes | None) -> Callable[[re.Match[bytes]], bytes]:
            return lambda match: (
                b";%b%b=%b"
                % (
                    match[1] if separator is None else separator,
                    match[2],
                    self.value(match[2].lower(), match[3]),
                )
            )

        if self.separator is None:
            return _PARAMETER.sub(parameter(None), body)
        unfolded = _PARAMETER.sub(parameter(b" "), body)
        if not self.folds(b" " * name_length + unfolded):
            return unfolded
        return _PARAMETER.sub(parameter(self.separator), body)


def _every(_: bytes) -> bool:
    return True


def _multipart(field: bytes) -> bool:
    return field.lstrip().lower().startswith(b"multipart/")


def _long(field: bytes) -> bool:
    return len(field) > _LONG_LINE


def _as_it_is(_: bytes, value: bytes) -> bytes:
    return value


def _of_all(spell: Callable[[bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    return lambda _, value: spell(value)


def _of_charset(spell: Callable[[bytes], bytes]) -> Callable[[bytes, bytes], bytes]:
    return lambda name, value: spell(value) if name == b"charset" else value


def _quoted(value: bytes) -> bytes:
    return value if value.startswith(b'"') else b'"%b"' % value


def _unquoted(value: bytes) -> bytes:
    return value[1:-1] if value.startswith(b'"') and _TOKEN.fullmatch(value[1:-1]) else value
