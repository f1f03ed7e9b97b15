"""`pecverify exchange`: tables, JSON, exit statuses, and what goes wrong."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from pecverify.cli import _exchange_text, _progress, main
from pecverify.cli._exit import ExitStatus
from pecverify.cli._text import Style
from pecverify.exchange import reconcile_all
from tests import reports
from tests.exchanges import HOURS, LATER, SECONDS, Letter, examine, many, mixed
from tests.messages import EXTERNAL, ISSUED_AT, RECIPIENT, SECOND, replacing
from tests.pki import DOMAINS
from tests.schemas import validator

ROOT = Path(__file__).resolve().parents[1]
TRUST = ["--trust", str(ROOT / "fixtures" / "trust" / "test-ca.pem"), "--no-trust-folder"]
ONE = Letter()
HOSTILE = "a\u202eb<script>"


def run(capsys: pytest.CaptureFixture[str], *argv: str | Path, lang: str = "en") -> tuple[int, str, str]:
    status = main(["exchange", *map(str, argv), *TRUST, "--lang", lang, "--jobs", "1"])
    captured = capsys.readouterr()
    return status, captured.out, captured.err


def put(folder: Path, *messages: bytes) -> Path:
    for number, message in enumerate(messages):
        (folder / f"{number}.eml").write_bytes(message)
    return folder


def test_delivered_to_everyone(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, err = run(capsys, put(tmp_path, ONE.acceptance(), ONE.delivery()))
    assert (status, err) == (ExitStatus.VALID, "")
    assert (
        out
        == """\
Diffida e messa in mora: DELIVERED TO EVERYONE
  sender              mario.rossi@pec.gestore-a.example
  PEC id              opec210312.20240315102030.123456.606.1.53@pec.gestore-a.example
  Message-ID          4F1A.2C3D@studio-rossi.example
  accepted            2024-03-15 10:20:30+01:00 by Gestore A S.p.A.
  service of process  the receipts suffice: acceptance, and a complete delivery for each recipient

  recipient                         outcome    at                         certified by      carries
  protocollo@pec.gestore-b.example  delivered  2024-03-15 10:20:34+01:00  Gestore B S.p.A.  the whole message

