"""Header against certification data, and the certification data against itself.

The header of a PEC message is unsigned: whoever holds the file can rewrite it. Where From, Sender, X-Ricevuta,
X-Trasporto or X-Riferimento-Message-ID contradict the signed data, the message was made to deceive: an ERROR.
Everything else here is compared and reported.
"""

from __future__ import annotations

import functools
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pecverify import _fields
from pecverify._findings import found
from pecverify.reasons import Reason
from pecverify.receipt import (
    CertifiedReceipt,
    Delivery,
    DeliveryDelay,
    DeliveryError,
    DeliveryFailure,
    ReceiptKind,
    RecipientType,
    TakenInCharge,
    VirusDetected,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pecverify._header import Header
    from pecverify.receipt import Receipt
    from pecverify.report import Finding

_ITALIAN_TIME = "CET-1CEST,M3.5.0/2,M10.5.0/3"
"""Italian legal time as PEC has known it, in the form of POSIX TZ: Directive 2000/84/EC, in force since 2002."""

_STANDARD_OFFSET, _SUMMER_OFFSET = timedelta(hours=1), timedelta(hours=2)

DATE_TOLERANCE = timedelta(seconds=60)
"""Clocks within one minute (D.M. 2 Nov 2005 art. 9(2))."""

SINGLE_FIELDS = (
    "From",
    "Sender",
    "To",
    "Cc",
    "Subject",
    "Date",
    "Reply-To",
    "Message-ID",
    "X-Ricevuta",
    "X-Trasporto",
    "X-TipoRicevuta",
    "X-Riferimento-Message-ID",
    "X-VerificaSicurezza",
)
"""Fields that may occur once: RFC 5322 §3.6 and, for PEC's own, by their meaning."""

_SUBJECT_PREFIXES: Mapping[ReceiptKind, tuple[str, ...]] = {
    ReceiptKind.ACCEPTED: ("ACCETTAZIONE",),
    ReceiptKind.NOT_ACCEPTED: ("AVVISO DI NON ACCETTAZIONE", "AVVISO DI NON ACCETTAZIONE PER VIRUS"),
    ReceiptKind.TAKEN_IN_CHARGE: ("PRESA IN CARICO",),
    ReceiptKind.DELIVERED: ("CONSEGNA",),
    ReceiptKind.DELIVERY_FAILED: ("AVVISO DI MANCATA CONSEGNA", "AVVISO DI MANCATA CONSEGNA PER VIRUS"),
    ReceiptKind.DELIVERY_DELAYED: ("AVVISO DI MANCATA CONSEGNA PER SUP. TEMPO MASSIMO",),
    ReceiptKind.VIRUS_DETECTED: ("PROBLEMA DI SICUREZZA",),
    ReceiptKind.TRANSPORT_ENVELOPE: ("POSTA CERTIFICATA",),
    ReceiptKind.ANOMALY_ENVELOPE: ("ANOMALIA MESSAGGIO",),
}
"""Subject prefixes, in Italian on the wire (RFC 6109 §3); the second is the one for a virus."""

_ENVELOPES = (ReceiptKind.TRANSPORT_ENVELOPE, ReceiptKind.ANOMALY_ENVELOPE)
_BETWEEN_PROVIDERS = (ReceiptKind.TAKEN_IN_CHARGE, ReceiptKind.VIRUS_DETECTED)
_ERROR_KINDS = (ReceiptKind.NOT_ACCEPTED, ReceiptKind.DELIVERY_FAILED, ReceiptKind.VIRUS_DETECTED)
_STATES_VIRUS = (ReceiptKind.NOT_ACCEPTED, ReceiptKind.DELIVERY_FAILED)
_PEC_ID = re.compile(r"[^@]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_TRUNCATED_SUBJECT = 40
"""A subject cut off by a gateway is accepted if at least this many characters (without blanks) are left."""


def check_repeated_fields(header: Header) -> Iterator[Finding]:
    """Every field that may occur once occurs at most once (RFC 5322 §3.6)."""
    for name in SINGLE_FIELDS:
        count = len(header.all(name))
        if count > 1:
            yield found(Reason.HEADER_REPEATED, expected="1", actual=str(count), where=name)


def check_header(header: Header, date: datetime | None, receipt: Receipt) -> Iterator[Finding]:
    """Compare the unsigned header with what the signed data state (checks 12, 17 to 25 of the PEC digest).

    Args:
        header: the message's header.
        date: its Date field, if it could be read.
        receipt: what the signed data state.

    Source: RFC 6109 §2.1, §2.2.1, §3, §4.1.
    """
    yield from _check_kind(header, receipt.kind)
    yield from _check_sender(header)
    if isinstance(receipt, CertifiedReceipt):
        yield from _check_subject(header, receipt)
        yield from _check_identifiers(header, receipt)
        yield from _check_security(header, receipt)
        yield from _check_to(header, receipt)
        yield from _check_date(header, date, receipt)


def _first(header: Header, name: str) -> bytes | None:
    """The field's first body: a repetition is a finding of its own."""
    bodies = header.all(name)
    return bodies[0] if bodies else None


def _check_kind(header: Header, kind: ReceiptKind) -> Iterator[Finding]:
    """Exactly one of X-Ricevuta and X-Trasporto, and it names the certified kind."""
    right, wrong = ("X-Trasporto", "X-Ricevuta") if kind in _ENVELOPES else ("X-Ricevuta", "X-Trasporto")
    body = _first(header, right)
    if body is None:
        yield found(Reason.HEADER_ABSENT, expected=kind.value, where=right)
    elif (written := _fields.decode_text(body)).casefold() != kind.value:
        yield found(Reason.HEADER_CONTRADICTS_SIGNED, expected=kind.value, actual=written, where=right)
    for body in header.all(wrong):
        yield found(Reason.HEADER_CONTRADICTS_SIGNED, actual=_fields.decode_text(body), where=wrong)


def _check_sender(header: Header) -> Iterator[Finding]:
    """Sender, where present, is the same mailbox as From (RFC 6109 §2.1)."""
    sender, from_ = _first(header, "Sender"), _first(header, "From")
    if sender is None or from_ is None:
        return
    one, other = _fields.parse_mailbox(sender), _fields.parse_mailbox(from_)
    if one is None or other is None or not _fields.same_address(one.address, other.address):
        yield found(
            Reason.HEADER_CONTRADICTS_SIGNED,
            expected=_fields.decode_text(from_),
            actual=_fields.decode_text(sender),
            where="Sender",
        )


def _check_subject(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    body = _first(header, "Subject")
    if body is None:
        yield found(Reason.HEADER_ABSENT, where="Subject")
        return
    actual = _fields.decode_text(body)
    prefixes = _SUBJECT_PREFIXES[receipt.kind]
    prefix = prefixes[-1 if receipt.error is DeliveryError.VIRUS else 0]
    if not any(same_subject(actual, f"{candidate}: {receipt.subject or ''}") for candidate in prefixes):
        yield found(
            Reason.SUBJECT_MISMATCH, expected=f"{prefix}: {receipt.subject or ''}", actual=actual, where="Subject"
        )


def same_subject(actual: str, expected: str) -> bool:
    """Whether two subjects are one, blanks and a cut-off end aside."""
    one, other = _squeeze(actual), _squeeze(expected)
    if one == other:
        return True
    kept = one.rstrip(".…")
    return len(kept) >= _TRUNCATED_SUBJECT and other.startswith(kept)


def _squeeze(text: str) -> str:
    return "".join(text.split())


def _check_identifiers(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    reference = _first(header, "X-Riferimento-Message-ID")
    certified = None if receipt.message_id is None else _squeeze(receipt.message_id)
    if reference is None:
        if certified is not None:
            yield found(Reason.HEADER_ABSENT, expected=certified, where="X-Riferimento-Message-ID")
    elif (written := _fields.message_id(reference)) != certified:
        yield found(
            Reason.HEADER_CONTRADICTS_SIGNED, expected=certified, actual=written, where="X-Riferimento-Message-ID"
        )
    own = _first(header, "Message-ID")
    is_envelope = receipt.kind is ReceiptKind.TRANSPORT_ENVELOPE
    if own is None:
        if is_envelope:
            yield found(Reason.HEADER_ABSENT, expected=receipt.pec_id, where="Message-ID")
    elif is_envelope != ((written := _fields.message_id(own)) == receipt.pec_id):
        reason = Reason.MESSAGE_ID_MISMATCH if is_envelope else Reason.MESSAGE_ID_REUSED
        yield found(reason, expected=receipt.pec_id if is_envelope else None, actual=written, where="Message-ID")


def _check_security(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    """X-VerificaSicurezza: errore goes with the error `virus` (RFC 6109 §3.1.3, §3.2.4)."""
    body = _first(header, "X-VerificaSicurezza")
    says_virus = body is not None and _fields.decode_text(body).casefold() == "errore"
    is_virus = receipt.kind in _STATES_VIRUS and receipt.error is DeliveryError.VIRUS
    if says_virus != is_virus:
        yield found(
            Reason.SECURITY_HEADER_MISMATCH,
            expected="errore" if is_virus else None,
            actual=None if body is None else _fields.decode_text(body),
            where="X-VerificaSicurezza",
        )


def _check_to(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    """Receipts go to the sender; what passes between providers goes to a service mailbox that only they know."""
    if receipt.kind in (*_BETWEEN_PROVIDERS, *_ENVELOPES):
        return
    bodies = header.all("To")
    if not bodies:
        yield found(Reason.HEADER_ABSENT, expected=receipt.sender, where="To")
    elif _fields.address_key(receipt.sender) not in _fields.addresses(bodies):
        yield found(Reason.TO_MISMATCH, expected=receipt.sender, actual=_fields.decode_text(bodies[0]), where="To")


def _check_date(header: Header, date: datetime | None, receipt: CertifiedReceipt) -> Iterator[Finding]:
    body = _first(header, "Date")
    if body is None:
        yield found(Reason.HEADER_ABSENT, expected=receipt.issued_at.isoformat(), where="Date")
        return
    if len(header.all("Date")) > 1:
        return  # a finding of its own: which one counts cannot be said
    if date is None or abs(date - receipt.issued_at) > DATE_TOLERANCE:
        yield found(
            Reason.DATE_MISMATCH,
            expected=receipt.issued_at.isoformat(),
            actual=_fields.decode_text(body),
            where="Date",
        )


def check_receipt(receipt: CertifiedReceipt) -> Iterator[Finding]:
    """Hold the certification data against themselves (checks 23, 26, 29 to 33 of the PEC digest).

    Source: RFC 6109 §2.2.1, §4.2, §4.4.
    """
    if not _PEC_ID.fullmatch(receipt.pec_id):
        yield found(Reason.PEC_ID_MALFORMED, actual=receipt.pec_id, where="identificativo")
    legal_offset = _italian_offset(receipt.issued_at)
    if legal_offset != receipt.issued_at.utcoffset():
        expected = f"+{legal_offset // timedelta(hours=1):02}00"
        yield found(Reason.ZONE_UNEXPECTED, expected=expected, actual=f"{receipt.issued_at:%z}", where="data/@zona")
    yield from _check_recipients(receipt)
    yield from _check_error(receipt)


def _italian_offset(instant: datetime) -> timedelta:
    moment = instant.astimezone(UTC)
    start, stop = _summer_time(moment.year)
    return _SUMMER_OFFSET if start <= moment < stop else _STANDARD_OFFSET


@functools.lru_cache(maxsize=64)
def _summer_time(year: int) -> tuple[datetime, datetime]:
    """When summer time starts and ends in Italy that year, UTC."""
    from dateutil import tz  # noqa: PLC0415 (needed once a year of receipts)

    start, stop = tz.tzstr(_ITALIAN_TIME).transitions(year)  # both in standard time, the end too
    return (start - _STANDARD_OFFSET).replace(tzinfo=UTC), (stop - _STANDARD_OFFSET).replace(tzinfo=UTC)


def _check_recipients(receipt: CertifiedReceipt) -> Iterator[Finding]:
    about: tuple[str, ...] = ()
    element = "consegna"
    if isinstance(receipt, Delivery | DeliveryFailure | DeliveryDelay):
        about = (receipt.delivered_to,)
    elif isinstance(receipt, TakenInCharge):
        about, element = receipt.taken_for, "ricezione"
    elif isinstance(receipt, VirusDetected):
        about = receipt.taken_for if receipt.delivered_to is None else (receipt.delivered_to,)
    types = {_fields.address_key(recipient.address): recipient.type for recipient in receipt.recipients}
    for address in about:
        key = _fields.address_key(address)
        if key not in types:
            yield found(Reason.RECIPIENT_UNLISTED, actual=address, where=element)
        elif types[key] is RecipientType.EXTERNAL:
            yield found(Reason.RECIPIENT_NOT_CERTIFIED, actual=address, where=element)


def _check_error(receipt: CertifiedReceipt) -> Iterator[Finding]:
    """Error kinds have an error, the others none; the timeout notice has either (providers differ)."""
    if receipt.kind is ReceiptKind.DELIVERY_DELAYED or receipt.error is None:
        return
    has_error = receipt.error is not DeliveryError.NONE
    if has_error != (receipt.kind in _ERROR_KINDS):
        yield found(Reason.ERROR_INCONSISTENT, actual=receipt.error.value, where="postacert/@errore")
    if receipt.kind is not ReceiptKind.VIRUS_DETECTED and has_error != (receipt.error_detail is not None):
        yield found(Reason.ERROR_DETAIL_INCONSISTENT, actual=receipt.error_detail, where="errore-esteso")


def check_text(text: str, receipt: CertifiedReceipt) -> Iterator[Finding]:
    """The readable text repeats the certified values; line ends and blanks aside (check 34, RFC 6109 §4.3.1)."""
    values = [receipt.pec_id, f"{receipt.issued_at:%d/%m/%Y}", f"{receipt.issued_at:%H:%M:%S}", receipt.sender]
    if isinstance(receipt, Delivery | DeliveryFailure | DeliveryDelay):
        values.append(receipt.delivered_to)
    missing = [value for value in values if value not in text]
    squeezed = _squeeze(text).casefold() if missing else ""
    for value in missing:
        if _squeeze(value).casefold() not in squeezed:
            yield found(Reason.TEXT_MISMATCH, expected=value, where="text")
