"""Keys, algorithms and signature values: the accepted ones, the refused ones, and Wycheproof's."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa

from pecverify import Reason
from pecverify._signature import (
    AlgorithmError,
    PublicKey,
    load_public_key,
    parse_signature_algorithm,
    rsa_public_key,
    verify_signature,
)
from tests.pki import (
    NULL,
    RSA_WITH,
    der,
    digest_algorithm,
    key,
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


def refusal(spki_der: bytes) -> str:
    with pytest.raises(AlgorithmError) as caught:
        load_public_key(spki_der)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    return caught.value.actual


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


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x00",
        der(0x30, RSA_ENCRYPTION),
        der(0x30, RSA_ENCRYPTION, der(0x03, b"\x00")),
        der(0x30, der(0x30), der(0x03, b"\x00")),
        der(0x30, der(0x30, NULL), der(0x03, b"\x00")),
        der(0x30, der(0x30, oid("1.2.840.113549.1.1.1"), NULL, NULL), der(0x03, b"\x00")),
        rsa_spki(MODULUS, 65537, b""),
        rsa_spki(MODULUS, 65537) + b"\x00",
        rsa_spki(MODULUS, 1),
        rsa_spki(MODULUS, 65536),
        rsa_spki(MODULUS, (1 << 31) + 1),
        rsa_spki(MODULUS, (1 << 2046) + 1),
        rsa_spki((1 << 1022) + 1, 65537),
        rsa_spki((1 << 16385) + 1, 65537),
        encoded(ec.generate_private_key(ec.SECP256K1()).public_key()),
        encoded(ed25519.Ed25519PrivateKey.generate().public_key()),
        encoded(dsa.generate_parameters(1024).generate_private_key().public_key()),
        der(0x30, der(0x30, oid("1.2.840.10045.2.1"), der(0x30, der(0x02, b"\x01"))), der(0x03, b"\x00\x04")),
        der(0x30, der(0x30, oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), der(0x03, b"\x00\x04\x01")),
    ],
)
def test_refused_keys(data: bytes) -> None:
    assert refusal(data)


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
    assert caught.value.reason is Reason.ALGORITHM_MISMATCH


def test_rsa_encryption_takes_the_digest_beside_it() -> None:
    algorithm = parse_signature_algorithm(RSA_ENCRYPTION, "sha384")
    assert (algorithm.scheme, algorithm.digest) == ("rsassa-pkcs1v15", "sha384")


@pytest.mark.parametrize(("digest", "salt"), [("sha1", 20), ("sha256", 32), ("sha384", 48), ("sha512", 64)])
def test_pss(digest: str, salt: int) -> None:
    algorithm = parse_signature_algorithm(pss_algorithm(digest, salt=salt), digest)
    assert (algorithm.scheme, algorithm.digest) == ("rsassa-pss", digest)
    signature = raw_sign(key("ca"), b"data", digest, pss_salt=salt)
    assert verify_signature(load_public_key(spki(key("ca"))), algorithm, signature, b"data")


def test_pss_by_default_is_sha1() -> None:
    assert parse_signature_algorithm(der(0x30, oid("1.2.840.113549.1.1.10"), der(0x30))).digest == "sha1"


@pytest.mark.parametrize(
    "identifier",
    [
        b"",
        NULL,
        der(0x30),
        der(0x30, NULL),
        RSA_ENCRYPTION,
        der(0x30, oid(RSA_WITH["md5"]), NULL),
        der(0x30, oid(RSA_WITH["sha256"]), der(0x30)),
        der(0x30, oid("1.2.840.10045.4.3.2"), NULL),
        der(0x30, oid("1.2.840.113549.1.1.10")),
        der(0x30, oid("1.2.840.113549.1.1.10"), NULL),
        pss_algorithm("sha256", salt=20),
        pss_algorithm("sha256", salt=32, mask="sha1"),
        pss_algorithm("sha256", salt=32, trailer=1),
        digest_algorithm("sha256"),
        der(0x30, oid("2.16.840.1.101.3.4.3.2")),
    ],
)
def test_refused_algorithms(identifier: bytes) -> None:
    with pytest.raises(AlgorithmError) as caught:
        parse_signature_algorithm(identifier)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED


def test_rsa_encryption_with_other_parameters() -> None:
    with pytest.raises(AlgorithmError):
        parse_signature_algorithm(der(0x30, oid("1.2.840.113549.1.1.1"), der(0x30)), "sha256")


@pytest.mark.parametrize(("name", "other"), [("ca", "ec-p256"), ("ec-p256", "ca")])
def test_a_key_of_another_kind(name: str, other: str) -> None:
    algorithm = parse_signature_algorithm(signature_algorithm(key(other), "sha256"))
    with pytest.raises(AlgorithmError) as caught:
        verify_signature(load_public_key(spki(key(name))), algorithm, b"x", b"data")
    assert caught.value.reason is Reason.ALGORITHM_MISMATCH


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
