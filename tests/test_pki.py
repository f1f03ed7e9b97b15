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
from pecverify._pki import PathResult, _check_strength, _email_matches, _forbidden_name, check_signer, find_path
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
    for finding in findings:
        assert finding.expected == "2023-01-10T09:00:00+00:00 to 2026-01-10T09:00:00+00:00"
        outside = [instant for instant in (claimed, validated) if instant not in (None, INSIDE)]
        assert finding.actual == outside[0].isoformat()


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
    (finding,) = result.findings
    assert finding.reason is Reason.ANCHOR_NOT_IN_FORCE
    assert finding.expected == "2020-01-01T00:00:00+00:00 to 2035-01-01T00:00:00+00:00"
    assert finding.actual == instant.isoformat()


def test_an_anchor_is_known_from_its_first_edition_to_its_last() -> None:
    anchor = TEST_CA.anchors[0]
    first = replace(anchor.editions[0], facts=replace(anchor.editions[0].facts, not_after=INSIDE - SECOND))
    second = replace(anchor.editions[0], facts=replace(anchor.editions[0].facts, not_before=INSIDE + SECOND))
    (finding,) = path(signer(), trust=TrustStore((replace(anchor, editions=(first, second)),))).findings
    assert finding.reason is Reason.ANCHOR_NOT_IN_FORCE
    assert finding.expected == "2020-01-01T00:00:00+00:00 to 2035-01-01T00:00:00+00:00"


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


INTERMEDIATE_SUBJECT = parse_certificate(intermediate()).facts.subject
AT_THE_INSTANT = (Reason.PATH_INVALID, "valid at the instant", INTERMEDIATE_SUBJECT)
NO_ISSUER = (Reason.PATH_INVALID, "CA:TRUE, keyCertSign", INTERMEDIATE_SUBJECT)
NOT_RECOGNISED = (Reason.PROVIDER_NOT_RECOGNISED, "Test Open CA", INTERMEDIATE_SUBJECT)
PEC_ADDRESS = f"posta-certificata@{DOMAINS['a']}"


