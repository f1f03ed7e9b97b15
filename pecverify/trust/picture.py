"""A timeline as a picture: which name could be certified when, and which editions of the authority permitted it.

SVG with nothing outside itself (no script, no font, no style sheet), the same bytes every time. It has a background of
its own, so that it reads alike on a dark and on a light page.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pecverify.problem import Language
    from pecverify.trust._timeline import Period, TimelineRow

_SVG = "http://www.w3.org/2000/svg"
_MARGIN, _SLANTED_END = 24, 58
_PLOT_WIDTH = 640
_ROW_HEIGHT, _BAR_HEIGHT = 20, 12
_TITLE_LINE, _DATES_LINE, _GRID_TOP, _TOP, _BOTTOM = 36, 112, 126, 130, 72
_COLUMN_GAP, _LONGEST_TEXT, _CHARACTER_WIDTH = 18, 46, 7.0
_TITLE_CHARACTER_WIDTH = 10.5
_DATE_SPACING = 17.0
_SHORTEST_BAR = 1.5
_PAPER, _BAND, _GRID = "#ffffff", "#f4f7f9", "#d5dde4"
_INK, _FAINT, _BAR, _EDITION = "#17212b", "#52606d", "#1f6f8b", "#b4540a"
_STYLE = (
    f"text{{font:12px 'DejaVu Sans',Verdana,system-ui,sans-serif;fill:{_INK}}}"
    f".title{{font-size:17px;font-weight:600}}.faint{{fill:{_FAINT}}}.small{{font-size:11px}}"
    f".date{{font-size:10.5px;fill:{_EDITION}}}.middle{{text-anchor:middle}}"
)
# XML 1.0 §2.2: characters that no document may have, escaped or not.
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")

_EXTENTS: dict[Language, str] = {
    "en": "{count} rows from {start:%Y-%m-%d} to {stop:%Y-%m-%d}.",
    "it": "{count} righe dal {start:%Y-%m-%d} al {stop:%Y-%m-%d}.",
}
_KEYS: dict[Language, str] = {
    "en": "A bar: an edition in force permitted the name. A notch in it: the start of an edition that does.",
    "it": "Una barra: un'edizione in vigore ammetteva il nome. Una tacca: l'inizio di un'edizione che lo ammette.",
}
_LIMITS: dict[Language, str] = {
    "en": (
        "It could be certified; that it was accredited is not said."
        " DigitPA CA1 (2011-2018) permitted any name: it has no bar."
    ),
    "it": (
        "Poteva essere certificato; che fosse accreditato non è detto."
        " DigitPA CA1 (2011-2018) ammetteva ogni nome: non ha una barra."
    ),
}
_EDITIONS: dict[Language, str] = {"en": "editions", "it": "edizioni"}


def draw_timeline(rows: Sequence[TimelineRow], *, title: str, language: Language = "en") -> str:
    """An SVG document with one bar for each period of each row, over a grid of years and the starts of the editions.

    What it shows is who could be certified. Accreditation it does not show: the editions keep providers that ceased.

    Args:
        rows: at least one, with at least one period each.
        title: what the picture is of.
        language: of everything else that is written in it.

    Returns:
        The document. Every text in it is escaped; what is too long for its column is shortened there and told in full
        to those who point at the row.
    """
    layout = _lay_out(rows, title, _KEYS[language], _LIMITS[language])
    periods = [period for row in rows for period in row.periods]
    starts = sorted({name for period in periods for name in period.editions})
    extent = _EXTENTS[language].format(
        count=len(rows), start=min(period.start for period in periods), stop=max(period.stop for period in periods)
    )
    description = f"{extent} {_KEYS[language]} {_LIMITS[language]}"
    view_box, labels = f"0 0 {layout.width} {layout.height}", "timeline-title timeline-description"
    lines = [
        f'<svg xmlns="{_SVG}" viewBox="{view_box}" role="img" lang="{language}" aria-labelledby="{labels}">',
        f'<title id="timeline-title">{_text(title)}</title>',
        f'<desc id="timeline-description">{_text(description)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{layout.width}" height="{layout.height}" fill="{_PAPER}"/>',
        f'<text class="title" x="{_MARGIN}" y="{_TITLE_LINE}">{_text(title)}</text>',
        *_bands(layout),
        *_years(layout),
        *_edition_starts(starts, layout),
        *(line for index, row in enumerate(rows) for line in _row(row, layout.row_top(index), layout, language)),
        f'<text class="faint small" x="{_MARGIN}" y="{layout.height - 34}">{_text(_KEYS[language])}</text>',
        f'<text class="faint small" x="{_MARGIN}" y="{layout.height - 17}">{_text(_LIMITS[language])}</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Layout:
    """Where everything stands."""

    row_count: int
    """How many rows there are."""
    provider_left: float
    """Left edge of the column of providers."""
    plot_left: float
    """Left edge of the grid."""
    width: int
    """Of the picture."""
    first_year: int
    """The year at the left edge of the grid, from its first instant."""
    last_year: int
    """The year at its right edge, to its last instant."""

    @property
    def bottom(self) -> int:
        """Lower edge of the rows."""
        return _TOP + _ROW_HEIGHT * self.row_count

    @property
    def height(self) -> int:
        """Of the picture."""
        return self.bottom + _BOTTOM

    def row_top(self, index: int) -> int:
        """Upper edge of a row."""
        return _TOP + _ROW_HEIGHT * index

    def place(self, instant: datetime) -> float:
        """From an instant to its place from left to right."""
        origin = _new_year(self.first_year)
        share = (instant - origin) / (_new_year(self.last_year + 1) - origin)
        return round(self.plot_left + _PLOT_WIDTH * share, 1)


def _lay_out(rows: Sequence[TimelineRow], title: str, *notes: str) -> _Layout:
    names_width = max(_width(row.name) for row in rows)
    providers_width = max(_width(row.provider or "") for row in rows)
    provider_left = _MARGIN + names_width + _COLUMN_GAP
    plot_left = provider_left + (providers_width + _COLUMN_GAP if providers_width else 0)
    texts_width = max(_TITLE_CHARACTER_WIDTH * len(title), *(_CHARACTER_WIDTH * len(note) for note in notes))
    return _Layout(
        row_count=len(rows),
        provider_left=provider_left,
        plot_left=plot_left,
        width=round(max(plot_left + _PLOT_WIDTH + _SLANTED_END, 2 * _MARGIN + texts_width)),
        first_year=min(period.start.year for row in rows for period in row.periods),
        last_year=max(period.stop.year for row in rows for period in row.periods),
    )


def _bands(layout: _Layout) -> Iterator[str]:
    """Every other row on a tint, by which the eye finds the label of a bar far from it."""
    width = layout.plot_left + _PLOT_WIDTH - _MARGIN
    for index in range(0, layout.row_count, 2):
        top = layout.row_top(index)
        yield f'<rect x="{_MARGIN}" y="{top}" width="{width}" height="{_ROW_HEIGHT}" fill="{_BAND}"/>'


def _years(layout: _Layout) -> Iterator[str]:
    for year in range(layout.first_year, layout.last_year + 2):
        x = layout.place(_new_year(year))
        yield _line(x, _GRID_TOP, x, layout.bottom, f'stroke="{_GRID}"')
    for year in range(layout.first_year, layout.last_year + 1):
        middle = round((layout.place(_new_year(year)) + layout.place(_new_year(year + 1))) / 2, 1)
        yield f'<text class="faint small middle" x="{middle}" y="{layout.bottom + 15}">{year}</text>'


def _edition_starts(starts: Sequence[str], layout: _Layout) -> Iterator[str]:
    """A tick through all rows for each edition, its date slanting away from the top."""
    places = [layout.place(_midnight(start)) for start in starts]
    for start, x, date_x in zip(starts, places, _spread(places, layout.plot_left + _PLOT_WIDTH), strict=True):
        yield _line(x, _GRID_TOP, x, layout.bottom, f'stroke="{_EDITION}" stroke-dasharray="2 3"')
        yield _line(date_x, _DATES_LINE, x, _GRID_TOP, f'stroke="{_EDITION}"')
        turned = f'transform="rotate(-45 {date_x} {_DATES_LINE - 3})"'
        yield f'<text class="date" x="{date_x}" y="{_DATES_LINE - 3}" {turned}>{_text(start)}</text>'


def _spread(places: Sequence[float], limit: float) -> list[float]:
    """The places moved right until no two dates touch, and back left as far as the limit asks."""
    spread: list[float] = []
    for place in places:
        spread.append(max(place, spread[-1] + _DATE_SPACING) if spread else place)
    last = len(spread) - 1
    return [round(min(place, limit - _DATE_SPACING * (last - index)), 1) for index, place in enumerate(spread)]


def _row(row: TimelineRow, top: int, layout: _Layout, language: Language) -> Iterator[str]:
    baseline = top + 14
    yield _label(row.name, _MARGIN, baseline, "name")
    if row.provider is not None:
        yield _label(row.provider, layout.provider_left, baseline, "faint")
    for period in row.periods:
        yield from _bar(row.name, period, top + (_ROW_HEIGHT - _BAR_HEIGHT) // 2, layout, language)


def _bar(name: str, period: Period, top: int, layout: _Layout, language: Language) -> Iterator[str]:
    x = layout.place(period.start)
    width = round(max(layout.place(period.stop) - x, _SHORTEST_BAR), 1)
    told = f"{name}: {period.start:%Y-%m-%d} - {period.stop:%Y-%m-%d} ({_EDITIONS[language]}: "
    yield (
        f'<rect class="bar" x="{x}" y="{top}" width="{width}" height="{_BAR_HEIGHT}" rx="2" fill="{_BAR}">'
        f"<title>{_text(told + ', '.join(period.editions))})</title></rect>"
    )
    for edition in period.editions[1:]:  # the first one starts where the bar does
        notch = layout.place(_midnight(edition))
        yield _line(notch, top, notch, top + _BAR_HEIGHT, f'stroke="{_PAPER}"')


def _label(text: str, x: float, y: int, css_class: str) -> str:
    if len(text) <= _LONGEST_TEXT:
        return f'<text class="{css_class}" x="{x}" y="{y}">{_text(text)}</text>'
    shortened = _text(text[: _LONGEST_TEXT - 1] + "\u2026")
    return f'<text class="{css_class}" x="{x}" y="{y}">{shortened}<title>{_text(text)}</title></text>'


def _line(x1: float, y1: float, x2: float, y2: float, attributes: str) -> str:
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" {attributes}/>'


def _width(text: str) -> float:
    """An upper estimate: only a browser knows its fonts."""
    return _CHARACTER_WIDTH * min(len(text), _LONGEST_TEXT)


def _text(text: str) -> str:
    return escape(_NOT_XML.sub("\ufffd", text))


def _midnight(date: str) -> datetime:
    return datetime.fromisoformat(date).replace(tzinfo=UTC)


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC)
