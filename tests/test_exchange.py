"""Who received what, when, and what proves it: real receipts in every mixture, in every order."""

from __future__ import annotations

import dataclasses
import itertools
import json
import pickle
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import RecipientType, Severity, Verdict
from pecverify.archive import Answer, Cause, Origin, Unverified
from pecverify.exchange import (
    EXCHANGE_RULES,
    Conclusion,
    Exchange,
    ExchangeReason,
    Reconciliation,
    SentMessage,
    State,
    glean,
    reconcile,
    reconcile_all,
)
from pecverify.exchange.page import render_page
from pecverify.exchange.rows import read_answer
from pecverify.receipt import ReceiptForm, ReceiptKind
from tests import reports
from tests.exchanges import HOURS, LATER, MINUTES, SECONDS, SOON, Examined, Letter, examine, many
from tests.messages import EXTERNAL, ISSUED_AT, PEC_ID, RECIPIENT, SECOND, SENDER, replacing
from tests.pki import DOMAINS, Cms, provider
from tests.schemas import schema, validator

R = ExchangeReason
THIRD = f"cc@{DOMAINS['b']}"
ONE = Letter()
TWO = Letter(recipients=(RECIPIENT, SECOND))
OTHER_ID = "opec210312.20240315102031.1.2.3@" + DOMAINS["a"]


def only(*messages: bytes, now: datetime | None = LATER) -> Exchange:
    (exchange,) = reconcile(map(examine, messages), now=now)
    return exchange


def states(exchange: Exchange) -> list[State]:
    return [recipient.state for recipient in exchange.recipients]


def found(exchange: Exchange, *, service: bool = False) -> list[ExchangeReason]:
    """The reasons found; those of check 62, which speak of every recipient without a delivery, if asked for."""
    return [finding.reason for finding in exchange.findings if service or finding.check != 62]


# --- one recipient


def test_accepted_and_delivered() -> None:
    exchange = only(ONE.acceptance(), ONE.delivery())
    (recipient,) = exchange.recipients
    assert recipient.state is State.DELIVERED
    assert recipient.at == recipient.perfected_at == ISSUED_AT + 4 * SECONDS
    assert recipient.carried_form is ReceiptForm.COMPLETE
    assert exchange.accepted_at == exchange.perfected_for_sender_at == ISSUED_AT
    assert exchange.conclusion is Conclusion.DELIVERED
    assert exchange.serves
    assert exchange.findings == ()
    assert (exchange.pec_id, exchange.sender) == (PEC_ID, SENDER)
    assert exchange.acceptance is exchange.evidence[0]
    assert [each.provider for each in exchange.evidence] == ["Gestore A S.p.A.", "Gestore B S.p.A."]
    assert [each.sources[0].origin.sha256 for each in exchange.evidence if each.sources[0].origin] == [
        examine(message)[0].sha256 for message in (ONE.acceptance(), ONE.delivery())
    ]


@pytest.mark.parametrize(
    ("now", "state", "conclusion", "missing"),
    [
        (SOON, State.PENDING, Conclusion.OPEN, []),
        (ISSUED_AT + 24 * HOURS - SECONDS, State.PENDING, Conclusion.OPEN, []),
        (ISSUED_AT + 24 * HOURS, State.NO_EVIDENCE, Conclusion.INCOMPLETE, [R.OUTCOME_MISSING]),
        (None, State.NO_EVIDENCE, Conclusion.INCOMPLETE, [R.OUTCOME_MISSING]),
    ],
)
def test_nothing_but_the_acceptance(
    now: datetime | None, state: State, conclusion: Conclusion, missing: list[ExchangeReason]
) -> None:
    exchange = only(ONE.acceptance(), now=now)
    assert states(exchange) == [state]
    assert exchange.conclusion is conclusion
    assert found(exchange) == missing
    assert exchange.recipients[0].at is None
    assert exchange.recipients[0].perfected_at is None
    assert not exchange.serves
    assert found(exchange, service=True)[-1] is R.SERVICE_LACKS_DELIVERY


def test_a_naive_clock_is_refused() -> None:
    with pytest.raises(ValueError, match="aware"):
        reconcile([], now=datetime(2024, 1, 1))  # noqa: DTZ001 (that is the point)


@pytest.mark.parametrize(
    ("error", "state", "problem"),
    [("no-dest", State.FAILED, "unknown-address"), ("virus", State.REFUSED, "virus")],
)
def test_not_delivered(error: str, state: State, problem: str) -> None:
    exchange = only(ONE.acceptance(), ONE.failure(error=error))
    (recipient,) = exchange.recipients
    assert (recipient.state, recipient.at) == (state, ISSUED_AT + 4 * SECONDS)
    assert recipient.problem is not None
    assert recipient.problem.cause == problem
    assert recipient.carried_form is None
    assert exchange.conclusion is Conclusion.NOT_DELIVERED
    assert found(exchange) == []


