from __future__ import annotations

import errno
import hashlib
import importlib
import io
import json
import os
import runpy
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import jsonschema
import pytest

from pecverify import (
    CertificateFacts,
    Delivery,
    DeliveryDelay,
    Finding,
    Limits,
    Policy,
    Reason,
    Receipt,
    ReceiptForm,
    Recipient,
    RecipientType,
    Recognition,
    Report,
    TrustStore,
    VirusDetected,
    __version__,
    verify_receipt,
)
from pecverify.archive import examine
from pecverify.cli import _demands, _extract, _facts, _messages, _show, main
from pecverify.cli._exit import ExitStatus
from pecverify.cli._messages import Language, Phrase
from pecverify.cli._parser import language_of
from pecverify.cli._text import Ink, Style, escape, shown, wants_colour
from tests import reports
from tests.reports import certified, delivery, finding, report, signer

if TYPE_CHECKING:
    pass

SHARED = Path(__file__).resolve().parents[2] / "shared"
ROOT = Path(__file__).resolve().parents[1]
ENGLISH = Style(language="en", coloured=False)
HOSTILE = "a\x1b[2J\x00\u202eb\u200f\u2066\u061c\u200bc\u2028\ud800\U000e0041\u3164\x9b"
VISIBLE = r"a\x1b[2J\x00\u202eb\u200f\u2066\u061c\u200bc\u2028\ud800\U000e0041\u3164\x9b"

VALID = report(delivery(), reports.WEAK, by=signer(), original=reports.ORIGINAL)
INVALID = report(None, reports.CHANGED, by=signer())
UNSURE = report(delivery(), reports.UNRECOGNISED, by=signer(recognition=Recognition.NONE), original=reports.ORIGINAL)


class Verifier:
    """Stands in for the library: the message's bytes are the key of its report."""

    def __init__(self) -> None:
        self.reports: dict[bytes, Report] = {b"valid": VALID, b"invalid": INVALID, b"unsure": UNSURE}
        self.nested: dict[bytes, tuple[Report, ...]] = {}
        self.calls: list[tuple[TrustStore, Policy]] = []

    def verify_receipt(self, message: bytes, *, trust: TrustStore, policy: Policy) -> Report:
        self.calls.append((trust, policy))
        return self.reports[message]

    def verify_nested(self, message: bytes, *, trust: TrustStore, policy: Policy) -> tuple[Report, ...]:
        self.calls.append((trust, policy))
        return self.nested.get(message, ())


@pytest.fixture(autouse=True)
def _plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG", "NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def verifier(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Verifier:
    stand_in = Verifier()
    for module in (examine, _show, _extract):
        monkeypatch.setattr(module, "verify_receipt", stand_in.verify_receipt)
    monkeypatch.setattr(examine, "verify_nested", stand_in.verify_nested)
    for key in stand_in.reports:
        (tmp_path / f"{key.decode()}.eml").write_bytes(key)
    return stand_in


def use(verifier: Verifier, answer: Report) -> str:
    """Name of a file for which the verifier gives this answer."""
    Path("given.eml").write_bytes(b"given")
    verifier.reports[b"given"] = answer
    return "given.eml"


def usage_error(capsys: pytest.CaptureFixture[str], *argv: str) -> str:
    with pytest.raises(SystemExit) as caught:
        main(argv)
    assert caught.value.code == ExitStatus.USAGE
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err


# --- text


def test_hostile_characters_are_made_visible() -> None:
    assert escape(HOSTILE) == VISIBLE


@pytest.mark.parametrize(
    "code", [*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x61C, 0x2028, 0x2029]
)
def test_bidirectional_and_separators_are_escaped(code: int) -> None:
    assert escape(chr(code)) == f"\\u{code:04x}"


@pytest.mark.parametrize("text", ["perché no? “sì”", r"C:\mail", "日本語", "", " "])
def test_ordinary_text_is_left_alone(text: str) -> None:
    assert escape(text) == text


def test_escaping_twice_is_escaping_once() -> None:
    assert escape(escape(HOSTILE)) == escape(HOSTILE)


def test_shown_text_is_bounded() -> None:
    assert shown("x" * 200) == "x" * 200
    assert shown("x" * 201) == "x" * 200 + "[...]"
    assert shown("\u202e" * 1_000_000, 2) == "\\u202e\\u202e[...]"


def test_phrases_escape_what_fills_them() -> None:
    assert ENGLISH.say(Phrase("<{a}>", "{a}"), a="\x1b{b}") == "<\\x1b{b}>"


def test_paint_paints_where_colour_is_wanted() -> None:
    assert Style(language="en", coloured=True).paint("x", Ink.BAD) == "\x1b[1;31mx\x1b[0m"
    assert ENGLISH.paint("x", Ink.BAD) == "x"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_colour_is_for_terminals(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not wants_colour()
    monkeypatch.setattr(sys, "stdout", Terminal())
    assert wants_colour()
    monkeypatch.setattr(sys, "stdout", None)
    assert not wants_colour()


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_colour_can_be_declined(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setattr(sys, "stdout", Terminal())
    monkeypatch.setenv(name, value)
    assert not wants_colour()


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "it_IT.UTF-8"}, "it"),
        ({"LANG": "IT"}, "it"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "it_CH", "LANG": "en_US"}, "it"),
        ({"LC_ALL": "C", "LC_MESSAGES": "it_IT", "LANG": "it_IT"}, "en"),
    ],
)
def test_language_comes_from_the_locale(environment: dict[str, str], language: Language) -> None:
    assert language_of(environment) == language


