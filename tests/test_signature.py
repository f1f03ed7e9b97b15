"""Keys, algorithms and signature values: the accepted ones, the refused ones, and Wycheproof's."""

from __future__ import annotations

import hashlib
import itertools
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import core
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from pecverify import Reason
from pecverify._signature import (
    AlgorithmError,
    PublicKey,
    _pss_parameters,
    key_bits,
    load_public_key,
    parse_signature_algorithm,
    rsa_public_key,
    verify_signature,
)
from tests.pki import (
    DIGEST_OIDS,
    NULL,
    RSA_WITH,
    der,
    digest_algorithm,
    key,
    key_id,
    oid,
    pss_algorithm,
    raw_sign,
    signature_algorithm,
    spki,
)

WYCHEPROOF = Path(__file__).resolve().parents[2] / "shared" / "vectors"
RSA_ENCRYPTION = der(0x30, oid("1.2.840.113549.1.1.1"), NULL)


def encoded(public: Any) -> bytes:  # noqa: ANN401 (any kind of key)
    data = public.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert isinstance(data, bytes)
    return data


def der_parts(sequence: bytes) -> list[bytes]:
    """The elements of a SEQUENCE."""
    return [part.dump() for part in core.SequenceOf.load(sequence, spec=core.Any)]


@pytest.mark.parametrize(
    ("name", "description", "bits", "exponent"),
    [
        ("ca", "RSA 2048", 2048, 65537),
        ("rsa-1024", "RSA 1024", 1024, 65537),
        ("rsa-exponent-3", "RSA 2048", 2048, 3),
        ("ec-p256", "EC secp256r1", None, None),
        ("ec-p384", "EC secp384r1", None, None),
        ("ec-p521", "EC secp521r1", None, None),
    ],
)
def test_accepted_keys(name: str, description: str, bits: int | None, exponent: int | None) -> None:
    public = load_public_key(spki(key(name)))
    assert (public.description, public.rsa_bits, public.rsa_exponent) == (description, bits, exponent)
    assert pickle.loads(pickle.dumps(public)) == public  # noqa: S301 (our own)


def rsa_spki(modulus: int, exponent: int, parameters: bytes = NULL) -> bytes:
    def integer(value: int) -> bytes:
        return der(0x02, value.to_bytes(value.bit_length() // 8 + 1, "big"))

    numbers = der(0x30, integer(modulus), integer(exponent))
    return der(0x30, der(0x30, oid("1.2.840.113549.1.1.1"), parameters), der(0x03, b"\x00", numbers))


MODULUS = (1 << 2047) + 1


KIND, MALFORMED = "key of a kind that is not accepted", "malformed public key"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", MALFORMED),
        (b"\x30\x00", MALFORMED),
        (der(0x30, RSA_ENCRYPTION), MALFORMED),
        (der(0x30, RSA_ENCRYPTION, der(0x03, b"\x00")), MALFORMED),
        (der(0x30, der(0x30), der(0x03, b"\x00")), MALFORMED),
        (der(0x30, der(0x30, NULL), der(0x03, b"\x00")), MALFORMED),
        (der(0x30, der(0x30, oid("1.2.840.113549.1.1.1"), NULL, NULL), der(0x03, b"\x00")), MALFORMED),
        (rsa_spki(MODULUS, 65537, b""), KIND),
        (rsa_spki(MODULUS, 65537) + b"\x00", MALFORMED),
        (rsa_spki(MODULUS, 1), MALFORMED),
        (rsa_spki(MODULUS, 65536), MALFORMED),
        (rsa_spki(MODULUS, (1 << 31) + 1), "RSA exponent of 32 bits"),
        (rsa_spki(MODULUS, (1 << 2046) + 1), "RSA exponent of 2047 bits"),
        (rsa_spki((1 << 1022) + 1, 65537), "RSA 1023"),
        (rsa_spki((1 << 16384) + 1, 65537), "RSA 16385"),
        (encoded(ec.generate_private_key(ec.SECP256K1()).public_key()), KIND),
        (encoded(ed25519.Ed25519PrivateKey.generate().public_key()), KIND),
        (encoded(dsa.generate_parameters(1024).generate_private_key().public_key()), KIND),
        (der(0x30, der(0x30, oid("1.2.840.10045.2.1"), der(0x30, der(0x02, b"\x01"))), der(0x03, b"\x00\x04")), KIND),
        (
            der(0x30, der(0x30, oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), der(0x03, b"\x00\x04\x01")),
            MALFORMED,
        ),
        (der(0x30, RSA_ENCRYPTION, der(0x03, b"\x00"), NULL), MALFORMED),
        (der(0x31, *der_parts(spki(key("ca")))), MALFORMED),
        # The curve's name in another type than an OBJECT IDENTIFIER's.
        (spki(key("ec-p256")).replace(oid("1.2.840.10045.3.1.7"), b"\x04" + oid("1.2.840.10045.3.1.7")[1:]), KIND),
        # RSA's modulus and a curve's name.
        (rsa_spki(MODULUS, 65537, oid("1.2.840.10045.3.1.7")), KIND),
    ],
    ids=itertools.count(),  # some keys are new on every run: no names for a test
)
def test_refused_keys(data: bytes, why: str) -> None:
    with pytest.raises(AlgorithmError) as caught:
        load_public_key(data)
    assert (caught.value.reason, caught.value.actual) == (Reason.ALGORITHM_REFUSED, why)
    assert caught.value.args == (Reason.ALGORITHM_REFUSED, why)


