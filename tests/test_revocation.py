"""Revocation by CRLs and OCSP responses: what counts, for which instant, and what is refused by name."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from asn1crypto import x509 as asn1
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from fixtures.catalogue.recognition import authority_below
from fixtures.catalogue.vector import INTERMEDIATE_NAME, OPEN_CA_NAME
from pecverify import (
    Basis,
    Check,
    Outcome,
    Policy,
    Reason,
    Report,
    Severity,
    Times,
    TrustStore,
    Verdict,
    verify_receipt,
)
from pecverify._certificate import parse_certificate
from pecverify._pki import find_path
from pecverify._revocation import check_revocation
from tests.crls import DUE, ISSUED, REVOKED, crl, entry, ocsp_response, responder, serial_of
from tests.directories import directory_signer, ldif, signed
from tests.directories import entry as directory_entry
from tests.messages import ISSUED_AT, Message
from tests.pki import (
    CA_NAME,
    NOT_AFTER,
    NOT_BEFORE,
    Extension,
    Signer,
    authority,
    certificate,
    key,
    key_id,
    make_signer,
    provider,
    spki,
)

TRUST = TrustStore.from_certificates(authority())
AT = ISSUED_AT  # 15 March 2024, between ISSUED and DUE
DAY = timedelta(days=1)
SERIAL = serial_of(provider("a").certificate)
KEY_COMPROMISE = x509.ReasonFlags.key_compromise


def verify(
    *,
    crls: Sequence[bytes] = (),
    responses: Sequence[bytes] = (),
    required: bool = True,
    signer: Signer | None = None,
    trust: TrustStore = TRUST,
    policy: Policy | None = None,
) -> Report:
    message = Message() if signer is None else Message(signer=signer)
    asked = replace(policy or Policy(), crls=tuple(crls), ocsp=tuple(responses), require_revocation=required)
    return verify_receipt(message.build(), trust=trust, policy=asked)


def reasons(report: Report) -> dict[Reason, Severity]:
    return {finding.reason: finding.severity for finding in report.findings if finding.check is Check.REVOCATION}


def outcome(report: Report) -> Outcome:
    (result,) = (result for result in report.checks if result.check is Check.REVOCATION)
    return result.outcome


GOOD: dict[Reason, Severity] = {}
UNKNOWN = {Reason.REVOCATION_UNKNOWN: Severity.UNKNOWN}
REFUSED = {**UNKNOWN, Reason.REVOCATION_DATA_REFUSED: Severity.WARNING}
BEFORE = {Reason.CERTIFICATE_REVOKED: Severity.ERROR}
LATER = {Reason.CERTIFICATE_REVOKED_LATER: Severity.NOTE}
DOUBTFUL = {Reason.CERTIFICATE_REVOKED_LATER: Severity.WARNING}


# --- what is asked


def test_nothing_given_and_nothing_asked() -> None:
    report = verify(required=False)
    assert (report.verdict, outcome(report)) == (Verdict.VALID, Outcome.NOT_RUN)


def test_nothing_given_but_asked() -> None:
    report = verify()
    assert (report.verdict, reasons(report), outcome(report)) == (Verdict.INDETERMINATE, UNKNOWN, Outcome.UNKNOWN)
    (finding,) = (finding for finding in report.findings if finding.check is Check.REVOCATION)
    assert "Posta Certificata Gestore A" in str(finding.actual)


def test_good_is_passed() -> None:
    report = verify(crls=[crl()])
    assert (report.verdict, reasons(report), outcome(report)) == (Verdict.VALID, GOOD, Outcome.PASSED)


def test_data_that_tell_nothing_leave_the_check_open() -> None:
    stranger = authority({**CA_NAME, "common_name": "Another"}, "other-ca")
    report = verify(crls=[crl(issuer=stranger, key_name="other-ca")], required=False)
    assert (report.verdict, reasons(report), outcome(report)) == (Verdict.VALID, GOOD, Outcome.NOT_RUN)


def test_the_crls_of_the_store_serve_too() -> None:
    store = TRUST | TrustStore(crls=(crl(entry(SERIAL)),))
    assert reasons(verify(required=False, trust=store)) == BEFORE


def test_an_unrecognised_signer_is_not_asked_about() -> None:
    assert outcome(verify(crls=[crl()], trust=TrustStore())) is Outcome.NOT_RUN


def test_a_signer_that_is_its_own_anchor_has_no_issuer_to_ask() -> None:
    assert reasons(verify(crls=[crl()], trust=TrustStore.from_certificates(provider("a").certificate))) == UNKNOWN


@pytest.mark.parametrize("data", ["x", [1], [bytearray()], b"x"])
def test_data_are_bytes(data: object) -> None:
    with pytest.raises(TypeError, match=r"Policy\.crls"):
        Policy(crls=data)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"Policy\.ocsp"):
        Policy(ocsp=data)  # type: ignore[arg-type]


def test_a_list_becomes_a_tuple() -> None:
    assert Policy(crls=[b"x"]).crls == (b"x",)  # type: ignore[arg-type]


# --- instants


@pytest.mark.parametrize(
    ("revoked_at", "expected"),
    [(AT - DAY, BEFORE), (AT, BEFORE), (AT + timedelta(seconds=1), LATER), (AT + 20 * DAY, LATER)],
)
def test_the_instant_of_a_revocation(revoked_at: datetime, expected: dict[Reason, Severity]) -> None:
    later = crl(entry(SERIAL, revoked_at), this_update=AT + 30 * DAY, next_update=AT + 60 * DAY)
    assert reasons(verify(crls=[later])) == expected
    revoked = ocsp_response(status=ocsp.OCSPCertStatus.REVOKED, revoked_at=revoked_at)
    assert reasons(verify(responses=[revoked])) == expected


@pytest.mark.parametrize(
    ("reason", "revoked_at", "invalid_since", "expected"),
    [
        (KEY_COMPROMISE, AT + DAY, AT - DAY, BEFORE),
        (KEY_COMPROMISE, AT + DAY, AT + DAY, DOUBTFUL),
        (KEY_COMPROMISE, AT + DAY, None, DOUBTFUL),
        (KEY_COMPROMISE, AT - DAY, AT + DAY, BEFORE),
        (x509.ReasonFlags.ca_compromise, AT + DAY, AT - DAY, BEFORE),
        (x509.ReasonFlags.superseded, AT + DAY, AT - DAY, LATER),
        (x509.ReasonFlags.cessation_of_operation, AT - DAY, None, BEFORE),
        (None, AT + DAY, AT - DAY, LATER),
    ],
)
def test_a_compromise_counts_from_its_invalidity_date(
    reason: x509.ReasonFlags | None,
    revoked_at: datetime,
    invalid_since: datetime | None,
    expected: dict[Reason, Severity],
) -> None:
    listed = entry(SERIAL, revoked_at, reason=reason, invalid_since=invalid_since)
    assert reasons(verify(crls=[crl(listed)])) == expected


def test_after_a_compromise_a_proven_instant_leaves_no_doubt() -> None:
    listed = crl(entry(SERIAL, AT + DAY, reason=KEY_COMPROMISE))
    assert reasons(verify(crls=[listed], policy=Policy(existed_at=AT + timedelta(minutes=1)))) == LATER


def test_the_finding_says_what_when_and_where_from() -> None:
    listed = crl(entry(SERIAL, AT + DAY, reason=KEY_COMPROMISE, invalid_since=AT - DAY))
    (finding,) = (finding for finding in verify(crls=[listed]).findings if finding.check is Check.REVOCATION)
    assert "revoked at 2024-03-16T09:20:30+00:00, reason key_compromise" in str(finding.actual)
    assert "invalid since 2024-03-14T09:20:30+00:00" in str(finding.actual)
    assert str(finding.where).startswith("CRL 7 of 2024-03-01T00:00:00+00:00 (SHA-256 ")


@pytest.mark.parametrize(
    ("this_update", "next_update", "expected"),
    [
        (ISSUED, DUE, GOOD),
        (ISSUED, AT, GOOD),
        (ISSUED, AT - timedelta(seconds=1), UNKNOWN),
        (AT, AT + DAY, GOOD),
        (AT + 300 * DAY, AT + 301 * DAY, GOOD),
        (NOT_AFTER + DAY, NOT_AFTER + 2 * DAY, UNKNOWN),
    ],
)
def test_for_which_instants_silence_counts(
    this_update: datetime, next_update: datetime, expected: dict[Reason, Severity]
) -> None:
    """A CRL that was overdue at the instant says nothing of it; one of later does, while it keeps the certificate."""
    assert reasons(verify(crls=[crl(this_update=this_update, next_update=next_update)])) == expected
    answered = ocsp_response(this_update=this_update, next_update=next_update)
    assert reasons(verify(responses=[answered])) == expected


def test_what_is_overdue_still_says_revoked() -> None:
    overdue = crl(entry(SERIAL, REVOKED), this_update=REVOKED, next_update=REVOKED + DAY)
    assert reasons(verify(crls=[overdue])) == BEFORE


def test_what_is_issued_at_the_end_of_validity_still_counts() -> None:
    """By then the certificate is still in the list, if it was revoked; a second later it may have been dropped."""
    for issued, expected in ((NOT_AFTER, GOOD), (NOT_AFTER + timedelta(seconds=1), UNKNOWN)):
        assert reasons(verify(crls=[crl(this_update=issued, next_update=issued + DAY)])) == expected
        assert reasons(verify(responses=[ocsp_response(this_update=issued, next_update=issued + DAY)])) == expected


def test_an_ocsp_response_without_next_update_covers_what_is_before() -> None:
    assert reasons(verify(responses=[ocsp_response(this_update=AT, next_update=None)])) == GOOD
    assert reasons(verify(responses=[ocsp_response(this_update=AT - DAY, next_update=None)])) == UNKNOWN


@pytest.mark.parametrize(
    ("kept_since", "expected"),
    [
        (b"\x18\x0f20200101000000Z", GOOD),
        (f"\x18\x0f{NOT_AFTER:%Y%m%d%H%M%SZ}".encode(), GOOD),
        (f"\x18\x0f{NOT_AFTER + timedelta(seconds=1):%Y%m%d%H%M%SZ}".encode(), UNKNOWN),
        (b"\x18\x0f20270101000000Z", UNKNOWN),
        (b"\x18\x0f20209901000000Z", UNKNOWN),
        (b"\x17\x0d200101000000Z", UNKNOWN),
    ],
)
def test_a_crl_may_keep_what_has_expired(kept_since: bytes, expected: dict[Reason, Severity]) -> None:
    keeps = x509.UnrecognizedExtension(x509.ObjectIdentifier("2.5.29.60"), kept_since)
    late = crl(this_update=NOT_AFTER + DAY, next_update=NOT_AFTER + 2 * DAY, further=[(keeps, False)])
    assert reasons(verify(crls=[late])) == expected


def test_hold_counts_only_while_it_lasts() -> None:
    held = entry(SERIAL, REVOKED, reason=x509.ReasonFlags.certificate_hold)
    during = crl(held)
    before = crl(held, this_update=REVOKED, next_update=REVOKED + DAY)
    assert reasons(verify(crls=[during])) == BEFORE
    assert reasons(verify(crls=[before])) == UNKNOWN
    assert reasons(verify(crls=[before, crl(this_update=AT + DAY)])) == GOOD
    answered = {"status": ocsp.OCSPCertStatus.REVOKED, "revoked_at": REVOKED}
    hold = x509.ReasonFlags.certificate_hold
    assert reasons(verify(responses=[ocsp_response(**answered, reason=hold)])) == BEFORE  # type: ignore[arg-type]
    overdue = ocsp_response(**answered, reason=hold, this_update=REVOKED, next_update=REVOKED + DAY)  # type: ignore[arg-type]
    assert reasons(verify(responses=[overdue])) == UNKNOWN


# --- what is believed


@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_either_digest(digest: str) -> None:
    """Old CRLs are signed with SHA-1, and there will be no others for their time."""
    assert reasons(verify(crls=[crl(entry(SERIAL), digest=digest)])) == BEFORE
    assert reasons(verify(crls=[crl(digest=digest)])) == GOOD
    assert reasons(verify(responses=[ocsp_response(digest=digest)])) == GOOD


def pem(data: bytes) -> bytes:
    return x509.load_der_x509_crl(data).public_bytes(Encoding.PEM)


def test_crls_in_pem() -> None:
    assert reasons(verify(crls=[pem(crl(entry(SERIAL)))])) == BEFORE


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (crl(key_name="stranger"), "not signed by its issuer"),
        (crl(entry(SERIAL), key_name="stranger"), "not signed by its issuer"),
        (b"rubbish", "malformed CRL"),
        (b"-----BEGIN X509 CRL-----\n!!\n-----END X509 CRL-----\n", "malformed CRL"),
        (crl()[:-1], "malformed CRL"),
        (crl().replace(b"\x02\x01\x01\x30", b"\x02\x01\x60\x30", 1), "malformed CRL"),
        (bytes(30_000_001), "CRL of 30000001 bytes"),
        (
            crl(further=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]),
            "unknown critical extension 1.2.3",
        ),
        (
            crl(entry(1, further=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)])),
            "unknown critical entry extension 1.2.3",
        ),
    ],
    ids=["stranger", "stranger-revokes", "rubbish", "pem", "cut", "version", "long", "critical", "critical-entry"],
)
def test_t040_crls_refused_by_name(data: bytes, why: str) -> None:
    report = verify(crls=[data])
    assert reasons(report) == REFUSED
    (finding,) = (finding for finding in report.findings if finding.reason is Reason.REVOCATION_DATA_REFUSED)
    assert why in str(finding.actual)
    unasked = verify(crls=[data], required=False)
    assert reasons(unasked) == {Reason.REVOCATION_DATA_REFUSED: Severity.WARNING}
    assert outcome(unasked) is Outcome.NOT_RUN


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (ocsp_response(signed_by="stranger"), "not signed by the issuer"),
        (b"rubbish", "malformed OCSP response"),
        (bytes(1_000_001), "OCSP response of 1000001 bytes"),
        (
            ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER),
            "status try_later",
        ),
        (
            ocsp_response(further=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), True)]),
            "unknown critical extension 1.2.3",
        ),
        (ocsp_response(critical_in_single=(True,)), "unknown critical extension 1.2.3"),
        (ocsp_response(critical_in_single=(False, False)), "malformed OCSP response"),
        # An OBJECT IDENTIFIER that is no digest, in place of SHA-1's (found by mutation).
        (ocsp_response().replace(b"\x2b\x0e\x03\x02\x1a", b"\x2b\x0e\x03\x04\x1a"), "malformed OCSP response"),
        (ocsp_response(delegate=responder(), signed_by="provider-b"), "not signed by the issuer"),
        (ocsp_response(delegate=responder(usage="email_protection"), signed_by="stranger"), "not signed by"),
        (ocsp_response(delegate=responder(issuer_key="other-ca"), signed_by="stranger"), "not signed by"),
        (
            ocsp_response(delegate=responder(), signed_by="stranger", produced_at=datetime(2022, 1, 1, tzinfo=UTC)),
            "not signed by",
        ),
    ],
    ids=[
        "stranger",
        "rubbish",
        "long",
        "try-later",
        "critical",
        "critical-in-single",
        "repeated-in-single",
        "unknown-digest",
        "delegate-other-key",
        "delegate-usage",
        "delegate-other-issuer",
        "delegate-not-yet",
    ],
)
def test_t040_responses_refused_by_name(data: bytes, why: str) -> None:
    report = verify(responses=[data])
    assert reasons(report) == REFUSED
    (finding,) = (finding for finding in report.findings if finding.reason is Reason.REVOCATION_DATA_REFUSED)
    assert why in str(finding.actual)


def test_an_extension_of_one_answer_that_is_not_critical_does_no_harm() -> None:
    assert reasons(verify(responses=[ocsp_response(critical_in_single=(False,))])) == GOOD
    revoked = ocsp_response(
        status=ocsp.OCSPCertStatus.REVOKED, revoked_at=REVOKED, next_update=None, critical_in_single=(False,)
    )
    assert reasons(verify(responses=[revoked])) == BEFORE


@pytest.mark.parametrize("by_key", [True, False])
def test_responders(by_key: bool) -> None:  # noqa: FBT001
    assert reasons(verify(responses=[ocsp_response(by_key=by_key)])) == GOOD
    delegated = ocsp_response(delegate=responder(), signed_by="stranger", by_key=by_key)
    assert reasons(verify(responses=[delegated])) == GOOD


def test_a_responders_further_certificates_may_be_unreadable() -> None:
    odd = make_signer("b", key_name="rsa-1024").certificate
    embedded = [odd, responder()]
    answered = ocsp_response(embedded=embedded)
    assert reasons(verify(responses=[answered])) == GOOD


def test_a_response_about_another_certificate_tells_nothing() -> None:
    other = ocsp_response(provider("b").certificate)
    assert reasons(verify(responses=[other])) == UNKNOWN
    other_issuer = ocsp_response(issuer=authority(key_name="other-ca"), signed_by="other-ca")
    assert reasons(verify(responses=[other_issuer])) == UNKNOWN


def test_what_cannot_be_read_does_not_hide_what_can() -> None:
    refused = {Reason.REVOCATION_DATA_REFUSED: Severity.WARNING}
    for report in (verify(responses=[b"rubbish", ocsp_response()]), verify(crls=[b"rubbish", crl()])):
        assert (reasons(report), outcome(report)) == (refused, Outcome.PASSED)


def test_a_response_is_named_where_it_says_revoked() -> None:
    revoked = ocsp_response(status=ocsp.OCSPCertStatus.REVOKED, revoked_at=REVOKED)
    (finding,) = (finding for finding in verify(responses=[revoked]).findings if finding.check is Check.REVOCATION)
    issued = ISSUED.isoformat()
    assert finding.where == f"OCSP response of {issued} (SHA-256 {hashlib.sha256(revoked).hexdigest()})"


def test_refusals_are_told_once_each() -> None:
    report = verify(crls=[b"rubbish", b"rubbish"], responses=[ocsp_response(signed_by="stranger")])
    refused = [finding.actual for finding in report.findings if finding.reason is Reason.REVOCATION_DATA_REFUSED]
    assert sum("malformed CRL" in str(actual) for actual in refused) == 1
    assert sum(str(actual).endswith(": not signed by the issuer or a responder of its") for actual in refused) == 1
    assert len(refused) == 2


def test_the_status_unknown_is_unknown() -> None:
    assert reasons(verify(responses=[ocsp_response(status=ocsp.OCSPCertStatus.UNKNOWN)])) == UNKNOWN


def test_one_source_that_says_revoked_outweighs_others() -> None:
    revoked = ocsp_response(status=ocsp.OCSPCertStatus.REVOKED, revoked_at=REVOKED)
    assert reasons(verify(crls=[crl()], responses=[revoked])) == BEFORE
    assert reasons(verify(crls=[crl(entry(SERIAL))], responses=[ocsp_response()])) == BEFORE
    assert reasons(verify(crls=[crl(), crl(entry(SERIAL, AT + DAY), number=8)])) == LATER


# --- scope of CRLs


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ({"only_contains_user_certs": True}, GOOD),
        ({"only_contains_ca_certs": True}, UNKNOWN),
        ({"only_contains_attribute_certs": True}, UNKNOWN),
        ({"only_some_reasons": frozenset({x509.ReasonFlags.key_compromise})}, UNKNOWN),
        ({"indirect_crl": True}, GOOD),
        ({"full_name": [x509.UniformResourceIdentifier("http://crl.example/1")]}, UNKNOWN),
    ],
)
def test_scopes(scope: dict[str, object], expected: dict[Reason, Severity]) -> None:
    assert reasons(verify(crls=[crl(scope=scope)])) == expected


def test_partial_reasons_add_up() -> None:
    flags = set(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
    one = {x509.ReasonFlags.key_compromise, x509.ReasonFlags.ca_compromise}
    parts = [crl(scope={"only_some_reasons": frozenset(part)}, number=n) for n, part in enumerate((one, flags - one))]
    assert reasons(verify(crls=parts)) == GOOD
    assert reasons(verify(crls=parts[:1])) == UNKNOWN


def test_a_later_revocation_in_a_crl_that_is_overdue_proves_nothing() -> None:
    """What a CRL of before says of a day to come does not tell of the days between."""
    overdue = crl(entry(SERIAL, AT + DAY), this_update=ISSUED, next_update=ISSUED + DAY)
    assert reasons(verify(crls=[overdue])) == UNKNOWN | LATER
    assert reasons(verify(crls=[overdue, crl(number=8)])) == LATER


def test_a_later_revocation_speaks_for_the_reasons_of_its_crl_alone() -> None:
    """For another reason it may have been revoked before, by a CRL that was not given."""
    flags = set(x509.ReasonFlags) - {x509.ReasonFlags.unspecified, x509.ReasonFlags.remove_from_crl}
    one = frozenset({x509.ReasonFlags.key_compromise})
    later = crl(entry(SERIAL, AT + DAY), scope={"only_some_reasons": one})
    others = crl(number=8, scope={"only_some_reasons": frozenset(flags - one)})
    assert reasons(verify(crls=[later])) == UNKNOWN | LATER
    assert reasons(verify(crls=[later, others])) == LATER
    assert reasons(verify(crls=[later], responses=[ocsp_response()])) == LATER


def test_a_later_revocation_in_an_answer_that_is_overdue_proves_nothing() -> None:
    overdue = ocsp_response(
        status=ocsp.OCSPCertStatus.REVOKED, revoked_at=AT + DAY, this_update=ISSUED, next_update=ISSUED + DAY
    )
    assert reasons(verify(responses=[overdue])) == UNKNOWN | LATER
    assert reasons(verify(responses=[overdue, ocsp_response()])) == LATER


@pytest.mark.parametrize("issued", [AT + DAY, NOT_AFTER + DAY])
def test_a_delta_takes_back_a_hold_and_nothing_else(issued: datetime) -> None:
    """RFC 5280 §5.3.1: what was revoked for good is removed from deltas because the certificate has expired."""
    revoked = crl(entry(SERIAL, reason=KEY_COMPROMISE), number=7)
    removal = entry(SERIAL, reason=x509.ReasonFlags.remove_from_crl)
    delta = crl(removal, number=8, base=7, this_update=issued, next_update=issued + DAY)
    assert reasons(verify(crls=[revoked])) == reasons(verify(crls=[revoked, delta])) == BEFORE


def test_a_delta_of_after_expiry_proves_nothing_by_silence() -> None:
    """RFC 5280 §5.2.4: one revocation may have come and gone since its base was issued."""
    base = crl(this_update=ISSUED, next_update=ISSUED + DAY, number=7)
    after = NOT_AFTER + DAY
    delta = crl(number=20, base=7, this_update=after, next_update=after + DAY)
    assert reasons(verify(crls=[base, delta])) == UNKNOWN


def test_a_directory_does_not_silence_the_authority() -> None:
    """The known editions refuse the path, the directory names the certificate: its issuer's CRL counts all the same."""
    signer = make_signer("a", organization="Gestore Nuovo S.p.A.")
    listing = ldif(directory_entry("a", name="Gestore Nuovo S.p.A.", certificates=(signer.certificate,)))
    manager = directory_signer()
    listed = TRUST | TrustStore.from_provider_directory(signed(listing, manager), signers=[manager.certificate])
    report = verify(signer=signer, trust=listed, crls=[crl()])
    assert (report.verdict, reasons(report), outcome(report)) == (Verdict.VALID, GOOD, Outcome.PASSED)
    revoked = crl(entry(serial_of(signer.certificate), reason=KEY_COMPROMISE))
    report = verify(signer=signer, trust=listed, crls=[revoked], required=False)
    assert (report.verdict, reasons(report)) == (Verdict.INVALID, BEFORE)


