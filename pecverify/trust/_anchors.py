"""Trust anchors: a name, a key, and the editions of it with their validity and constraints.

AgID CA1 was published nine times with one key; a provider certificate verifies with any of them. What an edition
decides is when it was in force and whom it permitted. So an anchor is a key, and an edition is sought at an instant.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pecverify._certificate import Certificate, DistinguishedName, NameConstraints, prepare_value
from pecverify._signature import PublicKey, rsa_public_key
from pecverify.data import read_data
from pecverify.report import CertificateFacts, Recognition, TrustStatement

if TYPE_CHECKING:
    from collections.abc import Iterable

EMAIL_PROTECTION = "1.3.6.1.5.5.7.3.4"
"""id-kp-emailProtection."""

_ORGANIZATION = "2.5.4.10"
_ANY_EXTENDED_KEY_USAGE = "2.5.29.37.0"
_SHORT_NAMES = {"2.5.4.3": "CN", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.10": "O", "2.5.4.11": "OU"}
"""Attributes that the built-in anchors' subjects have (RFC 4514 §3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """One certificate of an anchor's key."""

    facts: CertificateFacts
    """What a report shows of it; its validity counts."""
    path_length: int | None
    """How many intermediate certificates may follow; None: any number."""
    name_constraints: NameConstraints | None
    """Whom it may certify; None: anyone."""
    organizations: tuple[str, ...] | None = None
    """The organisations that its constraints permit, as they are written there; None for an anchor of the caller's, or
    one without constraints."""

    def in_force(self, instant: datetime) -> bool:
        """Whether `instant` lies within its validity, both ends included."""
        return self.facts.valid_at(instant)


@dataclass(frozen=True, slots=True, kw_only=True)
class Anchor:
    """A key that is trusted to recognise PEC providers."""

    name: str
    """What to call it in a report."""
    recognition: Recognition
    """What a path to it means: AGID_CA or CUSTOM."""
    subject_name: DistinguishedName = field(repr=False)
    """Its subject, for comparison with an issuer."""
    public_key: PublicKey = field(repr=False)
    """Its key."""
    editions: tuple[Edition, ...]
    """Oldest first; exactly one for a CUSTOM anchor."""
    certificate: Certificate | None = field(default=None, repr=False)
    """A CUSTOM anchor's certificate."""

    @property
    def may_issue(self) -> bool:
        """Whether it may stand above another certificate: the built-in ones do, others if they are CA certificates."""
        certificate = self.certificate
        return certificate is None or (is_issuer(certificate) and not certificate.unknown_critical_extensions)

    def is_certificate(self, certificate: Certificate) -> bool:
        """Whether the caller named exactly this certificate."""
        return self.certificate is not None and self.certificate.der == certificate.der

    def state(self, edition: Edition) -> TrustStatement:
        """What it says of a signer whose path is valid under that edition."""
        facts = edition.facts
        return TrustStatement(
            recognition=self.recognition,
            recognises=True,
            source=self.name,
            issued_at=facts.not_before,
            sha256=facts.sha256,
            entry=f"edition of {facts.not_before.date().isoformat()}",
            status="in force",
            since=facts.not_before,
        )


def is_issuer(certificate: Certificate) -> bool:
    """Whether a certificate may issue signers': cA, and keyCertSign if key usage is stated (RFC 5280 §6.1.4 (k), (n)).

    An extended key usage, where stated, bounds what is issued too: no RFC says so, every implementation does, and an
    authority for web servers shall vouch for no mail provider.
    """
    basic, usage = certificate.basic_constraints, certificate.key_usage
    may_sign = basic is not None and basic.is_ca and (usage is None or "key_cert_sign" in usage)
    return may_sign and protects_email(certificate)


def protects_email(certificate: Certificate) -> bool:
    """Whether extended key usage, if stated, allows emailProtection (RFC 5280 §4.2.1.12, RFC 8550 §4.4.4)."""
    extended = certificate.extended_key_usage
    return extended is None or not extended.isdisjoint({EMAIL_PROTECTION, _ANY_EXTENDED_KEY_USAGE})


def custom_anchor(certificate: Certificate) -> Anchor:
    """An anchor from a certificate that the caller trusts."""
    basic = certificate.basic_constraints
    edition = Edition(
        facts=certificate.facts,
        path_length=None if basic is None else basic.path_length,
        name_constraints=certificate.name_constraints,
    )
    return Anchor(
        name=certificate.common_name or certificate.facts.subject,
        recognition=Recognition.CUSTOM,
        subject_name=certificate.subject_name,
        public_key=certificate.public_key,
        editions=(edition,),
        certificate=certificate,
    )


def load_built_in_anchors() -> tuple[Anchor, ...]:
    """The AgID CA1 and DigitPA CA1 keys with their editions, from package data."""
    data = read_data("agid.json")
    return tuple(_built_in_anchor(entry) for entry in data["anchors"])


def _built_in_anchor(entry: dict[str, Any]) -> Anchor:
    subject = ",".join(f"{_SHORT_NAMES[oid]}={value}" for oid, value in reversed(_split(entry["subject"])))
    return Anchor(
        name=entry["name"],
        recognition=Recognition.AGID_CA,
        subject_name=_prepare(entry["subject"]),
        public_key=rsa_public_key(int(entry["key"]["modulus"], 16), entry["key"]["exponent"]),
        editions=tuple(_edition(subject, edition) for edition in entry["editions"]),
    )


def _edition(subject: str, entry: dict[str, Any]) -> Edition:
    constraints = entry["name_constraints"]
    return Edition(
        facts=CertificateFacts(
            subject=subject,
            issuer=entry["issuer"],
            serial_number=entry["serial_number"],
            not_before=datetime.fromisoformat(entry["not_before"]),
            not_after=datetime.fromisoformat(entry["not_after"]),
            sha256=entry["sha256"],
        ),
        path_length=entry["path_length"],
        name_constraints=_constraints(constraints["permitted"], constraints["excluded"]) if constraints else None,
        organizations=_organizations(constraints["permitted"]["directoryName"]) if constraints else None,
    )


def _organizations(names: Iterable[list[str]]) -> tuple[str, ...]:
    values = {value for name in names for oid, value in _split(name) if oid == _ORGANIZATION}
    return tuple(sorted(values, key=str.casefold))


def _constraints(permitted: dict[str, list[Any]], excluded: dict[str, list[Any]]) -> NameConstraints:
    return NameConstraints(
        permitted_emails=tuple(permitted["rfc822Name"]) if "rfc822Name" in permitted else None,
        permitted_dns=tuple(permitted["dNSName"]) if "dNSName" in permitted else None,
        permitted_names=_prepare_all(permitted["directoryName"]) if "directoryName" in permitted else None,
        excluded_emails=tuple(excluded.get("rfc822Name", ())),
        excluded_dns=tuple(excluded.get("dNSName", ())),
        excluded_names=_prepare_all(excluded.get("directoryName", ())),
        other_kinds=frozenset({"ip"} if "iPAddress" in permitted.keys() | excluded.keys() else ()),
    )


def _prepare_all(names: Iterable[list[str]]) -> tuple[DistinguishedName, ...]:
    return tuple(_prepare(name) for name in names)


def _prepare(name: list[str]) -> DistinguishedName:
    return tuple(((oid, prepare_value(value)),) for oid, value in _split(name))


def _split(name: list[str]) -> list[tuple[str, str]]:
    """Attribute OID and value of each RDN: none of these names has an RDN with two attributes."""
    return [(oid, value) for oid, _, value in (rdn.partition("=") for rdn in name)]
