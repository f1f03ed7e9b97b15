"""RFC 3161: a request for a timestamp over a manifest, and the verification of what an authority answered.

Needs the extra `timestamp`. rfc3161-client verifies signature and path (with the OpenSSL that it brings); before it,
the bytes pass this library's own walker and limits, and what it does not ask is asked here: that the token names its
signer's certificate by hash, that there is one such certificate, and that nothing rests on SHA-1 or a short key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509.oid import ExtensionOID
from rfc3161_client import (
    HashAlgorithm,
    PKIStatus,
    TimestampRequestBuilder,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from pecverify import _asn1
from pecverify._certificate import load_certificates, parse_readable
from pecverify._cms import ID_TIMESTAMP, CmsError, identifies, parse_signed_data
from pecverify.policy import Limits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rfc3161_client import TimeStampResponse

    from pecverify._certificate import Certificate
    from pecverify._cms import SignerView
    from pecverify.report import CertificateFacts

MAXIMUM_TOKEN_BYTES = 1_000_000
"""One answer. Genuine ones have 1 to 10 kB."""

_LIMITS = Limits()
_TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
_STRONG_RSA_BITS = 2048
_DIGESTS = {f"2.16.840.1.101.3.4.2.{number}": name for number, name in ((1, "sha256"), (2, "sha384"), (3, "sha512"))}
_CERTIFICATE_DIGESTS = ("sha1", *_DIGESTS.values())
"""What a signing-certificate attribute may name its certificate by; version 1 of it knows SHA-1 alone, as a name."""


class TimestampReason(StrEnum):
    """Why a timestamp is refused."""

    MALFORMED = "malformed"
    """It is no granted answer with one token in it."""
    HASH_DIFFERS = "hash-differs"
    """It is over other bytes."""
    SIGNER_UNCLEAR = "signer-unclear"
    """It does not hold exactly one certificate of its signer, named by its hash."""
    PURPOSE = "wrong-purpose"
    """Its signer's certificate is not for timestamps alone (RFC 3161 §2.3)."""
    NOT_VALID_THEN = "not-valid-then"
    """Its signer's certificate was not valid at its instant."""
    WEAK = "weak"
    """It rests on SHA-1 or on a key that is too short."""
    NOT_TRUSTED = "not-trusted"
    """Its signature does not verify, or no path leads to the authority given."""


