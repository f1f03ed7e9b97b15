"""NIST's Public Key Interoperability Test Suite, through pecverify's own MIME, CMS, path and revocation code.

The messages, certificates and CRLs are those of the package `cryptography-vectors`, the verdicts NIST's own. Every CRL
of the suite is given to every case: the right ones have to be found among them.

What is refused though NIST calls it valid is named below, with the rule that refuses it. Nothing invalid is accepted.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cryptography_vectors
import pytest

from pecverify import Check, Limits, Policy, Reason, Report, TrustStore, verify_receipt
from pecverify._certificate import parse_certificate
from pecverify._cms import identifies, parse_signed_data
from pecverify._mime import read_signed_message
from pecverify._pki import PathResult, find_path
from pecverify._policies import are_policies_valid

SUITE = Path(str(cryptography_vectors.__file__)).parent / "x509" / "PKITS_data"
EXPECTED = Path(__file__).resolve().parent.parent.parent / "shared" / "vectors" / "pkits-expected.json"
if not EXPECTED.exists():
    pytest.skip("NIST's verdicts are not beside the project (../shared)", allow_module_level=True)

CASES: list[dict[str, Any]] = json.loads(EXPECTED.read_bytes())

TRUST = TrustStore.from_certificates((SUITE / "certs/TrustAnchorRootCertificate.crt").read_bytes())
POLICY = Policy(
    at=datetime(2020, 1, 1, tzinfo=UTC),
    crls=tuple(path.read_bytes() for path in sorted((SUITE / "crls").glob("*.crl"))),
    require_revocation=True,
    limits=Limits(path_length=6),  # the longest of the suite; the default is 5
)
NOT_ABOUT_PATHS = {Check.CERTIFICATION_DATA, Check.INSTANT, Check.SENDER_ADDRESS, Check.CONSISTENCY}
"""What PEC asks of a message besides: the suite's messages are no receipts."""

DSA = "DSA is accepted nowhere: no PEC provider used it, and certificates could inherit its parameters"
SIGNER_IS_CA = "a CA certificate signs no PEC message (RFC 6109 §5.5.2); the suite uses one as an end entity"
REFUSED: dict[str, tuple[Reason, str]] = {
    "4.1.4": (Reason.ALGORITHM_REFUSED, DSA),
    "4.1.5": (Reason.ALGORITHM_REFUSED, DSA),
    "4.6.8": (Reason.SIGNER_IS_CA, SIGNER_IS_CA),
    "4.6.14": (Reason.SIGNER_IS_CA, SIGNER_IS_CA),
    "4.8.6.1": (Reason.SIGNER_IS_CA, SIGNER_IS_CA),
    "4.8.6.2": (Reason.SIGNER_IS_CA, SIGNER_IS_CA),
    "4.14.13": (Reason.SIGNER_IS_CA, SIGNER_IS_CA),
}


def verify(message: str, policy: Policy = POLICY) -> Report:
    return verify_receipt((SUITE / "smime" / message).read_bytes(), trust=TRUST, policy=policy)


def path_of(message: str) -> PathResult:
    signed = read_signed_message((SUITE / "smime" / message).read_bytes(), POLICY.limits)
    view = parse_signed_data(signed.signature, POLICY.limits)
    embedded = tuple(map(parse_certificate, view.certificates))
    (signer,) = (certificate for certificate in embedded if identifies(view, certificate))
    return find_path(signer, embedded, TRUST, POLICY.at, POLICY)


def accepts(case: dict[str, Any]) -> bool:
    """Whether the message's signature, path and revocation hold, under the policy inputs of the case if it has some."""
    report = verify(case["message"])
    if any(finding.check not in NOT_ABOUT_PATHS for finding in report.decisive_findings):
        return False
    inputs = case.get("policy_inputs")
    return inputs is None or are_policies_valid(
        path_of(case["message"]).certificates,
        initial_policies=frozenset(
            "2.5.29.32.0" if policy == "anyPolicy" else policy for policy in inputs["initial_policies"]
        ),
        initial_explicit=inputs["explicit_policy"],
        initial_inhibit_mapping=inputs["inhibit_policy_mapping"],
        initial_inhibit_any=inputs["inhibit_any_policy"],
    )


@pytest.mark.parametrize("case", CASES, ids=[case["id"] for case in CASES])
def test_case(case: dict[str, Any]) -> None:
    expected = case["expected"] == "valid" and case["id"] not in REFUSED
    assert accepts(case) == expected


@pytest.mark.parametrize("identifier", REFUSED)
def test_what_is_refused_is_refused_by_the_rule_named(identifier: str) -> None:
    (case,) = (case for case in CASES if case["id"] == identifier)
    assert case["expected"] == "valid"
    decisive = verify(case["message"]).decisive_findings
    assert {finding.reason for finding in decisive if finding.check not in NOT_ABOUT_PATHS} == {REFUSED[identifier][0]}


def test_the_suite_is_whole() -> None:
    assert Counter(case["expected"] for case in CASES) == {"valid": 113, "invalid": 134}
    assert {case["message"] for case in CASES} == {path.name for path in (SUITE / "smime").iterdir()}


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("SignedInvalidRevokedEETest3.eml", Reason.CERTIFICATE_REVOKED),
        ("SignedInvalidRevokedCATest2.eml", Reason.CERTIFICATE_REVOKED),
        ("SignedMissingCRLTest1.eml", Reason.REVOCATION_UNKNOWN),
        ("SignedInvalidBadCRLSignatureTest4.eml", Reason.REVOCATION_UNKNOWN),
        ("SignedInvalidOldCRLnextUpdateTest11.eml", Reason.REVOCATION_UNKNOWN),
        ("SignedInvalidUnknownCRLExtensionTest9.eml", Reason.REVOCATION_UNKNOWN),
        ("SignedInvalidDNnameConstraintsTest2.eml", Reason.NAME_CONSTRAINTS_VIOLATED),
        ("SignedInvalidpathLenConstraintTest5.eml", Reason.PATH_LENGTH_EXCEEDED),
        ("SignedInvalidEESignatureTest3.eml", Reason.PROVIDER_NOT_RECOGNISED),
        ("SignedInvalidEEnotAfterDateTest6.eml", Reason.CERTIFICATE_EXPIRED),
        ("SignedDifferentPoliciesTest4.eml", Reason.PATH_INVALID),
    ],
)
def test_why(message: str, reason: Reason) -> None:
    assert reason in {finding.reason for finding in verify(message).decisive_findings}


def test_without_the_demand_unknown_revocation_is_no_finding() -> None:
    policy = Policy(at=POLICY.at, crls=POLICY.crls)
    findings = verify("SignedMissingCRLTest1.eml", policy).decisive_findings
    assert {finding.check for finding in findings} <= NOT_ABOUT_PATHS
