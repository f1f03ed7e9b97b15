"""What was lost from the parts of a signed entity, put back: CR, blanks at the end of lines, an empty line, a dot.

Every guess is a set of edits to a message whose line ends are CRLF.
"""

from __future__ import annotations

import itertools
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._signed_tree import Edit, Edits, SignedTree

_CRLF = b"\r\n"
_MOST_LINES = 20_000
"""Lines of text (not of base64) at each of which something small may have been lost."""
_QUOTED_FROM = re.compile(rb"^>(?=>*From )", re.MULTILINE)
_MOST_QUOTED = 6
"""Lines of which every choice is tried; of more, one alone."""
_FOLD_AFTER_SEMICOLON = re.compile(rb";(?=\r\n[ \t])")
_EMPTY_FIELD = re.compile(rb"^[!-9;-~]+:(?=\r\n)", re.MULTILINE)
_SIGNATURE_SEPARATOR = re.compile(rb"^--(?=\r\n)", re.MULTILINE)
_WRAPPED_AT = (72, 76, 78, 66)


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


def with_some_from_unquoted(tree: SignedTree) -> Iterator[Edits]:
    """`>From ` unquoted in some lines and not in others, which had their `>` before: an mbox does not tell."""
    sites = list(itertools.islice(_QUOTED_FROM.finditer(tree.data, *tree.entities[0].part.span), _MOST_LINES))
    edits = [(site.start(), site.end(), b"") for site in sites]
    if len(edits) <= _MOST_QUOTED:
        for count in range(1, len(edits)):
            yield from itertools.combinations(edits, count)
    else:
        yield from ((edit,) for edit in edits)


def with_trailing_blanks(tree: SignedTree) -> Iterator[Edits]:
    """Blanks at the end of lines where programs write them: folds, empty fields, `-- `, flowed text (RFC 3676 §4)."""
    texts = [entity for entity in tree.leaves() if entity.part.media_type == "text/plain"]
    bodies = [entity.part.body for entity in texts if entity.part.header.encoding != "base64"]
    flowed = [
        entity.part.body
        for entity in texts
        if entity.part.header.content_type.parameters.get("format", "").lower() == "flowed"
    ]
    # One program wrote the receipt, another the original.
    headers = [
        [tree.header(entity) for entity in tree.entities if entity.in_original is inside] for inside in (False, True)
    ]
    groups: list[list[Edits]] = [
        *([_blanks_after(tree, spans, _FOLD_AFTER_SEMICOLON)] for spans in headers),
        *([_blanks_after(tree, spans, _EMPTY_FIELD)] for spans in headers),
        [_blanks_after(tree, bodies, _SIGNATURE_SEPARATOR)],
        [tuple(_soft_breaks(tree.data, flowed, width)) for width in _WRAPPED_AT],
    ]
    seen: set[Edits] = {()}
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
