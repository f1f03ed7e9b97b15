"""Certificates as values: what is read, and what is refused."""

from __future__ import annotations

import base64
import warnings

import pytest
from asn1crypto import x509
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from fixtures.catalogue import pem
from pecverify import Reason, TrustListError
from pecverify._certificate import (
    MAXIMUM_CERTIFICATE_BYTES,
    CertificateError,
    NameConstraints,
    load_certificates,
    parse_certificate,
    parse_readable,
)
from tests.pki import (
    DOMAINS,
    NOT_AFTER,
    NOT_BEFORE,
    Extension,
    authority,
    der,
    key,
    key_id,
    make_signer,
    provider,
    signature_algorithm,
    spki,
)
from tests.pki import certificate as certificate_of

SIGNER = provider("a").certificate


def refusal(encoded: bytes) -> Reason:
    with pytest.raises(CertificateError) as caught:
        parse_certificate(encoded)
    assert str(caught.value)
    return caught.value.reason


def with_names(*names: x509.GeneralName) -> bytes:
    return make_signer(replace={"subject_alt_name": ("subject_alt_name", False, list(names))}).certificate


def test_a_provider_certificate() -> None:
    certificate = parse_certificate(SIGNER)
    assert certificate.facts.subject.startswith("CN=Posta Certificata Gestore A S.p.A.,O=Gestore A S.p.A.")
    assert certificate.facts.issuer is not None
    assert certificate.facts.issuer.startswith("CN=Test PEC CA1")
    assert certificate.facts.serial_number == f"{100 + ord('a'):x}"
    assert (certificate.not_before, certificate.not_after) == (NOT_BEFORE, NOT_AFTER)
    assert certificate.addresses == (f"posta-certificata@{DOMAINS['a']}",)
    assert certificate.key_usage == frozenset({"digital_signature"})
    assert certificate.key_usage_is_critical
    assert certificate.extended_key_usage == frozenset({"1.3.6.1.5.5.7.3.4"})
    assert certificate.basic_constraints is None
    assert certificate.name_constraints is None
    assert certificate.subject_key_identifier == key_id(spki(key("provider-a")))
    assert certificate.authority_key_identifier == key_id(spki(key("ca")))
    assert certificate.unknown_critical_extensions == ()
    assert (certificate.organization, certificate.common_name) == (
        "Gestore A S.p.A.",
        "Posta Certificata Gestore A S.p.A.",
    )


def test_an_authority() -> None:
    certificate = parse_certificate(authority())
    assert certificate.basic_constraints is not None
    assert (certificate.basic_constraints.is_ca, certificate.basic_constraints.path_length) == (True, 0)
    constraints = certificate.name_constraints
    assert constraints is not None
    assert constraints.permitted_emails == tuple(DOMAINS.values())
    assert constraints.permitted_dns is None
    assert constraints.permitted_names is not None
    assert len(constraints.permitted_names) == 3
    assert certificate.issuer_name == certificate.subject_name


def test_names_of_every_kind() -> None:
    certificate = parse_certificate(
        with_names(
            x509.GeneralName("rfc822_name", "a@b.example"),
            x509.GeneralName("dns_name", "b.example"),
            x509.GeneralName("ip_address", "192.0.2.1"),
            x509.GeneralName("uniform_resource_identifier", "https://b.example"),
            x509.GeneralName("directory_name", x509.Name.build({"common_name": "x"})),
            x509.GeneralName("registered_id", "1.2.3"),
        )
    )
    assert certificate.addresses == ("a@b.example",)
    assert certificate.dns_names == ("b.example",)
    assert certificate.uris == ("https://b.example",)
    assert certificate.directory_names == (((("2.5.4.3", "x"),),),)
    assert certificate.other_names == {"ip", "other"}


def test_constraints_of_every_kind() -> None:
    subtrees = [
        {"base": name}
        for name in (
            x509.GeneralName("dns_name", "b.example"),
            x509.GeneralName("uniform_resource_identifier", ".b.example"),
            x509.GeneralName("ip_address", "192.0.2.0/24"),
        )
    ]
    extension: Extension = ("name_constraints", True, {"excluded_subtrees": subtrees})
    constraints = parse_certificate(make_signer(replace={"nc": extension}).certificate).name_constraints
    assert constraints is not None
    assert constraints.excluded_dns == ("b.example",)
    assert constraints.permitted_emails is None
    assert constraints.excluded_uris == (".b.example",)
    assert constraints.permitted_uris is None
    assert constraints.other_kinds == {"ip"}


@pytest.mark.parametrize("side", ["permitted", "excluded"])
def test_both_sides_of_constraints(side: str) -> None:
    name = x509.Name.build({"common_name": "x"})
    values = {
        "emails": ("rfc822_name", "b.example"),
        "dns": ("dns_name", "c.example"),
        "uris": ("uniform_resource_identifier", ".d.example"),
        "names": ("directory_name", name),
    }
    subtrees = [{"base": x509.GeneralName(*value)} for value in values.values()]
    extension: Extension = ("name_constraints", True, {f"{side}_subtrees": subtrees})
    constraints = parse_certificate(make_signer(replace={"nc": extension}).certificate).name_constraints
    assert constraints == NameConstraints(
        **{
            f"{side}_emails": ("b.example",),
            f"{side}_dns": ("c.example",),
            f"{side}_uris": (".d.example",),
            f"{side}_names": (((("2.5.4.3", "x"),),),),
        }  # type: ignore[arg-type]
    )


