"""`pecverify repair`: a copy of a damaged file with the damage undone, if the signature proves that it is undone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from pecverify.cli import _messages as m
from pecverify.cli._demands import STANDARD_STREAM, Demands, read_only_message
from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._facts import describe_findings, paint_verdict
from pecverify.cli._new_file import write_new_file
from pecverify.cli._text import escape
from pecverify.damage import diagnose

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from pecverify import Report
    from pecverify.cli._text import Style
    from pecverify.damage import Diagnosis


def run(arguments: Namespace) -> ExitStatus:
    """Write the repaired copy of one file, verify it and say what was undone; with `-o -` on standard error.

    Returns:
        The status for the copy's verdict; for the file's own where there is no copy.

    Raises:
        CommandError: there is nothing to repair, the copy would replace the file, or a file cannot be read or written.
    """
    demands = Demands.of(arguments)
    to_stdout = arguments.output == STANDARD_STREAM
    # Colour is decided by standard output: what goes to standard error has none.
    plain = demands.style.plain
    if _is_same_file(arguments.file, arguments.output):
        raise CommandError(plain.say(m.SAME_FILE, file=arguments.output))
    data = read_only_message(arguments.file, demands)
    diagnosis = diagnose(data, trust=demands.trust, policy=demands.policy)
    if diagnosis.is_intact:
        raise CommandError(plain.say(m.NOTHING_TO_REPAIR, file=arguments.file))
    if diagnosis.repaired is None or diagnosis.repaired_report is None:
        print(*_explain_failure(arguments.file, diagnosis, plain), sep="\n", file=sys.stderr)
        return ExitStatus.of(diagnosis.report.verdict)
    write_new_file(diagnosis.repaired, arguments.output, plain, overwrite=arguments.force)
    print(
        *_describe(arguments, diagnosis, diagnosis.repaired_report, plain if to_stdout else demands.style),
        sep="\n",
        file=sys.stderr if to_stdout else sys.stdout,
    )
    return ExitStatus.of(diagnosis.repaired_report.verdict)


def _is_same_file(one: str, other: str) -> bool:
    """Whether both names lead to one file, by links too."""
    try:
        return STANDARD_STREAM not in (one, other) and Path(one).samefile(other)
    except (OSError, ValueError):
        return False  # one of them does not exist


def _explain_failure(file: str, diagnosis: Diagnosis, style: Style) -> Iterator[str]:
    yield f"pecverify: {style.say(m.NOT_REPAIRED, file=file)}"
    if not diagnosis.is_complete:
        yield style.say(m.NOT_ALL_TRIED)
    yield from describe_findings(diagnosis.report.decisive_findings, style)


def _describe(arguments: Namespace, diagnosis: Diagnosis, copy: Report, style: Style) -> Iterator[str]:
    yield style.say(m.UNDONE, file=arguments.file)
    for kind in diagnosis.kinds:
        yield f"  {kind.value}: {kind.describe(style.language)}"
    yield f"{escape(arguments.output)}: {paint_verdict(copy.verdict, style)}"
    yield f"  SHA-256 {diagnosis.repaired_sha256}"
    yield from describe_findings(copy.findings, style)
