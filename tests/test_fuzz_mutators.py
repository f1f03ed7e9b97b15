"""The mutators of `fuzz/` and what signs their work again. They need no fuzzer."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from random import Random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given

from fixtures.catalogue.kinds import DELIVERY
from fuzz.mutators.der import mutate_der, read_tree
from fuzz.mutators.ldif import mutate_ldif
from fuzz.mutators.mime import mutate_message, read_entity
from fuzz.mutators.xml import mutate_xml
from fuzz.signing import content_of, sign_content_info, sign_message, sign_revocation_data
from pecverify import Reason, TrustStore, Verdict, verify_receipt
from pecverify._cms import CmsError, parse_signed_data
from pecverify.policy import Limits
from pecverify.trust import ProviderDirectory
from tests.crls import DUE, crl, ocsp_response
from tests.directories import directory_signer, ldif, signed
from tests.messages import SUBJECT, Message
from tests.pki import Cms, authority, base64_lines, key, provider, sign
from tests.strategies import entities

TRUST = TrustStore.from_certificates(authority())
SIGNATURE = sign(b"x\r\n", provider("a"), Message().issued_at, Cms())
Mutator = Callable[[bytes, Random, Sequence[bytes]], bytes]
MUTATORS: tuple[tuple[Mutator, bytes], ...] = (
    (mutate_der, SIGNATURE),
    (mutate_der, crl()),
    (mutate_xml, Message().daticert()),
    (mutate_ldif, ldif()),
    (mutate_ldif, signed(ldif())),
    (mutate_message, Message().build()),
)


@pytest.mark.parametrize(("mutate", "data"), MUTATORS)
def test_the_same_seed_makes_the_same_mutation(mutate: Mutator, data: bytes) -> None:
    made = [mutate(data, Random(seed), [data]) for seed in range(50)]
    assert made == [mutate(data, Random(seed), [data]) for seed in range(50)]
    assert len(set(made)) > 25


@pytest.mark.parametrize(
    "data",
    [
        SIGNATURE,
        sign(b"x", provider("a"), Message().issued_at, Cms(ber=True, econtent=b"x")),
        crl(),
        ocsp_response(),
        bytes.fromhex("30820006 02810100 0400"),
        bytes.fromhex("3080 2480 0401ff 0000 0000"),
    ],
)
def test_an_element_is_written_back_as_it_was(data: bytes) -> None:
    assert read_tree(data).encode() == data


@pytest.mark.parametrize(
    "data", [b"", b"\x30", b"\x30\x05\x00", b"\x30\x80\x02\x01\x00", b"\x02\x01\x00\x00", b"0\x80" * 99]
)
def test_what_is_no_element_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        mutate_der(data, Random(0))


def test_lengths_fit_after_a_mutation() -> None:
    # Where a tag or a length itself was changed they may not; mostly they do.
    readable = 0
    for seed in range(200):
        try:
            read_tree(mutate_der(SIGNATURE, Random(seed)))
        except ValueError:
            continue
        readable += 1
    assert readable > 150


@given(entities())
def test_a_message_is_written_back_as_it_was(data: bytes) -> None:
    assert read_entity(data).encode() == data


@pytest.mark.parametrize("message", [Message(), DELIVERY])
def test_a_message_is_taken_apart(message: Message) -> None:
    whole = message.build()
    signed_part, signature = read_entity(whole).parts
    assert read_entity(whole).encode() == whole
    assert any(b"smime.p7s" in field for field in signature.fields)
    assert any(b"daticert.xml" in b"".join(part.fields) for part in signed_part.walk())


# --- signed again


def with_subject(subject: bytes) -> bytes:
    """A message whose certification data were changed after it was signed."""
    message = Message()
    old, new = message.daticert(), message.daticert().replace(SUBJECT.encode(), subject)
    data = message.build()
    assert base64_lines(old, 60) in data
    return data.replace(base64_lines(old, 60), base64_lines(new, 60)).replace(SUBJECT.encode(), subject)


def test_a_message_signed_again_says_what_was_put_in() -> None:
    data = with_subject(b"Altro")
    assert verify_receipt(data, trust=TRUST).receipt is None
    again = sign_message(data)
    assert again is not None
    report = verify_receipt(again.data, trust=TRUST)
    assert report.receipt is not None
    assert report.receipt == verify_receipt(replace(Message(), subject="Altro").build(), trust=TRUST).receipt
    assert again.data[again.start :].startswith(again.signed)


@pytest.mark.parametrize("data", [b"", b"no message", Message().build()[:-900], b"MIME-Version: 1.0\r\n\r\nx"])
def test_what_has_no_signature_part_is_not_signed(data: bytes) -> None:
    assert sign_message(data) is None


@pytest.mark.parametrize(
    "cms",
    [
        Cms(digest="sha512"),
        Cms(digest="sha1"),
        Cms(pss=(32, None, None)),
        Cms(by_key_identifier=True),
        Cms(ber=True),
        Cms(message_digest=lambda _: bytes(32)),
        Cms(signature=lambda value: bytes(len(value))),
    ],
)
def test_every_form_of_signature_is_put_right(cms: Cms) -> None:
    again = sign_message(Message(cms=cms).build())
    assert again is not None
    report = verify_receipt(again.data, trust=TRUST)
    assert report.verdict is Verdict.VALID


def test_the_attributes_stay_as_they_are_under_the_signature() -> None:
    repeated = sign_message(Message(cms=Cms(attributes=lambda each: sorted([*each, each[0]]))).build())
    unsorted = sign_message(Message(cms=Cms(attributes=lambda each: sorted(each, reverse=True))).build())
    assert repeated is not None
    assert unsorted is not None
    reasons = [
        {finding.reason for finding in verify_receipt(each.data, trust=TRUST).findings} for each in (repeated, unsorted)
    ]
    assert Reason.SIGNED_ATTRIBUTES_INVALID in reasons[0]
    assert Reason.SIGNED_ATTRIBUTES_ORDER in reasons[1]
    assert Reason.SIGNATURE_INVALID not in reasons[1]


def test_content_inside_is_signed_too() -> None:
    data = signed(ldif())
    changed = data.replace(b"Gestore B S.p.A.", b"Gestore X S.p.A.")
    again = sign_content_info(changed, None, "stranger")
    directory = ProviderDirectory.parse(again, signers=[directory_signer().certificate])
    assert [entry.provider for entry in directory.entries][1] == "Gestore X S.p.A."
    assert content_of(read_tree(again)) == ldif().replace(b"Gestore B S.p.A.", b"Gestore X S.p.A.")


@pytest.mark.parametrize("cms", [Cms(no_attributes=True), Cms(signer_infos=0)])
def test_nothing_to_sign(cms: Cms) -> None:
    with pytest.raises(ValueError, match=r"missing|no signed attributes"):
        sign_content_info(sign(b"x", provider("a"), Message().issued_at, cms), b"x")


def test_a_crl_is_signed_again() -> None:
    authority_key = key("ca")
    assert isinstance(authority_key, rsa.RSAPrivateKey)
    changed = crl().replace(b"240401000000Z", b"250401000000Z")
    assert not x509.load_der_x509_crl(changed).is_signature_valid(authority_key.public_key())
    again = x509.load_der_x509_crl(sign_revocation_data(changed))
    assert again.is_signature_valid(authority_key.public_key())
    assert again.next_update_utc == DUE.replace(year=2025)
    with pytest.raises(ValueError, match="neither"):
        sign_revocation_data(b"\x30\x00")


def test_a_cms_error_is_the_attributes_fault_after_all() -> None:
    data = sign(b"x", provider("a"), Message().issued_at, Cms(attributes=lambda each: each[:1]))
    with pytest.raises(CmsError, match=Reason.SIGNED_ATTRIBUTES_INVALID):
        parse_signed_data(sign_content_info(data, b"x"), Limits())


def test_base64_within_a_message_is_mutated_by_its_kind() -> None:
    # The document stays a document: elements move, the base64 around it holds.
    genuine = Message()
    whole = 0
    for seed in range(200):
        for part in read_entity(mutate_message(genuine.build(), Random(seed))).walk():
            if any(b"daticert.xml" in each for each in part.fields) and isinstance(part.pieces[0], bytes):
                with suppress(ValueError):
                    document = base64.b64decode(part.pieces[0], validate=False)
                    whole += document != genuine.daticert() and document.rstrip().endswith(b"</postacert>")
    assert whole > 10
