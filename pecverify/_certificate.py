"""X.509 certificates as plain values: parsed once, strictly, with everything that path validation asks.

`cryptography` parses DER strictly and refuses repeated extensions; what it lets through is checked here: the encoding
(by the walker, before it), the version, and that inner and outer signature algorithm are one.
"""

from __future__ import annotations

import base64
import hashlib
import re
import threading
import warnings
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.x509.oid import ExtensionOID, NameOID

from pecverify import _asn1
from pecverify._signature import AlgorithmError, PublicKey, load_public_key
from pecverify.errors import TrustListError
from pecverify.policy import Limits
from pecverify.reasons import Reason
from pecverify.report import CertificateFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

DistinguishedName: TypeAlias = "tuple[tuple[tuple[str, str], ...], ...]"
"""RDNs in order, each a sorted tuple of (attribute OID, value), prepared for comparison (RFC 5280 §7.1)."""
NameKey: TypeAlias = "tuple[str, str | DistinguishedName]"
"""A GeneralName for comparison: its kind and its value."""

MAXIMUM_CERTIFICATE_BYTES = 32_000
"""Genuine provider certificates need some 2 kB, the largest edition of AgID CA1 4.8 kB. A certificate of 1 MB can hold
60,000 RDNs: seconds to read, and tens of megabytes to remember."""

