"""Tells whether an Italian certified e-mail (PEC) receipt is genuine, what it certifies and why."""

import importlib
from typing import TYPE_CHECKING

from pecverify.errors import PecverifyError, TrustListError, VerificationError
from pecverify.nested import NestedReceipt, find_receipts
from pecverify.policy import Limits, Policy
from pecverify.problem import DeliveryProblem, ProblemCause
from pecverify.reasons import Check, Reason, Rule, Severity, SubIndication
from pecverify.receipt import (
    Acceptance,
    AnomalyEnvelope,
    CertifiedReceipt,
    DelayNotice,
    Delivery,
    DeliveryDelay,
    DeliveryError,
    DeliveryFailure,
    NonAcceptance,
    Receipt,
    ReceiptForm,
    ReceiptKind,
    Recipient,
    RecipientType,
    TakenInCharge,
    TransportEnvelope,
    VirusDetected,
)
from pecverify.report import (
    Basis,
    CertificateFacts,
    CheckResult,
    Finding,
    Outcome,
    Provider,
    Recognition,
    Report,
    Signer,
    Times,
    TrustStatement,
    Verdict,
)
from pecverify.trust import ListOfLists, TrustStore
from pecverify.verify import verify_nested, verify_receipt

if TYPE_CHECKING:
    from pecverify.brief import BriefComparison, check_brief
    from pecverify.comparison import OriginalComparison, compare_original
    from pecverify.damage import DamageKind, Diagnosis, diagnose

__version__ = "0.1.0"

__all__ = [
    "Acceptance",
    "AnomalyEnvelope",
    "Basis",
    "BriefComparison",
    "CertificateFacts",
    "CertifiedReceipt",
    "Check",
    "CheckResult",
    "DamageKind",
    "DelayNotice",
    "Delivery",
    "DeliveryDelay",
    "DeliveryError",
    "DeliveryFailure",
    "DeliveryProblem",
    "Diagnosis",
    "Finding",
    "Limits",
    "ListOfLists",
    "NestedReceipt",
    "NonAcceptance",
    "OriginalComparison",
    "Outcome",
    "PecverifyError",
    "Policy",
    "ProblemCause",
    "Provider",
    "Reason",
    "Receipt",
    "ReceiptForm",
    "ReceiptKind",
    "Recipient",
    "RecipientType",
    "Recognition",
    "Report",
    "Rule",
    "Severity",
    "Signer",
    "SubIndication",
    "TakenInCharge",
    "Times",
    "TransportEnvelope",
    "TrustListError",
    "TrustStatement",
    "TrustStore",
    "Verdict",
    "VerificationError",
    "VirusDetected",
    "__version__",
    "check_brief",
    "compare_original",
    "diagnose",
    "find_receipts",
    "verify_nested",
    "verify_receipt",
]

_ON_DEMAND = {
    "BriefComparison": "brief",
    "check_brief": "brief",
    "OriginalComparison": "comparison",
    "compare_original": "comparison",
    "DamageKind": "damage",
    "Diagnosis": "damage",
    "diagnose": "damage",
}
"""Names whose modules are imported when they are asked for: who only verifies does not wait for them."""


def __getattr__(name: str) -> object:
    if name not in _ON_DEMAND:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(f"{__name__}.{_ON_DEMAND[name]}"), name)
