"""`pecverify verify`: every message of files, folders and archives, in the form that is asked for."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pecverify.archive import run_task
from pecverify.cli._demands import STANDARD_STREAM, Demands
from pecverify.cli._output import open_output
from pecverify.cli._progress import showing_progress
from pecverify.cli._resume import FormerRun
from pecverify.cli._tally import Count
from pecverify.cli.formats import is_binary, load_format

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from pecverify.archive import Examiner, Item, Origin
    from pecverify.cli._exit import ExitStatus
    from pecverify.cli._text import Style


@dataclass(frozen=True, slots=True, kw_only=True)
class _Line:
    """What came of one message: what it counts, and its form."""

    count: Count
    rendered: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendering:
    """The task: verify a message and render its answer."""

    examiner: Examiner
    format: str
    style: Style

    def __call__(self, item: Item, /) -> _Line | None:
        """None where a former run has done it."""
        answer = self.examiner.examine(item)
        if answer is None:
            return None
        return _Line(count=Count.of(answer), rendered=load_format(self.format, self.style).render(answer, self.style))


def run(arguments: Namespace) -> ExitStatus:
    """Verify each message and write what came of it.

    Returns:
        The status for all of them together.

    Raises:
        CommandError: trust material cannot be used, an output cannot be written, an extra is missing.
    """
    demands = Demands.of(arguments)
    to_terminal = arguments.output == STANDARD_STREAM and sys.stdout is not None and sys.stdout.isatty()
    style = demands.style_for(arguments.output)
    writer_of = load_format(arguments.format, style).Writer
    former = FormerRun() if arguments.resume is None else FormerRun.take_up(Path(arguments.resume), style)
    tally = former.tally
    lines = _verify(arguments, demands, style, former)
    with open_output(
        arguments.output,
        style,
        binary=is_binary(arguments.format),
        append=arguments.resume is not None,
        sources=arguments.paths,
    ) as stream:
        writer = writer_of(stream, style)
        try:
            with showing_progress(tally, style, output_is_terminal=to_terminal) as update:
                for line in lines:
                    tally.add(line.count)
                    writer.write(line.rendered)
                    update()
        finally:  # after Ctrl-C too: what was done is written
            writer.close()
    if arguments.summary and sys.stderr is not None:
        print(*tally.summarise(style), sep="\n", file=sys.stderr)
    return tally.status(arguments.fail_on)


def _verify(arguments: Namespace, demands: Demands, style: Style, former: FormerRun) -> Iterator[_Line]:
    def pass_over(_: Origin) -> None:
        former.tally.passed_over += 1

    finder = replace(demands.finder(arguments.include), passed_over=pass_over)
    task = _Rendering(examiner=demands.examiner(nested=arguments.nested), format=arguments.format, style=style)
    items = former.mark(finder.find(arguments.paths))
    return (line for line in run_task(items, task, jobs=arguments.jobs) if line is not None)
