"""SignedData, detached and with its content: `parse_signed_data`.

    python -m fuzz.fuzz_cms /tmp/corpus/cms -max_total_time=3600

Nothing but `CmsError` is raised. Whatever a view holds stands in the input byte for byte, and another reader finds in
its signed attributes what the package says of them: one of each, with one value, in DER order or not.
"""

from __future__ import annotations

from fuzz.common import check, fuzz, instrumented
from fuzz.mutators.der import mutate_der, read_tree

with instrumented():
    from pecverify._certificate import CertificateError, parse_certificate
    from pecverify._cms import CmsError, SignerView, identifies, parse_signed_data
    from pecverify.policy import Limits

from fuzz.seeds import signatures
from tests.pki import MESSAGE_DIGEST, der, oid

LIMITS = Limits()
LONGEST = 16_000


def _parse(data: bytes, *, detached: bool) -> SignerView | None:
    try:
        return parse_signed_data(data, LIMITS, detached=detached)
    except CmsError as error:
        check("a CmsError has a reason and says what was found", error.reason and error.actual)
        return None


def _check_view(data: bytes, view: SignerView) -> None:
    # The attributes get another tag than they have in the message.
    values = (view.signed_attributes[1:], view.signature, view.message_digest, view.issuer, view.serial)
    for value in (*values, view.subject_key_identifier, *view.certificates):
        check("what the view holds stands in the input", value is None or value in data)
    check("the signer is named in one way", (view.issuer is None) != (view.subject_key_identifier is None))
    check("a certificate is kept once", len(set(view.certificates)) == len(view.certificates) <= LIMITS.certificates)
    check("signingTime is aware", view.signing_time is None or view.signing_time.utcoffset() is not None)
    for encoded in view.certificates:
        try:
            certificate = parse_certificate(encoded)
        except CertificateError:
            continue
        identifies(view, certificate)


def _check_attributes(view: SignerView) -> None:
    """By the mutators' reader, which is not the package's."""
    attributes = [attribute.children or [] for attribute in read_tree(view.signed_attributes).children or ()]
    check("an attribute has a type and values", all(len(attribute) == 2 for attribute in attributes))  # noqa: PLR2004
    check("an attribute has one value", all(len(values.children or ()) == 1 for _, values in attributes))
    kinds = [kind.encode() for kind, _ in attributes]
    check("an attribute is there once", len(set(kinds)) == len(kinds))
    encodings = [attribute.encode() for attribute in read_tree(view.signed_attributes).children or ()]
    check("the order is told", view.attributes_in_order == (encodings == sorted(encodings)))
    digests = [values.encode() for kind, values in attributes if kind.encode() == oid(MESSAGE_DIGEST)]
    check("messageDigest is the attribute's", digests == [der(0x31, der(0x04, view.message_digest))])


def test_one_input(data: bytes) -> None:
    """One SignedData."""
    detached, attached = _parse(data, detached=True), _parse(data, detached=False)
    check("the content is inside or it is not", detached is None or attached is None)
    if detached is not None:
        check("a detached signature has no content", detached.content is None)
        _check_view(data, detached)
        _check_attributes(detached)
    if attached is not None:
        check("the content is there", attached.content is not None)
        _check_view(data, attached)
        _check_attributes(attached)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="asn1", longest=LONGEST, mutate=mutate_der, donors=tuple(signatures()))
