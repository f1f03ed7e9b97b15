"""Sign again, with the keys of the tests, what a mutation broke: so that what lies behind the signature is reached.

Everything is read with the mutators' readers, not with the package's: what is signed here is known without it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric import rsa

from fuzz.mutators.der import Tree, read_tree
from fuzz.mutators.mime import Entity, read_entity
from tests.pki import DIGEST_OIDS, KEYS, MESSAGE_DIGEST, PrivateKey, key, oid, provider, raw_sign, spki

if TYPE_CHECKING:
    from collections.abc import Callable

_SET, _OCTET_STRING = 0x31, 0x04
_CERTIFICATES = _ATTRIBUTES = 0xA0
_PSS = oid("1.2.840.113549.1.1.10")
_PROVIDER_KEYS = ("provider-a", "provider-b", "provider-c")
_LONGEST_SALT = 64


@dataclass(frozen=True, slots=True)
class SignedMessage:
    """A message whose signature holds, unless a mutation took away what a signature needs."""

    data: bytes
    """The file."""
    signed: bytes
    """The entity that was signed."""
    start: int
    """Where it lies in the file. The same bytes may lie elsewhere too."""


def sign_message(data: bytes, *, with_key: bool = True) -> SignedMessage | None:
    """Sign the first part of a message again, with the attributes that its signature part has.

    Without a key only a digest that is wrong is put right, as a forger can do it. None if there is nothing to do, or if
    there are not two parts, of which the second holds a SignedData in base64.
    """
    message = read_entity(data)
    if len(message.parts) != 2:  # noqa: PLR2004 (RFC 1847)
        return None
    signed, signature = message.parts
    content = signed.encode()
    try:
        decoded = base64.b64decode(b"".join(piece for piece in signature.pieces if isinstance(piece, bytes)))
        made = sign_content_info(decoded, content, with_key=with_key)
    except ValueError:
        return None
    if made == decoded and not with_key:
        return None
    text = base64.b64encode(made)
    signature.pieces = [b"".join(text[i : i + 64] + b"\r\n" for i in range(0, len(text), 64))]
    before = Entity(message.fields, message.blank, message.pieces[: message.pieces.index(signed)])
    return SignedMessage(message.encode(), content, len(before.encode()))


def sign_content_info(
    data: bytes, content: bytes | None, key_name: str | None = None, *, with_key: bool = True
) -> bytes:
    """Put digest and signature right in a SignedData.

    Args:
        data: the ContentInfo.
        content: what is signed; None: what is inside.
        key_name: of the key; None: the provider's whose certificate is inside.
        with_key: whether there is a key; else the signature stays as it is.

    Raises:
        ValueError: there is no SignerInfo, or it has no attributes or no signature value.
    """
    tree = read_tree(data)
    signed_data = _child(_child(tree, 1), 0)
    signer_info = _child(_child(signed_data, -1), 0)
    attributes, algorithm, signature = _signer_info_fields(signer_info)
    digest = next(
        (name for name, number in DIGEST_OIDS.items() if number_in(number, _child(signer_info, 2)) and name != "md5"),
        "sha256",
    )
    value = content_of(tree) or b"" if content is None else content
    for attribute in attributes.children or ():
        if number_in(MESSAGE_DIGEST, attribute) and attribute.children and len(attribute.children) > 1:
            values = [each for each in attribute.children[1].walk() if each.tag == _OCTET_STRING]
            for each in values[:1]:
                each.content, each.children = hashlib.new(digest, value).digest(), None
    if not with_key:
        return tree.encode()
    encoded = Tree(_SET, children=attributes.children, padding=attributes.padding).encode()
    private = key(key_name) if key_name else _key_of(signed_data)
    signature.content, signature.children = _sign(private, encoded, digest, algorithm), None
    return tree.encode()


def _signer_info_fields(signer_info: Tree) -> tuple[Tree, Tree, Tree]:
    """Signed attributes, signature algorithm and signature value."""
    fields = signer_info.children or []
    place = next((index for index, each in enumerate(fields) if each.tag == _ATTRIBUTES), len(fields))
    match fields[place:]:
        case [attributes, algorithm, signature, *_] if signature.tag == _OCTET_STRING:
            return attributes, algorithm, signature
    message = "no signed attributes or no signature"
    raise ValueError(message)


def number_in(dotted: str, tree: Tree) -> bool:
    """Whether the first child of an element is that OBJECT IDENTIFIER."""
    return [child.encode() for child in tree.children or ()][:1] == [oid(dotted)]


def content_of(content_info: Tree) -> bytes | None:
    """The eContent of a ContentInfo; None if there is none."""
    encapsulated = _child(_child(_child(content_info, 1), 0), 2).children or []
    if len(encapsulated) < 2:  # noqa: PLR2004 (type and content)
        return None
    octets = _child(encapsulated[1], 0)
    if octets.children is None:
        return octets.content
    if octets.tag == _OCTET_STRING:  # what is inside happens to be an element
        return b"".join(child.encode() for child in octets.children)
    return b"".join(child.content if child.children is None else child.encode() for child in octets.children)


def _child(tree: Tree, place: int) -> Tree:
    try:
        return (tree.children or [])[place]
    except IndexError:
        message = "an element is missing"
        raise ValueError(message) from None


def _key_of(signed_data: Tree) -> PrivateKey:
    certificates = next((each for each in (signed_data.children or [])[3:] if each.tag == _CERTIFICATES), None)
    encoded = b"" if certificates is None else certificates.encode()
    return next((private for public, private in _keys() if public in encoded), provider("a").private)


@functools.cache
def _keys() -> tuple[tuple[bytes, PrivateKey], ...]:
    """Public and private keys; the providers' first."""
    others = sorted(path.stem for path in KEYS.glob("*.pem") if path.stem not in _PROVIDER_KEYS)
    return tuple((spki(key(name)), key(name)) for name in (*_PROVIDER_KEYS, *others))


def _sign(private: PrivateKey, data: bytes, digest: str, algorithm: Tree) -> bytes:
    if isinstance(private, rsa.RSAPrivateKey) and algorithm.children and algorithm.children[0].encode() == _PSS:
        lengths = [each.content for each in algorithm.walk() if each.tag == 0x02]  # noqa: PLR2004 (INTEGER)
        salt = int.from_bytes(lengths[0], "big") if lengths else 20
        return raw_sign(private, data, digest, pss_salt=min(salt, _LONGEST_SALT))
    return raw_sign(private, data, digest)


def sign_revocation_data(data: bytes) -> bytes:
    """Sign a CRL or OCSP response again with the test authority's key, by the algorithm RSA with SHA-256.

    Raises:
        ValueError: it is neither.
    """
    tree = read_tree(data)
    places: tuple[Callable[[], Tree], ...] = (lambda: tree, lambda: _child(_child(_child(_child(tree, 1), 0), 1), 0))
    for place in places:
        try:
            whole = place()
            signature = _child(whole, 2)
        except ValueError:
            continue
        if signature.tag == 0x03:  # noqa: PLR2004 (BIT STRING)
            signature.content = b"\x00" + raw_sign(key("ca"), _child(whole, 0).encode(), "sha256")
            return tree.encode()
    message = "neither CRL nor OCSP response"
    raise ValueError(message)
