"""SignedData, detached and with its content: `parse_signed_data`.

    python -m fuzz.fuzz_cms /tmp/corpus/cms -max_total_time=3600

Nothing but `CmsError` is raised. Whatever a view holds stands in the input byte for byte.
"""

from __future__ import annotations

from fuzz.common import check, fuzz, instrumented

with instrumented():
    from pecverify._certificate import CertificateError, parse_certificate
    from pecverify._cms import CmsError, SignerView, identifies, parse_signed_data
    from pecverify.policy import Limits

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


def test_one_input(data: bytes) -> None:
    """One SignedData."""
    detached, attached = _parse(data, detached=True), _parse(data, detached=False)
    check("the content is inside or it is not", detached is None or attached is None)
    if detached is not None:
        check("a detached signature has no content", detached.content is None)
        _check_view(data, detached)
    if attached is not None:
        check("the content is there", attached.content is not None)
        _check_view(data, attached)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="asn1", longest=LONGEST)
