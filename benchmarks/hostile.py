"""Messages made to cost much: by size, by number, by depth, and by what patterns and libraries are slow at."""

from __future__ import annotations

import base64
import functools
from dataclasses import replace
from typing import TYPE_CHECKING

from asn1crypto import keys, x509

from fixtures.catalogue.kinds import DELIVERY
from fixtures.catalogue.vector import OPEN_CA_NAME
from tests import limits
from tests.messages import Message, original_message, original_part, replacing
from tests.pki import (
    NULL,
    Cms,
    Extension,
    attribute,
    authority,
    base64_lines,
    certificate,
    der,
    digest_algorithm,
    indefinite,
    key,
    make_signer,
    oid,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HUGE = 199_000_000
MEGABYTE = 990_000
HEADER = 62_000
TEXT = b"Content-Type: text/plain\r\n\r\n"
DATICERT = b'Content-Type: application/xml; name="daticert.xml"\r\nContent-Transfer-Encoding: base64\r\n\r\n'


def signed(entity: bytes) -> bytes:
    """A message whose signed part is that."""
    return Message(entity=lambda _: entity).build()


def filled(pattern: bytes, size: int = HUGE) -> bytes:
    """A pattern over and over."""
    return pattern * (size // len(pattern))


def with_part(part: bytes) -> bytes:
    """A message with one more part."""
    return Message(more_parts=(part,)).build()


def with_fields(fields: bytes) -> bytes:
    """A message with more header fields."""
    return fields + Message().build()


def unsigned(body: bytes) -> bytes:
    """A message that is no receipt: looked through for receipts inside it."""
    return b'From: a@b.example\r\nContent-Type: multipart/mixed; boundary="b"\r\n\r\n' + body + b"\r\n--b--\r\n"


# --- MIME


def many_parts(count: int) -> bytes:
    """A signed tree with so many parts."""
    return Message(more_parts=(TEXT + b"x\r\n",) * count).build()


def tree_of_parts(levels: int, width: int, leaf: bytes) -> bytes:
    """A multipart of multiparts, each with `width` parts."""
    entity = leaf
    for level in range(levels):
        head = b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n' % level
        entity = head + (b"--%d\r\n" % level + entity + b"\r\n") * width + b"--%d--\r\n" % level
    return entity


def nested_boundaries() -> bytes:
    """As many levels as are allowed around lines that are nearly each one's boundary."""
    common = b"x" * 69
    entity = TEXT + filled(b"\n--" + common)
    for level in b"abcdefg":
        boundary = common + bytes([level])
        entity = b'Content-Type: multipart/mixed; boundary="%b"\r\n\r\n--%b\r\n%b\r\n--%b--\r\n' % (
            boundary,
            boundary,
            entity,
            boundary,
        )
    return signed(entity)


def attached_in_base64() -> bytes:
    """An attached message in base64, of as many bytes as fit."""
    part = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + filled(b"QUJD")
    return unsigned(b"--b\r\n" + part)


# --- headers


def from_often() -> bytes:
    """From as often as it fits, and a certificate with as many addresses as fit."""
    addresses = [x509.GeneralName("rfc822_name", f"a@b{number}.it") for number in range(2_000)]
    signer = make_signer(replace={"subject_alt_name": ("subject_alt_name", False, addresses)})
    return filled(b"From:a@c.it\r\n", HEADER) + Message(signer=signer).build()


def headers_of_parts() -> bytes:
    """As many parts as are allowed, each with a header full of one field."""
    return Message(more_parts=(filled(b"a:\r\n", HEADER) + b"\r\nx\r\n",) * 95).build()


# --- daticert.xml


def with_xml(insert: bytes) -> bytes:
    """daticert.xml with something more in it."""
    return Message(xml=replacing(b"</dati>", insert + b"</dati>")).build()


# --- CMS


def with_attributes(more: bytes) -> bytes:
    """One more signed attribute, with that as its value."""
    return Message(cms=Cms(attributes=lambda own: [*own, attribute("1.2.3", der(0x30, more))])).build()


def digests_of(encoded: bytes) -> bytes:
    """A signature whose digestAlgorithms are that."""
    fields = (der(0x02, b"\x01"), der(0x31, encoded), der(0x30, oid("1.2.840.113549.1.7.1")), der(0x31))
    return limits.with_signature(base64_lines(der(0x30, oid("1.2.840.113549.1.7.2"), der(0xA0, der(0x30, *fields)))))


def big_certificates(extension: Extension) -> bytes:
    """Sixteen certificates of up to 32 kB, most of it one extension."""
    replaced: dict[str, Extension | None] = {extension[0]: extension}
    others = [make_signer("b", serial=1000 + number, replace=replaced).certificate for number in range(14)]
    return Message(cms=Cms(certificates=lambda own: own + others)).build()


def long_names() -> bytes:
    """A signer identifier whose issuer has 1,900 names: it is compared with that of each certificate."""
    part = der(0x31, der(0x30, oid("2.5.4.3"), der(0x0C, b"AbCd")))
    name = der(0x30, filled(part, 30_000))
    return Message(cms=Cms(issuer_name=name)).build()


def all_in_ber() -> bytes:
    """Indefinite lengths all the way down to as many elements as fit."""
    signer_info = indefinite(0x30, *(der(0x02, b"\x01"),) * 6, indefinite(0xA1, filled(NULL, MEGABYTE)))
    signed_data = indefinite(
        0x30,
        der(0x02, b"\x01"),
        der(0x31, digest_algorithm("sha256")),
        der(0x30, oid("1.2.840.113549.1.7.1")),
        indefinite(0x31, signer_info),
    )
    return limits.with_signature(
        base64_lines(indefinite(0x30, oid("1.2.840.113549.1.7.2"), indefinite(0xA0, signed_data)))
    )


def nested_in_base64(levels: int) -> bytes:
    """Attached messages in base64 in attached messages in base64."""
    inner = b"\r\n" + filled(b"x", 13_000_000)
    for _ in range(levels):
        inner = b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.b64encode(inner)
    return b"From: a@b.example\r\n" + inner


def nested_signed() -> bytes:
    """Multiparts that might be receipts in one another, around text that is nearly what tells one."""
    entity = TEXT + filled(b"daticert.xm")
    for level in b"abcdefg":
        entity = (
            b'Content-Type: multipart/signed; protocol="application/pkcs7-signature"; boundary=%c\r\n\r\n'
            b"--%c\r\n%b\r\n--%c--" % (level, level, entity, level)
        )
    return unsigned(b"--b\r\n" + entity)


def slow_keys(bits: int, exponent: int) -> bytes:
    """Fifteen authorities of one name, whose keys take long to verify with."""
    numbers = keys.RSAPublicKey({"modulus": (1 << bits) - 159, "public_exponent": exponent}).dump()
    subject_key = der(0x30, der(0x30, oid("1.2.840.113549.1.1.1"), NULL), der(0x03, b"\x00", bytes(numbers)))
    extensions = [
        ("basic_constraints", True, {"ca": True, "path_len_constraint": None}),
        ("key_usage", True, {"key_cert_sign"}),
    ]
    others = tuple(
        certificate(OPEN_CA_NAME, subject_key, OPEN_CA_NAME, key("stranger"), extensions, serial=1000 + number)
        for number in range(15)
    )
    return Message(signer=make_signer(issuer=OPEN_CA_NAME, issuer_key="stranger", embedded=others)).build()


CASES: Mapping[str, Callable[[], bytes]] = {
    "10,000 nested multiparts": lambda: signed(limits.nested_in_multiparts(TEXT, levels=10_000)),
    "100,000 parts": functools.partial(many_parts, 100_000),
    "100,000 parts, no receipt": lambda: unsigned(b"--b\r\n\r\nx\r\n" * 100_000),
    "5,000 multiparts of 5,000 parts, no receipt": lambda: unsigned(
        (b"--b\r\n" + tree_of_parts(1, 5_000, b"\r\n") + b"\r\n") * 5_000
    )[:HUGE],
    "a tree of 2 million parts, no receipt": lambda: tree_of_parts(6, 11, b"\r\n"),
    "header of 1 MB": functools.partial(limits.header_of, 1_000_000),
    "199 MB of lines like a boundary": lambda: signed(TEXT + filled(b"\r\n------3C5B9E71A0D84F26x")),
    "199 MB of lines nearly a boundary, 8 levels": nested_boundaries,
    "199 MB of one line": lambda: with_part(TEXT + filled(b"x")),
    "199 MB of '--'": lambda: with_part(TEXT + filled(b"--")),
    "199 MB of '\\n--'": lambda: with_part(TEXT + filled(b"\n--")),
    "199 MB of LF": lambda: with_part(TEXT + filled(b"\n")),
    "199 MB of CRLF": lambda: with_part(TEXT + filled(b"\r\n")),
    "199 MB of CRLF, one byte changed": lambda: replacing(b"x-changed", b"y-changed")(
        with_part(b"x-changed:\r\n" + TEXT + filled(b"\r\n"))
    ),
    "199 MB of LF, one byte changed": lambda: replacing(b"x-changed", b"y-changed")(
        with_part(b"x-changed:\r\n" + TEXT + filled(b"\n"))
    ),
    "readable text of 199 MB": lambda: Message(entity=replacing(b"Il giorno", filled(b"x ") + b"Il giorno")).build(),
    "199 MB of base64 as daticert.xml": lambda: Message(
        with_daticert=False, more_parts=(DATICERT + filled(b"QUJD") + b"\r\n",)
    ).build(),
    "199 MB of quoted-printable as daticert.xml": lambda: Message(
        with_daticert=False,
        more_parts=(DATICERT.replace(b"base64", b"quoted-printable") + filled(b"=41") + b"\r\n",),
    ).build(),
    "199 MB as daticert.xml": lambda: Message(
        with_daticert=False, more_parts=(DATICERT.replace(b"base64", b"binary") + filled(b"<a/>") + b"\r\n",)
    ).build(),
    "199 MB of base64 as signature": lambda: limits.with_signature(filled(b"QUJD")),
    "199 MB of base64 as original": lambda: replace(
        DELIVERY, original=None, more_parts=(original_part(filled(b"QUJD")).replace(b"7bit", b"base64"),)
    ).build(),
    "199 MB of base64 as attached message": attached_in_base64,
    "199 MB of '\\n' as attached message": lambda: unsigned(b"--b\r\n" + filled(b"\n")),
    "header of one field, over and over": lambda: with_fields(filled(b"a:\r\n", HEADER)),
    "header of folded lines": lambda: with_fields(b"X: a\r\n" + filled(b" \ta\r\n", HEADER)),
    "95 parts with headers of one field": headers_of_parts,
    "encoded words in Subject": lambda: with_fields(b"Subject: " + filled(b"=?utf-8?q?=41?= ", HEADER) + b"\r\n"),
    "unfinished encoded words in X-Trasporto": lambda: with_fields(
        (b"X-Trasporto: " + filled(b"=?a?q?", 3_900) + b"\r\n") * 15
    ),
    "blanks in From": lambda: with_fields((b"From: x" + b" " * 1_990 + b"x\r\n") * 31),
    "comments in From": lambda: with_fields(b"From: " + filled(b"(", HEADER) + b"\r\n"),
    "quotes in From": lambda: with_fields((b'From: "' + filled(b'\\"', 1_980) + b"\r\n") * 31),
    "quotes in To": lambda: with_fields(b'To: "' + filled(b'\\"', HEADER) + b"\r\n"),
    "brackets in To": lambda: with_fields(b"To: " + filled(b"<a@", HEADER) + b"\r\n"),
    "blanks in To": lambda: with_fields(b"To: <" + b" " * HEADER + b"x\r\n"),
    "colons in To": lambda: with_fields(b"To: " + filled(b"a:", HEADER) + b"\r\n"),
    "quotes in the original's To": lambda: replace(
        DELIVERY, original=original_message(edit=replacing(b"To: ", b'To: "' + filled(b'\\"', HEADER) + b"\r\nCc: "))
    ).build(),
    "Date of 62 kB": lambda: with_fields(b"Date: " + filled(b"1 Mar ", HEADER) + b"\r\n"),
    "parameters of Content-Type": lambda: Message(
        entity=replacing(b"multipart/mixed;", b"multipart/mixed;" + filled(b"a=b;", HEADER))
    ).build(),
    "From 5,000 times, 2,000 addresses certified": from_often,
    "daticert.xml of 2 million elements": lambda: with_xml(filled(b"<a/>", 8_000_000)),
    "daticert.xml of 1 MB of elements": lambda: with_xml(filled(b"<a/>", MEGABYTE)),
    "daticert.xml of 1 MB of recipients": lambda: Message(
        xml=replacing(b"<risposte>", filled(b"<destinatari>a</destinatari>", MEGABYTE) + b"<risposte>")
    ).build(),
    "daticert.xml of 10 MB of text": lambda: with_xml(filled(b"a", 10_000_000)),
    "daticert.xml of 1 MB of text": lambda: with_xml(b"<x>" + filled(b"a", MEGABYTE) + b"</x>"),
    "daticert.xml of 1 MB of attributes": lambda: with_xml(
        b"<x " + b" ".join(b'a%d=""' % number for number in range(90_000)) + b"/>"
    ),
    "daticert.xml of 1 MB of namespaces": lambda: with_xml(
        b"<x " + b" ".join(b'xmlns:a%d="b"' % number for number in range(55_000)) + b"/>"
    ),
    "daticert.xml of 1 MB of comments": lambda: with_xml(filled(b"<!---->", MEGABYTE)),
    "daticert.xml of 1 MB of '<!DOCTYPE'": lambda: with_xml(filled(b"<!DOCTYPE a ", MEGABYTE)),
    "daticert.xml of 250 levels": lambda: with_xml(b"<x>" * 250 + b"</x>" * 250),
    "digestAlgorithms of 500,000 elements": lambda: digests_of(filled(NULL, MEGABYTE)),
    "signed attribute of 500,000 elements": lambda: with_attributes(filled(NULL, MEGABYTE)),
    "unsigned attribute of 500,000 elements, all in BER": lambda: Message(
        cms=Cms(ber=True, unsigned_attributes=indefinite(0xA1, filled(NULL, MEGABYTE)))
    ).build(),
    "unsigned attribute of 500,000 levels": lambda: Message(
        cms=Cms(ber=True, unsigned_attributes=b"\xa1\x80" + filled(b"\x30\x80", MEGABYTE))
    ).build(),
    "10,000 certificates of nothing": lambda: Message(
        cms=Cms(certificates=lambda own: own + [b"\x30\x00"] * 10_000)
    ).build(),
    "1,000 SignerInfos": functools.partial(limits.signers_of, 1_000),
    "OBJECT IDENTIFIER of 200 kB": functools.partial(limits.oid_of, 200_000),
    "100 authorities of one name": lambda: Message(
        signer=make_signer(
            issuer=OPEN_CA_NAME,
            issuer_key="stranger",
            embedded=tuple(
                authority(OPEN_CA_NAME, "stranger", serial=1000 + number, constrained=False) for number in range(100)
            ),
        )
    ).build(),
    "signature all in BER, of 500,000 elements": all_in_ber,
    "signed attributes of 40,000 types": lambda: Message(
        cms=Cms(
            attributes=lambda own: [
                *own,
                *(
                    der(
                        0x30,
                        der(0x06, b"\x2a" + bytes((number >> 14 | 0x81, number >> 7 & 0x7F | 0x80, number & 0x7F))),
                        der(0x31, NULL),
                    )
                    for number in range(39_000)
                ),
            ]
        )
    ).build(),
    "16 certificates with 1,500 addresses": lambda: big_certificates(
        (
            "subject_alt_name",
            False,
            [x509.GeneralName("rfc822_name", f"a@b{number}.example") for number in range(1_500)],
        )
    ),
    "16 certificates of 31 kB of policies": lambda: big_certificates(
        ("certificate_policies", False, [{"policy_identifier": f"1.2.3.{number}"} for number in range(3_000)])
    ),
    "signer's issuer of 1,900 names": long_names,
    "base64 in base64, 4 levels": functools.partial(nested_in_base64, 4),
    "199 MB nearly 'daticert.xml', 7 levels, no receipt": nested_signed,
    "3,000 headers of one field, no receipt": lambda: unsigned(
        (b"--b\r\n" + filled(b"a:\r\n", HEADER) + b"\r\nx\r\n") * 3_000
    ),
    "3,000 headers of one field that end in no field, no receipt": lambda: unsigned(
        (b"--b\r\n" + filled(b"a:\n", HEADER) + b"x\r\n") * 3_000
    ),
    "daticert.xml of 99,000 tags": lambda: with_xml(filled(b"<a/>", 396_000)),
    "RSA keys of 16,384 bits, exponents of 64": lambda: slow_keys(16_384, (1 << 64) - 59),
    "RSA keys of 3,072 bits, exponents as long": lambda: slow_keys(3_072, (1 << 3_071) - 59),
}