def test_a_delta_removes_and_adds() -> None:
    base = crl(entry(SERIAL, reason=x509.ReasonFlags.certificate_hold), number=7)
    removed = entry(SERIAL, reason=x509.ReasonFlags.remove_from_crl)
    assert reasons(verify(crls=[base, crl(removed, number=8, base=7)])) == GOOD
    assert reasons(verify(crls=[crl(number=7), crl(entry(SERIAL), number=8, base=7)])) == BEFORE
    # A delta by itself, one of another base, and one without a number say nothing.
    assert reasons(verify(crls=[crl(entry(SERIAL), number=8, base=7)])) == UNKNOWN
    assert reasons(verify(crls=[crl(number=7), crl(entry(SERIAL), number=9, base=8)])) == GOOD
    assert reasons(verify(crls=[crl(number=None), crl(entry(SERIAL), number=9, base=8)])) == GOOD
    forged = crl(entry(SERIAL), number=8, base=7, key_name="stranger")
    assert Reason.CERTIFICATE_REVOKED not in reasons(verify(crls=[crl(number=7), forged]))


def test_deltas_apply_by_their_numbers() -> None:
    """Whatever order they are given in."""
    held, removed = (
        entry(SERIAL, reason=reason) for reason in (x509.ReasonFlags.certificate_hold, x509.ReasonFlags.remove_from_crl)
    )
    base, first, second = crl(number=7), crl(held, number=8, base=7), crl(removed, number=9, base=7)
    assert reasons(verify(crls=[base, second, first])) == GOOD
    assert reasons(verify(crls=[second, base, first])) == GOOD
    first, second = crl(removed, number=8, base=7), crl(held, number=9, base=7)
    assert reasons(verify(crls=[base, second, first])) == BEFORE
    # A delta is newer than what it completes.
    assert reasons(verify(crls=[base, crl(held, number=7, base=7)])) == GOOD


