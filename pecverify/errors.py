"""Exceptions: for the caller's own mistakes and for `Report.require()`, never for hostile input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.report import Report


class PecverifyError(Exception):
    """Base of every exception that pecverify raises on its own account."""


class VerificationError(PecverifyError):
    """`Report.require()` was called on a report that is not VALID.

    Args:
        report: the report that was required to be VALID; its findings say why it is not.
    """

    def __init__(self, report: Report) -> None:
        super().__init__(report)
        self.report = report
        """The report, whole: verdict, findings, signer and times."""

    def __str__(self) -> str:
        causes = ", ".join(finding.reason.value for finding in self.report.decisive_findings)
        return f"{self.report.verdict.value}: {causes}"


class TrustListError(PecverifyError, ValueError):
    """Trust material given by the caller cannot be used: the message says which and why."""