_LIMITS = Limits()
_CONTEXT_VERSION, _CONTEXT_EXTENSIONS, _CONTEXT_RFC822_NAME = 0xA0, 0xA3, 0x81
_SUBJECT_ALTERNATIVE_NAME = b"\x55\x1d\x11"
_UNDERSTOOD = frozenset(
    {
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.NAME_CONSTRAINTS,
        ExtensionOID.CERTIFICATE_POLICIES,
        ExtensionOID.POLICY_MAPPINGS,
        ExtensionOID.POLICY_CONSTRAINTS,
        ExtensionOID.INHIBIT_ANY_POLICY,
    }
)
_EVALUATED = (x509.RFC822Name, x509.DNSName, x509.UniformResourceIdentifier, x509.DirectoryName)
"""Kinds of name that name constraints are evaluated for."""
LIBRARY_ERRORS = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises on malformed X.509 structures."""
_PEM = re.compile(rb"-----BEGIN (?:X509 )?CERTIFICATE-----")
_LONG_SEQUENCE = b"\x30\x82"
_WARNINGS = threading.RLock()
_KEY_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)


class CertificateError(ValueError):
    """The bytes are no certificate that this library accepts; the message says why."""

    def __init__(self, message: str, reason: Reason = Reason.CERTIFICATE_MALFORMED) -> None:
        super().__init__(message)
        self.reason = reason
        """CERTIFICATE_MALFORMED, CERTIFICATE_ADDRESS_INVALID or ALGORITHM_REFUSED."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BasicConstraints:
    """The basicConstraints extension."""

    is_ca: bool
    """cA."""
    path_length: int | None
    """pathLenConstraint."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameConstraints:
    """Name constraints, of a certificate or of an edition of a built-in anchor. None: that kind is not constrained."""

    permitted_emails: tuple[str, ...] | None = None
    """rfc822Name: mailbox, host or .domain."""
    permitted_dns: tuple[str, ...] | None = None
    """dNSName."""
    permitted_uris: tuple[str, ...] | None = None
    """uniformResourceIdentifier: host or .domain."""
    permitted_names: tuple[DistinguishedName, ...] | None = None
    """directoryName: initial RDNs."""
    excluded_emails: tuple[str, ...] = ()
    """rfc822Name."""
    excluded_dns: tuple[str, ...] = ()
    """dNSName; the empty name excludes all."""
    excluded_uris: tuple[str, ...] = ()
    """uniformResourceIdentifier."""
    excluded_names: tuple[DistinguishedName, ...] = ()
    """directoryName."""
    other_kinds: frozenset[str] = frozenset()
    """Kinds of name that are constrained in a form not evaluated here: any such name is refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatePolicies:
    """What a certificate says of policies; OIDs in dotted form."""

    policies: frozenset[str]
    """certificatePolicies; empty where the extension is absent."""
    mappings: tuple[tuple[str, str], ...]
    """policyMappings: issuerDomainPolicy and subjectDomainPolicy."""
    require_explicit: int | None
    """requireExplicitPolicy of policyConstraints."""
    inhibit_mapping: int | None
    """inhibitPolicyMapping of policyConstraints."""
    inhibit_any: int | None
    """inhibitAnyPolicy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionPoint:
    """Where the issuer of a certificate, or of a CRL, says that revocation is published (RFC 5280 §4.2.1.13)."""

    names: frozenset[NameKey]
    """Its names, a relative one made whole; empty where the extension gives none."""
    reasons: frozenset[str] | None
    """The reasons that its CRLs cover; None: all."""
    crl_issuers: tuple[DistinguishedName, ...]
    """Who issues those CRLs, if not the certificate's issuer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """One X.509 v3 certificate."""

    der: bytes = field(repr=False)
    """As received."""
    facts: CertificateFacts
    """What a report shows of it: names, serial number, validity, fingerprint."""
    subject_name: DistinguishedName = field(repr=False)
    """For comparison."""
    issuer_name: DistinguishedName = field(repr=False)
    """For comparison."""
    issuer_der: bytes = field(repr=False)
    """The issuer Name as received."""
    serial_bytes: bytes
    """Content octets of the serial number."""
    public_key: PublicKey = field(repr=False)
    """The subject's key."""
    signature_algorithm: bytes = field(repr=False)
    """AlgorithmIdentifier, DER."""
    signature: bytes = field(repr=False)
    """The issuer's signature."""
    signed_bytes: bytes = field(repr=False)
    """TBSCertificate: what the issuer signed."""
    subject_key_identifier: bytes | None
    """SKI."""
    authority_key_identifier: bytes | None
    """keyIdentifier of the AKI."""
    key_usage: frozenset[str] | None
    """Names of the asserted bits; None where the extension is absent."""
    key_usage_is_critical: bool
    """Whether keyUsage is critical."""
    extended_key_usage: frozenset[str] | None
    """OIDs; None where the extension is absent."""
    basic_constraints: BasicConstraints | None
    """None where the extension is absent."""
    addresses: tuple[str, ...]
    """subjectAltName rfc822Name values, in order, undecoded but for ASCII."""
    dns_names: tuple[str, ...]
    """subjectAltName dNSName values."""
    uris: tuple[str, ...]
    """subjectAltName uniformResourceIdentifier values."""
    directory_names: tuple[DistinguishedName, ...] = field(repr=False)
    """subjectAltName directoryName values, for comparison."""
    other_names: frozenset[str]
    """Kinds of the other subjectAltName values: `ip`, `other`."""
    name_constraints: NameConstraints | None
    """None where the extension is absent."""
    policies: CertificatePolicies
    """certificatePolicies, policyMappings, policyConstraints and inhibitAnyPolicy."""
    crl_distribution_points: tuple[DistributionPoint, ...]
    """cRLDistributionPoints."""
    unknown_critical_extensions: tuple[str, ...]
    """OIDs of critical extensions that are not understood."""
    organization: str | None
    """organizationName of the subject."""
    common_name: str | None
    """commonName of the subject."""

    @property
    def serial_number(self) -> int:
        """SerialNumber."""
        return int.from_bytes(self.serial_bytes, "big", signed=True)

    @property
    def not_before(self) -> datetime:
        """Start of validity, UTC, inclusive."""
        return self.facts.not_before

    @property
    def not_after(self) -> datetime:
        """End of validity, UTC, inclusive."""
        return self.facts.not_after


def parse_certificate(der: bytes, *, is_pinned: bool = False) -> Certificate:
    """Parse one certificate.

    Args:
        der: exactly one certificate.
        is_pinned: whether somebody who is trusted named it by its bytes, so that nothing rests on its own signature:
            four of those that sign Italy's trusted list have one that is malformed.

    Raises:
        CertificateError: it is malformed, not DER, not version 3, repeats an extension, names two signature algorithms,
            or holds a key of a kind that is not accepted.

    Source: RFC 5280 §4.1, §4.2.
    """
    if len(der) > MAXIMUM_CERTIFICATE_BYTES:
        message = f"certificate of {len(der)} bytes"
        raise CertificateError(message)
    try:
        _asn1.check_der(der, _LIMITS)
        fields, algorithm = _read_outline(der, is_pinned=is_pinned)
        _check_addresses(der, fields)
        with quietly():
            return _to_certificate(x509.load_der_x509_certificate(der), der, fields, algorithm)
    except CertificateError:
        raise
    except AlgorithmError as error:
        message = f"public key: {error.actual}"
        raise CertificateError(message, error.reason) from error
    except LIBRARY_ERRORS as error:
        message = str(error) if isinstance(error, _asn1.Asn1Error) else "malformed certificate"
        raise CertificateError(message) from error


