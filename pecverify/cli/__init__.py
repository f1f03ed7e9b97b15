"""The command line, a module for each command. It uses the public names of `pecverify` and no others."""

from __future__ import annotations

import importlib
import io
import os
import sys
from typing import TYPE_CHECKING

from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._parser import parse_arguments
from pecverify.cli._text import escape

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments without the program's name; those of the process by default.

    Returns:
        The exit status: see `ExitStatus`.

    Raises:
        SystemExit: for `--help` and `--version` (status 0) and usage errors (status 2), as argparse does.
    """
    _write_what_the_terminal_lacks_as_escapes()
    arguments = parse_arguments(argv)
    try:
        return _run(arguments)
    except BrokenPipeError:
        _discard_output()
        return ExitStatus.NOT_DONE
    except OSError as error:  # every file is read and written under a guard of its own: this is standard output
        _discard_output()
        print(f"pecverify: standard output: {escape(error.strerror or str(error))}", file=sys.stderr)
        return ExitStatus.NOT_DONE
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def _run(arguments: Namespace) -> ExitStatus:
    try:
        status = _load_command(arguments.command)(arguments)
    except CommandError as error:
        print(f"pecverify: {escape(str(error))}", file=sys.stderr)
        return ExitStatus.NOT_DONE
    if sys.stdout is not None:  # None where the caller closed it
        sys.stdout.flush()
    return status


def _load_command(name: str) -> Callable[[Namespace], ExitStatus]:
    """The function behind a command, imported only now: `--help` does not wait for the verifier."""
    command: Callable[[Namespace], ExitStatus] = importlib.import_module(f"pecverify.cli._{name}").run
    return command


def _write_what_the_terminal_lacks_as_escapes() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _discard_output() -> None:
    """Send what is still buffered nowhere, so that the interpreter does not complain at its end.

    Source: the Python documentation, `signal`, "Note on SIGPIPE".
    """
    if sys.stdout is None:
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
