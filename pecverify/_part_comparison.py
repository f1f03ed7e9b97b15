"""The parts of an original against those of the message that was sent."""

from __future__ import annotations

import hashlib
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pecverify._leaves import same_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pecverify._leaves import Leaf


class PartOutcome(StrEnum):
    """What came of one part."""

    IDENTICAL = "identical"
    """Header and body are the same bytes, line ends aside."""
    EQUIVALENT = "equivalent"
    """The same content once the transfer encoding is undone; type, name and charset are the same."""
    DIFFERENT = "different"
    """Another content, type, name or charset in its place."""
    MISSING = "missing"
    """Sent, and not in the receipt."""
    EXTRA = "extra"
    """In the receipt, and not sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartComparison:
    """One part and its counterpart."""

    path: str
    """Its place in the receipt's original (in the sent message if it is MISSING): `2.1` is the first of the second."""
    media_type: str
    """Type and subtype, lower case, from the same message as `path`."""
    name: str | None
    """Its file name, decoded. Hostile text: escape it before you print it."""
    outcome: PartOutcome
    """What came of it."""
    sent_path: str | None
    """Its place in the sent message; None if it is EXTRA."""
    original_sha256: str | None
    """SHA-256 of the content in the receipt's original, hexadecimal, lower case; None if there is none to read."""
    sent_sha256: str | None
    """SHA-256 of the content that was sent, likewise."""


def compare_parts(original: Sequence[Leaf], sent: Sequence[Leaf]) -> tuple[PartComparison, ...]:
    """Each part with its counterpart: of the same content, there or elsewhere; else in its place; else of its name."""
    ours, theirs = [_Facts.of(leaf) for leaf in original], [_Facts.of(leaf) for leaf in sent]
    counterparts: dict[int, int] = {}
    free = dict.fromkeys(range(len(theirs)))
    for key_of in (_content_in_place, _content, _place, _name):
        waiting: dict[object, deque[int]] = {}
        for number in free:
            waiting.setdefault(key_of(theirs[number]), deque()).append(number)
        for number, facts in enumerate(ours):
            key = key_of(facts)
            if number not in counterparts and key is not None and waiting.get(key):
                counterparts[number] = waiting[key].popleft()
                del free[counterparts[number]]
    pairs = [
        _compare_part(facts, theirs[counterparts[number]] if number in counterparts else None)
        for number, facts in enumerate(ours)
    ]
    return (*pairs, *(_describe(theirs[number], PartOutcome.MISSING, None, theirs[number]) for number in free))


def are_in_order(parts: Iterable[PartComparison]) -> bool:
    """Whether the parts that have a counterpart were sent in the order in which the original has them."""
    places = [[int(number) for number in part.sent_path.split(".")] for part in parts if part.sent_path is not None]
    return places == sorted(places)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What parts are compared by."""

    leaf: Leaf
    """The part."""
    sha256: str | None
    """Of its content."""
    content: str | None
    """The same, for a text with its line ends made equal and those at its end left out."""

    @classmethod
    def of(cls, leaf: Leaf) -> _Facts:
        decoded = leaf.decoded()
        if decoded is None:
            return cls(leaf, None, None)
        sha256 = hashlib.sha256(decoded).hexdigest()
        if not leaf.part.media_type.startswith("text/"):
            return cls(leaf, sha256, sha256)
        return cls(leaf, sha256, hashlib.sha256(decoded.replace(b"\r\n", b"\n").rstrip(b"\n")).hexdigest())


def _content_in_place(facts: _Facts) -> tuple[str, str] | None:
    return None if facts.content is None else (facts.leaf.path, facts.content)


def _content(facts: _Facts) -> str | None:
    return facts.content


def _place(facts: _Facts) -> str | None:
    return facts.leaf.path


def _name(facts: _Facts) -> str | None:
    return None if facts.leaf.name is None else same_name(facts.leaf.name)


def _compare_part(original: _Facts, sent: _Facts | None) -> PartComparison:
    if sent is None:
        return _describe(original, PartOutcome.EXTRA, original, None)
    ours, theirs = original.leaf, sent.leaf
    if _says_of_itself(ours) == _says_of_itself(theirs) and ours.body == theirs.body:
        outcome = PartOutcome.IDENTICAL
    elif original.content is not None and original.content == sent.content and _kind(original) == _kind(sent):
        outcome = PartOutcome.EQUIVALENT
    else:
        outcome = PartOutcome.DIFFERENT
    return _describe(original, outcome, original, sent)


def _says_of_itself(leaf: Leaf) -> dict[bytes, tuple[bytes, ...]]:
    """The fields about the content: in the root they stand among those of the message."""
    bodies = leaf.part.header.fields.bodies
    return {name: values for name, values in bodies.items() if name.startswith(b"content-")}


def _kind(facts: _Facts) -> tuple[str, str | None, str]:
    part = facts.leaf.part
    return part.media_type, _name(facts), part.header.content_type.parameters.get("charset", "us-ascii").lower()


def _describe(facts: _Facts, outcome: PartOutcome, original: _Facts | None, sent: _Facts | None) -> PartComparison:
    return PartComparison(
        path=facts.leaf.path,
        media_type=facts.leaf.part.media_type,
        name=facts.leaf.name,
        outcome=outcome,
        sent_path=None if sent is None else sent.leaf.path,
        original_sha256=None if original is None else original.sha256,
        sent_sha256=None if sent is None else sent.sha256,
    )
