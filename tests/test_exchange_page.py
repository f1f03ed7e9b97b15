"""The report as a page, read back by an HTML parser: what it says, that it is closed, that nothing hostile lives."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from pathlib import Path

import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html

from pecverify import Acceptance, Recipient, RecipientType, Report, Verdict
from pecverify.archive import Answer, Cause, Origin, Unverified
from pecverify.cli import main
from pecverify.exchange import Conclusion, ExchangeReason, SentMessage, State, reconcile_all, words
from pecverify.exchange import page as page_module
from pecverify.exchange.page import render_page
from pecverify.printable import escape
from pecverify.problem import Language
from pecverify.receipt import ReceiptForm, ReceiptKind
from pecverify.report import Basis, Recognition
from tests import reports
from tests.exchanges import COPY, LATER, Examined, Letter, examine, many, mixed
from tests.messages import EXTERNAL, RECIPIENT, SECOND, replacing

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "pecverify" / "exchange"
ONE = Letter()
HOSTILE = '<script>alert(1)</script>"><img src=x onerror=alert(2)>\u202egpj.exe{{7*7}}{% raw %}&amp;'


def render(*messages: bytes, language: Language = "en", sent: tuple[SentMessage, ...] = ()) -> str:
    collected = reconcile_all([examine(message) for message in messages], sent, now=LATER)
    return render_page(collected, version="1.2.3", language=language)


def parse(text: str) -> html.HtmlElement:
    return html.document_fromstring(text)


def text_of(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


# --- what it says


def test_the_verdict_comes_first() -> None:
    page = parse(render(ONE.acceptance(), ONE.delivery()))
    assert [text_of(each) for each in page.iter("h1")] == ["Delivered to everyone"]
    verdict = text_of(page.find_class("verdict")[0])
    assert "Accepted by Gestore A S.p.A. on 2024-03-15 10:20:30 +0100. Delivered to 1 of 1 recipients." in verdict
    assert "Service of process. The receipts suffice" in verdict
    assert [text_of(each) for each in page.iter("h2")] == [
        "The message",
        "What became of it",
        "What was found in the receipts together",
        "The receipts",
        "The chain of trust",
        "What this does not prove",
        "How to verify again",
    ]


def test_each_recipient_has_a_row() -> None:
    page = parse(render(*mixed(), language="it"))
    rows = [text_of(row) for row in page.find_class("recipients")[0].find("tbody")]
    told = [
        (RECIPIENT, "consegnato 2024-03-15 10:20:34 +0100 Gestore B S.p.A. il messaggio intero"),
        (SECOND, "ricevute contraddittorie"),
        (many(3)[0], "rifiutato Un gestore ha rilevato un virus nel messaggio."),
        (many(3)[1], "non consegnato entro 24 ore"),
        (many(3)[2], "nessuna prova"),
        (COPY, "Cc \u2713 consegnato"),
        (EXTERNAL, "non certificato (posta ordinaria)"),
    ]
    assert len(rows) == len(told)
    for row, (address, state) in zip(rows, told, strict=True):
        assert row.startswith(address)
        assert state in row


def test_each_receipt_has_its_hash_its_reasons_and_a_place_to_link_to() -> None:
    messages = mixed()
    page = parse(render(*messages))
    text = text_of(page)
    for message in messages:
        assert hashlib.sha256(message).hexdigest() in text
    assert "not valid Error: The signed part was changed after signing" in text
    assert "not valid Error: From is not an address of the signer's certificate" in text
    assert "Note: The original message is not attached" in text
    links = {each.get("href", "") for each in page.iter("a")}
    ids = {each.get("id") for each in page.iter() if each.get("id")}
    assert links
    assert {link.removeprefix("#") for link in links} <= ids


def test_what_was_found_and_the_chain_of_trust() -> None:
    text = text_of(parse(render(*mixed())))
    assert "\u2260 Contradiction. One receipt says that the message was delivered to this recipient" in text
    assert "check 52" in text
    assert "CN=Test PEC CA1" in text
    assert "nobody is believed over the other. 6 of 7 recipients have no complete delivery receipt." in text


def test_every_recipient_served_and_still_a_contradiction() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND))
    changed = letter.delivery(SECOND, edit=replacing("15 giorni", "90 giorni"))
    verdict = parse(render(letter.acceptance(), letter.delivery(), changed)).find_class("verdict")[0]
    assert text_of(verdict).endswith("nobody is believed over the other.")


def test_refused_and_without_receipts() -> None:
    sent = SentMessage.parse(Letter(message_id="never@client.example").sent())
    page = parse(render(ONE.refusal(virus=True), sent=(sent,)))
    text = text_of(page)
    assert "Refused by Gestore A S.p.A. on 2024-03-15" in text
    assert "no verified receipt names it" in text
    assert "There is no acceptance receipt beyond dispute." in text
    assert [each.tag for each in page.find_class("verdict-title")] == ["h2", "h2"]
    assert len(page.find_class("timeline")) == 1  # nothing is known of the other one


def test_several_messages_have_a_table_of_contents() -> None:
    other = Letter(pec_id="x.1@pec.gestore-a.example", message_id="1@client.example", subject="")
    page = parse(render(ONE.acceptance(), ONE.delivery(), other.refusal()))
    assert [text_of(each) for each in page.iter("h1")] == ["Certified mail: what the receipts prove"]
    contents = page.find_class("contents")[0]
    assert text_of(contents[1]) == "(no subject) \u2715 not accepted"
    assert {each.tag for each in page.find_class("title")} == {"h2", "h3"}


def test_nothing_at_all_and_what_could_not_be_read() -> None:
    origin = Origin(path="gone.zip", member="a.eml")
    gone = Answer(origin=origin, result=Unverified(cause=Cause.DAMAGED, detail="<b>"))
    text = text_of(parse(render_page(reconcile_all([gone]), version="1", language="en")))
    assert "No verified receipt was found." in text
    assert "gone.zip, a.eml : damaged ( <b> )" in text


def test_where_a_receipt_lay() -> None:
    origin = Origin(path="a.mbox", member="b", offset=7)
    nested = reports.report(reports.delivery(), reports.NESTED, taken_from=(3, 9))
    items: list[Examined | Report] = [
        (origin, reports.report(reports.RECEIPTS[0], *[reports.WEAK] * 12)),
        (origin, reports.report(reports.delivery(), taken_from=(3, 9), by=reports.signer(None, None))),
        reports.report(reports.RECEIPTS[4], times=reports.NO_TIMES),
        nested,
    ]
    text = text_of(parse(render_page(reconcile_all(items), version="1", language="en")))
    assert "a.mbox, b @7 hash not known" in text
    assert "(taken out of bytes 3-9)" in text
    assert "file not known" in text
    assert "and 2 more findings" in text
    assert "Accepted by a provider without a name" in text


@pytest.mark.parametrize("language", ["en", "it"])
def test_the_same_page_each_time_in_its_language(language: Language) -> None:
    first = render(*mixed(), language=language)
    assert render(*reversed(mixed()), language=language) == first
    assert parse(first).get("lang") == language


# --- closed and hostile


def test_it_forbids_itself_everything_but_its_style() -> None:
    page = parse(render(ONE.acceptance(), ONE.delivery()))
    (policy,) = (each.get("content") for each in page.iter("meta") if each.get("http-equiv"))
    (style,) = page.iter("style")
    digest = base64.b64encode(hashlib.sha256(str(style.text).encode()).digest()).decode()
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"
    )
    head = [each.get("http-equiv", each.get("charset", each.tag)) for each in page.find("head")]
    assert head[:2] == ["utf-8", "Content-Security-Policy"]


@pytest.mark.parametrize("messages", [(ONE.acceptance(), ONE.delivery()), tuple(mixed())], ids=["one", "mixed"])
def test_it_loads_and_runs_nothing(messages: tuple[bytes, ...]) -> None:
    text = render(*messages)
    page = parse(text)
    tags = {each.tag for each in page.iter() if isinstance(each.tag, str)}
    assert not tags & {"script", "img", "link", "iframe", "object", "embed", "form", "image", "use", "base"}
    for each in page.iter():
        assert not [name for name in each.attrib if name.startswith("on") or name in ("style", "src", "srcset")]
        assert each.get("href", "#").startswith("#")
    assert not re.search(r"https?:|url\(|@import|//[a-z]", text)


def test_a_hostile_subject_is_text() -> None:
    letter = Letter(subject=HOSTILE)
    text = render(letter.acceptance(), letter.delivery())
    page = parse(text)
    visible = HOSTILE.replace("\u202e", "\\u202e")
    assert text_of(page.find_class("subject")[0]) == visible
    assert "\u202e" not in text
    assert "49" not in text_of(page.find_class("subject")[0])
    assert not [*page.iter("script"), *page.iter("img")]


@given(st.text(max_size=40) | st.text("<>&\"'/=`{}%!-\u202e\u2028 ascript", max_size=40))
@settings(max_examples=60)
def test_whatever_a_message_says_adds_no_element_and_loses_no_character(text: str) -> None:
    def elements(subject: str, address: str) -> tuple[list[str], html.HtmlElement]:
        named = (Recipient(address=address, type=RecipientType.CERTIFIED),)
        facts = {**reports.certified(subject=subject, recipients=named), "sender": subject, "pec_id": subject}
        report = reports.report(Acceptance(**facts))  # type: ignore[arg-type]
        collected = reconcile_all([(Origin(path=subject, member=subject), report)], now=LATER)
        page = parse(render_page(collected, version="1", language="en"))
        return [str(each.tag) for each in page.iter()], page

    hostile, page = elements(text or "x", f"{text}@pec.example")
    plain, _ = elements("x", "x@pec.example")
    assert [tag for tag in hostile if tag != "title"] == [tag for tag in plain if tag != "title"]
    assert page.find_class("subject")[0].text_content().strip() == escape(text or "x").strip()


def test_long_texts_are_cut() -> None:
    letter = Letter(subject="x" * 5_000)
    text = render(letter.acceptance(), letter.delivery())
    assert "x" * 300 + "[...]" in text
    assert "x" * 301 not in text


def test_hostile_names_of_files_are_text() -> None:
    origin = Origin(path="</td><script>\u202e\udcff", member="\x1b[2J")
    _, report = examine(ONE.acceptance())
    text = render_page(reconcile_all([(origin, report)]), version="1", language="en")
    assert "&lt;/td&gt;&lt;script&gt;\\u202e\\udcff, \\x1b[2J" in text
    text.encode()


def test_a_template_cannot_print_what_is_not_there() -> None:
    environment = page_module._environment("en")
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ nothing }}").render()
    assert environment.from_string("{{ a }}").render(a="<\u202e>") == "&lt;\\u202e&gt;"


# --- for everybody


def test_landmarks_headings_and_tables() -> None:
    page = parse(render(*mixed()))
    for tag in ("header", "main", "footer", "h1"):
        assert len([*page.iter(tag)]) == 1
    levels = [int(each.tag[1]) for each in page.iter("h1", "h2", "h3", "h4")]
    assert all(second - first <= 1 for first, second in itertools.pairwise(levels))
    for table in page.iter("table"):
        assert table.get("role") == "table"
        assert all(each.get("scope") in ("col", "row") for each in table.iter("th"))
        columns = len(table.find("thead")[0])
        assert all(len(row) == columns for row in table.find("tbody"))
    ids = [each.get("id") for each in page.iter() if each.get("id")]
    assert len(ids) == len(set(ids))
    for section in page.iter("section", "article", "nav"):
        if section.get("aria-labelledby"):
            assert section.get("aria-labelledby") in ids


def test_nothing_is_told_by_colour_alone() -> None:
    page = parse(render(*mixed()))
    for chip in page.find_class("chip"):
        symbol, *words_of_it = text_of(chip).split()
        assert symbol in "\u2713\u2715?\u2013\u2260\u2026\u25d0"
        assert words_of_it


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_of_text_has_the_contrast_of_level_aa() -> None:
    style = (FOLDER / "templates" / "page.css").read_text("utf-8")
    schemes = re.findall(r":root \{([^}]*--paper[^}]*)\}", style)
    assert len(schemes) == 3  # light, dark, paper
    for scheme in schemes:
        colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6})", scheme))
        full = {
            name: value if len(value) == 7 else "#" + "".join(c * 2 for c in value[1:])
            for name, value in colours.items()
        }
        for text, ground in itertools.product(
            ("ink", "faint", "good", "doubt", "bad", "link"), ("paper", "sheet", "good-wash", "doubt-wash", "bad-wash")
        ):
            light, dark = sorted((luminance(full[text]), luminance(full[ground])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, (text, ground, scheme)


# --- the words


def test_every_word_is_used_and_in_two_languages() -> None:
    sources = [
        *(FOLDER / "templates").glob("*.html"),
        FOLDER / "page.py",
        FOLDER / "picture.py",
    ]
    text = "".join(path.read_text("utf-8") for path in sources)
    built = {f"finding_{severity}" for severity in ("error", "unknown", "warning", "note")}
    built |= {"error", "unknown", "warning", "note"}  # by the severity of a finding
    built |= {f"mark_{shape}" for shape in ("taken", "delivered", "failed", "notice", "virus", "refused")}
    for name, said in words.WORDS.items():
        assert name in built or re.search(rf"\bw\.{name}\b|['\"]{name}['\"]", text), name
        assert re.findall(r"\{\w+\}", said.english) == re.findall(r"\{\w+\}", said.italian) or sorted(
            re.findall(r"\{\w+\}", said.english)
        ) == sorted(re.findall(r"\{\w+\}", said.italian))


def test_every_token_has_words() -> None:
    for table, enumeration in (
        (words.KINDS, ReceiptKind),
        (words.FORMS, ReceiptForm),
        (words.VERDICTS, Verdict),
        (words.RECOGNITIONS, Recognition),
        (words.BASES, Basis),
    ):
        assert set(table) == set(enumeration)
    environment = page_module._environment("it")
    for value in (*State, *Conclusion):
        assert environment.filters["symbol"](value)
        assert environment.filters["mark"](value) in ("good", "doubt", "bad", "faint")
    assert len(ExchangeReason) == 42


# --- the command


def test_the_command_writes_the_page(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    for number, message in enumerate((ONE.acceptance(), ONE.delivery())):
        (tmp_path / f"{number}.eml").write_bytes(message)
    out = tmp_path / "report.html"
    trust = ["--trust", str(ROOT / "fixtures" / "trust" / "test-ca.pem"), "--no-trust-folder"]
    argv = ["exchange", str(tmp_path), *trust, "--lang", "it", "--format", "html", "-o", str(out), "--jobs", "1"]
    assert main(argv) == 0
    assert capsys.readouterr().out == ""
    page = parse(out.read_text("utf-8"))
    assert text_of(next(page.iter("h1"))) == "Consegnato a tutti"


def test_without_the_extra_the_command_names_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.eml").write_bytes(ONE.refusal())
    monkeypatch.setitem(__import__("sys").modules, "pecverify.exchange.page", None)
    assert main(["exchange", str(tmp_path), "--lang", "en", "--format", "html", "--jobs", "1"]) == 4
    assert "pip install 'pecverify[html]'" in capsys.readouterr().err