@pytest.mark.parametrize(
    "other", [entry(SERIAL, reason=x509.ReasonFlags.remove_from_crl), entry(SERIAL, AT + DAY), entry(SERIAL)]
)
def test_of_two_entries_for_one_certificate_neither_takes_back_the_other(other: x509.RevokedCertificate) -> None:
    revoked = entry(SERIAL, reason=KEY_COMPROMISE)
    assert reasons(verify(crls=[crl(revoked, other)])) == BEFORE
    assert reasons(verify(crls=[crl(other, revoked)])) == BEFORE
    removal = crl(other, revoked, number=8, base=7)
    assert reasons(verify(crls=[crl(number=7), removal])) == BEFORE


def test_a_fresh_delta_renews_its_base() -> None:
    base = crl(this_update=ISSUED, next_update=ISSUED + DAY, number=7)
    delta = crl(number=8, base=7, this_update=AT - DAY, next_update=AT + DAY)
    assert reasons(verify(crls=[base])) == UNKNOWN
    assert reasons(verify(crls=[base, delta])) == GOOD


def test_an_indirect_crl_names_the_issuers_of_its_entries() -> None:
    ours = x509.load_der_x509_certificate(authority()).subject
    other = x509.load_der_x509_certificate(authority({**CA_NAME, "common_name": "Another"})).subject
    indirect = {"indirect_crl": True}
    assert reasons(verify(crls=[crl(entry(SERIAL, issuer=other), scope=indirect)])) == GOOD
    assert reasons(verify(crls=[crl(entry(1, issuer=other), entry(SERIAL), scope=indirect)])) == GOOD
    assert reasons(verify(crls=[crl(entry(1, issuer=other), entry(SERIAL, issuer=ours), scope=indirect)])) == BEFORE


