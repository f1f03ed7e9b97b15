"""CRLs and OCSP responses: `parse_crl` and `parse_ocsp_response`.

    python -m fuzz.fuzz_revocation /tmp/corpus/revocation -max_total_time=3600

Nothing is raised, nothing is warned of. Each returns an object, or a text that says in a few words why there is none.
"""

from __future__ import annotations

import warnings

from fuzz.common import check, fuzz, instrumented

with instrumented():
    from pecverify._crl import Crl, parse_crl
    from pecverify._ocsp import OcspResponse, parse_ocsp_response

LONGEST = 8_000
LONGEST_REASON = 200


def _check_reason(reason: str) -> None:
    check("a reason in a few words", 0 < len(reason) <= LONGEST_REASON)
    check("a reason on one line", reason.isprintable())


def test_one_input(data: bytes) -> None:
    """One CRL or OCSP response."""
    crl, response = parse_crl(data), parse_ocsp_response(data)
    if isinstance(crl, Crl):
        check("a CRL has a name", crl.name)
        check("its times are aware", crl.this_update.utcoffset() is not None)
        check("what is signed stands in the input", crl.signed_bytes in data or data.startswith(b"-----"))
        for revocation in crl.revocations.values():
            check("revoked at an aware instant", revocation.effective_at.utcoffset() is not None)
    else:
        _check_reason(crl)
    if isinstance(response, OcspResponse):
        check("a response has a name", response.name)
        check("its times are aware", response.produced_at.utcoffset() is not None)
        check("what is signed stands in the input", response.signed_bytes in data)
        check(
            "who responds is named in one way",
            (response.responder_name is None) != (response.responder_key_hash is None),
        )
        for single in response.responses:
            check("good is not revoked", not single.is_good or single.revocation is None)
    else:
        _check_reason(response)
    # One input is two things never.
    check("not both", isinstance(crl, str) or isinstance(response, str))


if __name__ == "__main__":
    warnings.simplefilter("error")
    fuzz(test_one_input, dictionary="asn1", longest=LONGEST)
