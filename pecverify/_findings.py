"""How a finding is made, with bounded quotes of what was found, and the order in which findings stand in a report."""

from __future__ import annotations

import dataclasses
from collections import Counter
from typing import TYPE_CHECKING

from pecverify.reasons import Check, Reason, Severity
from pecverify.report import Finding

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pecverify.report import Report, Span

QUOTE_CHARACTERS = 200
"""The longest quote of message content in a finding."""
_MOST_OF_ONE_REASON = 20
"""Findings of one reason that a report keeps: a hostile message shall not write a book."""
_SEVERITIES = tuple(Severity)
_CHECKS = tuple(Check)


def found(
    reason: Reason,
    *,
    expected: str | None = None,
    actual: str | None = None,
    where: str | Span | None = None,
    severity: Severity | None = None,
) -> Finding:
    """Make a Finding; `severity` only where the policy or the kind of receipt decides otherwise than the table."""
    return Finding(
        reason=reason,
        severity=reason.rule.severity if severity is None else severity,
        expected=_quote(expected),
        actual=_quote(actual),
        where=f"bytes {where[0]}-{where[1]}" if isinstance(where, tuple) else where,
    )


def _quote(text: str | None) -> str | None:
    if text is None or len(text) <= QUOTE_CHARACTERS:
        return text
    return text[: QUOTE_CHARACTERS - 1] + "…"


def in_order(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Errors first, and within a severity by the steps of the procedure; not too many of one kind.

    A signed part that was changed explains whatever else is wrong with it: DIGEST_MISMATCH comes before all.
    """
    kept: list[Finding] = []
    counts: Counter[Reason] = Counter()
    for finding in sorted(findings, key=_rank):
        counts[finding.reason] += 1
        if counts[finding.reason] <= _MOST_OF_ONE_REASON:
            kept.append(finding)
    return tuple(kept)


def _rank(finding: Finding) -> tuple[int, bool, int]:
    is_consequence = finding.reason is not Reason.DIGEST_MISMATCH
    return _SEVERITIES.index(finding.severity), is_consequence, _CHECKS.index(finding.check)


def with_note(report: Report, note: Finding) -> Report:
    """The report with what is to be said of how the message came to be verified; its verdict stays.

    Raises:
        ValueError: the finding is no NOTE: anything heavier is for `verify.py` to find.
    """
    if note.severity is not Severity.NOTE:
        error = f"{note.reason} is no note"
        raise ValueError(error)
    return dataclasses.replace(report, findings=in_order((*report.findings, note)))
