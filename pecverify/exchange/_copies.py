"""Copies of one receipt are one receipt with several places where it lay.

Copies are the same bytes twice, or the same receipt from two mailboxes: what is signed is the same, and the headers
around it differ. Receipts that differ in a certified value, or carry different originals, stay two.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pecverify.exchange.evidence import Apart, Evidence, Source


def merge_copies(evidence: list[Evidence]) -> tuple[Evidence, ...]:
    """Each receipt once, in the order of their instants."""
    by_identity: dict[tuple[object, ...], list[Evidence]] = {}
    for each in evidence:
        by_identity.setdefault(each.identity, []).append(each)
    distinct = (merged for copies in by_identity.values() for merged in _merge(copies))
    return tuple(sorted(distinct, key=lambda each: each.order))


def _merge(copies: list[Evidence]) -> Iterator[Evidence]:
    """One for all copies; if they carry different originals, they are not copies: one for each original."""
    originals = {each.original.sha256: each.original for each in copies if each.original is not None}
    if len(originals) > 1:
        for original in (*originals.values(), None):
            if own := [each for each in copies if each.original == original]:
                yield _merge_alike(own)
    else:
        yield dataclasses.replace(_merge_alike(copies), original=next(iter(originals.values()), None))


def _merge_alike(copies: list[Evidence]) -> Evidence:
    if len(copies) == 1:
        return copies[0]
    plainest = min(copies, key=_order_of_copy)
    return dataclasses.replace(
        plainest, sources=_sources_of(copies), content_doubtful=any(each.content_doubtful for each in copies)
    )


def _order_of_copy(copy: Evidence) -> tuple[object, ...]:
    """The copy with the fewest findings first: headers gather damage on their way."""
    return copy.finding_count, copy.sources[0].order, str(copy.findings), str(copy.signer), str(copy.validated_at)


def merge_files(apart: Iterable[Apart]) -> tuple[Apart, ...]:
    """Each file's once, with all places where it lay."""
    by_file: dict[object, list[Apart]] = {}
    for number, each in enumerate(apart):
        (source,) = each.sources
        sha256 = None if source.origin is None else source.origin.sha256
        file = number if sha256 is None else (sha256, source.taken_from, dataclasses.replace(each, sources=()))
        by_file.setdefault(file, []).append(each)
    merged = (dataclasses.replace(copies[0], sources=_sources_of(copies)) for copies in by_file.values())
    return tuple(sorted(merged, key=lambda each: each.order))


def _sources_of(copies: Iterable[Evidence | Apart]) -> tuple[Source, ...]:
    return tuple(sorted({source for each in copies for source in each.sources}, key=lambda source: source.order))