def test_without_extensions_to_speak_of() -> None:
    nothing = dict.fromkeys(
        ["key_identifier", "authority_key_identifier", "key_usage", "extended_key_usage", "subject_alt_name"]
    )
    certificate = parse_certificate(make_signer(replace=nothing).certificate)
    assert certificate.subject_key_identifier is None
    assert certificate.authority_key_identifier is None
    assert certificate.key_usage is None
    assert not certificate.key_usage_is_critical
    assert certificate.extended_key_usage is None
    assert certificate.addresses == ()


def test_a_negative_serial_number_is_shown_as_such_and_warns_nobody() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert parse_certificate(make_signer(serial=-5).certificate).facts.serial_number == "-5"


def test_size_is_bounded() -> None:
    assert refusal(bytes(MAXIMUM_CERTIFICATE_BYTES + 1)) is Reason.CERTIFICATE_MALFORMED


def test_the_longest_certificate() -> None:
    def padded(size: int) -> bytes:
        return make_signer(replace={"big": ("1.3.6.1.4.1.99999.2", False, der(0x04, bytes(size)))}).certificate

    longest = padded(20_000 + MAXIMUM_CERTIFICATE_BYTES - len(padded(20_000)))
    assert len(longest) == MAXIMUM_CERTIFICATE_BYTES
    assert parse_certificate(longest).der == longest


def test_a_certificate_without_any_extension() -> None:
    """Version 3 does not ask for one; what is missed in it is for others to say."""

    def without(to_be_signed: bytes) -> bytes:
        assert to_be_signed.endswith(b"\xa3\x02\x30\x00")
        return der(0x30, to_be_signed[4:-4])

    name = {"common_name": "x"}
    bare = certificate_of(name, spki(key("provider-a")), name, key("ca"), [], serial=1, edit=without)
    parsed = parse_certificate(bare)
    assert (parsed.key_usage, parsed.addresses, parsed.unknown_critical_extensions) == (None, (), ())


def edited(old: bytes, new: bytes) -> bytes:
    def edit(to_be_signed: bytes) -> bytes:
        assert old in to_be_signed
        content = to_be_signed[4:].replace(old, new, 1)
        return der(0x30, content)

    return make_signer(edit=edit).certificate


NOT_VERSION_3 = "not an X.509 version 3 certificate"


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (b"", "element cut off at offset 0"),
        (b"\x30\x00", "not a Certificate"),
        (SIGNER[:-1], "element at offset 0 ends outside its parent"),
        (SIGNER + b"\x00", f"trailing bytes at offset {len(SIGNER)}"),
        (der(0x30, der(0x30), der(0x30), der(0x03, b"\x00")), NOT_VERSION_3),
        (der(0x30, der(0x30), der(0x31), der(0x03, b"\x00")), "not a Certificate"),
        (edited(b"\xa0\x03\x02\x01\x02", b""), NOT_VERSION_3),
        (edited(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01"), NOT_VERSION_3),
        (make_signer(inner_digest="sha1").certificate, "inner and outer signature algorithm differ"),
        (make_signer(duplicate_extension=True).certificate, "malformed certificate"),
        (edited(b"\x17\x0d230110090000Z", b"\x17\x0d231310090000Z"), "malformed certificate"),
        (edited(b"\x06\x03\x55\x1d\x0f", b"\x06\x03\x55\x1d\x13"), "malformed certificate"),
        (bytes(32_001), "certificate of 32001 bytes"),
    ],
)
def test_malformed_certificates(encoded: bytes, why: str) -> None:
    with pytest.raises(CertificateError) as caught:
        parse_certificate(encoded)
    assert (caught.value.reason, str(caught.value)) == (Reason.CERTIFICATE_MALFORMED, why)


def test_an_address_that_is_not_ascii_has_its_own_reason() -> None:
    encoded = edited(b"posta-certificata@", b"post\xe0-certificata@")
    with pytest.raises(CertificateError) as caught:
        parse_certificate(encoded)
    assert caught.value.reason is Reason.CERTIFICATE_ADDRESS_INVALID
    assert str(caught.value) == r"'post\xe0-certificata@pec.gestore-a.example'"