def test_an_entry_whose_issuer_cannot_be_read() -> None:
    nobody = x509.CertificateIssuer([x509.UniformResourceIdentifier("http://a.example")])
    data = crl(entry(SERIAL, further=[(nobody, True)]))
    assert reasons(verify(crls=[data])) == REFUSED


# --- paths


INTERMEDIATE = authority_below("other-ca", OPEN_CA_NAME, frozenset({"key_cert_sign", "crl_sign"}))
OPEN_CA = authority(OPEN_CA_NAME, "other-ca", path_length=None, constrained=False)
BELOW = make_signer(issuer=INTERMEDIATE_NAME, issuer_key="intermediate", embedded=(INTERMEDIATE,))
OPEN = TrustStore.from_certificates(OPEN_CA)


def test_every_certificate_of_the_path_is_asked_about() -> None:
    above = {"issuer": OPEN_CA, "key_name": "other-ca"}
    below = crl(issuer=INTERMEDIATE, key_name="intermediate")
    report = verify(crls=[below, crl(**above)], signer=BELOW, trust=OPEN)  # type: ignore[arg-type]
    assert (report.verdict, outcome(report)) == (Verdict.VALID, Outcome.PASSED)
    revoked = crl(entry(serial_of(INTERMEDIATE)), **above)  # type: ignore[arg-type]
    assert reasons(verify(crls=[below, revoked], signer=BELOW, trust=OPEN)) == BEFORE
    assert reasons(verify(crls=[below], signer=BELOW, trust=OPEN)) == UNKNOWN


