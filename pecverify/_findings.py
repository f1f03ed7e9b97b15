"""How a finding is made: with its reason's severity, and with bounded quotes of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify.report import Finding

if TYPE_CHECKING:
    from pecverify.reasons import Reason, Severity
    from pecverify.report import Span

QUOTE_CHARACTERS = 200
"""The longest quote of message content in a finding."""


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
