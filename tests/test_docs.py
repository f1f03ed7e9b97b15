"""The pages of docs: their examples run and print what they say, and the generated ones are those of the code."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import pecverify
from fixtures import reason_pages
from fixtures.explanations import explanations
from fixtures.pages import Place
from fixtures.procedure_picture import PICTURE, draw_procedure
from pecverify import Check, DeliveryError, Reason, ReceiptForm, ReceiptKind, RecipientType, Severity, Verdict
from pecverify.cli import main
from pecverify.reasons import RULES
from tests.test_readme import READMES, ROOT, blocks

DOCS = ROOT / "docs"
TUTORIAL, OLD_RECEIPTS, GLOSSARY = DOCS / "tutorial.md", DOCS / "old-receipts.md", DOCS / "glossary.md"
SVG = "{http://www.w3.org/2000/svg}"


def fenced(path: Path) -> list[tuple[str, str]]:
    """Every block with what stands behind its fence, in order."""
    return re.findall(r"^```([^\n]*)\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the examples use, as the working directory."""
    for name in ("trust/test-ca.pem", "vectors/acceptance.eml", "vectors/archival.eml"):
        target = tmp_path / "fixtures" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / "fixtures" / name, target)
    monkeypatch.chdir(tmp_path)
    return tmp_path


# --- the tutorial


def test_the_tutorial_installs_as_the_readme_does() -> None:
    """CI runs the README's command as it stands there (`.ci/run`)."""
    (install,) = blocks(TUTORIAL, "sh install")
    assert blocks(READMES[0], "sh set-up")[0].startswith(install.rstrip("\n") + " && ")


def test_every_block_of_the_tutorial_is_run_here() -> None:
    known = r"sh install|sh environment|sh run [0-4]|text output|text beginning|python|text"
    assert [info for info, _ in fenced(TUTORIAL) if not re.fullmatch(known, info)] == []


