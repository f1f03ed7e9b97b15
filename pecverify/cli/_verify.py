"""`pecverify verify`: one block of text, or one JSON object, for each message."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pecverify import Reason, Report, Verdict, verify_nested, verify_receipt
from pecverify.cli import _messages as m
from pecverify.cli._demands import Demands, explain, read_message
from pecverify.cli._exit import ExitStatus
from pecverify.cli._facts import (
    VERDICT_INKS,
    align,
    describe_findings,
    describe_receipt,
    describe_signer,
    format_span,
)
from pecverify.cli._text import Ink, Style, escape

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterable, Iterator

_CARRIER_REASONS = frozenset({Reason.NOT_PEC, Reason.NESTED_RECEIPT})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """What came of one file, or of one receipt inside it."""

    file: str
    """The file's name as given."""
    result: Report | str
    """The report, or why the file could not be read."""
    is_carrier: bool = False
    """Whether it is ordinary mail that carries receipts: then they count, and it does not."""


@dataclass(slots=True)
class _Tally:
    """What the exit status needs of the answers: they themselves may be many and large."""

    verdicts: set[Verdict] = field(default_factory=set)
    """Of every message that counts."""
    all_read: bool = True
    """Whether every file could be read."""

    def count(self, answers: Iterable[_Answer]) -> Iterator[_Answer]:
        """The same answers, counted as they pass."""
        for answer in answers:
            if isinstance(answer.result, str):
                self.all_read = False
            elif not answer.is_carrier:
                self.verdicts.add(answer.result.verdict)
            yield answer


def run(arguments: Namespace) -> ExitStatus:
    """Verify each file and print what came of it.

    Returns:
        The status for all of them together.

    Raises:
        CommandError: a file of certificates cannot be read.
    """
    demands = Demands.of(arguments)
    tally = _Tally()
    answers = tally.count(_verify_files(arguments.files, demands, nested=arguments.nested))
    if arguments.format == "json":
        print(json.dumps([_to_dict(answer) for answer in answers], indent=2))
    else:
        for answer in answers:
            _print_text(answer, demands.style)
    return ExitStatus.of(tally.verdicts, all_done=tally.all_read)


def _verify_files(files: list[str], demands: Demands, *, nested: bool) -> Iterator[_Answer]:
    for file in files:
        try:
            message = read_message(file, demands.policy.limits)
        except (OSError, ValueError) as error:
            yield _Answer(file=file, result=explain(error))
            continue
        report = verify_receipt(message, trust=demands.trust, policy=demands.policy)
        inner = verify_nested(message, trust=demands.trust, policy=demands.policy) if nested else ()
        reasons = {finding.reason for finding in report.decisive_findings}
        yield _Answer(file=file, result=report, is_carrier=bool(inner) and reasons <= _CARRIER_REASONS)
        for taken_out in inner:
            yield _Answer(file=file, result=taken_out)


def _to_dict(answer: _Answer) -> dict[str, object]:
    if isinstance(answer.result, str):
        return {"file": answer.file, "error": answer.result}
    return {"file": answer.file, "report": answer.result.to_dict()}


def _print_text(answer: _Answer, style: Style) -> None:
    if isinstance(answer.result, str):
        print("pecverify:", style.say(m.CANNOT_READ, file=answer.file, why=answer.result), file=sys.stderr)
    else:
        print(*_describe(answer.file, answer.result, style), sep="\n", flush=True)


def _describe(file: str, report: Report, style: Style) -> Iterator[str]:
    title = escape(file)
    if report.taken_from is not None:
        title = style.say(m.TAKEN_OUT, file=file, span=format_span(report.taken_from))
    verdict = style.paint(style.say(m.VERDICTS[report.verdict]), VERDICT_INKS[report.verdict])
    yield f"{style.paint(title, Ink.STRONG)}: {verdict}"
    believed = report.verdict is Verdict.VALID
    facts = [] if report.receipt is None else [*describe_receipt(report.receipt, style)]
    if facts and not believed:
        yield f"  {style.say(m.STATED_NOT_VERIFIED)}"
    if report.signer is not None:
        facts += describe_signer(report.signer, style, believed=believed)
    yield from align(facts, style)
    yield from describe_findings(report.findings, style)
