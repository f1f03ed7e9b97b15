"""`pecverify trust`, and what the other commands take from lists, directories, CRLs and the trust folder."""

from __future__ import annotations

import builtins
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from pecverify.cli import main
from pecverify.trust import ProviderDirectory, TrustedList
from pecverify.trust.folder import TrustFolder
from tests.crls import crl, entry, ocsp_response, serial_of
from tests.directories import directory_signer, ldif, signed
from tests.lists import Service, Signing, list_signer, make_list, sign_list
from tests.messages import Message
from tests.pki import authority, provider
from tests.test_refresh import LATE, SIGNER, italian, list_of_lists


@pytest.fixture(autouse=True)
def in_a_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PECVERIFY_TRUST_FOLDER", str(tmp_path / "trust"))
    for name, data in {
        "lotl.xml": list_of_lists(next_update=LATE),
        "list.xml": italian(next_update=LATE),
        "old.xml": italian(sequence=4),
        "lotl-signer.der": list_signer(),
        "list-signer.der": SIGNER,
        "directory.p7m": signed(ldif()),
        "directory-signer.der": directory_signer().certificate,
        "ca.der": authority(),
        "good.crl": crl(),
        "revoked.crl": crl(entry(serial_of(provider("a").certificate))),
        "good.ocsp": ocsp_response(),
        "receipt.eml": Message().build(),
        "rubbish": b"rubbish\x1b[2J",
    }.items():
        (tmp_path / name).write_bytes(data)


def run(*arguments: str) -> int:
    return main([*arguments, "--lang", "en"])


# --- import and show


def test_import_then_verify(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "receipt.eml") == 3
    assert run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der") == 0
    assert run("trust", "import", "list.xml", "good.crl", "ca.der") == 4  # the CRL's authority comes after it
    printed = capsys.readouterr()
    assert printed.out.count("verified and kept") == 3
    assert "good.crl: cannot be trusted: CRL 7" in printed.err
    assert run("trust", "import", "good.crl") == 0
    assert run("verify", "receipt.eml", "--require-revocation") == 0
    assert "a qualified service of the Italian trusted list: trusted list IT, sequence 5" in capsys.readouterr().out
    assert run("verify", "receipt.eml", "--no-trust-folder") == 3
    assert run("verify", "receipt.eml", "--trust-folder", "elsewhere") == 3


