"""Trusted lists and lists of lists, made and signed by code in the shape of the published ones."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape

from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from lxml import etree

from tests.pki import Extension, Name, certificate, key, key_id, provider, raw_sign, spki

TSL = "http://uri.etsi.org/02231/v2#"
DS = "http://www.w3.org/2000/09/xmldsig#"
XADES = "http://uri.etsi.org/01903/v1.3.2#"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"

ISSUED_AT = datetime(2024, 3, 1, 12, 0, tzinfo=UTC)
NEXT_UPDATE = datetime(2024, 9, 1, 12, 0, tzinfo=UTC)
SIGNED_AT = datetime(2024, 3, 1, 13, 0, tzinfo=UTC)
GRANTED_AT = datetime(2024, 2, 1, tzinfo=UTC)

LISTED = provider("a").certificate
"""The certificate of a service, unless told otherwise."""

OPERATOR: Name = {"country_name": "IT", "organization_name": "Autorita' di vigilanza di prova", "common_name": "Elenco"}
SERVICE_TYPES = "http://uri.etsi.org/TrstSvc/Svctype/"
STATUSES = "http://uri.etsi.org/TrstSvc/TrustedList/Svcstatus/"
LIST_TYPES = "http://uri.etsi.org/TrstSvc/TrustedList/TSLType/"
DIGESTS = {
    "sha1": "http://www.w3.org/2000/09/xmldsig#sha1",
    "sha224": "http://www.w3.org/2001/04/xmldsig-more#sha224",
    "sha256": "http://www.w3.org/2001/04/xmlenc#sha256",
    "sha384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "sha512": "http://www.w3.org/2001/04/xmlenc#sha512",
}
METHODS = {
    "rsa": "http://www.w3.org/2001/04/xmldsig-more#rsa-{}",
    "ecdsa": "http://www.w3.org/2001/04/xmldsig-more#ecdsa-{}",
    "pss": "http://www.w3.org/2007/05/xmldsig-more#{}-rsa-MGF1",
}


@dataclass(frozen=True, kw_only=True)
class History:
    """A former state of a service."""

    type: str = "EDS/REM/Q"
    status: str = "granted"
    since: datetime = GRANTED_AT
    certificates: tuple[bytes, ...] = ()
    extensions: str = ""


@dataclass(frozen=True, kw_only=True)
class Service:
    """A service and its present state."""

    provider: str = "Gestore A S.p.A."
    name: str = "PEC di prova"
    type: str = "EDS/REM/Q"
    status: str = "granted"
    since: datetime = GRANTED_AT
    certificates: tuple[bytes, ...] = (LISTED,)
    history: tuple[History, ...] = ()
    extensions: str = ""


@dataclass(frozen=True, kw_only=True)
class Pointer:
    """What a list of lists says of another list."""

    certificates: tuple[bytes, ...]
    territory: str = "IT"
    location: str = "https://lists.example/TSL-IT.xml"
    type: str = "EUgeneric"
    media_type: str = "application/vnd.etsi.tsl+xml"


def list_signer(
    key_name: str = "other-ca",
    *,
    serial: int = 70,
    not_before: datetime = datetime(2023, 1, 1, tzinfo=UTC),
    not_after: datetime = datetime(2028, 1, 1, tzinfo=UTC),
) -> bytes:
    """The certificate of who signs a list, DER: self-signed, as those of some territories are."""
    private = key(key_name)
    extensions: list[Extension] = [
        ("key_usage", True, {"digital_signature"}),
        ("key_identifier", False, key_id(spki(private))),
    ]
    return certificate(
        OPERATOR,
        spki(private),
        OPERATOR,
        private,
        extensions,
        serial=serial,
        not_before=not_before,
        not_after=not_after,
    )


def make_list(
    *services: Service,
    sequence: int = 5,
    version: int = 6,
    issued_at: datetime = ISSUED_AT,
    next_update: datetime | None = NEXT_UPDATE,
    territory: str = "IT",
    pointers: Iterable[Pointer] = (),
    list_type: str = "EUgeneric",
) -> bytes:
    """A list without a signature."""
    due = "" if next_update is None else f"<dateTime>{stamp(next_update)}</dateTime>"
    pointed = "".join(map(_pointer, pointers))
    served = "".join(map(_provider, services))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<TrustServiceStatusList xmlns="{TSL}" Id="TSL" TSLTag="http://uri.etsi.org/19612/TSLTag">\n'
        f"<SchemeInformation><TSLVersionIdentifier>{version}</TSLVersionIdentifier>"
        f"<TSLSequenceNumber>{sequence}</TSLSequenceNumber><TSLType>{LIST_TYPES}{list_type}</TSLType>"
        '<SchemeOperatorName><Name xml:lang="en">Test</Name></SchemeOperatorName>'
        f"<SchemeTerritory>{territory}</SchemeTerritory>"
        + (f"<PointersToOtherTSL>{pointed}</PointersToOtherTSL>" if pointed else "")
        + f"<ListIssueDateTime>{stamp(issued_at)}</ListIssueDateTime><NextUpdate>{due}</NextUpdate>"
        + "</SchemeInformation>\n"
        + (f"<TrustServiceProviderList>{served}</TrustServiceProviderList>\n" if served else "")
        + "</TrustServiceStatusList>\n"
    ).encode()


def make_list_of_lists(*pointers: Pointer, sequence: int = 9, **options: datetime | None) -> bytes:
    """A list of lists without a signature."""
    return make_list(
        sequence=sequence,
        territory="EU",
        pointers=pointers,
        list_type="EUlistofthelists",
        **options,  # type: ignore[arg-type]
    )


def stamp(instant: datetime) -> str:
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _provider(service: Service) -> str:
    history = "".join(
        f"<ServiceHistoryInstance>{_state(state, service.name)}</ServiceHistoryInstance>" for state in service.history
    )
    return (
        '<TrustServiceProvider><TSPInformation><TSPName><Name xml:lang="it">Fornitore</Name>'
        f'<Name xml:lang="en">{escape(service.provider)}</Name></TSPName></TSPInformation><TSPServices><TSPService>'
        f"<ServiceInformation>{_state(service, service.name)}</ServiceInformation>"
        + (f"<ServiceHistory>{history}</ServiceHistory>" if history else "")
        + "</TSPService></TSPServices></TrustServiceProvider>"
    )


def _state(state: Service | History, name: str) -> str:
    identity = "<DigitalId><X509SubjectName>CN=x</X509SubjectName></DigitalId>" + "".join(
        f"<DigitalId><X509Certificate>{base64.b64encode(der).decode()}</X509Certificate></DigitalId>"
        for der in state.certificates
    )
    return (
        f"<ServiceTypeIdentifier>{SERVICE_TYPES}{state.type}</ServiceTypeIdentifier>"
        f'<ServiceName><Name xml:lang="en">{escape(name)}</Name></ServiceName>'
        f"<ServiceDigitalIdentity>{identity}</ServiceDigitalIdentity>"
        f"<ServiceStatus>{STATUSES}{state.status}</ServiceStatus>"
        f"<StatusStartingTime>{stamp(state.since)}</StatusStartingTime>{state.extensions}"
    )


def _pointer(pointer: Pointer) -> str:
    identities = "".join(
        "<ServiceDigitalIdentity><DigitalId><X509Certificate>"
        f"{base64.b64encode(der).decode()}</X509Certificate></DigitalId></ServiceDigitalIdentity>"
        for der in pointer.certificates
    )
    details = (
        f"<TSLType>{LIST_TYPES}{pointer.type}</TSLType>",
        f"<SchemeTerritory>{pointer.territory}</SchemeTerritory>",
        f"<MimeType>{pointer.media_type}</MimeType>",
    )
    return (
        f"<OtherTSLPointer><ServiceDigitalIdentities>{identities}</ServiceDigitalIdentities>"
        f"<TSLLocation>{pointer.location}</TSLLocation><AdditionalInformation>"
        + "".join(f"<OtherInformation>{detail}</OtherInformation>" for detail in details)
        + "</AdditionalInformation></OtherTSLPointer>"
    )


# --- signatures


@dataclass(frozen=True, kw_only=True)
class Signing:
    """How to sign: the defaults are as the published lists are signed, each field breaks one thing."""

    key_name: str = "other-ca"
    certificate: bytes | None = None
    """The signer's; `list_signer()` of the key by default."""
    digest: str = "sha256"
    scheme: str = "rsa"
    reference_digest: str | None = None
    """Of the references, if not the signature's."""
    method: str | None = None
    """The SignatureMethod's URI, if not the one that fits."""
    signed_at: str = stamp(SIGNED_AT)
    key_info: Callable[[str], str] = lambda key_info: key_info
    references: Callable[[list[str]], list[str]] = lambda references: references
    document_uri: str = ""
    transforms: str = f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}"/>'
    objects: str = ""
    """Further ds:Object elements: not signed."""
    value: Callable[[bytes], bytes] = lambda value: value


