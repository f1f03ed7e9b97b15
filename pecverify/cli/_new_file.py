"""A file that a command makes, written where the user asked for it and over nothing that is there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pecverify.archive.answer import explain
from pecverify.cli import _messages as m
from pecverify.cli._demands import STANDARD_STREAM
from pecverify.cli._exit import CommandError

if TYPE_CHECKING:
    from pecverify.cli._text import Style


def write_new_file(data: bytes, name: str, style: Style, *, overwrite: bool) -> None:
    """Write a file, or to standard output for `-`.

    Raises:
        CommandError: the file exists and is not to be overwritten, or it cannot be written.
    """
    if name == STANDARD_STREAM:
        if sys.stdout is None:
            raise CommandError(style.say(m.CANNOT_WRITE, file=name, why=style.say(m.OUTPUT_CLOSED)))
        sys.stdout.buffer.write(data)
        return
    try:
        with Path(name).open("wb" if overwrite else "xb") as file:  # "x" leaves no moment between looking and writing
            file.write(data)
    except FileExistsError:
        raise CommandError(style.say(m.EXISTS, file=name)) from None
    except (OSError, ValueError) as error:
        raise CommandError(style.say(m.CANNOT_WRITE, file=name, why=explain(error))) from None
