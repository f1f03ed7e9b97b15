"""The examples of docs/tables.md run, and answer what plain Python answers."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from pecverify import Acceptance, Delivery, Reason, RecipientType, Report, Verdict
from pecverify.arrow import to_table, write_parquet
from tests import verified_answers as answers

PAGE = Path(__file__).resolve().parent.parent / "docs" / "tables.md"


def example(info: str) -> str:
    (code,) = re.findall(rf"^```{info}\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return str(code)


def run(info: str) -> dict[str, Any]:
    names: dict[str, Any] = {}
    exec(compile(example(info), str(PAGE), "exec"), names)  # noqa: S102 (our own page)
    return names


def counted() -> list[Report]:
    return answers.reports_of(answers.everything())


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the table that the page asks."""
    write_parquet(answers.everything(), tmp_path / "archive.parquet")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_writing_a_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "archive").mkdir()
    for name in ("acceptance.eml", "plain-mail.eml"):
        (tmp_path / "archive" / name).write_bytes((answers.FIXTURES / "vectors" / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    run("python")
    table = pq.read_table("archive.parquet")
    assert table.column("path").to_pylist() == ["archive/acceptance.eml", "archive/plain-mail.eml"]
    assert table.column("verdict").to_pylist() == ["indeterminate", "invalid"]
    assert table.schema.equals(to_table(()).schema)


@pytest.mark.usefixtures("archive")
def test_what_has_no_delivery_receipt() -> None:
    pytest.importorskip("duckdb")
    valid = [report.receipt for report in counted() if report.verdict is Verdict.VALID]
    delivered = {(receipt.pec_id, receipt.delivered_to.lower()) for receipt in valid if isinstance(receipt, Delivery)}
    missing = {
        (receipt.pec_id, recipient.address)
        for receipt in valid
        if isinstance(receipt, Acceptance)
        for recipient in receipt.recipients
        if recipient.type is RecipientType.CERTIFIED and (receipt.pec_id, recipient.address.lower()) not in delivered
    }
    assert missing
    assert delivered
    assert run("python duckdb")["missing"] == sorted(missing)


@pytest.mark.usefixtures("archive")
def test_what_is_not_valid_and_why() -> None:
    pytest.importorskip("polars")
    why = Counter(
        (report.verdict.value, report.decisive_findings[0].reason.value)
        for report in counted()
        if report.verdict is not Verdict.VALID
    )
    rows = run("python polars")["why"].rows()
    assert rows == sorted(((*key, number) for key, number in why.items()), key=lambda row: (-row[2], row[0], row[1]))


@pytest.mark.usefixtures("archive")
def test_which_provider_still_used_sha1() -> None:
    pytest.importorskip("pandas")
    weak = Counter(
        (report.signer.provider.organization, report.times.stated_at.year)
        for report in counted()
        if report.verdict is Verdict.VALID
        and report.signer is not None
        and report.times.stated_at is not None
        and getattr(report.receipt, "issued_at", None) is not None
        and any(finding.reason is Reason.DIGEST_WEAK for finding in report.findings)
    )
    assert weak
    assert run("python pandas")["by_year"].to_dict() == dict(weak)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", PAGE.read_text("utf-8")):
        assert (PAGE.parent / target).exists(), target