def sign_list(data: bytes, signing: Signing | None = None, **options: str) -> bytes:
    """The list with an enveloped XAdES signature at the end of its root."""
    signing = signing or Signing(**options)  # type: ignore[arg-type]
    signature = signature_of(canonical(data), signing)
    return re.sub(rb"</TrustServiceStatusList>\s*\Z", lambda end: signature + end[0], data)


def signature_of(document: bytes, signing: Signing) -> bytes:
    """A ds:Signature over a document's canonical form."""
    signer = signing.certificate or list_signer(signing.key_name)
    digest = signing.reference_digest or signing.digest
    parsed = x509.Certificate.load(signer)
    issuer_serial = base64.b64encode(
        b"\x30" + _length(parsed.issuer.dump()) + parsed.issuer.dump()  # enough of IssuerSerial for a hint
    ).decode()
    properties = (
        f'<xades:SignedProperties xmlns:xades="{XADES}" Id="properties"><xades:SignedSignatureProperties>'
        f"<xades:SigningTime>{signing.signed_at}</xades:SigningTime><xades:SigningCertificateV2><xades:Cert>"
        f'<xades:CertDigest><ds:DigestMethod xmlns:ds="{DS}" Algorithm="{DIGESTS["sha256"]}"/>'
        f'<ds:DigestValue xmlns:ds="{DS}">{_digest(signer, "sha256")}</ds:DigestValue></xades:CertDigest>'
        f"<xades:IssuerSerialV2>{issuer_serial}</xades:IssuerSerialV2></xades:Cert></xades:SigningCertificateV2>"
        "</xades:SignedSignatureProperties></xades:SignedProperties>"
    )
    references = signing.references(
        [
            reference(signing.document_uri, document, digest, signing.transforms),
            reference(
                "#properties",
                canonical(properties.encode()),
                digest,
                f'<ds:Transform Algorithm="{EXCLUSIVE}"/>',
                type_="http://uri.etsi.org/01903#SignedProperties",
            ),
        ]
    )
    method = signing.method or METHODS[signing.scheme].format(signing.digest)
    signed_info = (
        f'<ds:SignedInfo xmlns:ds="{DS}"><ds:CanonicalizationMethod Algorithm="{EXCLUSIVE}"/>'
        f'<ds:SignatureMethod Algorithm="{method}"/>{"".join(references)}</ds:SignedInfo>'
    )
    value = signing.value(_sign(canonical(signed_info.encode()), signing))
    key_info = signing.key_info(
        f"<ds:KeyInfo><ds:X509Data><ds:X509Certificate>{base64.b64encode(signer).decode()}</ds:X509Certificate>"
        "</ds:X509Data></ds:KeyInfo>"
    )
    return (
        f'<ds:Signature xmlns:ds="{DS}" Id="signature">{signed_info}'
        f"<ds:SignatureValue>{base64.b64encode(value).decode()}</ds:SignatureValue>{key_info}"
        f'<ds:Object><xades:QualifyingProperties xmlns:xades="{XADES}" Target="#signature">{properties}'
        f"</xades:QualifyingProperties></ds:Object>{signing.objects}</ds:Signature>"
    ).encode()


