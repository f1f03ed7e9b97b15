"""The answer: a Report with its verdict, findings, receipt, signer and times, all frozen values that pickle.

Nothing is decided here: `verify.py` decides.
"""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import TypeAlias

from pecverify.errors import VerificationError
from pecverify.problem import Language
from pecverify.reasons import Check, Reason, Severity, SubIndication
from pecverify.receipt import Receipt

Span: TypeAlias = tuple[int, int]
JsonValue: TypeAlias = "str | int | bool | list[JsonValue] | dict[str, JsonValue] | None"


class Verdict(StrEnum):
    """The three answers of ETSI EN 319 102-1. Only VALID is a pass."""

    VALID = "valid"
    """TOTAL-PASSED: every check passed at the validated instant, with a recognised provider."""
    INDETERMINATE = "indeterminate"
    """Nothing disproved, something not established."""
    INVALID = "invalid"
    """TOTAL-FAILED: disproved, or not a PEC message."""


class Basis(StrEnum):
    """Where the validated instant comes from."""

    STATED = "stated"
    """The receipt states it (daticert `data`; signingTime for the anomaly envelope, which has no daticert)."""
    GIVEN = "given"
    """The caller gave it: `Policy(at=...)`."""
    PROVEN = "proven"
    """The caller can prove that the file existed then: `Policy(existed_at=...)`."""


class Recognition(StrEnum):
    """How the signer is known to be a PEC provider, strongest first."""

    DIRECTORY = "directory"
    """Its exact certificate is in a providers' directory (IGPEC) that the caller gave."""
    TRUSTED_LIST = "trusted-list"
    """A granted EDS/REM/Q service of the Italian trusted list at the instant."""
    AGID_CA = "agid-ca"
    """Issued by the AgID CA1 or DigitPA CA1 key, within the name constraints of an edition then in force."""
    CUSTOM = "custom"
    """Leads to an anchor that the caller gave."""
    NONE = "none"
    """Not recognised."""

    @property
    def rank(self) -> int:
        """Its place in this order: 0 is the strongest."""
        return _STRONGEST_FIRST.index(self)


_STRONGEST_FIRST = tuple(Recognition)


