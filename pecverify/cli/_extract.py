"""`pecverify extract`: the original message that a receipt carries, byte for byte."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from pecverify import Verdict, verify_receipt
from pecverify.cli import _messages as m
from pecverify.cli._demands import Demands, read_only_message
from pecverify.cli._exit import CommandError, ExitStatus
from pecverify.cli._facts import describe_findings
from pecverify.cli._new_file import write_new_file

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator

    from pecverify import Report
    from pecverify.cli._text import Style


def run(arguments: Namespace) -> ExitStatus:
    """Write the original of one file. Standard output carries its bytes or nothing.

    Returns:
        The status for the verdict, also where `--even-if-not-valid` wrote the original.

    Raises:
        CommandError: there is no original, or a file cannot be read or written.
    """
    demands = Demands.of(arguments)
    message = read_only_message(arguments.file, demands)
    report = verify_receipt(message, trust=demands.trust, policy=demands.policy)
    # Colour is decided by standard output; this goes to standard error.
    style = demands.style.plain
    is_valid = report.verdict is Verdict.VALID
    if not is_valid and not arguments.even_if_not_valid:
        print(*_explain(m.NOT_EXTRACTED, arguments.file, report, style), sep="\n", file=sys.stderr)
        return ExitStatus.of(report.verdict)
    original = report.original
    if original is None:
        raise CommandError(style.say(m.NO_ORIGINAL if is_valid else m.NO_SIGNED_ORIGINAL, file=arguments.file))
    write_new_file(original, arguments.output, style, overwrite=arguments.force)
    if not is_valid:
        print(*_explain(m.EXTRACTED_NOT_VALID, arguments.file, report, style), sep="\n", file=sys.stderr)
    return ExitStatus.of(report.verdict)


def _explain(phrase: m.Phrase, file: str, report: Report, style: Style) -> Iterator[str]:
    yield f"pecverify: {style.say(phrase, file=file)}"
    yield style.say(m.WARNINGS[report.verdict])
    yield from describe_findings(report.decisive_findings, style)
