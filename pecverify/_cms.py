"""CMS SignedData to a plain view of its one signer.

Rules kept: exactly one SignerInfo; detached (no eContent at all) or not, as the caller expects; id-data; signed
attributes mandatory, in DER, one of each, with contentType and messageDigest; the digest algorithms named in the three
places agree. The outer structure may be BER (Aruba's and InfoCert's engines emit indefinite lengths). Unsigned
attributes are never read: they prove nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from pecverify import _asn1
from pecverify._asn1 import Asn1Error, Asn1LimitError, Element
from pecverify._signature import DIGEST_IDENTIFIERS, AlgorithmError, SignatureAlgorithm, parse_signature_algorithm
from pecverify.policy import Limits
from pecverify.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pecverify._certificate import Certificate

_ID_SIGNED_DATA = bytes.fromhex("2a864886f70d010702")
ID_DATA = bytes.fromhex("2a864886f70d010701")
ID_TIMESTAMP = bytes.fromhex("2a864886f70d0109100104")
"""id-ct-TSTInfo (RFC 3161 §2.4.2)."""
_CONTENT_NAMES = {ID_DATA: "id-data", ID_TIMESTAMP: "id-ct-TSTInfo"}
_CONTENT_TYPE = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST = bytes.fromhex("2a864886f70d010904")
_SIGNING_TIME = bytes.fromhex("2a864886f70d010905")
_SIGNING_CERTIFICATE = bytes.fromhex("2a864886f70d010910020c")
_SIGNING_CERTIFICATE_V2 = bytes.fromhex("2a864886f70d010910022f")

_CONSTRUCTED_OCTET_STRING = 0x24
_CONTEXT_0, _CONTEXT_1, _SUBJECT_KEY_IDENTIFIER = 0xA0, 0xA1, 0x80
_OPTIONAL_FIELDS: tuple[list[int], ...] = ([], [_CONTEXT_0], [_CONTEXT_1], [_CONTEXT_0, _CONTEXT_1])
"""certificates and crls of SignedData."""
# RFC 5652 §11.3: both in Zulu, with seconds, without fractions. (GeneralizedTime before 2050, which it does not allow
# for, names one instant all the same and is borne.)
_TIME = re.compile(rb"\x17\x0d([0-9]{12})Z|\x18\x0f([0-9]{14})Z")


class CmsError(ValueError):
    """The signature breaks a rule."""

    def __init__(self, reason: Reason, actual: str) -> None:
        super().__init__(reason, actual)
        self.reason = reason
        """The finding's reason."""
        self.actual = actual
        """What was found, in a few words of ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerView:
    """What a SignedData with one signer says, and the exact bytes that were signed."""

    digest: str
    """Name of the message digest algorithm."""
    message_digest: bytes
    """The messageDigest attribute."""
    signing_time: datetime | None
    """The signingTime attribute, UTC."""
    signed_attributes: bytes
    """The attributes as received, under the SET tag: what the signature is over (RFC 5652 §5.4)."""
    attributes_in_order: bool
    """Whether they are in DER order."""
    signature_algorithm: SignatureAlgorithm
    """Scheme and digest."""
    signature: bytes
    """The signature value."""
    issuer: bytes | None
    """The signer identifier's issuer Name, DER; None where it is by subject key identifier."""
    serial: bytes | None
    """The signer identifier's serial number, content octets."""
    subject_key_identifier: bytes | None
    """The signer identifier's key identifier; None where it is by issuer and serial number."""
    certificate_hashes: tuple[tuple[str, bytes], ...]
    """Digest name and hash of the signer's certificate from signing-certificate attributes."""
    certificates: tuple[bytes, ...]
    """The embedded certificates, as received, without repetitions."""
    content: bytes | None
    """The eContent; None for a detached signature."""
    is_der: bool
    """Whether the outer structure is DER as far as it was read."""


class _Reader:
    """Reads consecutive elements of a constructed one, and remembers whether all headers were DER."""

    def __init__(self, data: bytes, limits: Limits, content_type: bytes) -> None:
        self.data = data
        self.limits = limits
        self.content_type = content_type
        self.is_der = True

    def children(self, element: Element) -> list[Element]:
        elements = _asn1.read_children(self.data, element, self.limits.asn1_depth)
        for child in elements:
            if not child.is_der_header:
                self.is_der = False
        return elements

    def content(self, element: Element, tag: int) -> bytes:
        if element.tag != tag:
            message = f"tag {element.tag:#04x} at offset {element.start}"
            raise Asn1Error(message)
        return self.data[element.content_start : element.content_stop]

    def whole(self, element: Element) -> bytes:
        return self.data[element.start : element.stop]