@contextmanager
def quietly() -> Iterator[None]:
    """Deviations that the library accepts and warns of (odd serial numbers, long names) are no news to a caller.

    The filters are the process's own: two threads that replace them at once could leave the wrong ones behind.
    """
    with _WARNINGS, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _read_outline(der: bytes, *, is_pinned: bool) -> tuple[list[_asn1.Element], bytes]:
    """The fields of TBSCertificate after the version, and the signature algorithm, which stands in both places."""
    whole = _asn1.read_element(der, 0, len(der), _LIMITS.asn1_depth)
    outer = _children(der, whole)
    if [element.tag for element in outer] != [_asn1.SEQUENCE, _asn1.SEQUENCE, _asn1.BIT_STRING]:
        message = "not a Certificate"
        raise CertificateError(message)
    if der[outer[2].content_start] != 0 and not is_pinned:
        # Nobody signs the count of unused bits: with another one the same certificate would have another fingerprint.
        message = "a signature that is not whole octets"
        raise CertificateError(message)
    fields = _children(der, outer[0])
    if len(fields) < 7 or fields[0].tag != _CONTEXT_VERSION or der[fields[0].stop - 1] != 2:  # noqa: PLR2004 (v3 is 2)
        message = "not an X.509 version 3 certificate"
        raise CertificateError(message)
    inner, outer_algorithm = (der[element.start : element.stop] for element in (fields[2], outer[1]))
    if inner != outer_algorithm:
        message = "inner and outer signature algorithm differ"
        raise CertificateError(message)
    return fields, inner


def _check_addresses(der: bytes, fields: list[_asn1.Element]) -> None:
    """Refuse an rfc822Name that is not ASCII by its own reason: the decoder would refuse the whole certificate."""
    for extensions in (element for element in fields[7:] if element.tag == _CONTEXT_EXTENSIONS):
        for extension in _children(der, *_children(der, extensions)):
            oid, *_, value = _children(der, extension)
            if der[oid.content_start : oid.content_stop] != _SUBJECT_ALTERNATIVE_NAME:
                continue
            for name in _children(der, *_children(der, value)):
                address = der[name.content_start : name.content_stop]
                if name.tag == _CONTEXT_RFC822_NAME and not address.isascii():
                    raise CertificateError(ascii(address.decode("latin-1")), Reason.CERTIFICATE_ADDRESS_INVALID)


def _children(der: bytes, element: _asn1.Element) -> list[_asn1.Element]:
    return _asn1.read_children(der, element, _LIMITS.asn1_depth)