class Outcome(StrEnum):
    """What a check came to."""

    PASSED = "passed"
    """Nothing against it (it may have warnings and notes)."""
    FAILED = "failed"
    """It found an error."""
    UNKNOWN = "unknown"
    """It could not be established."""
    NOT_RUN = "not-run"
    """An earlier failure left nothing to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing found: what, how heavy, the two values compared, and where."""

    reason: Reason
    """The machine-readable cause."""
    severity: Severity
    """The weight: the reason's own, or the policy's where the policy decides."""
    expected: str | None = None
    """What the rule or the signed data asks for."""
    actual: str | None = None
    """What was found, at most 200 characters of it. Hostile text: escape it before you print it."""
    where: str | None = None
    """A header field, an element, or `bytes START-STOP` of the message (zero-based, STOP exclusive)."""

    @property
    def check(self) -> Check:
        """The step of the procedure that found it."""
        return self.reason.rule.check

    @property
    def sub_indication(self) -> SubIndication | None:
        """The ETSI EN 319 102-1 sub-indication, for an ERROR or UNKNOWN finding."""
        if self.severity in (Severity.ERROR, Severity.UNKNOWN):
            return self.reason.rule.sub_indication
        return None

    def text(self, language: Language = "en") -> str:
        """One sentence for a person, in English or Italian, with the compared values."""
        rule = self.reason.rule
        sentence, expected, found = (
            (rule.italian, "atteso", "trovato") if language == "it" else (rule.english, "expected", "found")
        )
        details = [
            f"{label} {value}"
            for label, value in ((expected, self.expected), (found, self.actual))
            if value is not None
        ]
        location = f" ({self.where})" if self.where is not None else ""
        return f"{sentence}{location}" + (f": {', '.join(details)}" if details else "")

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `$defs/finding` of `pecverify/data/report.schema.json`."""
        return {
            "reason": self.reason.value,
            "severity": self.severity.value,
            "check": self.check.value,
            "sub_indication": to_json(self.sub_indication),
            "expected": self.expected,
            "actual": self.actual,
            "where": self.where,
            "text": {"en": self.text("en"), "it": self.text("it")},
            "source": self.reason.rule.source,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One step of the procedure and what it came to."""

    check: Check
    """The step."""
    outcome: Outcome
    """What it came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The PEC provider behind a signer certificate."""

    organization: str | None
    """The certificate's organizationName (or commonName where there is none)."""
    name: str | None
    """The name that people know, from the mail domains of the AgID editions; None for a domain not in that table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What identifies one certificate or anchor of the path."""

    subject: str
    """Distinguished name, RFC 4514."""
    issuer: str | None
    """Distinguished name of the issuer; None for an anchor known by its key alone."""
    serial_number: str | None
    """Hexadecimal, lower case, no leading zeros; None for an anchor known by its key alone."""
    not_before: datetime
    """Start of validity (of the edition in force, for a built-in anchor), UTC, inclusive."""
    not_after: datetime
    """End of validity, UTC, inclusive."""
    sha256: str
    """SHA-256 of the certificate (of the edition in force, for a built-in anchor), hexadecimal, lower case."""

    def valid_at(self, instant: datetime) -> bool:
        """Whether `instant` (aware) lies within the validity, both ends included."""
        return self.not_before <= instant <= self.not_after


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustStatement:
    """What one source of trust says about the signer at the validated instant."""

    recognition: Recognition
    """The kind of source, and what it recognises a signer as."""
    recognises: bool
    """Whether it does recognise this signer at that instant."""
    source: str
    """Which source: the name of a list, of a directory or of an anchor."""
    sequence: int | None = None
    """The list's sequence number."""
    issued_at: datetime | None = None
    """When the list was issued, or the directory signed, UTC; the start of an edition's validity."""
    next_update: datetime | None = None
    """When the list's next issue is due, UTC."""
    sha256: str
    """SHA-256 of the list's or directory's file, or of the anchor's certificate, hexadecimal, lower case."""
    is_verified: bool = True
    """Whether the source's own signature was verified; False for one that was loaded without."""
    entry: str
    """The service, the provider's record or the edition that concerns the signer."""
    service_type: str | None = None
    """The service's type, e.g. `EDS/REM/Q`."""
    status: str
    """The entry's status at the instant: `granted`, `withdrawn`, ...; `none yet` before a service's first; `listed` in
    a directory; `in force` for an anchor."""
    since: datetime | None = None
    """Since when it has had that status, UTC."""

    def describe(self) -> str:
        """The statement in one line."""
        parts = [self.source]
        if self.sequence is not None and self.issued_at is not None:
            parts.append(f"sequence {self.sequence} of {self.issued_at.isoformat()}")
        parts.append(self.entry if self.service_type is None else f"service {self.service_type} {self.entry}")
        if self.service_type is not None:
            parts.append(self.status if self.since is None else f"{self.status} since {self.since.isoformat()}")
        if not self.is_verified:
            parts.append("signature not verified")
        return f"{', '.join(parts)} (SHA-256 {self.sha256})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Signer:
    """Who signed, from the certificate whose key verified the signature (or is claimed, if it did not verify)."""

    provider: Provider
    """The provider's two names."""
    certificate: CertificateFacts
    """The signer's certificate."""
    addresses: tuple[str, ...]
    """Its subjectAltName rfc822Name values, in order."""
    key: str
    """Type and size of its public key, e.g. `RSA 2048`, `EC secp256r1`."""
    digest_algorithm: str | None
    """The message digest, e.g. `sha256`; None where it is not one that is known."""
    signature_algorithm: str | None
    """`rsassa-pkcs1v15`, `rsassa-pss` or `ecdsa`; None where it is not one that is known."""
    recognition: Recognition
    """How it is known to be a PEC provider."""
    recognised_by: str | None
    """The statement that carries the recognition, in one line; None if there is none."""
    statements: tuple[TrustStatement, ...]
    """What each source of trust says about this signer, strongest first; sources that do not know it are left out."""
    path: tuple[CertificateFacts, ...]
    """From the signer's certificate to the anchor, both included; the signer's alone if no path was found."""

    def valid_at(self, instant: datetime) -> bool:
        """Whether `instant` (aware) lies within the certificate's validity."""
        return self.certificate.valid_at(instant)

    @property
    def valid_now(self) -> bool:
        """Whether the certificate is within its validity now: reads the clock, when asked and only then."""
        return self.valid_at(datetime.now(UTC))


