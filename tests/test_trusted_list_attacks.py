"""Attacks on a signed list: wrapping, other keys, other algorithms, other transforms, changed bytes."""

from __future__ import annotations

import base64
import functools
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from fixtures.catalogue import pem
from fixtures.catalogue.list_attacks import (
    DOCTYPES,
    EVIL,
    EVIL_PROVIDERS,
    GENUINE,
    GENUINE_LIST,
    OF_NOTHING,
    SIGNATURE,
    STEP_CANONICAL,
    STEP_ENVELOPED,
    TRANSFORMS,
    TWO_SIGNATURES,
    WRAPPINGS,
    in_object,
    key_value,
    root_of,
    signed_with_hmac,
    with_doctype,
)
from pecverify import TrustListError, TrustStore
from pecverify.trust import TrustedList
from tests.lists import (
    DS,
    ENVELOPED,
    EXCLUSIVE,
    LISTED,
    TSL,
    XADES,
    Service,
    Signing,
    canonical,
    list_signer,
    make_list,
    reference,
    sign_list,
    signature_of,
)
from tests.pki import key, provider, spki

PINNED = [list_signer()]


def accepted(data: bytes) -> TrustedList | None:
    """What is read, if anything is."""
    try:
        return TrustStore.from_trusted_list(data, signers=PINNED).trusted_list
    except TrustListError:
        return None


def statuses(trusted_list: TrustedList | None) -> list[str]:
    services = () if trusted_list is None else trusted_list.services
    return [period.status for service in services for period in service.periods]


def refused(data: bytes, why: str | None = None) -> None:
    with pytest.raises(TrustListError, match=why):
        TrustStore.from_trusted_list(data, signers=PINNED)


# --- controls


@pytest.mark.parametrize(
    "signing",
    [
        Signing(),
        Signing(digest="sha384"),
        Signing(digest="sha512"),
        Signing(scheme="pss"),
        Signing(scheme="pss", digest="sha512"),
        Signing(scheme="ecdsa", key_name="ec-p256"),
        Signing(scheme="ecdsa", key_name="ec-p521", digest="sha512"),
        Signing(reference_digest="sha512"),
        Signing(
            transforms=f'<ds:Transform Algorithm="{ENVELOPED}"/><ds:Transform Algorithm="{EXCLUSIVE}"></ds:Transform>'
        ),
    ],
)
@pytest.mark.parametrize("version", [5, 6])
def test_what_is_accepted(signing: Signing, version: int) -> None:
    data = sign_list(make_list(Service(), version=version), signing)
    trusted_list = TrustedList.parse(data, signers=[list_signer("stranger"), list_signer(signing.key_name)])
    assert trusted_list.facts.version == version
    assert statuses(trusted_list) == ["granted"]


def test_line_breaks_in_key_info_as_some_signers_write_them() -> None:
    broken = Signing(key_info=lambda info: re.sub(r"([A-Za-z0-9+/]{76})", "\\1&#13;\n", info))
    assert statuses(accepted(sign_list(GENUINE_LIST, broken))) == ["withdrawn"]


def test_comments_outside_values_are_not_signed_and_not_read() -> None:
    data = GENUINE.replace(b"<SchemeInformation>", b"<!-- granted --><SchemeInformation>")
    assert statuses(accepted(data)) == ["withdrawn"]


def test_a_comment_in_a_value_is_excised_not_joined_to_something_else() -> None:
    """The signature holds without the comment; what is read is what was signed (CVE-2017-11427)."""
    data = GENUINE.replace(b"Svcstatus/withdrawn", b"Svcstatus/with<!-- -->drawn")
    assert statuses(accepted(data)) == ["withdrawn"]


# --- t083: signature wrapping, written for a trusted list


@pytest.mark.parametrize("name", WRAPPINGS)
def test_t083_wrapping(name: str) -> None:
    assert canonical(WRAPPINGS[name])  # well-formed: it is not that which is refused
    refused(WRAPPINGS[name])


def test_t083_what_is_in_an_object_is_not_signed_and_not_read() -> None:
    """The genuine signature holds whatever unsigned objects it carries: none of it may show."""
    data = GENUINE.replace(SIGNATURE, in_object(SIGNATURE, EVIL_PROVIDERS))
    assert statuses(accepted(data)) == ["withdrawn"]