def test_every_phrase_has_the_same_blanks_in_both_languages() -> None:
    tables = [value for value in vars(_messages).values() if isinstance(value, Phrase | dict)]
    phrases = [phrase for table in tables for phrase in (table.values() if isinstance(table, dict) else [table])]
    phrases = [phrase for phrase in phrases if isinstance(phrase, Phrase)]
    assert len(phrases) > 100
    for phrase in phrases:
        blanks = [{part.split("}")[0] for part in text.split("{")[1:]} for text in phrase]
        assert blanks[0] == blanks[1], phrase


@pytest.mark.parametrize(
    "table",
    [
        _messages.VERDICTS,
        _messages.KINDS,
        _messages.RECOGNITIONS,
        _messages.SEVERITIES,
        _messages.CHECKS,
        _messages.OUTCOMES,
        _messages.BASES,
        _messages.STATEMENTS,
        _messages.CONTENTS,
        _messages.CAUSES,
    ],
)
def test_tables_cover_their_enumerations(table: dict[Any, Phrase]) -> None:
    enumeration: Any = type(next(iter(table)))
    assert list(table) == list(enumeration)


# --- arguments


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["--version"])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"pecverify {__version__}\n"


@pytest.mark.parametrize("command", [[], ["verify"], ["show"], ["extract"]])
def test_help_documents_the_exit_status(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*command, "--help"])
    assert caught.value.code == 0
    assert "exit status:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        ([], "required"),
        (["verify"], "required"),
        (["extract", "a.eml"], "required"),
        (["verify", "a.eml", "--at", "2018-11-13T16:39:26"], "no offset from UTC"),
        (["verify", "a.eml", "--at", "2018-11-13"], "no offset from UTC"),
        (["verify", "a.eml", "--at", "yesterday"], "not an ISO 8601"),
        (["verify", "a.eml", "--existed-at", "0001-01-01T00:00:00+14:00"], "not an ISO 8601"),
        (["verify", "a.eml", "--at", "2018-11-13T00:00Z", "--existed-at", "2018-11-13T00:00Z"], "not allowed with"),
        (["verify", "a.eml", "--at", "2018-11-13T00:00Z", "--policy", "strict"], "--at does not go with it"),
        (["show", "a.eml", "--lang", "de"], "invalid choice"),
        (["verify", "-", "a.eml", "-"], "can be read once"),
    ],
)
def test_misuse(capsys: pytest.CaptureFixture[str], argv: list[str], message: str) -> None:
    assert message in usage_error(capsys, *argv)


def test_misuse_repeats_no_control_characters(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\\x1b" in usage_error(capsys, "show", "a.eml", "\x1b[2J")


def test_module_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["-m", "--version"])
    monkeypatch.delitem(sys.modules, "pecverify.__main__", raising=False)
    with pytest.raises(SystemExit) as caught:
        runpy.run_module("pecverify", run_name="__main__")
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"pecverify {__version__}\n"


def test_importing_the_module_runs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["-m", "--version"])
    assert importlib.import_module("pecverify.__main__").main is main


@pytest.mark.parametrize("command", [["verify"], ["show"], ["extract", "-o", "out.eml"]])
def test_policy_has_the_clock_and_trust_is_the_built_in_one(verifier: Verifier, command: list[str]) -> None:
    before = datetime.now(UTC)
    assert main([*command, "valid.eml"]) == ExitStatus.VALID
    ((trust, policy),) = verifier.calls
    assert trust == TrustStore.default()
    assert policy.now is not None
    assert before <= policy.now <= datetime.now(UTC)
    assert policy == Policy(now=policy.now)


def test_instants_reach_the_policy(verifier: Verifier) -> None:
    instant = datetime(2018, 11, 13, 15, 39, 26, tzinfo=UTC)
    main(["verify", "valid.eml", "--at", "2018-11-13T16:39:26+01:00"])
    main(["verify", "valid.eml", "--existed-at", "2018-11-13T15:39:26Z"])
    (_, at), (_, existed_at) = verifier.calls
    assert (at.at, at.existed_at) == (instant, None)
    assert (existed_at.at, existed_at.existed_at) == (None, instant)