class TimestampError(ValueError):
    """A timestamp is refused."""

    def __init__(self, reason: TimestampReason, detail: str) -> None:
        super().__init__(reason, detail)
        self.reason = reason
        """Why."""
        self.detail = detail
        """What was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timestamp:
    """A timestamp that was verified."""

    at: datetime
    """genTime, UTC."""
    signer: CertificateFacts
    """The certificate that signed it."""


def make_request(data: bytes, *, nonce: bool = False) -> bytes:
    """A TimeStampReq over the SHA-256 of `data`, which asks for the signer's certificate.

    Args:
        data: what is to be stamped.
        nonce: whether to put a random number in: without, the same data give the same request.
    """
    builder = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256)
    return builder.cert_request(cert_request=True).nonce(nonce=nonce).build().as_bytes()


def check_imprint(response: bytes, data: bytes) -> None:
    """Establish that an answer is a granted one over `data`, whoever signed it.

    Raises:
        TimestampError: it is not.
    """
    _read(response, data)


def verify_timestamp(response: bytes, data: bytes, authority: Iterable[bytes]) -> Timestamp:
    """Verify an answer over `data`.

    Args:
        response: TimeStampResp, DER.
        data: what was stamped.
        authority: certificates that are trusted: each one PEM file (of one or several certificates) or one in DER.

    Raises:
        TimestampError: it is refused.
        TrustListError: a certificate of the authority cannot be read.

    Source: RFC 3161 §2.2, §2.3, §2.4.2; RFC 5816.
    """
    roots = [certificate for pem in authority for certificate in load_certificates(pem)]
    view, answer = _read(response, data)
    at: datetime = answer.tst_info.gen_time
    signer = _find_signer(view)
    _check_purpose(signer)
    if not signer.facts.valid_at(at):
        validity = f"{signer.not_before.isoformat()} to {signer.not_after.isoformat()}"
        raise TimestampError(TimestampReason.NOT_VALID_THEN, f"{at.isoformat()} is not in {validity}")
    bits = signer.public_key.rsa_bits
    if view.digest == "sha1" or (bits is not None and bits < _STRONG_RSA_BITS):
        raise TimestampError(TimestampReason.WEAK, f"{view.digest}, {signer.public_key.description}")
    trusted = [x509.load_der_x509_certificate(root.der) for root in roots]
    try:
        VerifierBuilder(roots=trusted).build().verify_message(answer, data)
    except (VerificationError, ValueError) as error:
        raise TimestampError(TimestampReason.NOT_TRUSTED, str(error)) from None
    return Timestamp(at=at, signer=signer.facts)


def _read(response: bytes, data: bytes) -> tuple[SignerView, TimeStampResponse]:
    """The token's signature as it reads, and the answer as the library has it, over `data`."""
    if len(response) > MAXIMUM_TOKEN_BYTES:
        raise TimestampError(TimestampReason.MALFORMED, f"more than {MAXIMUM_TOKEN_BYTES} bytes")
    try:
        view = parse_signed_data(_token_of(response), _LIMITS, detached=False, content_type=ID_TIMESTAMP)
        _asn1.check_der(view.content or b"", _LIMITS)
        answer = decode_timestamp_response(response)
        granted = PKIStatus(answer.status) is PKIStatus.GRANTED
        imprint = answer.tst_info.message_imprint
    except CmsError as error:
        raise TimestampError(TimestampReason.MALFORMED, f"{error.reason.value}: {error.actual}") from None
    except ValueError as error:
        raise TimestampError(TimestampReason.MALFORMED, str(error)[:200]) from None
    if not granted:
        raise TimestampError(TimestampReason.MALFORMED, f"status {answer.status}, not granted")
    digest = _DIGESTS.get(imprint.hash_algorithm.dotted_string)
    if digest is None or hashlib.new(digest, data).digest() != imprint.message:
        named = digest or imprint.hash_algorithm.dotted_string
        raise TimestampError(TimestampReason.HASH_DIFFERS, f"it is over {named} {imprint.message.hex()}")
    return view, answer


def _token_of(response: bytes) -> bytes:
    """The TimeStampToken inside a TimeStampResp.

    Source: RFC 3161 §2.4.2.
    """
    _asn1.check_der(response, _LIMITS)
    whole = _asn1.read_element(response, 0, len(response), _LIMITS.asn1_depth)
    match _asn1.read_children(response, whole, _LIMITS.asn1_depth):
        case [status, token] if status.tag == _asn1.SEQUENCE:
            return response[token.start : token.stop]
    message = "no status with a token after it"
    raise _asn1.Asn1Error(message)


def _find_signer(view: SignerView) -> Certificate:
    """The one certificate that the token holds of its signer, and names by hash.

    Source: RFC 3161 §2.2 ("verify that the certificate identifier (ESSCertID) ... references that certificate").
    """
    candidates = [certificate for certificate in parse_readable(view.certificates) if identifies(view, certificate)]
    if len(candidates) != 1:
        raise TimestampError(TimestampReason.SIGNER_UNCLEAR, f"{len(candidates)} certificates of its signer")
    (signer,) = candidates
    if not view.certificate_hashes:
        raise TimestampError(TimestampReason.SIGNER_UNCLEAR, "no signing-certificate attribute")
    for digest, value in view.certificate_hashes:
        if digest not in _CERTIFICATE_DIGESTS or hashlib.new(digest, signer.der).digest() != value:
            raise TimestampError(TimestampReason.SIGNER_UNCLEAR, f"{digest} {value.hex()} is of another certificate")
    return signer


def _check_purpose(signer: Certificate) -> None:
    extensions = x509.load_der_x509_certificate(signer.der).extensions
    is_critical = any(each.oid == ExtensionOID.EXTENDED_KEY_USAGE and each.critical for each in extensions)
    if signer.extended_key_usage != frozenset({_TIME_STAMPING}) or not is_critical:
        listed = ", ".join(sorted(signer.extended_key_usage or ())) or "none"
        critical = "critical" if is_critical else "not critical"
        raise TimestampError(TimestampReason.PURPOSE, f"extended key usage {listed}, {critical}")
