"""Every vector gets the verdict that was written for it, with CRLF and with LF; every Reason has one."""

from __future__ import annotations

import dataclasses
import functools
import json
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from fixtures.catalogue.vector import Sources
from fixtures.generate import generate
from pecverify import (
    AnomalyEnvelope,
    CertifiedReceipt,
    Check,
    CheckResult,
    Outcome,
    Policy,
    Reason,
    Recognition,
    Report,
    TrustStore,
    Verdict,
    verify_receipt,
)
from pecverify.archive import Examiner, Finder, Piece
from pecverify.damage import diagnose
from tests.oracle import ARCHIVES, FIXTURES, VECTORS


def load(path: Path) -> tuple[dict[str, Any], bytes]:
    return json.loads(path.read_text("utf-8")), path.with_suffix(".eml").read_bytes()


def read(name: str) -> bytes:
    return (FIXTURES / "trust" / name).read_bytes()


@functools.cache
def trust(name: str, trusted_list: str | None, directory: str | None, *, unverified: bool) -> TrustStore:
    store = TrustStore.default()
    if name != "none":
        store |= TrustStore.from_certificates(read(f"{name}.pem"))
    if trusted_list is not None and unverified:
        store |= TrustStore.from_trusted_list_unsafe(read(trusted_list))
    elif trusted_list is not None:
        store |= TrustStore.from_trusted_list(read(trusted_list), signers=[read("list-signer.pem")])
    if directory is not None and unverified:
        store |= TrustStore.from_provider_directory_unsafe(read(directory))
    elif directory is not None:
        store |= TrustStore.from_provider_directory(read(directory), signers=[read("directory-signer.pem")])
    return store


def policy(described: dict[str, str], sources: dict[str, Any]) -> Policy:
    name, instants = (
        described["name"],
        {key: datetime.fromisoformat(described[key]) for key in described if key != "name"},
    )
    make = {"default": Policy, "strict": Policy.strict, "archival": Policy.archival}[name]
    crls = tuple(map(read, sources["crls"]))
    return replace(make(**instants), crls=crls, require_revocation=sources["require_revocation"])


def verify(vector: dict[str, Any], data: bytes) -> Report:
    sources = vector["sources"] or dataclasses.asdict(Sources())
    store = trust(vector["trust"], sources["trusted_list"], sources["directory"], unverified=sources["unverified"])
    return verify_receipt(data, trust=store, policy=policy(vector["policy"], sources))


def receipt_fields(report: Report) -> dict[str, Any] | None:
    receipt = report.receipt
    if receipt is None:
        return None
    if isinstance(receipt, AnomalyEnvelope):
        return {"kind": receipt.kind.value}
    assert isinstance(receipt, CertifiedReceipt)
    return {
        "kind": receipt.kind.value,
        "pec_id": receipt.pec_id,
        "message_id": receipt.message_id,
        "sender": receipt.sender,
        "recipients": [recipient.address for recipient in receipt.recipients],
        "subject": receipt.subject,
        "issued_at": receipt.issued_at.isoformat(),
        "error": receipt.error,
        "delivered_to": getattr(receipt, "delivered_to", None),
        "form": getattr(receipt, "form", None),
    }


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector(path: Path) -> None:
    vector, data = load(path)
    check(vector, verify(vector, data))


def check(vector: dict[str, Any], report: Report) -> None:
    expected = vector["expected"]
    assert sorted({finding.reason.value for finding in report.findings}) == expected["reasons"]
    assert report.verdict.value == expected["verdict"]
    assert (report.findings[0].reason.value if report.findings else None) == expected["first"]
    recognition = report.signer.recognition if report.signer is not None else Recognition.NONE
    assert (recognition is not Recognition.NONE) == expected["recognised"]
    assert receipt_fields(report) == expected["receipt"]


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_vector_with_lf_line_ends(path: Path) -> None:
    vector, data = load(path)
    if vector["as_given_only"]:
        pytest.skip(vector["as_given_only"])
    lines = data.replace(b"\r\n", b"\n")
    as_given, with_lf = verify(vector, data), verify(vector, lines)
    # The digest is over CRLF: with LF it can hold only over the canonical form, and the report says so.
    digest_holds = CheckResult(check=Check.DIGEST, outcome=Outcome.PASSED) in as_given.checks
    canonicalised = {Reason.LINE_ENDINGS_CANONICALISED} if digest_holds else set()
    reasons = {finding.reason for finding in as_given.findings}
    assert {finding.reason for finding in with_lf.findings} == reasons | canonicalised
    assert with_lf.verdict is as_given.verdict
    assert with_lf.receipt == as_given.receipt
    assert with_lf.signer == as_given.signer


def messages_of(path: Path) -> list[dict[str, Any]]:
    described: list[dict[str, Any]] = json.loads(path.with_suffix(".json").read_text("utf-8"))["messages"]
    return described


@pytest.mark.parametrize("path", ARCHIVES, ids=lambda path: path.name)
def test_archive(path: Path) -> None:
    for vector, piece in zip(messages_of(path), Finder().find([path]), strict=True):
        assert isinstance(piece, Piece)
        store = trust(vector["trust"], None, None, unverified=False)
        answer = Examiner(trust=store).examine(piece)
        assert answer is not None
        assert isinstance(answer.result, Report)
        check(vector, answer.result)


def test_an_mbox_message_is_unquoted_only_where_its_digest_fails() -> None:
    _, quoted = Finder().find([FIXTURES / "archive" / "quoted.mbox"])
    assert isinstance(quoted, Piece)
    answer = Examiner().examine(replace(quoted, from_mbox=False))
    assert answer is not None
    assert isinstance(answer.result, Report)
    assert answer.result.findings[0].reason is Reason.DIGEST_MISMATCH


DAMAGED = [path for path in VECTORS if "diagnosis" in load(path)[0]["expected"]]


@pytest.mark.parametrize("path", DAMAGED, ids=lambda path: path.stem)
def test_diagnosis(path: Path) -> None:
    vector, data = load(path)
    expected = vector["expected"]["diagnosis"]
    store = trust(vector["trust"], None, None, unverified=False)
    diagnosis = diagnose(data, trust=store)
    assert diagnosis.report == verify(vector, data)
    assert list(diagnosis.kinds) == expected["kinds"]
    assert [finding.reason.value for finding in diagnosis.findings] == expected["reasons"]
    assert diagnosis.repaired_sha256 == expected["repaired_sha256"]
    if diagnosis.repaired_report is not None:
        assert diagnosis.repaired_report.verdict is Verdict.VALID


def test_every_reason_has_a_vector() -> None:
    archived = (vector for path in ARCHIVES for vector in messages_of(path))
    vectors = (*archived, *(load(path)[0] for path in VECTORS))
    expectations = [vector["expected"] for vector in vectors]
    diagnoses = [expected["diagnosis"] for expected in expectations if "diagnosis" in expected]
    seen = {reason for said in (*expectations, *diagnoses) for reason in said["reasons"]}
    assert {reason.value for reason in Reason} - seen == set()


def test_regenerating_leaves_no_difference(tmp_path: Path) -> None:
    generate(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.*")}
    kept = {
        path.relative_to(FIXTURES): path.read_bytes()
        for path in (
            *(FIXTURES / "vectors").iterdir(),
            *(FIXTURES / "hostile").rglob("*.*"),
            *(FIXTURES / "archive").iterdir(),
            *(FIXTURES / "trust").iterdir(),
        )
        if path.suffix != ".py" and path.is_file()
    }
    assert made == kept
