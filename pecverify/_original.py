"""The original message inside a receipt against the certification data and the envelope's header.

Only its header is read, and for a brief receipt the header of each named part. Both sides are signed by the provider:
where they differ, the provider was inconsistent, and the finding is a WARNING.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from pecverify import _fields
from pecverify._consistency import same_subject
from pecverify._findings import found
from pecverify._header import MimeError
from pecverify._leaves import is_hash, name_of
from pecverify._mime import SIGNATURE_TYPES, decode_body, read_part, walk_signed_tree
from pecverify.reasons import Reason, Severity
from pecverify.receipt import CertifiedReceipt, Delivery, ReceiptForm, ReceiptKind, TransportEnvelope

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._header import Header
    from pecverify._mime import Part
    from pecverify.policy import Limits
    from pecverify.report import Finding, Span

_MUST_NOT_CARRY = (ReceiptKind.NOT_ACCEPTED, ReceiptKind.DELIVERY_DELAYED, ReceiptKind.VIRUS_DETECTED)
_HASH = re.compile(rb"[0-9A-Fa-f]{40}")
_LONGEST_HASH_BODY = 1_000
_UNTOUCHED_TYPES = ("application/pkcs7-mime", "application/x-pkcs7-mime")


def check_presence(receipt: CertifiedReceipt, *, carries_original: bool) -> Iterator[Finding]:
    """The original is where the kind and form ask for it (checks 35, 36).

    Source: RFC 6109 §3.1.2, §3.1.5, §3.1.6, §3.2.3, §3.3.2.
    """
    if carries_original:
        concise = isinstance(receipt, Delivery) and receipt.form is ReceiptForm.CONCISE
        if concise or receipt.kind in _MUST_NOT_CARRY:
            yield found(Reason.ORIGINAL_UNEXPECTED, where="postacert.eml")
    elif isinstance(receipt, TransportEnvelope):
        yield found(Reason.ORIGINAL_MISSING, where="postacert.eml")
    elif isinstance(receipt, Delivery) and receipt.form in (ReceiptForm.COMPLETE, ReceiptForm.BRIEF):
        # A Cc recipient's receipt is concise whatever was asked for, and only the original would tell To from Cc.
        yield found(Reason.ORIGINAL_MISSING, where="postacert.eml", severity=Severity.NOTE)


def check_original(
    data: bytes, span: Span, envelope: Header, receipt: CertifiedReceipt, limits: Limits
) -> Iterator[Finding]:
    """Compare the original's header with the certified values (checks 37 to 41, 43, 44).

    Args:
        data: the bytes that hold the original.
        span: where it lies in them; only its header is read, unless the receipt is brief.
        envelope: the header of the receipt or envelope that carries it.
        receipt: the certified values.
        limits: bounds on header and, for a brief receipt, parts.

    Source: RFC 6109 §2.1.1.2, §2.2.1, §3.1.1, §3.1.5, §3.3.2.
    """
    try:
        root = read_part(data, span, limits)
    except MimeError as error:
        yield found(Reason.ORIGINAL_UNREADABLE, actual=error.detail, where="postacert.eml")
        return
    header = root.header.fields
    yield from _check_identifiers(header, receipt)
    yield from _check_addresses(header, receipt)
    yield from _check_subject_and_form(header, receipt)
    if isinstance(receipt, TransportEnvelope):
        yield from _check_envelope(header, envelope, receipt)
    if isinstance(receipt, Delivery) and receipt.carried_form is ReceiptForm.BRIEF:
        yield from _check_brief(data, root, limits)


def _check_identifiers(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    """The access point gave the original the PEC id and moved the client's id aside (RFC 6109 §2.2.1)."""
    for name, certified in (("Message-ID", receipt.pec_id), ("X-Riferimento-Message-ID", receipt.message_id)):
        bodies = header.all(name)
        actual = _fields.message_id(bodies[0]) if bodies else None
        if actual != (None if certified is None else "".join(certified.split())):
            yield found(
                Reason.ORIGINAL_MESSAGE_ID_MISMATCH, expected=certified, actual=actual, where=f"postacert.eml {name}"
            )