@pytest.mark.parametrize(
    ("encoded", "said"),
    [
        (intermediate(not_after=INSIDE - SECOND), AT_THE_INSTANT),
        (intermediate(not_before=INSIDE + SECOND), AT_THE_INSTANT),
        (intermediate(extensions=[]), NO_ISSUER),
        (
            intermediate(extensions=[("basic_constraints", True, {"ca": True}), ("key_usage", True, {"crl_sign"})]),
            NO_ISSUER,
        ),
        (intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", EKU_WEB), NO_ISSUER),
        (
            intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", UNKNOWN_CRITICAL),
            (Reason.PATH_INVALID, "no unknown critical extension", "1.3.6.1.4.1.99999.1"),
        ),
        (
            intermediate(
                OPEN_CA_NAME,
                "other-ca",
                INTERMEDIATE_NAME,
                "intermediate",
                UNKNOWN_CRITICAL,
                ("1.3.6.1.4.1.99999.2", True, b"\x05\x00"),
            ),
            (
                Reason.PATH_INVALID,
                "no unknown critical extension",
                "1.3.6.1.4.1.99999.1, 1.3.6.1.4.1.99999.2",
            ),
        ),
        (
            intermediate(OPEN_CA_NAME, "other-ca", INTERMEDIATE_NAME, "intermediate", FOREIGN),
            (Reason.NAME_CONSTRAINTS_VIOLATED, "a permitted name", PEC_ADDRESS),
        ),
        (
            intermediate(
                OPEN_CA_NAME,
                "other-ca",
                INTERMEDIATE_NAME,
                "intermediate",
                ("policy_constraints", True, {"require_explicit_policy": 0}),
            ),
            (Reason.PATH_INVALID, "a valid policy, which the path's certificates require", None),
        ),
        (intermediate(OPEN_CA_NAME, "stranger"), NOT_RECOGNISED),
        (authority_below("ca", CA_NAME), NOT_RECOGNISED),
    ],
)
def test_intermediates_that_carry_nothing(encoded: bytes, said: tuple[Reason, str, str | None]) -> None:
    result = path(BELOW, encoded, trust=OPEN_CA)
    assert result.recognition is Recognition.NONE
    assert [(finding.reason, finding.expected, finding.actual) for finding in result.findings] == [said]
    assert (result.statement, result.anchor) == (None, None)
    assert (result.certificates, result.path) == ((BELOW,), (BELOW.facts,))


def test_key_usage_may_be_absent_from_an_authority() -> None:
    encoded = intermediate(extensions=[("basic_constraints", True, {"ca": True})])
    assert path(BELOW, encoded, trust=OPEN_CA).recognition is Recognition.CUSTOM


def test_an_intermediate_with_a_weak_key_and_signature() -> None:
    weak = intermediate(key_name="rsa-1024", digest="sha1")
    subject = signer(issuer=INTERMEDIATE_NAME, issuer_key="rsa-1024")
    result = path(subject, weak, trust=OPEN_CA)
    assert result.recognition is Recognition.CUSTOM
    assert [finding.actual for finding in result.findings] == ["certificate signed with sha1", "issuer's key RSA 1024"]
    assert {finding.severity for finding in result.findings} == {Severity.UNKNOWN}
    accepting = path(subject, weak, trust=OPEN_CA, policy=Policy(weak_signature_until=INSIDE))
    assert [finding.severity for finding in accepting.findings] == [Severity.WARNING] * 2


def test_a_certificate_signed_with_md5_is_refused() -> None:
    result = path(signer(digest="md5"))
    assert reasons(result.findings) == [Reason.PROVIDER_NOT_RECOGNISED, Reason.ALGORITHM_REFUSED]
    assert result.findings[1].actual == "certificate signed with signature algorithm 2a864886f70d010104 0500"


def test_every_certificate_of_a_path_is_looked_at() -> None:
    """The one with a refused signature algorithm too, which an exact anchor vouches for, and what follows it."""
    subject = signer(issuer=INTERMEDIATE_NAME, issuer_key="intermediate", digest="md5")
    weak = parse_certificate(intermediate(digest="sha1"))
    said = [finding.actual for finding in _check_strength((subject, weak), INSIDE, Policy())]
    assert said == [
        "certificate signed with signature algorithm 2a864886f70d010104 0500",
        "certificate signed with sha1",
    ]
    (anchor,) = TrustStore.from_certificates(subject.der).anchors
    said = [finding.actual for finding in _check_strength((subject, weak), INSIDE, Policy(), anchor=anchor)]
    assert said == ["certificate signed with sha1"]


@pytest.mark.parametrize(("bits", "is_weak"), [(2047, True), (2048, False)])
def test_how_long_a_key_is_strong(bits: int, is_weak: bool) -> None:  # noqa: FBT001
    subject = signer()
    shorter = replace(subject, public_key=replace(subject.public_key, rsa_bits=bits))
    assert (reasons(list(check_signer(shorter, TEST_CA, times(INSIDE), Policy()))) != []) == is_weak
    assert (list(_check_strength((subject, shorter), INSIDE, Policy())) != []) == is_weak
    assert list(_check_strength((shorter,), INSIDE, Policy())) == []


@pytest.mark.parametrize(("exponent", "is_small"), [(65536, True), (65537, False)])
def test_which_exponent_is_small(exponent: int, is_small: bool) -> None:  # noqa: FBT001
    subject = signer()
    odd = replace(subject, public_key=replace(subject.public_key, rsa_exponent=exponent))
    assert (reasons(list(check_signer(odd, TEST_CA, times(INSIDE), Policy()))) != []) == is_small


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


@pytest.mark.parametrize(("length", "recognised"), [(2, False), (3, True)])
def test_a_path_to_an_anchor_that_the_message_carries_is_bounded_too(length: int, recognised: bool) -> None:  # noqa: FBT001
    upper = intermediate(OPEN_CA_NAME, "other-ca", SECOND_NAME, "stranger")
    lower = intermediate(SECOND_NAME, "stranger")
    limits = Policy(limits=Limits(path_length=length))
    result = path(BELOW, lower, upper, trust=TrustStore.from_certificates(upper), policy=limits)
    assert (result.recognition is Recognition.CUSTOM) == recognised


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
    (finding,) = result.findings
    assert finding == Finding(
        reason=Reason.LIMIT_EXCEEDED,
        severity=Severity.ERROR,
        expected="at most 100 certificate signatures",
        where="smime.p7s",
    )
    # Neither the hundredth signature nor the last certificate that a path may have was the end of it.
    few = Policy(limits=Limits(signature_checks=10_000, path_length=3))
    assert reasons(path(BELOW, *crowd, trust=OPEN_CA, policy=few).findings) == [Reason.LIMIT_EXCEEDED]
    few = Policy(limits=Limits(signature_checks=10_000, path_length=3))
    assert reasons(path(BELOW, crowd[0], trust=OPEN_CA, policy=few).findings) == [Reason.PROVIDER_NOT_RECOGNISED]


@pytest.mark.parametrize(("checks", "direct", "below"), [(0, False, False), (1, True, False), (2, True, True)])
def test_every_signature_tried_counts_once(checks: int, direct: bool, below: bool) -> None:  # noqa: FBT001
    """One for the signer's certificate under an anchor, two where an intermediate stands between."""
    policy = Policy(limits=Limits(signature_checks=checks))
    for result, is_found in (
        (path(signer(), policy=policy), direct),
        (path(BELOW, intermediate(), trust=OPEN_CA, policy=policy), below),
    ):
        assert reasons(result.findings) == ([] if is_found else [Reason.LIMIT_EXCEEDED])


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
        ("POSTA-certificata@" + DOMAINS["a"], False),
        ("gestore-a.example", False),
        ("altri@" + DOMAINS["a"], False),
        (DOMAINS["b"], False),
        ("", True),
    ],
)
def test_mailbox_constraints(constraint: str, permitted: bool) -> None:  # noqa: FBT001
    assert constrained(permitted_emails=(constraint,)) == ([] if permitted else REFUSED)
    assert constrained(excluded_emails=(constraint,)) == (REFUSED if permitted else [])


