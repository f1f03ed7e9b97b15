"""How far a run is: a bar on a terminal, else a line for each thousand messages. Both on standard error."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pecverify.cli._tally import Tally
    from pecverify.cli._text import Style

LINE_EVERY = 1_000
_BAR_EVERY = 25


@contextmanager
def showing_progress(tally: Tally, style: Style, *, output_is_terminal: bool) -> Iterator[Callable[[], None]]:
    """A function to be called after each message.

    Args:
        tally: what is shown.
        style: the language.
        output_is_terminal: the answers scroll by there themselves: then there is no bar.
    """
    if sys.stderr is None or (output_is_terminal and sys.stderr.isatty()):
        yield lambda: None
        return
    rich = _rich() if sys.stderr.isatty() else None
    if rich is None:
        yield lambda: _print_line(tally, style)
        return
    columns = (rich.SpinnerColumn(), rich.TextColumn("{task.description}"), rich.TimeElapsedColumn())
    with rich.Progress(*columns, console=_console(), transient=True) as progress:
        task = progress.add_task(tally.describe(style), total=None)

        def update() -> None:
            if tally.messages % _BAR_EVERY == 0:
                progress.update(task, description=tally.describe(style))

        yield update


def _print_line(tally: Tally, style: Style) -> None:
    if tally.messages % LINE_EVERY == 0:
        print("pecverify:", tally.describe(style), file=sys.stderr, flush=True)


def _rich() -> Any:  # noqa: ANN401 (a module, or None where the extra is not installed)
    try:
        from rich import progress  # noqa: PLC0415 (an extra)
    except ImportError:
        return None
    return progress


def _console() -> Any:  # noqa: ANN401 (as above)
    from rich.console import Console  # noqa: PLC0415 (an extra)

    return Console(stderr=True)
