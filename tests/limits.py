"""Messages of exactly so much of what `Limits` bound: n just below, at and just above a bound.

Each is genuine but for its measure, so that a verifier has no other reason to refuse it.
"""

from __future__ import annotations

import functools
from dataclasses import replace

from fixtures.catalogue.kinds import DELIVERY
from fixtures.catalogue.vector import OPEN_CA_NAME
from pecverify import TrustStore
from tests.messages import Message, original_message, replacing
from tests.pki import (
    NULL,
    Cms,
    Name,
    Signer,
    attribute,
    authority,
    base64_lines,
    certificate,
    der,
    key,
    key_id,
    make_signer,
    sign,
    spki,
)

END_OF_HEADER = b"\r\n\r\n"


def message_of(size: int) -> bytes:
    """A message of `size` bytes: what is too much stands after the last boundary."""
    data = Message().build()
    return data + b" " * (size - len(data))


def header_of(size: int) -> bytes:
    """A message whose own header block has `size` bytes."""
    data = Message().build()
    missing = size - (data.index(END_OF_HEADER) + 2) - len(b"X-Lungo: \r\n")
    return b"X-Lungo: " + b"x" * missing + b"\r\n" + data


def nested(depth: int) -> bytes:
    """A message whose deepest part lies `depth` levels deep in the signed tree: a text in an alternative."""
    return Message(entity=functools.partial(nested_in_multiparts, levels=depth - 3)).build()


def nested_in_multiparts(entity: bytes, *, levels: int) -> bytes:
    """The entity inside so many more multiparts."""
    head, tail = [], []
    for level in range(levels):
        head.append(b'Content-Type: multipart/mixed; boundary="livello-%d"\r\n\r\n--livello-%d\r\n' % (level, level))
        tail.append(b"\r\n--livello-%d--\r\n" % level)
    return b"".join((*head, entity, *reversed(tail)))


def parts_of(count: int) -> bytes:
    """A message with so many parts in the signed tree, the tree's root among them: five are its own."""
    return Message(more_parts=(b"Content-Type: image/gif\r\n\r\nGIF\r\n",) * (count - 5)).build()


def original_of(parts: int) -> bytes:
    """A delivery whose original has so many parts."""
    end = b"\r\n--=-corpo-1--"
    more = b"\r\n--=-corpo-1\r\nContent-Type: image/gif\r\n\r\nGIF" * (parts - 2)
    return replace(DELIVERY, original=original_message(edit=replacing(end, more + end))).build()


def daticert_of(size: int) -> bytes:
    """A message with a daticert.xml of so many bytes, most of them blank lines."""
    return Message(xml=lambda xml: xml + b"\n" * (size - len(xml))).build()


def certificates_of(count: int) -> bytes:
    """A message that embeds so many certificates, two of them its own."""
    others = [make_signer("b", serial=1000 + number).certificate for number in range(count - 2)]
    return Message(cms=Cms(certificates=lambda own: own + others)).build()


def signers_of(count: int) -> bytes:
    """A message with so many SignerInfos."""
    return Message(cms=Cms(signer_infos=count)).build()


def signature_of(size: int) -> bytes:
    """A message with a signature of so many bytes, most of them in an unsigned attribute."""

    def padded(length: int) -> Cms:
        return Cms(unsigned_attributes=der(0xA1, attribute("1.2.3", der(0x04, bytes(length)))))

    trial = Message(cms=padded(900_000))
    signed = sign(b"", trial.signer, trial.issued_at, trial.cms)
    return replace(trial, cms=padded(900_000 + size - len(signed))).build()


def with_signature(body: bytes) -> bytes:
    """A message whose signature part has another body."""
    data = Message().build()
    start = data.index(b'filename="smime.p7s"\r\n\r\n') + len(b'filename="smime.p7s"\r\n\r\n')
    return data[:start] + body + data[data.index(b"\r\n------3C5B9E71A0D84F26--") :]


def padded_base64(data: bytes, size: int) -> bytes:
    """Base64 in exactly so many bytes, with blank lines after it."""
    lines = base64_lines(data)
    return lines + b" " * (size - len(lines))


def asn1_of(depth: int) -> bytes:
    """A message with a signed attribute whose innermost element lies so deep below the set of attributes."""
    value = NULL
    for _ in range(depth - 3):
        value = der(0x30, value)
    return Message(cms=Cms(attributes=lambda own: sorted([*own, attribute("1.2.3", value)]))).build()


def oid_of(size: int) -> bytes:
    """A message with a signed attribute whose type is an OBJECT IDENTIFIER of so many bytes."""
    long = der(0x30, der(0x06, b"\x2a" * size), der(0x31, NULL))
    return Message(cms=Cms(attributes=lambda own: sorted([*own, long]))).build()


# --- paths


def open_authority() -> bytes:
    """The authority above the paths below: it constrains nothing."""
    return authority(OPEN_CA_NAME, "other-ca", path_length=None, constrained=False)


def intermediate(subject: Name, issuer: Name, issuer_key: str, *, subject_key: str = "intermediate") -> bytes:
    """An authority's certificate issued by another."""
    private = key(subject_key)
    extensions = [
        ("basic_constraints", True, {"ca": True, "path_len_constraint": None}),
        ("key_usage", True, {"key_cert_sign"}),
        ("key_identifier", False, key_id(spki(private))),
    ]
    return certificate(subject, spki(private), issuer, key(issuer_key), extensions, serial=7)


def path_of(length: int) -> bytes:
    """`path_message`, built."""
    return path_message(length).build()


def path_message(length: int) -> Message:
    """A message whose signer is so many certificates away from `open_authority`, both counted."""
    names: list[Name] = [{**OPEN_CA_NAME, "common_name": f"Livello {number}"} for number in range(length - 2)]
    issuers = [(OPEN_CA_NAME, "other-ca"), *((name, "intermediate") for name in names)]
    chain = tuple(intermediate(name, *issuer) for name, issuer in zip(names, issuers, strict=False))
    issuer, issuer_key = issuers[-1]
    return Message(signer=make_signer(issuer=issuer, issuer_key=issuer_key, embedded=chain))


def anchors_of(count: int) -> tuple[bytes, TrustStore]:
    """A message, and so many anchors of its issuer's name, of which the last is its issuer."""
    strangers = [
        authority(OPEN_CA_NAME, "stranger", serial=1000 + number, constrained=False) for number in range(count - 1)
    ]
    signer = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=())
    return Message(signer=signer).build(), TrustStore.from_certificates(*strangers, open_authority())


def circular_signer() -> Signer:
    """Fifteen authorities of one name and one key: each may have issued each, and the signer."""
    loop = tuple(authority(OPEN_CA_NAME, "stranger", serial=1000 + number, constrained=False) for number in range(15))
    return make_signer(issuer=OPEN_CA_NAME, issuer_key="stranger", embedded=loop)
