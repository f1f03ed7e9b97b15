"""A report in lines: what the message states, who signed, and what was found. Escaped and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify import (
    CertifiedReceipt,
    Delivery,
    DeliveryDelay,
    DeliveryFailure,
    Receipt,
    Severity,
    TakenInCharge,
    Verdict,
    VirusDetected,
)
from pecverify.cli import _messages as m
from pecverify.cli._text import Ink, Style, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pecverify import DeliveryProblem, Finding, Recipient, Signer
    from pecverify.archive import Cause, Origin
    from pecverify.cli._messages import Phrase

_ADDRESSES_SHOWN = 20
_FINDINGS_SHOWN = 50
STATEMENT_SHOWN = 600
"""Characters of what a source of trust says: the names of services are long."""
_SENTENCE_SHOWN = 1_000
"""Characters of a finding's sentence: it holds two quotes of up to 200, perhaps more of an expected value."""

VERDICT_INKS = {Verdict.VALID: Ink.GOOD, Verdict.INDETERMINATE: Ink.DOUBT, Verdict.INVALID: Ink.BAD}
_SEVERITY_INKS = {Severity.ERROR: Ink.BAD, Severity.UNKNOWN: Ink.DOUBT, Severity.WARNING: Ink.DOUBT}

Fact = tuple["Phrase", str]


def align(facts: Iterable[Fact], style: Style, indent: str = "  ") -> Iterator[str]:
    """One line for each fact, the values in one column."""
    rows = [(style.say(label), value) for label, value in facts]
    width = max((len(label) for label, _ in rows), default=0)
    return (f"{indent}{label:<{width}}  {value}" for label, value in rows)


def paint_verdict(verdict: Verdict, style: Style) -> str:
    """The verdict in words, in its colour."""
    return style.paint(style.say(m.VERDICTS[verdict]), VERDICT_INKS[verdict])


def describe_unverified(origin: Origin, cause: Cause, detail: str, style: Style) -> str:
    """What could not be verified and why, in one line."""
    return style.say(m.NOT_VERIFIED, file=name_origin(origin), why=style.say(m.CAUSES[cause]), detail=shown(detail))


def describe_receipt(receipt: Receipt, style: Style) -> Iterator[Fact]:
    """What the message states, true or not."""
    yield m.KIND, f"{style.say(m.KINDS[receipt.kind])} ({receipt.kind.value})"
    if not isinstance(receipt, CertifiedReceipt):
        return
    yield m.ISSUED_AT, format_instant(receipt.issued_at)
    yield m.SENDER, shown(receipt.sender)
    yield m.RECIPIENTS, list_recipients(receipt.recipients, style)
    if isinstance(receipt, Delivery | DeliveryFailure | DeliveryDelay | VirusDetected) and receipt.delivered_to:
        yield m.DELIVERED_TO, shown(receipt.delivered_to)
    if isinstance(receipt, TakenInCharge | VirusDetected) and receipt.taken_for:
        yield m.TAKEN_FOR, list_texts(receipt.taken_for, style)
    if receipt.subject is not None:
        yield m.SUBJECT, shown(receipt.subject)
    yield m.PEC_ID, shown(receipt.pec_id)
    if receipt.message_id is not None:
        yield m.MESSAGE_ID, shown(receipt.message_id)
    if receipt.error_detail is not None:
        yield m.ERROR_DETAIL, shown(receipt.error_detail)


def describe_signer(signer: Signer, style: Style, *, believed: bool) -> Iterator[Fact]:
    """Who signed and how it is recognised; `believed` where the verdict is VALID, else the name is a mere claim."""
    names = dict.fromkeys(filter(None, (signer.provider.name, signer.provider.organization)))
    yield m.PROVIDER if believed else m.CLAIMED_PROVIDER, " / ".join(map(shown, names)) or "?"
    recognition = style.say(m.RECOGNITIONS[signer.recognition])
    anchor = f": {shown(signer.recognised_by, STATEMENT_SHOWN)}" if signer.recognised_by is not None else ""
    yield m.RECOGNITION, f"{recognition}{anchor}"


def describe_problem(problem: DeliveryProblem, style: Style) -> Iterator[Fact]:
    """The cause of a failure, with what the provider says about it."""
    yield m.CAUSE, problem.describe(style.language)
    for label, value in (
        (m.STATUS_CODE, problem.status_code),
        (m.REPORTED_BY, problem.provider),
        (m.STATED_REASON, problem.reason),
    ):
        if value is not None:
            yield label, shown(value)


def describe_findings(
    findings: tuple[Finding, ...], style: Style, indent: str = "  ", most: int = _FINDINGS_SHOWN
) -> Iterator[str]:
    """One line for each finding, the first `most` of them: its weight, its reason, its sentence."""
    for finding in findings[:most]:
        severity = style.say(m.SEVERITIES[finding.severity])
        ink = _SEVERITY_INKS.get(finding.severity)
        label = severity if ink is None else style.paint(severity, ink)
        yield f"{indent}{label} {finding.reason.value}: {shown(finding.text(style.language), _SENTENCE_SHOWN)}"
    if len(findings) > most:
        yield indent + style.say(m.AND_MORE, count=str(len(findings) - most))


def list_recipients(recipients: tuple[Recipient, ...], style: Style) -> str:
    """The first recipients, each with its type."""
    return _list(
        (f"{shown(entry.address)} ({style.say(m.RECIPIENT_TYPES[entry.type])})" for entry in recipients),
        len(recipients),
        style,
    )


def list_texts(texts: tuple[str, ...], style: Style) -> str:
    """The first of the texts."""
    return _list(map(shown, texts), len(texts), style)


def _list(items: Iterable[str], count: int, style: Style) -> str:
    first = [item for item, _ in zip(items, range(_ADDRESSES_SHOWN), strict=False)]
    if count > len(first):
        first.append(style.say(m.AND_MORE, count=str(count - len(first))))
    return ", ".join(first)


def format_instant(instant: datetime) -> str:
    """An instant with its offset, in the same form for every reader: a date in figures must not be ambiguous."""
    return instant.isoformat(sep=" ", timespec="seconds")


def format_span(span: tuple[int, int]) -> str:
    """The first byte and the one after the last."""
    return f"{span[0]}-{span[1]}"


def name_origin(origin: Origin) -> str:
    """Where a message lay, in one line; not escaped."""
    name = origin.path
    if origin.member is not None:
        name = f"{name}, {origin.member}"
    elif origin.offset is not None:
        name = f"{name} @{origin.offset}"
    return name