def test_policies(verifier: Verifier) -> None:
    main(["verify", "valid.eml", "--policy", "strict"])
    main(["verify", "valid.eml", "--policy", "strict", "--existed-at", "2018-11-13T15:39:26Z"])
    main(["verify", "valid.eml", "--policy", "archival", "--at", "2014-11-13T15:39:26Z"])
    strict, proven, archival = (policy for _, policy in verifier.calls)
    assert strict == Policy.strict(now=strict.now)
    assert proven == Policy.strict(existed_at=proven.existed_at, now=proven.now)
    assert proven.existed_at is not None
    assert archival == Policy.archival(at=archival.at, now=archival.now)
    assert archival.at is not None


def test_trust_adds_to_the_built_in_anchors(verifier: Verifier, tmp_path: Path) -> None:
    pem = _certificate()
    (tmp_path / "ca.pem").write_bytes(pem)
    main(["verify", "valid.eml", "--trust", "ca.pem", "--trust", "ca.pem"])
    ((trust, _),) = verifier.calls
    assert trust == TrustStore.default() | TrustStore.from_certificates(pem)


def _certificate() -> bytes:
    from cryptography import x509  # noqa: PLC0415 - the one test that needs it
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415
    from cryptography.hazmat.primitives.asymmetric import ec  # noqa: PLC0415

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Test CA")])
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key(), serial_number=1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    )
    return builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("command", [["verify"], ["show"], ["extract", "-o", "out.eml"]])
@pytest.mark.usefixtures("verifier")
def test_unusable_trust_stops_the_command(capsys: pytest.CaptureFixture[str], command: list[str]) -> None:
    Path("rubbish.pem").write_bytes(b"rubbish\x1b")
    assert main([*command, "valid.eml", "--trust", "rubbish.pem"]) == ExitStatus.NOT_DONE
    assert "rubbish.pem: cannot be trusted" in capsys.readouterr().err
    assert main([*command, "valid.eml", "--trust", "absent\x1b.pem"]) == ExitStatus.NOT_DONE
    captured = capsys.readouterr()
    assert captured.err == "pecverify: absent\\x1b.pem: cannot be read: No such file or directory\n"
    assert captured.out == ""


# --- verify


@pytest.mark.parametrize(
    ("files", "status"),
    [
        (["valid.eml"], ExitStatus.VALID),
        (["valid.eml", "valid.eml"], ExitStatus.VALID),
        (["invalid.eml"], ExitStatus.INVALID),
        (["unsure.eml"], ExitStatus.INDETERMINATE),
        (["unsure.eml", "invalid.eml", "valid.eml"], ExitStatus.INVALID),
        (["valid.eml", "unsure.eml"], ExitStatus.INDETERMINATE),
        (["absent.eml", "invalid.eml"], ExitStatus.NOT_DONE),
        (["valid.eml", "a\x00.eml"], ExitStatus.NOT_DONE),
    ],
)
@pytest.mark.parametrize("output_format", ["text", "json"])
@pytest.mark.usefixtures("verifier")
def test_verify_exit_status(files: list[str], status: ExitStatus, output_format: str) -> None:
    assert main(["verify", "--format", output_format, *files]) == status


@pytest.mark.usefixtures("verifier")
def test_verify_says_the_verdict_and_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "valid.eml"])
    output = capsys.readouterr().out.replace(", dario@mail.example (type unknown)\n", "\n")
    assert output.splitlines() == [
        "valid.eml: VALID",
        "  kind             delivery receipt (avvenuta-consegna)",
        "  issued at        2021-11-14 18:26:32+01:00",
        "  sender           anna@pec.example",
        "  recipients       bruno@pec.example (certified), carla@mail.example (ordinary mail)",
        "  about recipient  bruno@pec.example",
        "  subject          Diffida",
        "  PEC id           opec1.20211114182632.1.1@pec.example",
        "  Message-ID       client-1@mail.example",
        "  provider         Gestore / Gestore S.p.A.",
        "  recognition      issued by AgID's authority for PEC: AgID CA1, edition of 2019",
        "  warning digest-weak: The message digest is SHA-1: found sha1",
    ]


@pytest.mark.usefixtures("verifier")
def test_verify_speaks_italian(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "--lang", "it", "valid.eml", "invalid.eml"])
    output = capsys.readouterr().out
    assert "valid.eml: VALIDO\n" in output
    assert "invalid.eml: NON VALIDO\n" in output
    assert "  avviso digest-weak: Il digest del messaggio è SHA-1: trovato sha1\n" in output