def test_an_intermediate_that_is_the_anchor_is_not_asked_about() -> None:
    below = crl(issuer=INTERMEDIATE, key_name="intermediate")
    trust = TrustStore.from_certificates(INTERMEDIATE)
    assert outcome(verify(crls=[below], signer=BELOW, trust=trust)) is Outcome.PASSED


def crl_signer(*, usage: str = "crl_sign", serial: int = 50) -> bytes:
    """Another certificate of the open authority's, with a key for CRLs."""
    private = key("stranger")
    extensions: list[Extension] = [
        ("key_usage", True, {usage}),
        ("key_identifier", False, key_id(spki(private))),
    ]
    return certificate(OPEN_CA_NAME, spki(private), OPEN_CA_NAME, key("other-ca"), extensions, serial=serial)


def with_crl_signer(**options: str) -> Signer:
    return make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA, crl_signer(**options)))  # type: ignore[arg-type]


def test_a_separate_key_for_crls() -> None:
    signer = with_crl_signer()
    by_it = crl(issuer=OPEN_CA, key_name="stranger", scope={"only_contains_user_certs": True}, number=1)
    by_the_authority = crl(issuer=OPEN_CA, key_name="other-ca", number=2)
    # The CRL signer's own certificate must be known to be good: by a CRL that the authority itself signed.
    assert reasons(verify(crls=[by_it, by_the_authority], signer=signer, trust=OPEN)) == GOOD
    revoked = crl(entry(50), issuer=OPEN_CA, key_name="other-ca", number=2)
    refused = {Reason.REVOCATION_DATA_REFUSED: Severity.WARNING}
    assert reasons(verify(crls=[by_it, revoked], signer=signer, trust=OPEN)) == refused
    assert reasons(verify(crls=[by_it], signer=signer, trust=OPEN)) == REFUSED