def reference(uri: str, data: bytes, digest: str, transforms: str, type_: str | None = None) -> str:
    """A ds:Reference to canonical bytes."""
    kind = "" if type_ is None else f' Type="{type_}"'
    return (
        f'<ds:Reference{kind} URI="{uri}"><ds:Transforms>{transforms}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{DIGESTS[digest]}"/>'
        f"<ds:DigestValue>{_digest(data, digest)}</ds:DigestValue></ds:Reference>"
    )


def canonical(data: bytes) -> bytes:
    """Exclusive canonical XML without comments."""
    return bytes(etree.tostring(etree.fromstring(data), method="c14n", exclusive=True))


def _digest(data: bytes, digest: str) -> str:
    return base64.b64encode(hashlib.new(digest, data).digest()).decode()


def _length(data: bytes) -> bytes:
    return bytes([len(data)]) if len(data) < 0x80 else b"\x81" + bytes([len(data)])


def _sign(data: bytes, signing: Signing) -> bytes:
    private = key(signing.key_name)
    if signing.scheme == "ecdsa":
        der = raw_sign(private, data, signing.digest)
        first, second = decode_dss_signature(der)
        size = (private.key_size + 7) // 8
        return first.to_bytes(size, "big") + second.to_bytes(size, "big")
    salt = hashlib.new(signing.digest).digest_size if signing.scheme == "pss" else None
    return raw_sign(private, data, signing.digest, pss_salt=salt)
