"""Certificate revocation lists, from bytes to plain facts.

Read here, believed elsewhere: `_revocation.py` decides whose signature a list must bear and what it covers.

Source: RFC 5280 §5.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import CRLEntryExtensionOID, ExtensionOID

from pecverify import _asn1
from pecverify._certificate import LIBRARY_ERRORS, decode_pem, name_keys, prepare_name, quietly
from pecverify.policy import Limits

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pecverify._certificate import DistinguishedName, NameKey

MAXIMUM_CRL_BYTES = 30_000_000
"""One list. AgID CA1's has a few kB, the largest public ones some 10 MB."""

_DEPTH = Limits().asn1_depth
_EXPIRED_CERTIFICATES_ON_CRL = "2.5.29.60"
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_NUMBER,
        ExtensionOID.DELTA_CRL_INDICATOR,
        ExtensionOID.ISSUING_DISTRIBUTION_POINT,
        ExtensionOID.FRESHEST_CRL,
    }
)
_UNDERSTOOD_IN_ENTRIES = frozenset(
    {CRLEntryExtensionOID.CRL_REASON, CRLEntryExtensionOID.INVALIDITY_DATE, CRLEntryExtensionOID.CERTIFICATE_ISSUER}
)
_COMPROMISES = ("key_compromise", "ca_compromise", "aa_compromise")
REMOVED = "remove_from_crl"
HOLD = "certificate_hold"


class CrlError(ValueError):
    """The bytes are no list that can be used; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """That a certificate was revoked."""

    revoked_at: datetime
    """revocationDate, UTC."""
    reason: str | None
    """CRLReason, with underscores, e.g. `key_compromise`; None: not stated."""
    invalid_since: datetime | None
    """invalidityDate: since when the key is suspected, UTC."""

    @property
    def is_compromise(self) -> bool:
        """Whether a key was compromised: then signatures of before may be false too."""
        return self.reason in _COMPROMISES

    @property
    def effective_at(self) -> datetime:
        """Since when signatures are not to be trusted: for a compromise since its invalidity date, if it has one."""
        if self.is_compromise and self.invalid_since is not None:
            return min(self.invalid_since, self.revoked_at)
        return self.revoked_at


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuingDistributionPoint:
    """The scope of a list (RFC 5280 §5.2.5)."""

    names: frozenset[NameKey]
    """Its distribution point's names; empty where none is given."""
    only_user: bool
    """For end-entity certificates alone."""
    only_ca: bool
    """For authorities' certificates alone."""
    only_attribute: bool
    """For attribute certificates alone: of no use here."""
    only_reasons: frozenset[str] | None
    """The reasons covered; None: all."""
    is_indirect: bool
    """Whether it may hold certificates of other issuers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Crl:
    """One list, complete or delta."""

    issuer_name: DistinguishedName = field(repr=False)
    """For comparison."""
    authority_key_identifier: bytes | None
    """keyIdentifier of the AKI."""
    this_update: datetime
    """thisUpdate, UTC."""
    next_update: datetime | None
    """nextUpdate, UTC; None where it is missing."""
    number: int | None
    """CRLNumber."""
    base_number: int | None
    """BaseCRLNumber of a delta; None for a complete list."""
    scope: IssuingDistributionPoint
    """What it covers."""
    keeps_expired_since: datetime | None
    """expiredCertsOnCRL: it keeps certificates that expired from this instant on; None: it may drop expired ones."""
    revocations: Mapping[tuple[DistinguishedName, int], Revocation] = field(repr=False)
    """By certificate issuer and serial number."""
    signature_algorithm: bytes = field(repr=False)
    """AlgorithmIdentifier, DER."""
    signature: bytes = field(repr=False)
    """The issuer's signature."""
    signed_bytes: bytes = field(repr=False)
    """TBSCertList."""
    sha256: str
    """SHA-256 of the list, hexadecimal, lower case."""

    @property
    def name(self) -> str:
        """How to call it in a report."""
        kind = "CRL" if self.base_number is None else "delta CRL"
        number = "" if self.number is None else f" {self.number}"
        return f"{kind}{number} of {self.this_update.isoformat()} (SHA-256 {self.sha256})"


@functools.lru_cache(maxsize=512)
def parse_crl(data: bytes) -> Crl | str:
    """Read one list, or say why it cannot be used.

    Args:
        data: PEM or DER.

    Returns:
        The list; or the reason in a few words: malformed, an unknown critical extension (RFC 5280 §5.2, §5.3).
    """
    try:
        with quietly():
            return _parse(data)
    except CrlError as error:
        return str(error)
    except LIBRARY_ERRORS:
        return "malformed CRL"


