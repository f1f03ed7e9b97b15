"""Receipts of one message together: who received what and when, what proves it, and what is missing.

::

    from pecverify.exchange import reconcile

    for exchange in reconcile(reports, now=now):
        for recipient in exchange.recipients:
            print(recipient.address, recipient.state, recipient.perfected_at)
"""

from pecverify.exchange._reconcile import glean, reconcile, reconcile_all
from pecverify.exchange.evidence import Apart, Evidence, Original, Source, read_evidence
from pecverify.exchange.model import Exchange, ExchangeFinding, RecipientOutcome, Reconciliation
from pecverify.exchange.reasons import EXCHANGE_RULES, ExchangeReason, ExchangeRule
from pecverify.exchange.rows import read_answer
from pecverify.exchange.sent import SentMessage
from pecverify.exchange.states import Conclusion, State

__all__ = [
    "EXCHANGE_RULES",
    "Apart",
    "Conclusion",
    "Evidence",
    "Exchange",
    "ExchangeFinding",
    "ExchangeReason",
    "ExchangeRule",
    "Original",
    "RecipientOutcome",
    "Reconciliation",
    "SentMessage",
    "Source",
    "State",
    "glean",
    "read_answer",
    "read_evidence",
    "reconcile",
    "reconcile_all",
]
