"""The arguments of one run: from its words and its environment, checked against each other."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from pecverify.cli._commands import build_parser

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from pecverify.cli._environment import Parser
    from pecverify.cli._messages import Language


def parse_arguments(argv: Sequence[str] | None) -> Namespace:
    """The arguments of one command, checked against each other.

    Raises:
        SystemExit: for `--help` and `--version`, and for usage errors.
    """
    parser, commands = build_parser()
    words = sys.argv[1:] if argv is None else argv
    named = next((word for word in words if not word.startswith("-")), "")
    if named in commands:  # of that command alone: another may not have the value that a variable has
        commands[named].take_defaults(os.environ)
    arguments = parser.parse_args(words)
    arguments.lang = arguments.lang or language_of(os.environ)
    if arguments.command == "trust":
        return arguments
    command = commands[arguments.command]
    if arguments.policy == "strict" and arguments.at is not None:
        command.error("--policy strict judges now, or at --existed-at: --at does not go with it")
    if arguments.at is not None and arguments.existed_at is not None:
        command.error("--at and --existed-at exclude each other")  # one of them from the environment
    if arguments.command == "verify":
        _check_verify(arguments, command)
    if arguments.command == "exchange" and not (arguments.paths or arguments.from_jsonl):
        command.error("no receipts: give a PATH or --from-jsonl FILE")
    if arguments.command == "bundle":
        _check_bundle(arguments, command)
    return arguments


def _check_bundle(arguments: Namespace, command: Parser) -> None:
    if arguments.check is not None:
        if arguments.paths or arguments.output is not None:
            command.error("--check FILE takes no PATH and no --output")
        return
    if arguments.output is None:
        command.error("where to? give -o FILE")
    if arguments.request is not None and arguments.paths:
        command.error("--request FILE takes no PATH")
    if arguments.attach is not None and len(arguments.paths) != 1:
        command.error("--attach FILE takes one PATH: what the authority answered")
    if arguments.request is None and arguments.attach is None and not arguments.paths:
        command.error("no receipts: give a PATH")


def _check_verify(arguments: Namespace, command: Parser) -> None:
    if arguments.paths.count("-") > 1:
        command.error("standard input (-) can be read once")
    if arguments.resume is None:
        return
    if arguments.format not in ("text", "jsonl") or arguments.output not in ("-", arguments.resume):
        command.error("--resume FILE writes JSON Lines into FILE: no other --format and --output go with it")
    arguments.format, arguments.output = "jsonl", arguments.resume


def language_of(environment: Mapping[str, str]) -> Language:
    """Italian where the locale for messages is Italian, else English.

    Source: POSIX.1-2017, Base Definitions §8.2: LC_ALL, then LC_MESSAGES, then LANG.
    """
    locale = next(filter(None, map(environment.get, ("LC_ALL", "LC_MESSAGES", "LANG"))), "")
    return "it" if locale.lower().startswith("it") else "en"
