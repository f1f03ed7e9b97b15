"""`pecverify repair`: what it writes, says and answers to the shell."""

from __future__ import annotations

import io
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from fixtures.catalogue.vector import pem
from pecverify import _repair_search
from pecverify.cli import main
from pecverify.cli._exit import ExitStatus
from pecverify.damage import DamageKind
from tests.damages import CASES, delivery
from tests.pki import authority

WHOLE = delivery().build()
DAMAGED = CASES["mbox"].damage(WHOLE)
REPAIRED = WHOLE.replace(b"\r\n", b"\n")


@pytest.fixture(autouse=True)
def _folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    Path("ca.pem").write_text(pem(authority()), "ascii")
    Path("damaged.eml").write_bytes(DAMAGED)


def repair(*arguments: str, lang: str = "en", trust: bool = True) -> int:
    return main(["repair", *arguments, "--lang", lang, *(("--trust", "ca.pem") if trust else ())])


def canonical(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n")


def test_the_copy_is_written_and_verified(capsys: pytest.CaptureFixture[str]) -> None:
    assert repair("damaged.eml", "-o", "copy.eml") == ExitStatus.VALID
    assert canonical(Path("copy.eml").read_bytes()) == REPAIRED
    assert Path("damaged.eml").read_bytes() == DAMAGED
    output, errors = capsys.readouterr()
    assert errors == ""
    lines = output.splitlines()
    assert lines[0] == "damaged.eml: damaged; this was undone:"
    assert lines[1:3] == [
        f"  {kind.value}: {kind.describe()}" for kind in (DamageKind.MBOX_SEPARATOR, DamageKind.FROM_QUOTING)
    ]
    assert lines[3] == "copy.eml: VALID"
    assert lines[4].startswith("  SHA-256 ")
    assert main(["verify", "copy.eml", "--trust", "ca.pem"]) == ExitStatus.VALID


def test_in_italian(capsys: pytest.CaptureFixture[str]) -> None:
    assert repair("damaged.eml", "-o", "copy.eml", lang="it") == ExitStatus.VALID
    output = capsys.readouterr().out
    assert output.startswith("damaged.eml: danneggiato; è stato annullato questo:\n  mbox-separator: All'inizio")
    assert "copy.eml: VALIDO\n" in output


def test_the_status_is_that_of_the_copy(capsys: pytest.CaptureFixture[str]) -> None:
    assert repair("damaged.eml", "-o", "copy.eml", trust=False) == ExitStatus.INDETERMINATE
    assert "copy.eml: INDETERMINATE\n" in capsys.readouterr().out


def test_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert repair("damaged.eml", "-o", "-") == ExitStatus.VALID
    output, errors = capfdbinary.readouterr()
    assert canonical(output) == REPAIRED
    assert b"-: VALID\n" in errors


def test_from_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(DAMAGED)))
    assert repair("-", "-o", "copy.eml") == ExitStatus.VALID
    assert capsys.readouterr().out.startswith("-: damaged")


def test_the_file_itself_is_never_replaced(capsys: pytest.CaptureFixture[str]) -> None:
    os.link("damaged.eml", "hard.eml")
    Path("soft.eml").symlink_to("damaged.eml")
    for name in ("damaged.eml", "./damaged.eml", "hard.eml", "soft.eml"):
        assert repair("damaged.eml", "-o", name, "--force") == ExitStatus.NOT_DONE
        assert "the copy must have a name of its own" in capsys.readouterr().err
    assert Path("damaged.eml").read_bytes() == DAMAGED


def test_nothing_is_overwritten_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("copy.eml").write_bytes(b"precious")
    assert repair("damaged.eml", "-o", "copy.eml") == ExitStatus.NOT_DONE
    assert Path("copy.eml").read_bytes() == b"precious"
    assert capsys.readouterr() == ("", "pecverify: copy.eml: exists already; use --force to overwrite it\n")
    assert repair("damaged.eml", "-o", "copy.eml", "--force") == ExitStatus.VALID
    assert canonical(Path("copy.eml").read_bytes()) == REPAIRED


def test_an_intact_file_is_left_alone(capsys: pytest.CaptureFixture[str]) -> None:
    Path("whole.eml").write_bytes(WHOLE)
    assert repair("whole.eml", "-o", "copy.eml") == ExitStatus.NOT_DONE
    assert not Path("copy.eml").exists()
    assert "nothing to repair" in capsys.readouterr().err


def test_a_changed_file_is_not_repaired(capsys: pytest.CaptureFixture[str]) -> None:
    Path("changed.eml").write_bytes(DAMAGED.replace(b"15 giorni", b"16 giorni"))
    assert repair("changed.eml", "-o", "copy.eml") == ExitStatus.INVALID
    assert not Path("copy.eml").exists()
    output, errors = capsys.readouterr()
    assert output == ""
    assert errors.startswith("pecverify: changed.eml: nothing written: no damage was found")
    assert "too large" not in errors
    assert "error not-a-message: " in errors


def test_a_search_that_was_ended_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(_repair_search, "_MOST_GUESSES", 1)
    assert repair("damaged.eml", "-o", "copy.eml") == ExitStatus.INVALID
    assert "too large for everything to be tried" in capsys.readouterr().err


def test_hostile_values_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    name = "a\x1b[2J.eml"
    Path(name).write_bytes(b"\xef\xbb\xbf" + replace(delivery(), subject="x\x9by").build())
    repair(name, "-o", "copy\x1b.eml")
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err
    assert "\x9b" not in captured.out + captured.err


@pytest.mark.parametrize(("file", "output"), [("absent.eml", "copy.eml"), ("damaged.eml", "absent/copy.eml")])
def test_files_that_cannot_be_used(capsys: pytest.CaptureFixture[str], file: str, output: str) -> None:
    assert repair(file, "-o", output) == ExitStatus.NOT_DONE
    assert "cannot be" in capsys.readouterr().err