@pytest.mark.parametrize("virus", [True, False])
def test_refused_by_the_senders_provider(virus: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    exchange = only(TWO.refusal(virus=virus))
    assert states(exchange) == [State.REFUSED, State.REFUSED]
    assert {each.at for each in exchange.recipients} == {ISSUED_AT} == {exchange.refused_at}
    assert {each.evidence for each in exchange.recipients} == {exchange.evidence}
    assert exchange.accepted_at is None
    assert exchange.acceptance is None
    assert exchange.conclusion is Conclusion.REFUSED
    assert found(exchange) == []
    assert R.SERVICE_LACKS_ACCEPTANCE in found(exchange, service=True)


def test_delivery_without_acceptance_stands_and_says_so() -> None:
    exchange = only(ONE.delivery())
    assert states(exchange) == [State.DELIVERED]
    assert found(exchange) == [R.ACCEPTANCE_MISSING]
    assert exchange.conclusion is Conclusion.INCOMPLETE
    assert exchange.missing
    assert not exchange.serves


# --- several recipients


def test_mixed_outcomes() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND, *many(3)), copies=(THIRD,), external=(EXTERNAL,))
    first, second, third = many(3)
    exchange = only(
        letter.acceptance(),
        letter.taken(RECIPIENT, THIRD),
        letter.delivery(RECIPIENT, 7 * SECONDS),
        letter.failure(SECOND, 8 * SECONDS),
        letter.notice(first, 12 * HOURS + MINUTES),
        letter.notice(second, 12 * HOURS + MINUTES),
        letter.notice(second, 24 * HOURS),
        letter.delivery(THIRD, 9 * SECONDS),
        now=ISSUED_AT + 13 * HOURS,
    )
    assert [(each.address, each.state, each.at and each.at - ISSUED_AT) for each in exchange.recipients] == [
        (RECIPIENT, State.DELIVERED, 7 * SECONDS),
        (SECOND, State.FAILED, 8 * SECONDS),
        (first, State.DELAYED_12H, 12 * HOURS + MINUTES),
        (second, State.DELAYED_24H, 24 * HOURS),
        (third, State.PENDING, None),
        (THIRD, State.DELIVERED, 9 * SECONDS),
        (EXTERNAL, State.NOT_CERTIFIED, None),
    ]
    assert [each.is_copy for each in exchange.recipients] == [False] * 5 + [True, False]
    assert [each.serves for each in exchange.recipients] == [True] + [False] * 6
    assert exchange.recipients[0].taken_in_charge_at == ISSUED_AT + 2 * SECONDS
    assert exchange.recipients[1].taken_in_charge_at is None
    assert exchange.conclusion is Conclusion.OPEN
    assert found(exchange) == []
    service = {each.recipient: each.reason for each in exchange.findings}
    assert service.pop(THIRD) is R.SERVICE_LACKS_CONTENT
    assert set(service.values()) == {R.SERVICE_LACKS_DELIVERY}


def test_partly_delivered() -> None:
    exchange = only(TWO.acceptance(), TWO.delivery(), TWO.failure(SECOND))
    assert exchange.conclusion is Conclusion.PARTLY_DELIVERED


def test_two_hundred_recipients() -> None:
    everybody = many(200)
    letter = Letter(recipients=everybody)
    messages = [letter.acceptance()]
    messages += [letter.delivery(address, (5 + index) * SECONDS) for index, address in enumerate(everybody[:190])]
    messages += [letter.failure(address, HOURS) for address in everybody[190:195]]
    exchange = only(*messages, now=SOON)
    assert states(exchange) == [State.DELIVERED] * 190 + [State.FAILED] * 5 + [State.PENDING] * 5
    assert [each.at for each in exchange.recipients[:190]] == [ISSUED_AT + (5 + i) * SECONDS for i in range(190)]
    assert sum(each.serves for each in exchange.recipients) == 190
    assert exchange.contradictions == ()
    assert len({id(each.recipients) for each in exchange.evidence}) == 1  # one list of addresses for all of them


def test_two_messages_are_two_exchanges_in_the_order_of_time() -> None:
    later = Letter(pec_id=OTHER_ID, message_id="other@client.example", accepted_at=ISSUED_AT + MINUTES)
    messages = [later.delivery(), ONE.delivery(), later.acceptance(), ONE.acceptance()]
    first, second = reconcile(map(examine, messages), now=LATER)
    assert (first.pec_id, second.pec_id) == (PEC_ID, OTHER_ID)
    assert states(first) == states(second) == [State.DELIVERED]
    assert found(first) == found(second) == []


def test_the_same_client_message_twice_is_two_exchanges_that_name_each_other() -> None:
    again = Letter(pec_id=OTHER_ID, accepted_at=ISSUED_AT + MINUTES)
    first, second = reconcile(map(examine, [again.acceptance(), ONE.acceptance(), ONE.delivery()]), now=LATER)
    assert (first.pec_id, second.pec_id) == (PEC_ID, OTHER_ID)
    for exchange in (first, second):
        (finding,) = (each for each in exchange.findings if each.reason is R.SENT_AGAIN)
        assert finding.values == (PEC_ID, OTHER_ID)
    assert (states(first), states(second)) == ([State.DELIVERED], [State.NO_EVIDENCE])


def test_only_what_was_sent_again_is_said_to_be() -> None:
    """Another message under the same PEC id is not."""
    other, again = Letter(message_id="other@client.example"), Letter(pec_id=OTHER_ID)
    exchanges = reconcile([examine(letter.acceptance()) for letter in (ONE, other, again)], now=LATER)
    told = {(each.pec_id, each.message_id): R.SENT_AGAIN in found(each) for each in exchanges}
    assert told == {
        (PEC_ID, ONE.message_id): True,
        (PEC_ID, "other@client.example"): False,
        (OTHER_ID, ONE.message_id): True,
    }


@pytest.mark.parametrize("instant", ["9999-12-31T23:59:59+00:00", "0001-01-01T00:00:00+00:00"])
def test_rows_at_the_ends_of_the_calendar(instant: str) -> None:
    messages = (ONE.acceptance(), ONE.delivery(), ONE.notice(), ONE.notice(after=24 * HOURS), ONE.taken(RECIPIENT))
    rows = [Answer(origin=origin, result=report).to_dict() for origin, report in map(examine, messages)]
    for several in (rows, rows[:1]):
        for row in several:
            cast("dict[str, Any]", row["report"])["receipt"]["issued_at"] = instant
        (exchange,) = reconcile(several, now=LATER)
        assert exchange.accepted_at == datetime.fromisoformat(instant)
        render_page(reconcile_all(several, now=LATER), version="1")


def test_addresses_are_compared_without_case() -> None:
    shouted = Letter(recipients=(RECIPIENT.upper(),), sender=SENDER.upper())
    exchange = only(ONE.acceptance(), shouted.delivery(RECIPIENT.upper()))
    (recipient,) = exchange.recipients
    assert (recipient.address, recipient.state) == (RECIPIENT, State.DELIVERED)
    assert found(exchange) == []


# --- copies of one receipt


