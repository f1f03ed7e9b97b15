"""What a check of a bundle came to: typed values, nothing decided but the worst of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pecverify.bundle.manifest import Manifest, RecordedReceipt, RecordedReport
from pecverify.report import CertificateFacts, Verdict


class FileState(StrEnum):
    """What came of one file of a bundle."""

    INTACT = "intact"
    """It has the size and the SHA-256 that the manifest gives it; what is made from receipts comes out the same."""
    NOT_REPRODUCED = "not-reproduced"
    """It is intact, and is not what these receipts give: under another trust, policy or version, or it never was."""
    NOT_COMPARED = "not-compared"
    """It is intact, and could not be made again: an extra is missing, or a receipt is."""
    CHANGED = "changed"
    """It has other bytes than the manifest says."""
    UNREADABLE = "unreadable"
    """It cannot be read."""
    MISSING = "missing"
    """The manifest names it and it is not there."""
    EXTRA = "extra"
    """It is there and the manifest does not name it."""


_DOUBTFUL = (FileState.NOT_REPRODUCED, FileState.NOT_COMPARED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """One file."""

    path: str
    """Its name in the zip. Hostile text where the file is extra."""
    state: FileState
    """What came of it."""
    detail: str | None = None
    """What the reader said. Hostile text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiptCheck:
    """One receipt, verified again."""

    recorded: RecordedReceipt
    """What the manifest says of it."""
    found: RecordedReceipt | None
    """What the same comes to now; None where its bytes are not those of the manifest, or it cannot be verified."""
    proven: RecordedReceipt | None
    """The same with the timestamp's instant as proof that it existed then; None without a verified timestamp."""
    detail: str | None = None
    """Why it cannot be verified. Hostile text."""

    @property
    def agrees(self) -> bool:
        """Whether verdict, kind and reasons are those recorded."""
        return self.found == self.recorded

    @property
    def counted(self) -> tuple[RecordedReport, ...]:
        """The reports that count: with the timestamp, if one was verified."""
        judged = self.proven or self.found
        if judged is None:
            return ()
        return (*(() if judged.is_carrier else (judged.report,)), *judged.nested)

    @property
    def verdict(self) -> Verdict:
        """The worst of what counts; a receipt that does not come to what is recorded is INDETERMINATE at best."""
        verdicts = {report.verdict for report in self.counted}
        if Verdict.INVALID in verdicts:
            return Verdict.INVALID
        doubtful = not self.agrees or Verdict.INDETERMINATE in verdicts
        return Verdict.INDETERMINATE if doubtful else Verdict.VALID


class TimestampState(StrEnum):
    """What came of the timestamp."""

    ABSENT = "absent"
    """There is none."""
    NOT_VERIFIED = "not-verified"
    """There is one, and no authority was given to verify it by: it proves nothing yet."""
    VERIFIED = "verified"
    """The authority attests that the manifest existed at its instant."""
    REFUSED = "refused"
    """It is not this manifest's, or not this authority's, or no timestamp."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimestampCheck:
    """The timestamp over the manifest."""

    state: TimestampState
    """What came of it."""
    at: datetime | None = None
    """The instant that is proven, UTC; None unless it was verified."""
    signer: CertificateFacts | None = None
    """Who signed it; None unless it was verified."""
    reason: str | None = None
    """Why it was refused, e.g. `hash-differs`."""
    detail: str | None = None
    """What was found then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleCheck:
    """What `check_bundle` returns for any bytes."""

    problem: str | None
    """Why this is no bundle at all; None if it is one. Hostile text."""
    manifest: Manifest | None
    """Its manifest; None if it is none."""
    files: tuple[FileCheck, ...]
    """Every file that is there or ought to be, by name."""
    receipts: tuple[ReceiptCheck, ...]
    """Every receipt, in the manifest's order."""
    timestamp: TimestampCheck
    """The timestamp."""
    differences: tuple[str, ...]
    """In what this check was made otherwise than the bundle: parts of the policy, `trust`, `pecverify`."""

    @property
    def verdict(self) -> Verdict:
        """VALID only if all is as it was, comes to the same again, and is valid."""
        states = {file.state for file in self.files}
        verdicts = {receipt.verdict for receipt in self.receipts}
        is_refused = self.problem is not None or self.timestamp.state is TimestampState.REFUSED
        if is_refused or states - {FileState.INTACT, *_DOUBTFUL} or Verdict.INVALID in verdicts:
            return Verdict.INVALID
        doubtful = states.intersection(_DOUBTFUL) or Verdict.INDETERMINATE in verdicts or not verdicts
        return Verdict.INDETERMINATE if doubtful else Verdict.VALID