@pytest.mark.parametrize("name", TWO_SIGNATURES)
def test_t083_two_signatures(name: str) -> None:
    refused(TWO_SIGNATURES[name], "second signature" if name == "inside-what-is-signed" else None)


def test_t083_a_strangers_signature_after_the_signers() -> None:
    other = signature_of(canonical(GENUINE_LIST), Signing(key_name="stranger", certificate=list_signer("stranger")))
    refused(GENUINE.replace(SIGNATURE, SIGNATURE + other))


def test_t089_one_id_on_properties_and_something_else() -> None:
    refused(GENUINE.replace(b"<SchemeInformation>", b'<SchemeInformation Id="properties">'))
    copied = in_object(SIGNATURE, b'<x Id="properties"/>')
    refused(GENUINE.replace(SIGNATURE, copied))


# --- shapes that make libraries slow: effort that grows with the square of what costs an attacker nothing

MANY = 2_000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (
            GENUINE.replace(
                b"<ds:SignedInfo ", b"<ds:SignedInfo " + b"".join(b'xmlns:n%d="u" ' % n for n in range(MANY))
            ),
            "more than 100 namespaces",
        ),
        (
            GENUINE.replace(b'Id="TSL"', b'Id="TSL" ' + b"".join(b'a%d="" ' % n for n in range(MANY))),
            "an element with more than 20 attributes",
        ),
        (GENUINE.replace(SIGNATURE, in_object(SIGNATURE, b"<x/>" * MANY)), "more than 200 elements within"),
        (GENUINE.replace(SIGNATURE, SIGNATURE * 3), "3 elements"),
        (GENUINE.replace(b"<SchemeInformation>", b"<SchemeInformation>" + b"<x/>" * 500_000), "more than 500000 tags"),
    ],
    ids=["namespaces", "attributes", "objects", "signatures", "elements"],
)
def test_shapes_that_take_long(data: bytes, why: str) -> None:
    refused(data, why)


def test_the_bounds_are_inclusive() -> None:
    attributes = b"".join(b'a%d="" ' % number for number in range(18))  # and the two that the root has
    assert statuses(accepted(sign_list(GENUINE_LIST.replace(b'Id="TSL"', b'Id="TSL" ' + attributes)))) == ["withdrawn"]
    inside = 200 - SIGNATURE.count(b"</") - SIGNATURE.count(b"/>")
    padded = in_object(SIGNATURE, b"<x/>" * (inside - 1))
    assert statuses(accepted(GENUINE.replace(SIGNATURE, padded))) == ["withdrawn"]
    refused(GENUINE.replace(SIGNATURE, in_object(SIGNATURE, b"<x/>" * inside)), "more than 200 elements")


# --- t084: keys that nobody pinned


def test_t084_a_key_in_key_info_alone() -> None:
    attacker = Signing(key_name="stranger")
    refused(sign_list(EVIL, attacker), "not signed by a pinned certificate")
    # The pinned certificate is named, and the attacker's key signs.
    refused(sign_list(EVIL, Signing(key_name="stranger", certificate=PINNED[0])), "does not verify")
    both = base64.b64encode(PINNED[0]).decode()
    beside = f"<ds:X509Certificate>{both}</ds:X509Certificate><ds:X509Certificate>"
    named = replace(attacker, key_info=lambda info: info.replace("<ds:X509Certificate>", beside, 1))
    refused(sign_list(EVIL, named), "does not verify")


def test_signers_in_one_file_and_of_one_key() -> None:
    both = (pem(list_signer("stranger")) + pem(list_signer())).encode()
    assert TrustedList.parse(GENUINE, signers=[both]).facts.signer is not None
    expired = list_signer(serial=71, not_after=datetime(2023, 6, 1, tzinfo=UTC))
    # XAdES binds the signature to one certificate, not to its key.
    for signers in ([expired], [list_signer("stranger"), expired]):
        with pytest.raises(TrustListError):
            TrustedList.parse(GENUINE, signers=signers)
    beside = f"<ds:X509Certificate>{base64.b64encode(expired).decode()}</ds:X509Certificate><ds:X509Certificate>"
    data = sign_list(GENUINE_LIST, Signing(key_info=lambda info: info.replace("<ds:X509Certificate>", beside, 1)))
    with pytest.raises(TrustListError):
        TrustedList.parse(data, signers=[expired])


def test_a_list_printed_for_people() -> None:
    pretty = re.sub(rb"><", b">\n    <", GENUINE_LIST)
    assert statuses(accepted(sign_list(pretty))) == ["withdrawn"]