def test_the_same_bytes_twice_are_one_receipt_with_two_places() -> None:
    delivery = ONE.delivery()
    (exchange,) = reconcile([examine(ONE.acceptance()), examine(delivery, "b/2.eml"), examine(delivery, "a/1.eml")])
    assert states(exchange) == [State.DELIVERED]
    assert exchange.serves
    assert [each.origin.path for each in exchange.evidence[1].sources if each.origin] == ["a/1.eml", "b/2.eml"]


def test_the_same_receipt_from_two_mailboxes_is_one() -> None:
    delivery = ONE.delivery()
    forwarded = b"Received: by another.example; Fri, 15 Mar 2024 10:20:40 +0100\r\n" + delivery.replace(b"\r\n", b"\n")
    exchange = only(ONE.acceptance(), delivery, forwarded)
    assert states(exchange) == [State.DELIVERED]
    assert found(exchange) == []
    assert [len(each.sources) for each in exchange.evidence] == [1, 2]
    assert exchange.serves


def test_the_copy_with_the_fewest_findings_speaks_for_all() -> None:
    delivery = ONE.delivery()
    damaged = replacing("Subject: CONSEGNA: ", "Subject: Fwd: CONSEGNA: ")(delivery)
    assert examine(damaged)[1].findings
    for messages in itertools.permutations([ONE.acceptance(), delivery, damaged]):
        assert only(*messages).evidence[1].findings == ()


def test_receipts_alike_with_different_originals_are_not_copies() -> None:
    changed = ONE.delivery(edit=replacing("15 giorni", "90 giorni"))
    exchange = only(ONE.acceptance(), ONE.delivery(), changed)
    assert states(exchange) == [State.CONTRADICTORY]
    assert found(exchange) == [R.OUTCOME_REPEATED, R.CONTENT_DIFFERS]


# --- what does not count


FORGED = (
    ONE.delivery().replace(b"10:20:34", b"10:20:35"),
    ONE.delivery(signer=dataclasses.replace(provider("b"), address="posta-certificata@pec.gestore-x.example")),
)


@pytest.mark.parametrize("forged", FORGED)
def test_forged_receipts_among_genuine_ones_are_set_apart(forged: bytes) -> None:
    assert examine(forged)[1].verdict is Verdict.INVALID
    collected = reconcile_all(map(examine, [ONE.acceptance(), forged]), now=LATER)
    (exchange,) = collected.exchanges
    assert states(exchange) == [State.NO_EVIDENCE]
    (apart,) = (*exchange.apart, *collected.unattributed)
    assert (apart.verdict, apart.finding_count > 0) == (Verdict.INVALID, True)
    assert apart.sources[0].origin == examine(forged)[0]


def test_an_invalid_receipt_that_states_an_exchange_is_listed_beside_it() -> None:
    repeated = b"From: <x@y.example>\r\n" + ONE.delivery()
    exchange = only(ONE.acceptance(), repeated)
    (apart,) = exchange.apart
    assert (apart.verdict, apart.kind, apart.pec_id) == (Verdict.INVALID, ReceiptKind.DELIVERED, PEC_ID)
    assert apart.about == (RECIPIENT,)
    assert apart.issued_at == ISSUED_AT + 4 * SECONDS
    assert states(exchange) == [State.NO_EVIDENCE]


def test_without_a_genuine_receipt_there_is_no_exchange() -> None:
    unsigned = b"Subject: hello\r\n\r\nworld\r\n"
    anomaly = dataclasses.replace(ONE.message("errore", MINUTES, provider("a")), with_daticert=False).build()
    weak = dataclasses.replace(ONE.message("accettazione", MINUTES, provider("a")), cms=Cms(digest="md5")).build()
    collected = reconcile_all(map(examine, [unsigned, anomaly, weak]))
    assert collected.exchanges == ()
    assert {each.verdict for each in collected.unattributed} == {Verdict.INVALID, Verdict.VALID}
    assert {each.kind for each in collected.unattributed} >= {None, ReceiptKind.ANOMALY_ENVELOPE}


# --- contradictions: named, and nobody believed over the other


@pytest.mark.parametrize(
    ("messages", "reasons"),
    [
        ((ONE.delivery(), ONE.failure()), [R.OUTCOME_CONFLICTING]),
        ((ONE.delivery(), ONE.delivery(after=9 * SECONDS)), [R.OUTCOME_REPEATED]),
        ((ONE.failure(), ONE.failure(detail="5.2.2 - B - casella piena")), [R.OUTCOME_REPEATED]),
        ((ONE.delivery(after=-3 * MINUTES),), [R.BEFORE_ACCEPTANCE]),
        ((ONE.failure(after=-3 * MINUTES),), [R.BEFORE_ACCEPTANCE]),
        ((ONE.taken(after=-3 * MINUTES),), [R.BEFORE_ACCEPTANCE]),
        ((ONE.notice(after=-3 * MINUTES),), [R.BEFORE_ACCEPTANCE, R.NOTICE_EARLY]),
        ((ONE.delivery(after=23 * HOURS), ONE.notice(after=24 * HOURS)), [R.DELIVERED_DESPITE_FINAL_NOTICE]),
        ((ONE.delivery(), ONE.virus()), [R.VIRUS_YET_DELIVERED]),
        ((ONE.refusal(),), [R.REFUSAL_CONTRADICTED]),
    ],
)
def test_contradictions(messages: tuple[bytes, ...], reasons: list[ExchangeReason]) -> None:
    for order in itertools.permutations([ONE.acceptance(), *messages]):
        exchange = only(*order)
        (recipient,) = exchange.recipients
        assert (recipient.state, recipient.at, recipient.serves) == (State.CONTRADICTORY, None, False)
        assert found(exchange) == reasons
        assert exchange.contradictions[0].reason is reasons[0]
        assert exchange.conclusion is Conclusion.CONTRADICTORY
        assert not exchange.serves


