"""The timeline as an SVG picture, parsed back: bars, ticks, labels, both languages, and nothing hostile left alive."""

from __future__ import annotations

import itertools
import math
from datetime import UTC, datetime

import pytest
from lxml import etree

from pecverify import TrustStore
from pecverify.trust import Period, TimelineRow, authority_editions, mail_domain_timeline, organization_timeline
from pecverify.trust.picture import draw_timeline

EDITIONS = authority_editions(TrustStore.default().anchors)
DOMAINS = mail_domain_timeline(EDITIONS)
ORGANIZATIONS = organization_timeline(EDITIONS)
STARTS = [
    "2017-10-12",
    "2018-04-04",
    "2019-06-13",
    "2020-01-30",
    "2020-02-19",
    "2020-10-13",
    "2021-06-22",
    "2021-09-21",
    "2025-02-20",
]
SVG = "{http://www.w3.org/2000/svg}"
CAPITAL_WIDTH, PROSE_WIDTH = 9.0, 7.0
"""Pixels of a letter at 12px in DejaVu Sans, which is a wide font: among capitals, and on average of a sentence."""


def period(start: str, stop: str, *editions: str) -> Period:
    first, last = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, stop))
    return Period(start=first, stop=last, editions=editions or (start,))


def row(name: str, *periods: Period, provider: str | None = None) -> TimelineRow:
    return TimelineRow(name=name, provider=provider, periods=periods or (period("2020-01-01", "2021-01-01"),))


def draw(*rows: TimelineRow, title: str = "T") -> etree._Element:
    return etree.fromstring(draw_timeline(rows, title=title).encode())


def of_class(picture: etree._Element, name: str) -> list[etree._Element]:
    return [each for each in picture.iter() if name in each.get("class", "").split()]


def number(element: etree._Element, name: str) -> float:
    return float(element.get(name, "0"))


def texts(elements: list[etree._Element]) -> list[str]:
    return [str(each.text) for each in elements]


# --- what it shows


def test_one_bar_for_each_period_of_the_data() -> None:
    picture = draw(*DOMAINS)
    assert len(of_class(picture, "bar")) == 38
    assert texts(of_class(picture, "name")) == [each.name for each in DOMAINS]
    assert texts(of_class(draw(*ORGANIZATIONS), "name")) == [each.name for each in ORGANIZATIONS]


def test_a_gap_gives_two_bars_on_one_row() -> None:
    first, second = of_class(
        draw(row("a", period("2001-01-01", "2003-01-01"), period("2005-01-01", "2006-01-01"))), "bar"
    )
    assert first.get("y") == second.get("y")
    assert number(first, "x") + number(first, "width") < number(second, "x")
    assert number(first, "width") == pytest.approx(2 * number(second, "width"), rel=0.01)


def test_a_bar_tells_its_dates_and_editions() -> None:
    told = {title for bar in of_class(draw(*DOMAINS), "bar") if (title := bar.findtext(f"{SVG}title"))}
    assert "pec.numera.it: 2017-10-12 - 2028-04-03 (editions: 2017-10-12, 2018-04-04)" in told
    assert "pec.reevo.eu: 2025-02-20 - 2030-09-22 (editions: 2025-02-20)" in told


def test_provider_beside_its_domain() -> None:
    picture = draw(*DOMAINS)
    names = {str(each.text): each for each in of_class(picture, "name")}
    providers = {each.get("y"): each for each in of_class(picture, "faint") if "small" not in each.get("class", "")}
    aruba = providers[names["pec.aruba.it"].get("y")]
    assert aruba.text == "Aruba"
    assert number(aruba, "x") > number(names["pec.aruba.it"], "x")
    assert names["kmailer.it"].get("y") not in providers


def test_no_column_of_providers_where_none_is_known() -> None:
    known, unknown = draw(row("a", provider="P" * 20)), draw(row("a"))
    assert number(of_class(unknown, "bar")[0], "x") < number(of_class(known, "bar")[0], "x")


def test_every_edition_has_a_tick_with_its_date() -> None:
    picture = draw(*DOMAINS)
    assert texts(of_class(picture, "date")) == STARTS
    ticks = [number(each, "x1") for each in picture.iter(f"{SVG}line") if each.get("stroke-dasharray")]
    assert len(ticks) == len(STARTS)
    assert ticks == sorted(ticks)
    bars = {str(bar.findtext(f"{SVG}title")).partition(":")[0]: number(bar, "x") for bar in of_class(picture, "bar")}
    assert bars["pec.aruba.it"] == pytest.approx(ticks[0], abs=0.2)
    assert bars["pec.reevo.eu"] == pytest.approx(ticks[-1], abs=0.2)


def test_a_notch_for_each_later_edition_that_permits() -> None:
    rows = [row("a", period("2001-01-01", "2009-01-01", "2001-01-01", "2003-01-01", "2005-01-01")), row("b")]
    picture = draw(*rows)
    bar, _ = of_class(picture, "bar")
    top, bottom = number(bar, "y"), number(bar, "y") + number(bar, "height")
    notches = [each for each in picture.iter(f"{SVG}line") if (number(each, "y1"), number(each, "y2")) == (top, bottom)]
    shares = [(number(notch, "x1") - number(bar, "x")) / number(bar, "width") for notch in notches]
    assert shares == pytest.approx([0.25, 0.5], abs=0.01)


def test_years_along_the_grid() -> None:
    years = of_class(draw(*DOMAINS), "middle")
    assert texts(years) == [str(year) for year in range(2017, 2031)]


