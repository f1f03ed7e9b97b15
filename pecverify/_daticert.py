"""daticert.xml to a typed receipt, by the DTD of RFC 6109 §4.4.

The DTD is kept here as data and checked by cardinality, never by "the first that matches": an element that may occur
once and occurs twice is refused, because readers would choose differently. Order and unknown elements are a provider's
untidiness and only warned of.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any, TypeVar

from pecverify import receipt as receipts
from pecverify._findings import found
from pecverify._xml import Node, XmlError, parse_xml
from pecverify.problem import explain_problem
from pecverify.reasons import Reason, Severity
from pecverify.receipt import DeliveryError, ReceiptForm, ReceiptKind, Recipient, RecipientType

if TYPE_CHECKING:
    from collections.abc import Mapping
    from enum import StrEnum

    from pecverify.policy import Limits
    from pecverify.receipt import CertifiedReceipt
    from pecverify.report import Finding

    Token = TypeVar("Token", bound=StrEnum)

_ROOT = "postacert"
_MANY = frozenset({"destinatari", "ricezione"})
_CONTENT: Mapping[str, tuple[str, ...]] = {
    _ROOT: ("intestazione", "dati"),
    "intestazione": ("mittente", "destinatari", "risposte", "oggetto"),
    "dati": (
        "gestore-emittente",
        "data",
        "identificativo",
        "msgid",
        "ricevuta",
        "consegna",
        "ricezione",
        "errore-esteso",
    ),
    "data": ("giorno", "ora"),
}
"""Children of each element, in the DTD's order; elements not listed here hold text."""
_ATTRIBUTES: Mapping[str, frozenset[str]] = {
    _ROOT: frozenset({"tipo", "errore"}),
    "destinatari": frozenset({"tipo"}),
    "data": frozenset({"zona"}),
    "ricevuta": frozenset({"tipo"}),
}
_KNOWN = frozenset(name for names in _CONTENT.values() for name in names) | {_ROOT}

_IDENTITY = re.compile(r"[!-~]{1,1000}")
"""Addresses and identifiers: visible ASCII without blanks. No stricter: what stands in them is the provider's word."""
_DAY = re.compile(r"([0-9]{2})/([0-9]{2})/([0-9]{4})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})")
_ZONE = re.compile(r"([+-])(0[0-9]|1[0-4])([0-5][0-9])")
_MOST_TAGS = 100_000
"""Start and end tags: a megabyte of recipients with the shortest addresses."""
_MOST_FINDINGS = 1_000
"""A megabyte of unknown elements would make a quarter of a million."""
_XML_BLANKS = " \t\r\n"

_ABOUT_ONE_RECIPIENT = (ReceiptKind.DELIVERED, ReceiptKind.DELIVERY_FAILED, ReceiptKind.DELIVERY_DELAYED)
_STATES_FORM = (ReceiptKind.DELIVERED, ReceiptKind.TRANSPORT_ENVELOPE)

_RECEIPTS: Mapping[ReceiptKind, tuple[type[CertifiedReceipt], tuple[str, ...]]] = {
    ReceiptKind.ACCEPTED: (receipts.Acceptance, ()),
    ReceiptKind.NOT_ACCEPTED: (receipts.NonAcceptance, ()),
    ReceiptKind.TAKEN_IN_CHARGE: (receipts.TakenInCharge, ("taken_for",)),
    ReceiptKind.DELIVERED: (receipts.Delivery, ("delivered_to", "form", "carried_form")),
    ReceiptKind.DELIVERY_FAILED: (receipts.DeliveryFailure, ("delivered_to", "form")),
    ReceiptKind.DELIVERY_DELAYED: (receipts.DeliveryDelay, ("delivered_to", "form")),
    ReceiptKind.VIRUS_DETECTED: (receipts.VirusDetected, ("delivered_to", "taken_for")),
    ReceiptKind.TRANSPORT_ENVELOPE: (receipts.TransportEnvelope, ("form",)),
}
"""The class of each kind that has a daticert.xml, and the values that only some kinds have."""


class _RefusedError(Exception):
    """An ERROR was recorded after which no receipt can be made."""


