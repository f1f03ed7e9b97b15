from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from pecverify import (
    Basis,
    CertificateFacts,
    Check,
    CheckResult,
    DeliveryError,
    DeliveryProblem,
    Outcome,
    ProblemCause,
    Provider,
    Reason,
    Receipt,
    ReceiptForm,
    ReceiptKind,
    Recipient,
    RecipientType,
    Recognition,
    Report,
    Severity,
    Signer,
    SubIndication,
    Times,
    Verdict,
)
from pecverify.archive import Answer, Cause, Origin, Unverified
from tests import reports
from tests.reports import report
from tests.schemas import schema, validator

if TYPE_CHECKING:
    from enum import StrEnum

SCHEMA = schema("report")
DEFS = SCHEMA["$defs"]
VALIDATOR = validator("report")
REPORTS = [
    *(report(receipt, reports.WEAK, by=reports.signer(), original=reports.ORIGINAL) for receipt in reports.RECEIPTS),
    report(None, reports.CHANGED, reports.UNRECOGNISED, times=reports.NO_TIMES, taken_from=(7, 9)),
    report(reports.delivery(), reports.UNRECOGNISED, by=reports.signer(None, None)),
]


def name_of(receipt: Receipt) -> str:
    first, *others = receipt.kind.name.lower().split("_")
    return first + "".join(map(str.title, others))


def as_json(value: Report) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(json.dumps(value.to_dict()))
    return parsed


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize(
    ("name", "enumeration"),
    [
        ("verdict", Verdict),
        ("severity", Severity),
        ("check", Check),
        ("subIndication", SubIndication),
        ("reason", Reason),
        ("outcome", Outcome),
        ("basis", Basis),
        ("recognition", Recognition),
        ("problemCause", ProblemCause),
        ("deliveryError", DeliveryError),
        ("receiptForm", ReceiptForm),
        ("recipientType", RecipientType),
    ],
)
def test_enumerations_are_those_of_the_code(name: str, enumeration: type[StrEnum]) -> None:
    assert DEFS[name]["enum"] == [member.value for member in enumeration]


def test_every_enumeration_of_the_schema_is_compared() -> None:
    assert sum("enum" in definition for definition in DEFS.values()) == 13  # those above, and the kinds


def test_kinds_are_those_of_the_code() -> None:
    assert DEFS["kind"]["enum"] == [kind.name.lower() for kind in ReceiptKind]


@pytest.mark.parametrize(
    ("name", "dataclass"),
    [
        ("checkResult", CheckResult),
        ("certificate", CertificateFacts),
        ("provider", Provider),
        ("signer", Signer),
        ("times", Times),
        ("recipient", Recipient),
        ("problem", DeliveryProblem),
        *((name_of(receipt), type(receipt)) for receipt in reports.RECEIPTS),
    ],
)
def test_fields_are_those_of_the_code(name: str, dataclass: type[Any]) -> None:
    fields = {field.name for field in dataclasses.fields(dataclass)}
    assert set(DEFS[name]["properties"]) == set(DEFS[name]["required"]) == fields
    assert DEFS[name]["additionalProperties"] is False


def test_there_is_a_report_of_each_kind() -> None:
    assert [receipt.kind for receipt in reports.RECEIPTS] == list(ReceiptKind)


@pytest.mark.parametrize("subject", REPORTS)
def test_reports_fit_the_schema(subject: Report) -> None:
    VALIDATOR.validate(as_json(subject))


@pytest.mark.parametrize("subject", REPORTS)
def test_keys_are_exactly_those_of_the_schema(subject: Report) -> None:
    value = as_json(subject)
    assert set(value) == set(SCHEMA["properties"]) == set(SCHEMA["required"])
    value["more"] = 1
    assert not VALIDATOR.is_valid(value)


@pytest.mark.parametrize("receipt", reports.RECEIPTS)
def test_a_receipt_must_have_the_shape_of_its_kind(receipt: Receipt) -> None:
    value = as_json(report(receipt))
    for kind in DEFS["kind"]["enum"]:
        value["kind"] = kind
        shape = next(name_of(other) for other in reports.RECEIPTS if other.kind.name.lower() == kind)
        assert VALIDATOR.is_valid(value) == (set(DEFS[shape]["properties"]) == set(value["receipt"]))
    value["kind"] = None
    assert not VALIDATOR.is_valid(value)


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("verdict",), "maybe"),
        (("times", "stated_at"), "2021-11-14T18:26:32"),
        (("receipt", "issued_at"), None),
        (("receipt", "recipients"), []),
        (("original_span",), [1, 2, 3]),
        (("original_span",), [-1, 2]),
        (("signer", "certificate", "sha256"), "AB" * 32),
        (("findings", 0, "reason"), "other"),
        (("findings", 0, "text"), "text"),
    ],
)
def test_wrong_values_are_refused(path: tuple[str | int, ...], wrong: object) -> None:
    value = as_json(REPORTS[0])
    *parents, last = path
    target: Any = value
    for step in parents:
        target = target[step]
    target[last] = wrong
    assert not VALIDATOR.is_valid(value)


ANSWER_SCHEMA = schema("answer")
ANSWER_VALIDATOR = validator("answer")


def test_the_answer_schema_knows_every_cause_and_field() -> None:
    jsonschema.Draft202012Validator.check_schema(ANSWER_SCHEMA)
    assert ANSWER_SCHEMA["$defs"]["unverified"]["properties"]["cause"]["enum"] == [cause.value for cause in Cause]
    for shape, type_ in (("origin", Origin), ("unverified", Unverified)):
        assert list(ANSWER_SCHEMA["$defs"][shape]["properties"]) == [field.name for field in dataclasses.fields(type_)]


@pytest.mark.parametrize(
    "result", [*REPORTS, Unverified(cause=Cause.DAMAGED, detail="x")], ids=lambda result: type(result).__name__
)
def test_answers_have_the_shape_of_their_schema(result: Report | Unverified) -> None:
    origin = Origin(path="a\udcff.zip", member="b.eml", offset=0, sha256="0" * 64)
    answer = Answer(origin=origin, result=result, nested=(REPORTS[0],), is_carrier=True)
    ANSWER_VALIDATOR.validate(json.loads(json.dumps(answer.to_dict())))


@pytest.mark.parametrize("change", [{"report": None}, {"unverified": {"cause": "no", "detail": ""}}, {"more": 1}])
def test_the_answer_schema_refuses_what_is_no_answer(change: dict[str, Any]) -> None:
    answer = Answer(origin=Origin(path="a"), result=REPORTS[0]).to_dict()
    assert ANSWER_VALIDATOR.is_valid(answer)
    assert not ANSWER_VALIDATOR.is_valid({**answer, **change})
