"""The READMEs' examples run and print what they say; their commands are the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pecverify import TrustStore, verify_receipt
from pecverify.cli import main

ROOT = Path(__file__).resolve().parent.parent
READMES = [ROOT / "README.md", ROOT / "README.it.md"]


def blocks(path: Path, info: str) -> list[str]:
    return re.findall(rf"^```{info}\n(.*?)^```$", path.read_text("utf-8"), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("path", READMES, ids=lambda path: path.name)
def test_the_eight_lines(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = blocks(path, "python")[0]
    assert len(code.strip().splitlines()) == 8
    exec(compile(code, path.name, "exec"), {})  # noqa: S102 (our own README)
    assert capsys.readouterr().out == blocks(path, "text")[0]


@pytest.mark.parametrize(
    ("vector", "printed"),
    [
        ("delivery-complete", "completa: protocollo@pec.gestore-b.example, 2024-03-15 10:20:34+01:00"),
        ("delivery-failure-mailbox-full", "protocollo@pec.gestore-b.example: mailbox-full. "),
    ],
)
def test_the_match_statement(vector: str, printed: str, capsys: pytest.CaptureFixture[str]) -> None:
    trust = TrustStore.from_certificates((ROOT / "fixtures/trust/test-ca.pem").read_bytes())
    report = verify_receipt((ROOT / f"fixtures/vectors/{vector}.eml").read_bytes(), trust=trust)
    code = blocks(READMES[0], "python")[1]
    exec(compile(code, "README.md", "exec"), {"report": report})  # noqa: S102 (our own README)
    assert capsys.readouterr().out.startswith(printed)


def test_both_readmes_have_the_same_two_commands() -> None:
    english, italian = (blocks(path, "sh set-up") for path in READMES)
    assert len(english) == 2
    assert english == italian


def test_the_first_command_verifies_the_receipt(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    command = blocks(READMES[0], "sh set-up")[0].split("pecverify ")[-1].split()
    assert main([*command, "--lang", "en"]) == 0
    assert "VALID" in capsys.readouterr().out


def test_no_private_key_ships() -> None:
    """Threat 55: a test authority's key in the package."""
    shipped = [path for path in (ROOT / "pecverify").rglob("*") if path.is_file() and path.suffix != ".pyc"]
    assert shipped
    assert [path for path in shipped if b"PRIVATE KEY" in path.read_bytes()] == []