def test_a_built_in_anchor_may_sign_crls() -> None:
    """Its key usage is not among the facts that are kept of it; AgID CA1 signs its CRLs with the same key."""
    (anchor,) = OPEN.anchors
    built_in = TrustStore((replace(anchor, certificate=None),))
    by_it = crl(issuer=OPEN_CA, key_name="other-ca")
    signer = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=())
    assert outcome(verify(crls=[by_it], signer=signer, trust=built_in)) is Outcome.PASSED


def test_an_issuer_of_crls_without_a_path() -> None:
    """It has the authority's name and another authority's signature."""
    private = key("stranger")
    extensions: list[Extension] = [("key_usage", True, {"crl_sign"})]
    impostor = certificate(OPEN_CA_NAME, spki(private), OPEN_CA_NAME, key("ca"), extensions, serial=51)
    signer = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA, impostor))
    assert reasons(verify(crls=[crl(issuer=OPEN_CA, key_name="stranger")], signer=signer, trust=OPEN)) == REFUSED


def test_an_issuer_of_crls_whom_the_authority_may_not_certify() -> None:
    """A path that is not valid is none."""
    private = key("stranger")
    extensions: list[Extension] = [("key_usage", True, {"crl_sign"})]
    elsewhere = certificate(CA_NAME, spki(private), CA_NAME, key("ca"), extensions, serial=52)
    signer = make_signer(embedded=(authority(), elsewhere))
    assert reasons(verify(crls=[crl(key_name="stranger")], signer=signer)) == REFUSED