@pytest.mark.usefixtures("verifier")
def test_verify_marks_what_is_not_verified(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "unsure.eml"])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["unsure.eml: INDETERMINATE", "  The message states (not verified):"]
    assert "  claimed provider  Gestore / Gestore S.p.A." in lines
    assert "  recognition       not recognised" in lines


@pytest.mark.usefixtures("verifier")
def test_verify_shows_nothing_of_a_message_whose_signature_fails(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "invalid.eml"])
    output = capsys.readouterr().out
    assert output.startswith("invalid.eml: INVALID\n  claimed provider")
    assert "not verified" not in output
    assert "  error digest-mismatch: " in output


def test_verify_without_a_signer_or_receipt(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", use(verifier, report(None, reports.NOT_PEC))])
    assert capsys.readouterr().out.splitlines()[1].startswith("  error not-pec: ")


@pytest.mark.usefixtures("verifier")
def test_verify_reports_unreadable_files_and_goes_on(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "absent\u202e.eml", "valid.eml"])
    captured = capsys.readouterr()
    assert captured.err == "pecverify: absent\\u202e.eml: cannot be read: No such file or directory\n"
    assert captured.out.startswith("valid.eml: VALID\n")


@pytest.mark.usefixtures("verifier")
def test_verify_colours_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    main(["verify", "valid.eml", "invalid.eml"])
    assert "\x1b[1mvalid.eml\x1b[0m: \x1b[1;32mVALID\x1b[0m\n" in terminal.getvalue()
    assert "\x1b[1;31merror\x1b[0m digest-mismatch" in terminal.getvalue()


@pytest.mark.usefixtures("verifier")
def test_verify_gives_json(capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", "--format", "json", "valid.eml", "absent.eml", "a\udcff.eml"])
    captured = capsys.readouterr()
    assert captured.out.isascii()
    valid, absent, odd = json.loads(captured.out)
    assert valid["origin"] == {
        "path": "valid.eml",
        "member": None,
        "offset": None,
        "sha256": hashlib.sha256(b"valid").hexdigest(),
    }
    assert (valid["report"], valid["unverified"]) == (VALID.to_dict(), None)
    for row, name in ((absent, "absent.eml"), (odd, "a\udcff.eml")):
        assert row["origin"] == {"path": name, "member": None, "offset": None, "sha256": None}
        assert row["report"] is None
        assert row["unverified"] == {"cause": "unreadable", "detail": "No such file or directory"}
    assert captured.err == ""


def test_verify_reads_standard_input(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"invalid")))
    assert main(["verify", "-"]) == ExitStatus.INVALID
    assert len(verifier.calls) == 1


@pytest.mark.usefixtures("verifier")
def test_verify_with_closed_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["verify", "-"]) == ExitStatus.NOT_DONE
    assert "-: cannot be read: standard input is closed" in capsys.readouterr().err


def test_show_with_closed_standard_input(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert main(["show", "-"]) == ExitStatus.NOT_DONE
    assert "-: cannot be read: standard input is closed" in capsys.readouterr().err


def test_reading_stops_after_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    limits = Limits(message_bytes=3)
    (tmp_path / "long.eml").write_bytes(b"123456")
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"123456")))
    assert _demands.read_message("long.eml", limits) == b"1234"
    assert _demands.read_message("-", limits) == b"1234"


