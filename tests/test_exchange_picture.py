"""The course of a message as a picture, parsed back: lanes, marks, groups, and nothing outside or alive."""

from __future__ import annotations

from datetime import timedelta

import pytest
from lxml import etree

from pecverify import Acceptance, Recipient, RecipientType
from pecverify.exchange import reconcile, reconcile_all
from pecverify.exchange.picture import draw_exchange
from pecverify.problem import Language
from tests import reports
from tests.exchanges import HOURS, SECONDS, SOON, Letter, examine, many, mixed
from tests.messages import SECOND
from tests.pki import DOMAINS

ONE = Letter()


def picture(*messages: bytes, language: Language = "en") -> etree._Element:
    collected = reconcile_all([examine(message) for message in messages], now=SOON)
    return etree.fromstring(draw_exchange(collected.exchanges[0], language=language, identifier="p").encode())


def marks(drawn: etree._Element) -> list[str]:
    """The shapes on the lanes, without the legend's."""
    return [each.get("class", "").removeprefix("mark ") for each in drawn.iter("g") if each.find("title") is not None]


def number(element: etree._Element, name: str) -> float:
    return float(element.get(name, "0"))


def test_one_lane_for_each_recipient_with_its_events() -> None:
    drawn = picture(*mixed())
    tracks = [each.get("class", "").split() for each in drawn.iter("line") if "track" in each.get("class", "")]
    assert len([track for track in tracks if "open" not in track]) == 7
    assert marks(drawn) == [
        *("taken", "delivered"),
        *("failed", "delivered"),
        "refused",
        *("notice", "notice"),
        *("taken", "delivered"),
    ]
    assert drawn.findtext("desc", "").startswith("From acceptance to the outcome for each recipient: 1 contradictory")
    assert (drawn.get("aria-labelledby"), drawn.get("aria-describedby")) == ("p-title", "p-desc")


def test_a_virus_and_a_refusal_have_their_shapes() -> None:
    assert marks(picture(ONE.acceptance(), ONE.virus(), ONE.failure(error="virus"))) == ["virus", "refused"]
    assert marks(picture(ONE.refusal())) == ["refused"]


def test_what_is_dated_before_acceptance_stands_left_of_it() -> None:
    drawn = picture(ONE.acceptance(), ONE.delivery(after=-3 * HOURS))
    start = next(each for each in drawn.iter("line") if each.get("class") == "start")
    (circle,) = (each for each in drawn.iter("circle") if number(each, "cy") > 66 and number(each, "cx") > 100)
    assert number(circle, "cx") < number(start, "x1")


def test_pending_lanes_are_open() -> None:
    drawn = picture(ONE.acceptance())
    assert [each.get("class") for each in drawn.iter("line") if "open" in each.get("class", "")] == ["track open doubt"]


@pytest.mark.parametrize("count", [1, 24, 25, 200])
def test_many_recipients_share_lanes(count: int) -> None:
    everybody = many(count)
    letter = Letter(recipients=everybody)
    messages = [
        letter.acceptance(),
        *(letter.delivery(each, (i + 1) * SECONDS) for i, each in enumerate(everybody[1:])),
    ]
    drawn = picture(*messages)
    texts = [str(each.text) for each in drawn.iter("text")]
    assert (f"{count - 1} recipients" in texts) is (count > 24)
    assert len([each for each in drawn.iter("line") if "open" in each.get("class", "")]) == 1
    height = float(drawn.get("viewBox", "").split()[3])
    assert height < 66 + 30 * 24 + 60
    strokes = [each for each in drawn.iter("line") if each.get("class", "").startswith("stroke")]
    assert len(strokes) == (count - 1 if count > 24 else 0)


@pytest.mark.parametrize("after", [SECONDS, 70 * SECONDS, HOURS, 13 * HOURS, 26 * HOURS, 24 * 90 * HOURS])
def test_nothing_is_drawn_outside(after: timedelta) -> None:
    letter = Letter(recipients=("w" * 80 + f"@{DOMAINS['b']}", SECOND))
    drawn = picture(letter.acceptance(), letter.delivery(letter.recipients[0], after), letter.notice(SECOND, after))
    width, height = map(float, drawn.get("viewBox", "").split()[2:])
    for each in drawn.iter():
        assert all(0 <= number(each, name) <= width for name in ("x", "x1", "x2", "cx"))
        assert all(0 <= number(each, name) <= height for name in ("y", "y1", "y2", "cy"))
    labels = [each for each in drawn.iter("text") if each.text in ("12 h", "24 h", "1 h", "7 d", "30 d", "1 min")]
    places = [number(each, "x") for each in labels]
    assert places == sorted(places)


def test_a_hostile_address_is_text_in_the_picture_too() -> None:
    recipients = (Recipient(address="a<b>&\u202e@pec.example", type=RecipientType.CERTIFIED),)
    (exchange,) = reconcile([reports.report(Acceptance(**reports.certified(recipients=recipients)))])
    drawn = etree.fromstring(draw_exchange(exchange).encode())
    assert "a<b>&\\u202e@pec.example" in [each.text for each in drawn.iter("text")]
