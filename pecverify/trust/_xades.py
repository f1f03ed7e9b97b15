"""The signature of a trusted list: enveloped XAdES by a certificate that the caller pinned.

signxml verifies; this module says what is expected of it, and that nothing is read but the bytes it returns. The key in
KeyInfo is never believed: it only tells which of the pinned certificates to try.

Source: ETSI TS 119 612 §5.7.1, Annex B; ETSI EN 319 132-1; W3C XML Signature Best Practices.
"""

from __future__ import annotations

import base64
import re
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pecverify._xml import XmlError, check_shape
from pecverify.errors import TrustListError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pecverify._certificate import Certificate

_ROOT = "{http://uri.etsi.org/02231/v2#}TrustServiceStatusList"
_DS = "{http://www.w3.org/2000/09/xmldsig#}"
_XADES = "{http://uri.etsi.org/01903/v1.3.2#}"
_SIGNED_PROPERTIES = f"{_XADES}SignedProperties"
_SIGNED_PROPERTIES_TYPE = "http://uri.etsi.org/01903#SignedProperties"
_ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_CANONICAL_FORMS = frozenset(
    {
        "http://www.w3.org/2001/10/xml-exc-c14n#",
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2006/12/xml-c14n11",
    }
)
"""All without comments: a comment is not signed."""
_X509_CERTIFICATE = re.compile(rb"X509Certificate>([A-Za-z0-9+/=]+)<")
_MOST_NAMESPACES, _MOST_ATTRIBUTES, _MOST_IN_SIGNATURE = 100, 20, 200
"""The published lists have 8 namespaces, at most 3 attributes of an element, and 35 elements in the signature."""
_HASHES = ("SHA256", "SHA384", "SHA512")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """What a verified signature covers."""

    content: bytes
    """The root element in canonical form, without the signature: the only bytes to read."""
    signer: Certificate
    """The pinned certificate whose key verified it."""
    signed_at: datetime
    """The signed SigningTime, UTC."""


def verify_list(data: bytes, signers: Iterable[Certificate]) -> SignedList:
    """Establish that a list is signed, as a whole, by one of the pinned certificates while that was valid.

    Args:
        data: the XML file, UTF-8.
        signers: the pinned certificates.

    Raises:
        TrustListError: it is not; the message says why.
    """
    _check_shape(data)
    named = named_certificates(data)
    refusal = TrustListError("the list is not signed by a pinned certificate")
    for signer in signers:
        if signer.der in named:
            try:
                return _verify_by(data, signer)
            except TrustListError as error:  # another pinned one may stand beside the signer's
                refusal = error
    raise refusal


def _check_shape(data: bytes) -> None:
    """Nothing in the document makes its verification take longer than its size does.

    signxml's effort, and that of canonicalisation, grows with the square of attributes, namespaces and elements in the
    signature, all before any signature value is looked at.
    """
    with refusing():
        data.decode("utf-8")
        if b"<!DOCTYPE" in data or b"\0" in data:
            message = "the list has a DOCTYPE, or is not in UTF-8"
            raise TrustListError(message)
        if data.count(b"xmlns") > _MOST_NAMESPACES:
            message = f"the list declares more than {_MOST_NAMESPACES} namespaces"
            raise TrustListError(message)
        check_shape(data, attributes=_MOST_ATTRIBUTES, within=f"{_DS}Signature", elements=_MOST_IN_SIGNATURE)


@contextmanager
def refusing() -> Iterator[None]:
    """What is wrong inside the block is a TrustListError."""
    try:
        yield
    except TrustListError:
        raise
    except ValueError as error:
        message = f"not a trusted list that can be read: {_what_is_wrong(error)}"
        raise TrustListError(message) from error


def _what_is_wrong(error: ValueError) -> str:
    match error:
        case XmlError():
            return error.detail
        case UnicodeDecodeError():
            return "not in UTF-8"
        case _:
            return str(error)[:200]


