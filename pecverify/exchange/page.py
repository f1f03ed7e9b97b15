"""Exchanges as one HTML page that a person can read, print and keep: no script, nothing from outside.

Needs the extra `html`. Rules of this module:

- Whatever the template prints is made visible first (`printable.escape`) and then escaped by jinja2: a hostile subject
  is text, and looks like what it is.
- The page forbids itself everything (`default-src 'none'`) but its own style sheet, which is named by its hash.
"""

from __future__ import annotations

import base64
import hashlib
import pkgutil
from typing import TYPE_CHECKING, Any

import jinja2
from markupsafe import Markup

from pecverify.exchange.picture import draw_exchange
from pecverify.exchange.states import Conclusion, State
from pecverify.exchange.words import BASES, FORMS, KINDS, RECOGNITIONS, VERDICTS, WORDS
from pecverify.printable import escape
from pecverify.reasons import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from pecverify.exchange.evidence import Evidence
    from pecverify.exchange.model import Exchange, Reconciliation
    from pecverify.problem import Language
    from pecverify.report import Signer

_PACKAGE = "pecverify.exchange"
_SHOWN = 300
_SERVICE_CHECK = 62
_GOOD, _DOUBT, _BAD, _FAINT = "good", "doubt", "bad", "faint"
_CONCLUSION_MARKS = {
    Conclusion.DELIVERED: _GOOD,
    Conclusion.PARTLY_DELIVERED: _DOUBT,
    Conclusion.OPEN: _DOUBT,
    Conclusion.INCOMPLETE: _DOUBT,
}
_STATE_MARKS = {
    State.DELIVERED: _GOOD,
    State.PENDING: _DOUBT,
    State.DELAYED_12H: _DOUBT,
    State.NO_EVIDENCE: _DOUBT,
    State.NOT_CERTIFIED: _FAINT,
}
_SEVERITY_MARKS = {Severity.ERROR: _BAD, Severity.UNKNOWN: _DOUBT, Severity.WARNING: _DOUBT, Severity.NOTE: _FAINT}
_SYMBOLS = {_GOOD: "\u2713", _DOUBT: "?", _BAD: "\u2715", _FAINT: "\u2013"}
"""Beside every colour, for those who do not see it and for paper."""
_OWN_SYMBOLS: dict[Conclusion | State | Severity, str] = {
    **dict.fromkeys((Conclusion.CONTRADICTORY, State.CONTRADICTORY, Severity.ERROR), "\u2260"),
    **dict.fromkeys((Conclusion.OPEN, State.PENDING, State.DELAYED_12H), "\u2026"),
    Conclusion.PARTLY_DELIVERED: "\u25d0",
    Severity.WARNING: "!",
}


def render_page(collected: Reconciliation, *, version: str, language: Language = "en") -> str:
    """The page.

    Args:
        collected: what `reconcile_all` returned.
        version: of the package, for the footer.
        language: of everything that is not data.

    Returns:
        A whole HTML document, the same for the same input.
    """
    style = _read("page.css")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = _environment(language).get_template("page.html")
    return template.render(
        collected=collected,
        style=_trusted(style),
        style_digest=_trusted(digest),
        version=version,
        language=language,
    )


def _environment(language: Language) -> jinja2.Environment:
    environment = jinja2.Environment(
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        loader=jinja2.FunctionLoader(_read),
        finalize=_make_visible,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    spoken = _Spoken(language)
    environment.globals |= {
        "w": {name: said.in_language(language) for name, said in WORDS.items()},
        "draw": lambda exchange, identifier: _trusted(
            draw_exchange(exchange, language=language, identifier=identifier)
        ),
        "facts_of": spoken.describe_verdict,
        "lacking": spoken.list_lacking,
        "signers_of": _signers_of,
        "number_of": _number_receipts,
        "reasons_of": lambda exchange: [each for each in exchange.findings if each.check != _SERVICE_CHECK],
    }
    filters: dict[str, Any] = {
        "cut": lambda text: text if len(text) <= _SHOWN else f"{text[:_SHOWN]}[...]",
        "instant": _format_instant,
        "day": lambda instant: f"{instant:%Y-%m-%d}",
        "clock": lambda instant: f"{instant:%H:%M:%S %z}",
        "iso": lambda instant: instant.isoformat(),
        "told": lambda state: state.describe(language),
        "kind": lambda kind: KINDS[kind].in_language(language),
        "form": lambda form: FORMS[form].in_language(language),
        "verdict": lambda verdict: VERDICTS[verdict].in_language(language),
        "recognition": lambda recognition: RECOGNITIONS[recognition].in_language(language),
        "basis": lambda basis: BASES[basis].in_language(language),
        "mark": _mark_of,
        "symbol": _symbol_of,
    }
    environment.filters |= filters
    return environment


def _trusted(own: str) -> Markup:
    """HTML that this package wrote, every text from outside already escaped in it."""
    return Markup(own)  # noqa: S704


def _read(name: str) -> str:
    return (pkgutil.get_data(_PACKAGE, f"templates/{name}") or b"").decode()


def _make_visible(value: object) -> object:
    """Every text that the template prints, but what is marked as HTML of our own."""
    return escape(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _format_instant(instant: datetime) -> str:
    """In the same form for every reader: a date in figures must not be ambiguous."""
    return f"{instant:%Y-%m-%d %H:%M:%S %z}"


def _mark_of(value: Conclusion | State | Severity) -> str:
    if isinstance(value, Conclusion):
        return _CONCLUSION_MARKS.get(value, _BAD)
    if isinstance(value, State):
        return _STATE_MARKS.get(value, _BAD)
    return _SEVERITY_MARKS[value]


def _symbol_of(value: Conclusion | State | Severity) -> str:
    return _OWN_SYMBOLS.get(value) or _SYMBOLS[_mark_of(value)]


def _signers_of(exchange: Exchange) -> list[Signer]:
    """Each signer of the evidence once, in the order of their first receipts."""
    signers = (each.signer for each in exchange.evidence if each.signer is not None)
    return [*{signer.certificate.sha256: signer for signer in signers}.values()]


def _number_receipts(exchange: Exchange) -> Mapping[Evidence, int]:
    return {each: number for number, each in enumerate(exchange.evidence, start=1)}


class _Spoken:
    """Sentences in one language that are put together from facts."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def _say(self, name: str, **values: object) -> str:
        return WORDS[name].in_language(self._language).format(**values)

    def describe_verdict(self, exchange: Exchange) -> Iterator[str]:
        """What happened, in sentences."""
        if exchange.acceptance is not None:
            yield self._say("accepted_on", **self._event(exchange.acceptance))
        if exchange.refused_at is not None:
            yield self._say("refused_on", **self._event(exchange.evidence[0]))
        else:
            delivered = sum(recipient.state is State.DELIVERED for recipient in exchange.recipients)
            yield self._say("delivered_count", count=delivered, total=len(exchange.recipients))

    def _event(self, evidence: Evidence) -> dict[str, str]:
        provider = self._say("an_unknown_provider") if evidence.provider is None else evidence.provider[:_SHOWN]
        return {"when": _format_instant(evidence.issued_at), "provider": provider}

    def list_lacking(self, exchange: Exchange) -> Iterator[str]:
        """What service of process asks for and is not there, in sentences."""
        if exchange.contradictions:
            yield self._say("contradicted")
        if exchange.accepted_at is None:
            yield self._say("lacks_acceptance")
        without = sum(not recipient.serves for recipient in exchange.recipients)
        if without:
            yield self._say("lacks_deliveries", count=without, total=len(exchange.recipients))