def test_verify_nested_receipts(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    inner = report(delivery(), by=signer(), taken_from=(30, 40))
    verifier.nested[b"given"] = (inner,)
    carrier = use(verifier, report(None, reports.NESTED))
    assert main(["verify", carrier]) == ExitStatus.INVALID
    assert "given.eml (taken out" not in capsys.readouterr().out
    assert main(["verify", "--nested", carrier]) == ExitStatus.VALID
    assert "given.eml (taken out of bytes 30-40): VALID" in capsys.readouterr().out
    main(["verify", "--nested", "--format", "json", carrier])
    (row,) = json.loads(capsys.readouterr().out)
    assert (row["is_carrier"], row["report"]["taken_from"]) == (True, None)
    assert [nested["taken_from"] for nested in row["nested"]] == [[30, 40]]


@pytest.mark.parametrize(
    ("outer", "inner", "status"),
    [
        (report(None, reports.NESTED), (UNSURE,), ExitStatus.INDETERMINATE),
        (report(None, reports.NESTED), (VALID, INVALID), ExitStatus.INVALID),
        (report(None, reports.NOT_PEC), (), ExitStatus.INVALID),
        (INVALID, (VALID,), ExitStatus.INVALID),
        (UNSURE, (VALID,), ExitStatus.INDETERMINATE),
        (VALID, (INVALID,), ExitStatus.INVALID),
    ],
)
def test_only_a_mere_carrier_does_not_count(
    verifier: Verifier, outer: Report, inner: tuple[Report, ...], status: ExitStatus
) -> None:
    verifier.nested[b"given"] = inner
    assert main(["verify", "--nested", use(verifier, outer)]) == status


def test_verify_bounds_what_it_shows(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    crowd = tuple(Recipient(address=f"{n}@pec.example", type=RecipientType.CERTIFIED) for n in range(25))
    receipt = Delivery(
        **certified(subject="x" * 5_000, recipients=crowd),
        delivered_to=HOSTILE,
        form=None,
        carried_form=ReceiptForm.CONCISE,
    )
    main(["verify", use(verifier, report(receipt, *[reports.WEAK] * 60, by=signer()))])
    output = capsys.readouterr().out
    assert "19@pec.example (certified), and 5 more\n" in output
    assert f"  {'x' * 200}[...]\n" in output
    assert VISIBLE in output
    assert output.count("digest-weak") == 50
    assert output.endswith("  and 10 more\n")


@pytest.mark.parametrize("receipt", reports.RECEIPTS)
@pytest.mark.parametrize("language", get_args(Language))
def test_verify_shows_every_kind(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], receipt: Receipt, language: Language
) -> None:
    assert main(["verify", "--lang", language, use(verifier, report(receipt, by=signer()))]) == ExitStatus.VALID
    assert f"({receipt.kind.value})" in capsys.readouterr().out


def test_signer_without_a_name(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    main(["verify", use(verifier, report(delivery(), by=signer(None, None)))])
    assert "  provider         ?\n" in capsys.readouterr().out


# --- show


def show(verifier: Verifier, capsys: pytest.CaptureFixture[str], answer: Report, language: Language = "en") -> str:
    main(["show", "--lang", language, use(verifier, answer)])
    return capsys.readouterr().out


@pytest.mark.parametrize(
    ("answer", "status"),
    [(VALID, ExitStatus.VALID), (INVALID, ExitStatus.INVALID), (UNSURE, ExitStatus.INDETERMINATE)],
)
def test_show_exit_status(verifier: Verifier, answer: Report, status: ExitStatus) -> None:
    assert main(["show", use(verifier, answer)]) == status


@pytest.mark.usefixtures("verifier")
def test_show_of_an_absent_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", "--lang", "it", "absent.eml"]) == ExitStatus.NOT_DONE
    assert capsys.readouterr().err == "pecverify: absent.eml: non si può leggere: No such file or directory\n"


def test_show_states_in_plain_italian(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    output = show(verifier, capsys, VALID, "it")
    assert output.startswith("given.eml: VALIDO\n")
    assert (
        "  Il gestore Gestore certifica che il 14/11/2021 alle 18:26:32 (+0100) il messaggio “Diffida” di"
        " anna@pec.example è stato consegnato, cioè reso disponibile, nella casella bruno@pec.example.\n"
    ) in output
    assert "  La ricevuta contiene l'intero messaggio originale, quindi prova anche il contenuto.\n" in output
    assert "Ci sono avvisi" in output


ENGLISH_SENTENCES = [
    (
        "it accepted the message “Diffida” from anna@pec.example, addressed to bruno@pec.example (certified), ",
        "not its c",
    ),
    ("it refused the message “Diffida” from anna@pec.example", "it was not sent"),
    (
        "it took charge of the message “Diffida” from anna@pec.example, for bruno@pec.example.",
        "does not prove delivery",
    ),
    ("was delivered: made available in the mailbox bruno@pec.example.", "it proves the content too"),
    ("could not be delivered to bruno@pec.example.", "What went wrong"),
    (
        "to bruno@pec.example had not been delivered within the time allowed.",
        "notice of 12 hours",
    ),
    (
        "it found a virus in the message “Diffida” from anna@pec.example, addressed to bruno@pec.example.",
        "notice between",
    ),
    ("it accepted the message “Diffida” from the mailbox anna@pec.example", "does not certify which person"),
    ("It certifies nothing: the provider Gestore handed over mail that is not certified", "in an envelope"),
]


@pytest.mark.parametrize(("receipt", "sentences"), list(zip(reports.RECEIPTS, ENGLISH_SENTENCES, strict=True)))
def test_show_states_what_each_kind_proves(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], receipt: Receipt, sentences: tuple[str, str]
) -> None:
    output = show(verifier, capsys, report(receipt, by=signer()))
    for sentence in sentences:
        assert sentence in output


@pytest.mark.parametrize("receipt", reports.RECEIPTS)
def test_show_speaks_italian_of_every_kind(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], receipt: Receipt
) -> None:
    output = show(verifier, capsys, report(receipt, by=signer()), "it")
    assert "Che cosa certifica" in output
    assert "certifies" not in output


@pytest.mark.parametrize("receipt", reports.RECEIPTS)
@pytest.mark.parametrize("problem", [reports.CHANGED, reports.UNRECOGNISED])
def test_show_certifies_nothing_unless_valid(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], receipt: Receipt, problem: Finding
) -> None:
    output = show(verifier, capsys, report(receipt, problem, by=signer()))
    assert output.startswith(("INVALID: do not rely on this message.", "INDETERMINATE: not a pass."))
    assert "The message states (not verified):" in output
    for word in ("certifies that", "proves", "was delivered", "What it certifies", "what to do"):
        assert word not in output.replace("Nothing outside of the file proves that it existed then", "")