def test_a_pinned_certificate_beside_the_signers() -> None:
    """As a chain might stand in KeyInfo: the one whose key verifies counts, whichever comes first."""
    other = base64.b64encode(list_signer("stranger")).decode()
    beside = f"<ds:X509Certificate>{other}</ds:X509Certificate><ds:X509Certificate>"
    data = sign_list(GENUINE_LIST, Signing(key_info=lambda info: info.replace("<ds:X509Certificate>", beside, 1)))
    for signers in ([list_signer(), list_signer("stranger")], [list_signer("stranger"), list_signer()]):
        assert TrustedList.parse(data, signers=signers).facts.signer is not None
    with pytest.raises(TrustListError, match="does not verify"):
        TrustedList.parse(data, signers=[list_signer("stranger")])


def test_t084_a_key_value() -> None:
    alone = Signing(key_name="stranger", key_info=lambda _: f"<ds:KeyInfo>{key_value('stranger')}</ds:KeyInfo>")
    refused(sign_list(EVIL, alone), "not signed by a pinned certificate")
    beside = Signing(
        key_name="stranger",
        certificate=PINNED[0],
        key_info=lambda info: info.replace("</ds:KeyInfo>", f"{key_value('stranger')}</ds:KeyInfo>"),
    )
    refused(sign_list(EVIL, beside))


def test_t084_no_key_info() -> None:
    refused(sign_list(GENUINE_LIST, Signing(key_info=lambda _: "")), "not signed by a pinned certificate")


def test_t028_another_certificate_with_the_pinned_ones_names_and_serial() -> None:
    impostor = list_signer("stranger")
    assert impostor != PINNED[0]
    refused(sign_list(EVIL, Signing(key_name="stranger", certificate=impostor)), "not signed by a pinned")


@pytest.mark.parametrize("signers", [[LISTED], [list_signer("stranger")]])
def test_pinned_and_wrong(signers: list[bytes]) -> None:
    with pytest.raises(TrustListError, match="not signed by a pinned certificate"):
        TrustStore.from_trusted_list(GENUINE, signers=signers)


def test_nothing_pinned() -> None:
    with pytest.raises(TrustListError, match="no signer given"):
        TrustStore.from_trusted_list(GENUINE, signers=[])
    with pytest.raises(TypeError):
        TrustStore.from_trusted_list(GENUINE, signers=PINNED[0])  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        TrustStore.from_trusted_list(GENUINE, signers="x.pem")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("signed_at", "why"),
    [
        ("2022-12-31T23:59:59Z", "outside its signer's validity"),
        ("2028-01-01T00:00:01Z", "outside its signer's validity"),
        ("2024-03-01T13:00:00", "no time zone"),
        ("yesterday", "not a valid value"),
        ("", "not a valid value"),
    ],
)
def test_the_signers_validity(signed_at: str, why: str) -> None:
    refused(sign_list(GENUINE_LIST, Signing(signed_at=signed_at)), why)


# --- t085, t086: algorithms and transforms


@pytest.mark.parametrize("secret", [PINNED[0], spki(key("other-ca")), base64.b64encode(PINNED[0]), b""])
@pytest.mark.parametrize("length", ["", "<ds:HMACOutputLength>0</ds:HMACOutputLength>"])
def test_t085_hmac_with_what_is_public(secret: bytes, length: str) -> None:
    refused(signed_with_hmac(secret, length))


@pytest.mark.parametrize(
    "signing",
    [
        Signing(digest="sha1", method="http://www.w3.org/2000/09/xmldsig#rsa-sha1"),
        Signing(reference_digest="sha1"),
        Signing(method="http://www.w3.org/2001/04/xmldsig-more#rsa-md5"),
        Signing(method="http://www.w3.org/2001/04/xmldsig-more#rsa-sha224"),
        Signing(method="http://example.example/none"),
    ],
)
def test_algorithms_refused(signing: Signing) -> None:
    refused(sign_list(GENUINE_LIST, signing))


@pytest.mark.parametrize("name", TRANSFORMS)
def test_t086_transforms(name: str) -> None:
    """Signed by the pinned key: the signer itself must not be able to mean something else than the whole list."""
    refused(sign_list(GENUINE_LIST, Signing(transforms=TRANSFORMS[name])))


