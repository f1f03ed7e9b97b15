"""Public keys and signature values: which are accepted, and whether a signature verifies.

Only parameters on a list are accepted: RSA PKCS #1 v1.5, RSA-PSS with the one parameter set per hash that RFC 4056
recommends, ECDSA on P-256, P-384 and P-521; SHA-1 to SHA-512. Whether SHA-1 and short keys are good enough is for the
policy. The DigestInfo inside an RSA signature is never parsed here: `cryptography` compares it whole.
"""

from __future__ import annotations

import functools
import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from pecverify import _asn1
from pecverify.policy import Limits
from pecverify.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Mapping


MINIMUM_RSA_BITS = 1024
"""Below this a key proves nothing at any time: 768 bits were factored in 2009."""
MAXIMUM_RSA_BITS = 16_384
"""OPENSSL_RSA_MAX_MODULUS_BITS: above this a verification costs more than it is worth."""

MAXIMUM_RSA_EXPONENT = (1 << 31) - 1
"""As Go's crypto/rsa has it: with an exponent as long as the modulus a verification takes a hundred times longer."""

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 (genuine providers used it to December 2024; the policy judges)
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

# OBJECT IDENTIFIERs, as their DER content.
_RSA_ENCRYPTION = bytes.fromhex("2a864886f70d010101")
_RSASSA_PSS = bytes.fromhex("2a864886f70d01010a")
_MGF1 = bytes.fromhex("2a864886f70d010108")
_EC_PUBLIC_KEY = bytes.fromhex("2a8648ce3d0201")
_DIGEST_OIDS: Mapping[bytes, str] = {
    bytes.fromhex("2b0e03021a"): "sha1",
    bytes.fromhex("608648016503040204"): "sha224",
    bytes.fromhex("608648016503040201"): "sha256",
    bytes.fromhex("608648016503040202"): "sha384",
    bytes.fromhex("608648016503040203"): "sha512",
}
_SIGNATURE_OIDS: Mapping[bytes, tuple[str, str]] = {
    bytes.fromhex("2a864886f70d010105"): ("rsassa-pkcs1v15", "sha1"),
    bytes.fromhex("2a864886f70d01010e"): ("rsassa-pkcs1v15", "sha224"),
    bytes.fromhex("2a864886f70d01010b"): ("rsassa-pkcs1v15", "sha256"),
    bytes.fromhex("2a864886f70d01010c"): ("rsassa-pkcs1v15", "sha384"),
    bytes.fromhex("2a864886f70d01010d"): ("rsassa-pkcs1v15", "sha512"),
    bytes.fromhex("2a8648ce3d0401"): ("ecdsa", "sha1"),
    bytes.fromhex("2a8648ce3d040301"): ("ecdsa", "sha224"),
    bytes.fromhex("2a8648ce3d040302"): ("ecdsa", "sha256"),
    bytes.fromhex("2a8648ce3d040303"): ("ecdsa", "sha384"),
    bytes.fromhex("2a8648ce3d040304"): ("ecdsa", "sha512"),
}
_CURVE_OIDS = frozenset(
    {
        bytes.fromhex("2a8648ce3d030107"),  # P-256
        bytes.fromhex("2b81040022"),  # P-384
        bytes.fromhex("2b81040023"),  # P-521
    }
)
_NULL = b"\x05\x00"


def _der(tag: int, *contents: bytes) -> bytes:
    """A short element."""
    content = b"".join(contents)
    return bytes([tag, len(content)]) + content


DIGEST_IDENTIFIERS: Mapping[bytes, str] = {
    _der(_asn1.SEQUENCE, _der(_asn1.OBJECT_IDENTIFIER, oid), parameters): name
    for oid, name in _DIGEST_OIDS.items()
    for parameters in (_NULL, b"")
}
"""The AlgorithmIdentifiers of the accepted message digests: parameters NULL or absent (RFC 5754 §2)."""