def test_show_what_is_built_in(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trust", "show") == 0
    printed = capsys.readouterr().out
    assert "  AgID CA1, RSA 2048\n    2017-10-12 - 2027-10-12  SHA-256 d070bf01" in printed
    assert "  DigitPA CA1, RSA 2048\n    2011-01-14 - 2018-01-14  SHA-256 d75420b7" in printed
    assert "nothing in it yet" in printed


def test_show_a_full_folder(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der")
    run("trust", "import", "ca.der", "list.xml", "good.crl")
    run("trust", "import", "directory.p7m", "--signers", "directory-signer.der")
    capsys.readouterr()
    assert run("trust", "show") == 0
    printed = capsys.readouterr().out
    for expected in (
        f"Trust folder {tmp_path / 'trust'}",
        "  EU list of lists\n    sequence          9\n",
        "  Italian trusted list\n    sequence          5\n",
        "    issued            2024-03-01 12:00:00+00:00\n    next update       2999-01-01 00:00:00+00:00\n",
        "    signed by         CN=Elenco,",
        "    Gestore A S.p.A.: PEC di prova\n      EDS/REM/Q granted 2024-02-01 00:00:00+00:00\n      SHA-256 ",
        "  Providers' directory\n    entries         3\n    signed by       CN=",
        "  Trusted certificate CN=Test PEC CA1",
        "  CRL 7 of 2024-03-01T00:00:00+00:00 (SHA-256 ",
    ):
        assert expected in printed
    assert "OVERDUE" not in printed


def test_show_what_is_overdue_unsigned_or_closed(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    run("trust", "import", "old.xml", "--signers", "list-signer.der")
    folder = TrustFolder.load(tmp_path / "trust").with_directory(ProviderDirectory.parse_unsafe(ldif()))
    folder.save(tmp_path / "trust")
    capsys.readouterr()
    run("trust", "show")
    printed = capsys.readouterr().out
    assert "signed at         2024-03-01 13:00:00+00:00" in printed
    assert "next update       2024-09-01 12:00:00+00:00 (OVERDUE)" in printed
    assert "  Providers' directory\n    entries         3\n    file's SHA-256  " in printed
    TrustFolder(trusted_list=TrustedList.parse_unsafe(make_list())).save(tmp_path / "trust")
    run("trust", "show")
    assert "signed" not in capsys.readouterr().out
    closed = make_list(Service(), sequence=6, next_update=None)
    Path("closed.xml").write_bytes(sign_list(closed, Signing(key_name="stranger", certificate=SIGNER)))
    run("trust", "import", "closed.xml", "--signers", "list-signer.der")
    capsys.readouterr()
    run("trust", "show")
    assert "next update       none: the list is closed" in capsys.readouterr().out


def test_show_in_italian(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trust", "show", "--lang", "it"]) == 0
    assert "Ancore incorporate" in capsys.readouterr().out


@pytest.mark.parametrize("action", [["show"], ["import", "ca.der"], ["check", "list.xml"], ["update"]])
def test_a_folder_that_cannot_be_read(action: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "trust").mkdir()
    (tmp_path / "trust" / "trust.json").write_text("rubbish")
    assert run("trust", *action) == 4
    assert "trust.json cannot be read" in capsys.readouterr().err
    assert run("verify", "receipt.eml") == 4


@pytest.mark.parametrize(
    "arguments", [["verify", "receipt.eml"], ["trust", "show"], ["trust", "import", "good.crl"]], ids=" ".join
)
def test_bug_a_folder_whose_certificates_cannot_be_read(
    arguments: list[str], capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    TrustFolder(certificates=(b"rubbish",)).save(tmp_path / "trust")
    assert run(*arguments) == 4
    assert "trust.json cannot be read: CertificateError" in capsys.readouterr().err


def test_a_folder_that_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trust", "import", "ca.der", "--trust-folder", "rubbish/x") == 4
    printed = capsys.readouterr().err
    assert "rubbish/x" in printed
    assert "\x1b" not in printed


def test_a_folder_that_cannot_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    Path("dangling").symlink_to("absent/folder")
    assert run("trust", "import", "ca.der", "--trust-folder", "dangling") == 4
    assert "dangling: cannot be written: File exists" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["import", "rubbish"], "rubbish: cannot be trusted: neither a signed list"),
        (["import", "absent"], "absent: cannot be read: No such file"),
        (["import", "list.xml"], "who signs Italy's list is not known"),
        (["import", "list.xml", "--signers", "rubbish"], "list.xml: cannot be trusted: not a certificate"),
        (["import", "list.xml", "--signers", "absent"], "absent: cannot be read"),
        (["check", "absent"], "absent: cannot be read"),
        (["check", "list.xml", "--list-of-lists", "absent"], "absent: cannot be read"),
        (["check", "list.xml", "--list-of-lists", "lotl.xml"], "lotl.xml: cannot be trusted: the list of lists is not"),
        (
            ["check", "list.xml", "--list-of-lists", "list.xml", "--signers", "list-signer.der"],
            "list.xml: cannot be trusted: not a list of lists",
        ),
    ],
)
def test_what_cannot_be_done(arguments: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trust", *arguments) == 4
    assert why in capsys.readouterr().err


# --- check


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["list.xml", "--signers", "list-signer.der"], "Italian trusted list"),
        (["lotl.xml", "--signers", "lotl-signer.der"], "EU list of lists"),
        (["list.xml", "--list-of-lists", "lotl.xml", "--signers", "lotl-signer.der"], "Italian trusted list"),
        (["old.xml", "--signers", "list-signer.der"], "OVERDUE"),
    ],
)
def test_check(arguments: list[str], expected: str, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert run("trust", "check", *arguments) == 0
    printed = capsys.readouterr().out
    assert f"{arguments[0]}: verified" in printed
    assert expected in printed
    assert not (tmp_path / "trust").exists()


def test_check_by_the_folder(capsys: pytest.CaptureFixture[str]) -> None:
    run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der")
    run("trust", "import", "list.xml")
    assert run("trust", "check", "old.xml") == 0  # an old list is verified like any other: nothing is replaced
    assert "sequence          4" in capsys.readouterr().out


def test_check_refuses(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("trust", "check", "list.xml", "--signers", "lotl-signer.der") == 1
    assert "list.xml: refused: the list is not signed by a pinned certificate" in capsys.readouterr().out
    assert run("trust", "check", "rubbish", "--signers", "lotl-signer.der") == 1
    assert run("trust", "check", "list.xml") == 1


# --- update


def test_update_without_its_extra(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delitem(sys.modules, "pecverify.trust.download", raising=False)
    real = builtins.__import__

    def without_urllib3(name: str, *rest: object) -> object:
        if name == "urllib3":
            raise ImportError(name)
        return real(name, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", without_urllib3)
    assert run("trust", "update") == 4
    assert "pip install 'pecverify[update]'" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "3601", "x"])
def test_timeouts(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("trust", "update", "--timeout", seconds)
    assert stopped.value.code == 2
    assert "not a number of seconds" in capsys.readouterr().err


def test_update_asks_the_published_addresses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def download(url: str, **_: object) -> bytes:
        asked.append(url)
        return b"<x/>"

    monkeypatch.setattr("pecverify.trust.download.download", download)
    assert run("trust", "update") == 4
    assert asked == ["https://ec.europa.eu/tools/lotl/eu-lotl.xml", "https://ca1.agid.gov.it/CRL"]
    assert capsys.readouterr().out.count("refused") == 3


# --- what the other commands take


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ([], 3),
        (["--trust", "ca.der"], 0),
        (["--trusted-list", "list.xml", "--signers", "list-signer.der"], 0),
        (["--directory", "directory.p7m", "--signers", "directory-signer.der"], 0),
        (["--trust", "ca.der", "--require-revocation"], 3),
        (["--trust", "ca.der", "--require-revocation", "--crl", "good.crl"], 0),
        (["--trust", "ca.der", "--require-revocation", "--ocsp", "good.ocsp"], 0),
        (["--trust", "ca.der", "--crl", "revoked.crl"], 1),
        (["--trust", "ca.der", "--policy", "strict", "--existed-at", "2024-03-15T12:00:00Z", "--crl", "good.crl"], 0),
    ],
)
def test_sources_on_the_command_line(options: list[str], status: int) -> None:
    assert run("verify", "receipt.eml", *options) == status


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (["--trusted-list", "list.xml"], "who signs Italy's list is not known"),
        (["--trusted-list", "absent", "--signers", "list-signer.der"], "absent: cannot be read"),
        (["--trusted-list", "rubbish", "--signers", "list-signer.der"], "rubbish: cannot be trusted"),
        (["--directory", "directory.p7m"], "directory.p7m: cannot be trusted: no signer given"),
        (["--signers", "absent"], "absent: cannot be read"),
        (["--crl", "absent"], "absent: cannot be read"),
        (["--ocsp", "absent"], "absent: cannot be read"),
    ],
)
def test_sources_that_cannot_be_used(options: list[str], why: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("verify", "receipt.eml", *options) == 4
    assert why in capsys.readouterr().err


def test_a_list_is_verified_by_the_folders_list_of_lists() -> None:
    run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der")
    assert run("verify", "receipt.eml", "--trusted-list", "list.xml") == 0


def test_bug_without_a_trust_folder_nothing_in_it_says_who_signs(capsys: pytest.CaptureFixture[str]) -> None:
    run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der")
    assert run("verify", "receipt.eml", "--trusted-list", "list.xml", "--no-trust-folder") == 4
    assert "who signs Italy's list is not known" in capsys.readouterr().err


def test_the_trust_folder_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    run("trust", "import", "lotl.xml", "--signers", "lotl-signer.der")
    read: list[Path] = []
    load = TrustFolder.load

    def counting(folder: Path) -> TrustFolder:
        read.append(folder)
        return load(folder)

    monkeypatch.setattr(TrustFolder, "load", counting)
    assert run("verify", "receipt.eml", "--trusted-list", "list.xml") == 0
    assert len(read) == 1


def test_show_tells_what_the_sources_say(capsys: pytest.CaptureFixture[str]) -> None:
    assert (
        run(
            "show",
            "receipt.eml",
            "--trust",
            "ca.der",
            "--directory",
            "directory.p7m",
            "--signers",
            "directory-signer.der",
        )
        == 0
    )
    printed = capsys.readouterr().out
    assert "its certificate is in the providers' directory: providers' directory, Gestore A S.p.A. (SHA-256" in printed
    assert "Test PEC CA1, edition of 2020-01-01" in printed
    assert datetime(2024, 3, 15, tzinfo=UTC).date().isoformat() in printed
