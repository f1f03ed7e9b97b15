"""Certificate policies along a path: each rule of RFC 5280 §6.1 on paths of the fewest certificates that show it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pecverify import Policy, Reason, TrustStore
from pecverify._certificate import Certificate, CertificateError, CertificatePolicies, parse_certificate
from pecverify._pki import find_path
from pecverify._policies import ANY_POLICY, are_policies_valid
from tests.messages import ISSUED_AT
from tests.pki import CA_NAME, Extension, authority, certificate, der, key, key_id, make_signer, oid, provider, spki

SIGNER = parse_certificate(provider("a").certificate)
A, B, C = "1.2.1", "1.2.2", "1.2.3"


def stating(*policies: str, self_issued: bool = False, **more: object) -> Certificate:
    """A certificate that says this of policies."""
    said = CertificatePolicies(
        policies=frozenset(policies), mappings=(), require_explicit=None, inhibit_mapping=None, inhibit_any=None
    )
    made = replace(SIGNER, policies=replace(said, **more))  # type: ignore[arg-type]
    return replace(made, issuer_name=made.subject_name) if self_issued else made


def valid(*certificates: Certificate, **inputs: object) -> bool:
    """Of a path from the authority's certificate down to the signer's."""
    return are_policies_valid(certificates[::-1], **inputs)  # type: ignore[arg-type]


REQUIRED = {"initial_explicit": True}


def wants(*policies: str) -> dict[str, object]:
    return {"initial_explicit": True, "initial_policies": frozenset(policies)}


def test_nothing_is_demanded() -> None:
    assert valid(stating())
    assert valid(stating(A), stating(B))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([stating(A)], True),
        ([stating()], False),
        ([stating(A), stating(A)], True),
        ([stating(A), stating(B)], False),
        ([stating(A), stating()], False),
        ([stating(A, B), stating(B, C)], True),
        ([stating(ANY_POLICY), stating(B)], True),
        ([stating(A), stating(ANY_POLICY)], True),
        ([stating(A), stating(B), stating(ANY_POLICY)], False),
    ],
)
def test_a_policy_throughout(path: list[Certificate], expected: bool) -> None:  # noqa: FBT001
    assert valid(*path, **REQUIRED) == expected


@pytest.mark.parametrize(
    ("path", "wanted", "expected"),
    [
        ([stating(A, B), stating(A, B)], [A], True),
        ([stating(A), stating(A)], [B], False),
        ([stating(A), stating(A)], [B, A], True),
        ([stating(ANY_POLICY), stating(A)], [A], True),
        ([stating(ANY_POLICY), stating(A)], [B], False),
        ([stating(ANY_POLICY), stating(ANY_POLICY)], [B], True),
        ([stating(A), stating(ANY_POLICY)], [A], True),
    ],
)
def test_a_policy_that_is_wanted(path: list[Certificate], wanted: list[str], expected: bool) -> None:  # noqa: FBT001
    assert valid(*path, **wants(*wanted)) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([stating(require_explicit=0), stating()], False),
        ([stating(A, require_explicit=0), stating(A)], True),
        ([stating(require_explicit=1), stating()], False),
        ([stating(require_explicit=2), stating()], True),
        ([stating(require_explicit=2), stating(), stating()], False),
        ([stating(require_explicit=3), stating(), stating()], True),
        ([stating(require_explicit=2), stating(self_issued=True), stating()], True),
        ([stating(), stating(require_explicit=0)], False),
        ([stating(), stating(require_explicit=1)], True),
        ([stating(require_explicit=5), stating(require_explicit=9), stating()], True),
        ([stating(A, require_explicit=0), stating(B), stating(A)], False),
    ],
)
def test_authorities_that_require_an_explicit_policy(path: list[Certificate], expected: bool) -> None:  # noqa: FBT001
    assert valid(*path) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ([stating(ANY_POLICY, inhibit_any=0), stating(ANY_POLICY)], False),
        ([stating(ANY_POLICY, inhibit_any=1), stating(ANY_POLICY)], True),
        ([stating(ANY_POLICY, inhibit_any=0), stating(ANY_POLICY, self_issued=True), stating(A)], True),
        ([stating(ANY_POLICY, inhibit_any=1), stating(ANY_POLICY), stating(ANY_POLICY)], False),
    ],
)
def test_inhibited_any_policy(path: list[Certificate], expected: bool) -> None:  # noqa: FBT001
    assert valid(*path, **REQUIRED) == expected


def test_any_policy_inhibited_from_the_start() -> None:
    assert not valid(stating(ANY_POLICY), **REQUIRED, initial_inhibit_any=True)
    assert valid(stating(A), **REQUIRED, initial_inhibit_any=True)


@pytest.mark.parametrize(
    ("path", "wanted", "expected"),
    [
        ([stating(A, mappings=((A, B),)), stating(B)], [A], True),
        ([stating(A, mappings=((A, B),)), stating(B)], [B], False),
        ([stating(A, mappings=((A, B),)), stating(A)], [A], False),
        ([stating(A, mappings=((A, B), (A, C))), stating(C)], [A], True),
        ([stating(A, mappings=((A, B),)), stating(B, mappings=((B, C),)), stating(C)], [A], True),
        ([stating(ANY_POLICY, mappings=((A, B),)), stating(B)], [A], True),
        ([stating(C, mappings=((A, B),)), stating(B)], [A], False),
        ([stating(A, mappings=((ANY_POLICY, B),)), stating(B)], [A], False),
        ([stating(A, mappings=((A, ANY_POLICY),)), stating(B)], [A], False),
        ([stating(A, inhibit_mapping=0), stating(A, mappings=((A, B),)), stating(B)], [A], False),
        ([stating(A, B, inhibit_mapping=0), stating(A, B, mappings=((A, B),)), stating(B)], [B], True),
        ([stating(A, inhibit_mapping=1), stating(A, mappings=((A, B),)), stating(B)], [A], True),
    ],
)
def test_mappings(path: list[Certificate], wanted: list[str], expected: bool) -> None:  # noqa: FBT001
    assert valid(*path, **wants(*wanted)) == expected


def test_mappings_inhibited_from_the_start() -> None:
    path = (stating(A, mappings=((A, B),)), stating(B))
    assert valid(*path, **wants(A))
    assert not valid(*path, **wants(A), initial_inhibit_mapping=True)


def test_a_mapping_to_any_policy_refuses_the_path_even_unasked() -> None:
    assert not valid(stating(A, mappings=((ANY_POLICY, B),)), stating(B))


def test_policies_cannot_multiply() -> None:
    """What RFC 9618 warns of: each certificate maps each policy to all, and a tree would double with each."""
    names = [f"1.2.{number}" for number in range(40)]
    everything = tuple((one, other) for one in names for other in names)
    path = [stating(*names, mappings=everything) for _ in range(30)]
    assert valid(*path, stating(names[0]), **wants(names[1]))


# --- from certificates


def authority_with(*extensions: Extension) -> bytes:
    private = key("ca")
    base: list[Extension] = [
        ("basic_constraints", True, {"ca": True, "path_len_constraint": None}),
        ("key_usage", True, {"key_cert_sign"}),
        ("key_identifier", False, key_id(spki(private))),
    ]
    top = key("other-ca")
    return certificate(CA_NAME, spki(private), TOP, top, [*base, *extensions], serial=3)


TOP = {"country_name": "IT", "common_name": "Top"}
TRUST = TrustStore.from_certificates(authority(TOP, "other-ca", path_length=None, constrained=False))


def test_what_certificates_say_is_read() -> None:
    said = parse_certificate(
        authority_with(
            ("certificate_policies", False, [{"policy_identifier": A}, {"policy_identifier": C}]),
            ("policy_mappings", True, [{"issuer_domain_policy": A, "subject_domain_policy": B}]),
            ("policy_constraints", True, {"require_explicit_policy": 3, "inhibit_policy_mapping": 0}),
            ("inhibit_any_policy", True, 2),
        )
    )
    assert said.policies == CertificatePolicies(
        policies=frozenset({A, C}), mappings=((A, B),), require_explicit=3, inhibit_mapping=0, inhibit_any=2
    )
    assert said.unknown_critical_extensions == ()


@pytest.mark.parametrize("octet", [b"\x80", b"\xff"])
def test_mappings_that_cannot_be_read(octet: bytes) -> None:
    """An OBJECT IDENTIFIER whose last arc does not end."""
    encoded = authority_with(("policy_mappings", True, [{"issuer_domain_policy": A, "subject_domain_policy": B}]))
    mapping = der(0x30, der(0x30, oid(A), oid(B)))
    assert encoded.count(mapping) == 1
    with pytest.raises(CertificateError, match="malformed"):
        parse_certificate(encoded.replace(mapping, mapping[:-1] + octet))


def test_a_path_whose_policies_do_not_hold() -> None:
    demanding = parse_certificate(
        authority_with(
            ("certificate_policies", False, [{"policy_identifier": A}]),
            ("policy_constraints", True, {"require_explicit_policy": 0}),
        )
    )
    signer = parse_certificate(make_signer("a", embedded=()).certificate)
    result = find_path(signer, (demanding,), TRUST, ISSUED_AT, Policy())
    assert [finding.reason for finding in result.findings] == [Reason.PATH_INVALID]
    assert "a valid policy" in str(result.findings[0].expected)
    contented = parse_certificate(authority_with())
    assert find_path(signer, (contented,), TRUST, ISSUED_AT, Policy()).statement is not None