def test_an_address_is_split_at_its_last_at() -> None:
    for constraint, is_allowed in (
        ("b.example", True),
        ('"x@y"@b.example', True),
        ("y", False),
        ('"x@b.example', False),
    ):
        assert _email_matches('"x@y"@b.example', constraint) == is_allowed


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


def test_which_name_is_forbidden() -> None:
    names = [
        x509.GeneralName("rfc822_name", ADDRESS),
        x509.GeneralName("dns_name", "a.b.example"),
        x509.GeneralName("uniform_resource_identifier", "http://a.b.example"),
        x509.GeneralName("ip_address", "192.0.2.1"),
        x509.GeneralName("registered_id", "1.2.3"),
    ]
    subject = signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    for constraints, name in (
        (NameConstraints(excluded_emails=(ADDRESS,)), ADDRESS),
        (NameConstraints(excluded_dns=("b.example",)), "a.b.example"),
        (NameConstraints(excluded_uris=("a.b.example",)), "http://a.b.example"),
        (NameConstraints(excluded_names=(subject.subject_name[:1],)), subject.facts.subject),
        (NameConstraints(other_kinds=frozenset({"ip"})), "subjectAltName of kind ip"),
        (NameConstraints(other_kinds=frozenset({"other"})), "subjectAltName of kind other"),
        (NameConstraints(other_kinds=frozenset({"ip", "other"})), "subjectAltName of kind ip"),
        (NameConstraints(), None),
    ):
        assert _forbidden_name(constraints, subject) == name


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


def test_the_newest_edition_says_why_not() -> None:
    """Of those in force: an older one might have another reason."""
    anchor = TEST_CA.anchors[0]
    old = anchor.editions[0]
    forbidding = replace(old, name_constraints=NameConstraints(permitted_emails=("x.example",)))
    other = replace(old, name_constraints=NameConstraints(excluded_names=(signer().subject_name[:1],)))
    over = replace(old, facts=replace(old.facts, not_after=INSIDE - SECOND))
    for editions, actual in (
        ((forbidding, other), signer().facts.subject),
        ((other, forbidding), ADDRESS),
        ((over, other, forbidding), ADDRESS),
    ):
        result = path(signer(), trust=TrustStore((replace(anchor, editions=editions),)))
        assert [(finding.reason, finding.actual) for finding in result.findings] == [
            (Reason.NAME_CONSTRAINTS_VIOLATED, actual)
        ]


def test_one_reason_is_enough() -> None:
    """Of several paths that are refused, the first says why."""
    anchor = TEST_CA.anchors[0]
    forbidding = replace(anchor.editions[0], name_constraints=NameConstraints(permitted_emails=("x.example",)))
    refusing = replace(anchor, editions=(forbidding,))
    result = path(signer(), trust=TrustStore((refusing, replace(refusing, name="Another"))))
    assert reasons(result.findings) == REFUSED


def test_the_strongest_recognition_wins() -> None:
    anchor = TEST_CA.anchors[0]
    built_in = replace(anchor, recognition=Recognition.AGID_CA, certificate=None, name="Built-in")
    for anchors in ((anchor, built_in), (built_in, anchor)):
        result = path(signer(), trust=TrustStore(anchors))
        assert result.recognition is Recognition.AGID_CA
