"""OCSP responses, from bytes to plain facts.

Read here, believed elsewhere: `_revocation.py` decides whose signature a response must bear.

Source: RFC 6960 §4.2.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from pecverify import _asn1
from pecverify._certificate import LIBRARY_ERRORS, parse_readable, prepare_name, quietly
from pecverify._crl import Revocation
from pecverify.policy import Limits

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pecverify._certificate import Certificate, DistinguishedName

MAXIMUM_OCSP_BYTES = 1_000_000
"""One response. Genuine ones have 0.5 to 5 kB."""

_DEPTH = Limits().asn1_depth
_SINGLE_EXTENSIONS = 0xA1


@dataclass(frozen=True, slots=True, kw_only=True)
class SingleResponse:
    """What a response says of one certificate."""

    digest: str
    """Name of the digest algorithm of the issuer's hashes."""
    issuer_name_hash: bytes
    """Of the issuer's Name, DER."""
    issuer_key_hash: bytes
    """Of the issuer's public key, without tag and length."""
    serial: int
    """The certificate's serial number."""
    this_update: datetime
    """thisUpdate, UTC."""
    next_update: datetime | None
    """nextUpdate, UTC; None: newer information is always available."""
    is_good: bool
    """Whether the status is good."""
    revocation: Revocation | None
    """The status revoked; neither this nor good is the status unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OcspResponse:
    """One successful basic response."""

    responder_name: DistinguishedName | None = field(repr=False)
    """ResponderID by name, for comparison."""
    responder_key_hash: bytes | None
    """ResponderID by key: SHA-1 of the public key, without tag and length."""
    produced_at: datetime
    """producedAt, UTC."""
    responses: tuple[SingleResponse, ...]
    """What it says of each certificate."""
    certificates: tuple[Certificate, ...] = field(repr=False)
    """Certificates that it carries: they prove nothing by themselves."""
    signature_algorithm: bytes = field(repr=False)
    """AlgorithmIdentifier, DER."""
    signature: bytes = field(repr=False)
    """The responder's signature."""
    signed_bytes: bytes = field(repr=False)
    """ResponseData."""
    sha256: str
    """SHA-256 of the response, hexadecimal, lower case."""

    @property
    def name(self) -> str:
        """How to call it in a report."""
        return f"OCSP response of {self.produced_at.isoformat()} (SHA-256 {self.sha256})"


@functools.lru_cache(maxsize=512)
def parse_ocsp_response(data: bytes) -> OcspResponse | str:
    """Read one response, or say in a few words why it cannot be used.

    Args:
        data: DER.
    """
    if len(data) > MAXIMUM_OCSP_BYTES:
        return f"OCSP response of {len(data)} bytes"
    try:
        with quietly():
            return _parse(data)
    except LIBRARY_ERRORS:
        return "malformed OCSP response"


def _parse(data: bytes) -> OcspResponse | str:
    parsed = ocsp.load_der_ocsp_response(data)
    if parsed.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        return f"OCSP response status {parsed.response_status.name.lower()}"
    critical = [extension.oid.dotted_string for extension in parsed.extensions if extension.critical]
    critical += _critical_in_singles(parsed.tbs_response_bytes)
    return f"unknown critical extension {critical[0]}" if critical else _to_response(parsed, data)


def _critical_in_singles(tbs: bytes) -> Iterator[str]:
    """The critical extensions of every SingleResponse: the library shows those of a response that has but one.

    Raises:
        Asn1Error: an extension is repeated.
    """

    def children(element: _asn1.Element) -> list[_asn1.Element]:
        return _asn1.read_children(tbs, element, _DEPTH)

    fields = children(_asn1.read_element(tbs, 0, len(tbs), _DEPTH))
    (singles,) = (each for each in fields if each.tag == _asn1.SEQUENCE)
    for single in children(singles):
        # certID, certStatus, thisUpdate, [0] nextUpdate, [1] singleExtensions
        for explicit in (each for each in children(single)[3:] if each.tag == _SINGLE_EXTENSIONS):
            (sequence,) = children(explicit)
            extensions = [children(extension) for extension in children(sequence)]
            if len({tbs[each.start : each.stop] for each, *_ in extensions}) != len(extensions):
                message = "an extension is repeated"
                raise _asn1.Asn1Error(message)
            for identifier, critical, *_ in extensions:
                if critical.tag == _asn1.BOOLEAN and tbs[critical.content_start]:
                    yield _asn1.decode_oid(tbs[identifier.content_start : identifier.content_stop])


def _to_response(parsed: ocsp.OCSPResponse, data: bytes) -> OcspResponse:
    return OcspResponse(
        responder_name=None if parsed.responder_name is None else prepare_name(parsed.responder_name),
        responder_key_hash=parsed.responder_key_hash,
        produced_at=parsed.produced_at_utc,
        responses=tuple(_to_single(single) for single in parsed.responses),
        certificates=tuple(parse_readable(each.public_bytes(Encoding.DER) for each in parsed.certificates)),
        signature_algorithm=_read_algorithm(data),
        signature=parsed.signature,
        signed_bytes=parsed.tbs_response_bytes,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _to_single(single: ocsp.OCSPSingleResponse) -> SingleResponse:
    revoked_at, reason = single.revocation_time_utc, single.revocation_reason
    return SingleResponse(
        digest=single.hash_algorithm.name,
        issuer_name_hash=single.issuer_name_hash,
        issuer_key_hash=single.issuer_key_hash,
        serial=single.serial_number,
        this_update=single.this_update_utc,
        next_update=single.next_update_utc,
        is_good=single.certificate_status is ocsp.OCSPCertStatus.GOOD,
        revocation=(
            None
            if revoked_at is None
            else Revocation(revoked_at=revoked_at, reason=None if reason is None else reason.name, invalid_since=None)
        ),
    )


def _read_algorithm(data: bytes) -> bytes:
    """The AlgorithmIdentifier of the BasicOCSPResponse inside the OCTET STRING inside responseBytes."""
    whole = _asn1.read_element(data, 0, len(data), _DEPTH)
    _, explicit = _asn1.read_children(data, whole, _DEPTH)
    (response_bytes,) = _asn1.read_children(data, explicit, _DEPTH)
    _, octets = _asn1.read_children(data, response_bytes, _DEPTH)
    (basic,) = _asn1.read_children(data, octets, _DEPTH)
    _, algorithm, *_ = _asn1.read_children(data, basic, _DEPTH)
    return data[algorithm.start : algorithm.stop]
