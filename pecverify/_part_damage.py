"""What programs do to the parts of a signed entity, undone: encodings, header folding, blanks and empty lines lost.

A guess is a set of edits to a message whose line ends are CRLF; several guesses can be made together where their edits
do not touch. Nothing is believed of a guess: `damage.py` holds it against the signature. A guess is right byte for byte
or worth nothing, so only what programs are known to write is guessed.
"""

from __future__ import annotations

import binascii
import itertools
import re
from dataclasses import dataclass
from email import quoprimime
from typing import TYPE_CHECKING, TypeAlias

from pecverify._header import MimeError
from pecverify._mime import decode_body, read_part, split_multipart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pecverify._mime import Part
    from pecverify.policy import Limits

Edit: TypeAlias = tuple[int, int, bytes]
"""Start and stop of what is replaced, and with what."""
Edits: TypeAlias = tuple[Edit, ...]
"""In order, without overlaps."""

_CRLF = b"\r\n"
_MOST_ENTITIES = 500
_SMALL = 100_000
_MOST_LINES = 20_000
"""Lines of text (not of base64) at each of which something small may have been lost."""
_BASE64_WIDTHS = (76, 64, 60, 72, 0)
"""Of RFC 2045, PEM, Perl's MIME tools, GNU coreutils with an option; all in one line."""
_HEX_DIGITS = re.compile(rb"=[0-9A-Fa-f]{2}")
_QP_LITERAL = frozenset(b"\t\n !\"#$%&'()*+,-./0123456789:;<>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`abcdefghijklmnopqrstuvwxyz{|}~")
_QP_LINE = 76
_BLANK_AT_END = re.compile(rb"[ \t](?=\n|\Z)")
_STRUCTURED = re.compile(rb"^(content-(?:type|disposition):)([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)", re.IGNORECASE | re.MULTILINE)
_PARAMETER = re.compile(rb';([ \t\r\n]*)([^=;\s]+)=("[^"\r\n]*"|[^;\s"]+)')
_TOKEN = re.compile(rb"[!#$%&'*+\-.0-9A-Z^_`a-z{|}~]+")
_LONG_LINE = 76
_FOLD = re.compile(rb"\r\n[ \t]+")
_FOLD_AFTER_SEMICOLON = re.compile(rb";(?=\r\n[ \t])")
_EMPTY_FIELD = re.compile(rb"^[!-9;-~]+:(?=\r\n)", re.MULTILINE)
_SIGNATURE_SEPARATOR = re.compile(rb"^--(?=\r\n)", re.MULTILINE)
_WRAPPED_AT = (72, 76, 78, 66)


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity under the signature."""

    part: Part
    """Its header and body."""
    in_original: bool
    """Whether it belongs to the original message: another program wrote it than the rest."""


@dataclass(frozen=True, slots=True)
class SignedTree:
    """The signed entity of a message with CRLF line ends, and all entities in it."""

    data: bytes
    """The message."""
    entities: tuple[Entity, ...]
    """Root first; as many as could be read."""

    @classmethod
    def read(cls, data: bytes, root: Part, limits: Limits) -> SignedTree:
        """Walk the signed entity, the original message included; what cannot be read is left as it is."""
        return cls(data, tuple(itertools.islice(_walk(data, root, limits), _MOST_ENTITIES)))

    def leaves(self, encoding: str | None = None) -> Iterator[Entity]:
        """Entities that contain no others."""
        for entity in self.entities:
            part = entity.part
            if not part.media_type.startswith("multipart/") and not _holds_entity(part):
                if encoding is None or part.header.encoding == encoding:
                    yield entity

    def header(self, entity: Entity) -> tuple[int, int]:
        """Where its header lies, with the empty line if there is one."""
        return entity.part.start, entity.part.body[0]

    def body(self, entity: Entity) -> bytes:
        """Its body, undecoded."""
        return self.data[slice(*entity.part.body)]


def _holds_entity(part: Part) -> bool:
    return part.media_type == "message/rfc822" and part.header.encoding not in ("base64", "quoted-printable")


def _walk(data: bytes, root: Part, limits: Limits) -> Iterator[Entity]:
    pending = [(Entity(root, in_original=False), 1)]
    while pending:
        entity, depth = pending.pop()
        yield entity
        part = entity.part
        inner: list[Entity] = []
        try:
            if depth >= limits.mime_depth:
                continue
            if part.media_type.startswith("multipart/"):
                spans = split_multipart(data, part, limits).parts
                inner = [Entity(read_part(data, span, limits), entity.in_original) for span in spans]
            elif _holds_entity(part):
                inner = [Entity(read_part(data, part.body, limits), in_original=True)]
        except MimeError:
            continue
        pending.extend((below, depth + 1) for below in reversed(inner))


def splice(data: bytes, span: tuple[int, int], edits: Edits) -> Iterator[bytes | memoryview]:
    """The bytes of `span` with the edits made, in pieces."""
    view, position = memoryview(data), span[0]
    for start, stop, new in edits:
        yield view[position:start]
        yield new
        position = stop
    yield view[position : span[1]]


def merge(one: Edits, other: Edits) -> Edits | None:
    """Both; None if they touch."""
    both = tuple(sorted(one + other))
    if any(left[1] > right[0] or left[0] == right[0] for left, right in itertools.pairwise(both)):
        return None
    return both


_Way: TypeAlias = "Callable[[Entity], Edit]"
"""How one entity may have been written."""


class _Group:
    """Entities that one program wrote, and the ways to write them that differ."""

    def __init__(self, tree: SignedTree, entities: list[Entity], ways: Iterable[_Way]) -> None:
        self.tree = tree
        self.entities = entities
        self.ways: list[tuple[_Way | None, Edits | None]] = [(None, ())]
        """Each with its edits, unless these are large: they are made again when they are asked for."""
        seen = {hash(())}
        for way in ways:
            edits = self._make(way)
            if hash(edits) not in seen:
                seen.add(hash(edits))
                self.ways.append((way, edits if sum(len(new) for _, _, new in edits) <= _SMALL else None))

    def edits(self, place: int) -> Edits:
        """What changes if the entities were written the way at this place."""
        way, edits = self.ways[place]
        return self._make(way) if edits is None and way is not None else edits or ()

    def _make(self, way: _Way) -> Edits:
        edits = map(way, self.entities)
        return tuple(edit for edit in edits if edit[2] != self.tree.data[edit[0] : edit[1]])


def _in_groups(tree: SignedTree, entities: Iterable[Entity], ways: Iterable[_Way]) -> Iterator[Edits]:
    """Each way for the entities of the receipt, each for those of the original, and each pair of the two."""
    listed, every_way = list(entities), list(ways)
    receipt, original = (
        _Group(tree, [entity for entity in listed if entity.in_original is inside], every_way)
        for inside in (False, True)
    )
    # What comes first in the lists is the likeliest; at 0, 0 nothing was changed.
    places = itertools.product(range(len(receipt.ways)), range(len(original.ways)))
    for one, other in sorted(places, key=sum)[1:]:
        yield tuple(sorted(receipt.edits(one) + original.edits(other)))


def base64_rewrapped(tree: SignedTree) -> Iterator[Edits]:
    """Base64 bodies in lines of another width, with and without a line end after the last."""

    def way(width: int, end: bytes) -> _Way:
        def rewrap(entity: Entity) -> Edit:
            text = tree.body(entity).translate(None, b" \t\r\n")
            step = width or len(text) or 1
            lines = [text[start : start + step] for start in range(0, len(text), step)]
            return (*entity.part.body, _CRLF.join(lines) + end)

        return rewrap

    ways = (way(width, end) for width in _BASE64_WIDTHS for end in (_CRLF, b""))
    yield from _in_groups(tree, tree.leaves("base64"), ways)


def quoted_printable_reencoded(tree: SignedTree) -> Iterator[Edits]:
    """Quoted-printable bodies as other encoders write the same text."""

    def way(encode: Callable[[bytes], bytes]) -> _Way:
        return lambda entity: (*entity.part.body, encode(tree.body(entity)))

    encoders = (_qp_upper, _qp_lower, *(_qp_by(encode) for encode in (_qp_short, binascii.b2a_qp, _qp_python)))
    yield from _in_groups(tree, tree.leaves("quoted-printable"), map(way, encoders))


def _qp_upper(body: bytes) -> bytes:
    return _HEX_DIGITS.sub(lambda match: match[0].upper(), body)


def _qp_lower(body: bytes) -> bytes:
    return _HEX_DIGITS.sub(lambda match: match[0].lower(), body)


def _qp_by(encode: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda body: encode(binascii.a2b_qp(body).replace(_CRLF, b"\n")).replace(b"\n", _CRLF)


def _qp_short(text: bytes) -> bytes:
    """As few escapes as the rules allow, lines as long as they allow: Perl's MIME::QuotedPrint."""
    escaped = b"".join(b"%c" % byte if byte in _QP_LITERAL else b"=%02X" % byte for byte in text)
    escaped = _BLANK_AT_END.sub(lambda match: b"=%02X" % match[0][0], escaped)
    return b"\n".join(map(_qp_broken, escaped.split(b"\n")))


