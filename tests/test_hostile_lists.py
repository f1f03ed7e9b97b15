"""Every list, directory and CRL of hostile/lists is refused for what is wrong with it; the controls are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pecverify import ListOfLists, Policy, TrustListError, TrustStore, Verdict, verify_receipt
from pecverify.cli import main
from tests.oracle import FIXTURES

LISTS = sorted((FIXTURES / "hostile" / "lists").glob("*.json"))


def load(path: Path) -> tuple[dict[str, Any], bytes, list[bytes]]:
    case = json.loads(path.read_text("utf-8"))
    signers = [] if case["signers"] is None else [(FIXTURES / "trust" / case["signers"]).read_bytes()]
    return case, (path.parent / case["file"]).read_bytes(), signers


def read(kind: str, data: bytes, signers: list[bytes]) -> list[str]:
    """What a trusted list says of its services; for the rest, that it is read."""
    if kind == "list-of-lists":
        ListOfLists.parse(data, signers=signers)
    elif kind == "directory":
        TrustStore.from_provider_directory(data, signers=signers)
    elif kind == "trusted-list":
        trusted_list = TrustStore.from_trusted_list(data, signers=signers).trusted_list
        assert trusted_list is not None
        return [period.status for service in trusted_list.services for period in service.periods]
    else:
        trust = TrustStore.from_certificates((FIXTURES / "trust" / "test-ca.pem").read_bytes())
        policy = Policy(crls=(data,), require_revocation=True)
        report = verify_receipt((FIXTURES / "vectors" / "acceptance.eml").read_bytes(), trust=trust, policy=policy)
        if report.verdict is not Verdict.VALID:
            findings = (f"{finding.reason.value}: {finding.actual}" for finding in report.findings)
            raise TrustListError("; ".join(findings))
    return []


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_list(path: Path) -> None:
    case, data, signers = load(path)
    expected = case["expected"]
    if expected["outcome"] == "accepted":
        assert read(case["kind"], data, signers) == expected["reads"]
    else:
        with pytest.raises(TrustListError, match=expected["error_contains"]):
            read(case["kind"], data, signers)


@pytest.mark.parametrize("path", LISTS, ids=lambda path: path.stem)
def test_the_command_says_the_same(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case, _, _ = load(path)
    if case["kind"] not in ("trusted-list", "list-of-lists"):
        return  # directories and CRLs are only given along with a message
    signers = str(FIXTURES / "trust" / case["signers"])
    status = main(["trust", "check", "--lang", "en", str(path.parent / case["file"]), "--signers", signers])
    assert status == (0 if case["expected"]["outcome"] == "accepted" else 1)
    assert (case["expected"]["error_contains"] or ": verified") in capsys.readouterr().out


def test_each_kind_has_a_control_and_attacks() -> None:
    cases = [load(path)[0] for path in LISTS]
    outcomes = {(case["kind"], case["expected"]["outcome"]) for case in cases}
    kinds = ("trusted-list", "list-of-lists", "directory", "crl")
    assert outcomes == {(kind, outcome) for kind in kinds for outcome in ("accepted", "refused")}
