"""The manifest of a bundle: every file by size and SHA-256, every receipt with its verdict, and how it was judged.

It is written in one way only, and read back only if it is written in that way: what it says can be said in one file.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum

from pecverify.archive._names import OUTLOOK_START
from pecverify.archive.answer import Answer, Cause, Origin, Unverified
from pecverify.bundle.errors import BundleError
from pecverify.exchange.rows import read_value
from pecverify.policy import Limits, Policy
from pecverify.reasons import Reason
from pecverify.report import Report, Span, Verdict, to_json

FORMAT = 1
MANIFEST, TIMESTAMP = "manifest.json", "manifest.json.tsr"
MAXIMUM_MANIFEST_BYTES = 64_000_000
"""Room for some 100,000 receipts."""
REPORTS, EXCHANGE, PAGE, TRUST = "reports.jsonl", "exchange.json", "report.html", "trust.json"
README, LEGGIMI = "README.txt", "LEGGIMI.txt"
DERIVED = (LEGGIMI, README, EXCHANGE, PAGE, REPORTS, TRUST)
"""What every bundle holds besides receipts and manifest: all of it can be made again from them."""
FROM_RECEIPTS = (EXCHANGE, PAGE, REPORTS)
"""Those that take every receipt."""
_YEARS = range(1900, 9000)
"""Of `now`: at the ends of the calendar one cannot count."""
_RECEIPT = re.compile(r"receipts/[0-9]{4,9}-[0-9a-f]{16}\.(?:eml|msg)")


@dataclass(frozen=True, slots=True, kw_only=True)
class FileEntry:
    """One file of the bundle."""

    path: str
    """Its name in the zip."""
    size: int
    """Its bytes."""
    sha256: str
    """Of its bytes, hexadecimal, lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReport:
    """What a verification came to."""

    verdict: Verdict
    """The verdict."""
    kind: str | None
    """The kind of receipt, e.g. `delivered`; None where nothing of it is signed."""
    reasons: tuple[Reason, ...]
    """Of its findings, in their order."""
    taken_from: Span | None
    """For a receipt inside a message: where it lay there."""

    @classmethod
    def of(cls, report: Report) -> RecordedReport:
        """What is recorded of a report."""
        return cls(
            verdict=report.verdict,
            kind=None if report.receipt is None else report.receipt.kind.name.lower(),
            reasons=tuple(finding.reason for finding in report.findings),
            taken_from=report.taken_from,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedReceipt:
    """One receipt of the bundle."""

    file: str
    """Its name in the zip, ours and never the one that it had."""
    origin: Origin
    """Where it lay, seen from the source that was named. Hostile text."""
    from_mbox: bool
    """Whether it lay in an mbox, where lines may have been quoted."""
    report: RecordedReport
    """What its verification came to."""
    nested: tuple[RecordedReport, ...]
    """The same of the receipts inside it, where they were asked for."""
    is_carrier: bool
    """Whether it is ordinary mail that merely carries receipts: then those count, and it does not."""

    @classmethod
    def of(cls, file: str, answer: Answer, report: Report, *, from_mbox: bool) -> RecordedReceipt:
        """What is recorded of an answer."""
        return cls(
            file=file,
            origin=answer.origin,
            from_mbox=from_mbox,
            report=RecordedReport.of(report),
            nested=tuple(map(RecordedReport.of, answer.nested)),
            is_carrier=answer.is_carrier,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedUnverified:
    """What was found, could not be verified, and is not in the bundle."""

    origin: Origin
    """Where it lay. Hostile text."""
    cause: Cause
    """Why."""
    detail: str
    """What the system or the reader said. Hostile text."""

    @property
    def answer(self) -> Answer:
        """The answer that it was made of."""
        return Answer(origin=self.origin, result=Unverified(cause=self.cause, detail=self.detail))


class PolicyName(StrEnum):
    """Which policy, but for the instants and what was given besides."""

    DEFAULT = "default"
    """`Policy()`."""
    STRICT = "strict"
    """`Policy.strict()`."""
    ARCHIVAL = "archival"
    """`Policy.archival()`."""
    CUSTOM = "custom"
    """Another one."""

    @classmethod
    def of(cls, policy: Policy) -> PolicyName:
        """The name of a policy."""
        judged = replace(Policy(), sha1_digest_until=policy.sha1_digest_until)
        judged = replace(judged, weak_signature_until=policy.weak_signature_until)
        judged = replace(judged, clock_tolerance=policy.clock_tolerance, limits=policy.limits)
        known = {cls.DEFAULT: Policy(), cls.ARCHIVAL: Policy.archival(), cls.STRICT: _STRICT}
        return next((name for name, one in known.items() if one == judged), cls.CUSTOM)


_STRICT = replace(Policy.strict(now=datetime.min.replace(tzinfo=UTC)), at=None, now=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyFacts:
    """What was demanded of each receipt; of CRLs and OCSP responses the hashes alone."""

    name: PolicyName
    """What it is called."""
    at: datetime | None
    """`Policy.at`."""
    existed_at: datetime | None
    """`Policy.existed_at`."""
    now: datetime | None
    """`Policy.now`."""
    sha1_digest_until: datetime | None
    """`Policy.sha1_digest_until`."""
    weak_signature_until: datetime | None
    """`Policy.weak_signature_until`."""
    clock_tolerance_seconds: int
    """`Policy.clock_tolerance`."""
    crls: tuple[str, ...]
    """SHA-256 of each CRL."""
    ocsp: tuple[str, ...]
    """SHA-256 of each OCSP response."""
    require_revocation: bool
    """`Policy.require_revocation`."""
    limits: Limits
    """`Policy.limits`."""

    @classmethod
    def of(cls, policy: Policy) -> PolicyFacts:
        """The facts of a policy."""
        return cls(
            name=PolicyName.of(policy),
            at=in_utc(policy.at),
            existed_at=in_utc(policy.existed_at),
            now=in_utc(policy.now),
            sha1_digest_until=in_utc(policy.sha1_digest_until),
            weak_signature_until=in_utc(policy.weak_signature_until),
            clock_tolerance_seconds=round(policy.clock_tolerance.total_seconds()),
            crls=tuple(sorted({digest_of(crl) for crl in policy.crls})),
            ocsp=tuple(sorted({digest_of(response) for response in policy.ocsp})),
            require_revocation=policy.require_revocation,
            limits=policy.limits,
        )

    def differences(self, other: PolicyFacts) -> tuple[str, ...]:
        """The names of what differs. The clock does not count: it only tells what lies in the future."""
        return tuple(name for name in _COMPARED if getattr(self, name) != getattr(other, name))


_COMPARED = tuple(field.name for field in dataclasses.fields(PolicyFacts) if field.name != "now")


def in_utc(instant: datetime | None) -> datetime | None:
    """The same instant in UTC: what is recorded does not depend on where the clock is."""
    return None if instant is None else instant.astimezone(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a bundle holds and how it was made."""

    format: int
    """The version of this format."""
    pecverify: str
    """The version that made the bundle."""
    now: datetime
    """The instant up to which `pending` was judged, UTC."""
    language: str
    """Of the page: `en` or `it`."""
    policy: PolicyFacts
    """What was demanded of each receipt."""
    nested: bool
    """Whether receipts inside messages were verified too."""
    trust: str
    """The file that says who was trusted: for information, never to be trusted itself."""
    files: tuple[FileEntry, ...]
    """Every file but this one and its timestamp, by name."""
    receipts: tuple[RecordedReceipt, ...]
    """In the order in which they were found."""
    unverified: tuple[RecordedUnverified, ...]
    """What could not be verified and is left out, in the order in which it was found."""

    def to_bytes(self) -> bytes:
        """Its file, in the shape of `pecverify/data/bundle.schema.json`."""
        return (json.dumps(to_json(self), indent=1) + "\n").encode("ascii")

    @property
    def sha256(self) -> str:
        """Of its file, hexadecimal, lower case: the bundle's fingerprint."""
        return digest_of(self.to_bytes())

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read a manifest.

        Raises:
            BundleError: it is none, or is not written as `to_bytes` writes it, or its parts do not fit.
        """
        try:
            value = json.loads(data)
            if isinstance(value, dict) and value.get("format") != FORMAT:
                message = f"format {value.get('format')!r:.40}: this version of pecverify reads format {FORMAT}"
                raise BundleError(message)
            manifest: Manifest = read_value(cls, value)
            is_canonical = manifest.to_bytes() == data
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            message = f"{MANIFEST}: {type(error).__name__}: {str(error)[:200]}"
            raise BundleError(message) from None
        if not is_canonical:
            message = f"{MANIFEST} is not written as pecverify writes it"
            raise BundleError(message)
        manifest._check_parts()
        return manifest

    def _check_parts(self) -> None:
        names = [entry.path for entry in self.files]
        receipts = [receipt.file for receipt in self.receipts]
        if names != sorted({*receipts, *DERIVED}) or len(receipts) != len(set(receipts)):
            message = f"{MANIFEST}: the files are not those of its receipts"
            raise BundleError(message)
        if wrong := next((name for name in receipts if not _RECEIPT.fullmatch(name)), None):
            message = f"{MANIFEST}: no name of a receipt: {wrong!r:.100}"
            raise BundleError(message)
        is_usable = self.trust == TRUST and self.language in ("en", "it") and self.now.year in _YEARS
        if not is_usable:
            message = f"{MANIFEST}: trust, language or now"
            raise BundleError(message)


def receipt_name(number: int, data: bytes) -> str:
    """The name of a receipt's file: its number and the beginning of its hash, nothing of what it was called."""
    ending = "msg" if data.startswith(OUTLOOK_START) else "eml"
    return f"receipts/{number:04}-{digest_of(data)[:16]}.{ending}"


def digest_of(data: bytes) -> str:
    """SHA-256, hexadecimal, lower case."""
    return hashlib.sha256(data).hexdigest()
