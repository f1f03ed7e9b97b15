"""The documentation as a site: built without a warning, with every public name, loading nothing from elsewhere."""

from __future__ import annotations

import argparse
import importlib
import re
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from lxml import html

from pecverify.cli._commands import build_parser
from tests.test_readme import READMES, ROOT

pytest.importorskip("sphinx", reason="Sphinx, of the dependency group docs, is not installed")

PUBLIC_MODULES = (
    "pecverify",
    "pecverify.archive",
    "pecverify.brief",
    "pecverify.bundle",
    "pecverify.comparison",
    "pecverify.damage",
    "pecverify.exchange",
    "pecverify.trust",
)
COMMAND = "sphinx-build -n -W -b html docs docs/_build/html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    arguments = COMMAND.split()[1:-1]
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-d", str(folder / "doctrees"), *arguments, str(folder / "html")],
        cwd=ROOT,
        capture_output=True,
        check=False,
        encoding="utf-8",
    )
    assert (done.returncode, done.stderr) == (0, "")
    return folder / "html"


def documents(site: Path) -> dict[Path, html.HtmlElement]:
    return {path: html.document_fromstring(path.read_bytes()) for path in sorted(site.rglob("*.html"))}


def commands(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from commands(command)


def test_both_readmes_tell_the_command() -> None:
    assert all(COMMAND in readme.read_text("utf-8") for readme in READMES)
    assert "docs/_build/" in (ROOT / ".gitignore").read_text("utf-8").splitlines()


def test_every_public_name_can_be_looked_up(site: Path) -> None:
    inventory = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    known = {line.split()[0] for line in zlib.decompress(inventory).decode().splitlines()}
    for module in PUBLIC_MODULES:
        for name in importlib.import_module(module).__all__:
            value = getattr(importlib.import_module(module), name)
            if callable(value) and not name.startswith("_"):
                home = getattr(value, "__module__", module)
                assert known & {f"{module}.{name}", f"{home}.{name}", f"pecverify.{name}"}, f"{module}.{name}"


def test_the_page_on_the_command_line_has_every_command_and_option(site: Path) -> None:
    text = documents(site)[site / "cli.html"].text_content()
    parsers = list(commands(build_parser()[0]))
    assert len(parsers) > 10
    for parser in parsers:
        assert f"{parser.prog} [" in text
        for action in parser._actions:
            for option in action.option_strings:
                assert option in text, option
    assert text.count("exit status:") == 1


def test_the_site_loads_nothing_from_elsewhere(site: Path) -> None:
    looked_at = 0
    for path, document in documents(site).items():
        loaded = document.xpath("//script/@src | //link[@rel='stylesheet']/@href | //img/@src | //iframe/@src")
        looked_at += len(loaded)
        assert [each for each in loaded if re.match(r"(?:[a-z]+:)?//", str(each))] == [], path
    assert looked_at > 100
    for sheet in site.rglob("*.css"):
        assert not re.search(r"url\(\s*['\"]?(?:[a-z]+:)?//|@import", sheet.read_text("utf-8")), sheet


def test_every_file_that_a_page_shows_or_offers_is_there(site: Path) -> None:
    looked_at = 0
    for path, document in documents(site).items():
        for target in map(str, document.xpath("//img/@src | //a[@href and not(contains(@href, ':'))]/@href")):
            name = re.sub(r"[?#].*", "", target)
            if name:
                looked_at += 1
                assert (path.parent / name).exists(), f"{path.name}: {target}"
    assert looked_at > 500
