"""The forms in which a run's answers are written, each in a module of its own that is loaded when it is asked for.

A format's `render` is called where a message was verified, in a worker perhaps; its `Writer` puts what came of it into
the output, in order.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

from pecverify.cli import _messages as m
from pecverify.cli._exit import CommandError

if TYPE_CHECKING:
    from pecverify.archive import Answer
    from pecverify.cli._text import Style


class _Entry(NamedTuple):
    module: str
    extra: str | None
    """The extra that installs what the module needs."""
    is_binary: bool


_FORMATS = {
    "text": _Entry("text", None, is_binary=False),
    "json": _Entry("json_document", None, is_binary=False),
    "jsonl": _Entry("json_lines", None, is_binary=False),
    "junit": _Entry("junit", "cli", is_binary=False),
    "sarif": _Entry("sarif", None, is_binary=False),
    "github": _Entry("github", None, is_binary=False),
    "csv": _Entry("csv_table", None, is_binary=False),
    "parquet": _Entry("parquet", "arrow", is_binary=True),
}


class Writer(Protocol):
    """Writes what `render` gave, in order."""

    def __init__(self, stream: Any, style: Style) -> None:  # noqa: ANN401 (text or bytes, as the format says)
        """Begin the document."""

    def write(self, rendered: Any, /) -> None:  # noqa: ANN401 (whatever render gave)
        """Write one answer."""

    def close(self) -> None:
        """End the document. The stream stays open."""


class Format(Protocol):
    """What a format's module offers."""

    Writer: type[Writer]

    def render(self, answer: Answer, style: Style) -> Any:  # noqa: ANN401 (what its Writer takes)
        """What the writer needs of one answer: it pickles, and is small."""


def load_format(name: str, style: Style) -> Format:
    """The module of a format.

    Raises:
        CommandError: the library that it needs is not installed.
    """
    entry = _FORMATS[name]
    try:
        return cast("Format", importlib.import_module(f"pecverify.cli.formats.{entry.module}"))
    except ImportError:
        if entry.extra is None:
            raise
        raise CommandError(style.say(m.EXTRA_MISSING, extra=f"pecverify[{entry.extra}]")) from None


def is_binary(name: str) -> bool:
    """Whether a format writes bytes."""
    return _FORMATS[name].is_binary
