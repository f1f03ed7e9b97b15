"""Whether certificates of a path were revoked at an instant, by the CRLs and OCSP responses that the caller gives.

What says "revoked" counts whatever its age. What does not, counts only for the time it covers: a CRL issued after the
instant does, one that was overdue by then does not, nor does one from which the certificate may have been dropped
because it had expired. Nothing is fetched.

Source: RFC 5280 §6.3 (indirect and delta CRLs included), RFC 6960 §3.2, §4.2.2.2; ETSI EN 319 102-1 §5.2.6.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import TYPE_CHECKING

from pecverify._crl import HOLD, REMOVED, parse_crl
from pecverify._findings import found
from pecverify._ocsp import parse_ocsp_response
from pecverify._pki import valid_paths
from pecverify._signature import is_signed_by, key_bits
from pecverify.reasons import Reason, Severity
from pecverify.report import Basis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify._certificate import Certificate, DistinguishedName, DistributionPoint
    from pecverify._crl import Crl, Revocation
    from pecverify._ocsp import OcspResponse, SingleResponse
    from pecverify._pki import PathResult
    from pecverify._signature import PublicKey
    from pecverify.policy import Policy
    from pecverify.report import Finding, Times
    from pecverify.trust import TrustStore
    from pecverify.trust._anchors import Anchor

_OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
_OCSP_DIGESTS = ("sha1", "sha256", "sha384", "sha512")
_ALL_REASONS = frozenset(
    {
        "key_compromise",
        "ca_compromise",
        "affiliation_changed",
        "superseded",
        "cessation_of_operation",
        "certificate_hold",
        "privilege_withdrawn",
        "aa_compromise",
    }
)
_DEEPEST = 3
"""A CRL issuer's own certificate is asked for too, and its issuer's: more than three such steps are no real PKI."""


class Status(IntEnum):
    """What is known of one certificate at the instant; what weighs most comes first."""

    REVOKED = 1
    """Revoked before."""
    GOOD = 2
    """Not revoked."""
    UNKNOWN = 3
    """Not established."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Answer:
    """One certificate's status and where it comes from."""

    status: Status
    revocation: Revocation | None = None
    """A revocation, before the instant or after it."""
    source: str | None = None
    """The CRL or OCSP response that says so."""


_UNKNOWN = _Answer(status=Status.UNKNOWN)


@dataclass(frozen=True, slots=True)
class _Issuer:
    """Who stands above a certificate of the path."""

    name: DistinguishedName
    key: PublicKey
    may_sign_crls: bool


def check_revocation(
    path: PathResult, embedded: tuple[Certificate, ...], trust: TrustStore, times: Times, policy: Policy
) -> tuple[tuple[Finding, ...], bool]:
    """Establish that no certificate of the path was revoked at the validated instant.

    Args:
        path: as `find_path` found it.
        embedded: further certificates, among which CRL issuers are sought.
        trust: the anchors: a CRL issuer's path must end where the signer's does.
        times: the validated instant and its basis.
        policy: the data, and whether revocation must be known.

    Returns:
        CERTIFICATE_REVOKED, CERTIFICATE_REVOKED_LATER, REVOCATION_UNKNOWN, REVOCATION_DATA_REFUSED; and whether the
        status of every certificate is established.
    """
    instant = times.validated_at
    crls = policy.crls + trust.crls
    if instant is None or not (crls or policy.ocsp or policy.require_revocation):
        return (), False
    examination = _Examination(
        trust=trust, policy=policy, crls=crls, embedded=embedded, anchor=path.anchor, instant=instant
    )
    answers = [
        (certificate, examination.ask(certificate, issuer))
        for certificate, issuer in _with_issuers(path.certificates, path.anchor)
    ]
    findings = [finding for certificate, answer in answers for finding in _report(certificate, answer, times, policy)]
    findings += [
        found(Reason.REVOCATION_DATA_REFUSED, actual=refusal) for refusal in dict.fromkeys(examination.refusals)
    ]
    return tuple(findings), all(answer.status is not Status.UNKNOWN for _, answer in answers)