def _check_addresses(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    sender = _fields.addresses(header.all("From"))
    if _fields.address_key(receipt.sender) not in sender:
        yield _differs(Reason.ORIGINAL_SENDER_MISMATCH, {receipt.sender}, sender, "From")
    recipients = _fields.addresses(header.all("To") + header.all("Cc"))
    certified = {_fields.address_key(recipient.address) for recipient in receipt.recipients}
    if recipients != certified:
        yield _differs(Reason.ORIGINAL_RECIPIENTS_MISMATCH, certified, recipients, "To, Cc")
    if blind := _fields.addresses(header.all("Bcc")):
        yield _differs(Reason.ORIGINAL_RECIPIENTS_MISMATCH, set(), blind, "Bcc")
    reply_to = _fields.addresses(header.all("Reply-To")) or {_fields.address_key(receipt.sender)}
    if receipt.reply_to and not reply_to & _fields.addresses((receipt.reply_to.encode(),)):
        yield _differs(Reason.ORIGINAL_REPLY_TO_MISMATCH, {receipt.reply_to}, reply_to, "Reply-To")


def _differs(reason: Reason, expected: set[str], actual: frozenset[str] | set[str], field: str) -> Finding:
    return found(
        reason,
        expected=", ".join(sorted(expected)) or None,
        actual=", ".join(sorted(actual)) or None,
        where=f"postacert.eml {field}",
    )


def _check_subject_and_form(header: Header, receipt: CertifiedReceipt) -> Iterator[Finding]:
    subjects = header.all("Subject")
    subject = _fields.decode_text(subjects[0]) if subjects else ""
    if not same_subject(subject, receipt.subject or "") and not same_subject(receipt.subject or "", subject):
        yield found(
            Reason.ORIGINAL_SUBJECT_MISMATCH, expected=receipt.subject, actual=subject, where="postacert.eml Subject"
        )
    form: ReceiptForm | None = getattr(receipt, "form", None)
    asked = header.all("X-TipoRicevuta")
    written = _fields.decode_text(asked[0]).casefold() if asked else ReceiptForm.COMPLETE.value
    if form is not None and written != form.value:
        yield found(
            Reason.ORIGINAL_FORM_MISMATCH, expected=form.value, actual=written, where="postacert.eml X-TipoRicevuta"
        )


def _check_envelope(header: Header, envelope: Header, receipt: TransportEnvelope) -> Iterator[Finding]:
    from_ = envelope.all("From")
    mailbox = _fields.parse_mailbox(from_[0]) if from_ else None
    if mailbox is not None and receipt.sender.casefold() not in mailbox.display_name.casefold():
        yield found(Reason.ENVELOPE_DISPLAY_NAME, expected=receipt.sender, actual=mailbox.display_name, where="From")
    asked = envelope.all("X-TipoRicevuta")
    if asked and receipt.form is not None and _fields.decode_text(asked[0]).casefold() != receipt.form.value:
        yield found(
            Reason.ORIGINAL_FORM_MISMATCH,
            expected=receipt.form.value,
            actual=_fields.decode_text(asked[0]),
            where="X-TipoRicevuta",
        )
    for name in ("To", "Cc", "Reply-To"):
        inherited = _fields.addresses(header.all(name))
        if name == "Reply-To" and not inherited:
            inherited = frozenset({_fields.address_key(receipt.sender)})
        actual = _fields.addresses(envelope.all(name))
        # "Reply-To: original sender if absent" was not always added: its absence there is the default's meaning.
        if actual != inherited and (actual or name != "Reply-To"):
            yield found(
                Reason.ENVELOPE_ADDRESSES_MISMATCH,
                expected=", ".join(sorted(inherited)) or None,
                actual=", ".join(sorted(actual)) or None,
                where=name,
            )


def _check_brief(data: bytes, root: Part, limits: Limits) -> Iterator[Finding]:
    """Every named part of a brief receipt is a text of 40 hexadecimal digits, named `.hash` (RFC 6109 §3.3.2.2)."""
    if root.media_type in _UNTOUCHED_TYPES:
        return  # "nothing replaced": the brief receipt equals the complete one
    try:
        leaves = walk_signed_tree(data, root, limits)
        for part in leaves:
            is_hashed = (
                is_hash(part, name_of(part))
                and part.body[1] - part.body[0] <= _LONGEST_HASH_BODY
                and _HASH.fullmatch(decode_body(data, part, most=_LONGEST_HASH_BODY).strip())
            )
            if part.header.names and not is_hashed and part.media_type not in SIGNATURE_TYPES:
                yield found(Reason.BRIEF_PART_NOT_HASHED, actual=part.header.names[0], where="postacert.eml")
    except MimeError as error:
        yield found(Reason.ORIGINAL_UNREADABLE, actual=error.detail, where="postacert.eml")


def check_anomaly(leaves: tuple[Part, ...]) -> Iterator[Finding]:
    """An anomaly envelope holds a text and the received message, and certifies nothing (check 45, RFC 6109 §3.2.2)."""
    yield found(Reason.ANOMALY_NOT_CERTIFIED)
    types = [leaf.media_type for leaf in leaves]
    others = [value for value in types if not value.startswith("text/")]
    if others != ["message/rfc822"] or len(types) == 1:
        yield found(Reason.ANOMALY_MALFORMED, expected="text, message/rfc822", actual=", ".join(types))
