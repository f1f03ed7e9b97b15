"""The READMEs' examples run and print what they say; their commands are the same in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from fixtures import damage_kinds
from pecverify import TrustStore, verify_receipt
from pecverify.cli import main
from pecverify.exchange import Conclusion, ExchangeReason, State
from tests.exchanges import Letter, trust
from tests.lists import Pointer, Service, Signing, list_signer, make_list, make_list_of_lists, sign_list

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


def test_the_example_of_the_trust_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """With lists of our own under the names that it uses."""
    pointer = Pointer(certificates=(list_signer("stranger"),))
    signing = Signing(key_name="stranger", certificate=list_signer("stranger"))
    for name, data in {
        "eu-lotl.xml": sign_list(make_list_of_lists(pointer)),
        "lotl-signers.pem": list_signer(),
        "TSL-IT.xml": sign_list(make_list(Service()), signing),
    }.items():
        (tmp_path / name).write_bytes(data)
    monkeypatch.chdir(tmp_path)
    (code,) = blocks(ROOT / "docs" / "trust.md", "python")
    names: dict[str, TrustStore] = {}
    exec(compile(code, "trust.md", "exec"), names)  # noqa: S102 (our own page)
    assert repr(names["trust"]) == "TrustStore(AgID CA1, DigitPA CA1, trusted list IT 5)"


def test_the_example_of_the_damage_page(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    (code,) = blocks(ROOT / "docs" / "damage.md", "python")
    exec(compile(code, "damage.md", "exec"), {})  # noqa: S102 (our own page)
    first, second = capsys.readouterr().out.splitlines()
    assert first == "invalid mbox-separator from-quoting"
    assert second.startswith("valid ")


def test_the_example_of_the_content_page(capsys: pytest.CaptureFixture[str]) -> None:
    trust = TrustStore.from_certificates((ROOT / "fixtures/trust/test-ca.pem").read_bytes())
    reports = {
        name: verify_receipt((ROOT / f"fixtures/vectors/{vector}.eml").read_bytes(), trust=trust)
        for name, vector in (("report", "delivery-complete"), ("brief_report", "delivery-brief"))
    }
    (code,) = blocks(ROOT / "docs" / "content.md", "python")
    original = reports["report"].original
    exec(compile(code, "content.md", "exec"), {**reports, "sent": original, "file": b""})  # noqa: S102 (our own page)
    assert capsys.readouterr().out == "identical True\ndiffida.pdf matched\nTrue\n"


def test_the_published_table_of_damages_is_that_of_the_code() -> None:
    assert damage_kinds.PLACE.holds(damage_kinds.table())


@pytest.mark.parametrize("page", [*READMES, ROOT / "docs" / "trust.md"], ids=lambda path: path.name)
def test_every_command_that_a_page_shows_exists(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    commands = set(
        re.findall(r"pecverify (trust [a-z]+|verify|show|extract|repair|exchange)\b", page.read_text("utf-8"))
    )
    assert "trust update" in commands
    for words in commands:
        with pytest.raises(SystemExit) as stopped:
            main([*words.split(), "--help"])
        assert stopped.value.code == 0
    capsys.readouterr()


@pytest.mark.parametrize("page", [*READMES, *sorted((ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text("utf-8")):
        assert (page.parent / target).exists(), target


def test_the_example_of_the_exchange_page(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    letter = Letter()
    (tmp_path / "receipts").mkdir()
    for name, message in (("a", letter.acceptance()), ("b", letter.delivery()), ("c", letter.failure())):
        (tmp_path / "receipts" / f"{name}.eml").write_bytes(message)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(TrustStore, "default", trust)
    (code,) = blocks(ROOT / "docs" / "exchange.md", "python")
    exec(compile(code, "exchange.md", "exec"), {})  # noqa: S102 (our own page)
    first, second, third = capsys.readouterr().out.splitlines()
    assert first == "Diffida e messa in mora contradictory 2024-03-15 10:20:30+01:00"
    assert second == "protocollo@pec.gestore-b.example contradictory None"
    assert third.startswith("One receipt says that the message was delivered")


def test_the_exchange_page_names_every_finding_and_state() -> None:
    text = (ROOT / "docs" / "exchange.md").read_text("utf-8")
    assert {str(each) for each in (*ExchangeReason, *State, *Conclusion)} <= set(re.findall(r"`([a-z0-9-]+)`", text))