def parse_signed_data(
    encoded: bytes, limits: Limits, *, detached: bool = True, content_type: bytes = ID_DATA
) -> SignerView:
    """Read a ContentInfo with SignedData (BER or DER).

    Args:
        encoded: the decoded signature part, or a `.p7m` file.
        limits: bounds on size, nesting, OBJECT IDENTIFIERs and certificates.
        detached: whether the content must be elsewhere; else it must be inside.
        content_type: what the content must be, as the content octets of its OBJECT IDENTIFIER.

    Raises:
        CmsError: with the reason; never anything else.

    Source: RFC 5652 §5, §11; RFC 8551 §2; RFC 5035 §3, §4.
    """
    if len(encoded) > limits.cms_bytes:
        raise CmsError(Reason.LIMIT_EXCEEDED, f"signature of {len(encoded)} bytes")
    try:
        return _read_content_info(_Reader(encoded, limits, content_type), detached=detached)
    except Asn1LimitError as error:
        raise CmsError(Reason.LIMIT_EXCEEDED, str(error)) from error
    except Asn1Error as error:
        raise CmsError(Reason.CMS_MALFORMED, str(error)) from error
    except AlgorithmError as error:
        raise CmsError(error.reason, error.actual) from error


def _read_content_info(reader: _Reader, *, detached: bool) -> SignerView:
    whole = _asn1.read_element(reader.data, 0, len(reader.data), reader.limits.asn1_depth)
    if whole.stop != len(reader.data):
        raise CmsError(Reason.CMS_MALFORMED, f"trailing bytes at offset {whole.stop}")
    reader.is_der = whole.is_der_header
    match reader.children(_expect(whole, _asn1.SEQUENCE)):
        case [content_type, explicit] if explicit.tag == _CONTEXT_0:
            pass
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "not a ContentInfo")
    if reader.content(content_type, _asn1.OBJECT_IDENTIFIER) != _ID_SIGNED_DATA:
        raise CmsError(Reason.CMS_MALFORMED, "not SignedData")
    match reader.children(explicit):
        case [signed_data] if signed_data.tag == _asn1.SEQUENCE:
            return _read_signed_data(reader, signed_data, detached=detached)
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "not SignedData")


def _expect(element: Element, tag: int) -> Element:
    if element.tag != tag:
        raise CmsError(Reason.CMS_MALFORMED, f"tag {element.tag:#04x} at offset {element.start}")
    return element


def _read_signed_data(reader: _Reader, signed_data: Element, *, detached: bool) -> SignerView:
    fields = reader.children(signed_data)
    # version, digestAlgorithms, encapContentInfo, [0] certificates and [1] crls if any in this order, signerInfos
    match fields:
        case [version, digests, encapsulated, *optional, signers] if [f.tag for f in optional] in _OPTIONAL_FIELDS:
            pass
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "fields of SignedData")
    reader.content(version, _asn1.INTEGER)
    digest_algorithms = [reader.whole(algorithm) for algorithm in reader.children(_expect(digests, _asn1.SET))]
    content = _read_encapsulated(reader, encapsulated, detached=detached)
    certificates = _read_certificates(reader, next((f for f in optional if f.tag == _CONTEXT_0), None))
    signer_infos = reader.children(_expect(signers, _asn1.SET))
    if len(signer_infos) != 1:
        raise CmsError(Reason.SIGNER_COUNT, f"{len(signer_infos)} SignerInfos")
    signer_info = _expect(signer_infos[0], _asn1.SEQUENCE)
    return _read_signer_info(reader, signer_info, digest_algorithms, certificates, content)


def _read_encapsulated(reader: _Reader, encapsulated: Element, *, detached: bool) -> bytes | None:
    match reader.children(_expect(encapsulated, _asn1.SEQUENCE)):
        case [content_type, *content]:
            pass
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "fields of EncapsulatedContentInfo")
    if reader.content(content_type, _asn1.OBJECT_IDENTIFIER) != reader.content_type:
        raise CmsError(Reason.CONTENT_TYPE_MISMATCH, f"eContentType is not {_CONTENT_NAMES[reader.content_type]}")
    if not detached:
        return _read_content(reader, content)
    if content:
        raise CmsError(Reason.ECONTENT_PRESENT, "eContent in a detached signature")
    return None


