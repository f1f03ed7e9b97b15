"""One JSON array with an object for each message."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from pecverify.archive import Answer
    from pecverify.cli._text import Style


def render(answer: Answer, style: Style) -> str:  # noqa: ARG001 (JSON is the same in every language)
    """The object, indented as an element of the array."""
    return json.dumps(answer.to_dict(), indent=2).replace("\n", "\n  ")


class Writer:
    """Writes the array element by element."""

    def __init__(self, stream: TextIO, style: Style) -> None:  # noqa: ARG002 (as above)
        self._stream = stream
        self._before = "[\n  "

    def write(self, rendered: str) -> None:
        """Write one element."""
        self._stream.write(self._before + rendered)
        self._before = ",\n  "

    def close(self) -> None:
        """End the array."""
        self._stream.write("[]\n" if self._before.startswith("[") else "\n]\n")
