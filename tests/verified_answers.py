"""Answers of every sort: about the fixtures, and made by hand for what no fixture has."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path

from pecverify import Policy, Reason, Report, TrustStore, verify_nested, verify_receipt
from pecverify.archive import Answer, Cause, Origin, Unverified
from tests import reports

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def trust() -> TrustStore:
    return TrustStore.default() | TrustStore.from_certificates((FIXTURES / "trust" / "test-ca.pem").read_bytes())


def messages() -> list[Path]:
    """Every message of the fixtures."""
    return sorted((*(FIXTURES / "vectors").glob("*.eml"), *(FIXTURES / "hostile").glob("*.eml")))


def about(path: Path, store: TrustStore, policy: Policy | None = None, *, nested: bool = False) -> Answer:
    data = path.read_bytes()
    report = verify_receipt(data, trust=store, policy=policy)
    inner = verify_nested(data, trust=store, policy=policy) if nested else ()
    is_ordinary = {finding.reason for finding in report.decisive_findings} <= {Reason.NOT_PEC, Reason.NESTED_RECEIPT}
    return Answer(
        origin=Origin(path=str(path), sha256=hashlib.sha256(data).hexdigest()),
        result=report,
        nested=inner,
        is_carrier=bool(inner) and is_ordinary,
    )


@functools.cache
def of_fixtures() -> tuple[Answer, ...]:
    """About every message of the fixtures, by the test authority, with the receipts inside."""
    store = trust()
    return tuple(about(path, store, nested=True) for path in messages())


def by_hand() -> tuple[Answer, ...]:
    """What only archives have: members, offsets, failures; and a report of each kind."""
    failed = Unverified(cause=Cause.DAMAGED, detail="not a zip file: \udc80")
    made = [
        reports.report(receipt, reports.WEAK, by=reports.signer(), original=reports.ORIGINAL)
        for receipt in reports.RECEIPTS
    ]
    return (
        Answer(origin=Origin(path="casella/\udce8.zip"), result=failed),
        *(
            Answer(origin=Origin(path="posta.zip", member=f"{number}.eml", offset=number), result=report)
            for number, report in enumerate(made)
        ),
    )


def everything() -> tuple[Answer, ...]:
    return (*of_fixtures(), *by_hand())


def reports_of(answers: tuple[Answer, ...]) -> list[Report]:
    """All reports that count."""
    return [report for answer in answers for report in answer.counted]
