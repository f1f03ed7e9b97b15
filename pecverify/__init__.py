"""Tells whether an Italian certified e-mail (PEC) receipt is genuine, what it certifies and why.

A name is imported when it is first asked for (PEP 562): the command line's help need not wait for the cryptography.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.brief import BriefComparison, check_brief
    from pecverify.comparison import OriginalComparison, compare_original
    from pecverify.damage import DamageKind, Diagnosis, diagnose
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

_NAMES = {
    "brief": ("BriefComparison", "check_brief"),
    "comparison": ("OriginalComparison", "compare_original"),
    "damage": ("DamageKind", "Diagnosis", "diagnose"),
    "errors": (
        "PecverifyError",
        "TrustListError",
        "VerificationError",
    ),
    "nested": (
        "NestedReceipt",
        "find_receipts",
    ),
    "policy": (
        "Limits",
        "Policy",
    ),
    "problem": (
        "DeliveryProblem",
        "ProblemCause",
    ),
    "reasons": (
        "Check",
        "Reason",
        "Rule",
        "Severity",
        "SubIndication",
    ),
    "receipt": (
        "Acceptance",
        "AnomalyEnvelope",
        "CertifiedReceipt",
        "DelayNotice",
        "Delivery",
        "DeliveryDelay",
        "DeliveryError",
        "DeliveryFailure",
        "NonAcceptance",
        "Receipt",
        "ReceiptForm",
        "ReceiptKind",
        "Recipient",
        "RecipientType",
        "TakenInCharge",
        "TransportEnvelope",
        "VirusDetected",
    ),
    "report": (
        "Basis",
        "CertificateFacts",
        "CheckResult",
        "Finding",
        "Outcome",
        "Provider",
        "Recognition",
        "Report",
        "Signer",
        "Times",
        "TrustStatement",
        "Verdict",
    ),
    "trust": (
        "ListOfLists",
        "TrustStore",
    ),
    "verify": (
        "verify_nested",
        "verify_receipt",
    ),
}
_HOMES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    value = globals()[name] = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    return value


def __dir__() -> list[str]:
    return [*globals(), *__all__]
