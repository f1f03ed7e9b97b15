"""CRLs and OCSP responses: `parse_crl`, `parse_ocsp_response`, and `verify_receipt` by them.

    python -m fuzz.fuzz_revocation /tmp/corpus/revocation -max_total_time=3600

Nothing is raised, nothing is warned of. Each returns an object, or a text that says in a few words why there is none.
A message is VALID by what can be read only if a seed holds it under its signature. Signed again with the authority's
key, only if another reading of it finds no revocation before the instant, finds that it covers the instant and has no
critical extension that is not known.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.x509 import ocsp

from fuzz.common import check, fuzz, instrumented
from fuzz.mutators.der import mutate_der
from fuzz.signing import sign_revocation_data

with instrumented():
    from pecverify import Policy, TrustStore, Verdict, verify_receipt
    from pecverify._crl import Crl, parse_crl
    from pecverify._ocsp import OcspResponse, parse_ocsp_response

from fuzz.seeds import revocation_data
from tests.crls import serial_of
from tests.messages import ISSUED_AT, Message
from tests.pki import authority, provider

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = 8_000
LONGEST_REASON = 200
STORE = TrustStore.from_certificates(authority())
MESSAGE = Message().build()
SEEDS = tuple(revocation_data())
SIGNED = {
    read.signed_bytes
    for data in SEEDS
    for read in (parse_crl(data), parse_ocsp_response(data))
    if isinstance(read, Crl | OcspResponse)
}
KNOWN = (
    *(x509.CRLNumber.oid, x509.DeltaCRLIndicator.oid, x509.IssuingDistributionPoint.oid, x509.FreshestCRL.oid),
    x509.AuthorityKeyIdentifier.oid,
)
SERIAL = serial_of(provider("a").certificate)


def _check_reason(reason: str) -> None:
    check("a reason in a few words", 0 < len(reason) <= LONGEST_REASON)
    check("a reason on one line", reason.isprintable())


def _is_valid_by(crls: tuple[bytes, ...] = (), responses: tuple[bytes, ...] = ()) -> bool:
    policy = Policy(existed_at=ISSUED_AT, crls=crls, ocsp=responses, require_revocation=True)
    return verify_receipt(MESSAGE, trust=STORE, policy=policy).verdict is Verdict.VALID


def _covers(this_update: datetime, next_update: datetime | None) -> bool:
    return this_update >= ISSUED_AT or (next_update is not None and next_update >= ISSUED_AT)


def _check_crl(data: bytes, crl: Crl) -> None:
    check("a CRL has a name", crl.name)
    check("its times are aware", crl.this_update.utcoffset() is not None)
    check("what is signed stands in the input", crl.signed_bytes in data or data.startswith(b"-----"))
    for revocation in crl.revocations.values():
        check("revoked at an aware instant", revocation.effective_at.utcoffset() is not None)
    if data.startswith(b"-----"):
        return
    if _is_valid_by(crls=(data,)):
        check("only what a seed holds is signed", x509.load_der_x509_crl(data).tbs_certlist_bytes in SIGNED)
    signed = sign_revocation_data(data)
    if not _is_valid_by(crls=(signed,)):
        return
    read = x509.load_der_x509_crl(signed)
    check("a CRL covers the instant", _covers(read.last_update_utc, read.next_update_utc))
    extensions = {extension.oid: extension.value for extension in read.extensions}
    check("what is critical is known", all(each.oid in KNOWN or not each.critical for each in read.extensions))
    check("a delta alone proves nothing", x509.DeltaCRLIndicator.oid not in extensions)
    scope = extensions.get(x509.IssuingDistributionPoint.oid)
    if isinstance(scope, x509.IssuingDistributionPoint):
        check("its scope holds users' certificates", not scope.only_contains_ca_certs)
        check("its scope holds certificates", not scope.only_contains_attribute_certs)
        check("its scope holds all reasons", scope.only_some_reasons is None)
        if scope.indirect_crl:
            return  # entries may be other issuers'
    for entry in read:
        check("not revoked before the instant", entry.serial_number != SERIAL or _is_later(entry))


def _is_later(entry: x509.RevokedCertificate) -> bool:
    reasons = [each.value.reason for each in entry.extensions if isinstance(each.value, x509.CRLReason)]
    return entry.revocation_date_utc > ISSUED_AT or x509.ReasonFlags.remove_from_crl in reasons


def _check_response(data: bytes, response: OcspResponse) -> None:
    check("a response has a name", response.name)
    check("its times are aware", response.produced_at.utcoffset() is not None)
    check("what is signed stands in the input", response.signed_bytes in data)
    check(
        "who responds is named in one way",
        (response.responder_name is None) != (response.responder_key_hash is None),
    )
    for single in response.responses:
        check("good is not revoked", not single.is_good or single.revocation is None)
    if _is_valid_by(responses=(data,)):
        check("only what a seed holds is signed", ocsp.load_der_ocsp_response(data).tbs_response_bytes in SIGNED)
    try:
        signed = sign_revocation_data(data)
    except ValueError:
        return
    if not _is_valid_by(responses=(signed,)):
        return
    response_again = ocsp.load_der_ocsp_response(signed)
    check("what is critical is known", not any(each.critical for each in response_again.extensions))
    if len(list(response_again.responses)) == 1:
        check("what is critical is known", not any(each.critical for each in response_again.single_extensions))
    about = [each for each in response_again.responses if each.serial_number == SERIAL]
    check("a response is about the certificate", about)
    check("one covers the instant", any(_covers(each.this_update_utc, each.next_update_utc) for each in about))
    check(
        "good, or revoked later",
        all(
            each.certificate_status is not ocsp.OCSPCertStatus.REVOKED
            or (each.revocation_time_utc or ISSUED_AT) > ISSUED_AT
            for each in about
        ),
    )


def test_one_input(data: bytes) -> None:
    """One CRL or OCSP response."""
    crl, response = parse_crl(data), parse_ocsp_response(data)
    # One input is two things never.
    check("not both", isinstance(crl, str) or isinstance(response, str))
    if isinstance(crl, Crl):
        _check_crl(data, crl)
    else:
        _check_reason(crl)
    if isinstance(response, OcspResponse):
        _check_response(data, response)
    else:
        _check_reason(response)


if __name__ == "__main__":
    warnings.simplefilter("error")
    fuzz(test_one_input, dictionary="asn1", longest=LONGEST, mutate=mutate_der, donors=SEEDS)
