"""From receipts in any order to exchanges: one for each PEC id, sender and Message-ID.

1. Each report becomes a small value (`evidence.py`); the report is not kept.
2. VALID receipts are grouped by PEC id, then by sender and Message-ID. A receipt without Message-ID joins the one that
   the others of its PEC id and sender state, if it is one.
3. Copies of one receipt become one, with the places where they lay: the same bytes twice, or the same receipt from two
   mailboxes, whose headers differ. Receipts that differ in a certified value stay two.
4. The checks run (`_checks.py`, `_outcomes.py`).
5. Messages that are not VALID are listed beside the exchange whose PEC id they claim, or beside none.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from pecverify._fields import address_key
from pecverify.archive.answer import Answer, Origin, Unverified
from pecverify.exchange._case import Case, message_key
from pecverify.exchange._checks import check_case, check_sent
from pecverify.exchange._copies import merge_copies, merge_files
from pecverify.exchange._outcomes import decide_outcome
from pecverify.exchange._pool import Pool
from pecverify.exchange.evidence import Apart, Evidence, Source, read_evidence
from pecverify.exchange.model import Exchange, ExchangeFinding, RecipientOutcome, Reconciliation
from pecverify.exchange.reasons import ExchangeReason
from pecverify.exchange.rows import read_answer
from pecverify.exchange.states import State
from pecverify.reasons import Severity
from pecverify.receipt import ReceiptKind
from pecverify.report import Report

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from pecverify.exchange.sent import SentMessage

Gleaned: TypeAlias = "Evidence | Apart | tuple[Origin, Unverified]"
Examined: TypeAlias = "Report | tuple[Origin, Report | Unverified] | Answer | Mapping[str, Any] | Gleaned"
_Key: TypeAlias = "tuple[str, str | None]"

_SEVERITIES, _REASONS = tuple(Severity), tuple(ExchangeReason)


def reconcile(
    reports: Iterable[Examined], sent: Iterable[SentMessage] | None = None, *, now: datetime | None = None
) -> tuple[Exchange, ...]:
    """The exchanges that receipts make: for each message, what became of it for each recipient, and what proves it.

    Only VALID receipts count. Of those that do not, the ones that claim the PEC id of an exchange are in its `apart`;
    `reconcile_all` returns the rest too.

    Args:
        reports: in any order: reports, what `verify_many` yields, answers of an archive run, or its JSON rows (which
            are believed as they stand). They are consumed one by one and not kept.
        sent: the messages as their sender has them; one that no receipt names becomes an exchange without evidence.
        now: the instant up to which `PENDING` is judged, aware; without it, nothing is pending.

    Returns:
        The exchanges in the order of their first instants, whatever the order of the input.

    Raises:
        TypeError: an item is none of these.
        ValueError: `now` is naive, or a row has not the shape of one.
    """
    return reconcile_all(reports, sent, now=now).exchanges


def reconcile_all(
    reports: Iterable[Examined], sent: Iterable[SentMessage] | None = None, *, now: datetime | None = None
) -> Reconciliation:
    """As `reconcile`, with the messages that belong to no exchange."""
    if now is not None and now.utcoffset() is None:
        error = "now must be an aware datetime"
        raise ValueError(error)
    collection = _Collection()
    for item in reports:
        collection.add(item)
    messages = sorted(set(sent or ()), key=_order_of_sent)
    by_key: dict[_Key, list[SentMessage]] = {}
    for message in messages:
        for key in _keys_of(message):
            by_key.setdefault(key, []).append(message)
    exchanges = [
        exchange
        for pec_id, evidence in collection.valid.items()
        for exchange in _conclude_all(evidence, merge_files(collection.apart.pop(pec_id, [])), by_key, now)
    ]
    exchanges = _mark_sent_again(sorted(exchanges, key=_order_of_exchange))
    named = {_key_of(each) for each in exchanges}
    without = (_without_receipts(each, now) for each in messages if not named.intersection(_keys_of(each)))
    return Reconciliation(
        exchanges=(*exchanges, *without),
        unattributed=merge_files(each for apart in collection.apart.values() for each in apart),
        unverified=tuple(sorted(collection.unverified, key=_order_of_unverified)),
        now=now,
    )


class _Collection:
    """What is kept of the reports: evidence and what is none, by the PEC id that they state."""

    def __init__(self) -> None:
        self.valid: dict[str, list[Evidence]] = {}
        self.apart: dict[str | None, list[Apart]] = {}
        self.unverified: list[tuple[Origin, Unverified]] = []
        self._pool = Pool()

    def add(self, item: Examined) -> None:
        """Keep what an exchange needs of one item."""
        match item:
            case Evidence():
                self.valid.setdefault(item.pec_id, []).append(self._pool.share(item))
            case Apart():
                self.apart.setdefault(item.pec_id, []).append(self._pool.share(item))
            case Report():
                self.add(read_evidence(item))
            case (Origin() as origin, Report() as report):
                self.add(read_evidence(report, origin))
            case (Origin() as origin, Unverified() as unverified):
                self.unverified.append((origin, unverified))
            case Answer():
                for part in glean(item):
                    self.add(part)
            case Mapping():
                self.add(read_answer(item))
            case _:
                message = f"reconcile takes reports, answers and rows of an archive run, not {type(item).__name__}"
                raise TypeError(message)


def glean(answer: Answer) -> tuple[Gleaned, ...]:
    """What an exchange keeps of an answer: small, so that a worker sends this and not the report."""
    missing: tuple[Gleaned, ...] = ()
    if isinstance(answer.result, Unverified):
        missing = ((answer.origin, answer.result),)
    return (*missing, *(read_evidence(report, answer.origin) for report in answer.counted))


# --- from the receipts of one PEC id to exchanges


def _conclude_all(
    evidence: list[Evidence], apart: tuple[Apart, ...], sent: Mapping[_Key, list[SentMessage]], now: datetime | None
) -> Iterator[Exchange]:
    """One exchange for each sender and Message-ID; if there are several under one PEC id, each says so (check 50)."""
    groups = _split(evidence)
    shared: tuple[ExchangeFinding, ...] = ()
    if len(groups) > 1:
        values = tuple(sorted(f"{sender} <{message_id or ''}>" for sender, message_id in groups))
        shared = (ExchangeFinding(reason=ExchangeReason.PEC_ID_SHARED, values=values),)
    for key, members in groups.items():
        case = Case(merge_copies(members), now)
        yield _conclude(case, apart, sent.get(key, []), shared)


def _split(evidence: list[Evidence]) -> dict[_Key, list[Evidence]]:
    """By sender and Message-ID. Where one Message-ID is stated, receipts without belong to it."""
    stated: dict[str, set[str | None]] = {}
    for each in evidence:
        stated.setdefault(address_key(each.sender), set()).add(message_key(each.message_id))
    groups: dict[_Key, list[Evidence]] = {}
    for each in evidence:
        sender, message_id = address_key(each.sender), message_key(each.message_id)
        known = stated[sender] - {None}
        if message_id is None and len(known) == 1:
            (message_id,) = known
        groups.setdefault((sender, message_id), []).append(each)
    return groups


def _conclude(
    case: Case, apart: tuple[Apart, ...], sent: list[SentMessage], shared: tuple[ExchangeFinding, ...]
) -> Exchange:
    recipients, about = case.recipients(), _by_recipient(case)
    copies = _find_copies(case, recipients)
    outcomes, findings = [], [*shared, *check_case(case, recipients, copies)]
    for key, recipient in recipients.items():
        outcome, found = decide_outcome(recipient, about.get(key, ()), case, is_copy=copies.get(key))
        outcomes.append(outcome)
        findings += found
    for message in sent:
        findings += check_sent(case, recipients, message)
    accepted = (*case.of_kind(ReceiptKind.ACCEPTED), *case.evidence)
    return Exchange(
        pec_id=accepted[0].pec_id,
        message_id=next((each.message_id for each in accepted if each.message_id is not None), None),
        sender=accepted[0].sender,
        subject=accepted[0].subject,
        accepted_at=case.accepted_at,
        refused_at=case.refused_at,
        recipients=tuple(outcomes),
        findings=_by_weight(findings),
        evidence=case.evidence,
        apart=apart,
        now=case.now,
    )


def _by_recipient(case: Case) -> dict[str, tuple[Evidence, ...]]:
    about: dict[str, list[Evidence]] = {}
    for each in case.evidence:
        for key in dict.fromkeys(map(address_key, each.about)):
            about.setdefault(key, []).append(each)
    return {key: tuple(evidence) for key, evidence in about.items()}


def _find_copies(case: Case, recipients: Iterable[str]) -> dict[str, bool]:
    """Who is in Cc, by the originals in the receipts: all must agree."""
    lists = {each.original.copies for each in case.evidence if each.original is not None}
    if len(lists) != 1:
        return {}
    (copies,) = lists
    return {} if copies is None else {key: key in copies for key in recipients}


# --- what concerns several exchanges, or none


def _mark_sent_again(exchanges: list[Exchange]) -> list[Exchange]:
    """A client's message handed in twice has two PEC ids: two exchanges that name each other (check 50)."""
    by_message: dict[_Key, list[str]] = {}
    for each in exchanges:
        if each.message_id is not None:
            by_message.setdefault(_key_of(each), []).append(each.pec_id or "")
    again = {key: tuple(ids) for key, ids in by_message.items() if len(set(ids)) > 1}
    return [
        dataclasses.replace(
            each,
            findings=_by_weight(
                [*each.findings, ExchangeFinding(reason=ExchangeReason.SENT_AGAIN, values=again[_key_of(each)])]
            ),
        )
        if _key_of(each) in again
        else each
        for each in exchanges
    ]


