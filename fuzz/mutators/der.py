"""ASN.1 as a tree: taken apart, mutated, written back with lengths that fit again.

The reader is generous (BER) and shares nothing with the package's: the harnesses check the package by it too.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

from fuzz.mutators.plain import count_of_steps, mutate_bytes, mutate_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

_CONSTRUCTED = 0x20
_SHORT = 0x80
_DEEPEST = 40
_OCTET_STRING, _SEQUENCE = 0x04, 0x30
_TAGS = (*range(0x01, 0x07), 0x0A, 0x0C, 0x13, 0x16, 0x17, 0x18, 0x1E, 0x24, 0x30, 0x31, *range(0x80, 0x84))
_TAGS_OF_CONTEXT = (*range(0xA0, 0xA5), 0x1F, 0x3F)
_OIDS = (
    "2a864886f70d010701 2a864886f70d010702 2a864886f70d010903 2a864886f70d010904 2a864886f70d010905"
    " 2a864886f70d010910020c 2a864886f70d010910022f 2a864886f70d010101 2a864886f70d01010a 2a864886f70d01010b"
    " 2b0e03021a 608648016503040201 608648016503040203 551d14 551d15 551d18 551d1b 551d1c 551d1d 551d23 551d3c"
    " 2b060105050730 0101 2b0601050507300102 806401 ffffffffffffffff7f"
)
_WORDS = (
    *map(bytes.fromhex, _OIDS.split()),
    *(b"240315092030Z", b"20240315092030Z", b"500101000000Z", b"20500101000000Z", b"00000101000000Z", b"240315092030"),
    *(b"20240315092030.5Z", b"240230000000Z", b"\x00", b"\x01", b"\xff", b"\x7f" + b"\xff" * 7, b"\x80" + bytes(8)),
)


@dataclass(slots=True)
class Tree:
    """One element."""

    tag: int
    """The identifier octet."""
    content: bytes = b""
    """Of one without children."""
    children: list[Tree] | None = None
    """Of a constructed one, or of an OCTET STRING that holds a SEQUENCE."""
    padding: int | None = 0
    """Octets of its length beyond what DER has; None: the length is indefinite."""

    def encode(self) -> bytes:
        """Write it out."""
        content = self.content if self.children is None else b"".join(child.encode() for child in self.children)
        if self.padding is None:
            return bytes([self.tag, _SHORT]) + content + b"\x00\x00"
        size = len(content)
        octets = _octets(size) + self.padding
        written = bytes([_SHORT | octets]) + size.to_bytes(octets, "big") if octets else bytes([size])
        return bytes([self.tag]) + written + content

    def walk(self) -> Iterator[Tree]:
        """It and all below it."""
        yield self
        for child in self.children or ():
            yield from child.walk()


def _octets(size: int) -> int:
    """How many octets DER has after the first of a length."""
    return 0 if size < _SHORT else (size.bit_length() + 7) // 8


def read_tree(data: bytes) -> Tree:
    """Take apart exactly one element.

    Raises:
        ValueError: that is not what it is.
    """
    tree, stop = _read(data, 0, len(data), 0)
    if stop != len(data):
        message = "bytes after the element"
        raise ValueError(message)
    return tree


def _read(data: bytes, start: int, stop: int, depth: int) -> tuple[Tree, int]:
    content = start + 2
    if content > stop or depth > _DEEPEST:
        message = "cut off or too deep"
        raise ValueError(message)
    tag, size = data[start], data[start + 1]
    if size == _SHORT:
        children, end = _read_until_end(data, content, stop, depth)
        return Tree(tag, children=children, padding=None), end
    octets = max(0, size - _SHORT)
    if octets:
        size = int.from_bytes(data[content : content + octets], "big")
        content += octets
    padding = octets - _octets(size)
    end = content + size
    if end > stop:
        message = "ends outside its parent"
        raise ValueError(message)
    if tag & _CONSTRUCTED or (tag == _OCTET_STRING and data[content : content + 1] == b"\x30"):
        try:
            return Tree(tag, children=_read_all(data, content, end, depth), padding=padding), end
        except ValueError:
            if tag & _CONSTRUCTED:
                raise
    return Tree(tag, data[content:end], padding=padding), end


def _read_all(data: bytes, start: int, stop: int, depth: int) -> list[Tree]:
    children = []
    while start < stop:
        child, start = _read(data, start, stop, depth + 1)
        children.append(child)
    return children


def _read_until_end(data: bytes, start: int, stop: int, depth: int) -> tuple[list[Tree], int]:
    children = []
    while data[start : start + 2] != b"\x00\x00":
        child, start = _read(data, start, stop, depth + 1)
        children.append(child)
    return children, start + 2


def mutate_der(data: bytes, random: Random, donors: Sequence[bytes] = ()) -> bytes:
    """Mutate some nodes of one element.

    Args:
        data: DER or BER.
        random: what to do.
        donors: other elements, of which parts may be put in.

    Raises:
        ValueError: the data is no element.
    """
    tree = read_tree(data)
    for _ in range(count_of_steps(random)):
        _mutate(tree, random, donors)
    return tree.encode()


def _mutate(tree: Tree, random: Random, donors: Sequence[bytes]) -> None:
    nodes = list(tree.walk())
    node = random.choice(nodes)
    steps: list[Callable[[], None]] = [
        lambda: _change_tag(node, random),
        lambda: _change_length(node, random),
        lambda: _change_content(node, random),
        lambda: _change_content(node, random),
        lambda: _change_children(
            random.choice([each for each in nodes if each.children is not None] or [node]), random
        ),
        lambda: _change_children(
            random.choice([each for each in nodes if each.children is not None] or [node]), random
        ),
        lambda: _replace(node, random.choice(nodes)),
        lambda: _wrap(node, random),
    ]
    if donors:
        steps.append(lambda: _splice(node, random, read_tree(random.choice(donors))))
    random.choice(steps)()


def _change_tag(node: Tree, random: Random) -> None:
    node.tag = random.choice((node.tag ^ 1 << random.randrange(8), random.choice((*_TAGS, *_TAGS_OF_CONTEXT))))


def _change_length(node: Tree, random: Random) -> None:
    node.padding = random.choice((0, 1, 3, None))


def _change_content(node: Tree, random: Random) -> None:
    if node.children is None:
        node.content = mutate_bytes(node.content, random, _WORDS)
    elif random.random() < 0.1:  # noqa: PLR2004 (seldom: what is inside is lost)
        node.content, node.children = mutate_bytes(node.encode(), random), None
    else:
        _change_children(node, random)


def _change_children(node: Tree, random: Random) -> None:
    if node.children is None:
        return
    if random.random() < 0.1:  # noqa: PLR2004 (as DER wants a SET)
        node.children.sort(key=Tree.encode)
    else:
        mutate_list(node.children, random)
        node.children = [copy.deepcopy(child) for child in node.children]  # what was doubled is two things


def _replace(node: Tree, other: Tree) -> None:
    taken = copy.deepcopy(other)
    node.tag, node.content, node.children, node.padding = taken.tag, taken.content, taken.children, taken.padding


def _wrap(node: Tree, random: Random) -> None:
    """Put it into another element; or the first of its children in its place."""
    if node.children and random.random() < 0.5:  # noqa: PLR2004 (half)
        _replace(node, node.children[0])
    else:
        inner = copy.deepcopy(node)
        node.tag, node.content, node.children = random.choice((_SEQUENCE, 0x31, 0xA0, _OCTET_STRING)), b"", [inner]


def _splice(node: Tree, random: Random, donor: Tree) -> None:
    """A part of another element, likeliest one with the same tag, in its place or among its children."""
    parts = list(donor.walk())
    alike = [part for part in parts if part.tag == node.tag] if random.random() < 0.7 else []  # noqa: PLR2004 (mostly)
    part = random.choice(alike or parts)
    if node.children is not None and random.random() < 0.5:  # noqa: PLR2004 (half)
        node.children.insert(random.randrange(len(node.children) + 1), copy.deepcopy(part))
    else:
        _replace(node, part)
