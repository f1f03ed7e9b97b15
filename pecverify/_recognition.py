"""Who recognises the signer: every source of trust is asked, and the strongest that says yes carries the recognition.

A directory and a trusted list name certificates; a path leads to an anchor. An exact certificate in a source needs no
path. A certificate that merely has a listed one's key and subject does: anybody can put a provider's public key into a
certificate of his own, with another address, and exchange the one in a genuine message for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify._findings import found
from pecverify._pki import find_path
from pecverify.reasons import Reason, Severity
from pecverify.report import Recognition, TrustStatement
from pecverify.trust import REGISTERED_EMAIL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify._certificate import Certificate
    from pecverify._pki import PathResult
    from pecverify.policy import Policy
    from pecverify.report import Finding
    from pecverify.trust import TrustStore


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognitionResult:
    """What the sources of trust say about the signer."""

    statements: tuple[TrustStatement, ...]
    """Of each source that knows the signer, strongest first."""
    path: PathResult
    """The certificate path, found or not."""
    findings: tuple[Finding, ...]
    """Of checks RECOGNITION and ALGORITHMS."""

    @property
    def statement(self) -> TrustStatement | None:
        """The one that carries the recognition; None if the signer is not recognised."""
        return next((statement for statement in self.statements if statement.recognises), None)


def recognise(
    signer: Certificate,
    embedded: tuple[Certificate, ...],
    trust: TrustStore,
    instant: datetime | None,
    policy: Policy,
) -> RecognitionResult:
    """Establish by which source of trust the signer is recognised at `instant`.

    Args:
        signer: the signer's certificate.
        embedded: the certificates that the message carries; they prove nothing by themselves.
        trust: the sources.
        instant: the validated instant; None: nothing is recognised.
        policy: bounds, weak algorithms, and the caller's clock.

    Returns:
        The statements, and as findings those of `find_path`, SERVICE_NOT_GRANTED, SERVICE_NOT_REGISTERED_EMAIL,
        TRUST_LIST_STALE and TRUST_SOURCE_UNVERIFIED.

    Source: RFC 6109 §2.2.2; ETSI TS 119 615 §4.4 (status of a listed service at an instant).
    """
    path = find_path(signer, embedded, trust, instant, policy)
    exact = [] if instant is None else [*_name_certificate(signer, trust, instant)]
    renewed = [] if instant is None or path.statement is None else [*_name_key(signer, trust, instant)]
    own = [] if path.statement is None else [path.statement]
    statements = sorted([*exact, *renewed, *own], key=lambda statement: statement.recognition.rank)
    findings = [*_check_sources(trust, instant, policy), *_check_services([*exact, *renewed])]
    if any(statement.recognises for statement in exact):
        # The source vouches for the certificate itself. It may be newer than the anchors known here, and what its
        # issuer signed it with matters no more; but no source outweighs a forged issuer.
        findings += [finding for finding in path.findings if finding.reason is Reason.ISSUER_FORGED]
    else:
        findings += path.findings
    return RecognitionResult(statements=tuple(statements), path=path, findings=tuple(findings))


def _name_certificate(signer: Certificate, trust: TrustStore, instant: datetime) -> Iterator[TrustStatement]:
    """What directories and trusted list say of exactly this certificate."""
    for directory, entry in trust.entries_of(signer):
        yield directory.state(entry)
    for trusted_list, service in trust.services_of(signer):
        yield trusted_list.state(service, instant)


def _name_key(signer: Certificate, trust: TrustStore, instant: datetime) -> Iterator[TrustStatement]:
    """What the trusted list says of another certificate with this key and subject: of one that this may renew."""
    for trusted_list, service in trust.services_with_key_of(signer):
        yield trusted_list.state(service, instant)


def _check_sources(trust: TrustStore, instant: datetime | None, policy: Policy) -> Iterator[Finding]:
    """Whether the sources themselves are as they should be, whoever the signer is."""
    trusted_list = trust.trusted_list
    if trusted_list is not None:
        facts = trusted_list.facts
        used_at = max((moment for moment in (policy.now, instant) if moment is not None), default=None)
        if used_at is not None and facts.next_update is not None and used_at > facts.next_update:
            due = f"a newer one than sequence {facts.sequence} since {facts.next_update.isoformat()}"
            yield found(Reason.TRUST_LIST_STALE, expected=due, actual=f"used at {used_at.isoformat()}")
        if facts.signer is None:
            unverified = f"{facts.name}, sequence {facts.sequence} (SHA-256 {facts.sha256})"
            yield found(Reason.TRUST_SOURCE_UNVERIFIED, actual=unverified)
    for directory in trust.directories:
        if directory.signer is None:
            yield found(Reason.TRUST_SOURCE_UNVERIFIED, actual=f"{directory.name} (SHA-256 {directory.sha256})")


def _check_services(statements: list[TrustStatement]) -> Iterator[Finding]:
    """Services of the list that know the signer and do not recognise it."""
    for statement in statements:
        if statement.recognition is not Recognition.TRUSTED_LIST or statement.recognises:
            continue
        if statement.service_type != REGISTERED_EMAIL:
            yield found(Reason.SERVICE_NOT_REGISTERED_EMAIL, expected=REGISTERED_EMAIL, actual=statement.describe())
        else:
            # Before its first status a provider signed without the list; afterwards its status was taken away.
            severity = Severity.NOTE if statement.since is None else None
            yield found(Reason.SERVICE_NOT_GRANTED, expected="granted", actual=statement.describe(), severity=severity)