def _verify_by(data: bytes, signer: Certificate) -> SignedList:
    try:
        signed = _verify(data, signer)
    except TrustListError:
        raise
    except Exception as error:  # whatever a library makes of hostile XML: the list is refused
        message = f"the list's signature does not verify: {type(error).__name__}: {str(error)[:200]}"
        raise TrustListError(message) from error
    if not signer.facts.valid_at(signed.signed_at):
        message = f"the list was signed at {signed.signed_at.isoformat()}, outside its signer's validity"
        raise TrustListError(message)
    return signed


def named_certificates(data: bytes) -> tuple[bytes, ...]:
    """The certificates, DER, that stand in the last signature's KeyInfo: hints, unverified."""
    signature = b"".join(data[data.rfind(b"SignatureValue>") :].replace(b"&#13;", b"").split())
    named: list[bytes] = []
    for encoded in _X509_CERTIFICATE.findall(signature):
        with suppress(ValueError):
            named.append(base64.b64decode(encoded, validate=True))
    return tuple(named)


def _verify(data: bytes, signer: Certificate) -> SignedList:
    # Slow to import, and only those who load lists need it.
    from signxml import DigestAlgorithm, SignatureMethod  # noqa: PLC0415
    from signxml.xades import XAdESSignatureConfiguration, XAdESVerifier  # noqa: PLC0415

    schemes = ("RSA_{}", "ECDSA_{}", "{}_RSA_MGF1")
    expected = XAdESSignatureConfiguration(
        require_x509=True,
        location="./",
        expect_references=2,
        signature_methods=frozenset(SignatureMethod[scheme.format(name)] for scheme in schemes for name in _HASHES),
        digest_algorithms=frozenset(DigestAlgorithm[name] for name in _HASHES),
        ignore_ambiguous_key_info=False,
        # Within the certificate's validity, so that it is not the clock that decides: the signed SigningTime does.
        verification_time=signer.not_before,
    )
    pem = base64.b64encode(signer.der).decode("ascii")
    document, properties = XAdESVerifier().verify(data, x509_cert=pem, expect_config=expected)
    _check_form(document.signature_xml)
    root, signed_properties = document.signed_xml, properties.signed_xml
    if root is None or root.tag != _ROOT or signed_properties is None or signed_properties.tag != _SIGNED_PROPERTIES:
        message = "the signature covers something else than the list"
        raise TrustListError(message)
    if root.find(f".//{_DS}Signature") is not None:
        message = "the list holds a second signature"
        raise TrustListError(message)
    signed_at = read_instant(signed_properties.findtext(f".//{_XADES}SigningTime") or "")
    return SignedList(content=document.signed_data, signer=signer, signed_at=signed_at)


def read_instant(text: str) -> datetime:
    """An xsd:dateTime with a zone, in UTC.

    Raises:
        ValueError: it is none.
    """
    instant = datetime.fromisoformat(text.strip())
    if instant.tzinfo is None:
        message = f"no time zone: {text[:40]!r}"
        raise ValueError(message)
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        message = f"beyond the calendar: {text[:40]!r}"
        raise ValueError(message) from error


def _check_form(signature: Any) -> None:  # noqa: ANN401 (lxml has no types)
    """Two references: the whole document by the empty URI, and the signed properties; and no transform but those known.

    signxml passes over transforms that it does not know, so an unknown one could mean something to another reader.
    """
    signed_info = signature.find(f"{_DS}SignedInfo")
    canonical = signed_info.find(f"{_DS}CanonicalizationMethod")
    document, properties = signed_info.findall(f"{_DS}Reference")
    of_document = [transform.get("Algorithm") for transform in document.iter(f"{_DS}Transform")]
    of_properties = [transform.get("Algorithm") for transform in properties.iter(f"{_DS}Transform")]
    accepted = (
        canonical.get("Algorithm") in _CANONICAL_FORMS
        and document.get("URI") == ""
        and of_document in [[_ENVELOPED, form] for form in _CANONICAL_FORMS]
        and properties.get("Type") == _SIGNED_PROPERTIES_TYPE
        and properties.get("URI").startswith("#")
        and of_properties in [[form] for form in _CANONICAL_FORMS]
    )
    if not accepted:
        message = "the signature's references or transforms are not those of a trusted list"
        raise TrustListError(message)