def test_the_receipts_of_a_contradiction_are_named() -> None:
    exchange = only(ONE.acceptance(), ONE.delivery(), ONE.failure(after=MINUTES))
    (finding,) = exchange.contradictions
    assert [each.kind for each in finding.evidence] == [ReceiptKind.DELIVERED, ReceiptKind.DELIVERY_FAILED]
    assert (finding.check, finding.severity, finding.recipient) == (52, Severity.ERROR, RECIPIENT)
    assert finding.values == ("2024-03-15T10:20:34+01:00", "2024-03-15T10:21:30+01:00")
    assert finding.text() == (
        "One receipt says that the message was delivered to this recipient, another that it was not"
        f" ({RECIPIENT}): 2024-03-15T10:20:34+01:00 | 2024-03-15T10:21:30+01:00"
    )
    assert finding.text("it").startswith("Una ricevuta dice che il messaggio è stato consegnato")


def test_two_acceptances_with_different_content_prove_no_instant() -> None:
    exchange = only(ONE.acceptance(), ONE.acceptance(MINUTES), ONE.delivery(after=2 * MINUTES))
    assert exchange.accepted_at is exchange.perfected_for_sender_at is None
    assert exchange.acceptance is None
    assert found(exchange) == [R.ACCEPTANCE_REPEATED]
    assert states(exchange) == [State.DELIVERED]
    assert not exchange.serves
    assert exchange.conclusion is Conclusion.CONTRADICTORY


def test_refused_and_delivered() -> None:
    exchange = only(TWO.refusal(), TWO.delivery())
    assert states(exchange) == [State.CONTRADICTORY] * 2
    assert exchange.refused_at is None
    assert found(exchange) == [R.REFUSAL_CONTRADICTED]


def test_two_refusals_that_differ() -> None:
    exchange = only(ONE.refusal(), ONE.refusal(virus=True))
    assert states(exchange) == [State.CONTRADICTORY]
    assert found(exchange) == [R.REFUSAL_REPEATED]


def test_two_envelopes_that_differ() -> None:
    exchange = only(ONE.envelope(), ONE.envelope(SECONDS), ONE.delivery())
    assert found(exchange) == [R.ENVELOPE_REPEATED, R.ACCEPTANCE_MISSING]


def test_clocks_may_differ_by_a_minute_each() -> None:
    exchange = only(ONE.acceptance(), ONE.delivery(after=-2 * MINUTES))
    assert states(exchange) == [State.DELIVERED]
    assert found(exchange) == []


def test_other_recipients_keep_their_state() -> None:
    exchange = only(TWO.acceptance(), TWO.delivery(), TWO.delivery(SECOND), TWO.failure(SECOND))
    assert states(exchange) == [State.DELIVERED, State.CONTRADICTORY]


# --- what a set must share


def test_a_pec_id_shared_by_two_messages_is_two_exchanges_in_dispute() -> None:
    other = Letter(message_id="other@client.example")
    exchanges = reconcile(map(examine, [ONE.acceptance(), ONE.delivery(), other.delivery()]), now=LATER)
    assert [each.message_id for each in exchanges] == [ONE.message_id, "other@client.example"]
    for exchange in exchanges:
        assert exchange.contradictions[0].reason is R.PEC_ID_SHARED
        assert len(exchange.contradictions[0].values) == 2
        assert not exchange.serves


def test_another_sender_is_another_exchange() -> None:
    other = Letter(sender=f"altro@{DOMAINS['a']}")
    first, second = reconcile(map(examine, [ONE.acceptance(), other.acceptance(SECONDS)]), now=LATER)
    assert (first.sender, second.sender) == (SENDER, other.sender)
    assert R.PEC_ID_SHARED in found(first)
    assert R.PEC_ID_SHARED in found(second)


def test_a_receipt_without_message_id_belongs_to_the_only_one() -> None:
    without = Letter(message_id=None)
    exchange = only(ONE.acceptance(), without.delivery())
    assert exchange.message_id == ONE.message_id
    assert states(exchange) == [State.DELIVERED]
    assert found(exchange) == [R.MESSAGE_ID_ABSENT]


def test_no_message_id_at_all() -> None:
    without = Letter(message_id=None)
    exchange = only(without.acceptance(), without.delivery())
    assert exchange.message_id is None
    assert found(exchange) == []


def test_recipients_that_differ() -> None:
    fewer = Letter(recipients=(RECIPIENT,))
    exchange = only(TWO.acceptance(), fewer.delivery())
    assert [each.address for each in exchange.recipients] == [RECIPIENT, SECOND]
    assert found(exchange) == [R.RECIPIENTS_DIFFER, R.OUTCOME_MISSING]


def test_a_recipient_certified_in_one_and_external_in_another_needs_an_outcome() -> None:
    outside = Letter(recipients=(RECIPIENT,), external=(SECOND,))
    for messages in itertools.permutations([outside.acceptance(), TWO.delivery()]):
        exchange = only(*messages)
        assert [each.type for each in exchange.recipients] == [RecipientType.CERTIFIED] * 2
        assert R.RECIPIENTS_DIFFER in found(exchange)
        assert R.OUTCOME_MISSING in found(exchange)


def test_subject_and_reply_address_that_differ() -> None:
    renamed = Letter(subject="Altro oggetto")
    message = renamed.message("avvenuta-consegna", SECONDS, provider("b"))
    elsewhere = dataclasses.replace(
        message,
        form="sintetica",
        delivered_to=RECIPIENT,
        xml=replacing(f"<risposte>{SENDER}", f"<risposte>x{SENDER}"),
    )
    exchange = only(ONE.acceptance(), elsewhere.build())
    assert found(exchange) == [R.SUBJECT_DIFFERS, R.REPLY_TO_DIFFERS]
    assert exchange.subject == ONE.subject


def test_an_outcome_for_ordinary_mail() -> None:
    letter = Letter(external=(EXTERNAL,))
    for message in (letter.delivery(EXTERNAL), letter.failure(EXTERNAL), letter.notice(EXTERNAL)):
        exchange = only(letter.acceptance(), letter.delivery(), message)
        assert states(exchange) == [State.DELIVERED, State.CONTRADICTORY]
        assert R.OUTCOME_FOR_EXTERNAL in found(exchange)


def test_ordinary_mail_alone_is_delivered_to_nobody_that_is_known() -> None:
    letter = Letter(recipients=(), external=(EXTERNAL,))
    exchange = only(letter.acceptance())
    assert (states(exchange), exchange.conclusion) == ([State.NOT_CERTIFIED], Conclusion.NOT_DELIVERED)


