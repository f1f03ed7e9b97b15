"""What the receipts about one recipient make together: a state, and what speaks against it.

Checks 52, 53, 55, 56, 58 and 62.

Rules of this module:

- Every rule compares signed statements. Two that cannot both be true make the state CONTRADICTORY, whoever gains.
- Instants are compared with the tolerance that the law gives the providers' clocks: nobody is accused within it.
- Nothing depends on the order in which receipts came: they are sorted before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from pecverify.exchange._case import FIRST_NOTICE_AFTER, LONGEST_DELIVERY, TOLERANCE
from pecverify.exchange.model import ExchangeFinding, RecipientOutcome
from pecverify.exchange.reasons import ExchangeReason
from pecverify.exchange.states import State
from pecverify.reasons import Severity
from pecverify.receipt import (
    SECOND_NOTICE_AFTER,
    DelayNotice,
    DeliveryError,
    ReceiptForm,
    ReceiptKind,
    RecipientType,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify.exchange._case import Case
    from pecverify.exchange.evidence import Evidence
    from pecverify.receipt import Recipient

_R = ExchangeReason


class _Settled(NamedTuple):
    """The state, and the receipt that it rests on."""

    state: State
    by: Evidence | None = None


class _About:
    """The receipts about one recipient, by kind."""

    def __init__(self, recipient: Recipient, evidence: tuple[Evidence, ...], case: Case) -> None:
        self.recipient = recipient
        self.evidence = evidence
        self.case = case
        self.deliveries = self._of(ReceiptKind.DELIVERED)
        self.failures = self._of(ReceiptKind.DELIVERY_FAILED)
        self.notices = self._of(ReceiptKind.DELIVERY_DELAYED)
        self.taken = self._of(ReceiptKind.TAKEN_IN_CHARGE)
        self.viruses = self._of(ReceiptKind.VIRUS_DETECTED)
        self.classified = {
            which: tuple(notice for notice in self.notices if self._classify(notice) is which) for which in DelayNotice
        }

    def _of(self, kind: ReceiptKind) -> tuple[Evidence, ...]:
        return tuple(each for each in self.evidence if each.kind is kind)

    def _classify(self, notice: Evidence) -> DelayNotice:
        """Which notice this is: by a final code, by the time since acceptance, by its place among two.

        Source: RFC 6109 §3.1.6.
        """
        started_at = self.case.started_at
        if notice.problem is not None and notice.problem.permanent:
            return DelayNotice.SECOND
        if started_at is not None:
            is_second = notice.issued_at - started_at >= SECOND_NOTICE_AFTER
        else:
            is_second = len(self.notices) == _BOTH_NOTICES and notice is self.notices[-1]
        return DelayNotice.SECOND if is_second else DelayNotice.FIRST

    def found(self, reason: ExchangeReason, *evidence: Evidence, values: tuple[str, ...] = ()) -> ExchangeFinding:
        return ExchangeFinding(reason=reason, recipient=self.recipient.address, values=values, evidence=evidence)


_BOTH_NOTICES = 2


def decide_outcome(
    recipient: Recipient, evidence: tuple[Evidence, ...], case: Case, *, is_copy: bool | None
) -> tuple[RecipientOutcome, tuple[ExchangeFinding, ...]]:
    """The outcome for one recipient.

    Args:
        recipient: as the receipts name it.
        evidence: the receipts about this recipient, in the order of their instants.
        case: all receipts about the message.
        is_copy: whether it is a Cc recipient, if known.

    Returns:
        The outcome, and what was found.
    """
    about = _About(recipient, evidence, case)
    findings = [*_check_outcomes(about), *_check_order(about), *_check_notices(about), *_check_viruses(about)]
    disputed = case.is_refusal_disputed or any(each.severity is Severity.ERROR for each in findings)
    settled = _Settled(State.CONTRADICTORY) if disputed else next(_states(about))
    findings += _check_missing(about, settled.state)
    service = tuple(_check_service(about, settled))
    outcome = RecipientOutcome(
        address=recipient.address,
        type=recipient.type,
        is_copy=is_copy,
        state=settled.state,
        at=None if settled.by is None else settled.by.issued_at,
        problem=None if settled.by is None else settled.by.problem,
        taken_in_charge_at=about.taken[0].issued_at if about.taken else None,
        evidence=(*case.of_kind(ReceiptKind.NOT_ACCEPTED), *evidence),
        serves=not service,
    )
    return outcome, (*findings, *service)


def _states(about: _About) -> Iterator[_Settled]:
    """The states that the receipts speak for where nothing is in dispute, the first of which holds."""
    case = about.case
    yield from (_Settled(State.REFUSED, refusal) for refusal in case.of_kind(ReceiptKind.NOT_ACCEPTED))
    if about.recipient.type is RecipientType.EXTERNAL:
        yield _Settled(State.NOT_CERTIFIED)
    yield from (_Settled(State.DELIVERED, delivery) for delivery in about.deliveries)
    for failure in about.failures:
        yield _Settled(State.REFUSED if failure.error is DeliveryError.VIRUS else State.FAILED, failure)
    yield from (_Settled(State.DELAYED_24H, notice) for notice in about.classified[DelayNotice.SECOND])
    yield from (_Settled(State.DELAYED_12H, notice) for notice in about.classified[DelayNotice.FIRST])
    if case.now is not None and case.started_at is not None and case.now - case.started_at < LONGEST_DELIVERY:
        yield _Settled(State.PENDING)
    yield _Settled(State.NO_EVIDENCE)


def _check_outcomes(about: _About) -> Iterator[ExchangeFinding]:
    """Exactly one final outcome for a certified recipient, none for another (checks 52, 53)."""
    outcomes = (*about.deliveries, *about.failures)
    if about.recipient.type is RecipientType.EXTERNAL and (outcomes or about.notices):
        yield about.found(_R.OUTCOME_FOR_EXTERNAL, *outcomes, *about.notices)
    if about.deliveries and about.failures:
        yield about.found(_R.OUTCOME_CONFLICTING, *outcomes, values=_instants(outcomes))
    for repeated in (about.deliveries, about.failures):
        if len(repeated) > 1:
            yield about.found(_R.OUTCOME_REPEATED, *repeated, values=_instants(repeated))


def _check_order(about: _About) -> Iterator[ExchangeFinding]:
    """Nothing before acceptance, delivery in time, take-in-charge before the outcome (check 55)."""
    started_at = about.case.started_at
    if started_at is not None:
        early = tuple(each for each in about.evidence if each.issued_at - started_at < -TOLERANCE)
        if early:
            yield about.found(_R.BEFORE_ACCEPTANCE, *early, values=(started_at.isoformat(), *_instants(early)))
        late = tuple(each for each in about.deliveries if each.issued_at - started_at > LONGEST_DELIVERY + TOLERANCE)
        if late and not about.notices:
            yield about.found(_R.DELIVERY_LATE, *late, values=_instants(late))
    outcomes = (*about.deliveries, *about.failures)
    if about.taken and outcomes:
        first, taken = min(each.issued_at for each in outcomes), about.taken[0]
        if taken.issued_at - first > TOLERANCE:
            yield about.found(_R.TAKEN_IN_CHARGE_LATE, taken, values=(first.isoformat(), taken.issued_at.isoformat()))


def _check_notices(about: _About) -> Iterator[ExchangeFinding]:
    """The notices come in their hours, once each, and no delivery belies the second (check 56)."""
    started_at = about.case.started_at
    for which, earliest in ((DelayNotice.FIRST, FIRST_NOTICE_AFTER), (DelayNotice.SECOND, SECOND_NOTICE_AFTER)):
        notices = about.classified[which]
        if len(notices) > 1:
            yield about.found(_R.NOTICE_REPEATED, *notices, values=_instants(notices))
        if started_at is not None:
            early = tuple(each for each in notices if each.issued_at - started_at < earliest - TOLERANCE)
            if early:
                yield about.found(_R.NOTICE_EARLY, *early, values=_instants(early))
    second = about.classified[DelayNotice.SECOND]
    if started_at is None and about.notices and not second:
        yield about.found(_R.NOTICE_AMBIGUOUS, *about.notices)
    if not second or not about.deliveries:
        return
    delivery = about.deliveries[0]
    if started_at is None:
        belied = delivery.issued_at - second[0].issued_at < -TOLERANCE
    else:
        belied = delivery.issued_at - started_at < LONGEST_DELIVERY - TOLERANCE
    reason = _R.DELIVERED_DESPITE_FINAL_NOTICE if belied else _R.DELIVERED_AFTER_FINAL_NOTICE
    yield about.found(reason, delivery, *second, values=_instants((delivery, *second)))


def _check_viruses(about: _About) -> Iterator[ExchangeFinding]:
    """A virus found, and a failure for it, one for one (check 58)."""
    failures = tuple(each for each in about.failures if each.error is DeliveryError.VIRUS)
    if about.viruses and about.deliveries:
        yield about.found(_R.VIRUS_YET_DELIVERED, *about.viruses, *about.deliveries)
    elif about.viruses and not failures:
        yield about.found(_R.VIRUS_WITHOUT_FAILURE, *about.viruses)
    elif failures and not about.viruses and about.case.is_provider_side:
        yield about.found(_R.VIRUS_FAILURE_UNEXPLAINED, *failures)


def _check_missing(about: _About, state: State) -> Iterator[ExchangeFinding]:
    """An outcome is there once it must be (check 52)."""
    started_at, now = about.case.started_at, about.case.now
    is_over = started_at is not None and now is not None and now - started_at >= LONGEST_DELIVERY
    if state is State.NO_EVIDENCE or (state is State.DELAYED_12H and is_over):
        yield about.found(_R.OUTCOME_MISSING)


def _check_service(about: _About, settled: _Settled) -> Iterator[ExchangeFinding]:
    """A complete delivery receipt (check 62).

    Source: L. 53/1994 art. 3-bis; DGSIA technical specifications art. 19-bis.
    """
    if settled.state is not State.DELIVERED or settled.by is None:
        yield about.found(_R.SERVICE_LACKS_DELIVERY)
    elif settled.by.carried_form is not ReceiptForm.COMPLETE:
        yield about.found(_R.SERVICE_LACKS_CONTENT, settled.by)
    elif settled.by.content_doubtful:
        yield about.found(_R.SERVICE_CONTENT_DOUBTFUL, settled.by)


def _instants(evidence: tuple[Evidence, ...]) -> tuple[str, ...]:
    return tuple(each.issued_at.isoformat() for each in evidence)
