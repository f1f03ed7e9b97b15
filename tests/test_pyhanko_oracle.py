"""pyHanko, an independent CMS implementation, says the same of digest and signature on the vectors it can read."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from cryptography.exceptions import UnsupportedAlgorithm

from pecverify import Limits
from pecverify._header import MimeError
from pecverify._mime import canonical_chunks, read_signed_message
from tests.oracle import VECTORS, signature_holds

cms = pytest.importorskip("asn1crypto.cms")
generic_cms = pytest.importorskip("pyhanko.sign.validation.generic_cms", reason="pyHanko is not installed")
pyhanko_errors = pytest.importorskip("pyhanko.sign.validation.errors")

ACCEPTED_BY_PYHANKO = {
    "t003-econtent": "reads no eContent when it is given a digest",
    "t004-econtent-empty": "reads no eContent when it is given a digest",
    "t005-attributes-as-content": "takes a signature without signed attributes",
    "t006-attributes-as-econtent": "reads no eContent when it is given a digest",
    "t008-no-attributes": "takes a signature without signed attributes",
    "t010-econtent-type": "reads the contentType attribute alone",
    "t014-signing-time": "does not look at signingTime here",
    "t017-md5": "leaves MD5 to a policy",
    "t020-digests-empty": "does not read digestAlgorithms",
    "t021-digest-not-listed": "does not read digestAlgorithms",
    "t029-twins": "takes the first certificate that fits",
    "t037-extension-twice": "does not parse the certificate's extensions here",
    "t038-algorithms-differ": "does not compare the certificate's algorithms",
    "t045-pss-salt": "takes any salt length",
    "t041-hundred-authorities": "has no limit",
    "t092-extra-field": "does not look for further fields",
    "t093-long-oid": "has no limit",
    "t093-padded-oid": "does not look at the arcs",
    "t094-nested": "has no limit",
    "t097-certificates": "has no limit",
    "t004-econtent-equal": "reads no eContent when it is given a digest",
    "t014-fraction": "does not look at signingTime here",
    "t014-text": "does not look at signingTime here",
    "t014-two-signing-times": "does not look at signingTime here",
    "t014-zone": "does not look at signingTime here",
    "t091-ber-attribute": "takes BER in signed attributes",
    "t091-ber-certificate": "takes BER in certificates",
}
"""It accepts these, pecverify refuses them by rule."""
REFUSED_BY_PYHANKO = {
    "t031-signing-certificate": "finds no signer for that reference; pecverify reports it as INVALID too"
}


def pyhanko_accepts(message: bytes) -> bool | None:
    """Its verdict; None where pecverify's own MIME reader finds nothing to hand over."""
    try:
        signed = read_signed_message(message, Limits())
    except MimeError:
        return None
    content = b"".join(canonical_chunks(message, signed.signed.span))
    try:
        info = cms.ContentInfo.load(signed.signature, strict=True)
        data = info["content"]
        signer = data["signer_infos"][0]
        digest = hashlib.new(signer["digest_algorithm"]["algorithm"].native, content).digest()
        status = generic_cms.validate_sig_integrity(
            signer,
            generic_cms.extract_certs_for_validation(data).signer_cert,
            expected_content_type="data",
            actual_digest=digest,
        )
    except (pyhanko_errors.SignatureValidationError, UnsupportedAlgorithm, AssertionError):
        return False
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return False
    return all(status)


@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_pyhanko_agrees(path: Path) -> None:
    answer = pyhanko_accepts(path.with_suffix(".eml").read_bytes())
    if answer is None:
        pytest.skip("no signature part to hand over")
    expected = signature_holds(path)
    if path.stem in ACCEPTED_BY_PYHANKO or path.stem in REFUSED_BY_PYHANKO:
        assert expected == (path.stem in REFUSED_BY_PYHANKO)
        expected = not expected
    assert answer == expected