def test_an_outcome_for_a_stranger() -> None:
    stranger = f"estraneo@{DOMAINS['b']}"
    messages = (ONE.delivery(stranger.upper()), ONE.failure(stranger, MINUTES))
    exchange = only(ONE.acceptance(), ONE.delivery(), *messages)
    (finding,) = exchange.contradictions
    assert (finding.reason, finding.recipient, len(finding.evidence)) == (R.RECIPIENT_UNLISTED, stranger.upper(), 2)
    assert states(exchange) == [State.DELIVERED]
    assert not exchange.serves


# --- time


def test_late_delivery_without_notice() -> None:
    exchange = only(ONE.acceptance(), ONE.delivery(after=25 * HOURS))
    assert (states(exchange), found(exchange)) == ([State.DELIVERED], [R.DELIVERY_LATE])


def test_an_envelope_of_another_instant() -> None:
    exchange = only(ONE.acceptance(), ONE.envelope(5 * MINUTES), ONE.delivery(after=6 * MINUTES))
    assert found(exchange) == [R.ENVELOPE_INSTANT_DIFFERS]


def test_the_envelope_dates_acceptance_where_its_receipt_is_missing() -> None:
    exchange = only(ONE.envelope(), ONE.notice(after=23 * HOURS), now=SOON)
    assert states(exchange) == [State.DELAYED_24H]
    assert exchange.accepted_at is None
    assert found(exchange) == [R.ACCEPTANCE_MISSING]


def test_taken_in_charge_after_delivery() -> None:
    exchange = only(ONE.acceptance(), ONE.delivery(), ONE.taken(after=3 * MINUTES))
    assert found(exchange) == [R.TAKEN_IN_CHARGE_LATE]


FIRST, FINAL = ONE.notice(after=12 * HOURS + MINUTES), ONE.notice(after=24 * HOURS)


@pytest.mark.parametrize(
    ("messages", "state", "reasons"),
    [
        ((ONE.acceptance(), FIRST), State.DELAYED_12H, [R.OUTCOME_MISSING]),
        ((ONE.acceptance(), FINAL), State.DELAYED_24H, []),
        ((ONE.acceptance(), FIRST, FINAL), State.DELAYED_24H, []),
        ((ONE.acceptance(), FIRST, ONE.delivery(after=13 * HOURS)), State.DELIVERED, []),
        ((ONE.acceptance(), FIRST, ONE.failure(after=13 * HOURS)), State.FAILED, []),
        (
            (ONE.acceptance(), FIRST, FINAL, ONE.delivery(after=30 * HOURS)),
            State.DELIVERED,
            [R.DELIVERED_AFTER_FINAL_NOTICE],
        ),
        ((ONE.acceptance(), ONE.notice(after=21 * HOURS + 59 * MINUTES)), State.DELAYED_12H, [R.OUTCOME_MISSING]),
        ((ONE.acceptance(), ONE.notice(after=22 * HOURS)), State.DELAYED_24H, []),
        ((ONE.acceptance(), ONE.notice(after=11 * HOURS)), State.DELAYED_12H, [R.OUTCOME_MISSING, R.NOTICE_EARLY]),
        ((ONE.acceptance(), ONE.notice(after=12 * HOURS - MINUTES)), State.DELAYED_12H, [R.OUTCOME_MISSING]),
        (
            (ONE.acceptance(), ONE.notice(after=12 * HOURS, detail="5.4.1 - A - tempo massimo superato")),
            State.DELAYED_24H,
            [R.NOTICE_EARLY],
        ),
        (
            (ONE.acceptance(), FIRST, ONE.notice(after=13 * HOURS)),
            State.DELAYED_12H,
            [R.OUTCOME_MISSING, R.NOTICE_REPEATED],
        ),
        ((FIRST, FINAL), State.DELAYED_24H, [R.ACCEPTANCE_MISSING]),
        ((FIRST,), State.DELAYED_12H, [R.ACCEPTANCE_MISSING, R.NOTICE_AMBIGUOUS]),
        (
            (FIRST, ONE.notice(after=13 * HOURS), FINAL),
            State.DELAYED_12H,
            [R.ACCEPTANCE_MISSING, R.NOTICE_AMBIGUOUS, R.NOTICE_REPEATED],
        ),
        (
            (FIRST, FINAL, ONE.delivery(after=30 * HOURS)),
            State.DELIVERED,
            [R.ACCEPTANCE_MISSING, R.DELIVERED_AFTER_FINAL_NOTICE],
        ),
    ],
)
def test_notices_in_every_order(messages: tuple[bytes, ...], state: State, reasons: list[ExchangeReason]) -> None:
    for order in itertools.permutations(messages):
        exchange = only(*order)
        assert (states(exchange), found(exchange)) == ([state], reasons)


def test_a_first_notice_leaves_the_exchange_open_until_its_time_is_over() -> None:
    messages = (ONE.acceptance(), FIRST)
    assert only(*messages, now=ISSUED_AT + 14 * HOURS).conclusion is Conclusion.OPEN
    assert only(*messages, now=ISSUED_AT + 24 * HOURS).conclusion is Conclusion.INCOMPLETE


def test_a_notice_by_another_provider() -> None:
    exchange = only(ONE.acceptance(), ONE.notice(signer=provider("b")))
    assert R.NOTICE_BY_ANOTHER_PROVIDER in found(exchange)
    (finding,) = (each for each in exchange.findings if each.reason is R.NOTICE_BY_ANOTHER_PROVIDER)
    assert finding.values == ("Gestore A S.p.A.", "Gestore B S.p.A.")


# --- viruses


@pytest.mark.parametrize("older", [False, True])
def test_a_virus_and_its_failure(older: bool) -> None:  # noqa: FBT001 (a parameter of the test)
    exchange = only(ONE.acceptance(), ONE.virus(older=older), ONE.failure(error="virus"))
    assert (states(exchange), found(exchange)) == ([State.REFUSED], [])