def test_further_entry_extensions_that_are_not_critical() -> None:
    other = (x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00"), False)
    assert reasons(verify(crls=[crl(entry(SERIAL, further=[other]))])) == BEFORE


def test_a_key_that_may_not_sign_crls() -> None:
    by_it = crl(issuer=OPEN_CA, key_name="stranger")
    signer = with_crl_signer(usage="digital_signature")
    assert reasons(verify(crls=[by_it], signer=signer, trust=OPEN)) == REFUSED
    # Nor where the signer of the CRL is known to be good.
    by_the_authority = crl(issuer=OPEN_CA, key_name="other-ca", number=2)
    refused = {Reason.REVOCATION_DATA_REFUSED: Severity.WARNING}
    assert reasons(verify(crls=[by_it, by_the_authority], signer=signer, trust=OPEN)) == refused


def test_a_key_whose_use_is_not_restricted_may_sign_crls() -> None:
    unrestricted = certificate(OPEN_CA_NAME, spki(key("stranger")), OPEN_CA_NAME, key("other-ca"), [], serial=53)
    signer = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA, unrestricted))
    by_it = crl(issuer=OPEN_CA, key_name="stranger")
    by_the_authority = crl(issuer=OPEN_CA, key_name="other-ca", number=2)
    assert reasons(verify(crls=[by_it, by_the_authority], signer=signer, trust=OPEN)) == GOOD


def test_a_crl_signer_outside_its_validity() -> None:
    by_it = crl(issuer=OPEN_CA, key_name="stranger")
    by_the_authority = crl(issuer=OPEN_CA, key_name="other-ca", number=2, scope={"only_contains_ca_certs": True})
    early = replace(Policy(), at=NOT_BEFORE - DAY)
    report = verify(crls=[by_it, by_the_authority], signer=with_crl_signer(), trust=OPEN, policy=early)
    assert Reason.REVOCATION_UNKNOWN in reasons(report)


def test_two_algorithms_that_differ() -> None:
    """Inside the signed bytes and beside them: which one counts must not be a question."""
    data = bytearray(crl())
    with_sha256 = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b"
    assert data.count(with_sha256) == 2
    data[data.rindex(with_sha256) + 8] = 0x0C
    assert reasons(verify(crls=[bytes(data)])) == REFUSED


def test_a_crl_whose_algorithm_is_not_accepted() -> None:
    md5 = crl(digest="sha1").replace(b"\x01\x01\x05\x05", b"\x01\x01\x04\x05")
    assert reasons(verify(crls=[md5])) == REFUSED


@pytest.mark.parametrize("data", [crl(), ocsp_response()], ids=["crl", "ocsp"])
def test_bug_odd_names_are_no_warnings(data: bytes) -> None:
    """The library warns of a country of more than two letters; the caller gets findings, and nothing else."""
    organization, country = b"\x06\x03\x55\x04\x0a", b"\x06\x03\x55\x04\x06"
    odd = data.replace(organization, country)
    assert odd != data
    report = verify(crls=[odd] if data == crl() else [], responses=[] if data == crl() else [odd])
    assert Reason.REVOCATION_UNKNOWN in reasons(report)


# --- distribution points, and CRLs of others than the issuer

POINT = "http://crl.example/1"


def name_of(common_name: str) -> dict[str, str]:
    return {"country_name": "IT", "common_name": common_name}


def distribution_point(
    *, uri: str | None = None, issuer: str | None = None, covers: set[str] | None = None
) -> Extension:
    point: dict[str, object] = {}
    if uri is not None:
        names = [asn1.GeneralName("uniform_resource_identifier", uri)]
        point["distribution_point"] = asn1.DistributionPointName("full_name", names)
    if issuer is not None:
        point["crl_issuer"] = [asn1.GeneralName("directory_name", asn1.Name.build(name_of(issuer)))]
    if covers is not None:
        point["reasons"] = covers
    return ("crl_distribution_points", False, [point])


def crl_issuer(common_name: str, serial: int, *points: Extension) -> bytes:
    """Certified by the open authority to issue CRLs under a name of its own."""
    extensions: list[Extension] = [("key_usage", True, {"crl_sign"}), *points]
    return certificate(
        name_of(common_name), spki(key("stranger")), OPEN_CA_NAME, key("other-ca"), extensions, serial=serial
    )


def below_the_open_authority(point: Extension, *embedded: bytes) -> Signer:
    return make_signer(
        issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA, *embedded), replace={"points": point}
    )


INDIRECT = {"indirect_crl": True}


def test_a_crl_of_whom_the_certificate_names() -> None:
    """The issuer of the CRLs says in its own certificate that it publishes its own revocation: who else should?"""
    publisher = crl_issuer("CRL", 60, distribution_point(issuer="CRL"))
    signer = below_the_open_authority(distribution_point(issuer="CRL"), publisher)
    ours = x509.load_der_x509_certificate(OPEN_CA).subject
    by_it = crl(issuer=publisher, key_name="stranger", scope=INDIRECT)
    assert reasons(verify(crls=[by_it], signer=signer, trust=OPEN)) == GOOD
    revoked = crl(entry(SERIAL, issuer=ours), issuer=publisher, key_name="stranger", scope=INDIRECT)
    assert reasons(verify(crls=[revoked], signer=signer, trust=OPEN)) == BEFORE
    # It is not the authority, so its CRL is one for the authority's certificates only if it says so.
    direct = crl(issuer=publisher, key_name="stranger")
    assert reasons(verify(crls=[direct], signer=signer, trust=OPEN)) == UNKNOWN
    # Nor may anybody else's certificate be in one that it has not been named for.
    plain = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA, publisher))
    assert reasons(verify(crls=[by_it], signer=plain, trust=OPEN)) == UNKNOWN


