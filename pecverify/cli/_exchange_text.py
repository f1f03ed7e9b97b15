"""Exchanges in lines: a table of recipients for each message, and what was found. Escaped and bounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify import Severity, Verdict
from pecverify.cli import _exchange_messages as x
from pecverify.cli import _messages as m
from pecverify.cli._facts import align, format_instant, name_origin, paint_verdict
from pecverify.cli._text import Ink, Style, escape, shown
from pecverify.exchange import Conclusion, State

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pecverify.cli._facts import Fact
    from pecverify.exchange import Apart, Exchange, ExchangeFinding, RecipientOutcome, Reconciliation, Source

_SERVICE_CHECK = 62
_FINDINGS_SHOWN = 50
_SENTENCE_SHOWN = 1_000
_APART_SHOWN = 20
_GAP = "  "
_INKS = {
    Conclusion.DELIVERED: Ink.GOOD,
    Conclusion.OPEN: Ink.DOUBT,
    Conclusion.INCOMPLETE: Ink.DOUBT,
    Conclusion.PARTLY_DELIVERED: Ink.DOUBT,
}
_STATE_INKS = {
    State.DELIVERED: Ink.GOOD,
    State.DELAYED_12H: Ink.DOUBT,
    State.PENDING: Ink.DOUBT,
    State.NO_EVIDENCE: Ink.DOUBT,
    State.NOT_CERTIFIED: Ink.STRONG,
}
_SEVERITIES = {
    Severity.ERROR: (x.CONTRADICTION, Ink.BAD),
    Severity.UNKNOWN: (x.MISSING, Ink.DOUBT),
    Severity.WARNING: (m.SEVERITIES[Severity.WARNING], Ink.DOUBT),
    Severity.NOTE: (m.SEVERITIES[Severity.NOTE], Ink.STRONG),
}


def describe_exchanges(collected: Reconciliation, style: Style) -> Iterator[str]:
    """Every exchange, and what belongs to none."""
    for exchange in collected.exchanges:
        yield from _describe_exchange(exchange, style)
        yield ""
    if collected.unattributed:
        yield style.paint(style.say(x.UNATTRIBUTED), Ink.STRONG)
        yield from _describe_apart(collected.unattributed, style)


def _describe_exchange(exchange: Exchange, style: Style) -> Iterator[str]:
    subject = style.say(x.NO_SUBJECT) if not exchange.subject else shown(exchange.subject)
    conclusion = exchange.conclusion
    told = style.paint(conclusion.describe(style.language).upper(), _INKS.get(conclusion, Ink.BAD))
    yield f"{style.paint(subject, Ink.STRONG)}: {told}"
    yield from align(_facts_of(exchange, style), style)
    yield ""
    yield from _tabulate(exchange.recipients, style)
    findings = [each for each in exchange.findings if each.check != _SERVICE_CHECK]
    if findings:
        yield ""
    yield from (_describe_finding(finding, style) for finding in findings[:_FINDINGS_SHOWN])
    if len(findings) > _FINDINGS_SHOWN:
        yield _GAP + style.say(m.AND_MORE, count=str(len(findings) - _FINDINGS_SHOWN))
    if exchange.apart:
        yield ""
        yield _GAP + style.say(x.SET_APART)
        yield from _describe_apart(exchange.apart, style)


def _facts_of(exchange: Exchange, style: Style) -> Iterator[Fact]:
    yield m.SENDER, shown(exchange.sender)
    yield m.PEC_ID, style.say(x.NO_RECEIPTS) if exchange.pec_id is None else shown(exchange.pec_id)
    if exchange.message_id is not None:
        yield m.MESSAGE_ID, shown(exchange.message_id)
    if exchange.acceptance is not None:
        yield x.ACCEPTED, _name_event(exchange.acceptance.issued_at, exchange.acceptance.provider, style)
    if exchange.refused_at is not None:
        yield x.REFUSED, _name_event(exchange.refused_at, exchange.evidence[0].provider, style)
    yield x.SERVICE, _describe_service(exchange, style)


def _name_event(instant: datetime, provider: str | None, style: Style) -> str:
    name = style.say(x.UNKNOWN) if provider is None else shown(provider)
    return style.say(x.BY, when=format_instant(instant), provider=name)


def _describe_service(exchange: Exchange, style: Style) -> str:
    if exchange.serves:
        return style.say(x.SERVES)
    lacking = []
    if exchange.contradictions:
        lacking.append(style.say(x.IS_CONTRADICTED))
    if exchange.accepted_at is None:
        lacking.append(style.say(x.LACKS_ACCEPTANCE))
    without = sum(not recipient.serves for recipient in exchange.recipients)
    if without:
        total = str(len(exchange.recipients))
        lacking.append(style.say(x.LACKS_DELIVERIES, count=str(without), total=total))
    return style.say(x.DOES_NOT_SERVE, lacking="; ".join(lacking))


def _tabulate(recipients: tuple[RecipientOutcome, ...], style: Style) -> Iterator[str]:
    """One row for each recipient, under headings; the columns as wide as what is in them."""
    headings = [style.say(each) for each in (x.RECIPIENT, x.STATE, x.AT, x.CERTIFIED_BY, x.CARRIES)]
    rows = [_row(recipient, style) for recipient in recipients]
    widths = [max(map(len, column)) for column in zip(headings, *rows, strict=True)]
    yield _join(headings, widths)
    for recipient, row in zip(recipients, rows, strict=True):
        cells = [f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)]
        cells[1] = style.paint(cells[1], _STATE_INKS.get(recipient.state, Ink.BAD))
        yield (_GAP + _GAP.join(cells)).rstrip()


def _join(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (_GAP + _GAP.join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))).rstrip()


def _row(recipient: RecipientOutcome, style: Style) -> list[str]:
    address = shown(recipient.address)
    settled = next((each for each in recipient.evidence if each.issued_at == recipient.at), None)
    return [
        style.say(x.COPY, address=address) if recipient.is_copy else address,
        recipient.state.describe(style.language),
        "" if recipient.at is None else format_instant(recipient.at),
        "" if settled is None or settled.provider is None else shown(settled.provider),
        "" if recipient.carried_form is None else style.say(x.FORMS[recipient.carried_form]),
    ]


def _describe_finding(finding: ExchangeFinding, style: Style) -> str:
    phrase, ink = _SEVERITIES[finding.severity]
    label = style.paint(style.say(phrase), ink)
    text = shown(finding.text(style.language), _SENTENCE_SHOWN)
    return f"{_GAP}{label} {finding.check} {finding.reason.value}: {text}"


def _describe_apart(apart: tuple[Apart, ...], style: Style) -> Iterator[str]:
    for each in apart[:_APART_SHOWN]:
        decisive = {finding.reason.value: None for finding in each.findings if each.verdict is not Verdict.VALID}
        reasons = ", ".join([*decisive][:3]) or (each.kind or "")
        name = _name_sources(each.sources, style)
        yield f"{_GAP}{_GAP}{name}: {paint_verdict(each.verdict, style)} {reasons}".rstrip()
    if len(apart) > _APART_SHOWN:
        yield _GAP + _GAP + style.say(m.AND_MORE, count=str(len(apart) - _APART_SHOWN))


def _name_sources(sources: tuple[Source, ...], style: Style) -> str:
    origin = sources[0].origin
    name = style.say(x.UNKNOWN) if origin is None else escape(name_origin(origin))
    return name if len(sources) == 1 else style.say(x.COPIES, file=name, count=str(len(sources) - 1))