def test_show_of_an_invalid_message_says_so_first(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    lines = show(verifier, capsys, INVALID).splitlines()
    assert lines[0].startswith("INVALID: do not rely on this message.")
    assert lines[1] == "given.eml"
    assert lines[2].startswith("  error digest-mismatch: ")
    assert "Nothing that the message says has been verified, and nothing of it is shown." in lines
    assert "   3. Digest of the signed part: FAILED" in lines
    assert "  claimed provider  Gestore / Gestore S.p.A." in lines


def test_show_in_colour(verifier: Verifier, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    main(["show", use(verifier, INVALID)])
    assert terminal.getvalue().startswith("\x1b[1;31mINVALID: do not rely")


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        (ReceiptForm.COMPLETE, "it proves the content too"),
        (ReceiptForm.BRIEF, "only together with the untouched originals"),
        (ReceiptForm.CONCISE, "does not prove the content"),
    ],
)
def test_show_says_whether_the_content_is_proved(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], form: ReceiptForm, sentence: str
) -> None:
    assert sentence in show(verifier, capsys, report(delivery(form), by=signer()))


@pytest.mark.parametrize(
    ("reason", "doubtful"),
    [
        (Reason.ORIGINAL_SUBJECT_MISMATCH, True),
        (Reason.BRIEF_PART_NOT_HASHED, True),
        (Reason.ORIGINAL_TRANSFER_ENCODED, False),
        (Reason.DIGEST_WEAK, False),
    ],
)
@pytest.mark.parametrize("receipt", [delivery(), delivery(ReceiptForm.BRIEF), reports.RECEIPTS[7]])
def test_show_claims_no_content_that_is_in_doubt(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], receipt: Receipt, reason: Reason, *, doubtful: bool
) -> None:
    output = show(verifier, capsys, report(receipt, finding(reason), by=signer()))
    assert ("does not agree with the certified data" in output) is doubtful
    assert (
        "content too" in output or "untouched originals" in output or "as it was accepted" in output
    ) is not doubtful