def _to_certificate(parsed: x509.Certificate, der: bytes, fields: list[_asn1.Element], algorithm: bytes) -> Certificate:
    extensions = {extension.oid: extension for extension in parsed.extensions}
    values = {oid: extension.value for oid, extension in extensions.items()}
    serial = der[fields[1].content_start : fields[1].content_stop]
    key_usage = values.get(ExtensionOID.KEY_USAGE)
    alternative_names = list(values.get(ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ()))
    constraints = values.get(ExtensionOID.NAME_CONSTRAINTS)
    points = values.get(ExtensionOID.CRL_DISTRIBUTION_POINTS, ())
    basic = values.get(ExtensionOID.BASIC_CONSTRAINTS)
    subject_key = values.get(ExtensionOID.SUBJECT_KEY_IDENTIFIER)
    authority_key = values.get(ExtensionOID.AUTHORITY_KEY_IDENTIFIER)
    extended = values.get(ExtensionOID.EXTENDED_KEY_USAGE)
    return Certificate(
        der=der,
        facts=CertificateFacts(
            subject=parsed.subject.rfc4514_string(),
            issuer=parsed.issuer.rfc4514_string(),
            serial_number=f"{int.from_bytes(serial, 'big', signed=True):x}",
            not_before=parsed.not_valid_before_utc,
            not_after=parsed.not_valid_after_utc,
            sha256=hashlib.sha256(der).hexdigest(),
        ),
        subject_name=prepare_name(parsed.subject),
        issuer_name=prepare_name(parsed.issuer),
        issuer_der=der[fields[3].start : fields[3].stop],
        serial_bytes=serial,
        public_key=load_public_key(der[fields[6].start : fields[6].stop]),
        signature_algorithm=algorithm,
        signature=parsed.signature,
        signed_bytes=parsed.tbs_certificate_bytes,
        subject_key_identifier=subject_key.digest if isinstance(subject_key, x509.SubjectKeyIdentifier) else None,
        authority_key_identifier=(
            authority_key.key_identifier if isinstance(authority_key, x509.AuthorityKeyIdentifier) else None
        ),
        key_usage=(
            frozenset(name for name in _KEY_USAGES if getattr(key_usage, name))
            if isinstance(key_usage, x509.KeyUsage)
            else None
        ),
        key_usage_is_critical=ExtensionOID.KEY_USAGE in extensions and extensions[ExtensionOID.KEY_USAGE].critical,
        extended_key_usage=(
            frozenset(usage.dotted_string for usage in extended)
            if isinstance(extended, x509.ExtendedKeyUsage)
            else None
        ),
        basic_constraints=(
            BasicConstraints(is_ca=basic.ca, path_length=basic.path_length)
            if isinstance(basic, x509.BasicConstraints)
            else None
        ),
        addresses=tuple(name.value for name in alternative_names if isinstance(name, x509.RFC822Name)),
        dns_names=tuple(name.value for name in alternative_names if isinstance(name, x509.DNSName)),
        uris=tuple(name.value for name in alternative_names if isinstance(name, x509.UniformResourceIdentifier)),
        directory_names=tuple(map(prepare_name, _directory_names(alternative_names))),
        other_names=frozenset(_kind_of(name) for name in alternative_names if not isinstance(name, _EVALUATED)),
        name_constraints=_read_constraints(constraints) if isinstance(constraints, x509.NameConstraints) else None,
        policies=_read_policies(values),
        crl_distribution_points=tuple(
            DistributionPoint(
                names=name_keys(point.full_name, point.relative_name, _issuer_of_crls(point) or parsed.issuer),
                reasons=None if point.reasons is None else frozenset(flag.name for flag in point.reasons),
                crl_issuers=tuple(prepare_name(name) for name in _directory_names(point.crl_issuer)),
            )
            for point in points
        ),
        unknown_critical_extensions=tuple(
            oid.dotted_string for oid, extension in extensions.items() if extension.critical and oid not in _UNDERSTOOD
        ),
        organization=_first_value(parsed.subject, NameOID.ORGANIZATION_NAME),
        common_name=_first_value(parsed.subject, NameOID.COMMON_NAME),
    )


def prepare_name(name: x509.Name) -> DistinguishedName:
    """A name for comparison: attribute values without case, outer blanks, and repeated inner blanks (RFC 5280 §7.1)."""
    return tuple(
        tuple(sorted((attribute.oid.dotted_string, prepare_value(str(attribute.value))) for attribute in rdn))
        for rdn in name.rdns
    )


def prepare_value(value: str) -> str:
    """One attribute value for comparison."""
    return " ".join(value.split()).casefold()


def _read_policies(values: dict[x509.ObjectIdentifier, x509.ExtensionType]) -> CertificatePolicies:
    stated = values.get(ExtensionOID.CERTIFICATE_POLICIES)
    mappings = values.get(ExtensionOID.POLICY_MAPPINGS)
    constraints = values.get(ExtensionOID.POLICY_CONSTRAINTS)
    inhibit = values.get(ExtensionOID.INHIBIT_ANY_POLICY)
    limits = constraints if isinstance(constraints, x509.PolicyConstraints) else None
    return CertificatePolicies(
        policies=frozenset(
            policy.policy_identifier.dotted_string
            for policy in (stated if isinstance(stated, x509.CertificatePolicies) else ())
        ),
        mappings=tuple(_read_mappings(mappings)) if isinstance(mappings, x509.UnrecognizedExtension) else (),
        require_explicit=None if limits is None else limits.require_explicit_policy,
        inhibit_mapping=None if limits is None else limits.inhibit_policy_mapping,
        inhibit_any=inhibit.skip_certs if isinstance(inhibit, x509.InhibitAnyPolicy) else None,
    )