@dataclass(slots=True)
class _Reading:
    """The findings so far."""

    findings: list[Finding] = field(default_factory=list)

    def note(self, reason: Reason, where: str, actual: str | None = None, expected: str | None = None) -> None:
        if len(self.findings) < _MOST_FINDINGS or reason.rule.severity is Severity.ERROR:
            self.findings.append(found(reason, expected=expected, actual=actual, where=where))

    def refuse(self, reason: Reason, where: str, actual: str | None = None) -> _RefusedError:
        self.note(reason, where, actual)
        return _RefusedError()

    def children(self, node: Node) -> dict[str, list[Node]]:
        """The children of `node` by name, after checking them against the DTD."""
        order = _CONTENT[node.name]
        by_name: dict[str, list[Node]] = {name: [] for name in order}
        self._check_attributes(node)
        if stray := node.text.strip(_XML_BLANKS):
            self.note(Reason.DATICERT_STRAY_TEXT, node.name, stray)
        last, in_order = 0, True
        for child in node.children:
            if child.name in by_name:
                by_name[child.name].append(child)
                position = order.index(child.name)
                in_order = in_order and last <= position
                last = position
            elif child.name in _KNOWN:
                self.note(Reason.DATICERT_STRUCTURE, node.name, child.name)
            else:
                self.note(Reason.DATICERT_UNKNOWN_ELEMENT, node.name, child.name)
        for name, nodes in by_name.items():
            if len(nodes) > 1 and name not in _MANY:
                self.note(Reason.DATICERT_ELEMENT_REPEATED, name, str(len(nodes)), "1")
        if not in_order:
            self.note(Reason.DATICERT_ORDER, node.name)
        return by_name

    def _check_attributes(self, node: Node) -> None:
        known = _ATTRIBUTES.get(node.name, ())
        for name in node.attributes:
            if name not in known:
                self.note(Reason.DATICERT_UNKNOWN_ELEMENT, node.name, f"@{name}")

    def text(self, node: Node) -> str:
        """The value of an element that holds text, outer blanks removed."""
        self._check_attributes(node)
        if node.children:
            self.note(Reason.DATICERT_STRUCTURE, node.name, node.children[0].name)
        if node.interrupted:
            self.note(Reason.DATICERT_COMMENT, node.name)
        return node.text.strip(_XML_BLANKS)

    def the(self, nodes: Mapping[str, list[Node]], name: str) -> Node:
        """The one element of that name, without which there is no receipt."""
        if not nodes[name]:
            raise self.refuse(Reason.DATICERT_FIELD_MISSING, name)
        return nodes[name][0]

    def identity(self, node: Node) -> str:
        """An address or identifier; angle brackets around an identifier are removed."""
        value = self.text(node)
        if not _IDENTITY.fullmatch(value):
            raise self.refuse(Reason.DATICERT_VALUE_MALFORMED, node.name, value)
        return _without_brackets(value)

    def optional_text(self, nodes: Mapping[str, list[Node]], name: str) -> str | None:
        return self.text(nodes[name][0]) if nodes[name] else None

    def prescribed_text(self, nodes: Mapping[str, list[Node]], name: str) -> str | None:
        value = self.optional_text(nodes, name)
        if not value:
            self.note(Reason.DATICERT_FIELD_ABSENT, name)
        return value

    def token(self, node: Node, attribute: str, tokens: type[Token], default: Token | None) -> Token | None:
        written = node.attributes.get(attribute)
        if written is None and default is not None:
            return default
        try:
            return tokens(written or "")
        except ValueError:
            self.note(Reason.TOKEN_UNKNOWN, f"{node.name}/@{attribute}", written, " | ".join(tokens))
            return None


def parse_daticert(
    data: bytes, limits: Limits, *, carries_original: bool
) -> tuple[CertifiedReceipt | None, tuple[Finding, ...]]:
    """Read daticert.xml.

    Args:
        data: the document, transfer decoding undone.
        limits: `daticert_bytes` bounds it.
        carries_original: whether the same signed part holds postacert.eml (tells a delivery's form).

    Returns:
        The receipt, None if any finding is an ERROR; and the findings: check CERTIFICATION_DATA, or LIMIT_EXCEEDED.
        Nothing is raised on hostile input.

    Source: RFC 6109 §4.4.
    """
    if len(data) > limits.daticert_bytes:
        return None, (found(Reason.LIMIT_EXCEEDED, actual=f"daticert.xml of {len(data)} bytes", where="daticert.xml"),)
    if data.count(b"<") > _MOST_TAGS:
        return None, (found(Reason.LIMIT_EXCEEDED, actual=f"over {_MOST_TAGS} tags", where="daticert.xml"),)
    reading = _Reading()
    try:
        receipt = _read_document(reading, data, carries_original=carries_original)
    except XmlError as error:
        reading.note(error.reason, "daticert.xml", error.detail)
        receipt = None
    except _RefusedError:
        receipt = None
    if any(finding.severity is Severity.ERROR for finding in reading.findings):
        receipt = None
    return receipt, tuple(reading.findings)


