"""What the receipts about one message say of it as a whole (checks 50, 51, 54, 55, 57, 59 to 62)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify._fields import address_key
from pecverify.exchange._case import TOLERANCE, message_key
from pecverify.exchange.model import ExchangeFinding
from pecverify.exchange.reasons import ExchangeReason
from pecverify.receipt import ReceiptForm, ReceiptKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pecverify.exchange._case import Case
    from pecverify.exchange.evidence import Evidence, Original
    from pecverify.exchange.sent import SentMessage
    from pecverify.receipt import Recipient

_R = ExchangeReason


def check_case(
    case: Case, recipients: Mapping[str, Recipient], copies: Mapping[str, bool]
) -> Iterator[ExchangeFinding]:
    """Everything that is not about one recipient alone.

    Args:
        case: the receipts.
        recipients: those that the receipts name, by key.
        copies: by key, whether a recipient is in Cc; those of whom it is not known are left out.
    """
    yield from _check_identity(case)
    yield from _check_acceptance(case)
    yield from _check_unlisted(case, recipients)
    yield from _check_envelope(case)
    yield from _check_providers(case)
    yield from _check_content(case)
    yield from _check_forms(case, copies)
    if case.accepted_at is None:
        yield ExchangeFinding(reason=_R.SERVICE_LACKS_ACCEPTANCE)


def _check_identity(case: Case) -> Iterator[ExchangeFinding]:
    """The receipts agree on what message they are about (check 50). Source: RFC 6109 §4.4."""
    lists = {each.recipients for each in case.evidence}
    values: dict[ExchangeReason, set[str | None]] = {
        _R.RECIPIENTS_DIFFER: {_describe_recipients(each) for each in lists},
        _R.MESSAGE_ID_ABSENT: {message_key(each.message_id) for each in case.evidence},
        _R.SUBJECT_DIFFERS: {each.subject for each in case.evidence},
        _R.REPLY_TO_DIFFERS: {each.reply_to and address_key(each.reply_to) for each in case.evidence},
    }
    for reason, stated in values.items():
        if len(stated) > 1:
            yield ExchangeFinding(reason=reason, values=tuple(sorted(value or "" for value in stated)))


def _describe_recipients(recipients: tuple[Recipient, ...]) -> str:
    named = {(address_key(each.address), "" if each.type is None else each.type.value) for each in recipients}
    return ", ".join(f"{address} ({kind})" for address, kind in sorted(named))


def _check_acceptance(case: Case) -> Iterator[ExchangeFinding]:
    """One acceptance, one envelope, or else one non-acceptance (check 51). Source: RFC 6109 §3.1."""
    accepted, refused, envelopes = (
        case.of_kind(kind) for kind in (ReceiptKind.ACCEPTED, ReceiptKind.NOT_ACCEPTED, ReceiptKind.TRANSPORT_ENVELOPE)
    )
    for reason, repeated in (
        (_R.ACCEPTANCE_REPEATED, accepted),
        (_R.REFUSAL_REPEATED, refused),
        (_R.ENVELOPE_REPEATED, envelopes),
    ):
        if len(repeated) > 1:
            values = tuple(each.issued_at.isoformat() for each in repeated)
            yield ExchangeFinding(reason=reason, values=values, evidence=repeated)
    if refused and len(case.evidence) > len(refused):
        yield ExchangeFinding(reason=_R.REFUSAL_CONTRADICTED, evidence=case.evidence)
    if not accepted and not refused:
        yield ExchangeFinding(reason=_R.ACCEPTANCE_MISSING)


def _check_unlisted(case: Case, recipients: Mapping[str, Recipient]) -> Iterator[ExchangeFinding]:
    """No receipt about an address that is no recipient (check 54)."""
    strangers: dict[str, list[Evidence]] = {}
    for each in case.evidence:
        for address in each.about:
            if address_key(address) not in recipients:
                strangers.setdefault(address_key(address), []).append(each)
    for evidence in strangers.values():
        address = next(a for a in evidence[0].about if address_key(a) not in recipients)
        yield ExchangeFinding(reason=_R.RECIPIENT_UNLISTED, recipient=address, evidence=tuple(evidence))


def _check_envelope(case: Case) -> Iterator[ExchangeFinding]:
    """The envelope bears the instant of the acceptance (check 55). Source: RFC 6109 §3.1.5."""
    accepted_at = case.accepted_at
    for envelope in case.of_kind(ReceiptKind.TRANSPORT_ENVELOPE):
        if accepted_at is not None and abs(envelope.issued_at - accepted_at) > TOLERANCE:
            values = (accepted_at.isoformat(), envelope.issued_at.isoformat())
            yield ExchangeFinding(reason=_R.ENVELOPE_INSTANT_DIFFERS, values=values, evidence=(envelope,))


def _check_providers(case: Case) -> Iterator[ExchangeFinding]:
    """The sender's provider sends the notices of delay (check 57). Source: RFC 6109 §3.1.6."""
    issuers = (*case.of_kind(ReceiptKind.ACCEPTED), *case.of_kind(ReceiptKind.TRANSPORT_ENVELOPE))
    for notice in case.of_kind(ReceiptKind.DELIVERY_DELAYED):
        for issuer in issuers[:1]:
            if not _names(notice) & _names(issuer):
                yield ExchangeFinding(
                    reason=_R.NOTICE_BY_ANOTHER_PROVIDER,
                    values=(issuer.provider or "", notice.provider or ""),
                    evidence=(notice,),
                )