def _read_mappings(extension: x509.UnrecognizedExtension) -> Iterator[tuple[str, str]]:
    """PolicyMappings, which the library leaves in DER (RFC 5280 §4.2.1.5)."""
    der = extension.value
    whole = _asn1.read_element(der, 0, len(der), _LIMITS.asn1_depth)
    for mapping in _children(der, whole):
        issuer_policy, subject_policy = (
            _asn1.decode_oid(der[policy.content_start : policy.content_stop]) for policy in _children(der, mapping)
        )
        yield issuer_policy, subject_policy


def name_keys(
    full: Iterable[x509.GeneralName] | None, relative: x509.RelativeDistinguishedName | None, issuer: x509.Name
) -> frozenset[NameKey]:
    """The names of a distribution point, for comparison; a relative one is relative to `issuer`."""
    if relative is not None:
        return frozenset({("DirectoryName", prepare_name(x509.Name([*issuer.rdns, relative])))})
    return frozenset(
        (type(name).__name__, prepare_name(name.value) if isinstance(name, x509.DirectoryName) else str(name.value))
        for name in full or ()
    )


def _directory_names(names: Iterable[x509.GeneralName] | None) -> Iterator[x509.Name]:
    return (name.value for name in names or () if isinstance(name, x509.DirectoryName))


def _issuer_of_crls(point: x509.DistributionPoint) -> x509.Name | None:
    return next(_directory_names(point.crl_issuer), None)


def _first_value(name: x509.Name, oid: x509.ObjectIdentifier) -> str | None:
    return next((str(attribute.value) for attribute in name.get_attributes_for_oid(oid)), None)


def _kind_of(name: x509.GeneralName) -> str:
    return "ip" if isinstance(name, x509.IPAddress) else "other"


def _read_constraints(constraints: x509.NameConstraints) -> NameConstraints:
    permitted, excluded = list(constraints.permitted_subtrees or ()), list(constraints.excluded_subtrees or ())
    return NameConstraints(
        permitted_emails=_emails(permitted) or None,
        permitted_dns=_dns(permitted) or None,
        permitted_uris=_uris(permitted) or None,
        permitted_names=_names(permitted) or None,
        excluded_emails=_emails(excluded),
        excluded_dns=_dns(excluded),
        excluded_uris=_uris(excluded),
        excluded_names=_names(excluded),
        other_kinds=frozenset(_kind_of(name) for name in (*permitted, *excluded) if not isinstance(name, _EVALUATED)),
    )


def _emails(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(name.value for name in names if isinstance(name, x509.RFC822Name))


def _dns(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(name.value for name in names if isinstance(name, x509.DNSName))


def _uris(names: Iterable[x509.GeneralName]) -> tuple[str, ...]:
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _names(names: Iterable[x509.GeneralName]) -> tuple[DistinguishedName, ...]:
    return tuple(prepare_name(name.value) for name in names if isinstance(name, x509.DirectoryName))


def parse_readable(encoded: Iterable[bytes], *, is_pinned: bool = False) -> Iterator[Certificate]:
    """Those that can be read: what cannot recognises nobody, and need not stop the rest. As `parse_certificate`."""
    for der in encoded:
        with suppress(CertificateError):
            yield parse_certificate(der, is_pinned=is_pinned)


def decode_pem(block: bytes) -> bytes:
    """What stands between the lines BEGIN and END, decoded: the very bytes, not a parser's idea of them."""
    body, end, _ = block.partition(b"-----END")
    if not end:
        message = "unfinished PEM block"
        raise CertificateError(message)
    return base64.b64decode(b"".join(body.split()), validate=True)


def load_certificates(data: bytes) -> tuple[Certificate, ...]:
    """The certificates in a PEM file (one or several) or one in DER.

    Raises:
        TypeError: `data` is not bytes.
        TrustListError: there is none, or one is malformed.
    """
    if not isinstance(data, bytes):
        message = f"certificates are given as bytes, not {type(data).__name__}: open the file in binary mode"
        raise TypeError(message)
    try:
        # A long SEQUENCE cannot begin a text: what looks like PEM inside it is a string of the certificate.
        blocks = [] if data.startswith(_LONG_SEQUENCE) else _PEM.split(data)[1:]
        encoded = [decode_pem(block) for block in blocks] or [data]
        return tuple(parse_certificate(der, is_pinned=True) for der in encoded)
    except ValueError as error:
        message = f"not a certificate in PEM or DER: {error}"
        raise TrustListError(message) from error
