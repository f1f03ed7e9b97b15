"""A PEC world of its own: a test authority, three providers, and signers that can do everything wrong.

Everything is made by code from the test keys in `fixtures/keys`. Structures are put together from DER by hand, so that
each can be broken in exactly one place. Nothing here proves anything about real PEC messages.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asn1crypto import core, keys, x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

KEYS = Path(__file__).resolve().parent.parent / "fixtures" / "keys"
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

NOT_BEFORE = datetime(2023, 1, 10, 9, 0, tzinfo=UTC)
NOT_AFTER = datetime(2026, 1, 10, 9, 0, tzinfo=UTC)


# --- keys


@functools.cache
def key(name: str) -> PrivateKey:
    """A test key by its file name."""
    loaded = serialization.load_pem_private_key((KEYS / f"{name}.pem").read_bytes(), None)
    assert isinstance(loaded, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return loaded


def spki(private: PrivateKey) -> bytes:
    return private.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )


_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "md5": hashes.MD5(),
    "sha1": hashes.SHA1(),
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


def raw_sign(private: PrivateKey, data: bytes, digest: str, *, pss_salt: int | None = None) -> bytes:
    """A deterministic signature: PKCS #1 v1.5, PSS with a salt of zeros, or ECDSA by RFC 6979."""
    algorithm = _DIGESTS[digest]
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return private.sign(data, ec.ECDSA(algorithm, deterministic_signing=True))
    if pss_salt is None:
        return private.sign(data, padding.PKCS1v15(), algorithm)
    return _sign_pss(private, data, digest, pss_salt)


