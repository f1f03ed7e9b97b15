"""Bundles of proof: receipts, what they prove and how to verify it again, in one zip that comes out the same each time.

from pecverify.bundle import check_bundle, make_bundle

with open("bundle.zip", "xb") as file:
    make_bundle(["receipts"], file, examiner=Examiner(policy=Policy(now=now)), now=now)
"""

from pecverify.bundle.check import check_bundle
from pecverify.bundle.errors import BundleError
from pecverify.bundle.make import make_bundle
from pecverify.bundle.manifest import (
    FileEntry,
    Manifest,
    PolicyFacts,
    PolicyName,
    RecordedReceipt,
    RecordedReport,
    RecordedUnverified,
)
from pecverify.bundle.outcome import BundleCheck, FileCheck, FileState, ReceiptCheck, TimestampCheck, TimestampState
from pecverify.bundle.seal import attach_timestamp, request_timestamp

__all__ = [
    "BundleCheck",
    "BundleError",
    "FileCheck",
    "FileEntry",
    "FileState",
    "Manifest",
    "PolicyFacts",
    "PolicyName",
    "ReceiptCheck",
    "RecordedReceipt",
    "RecordedReport",
    "RecordedUnverified",
    "TimestampCheck",
    "TimestampState",
    "attach_timestamp",
    "check_bundle",
    "make_bundle",
    "request_timestamp",
]