def test_the_tutorial_from_its_first_command_to_its_last(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    programs = checkout / ".venv" / "bin"
    programs.mkdir(parents=True)
    (programs / "activate").write_text(f'PATH="{programs}:$PATH"\n')
    program = programs / "pecverify"
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m pecverify "$@"\n')
    program.chmod(0o755)
    (environment,) = blocks(TUTORIAL, "sh environment")
    pages = fenced(TUTORIAL)
    ran = 0
    for (info, text), (next_info, shown) in itertools.pairwise(pages):
        if not info.startswith("sh run "):
            continue
        done = subprocess.run(
            ["sh", "-e", "-c", environment + text],
            env={**os.environ, "LC_ALL": "it_IT.UTF-8"},
            capture_output=True,
            check=False,
            encoding="utf-8",
        )
        assert (done.returncode, done.stderr) == (int(info.rpartition(" ")[2]), "")
        if next_info == "text output":
            assert done.stdout == shown
        elif next_info == "text beginning":
            assert done.stdout.startswith(shown)
        else:
            assert done.stdout == ""
        ran += 1
    assert ran == 5
    assert (checkout / "altered.eml").read_bytes() != (checkout / "fixtures/vectors/acceptance.eml").read_bytes()
    (code,) = blocks(TUTORIAL, "python")
    exec(compile(code, "tutorial.md", "exec"), {})  # noqa: S102 (our own page)
    assert capsys.readouterr().out == blocks(TUTORIAL, "text")[0]


# --- old receipts


@pytest.mark.usefixtures("checkout")
def test_the_examples_of_the_page_on_old_receipts(capsys: pytest.CaptureFixture[str]) -> None:
    names: dict[str, Any] = {}
    for example in ("now", "proof", "archival"):
        (code,) = blocks(OLD_RECEIPTS, f"python {example}")
        exec(compile(code, "old-receipts.md", "exec"), names)  # noqa: S102 (our own page)
        assert [capsys.readouterr().out] == blocks(OLD_RECEIPTS, f"text {example}")
    (command,) = blocks(OLD_RECEIPTS, "sh")
    assert command.startswith("pecverify ")
    assert main(command.split()[1:]) == 0
    assert len(fenced(OLD_RECEIPTS)) == 7


# --- reasons


@pytest.mark.parametrize(
    ("place", "text"),
    [
        (reason_pages.REASONS, reason_pages.reasons()),
        (reason_pages.EXCHANGE_REASONS, reason_pages.exchange_reasons()),
    ],
    ids=["reasons", "exchange-reasons"],
)
def test_the_lists_of_reasons_are_those_of_the_code(place: Place, text: str) -> None:
    assert place.holds(text)


def test_every_reason_has_one_heading_with_all_that_the_table_says() -> None:
    text = reason_pages.REASONS.page.read_text("utf-8")
    sections = dict(re.findall(r"^### `([^`]+)`\n(.*?)(?=^#)", text, re.MULTILINE | re.DOTALL))
    assert sections.keys() == set(Reason)
    assert text.count("### `") == len(Reason)
    for reason, rule in RULES.items():
        for said in (rule.english, rule.italian, rule.source, f"**{rule.severity}**", rule.sub_indication or ""):
            assert said in sections[reason], reason


def test_a_member_without_an_explanation_is_refused() -> None:
    with pytest.raises(ValueError, match="Reason has members without a docstring"):
        explanations(Reason)


# --- the picture


def test_the_picture_is_that_of_the_code() -> None:
    assert draw_procedure() == PICTURE.read_text("utf-8")


def test_the_picture_counts_every_reason_once() -> None:
    picture = etree.fromstring(draw_procedure().encode())
    counts = [str(each.text) for each in picture.iter(f"{SVG}text") if "count" in each.get("class", "").split()]
    assert len(counts) == len(Check) * len(Severity)
    assert sum(int(count) for count in counts if count != "-") == len(Reason)
    texts = {each.text for each in picture.iter(f"{SVG}text")}
    assert {check.replace("-", " ") for check in Check} | {verdict.name for verdict in Verdict} <= texts


def test_the_picture_refers_to_nothing_outside_and_stays_inside_its_frame() -> None:
    text = draw_procedure()
    assert text.count("http") == 1
    assert not any(word in text for word in ("url(", "@import", "href", "<script"))
    picture = etree.fromstring(text.encode())
    _, _, width, height = map(float, picture.get("viewBox", "").split())
    for each in picture.iter(f"{SVG}text"):
        x, y = float(each.get("x", "")), float(each.get("y", ""))
        letters = 7.0 * len(str(each.text))
        left = x - letters / 2 if "middle" in each.get("class", "") else x
        assert 0 <= left <= left + letters <= width, each.text
        assert 0 <= y <= height


# --- the glossary


def test_the_glossary_has_every_token_beside_its_name() -> None:
    rows = re.findall(r"^\| `([^`]+)`[^|]*\| `([^`]+)` \|", GLOSSARY.read_text("utf-8"), re.MULTILINE)
    names = {(str(kind), kind.name) for kind in ReceiptKind}
    names |= {
        (str(member), f"{enumeration.__name__}.{member.name}")
        for enumeration in (ReceiptForm, RecipientType, DeliveryError)
        for member in enumeration
    }
    assert names <= set(rows)


def test_the_glossary_has_every_field_of_the_receipts() -> None:
    fields = set(re.findall(r"`([a-z_]+)`", GLOSSARY.read_text("utf-8")))
    for receipt in (pecverify.CertifiedReceipt, pecverify.Delivery, pecverify.TakenInCharge):
        assert set(receipt.__dataclass_fields__) - {"kind", "problem", "carried_form"} <= fields


@pytest.mark.skipif(not (ROOT.parent / "shared").is_dir(), reason="../shared, with RFC 6109, is absent")
def test_the_glossary_has_every_term_of_rfc_6109_appendix_a() -> None:
    rfc = (ROOT.parent / "shared" / "spec" / "rfc6109.txt").read_text("utf-8")
    appendix = rfc[rfc.rindex("Appendix A.  Italian Fields") : rfc.rindex("Authors' Addresses")]
    terms = set(re.findall(r"^ {4,8}(X-[\w-]+|[a-z][a-z-]+)  ", appendix, re.MULTILINE)) - {"certificatore"}
    assert len(terms) > 35
    assert terms <= set(re.findall(r"`([^`]+)`", GLOSSARY.read_text("utf-8")))


# --- the site


def test_every_page_has_its_place_in_the_index() -> None:
    listed = [
        re.sub(r".*<(.+)>", r"\1", line)
        for info, text in fenced(DOCS / "index.md")
        if info == "{toctree}"
        for line in text.splitlines()
        if line and not line.startswith(":")
    ]
    assert sorted(listed) == sorted(page.stem for page in DOCS.glob("*.md") if page.stem != "index")


def test_the_api_pages_have_every_public_name() -> None:
    text = "".join(page.read_text("utf-8") for page in DOCS.glob("api*.md"))
    assert set(pecverify.__all__) - {"__version__"} <= set(re.findall(r"\w+", text))