def _sign_pss(private: rsa.RSAPrivateKey, data: bytes, digest: str, salt_length: int) -> bytes:
    """RSASSA-PSS with a salt of zeros (RFC 8017 §9.1.1), for signatures that come out the same every time."""
    numbers = private.private_numbers()
    size = (private.key_size - 1 + 7) // 8
    salt = bytes(salt_length)
    hashed = hashlib.new(digest, bytes(8) + hashlib.new(digest, data).digest() + salt).digest()
    block = bytes(size - salt_length - len(hashed) - 2) + b"\x01" + salt
    mask = b"".join(
        hashlib.new(digest, hashed + counter.to_bytes(4, "big")).digest()
        for counter in range(-(-len(block) // len(hashed)))
    )
    masked = bytearray(a ^ b for a, b in zip(block, mask, strict=False))
    masked[0] &= 0xFF >> (8 * size - (private.key_size - 1))
    encoded = int.from_bytes(bytes(masked) + hashed + b"\xbc", "big")
    signed = pow(encoded, numbers.d, numbers.public_numbers.n)
    return signed.to_bytes(private.key_size // 8, "big")


# --- DER


def der(tag: int, *contents: bytes, minimal: bool = True) -> bytes:
    """One element with a definite length."""
    content = b"".join(contents)
    if len(content) < 0x80 and minimal:
        return bytes([tag, len(content)]) + content
    size = len(content).to_bytes(4 if not minimal else (len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + content


def indefinite(tag: int, *contents: bytes) -> bytes:
    """One element with an indefinite length: BER."""
    return bytes([tag, 0x80]) + b"".join(contents) + b"\x00\x00"


def oid(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


NULL = b"\x05\x00"
ID_DATA, ID_SIGNED_DATA = "1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2"
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_TIME = (f"1.2.840.113549.1.9.{n}" for n in (3, 4, 5))
SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.12", "1.2.840.113549.1.9.16.2.47"
DIGEST_OIDS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}
RSA_WITH = {
    "md5": "1.2.840.113549.1.1.4",
    "sha1": "1.2.840.113549.1.1.5",
    "sha224": "1.2.840.113549.1.1.14",
    "sha256": "1.2.840.113549.1.1.11",
    "sha384": "1.2.840.113549.1.1.12",
    "sha512": "1.2.840.113549.1.1.13",
}
ECDSA_WITH = {
    "sha1": "1.2.840.10045.4.1",
    "sha224": "1.2.840.10045.4.3.1",
    "sha256": "1.2.840.10045.4.3.2",
    "sha384": "1.2.840.10045.4.3.3",
    "sha512": "1.2.840.10045.4.3.4",
}


def digest_algorithm(name: str) -> bytes:
    return der(0x30, oid(DIGEST_OIDS[name]), NULL)


def pss_algorithm(name: str, *, salt: int, mask: str | None = None, trailer: int | None = None) -> bytes:
    mgf = der(0x30, oid("1.2.840.113549.1.1.8"), digest_algorithm(mask or name))
    fields = [der(0xA0, digest_algorithm(name)), der(0xA1, mgf), der(0xA2, der(0x02, bytes([salt])))]
    if trailer is not None:
        fields.append(der(0xA3, der(0x02, bytes([trailer]))))
    return der(0x30, oid("1.2.840.113549.1.1.10"), der(0x30, *fields))


def signature_algorithm(private: PrivateKey, digest: str) -> bytes:
    if isinstance(private, ec.EllipticCurvePrivateKey):
        return der(0x30, oid(ECDSA_WITH[digest]))
    return der(0x30, oid(RSA_WITH[digest]), NULL)


# --- certificates

Name = dict[str, str]


def provider_name(organization: str) -> Name:
    return {
        "country_name": "IT",
        "state_or_province_name": "Roma",
        "locality_name": "Roma",
        "organization_name": organization,
    }


CA_NAME: Name = {
    "country_name": "IT",
    "organization_name": "Autorita' di prova",
    "organizational_unit_name": "Solo per test",
    "common_name": "Test PEC CA1",
}
ORGANIZATIONS = {"a": "Gestore A S.p.A.", "b": "Gestore B S.p.A.", "c": "Gestore C S.r.l."}
DOMAINS = {letter: f"pec.gestore-{letter}.example" for letter in ORGANIZATIONS}

Extension = tuple[str, bool, object]


def signer_extensions(address: str, subject_key: bytes, issuer_key: bytes) -> dict[str, Extension]:
    """The PEC profile of RFC 6109 §5.5.2, as AgID CA1 issues it; by extension name, so that each can be replaced."""
    return {
        "key_identifier": ("key_identifier", False, key_id(subject_key)),
        "authority_key_identifier": ("authority_key_identifier", False, {"key_identifier": key_id(issuer_key)}),
        "certificate_policies": ("certificate_policies", False, [{"policy_identifier": "1.3.76.16.3.1.1"}]),
        "key_usage": ("key_usage", True, {"digital_signature"}),
        "extended_key_usage": ("extended_key_usage", False, ["email_protection"]),
        "subject_alt_name": ("subject_alt_name", False, [x509.GeneralName("rfc822_name", address)]),
    }


def key_id(subject_public_key_info: bytes) -> bytes:
    return bytes(keys.PublicKeyInfo.load(subject_public_key_info).sha1)


def certificate(
    subject: Name,
    subject_key: bytes,
    issuer: Name,
    issuer_key: PrivateKey,
    extensions: Sequence[Extension],
    *,
    serial: int,
    not_before: datetime = NOT_BEFORE,
    not_after: datetime = NOT_AFTER,
    digest: str = "sha256",
    inner_digest: str | None = None,
    edit: Callable[[bytes], bytes] = lambda to_be_signed: to_be_signed,
) -> bytes:
    """An X.509 certificate; `edit` changes TBSCertificate before it is signed."""
    to_be_signed = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": x509.SignedDigestAlgorithm.load(signature_algorithm(issuer_key, inner_digest or digest)),
            "issuer": x509.Name.build(issuer),
            "validity": {
                "not_before": x509.Time("utc_time", not_before),
                "not_after": x509.Time("utc_time", not_after),
            },
            "subject": x509.Name.build(subject),
            "subject_public_key_info": keys.PublicKeyInfo.load(subject_key),
            "extensions": [
                {"extn_id": name, "critical": critical, "extn_value": core.ParsableOctetString(value)}
                if isinstance(value, bytes) and name.startswith("1.")
                else {"extn_id": name, "critical": critical, "extn_value": value}
                for name, critical, value in extensions
            ],
        }
    )
    signed = edit(bytes(to_be_signed.dump()))
    signature = raw_sign(issuer_key, signed, digest)
    return der(0x30, signed, signature_algorithm(issuer_key, digest), der(0x03, b"\x00", signature))


def authority(
    name: Name = CA_NAME,
    key_name: str = "ca",
    *,
    serial: int = 1,
    path_length: int | None = 0,
    constrained: bool = True,
    not_before: datetime = datetime(2020, 1, 1, tzinfo=UTC),
    not_after: datetime = datetime(2035, 1, 1, tzinfo=UTC),
) -> bytes:
    """The test authority: self-signed, with name constraints for the three providers, as AgID CA1 has them."""
    private = key(key_name)
    extensions: list[Extension] = [
        ("basic_constraints", True, {"ca": True, "path_len_constraint": path_length}),
        ("key_usage", True, {"key_cert_sign", "crl_sign"}),
        ("key_identifier", False, key_id(spki(private))),
    ]
    if constrained:
        permitted = [{"base": x509.GeneralName("rfc822_name", domain)} for domain in DOMAINS.values()]
        permitted += [
            {"base": x509.GeneralName("directory_name", x509.Name.build(provider_name(organization)))}
            for organization in ORGANIZATIONS.values()
        ]
        extensions.append(("name_constraints", False, {"permitted_subtrees": permitted}))
    return certificate(
        name, spki(private), name, private, extensions, serial=serial, not_before=not_before, not_after=not_after
    )


@dataclass(frozen=True, kw_only=True)
class Signer:
    """A key with its certificate and what else its messages embed."""

    private: PrivateKey
    certificate: bytes
    address: str
    organization: str
    embedded: tuple[bytes, ...] = ()


@functools.cache
def provider(letter: str) -> Signer:
    """One of the three providers, as they should be."""
    return make_signer(letter)


def make_signer(
    letter: str = "a",
    *,
    key_name: str | None = None,
    issuer: Name = CA_NAME,
    issuer_key: str = "ca",
    replace: dict[str, Extension | None] | None = None,
    address: str | None = None,
    organization: str | None = None,
    embedded: tuple[bytes, ...] | None = None,
    duplicate_extension: bool = False,
    **options: Any,  # noqa: ANN401 (passed on to certificate())
) -> Signer:
    """A provider's signer, with extensions replaced or (None) left out."""
    private = key(key_name or f"provider-{letter}")
    organization = organization or ORGANIZATIONS[letter]
    address = address or f"posta-certificata@{DOMAINS[letter]}"
    extensions: dict[str, Extension | None] = {
        **signer_extensions(address, spki(private), spki(key(issuer_key))),
        **(replace or {}),
    }
    kept = [extension for extension in extensions.values() if extension is not None]
    subject = {**provider_name(organization), "common_name": f"Posta Certificata {organization}"}
    encoded = certificate(
        subject,
        spki(private),
        issuer,
        key(issuer_key),
        kept + (kept[:1] if duplicate_extension else []),
        **{"serial": 100 + ord(letter), **options},
    )
    chain = (authority(),) if embedded is None else embedded
    return Signer(private=private, certificate=encoded, address=address, organization=organization, embedded=chain)


# --- CMS


@dataclass(frozen=True, kw_only=True)
class Cms:
    """How to sign: the defaults are as a provider does it, each field breaks one thing."""

    digest: str = "sha256"
    pss: tuple[int, str | None, int | None] | None = None
    """Salt length, mask digest, trailer field."""
    signature_oid: bytes | None = None
    """The signature AlgorithmIdentifier, if not the one that fits."""
    rsa_encryption: bool = True
    """Name the algorithm `rsaEncryption`, as OpenSSL does, instead of `sha256WithRSAEncryption`."""
    signing_time: bytes | None = b""
    """DER of the Time; empty: the receipt's; None: no attribute."""
    attributes: Callable[[list[bytes]], list[bytes]] = sorted
    """The attributes as they go into the message: sorted is DER order."""
    no_attributes: bool = False
    message_digest: Callable[[bytes], bytes] = lambda digest: digest
    attribute_content_type: str = ID_DATA
    content_type: str = ID_DATA
    econtent: bytes | None = None
    by_key_identifier: bool = False
    issuer_name: bytes | None = None
    certificates: Callable[[list[bytes]], list[bytes]] = lambda certificates: certificates
    digest_algorithms: tuple[str, ...] | None = None
    signer_infos: int = 1
    signature: Callable[[bytes], bytes] = lambda signature: signature
    ber: bool = False
    trailing: bytes = b""
    unsigned_attributes: bytes = b""
    hashed: dict[str, bytes] = field(default_factory=dict)
    """Signing-certificate attributes: `sha1` (version 1) or another digest (version 2) to the hash stated."""


def attribute(attribute_type: str, *values: bytes) -> bytes:
    return der(0x30, oid(attribute_type), der(0x31, *values))


def utc_time(instant: datetime) -> bytes:
    return bytes(core.UTCTime(instant).dump())


def sign(content: bytes, signer: Signer, instant: datetime, cms: Cms) -> bytes:
    """A detached SignedData over `content` (canonical bytes)."""
    digest = hashlib.new(cms.digest, content).digest()
    attributes = [
        attribute(CONTENT_TYPE, oid(cms.attribute_content_type)),
        attribute(MESSAGE_DIGEST, der(0x04, cms.message_digest(digest))),
    ]
    if cms.signing_time is not None:
        attributes.append(attribute(SIGNING_TIME, cms.signing_time or utc_time(instant)))
    for name, value in cms.hashed.items():
        if name == "sha1":
            reference = der(0x30, der(0x30, der(0x30, der(0x04, value))))
            attributes.append(attribute(SIGNING_CERTIFICATE, reference))
        else:
            algorithm = b"" if name == "sha256" else der(0x30, oid(DIGEST_OIDS.get(name, name)))
            reference = der(0x30, der(0x30, der(0x30, algorithm, der(0x04, value))))
            attributes.append(attribute(SIGNING_CERTIFICATE_V2, reference))
    attributes = cms.attributes(attributes)
    to_be_signed = content if cms.no_attributes else der(0x31, *attributes)
    signature = cms.signature(
        raw_sign(signer.private, to_be_signed, cms.digest, pss_salt=None if cms.pss is None else cms.pss[0])
    )
    signer_info = der(
        0x30,
        der(0x02, b"\x03" if cms.by_key_identifier else b"\x01"),
        _identifier(signer, cms),
        digest_algorithm(cms.digest),
        b"" if cms.no_attributes else der(0xA0, *attributes),
        cms.signature_oid or _signature_algorithm(signer, cms),
        der(0x04, signature),
        cms.unsigned_attributes,
    )
    return _content_info(cms, signer, signer_info)


def _identifier(signer: Signer, cms: Cms) -> bytes:
    parsed = x509.Certificate.load(signer.certificate)
    if cms.by_key_identifier:
        return der(0x80, key_id(spki(signer.private)))
    serial = parsed["tbs_certificate"]["serial_number"].dump()
    return der(0x30, cms.issuer_name or parsed.issuer.dump(), serial)


def _signature_algorithm(signer: Signer, cms: Cms) -> bytes:
    if cms.pss is not None:
        salt, mask, trailer = cms.pss
        return pss_algorithm(cms.digest, salt=salt, mask=mask, trailer=trailer)
    if isinstance(signer.private, rsa.RSAPrivateKey) and cms.rsa_encryption:
        return der(0x30, oid("1.2.840.113549.1.1.1"), NULL)
    return signature_algorithm(signer.private, cms.digest)


def _content_info(cms: Cms, signer: Signer, signer_info: bytes) -> bytes:
    wrap = indefinite if cms.ber else der
    digests = (cms.digest,) if cms.digest_algorithms is None else cms.digest_algorithms
    econtent = b"" if cms.econtent is None else der(0xA0, der(0x04, cms.econtent))
    certificates = cms.certificates([signer.certificate, *signer.embedded])
    signed_data = wrap(
        0x30,
        der(0x02, b"\x01"),
        der(0x31, *map(digest_algorithm, digests)),
        wrap(0x30, oid(cms.content_type), econtent),
        wrap(0xA0, *certificates) if certificates else b"",
        der(0x31, *itertools.repeat(signer_info, cms.signer_infos)),
    )
    return wrap(0x30, oid(ID_SIGNED_DATA), wrap(0xA0, signed_data)) + cms.trailing


def base64_lines(data: bytes, width: int = 64) -> bytes:
    """Base64 in lines that end in CRLF."""
    text = base64.b64encode(data)
    return b"".join(text[i : i + width] + b"\r\n" for i in range(0, len(text), width))
