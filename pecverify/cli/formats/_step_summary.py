"""The summary of a step on GitHub: Markdown appended to the file that the runner names.

Rule: hostile text stands in `<code>`, with all but letters, digits, spaces and a few harmless signs as character
references. CommonMark (§2.5) takes no reference for structure: none ends a cell, opens a tag or makes a link. In code
the service looks for no mentions.

Source: GitHub Flavored Markdown; GitHub's documentation, "Adding a job summary".
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pecverify import Verdict
from pecverify.cli import _messages as m

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from pecverify.cli._messages import Phrase
    from pecverify.cli._text import Style

UNVERIFIED = "unverified"
"""Counted beside the verdicts: there is none."""
CARRIER = "carrier"
"""Counted beside the verdicts: mail that carries receipts."""

_LIMIT_BYTES = 1_000_000
"""The service drops a step's summary of more than 1 MiB, whole."""
_RESERVED_BYTES = 4_000
"""For all but the rows of the second table: it is of known sentences and counts."""
_HARMLESS = frozenset(" -/")
_OUTCOMES: dict[str, Phrase] = {
    **{verdict.value: m.VERDICTS[verdict] for verdict in Verdict},
    UNVERIFIED: m.UNVERIFIED,
    CARRIER: m.CARRIERS,
}


class StepSummary:
    """Counts, and as many rows as fit."""

    def __init__(self, path: Path, style: Style) -> None:
        self.path = path
        self._style = style
        self._counts: Counter[str] = Counter()
        self._rows: list[str] = []
        self._left_out = 0
        self._room = _LIMIT_BYTES - _RESERVED_BYTES - _size(path)

    def add(self, outcome: str, row: str) -> None:
        """Take one message; `row` is empty for what does not belong in the second table."""
        self._counts[outcome] += 1
        if not row:
            return
        size = len(row.encode()) + 1
        if self._left_out or size > self._room:  # once one is left out all are: the table has no gaps
            self._left_out += 1
            return
        self._room -= size
        self._rows.append(row)

    def write(self) -> None:
        """Append the summary; nothing where no room is left for it.

        Raises:
            OSError, ValueError: the file cannot be written, or no file can have this name.
        """
        if self._room < 0:
            return
        with self.path.open("a", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        say = self._style.say
        yield from ("## pecverify", "", f"| {say(m.VERDICT)} | {say(m.MESSAGES)} |", "| --- | ---: |")
        for outcome, phrase in _OUTCOMES.items():
            if self._counts[outcome] or outcome not in (UNVERIFIED, CARRIER):
                yield f"| {say(phrase)} | {self._counts[outcome]:,} |"
        if self._rows:
            titles = " | ".join(say(title) for title in (m.MESSAGE, m.VERDICT, m.REASONS, m.WHY))
            yield from ("", f"### {say(m.NOT_VALID)}", "", f"| {titles} |", "| --- | --- | --- | --- |", *self._rows)
        if self._left_out:
            yield from ("", say(m.AND_MORE_ROWS, count=f"{self._left_out:,}"))
        yield ""


def row(name: str, title: str, reasons: Iterable[str], sentences: str) -> str:
    """A row of the table of what is not valid; its texts are escaped already, and so on one line."""
    return f"| {_code(name)} | {title} | {' '.join(map(_code, reasons))} | {_code(sentences)} |"


def _code(text: str) -> str:
    safe = "".join(
        character if character.isalnum() or character in _HARMLESS else f"&#{ord(character)};" for character in text
    )
    return f"<code>{safe}</code>"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except (OSError, ValueError):  # not there yet, or `write` will say what is wrong
        return 0