def _qp_broken(line: bytes) -> bytes:
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

    def way(spell: Callable[[bytes], bytes]) -> _Way:
        def respell(entity: Entity) -> Edit:
            start, stop = tree.header(entity)
            return start, stop, spell(tree.data[start:stop])

        return respell

    yield from _in_groups(tree, tree.entities, map(way, _spellings()))


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
            return lambda match: b";%b%b=%b" % (
                match[1] if separator is None else separator,
                match[2],
                self.value(match[2].lower(), match[3]),
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


def parts_with_lf(tree: SignedTree) -> Iterator[Edits]:
    """Bodies that were signed with LF line ends among lines with CRLF: one of them, or all."""
    bodies = [entity.part.body for entity in tree.entities if not entity.part.media_type.startswith("multipart/")]
    edits = [(start, stop, tree.data[start:stop].replace(_CRLF, b"\n")) for start, stop in bodies]
    changed = [edit for edit in edits if len(edit[2]) != edit[1] - edit[0]]
    for edit in changed:
        yield (edit,)
    leaves = {entity.part.body for entity in tree.leaves()}
    together = tuple(edit for edit in changed if edit[:2] in leaves)
    if len(together) > 1:
        yield together


def with_trailing_blanks(tree: SignedTree) -> Iterator[Edits]:
    """Blanks at the end of lines where programs write them: folds, empty fields, `-- `, flowed text (RFC 3676 §4)."""
    headers = [tree.header(entity) for entity in tree.entities]
    texts = [entity for entity in tree.leaves() if entity.part.media_type == "text/plain"]
    bodies = [entity.part.body for entity in texts if entity.part.header.encoding != "base64"]
    flowed = [
        entity.part.body
        for entity in texts
        if entity.part.header.content_type.parameters.get("format", "").lower() == "flowed"
    ]
    groups: list[list[Edits]] = [
        [_blanks_after(tree, headers, _FOLD_AFTER_SEMICOLON)],
        [_blanks_after(tree, headers, _EMPTY_FIELD)],
        [_blanks_after(tree, bodies, _SIGNATURE_SEPARATOR)],
        [tuple(_soft_breaks(tree.data, flowed, width)) for width in _WRAPPED_AT],
    ]
    seen = {()}
    for chosen in itertools.product(*([(), *group] for group in groups)):
        edits = tuple(sorted(itertools.chain.from_iterable(chosen)))
        if edits not in seen:
            seen.add(edits)
            yield edits


def _blanks_after(tree: SignedTree, spans: list[tuple[int, int]], pattern: re.Pattern[bytes]) -> Edits:
    return tuple(
        (match.end(), match.end(), b" ") for start, stop in spans for match in pattern.finditer(tree.data, start, stop)
    )


def _soft_breaks(data: bytes, spans: list[tuple[int, int]], width: int) -> Iterator[Edit]:
    """A line was broken where the next word would have made it longer than `width`."""
    for start, stop in spans:
        position = start
        for line, after in itertools.pairwise(data[start:stop].split(_CRLF)):
            position += len(line)
            word = after.split(b" ", 1)[0]
            if b" " in line and word and len(line) + 1 + len(word) > width:
                yield position, position, b" "
            position += len(_CRLF)


def one_place(tree: SignedTree, lost: bytes, *, at_end: bool) -> Iterator[Edits]:
    """Something small put back at the end, or the start, of one line; tried at every line that is not base64."""
    for start, stop in _text_lines(tree):
        position = stop if at_end else start
        yield ((position, position, lost),)


def one_empty_line_less(tree: SignedTree) -> Iterator[Edits]:
    """One empty line taken out."""
    for start, stop in _text_lines(tree):
        if start == stop and tree.data.startswith(_CRLF, stop):
            yield ((start, stop + len(_CRLF), b""),)


def _text_lines(tree: SignedTree) -> Iterator[tuple[int, int]]:
    """Every line of the signed entity without its line end, but for those inside base64."""
    root = tree.entities[0].part
    position, end = root.span
    encoded = [entity.part.body for entity in tree.leaves("base64")]
    for _ in range(_MOST_LINES):
        if encoded and position > encoded[0][0]:
            position = max(position, encoded.pop(0)[1])
            continue
        stop = tree.data.find(_CRLF, position, end)
        if stop == -1:
            yield position, end
            return
        yield position, stop
        position = stop + len(_CRLF)
