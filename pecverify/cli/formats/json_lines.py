"""JSON Lines: one object a line for each message, written as soon as it is known (jsonlines.org)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pecverify.archive import Answer
    from pecverify.cli._text import Style


def render(answer: Answer, style: Style) -> str:  # noqa: ARG001 (JSON is the same in every language)
    """The line, in ASCII: names of files need not be Unicode."""
    return json.dumps(answer.to_dict(), separators=(",", ":"))


class Writer:
    """Writes and flushes each line: a run that is killed loses at most the end of the last one."""

    def __init__(self, stream: TextIO, style: Style) -> None:  # noqa: ARG002 (as above)
        self._stream = stream

    def write(self, rendered: str) -> None:
        """Write one line."""
        self._stream.write(rendered + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Nothing more to write."""
