"""Workflow commands of GitHub Actions: annotations in the log, and a summary of the step.

Rule: hostile text is only ever data. The runner takes a line that begins with `::`, after spaces, for a command, and
`##[command]` anywhere in a line for one of the older kind.

Source: GitHub's documentation, "Workflow commands for GitHub Actions"; what the runner itself parses: ActionCommand.cs.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, NamedTuple, TextIO

from pecverify import Verdict
from pecverify.archive import Unverified
from pecverify.cli import _messages as m
from pecverify.cli._demands import STANDARD_STREAM, guarding
from pecverify.cli._text import escape, shown
from pecverify.cli.formats._entries import entries_of
from pecverify.cli.formats._step_summary import CARRIER, UNVERIFIED, StepSummary, row

if TYPE_CHECKING:
    from pecverify.archive import Answer
    from pecverify.cli._text import Style
    from pecverify.cli.formats._entries import Entry

_ANNOTATIONS_SHOWN = 10
"""Of each level, for each step: more are dropped by the service without a word."""
_TITLE_SHOWN = 200
_LEVELS = {Verdict.INVALID: "error", Verdict.INDETERMINATE: "warning"}


class Rendered(NamedTuple):
    """One message."""

    outcome: str
    """A verdict, `UNVERIFIED` or `CARRIER`: for the counts."""
    level: str = ""
    """Of its annotation; nothing for what passes, and then there is no text either."""
    command: str = ""
    """The annotation."""
    line: str = ""
    """What stands in the log where there are too many annotations."""
    row: str = ""
    """Of the summary's table."""


def render(answer: Answer, style: Style) -> tuple[Rendered, ...]:
    """The message and the receipts inside it."""
    return tuple(_render(entry, style) for entry in entries_of(answer))


class Writer:
    """Writes annotations, then lines; the summary comes at the end, for its counts stand first."""

    def __init__(self, stream: TextIO, style: Style) -> None:
        self._stream = stream
        self._style = style
        self._counts: Counter[str] = Counter()
        name = os.environ.get("GITHUB_STEP_SUMMARY")
        self._summary = None if not name else StepSummary(Path(name), style)

    def write(self, rendered: tuple[Rendered, ...]) -> None:
        """Write one message's annotations."""
        for entry in rendered:
            if entry.level:
                self._counts[entry.level] += 1
                is_shown = self._counts[entry.level] <= _ANNOTATIONS_SHOWN
                self._stream.write(f"{entry.command if is_shown else entry.line}\n")
            if self._summary is not None:
                self._summary.add(entry.outcome, entry.row)
        self._stream.flush()

    def close(self) -> None:
        """Write how many annotations there were too many, and the summary.

        Raises:
            CommandError: the summary cannot be written.
        """
        errors, warnings = (max(0, self._counts[level] - _ANNOTATIONS_SHOWN) for level in ("error", "warning"))
        if errors or warnings:
            text = self._style.say(m.AND_MORE_ANNOTATIONS, errors=f"{errors:,}", warnings=f"{warnings:,}")
            self._stream.write(f"{_command('notice', '', 'pecverify', text)}\n")
        if self._summary is None:
            return
        with guarding(m.CANNOT_WRITE, str(self._summary.path), self._style):
            self._summary.write()


def _render(entry: Entry, style: Style) -> Rendered:
    if entry.is_carrier:
        return Rendered(CARRIER)
    if isinstance(entry.result, Unverified):
        outcome, level = UNVERIFIED, "error"
    else:
        outcome, level = entry.result.verdict.value, _LEVELS.get(entry.result.verdict, "")
    if not level:
        return Rendered(outcome)
    title = shown(entry.headline(style), _TITLE_SHOWN)
    sentences = [*entry.explain(style)]
    return Rendered(
        outcome,
        level,
        _command(level, entry.origin.path, title, "\n".join([entry.name, *sentences])),
        _without_old_command(f"{title}: {entry.name}"),
        row(entry.name, entry.title(style), entry.reasons, " ".join(sentences)),
    )


def _command(level: str, path: str, title: str, text: str) -> str:
    """One line: `::level file=...,title=...::text`."""
    file = [] if path in ("", STANDARD_STREAM) else [("file", escape(PurePath(path).as_posix()))]
    properties = ",".join(f"{name}={_property(value)}" for name, value in [*file, ("title", title)])
    return _without_old_command(f"::{level} {properties}::{_data(text)}")


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _without_old_command(line: str) -> str:
    return line.replace("##[", "## [")