def test_a_virus_without_its_failure() -> None:
    exchange = only(ONE.acceptance(), ONE.virus())
    assert (states(exchange), found(exchange)) == ([State.NO_EVIDENCE], [R.OUTCOME_MISSING, R.VIRUS_WITHOUT_FAILURE])


def test_a_failure_without_its_virus_among_receipts_of_providers() -> None:
    exchange = only(ONE.acceptance(), ONE.taken(), ONE.failure(error="virus"))
    assert (states(exchange), found(exchange)) == ([State.REFUSED], [R.VIRUS_FAILURE_UNEXPLAINED])


# --- content and form


CHANGE = replacing("15 giorni", "90 giorni")
STAMP = replacing("Received: ", "Received: by a.example; Fri, 15 Mar 2024 10:20:31 +0100\r\nReceived: ")


@pytest.mark.parametrize(
    ("messages", "reasons"),
    [
        ((TWO.delivery(), TWO.delivery(SECOND)), []),
        ((TWO.delivery(), TWO.delivery(SECOND, edit=STAMP)), [R.ORIGINAL_HEADERS_DIFFER]),
        ((TWO.delivery(), TWO.delivery(SECOND, edit=CHANGE)), [R.CONTENT_DIFFERS]),
        ((TWO.delivery(), TWO.delivery(SECOND), TWO.envelope()), []),
        ((TWO.delivery(), TWO.delivery(SECOND), TWO.envelope(edit=STAMP)), [R.ORIGINAL_HEADERS_DIFFER]),
        ((TWO.delivery(), TWO.delivery(SECOND), TWO.envelope(edit=CHANGE)), [R.ENVELOPE_CONTENT_DIFFERS]),
        ((TWO.delivery(), TWO.delivery(SECOND, form="breve")), [R.FORM_DIFFERS]),
        ((TWO.delivery(), TWO.delivery(SECOND, form="sintetica")), [R.FORM_NOT_AS_ASKED]),
    ],
)
def test_content_and_form(messages: tuple[bytes, ...], reasons: list[ExchangeReason]) -> None:
    exchange = only(TWO.acceptance(), *messages)
    assert states(exchange) == [State.DELIVERED] * 2
    assert found(exchange) == reasons
    contradicted = any(EXCHANGE_RULES[reason].severity is Severity.ERROR for reason in reasons)
    assert (exchange.conclusion is Conclusion.CONTRADICTORY) is contradicted
    complete = all(each.carried_form is ReceiptForm.COMPLETE for each in exchange.recipients)
    assert exchange.serves is (complete and not contradicted)


def test_brief_receipts() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND), form="breve")
    exchange = only(letter.acceptance(), letter.delivery(), letter.delivery(SECOND, edit=CHANGE))
    assert found(exchange) == [R.BRIEF_CONTENT_DIFFERS]
    assert not exchange.serves


def test_a_concise_request_is_answered_concisely() -> None:
    letter = Letter(recipients=(RECIPIENT,), form="sintetica")
    exchange = only(letter.acceptance(), letter.delivery(), letter.envelope())
    assert found(exchange) == []


def test_an_original_that_does_not_agree_does_not_serve() -> None:
    renamed = ONE.delivery(edit=replacing("Subject: Diffida", "Subject: Invito"))
    exchange = only(ONE.acceptance(), renamed)
    assert states(exchange) == [State.DELIVERED]
    assert found(exchange, service=True) == [R.SERVICE_CONTENT_DOUBTFUL]
    assert not exchange.serves


def test_an_original_without_a_readable_header_tells_no_copies() -> None:
    broken = ONE.delivery(edit=lambda original: b"no header field\r\n" + original)
    exchange = only(ONE.acceptance(), broken)
    assert exchange.recipients[0].is_copy is None
    assert not exchange.serves


def test_originals_that_name_other_copies_tell_none() -> None:
    letter = Letter(recipients=(RECIPIENT, SECOND))
    divided = replacing(f"To: {RECIPIENT}, {SECOND}", f"To: {RECIPIENT}\r\nCc: {SECOND}")
    exchange = only(letter.acceptance(), letter.delivery(), letter.delivery(SECOND, edit=divided))
    assert [each.is_copy for each in exchange.recipients] == [None, None]


def test_an_address_in_to_and_cc_is_primary() -> None:
    both = ONE.delivery(edit=replacing("\r\nSubject:", f"\r\nCc: {RECIPIENT}\r\nSubject:"))
    assert only(ONE.acceptance(), both).recipients[0].is_copy is False


# --- what was sent


def test_what_was_sent_and_delivered() -> None:
    sent = SentMessage.parse(ONE.sent())
    (exchange,) = reconcile(map(examine, [ONE.acceptance(), ONE.delivery()]), [sent], now=LATER)
    assert exchange.findings == ()


def test_what_was_sent_and_something_else_delivered() -> None:
    sent = SentMessage.parse(TWO.sent(edit=replacing("15 giorni", "90 giorni")))
    (exchange,) = reconcile(map(examine, [ONE.acceptance(), ONE.delivery()]), [sent], now=LATER)
    assert found(exchange) == [R.SENT_RECIPIENTS_DIFFER, R.SENT_CONTENT_DIFFERS]
    hashes = dataclasses.replace(sent, body_sha256=None)
    (exchange,) = reconcile(map(examine, [ONE.acceptance(), ONE.delivery()]), [hashes], now=LATER)
    assert found(exchange) == [R.SENT_RECIPIENTS_DIFFER]


def test_a_brief_receipt_does_not_carry_what_was_sent() -> None:
    letter = Letter(form="breve")
    sent = SentMessage.parse(letter.sent())
    (exchange,) = reconcile(map(examine, [letter.acceptance(), letter.delivery()]), [sent], now=LATER)
    assert exchange.contradictions == ()
    assert R.SENT_CONTENT_DIFFERS not in found(exchange)