@pytest.mark.parametrize("bits", [1024, 16_384])
def test_the_shortest_and_the_longest_key(bits: int) -> None:
    assert load_public_key(rsa_spki((1 << (bits - 1)) + 1, 65537)).rsa_bits == bits


def test_key_bits() -> None:
    """What a subjectKeyIdentifier is the SHA-1 of, by RFC 5280's first method."""
    for name in ("ca", "ec-p256"):
        assert hashlib.sha1(key_bits(load_public_key(spki(key(name))))).digest() == key_id(spki(key(name)))


def test_the_largest_exponent() -> None:
    assert load_public_key(rsa_spki(MODULUS, (1 << 31) - 1)).rsa_exponent == (1 << 31) - 1


def test_a_key_from_its_numbers() -> None:
    private = key("ca")
    assert isinstance(private, rsa.RSAPrivateKey)
    numbers = private.public_key().public_numbers()
    assert rsa_public_key(numbers.n, numbers.e) == load_public_key(spki(private))


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
@pytest.mark.parametrize("name", ["ca", "ec-p256"])
def test_named_algorithms(name: str, digest: str) -> None:
    identifier = signature_algorithm(key(name), digest)
    algorithm = parse_signature_algorithm(identifier)
    assert algorithm == parse_signature_algorithm(identifier, digest)
    assert algorithm.digest == digest
    public = load_public_key(spki(key(name)))
    signature = raw_sign(key(name), b"data", digest)
    assert verify_signature(public, algorithm, signature, b"data")
    assert not verify_signature(public, algorithm, signature, b"Data")
    assert not verify_signature(public, algorithm, b"", b"data")
    other = "sha512" if digest == "sha256" else "sha256"
    with pytest.raises(AlgorithmError) as caught:
        parse_signature_algorithm(identifier, other)
    scheme = "ecdsa" if name == "ec-p256" else "rsassa-pkcs1v15"
    assert caught.value.args == (Reason.ALGORITHM_MISMATCH, f"{scheme} with {digest}, digest {other}")
    assert algorithm.scheme == scheme


def test_rsa_encryption_takes_the_digest_beside_it() -> None:
    algorithm = parse_signature_algorithm(RSA_ENCRYPTION, "sha384")
    assert (algorithm.scheme, algorithm.digest) == ("rsassa-pkcs1v15", "sha384")


@pytest.mark.parametrize(("digest", "salt"), [("sha1", 20), ("sha256", 32), ("sha384", 48), ("sha512", 64)])
def test_pss(digest: str, salt: int) -> None:
    algorithm = parse_signature_algorithm(pss_algorithm(digest, salt=salt), digest)
    assert (algorithm.scheme, algorithm.digest) == ("rsassa-pss", digest)
    signature = raw_sign(key("ca"), b"data", digest, pss_salt=salt)
    assert verify_signature(load_public_key(spki(key("ca"))), algorithm, signature, b"data")
    assert not verify_signature(load_public_key(spki(key("ca"))), algorithm, signature, b"Data")
    another_salt = raw_sign(key("ca"), b"data", digest, pss_salt=salt - 1)
    assert not verify_signature(load_public_key(spki(key("ca"))), algorithm, another_salt, b"data")


def test_which_pss_parameters_are_accepted() -> None:
    """RFC 4056 §2.2: the mask by the same hash and a salt as long; NULL or nothing for the parameters of a hash."""
    sizes = {"sha1": 20, "sha224": 28, "sha256": 32, "sha384": 48, "sha512": 64}
    accepted = {b"\x30\x00": "sha1"}
    for name, size in sizes.items():
        hashes = [der(0x30, oid(DIGEST_OIDS[name]), parameters) for parameters in (NULL, b"")]
        for in_hash, in_mask in itertools.product(hashes, repeat=2):
            mask = der(0x30, oid("1.2.840.113549.1.1.8"), in_mask)
            salt = der(0x02, bytes([size]))
            accepted[der(0x30, der(0xA0, in_hash), der(0xA1, mask), der(0xA2, salt))] = name
    assert len(accepted) == 21
    assert _pss_parameters() == accepted


def test_pss_by_default_is_sha1() -> None:
    assert parse_signature_algorithm(der(0x30, oid("1.2.840.113549.1.1.10"), der(0x30))).digest == "sha1"


