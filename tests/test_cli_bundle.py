"""`pecverify bundle`: making, checking and timestamping, what is said and what the shell is told."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pecverify.bundle import FileState, TimestampState
from pecverify.bundle.timestamp import TimestampReason
from pecverify.cli import _bundle, _bundle_messages, main
from pecverify.cli._exit import ExitStatus
from tests.bundles import (
    ONE,
    STAMPED_AT,
    TSA_ROOT,
    answer,
    answer_by_openssl,
    entries,
    info,
    make_authority,
    put,
    rewritten,
)
from tests.exchanges import LATER, mixed
from tests.outlook_files import outlook_file

ROOT = Path(__file__).resolve().parents[1]
TRUST = ["--trust", str(ROOT / "fixtures" / "trust" / "test-ca.pem"), "--no-trust-folder"]
NOW = LATER.isoformat()
BOTH = (ONE.acceptance(), ONE.delivery())


def run(capsys: pytest.CaptureFixture[str], *argv: str | Path, lang: str = "en") -> tuple[int, str, str]:
    status = main(["bundle", *map(str, argv), *TRUST, "--lang", lang, "--jobs", "1"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.fixture
def made(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Path:
    put(tmp_path / "receipts", *BOTH)
    assert run(capsys, tmp_path / "receipts", "-o", tmp_path / "bundle.zip", "--now", NOW)[0] == ExitStatus.VALID
    return tmp_path / "bundle.zip"


def test_made_and_checked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path / "receipts", *BOTH)
    bundle = tmp_path / "bundle.zip"
    status, out, err = run(capsys, tmp_path / "receipts", "-o", bundle, "--now", NOW)
    assert (status, err) == (ExitStatus.VALID, "")
    first, second = out.splitlines()
    assert first == f"{bundle}: 2 receipts: 2 VALID"
    fingerprint = second.removeprefix("SHA-256 of manifest.json: ")
    status, out, err = run(capsys, "--check", bundle)
    assert (status, err) == (ExitStatus.VALID, "")
    names = [name for name in entries(bundle.read_bytes()) if name.startswith("receipts/")]
    assert (
        out
        == f"""\
{bundle}: VALID
  made with                 pecverify 0.1.0
  policy                    default
  as of                     2024-03-17 09:20:30+00:00
  timestamp                 none
  SHA-256 of manifest.json  {fingerprint}

  LEGGIMI.txt: intact
  README.txt: intact
  exchange.json: intact
  manifest.json: intact
  {names[0]}: intact, VALID accepted, from 0.eml
  {names[1]}: intact, VALID delivered, from 1.eml
  report.html: intact
  reports.jsonl: intact
  trust.json: intact