def test_a_delta_of_whom_the_certificate_names() -> None:
    """What the issuer of the CRLs publishes of itself, it may publish in a delta too."""
    publisher = crl_issuer("CRL", 60, distribution_point(issuer="CRL"))
    signer = below_the_open_authority(distribution_point(issuer="CRL"), publisher)
    by_it = {"issuer": publisher, "key_name": "stranger", "scope": INDIRECT}
    overdue = crl(next_update=ISSUED + DAY, **by_it)  # type: ignore[arg-type]
    delta = crl(number=8, base=7, this_update=AT - DAY, next_update=AT + DAY, **by_it)  # type: ignore[arg-type]
    assert reasons(verify(crls=[overdue], signer=signer, trust=OPEN)) == REFUSED
    assert reasons(verify(crls=[overdue, delta], signer=signer, trust=OPEN)) == GOOD


def test_without_an_instant_nothing_is_asked() -> None:
    path = find_path(parse_certificate(provider("a").certificate), (), TRUST, AT, Policy())
    timeless = Times(stated_at=None, signing_time=None, header_date=None, validated_at=None, basis=Basis.STATED)
    assert check_revocation(path, (), TRUST, timeless, Policy(crls=(crl(),), require_revocation=True)) == ((), False)


def test_an_issuer_of_crls_of_whom_nobody_says_that_it_is_good() -> None:
    by_it = crl(issuer=crl_issuer("CRL", 60), key_name="stranger", scope=INDIRECT)
    for points in ((), (distribution_point(issuer="Other"),), (distribution_point(uri=POINT),)):
        signer = below_the_open_authority(distribution_point(issuer="CRL"), crl_issuer("CRL", 60, *points))
        assert reasons(verify(crls=[by_it], signer=signer, trust=OPEN)) == REFUSED


@pytest.mark.parametrize(("length", "expected"), [(1, GOOD), (3, GOOD), (4, REFUSED)])
def test_how_far_issuers_of_crls_are_followed(length: int, expected: dict[Reason, Severity]) -> None:
    """Each in the CRL of the next; the last in one of the authority's, at a distribution point of its own."""
    publishers = [
        crl_issuer(
            f"CRL {n}",
            60 + n,
            distribution_point(issuer=f"CRL {n + 1}") if n < length else distribution_point(uri=POINT),
        )
        for n in range(1, length + 1)
    ]
    crls = [crl(issuer=each, key_name="stranger", scope=INDIRECT) for each in publishers]
    at_point = {"full_name": [x509.UniformResourceIdentifier(POINT)]}
    crls.append(crl(issuer=OPEN_CA, key_name="other-ca", scope=at_point))
    signer = below_the_open_authority(distribution_point(issuer="CRL 1"), *publishers)
    assert reasons(verify(crls=crls, signer=signer, trust=OPEN)) == expected


def test_a_crl_names_its_distribution_point() -> None:
    at_point = crl(issuer=OPEN_CA, key_name="other-ca", scope={"full_name": [x509.UniformResourceIdentifier(POINT)]})
    for uri, expected in ((POINT, GOOD), (POINT + "0", UNKNOWN)):
        signer = below_the_open_authority(distribution_point(uri=uri))
        assert reasons(verify(crls=[at_point], signer=signer, trust=OPEN)) == expected


def test_a_crl_that_names_only_its_issuer() -> None:
    """The names of a distribution point that gives none are its CRL issuer's (RFC 5280 §6.3.3 (b)(2)(i))."""
    ours = x509.load_der_x509_certificate(OPEN_CA).subject
    by_name = {"full_name": [x509.DirectoryName(ours)]}
    plain = make_signer(issuer=OPEN_CA_NAME, issuer_key="other-ca", embedded=(OPEN_CA,))
    assert (
        reasons(verify(crls=[crl(issuer=OPEN_CA, key_name="other-ca", scope=by_name)], signer=plain, trust=OPEN))
        == GOOD
    )
    publisher = crl_issuer("CRL", 60, distribution_point(issuer="CRL"))
    signer = below_the_open_authority(distribution_point(issuer="CRL"), publisher)
    own = x509.load_der_x509_certificate(publisher).subject
    for name, expected in ((own, GOOD), (ours, UNKNOWN)):
        scope = {**INDIRECT, "full_name": [x509.DirectoryName(name)]}
        by_it = crl(issuer=publisher, key_name="stranger", scope=scope)
        assert reasons(verify(crls=[by_it], signer=signer, trust=OPEN)) == expected


def test_a_distribution_point_for_some_reasons_only() -> None:
    """A CRL found there covers no more than its certificate says; the issuer's other CRLs cover the rest."""
    at_point = crl(issuer=OPEN_CA, key_name="other-ca", scope={"full_name": [x509.UniformResourceIdentifier(POINT)]})
    signer = below_the_open_authority(distribution_point(uri=POINT, covers={"key_compromise"}))
    assert reasons(verify(crls=[at_point], signer=signer, trust=OPEN)) == UNKNOWN
    flags = set(x509.ReasonFlags) - {
        x509.ReasonFlags.unspecified,
        x509.ReasonFlags.remove_from_crl,
        x509.ReasonFlags.key_compromise,
    }
    others = crl(issuer=OPEN_CA, key_name="other-ca", number=8, scope={"only_some_reasons": frozenset(flags)})
    assert reasons(verify(crls=[at_point, others], signer=signer, trust=OPEN)) == GOOD


def test_crls_for_authorities_and_for_users() -> None:
    above = {"issuer": OPEN_CA, "key_name": "other-ca"}
    below = crl(issuer=INTERMEDIATE, key_name="intermediate")
    for scope, expected in (({"only_contains_ca_certs": True}, GOOD), ({"only_contains_user_certs": True}, UNKNOWN)):
        crls = [below, crl(**above, scope=scope)]  # type: ignore[arg-type]
        assert reasons(verify(crls=crls, signer=BELOW, trust=OPEN)) == expected