"""
    )


def test_in_italian_with_copies_and_ordinary_mail(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    copy = f"cc@{DOMAINS['b']}"
    letter = Letter(copies=(copy,), external=(EXTERNAL,))
    put(tmp_path, letter.acceptance(), letter.delivery(), letter.delivery(copy))
    status, out, _ = run(capsys, tmp_path, lang="it")
    assert status == ExitStatus.VALID
    lines = out.splitlines()
    assert lines[0] == "Diffida e messa in mora: CONSEGNATO SOLO AD ALCUNI"
    assert "le ricevute non bastano: 2 destinatari su 3 senza una consegna completa" in lines[5]
    assert [line.split("  ")[1] for line in lines[8:11]] == [RECIPIENT, f"{copy} (Cc)", EXTERNAL]
    assert lines[9].endswith("nessun contenuto")
    assert "non certificato (posta ordinaria)" in lines[10]


@pytest.mark.parametrize(
    ("messages", "status", "told"),
    [
        ((ONE.acceptance(), ONE.failure()), ExitStatus.VALID, "DELIVERED TO NOBODY"),
        ((ONE.refusal(),), ExitStatus.VALID, "refused             2024-03-15 10:20:30+01:00 by Gestore A S.p.A."),
        ((ONE.acceptance(),), ExitStatus.INDETERMINATE, "missing 52 outcome-missing: No verified receipt tells"),
        ((ONE.delivery(),), ExitStatus.INDETERMINATE, "no acceptance beyond dispute"),
        (
            (ONE.acceptance(), ONE.delivery(), ONE.failure()),
            ExitStatus.INVALID,
            "contradiction 52 outcome-conflicting: One receipt says",
        ),
        (
            (ONE.acceptance(), ONE.delivery(), b"From: <x@y.example>\r\n" + ONE.delivery()),
            ExitStatus.INVALID,
            "Set apart, no evidence:",
        ),
        ((ONE.acceptance(), ONE.delivery(), b"From: a\r\n\r\n"), ExitStatus.INVALID, "INVALID not-pec"),
        ((ONE.acceptance(), ONE.notice(), ONE.delivery(after=13 * HOURS)), ExitStatus.VALID, "DELIVERED TO EVERYONE"),
        (
            (ONE.acceptance(), ONE.delivery(after=25 * HOURS)),
            ExitStatus.VALID,
            "warning 55 delivery-late: Delivered more than 24 hours after acceptance",
        ),
    ],
)
def test_exit_statuses(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, messages: tuple[bytes, ...], status: ExitStatus, told: str
) -> None:
    actual, out, _ = run(capsys, put(tmp_path, *messages))
    assert actual == status
    assert told in out


def test_without_trust_nothing_is_evidence(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path, ONE.acceptance(), ONE.delivery())
    status = main(["exchange", str(tmp_path), "--no-trust-folder", "--lang", "en", "--jobs", "1"])
    out = capsys.readouterr().out
    assert status == ExitStatus.INDETERMINATE
    assert out.count("INDETERMINATE provider-not-recognised") == 2
    assert out.startswith("Belonging to no message that a verified receipt knows:")


def test_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    status, out, _ = run(capsys, put(tmp_path, ONE.acceptance(), ONE.delivery()), "--format", "json")
    value = json.loads(out)
    validator("exchange").validate(value)
    assert status == ExitStatus.VALID
    assert value["exchanges"][0]["recipients"][0]["state"] == "delivered"
    assert value["now"] is not None


def test_from_the_rows_of_an_earlier_run(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path, ONE.acceptance(), ONE.delivery())
    rows = tmp_path / "run.jsonl"
    main(["verify", str(tmp_path), *TRUST, "--format", "jsonl", "-o", str(rows), "--jobs", "1"])
    status, from_rows, _ = run(capsys, "--from-jsonl", rows)
    assert status == ExitStatus.VALID
    _, from_files, _ = run(capsys, tmp_path / "0.eml", tmp_path / "1.eml")
    assert from_rows == from_files


@pytest.mark.parametrize("line", ["", "[]", "{", '{"origin": 1}', "[" * 100_000])
def test_a_row_that_is_none(capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str) -> None:
    (tmp_path / "run.jsonl").write_text(f"{line}\n")
    status, out, err = run(capsys, "--from-jsonl", tmp_path / "run.jsonl")
    assert (status, out) == (ExitStatus.NOT_DONE, "")
    assert "run.jsonl, line 1: not a row of an archive run: " in err


@pytest.mark.parametrize("content", [None, b"\xff\n"])
def test_rows_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path, content: bytes | None) -> None:
    if content is not None:
        (tmp_path / "run.jsonl").write_bytes(content)
    status, _, err = run(capsys, "--from-jsonl", tmp_path / "run.jsonl")
    assert status == ExitStatus.NOT_DONE
    assert "cannot be read" in err


def test_what_was_sent(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sent = tmp_path / "sent"
    sent.mkdir()
    put(sent, ONE.sent(edit=replacing("15 giorni", "90 giorni")), Letter(message_id="never@client.example").sent())
    put(tmp_path, ONE.acceptance(), ONE.delivery())
    given: list[str | Path] = [
        tmp_path / "0.eml",
        tmp_path / "1.eml",
        "--sent",
        sent / "0.eml",
        "--sent",
        sent / "1.eml",
    ]
    status, out, _ = run(capsys, *given)
    assert status == ExitStatus.INDETERMINATE
    assert "warning 60 sent-content-differs" in out
    assert "PEC id              no verified receipt" in out


def test_a_sent_message_without_an_identifier(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path, b"From: a@b.example\r\n\r\n")
    status, _, err = run(capsys, tmp_path, "--sent", tmp_path / "0.eml")
    assert status == ExitStatus.NOT_DONE
    assert "not a message that was sent: the message has no Message-ID" in err


def test_what_cannot_be_read_is_told_and_the_rest_reported(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    given = put(tmp_path, ONE.acceptance(), ONE.delivery()) / "0.eml", tmp_path / "1.eml"
    status, out, err = run(capsys, *given, tmp_path / "gone.eml")
    assert status == ExitStatus.NOT_DONE
    assert "gone.eml: cannot be read" in err
    assert "DELIVERED TO EVERYONE" in out


def test_in_several_processes_the_same(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    put(tmp_path, *mixed())
    alone = run(capsys, tmp_path, "--format", "json")[1]
    main(["exchange", str(tmp_path), *TRUST, "--lang", "en", "--jobs", "2", "--format", "json"])
    several = json.loads(capsys.readouterr().out)
    assert {**json.loads(alone), "now": None} == {**several, "now": None}


def test_no_message_at_all(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run(capsys, tmp_path)[:2] == (ExitStatus.NOT_DONE, "")


def test_no_source_is_misuse(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["exchange"])
    assert stopped.value.code == ExitStatus.USAGE
    assert "give a PATH or --from-jsonl FILE" in capsys.readouterr().err


def test_an_environment_meant_for_another_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    put(tmp_path, ONE.refusal())
    monkeypatch.setenv("PECVERIFY_FORMAT", "html")
    assert "<!DOCTYPE html>" in run(capsys, tmp_path)[1]
    with pytest.raises(SystemExit):
        main(["verify", str(tmp_path)])
    monkeypatch.setenv("PECVERIFY_FORMAT", "jsonl")
    assert main(["verify", str(tmp_path), *TRUST, "--jobs", "1"]) == ExitStatus.VALID
    with pytest.raises(SystemExit):
        main(["exchange", str(tmp_path)])
    capsys.readouterr()
    # What is written on the command line comes before what a variable says, even where that makes no sense.
    assert "<!DOCTYPE html>" in run(capsys, tmp_path, "--format", "html")[1]


def test_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(_progress, "LINE_EVERY", 1)
    put(tmp_path, ONE.acceptance(), ONE.delivery())
    assert run(capsys, tmp_path)[2].splitlines() == [
        "pecverify: 1 messages: 1 VALID, 0 INDETERMINATE, 0 INVALID, 0 not verified",
        "pecverify: 2 messages: 2 VALID, 0 INDETERMINATE, 0 INVALID, 0 not verified",
    ]


def test_an_earlier_page_stays_where_the_extra_is_missing(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "pecverify.exchange.page", None)
    page = tmp_path / "page.html"
    page.write_text("before")
    status, _, err = run(capsys, put(tmp_path, ONE.acceptance()), "--format", "html", "-o", page)
    assert (status, "pecverify[html]" in err) == (ExitStatus.NOT_DONE, True)
    assert page.read_text() == "before"


def test_standard_input_closed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert run(capsys, put(tmp_path, ONE.refusal()))[0] == ExitStatus.VALID


def test_standard_input(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(ONE.refusal())))
    assert "NOT ACCEPTED" in run(capsys, "-")[1]


def test_the_output_may_not_be_a_source(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = put(tmp_path, ONE.refusal()) / "0.eml"
    status, _, _ = run(capsys, file, "-o", file)
    assert status == ExitStatus.NOT_DONE
    assert file.read_bytes() == ONE.refusal()


def test_receipts_inside_messages_count_with_nested(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    carrier = (
        b'From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
        + b"".join(
            b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + message + b"\r\n"
            for message in (ONE.acceptance(), ONE.delivery())
        )
        + b"--x--\r\n"
    )
    put(tmp_path, carrier)
    status, out, _ = run(capsys, tmp_path, "--nested")
    assert status == ExitStatus.VALID
    assert "DELIVERED TO EVERYONE" in out


# --- how it is written


def describe(*messages: bytes, coloured: bool = False, language: str = "en") -> str:
    style = Style(language="it" if language == "it" else "en", coloured=coloured)
    collected = reconcile_all([examine(message) for message in messages], now=LATER)
    return "\n".join(_exchange_text.describe_exchanges(collected, style))


def test_hostile_text_is_made_visible() -> None:
    letter = Letter(subject=HOSTILE)
    text = describe(letter.acceptance(), letter.delivery())
    assert r"a\u202eb<script>: DELIVERED" in text
    assert "\u202e" not in text


def test_colour_does_not_move_the_columns() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND))
    messages = (letter.acceptance(), letter.delivery(), letter.failure(SECOND))
    plain, coloured = describe(*messages), describe(*messages, coloured=True)
    assert "\x1b[1;32mdelivered    \x1b[0m" in coloured
    assert "\x1b[1;31mnot delivered\x1b[0m" in coloured
    for code in ("\x1b[1;32m", "\x1b[1;31m", "\x1b[1;33m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(code, "")
    assert coloured == plain


def test_no_subject_and_no_message_id() -> None:
    letter = Letter(subject="", message_id=None)
    text = describe(letter.acceptance(), letter.delivery())
    assert text.startswith("(no subject): ")
    assert "Message-ID" not in text


def test_long_lists_are_cut_with_their_number() -> None:
    letter = Letter(recipients=many(60))
    repeated = [b"From: <x@y.example>\r\n" + letter.delivery(letter.recipients[0], n * SECONDS) for n in range(25)]
    text = describe(letter.acceptance(), *repeated)
    assert text.count("outcome-missing") == 50
    assert "and 10 more" in text
    assert text.count("from-not-in-certificate") == 20
    assert "and 5 more" in text


def test_copies_of_a_file_that_does_not_count_are_counted() -> None:
    forged = ONE.delivery().replace(b"10:20:34", b"10:20:35")
    style = Style(language="en", coloured=False)
    items = [examine(forged, f"{letter}.eml") for letter in "abc"]
    text = "\n".join(_exchange_text.describe_exchanges(reconcile_all(items), style))
    assert "a.eml and 2 more copies: INVALID digest-mismatch" in text
    without = reconcile_all([examine(forged)[1]])
    assert "    ?: INVALID" in "\n".join(_exchange_text.describe_exchanges(without, style))


def test_an_anomaly_is_set_apart_by_its_kind(capsys: pytest.CaptureFixture[str]) -> None:
    (anomaly,) = (ROOT / "fixtures" / "vectors").glob("anomaly.eml")
    status, out, _ = run(capsys, anomaly)
    assert status == ExitStatus.VALID
    assert "VALID errore" in out


def test_every_recipient_served_and_still_a_contradiction() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND))
    changed = letter.delivery(SECOND, edit=replacing("15 giorni", "90 giorni"))
    text = describe(letter.acceptance(), letter.delivery(), changed)
    assert "the receipts do not suffice: the receipts contradict each other\n" in text


def test_a_report_without_signer_names_no_provider() -> None:
    style = Style(language="en", coloured=False)
    collected = reconcile_all([reports.report(reports.RECEIPTS[0]), reports.report(reports.delivery())])
    assert " by ?" in "\n".join(_exchange_text.describe_exchanges(collected, style))


def test_the_clock_is_the_real_one(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """The receipts are of 2024: nothing is pending."""
    assert ISSUED_AT < LATER
    assert "no evidence" in run(capsys, put(tmp_path, ONE.acceptance()))[1]