def test_what_was_sent_and_no_receipt_names() -> None:
    sent = SentMessage.parse(TWO.sent())
    other = Letter(pec_id=OTHER_ID, message_id="other@client.example")
    first, last = reconcile(map(examine, [other.acceptance(), other.delivery()]), [sent, sent], now=LATER)
    assert first.pec_id == OTHER_ID
    assert (last.pec_id, last.message_id, last.sender) == (None, TWO.message_id, SENDER)
    assert states(last) == [State.NO_EVIDENCE] * 2
    assert found(last) == [R.ACCEPTANCE_MISSING]
    assert last.conclusion is Conclusion.INCOMPLETE
    assert last.acceptance is None
    assert not last.serves
    assert last.subject == ONE.subject


@pytest.mark.parametrize("message", [b"From: a@b.example\r\n\r\n", b"", b"\x00", b"no field\r\n"])
def test_a_sent_message_that_no_receipt_can_name(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        SentMessage.parse(message)


# --- input: reports, answers, rows


POOL: tuple[Examined, ...] = tuple(
    examine(message)
    for message in (
        *(TWO.acceptance(), TWO.acceptance(MINUTES), TWO.refusal(), TWO.envelope(), TWO.envelope(edit=STAMP)),
        *(TWO.delivery(), TWO.delivery(edit=CHANGE), TWO.delivery(SECOND, form="sintetica"), TWO.failure(SECOND)),
        *(TWO.notice(), TWO.notice(after=24 * HOURS), TWO.taken(RECIPIENT, SECOND), TWO.virus(SECOND)),
        *(ONE.acceptance(), ONE.delivery(), ONE.failure(), Letter(message_id=None).delivery(SECOND)),
        *(Letter(message_id="other@client.example").acceptance(), Letter(pec_id=OTHER_ID).acceptance()),
        *(FORGED[0], FORGED[1], b"From: <x@y.example>\r\n" + ONE.delivery(), b"Subject: x\r\n\r\n"),
        replacing("Subject: CONSEGNA: ", "Subject: Fwd: CONSEGNA: ")(TWO.delivery()),
        TWO.delivery().replace(b"\r\n", b"\n"),
    )
)


def collect(items: list[Examined]) -> Reconciliation:
    return reconcile_all(items, now=LATER)


@given(
    st.lists(st.sampled_from(POOL), max_size=12).flatmap(
        lambda items: st.tuples(st.just(items), st.permutations(items))
    )
)
def test_the_order_of_the_input_does_not_matter(case: tuple[list[Examined], list[Examined]]) -> None:
    items, shuffled = case
    assert collect(shuffled) == collect(items)


@given(st.lists(st.sampled_from(POOL), max_size=8))
def test_copies_change_nothing(items: list[Examined]) -> None:
    assert collect([*items, *items]) == collect(items)


def test_answers_and_their_rows_say_the_same() -> None:
    answers = [Answer(origin=origin, result=report) for origin, report in POOL]
    unreadable = Unverified(cause=Cause.UNREADABLE, detail="gone")
    gone = Answer(origin=Origin(path="gone.eml"), result=unreadable)
    rows = [json.loads(json.dumps(answer.to_dict())) for answer in (*answers, gone)]
    by_report, by_answer, by_row = (
        collect([*POOL]),
        reconcile_all([*answers, gone], now=LATER),
        reconcile_all(rows, now=LATER),
    )
    assert by_answer == dataclasses.replace(by_report, unverified=((gone.origin, unreadable),))
    assert by_row.unverified == by_answer.unverified
    assert by_row.unattributed == by_answer.unattributed
    assert [states(each) for each in by_row.exchanges] == [states(each) for each in by_answer.exchanges]


def test_rows_compare_no_originals_and_say_so() -> None:
    answers = [
        Answer(origin=origin, result=report)
        for origin, report in map(examine, (TWO.acceptance(), TWO.delivery(), TWO.delivery(SECOND)))
    ]
    (exchange,) = reconcile(answer.to_dict() for answer in answers)
    assert found(exchange) == [R.CONTENT_NOT_COMPARED]
    assert exchange.serves
    (mixed,) = reconcile([*(answer.to_dict() for answer in answers), *answers])
    assert found(mixed) == []
    assert [len(each.sources) for each in mixed.evidence] == [1, 1, 1]


@pytest.mark.parametrize("receipt", reports.RECEIPTS)
def test_every_kind_of_report_survives_its_row(receipt: object) -> None:
    report = reports.report(receipt, reports.WEAK, by=reports.signer())  # type: ignore[arg-type]
    answer = Answer(origin=Origin(path="a", member="b", offset=3), result=report, nested=(report,), is_carrier=True)
    assert read_answer(json.loads(json.dumps(answer.to_dict()))) == answer


@pytest.mark.parametrize(
    "damage",
    [
        lambda row: row.pop("origin"),
        lambda row: row.update(report=[]),
        lambda row: row.update(is_carrier=1),
        lambda row: row["origin"].update(path=None),
        lambda row: row["report"].update(verdict="perhaps"),
        lambda row: row["report"].update(kind="letter"),
        lambda row: row["report"].update(kind=3),
        lambda row: row["report"].update(findings={}),
        lambda row: row["report"]["receipt"].update(issued_at="2024-03-15T10:20:30"),
        lambda row: row["report"]["receipt"].update(issued_at="yesterday"),
        lambda row: row["report"]["receipt"].update(recipients=["a@b.example"]),
        lambda row: row["report"].update(taken_from=[1, 2, 3]),
    ],
)
def test_rows_of_another_shape_are_refused(damage: Callable[[dict[str, object]], object]) -> None:
    origin, report = POOL[0]
    row: dict[str, object] = json.loads(json.dumps(Answer(origin=origin, result=report).to_dict()))
    damage(row)
    with pytest.raises(ValueError, match=r"."):
        reconcile([row])


def test_anything_else_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="bytes"):
        reconcile([b"a message"])  # type: ignore[list-item]


def test_what_a_worker_sends_is_small_and_pickles() -> None:
    origin, report = examine(TWO.delivery())
    answer = Answer(origin=origin, result=report)
    sent = pickle.dumps(glean(answer))
    assert len(sent) < len(pickle.dumps(answer)) < len(TWO.delivery()) * 2
    assert pickle.loads(sent) == glean(answer)  # noqa: S301 (our own)
    assert collect([examine(TWO.acceptance()), *pickle.loads(sent)]) == collect(  # noqa: S301 (our own)
        [examine(TWO.acceptance()), (origin, report)]
    )