def test_t086_references() -> None:
    third = reference("", canonical(GENUINE_LIST), "sha256", STEP_ENVELOPED + STEP_CANONICAL)
    changes: list[Callable[[list[str]], list[str]]] = [
        lambda references: [*references, third],
        lambda references: references[:1],
        lambda references: references[1:],
        lambda references: references[::-1],
        lambda _: [],
        lambda references: [references[0], references[0]],
        lambda references: [references[0], references[1].replace("01903#SignedProperties", "x")],
        lambda references: [references[0].replace(' URI=""', ""), references[1]],
    ]
    for uri in ("file:///etc/hostname", "http://127.0.0.1:9/x", "x.xml"):
        elsewhere = reference(uri, b"x", "sha256", "")
        changes.append(functools.partial(add, elsewhere))
        changes.append(functools.partial(put_first, elsewhere))
    for change in changes:
        refused(sign_list(GENUINE_LIST, Signing(references=change)))


def add(reference_: str, references: list[str]) -> list[str]:
    return [*references, reference_]


def put_first(reference_: str, references: list[str]) -> list[str]:
    return [reference_, references[1]]


def test_t087_empty_digests_and_values() -> None:
    refused(re.sub(rb"<ds:DigestValue>[^<]*<", b"<ds:DigestValue><", GENUINE, count=1))
    refused(re.sub(rb"<ds:SignatureValue>[^<]*<", b"<ds:SignatureValue><", GENUINE))
    empty = Signing(value=lambda _: b"")
    refused(sign_list(GENUINE_LIST, empty))
    refused(sign_list(EVIL, Signing(references=lambda references: [OF_NOTHING, references[1]])))


# --- the document


@pytest.mark.parametrize("name", DOCTYPES)
def test_a_doctype(name: str) -> None:
    refused(with_doctype(DOCTYPES[name]), "DOCTYPE")
    with pytest.raises(TrustListError):
        TrustStore.from_trusted_list_unsafe(EVIL.replace(b"<TrustService", DOCTYPES[name] + b"<TrustService", 1))


def test_other_documents() -> None:
    for data in (
        b"",
        b"<",
        b"\x00" * 100,
        b"rubbish" * 100,
        GENUINE[:-10],
        GENUINE + root_of(EVIL),
        GENUINE + b"x",
        root_of(EVIL) + GENUINE,
        GENUINE_LIST,
        GENUINE.decode().replace("UTF-8", "UTF-16").encode("utf-16"),
        GENUINE.decode().replace("UTF-8", "UTF-16").encode("utf-16-le"),
        GENUINE.replace(b"UTF-8", b"UTF-7"),
        SIGNATURE,
        b"<x/>",
        GENUINE.replace(TSL.encode(), b"http://example.example/other"),
        GENUINE.replace(DS.encode(), b"http://example.example/other"),
        GENUINE.replace(XADES.encode(), b"http://example.example/other"),
    ):
        refused(data)


def test_another_root_that_is_signed_as_a_list_is() -> None:
    other = GENUINE_LIST.replace(b"TrustServiceStatusList", b"OtherList")
    signature = signature_of(canonical(other), Signing())
    refused(other.replace(b"</OtherList>", signature + b"</OtherList>"), "something else than the list")


@pytest.mark.parametrize("step", range(40))
def test_a_changed_byte(step: int) -> None:
    """All over the signed bytes: none can be changed."""
    places = [match.start() for match in re.finditer(rb"[a-z0-9](?=[a-z0-9])", GENUINE)]
    stop = GENUINE.index(b"<ds:SignatureValue>")
    signed = [place for place in places if GENUINE.index(b"<SchemeInformation>") < place < stop]
    place = signed[len(signed) * step // 40]
    changed = GENUINE[:place] + (b"q" if GENUINE[place] != ord("q") else b"w") + GENUINE[place + 1 :]
    refused(changed)


def test_the_reader_reports_what_the_library_said() -> None:
    refused(GENUINE.replace(b"withdrawn", b"granted"), "the list's signature does not verify: InvalidDigest")


def test_a_long_list() -> None:
    with pytest.raises(TrustListError, match="30000001 bytes"):
        TrustStore.from_trusted_list(bytes(30_000_001), signers=PINNED)


def test_with_the_pinned_key_the_attacker_would_have_it_all() -> None:
    """The control of the whole file: with the evil list signed by the pinned key everything would be granted."""
    assert statuses(accepted(sign_list(EVIL))) == ["granted"]
    assert provider("a").certificate == LISTED
