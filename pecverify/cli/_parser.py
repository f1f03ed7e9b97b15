"""The arguments of each command. Help is in English; what the commands say is in the user's language."""

from __future__ import annotations

import argparse
import os
from datetime import UTC
from typing import TYPE_CHECKING, NoReturn

from pecverify import __version__
from pecverify.cli._text import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from pecverify.cli._messages import Language

_EPILOG = """\
exit status:
  0  everything is valid
  1  something is invalid
  2  the command was misused
  3  nothing is invalid, something is indeterminate: not a pass
  4  something could not be done: a file could not be read or written, or there is nothing to extract
     (comes before 1 and 3; the other files are reported all the same)
130  interrupted
"""

_VERIFY = """\
Verify PEC messages and say why a verdict came out. With --nested, the receipts inside each message are verified by
themselves; a message that merely carries some is reported too, and does not count for the exit status."""

_SHOW = """\
Explain one message to a person: what it certifies, each check, the certificate path and the times."""

_EXTRACT = """\
Write the original message (postacert.eml) that a receipt carries, byte for byte. Nothing is written unless the verdict
is valid; --even-if-not-valid asks only that the signature holds, and leaves the exit status at 1 or 3."""


class _Parser(argparse.ArgumentParser):
    """An ArgumentParser that repeats no control characters of its arguments to the terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(escape(message))


def parse_arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    """The arguments of one command, checked against each other.

    Raises:
        SystemExit: for `--help` and `--version`, and for usage errors.
    """
    parser, commands = _build_parser()
    arguments = parser.parse_args(argv)
    command = commands[arguments.command]
    if arguments.policy == "strict" and arguments.at is not None:
        command.error("--policy strict judges now, or at --existed-at: --at does not go with it")
    if arguments.command == "verify" and arguments.files.count("-") > 1:
        command.error("standard input (-) can be read once")
    arguments.lang = arguments.lang or language_of(os.environ)
    return arguments


def language_of(environment: Mapping[str, str]) -> Language:
    """Italian where the locale for messages is Italian, else English.

    Source: POSIX.1-2017, Base Definitions §8.2: LC_ALL, then LC_MESSAGES, then LANG.
    """
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "it" if locale.lower().startswith("it") else "en"


def _build_parser() -> tuple[_Parser, dict[str, _Parser]]:
    parser = _Parser(
        prog="pecverify",
        description="Tells whether an Italian certified e-mail (PEC) receipt is genuine, what it certifies and why.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"pecverify {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    demands = _build_demands()

    def add(name: str, summary: str, description: str) -> _Parser:
        return commands.add_parser(
            name,
            help=summary,
            description=description,
            epilog=_EPILOG,
            parents=[demands],
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )

    verify = add("verify", "verify messages", _VERIFY)
    verify.add_argument("files", nargs="+", metavar="FILE", help="an .eml file; - is standard input")
    verify.add_argument("--format", choices=("text", "json"), default="text", help="default: text")
    verify.add_argument("--nested", action="store_true", help="also verify the receipts inside each message")

    show = add("show", "explain one message", _SHOW)
    show.add_argument("file", metavar="FILE", help="an .eml file; - is standard input")

    extract = add("extract", "write the original message that a receipt carries", _EXTRACT)
    extract.add_argument("file", metavar="FILE", help="an .eml file; - is standard input")
    extract.add_argument("-o", "--output", required=True, metavar="FILE", help="where to; - is standard output")
    extract.add_argument("--force", action="store_true", help="overwrite an existing file")
    extract.add_argument("--even-if-not-valid", action="store_true", help="ask only that the signature holds")
    return parser, {"verify": verify, "show": show, "extract": extract}


def _build_demands() -> _Parser:
    """The options that every command has: what is demanded of a message, and in which language to speak of it."""
    demands = _Parser(add_help=False)
    demands.add_argument(
        "--trust",
        action="append",
        default=[],
        metavar="PEM",
        help="a file of certificates to trust besides the built-in ones; may be repeated",
    )
    instant = demands.add_mutually_exclusive_group()
    instant.add_argument(
        "--at",
        type=_instant,
        metavar="ISO",
        help="judge the certificate at this instant, e.g. 2018-11-13T16:39:26+01:00, not at the one the message states",
    )
    instant.add_argument(
        "--existed-at",
        type=_instant,
        metavar="ISO",
        help="an instant at which you can prove that the file existed, e.g. by a timestamp",
    )
    demands.add_argument(
        "--policy",
        choices=("default", "strict", "archival"),
        default="default",
        help="strict: believe no stated time without proof, and no SHA-1; archival: accept the algorithms of its time",
    )
    demands.add_argument("--lang", choices=("en", "it"), help="language of the output; default: from the locale")
    return demands


def _instant(text: str) -> datetime:
    from dateutil.parser import isoparse  # noqa: PLC0415 - slow to import, and seldom needed

    try:
        instant = isoparse(text)
        naive = instant.utcoffset() is None
        instant.astimezone(UTC)  # at the ends of the calendar there may be no such instant
    except (ValueError, OverflowError):
        message = f"not an ISO 8601 date and time: {text!r}"
        raise argparse.ArgumentTypeError(message) from None
    if naive:
        message = f"no offset from UTC: {text!r}; add one, e.g. +01:00 or Z"
        raise argparse.ArgumentTypeError(message)
    return instant
