"""The command line over the vectors: status, JSON and text follow the verdict; nothing raw is printed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from fixtures.catalogue.broken_mime import forwarded
from pecverify.cli import main
from pecverify.data import read_data
from tests.oracle import FIXTURES, VECTORS

TRUST = ["--trust", str(FIXTURES / "trust" / "test-ca.pem")]
STATUS = {"valid": 0, "invalid": 1, "indeterminate": 3}


def path(name: str) -> str:
    (found,) = (str(file.with_suffix(".eml")) for file in VECTORS if file.stem == name)
    return found


def options(vector: dict[str, Any]) -> list[str]:
    policy = vector["policy"]
    chosen = ["--policy", policy["name"]]
    if vector["trust"] != "none":
        chosen += ["--trust", str(FIXTURES / "trust" / f"{vector['trust']}.pem")]
    for name in ("at", "existed_at"):
        if name in policy:
            chosen += [f"--{name.replace('_', '-')}", policy[name]]
    sources = vector["sources"] or {}
    for name, signer in (("trusted_list", "list-signer.pem"), ("directory", "directory-signer.pem")):
        if sources.get(name):
            chosen += [f"--{name.replace('_', '-')}", str(FIXTURES / "trust" / sources[name])]
            chosen += ["--signers", str(FIXTURES / "trust" / signer)]
    for name in sources.get("crls", ()):
        chosen += ["--crl", str(FIXTURES / "trust" / name)]
    return [*chosen, "--require-revocation"] if sources.get("require_revocation") else chosen


@pytest.mark.parametrize("description", VECTORS, ids=lambda file: file.stem)
def test_status_and_json(description: Path, capsys: pytest.CaptureFixture[str]) -> None:
    vector = json.loads(description.read_text("utf-8"))
    if "now" in vector["policy"] and vector["policy"]["name"] == "default":
        pytest.skip("the command line uses the real clock")
    status = main(["verify", "--format", "json", *options(vector), path(description.stem)])
    (answer,) = json.loads(capsys.readouterr().out)
    jsonschema.validate(answer["report"], read_data("report.schema.json"))
    assert answer["report"]["verdict"] == vector["expected"]["verdict"]
    assert status == STATUS[vector["expected"]["verdict"]]


@pytest.mark.parametrize("language", ["en", "it"])
@pytest.mark.parametrize("command", ["verify", "show"])
def test_every_vector_is_printed_without_control_characters(
    command: str, language: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for description in VECTORS:
        main([command, "--lang", language, *TRUST, path(description.stem)])
        printed = capsys.readouterr()
        assert printed.out
        assert printed.err == ""
        assert all(character.isprintable() for line in printed.out.splitlines() for character in line)


def test_the_worst_of_several_decides(capsys: pytest.CaptureFixture[str]) -> None:
    valid, invalid, unknown = (path(name) for name in ("acceptance", "t001-text-changed", "t030-self-signed"))
    for files, status in (
        ([valid, valid], 0),
        ([valid, unknown], 3),
        ([unknown, invalid, valid], 1),
        ([invalid, "/nessun/file.eml"], 4),
    ):
        assert main(["verify", *TRUST, *files]) == status
    assert "file.eml" in capsys.readouterr().err


def test_nested(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "inoltro.eml"
    receipt = Path(path("acceptance")).read_bytes()
    file.write_bytes(forwarded(receipt))
    assert main(["verify", *TRUST, str(file)]) == 1
    assert "nested-receipt" in capsys.readouterr().out
    assert main(["verify", "--nested", *TRUST, str(file)]) == 0
    start = forwarded(receipt).index(receipt)
    assert f"{start}-{start + len(receipt)}" in capsys.readouterr().out


def test_extract(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "postacert.eml"
    assert main(["extract", *TRUST, path("delivery-complete"), "-o", str(output)]) == 0
    data = Path(path("delivery-complete")).read_bytes()
    assert output.read_bytes() in data
    assert output.read_bytes().startswith(b"Received: from client.example")
    assert main(["extract", *TRUST, path("delivery-complete"), "-o", str(output)]) == 4
    assert main(["extract", *TRUST, path("delivery-concise"), "-o", str(tmp_path / "x")]) == 4
    assert main(["extract", path("delivery-complete"), "-o", str(tmp_path / "x")]) == 3
    assert not (tmp_path / "x").exists()
    capsys.readouterr()


def run(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "pecverify", *arguments],
        input=data,
        capture_output=True,
        check=False,
        cwd=FIXTURES.parent,
        env={**os.environ, "LC_ALL": "it_IT.UTF-8", "PYTHONIOENCODING": "ascii"},
    )


def test_a_real_process_with_standard_input_and_output() -> None:
    data = Path(path("delivery-complete")).read_bytes()
    verified = run("verify", *TRUST, "-", data=data)
    assert verified.returncode == 0
    assert b"VALIDO" in verified.stdout
    assert verified.stderr == b""
    extracted = run("extract", *TRUST, "-", "-o", "-", data=data)
    assert extracted.returncode == 0
    assert extracted.stdout in data
    assert extracted.stdout


def test_usage_errors_are_2() -> None:
    for arguments in (["verify"], ["verify", "--at", "2024-01-01", path("acceptance")], ["boh"], []):
        assert run(*arguments).returncode == 2