def _with_issuers(
    certificates: tuple[Certificate, ...], anchor: Anchor | None
) -> Iterator[tuple[Certificate, _Issuer | None]]:
    """Each certificate below the anchor with the one above it; None above where that is not known."""
    if anchor is None or anchor.is_certificate(certificates[0]):
        yield certificates[0], None
        return
    above = [_of_certificate(certificate) for certificate in certificates[1:]]
    if not anchor.is_certificate(certificates[-1]):
        above.append(_of_anchor(anchor))
    yield from zip(certificates, above, strict=False)


def _of_certificate(certificate: Certificate) -> _Issuer:
    usage = certificate.key_usage
    return _Issuer(certificate.subject_name, certificate.public_key, usage is None or "crl_sign" in usage)


def _of_anchor(anchor: Anchor) -> _Issuer:
    if anchor.certificate is not None:
        return _of_certificate(anchor.certificate)
    return _Issuer(anchor.subject_name, anchor.public_key, may_sign_crls=True)


def _report(certificate: Certificate, answer: _Answer, times: Times, policy: Policy) -> Iterator[Finding]:
    subject, revocation = certificate.facts.subject, answer.revocation
    if answer.status is Status.UNKNOWN and policy.require_revocation:
        yield found(
            Reason.REVOCATION_UNKNOWN, expected="a CRL or OCSP response that covers the instant", actual=subject
        )
    if revocation is None or times.validated_at is None:
        return
    since = revocation.effective_at.isoformat()
    stated = f"{subject}, revoked at {revocation.revoked_at.isoformat()}, reason {revocation.reason or 'not stated'}"
    if since != revocation.revoked_at.isoformat():
        stated += f", invalid since {since}"
    expected = f"not revoked at {times.validated_at.isoformat()}"
    if answer.status is Status.REVOKED:
        yield found(Reason.CERTIFICATE_REVOKED, expected=expected, actual=stated, where=answer.source)
    else:
        # Who holds a compromised key can state any time: what is stated, and not proven, rests on it.
        doubtful = revocation.is_compromise and times.basis is Basis.STATED
        severity = Severity.WARNING if doubtful else None
        yield found(Reason.CERTIFICATE_REVOKED_LATER, actual=stated, where=answer.source, severity=severity)