def _key_of(exchange: Exchange) -> _Key:
    return address_key(exchange.sender), message_key(exchange.message_id)


def _keys_of(sent: SentMessage) -> set[_Key]:
    return {(sender, sent.message_id) for sender in sent.senders}


def _without_receipts(sent: SentMessage, now: datetime | None) -> Exchange:
    """A message that no VALID receipt names: nothing is proven."""
    return Exchange(
        pec_id=None,
        message_id=sent.message_id,
        sender=", ".join(sent.senders),
        subject=sent.subject,
        accepted_at=None,
        refused_at=None,
        recipients=tuple(
            RecipientOutcome(
                address=address,
                type=None,
                is_copy=None,
                state=State.NO_EVIDENCE,
                at=None,
                problem=None,
                taken_in_charge_at=None,
                evidence=(),
                serves=False,
            )
            for address in sent.recipients
        ),
        findings=(ExchangeFinding(reason=ExchangeReason.ACCEPTANCE_MISSING),),
        evidence=(),
        apart=(),
        now=now,
    )


# --- fixed orders


def _by_weight(findings: list[ExchangeFinding]) -> tuple[ExchangeFinding, ...]:
    def weight(finding: ExchangeFinding) -> tuple[object, ...]:
        return (
            *(_SEVERITIES.index(finding.severity), finding.check, _REASONS.index(finding.reason)),
            *(finding.recipient or "", finding.values),
        )

    return tuple(sorted(findings, key=weight))


def _order_of_exchange(exchange: Exchange) -> tuple[object, ...]:
    return exchange.evidence[0].issued_at, exchange.pec_id, exchange.sender, exchange.message_id or ""


def _order_of_sent(sent: SentMessage) -> tuple[object, ...]:
    return sent.message_id, sent.senders, sent.recipients, sent.subject, sent.body_sha256 or ""


def _order_of_unverified(item: tuple[Origin, Unverified]) -> tuple[object, ...]:
    origin, unverified = item
    return Source(origin=origin).order, unverified.cause, unverified.detail