def _read_content(reader: _Reader, content: list[Element]) -> bytes:
    """The OCTET STRING, whole or (BER) in pieces (X.690 §8.7)."""
    match content:
        case [explicit] if explicit.tag == _CONTEXT_0:
            match reader.children(explicit):
                case [octets] if octets.tag == _asn1.OCTET_STRING:
                    return reader.content(octets, _asn1.OCTET_STRING)
                case [pieces] if pieces.tag == _CONSTRUCTED_OCTET_STRING:
                    return b"".join(reader.content(piece, _asn1.OCTET_STRING) for piece in reader.children(pieces))
    raise CmsError(Reason.CMS_MALFORMED, "no eContent")


def _read_certificates(reader: _Reader, certificates: Element | None) -> tuple[bytes, ...]:
    elements = [] if certificates is None else reader.children(certificates)
    if len(elements) > reader.limits.certificates:
        raise CmsError(Reason.LIMIT_EXCEEDED, f"{len(elements)} certificates")
    # Other choices than a certificate (attribute certificates, other formats) cannot be the signer's: passed over.
    return tuple(dict.fromkeys(reader.whole(element) for element in elements if element.tag == _asn1.SEQUENCE))


def _read_signer_info(
    reader: _Reader,
    signer_info: Element,
    digest_algorithms: list[bytes],
    certificates: tuple[bytes, ...],
    content: bytes | None,
) -> SignerView:
    match reader.children(signer_info):
        case [version, identifier, digest_algorithm, attributes, signature_algorithm, signature, *unsigned] if (
            attributes.tag == _CONTEXT_0
        ):
            pass
        case [_, _, _, algorithm, signature, *_] if (algorithm.tag, signature.tag) == (
            _asn1.SEQUENCE,
            _asn1.OCTET_STRING,
        ):
            raise CmsError(Reason.SIGNED_ATTRIBUTES_MISSING, "no signedAttrs")
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "fields of SignerInfo")
    reader.content(version, _asn1.INTEGER)
    if [field.tag for field in unsigned] not in ([], [_CONTEXT_1]):
        raise CmsError(Reason.CMS_MALFORMED, "fields after the signature value")
    digest = DIGEST_IDENTIFIERS.get(reader.whole(digest_algorithm))
    if digest is None:
        raise CmsError(Reason.ALGORITHM_REFUSED, "digest algorithm other than SHA-1 or SHA-2")
    if digest not in map(DIGEST_IDENTIFIERS.get, digest_algorithms):
        raise CmsError(Reason.ALGORITHM_MISMATCH, f"{digest} is not among digestAlgorithms")
    signed_attributes, values, in_order = _read_attributes(reader, attributes)
    content_type = reader.content_type
    if _the_attribute(values, _CONTENT_TYPE) != bytes([_asn1.OBJECT_IDENTIFIER, len(content_type)]) + content_type:
        raise CmsError(Reason.CONTENT_TYPE_MISMATCH, f"contentType attribute is not {_CONTENT_NAMES[content_type]}")
    issuer, serial, key_identifier = _read_signer_identifier(reader, identifier)
    return SignerView(
        digest=digest,
        message_digest=_read_message_digest(_the_attribute(values, _MESSAGE_DIGEST)),
        signing_time=_read_signing_time(values.get(_SIGNING_TIME)),
        signed_attributes=signed_attributes,
        attributes_in_order=in_order,
        signature_algorithm=parse_signature_algorithm(reader.whole(signature_algorithm), digest),
        signature=reader.content(signature, _asn1.OCTET_STRING),
        issuer=issuer,
        serial=serial,
        subject_key_identifier=key_identifier,
        certificate_hashes=tuple(_read_certificate_hashes(values)),
        certificates=certificates,
        content=content,
        is_der=reader.is_der,
    )


def _read_attributes(reader: _Reader, attributes: Element) -> tuple[bytes, dict[bytes, bytes], bool]:
    """The bytes to verify, the one value of each attribute by type, and whether the SET is in DER order."""
    received = reader.whole(attributes)
    # "A separate encoding of the signedAttrs field is performed for message digest calculation": SET OF, not [0].
    encoded = bytes([_asn1.SET]) + received[1:]
    values: dict[bytes, bytes] = {}
    try:
        _asn1.check_der(encoded, reader.limits)
        elements = reader.children(attributes)
        for attribute in elements:
            attribute_type, value = _read_attribute(reader, attribute)
            if attribute_type in values:
                message = "repeated attribute"
                raise Asn1Error(message)
            values[attribute_type] = value
    except Asn1LimitError:
        raise
    except Asn1Error as error:
        raise CmsError(Reason.SIGNED_ATTRIBUTES_INVALID, str(error)) from error
    encodings = [reader.whole(element) for element in elements]
    return encoded, values, encodings == sorted(encodings)


