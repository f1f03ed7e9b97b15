"""Public keys and signature values: which are accepted, and whether a signature verifies.

Only parameters on a list are accepted: RSA PKCS #1 v1.5, RSA-PSS with the one parameter set per hash that RFC 4056
recommends, ECDSA on P-256, P-384 and P-521; SHA-1 to SHA-512. Whether SHA-1 and short keys are good enough is for the
policy. The DigestInfo inside an RSA signature is never parsed here: `cryptography` compares it whole.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from asn1crypto import algos, keys
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

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "sha1": hashes.SHA1(),  # noqa: S303 (genuine providers used it to December 2024; the policy judges)
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
_CURVES = {"secp256r1", "secp384r1", "secp521r1"}
_SCHEMES = {"rsassa_pkcs1v15": "rsassa-pkcs1v15", "rsassa_pss": "rsassa-pss", "ecdsa": "ecdsa"}


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


def load_public_key(spki: bytes) -> PublicKey:
    """Load a SubjectPublicKeyInfo (DER, checked) of an accepted kind.

    Raises:
        AlgorithmError: ALGORITHM_REFUSED: DSA and the like, EC parameters that are not the name of P-256, P-384 or
            P-521, RSA with an exponent that is 1 or even, or a modulus outside 1024 to 16384 bits.

    Source: RFC 3279 §2.3.1, RFC 5480 §2.1.1 (namedCurve only; CVE-2020-0601).
    """
    try:
        info = keys.PublicKeyInfo.load(spki, strict=True)
        algorithm = info["algorithm"]["algorithm"].native
        if algorithm == "ec":
            parameters = info["algorithm"]["parameters"]
            curve = parameters.native if parameters.name == "named" else "explicit parameters"
            if curve not in _CURVES:
                raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"EC {curve}")
        elif algorithm != "rsa":
            raise AlgorithmError(Reason.ALGORITHM_REFUSED, str(algorithm))
        key = load_der_public_key(spki)
    except AlgorithmError:
        raise
    except (ValueError, TypeError, KeyError, AttributeError, UnsupportedAlgorithm) as error:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "malformed public key") from error
    if isinstance(key, ec.EllipticCurvePublicKey):
        return PublicKey(spki=spki, description=f"EC {key.curve.name}", rsa_bits=None, rsa_exponent=None, _key=key)
    if not isinstance(key, rsa.RSAPublicKey):
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "malformed public key")
    exponent = key.public_numbers().e
    if not MINIMUM_RSA_BITS <= key.key_size <= MAXIMUM_RSA_BITS:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"RSA {key.key_size}")
    if exponent == 1 or exponent % 2 == 0:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"RSA exponent {exponent}")
    return PublicKey(
        spki=spki, description=f"RSA {key.key_size}", rsa_bits=key.key_size, rsa_exponent=exponent, _key=key
    )


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
        _asn1.check_der(identifier, Limits())
        algorithm = algos.SignedDigestAlgorithm.load(identifier, strict=True)
        name = str(algorithm["algorithm"].native)
        scheme = _SCHEMES.get(algorithm.signature_algo)
        parameters = algorithm["parameters"].native
        own_digest = None if algorithm["algorithm"].dotted == _RSA_ENCRYPTION else algorithm.hash_algo
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, "unknown signature algorithm") from error
    used = own_digest or digest
    if scheme is None or used is None or used not in _HASHES:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, name)
    if digest is not None and used != digest:
        raise AlgorithmError(Reason.ALGORITHM_MISMATCH, f"{name} with {used}")
    if scheme == "rsassa-pss":
        if not _are_standard_pss_parameters(parameters):
            raise AlgorithmError(Reason.ALGORITHM_REFUSED, "RSASSA-PSS with uncommon parameters")
    elif parameters is not None:
        raise AlgorithmError(Reason.ALGORITHM_REFUSED, f"{name} with parameters")
    return SignatureAlgorithm(scheme=scheme, digest=used)


_RSA_ENCRYPTION = "1.2.840.113549.1.1.1"


def _are_standard_pss_parameters(parameters: Mapping[str, Any]) -> bool:
    """Whether the mask uses the same hash and the salt is as long as it, as RFC 4056 §2.2 and RFC 8702 ask."""
    digest = parameters["hash_algorithm"]["algorithm"]
    mask = parameters["mask_gen_algorithm"]
    return bool(
        digest in _HASHES
        and mask["algorithm"] == "mgf1"
        and mask["parameters"]["algorithm"] == digest
        and parameters["salt_length"] == _HASHES[digest].digest_size
        and parameters["trailer_field"] == "trailer_field_bc"
    )


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
