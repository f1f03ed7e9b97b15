"""Tells whether an Italian certified e-mail (PEC) receipt is genuine, what it certifies and why."""

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
    Verdict,
)
from pecverify.trust import TrustStore
from pecverify.verify import verify_nested, verify_receipt

__version__ = "0.1.0"

__all__ = [
    "Acceptance",
    "AnomalyEnvelope",
    "Basis",
    "CertificateFacts",
    "CertifiedReceipt",
    "Check",
    "CheckResult",
    "DelayNotice",
    "Delivery",
    "DeliveryDelay",
    "DeliveryError",
    "DeliveryFailure",
    "DeliveryProblem",
    "Finding",
    "Limits",
    "NestedReceipt",
    "NonAcceptance",
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
    "TrustStore",
    "Verdict",
    "VerificationError",
    "VirusDetected",
    "__version__",
    "find_receipts",
    "verify_nested",
    "verify_receipt",
]