def _read_attribute(reader: _Reader, attribute: Element) -> tuple[bytes, bytes]:
    """Type and value of an attribute with exactly one value (RFC 5652 §11 asks that of all that are read here)."""
    reader.content(attribute, _asn1.SEQUENCE)
    match reader.children(attribute):
        case [attribute_type, values] if values.tag == _asn1.SET:
            match reader.children(values):
                case [value]:
                    return reader.content(attribute_type, _asn1.OBJECT_IDENTIFIER), reader.whole(value)
    message = f"attribute without exactly one value at offset {attribute.start}"
    raise Asn1Error(message)


def _the_attribute(values: dict[bytes, bytes], attribute_type: bytes) -> bytes:
    try:
        return values[attribute_type]
    except KeyError:
        missing = "contentType" if attribute_type == _CONTENT_TYPE else "messageDigest"
        raise CmsError(Reason.SIGNED_ATTRIBUTES_INVALID, f"no {missing} attribute") from None


def _read_message_digest(value: bytes) -> bytes:
    if value[0] != _asn1.OCTET_STRING:
        raise CmsError(Reason.SIGNED_ATTRIBUTES_INVALID, "messageDigest is not an OCTET STRING")
    element = _asn1.read_element(value, 0, len(value), 0)
    return value[element.content_start :]


def _read_signing_time(value: bytes | None) -> datetime | None:
    if value is None:
        return None
    match = _TIME.fullmatch(value)
    try:
        if match is None:
            raise ValueError
        # Two digits of the year: from 50 on they are of the twentieth century (RFC 5652 §11.3).
        century = "" if match[2] else "19" if match[1] >= b"50" else "20"
        digits = century + (match[1] or match[2]).decode("ascii")
        return datetime.fromisoformat(f"{digits[:8]}T{digits[8:]}+00:00")
    except ValueError as error:
        raise CmsError(Reason.SIGNED_ATTRIBUTES_INVALID, "malformed signingTime") from error


def _read_signer_identifier(reader: _Reader, identifier: Element) -> tuple[bytes | None, bytes | None, bytes | None]:
    if identifier.tag == _SUBJECT_KEY_IDENTIFIER:
        return None, None, reader.content(identifier, _SUBJECT_KEY_IDENTIFIER)
    match reader.children(_expect(identifier, _asn1.SEQUENCE)):
        case [issuer, serial]:
            return reader.whole(_expect(issuer, _asn1.SEQUENCE)), reader.content(serial, _asn1.INTEGER), None
        case _:
            raise CmsError(Reason.CMS_MALFORMED, "fields of IssuerAndSerialNumber")


def _read_certificate_hashes(values: dict[bytes, bytes]) -> Iterable[tuple[str, bytes]]:
    """The first certificate of each signing-certificate attribute: the signer's (RFC 5035 §5.4)."""
    if values.keys().isdisjoint((_SIGNING_CERTIFICATE, _SIGNING_CERTIFICATE_V2)):
        return
    from asn1crypto import tsp  # noqa: PLC0415 (slow to import, and PEC providers seldom use these attributes)

    try:
        if (version_1 := values.get(_SIGNING_CERTIFICATE)) is not None:
            yield "sha1", tsp.SigningCertificate.load(version_1, strict=True)["certs"][0]["cert_hash"].native
        if (version_2 := values.get(_SIGNING_CERTIFICATE_V2)) is not None:
            certificate = tsp.SigningCertificateV2.load(version_2, strict=True)["certs"][0]
            yield certificate["hash_algorithm"]["algorithm"].native, certificate["cert_hash"].native
    except (ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        raise CmsError(Reason.SIGNED_ATTRIBUTES_INVALID, "malformed signing-certificate") from error


def identifies(view: SignerView, certificate: Certificate) -> bool:
    """Whether the signer identifier is this certificate's (RFC 5652 §5.3; names compared by RFC 5280 §7.1)."""
    if view.issuer is None:
        return certificate.subject_key_identifier == view.subject_key_identifier
    if certificate.serial_bytes != view.serial:
        return False
    return certificate.issuer_der == view.issuer or _same_name(certificate.issuer_der, view.issuer)


def _same_name(certified: bytes, stated: bytes) -> bool:
    from asn1crypto import x509  # noqa: PLC0415 (slow to import; genuine names are equal byte for byte)

    try:
        _asn1.check_der(stated, Limits())
        return bool(x509.Name.load(certified, strict=True) == x509.Name.load(stated, strict=True))
    except (ValueError, TypeError, KeyError, AttributeError):
        return False