def _parse(data: bytes) -> Crl:
    if len(data) > MAXIMUM_CRL_BYTES:
        message = f"CRL of {len(data)} bytes"
        raise CrlError(message)
    der = decode_pem(data.split(b"-----", 2)[2]) if data.startswith(b"-----BEGIN X509 CRL-----") else data
    parsed = x509.load_der_x509_crl(der)
    extensions = {extension.oid: extension for extension in parsed.extensions}
    unknown = [oid.dotted_string for oid, each in extensions.items() if each.critical and oid not in _UNDERSTOOD]
    if unknown:
        message = f"unknown critical extension {unknown[0]}"
        raise CrlError(message)
    values = {oid: extension.value for oid, extension in extensions.items()}
    authority_key = values.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    number = values.get(ExtensionOID.CRL_NUMBER)
    base = values.get(ExtensionOID.DELTA_CRL_INDICATOR)
    point = values.get(ExtensionOID.ISSUING_DISTRIBUTION_POINT)
    return Crl(
        issuer_name=prepare_name(parsed.issuer),
        authority_key_identifier=(
            authority_key.key_identifier if isinstance(authority_key, x509.AuthorityKeyIdentifier) else None
        ),
        this_update=parsed.last_update_utc,
        next_update=parsed.next_update_utc,
        number=number.crl_number if isinstance(number, x509.CRLNumber) else None,
        base_number=base.crl_number if isinstance(base, x509.DeltaCRLIndicator) else None,
        scope=_read_scope(point if isinstance(point, x509.IssuingDistributionPoint) else None, parsed.issuer),
        keeps_expired_since=_read_expired(values.get(x509.ObjectIdentifier(_EXPIRED_CERTIFICATES_ON_CRL))),
        revocations=_read_entries(parsed),
        signature_algorithm=_read_algorithm(der),
        signature=parsed.signature,
        signed_bytes=parsed.tbs_certlist_bytes,
        sha256=hashlib.sha256(der).hexdigest(),
    )


def _read_scope(point: x509.IssuingDistributionPoint | None, issuer: x509.Name) -> IssuingDistributionPoint:
    return IssuingDistributionPoint(
        names=frozenset() if point is None else name_keys(point.full_name, point.relative_name, issuer),
        only_user=point is not None and point.only_contains_user_certs,
        only_ca=point is not None and point.only_contains_ca_certs,
        only_attribute=point is not None and point.only_contains_attribute_certs,
        only_reasons=(
            None
            if point is None or point.only_some_reasons is None
            else frozenset(flag.name for flag in point.only_some_reasons)
        ),
        is_indirect=point is not None and point.indirect_crl,
    )


def _read_expired(value: x509.ExtensionType | None) -> datetime | None:
    """A GeneralizedTime in Zulu (X.509 §9.5.2.8); anything else is as if it were not there."""
    if not isinstance(value, x509.UnrecognizedExtension) or not value.value.startswith(b"\x18\x0f"):
        return None
    try:
        return datetime.strptime(value.value[2:].decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def _read_entries(crl: x509.CertificateRevocationList) -> dict[tuple[DistinguishedName, int], Revocation]:
    """The entries; each is of the issuer that the last certificateIssuer before it names (RFC 5280 §5.3.3)."""
    issuer = prepare_name(crl.issuer)
    revocations: dict[tuple[DistinguishedName, int], Revocation] = {}
    for entry in crl:
        reason: str | None = None
        invalid_since: datetime | None = None
        for extension in entry.extensions:
            value = extension.value
            if extension.critical and extension.oid not in _UNDERSTOOD_IN_ENTRIES:
                message = f"unknown critical entry extension {extension.oid.dotted_string}"
                raise CrlError(message)
            if isinstance(value, x509.CertificateIssuer):
                names = value.get_values_for_type(x509.DirectoryName)
                if len(names) != 1:
                    message = f"certificateIssuer with {len(names)} directory names"
                    raise CrlError(message)
                issuer = prepare_name(names[0])
            elif isinstance(value, x509.CRLReason):
                reason = value.reason.name
            elif isinstance(value, x509.InvalidityDate):
                invalid_since = value.invalidity_date_utc
        revocation = Revocation(revoked_at=entry.revocation_date_utc, reason=reason, invalid_since=invalid_since)
        key = issuer, entry.serial_number
        # A certificate should be there once. If it is not, no entry takes back what another says.
        revocations[key] = min(revocations.get(key, revocation), revocation, key=_weight)
    return revocations


def _weight(revocation: Revocation) -> tuple[bool, datetime]:
    """What weighs most comes first: a revocation, of these the earliest, and last a removal."""
    return revocation.reason == REMOVED, revocation.effective_at


def _read_algorithm(der: bytes) -> bytes:
    """The AlgorithmIdentifier beside the signed bytes; the library has seen that the one inside is the same."""
    whole = _asn1.read_element(der, 0, len(der), _DEPTH)
    _, algorithm, _ = _asn1.read_children(der, whole, _DEPTH)
    return der[algorithm.start : algorithm.stop]