class AlgorithmError(ValueError):
    """An algorithm, key or parameter set that is not accepted."""

    def __init__(self, reason: Reason, actual: str) -> None:
        super().__init__(reason, actual)
        self.reason = reason
        """ALGORITHM_REFUSED or ALGORITHM_MISMATCH."""
        self.actual = actual
        """What was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicKey:
    """A key of an accepted kind."""

    spki: bytes
    """The SubjectPublicKeyInfo, DER."""
    description: str
    """Type and size: `RSA 2048`, `EC secp256r1`."""
    rsa_bits: int | None
    """Size of an RSA modulus in bits."""
    rsa_exponent: int | None
    """An RSA public exponent."""
    _key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey = field(repr=False, compare=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return (load_public_key, (self.spki,))


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureAlgorithm:
    """A signature algorithm of an accepted kind."""

    scheme: str
    """`rsassa-pkcs1v15`, `rsassa-pss` or `ecdsa`."""
    digest: str
    """`sha1`, `sha224`, `sha256`, `sha384` or `sha512`."""


class Signed(Protocol):
    """What bears an issuer's signature beside the bytes signed: a certificate, a CRL, an OCSP response."""

    @property
    def signature_algorithm(self) -> bytes:
        """AlgorithmIdentifier, DER."""

    @property
    def signature(self) -> bytes:
        """The issuer's signature."""

    @property
    def signed_bytes(self) -> bytes:
        """What the issuer signed."""


def load_public_key(spki: bytes) -> PublicKey:
    """Load a SubjectPublicKeyInfo of an accepted kind.

    Raises:
        AlgorithmError: ALGORITHM_REFUSED: DSA and the like, EC parameters that are not the name of P-256, P-384 or
            P-521, RSA with an exponent that is 1, even or over 31 bits, or a modulus outside 1024 to 16384 bits.

    Source: RFC 3279 §2.3.1, RFC 5480 §2.1.1 (namedCurve only; CVE-2020-0601).
    """
    try:
        _asn1.check_der(spki, Limits())
        identifier, _ = _children(spki)
        algorithm, parameters = _read_identifier(spki[identifier.start : identifier.stop])
        if algorithm == _EC_PUBLIC_KEY:
            accepted = parameters[:1] == bytes([_asn1.OBJECT_IDENTIFIER]) and parameters[2:] in _CURVE_OIDS
        else:
            accepted = algorithm == _RSA_ENCRYPTION and parameters == _NULL
        key = load_der_public_key(spki) if accepted else None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "malformed public key") from error
    if isinstance(key, ec.EllipticCurvePublicKey):
        return PublicKey(spki=spki, description=f"EC {key.curve.name}", rsa_bits=None, rsa_exponent=None, _key=key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "key of a kind that is not accepted")
    if not MINIMUM_RSA_BITS <= key.key_size <= MAXIMUM_RSA_BITS:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"RSA {key.key_size}")
    exponent = key.public_numbers().e  # `cryptography` refuses 1 and even numbers
    if exponent > MAXIMUM_RSA_EXPONENT:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"RSA exponent of {exponent.bit_length()} bits")
    return PublicKey(
        spki=spki,
        description=f"RSA {key.key_size}",
        rsa_bits=key.key_size,
        rsa_exponent=exponent,
        _key=key,
    )


def key_bits(key: PublicKey) -> bytes:
    """The subjectPublicKey's bits: what key identifiers are hashes of (RFC 5280 §4.2.1.2)."""
    _, bits = _children(key.spki)
    return key.spki[bits.content_start + 1 : bits.content_stop]


def rsa_public_key(modulus: int, exponent: int) -> PublicKey:
    """A key from its numbers."""
    key = rsa.RSAPublicNumbers(exponent, modulus).public_key()
    return load_public_key(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


@functools.lru_cache(maxsize=64)
def parse_signature_algorithm(identifier: bytes, digest: str | None = None) -> SignatureAlgorithm:
    """Read a signature AlgorithmIdentifier. The few that exist are remembered.

    Args:
        identifier: the whole SEQUENCE.
        digest: the name of the digest algorithm that goes with it (a SignerInfo's digestAlgorithm); None for a
            certificate, whose algorithm must name its own.

    Raises:
        AlgorithmError: ALGORITHM_REFUSED for an algorithm or parameters that are not on the list; ALGORITHM_MISMATCH
            where the algorithm names another digest than `digest`.

    Source: RFC 3370 §3.2, RFC 4055 §3.1, RFC 4056 §2.2, RFC 5753 §2.1, RFC 5754 §3.
    """
    try:
        algorithm, parameters = _read_identifier(identifier)
    except _asn1.Asn1Error as error:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "malformed algorithm identifier") from error
    if algorithm == _RSASSA_PSS:
        scheme, own_digest = "rsassa-pss", _PSS_PARAMETERS.get(parameters)
        accepted = own_digest is not None
    elif algorithm == _RSA_ENCRYPTION and digest is not None:
        # CMS names the digest beside it (RFC 3370 §3.2).
        scheme, own_digest = "rsassa-pkcs1v15", digest
        accepted = parameters in (b"", _NULL)
    else:
        scheme, own_digest = _SIGNATURE_OIDS.get(algorithm, ("", None))
        accepted = own_digest is not None and (not parameters or (scheme != "ecdsa" and parameters == _NULL))
    if not accepted or own_digest is None:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"signature algorithm {algorithm.hex()} {parameters[:80].hex()}")
    if digest is not None and own_digest != digest:
        raise AlgorithmError(Reason.ALGORITHM_MISMATCH, f"{scheme} with {own_digest}, digest {digest}")
    return SignatureAlgorithm(scheme=scheme, digest=own_digest)


