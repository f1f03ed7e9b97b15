"""CRLs and OCSP responses of the test authority, made by code; every part can be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from asn1crypto import algos, core
from asn1crypto import crl as asn1_crl
from asn1crypto import ocsp as asn1_ocsp
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from tests.pki import (
    KEYS,
    Extension,
    authority,
    key,
    key_id,
    make_signer,
    provider,
    raw_sign,
    signature_algorithm,
    spki,
)

ISSUED = datetime(2024, 3, 1, tzinfo=UTC)
DUE = datetime(2024, 4, 1, tzinfo=UTC)
REVOKED = datetime(2024, 3, 10, tzinfo=UTC)


def serial_of(certificate: bytes) -> int:
    return x509.load_der_x509_certificate(certificate).serial_number


def entry(
    serial: int,
    revoked_at: datetime = REVOKED,
    *,
    reason: x509.ReasonFlags | None = None,
    invalid_since: datetime | None = None,
    issuer: x509.Name | None = None,
    further: Iterable[tuple[x509.ExtensionType, bool]] = (),
) -> x509.RevokedCertificate:
    """One revoked certificate."""
    builder = x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(revoked_at)
    if reason is not None:
        builder = builder.add_extension(x509.CRLReason(reason), critical=False)
    if invalid_since is not None:
        builder = builder.add_extension(x509.InvalidityDate(invalid_since), critical=False)
    if issuer is not None:
        builder = builder.add_extension(x509.CertificateIssuer([x509.DirectoryName(issuer)]), critical=True)
    for extension, critical in further:
        builder = builder.add_extension(extension, critical=critical)
    return builder.build()


def crl(
    *entries: x509.RevokedCertificate,
    issuer: bytes | None = None,
    key_name: str = "ca",
    this_update: datetime = ISSUED,
    next_update: datetime = DUE,
    number: int | None = 7,
    base: int | None = None,
    scope: Mapping[str, object] | None = None,
    further: Iterable[tuple[x509.ExtensionType, bool]] = (),
    digest: str = "sha256",
) -> bytes:
    """A CRL, DER, of the test authority by default."""
    name = x509.load_der_x509_certificate(authority() if issuer is None else issuer).subject
    builder = x509.CertificateRevocationListBuilder().issuer_name(name)
    builder = builder.last_update(this_update).next_update(next_update)
    for revoked in entries:
        builder = builder.add_revoked_certificate(revoked)
    if number is not None:
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
    if base is not None:
        builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
    if scope is not None:
        point: dict[str, object] = {
            "full_name": None,
            "relative_name": None,
            "only_contains_user_certs": False,
            "only_contains_ca_certs": False,
            "only_some_reasons": None,
            "indirect_crl": False,
            "only_contains_attribute_certs": False,
            **scope,
        }
        builder = builder.add_extension(x509.IssuingDistributionPoint(**point), critical=True)  # type: ignore[arg-type]
    for extension, critical in further:
        builder = builder.add_extension(extension, critical=critical)
    private = key(key_name)
    assert isinstance(private, rsa.RSAPrivateKey)
    made = builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)
    return made if digest == "sha256" else _signed_with(made, key_name, digest)


def _signed_with(made: bytes, key_name: str, digest: str) -> bytes:
    """The CRL signed again with a digest that the library makes no new ones with."""
    parsed = asn1_crl.CertificateList.load(made)
    algorithm = algos.SignedDigestAlgorithm.load(signature_algorithm(key(key_name), digest))
    parsed["tbs_cert_list"]["signature"] = algorithm
    parsed["signature_algorithm"] = algorithm
    parsed["signature"] = core.OctetBitString(raw_sign(key(key_name), parsed["tbs_cert_list"].dump(force=True), digest))
    return bytes(parsed.dump(force=True))


def responder(*, key_name: str = "stranger", issuer_key: str = "ca", usage: str = "ocsp_signing") -> bytes:
    """A certificate of an OCSP responder, DER."""
    replace: dict[str, Extension | None] = {
        "extended_key_usage": ("extended_key_usage", False, [usage]),
        "key_identifier": ("key_identifier", False, key_id(spki(key(key_name)))),
    }
    return make_signer("c", key_name=key_name, issuer_key=issuer_key, replace=replace).certificate


def ocsp_response(
    certificate: bytes | None = None,
    *,
    status: ocsp.OCSPCertStatus = ocsp.OCSPCertStatus.GOOD,
    revoked_at: datetime | None = None,
    reason: x509.ReasonFlags | None = None,
    this_update: datetime = ISSUED,
    next_update: datetime | None = DUE,
    issuer: bytes | None = None,
    signed_by: str = "ca",
    delegate: bytes | None = None,
    by_key: bool = False,
    embedded: Iterable[bytes] = (),
    further: Iterable[tuple[x509.ExtensionType, bool]] = (),
    digest: str = "sha256",
    produced_at: datetime = ISSUED,
    critical_in_single: tuple[bool, ...] = (),
) -> bytes:
    """An OCSP response, DER: by the test authority itself, or by `delegate`.

    What it says of the certificate has an extension that nobody knows, once for each of `critical_in_single`.
    """
    issued = x509.load_der_x509_certificate(provider("a").certificate if certificate is None else certificate)
    above = x509.load_der_x509_certificate(authority() if issuer is None else issuer)
    by = above if delegate is None else x509.load_der_x509_certificate(delegate)
    encoding = ocsp.OCSPResponderEncoding.HASH if by_key else ocsp.OCSPResponderEncoding.NAME
    builder = (
        ocsp.OCSPResponseBuilder()
        .add_response(issued, above, hashes.SHA1(), status, this_update, next_update, revoked_at, reason)
        .responder_id(encoding, by)
    )
    certificates = list(map(x509.load_der_x509_certificate, embedded))
    if delegate is not None:
        certificates.insert(0, by)
    if certificates:
        builder = builder.certificates(certificates)
    for extension, critical in further:
        builder = builder.add_extension(extension, critical=critical)
    # The library signs only with the responder's own key: what it should not be signed with, signs it again below.
    own = by.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private = next(key(path.stem) for path in KEYS.iterdir() if spki(key(path.stem)) == own)
    assert isinstance(private, rsa.RSAPrivateKey)
    made = builder.sign(private, hashes.SHA256()).public_bytes(Encoding.DER)
    return _produced_at(made, produced_at, signed_by, digest, critical_in_single)


def _produced_at(
    made: bytes,
    instant: datetime,
    key_name: str,
    digest: str,
    critical_in_single: tuple[bool, ...],
) -> bytes:
    """The response as of another instant than now, signed again."""
    parsed = asn1_ocsp.OCSPResponse.load(made)
    basic = parsed["response_bytes"]["response"].parsed
    basic["tbs_response_data"]["produced_at"] = instant
    if critical_in_single:
        basic["tbs_response_data"]["responses"][0]["single_extensions"] = [
            {"extn_id": "1.2.3", "critical": critical, "extn_value": core.ParsableOctetString(b"\5\0")}
            for critical in critical_in_single
        ]
    basic["signature_algorithm"] = algos.SignedDigestAlgorithm.load(signature_algorithm(key(key_name), digest))
    signature = raw_sign(key(key_name), basic["tbs_response_data"].dump(force=True), digest)
    basic["signature"] = core.OctetBitString(signature)
    parsed["response_bytes"]["response"] = core.ParsableOctetString(basic.dump(force=True))
    return bytes(parsed.dump(force=True))