def _read_document(reading: _Reading, data: bytes, *, carries_original: bool) -> CertifiedReceipt:
    document = parse_xml(data)
    if document.has_doctype or document.has_instructions:
        reading.note(Reason.DATICERT_DOCTYPE, "daticert.xml")
    root = document.root
    if root.name != _ROOT:
        raise reading.refuse(Reason.DATICERT_STRUCTURE, "daticert.xml", root.name)
    sections = reading.children(root)
    header = reading.children(reading.the(sections, "intestazione"))
    facts = reading.children(reading.the(sections, "dati"))
    kind = _read_kind(reading, root)
    error = reading.token(root, "errore", DeliveryError, DeliveryError.NONE)
    error_detail = reading.optional_text(facts, "errore-esteso") or None
    message_id = reading.optional_text(facts, "msgid")
    reading.the(header, "destinatari")
    common: dict[str, Any] = {
        "pec_id": reading.identity(reading.the(facts, "identificativo")),
        "message_id": _without_brackets(message_id) if message_id else None,
        "sender": reading.identity(reading.the(header, "mittente")),
        "recipients": tuple(
            Recipient(
                address=reading.identity(node),
                type=reading.token(node, "tipo", RecipientType, RecipientType.CERTIFIED),
            )
            for node in header["destinatari"]
        ),
        "reply_to": reading.prescribed_text(header, "risposte"),
        "subject": reading.optional_text(header, "oggetto"),
        "issuing_provider": reading.prescribed_text(facts, "gestore-emittente"),
        "issued_at": _read_time(reading, reading.the(facts, "data")),
        "error": error,
        "error_detail": error_detail,
        "problem": explain_problem(error, error_detail, kind),
    }
    return _make_receipt(reading, kind, facts, common, carries_original=carries_original)


def _make_receipt(
    reading: _Reading,
    kind: ReceiptKind,
    facts: Mapping[str, list[Node]],
    common: dict[str, Any],
    *,
    carries_original: bool,
) -> CertifiedReceipt:
    form = _read_form(reading, facts, kind)
    delivered_to = reading.identity(facts["consegna"][0]) if facts["consegna"] else None
    taken_for = tuple(reading.identity(node) for node in facts["ricezione"])
    if kind in _ABOUT_ONE_RECIPIENT and delivered_to is None:
        raise reading.refuse(Reason.DATICERT_FIELD_MISSING, "consegna")
    if kind is ReceiptKind.TAKEN_IN_CHARGE and not taken_for:
        raise reading.refuse(Reason.DATICERT_FIELD_MISSING, "ricezione")
    carried_form = ReceiptForm.CONCISE
    if carries_original:
        carried_form = ReceiptForm.BRIEF if form is ReceiptForm.BRIEF else ReceiptForm.COMPLETE
    of_some_kinds: dict[str, Any] = {
        "delivered_to": delivered_to,
        "taken_for": taken_for,
        "form": form,
        "carried_form": carried_form,
    }
    receipt_class, names = _RECEIPTS[kind]
    return receipt_class(**common, **{name: of_some_kinds[name] for name in names})


def _read_kind(reading: _Reading, root: Node) -> ReceiptKind:
    written = root.attributes.get("tipo")
    if written is None:
        raise reading.refuse(Reason.DATICERT_FIELD_MISSING, f"{_ROOT}/@tipo")
    kind = next((kind for kind in _RECEIPTS if kind.value == written), None)
    if kind is None:
        raise reading.refuse(Reason.KIND_UNKNOWN, f"{_ROOT}/@tipo", written)
    return kind


def _read_form(reading: _Reading, facts: Mapping[str, list[Node]], kind: ReceiptKind) -> ReceiptForm | None:
    if facts["ricevuta"]:
        reading.text(facts["ricevuta"][0])
        return reading.token(facts["ricevuta"][0], "tipo", ReceiptForm, None)
    if kind in _STATES_FORM:
        reading.note(Reason.DATICERT_FIELD_ABSENT, "ricevuta")
    return None


def _read_time(reading: _Reading, node: Node) -> datetime:
    parts = reading.children(node)
    day, time = (reading.text(reading.the(parts, name)) for name in ("giorno", "ora"))
    zone = node.attributes.get("zona")
    if zone is None:
        raise reading.refuse(Reason.DATICERT_FIELD_MISSING, "data/@zona")
    date_match, time_match, zone_match = _DAY.fullmatch(day), _TIME.fullmatch(time), _ZONE.fullmatch(zone)
    if date_match and time_match and zone_match:
        sign, hours, minutes = zone_match.groups()
        offset = timedelta(hours=int(hours), minutes=int(minutes))
        try:
            year, month, day_of_month, hour, minute, second = (
                int(number) for number in (*reversed(date_match.groups()), *time_match.groups())
            )
            zone_offset = timezone(offset if sign == "+" else -offset)
            stated = datetime(year, month, day_of_month, hour, minute, second, tzinfo=zone_offset)
            stated.astimezone(UTC)  # at the ends of the calendar there may be no such instant
        except (ValueError, OverflowError):
            pass
        else:
            return stated
    raise reading.refuse(Reason.DATICERT_VALUE_MALFORMED, "data", f"{day} {time} {zone}")


def _without_brackets(value: str) -> str:
    return value[1:-1] if value.startswith("<") and value.endswith(">") else value
