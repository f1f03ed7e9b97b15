"""The page in a browser: closed, on a phone, on paper, to assistive technology; hostile, and with 200 recipients."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from pecverify.exchange import reconcile_all
from pecverify.exchange.page import render_page
from tests.browsers import Browser, browsing
from tests.exchanges import HOURS, LATER, SECONDS, Letter, examine, many, mixed

HOSTILE = '<script>document.title="owned"</script>"><img src=https://leak.example/x onerror=alert(1)>\u202egpj{{7*7}}'
PHONE = 360


def large() -> list[bytes]:
    """200 recipients, most delivered, some not, some late."""
    everybody = many(200)
    letter = Letter(recipients=everybody)
    return [
        letter.acceptance(),
        *(letter.delivery(each, (3 + i * i % 97) * SECONDS) for i, each in enumerate(everybody[:180])),
        *(letter.failure(each, (9 + i) * SECONDS) for i, each in enumerate(everybody[180:190])),
        *(letter.notice(each, 12 * HOURS + i * SECONDS) for i, each in enumerate(everybody[190:])),
    ]


def hostile() -> list[bytes]:
    letter = Letter(subject=HOSTILE)
    return [letter.acceptance(), letter.delivery()]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("pages")
    files = {}
    for name, messages in (("mixed", mixed()), ("large", large()), ("hostile", hostile())):
        collected = reconcile_all(map(examine, messages), now=LATER)
        files[name] = folder / f"{name}.html"
        files[name].write_text(render_page(collected, version="1.2.3", language="it"), "utf-8")
    return files


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("profile")) as opened:
        yield opened


@pytest.fixture
def browser(window: Browser) -> Browser:
    """The window as it was in the beginning."""
    window.reset()
    return window


@pytest.mark.parametrize("name", ["mixed", "large", "hostile"])
def test_no_request_leaves_the_page_and_its_policy_is_kept(browser: Browser, pages: dict[str, Path], name: str) -> None:
    browser.open(pages[name])
    assert browser.requests() == [pages[name].as_uri()]
    assert browser.complaints() == []
    assert browser.ask("getComputedStyle(document.querySelector('.seal')).borderRadius") == "50%"  # the style applies


def test_the_policy_stops_what_is_not_its_own(browser: Browser, pages: dict[str, Path], tmp_path: Path) -> None:
    """That nothing left above is no accident: what is put in by force is refused."""
    forced = (
        pages["mixed"]
        .read_text("utf-8")
        .replace(
            "</main>",
            "<script>document.title='owned'</script><style>main{display:none}</style>"
            "<img src='https://leak.example/x.png'><p style='color:red'>x</p></main>",
        )
    )
    (tmp_path / "forced.html").write_text(forced, "utf-8")
    browser.open(tmp_path / "forced.html")
    assert browser.ask("document.title") != "owned"
    assert browser.ask("getComputedStyle(document.querySelector('main')).display") == "block"
    complaints = browser.complaints()
    assert [re.findall("inline script|inline style|the image", each) for each in complaints] == [
        ["inline script"],
        ["inline style"],
        ["inline style"],
        ["the image"],
    ]


def test_a_hostile_subject_does_nothing(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["hostile"])
    assert browser.ask("document.scripts.length + document.images.length") == 0
    assert browser.ask("document.title") == "Posta certificata: che cosa provano le ricevute"
    told = browser.ask("document.querySelector('.subject').innerText")
    assert told == HOSTILE.replace("\u202e", r"\u202e")


@pytest.mark.parametrize("name", ["mixed", "large", "hostile"])
def test_on_a_phone_nothing_scrolls_sideways_but_the_picture(
    browser: Browser, pages: dict[str, Path], name: str
) -> None:
    browser.resize(PHONE)
    browser.open(pages[name])
    assert browser.ask("document.documentElement.clientWidth") == PHONE
    assert browser.ask("document.documentElement.scrollWidth") <= PHONE
    wide = browser.ask(
        "[...document.querySelectorAll('main *')].filter(e => !e.closest('figure, thead') && "
        f"e.getBoundingClientRect().right > {PHONE} && getComputedStyle(e).position !== 'absolute')"
        ".map(e => e.outerHTML.slice(0, 80))"
    )
    assert wide == []
    scrolls = browser.ask("document.querySelector('figure').scrollWidth > document.querySelector('figure').clientWidth")
    assert scrolls is True


def test_at_the_desk_nothing_scrolls_sideways(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["large"])
    assert browser.ask("document.documentElement.scrollWidth <= document.documentElement.clientWidth") is True
    assert browser.ask("document.querySelector('figure').scrollWidth <= document.querySelector('figure').clientWidth")


def test_the_words_of_the_picture_stay_in_it(browser: Browser, pages: dict[str, Path]) -> None:
    for name in ("mixed", "large"):
        browser.open(pages[name])
        outside = browser.ask(
            "[...document.querySelectorAll('svg text')].filter(t => { const b = t.getBBox(), v = t.ownerSVGElement"
            ".viewBox.baseVal; return b.x < 0 || b.y < 0 || b.x + b.width > v.width || b.y + b.height > v.height; })"
            ".map(t => t.textContent)"
        )
        assert outside == []


def test_dark_is_dark_and_paper_is_white(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["mixed"])
    ground = "getComputedStyle(document.body).backgroundColor"
    browser.prefer(prefers_color_scheme="dark")
    assert browser.ask(ground) == "rgb(20, 24, 29)"
    browser.command("Emulation.setEmulatedMedia", media="print", features=[])
    assert browser.ask(ground) == "rgb(255, 255, 255)"
    browser.command("Emulation.setEmulatedMedia", media="", features=[])
    browser.prefer(prefers_color_scheme="light")
    assert browser.ask(ground) == "rgb(255, 255, 255)"


def test_assistive_technology_is_told_the_same(browser: Browser, pages: dict[str, Path]) -> None:
    for width in (1100, PHONE):  # on a phone the tables look otherwise, and are tables all the same
        browser.resize(width)
        browser.open(pages["mixed"])
        roles = browser.roles()
        kinds = [role for role, _ in roles]
        for landmark in ("banner", "main", "contentinfo"):
            assert kinds.count(landmark) == 1
        assert ("heading", "Ricevute in contraddizione") in roles
        assert ("image", "Il percorso del messaggio nel tempo") in roles
        tables = [name for role, name in roles if role == "table"]
        assert sorted(tables) == [
            "Ciascun destinatario, l'esito e che cosa lo prova",
            "Messi da parte: non sono prove",
            "Ricevute verificate, in ordine di tempo",
            "Senza un messaggio a cui appartenere",
        ]
        assert kinds.count("rowheader") == 7 + 10
        assert "columnheader" in kinds


def test_the_keyboard_reaches_the_picture_and_every_link(browser: Browser, pages: dict[str, Path]) -> None:
    browser.open(pages["mixed"])
    assert browser.ask("document.querySelector('figure').tabIndex") == 0
    assert browser.ask("[...document.querySelectorAll('a')].every(a => document.querySelector(a.getAttribute('href')))")


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler-utils are not installed")
@pytest.mark.parametrize("name", ["mixed", "large"])
def test_on_paper(browser: Browser, pages: dict[str, Path], tmp_path: Path, name: str) -> None:
    browser.open(pages[name])
    printed = tmp_path / "page.pdf"
    printed.write_bytes(browser.print())
    about = subprocess.run(["pdfinfo", printed], check=True, capture_output=True, text=True).stdout
    size = re.search(r"Page size: +([\d.]+) x ([\d.]+)", about)
    assert size is not None
    assert [round(float(side)) for side in size.groups()] == [595, 842]
    text = subprocess.run(["pdftotext", printed, "-"], check=True, capture_output=True, text=True).stdout
    first, *others = text.split("\f")
    assert {"mixed": "Ricevute in contraddizione", "large": "Mancano ricevute"}[name] in first
    headed = sum("Destinatario\n" in page and "Esito\n" in page for page in (first, *others))
    assert headed >= {"mixed": 1, "large": 5}[name]  # each page of the table has its headings
    for address in many({"mixed": 3, "large": 200}[name]):
        assert address.partition("@")[0] in text
    assert "Che cosa questo non prova" in text