NOT_AN_IDENTIFIER = "malformed algorithm identifier"
PSS = "2a864886f70d01010a"


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        (b"", NOT_AN_IDENTIFIER),
        (NULL, NOT_AN_IDENTIFIER),
        (der(0x30), NOT_AN_IDENTIFIER),
        (der(0x30, NULL), NOT_AN_IDENTIFIER),
        (der(0x30, oid(RSA_WITH["sha256"]), NULL, NULL), NOT_AN_IDENTIFIER),
        (der(0x30, oid(RSA_WITH["sha256"]), NULL) + b"\x00", NOT_AN_IDENTIFIER),
        (RSA_ENCRYPTION, "signature algorithm 2a864886f70d010101 0500"),
        (der(0x30, oid(RSA_WITH["md5"]), NULL), "signature algorithm 2a864886f70d010104 0500"),
        (der(0x30, oid(RSA_WITH["sha256"]), der(0x30)), "signature algorithm 2a864886f70d01010b 3000"),
        (der(0x30, oid("1.2.840.10045.4.3.2"), NULL), "signature algorithm 2a8648ce3d040302 0500"),
        (der(0x30, oid("1.2.840.113549.1.1.10")), f"signature algorithm {PSS} "),
        (der(0x30, oid("1.2.840.113549.1.1.10"), NULL), f"signature algorithm {PSS} 0500"),
        (pss_algorithm("sha256", salt=20), None),
        (pss_algorithm("sha256", salt=32, mask="sha1"), None),
        (pss_algorithm("sha256", salt=32, trailer=1), None),
        (
            der(0x30, oid("1.2.840.113549.1.1.10"), der(0x04, bytes(100))),
            f"signature algorithm {PSS} 0464{'00' * 78}",
        ),
        (digest_algorithm("sha256"), "signature algorithm 608648016503040201 0500"),
        (der(0x30, oid("2.16.840.1.101.3.4.3.2")), "signature algorithm 608648016503040302 "),
    ],
)
def test_refused_algorithms(identifier: bytes, why: str | None) -> None:
    with pytest.raises(AlgorithmError) as caught:
        parse_signature_algorithm(identifier)
    parameters = b"".join(der_parts(identifier)[1:]).hex() if why is None else ""
    assert caught.value.args == (Reason.ALGORITHM_REFUSED, why or f"signature algorithm {PSS} {parameters}")


def test_rsa_encryption_with_other_parameters() -> None:
    with pytest.raises(AlgorithmError):
        parse_signature_algorithm(der(0x30, oid("1.2.840.113549.1.1.1"), der(0x30)), "sha256")


@pytest.mark.parametrize(("name", "other"), [("ca", "ec-p256"), ("ec-p256", "ca")])
def test_a_key_of_another_kind(name: str, other: str) -> None:
    algorithm = parse_signature_algorithm(signature_algorithm(key(other), "sha256"))
    with pytest.raises(AlgorithmError) as caught:
        verify_signature(load_public_key(spki(key(name))), algorithm, b"x", b"data")
    said = "ecdsa with a key RSA 2048" if name == "ca" else "rsassa-pkcs1v15 with a key EC secp256r1"
    assert caught.value.args == (Reason.ALGORITHM_MISMATCH, said)


def wycheproof_cases() -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    cases = []
    for path in sorted(WYCHEPROOF.glob("*_test.json")):
        for group in json.loads(path.read_text("utf-8"))["testGroups"]:
            cases += [(path.stem, group, case) for case in group["tests"]]
    return cases


@pytest.mark.skipif(not WYCHEPROOF.is_dir(), reason="the Wycheproof vectors do not lie beside the project")
def test_wycheproof() -> None:
    """Every invalid signature is refused and every valid one, of a form that is accepted here, verifies."""
    counts = {"valid": 0, "invalid": 0}
    for file, group, case in wycheproof_cases():
        public, identifier = wycheproof_key(group), wycheproof_algorithm(file, group)
        accepted = verify_signature(
            public, parse_signature_algorithm(identifier), bytes.fromhex(case["sig"]), bytes.fromhex(case["msg"])
        )
        if case["result"] == "acceptable":
            continue
        assert accepted == (case["result"] == "valid"), (file, case["tcId"], case["comment"])
        counts[case["result"]] += 1
    assert counts["valid"] > 100
    assert counts["invalid"] > 500


def wycheproof_key(group: dict[str, Any]) -> PublicKey:
    return load_public_key(bytes.fromhex(group.get("publicKeyDer") or group["publicKeyAsn"]))


def wycheproof_algorithm(file: str, group: dict[str, Any]) -> bytes:
    digest = group["sha"].replace("-", "").lower()
    if "pss" in file:
        return pss_algorithm(digest, salt=group["sLen"])
    return signature_algorithm(key("ec-p256" if file.startswith("ecdsa") else "ca"), digest)