def test_show_of_a_concise_receipt_without_the_original(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    missing = report(delivery(ReceiptForm.CONCISE), finding(Reason.ORIGINAL_MISSING), by=signer())
    assert "does not prove the content" in show(verifier, capsys, missing)


def test_show_gives_cause_and_advice(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    output = show(verifier, capsys, report(reports.RECEIPTS[4], by=signer()))
    assert "  cause          The recipient's mailbox is full.\n" in output
    assert "  code           5.2.2\n" in output
    assert "  reported by    Altro Gestore\n" in output
    assert "  stated reason  casella piena\n" in output
    assert f"  what to do     {reports.FULL.advice()}\n" in output


def test_show_of_a_final_delay_notice(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    final = DeliveryDelay(**certified(problem=reports.FULL), delivered_to="b@pec.example", form=None)
    assert "This is the final notice" in show(verifier, capsys, report(final, by=signer()))


@pytest.mark.parametrize(
    ("delivered_to", "taken_for", "named"),
    [
        ("x@pec.example", ("y@pec.example",), "addressed to x@pec.example."),
        (None, ("y@pec.example", "z@pec.example"), "addressed to y@pec.example, z@pec.example."),
        (None, (), "addressed to bruno@pec.example (certified), carla"),
    ],
)
def test_show_names_whom_a_virus_notice_concerns(
    verifier: Verifier,
    capsys: pytest.CaptureFixture[str],
    delivered_to: str | None,
    taken_for: tuple[str, ...],
    named: str,
) -> None:
    receipt = VirusDetected(**certified(), delivered_to=delivered_to, taken_for=taken_for)
    assert named in show(verifier, capsys, report(receipt, by=signer()))


@pytest.mark.parametrize(
    ("name", "organization", "provider"),
    [
        (None, "Gestore S.p.A.", "The provider Gestore S.p.A. certifies"),
        (None, None, "The provider that signed certifies"),
    ],
)
def test_show_names_the_provider_as_well_as_it_can(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], name: str | None, organization: str | None, provider: str
) -> None:
    assert provider in show(verifier, capsys, report(delivery(), by=signer(name, organization)))


def test_show_without_signer_subject_or_times(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = Delivery(
        **certified(subject=None), delivered_to="b@pec.example", form=None, carried_form=ReceiptForm.CONCISE
    )
    output = show(verifier, capsys, report(receipt, times=reports.NO_TIMES))
    assert "The provider that signed certifies that on 2021-11-14 at 18:26:32 (+0100) the message from anna" in output
    assert "No signer's certificate was found." in output
    assert "  validated at            none\n" in output
    assert "The certificate was judged" not in output
    assert "Original message" not in output


def test_show_explains_path_times_and_original(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    output = show(verifier, capsys, VALID)
    assert "   1. CN=Gestore,C=IT\n" in output
    assert "   2. CN=AgID CA1,C=IT\n" in output
    assert f"      valid from 2020-01-01 00:00:00+00:00 to 2023-01-01 00:00:00+00:00; SHA-256 {'ab' * 32}\n" in output
    assert "  signing time            2021-11-14 17:26:32+00:00\n" in output
    assert "  Date header (unsigned)  none\n" in output
    assert "Nothing outside of the file proves that it existed then." in output
    assert f"postacert.eml, {len(reports.ORIGINAL)} bytes, lies in bytes 100-{100 + len(reports.ORIGINAL)}" in output
    assert "   5. Algorithms: passed\n        warning digest-weak: " in output


@pytest.mark.parametrize(
    ("certificate", "sentence"),
    [(reports.CERTIFICATE, "is outside its validity today"), (reports.ANCHOR, "is within its validity today")],
)
def test_show_tells_whether_the_certificate_is_valid_now(
    verifier: Verifier, capsys: pytest.CaptureFixture[str], certificate: CertificateFacts, sentence: str
) -> None:
    assert sentence in show(verifier, capsys, report(delivery(), by=signer(certificate=certificate)))


# --- extract


def test_extract_writes_the_original_byte_for_byte(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "valid.eml", "-o", "out.eml"]) == ExitStatus.VALID
    assert Path("out.eml").read_bytes() == reports.ORIGINAL
    assert capsys.readouterr() == ("", "")
    assert len(verifier.calls) == 1


@pytest.mark.usefixtures("verifier")
def test_extract_to_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    assert main(["extract", "valid.eml", "-o", "-"]) == ExitStatus.VALID
    assert capfdbinary.readouterr() == (reports.ORIGINAL, b"")


@pytest.mark.usefixtures("verifier")
def test_extract_does_not_overwrite_unless_forced(capsys: pytest.CaptureFixture[str]) -> None:
    Path("out.eml").write_bytes(b"precious")
    assert main(["extract", "valid.eml", "-o", "out.eml"]) == ExitStatus.NOT_DONE
    assert Path("out.eml").read_bytes() == b"precious"
    assert capsys.readouterr() == ("", "pecverify: out.eml: exists already; use --force to overwrite it\n")
    assert main(["extract", "valid.eml", "-o", "out.eml", "--force"]) == ExitStatus.VALID
    assert Path("out.eml").read_bytes() == reports.ORIGINAL


@pytest.mark.parametrize(
    ("file", "status", "word"),
    [("invalid.eml", ExitStatus.INVALID, "INVALID"), ("unsure.eml", ExitStatus.INDETERMINATE, "INDETERMINATE")],
)
@pytest.mark.usefixtures("verifier")
def test_extract_writes_nothing_unless_valid(
    capsys: pytest.CaptureFixture[str], file: str, status: ExitStatus, word: str
) -> None:
    assert main(["extract", file, "-o", "out.eml"]) == status
    assert not Path("out.eml").exists()
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"pecverify: {file}: nothing written\n{word}: ")


@pytest.mark.usefixtures("verifier")
def test_extract_even_if_not_valid(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "unsure.eml", "-o", "out.eml", "--even-if-not-valid"]) == ExitStatus.INDETERMINATE
    assert Path("out.eml").read_bytes() == reports.ORIGINAL
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "was written although the verdict is not valid" in captured.err


@pytest.mark.usefixtures("verifier")
def test_extract_needs_a_signature_that_holds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", "invalid.eml", "-o", "out.eml", "--even-if-not-valid"]) == ExitStatus.NOT_DONE
    assert not Path("out.eml").exists()
    assert "no original message under a signature that holds" in capsys.readouterr().err


def test_extract_without_an_original(verifier: Verifier, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["extract", use(verifier, report(delivery())), "-o", "out.eml"]) == ExitStatus.NOT_DONE
    assert capsys.readouterr().err == "pecverify: given.eml: carries no original message\n"


@pytest.mark.parametrize("output", [".", "absent/out.eml", "a\x00b"])
@pytest.mark.usefixtures("verifier")
def test_extract_to_where_it_cannot_write(capsys: pytest.CaptureFixture[str], output: str) -> None:
    assert main(["extract", "valid.eml", "--force", "-o", output]) == ExitStatus.NOT_DONE
    assert "cannot be written" in capsys.readouterr().err


# --- how it ends


def test_interruption(verifier: Verifier, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def interrupt(*_: object, **__: object) -> Report:
        raise KeyboardInterrupt

    monkeypatch.setattr(_show, "verify_receipt", interrupt)
    assert main(["show", use(verifier, VALID)]) == ExitStatus.INTERRUPTED
    assert capsys.readouterr() == ("", "")


@pytest.mark.usefixtures("verifier")
def test_closed_pipe(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as broken:
        monkeypatch.setattr(sys, "stdout", broken)
        assert main(["verify", "valid.eml"]) == ExitStatus.NOT_DONE
    monkeypatch.undo()
    assert capsys.readouterr().err == ""


@pytest.mark.usefixtures("verifier")
def test_full_disk(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    class Full(io.TextIOWrapper):
        def write(self, text: str) -> int:
            raise OSError(errno.ENOSPC, "No space left on device\x1b", text)

    with Full((tmp_path / "full").open("wb")) as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["verify", "valid.eml"]) == ExitStatus.NOT_DONE
    assert capsys.readouterr().err == "pecverify: standard output: No space left on device\\x1b\n"


@pytest.mark.usefixtures("verifier")
def test_closed_standard_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["verify", "invalid.eml"]) == ExitStatus.INVALID


@pytest.mark.usefixtures("verifier")
def test_extract_to_closed_standard_output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "stdout", None)
    assert main(["extract", "valid.eml", "-o", "-"]) == ExitStatus.NOT_DONE
    assert capsys.readouterr().err == "pecverify: -: cannot be written: standard output is closed\n"


@pytest.mark.usefixtures("verifier")
def test_closed_pipe_of_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(text)

    monkeypatch.setattr(sys, "stdout", None)
    monkeypatch.setattr(sys, "stderr", Broken())
    assert main(["show", "absent.eml"]) == ExitStatus.NOT_DONE


@pytest.mark.usefixtures("verifier")
def test_terminal_without_unicode(monkeypatch: pytest.MonkeyPatch) -> None:
    ascii_bytes = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(ascii_bytes, encoding="ascii"))
    assert main(["show", "--lang", "it", "valid.eml"]) == ExitStatus.VALID
    assert rb"\u201cDiffida\u201d" in ascii_bytes.getvalue()


