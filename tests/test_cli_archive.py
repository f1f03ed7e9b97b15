"""`pecverify verify` over archives: formats, output, what fails a run, resumption, the environment, progress."""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pecverify.archive import Answer, Cause, Origin, Unverified, examine
from pecverify.cli import formats, main
from pecverify.cli._commands import FORMATS
from pecverify.cli._exit import ExitStatus
from pecverify.cli._tally import Count, Tally
from pecverify.cli._text import Style
from pecverify.cli.formats import is_binary, load_format
from tests.archives import write_folder
from tests.schemas import validator

ROOT = Path(__file__).resolve().parent.parent
VECTORS = ROOT / "fixtures" / "vectors"
TRUST = ("--trust", str(ROOT / "fixtures" / "trust" / "test-ca.pem"), "--lang", "en")
ENGLISH = Style(language="en", coloured=False)


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("PECVERIFY_") and name != "PECVERIFY_TRUST_FOLDER"]:
        monkeypatch.delenv(name)


def verify(*arguments: str) -> int:
    return main(["verify", *TRUST, *arguments])


def rows(path: str | Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in Path(path).read_bytes().splitlines()]


def usage_error(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as stopped:
        verify(*arguments)
    assert stopped.value.code == ExitStatus.USAGE
    return capsys.readouterr().err


def write_zip(name: str, *vectors: str) -> None:
    with zipfile.ZipFile(name, "w") as archive:
        for vector in vectors:
            archive.write(VECTORS / f"{vector}.eml", f"in/{vector}.eml")


# --- formats and output


def test_text_names_where_each_message_lay(capsys: pytest.CaptureFixture[str]) -> None:
    write_zip("a.zip", "acceptance")
    mbox = b"From - Fri Mar 15 10:20:30 2024\n" + (VECTORS / "acceptance.eml").read_bytes()
    Path("b.mbox").write_bytes(mbox)
    Path("c.tar").write_bytes(b"\x1b[2J" * 200)
    assert verify("a.zip", "b.mbox", "c.tar") == ExitStatus.NOT_DONE
    captured = capsys.readouterr()
    assert "a.zip, in/acceptance.eml: VALID\n" in captured.out
    assert "b.mbox @32: VALID\n" in captured.out
    assert captured.err.startswith("pecverify: c.tar: damaged: ")
    assert "\x1b" not in captured.err


@pytest.mark.parametrize("form", ["json", "jsonl"])
def test_json_has_the_shape_of_its_schema(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("broken.zip").write_bytes(b"PK")
    assert verify(str(VECTORS), "broken.zip", "--format", form, "--nested") == ExitStatus.NOT_DONE
    written = capsys.readouterr().out
    answers = json.loads(written) if form == "json" else [json.loads(line) for line in written.splitlines()]
    assert len(answers) == len(list(VECTORS.glob("*.eml"))) + 1
    for answer in answers:
        validator("answer").validate(answer)


def test_the_formats_are_those_that_there_are() -> None:
    assert set(FORMATS) == set(formats._FORMATS)


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_writes_a_run_of_nothing(form: str) -> None:
    Path("empty").mkdir()
    assert verify("empty", "--format", form, "-o", "out") == ExitStatus.NOT_DONE
    assert Path("out").exists()


def test_an_empty_json_document_is_an_empty_list() -> None:
    Path("empty").mkdir()
    verify("empty", "--format", "json", "-o", "out.json")
    assert json.loads(Path("out.json").read_text("utf-8")) == []


@pytest.mark.parametrize("form", FORMATS)
def test_formats_write_the_same_into_a_file_and_on_standard_output(
    form: str, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    verify(str(VECTORS / "acceptance.eml"), "--format", form)
    sys.stdout.flush()
    printed = capfdbinary.readouterr().out
    verify(str(VECTORS / "acceptance.eml"), "--format", form, "-o", "out")
    if form != "parquet":
        assert Path("out").read_bytes() == printed


def test_the_answers_of_several_processes_are_those_of_one() -> None:
    write_folder(Path("archive"), 120)
    for jobs in ("1", "2"):
        assert verify("archive", "--format", "jsonl", "--jobs", jobs, "-o", f"{jobs}.jsonl") == ExitStatus.VALID
    assert Path("1.jsonl").read_bytes() == Path("2.jsonl").read_bytes()


@pytest.mark.parametrize("form", ["text", "jsonl"])
def test_output_that_cannot_be_written(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    message = str(VECTORS / "acceptance.eml")
    for name in ("absent/out", "a\x00b"):
        assert verify(message, "--format", form, "-o", name) == ExitStatus.NOT_DONE
        assert "cannot be written" in capsys.readouterr().err


def test_a_full_disk_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(str(VECTORS / "acceptance.eml"), "--format", "jsonl", "-o", "/dev/full") == ExitStatus.NOT_DONE
    assert "/dev/full: cannot be written: No space left on device" in capsys.readouterr().err


def test_nothing_that_is_verified_is_written_over(capsys: pytest.CaptureFixture[str]) -> None:
    message = (VECTORS / "acceptance.eml").read_bytes()
    Path("a.eml").write_bytes(message)
    Path("same.eml").symlink_to("a.eml")
    for name in ("a.eml", "./a.eml", "same.eml"):
        assert verify("a.eml", "-o", name) == ExitStatus.NOT_DONE
        assert "nothing is written over it" in capsys.readouterr().err
    assert Path("a.eml").read_bytes() == message


def test_no_bytes_to_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    entry = formats._FORMATS["jsonl"]
    monkeypatch.setitem(formats._FORMATS, "jsonl", entry._replace(is_binary=True))
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert is_binary("jsonl")
    assert verify(str(VECTORS / "acceptance.eml"), "--format", "jsonl") == ExitStatus.NOT_DONE
    assert "not for a terminal" in capsys.readouterr().err


def test_a_format_whose_extra_is_missing_says_which(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    entry = formats._Entry("absent", "arrow", is_binary=False)
    monkeypatch.setitem(formats._FORMATS, "jsonl", entry)
    assert verify(str(VECTORS / "acceptance.eml"), "--format", "jsonl") == ExitStatus.NOT_DONE
    assert capsys.readouterr().err == (
        "pecverify: this needs an extra that is not installed: pip install 'pecverify[arrow]'\n"
    )
    monkeypatch.setitem(formats._FORMATS, "jsonl", entry._replace(extra=None))
    with pytest.raises(ImportError):  # a fault of the package is not the user's
        load_format("jsonl", ENGLISH)


# --- what fails a run


@pytest.mark.parametrize(
    ("vectors", "fail_on", "status"),
    [
        ("acceptance", "indeterminate", ExitStatus.VALID),
        ("acceptance from-missing", "indeterminate", ExitStatus.INDETERMINATE),
        ("acceptance from-missing", "invalid", ExitStatus.VALID),
        ("issuer-forged from-missing", "indeterminate", ExitStatus.INVALID),
        ("issuer-forged from-missing", "invalid", ExitStatus.INVALID),
        ("issuer-forged from-missing", "never", ExitStatus.VALID),
        ("absent", "never", ExitStatus.NOT_DONE),
        ("", "never", ExitStatus.NOT_DONE),
    ],
)
def test_fail_on(vectors: str, fail_on: str, status: ExitStatus) -> None:
    Path("empty").mkdir()
    paths = [str(VECTORS / f"{name}.eml") for name in vectors.split()] or ["empty"]
    assert verify(*paths, "--fail-on", fail_on) == status


def test_the_summary(capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(Path("archive"), 3)
    Path("archive/list.pdf").write_bytes(b"%PDF")
    Path("archive/broken.zip").write_bytes(b"PK")
    Path("archive/other.eml").write_bytes(b"no mail")
    assert verify("archive", "--format", "jsonl", "-o", "out", "--summary") == ExitStatus.NOT_DONE
    assert capsys.readouterr().err.splitlines() == [
        "5 messages: 3 VALID, 0 INDETERMINATE, 1 INVALID, 1 not verified",
        "Kinds:",
        "          2  accepted",
        "          1  delivered",
        "First reasons of what is not valid:",
        "          1  not-a-message",
        "Not verified:",
        "          1  damaged",
        "1 other files are no mail",
    ]


def test_include(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a").mkdir()
    Path("a/x.pdf").write_bytes(b"%PDF")
    assert verify("a") == ExitStatus.NOT_DONE
    assert verify("a", "--include", "*.txt", "--include", "*.pdf") == ExitStatus.INVALID
    assert capsys.readouterr().out.startswith("a/x.pdf: INVALID")


# --- resumption


def test_a_run_goes_on_where_it_was_broken_off(capsys: pytest.CaptureFixture[str]) -> None:
    write_folder(Path("archive"), 30)
    Path("archive/broken.zip").write_bytes(b"PK")
    assert verify("archive", "--resume", "run.jsonl") == ExitStatus.NOT_DONE
    whole = rows("run.jsonl")
    assert len(whole) == 31
    kept = Path("run.jsonl").read_bytes().splitlines(keepends=True)
    Path("run.jsonl").write_bytes(b"".join(kept[:20]) + kept[20][:-40])
    Path("archive/broken.zip").unlink()
    capsys.readouterr()
    assert verify("archive", "--resume", "run.jsonl", "--summary") == ExitStatus.VALID
    summary = capsys.readouterr().err.splitlines()
    assert summary[0] == "30 messages: 30 VALID, 0 INDETERMINATE, 0 INVALID, 0 not verified"
    assert summary[-1] == "19 of them by a former run"
    resumed = rows("run.jsonl")
    assert sorted(resumed, key=str) == sorted((row for row in whole if row["report"]), key=str)


def test_what_was_finished_is_not_verified_again(monkeypatch: pytest.MonkeyPatch) -> None:
    write_folder(Path("archive"), 5)
    assert verify("archive", "--resume", "run.jsonl") == ExitStatus.VALID
    before = Path("run.jsonl").read_bytes()

    def refuse(*_: object, **__: object) -> None:
        pytest.fail("verified again")

    monkeypatch.setattr(examine, "verify_receipt", refuse)
    assert verify("archive", "--resume", "run.jsonl") == ExitStatus.VALID
    assert Path("run.jsonl").read_bytes() == before


def test_a_file_that_was_changed_meanwhile_is_verified_again() -> None:
    write_folder(Path("archive"), 3)
    verify("archive", "--resume", "run.jsonl")
    path = Path("archive/0000/0000001.eml")
    path.write_bytes(b"X-More: 1\r\n" + path.read_bytes())
    verify("archive", "--resume", "run.jsonl")
    counts = Counter(row["origin"]["path"] for row in rows("run.jsonl"))
    assert counts == {"archive/0000/0000000.eml": 1, "archive/0000/0000001.eml": 2, "archive/0000/0000002.eml": 1}


def test_the_former_runs_verdicts_count(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a/1.eml").write_bytes(b"no mail")
    assert verify("a", "--resume", "run.jsonl") == ExitStatus.INVALID
    assert verify("a", "--resume", "run.jsonl") == ExitStatus.INVALID
    assert len(rows("run.jsonl")) == 1


def test_nested_reports_are_part_of_their_row() -> None:
    outer = str(ROOT / "fixtures" / "hostile" / "t057-forwarded.eml")
    for _ in range(2):
        assert verify(outer, "--nested", "--resume", "run.jsonl") == ExitStatus.VALID
        ((row),) = rows("run.jsonl")
        assert row["is_carrier"]
        assert [report["verdict"] for report in row["nested"]] == ["valid"]


@pytest.mark.parametrize("content", [b"text\n", b"{}\n", b"[]\n", b'{"is_carrier":false}\n', b"\xff\n", b"1\n"])
def test_what_is_no_former_run_is_left_as_it_is(content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    Path("run.jsonl").write_bytes(content)
    assert verify(str(VECTORS), "--resume", "run.jsonl") == ExitStatus.NOT_DONE
    assert "run.jsonl: cannot be resumed: it is not the JSON Lines of a run" in capsys.readouterr().err
    assert Path("run.jsonl").read_bytes() == content
    assert list(Path().iterdir()) == [Path("run.jsonl")]


def test_a_former_run_that_cannot_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    Path("run.jsonl").mkdir()
    assert verify(str(VECTORS), "--resume", "run.jsonl") == ExitStatus.NOT_DONE
    assert "run.jsonl: cannot be resumed: Is a directory" in capsys.readouterr().err
    assert verify(str(VECTORS), "--resume", "absent/run.jsonl") == ExitStatus.NOT_DONE
    assert "absent/run.jsonl: cannot be" in capsys.readouterr().err


@pytest.mark.parametrize("more", [("--format", "json"), ("-o", "other.jsonl")])
def test_resumption_writes_json_lines(more: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert "--resume FILE writes JSON Lines" in usage_error(capsys, "a", "--resume", "run.jsonl", *more)


def lines_of(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def workers_of(pid: int) -> list[int]:
    """Its workers; the process that tracks its semaphores is none."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()
    return [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def test_ten_kills_lose_nothing_and_double_nothing(tmp_path: Path) -> None:
    """The parent or one of its workers, by SIGKILL, at moments that no code chose."""
    expected = write_folder(tmp_path / "archive", 4_000)
    run = tmp_path / "run.jsonl"
    command = [sys.executable, "-m", "pecverify", "verify", *TRUST, "archive", "--resume", str(run), "--jobs", "2"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    moments = random.Random(20261125)  # noqa: S311 (moments, no secrets)
    for kill in range(10):
        process = subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.DEVNULL)
        enough = lines_of(run) + moments.randrange(1, 200)
        while lines_of(run) < enough and process.poll() is None:
            time.sleep(moments.random() / 50)
        assert process.poll() is None, "it was killed too late"
        workers = workers_of(process.pid)
        if kill % 2 and workers:
            os.kill(moments.choice(workers), signal.SIGKILL)
            enough = lines_of(run) + 50
            while lines_of(run) < enough and process.poll() is None:
                time.sleep(0.01)
            assert process.poll() is None, "it did not survive its worker"
        process.kill()
        process.wait()
    assert 0 < lines_of(run) < len(expected)
    finished = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert finished.returncode == ExitStatus.INVALID
    found = {str(tmp_path / row["origin"]["path"]): row["report"]["verdict"] == "valid" for row in rows(run)}
    assert found == expected
    assert lines_of(run) == len(expected)


def test_what_is_resumed_keeps_its_link_and_its_mode() -> None:
    message = str(VECTORS / "acceptance.eml")
    assert verify(message, "--resume", "run.jsonl") == ExitStatus.VALID
    Path("run.jsonl").chmod(0o600)
    Path("link.jsonl").symlink_to("run.jsonl")
    assert verify(message, str(VECTORS / "envelope-breve.eml"), "--resume", "link.jsonl") == ExitStatus.VALID
    assert Path("link.jsonl").is_symlink()
    assert len(rows("run.jsonl")) == 2
    assert Path("run.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_device_is_no_former_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("null").symlink_to(os.devnull)
    assert verify(str(VECTORS / "acceptance.eml"), "--resume", "null") == ExitStatus.NOT_DONE
    assert "cannot be resumed" in capsys.readouterr().err
    assert Path(os.devnull).is_char_device()


def test_deep_json_is_no_former_run(capsys: pytest.CaptureFixture[str]) -> None:
    Path("deep.jsonl").write_text("[" * 100_000 + "\n")
    assert verify(str(VECTORS / "acceptance.eml"), "--resume", "deep.jsonl") == ExitStatus.NOT_DONE
    assert "it is not the JSON Lines of a run" in capsys.readouterr().err
    assert [path.name for path in Path().iterdir()] == ["deep.jsonl"]


@pytest.mark.parametrize("source", ["a", "a/*.eml", "a/**/*.eml"])
def test_what_a_source_holds_is_not_written_over(source: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("a").mkdir()
    message = (VECTORS / "acceptance.eml").read_bytes()
    Path("a/1.eml").write_bytes(message)
    assert verify(source, "-o", "a/1.eml") == ExitStatus.NOT_DONE
    assert "a/1.eml" in capsys.readouterr().err
    assert Path("a/1.eml").read_bytes() == message
    for _ in range(2):  # what is no mail may lie beside, and be written again
        assert verify(source, "--format", "jsonl", "-o", "a/answers.jsonl") == ExitStatus.VALID
    os.mkfifo("a/pipe")
    reader = threading.Thread(target=lambda: Path("a/pipe").read_bytes(), daemon=True)
    reader.start()
    assert verify("a/1.eml", "a", "--format", "jsonl", "-o", "a/pipe") == ExitStatus.VALID


# --- Ctrl-C


@pytest.mark.parametrize("moment", [0.3, 0.6])
def test_ctrl_c_twice_ends_it_too(moment: float, tmp_path: Path) -> None:
    """The second while the first is being obeyed: workers must not be left waiting for ever."""
    write_folder(tmp_path / "archive", 400)
    command = [sys.executable, "-m", "pecverify", "verify", *TRUST, "archive", "--format", "jsonl", "--jobs", "2"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time.sleep(moment)
    for _ in range(3):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.05)
    try:
        process.wait(30)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode in (ExitStatus.INTERRUPTED, -signal.SIGINT, *ExitStatus)


def test_ctrl_c_leaves_what_was_done(tmp_path: Path) -> None:
    write_folder(tmp_path / "archive", 3_000)
    output = tmp_path / "out.json"
    command = [sys.executable, "-m", "pecverify", "verify", *TRUST, "archive", "--format", "json", "-o", str(output)]
    process = subprocess.Popen(
        [*command, "--jobs", "2"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    while not output.exists() or output.stat().st_size < 100_000:
        time.sleep(0.01)
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == ExitStatus.INTERRUPTED
    assert b"Traceback" not in errors
    assert 0 < len(json.loads(output.read_bytes())) < 3_000


# --- the environment


def test_options_from_the_environment(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    message = str(VECTORS / "acceptance.eml")
    authority = ROOT / "fixtures" / "trust"
    for name, value in {
        "FORMAT": "jsonl",
        "OUTPUT": "out.jsonl",
        "TRUST": f"{authority / 'test-ca.pem'}{os.pathsep}{authority / 'open-ca.pem'}",
        "FAIL_ON": "never",
        "JOBS": "1",
        "SUMMARY": "1",
        "NESTED": "0",
        "LANG": "it",
        "AT": "2024-03-15T10:20:30+01:00",
    }.items():
        monkeypatch.setenv(f"PECVERIFY_{name}", value)
    assert main(["verify", message]) == ExitStatus.VALID
    assert rows("out.jsonl")[0]["report"]["times"]["basis"] == "given"
    assert capsys.readouterr().err.startswith("1 messaggi: 1 VALIDO")
    assert main(["verify", message, "--format", "json", "-o", "-", "--lang", "en"]) == ExitStatus.VALID
    assert json.loads(capsys.readouterr().out)[0]["report"]["verdict"] == "valid"
    monkeypatch.setenv("PECVERIFY_EXISTED_AT", "2024-03-15T10:20:30+01:00")
    assert "exclude each other" in usage_error(capsys, message)


@pytest.mark.parametrize(
    ("name", "value"),
    [("FORMAT", "pdf\x1b"), ("JOBS", "0"), ("JOBS", "x"), ("SUMMARY", "yes"), ("AT", "yesterday"), ("FAIL_ON", "all")],
)
def test_mistakes_in_the_environment(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(f"PECVERIFY_{name}", value)
    message = usage_error(capsys, "a")
    assert f"PECVERIFY_{name}" in message
    assert "\x1b" not in message


@pytest.mark.parametrize("jobs", ["0", "-1", "257", "two", "1.5"])
def test_numbers_of_processes(jobs: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "not a number of processes up to 256" in usage_error(capsys, "a", "--jobs", jobs)


def test_help_does_not_wait_for_the_verifier() -> None:
    program = (
        "import sys\nfrom pecverify.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print(*[name for name in ('cryptography', 'lxml', 'asn1crypto') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert ran.stdout.splitlines()[-1] == ""


# --- progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def many(monkeypatch: pytest.MonkeyPatch) -> str:
    """An archive of 2,100 messages, none of them mail: that is quick."""
    with zipfile.ZipFile("many.zip", "w") as archive:
        for number in range(2_100):
            archive.writestr(f"{number}.eml", b"no mail")
    monkeypatch.delenv("COLUMNS", raising=False)
    return "many.zip"


def test_a_line_for_each_thousand(many: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert verify(many, "--format", "jsonl", "-o", "out", "--jobs", "1") == ExitStatus.INVALID
    assert capsys.readouterr().err.splitlines() == [
        f"pecverify: {count},000 messages: 0 VALID, 0 INDETERMINATE, {count},000 INVALID, 0 not verified"
        for count in (1, 2)
    ]


def test_a_bar_on_a_terminal(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("rich")
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    verify(many, "--format", "jsonl", "-o", "out", "--jobs", "1")
    assert "messages: 0 VALID" in terminal.getvalue()
    assert "pecverify:" not in terminal.getvalue()


def test_lines_on_a_terminal_without_rich(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setitem(sys.modules, "rich", None)
    verify(many, "--format", "jsonl", "-o", "out", "--jobs", "1")
    assert terminal.getvalue().count("pecverify: ") == 2


def test_no_progress_where_the_answers_scroll_by(many: str, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setattr(sys, "stdout", Terminal())
    verify(many, "--jobs", "1")
    assert terminal.getvalue() == ""


def test_a_closed_standard_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    assert verify(str(VECTORS / "acceptance.eml"), "--summary", "-o", "out") == ExitStatus.VALID


# --- counts


def test_counts_of_rows_are_those_of_answers() -> None:
    verify(str(VECTORS), "--format", "jsonl", "-o", "out", "--nested")
    tally, again = Tally(), Tally()
    for row in rows("out"):
        again.add(Count.of_row(row))
    unverified = Answer(origin=Origin(path="x"), result=Unverified(cause=Cause.LINK, detail="x"))
    assert Count.of_row(unverified.to_dict()) == Count.of(unverified)
    verify(str(VECTORS), "--resume", "again.jsonl", "--nested")
    assert rows("again.jsonl") == rows("out")
    assert again.messages == len(list(VECTORS.glob("*.eml")))
    assert again.verdicts["valid"] > again.verdicts["invalid"] > 0
    assert tally.status("never") is ExitStatus.NOT_DONE