@dataclass(frozen=True, slots=True, kw_only=True)
class Times:
    """Every time in the message, and the instant that the verdict is about. All aware."""

    stated_at: datetime | None
    """The certified time: `data` of daticert.xml, with the offset that it states."""
    signing_time: datetime | None
    """The signed attribute signingTime, UTC."""
    header_date: datetime | None
    """The Date header: unsigned."""
    validated_at: datetime | None
    """The instant at which certificate and algorithms were judged; None if the message states none."""
    basis: Basis
    """Where `validated_at` comes from."""

    @property
    def claimed(self) -> datetime | None:
        """What the message says of its time: the certified one, else (for an anomaly envelope) signingTime."""
        return self.stated_at or self.signing_time


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What `verify_receipt` returns for any bytes.

    There is no truth value: three verdicts must not collapse into `if report`. Compare `report.verdict`, or call
    `report.require()`.
    """

    verdict: Verdict
    """VALID, INDETERMINATE or INVALID."""
    findings: tuple[Finding, ...]
    """Errors first, then what is unknown, warnings and notes; within each in the order of the procedure."""
    checks: tuple[CheckResult, ...]
    """Every step of the procedure, in order, with its outcome."""
    receipt: Receipt | None
    """What the message states, from signed bytes alone; None unless digest and signature hold."""
    signer: Signer | None
    """Who signed; None where no signer certificate was found."""
    times: Times
    """The times in the message and the validated instant."""
    original_span: Span | None
    """Where postacert.eml lies in the message given (zero-based, stop exclusive); None if it carries none or the
    signature fails. Of an Outlook file (`headers-not-original`) it counts, as every position does, in the message that
    was put together from it."""
    taken_from: Span | None = None
    """For a receipt taken out of another message: where it lay there."""
    _original: memoryview | bytes | None = field(default=None, repr=False, compare=False)

    @property
    def original(self) -> bytes | None:
        """postacert.eml: the byte-exact slice of the message given; None if it carries none or the signature fails."""
        return None if self._original is None else bytes(self._original)

    @property
    def decisive_findings(self) -> tuple[Finding, ...]:
        """The findings that keep the verdict from being VALID."""
        return tuple(f for f in self.findings if f.severity in (Severity.ERROR, Severity.UNKNOWN))

    def require(self) -> Receipt:
        """The typed receipt of a VALID message.

        Raises:
            VerificationError: the verdict is INVALID or INDETERMINATE; it carries this report.
        """
        if self.verdict is not Verdict.VALID or self.receipt is None:
            raise VerificationError(self)
        return self.receipt

    def __bool__(self) -> bool:
        message = "a Report has three verdicts: compare report.verdict, or call report.require()"
        raise TypeError(message)

    def __getstate__(self) -> dict[str, object]:
        state = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        return {**state, "_original": self.original}

    def __setstate__(self, state: dict[str, object]) -> None:
        for name, value in state.items():
            object.__setattr__(self, name, value)

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `pecverify/data/report.schema.json`. Times are RFC 3339."""
        signer = self.signer
        return {
            "verdict": self.verdict.value,
            "kind": None if self.receipt is None else self.receipt.kind.name.lower(),
            "findings": [finding.to_dict() for finding in self.findings],
            "checks": [to_json(check) for check in self.checks],
            "receipt": None if self.receipt is None else to_json(self.receipt),
            "signer": None if signer is None else to_json(signer),
            "times": to_json(self.times),
            "original_span": to_json(self.original_span),
            "taken_from": to_json(self.taken_from),
        }


@functools.cache
def _names_of_fields(of: type) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(of))


def to_json(value: object) -> JsonValue:
    """The JSON form of a value of this library: objects by field, times as RFC 3339, enumerations by value."""
    # In the order of how often they occur: archives have millions of reports.
    if isinstance(value, StrEnum):
        return value.value
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, tuple):
        return [to_json(item) for item in value]
    if isinstance(value, datetime):
        return value.isoformat()
    kind: type = type(value)
    if dataclasses.is_dataclass(kind):
        return {name: to_json(getattr(value, name)) for name in _names_of_fields(kind)}
    message = f"no JSON form for {type(value).__name__}"
    raise TypeError(message)
