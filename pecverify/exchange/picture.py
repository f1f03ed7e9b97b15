"""One exchange as a picture: a lane for each recipient, from acceptance to outcome, over a scale of elapsed time.

Most messages arrive within seconds and notices come after hours, so the scale is logarithmic. Every kind of event has a
shape of its own: nothing is told by colour alone. Many recipients of one outcome share a lane.

The SVG is for a page that has the style sheet of `page.py`: it brings no colours of its own, so that it follows the
page to dark and to paper.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

from pecverify.exchange.states import State
from pecverify.exchange.words import WORDS
from pecverify.printable import shown
from pecverify.receipt import DeliveryError, ReceiptKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pecverify.exchange.evidence import Evidence
    from pecverify.exchange.model import Exchange, RecipientOutcome
    from pecverify.problem import Language

WIDTH = 900
_LABELS, _PLOT_LEFT, _PLOT_RIGHT, _STATES = 6, 258, 632, 648
_EARLIER = 26
"""Room at the left of acceptance for what is dated before it."""
_LANE, _TOP, _BOTTOM, _LEGEND = 30, 66, 12, 22
_LABEL_CHARACTERS = 36
_STATE_CHARACTERS = 34
_MOST_LANES = 24
_ALONE = 5
"""Recipients of one outcome that keep lanes of their own among many."""
_SHORTEST = timedelta(minutes=1)
_DAY = timedelta(hours=24)
_TICKS = (
    (timedelta(seconds=1), "1 s"),
    (timedelta(seconds=10), "10 s"),
    (timedelta(minutes=1), "1 min"),
    (timedelta(minutes=10), "10 min"),
    (timedelta(hours=1), "1 h"),
    (timedelta(hours=12), "12 h"),
    (timedelta(hours=24), "24 h"),
    (timedelta(days=7), "7 d"),
    (timedelta(days=30), "30 d"),
)
_LIMITS = {"12 h": "end", "24 h": "begin"}
"""Named by the rules (RFC 6109 §3.1.6), and close together: one label ends at its line, the other begins there."""
_TICK_ROOM = 30
_OPEN_STATES = (State.PENDING, State.DELAYED_12H, State.DELAYED_24H, State.NO_EVIDENCE)
_GRAVEST_FIRST = (
    *(State.CONTRADICTORY, State.REFUSED, State.FAILED, State.DELAYED_24H, State.DELAYED_12H, State.NO_EVIDENCE),
    *(State.PENDING, State.NOT_CERTIFIED, State.DELIVERED),
)
_SHAPES = {
    ReceiptKind.TAKEN_IN_CHARGE: "taken",
    ReceiptKind.DELIVERED: "delivered",
    ReceiptKind.DELIVERY_FAILED: "failed",
    ReceiptKind.DELIVERY_DELAYED: "notice",
    ReceiptKind.VIRUS_DETECTED: "virus",
    ReceiptKind.NOT_ACCEPTED: "refused",
}
_LANE_CLASSES = {State.DELIVERED: "good", State.NOT_CERTIFIED: "faint", State.PENDING: "doubt"}
_LANE_CLASSES |= {State.DELAYED_12H: "doubt", State.NO_EVIDENCE: "doubt"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lane:
    """One line of the picture: a recipient, or several of one outcome."""

    recipients: tuple[RecipientOutcome, ...]

    @property
    def state(self) -> State:
        return self.recipients[0].state

    @property
    def events(self) -> tuple[Evidence, ...]:
        """What is drawn: the receipts of one recipient; of several, those that their outcomes rest on."""
        if len(self.recipients) == 1:
            return self.recipients[0].evidence
        return tuple(each for recipient in self.recipients for each in recipient.evidence if each.kind in _SHAPES)


class _Scale:
    """From an instant to its place, by the logarithm of the time since acceptance."""

    def __init__(self, exchange: Exchange) -> None:
        instants = [each.issued_at for each in exchange.evidence]
        self.zero = exchange.accepted_at or exchange.refused_at or min(instants)
        longest = max(_SHORTEST, max(instants) - self.zero)
        if any(recipient.state in _OPEN_STATES for recipient in exchange.recipients):
            longest = max(longest, _DAY)
        self._end = math.log1p(longest.total_seconds() * 1.6)
        self.has_earlier = min(instants) < self.zero
        self.left = _PLOT_LEFT + (_EARLIER if self.has_earlier else 0)

    def place(self, instant: datetime) -> float:
        return self.after(instant - self.zero)

    def after(self, elapsed: timedelta) -> float:
        seconds = elapsed.total_seconds()
        if seconds < 0:
            return self.left - _EARLIER + 4
        return round(self.left + (_PLOT_RIGHT - self.left) * math.log1p(seconds) / self._end, 1)

    def ticks(self) -> Iterator[tuple[float, str]]:
        """Those with room between them, and those that the rules name: 12 and 24 hours."""
        places = {label: self.after(elapsed) for elapsed, label in _TICKS}
        kept = [self.left, *(places[label] for label in _LIMITS)]
        for label, x in places.items():
            if label in _LIMITS or all(abs(x - other) >= _TICK_ROOM for other in kept):
                kept.append(x)
                if x <= _PLOT_RIGHT:
                    yield x, label


def draw_exchange(exchange: Exchange, *, language: Language = "en", identifier: str = "exchange") -> str:
    """An `svg` element for a page.

    Args:
        exchange: with at least one VALID receipt.
        language: of what is written in it.
        identifier: what the ids in it begin with; unique in the page.

    Returns:
        The element. Every text in it is escaped and bounded.
    """
    words = {name: said.in_language(language) for name, said in WORDS.items()}
    scale, lanes = _Scale(exchange), _lanes(exchange.recipients)
    bottom = _TOP + _LANE * len(lanes)
    height = bottom + _BOTTOM + _LEGEND
    counted = ", ".join(f"{len(lane.recipients)} {lane.state.describe(language)}" for lane in _by_state(exchange))
    description = f"{words['picture_description']} {counted}. {words['picture_table']}"
    labels = f'aria-labelledby="{identifier}-title" aria-describedby="{identifier}-desc"'
    lines = [
        f'<svg class="timeline" viewBox="0 0 {WIDTH} {height}" role="img" {labels}>',
        f'<title id="{identifier}-title">{_text(words["picture_title"])}</title>',
        f'<desc id="{identifier}-desc">{_text(description)}</desc>',
        *_bands(len(lanes)),
        *_grid(scale, bottom, words, refused=exchange.refused_at is not None),
        *(line for index, lane in enumerate(lanes) for line in _draw_lane(lane, index, scale, language, words)),
        *_legend(lanes, bottom + _BOTTOM + 16, words),
        "</svg>",
    ]
    return "\n".join(lines)


def _by_state(exchange: Exchange) -> Iterator[_Lane]:
    for state in _GRAVEST_FIRST:
        members = tuple(each for each in exchange.recipients if each.state is state)
        if members:
            yield _Lane(recipients=members)


def _lanes(recipients: tuple[RecipientOutcome, ...]) -> tuple[_Lane, ...]:
    alone = tuple(_Lane(recipients=(recipient,)) for recipient in recipients)
    if len(recipients) <= _MOST_LANES:
        return alone
    lanes: list[_Lane] = []
    for state in _GRAVEST_FIRST:
        members = [lane for lane in alone if lane.state is state]
        if len(members) > _ALONE:
            members = [_Lane(recipients=tuple(lane.recipients[0] for lane in members))]
        lanes += members
    return tuple(lanes)


def _bands(count: int) -> Iterator[str]:
    """Every other lane on a tint, by which the eye finds the outcome of an address far from it."""
    for index in range(0, count, 2):
        yield f'<rect class="band" x="0" y="{_TOP + _LANE * index}" width="{WIDTH}" height="{_LANE}"/>'


def _grid(scale: _Scale, bottom: int, words: dict[str, str], *, refused: bool) -> Iterator[str]:
    yield f'<text class="small faint" x="{_LABELS}" y="{_TOP - 14}">{_text(words["recipient"])}</text>'
    yield f'<text class="small faint" x="{_STATES}" y="{_TOP - 14}">{_text(words["outcome"])}</text>'
    start = words["refused_mark"] if refused else words["accepted_mark"]
    yield f'<text class="small strong" x="{scale.left}" y="16">{_text(start)}</text>'
    stamp = _text(f"{scale.zero:%Y-%m-%d %H:%M:%S %z}")
    yield f'<text class="small faint" x="{scale.left}" y="31">{stamp}</text>'
    note = _text(words["picture_scale"])
    yield f'<text class="small faint end" x="{_PLOT_RIGHT}" y="31">{note}</text>'
    yield _line(scale.left, 38, scale.left, bottom, "start")
    if scale.has_earlier:
        yield f'<text class="small faint end" x="{scale.left - 4}" y="{_TOP - 14}">{_text("<")}</text>'
    for x, label in scale.ticks():
        kind = "limit" if label in _LIMITS else "grid"
        yield _line(x, _TOP - 8, x, bottom, kind)
        anchor, aside = _LIMITS.get(label, "middle"), {"12 h": 6, "24 h": -6}.get(label, 0)
        yield f'<text class="small faint {anchor}" x="{x + aside}" y="{_TOP - 14}">{label}</text>'


def _draw_lane(lane: _Lane, index: int, scale: _Scale, language: Language, words: dict[str, str]) -> Iterator[str]:
    y = _TOP + _LANE * index + _LANE // 2
    css = _LANE_CLASSES.get(lane.state, "bad")
    yield from _label(lane, y, words)
    places = sorted(scale.place(event.issued_at) for event in lane.events)
    last = max([scale.left, *places])
    yield _line(min([scale.left, *places]), y, last, y, f"track {css}")
    if lane.state in (State.PENDING, State.DELAYED_12H, State.NO_EVIDENCE):
        yield _line(last, y, _PLOT_RIGHT, y, f"track open {css}")
    alone = len(lane.recipients) == 1
    if not alone:  # as a row of strokes, with one mark at their end
        yield from (_line(x, y - 8, x, y + 8, f"stroke {css}") for x in sorted(set(places)))
    for event in lane.events if alone else lane.events[-1:]:
        yield _mark(event, scale.place(event.issued_at) if alone else last, y)
    state = _shorten(lane.state.describe(language), _STATE_CHARACTERS)
    yield f'<text class="strong {css}" x="{_STATES}" y="{y + 4}">{_text(state)}</text>'


def _label(lane: _Lane, y: int, words: dict[str, str]) -> Iterator[str]:
    count = len(lane.recipients)
    if count > 1:
        yield f'<text x="{_LABELS}" y="{y + 4}">{_text(words["recipients_counted"].format(count=count))}</text>'
        return
    address = shown(lane.recipients[0].address)
    title = "" if len(address) <= _LABEL_CHARACTERS else f"<title>{_text(address)}</title>"
    yield f'<text x="{_LABELS}" y="{y + 4}">{_text(_shorten(address, _LABEL_CHARACTERS))}{title}</text>'


def _mark(event: Evidence, x: float, y: int) -> str:
    shape = _shape_of(event)
    title = _text(f"{event.kind.value} {event.issued_at:%Y-%m-%d %H:%M:%S %z}")
    return f'<g class="mark {shape}">{_outline(shape, x, y)}<title>{title}</title></g>'


def _shape_of(event: Evidence) -> str:
    is_virus = event.kind is ReceiptKind.DELIVERY_FAILED and event.error is DeliveryError.VIRUS
    return "refused" if is_virus else _SHAPES[event.kind]


def _outline(shape: str, x: float, y: float) -> str:
    match shape:
        case "taken":
            return f'<path d="M{x} {y - 5}l5 5l-5 5l-5 -5z"/>'
        case "delivered":
            tick = f'<path class="on" d="M{x - 3} {y + 0.2}l2.2 2.4l4 -4.8"/>'
            return f'<circle cx="{x}" cy="{y}" r="7"/>{tick}'
        case "failed":
            return f'<path class="cross" d="M{x - 5} {y - 5}l10 10m0 -10l-10 10"/>'
        case "notice":
            return f'<path d="M{x} {y - 7}l7 12h-14z"/>'
        case "virus":
            return f'<circle cx="{x}" cy="{y}" r="5"/><path class="cross" d="M{x} {y - 9}v18m-9 -9h18"/>'
    return f'<rect x="{x - 6}" y="{y - 6}" width="12" height="12"/><path class="on" d="M{x - 3} {y}h6"/>'


def _legend(lanes: Iterable[_Lane], y: int, words: dict[str, str]) -> Iterator[str]:
    used = {_shape_of(event) for lane in lanes for event in lane.events}
    x = float(_LABELS + 8)
    for shape in ("taken", "delivered", "failed", "notice", "virus", "refused"):
        if shape in used:
            word = words[f"mark_{shape}"]
            yield f'<g class="mark {shape}">{_outline(shape, x, y - 4)}</g>'
            yield f'<text class="small faint" x="{x + 13}" y="{y}">{_text(word)}</text>'
            x += 34 + 6.3 * len(word)


def _line(x1: float, y1: float, x2: float, y2: float, css: str) -> str:
    return f'<line class="{css}" x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}"/>'


def _shorten(text: str, characters: int) -> str:
    return text if len(text) <= characters else f"{text[: characters - 1]}\u2026"


def _text(text: str) -> str:
    return escape(text)
