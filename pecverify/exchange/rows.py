"""From the JSON row of an archive run back to the values that it was made of.

A row is the caller's own output and is believed as it stands: a verdict in it is not verified again. What does not have
the shape of `pecverify/data/report.schema.json` is refused.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeAlias

from pecverify import receipt as receipts
from pecverify.archive.answer import Answer, Cause, Origin, Unverified
from pecverify.receipt import ReceiptKind
from pecverify.report import CheckResult, Finding, Report, Signer, Span, Times, Verdict

Row: TypeAlias = Mapping[str, Any]

_RECEIPTS: dict[ReceiptKind, type[receipts.Receipt]] = {
    each.kind: each
    for each in (
        *(receipts.Acceptance, receipts.NonAcceptance, receipts.TakenInCharge, receipts.Delivery),
        *(receipts.DeliveryFailure, receipts.DeliveryDelay, receipts.VirusDetected),
        *(receipts.TransportEnvelope, receipts.AnomalyEnvelope),
    )
}


def read_answer(row: Row) -> Answer:
    """The answer of which this row is the `to_dict()`; the bytes of originals are not in it.

    Raises:
        ValueError: it has not the shape of one.
    """
    try:
        return Answer(
            origin=read_value(Origin, row["origin"]),
            result=_read_unverified(row["unverified"]) if row["report"] is None else _read_report(row["report"]),
            nested=tuple(_read_report(nested) for nested in row["nested"]),
            is_carrier=read_value(bool, row["is_carrier"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        message = f"not a row of an archive run: {error!r}"
        raise ValueError(message) from None


def _read_unverified(value: Row) -> Unverified:
    return Unverified(cause=Cause(value["cause"]), detail=read_value(str, value["detail"]))


def _read_report(value: Row) -> Report:
    kind = value["kind"]
    return Report(
        verdict=Verdict(value["verdict"]),
        findings=read_value(tuple[Finding, ...], value["findings"]),
        checks=read_value(tuple[CheckResult, ...], value["checks"]),
        receipt=None if kind is None else read_value(_RECEIPTS[ReceiptKind[kind.upper()]], value["receipt"]),
        signer=read_value(Signer | None, value["signer"]),
        times=read_value(Times, value["times"]),
        original_span=read_value(Span | None, value["original_span"]),
        taken_from=read_value(Span | None, value["taken_from"]),
    )


def read_value(kind: Any, value: Any) -> Any:  # noqa: ANN401 (JSON values, and the types that annotations name)
    """The value of that type whose JSON form this is: the reverse of what `to_dict` does."""
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return None if value is None else read_value(arguments[0], value)
    if origin is tuple and isinstance(value, list):
        members = arguments[:1] * len(value) if arguments[-1] is Ellipsis else arguments
        return tuple(read_value(member, each) for member, each in zip(members, value, strict=True))
    if isinstance(kind, type) and dataclasses.is_dataclass(kind) and isinstance(value, Mapping):
        return kind(**{name: read_value(hint, value[name]) for name, hint in _fields_of(kind)})
    if isinstance(kind, type) and isinstance(value, str):
        if kind is datetime:
            return _read_instant(value)
        if issubclass(kind, StrEnum):
            return kind(value)
    if type(value) is not kind:
        message = f"{value!r:.100} is no {kind}"
        raise TypeError(message)
    return value


def _read_instant(text: str) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        message = f"no offset from UTC: {text!r:.100}"
        raise ValueError(message)
    return instant


@functools.cache
def _fields_of(kind: type) -> tuple[tuple[str, Any], ...]:
    hints = typing.get_type_hints(kind)
    return tuple((field.name, hints[field.name]) for field in dataclasses.fields(kind))
