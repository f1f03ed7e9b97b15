"""What the command line answers to the shell."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pecverify import Verdict


class ExitStatus(IntEnum):
    """Exit statuses. Only VALID is a pass."""

    VALID = 0
    """Everything was valid."""
    INVALID = 1
    """Something was invalid."""
    USAGE = 2
    """The command was misused (argparse gives it)."""
    INDETERMINATE = 3
    """Nothing was invalid, something indeterminate."""
    NOT_DONE = 4
    """Something could not be done: a file could not be read or written, or there was nothing to extract or repair."""
    INTERRUPTED = 130
    """Ctrl-C."""

    @classmethod
    def of(cls, verdicts: Iterable[Verdict], *, all_done: bool = True) -> ExitStatus:
        """The status for these verdicts: NOT_DONE first, then the worst verdict.

        Args:
            verdicts: of every message; none at all counts as valid.
            all_done: whether every file could be read.
        """
        if not all_done:
            return cls.NOT_DONE
        names = {verdict.name for verdict in verdicts}
        return next((cls[name] for name in ("INVALID", "INDETERMINATE") if name in names), cls.VALID)


class CommandError(Exception):
    """The command cannot go on. Its text says why, in the user's language."""
