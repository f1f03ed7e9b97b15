"""One path at one instant: every rule of the profile, of constraints and of path building."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509

from fixtures.catalogue.recognition import authority_below
from fixtures.catalogue.vector import AGID_NAME, INTERMEDIATE_NAME, OPEN_CA_NAME
from pecverify import Basis, Finding, Limits, Policy, Reason, Recognition, Severity, Times, TrustStore
from pecverify._certificate import Certificate, NameConstraints, parse_certificate
from pecverify._pki import PathResult, _forbidden_name, check_signer, find_path
from tests.pki import (
    CA_NAME,
    DOMAINS,
    NOT_AFTER,
    NOT_BEFORE,
    Extension,
    Name,
    authority,
    certificate,
    key,
    key_id,
    make_signer,
    spki,
)

INSIDE = datetime(2024, 3, 15, tzinfo=UTC)
TEST_CA = TrustStore.from_certificates(authority())
OPEN_CA = TrustStore.from_certificates(authority(OPEN_CA_NAME, "other-ca", path_length=None, constrained=False))
SECOND = timedelta(seconds=1)


def signer(**options: object) -> Certificate:
    return parse_certificate(make_signer(**options).certificate)  # type: ignore[arg-type]


def path(
    certificate: Certificate,
    *embedded: bytes,
    trust: TrustStore = TEST_CA,
    instant: datetime | None = INSIDE,
    policy: Policy | None = None,
) -> PathResult:
    chain = tuple(parse_certificate(encoded) for encoded in embedded)
    return find_path(certificate, chain, trust, instant, policy or Policy())


def reasons(findings: tuple[Finding, ...] | list[Finding]) -> list[Reason]:
    return [finding.reason for finding in findings]


def times(claimed: datetime | None, validated: datetime | None = None, basis: Basis = Basis.STATED) -> Times:
    return Times(stated_at=claimed, signing_time=None, header_date=None, validated_at=validated or claimed, basis=basis)


# --- the signer's certificate


@pytest.mark.parametrize(
    ("claimed", "validated", "basis", "expected"),
    [
        (NOT_BEFORE, None, Basis.STATED, []),
        (NOT_AFTER, None, Basis.STATED, []),
        (NOT_BEFORE - SECOND, None, Basis.STATED, [Reason.CERTIFICATE_NOT_YET_VALID]),
        (NOT_AFTER + SECOND, None, Basis.STATED, [Reason.CERTIFICATE_EXPIRED]),
        (INSIDE, NOT_AFTER, Basis.GIVEN, []),
        (INSIDE, NOT_AFTER + SECOND, Basis.GIVEN, [Reason.OUT_OF_BOUNDS_NO_POE]),
        (INSIDE, NOT_AFTER + SECOND, Basis.PROVEN, [Reason.OUT_OF_BOUNDS_NO_POE]),
        (INSIDE, NOT_BEFORE - SECOND, Basis.GIVEN, [Reason.CERTIFICATE_NOT_YET_VALID]),
        (NOT_AFTER + SECOND, INSIDE, Basis.GIVEN, [Reason.CERTIFICATE_EXPIRED]),
        (None, NOT_AFTER + SECOND, Basis.GIVEN, [Reason.OUT_OF_BOUNDS_NO_POE]),
        (None, None, Basis.STATED, []),
    ],
)
def test_validity(claimed: datetime | None, validated: datetime | None, basis: Basis, expected: list[Reason]) -> None:
    findings = list(check_signer(signer(), TEST_CA, times(claimed, validated, basis), Policy()))
    assert reasons(findings) == expected


PROFILE: list[tuple[dict[str, Extension | None], list[Reason]]] = [
    ({}, []),
    ({"key_usage": None}, [Reason.KEY_USAGE_INVALID]),
    ({"key_usage": ("key_usage", True, {"non_repudiation"})}, [Reason.KEY_USAGE_INVALID]),
    ({"key_usage": ("key_usage", True, {"digital_signature", "non_repudiation"})}, []),
    ({"key_usage": ("key_usage", False, {"digital_signature"})}, [Reason.CERTIFICATE_PROFILE]),
    ({"extended_key_usage": None}, []),
    ({"extended_key_usage": ("extended_key_usage", False, ["any_extended_key_usage"])}, []),
    ({"extended_key_usage": ("extended_key_usage", False, ["client_auth"])}, [Reason.EXTENDED_KEY_USAGE_INVALID]),
    ({"basic": ("basic_constraints", False, {"ca": False})}, [Reason.CERTIFICATE_PROFILE]),
    ({"basic": ("basic_constraints", True, {"ca": True})}, [Reason.SIGNER_IS_CA]),
    ({"key_identifier": None}, [Reason.CERTIFICATE_PROFILE]),
    ({"authority_key_identifier": None}, [Reason.CERTIFICATE_PROFILE]),
    ({"x": ("1.3.6.1.4.1.99999.1", False, b"\x05\x00")}, []),
    ({"x": ("1.3.6.1.4.1.99999.1", True, b"\x05\x00")}, [Reason.CRITICAL_EXTENSION_UNKNOWN]),
]


@pytest.mark.parametrize(("changes", "expected"), PROFILE)
def test_profile(changes: dict[str, Extension | None], expected: list[Reason]) -> None:
    assert reasons(list(check_signer(signer(replace=changes), TEST_CA, times(INSIDE), Policy()))) == expected


@pytest.mark.parametrize(
    ("addresses", "expected"),
    [
        ((), []),
        (("a@b.example", "c@d.example"), [Reason.CERTIFICATE_ADDRESSES_MANY]),
        (("a@b.example\0.evil.example",), [Reason.CERTIFICATE_ADDRESS_INVALID]),
        (("a b@c.example",), [Reason.CERTIFICATE_ADDRESS_INVALID]),
        (("b.example",), [Reason.CERTIFICATE_ADDRESS_INVALID]),
        (("a@b@c",), [Reason.CERTIFICATE_ADDRESS_INVALID]),
    ],
)
def test_addresses(addresses: tuple[str, ...], expected: list[Reason]) -> None:
    subject = replace(signer(), addresses=addresses, der=repr(addresses).encode())
    assert reasons(list(check_signer(subject, TEST_CA, times(INSIDE), Policy()))) == expected


@pytest.mark.parametrize(
    ("until", "severity"),
    [(None, Severity.UNKNOWN), (INSIDE - SECOND, Severity.UNKNOWN), (INSIDE, Severity.WARNING)],
)
def test_weak_algorithms(until: datetime | None, severity: Severity) -> None:
    weak = signer(key_name="rsa-1024", digest="sha1")
    policy = Policy(weak_signature_until=until)
    findings = [*check_signer(weak, TEST_CA, times(INSIDE), policy), *path(weak, policy=policy).findings]
    assert [(finding.reason, finding.severity) for finding in findings] == [(Reason.ALGORITHM_WEAK, severity)] * 2
    timeless = list(check_signer(weak, TEST_CA, times(None), policy))
    assert [finding.severity for finding in timeless] == [Severity.UNKNOWN]


def test_a_small_exponent() -> None:
    findings = list(check_signer(signer(key_name="rsa-exponent-3"), TEST_CA, times(INSIDE), Policy()))
    assert reasons(findings) == [Reason.KEY_EXPONENT_SMALL]


# --- paths


def intermediate(
    issuer: Name = OPEN_CA_NAME,
    issuer_key: str = "other-ca",
    subject: Name = INTERMEDIATE_NAME,
    key_name: str = "intermediate",
    *more: Extension,
    **options: object,
) -> bytes:
    private = key(key_name)
    extensions: list[Extension] = [
        ("basic_constraints", True, {"ca": True, "path_len_constraint": options.pop("path_length", None)}),
        ("key_usage", True, {"key_cert_sign"}),
        ("key_identifier", False, key_id(spki(private))),
        *more,
    ]
    return certificate(
        subject,
        spki(private),
        issuer,
        key(issuer_key),
        options.pop("extensions", extensions),  # type: ignore[arg-type]
        serial=int(str(options.pop("serial", 7))),
        **options,  # type: ignore[arg-type]
    )


BELOW = signer(issuer=INTERMEDIATE_NAME, issuer_key="intermediate")


def test_a_direct_path() -> None:
    result = path(signer())
    assert result.recognition is Recognition.CUSTOM
    assert result.statement is not None
    assert result.statement.describe().startswith("Test PEC CA1, edition of 2020-01-01 (SHA-256 ")
    assert [facts.sha256 for facts in result.path] == [
        signer().facts.sha256,
        parse_certificate(authority()).facts.sha256,
    ]
    assert result.findings == ()


def test_without_an_instant_nobody_is_recognised() -> None:
    result = path(signer(), instant=None)
    assert (result.recognition, result.findings) == (Recognition.NONE, ())


@pytest.mark.parametrize("instant", [datetime(2019, 12, 31, tzinfo=UTC), datetime(2035, 1, 2, tzinfo=UTC)])
def test_an_anchor_that_is_not_in_force(instant: datetime) -> None:
    result = path(signer(), instant=instant)
    assert result.recognition is Recognition.NONE
    assert reasons(result.findings) == [Reason.ANCHOR_NOT_IN_FORCE]


def test_a_path_over_an_intermediate() -> None:
    result = path(BELOW, intermediate(), trust=OPEN_CA)
    assert result.recognition is Recognition.CUSTOM
    assert len(result.path) == 3
    assert result.findings == ()


EKU_WEB: Extension = ("extended_key_usage", False, ["server_auth"])
UNKNOWN_CRITICAL: Extension = ("1.3.6.1.4.1.99999.1", True, b"\x05\x00")
FOREIGN: Extension = (
    "name_constraints",
    True,
    {"permitted_subtrees": [{"base": x509.GeneralName("rfc822_name", "altrove.example")}]},
)


@pytest.mark.parametrize(
    ("encoded", "reason"),
    [
        (intermediate(not_after=INSIDE - SECOND), Reason.PATH_INVALID),
        (intermediate(not_before=INSIDE + SECOND), Reason.PATH_INVALID),
        (intermediate(extensions=[]), Reason.PATH_INVALID),
        (
            intermediate(extensions=[("basic_constraints", True, {"ca": True}), ("key_usage", True, {"crl_sign"})]),
            Reason.PATH_INVALID,
        ),
        (intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", EKU_WEB), Reason.PATH_INVALID),
        (
            intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", UNKNOWN_CRITICAL),
            Reason.PATH_INVALID,
        ),
        (
            intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", FOREIGN),
            Reason.NAME_CONSTRAINTS_VIOLATED,
        ),
        (intermediate(OPEN_CA_NAME, "stranger"), Reason.PROVIDER_NOT_RECOGNISED),
        (authority_below("ca", CA_NAME), Reason.PROVIDER_NOT_RECOGNISED),
    ],
)
def test_intermediates_that_carry_nothing(encoded: bytes, reason: Reason) -> None:
    result = path(BELOW, encoded, trust=OPEN_CA)
    assert result.recognition is Recognition.NONE
    assert reasons(result.findings) == [reason]


def test_key_usage_may_be_absent_from_an_authority() -> None:
    encoded = intermediate(extensions=[("basic_constraints", True, {"ca": True})])
    assert path(BELOW, encoded, trust=OPEN_CA).recognition is Recognition.CUSTOM


def test_an_intermediate_with_a_weak_key_and_signature() -> None:
    weak = intermediate(key_name="rsa-1024", digest="sha1")
    subject = signer(issuer=INTERMEDIATE_NAME, issuer_key="rsa-1024")
    result = path(subject, weak, trust=OPEN_CA)
    assert result.recognition is Recognition.CUSTOM
    assert [finding.actual for finding in result.findings] == ["certificate signed with sha1", "issuer's key RSA 1024"]


def test_a_certificate_signed_with_md5_is_refused() -> None:
    result = path(signer(digest="md5"))
    assert reasons(result.findings) == [Reason.PROVIDER_NOT_RECOGNISED, Reason.ALGORITHM_REFUSED]


def test_an_issuers_key_of_another_kind() -> None:
    trust = TrustStore.from_certificates(authority(key_name="ec-p256"))
    assert reasons(path(signer(), trust=trust).findings) == [Reason.PROVIDER_NOT_RECOGNISED]


SECOND_NAME: Name = {"common_name": "Test Intermediate 2"}


@pytest.mark.parametrize(("path_length", "recognised"), [(None, True), (1, True), (0, False)])
def test_path_length_of_an_intermediate(path_length: int | None, recognised: bool) -> None:  # noqa: FBT001
    upper = intermediate(OPEN_CA_NAME, "other-ca", SECOND_NAME, "stranger", path_length=path_length)
    lower = intermediate(SECOND_NAME, "stranger")
    result = path(BELOW, lower, upper, trust=OPEN_CA)
    assert (result.recognition is Recognition.CUSTOM) == recognised
    assert reasons(result.findings) == ([] if recognised else [Reason.PATH_LENGTH_EXCEEDED])


def test_self_issued_intermediates_do_not_count() -> None:
    anchor = authority(OPEN_CA_NAME, "other-ca", path_length=0, constrained=False)
    renewed = intermediate(OPEN_CA_NAME, "other-ca", OPEN_CA_NAME, "stranger")
    subject = signer(issuer=OPEN_CA_NAME, issuer_key="stranger")
    assert path(subject, renewed, trust=TrustStore.from_certificates(anchor)).recognition is Recognition.CUSTOM


@pytest.mark.parametrize("length", [2, 3, 4])
def test_paths_are_bounded(length: int) -> None:
    upper = intermediate(OPEN_CA_NAME, "other-ca", SECOND_NAME, "stranger")
    lower = intermediate(SECOND_NAME, "stranger")
    result = path(BELOW, lower, upper, trust=OPEN_CA, policy=Policy(limits=Limits(path_length=length)))
    assert (result.recognition is Recognition.CUSTOM) == (length >= 4)


@pytest.mark.parametrize(("length", "recognised"), [(1, False), (2, True)])
def test_the_shortest_paths_are_bounded_too(length: int, recognised: bool) -> None:  # noqa: FBT001
    limits = Policy(limits=Limits(path_length=length))
    assert (path(signer(), policy=limits).recognition is Recognition.CUSTOM) == recognised
    exact = TrustStore.from_certificates(signer().der)
    assert path(signer(), trust=exact, policy=limits).recognition is Recognition.CUSTOM


def test_certificates_that_issue_each_other_end() -> None:
    one = intermediate(SECOND_NAME, "stranger")
    other = intermediate(INTERMEDIATE_NAME, "intermediate", SECOND_NAME, "stranger")
    assert reasons(path(BELOW, one, other, trust=OPEN_CA).findings) == [Reason.PROVIDER_NOT_RECOGNISED]


def test_many_authorities_of_one_name_end() -> None:
    """Threat 41: every one of them verifies the next, and none leads anywhere."""
    crowd = [intermediate(INTERMEDIATE_NAME, "intermediate", serial=number + 10) for number in range(16)]
    result = path(BELOW, *crowd, trust=OPEN_CA)
    assert reasons(result.findings) == [Reason.LIMIT_EXCEEDED]
    # Neither the hundredth signature nor the last certificate that a path may have was the end of it.
    few = Policy(limits=Limits(signature_checks=10_000, path_length=3))
    assert reasons(path(BELOW, *crowd, trust=OPEN_CA, policy=few).findings) == [Reason.LIMIT_EXCEEDED]
    few = Policy(limits=Limits(signature_checks=10_000, path_length=3))
    assert reasons(path(BELOW, crowd[0], trust=OPEN_CA, policy=few).findings) == [Reason.PROVIDER_NOT_RECOGNISED]


def test_what_was_not_tried_is_not_forged() -> None:
    none = Policy(limits=Limits(signature_checks=0))
    claims = signer(issuer=AGID_NAME, issuer_key="stranger")
    assert reasons(path(claims, trust=TrustStore.default(), policy=none).findings) == [Reason.LIMIT_EXCEEDED]
    assert reasons(path(claims, trust=TrustStore.default()).findings) == [Reason.ISSUER_FORGED]


def test_a_caller_may_trust_an_authority_that_is_called_like_a_built_in_one() -> None:
    trust = TrustStore.default() | TrustStore.from_certificates(authority(AGID_NAME, "stranger", constrained=False))
    claims = signer(issuer=AGID_NAME, issuer_key="stranger")
    assert path(claims, trust=trust).recognition is Recognition.CUSTOM


def test_nothing_to_trust() -> None:
    result = path(signer(), trust=TrustStore())
    assert reasons(result.findings) == [Reason.PROVIDER_NOT_RECOGNISED]
    assert result.findings[0].expected is None


def test_the_signers_own_certificate_as_anchor() -> None:
    subject = signer(issuer=OPEN_CA_NAME, issuer_key="stranger", digest="sha1")
    trust = TrustStore.from_certificates(subject.der)
    result = path(subject, trust=trust)
    assert result.recognition is Recognition.CUSTOM
    assert len(result.path) == 1
    assert result.findings == ()
    assert path(signer(letter="b"), trust=trust).recognition is Recognition.NONE


def test_an_embedded_certificate_that_the_caller_trusts_itself() -> None:
    encoded = intermediate(OPEN_CA_NAME, "stranger")
    result = path(BELOW, encoded, trust=TrustStore.from_certificates(encoded))
    assert result.recognition is Recognition.CUSTOM
    assert len(result.path) == 2


def test_an_anchor_with_an_unknown_critical_extension_issues_nothing() -> None:
    encoded = intermediate(INTERMEDIATE_NAME, "intermediate", INTERMEDIATE_NAME, "intermediate", UNKNOWN_CRITICAL)
    result = path(BELOW, trust=TrustStore.from_certificates(encoded))
    assert result.recognition is Recognition.NONE


# --- name constraints


def constrained(*embedded: bytes, subject: Certificate | None = None, **constraints: object) -> list[Reason]:
    anchor = TEST_CA.anchors[0]
    edition = replace(anchor.editions[0], name_constraints=NameConstraints(**constraints))  # type: ignore[arg-type]
    trust = TrustStore((replace(anchor, editions=(edition,)),))
    return reasons(path(subject or signer(), *embedded, trust=trust).findings)


ADDRESS = f"posta-certificata@{DOMAINS['a']}"
REFUSED = [Reason.NAME_CONSTRAINTS_VIOLATED]


@pytest.mark.parametrize(
    ("constraint", "permitted"),
    [
        (DOMAINS["a"], True),
        (DOMAINS["a"].upper(), True),
        (ADDRESS, True),
        (ADDRESS.upper(), False),
        (".gestore-a.example", True),
        (".example", True),
        ("gestore-a.example", False),
        ("altri@" + DOMAINS["a"], False),
        (DOMAINS["b"], False),
        ("", True),
    ],
)
def test_mailbox_constraints(constraint: str, permitted: bool) -> None:  # noqa: FBT001
    assert constrained(permitted_emails=(constraint,)) == ([] if permitted else REFUSED)
    assert constrained(excluded_emails=(constraint,)) == (REFUSED if permitted else [])


def test_an_address_in_the_subject_is_constrained_where_there_is_no_other() -> None:
    subject = replace(signer(), addresses=(), subject_name=((("1.2.840.113549.1.9.1", "a@b.example"),),), der=b"x")
    assert _forbidden_name(NameConstraints(permitted_emails=("c.example",)), subject) == "a@b.example"
    assert _forbidden_name(NameConstraints(permitted_emails=("b.example",)), subject) is None


@pytest.mark.parametrize(
    ("constraint", "permitted"),
    [("b.example", True), (".b.example", True), ("www.b.example", False), ("xb.example", False), ("", True)],
)
def test_host_constraints(constraint: str, permitted: bool) -> None:  # noqa: FBT001
    names = [x509.GeneralName("rfc822_name", ADDRESS), x509.GeneralName("dns_name", "B.example")]
    subject = signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    assert constrained(subject=subject, permitted_dns=(constraint,)) == ([] if permitted else REFUSED)
    below = signer(
        replace={
            "subject_alt_name": ("subject_alt_name", False, [names[0], x509.GeneralName("dns_name", "a.b.example")])
        }
    )
    assert constrained(subject=below, excluded_dns=("b.example",)) == REFUSED


def test_directory_constraints() -> None:
    name = signer().subject_name
    assert constrained(permitted_names=(name[:2],)) == []
    assert constrained(permitted_names=(name[1:],)) == REFUSED
    assert constrained(excluded_names=(name[:1],)) == REFUSED
    assert constrained(excluded_names=(name[1:],)) == []


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ({"other_kinds": frozenset({"ip"})}, REFUSED),
        ({"other_kinds": frozenset({"other"})}, []),
        ({}, []),
    ],
)
def test_kinds_of_name_that_are_not_evaluated(constraints: dict[str, object], expected: list[Reason]) -> None:
    names = [
        x509.GeneralName("rfc822_name", ADDRESS),
        x509.GeneralName("ip_address", "192.0.2.1"),
    ]
    subject = signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    assert constrained(subject=subject, **constraints) == expected


def test_directory_names_beside_the_subject_are_constrained_too() -> None:
    names = [
        x509.GeneralName("rfc822_name", ADDRESS),
        x509.GeneralName("directory_name", x509.Name.build({"common_name": "x"})),
    ]
    subject = signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    assert constrained(subject=subject, excluded_names=(((("2.5.4.3", "x"),),),)) == REFUSED
    assert constrained(subject=subject, excluded_names=(((("2.5.4.3", "y"),),),)) == []
    assert constrained(subject=subject, permitted_names=(signer().subject_name[:2],)) == REFUSED


@pytest.mark.parametrize(
    ("uri", "constraints", "expected"),
    [
        ("http://host.b.example/x", {"permitted_uris": ("host.b.example",)}, []),
        ("http://HOST.b.example:80/x", {"permitted_uris": ("host.B.example",)}, []),
        ("http://host.b.example/x", {"permitted_uris": (".b.example",)}, []),
        ("http://b.example/x", {"permitted_uris": (".b.example",)}, REFUSED),
        ("http://a.host.b.example/x", {"permitted_uris": ("host.b.example",)}, REFUSED),
        ("http://host.b.example/x", {"excluded_uris": (".b.example",)}, REFUSED),
        ("http://host.c.example/x", {"excluded_uris": (".b.example",)}, []),
        ("mailto:x@b.example", {"excluded_uris": (".b.example",)}, REFUSED),
        ("http://user@", {"excluded_uris": (".b.example",)}, REFUSED),
        ("mailto:x@b.example", {}, []),
    ],
)
def test_uri_constraints(uri: str, constraints: dict[str, object], expected: list[Reason]) -> None:
    names = [x509.GeneralName("rfc822_name", ADDRESS), x509.GeneralName("uniform_resource_identifier", uri)]
    subject = signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    assert constrained(subject=subject, **constraints) == expected


def test_the_newest_edition_that_permits_is_named() -> None:
    anchor = TEST_CA.anchors[0]
    old = anchor.editions[0]
    new = replace(old, facts=replace(old.facts, not_before=datetime(2023, 1, 1, tzinfo=UTC), sha256="new"))
    forbidding = replace(
        new, facts=replace(new.facts, sha256="no"), name_constraints=NameConstraints(permitted_emails=("x.example",))
    )
    for editions, named in (((old, new), "2023-01-01"), ((old, forbidding), "2020-01-01")):
        result = path(signer(), trust=TrustStore((replace(anchor, editions=editions),)))
        assert result.statement is not None
        assert named in result.statement.describe()
    result = path(signer(), trust=TrustStore((replace(anchor, editions=(forbidding,)),)))
    assert reasons(result.findings) == REFUSED


def test_the_strongest_recognition_wins() -> None:
    anchor = TEST_CA.anchors[0]
    built_in = replace(anchor, recognition=Recognition.AGID_CA, certificate=None, name="Built-in")
    for anchors in ((anchor, built_in), (built_in, anchor)):
        result = path(signer(), trust=TrustStore(anchors))
        assert result.recognition is Recognition.AGID_CA
