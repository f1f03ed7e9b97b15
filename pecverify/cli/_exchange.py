"""`pecverify exchange`: the receipts of one message together, and what became of it for each recipient."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from pecverify import Verdict, __version__
from pecverify.archive import run_task
from pecverify.cli import _exchange_messages as x
from pecverify.cli import _messages as m
from pecverify.cli._demands import Demands, guarding, read_file
from pecverify.cli._exchange_text import describe_exchanges
from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._facts import describe_unverified
from pecverify.cli._output import open_output
from pecverify.cli._progress import showing_progress
from pecverify.cli._tally import Count, Tally
from pecverify.cli._text import shown
from pecverify.exchange import Conclusion, SentMessage, glean, read_answer, reconcile_all

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Iterable, Iterator
    from typing import IO

    from pecverify.archive import Answer, Examiner, Item
    from pecverify.cli._text import Style
    from pecverify.exchange import Apart, Reconciliation

_Counted: TypeAlias = "tuple[Count, tuple[Any, ...]]"
"""What one message adds to the counts, and to the exchanges."""
_DOUBTFUL = (Conclusion.OPEN, Conclusion.INCOMPLETE)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gleaning:
    """The task: verify a message, count it, and keep of its report what an exchange needs."""

    examiner: Examiner

    def __call__(self, item: Item, /) -> _Counted | None:
        answer = self.examiner.examine(item)
        return None if answer is None else _count(answer)


def _count(answer: Answer) -> _Counted:
    return Count.of(answer), glean(answer)


def run(arguments: Namespace) -> ExitStatus:
    """Reconcile the receipts in files, folders and archives, or those of an earlier run.

    Returns:
        VALID where every outcome is established; INVALID where receipts contradict each other or one is not valid;
        INDETERMINATE where receipts are missing or delivery may still follow.

    Raises:
        CommandError: a file cannot be read or written, or an extra is missing.
    """
    demands = Demands.of(arguments)
    style = demands.style_for(arguments.output)
    sent = [_read_sent(name, style) for name in arguments.sent]
    sources = [*arguments.paths, *arguments.from_jsonl, *arguments.sent]
    if arguments.format == "html":
        _load_page(style)  # fail before the work, and before what is there is written over
    collected = reconcile_all(_follow(_examine(arguments, demands), style), sent, now=demands.now)
    for origin, unverified in collected.unverified:
        told = describe_unverified(origin, unverified.cause, unverified.detail, style)
        print(f"pecverify: {told}", file=sys.stderr)
    with open_output(arguments.output, style, binary=False, append=False, sources=sources) as stream:
        stream.writelines(_render(collected, arguments.format, style))
    return _status_of(collected)


def _render(collected: Reconciliation, form: str, style: Style) -> Iterator[Any]:
    if form == "json":
        yield json.dumps(collected.to_dict(), indent=2) + "\n"
    elif form == "html":
        yield _load_page(style)(collected, version=__version__, language=style.language)
    else:
        yield from (f"{line}\n" for line in describe_exchanges(collected, style))


def _load_page(style: Style) -> Callable[..., str]:
    """What renders the page.

    Raises:
        CommandError: the extra is not installed.
    """
    try:
        from pecverify.exchange.page import render_page  # noqa: PLC0415 (an extra)
    except ImportError:
        raise CommandError(style.say(m.EXTRA_MISSING, extra="pecverify[html]")) from None
    return render_page


def _follow(counted: Iterable[_Counted], style: Style) -> Iterator[Any]:
    """What was gleaned of each message, while how far the run is can be seen."""
    tally = Tally()
    with showing_progress(tally, style, output_is_terminal=False) as update:
        for count, gleaned in counted:
            tally.add(count)
            update()
            yield from gleaned


def _examine(arguments: Namespace, demands: Demands) -> Iterator[_Counted]:
    items = demands.finder(arguments.include).find(arguments.paths)
    task = _Gleaning(examiner=demands.examiner(nested=arguments.nested))
    yield from filter(None, run_task(items, task, jobs=arguments.jobs))
    for name in arguments.from_jsonl:
        yield from _read_rows(name, demands.style)


def _read_rows(name: str, style: Style) -> Iterator[_Counted]:
    """What the JSON Lines of an earlier run say, believed as it stands."""
    with (
        guarding(m.CANNOT_READ, name, style),
        open(name, encoding="utf-8") as file,  # noqa: PTH123 (a hostile name stays text)
    ):
        yield from _parse_rows(file, name, style)


def _parse_rows(file: IO[str], name: str, style: Style) -> Iterator[_Counted]:
    for number, line in enumerate(file, start=1):
        try:
            yield _count(read_answer(json.loads(line)))
        except (ValueError, RecursionError) as error:
            told = style.say(x.NOT_A_ROW, file=name, line=str(number), why=shown(str(error)))
            raise CommandError(told) from None


def _read_sent(name: str, style: Style) -> SentMessage:
    data = read_file(name, style)
    try:
        return SentMessage.parse(data)
    except ValueError as error:
        raise CommandError(style.say(x.NOT_SENT, file=name, why=shown(str(error)))) from None


def _status_of(collected: Reconciliation) -> ExitStatus:
    """The worst of it."""
    if collected.unverified or not (collected.exchanges or collected.unattributed):
        return ExitStatus.NOT_DONE
    conclusions = {exchange.conclusion for exchange in collected.exchanges}
    apart = {each.verdict for each in _all_apart(collected)}
    if Conclusion.CONTRADICTORY in conclusions or Verdict.INVALID in apart:
        return ExitStatus.INVALID
    if conclusions.intersection(_DOUBTFUL) or Verdict.INDETERMINATE in apart:
        return ExitStatus.INDETERMINATE
    return ExitStatus.VALID


def _all_apart(collected: Reconciliation) -> Iterable[Apart]:
    yield from collected.unattributed
    for exchange in collected.exchanges:
        yield from exchange.apart