def test_a_key_that_is_not_accepted_has_its_own_reason() -> None:
    public = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key()
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat  # noqa: PLC0415

    encoded = edited(spki(key("provider-a")), public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
    with pytest.raises(CertificateError) as caught:
        parse_certificate(encoded)
    assert caught.value.reason is Reason.ALGORITHM_REFUSED
    assert str(caught.value) == "public key: key of a kind that is not accepted"


def test_pem_with_several_and_der() -> None:
    text = "un commento\n" + pem(SIGNER) + "\n" + pem(authority())
    assert [certificate.der for certificate in load_certificates(text.encode())] == [SIGNER, authority()]
    assert [certificate.der for certificate in load_certificates(SIGNER)] == [SIGNER]
    x509_pem = pem(SIGNER).replace("CERTIFICATE", "X509 CERTIFICATE").encode()
    assert [certificate.der for certificate in load_certificates(x509_pem)] == [SIGNER]


def test_der_that_contains_the_words_of_pem() -> None:
    words: Extension = ("1.3.6.1.4.1.99999.3", False, der(0x04, b"-----BEGIN CERTIFICATE-----"))
    encoded = make_signer(replace={"words": words}).certificate
    assert [certificate.der for certificate in load_certificates(encoded)] == [encoded]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "element cut off at offset 0"),
        (b"rubbish", "element at offset 0 ends outside its parent"),
        (pem(SIGNER).replace("-----END CERTIFICATE-----", "").encode(), "unfinished PEM block"),
        (b"-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n", None),
        (pem(SIGNER).replace("\nMII", "\n-MII").encode(), None),
        (
            b"-----BEGIN CERTIFICATE-----\n" + base64.b64encode(b"x") + b"\n-----END CERTIFICATE-----\n",
            "element cut off at offset 0",
        ),
    ],
)
def test_what_cannot_be_loaded(data: bytes, why: str | None) -> None:
    with pytest.raises(TrustListError) as caught:
        load_certificates(data)
    said = str(caught.value)
    assert said.startswith("not a certificate in PEM or DER: ")
    assert why is None or said == f"not a certificate in PEM or DER: {why}"


def test_a_pem_block_ends_at_its_first_end() -> None:
    text = pem(SIGNER) + "\n-----END CERTIFICATE-----\n"
    assert [certificate.der for certificate in load_certificates(text.encode())] == [SIGNER]


def test_text_is_the_callers_mistake() -> None:
    with pytest.raises(TypeError, match="certificates are given as bytes, not str: open the file in binary mode"):
        load_certificates(pem(SIGNER))  # type: ignore[arg-type]


@given(st.integers(0, len(SIGNER) - 1), st.integers(0, 255))
def test_one_byte_replaced(position: int, value: int) -> None:
    try:
        certificate = parse_certificate(SIGNER[:position] + bytes([value]) + SIGNER[position + 1 :])
    except CertificateError:
        return
    assert certificate.signature_algorithm == signature_algorithm(key("ca"), "sha256")


def test_distribution_points() -> None:
    uri = x509.GeneralName("uniform_resource_identifier", "http://crl.example/1")
    issuer = x509.Name.build({"country_name": "IT", "common_name": "CRL"})
    name = x509.GeneralName("directory_name", issuer)
    relative = x509.RelativeDistinguishedName(
        [{"type": "organizational_unit_name", "value": x509.DirectoryString("utf8_string", "Uno")}]
    )
    points = [
        {"distribution_point": x509.DistributionPointName("full_name", [uri, name])},
        {
            "distribution_point": x509.DistributionPointName("name_relative_to_crl_issuer", relative),
            "reasons": {"key_compromise", "superseded"},
        },
        {
            "distribution_point": x509.DistributionPointName("name_relative_to_crl_issuer", relative),
            "crl_issuer": [uri, name],
        },
        {"crl_issuer": [name]},
    ]
    extension: Extension = ("crl_distribution_points", False, points)
    full, ours, theirs, nameless = parse_certificate(
        make_signer(replace={"crl": extension}).certificate
    ).crl_distribution_points
    prepared = ((("2.5.4.6", "it"),), (("2.5.4.3", "crl"),))
    unit = (("2.5.4.11", "uno"),)
    assert full.names == {("UniformResourceIdentifier", "http://crl.example/1"), ("DirectoryName", prepared)}
    assert (full.reasons, full.crl_issuers) == (None, ())
    assert ours.names == {("DirectoryName", (*parse_certificate(authority()).subject_name, unit))}
    assert ours.reasons == frozenset({"key_compromise", "superseded"})
    assert theirs.names == {("DirectoryName", (*prepared, unit))}
    assert theirs.crl_issuers == (prepared,)
    assert (nameless.names, nameless.crl_issuers) == (frozenset(), (prepared,))


def test_bug_the_signature_is_whole_octets() -> None:
    """Its count of unused bits is signed by nobody: it changed the fingerprint, and nothing noticed."""
    place = len(SIGNER) - 257
    assert SIGNER[place - 4 : place + 1] == b"\x03\x82\x01\x01\x00"
    changed = SIGNER[:place] + b"\x01" + SIGNER[place + 1 :]
    with pytest.raises(CertificateError, match=r"\Aa signature that is not whole octets\Z"):
        parse_certificate(changed)
    # Certificates that sign Italy's list have it. They are named by their bytes: nothing rests on their signature.
    (pinned,) = load_certificates(changed)
    assert pinned.der == changed
    assert [certificate.der for certificate in parse_readable([changed, b"", SIGNER])] == [SIGNER]
    assert [certificate.der for certificate in parse_readable([changed, SIGNER], is_pinned=True)] == [changed, SIGNER]
