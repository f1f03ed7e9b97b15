"""SignedData to the signer's view: what providers send, and each thing that can be wrong."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pecverify import Limits, Reason
from pecverify._certificate import parse_certificate
from pecverify._cms import CmsError, identifies, parse_signed_data
from tests.messages import ISSUED_AT
from tests.pki import (
    ID_SIGNED_DATA,
    NULL,
    SIGNING_CERTIFICATE,
    SIGNING_CERTIFICATE_V2,
    Cms,
    attribute,
    der,
    digest_algorithm,
    key_id,
    make_signer,
    oid,
    provider,
    sign,
    spki,
)

LIMITS = Limits()
SIGNER = provider("a")
CONTENT = b"Content-Type: text/plain\r\n\r\nx\r\n"
SIGNED = sign(CONTENT, SIGNER, ISSUED_AT, Cms())


def refusal(encoded: bytes, limits: Limits = LIMITS) -> Reason:
    with pytest.raises(CmsError) as caught:
        parse_signed_data(encoded, limits)
    assert caught.value.actual
    return caught.value.reason


def built(**options: object) -> bytes:
    return sign(CONTENT, SIGNER, ISSUED_AT, Cms(**options))  # type: ignore[arg-type]


def content_info(*fields: bytes) -> bytes:
    return der(0x30, oid(ID_SIGNED_DATA), der(0xA0, der(0x30, *fields)))


VERSION = der(0x02, b"\x01")
DIGESTS = der(0x31, digest_algorithm("sha256"))
ENCAPSULATED = der(0x30, oid("1.2.840.113549.1.7.1"))


def test_the_view() -> None:
    view = parse_signed_data(SIGNED, LIMITS)
    certificate = parse_certificate(SIGNER.certificate)
    assert view.digest == "sha256"
    assert view.message_digest == hashlib.sha256(CONTENT).digest()
    assert view.signing_time == ISSUED_AT
    assert view.certificates == (SIGNER.certificate, *SIGNER.embedded)
    assert view.signed_attributes[0] == 0x31
    assert view.attributes_in_order
    assert view.is_der
    assert view.content is None
    assert view.subject_key_identifier is None
    assert view.certificate_hashes == ()
    assert identifies(view, certificate)
    assert not identifies(view, parse_certificate(provider("b").certificate))


def test_key_identifier() -> None:
    view = parse_signed_data(built(by_key_identifier=True), LIMITS)
    assert view.subject_key_identifier == key_id(spki(SIGNER.private))
    assert (view.issuer, view.serial) == (None, None)
    assert identifies(view, parse_certificate(SIGNER.certificate))
    assert not identifies(view, parse_certificate(provider("b").certificate))


def test_issuer_names_are_compared_without_case_and_string_type() -> None:
    certificate = parse_certificate(SIGNER.certificate)
    names = [
        der(0x31, der(0x30, oid("2.5.4.6"), der(0x13, b"IT"))),
        der(0x31, der(0x30, oid("2.5.4.10"), der(0x0C, b"AUTORITA'  di prova"))),
        der(0x31, der(0x30, oid("2.5.4.11"), der(0x0C, b"Solo per test"))),
        der(0x31, der(0x30, oid("2.5.4.3"), der(0x13, b"test pec ca1"))),
    ]
    assert identifies(parse_signed_data(built(issuer_name=der(0x30, *names)), LIMITS), certificate)
    assert not identifies(parse_signed_data(built(issuer_name=der(0x30, *names[:3])), LIMITS), certificate)
    broken = der(0x30, der(0x31, der(0x30, oid("2.5.4.6"))))
    assert not identifies(parse_signed_data(built(issuer_name=broken), LIMITS), certificate)
    not_der = der(0x30, der(0x31, der(0x30, oid("2.5.4.6"), b"\x13\x81\x02IT")))
    assert not identifies(parse_signed_data(built(issuer_name=not_der), LIMITS), certificate)


@pytest.mark.parametrize(
    ("encoded", "instant"),
    [
        (der(0x17, b"491231235959Z"), datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (der(0x17, b"500101000000Z"), datetime(1950, 1, 1, tzinfo=UTC)),
        (der(0x18, b"20500101000000Z"), datetime(2050, 1, 1, tzinfo=UTC)),
    ],
)
def test_signing_time(encoded: bytes, instant: datetime) -> None:
    assert parse_signed_data(built(signing_time=encoded), LIMITS).signing_time == instant


@pytest.mark.parametrize(
    "encoded",
    [
        der(0x17, b"2403150920Z"),
        der(0x17, b"240315092030"),
        der(0x17, b"240315092030+0100"),
        der(0x17, b"240231092030Z"),
        der(0x18, b"20240315092030.5Z"),
        der(0x0C, b"240315092030Z"),
        der(0x17, "٢٤٠٣١٥".encode()),
    ],
)
def test_malformed_signing_time(encoded: bytes) -> None:
    with pytest.raises(CmsError) as caught:
        parse_signed_data(built(signing_time=encoded), LIMITS)
    assert caught.value.args == (Reason.SIGNED_ATTRIBUTES_INVALID, "malformed signingTime")


WITHOUT_ONE_VALUE = "attribute without exactly one value at offset"


@pytest.mark.parametrize(
    ("attributes", "why"),
    [
        (lambda found: [found[0], der(0x30, oid("1.2.3"))], WITHOUT_ONE_VALUE),
        (lambda found: [found[0], der(0x30, oid("1.2.3"), der(0x31))], WITHOUT_ONE_VALUE),
        (lambda found: [found[0], der(0x31, oid("1.2.3"), der(0x31, NULL))], "tag 0x31 at offset"),
        (lambda found: [found[0], der(0x30, NULL, der(0x31, NULL))], "tag 0x05 at offset"),
        (lambda found: [found[0], der(0x30, oid("1.2.3"), der(0x30, NULL))], WITHOUT_ONE_VALUE),
        (
            lambda found: [found[0], attribute("1.2.840.113549.1.9.4", NULL)],
            "messageDigest is not an OCTET STRING",
        ),
        (lambda found: [*found, found[0]], "repeated attribute"),
        (lambda found: [*found, attribute("1.2.3", b"\x04\x81\x01x")], "length not in DER at offset"),
        (lambda found: found[1:], "no contentType attribute"),
        (lambda found: found[:1], "no messageDigest attribute"),
        (
            lambda found: sorted([*found, attribute(SIGNING_CERTIFICATE_V2, der(0x30))]),
            "malformed signing-certificate",
        ),
        (lambda found: sorted([*found, attribute(SIGNING_CERTIFICATE_V2, NULL)]), "malformed signing-certificate"),
        (lambda found: sorted([*found, attribute(SIGNING_CERTIFICATE, NULL)]), "malformed signing-certificate"),
    ],
)
def test_malformed_attributes(attributes: object, why: str) -> None:
    with pytest.raises(CmsError) as caught:
        parse_signed_data(built(attributes=attributes), LIMITS)
    assert caught.value.reason is Reason.SIGNED_ATTRIBUTES_INVALID
    said, offset, _ = caught.value.actual.partition(" offset")
    assert said + offset == why


def test_an_attribute_nested_too_deeply() -> None:
    deep = NULL
    for _ in range(40):
        deep = der(0x30, deep)
    assert refusal(built(attributes=lambda found: [*found, attribute("1.2.3", deep)])) is Reason.LIMIT_EXCEEDED


FIELDS = "fields of SignedData"


@pytest.mark.parametrize(
    ("encoded", "why"),
    [
        (b"", "element cut off at offset 0"),
        (b"\x30\x00", "not a ContentInfo"),
        (der(0x31, oid(ID_SIGNED_DATA)), "tag 0x31 at offset 0"),
        (der(0x30, oid(ID_SIGNED_DATA)), "not a ContentInfo"),
        (der(0x30, oid(ID_SIGNED_DATA), der(0xA1, NULL)), "not a ContentInfo"),
        (der(0x30, NULL, der(0xA0, der(0x30))), "tag 0x05 at offset 2"),
        (der(0x30, oid("1.2.840.113549.1.7.3"), der(0xA0, der(0x30))), "not SignedData"),
        (der(0x30, oid(ID_SIGNED_DATA), der(0xA0, NULL)), "not SignedData"),
        (der(0x30, oid(ID_SIGNED_DATA), der(0xA0, der(0x30), der(0x30))), "not SignedData"),
        (content_info(VERSION, DIGESTS, ENCAPSULATED), FIELDS),
        (content_info(VERSION, DIGESTS, ENCAPSULATED, der(0xA1), der(0xA0), der(0x31)), FIELDS),
        (content_info(VERSION, DIGESTS, ENCAPSULATED, der(0xA2), der(0x31)), FIELDS),
        (content_info(NULL, DIGESTS, ENCAPSULATED, der(0x31)), "tag 0x05 at offset 17"),
        (content_info(VERSION, der(0x30), ENCAPSULATED, der(0x31)), "tag 0x30 at offset 20"),
        (content_info(VERSION, DIGESTS, der(0x30), der(0x31)), "fields of EncapsulatedContentInfo"),
        (content_info(VERSION, DIGESTS, der(0x31), der(0x31)), "tag 0x31 at offset 37"),
        (content_info(VERSION, DIGESTS, der(0x30, NULL), der(0x31)), "tag 0x05 at offset 39"),
        (content_info(VERSION, DIGESTS, ENCAPSULATED, der(0x30)), "tag 0x30 at offset 50"),
        (content_info(VERSION, DIGESTS, ENCAPSULATED, der(0x31, NULL)), "tag 0x05 at offset 52"),
        (content_info(VERSION, DIGESTS, ENCAPSULATED, der(0x31, der(0x30))), "fields of SignerInfo"),
        (
            content_info(
                VERSION,
                DIGESTS,
                ENCAPSULATED,
                der(0x31, der(0x30, VERSION, der(0x80, b"x"), DIGESTS, der(0x31), NULL)),
            ),
            "fields of SignerInfo",
        ),
        (built(unsigned_attributes=der(0xA2)), "fields after the signature value"),
        (built(trailing=b"\x00"), f"trailing bytes at offset {len(SIGNED)}"),
    ],
)
def test_malformed_structures(encoded: bytes, why: str) -> None:
    with pytest.raises(CmsError) as caught:
        parse_signed_data(encoded, LIMITS)
    assert (caught.value.reason, caught.value.actual) == (Reason.CMS_MALFORMED, why)
    assert caught.value.args == (Reason.CMS_MALFORMED, why)


def test_crls_beside_the_certificates_are_passed_over() -> None:
    for crls in (der(0xA1), der(0xA1, NULL)):
        optional = (der(0xA0, SIGNER.certificate), crls)
        for fields in (optional, optional[:1], optional[1:], ()):
            encoded = content_info(VERSION, DIGESTS, ENCAPSULATED, *fields, der(0x31, signer_info()))
            expected = (SIGNER.certificate,) if optional[0] in fields else ()
            assert parse_signed_data(encoded, LIMITS).certificates == expected


@pytest.mark.parametrize(
    ("identifier", "why"),
    [
        (der(0x30, der(0x30)), "fields of IssuerAndSerialNumber"),
        (der(0x30, der(0x31), VERSION), "tag 0x31 at offset {inside}"),
        (der(0x30, der(0x30), NULL), "tag 0x05 at offset {second}"),
        (der(0x31, NULL), "tag 0x31 at offset {start}"),
    ],
)
def test_identifier_fields(identifier: bytes, why: str) -> None:
    encoded = content_info(VERSION, DIGESTS, ENCAPSULATED, der(0x31, signer_info(identifier)))
    start = encoded.rindex(identifier)
    with pytest.raises(CmsError) as caught:
        parse_signed_data(encoded, LIMITS)
    assert caught.value.reason is Reason.CMS_MALFORMED
    assert caught.value.actual == why.format(start=start, inside=start + 2, second=start + 4)


def signer_info(identifier: bytes = der(0x80, b"x")) -> bytes:
    return der(0x30, VERSION, identifier, digest_algorithm("sha256"), *tail())


def tail() -> tuple[bytes, ...]:
    attributes = der(
        0xA0,
        attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.7.1")),
        attribute("1.2.840.113549.1.9.4", der(0x04, bytes(32))),
    )
    return attributes, der(0x30, oid("1.2.840.113549.1.1.1"), NULL), der(0x04, b"x")


def test_digest_algorithms_with_parameters_are_refused() -> None:
    odd = der(0x30, oid("2.16.840.1.101.3.4.2.1"), der(0x30))
    info = der(0x30, VERSION, der(0x80, b"x"), odd, *tail())
    assert refusal(content_info(VERSION, der(0x31, odd), ENCAPSULATED, der(0x31, info))) is Reason.ALGORITHM_REFUSED


def test_absent_parameters_are_null() -> None:
    bare = der(0x30, oid("2.16.840.1.101.3.4.2.1"))
    info = der(0x30, VERSION, der(0x80, b"x"), bare, *tail())
    view = parse_signed_data(content_info(VERSION, DIGESTS, ENCAPSULATED, der(0x31, info)), LIMITS)
    assert view.digest == "sha256"
    assert view.certificates == ()


def test_other_certificate_choices_are_passed_over() -> None:
    view = parse_signed_data(built(certificates=lambda found: [der(0xA1, NULL), *found]), LIMITS)
    assert view.certificates == (SIGNER.certificate, *SIGNER.embedded)


@pytest.mark.parametrize("count", [15, 16, 17])
def test_certificates_are_counted(count: int) -> None:
    encoded = built(certificates=lambda found: [found[0]] * count)
    if count <= LIMITS.certificates:
        assert parse_signed_data(encoded, LIMITS).certificates == (SIGNER.certificate,)
    else:
        with pytest.raises(CmsError) as caught:
            parse_signed_data(encoded, LIMITS)
        assert caught.value.args == (Reason.LIMIT_EXCEEDED, "17 certificates")


@pytest.mark.parametrize("excess", [-1, 0, 1])
def test_size_is_bounded(excess: int) -> None:
    limits = Limits(cms_bytes=len(SIGNED) - excess)
    if excess > 0:
        with pytest.raises(CmsError) as caught:
            parse_signed_data(SIGNED, limits)
        assert caught.value.args == (Reason.LIMIT_EXCEEDED, f"signature of {len(SIGNED)} bytes")
    else:
        assert parse_signed_data(SIGNED, limits).is_der


def test_depth_is_bounded() -> None:
    encoded = built(ber=True)
    with pytest.raises(CmsError) as caught:
        parse_signed_data(encoded, Limits(asn1_depth=1))
    said, offset = caught.value.actual.rsplit(" ", 1)
    assert (caught.value.reason, said) == (Reason.LIMIT_EXCEEDED, "nested too deeply at offset")
    # ContentInfo and its OBJECT IDENTIFIER, the explicit tag, SignedData: the first level that is one too many.
    assert int(offset) == encoded.index(b"\x30\x80", 2)


def test_whether_it_is_der() -> None:
    assert parse_signed_data(built(), LIMITS).is_der is True
    assert parse_signed_data(built(ber=True), LIMITS).is_der is False


def test_signing_certificate_attributes() -> None:
    view = parse_signed_data(built(hashed={"sha1": bytes(20), "sha512": bytes(64)}), LIMITS)
    assert view.certificate_hashes == (("sha1", bytes(20)), ("sha512", bytes(64)))


def test_a_certificate_of_another_issuer_does_not_fit() -> None:
    other = make_signer(issuer={"country_name": "IT", "common_name": "Altra CA"}, issuer_key="stranger")
    assert not identifies(parse_signed_data(SIGNED, LIMITS), parse_certificate(other.certificate))


@given(st.integers(0, len(SIGNED) - 1), st.integers(0, 255))
def test_one_byte_replaced(position: int, value: int) -> None:
    try:
        parse_signed_data(SIGNED[:position] + bytes([value]) + SIGNED[position + 1 :], LIMITS)
    except CmsError:
        return


@given(st.binary(max_size=100))
def test_any_bytes(data: bytes) -> None:
    refusal(data)


@pytest.mark.parametrize(
    "content",
    [b"", der(0xA0), der(0xA0, der(0x0C, b"x")), der(0xA0, der(0x04, b"x"), der(0x04, b"y")), der(0x04, b"x")],
)
def test_content_that_is_no_octets(content: bytes) -> None:
    encapsulated = der(0x30, oid("1.2.840.113549.1.7.1"), content)
    with pytest.raises(CmsError) as caught:
        parse_signed_data(content_info(der(0x02, b"\x01"), der(0x31), encapsulated, der(0x31)), LIMITS, detached=False)
    assert caught.value.args == (Reason.CMS_MALFORMED, "no eContent")


def test_content_in_pieces() -> None:
    pieces = der(0xA0, der(0x24, der(0x04, b"one "), der(0x04, b"two")))
    whole = der(0xA0, der(0x04, b"one two"))
    for econtent in (pieces, whole):
        encapsulated = der(0x30, oid("1.2.840.113549.1.7.1"), econtent)
        encoded = content_info(VERSION, DIGESTS, encapsulated, der(0x31, signer_info()))
        assert parse_signed_data(encoded, LIMITS, detached=False).content == b"one two"
    encapsulated = der(0x30, oid("1.2.840.113549.1.7.1"), pieces)
    with pytest.raises(CmsError, match="0 SignerInfos"):
        parse_signed_data(content_info(der(0x02, b"\x01"), der(0x31), encapsulated, der(0x31)), LIMITS, detached=False)
    nested = der(0x30, oid("1.2.840.113549.1.7.1"), der(0xA0, der(0x24, der(0x24, der(0x04, b"x")))))
    with pytest.raises(CmsError, match="tag 0x24"):
        parse_signed_data(content_info(der(0x02, b"\x01"), der(0x31), nested, der(0x31)), LIMITS, detached=False)