@dataclass(slots=True, kw_only=True)
class _Examination:
    """The questions about one path."""

    trust: TrustStore
    policy: Policy
    crls: tuple[bytes, ...]
    embedded: tuple[Certificate, ...]
    anchor: Anchor | None
    instant: datetime
    asked: tuple[Certificate, ...] = ()
    """The CRL issuers on whose account this is asked."""
    refusals: list[str] = field(default_factory=list)

    def ask(self, certificate: Certificate, issuer: _Issuer | None) -> _Answer:
        """The certificate's status by all data given: revoked if any says so, good if any covers it."""
        if issuer is None:
            return _UNKNOWN
        answers = [*self._ask_ocsp(certificate, issuer), *self._ask_crls(certificate, issuer)]
        best = min(answers, key=lambda answer: answer.status, default=_UNKNOWN)
        if best.revocation is None:  # a later revocation is told even where another source knows of none
            later = next((answer for answer in answers if answer.revocation is not None), best)
            best = replace(best, revocation=later.revocation, source=later.source)
        return best

    # --- CRLs

    def _ask_crls(self, certificate: Certificate, issuer: _Issuer) -> Iterator[_Answer]:
        """RFC 5280 §6.3.3: by the certificate's distribution points, then by any CRL of its issuer."""
        crls: list[Crl] = []
        for parsed in map(parse_crl, self.crls):
            if isinstance(parsed, str):
                self.refusals.append(parsed)
            else:
                crls.append(parsed)
        covered: frozenset[str] = frozenset()
        for point in (*certificate.crl_distribution_points, None):
            for crl in crls:
                if (
                    crl.base_number is None
                    and _concerns(crl, certificate, point)
                    and self._is_signed(crl, issuer, point)
                ):
                    deltas = [delta for delta in crls if _updates(delta, crl) and self._is_signed(delta, issuer, point)]
                    revocation = _look_up([crl, *deltas], certificate)
                    current = [each for each in (crl, *deltas) if self._covers(each.this_update, each.next_update)]
                    covers = bool(current)
                    if revocation is not None and (covers or revocation.reason != HOLD):
                        answer = self._judge(revocation, crl.name)
                        is_revoked = answer.status is Status.REVOKED
                        # One that was revoked later was good until then: for the reasons of this CRL, if it is current.
                        yield answer if is_revoked else replace(answer, status=Status.UNKNOWN)
                    if covers and (revocation is not None or any(_keeps(each, certificate) for each in current)):
                        covered |= _covered_reasons(crl, point)
        if covered == _ALL_REASONS:
            yield _Answer(status=Status.GOOD)

    def _is_signed(self, crl: Crl, issuer: _Issuer, point: DistributionPoint | None) -> bool:
        """By the certificate's issuer, or by another certificate of the CRL's issuer under the same anchor."""
        if issuer.may_sign_crls and issuer.name == crl.issuer_name and self._verifies(issuer.key, crl):
            return True
        if any(
            candidate.subject_name == crl.issuer_name
            and _of_certificate(candidate).may_sign_crls
            and self._verifies(candidate.public_key, crl)
            and (self._is_trusted(candidate) or self._publishes_itself(candidate, point))
            for candidate in self.embedded
        ):
            return True
        self.refusals.append(f"{crl.name}: not signed by its issuer")
        return False

    def _publishes_itself(self, candidate: Certificate, point: DistributionPoint | None) -> bool:
        """Whether the certificate asked about is the CRL issuer's, and by its issuer's word in its own CRL."""
        return candidate in self.asked and point is not None and candidate.subject_name in point.crl_issuers

    def _is_trusted(self, candidate: Certificate) -> bool:
        """Whether a path leads from a CRL issuer to the anchor of the signer's, and none of it was revoked."""
        if candidate in self.asked or len(self.asked) >= _DEEPEST:
            return False
        deeper = replace(self, asked=(*self.asked, candidate), refusals=[])
        return any(
            anchor == self.anchor
            and all(deeper.ask(*each).status is Status.GOOD for each in _with_issuers(certificates, anchor))
            for certificates, anchor in valid_paths(candidate, self.embedded, self.trust, self.instant, self.policy)
        )

    # --- OCSP

    def _ask_ocsp(self, certificate: Certificate, issuer: _Issuer) -> Iterator[_Answer]:
        for response in map(parse_ocsp_response, self.policy.ocsp):
            if isinstance(response, str):
                self.refusals.append(response)
                continue
            for single in response.responses:
                if _is_about(single, certificate, issuer):
                    if self._is_by_responder(response, issuer):
                        yield self._read_single(single, certificate, response.name)
                    else:
                        self.refusals.append(f"{response.name}: not signed by the issuer or a responder of its")

    def _read_single(self, single: SingleResponse, certificate: Certificate, source: str) -> _Answer:
        covers = self._covers(single.this_update, single.next_update)
        if single.revocation is not None and (covers or single.revocation.reason != HOLD):
            answer = self._judge(single.revocation, source)
            is_known = covers or answer.status is Status.REVOKED
            return answer if is_known else replace(answer, status=Status.UNKNOWN)
        is_good = single.is_good and covers and single.this_update <= certificate.not_after
        return _Answer(status=Status.GOOD) if is_good else _UNKNOWN

    def _is_by_responder(self, response: OcspResponse, issuer: _Issuer) -> bool:
        """The issuer itself, or whom it certified for it (RFC 6960 §4.2.2.2): directly, with id-kp-OCSPSigning."""
        if _is_responder(response, issuer.name, issuer.key):
            return self._verifies(issuer.key, response)
        return any(
            _is_responder(response, candidate.subject_name, candidate.public_key)
            and _OCSP_SIGNING in (candidate.extended_key_usage or ())
            and candidate.issuer_name == issuer.name
            and candidate.facts.valid_at(response.produced_at)
            and is_signed_by(candidate, issuer.key)
            and self._verifies(candidate.public_key, response)
            for candidate in response.certificates
        )

    # --- both

    def _covers(self, this_update: datetime, next_update: datetime | None) -> bool:
        """Whether what it does not say was not so: issued after the instant, or due for renewal after it."""
        return this_update >= self.instant or (next_update is not None and self.instant <= next_update)

    def _judge(self, revocation: Revocation, source: str) -> _Answer:
        status = Status.REVOKED if revocation.effective_at <= self.instant else Status.GOOD
        return _Answer(status=status, revocation=revocation, source=source)

    def _verifies(self, key: PublicKey, data: Crl | OcspResponse) -> bool:
        return self.trust.remember(("revocation data", key.spki, data.sha256), lambda: is_signed_by(data, key))


