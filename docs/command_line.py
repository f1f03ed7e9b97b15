"""The command line's parser as docs/cli.md shows it: prose as prose, and what all commands share told once."""

from __future__ import annotations

import argparse

from pecverify.cli._commands import build_parser


def parser() -> argparse.ArgumentParser:
    """The parser of `pecverify`."""
    root, _ = build_parser()
    for command in _commands_below(root):
        command.epilog = None  # the exit status and the environment stand once, at the end of the page
        command.formatter_class = argparse.HelpFormatter  # descriptions are prose, not blocks of code
    return root


def _commands_below(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    below = [
        command
        for action in parser._actions  # noqa: SLF001 (argparse has no public way to its commands)
        if isinstance(action, argparse._SubParsersAction)  # noqa: SLF001
        for command in action.choices.values()
    ]
    return below + [deeper for command in below for deeper in _commands_below(command)]
