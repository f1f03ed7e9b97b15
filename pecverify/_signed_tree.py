"""The entities under a signature, the original's too, and edits to them that are not yet made.

Edits are made by putting pieces together: nothing is parsed and written again.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pecverify._header import MimeError
from pecverify._mime import read_part, split_multipart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pecverify._mime import Part
    from pecverify.policy import Limits

Edit: TypeAlias = tuple[int, int, bytes]
"""Start and stop of what is replaced, and with what."""
Edits: TypeAlias = tuple[Edit, ...]
"""In order, without overlaps."""
Way: TypeAlias = "Callable[[Entity], Edit]"
"""How one entity may have been written."""

_MOST_ENTITIES = 500
_SMALL = 100_000


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
            is_leaf = not part.media_type.startswith("multipart/") and not _holds_entity(part)
            if is_leaf and encoding in (None, part.header.encoding):
                yield entity

    def header(self, entity: Entity) -> tuple[int, int]:
        """Where its header lies, with the empty line if there is one."""
        return entity.part.start, entity.part.body[0]

    def body(self, entity: Entity) -> bytes:
        """Its body, undecoded."""
        return self.data[slice(*entity.part.body)]


def _holds_entity(part: Part) -> bool:
    return part.media_type == "message/rfc822" and not part.header.is_encoded


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


class _Group:
    """Entities that one program wrote, and the ways to write them that differ."""

    def __init__(self, tree: SignedTree, entities: list[Entity], ways: Iterable[Way]) -> None:
        self.tree = tree
        self.entities = entities
        self.ways: list[tuple[Way | None, Edits | None]] = [(None, ())]
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

    def _make(self, way: Way) -> Edits:
        edits = map(way, self.entities)
        return tuple(edit for edit in edits if edit[2] != self.tree.data[edit[0] : edit[1]])


def in_groups(tree: SignedTree, entities: Iterable[Entity], ways: Iterable[Way]) -> Iterator[Edits]:
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
