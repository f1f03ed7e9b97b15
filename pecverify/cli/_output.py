"""Where a run's answers go: standard output or a file, as text or bytes."""

from __future__ import annotations

import glob
import os
import sys
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from pecverify.archive.answer import explain
from pecverify.archive.sources import is_mail
from pecverify.cli import _messages as m
from pecverify.cli._demands import STANDARD_STREAM
from pecverify.cli._exit import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pecverify.cli._text import Style


@contextmanager
def open_output(
    name: str, style: Style, *, binary: bool, append: bool, sources: Sequence[str]
) -> Iterator[IO[str] | IO[bytes]]:
    """The stream to write to.

    Args:
        name: a file, or `-` for standard output.
        style: the language of what is wrong.
        binary: whether bytes are written.
        append: whether what is in the file stays.
        sources: what is verified: none of it may be written over, nor what a folder or a pattern among it may hold.

    Raises:
        CommandError: it cannot be opened or written, or is one of the sources.
    """
    if name == STANDARD_STREAM and sys.stdout is not None:
        yield _standard_output(style, binary=binary)
        return
    if name == STANDARD_STREAM:  # the caller closed it, and wants the exit status alone
        name, append = os.devnull, False
    if any(_is_same(name, source) for source in sources) or _is_mail_within(name, sources):
        raise CommandError(style.say(m.OUTPUT_IS_SOURCE, file=name))
    try:
        with _open(name, "a" if append else "w", binary=binary) as file:
            yield file
    except OSError as error:
        raise CommandError(style.say(m.CANNOT_WRITE, file=name, why=explain(error))) from None


def _open(name: str, mode: str, *, binary: bool) -> IO[str] | IO[bytes]:
    try:
        if binary:
            return open(name, f"{mode}b")  # noqa: PTH123 (a hostile name stays text; the caller closes)
        return open(name, mode, encoding="utf-8", errors="backslashreplace", newline="")  # noqa: PTH123 (as above)
    except ValueError as error:  # no file can have this name
        raise OSError(str(error)) from None


def _standard_output(style: Style, *, binary: bool) -> IO[str] | IO[bytes]:
    if not binary:
        return sys.stdout
    if sys.stdout.isatty():
        raise CommandError(style.say(m.NOT_TO_A_TERMINAL))
    return sys.stdout.buffer


def _is_mail_within(name: str, sources: Sequence[str]) -> bool:
    """Whether there is a file of that name that would be verified as part of a source."""
    try:
        place = os.path.realpath(name)
        folders = [os.path.join(os.path.realpath(source), "") for source in sources]  # noqa: PTH118 (as above)
    except ValueError:
        return False
    return (any(map(place.startswith, folders)) or any(map(glob.has_magic, sources))) and is_mail(name)


def _is_same(name: str, source: str) -> bool:
    try:
        return os.path.samefile(name, source)  # noqa: PTH121 (hostile names stay text)
    except (OSError, ValueError):
        return False
