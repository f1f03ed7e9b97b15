"""A timeline as a picture: SVG, self-contained, the same bytes every time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pecverify.trust._timeline import TimelineRow

_WIDTH, _LABEL_WIDTH, _MARGIN = 980, 330, 20
_ROW_HEIGHT, _TOP, _BOTTOM = 21, 84, 34
_INK, _FAINT, _GRID, _PAPER = "#1c2733", "#5b6875", "#dde3e9", "#ffffff"
_BARS = ("#1f6f8b", "#3b8ea8")
_STYLE = (
    "text{font-family:system-ui,'Segoe UI','DejaVu Sans',sans-serif;font-size:12px;fill:" + _INK + "}"
    ".title{font-size:17px;font-weight:600}.faint{fill:" + _FAINT + ";font-size:11px}.end{text-anchor:end}"
    ".middle{text-anchor:middle}"
)


def draw_timeline(rows: Sequence[TimelineRow], *, title: str, description: str) -> str:
    """Draw one bar for each period of each row, over a grid of years.

    Args:
        rows: at least one, with at least one period each.
        title: what the picture is of.
        description: the same in a sentence, for those who do not see it.

    Returns:
        An SVG document. Every text in it is escaped; it refers to nothing outside itself.
    """
    periods = [period for row in rows for period in row.periods]
    scale = _Scale(min(period.start for period in periods), max(period.stop for period in periods))
    height = _TOP + _ROW_HEIGHT * len(rows) + _BOTTOM
    labelled = 'role="img" aria-labelledby="title description"'
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" {labelled}>',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>',
        f'<text class="title" x="{_MARGIN}" y="32">{escape(title)}</text>',
        *_grid(scale, height),
        *(line for index, row in enumerate(rows) for line in _row(index, row, scale)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


class _Scale:
    """From instants to horizontal places, whole years at both ends."""

    def __init__(self, start: datetime, stop: datetime) -> None:
        self.years = range(start.year, stop.year + 2)
        self._start = datetime(start.year, 1, 1, tzinfo=UTC)
        self._span = datetime(stop.year + 1, 1, 1, tzinfo=UTC) - self._start

    def place(self, instant: datetime) -> float:
        left = _MARGIN + _LABEL_WIDTH
        return round(left + (_WIDTH - _MARGIN - left) * ((instant - self._start) / self._span), 1)


def _grid(scale: _Scale, height: int) -> Iterator[str]:
    top, bottom = _TOP - 12, height - _BOTTOM + 6
    for year in scale.years:
        x = scale.place(datetime(year, 1, 1, tzinfo=UTC))
        yield f'<line x1="{x}" y1="{top}" x2="{x}" y2="{bottom}" stroke="{_GRID}"/>'
        if year != scale.years[-1]:
            middle = round((x + scale.place(datetime(year + 1, 1, 1, tzinfo=UTC))) / 2, 1)
            for y in (top - 6, bottom + 16):
                yield f'<text class="faint middle" x="{middle}" y="{y}">{year}</text>'


def _row(index: int, row: TimelineRow, scale: _Scale) -> Iterator[str]:
    y = _TOP + _ROW_HEIGHT * index
    yield f'<text class="end" x="{_MARGIN + _LABEL_WIDTH - 10}" y="{y + 11}">{_label(row)}</text>'
    for period in row.periods:
        x, end = scale.place(period.start), scale.place(period.stop)
        told = f"{row.name}: {period.start.date().isoformat()} - {period.stop.date().isoformat()}"
        yield (
            f'<rect x="{x}" y="{y}" width="{round(end - x, 1)}" height="14" rx="3" fill="{_BARS[index % 2]}">'
            f"<title>{escape(told)} ({', '.join(period.editions)})</title></rect>"
        )


def _label(row: TimelineRow) -> str:
    if row.provider is None:
        return escape(row.name)
    return f'<tspan class="faint">{escape(row.provider)}</tspan> {escape(row.name)}'
