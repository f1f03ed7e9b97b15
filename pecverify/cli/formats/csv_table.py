"""CSV (RFC 4180) for spreadsheets: the rows of docs/tables.md, a line for each, with nothing in them that acts.

Spreadsheets take a cell for a formula by its first character, and a sender chooses the subject. As OWASP's "CSV
Injection" asks, such a cell gets an apostrophe before it; so does the text after a semicolon, which is where Italian
spreadsheets, opening the file by themselves, begin another cell. Every text is escaped as on a terminal first. Parquet
and JSON hold the texts as they are.
"""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, TextIO

from pecverify.archive.flat import COLUMNS, flat_rows
from pecverify.cli._text import escape

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pecverify.archive import Answer
    from pecverify.archive.flat import Value
    from pecverify.cli._text import Style

# Full-width forms too: some spreadsheets read them as the plain ones.
_WOULD_ACT = re.compile(r'(^|;)("*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])')


def render(answer: Answer, style: Style) -> str:  # noqa: ARG001 (a table is the same in every language)
    """The lines."""
    return _lines([_cell(value) for value in row.values()] for row in flat_rows(answer))


class Writer:
    """Writes the header, and the lines as they come."""

    def __init__(self, stream: TextIO, style: Style) -> None:  # noqa: ARG002 (as above)
        self._stream = stream
        stream.write(_lines([[column.name for column in COLUMNS]]))

    def write(self, rendered: str) -> None:
        """Write one answer's lines."""
        self._stream.write(rendered)

    def close(self) -> None:
        """Nothing more to write."""


def _lines(rows: Iterable[list[str]]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cell(value: Value) -> str:
    """Null is empty, an instant RFC 3339, a list JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case datetime():
            return value.isoformat().replace("+00:00", "Z")
        case str():
            return _defuse(escape(value))
        case _:
            return _defuse(json.dumps(value))


def _defuse(text: str) -> str:
    """The text with an apostrophe before what a spreadsheet would compute. Source: OWASP, CSV Injection; CWE-1236.

    Tabs and line ends, by which a cell could begin as well, must have been made visible.
    """
    return _WOULD_ACT.sub(r"\1\2'", text)