def _concerns(crl: Crl, certificate: Certificate, point: DistributionPoint | None) -> bool:
    """Whether a complete CRL is one for the certificate at that distribution point (RFC 5280 §6.3.3 (b))."""
    scope, basic = crl.scope, certificate.basic_constraints
    is_ca = basic is not None and basic.is_ca
    if scope.only_attribute or (scope.only_user and is_ca) or (scope.only_ca and not is_ca):
        return False
    issuers = () if point is None else point.crl_issuers
    if crl.issuer_name not in (issuers or (certificate.issuer_name,)) or (issuers and not scope.is_indirect):
        return False
    names = frozenset() if point is None else point.names
    implied = {("DirectoryName", name) for name in issuers or (certificate.issuer_name,)}
    return not scope.names or not scope.names.isdisjoint(names or implied)


def _covered_reasons(crl: Crl, point: DistributionPoint | None) -> frozenset[str]:
    covered = _ALL_REASONS
    for reasons in (crl.scope.only_reasons, None if point is None else point.reasons):
        covered &= _ALL_REASONS if reasons is None else reasons
    return covered


def _updates(delta: Crl, base: Crl) -> bool:
    """Whether a delta CRL may be combined with a complete one (RFC 5280 §5.2.4, §6.3.3 (c))."""
    return (
        delta.base_number is not None
        and delta.number is not None
        and base.number is not None
        and delta.base_number <= base.number < delta.number
        and delta.issuer_name == base.issuer_name
        and delta.scope == base.scope
        and delta.authority_key_identifier == base.authority_key_identifier
    )


def _look_up(crls: list[Crl], certificate: Certificate) -> Revocation | None:
    """The newest entry of a complete CRL and its deltas; none where the newest removes the certificate."""
    revocation: Revocation | None = None
    for crl in sorted(crls, key=lambda crl: crl.number or 0):
        entry = crl.revocations.get((certificate.issuer_name, certificate.serial_number))
        if entry is not None:
            if entry.reason != REMOVED:
                revocation = entry
            elif revocation is not None and revocation.reason == HOLD:
                revocation = None  # released; what else was revoked is removed because it has expired (§5.3.1)
    return revocation


def _keeps(crl: Crl, certificate: Certificate) -> bool:
    """Whether the certificate, had it been revoked, would still be in the list: it may drop what has expired."""
    kept_since = crl.keeps_expired_since
    return crl.this_update <= certificate.not_after or (kept_since is not None and kept_since <= certificate.not_after)


def _is_about(single: SingleResponse, certificate: Certificate, issuer: _Issuer) -> bool:
    return (
        single.serial == certificate.serial_number
        and single.digest in _OCSP_DIGESTS
        and single.issuer_name_hash == _hash(single.digest, certificate.issuer_der)
        and single.issuer_key_hash == _hash(single.digest, key_bits(issuer.key))
    )


def _is_responder(response: OcspResponse, name: DistinguishedName, key: PublicKey) -> bool:
    if response.responder_name is not None:
        return response.responder_name == name
    return response.responder_key_hash == _hash("sha1", key_bits(key))


def _hash(digest: str, data: bytes) -> bytes:
    return hashlib.new(digest, data, usedforsecurity=False).digest()