def test_reports_alone_will_do() -> None:
    (exchange,) = reconcile(report for _, report in map(examine, (ONE.acceptance(), ONE.delivery())))
    assert states(exchange) == [State.DELIVERED]
    assert exchange.evidence[0].sources[0].origin is None


def test_a_carrier_counts_for_what_it_carries() -> None:
    acceptance, delivery = (examine(message)[1] for message in (ONE.acceptance(), ONE.delivery()))
    origin = Origin(path="forwarded.eml")
    nested = tuple(
        dataclasses.replace(each, taken_from=(index, 9)) for index, each in enumerate((acceptance, delivery))
    )
    carrier = Answer(origin=origin, result=examine(b"Subject: x\r\n\r\n")[1], nested=nested, is_carrier=True)
    collected = reconcile_all([carrier])
    (exchange,) = collected.exchanges
    assert states(exchange) == [State.DELIVERED]
    assert collected.unattributed == ()
    assert exchange.evidence[0].sources[0].taken_from == (0, 9)


def test_findings_kept_are_few_and_counted() -> None:
    many_findings = (reports.WEAK,) * 50
    (exchange,) = reconcile([reports.report(reports.RECEIPTS[0], *many_findings)])
    assert (len(exchange.evidence[0].findings), exchange.evidence[0].finding_count) == (10, 50)


def test_a_report_without_signer_names_no_provider() -> None:
    late = reports.RECEIPTS[5]
    (exchange,) = reconcile([reports.report(reports.RECEIPTS[0]), reports.report(late)])
    assert exchange.evidence[0].provider is None
    assert R.NOTICE_BY_ANOTHER_PROVIDER in found(exchange)


# --- JSON


SCHEMA = schema("exchange")
VALIDATOR = validator("exchange")
COLLECTED = reconcile_all(
    [
        *POOL,
        Answer(origin=Origin(path="gone.eml"), result=Unverified(cause=Cause.UNREADABLE, detail="gone")),
    ],
    [SentMessage.parse(Letter(message_id="never@client.example").sent())],
    now=LATER,
)


def as_json(value: Reconciliation) -> Any:  # noqa: ANN401 (JSON values)
    return json.loads(json.dumps(value.to_dict()))


def test_the_schema_is_a_schema_and_knows_every_token() -> None:
    VALIDATOR.check_schema(SCHEMA)
    for name, enumeration in (("state", State), ("conclusion", Conclusion), ("reason", ExchangeReason)):
        assert SCHEMA["$defs"][name]["enum"] == [member.value for member in enumeration]


@pytest.mark.parametrize("collected", [COLLECTED, reconcile_all([])], ids=["all", "nothing"])
def test_exchanges_fit_the_schema(collected: Reconciliation) -> None:
    VALIDATOR.validate(as_json(collected))


def test_keys_are_exactly_those_of_the_schema() -> None:
    value = as_json(COLLECTED)
    exchange = value["exchanges"][0]
    shapes = {
        "exchange": exchange,
        "recipient": exchange["recipients"][0],
        "finding": exchange["findings"][0],
        "evidence": exchange["evidence"][0],
        "apart": exchange["apart"][0],
        "source": exchange["evidence"][0]["sources"][0],
        "original": next(each["original"] for each in exchange["evidence"] if each["original"]),
        "unverified": value["unverified"][0],
    }
    for name, shape in shapes.items():
        assert set(shape) == set(SCHEMA["$defs"][name]["properties"]) == set(SCHEMA["$defs"][name]["required"]), name
    assert set(value) == set(SCHEMA["properties"])


def test_json_tells_the_state_and_the_places_of_its_evidence() -> None:
    (exchange,) = as_json(reconcile_all(map(examine, [ONE.acceptance(), ONE.delivery()]), now=LATER))["exchanges"]
    (recipient,) = exchange["recipients"]
    assert (recipient["state"], recipient["perfected_at"]) == ("delivered", "2024-03-15T10:20:34+01:00")
    assert exchange["perfected_for_sender_at"] == "2024-03-15T10:20:30+01:00"
    (number,) = recipient["evidence"]
    assert exchange["evidence"][number]["kind"] == "delivered"
    named = {each["certificate"]["sha256"] for each in exchange["signers"]}
    assert {each["certificate_sha256"] for each in exchange["evidence"]} == named


@pytest.mark.parametrize(
    ("path", "wrong"),
    [
        (("exchanges", 0, "conclusion"), "perhaps"),
        (("exchanges", 0, "recipients", 0, "state"), "lost"),
        (("exchanges", 0, "recipients", 0, "evidence"), [-1]),
        (("exchanges", 0, "findings", 0, "check"), 49),
        (("exchanges", 0, "evidence", 0, "issued_at"), None),
        (("exchanges", 0, "evidence", 0, "sources"), []),
        (("now",), "yesterday"),
    ],
)
def test_the_schema_refuses_wrong_values(path: tuple[str | int, ...], wrong: object) -> None:
    value = as_json(COLLECTED)
    *parents, last = path
    target = value
    for step in parents:
        target = target[step]
    target[last] = wrong
    assert not VALIDATOR.is_valid(value)


# --- the table


def test_every_reason_has_a_rule_with_both_texts() -> None:
    assert EXCHANGE_RULES.keys() == set(ExchangeReason)
    for reason, rule in EXCHANGE_RULES.items():
        assert 50 <= rule.check <= 62
        assert rule.source
        assert reason.text("en") == rule.english != rule.italian == reason.text("it")
    assert {rule.check for rule in EXCHANGE_RULES.values()} == set(range(50, 63))


@pytest.mark.parametrize("enumeration", [State, Conclusion])
def test_every_state_is_described_in_both_languages(enumeration: type[State | Conclusion]) -> None:
    for member in enumeration:
        assert member.describe("en") != member.describe("it")
    assert len({member.describe() for member in enumeration}) == len(enumeration)