def _names(evidence: Evidence) -> set[str]:
    """What a provider may be known by from one certificate to the next: its organisation, its signing addresses."""
    signer = evidence.signer
    if signer is None:
        return set()
    organization = signer.provider.organization
    return {*map(address_key, signer.addresses), *([] if organization is None else [organization.casefold()])}


def _check_content(case: Case) -> Iterator[ExchangeFinding]:
    """Every copy of the original is the same (checks 59, 60).

    Header fields are added in transport: bodies decide. Source: RFC 6109 §3.1.5, §3.3.2.1, §3.3.2.2.
    """
    deliveries = case.of_kind(ReceiptKind.DELIVERED)
    envelopes = case.of_kind(ReceiptKind.TRANSPORT_ENVELOPE)
    complete = tuple(each for each in deliveries if each.carried_form is ReceiptForm.COMPLETE)
    brief = tuple(each for each in deliveries if each.carried_form is ReceiptForm.BRIEF)
    for reason, copies in ((_R.CONTENT_DIFFERS, complete), (_R.BRIEF_CONTENT_DIFFERS, brief)):
        if len(_bodies(copies)) > 1:
            yield ExchangeFinding(reason=reason, evidence=copies)
    if complete and len(_bodies(complete)) == 1 and len(_bodies((*complete, *envelopes))) > 1:
        yield ExchangeFinding(reason=_R.ENVELOPE_CONTENT_DIFFERS, evidence=(*envelopes, *complete))
    whole = (*complete, *envelopes)
    if len(_bodies(whole)) == 1 and len({each.sha256 for each in _originals(whole)}) > 1:
        yield ExchangeFinding(reason=_R.ORIGINAL_HEADERS_DIFFER)
    if any(len(copies) > 1 and any(each.original is None for each in copies) for copies in (whole, brief)):
        yield ExchangeFinding(reason=_R.CONTENT_NOT_COMPARED)


def _originals(evidence: Iterable[Evidence]) -> set[Original]:
    return {each.original for each in evidence if each.original is not None}


def _bodies(evidence: Iterable[Evidence]) -> set[str]:
    return {original.body_sha256 for original in _originals(evidence)}


def _check_forms(case: Case, copies: Mapping[str, bool]) -> Iterator[ExchangeFinding]:
    """The form asked for is one, and To recipients got it (check 61).

    What providers print for a Cc recipient, whose receipt is concise whatever was asked for, is not settled: a concise
    receipt that calls itself concise says nothing of what was asked for.

    Source: RFC 6109 §3.1.5, §3.3.2.
    """
    asked = {
        each.form
        for each in (*case.of_kind(ReceiptKind.DELIVERED), *case.of_kind(ReceiptKind.TRANSPORT_ENVELOPE))
        if each.form is not None and not each.form is each.carried_form is ReceiptForm.CONCISE
    }
    if len(asked) > 1:
        yield ExchangeFinding(reason=_R.FORM_DIFFERS, values=tuple(sorted(asked)))
    for delivery in case.of_kind(ReceiptKind.DELIVERED):
        lesser = delivery.carried_form is ReceiptForm.CONCISE and bool(asked - {ReceiptForm.CONCISE})
        if lesser and copies.get(address_key(delivery.about[0])) is False:
            yield ExchangeFinding(reason=_R.FORM_NOT_AS_ASKED, recipient=delivery.about[0], evidence=(delivery,))


def check_sent(case: Case, recipients: Mapping[str, Recipient], sent: SentMessage) -> Iterator[ExchangeFinding]:
    """The receipts against the message as its sender has it (checks 50, 60)."""
    if set(sent.recipients) != recipients.keys():
        values = (", ".join(sent.recipients), ", ".join(sorted(recipients)))
        yield ExchangeFinding(reason=_R.SENT_RECIPIENTS_DIFFER, values=values)
    carriers = (*case.of_kind(ReceiptKind.DELIVERED), *case.of_kind(ReceiptKind.TRANSPORT_ENVELOPE))
    bodies = _bodies(each for each in carriers if each.carried_form is not ReceiptForm.BRIEF)
    if sent.body_sha256 is not None and bodies - {sent.body_sha256}:
        yield ExchangeFinding(reason=_R.SENT_CONTENT_DIFFERS)
