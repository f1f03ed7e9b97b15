"""The flat row: what it holds of an answer, in values that a table takes."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fixtures.columns import PLACE, table
from pecverify import Acceptance, AnomalyEnvelope, CertifiedReceipt, Delivery, Reason, Recipient, Report, Verdict
from pecverify.archive import Answer, Cause, Origin, Unverified
from pecverify.archive.flat import COLUMNS, EARLIEST, LATEST, ColumnType, Row, flat_rows
from tests import reports
from tests import verified_answers as answers

NAMES = [column.name for column in COLUMNS]
PLAIN = {
    ColumnType.TEXT: str,
    ColumnType.TOKEN: str,
    ColumnType.INTEGER: int,
    ColumnType.FLAG: bool,
    ColumnType.INSTANT: datetime,
    ColumnType.TEXTS: list,
    ColumnType.RECIPIENTS: list,
}


def row_of(report: Report) -> Row:
    (row,) = flat_rows(Answer(origin=Origin(path="a.eml"), result=report))
    return row


def row_of_subject(subject: str) -> Row:
    return row_of(reports.report(Acceptance(**reports.certified(subject=subject))))


def test_names_are_unique() -> None:
    assert len(set(NAMES)) == len(NAMES)


def test_the_page_lists_the_columns() -> None:
    assert PLACE.holds(table())


def test_every_column_is_told_by_some_answer() -> None:
    rows = [row for answer in answers.everything() for row in flat_rows(answer)]
    assert [name for name in NAMES if all(row[name] is None for row in rows)] == []


def test_values_are_plain() -> None:
    for answer in answers.everything():
        for row in flat_rows(answer):
            assert list(row) == NAMES
            for column in COLUMNS:
                value = row[column.name]
                assert value is None or type(value) is PLAIN[column.type], column.name


def test_a_delivery() -> None:
    report = reports.report(reports.delivery(), reports.WEAK, by=reports.signer(), original=reports.ORIGINAL)
    origin = Origin(path="posta.tar", member="x/1.eml", offset=512, sha256="00" * 32)
    (row,) = flat_rows(Answer(origin=origin, result=report))
    assert row == {
        "path": "posta.tar",
        "member": "x/1.eml",
        "offset": 512,
        "sha256": "00" * 32,
        "taken_from_start": None,
        "taken_from_stop": None,
        "is_carrier": False,
        "verdict": "valid",
        "unverified_cause": None,
        "unverified_detail": None,
        "decisive_reason": None,
        "reasons": ["digest-weak"],
        "kind": "delivered",
        "pec_id": "opec1.20211114182632.1.1@pec.example",
        "message_id": "client-1@mail.example",
        "sender": "anna@pec.example",
        "recipients": [
            {"address": "bruno@pec.example", "type": "certificato"},
            {"address": "carla@mail.example", "type": "esterno"},
            {"address": "dario@mail.example", "type": None},
        ],
        "reply_to": "anna@pec.example",
        "delivered_to": "bruno@pec.example",
        "taken_for": None,
        "subject": "Diffida",
        "issued_at": datetime(2021, 11, 14, 17, 26, 32, tzinfo=UTC),
        "issued_at_offset_minutes": 60,
        "error": "nessuno",
        "error_detail": None,
        "problem_cause": None,
        "problem_status_code": None,
        "problem_permanent": None,
        "form": "completa",
        "carried_form": "completa",
        "issuing_provider": "Gestore S.p.A.",
        "provider_name": "Gestore",
        "provider_organization": "Gestore S.p.A.",
        "signer_addresses": ["posta-certificata@pec.example"],
        "certificate_sha256": "ab" * 32,
        "certificate_not_before": datetime(2020, 1, 1, tzinfo=UTC),
        "certificate_not_after": datetime(2023, 1, 1, tzinfo=UTC),
        "key": "RSA 2048",
        "digest_algorithm": "sha256",
        "signature_algorithm": "rsassa-pkcs1v15",
        "recognition": "agid-ca",
        "recognised_by": "AgID CA1, edition of 2019",
        "signing_time": datetime(2021, 11, 14, 17, 26, 32, tzinfo=UTC),
        "header_date": None,
        "validated_at": datetime(2021, 11, 14, 17, 26, 32, tzinfo=UTC),
        "basis": "stated",
        "original_start": 100,
        "original_stop": 100 + len(reports.ORIGINAL),
    }


@pytest.mark.parametrize("receipt", reports.RECEIPTS, ids=lambda receipt: receipt.kind.name)
def test_every_field_of_a_receipt_has_its_column(receipt: CertifiedReceipt | AnomalyEnvelope) -> None:
    row = row_of(reports.report(receipt))
    assert row["kind"] == receipt.kind.name.lower()
    for field in dataclasses.fields(receipt):
        if field.name == "problem":
            assert (row["problem_cause"] is None) == (getattr(receipt, "problem", None) is None)
        else:
            assert (row[field.name] is None) == (getattr(receipt, field.name) is None), field.name


def test_the_first_decisive_reason_and_each_reason_once() -> None:
    row = row_of(reports.report(None, reports.CHANGED, reports.UNRECOGNISED, reports.UNRECOGNISED, reports.WEAK))
    assert row["verdict"] == "invalid"
    assert row["decisive_reason"] == "digest-mismatch"
    assert row["reasons"] == ["digest-mismatch", "provider-not-recognised", "digest-weak"]
    assert row_of(reports.report(None))["reasons"] == []


def test_what_could_not_be_verified() -> None:
    failed = Unverified(cause=Cause.ENCRYPTED, detail="a password\nis needed")
    (row,) = flat_rows(Answer(origin=Origin(path="a.zip", member="1.eml"), result=failed))
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "path": "a.zip",
        "member": "1.eml",
        "is_carrier": False,
        "unverified_cause": "encrypted",
        "unverified_detail": "a password\nis needed",
    }


def test_a_carrier_and_what_it_carries() -> None:
    inner = [reports.report(reports.delivery(), taken_from=span) for span in ((10, 20), (30, 40))]
    outer = reports.report(None, reports.NOT_PEC, reports.NESTED)
    answer = Answer(origin=Origin(path="a.eml", sha256="11" * 32), result=outer, nested=tuple(inner), is_carrier=True)
    own, first, second = flat_rows(answer)
    assert (own["is_carrier"], own["verdict"], own["taken_from_start"]) == (True, "invalid", None)
    for row, span in ((first, (10, 20)), (second, (30, 40))):
        assert (row["is_carrier"], row["verdict"], row["kind"]) == (False, "valid", "delivered")
        assert (row["taken_from_start"], row["taken_from_stop"]) == span
        assert (row["path"], row["sha256"]) == (own["path"], own["sha256"])


def test_rows_that_count_are_the_reports_that_count() -> None:
    everything = answers.everything()
    rows = [row for answer in everything for row in flat_rows(answer)]
    counted = [row["verdict"] for row in rows if not row["is_carrier"] and row["verdict"] is not None]
    assert counted == [report.verdict.value for report in answers.reports_of(everything)]
    assert {Verdict(str(verdict)) for verdict in counted} == set(Verdict)
    assert any(row["is_carrier"] for row in rows)


# --- hostile values


@given(st.text(st.characters(codec=None, exclude_categories=[])))
def test_text_is_kept_but_for_lone_surrogates(subject: str) -> None:
    shown = row_of_subject(subject)["subject"]
    assert isinstance(shown, str)
    kept = "".join(
        f"\\u{ord(character):04x}" if 0xD800 <= ord(character) < 0xE000 else character for character in subject
    )
    assert shown == kept
    shown.encode()


def test_surrogates_in_lists_and_names() -> None:
    recipients = (Recipient(address="a\udcff@b.example", type=None),)
    report = reports.report(Acceptance(**reports.certified(recipients=recipients)))
    (row,) = flat_rows(Answer(origin=Origin(path="\udcff.eml", member="\udc80"), result=report))
    assert (row["path"], row["member"]) == ("\\udcff.eml", "\\udc80")
    assert row["recipients"] == [{"address": "a\\udcff@b.example", "type": None}]


EAST, WEST = timezone(timedelta(hours=14)), timezone(timedelta(hours=-14))


@pytest.mark.parametrize(
    ("instant", "kept"),
    [
        (EARLIEST, True),
        (EARLIEST - timedelta(microseconds=1), False),
        (LATEST, True),
        (LATEST + timedelta(microseconds=1), False),
        (EARLIEST.replace(tzinfo=EAST), False),
        (LATEST.replace(tzinfo=WEST), False),
        (datetime.min.replace(tzinfo=EAST), False),  # no UTC instant of Python's calendar
        (datetime.max.replace(tzinfo=WEST), False),
    ],
)
def test_instants_that_no_table_agrees_on_are_null(instant: datetime, kept: bool) -> None:  # noqa: FBT001
    times = dataclasses.replace(reports.TIMES, header_date=instant)
    assert row_of(reports.report(None, reports.CHANGED, times=times))["header_date"] == (instant if kept else None)


@pytest.mark.parametrize("minutes", [-300, -90, 0, 60, 345])
def test_the_stated_time_can_be_had_again(minutes: int) -> None:
    stated = datetime(2021, 3, 28, 23, 59, 59, tzinfo=timezone(timedelta(minutes=minutes)))
    receipt = dataclasses.replace(reports.delivery(), issued_at=stated)
    assert isinstance(receipt, Delivery)
    row = row_of(reports.report(receipt))
    issued_at, offset = row["issued_at"], row["issued_at_offset_minutes"]
    assert isinstance(issued_at, datetime)
    assert isinstance(offset, int)
    assert issued_at.tzinfo is UTC
    assert (issued_at + timedelta(minutes=offset)).replace(tzinfo=None) == stated.replace(tzinfo=None)


def test_every_reason_is_a_token_that_fits() -> None:
    for reason in Reason:
        assert row_of(reports.report(None, reports.finding(reason)))["reasons"] == [reason.value]