# --- with the library


def run_on_real(name: str, *argv: str) -> tuple[int, Path]:
    path = SHARED / "real" / name
    if not path.exists():
        pytest.skip("the shared folder with real messages is not beside the repository")
    return main([*argv, str(path)]), path


def test_real_acceptance(capsys: pytest.CaptureFixture[str]) -> None:
    status, _ = run_on_real("aruba-2018-accettazione.eml", "show", "--lang", "it")
    output = capsys.readouterr().out
    assert status == ExitStatus.VALID
    assert "Il gestore Aruba certifica che il 13/11/2018 alle 16:39:26 (+0100) ha accettato il messaggio" in output
    assert "non il contenuto del messaggio, né la consegna" in output


def test_real_json_fits_the_schema(capsys: pytest.CaptureFixture[str]) -> None:
    run_on_real("sogei-2018-busta.eml", "verify", "--format", "json")
    ((answer),) = json.loads(capsys.readouterr().out)
    schema = json.loads((ROOT / "pecverify/data/report.schema.json").read_bytes())
    jsonschema.Draft202012Validator(schema).validate(answer["report"])
    assert answer["report"]["kind"] == "transport_envelope"


def test_real_original_is_extracted(tmp_path: Path) -> None:
    status, path = run_on_real("sogei-2018-busta.eml", "extract", "-o", str(tmp_path / "out.eml"))
    message = path.read_bytes()
    span = verify_receipt(message).original_span
    assert span is not None
    assert (tmp_path / "out.eml").read_bytes() == message[slice(*span)]
    assert status == ExitStatus.VALID


def test_real_old_receipt_needs_the_archival_policy() -> None:
    assert run_on_real("aruba-2014-consegna.eml", "verify")[0] == ExitStatus.INDETERMINATE
    assert run_on_real("aruba-2014-consegna.eml", "verify", "--policy", "archival")[0] == ExitStatus.VALID


def test_rubbish_is_invalid(tmp_path: Path) -> None:
    (tmp_path / "rubbish.eml").write_bytes(b"\xff\x00rubbish")
    assert main(["verify", "--nested", "rubbish.eml"]) == ExitStatus.INVALID
    assert main(["show", "rubbish.eml"]) == ExitStatus.INVALID
    assert main(["extract", "rubbish.eml", "-o", "out.eml"]) == ExitStatus.INVALID


def test_instants_are_shown_to_the_second() -> None:
    instant = reports.ISSUED_AT + timedelta(microseconds=5)
    assert _facts.format_instant(instant) == "2021-11-14 18:26:32+01:00"