def _read_identifier(identifier: bytes) -> tuple[bytes, bytes]:
    """Content of the OBJECT IDENTIFIER and the whole parameters (empty if absent) of an AlgorithmIdentifier."""
    match _children(identifier):
        case [algorithm, *parameters] if algorithm.tag == _asn1.OBJECT_IDENTIFIER and len(parameters) <= 1:
            return identifier[algorithm.content_start : algorithm.content_stop], identifier[algorithm.stop :]
    message = "not an AlgorithmIdentifier"
    raise _asn1.Asn1Error(message)


def _children(sequence: bytes) -> list[_asn1.Element]:
    """The elements of exactly one SEQUENCE."""
    element = _asn1.read_element(sequence, 0, len(sequence), 1)
    if element.tag != _asn1.SEQUENCE or element.stop != len(sequence):
        message = "not a SEQUENCE"
        raise _asn1.Asn1Error(message)
    return _asn1.read_children(sequence, element, 1)


def _pss_parameters() -> dict[bytes, str]:
    """The DER of the parameters that are accepted, and the digest of each.

    The mask uses the same hash and the salt is as long as it (RFC 4056 §2.2); the trailer field is the default. The
    parameters of a hash may be NULL or absent (RFC 4055 §2.1); for SHA-1 everything is the default.
    """
    accepted = {_der(_asn1.SEQUENCE): "sha1"}
    for in_hash, in_mask in itertools.product(DIGEST_IDENTIFIERS, repeat=2):
        name = DIGEST_IDENTIFIERS[in_hash]
        if name == DIGEST_IDENTIFIERS[in_mask]:
            salt = _der(0xA2, _der(_asn1.INTEGER, bytes([_HASHES[name].digest_size])))
            mask = _der(_asn1.SEQUENCE, _der(_asn1.OBJECT_IDENTIFIER, _MGF1), in_mask)
            accepted[_der(_asn1.SEQUENCE, _der(0xA0, in_hash), _der(0xA1, mask), salt)] = name
    return accepted


_PSS_PARAMETERS = _pss_parameters()


def verify_signature(key: PublicKey, algorithm: SignatureAlgorithm, signature: bytes, data: bytes) -> bool:
    """Whether `signature` is a signature of `data` (undigested) by `key`.

    Raises:
        AlgorithmError: ALGORITHM_MISMATCH where the key is of another kind than the algorithm.

    Source: RFC 8017 §8, RFC 6979 §2.4 (verification as in X9.62).
    """
    public_key = key._key  # noqa: SLF001 (the key belongs to this module)
    digest = _HASHES[algorithm.digest]
    if isinstance(public_key, rsa.RSAPublicKey) == (algorithm.scheme == "ecdsa"):
        raise AlgorithmError(Reason.ALGORITHM_MISMATCH, f"{algorithm.scheme} with a key {key.description}")
    try:
        if isinstance(public_key, ec.EllipticCurvePublicKey):
            public_key.verify(signature, data, ec.ECDSA(digest))
        elif algorithm.scheme == "rsassa-pss":
            mask = padding.PSS(mgf=padding.MGF1(digest), salt_length=digest.digest_size)
            public_key.verify(signature, data, mask, digest)
        else:
            public_key.verify(signature, data, padding.PKCS1v15(), digest)
    except InvalidSignature:
        return False
    return True


def is_signed_by(signed: Signed, key: PublicKey) -> bool:
    """Whether a certificate's, a CRL's or an OCSP response's signature is by that key; never an AlgorithmError."""
    try:
        algorithm = parse_signature_algorithm(signed.signature_algorithm)
        return verify_signature(key, algorithm, signed.signature, signed.signed_bytes)
    except AlgorithmError:
        return False
