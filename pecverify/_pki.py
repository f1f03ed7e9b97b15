"""One certificate path at one instant.

A path leads from the signer's certificate, through certificates that the message carries, to an anchor of the trust
store. It is built by names and proven by signatures (RFC 5280 §6.1); key identifiers identify nothing. Recognition
comes from the anchor alone: a path to a public root that is no anchor is no path.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pecverify._findings import found
from pecverify._policies import are_policies_valid
from pecverify._signature import AlgorithmError, is_signed_by, parse_signature_algorithm
from pecverify.reasons import Reason, Severity
from pecverify.report import Basis, Recognition
from pecverify.trust._anchors import EMAIL_PROTECTION, Edition, is_issuer, protects_email

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify._certificate import Certificate, DistinguishedName, NameConstraints
    from pecverify.policy import Limits, Policy
    from pecverify.report import CertificateFacts, Finding, Times, TrustStatement
    from pecverify.trust import TrustStore
    from pecverify.trust._anchors import Anchor

_STRONG_RSA_BITS = 2048
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(?P<host>[A-Za-z0-9._-]+)(?::[0-9]*)?(?:[/?#]|\Z)")
_COMMON_EXPONENT = 65537
_EMAIL_ADDRESS = "1.2.840.113549.1.9.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class PathResult:
    """What path building came to."""

    statement: TrustStatement | None
    """The anchor and edition that recognise the signer; None unless a path is valid."""
    path: tuple[CertificateFacts, ...]
    """Signer first, anchor last; the signer alone where there is no path."""
    certificates: tuple[Certificate, ...]
    """The same as certificates, without the anchor (unless that is the signer's own)."""
    anchor: Anchor | None
    """Where the path ends."""
    findings: tuple[Finding, ...]
    """Of checks RECOGNITION and ALGORITHMS."""

    @property
    def recognition(self) -> Recognition:
        """How the signer is recognised; NONE unless a path is valid."""
        return Recognition.NONE if self.statement is None else self.statement.recognition


def check_signer(certificate: Certificate, trust: TrustStore, times: Times, policy: Policy) -> Iterator[Finding]:
    """Establish that the certificate is of a kind that signs PEC messages, and was valid.

    Args:
        certificate: the signer's.
        trust: remembers the findings that need no time.
        times: the validated instant, its basis, and what the message states.
        policy: its `weak_signature_until` decides about short keys.

    Source: RFC 6109 §5.5.1, §5.5.2; RFC 8550 §4.4; ETSI EN 319 102-1 §5.2.6.
    """
    yield from trust.remember(("profile", certificate.der), lambda: tuple(_check_profile(certificate)))
    yield from _check_validity(certificate, times)
    bits, exponent = certificate.public_key.rsa_bits, certificate.public_key.rsa_exponent
    if bits is not None and bits < _STRONG_RSA_BITS:
        yield _weak(f"signer's key {certificate.public_key.description}", times.validated_at, policy)
    if exponent is not None and exponent < _COMMON_EXPONENT:
        yield found(Reason.KEY_EXPONENT_SMALL, actual=str(exponent))


def _check_profile(certificate: Certificate) -> Iterator[Finding]:
    yield from _check_usage(certificate)
    for oid in certificate.unknown_critical_extensions:
        yield found(Reason.CRITICAL_EXTENSION_UNKNOWN, actual=oid)
    for address in certificate.addresses:
        if not _is_plain_address(address):
            yield found(Reason.CERTIFICATE_ADDRESS_INVALID, actual=ascii(address))
    if len(certificate.addresses) > 1:
        yield found(Reason.CERTIFICATE_ADDRESSES_MANY, actual=", ".join(certificate.addresses))
    if deviations := _deviations(certificate):
        yield found(Reason.CERTIFICATE_PROFILE, actual=", ".join(deviations))


def _check_usage(certificate: Certificate) -> Iterator[Finding]:
    usage, extended, basic = certificate.key_usage, certificate.extended_key_usage, certificate.basic_constraints
    if usage is None or "digital_signature" not in usage:
        yield found(Reason.KEY_USAGE_INVALID, expected="digitalSignature", actual=_listed(usage))
    if not protects_email(certificate):
        yield found(Reason.EXTENDED_KEY_USAGE_INVALID, expected=EMAIL_PROTECTION, actual=_listed(extended))
    if basic is not None and basic.is_ca:
        yield found(Reason.SIGNER_IS_CA, expected="no basicConstraints", actual="CA:TRUE")


def _deviations(certificate: Certificate) -> list[str]:
    """From RFC 6109 §5.5.2, of the kind that genuine certificates have had."""
    basic = certificate.basic_constraints
    deviations = {
        "keyUsage not critical": certificate.key_usage is not None and not certificate.key_usage_is_critical,
        "basicConstraints present": basic is not None and not basic.is_ca,
        "subjectKeyIdentifier absent": certificate.subject_key_identifier is None,
        "authorityKeyIdentifier absent": certificate.authority_key_identifier is None,
    }
    return [deviation for deviation, applies in deviations.items() if applies]


def _listed(names: frozenset[str] | None) -> str | None:
    return None if names is None else ", ".join(sorted(names))


def _is_plain_address(address: str) -> bool:
    """Visible ASCII with one @: no NUL, no blank, nothing that a reader may cut short (CVE-2009-2408)."""
    return address.count("@") == 1 and address.isascii() and address.isprintable() and " " not in address


def _check_validity(certificate: Certificate, times: Times) -> Iterator[Finding]:
    instant, claimed = times.validated_at, times.claimed
    start, end = certificate.not_before, certificate.not_after
    validity = f"{start.isoformat()} to {end.isoformat()}"
    if claimed is not None and claimed > end:
        yield found(Reason.CERTIFICATE_EXPIRED, expected=validity, actual=claimed.isoformat())
    elif instant is not None and times.basis is not Basis.STATED and instant > end:
        yield found(Reason.OUT_OF_BOUNDS_NO_POE, expected=validity, actual=instant.isoformat())
    earliest = min((moment for moment in (claimed, instant) if moment is not None), default=None)
    if earliest is not None and earliest < start:
        yield found(Reason.CERTIFICATE_NOT_YET_VALID, expected=validity, actual=earliest.isoformat())


def _weak(actual: str, instant: datetime | None, policy: Policy) -> Finding:
    """UNKNOWN, unless the policy accepts the algorithms of the instant's time: then a WARNING."""
    until = policy.weak_signature_until
    accepted = until is not None and instant is not None and instant <= until
    return found(Reason.ALGORITHM_WEAK, actual=actual, severity=Severity.WARNING if accepted else None)


@dataclass(frozen=True, slots=True)
class _Path:
    """A path whose signatures hold, and what each edition of its anchor says to it. Nothing here depends on time."""

    certificates: tuple[Certificate, ...]
    """Signer first; all but the anchor."""
    anchor: Anchor
    """Where it ends."""
    refusals: tuple[Finding | None, ...]
    """For each edition of the anchor: why the path is not valid under it; None where it is."""


@dataclass(slots=True)
class _Builder:
    """Depth-first search, bounded in length and in signatures tried."""

    embedded: tuple[Certificate, ...]
    trust: TrustStore
    path_length: int
    checks: int
    checks_left: int
    exceeded: str | None = None
    """The bound at which the search stopped somewhere, in words."""

    def paths(self, certificates: tuple[Certificate, ...]) -> Iterator[_Path]:
        """The paths that go on from the last of `certificates`."""
        last = certificates[-1]
        is_full = len(certificates) >= self.path_length
        for anchor in self.trust.anchors:
            if anchor.is_certificate(last):
                # The caller named this certificate itself: nothing above constrains it.
                yield _Path(certificates, anchor, (_check_intermediates(certificates),))
            elif not anchor.may_issue or anchor.subject_name != last.issuer_name:
                continue
            elif self._goes_on(last, anchor, is_full=is_full):
                refusal = _check_intermediates(certificates)
                editions = (
                    refusal or _check_under(edition.name_constraints, edition.path_length, certificates)
                    for edition in anchor.editions
                )
                yield _Path(certificates, anchor, tuple(editions))
        for issuer in self.embedded:
            if (
                issuer.subject_name == last.issuer_name
                and issuer not in certificates
                and self._goes_on(last, issuer, is_full=is_full)
            ):
                yield from self.paths((*certificates, issuer))

    def _goes_on(self, certificate: Certificate, issuer: Anchor | Certificate, *, is_full: bool) -> bool:
        """Whether the issuer signed the certificate, and may still be added to the path."""
        if self.checks_left <= 0:
            self.exceeded = f"at most {self.checks} certificate signatures"
            return False
        self.checks_left -= 1
        if not is_signed_by(certificate, issuer.public_key):
            return False
        if is_full:
            self.exceeded = f"at most {self.path_length} certificates of a path"
        return not is_full


def _build_paths(
    signer: Certificate, embedded: tuple[Certificate, ...], trust: TrustStore, limits: Limits
) -> tuple[tuple[_Path, ...], str | None]:
    """All paths within bounds, the strongest recognition first; and the bound beyond which there may be others."""
    checks = limits.signature_checks
    builder = _Builder(embedded, trust, limits.path_length, checks, checks)
    paths = sorted(builder.paths((signer,)), key=lambda path: path.anchor.recognition.rank)
    return tuple(paths), builder.exceeded


def find_path(
    signer: Certificate,
    embedded: tuple[Certificate, ...],
    trust: TrustStore,
    instant: datetime | None,
    policy: Policy,
) -> PathResult:
    """Recognise the signer by the best valid path to an anchor at `instant`.

    Args:
        signer: the signer's certificate.
        embedded: the certificates that the message carries; they prove nothing by themselves.
        trust: the anchors.
        instant: the validated instant; None: nothing is recognised.
        policy: bounds and weak algorithms.

    Returns:
        The anchor and edition that carry the recognition; or the finding that says why there is none:
        ISSUER_FORGED, PROVIDER_NOT_RECOGNISED, ANCHOR_NOT_IN_FORCE, NAME_CONSTRAINTS_VIOLATED, PATH_LENGTH_EXCEEDED,
        PATH_INVALID; LIMIT_EXCEEDED where one may lie beyond a bound. ALGORITHM_WEAK, ALGORITHM_REFUSED as they apply.

    Source: RFC 5280 §6.1; RFC 6109 §2.2.2.
    """
    limits = policy.limits
    paths, exceeded = _remember_paths(signer, embedded, trust, limits)
    refusals: list[Finding] = []
    if exceeded and not paths:
        # What was not tried is not forged.
        refusals.append(found(Reason.LIMIT_EXCEEDED, expected=exceeded, where="smime.p7s"))
    elif not paths:
        refusals.append(_unrecognised(signer, trust))
    for path in paths:
        if instant is None:
            break
        outcome = _judge(path, instant)
        if isinstance(outcome, Edition):
            return PathResult(
                statement=path.anchor.state(outcome),
                path=_facts(path, outcome),
                certificates=path.certificates,
                anchor=path.anchor,
                findings=tuple(_check_strength(path.certificates, instant, policy, anchor=path.anchor)),
            )
        refusals.append(outcome)
    # What no path recognises a list may: the authority whose key signed it says all the same whether it is revoked.
    issuers = (path.anchor for path in paths if len(path.certificates) == 1 and not path.anchor.is_certificate(signer))
    return PathResult(
        statement=None,
        path=(signer.facts,),
        certificates=(signer,),
        anchor=next(issuers, None),
        findings=(*refusals[:1], *_check_strength((signer,), instant, policy)),
    )


def valid_paths(
    certificate: Certificate,
    embedded: tuple[Certificate, ...],
    trust: TrustStore,
    instant: datetime,
    policy: Policy,
) -> Iterator[tuple[tuple[Certificate, ...], Anchor]]:
    """The paths from any certificate that are valid at `instant`: their certificates, and the anchor of each."""
    if certificate.facts.valid_at(instant):
        for path in _remember_paths(certificate, embedded, trust, policy.limits)[0]:
            if isinstance(_judge(path, instant), Edition):
                yield path.certificates, path.anchor


def _remember_paths(
    signer: Certificate, embedded: tuple[Certificate, ...], trust: TrustStore, limits: Limits
) -> tuple[tuple[_Path, ...], str | None]:
    chain = tuple(certificate.facts.sha256 for certificate in embedded)
    question = (signer.der, chain, limits.path_length, limits.signature_checks)
    return trust.remember(question, lambda: _build_paths(signer, embedded, trust, limits))


def _facts(path: _Path, edition: Edition) -> tuple[CertificateFacts, ...]:
    """The path's facts; a certificate that is itself the anchor stands once."""
    facts = tuple(certificate.facts for certificate in path.certificates)
    return facts if path.anchor.is_certificate(path.certificates[-1]) else (*facts, edition.facts)


def _unrecognised(signer: Certificate, trust: TrustStore) -> Finding:
    claimed = [anchor for anchor in trust.named(signer.issuer_name) if anchor.recognition is Recognition.AGID_CA]
    if claimed:
        return found(
            Reason.ISSUER_FORGED, expected=f"signed by the key of {claimed[0].name}", actual=signer.facts.issuer
        )
    anchors = ", ".join(anchor.name for anchor in trust.anchors)
    return found(Reason.PROVIDER_NOT_RECOGNISED, expected=anchors or None, actual=signer.facts.issuer)


def _judge(path: _Path, instant: datetime) -> Edition | Finding:
    """The newest edition of the anchor under which the path is valid at `instant`; or why there is none."""
    editions = path.anchor.editions
    in_force = [
        (edition, refusal)
        for edition, refusal in zip(editions, path.refusals, strict=True)
        if edition.in_force(instant)
    ]
    if not in_force:
        known = f"{editions[0].facts.not_before.isoformat()} to {editions[-1].facts.not_after.isoformat()}"
        return found(Reason.ANCHOR_NOT_IN_FORCE, expected=known, actual=instant.isoformat())
    for intermediate in path.certificates[1:]:
        if not intermediate.facts.valid_at(instant):
            return found(Reason.PATH_INVALID, expected="valid at the instant", actual=intermediate.facts.subject)
    accepting = [edition for edition, refusal in in_force if refusal is None]
    return accepting[-1] if accepting else next(refusal for _, refusal in reversed(in_force) if refusal is not None)


def _check_intermediates(certificates: tuple[Certificate, ...]) -> Finding | None:
    """Authority, extensions and constraints of what stands between signer and anchor (RFC 5280 §6.1.4)."""
    for index, intermediate in enumerate(certificates[1:], start=1):
        if not is_issuer(intermediate):
            return found(Reason.PATH_INVALID, expected="CA:TRUE, keyCertSign", actual=intermediate.facts.subject)
        if intermediate.unknown_critical_extensions:
            unknown = ", ".join(intermediate.unknown_critical_extensions)
            return found(Reason.PATH_INVALID, expected="no unknown critical extension", actual=unknown)
        basic = intermediate.basic_constraints
        path_length = None if basic is None else basic.path_length
        refusal = _check_under(intermediate.name_constraints, path_length, certificates[:index])
        if refusal is not None:
            return refusal
    if not are_policies_valid(certificates):
        return found(Reason.PATH_INVALID, expected="a valid policy, which the path's certificates require")
    return None


def _check_under(
    constraints: NameConstraints | None, path_length: int | None, below: tuple[Certificate, ...]
) -> Finding | None:
    """What one authority demands of the certificates below it: their number and their names."""
    intermediates = [certificate for certificate in below[1:] if certificate.subject_name != certificate.issuer_name]
    if path_length is not None and len(intermediates) > path_length:
        return found(Reason.PATH_LENGTH_EXCEEDED, expected=str(path_length), actual=str(len(intermediates)))
    if constraints is None:
        return None
    for certificate in (below[0], *intermediates):
        name = _forbidden_name(constraints, certificate)
        if name is not None:
            return found(Reason.NAME_CONSTRAINTS_VIOLATED, expected="a permitted name", actual=name)
    return None


def _forbidden_name(constraints: NameConstraints, certificate: Certificate) -> str | None:
    """The first name of the certificate that the constraints do not allow (RFC 5280 §4.2.1.10)."""
    emails = certificate.addresses or tuple(
        value for rdn in certificate.subject_name for oid, value in rdn if oid == _EMAIL_ADDRESS
    )
    for email in emails:
        if not _is_allowed(email, constraints.permitted_emails, constraints.excluded_emails, _email_matches):
            return email
    for name in certificate.dns_names:
        if not _is_allowed(name, constraints.permitted_dns, constraints.excluded_dns, _dns_matches):
            return name
    for uri in certificate.uris:
        # "must reject the certificate if the application encounters a URI without a host name" where it is constrained.
        is_constrained = constraints.permitted_uris is not None or constraints.excluded_uris
        is_allowed = _is_allowed(uri, constraints.permitted_uris, constraints.excluded_uris, _uri_matches)
        if is_constrained and not (is_allowed and _host_of(uri)):
            return uri
    for subject in (certificate.subject_name, *certificate.directory_names):
        if subject and not _is_allowed(subject, constraints.permitted_names, constraints.excluded_names, _name_matches):
            return certificate.facts.subject
    # Kinds of name that are not evaluated here: refused where they are constrained and present.
    refused = certificate.other_names & constraints.other_kinds
    return f"subjectAltName of kind {min(refused)}" if refused else None


if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    Name = TypeVar("Name", str, DistinguishedName)


def _is_allowed(
    name: Name,
    permitted: tuple[Name, ...] | None,
    excluded: tuple[Name, ...],
    matches: Callable[[Name, Name], bool],
) -> bool:
    if any(matches(name, subtree) for subtree in excluded):
        return False
    return permitted is None or any(matches(name, subtree) for subtree in permitted)


def _email_matches(email: str, constraint: str) -> bool:
    """A mailbox, a host, or with a leading dot all hosts of a domain."""
    if not constraint:
        return True  # "" says nothing and so covers everything, as for dNSName
    local, _, host = email.rpartition("@")
    host, constraint_host = host.casefold(), constraint.rpartition("@")[2].casefold()
    if "@" in constraint:
        return (local, host) == (constraint.rpartition("@")[0], constraint_host)
    return host.endswith(constraint_host) if constraint.startswith(".") else host == constraint_host


def _dns_matches(name: str, constraint: str) -> bool:
    """The name itself or any name to the left of it."""
    host, domain = name.casefold(), constraint.casefold().lstrip(".")
    return not domain or host == domain or host.endswith("." + domain)


def _uri_matches(uri: str, constraint: str) -> bool:
    """The host itself, or with a leading dot all hosts of a domain."""
    host, wanted = _host_of(uri), constraint.casefold()
    return host.endswith(wanted) if wanted.startswith(".") else host == wanted


def _host_of(uri: str) -> str:
    """The host's name; empty where there is none."""
    match = _URI.match(uri)
    return match["host"].casefold() if match else ""


def _name_matches(name: DistinguishedName, subtree: DistinguishedName) -> bool:
    """The subtree's RDNs begin the name."""
    return name[: len(subtree)] == subtree


def _check_strength(
    certificates: tuple[Certificate, ...], instant: datetime | None, policy: Policy, *, anchor: Anchor | None = None
) -> Iterator[Finding]:
    """Signature algorithms of the path's certificates, and the keys above the signer's."""
    for index, certificate in enumerate(certificates):
        if anchor is not None and anchor.is_certificate(certificate):
            continue  # the caller vouches for it: nothing rests on its issuer's signature
        try:
            algorithm = parse_signature_algorithm(certificate.signature_algorithm)
        except AlgorithmError as error:
            yield found(error.reason, actual=f"certificate signed with {error.actual}")
            continue
        if algorithm.digest == "sha1":
            yield _weak("certificate signed with sha1", instant, policy)
        bits = certificate.public_key.rsa_bits
        if index and bits is not None and bits < _STRONG_RSA_BITS:
            yield _weak(f"issuer's key {certificate.public_key.description}", instant, policy)