"""
    )


def test_the_same_from_anywhere(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path / "receipts")
    assert run(capsys, ".", "-o", "again.zip", "--now", "2024-03-17T09:20:30Z")[0] == ExitStatus.VALID
    assert Path("again.zip").read_bytes() == made.read_bytes()


def test_to_standard_output(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = io.BytesIO()
    stream = SimpleNamespace(buffer=written, isatty=lambda: False, flush=lambda: None)
    monkeypatch.setattr(sys, "stdout", stream)
    status = main(
        ["bundle", str(tmp_path / "receipts"), *TRUST, "-o", "-", "--now", NOW, "--jobs", "1", "--lang", "en"]
    )
    assert status == ExitStatus.VALID
    assert written.getvalue() == made.read_bytes()
    assert capsys.readouterr().err == ""


def test_in_italian(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    bundle = tmp_path / "fascicolo.zip"
    _, out, _ = run(capsys, put(tmp_path, *BOTH), "-o", bundle, "--now", NOW, lang="it")
    assert "2 ricevute: 2 VALIDO" in out
    _, out, _ = run(capsys, "--check", bundle, lang="it")
    assert "report.html: integro" in out
    assert b"Consegnato a tutti" in entries(bundle.read_bytes())["report.html"]


def test_what_is_not_valid_is_bundled_and_told(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path / "receipts", *mixed())
    status, out, _ = run(capsys, tmp_path / "receipts", "-o", tmp_path / "b.zip", "--now", NOW)
    assert status == ExitStatus.INVALID
    assert "12 receipts: 10 VALID, 2 INVALID" in out
    status, out, _ = run(capsys, "--check", tmp_path / "b.zip")
    assert status == ExitStatus.INVALID
    assert out.count(": intact, INVALID") == 2


def test_what_cannot_be_read_is_told_and_left_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path / "receipts", *BOTH)
    bundle = tmp_path / "b.zip"
    status, _, err = run(capsys, tmp_path / "receipts", tmp_path / "gone.eml", "-o", bundle, "--now", NOW)
    assert status == ExitStatus.NOT_DONE
    assert "gone.eml: cannot be read" in err
    status, out, _ = run(capsys, "--check", bundle)
    assert status == ExitStatus.VALID
    assert "left out when it was made  gone.eml" in out


def test_receipts_inside_messages(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    carrier = (
        b'From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
        + b"".join(b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + message + b"\r\n" for message in BOTH)
        + b"--x--\r\n"
    )
    status, out, _ = run(capsys, put(tmp_path, carrier), "-o", tmp_path / "b.zip", "--nested", "--now", NOW)
    assert status == ExitStatus.VALID
    assert "1 receipts: 2 VALID" in out
    assert run(capsys, "--check", tmp_path / "b.zip")[0] == ExitStatus.VALID


def test_nothing_is_written_without_receipts(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = run(capsys, tmp_path, "-o", tmp_path / "b.zip")
    assert status == ExitStatus.NOT_DONE
    assert "no receipt was found" in err
    assert not (tmp_path / "b.zip").exists()


def test_nothing_is_written_over(capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path) -> None:
    before = made.read_bytes()
    status, _, err = run(capsys, tmp_path / "receipts" / "0.eml", "-o", made)
    assert status == ExitStatus.NOT_DONE
    assert "use --force to overwrite it" in err
    assert made.read_bytes() == before
    assert run(capsys, tmp_path / "receipts", "-o", made, "--force", "--now", NOW)[0] == ExitStatus.VALID
    assert made.read_bytes() == before


def test_what_is_there_stays_until_there_is_something_in_its_place(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Path
) -> None:
    before = made.read_bytes()
    (tmp_path / "empty").mkdir()
    for argv in ([tmp_path / "empty"], ["--attach", made, tmp_path / "receipts" / "0.eml"]):
        kept = tmp_path / "kept.zip"
        kept.write_bytes(before)
        assert run(capsys, *argv, "-o", kept, "--force")[0] == ExitStatus.NOT_DONE
        assert kept.read_bytes() == before

    def fail(_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(_bundle._Draft, "copy", fail)  # while it is written: a part of it is nothing to keep
    assert run(capsys, tmp_path / "receipts", "-o", made, "--force")[0] == ExitStatus.INTERRUPTED
    assert not made.exists()


def test_a_device_is_not_removed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    pipe = tmp_path / "null"
    pipe.symlink_to(os.devnull)
    assert run(capsys, put(tmp_path, *BOTH), "-o", pipe, "--force", "--now", NOW)[0] == ExitStatus.VALID
    (tmp_path / "empty").mkdir()
    assert run(capsys, tmp_path / "empty", "-o", pipe, "--force")[0] == ExitStatus.NOT_DONE
    assert pipe.is_symlink()


def test_a_source_is_not_written_over_even_by_force(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = put(tmp_path, *BOTH) / "0.eml"
    assert run(capsys, file, "-o", file, "--force")[0] == ExitStatus.NOT_DONE
    assert file.read_bytes() == BOTH[0]


def test_where_nothing_can_be_written(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, _, err = run(capsys, put(tmp_path, *BOTH), "-o", tmp_path / "gone" / "b.zip")
    assert status == ExitStatus.NOT_DONE
    assert "cannot be written" in err


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(BOTH[0])))
    assert run(capsys, "-", "-o", tmp_path / "b.zip", "--now", NOW)[0] == ExitStatus.VALID
    assert "from -" in run(capsys, "--check", tmp_path / "b.zip")[1]
    monkeypatch.setattr(sys, "stdin", None)
    assert run(capsys, "-", "-o", tmp_path / "c.zip", "--now", NOW)[0] == ExitStatus.NOT_DONE


def test_what_takes_an_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, made: Path
) -> None:
    token, new = stamped(tmp_path, made)
    monkeypatch.setitem(sys.modules, "pecverify.exchange.page", None)
    monkeypatch.setitem(sys.modules, "pecverify.bundle.timestamp", None)
    status, _, err = run(capsys, tmp_path / "receipts", "-o", tmp_path / "b.zip")
    assert (status, "pip install 'pecverify[html]'" in err) == (ExitStatus.NOT_DONE, True)
    assert not (tmp_path / "b.zip").exists()
    commands: tuple[list[str | Path], ...] = (
        ["--request", made, "-o", tmp_path / "x.tsq"],
        ["--attach", made, token, "-o", tmp_path / "x.zip"],
        ["--check", new, "--timestamp-authority", tmp_path / "root.der"],
    )
    for argv in commands:
        status, _, err = run(capsys, *argv)
        assert (status, "pip install 'pecverify[timestamp]'" in err) == (ExitStatus.NOT_DONE, True)
    assert "report.html: intact, not made again" in run(capsys, "--check", made)[1]


# --- checks that do not come out well


def test_a_changed_receipt(capsys: pytest.CaptureFixture[str], made: Path) -> None:
    made.write_bytes(made.read_bytes().replace(b"10:20:34", b"10:20:35"))
    status, out, _ = run(capsys, "--check", made)
    assert status == ExitStatus.INVALID
    assert "UNREADABLE (BadZipFile: Bad CRC-32" in out


def test_a_record_that_is_not_so(capsys: pytest.CaptureFixture[str], made: Path) -> None:
    def change(value: dict[str, list[dict[str, dict[str, object]]]]) -> None:
        value["receipts"][0]["report"].update(verdict="indeterminate", reasons=["provider-not-recognised"])

    made.write_bytes(rewritten(made.read_bytes(), change))
    status, out, _ = run(capsys, "--check", made)
    assert status == ExitStatus.INDETERMINATE
    assert "    recorded: indeterminate provider-not-recognised\n    now: valid\n" in out


def test_without_the_trust_that_it_was_made_with(capsys: pytest.CaptureFixture[str], made: Path) -> None:
    status = main(["bundle", "--check", str(made), "--no-trust-folder", "--lang", "en", "--policy", "archival"])
    out = capsys.readouterr().out
    assert status == ExitStatus.INDETERMINATE
    assert "checked with other        policy.name, policy.weak_signature_until, trust" in out
    assert "trust.json: not what these receipts give" in out
    assert "    recorded: valid\n    now: indeterminate provider-not-recognised\n" in out


def test_no_bundle(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"no zip")
    status, out, _ = run(capsys, "--check", tmp_path / "a.zip")
    assert status == ExitStatus.INVALID
    assert "no bundle of proof: not a zip that can be read" in out
    status, _, err = run(capsys, "--request", tmp_path / "a.zip", "-o", tmp_path / "x.tsq")
    assert status == ExitStatus.NOT_DONE
    assert "a.zip: not a zip that can be read" in err
    status, _, err = run(capsys, "--check", tmp_path / "gone.zip")
    assert (status, "cannot be read" in err) == (ExitStatus.NOT_DONE, True)


def test_a_receipt_that_takes_an_extra(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "a.msg").write_bytes(outlook_file(BOTH[0]))
    run(capsys, tmp_path / "a.msg", "-o", tmp_path / "b.zip", "--now", NOW)
    monkeypatch.setitem(sys.modules, "pecverify.archive.outlook", None)
    status, out, _ = run(capsys, "--check", tmp_path / "b.zip")
    assert status == ExitStatus.INDETERMINATE
    assert "    not verified: it takes pip install 'pecverify[msg]'\n" in out


def test_hostile_names_are_made_visible(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path / "r", BOTH[0])
    (tmp_path / "r" / "0.eml").rename(tmp_path / "r" / "a\u202eb\x1b[2J.eml")
    run(capsys, tmp_path / "r", "-o", tmp_path / "b.zip", "--now", NOW)
    out = run(capsys, "--check", tmp_path / "b.zip")[1]
    assert r"from a\u202eb\x1b[2J.eml" in out


# --- timestamps


def stamped(folder: Path, bundle: Path) -> tuple[Path, Path]:
    """An answer for a bundle, and the bundle with it, made by the command."""
    token, new = folder / "answer.tsr", folder / "stamped.zip"
    token.write_bytes(answer(info(entries(bundle.read_bytes())["manifest.json"])))
    (folder / "root.der").write_bytes(TSA_ROOT)
    assert (
        main(["bundle", "--attach", str(bundle), str(token), "-o", str(new), "--no-trust-folder"]) == ExitStatus.VALID
    )
    return token, new


def test_a_timestamp_is_attached_and_verified(capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path) -> None:
    _, new = stamped(tmp_path, made)
    status, out, _ = run(capsys, "--check", new)
    assert status == ExitStatus.VALID
    assert "timestamp                 present, not verified: it takes --timestamp-authority" in out
    status, out, _ = run(capsys, "--check", new, "--timestamp-authority", tmp_path / "root.der")
    assert status == ExitStatus.VALID
    assert f"timestamp                 verified: {STAMPED_AT.isoformat(sep=' ')} by CN=" in out
    ca = ROOT / "fixtures" / "trust" / "test-ca.pem"
    status, out, _ = run(capsys, "--check", new, "--timestamp-authority", ca)
    assert status == ExitStatus.INVALID
    assert "timestamp                 REFUSED: not-trusted: " in out
    (tmp_path / "none.pem").write_bytes(b"none")
    status, _, err = run(capsys, "--check", new, "--timestamp-authority", tmp_path / "none.pem")
    assert (status, "none.pem: cannot be trusted" in err) == (ExitStatus.NOT_DONE, True)


def test_what_the_timestamp_does_not_prove_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path
) -> None:
    _, new = stamped(tmp_path, made)
    root = tmp_path / "root.der"
    status, out, _ = run(capsys, "--check", new, "--timestamp-authority", root, "--at", "2020-01-01T00:00:00Z")
    assert status == ExitStatus.INDETERMINATE
    assert "    at the timestamp: valid\n" in out


def test_an_answer_about_something_else(capsys: pytest.CaptureFixture[str], tmp_path: Path, made: Path) -> None:
    (tmp_path / "a.tsr").write_bytes(answer(info(b"other")))
    status, _, err = run(capsys, "--attach", made, tmp_path / "a.tsr", "-o", tmp_path / "new.zip")
    assert status == ExitStatus.NOT_DONE
    assert "bundle.zip: the timestamp is refused: hash-differs" in err
    assert not (tmp_path / "new.zip").exists()


def test_a_request_to_standard_output(tmp_path: Path, made: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    stream = SimpleNamespace(buffer=written, isatty=lambda: False, flush=lambda: None)
    monkeypatch.setattr(sys, "stdout", stream)
    for output in ("-", str(tmp_path / "a.tsq")):
        assert main(["bundle", "--request", str(made), "-o", output, "--no-trust-folder"]) == ExitStatus.VALID
    assert written.getvalue() == (tmp_path / "a.tsq").read_bytes()


# --- misuse


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (["a"], "where to? give -o FILE"),
        (["-o", "x"], "no receipts: give a PATH"),
        (["--check", "a", "b"], "--check FILE takes no PATH and no --output"),
        (["--check", "a", "-o", "b"], "--check FILE takes no PATH and no --output"),
        (["--request", "a", "b", "-o", "c"], "--request FILE takes no PATH"),
        (["--attach", "a", "-o", "c"], "--attach FILE takes one PATH"),
        (["--attach", "a", "b", "c", "-o", "d"], "--attach FILE takes one PATH"),
        (["--attach", "a", "--check", "b"], "not allowed with"),
        (["a", "-o", "b", "--now", "2024-01-01"], "no offset from UTC"),
    ],
)
def test_misuse(capsys: pytest.CaptureFixture[str], argv: list[str], told: str) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["bundle", *argv])
    assert stopped.value.code == ExitStatus.USAGE
    assert told in capsys.readouterr().err


def test_there_are_words_for_everything() -> None:
    assert set(_bundle_messages.FILES) == set(FileState)
    assert set(_bundle_messages.TIMESTAMPS) == set(TimestampState)


# --- docs/bundle.md


def blocks(language: str) -> list[str]:
    page = (ROOT / "docs" / "bundle.md").read_text("utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_the_commands_of_the_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """In their order, in one folder; what the page calls the authority's part is done by one of ours."""
    page = (ROOT / "docs" / "bundle.md").read_text("utf-8")
    commands = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
        for line in block.splitlines()
    ]
    put(tmp_path / "receipts", *BOTH)
    authority = make_authority(tmp_path)
    authority.rename(tmp_path / "authority.pem")
    shutil.copy(tmp_path / "authority.pem", authority)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PECVERIFY_TRUST", TRUST[1])
    statuses = []
    for command in commands:
        program, *words = command.partition("#")[0].split()
        if program == "pecverify":
            statuses.append((words[1], main([*words, "--lang", "en"])))
            if words[1] == "--request":
                shutil.move(answer_by_openssl(tmp_path, tmp_path / "manifest.tsq"), tmp_path / "answer.tsr")
        else:
            assert program in ("unzip", "openssl", "sha256sum")
    # The last one by the date of the run: a timestamp after the end of the test provider's certificate proves less.
    assert [name for name, _ in statuses] == [
        "receipts/",
        "receipts/",
        "--check",
        "--request",
        "--attach",
        "--check",
        "--check",
    ]
    assert [status for _, status in statuses][:-1] == [ExitStatus.VALID] * 6
    assert statuses[-1][1] in (ExitStatus.VALID, ExitStatus.INDETERMINATE)
    assert "timestamp                 verified: " in capsys.readouterr().out


def test_the_example_of_the_page(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(tmp_path / "receipts", *BOTH)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PECVERIFY_TRUST_FOLDER", str(tmp_path))
    (code,) = re.findall(
        r"^```python\n(.*?)^```$", (ROOT / "docs" / "bundle.md").read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    exec(compile(code, "bundle.md", "exec"), {})  # noqa: S102 (our own page)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "indeterminate"  # the test authority is not among the built-in anchors
    assert [line.split()[1:] for line in lines[1:]] == [["True"], ["True"]]


def test_the_page_names_every_state_and_reason() -> None:
    text = (ROOT / "docs" / "bundle.md").read_text("utf-8")
    named = set(re.findall(r"`([a-z0-9-]+)`", text))
    assert {str(each) for each in (*FileState, *TimestampState, *TimestampReason)} <= named


def test_the_manifest_of_the_command_has_the_clock_that_was_given(made: Path) -> None:
    value = json.loads(entries(made.read_bytes())["manifest.json"])
    assert (value["now"], value["policy"]["now"]) == ("2024-03-17T09:20:30+00:00",) * 2
