"""An argument parser that takes from the environment what its words leave open."""

from __future__ import annotations

import argparse
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

from pecverify.cli._text import escape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class _Mistake:
    """Stands for a value that a variable does not have: an error only if no word gives another."""

    message: str


class Parser(argparse.ArgumentParser):
    """An ArgumentParser that takes defaults from the environment, and repeats no control characters to the terminal."""

    def error(self, message: str) -> NoReturn:
        super().error(escape(message))

    def take_defaults(self, environment: Mapping[str, str]) -> None:
        """Let `PECVERIFY_FORMAT` and so on stand for options that are not given."""
        for action in self._actions:
            name = f"PECVERIFY_{action.dest.upper()}"
            if action.option_strings and action.dest != "help" and environment.get(name):
                action.default = self._value_of(action, name, environment[name])

    def _value_of(self, action: argparse.Action, name: str, text: str) -> object:
        if action.nargs == 0:
            return text == "1" if text in ("0", "1") else _Mistake(f"{name}={text}: 1 or 0")
        if isinstance(action.default, list):
            return text.split(os.pathsep)
        try:
            value = self._get_value(action, text)
            self._check_value(action, value)
        except argparse.ArgumentError as error:
            return _Mistake(f"{name}: {error.message}")
        return value

    def parse_known_args(  # type: ignore[override] # (the inherited one is overloaded for namespaces of other classes)
        self, args: Sequence[str] | None = None, namespace: argparse.Namespace | None = None
    ) -> tuple[argparse.Namespace, list[str]]:
        arguments, rest = super().parse_known_args(args, namespace)
        for value in vars(arguments).values():
            if isinstance(value, _Mistake):
                self.error(value.message)
        return arguments, rest