def test_dates_do_not_touch() -> None:
    days = [f"2020-01-{day:02}" for day in range(1, 6)]
    at_both_ends = (
        row("a", period("2020-01-01", "2030-12-31", *days)),
        row("b", period("2030-12-30", "2030-12-31", "2030-12-30", "2030-12-31")),
    )
    places = [number(each, "x") for each in of_class(draw(*at_both_ends), "date")]
    assert len(places) == 7
    assert all(second - first >= 16.9 for first, second in itertools.pairwise(places))


def test_a_moment_is_still_seen() -> None:
    (bar,) = of_class(draw(row("a", period("2020-01-01", "2020-01-01"))), "bar")
    assert number(bar, "width") == 1.5


# --- how it is written


@pytest.mark.parametrize(
    ("language", "extent", "caveat", "edition_word"),
    [
        ("en", "38 rows from 2017-10-12 to 2030-09-22.", "that it was accredited is not said", "(editions: "),
        ("it", "38 righe dal 2017-10-12 al 2030-09-22.", "che fosse accreditato non è detto", "(edizioni: "),
    ],
)
def test_both_languages_say_what_is_not_proven(language: str, extent: str, caveat: str, edition_word: str) -> None:
    text = draw_timeline(DOMAINS, title="Titolo", language="it" if language == "it" else "en")
    picture = etree.fromstring(text.encode())
    description = picture.findtext(f"{SVG}desc")
    assert description is not None
    assert description.startswith(extent)
    assert caveat in description
    assert any(caveat in each for each in texts(of_class(picture, "small")))
    assert picture.get("lang") == language
    assert text.count(edition_word) == 38


def test_it_is_an_image_with_a_name_and_a_description() -> None:
    picture = draw(*DOMAINS, title="The title")
    assert picture.get("role") == "img"
    labelled_by = picture.get("aria-labelledby", "").split()
    assert [each.tag for each in picture if each.get("id") in labelled_by] == [f"{SVG}title", f"{SVG}desc"]
    assert picture.findtext(f"{SVG}title") == "The title"
    assert texts(of_class(picture, "title")) == ["The title"]


def test_it_has_a_background_of_its_own() -> None:
    picture = draw(*DOMAINS)
    background = next(picture.iter(f"{SVG}rect"))
    _, _, width, height = picture.get("viewBox", "").split()
    assert (background.get("width"), background.get("height"), background.get("fill")) == (width, height, "#ffffff")


def test_the_same_bytes_each_time() -> None:
    assert draw_timeline(DOMAINS, title="T") == draw_timeline(list(DOMAINS), title="T")


def test_it_refers_to_nothing_outside() -> None:
    text = draw_timeline(DOMAINS, title="T")
    assert text.count("http") == 1
    assert "url(" not in text
    assert "@import" not in text
    assert "href" not in text


LONG = "W" * 500


@pytest.mark.parametrize(
    "rows",
    [
        DOMAINS,
        ORGANIZATIONS,
        (row("a"),),
        (row(LONG, provider=LONG),),
        (row("a", period("2020-12-31", "2020-12-31")),),
        (row("a", period("2020-01-01", "2020-12-31", *(f"2020-12-{day:02}" for day in range(1, 31)))),),
    ],
    ids=["domains", "organisations", "one row", "long names", "the last day", "an edition a day"],
)
def test_nothing_is_outside_the_view_box(rows: tuple[TimelineRow, ...]) -> None:
    picture = draw(*rows)
    width, height = map(float, picture.get("viewBox", "").split()[2:])
    for each in picture.iter():
        assert 0 <= number(each, "x") <= number(each, "x") + number(each, "width") <= width
        assert 0 <= number(each, "y") <= number(each, "y") + number(each, "height") <= height
        assert all(0 <= number(each, name) <= width for name in ("x1", "x2"))
        assert all(0 <= number(each, name) <= height for name in ("y1", "y2"))
        if each.tag == f"{SVG}text" and "date" not in each.get("class", ""):
            letter = PROSE_WIDTH if "small" in each.get("class", "") else CAPITAL_WIDTH
            assert number(each, "x") + letter * len(str(each.text)) <= width
    for date in of_class(picture, "date"):
        reach = PROSE_WIDTH * len("2020-01-01") * math.sqrt(0.5) * 10.5 / 12
        assert number(date, "x") + reach <= width
        assert number(date, "y") - reach >= 36


# --- hostile names


def test_every_text_is_escaped() -> None:
    hostile = '<script>"&]]>'
    picture = draw(row(hostile, provider=f"</text>{hostile}"), title=f"{hostile}</title>")
    assert {each.tag for each in picture.iter()} == {
        f"{SVG}{name}" for name in ("svg", "title", "desc", "style", "rect", "text", "line")
    }
    assert picture.findtext(f"{SVG}title") == f"{hostile}</title>"
    assert texts(of_class(picture, "name")) == [hostile]
    assert f"</text>{hostile}" in texts(of_class(picture, "faint"))


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_hold_are_replaced(character: str) -> None:
    assert texts(of_class(draw(row(f"a{character}b")), "name")) == ["a\ufffdb"]


def test_a_long_name_is_shortened_and_told_in_full() -> None:
    picture = draw(row("a" * 46), row("b" * 47))
    whole, shortened = of_class(picture, "name")
    assert whole.text == "a" * 46
    assert shortened.text == "b" * 45 + "\u2026"
    assert shortened.findtext(f"{SVG}title") == "b" * 47
