"""`pecverify show`: one message explained to a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify import CertifiedReceipt, Outcome, Verdict, verify_receipt
from pecverify.cli import _messages as m
from pecverify.cli._demands import Demands, read_only_message
from pecverify.cli._exit import ExitStatus
from pecverify.cli._facts import (
    STATEMENT_SHOWN,
    VERDICT_INKS,
    align,
    describe_findings,
    describe_problem,
    describe_receipt,
    describe_signer,
    format_instant,
    format_span,
    paint_verdict,
)
from pecverify.cli._statements import state
from pecverify.cli._text import Ink, escape, shown

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify import CertificateFacts, Report, Times
    from pecverify.cli._text import Style

_OUTCOME_INKS = {
    Outcome.PASSED: Ink.GOOD,
    Outcome.FAILED: Ink.BAD,
    Outcome.UNKNOWN: Ink.DOUBT,
    Outcome.NOT_RUN: Ink.STRONG,
}


def run(arguments: Namespace) -> ExitStatus:
    """Explain one file.

    Returns:
        The status for its verdict.

    Raises:
        CommandError: the file, or one of certificates, cannot be read.
    """
    demands = Demands.of(arguments)
    message = read_only_message(arguments.file, demands)
    report = verify_receipt(message, trust=demands.trust, policy=demands.policy)
    print(*_explain(arguments.file, report, demands.now, demands.style), sep="\n")
    return ExitStatus.of(report.verdict)


def _explain(file: str, report: Report, now: datetime, style: Style) -> Iterator[str]:
    if report.verdict is Verdict.VALID:
        yield f"{escape(file)}: {paint_verdict(report.verdict, style)}"
        yield from _explain_valid(report, style)
    else:
        yield style.paint(style.say(m.WARNINGS[report.verdict]), VERDICT_INKS[report.verdict])
        yield escape(file)
        yield from describe_findings(report.decisive_findings, style)
        yield from _explain_unverified(report, style)
    yield from _explain_checks(report, style)
    yield from _explain_path(report, now, style)
    yield from _explain_times(report.times, style)
    yield from _explain_original(report, style)


def _explain_valid(report: Report, style: Style) -> Iterator[str]:
    receipt = report.require()
    yield from _heading(m.CERTIFIES, style)
    yield from (f"  {sentence}" for sentence in state(receipt, report, style))
    yield ""
    yield from align(describe_receipt(receipt, style), style)
    if isinstance(receipt, CertifiedReceipt) and receipt.problem is not None:
        yield from _heading(m.PROBLEM, style)
        facts = [*describe_problem(receipt.problem, style), (m.ADVICE, receipt.problem.advice(style.language))]
        yield from align(facts, style)


def _explain_unverified(report: Report, style: Style) -> Iterator[str]:
    """What an unverified message says, marked as such; without advice, which one might act on."""
    yield ""
    if report.receipt is None:
        yield style.say(m.NOTHING_STATED)
        return
    yield style.paint(style.say(m.STATED_NOT_VERIFIED), Ink.DOUBT)
    yield from align(describe_receipt(report.receipt, style), style)


def _explain_checks(report: Report, style: Style) -> Iterator[str]:
    yield from _heading(m.CHECKED, style)
    for number, result in enumerate(report.checks, start=1):
        outcome = style.paint(style.say(m.OUTCOMES[result.outcome]), _OUTCOME_INKS[result.outcome])
        yield f"  {number:>2}. {style.say(m.CHECKS[result.check])}: {outcome}"
        findings = tuple(finding for finding in report.findings if finding.check is result.check)
        yield from describe_findings(findings, style, indent="        ")


def _explain_path(report: Report, now: datetime, style: Style) -> Iterator[str]:
    yield from _heading(m.PATH, style)
    signer = report.signer
    if signer is None:
        yield f"  {style.say(m.NO_PATH)}"
        return
    yield from align(describe_signer(signer, style, believed=report.verdict is Verdict.VALID), style)
    for statement in signer.statements:
        said = style.say(m.RECOGNISES if statement.recognises else m.DOES_NOT_RECOGNISE)
        yield f"  {said}: {shown(statement.describe(), STATEMENT_SHOWN)}"
    for number, certificate in enumerate(signer.path, start=1):
        yield f"  {number:>2}. {shown(certificate.subject)}"
        yield f"      {_describe_validity(certificate, style)}"
    yield f"  {style.say(m.VALID_NOW if signer.valid_at(now) else m.NOT_VALID_NOW)}"


def _describe_validity(certificate: CertificateFacts, style: Style) -> str:
    return style.say(
        m.CERTIFICATE_VALIDITY,
        start=format_instant(certificate.not_before),
        end=format_instant(certificate.not_after),
        sha256=certificate.sha256,
    )


def _explain_times(times: Times, style: Style) -> Iterator[str]:
    yield from _heading(m.TIMES, style)
    instants = (
        (m.STATED_AT, times.stated_at),
        (m.SIGNING_TIME, times.signing_time),
        (m.HEADER_DATE, times.header_date),
        (m.VALIDATED_AT, times.validated_at),
    )
    yield from align(
        ((label, style.say(m.NO_TIME) if instant is None else format_instant(instant)) for label, instant in instants),
        style,
    )
    if times.validated_at is not None:
        yield f"  {style.say(m.BASES[times.basis])}"


def _explain_original(report: Report, style: Style) -> Iterator[str]:
    original = report.original
    if original is None or report.original_span is None:
        return
    yield from _heading(m.ORIGINAL, style)
    span = format_span(report.original_span)
    yield f"  {style.say(m.ORIGINAL_IS_HERE, size=str(len(original)), span=span)}"


def _heading(phrase: m.Phrase, style: Style) -> Iterator[str]:
    yield ""
    yield style.paint(style.say(phrase), Ink.STRONG)
