"""Text for a terminal: hostile characters escaped, lengths bounded, colour only where it is wanted.

Rule: whatever comes from a message or is the name of a file passes through `escape` before it is printed.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from pecverify.printable import SHOWN, escape, shown

if TYPE_CHECKING:
    from pecverify.cli._messages import Language, Phrase

__all__ = ["SHOWN", "Ink", "Style", "escape", "shown", "wants_colour"]


class Ink(StrEnum):
    """Select Graphic Rendition codes (ECMA-48 §8.3.117)."""

    STRONG = "1"
    """Bold."""
    BAD = "1;31"
    """Bold red."""
    GOOD = "1;32"
    """Bold green."""
    DOUBT = "1;33"
    """Bold yellow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How a command speaks: in which language, and with or without colour."""

    language: Language
    """English or Italian."""
    coloured: bool
    """Whether `paint` paints."""

    def say(self, phrase: Phrase, **values: str) -> str:
        """The phrase in this language, each value escaped."""
        text = phrase.it if self.language == "it" else phrase.en
        return text.format(**{name: escape(value) for name, value in values.items()})

    @property
    def plain(self) -> Style:
        """The same without colour."""
        return replace(self, coloured=False)

    def paint(self, text: str, ink: Ink) -> str:
        """The text in colour, if colour is wanted."""
        return f"\x1b[{ink}m{text}\x1b[0m" if self.coloured else text


def wants_colour() -> bool:
    """Whether standard output is a terminal that shows colour to a user who has not declined it (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return sys.stdout is not None and sys.stdout.isatty()
