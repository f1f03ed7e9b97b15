"""What findings say, word for word: whoever reads a report by hand reads `expected`, `actual` and `where`."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import pytest

from pecverify import Finding, Reason, Report, Severity
from tests.oracle import FIXTURES, VECTORS
from tests.test_vectors import load, verify

BY_NAME = {path.stem: path for path in VECTORS}

SIGNER = "CN=Posta Certificata Gestore A S.p.A.,O=Gestore A S.p.A.,L=Roma,ST=Roma,C=IT"
VALIDITY = "2023-01-10T09:00:00+00:00 to 2026-01-10T09:00:00+00:00"
ISSUED = "2024-03-15T10:20:30+01:00"
SENDER, RECIPIENT, SECOND = (
    "mario.rossi@pec.gestore-a.example",
    "protocollo@pec.gestore-b.example",
    "anna.bianchi@pec.gestore-c.example",
)
OWN = "posta-certificata@pec.gestore-a.example"
PEC_ID = "opec210312.20240315102030.123456.606.1.53@pec.gestore-a.example"


def sha256_of(name: str) -> str:
    return hashlib.sha256((FIXTURES / "trust" / name).read_bytes()).hexdigest()


def crl(issued: str, name: str) -> str:
    return f"CRL 7 of {issued}T00:00:00+00:00 (SHA-256 {sha256_of(name)})"


def service(kind: str, status: str, name: str) -> str:
    """As long as a quote may be: 199 characters and a sign that it goes on."""
    list_ = "trusted list IT, sequence 5 of 2024-03-01T12:00:00+00:00"
    text = f"{list_}, service {kind} PEC di prova of Gestore A S.p.A., {status} (SHA-256 {sha256_of(name)})"
    return text if len(text) <= 200 else text[:199] + "…"


@dataclass(frozen=True)
class Says:
    """A finding of a vector; the severity is the reason's own unless the policy made it another."""

    vector: str
    reason: Reason
    expected: str | None = None
    actual: str | None = None
    where: str | None = None
    severity: Severity | None = None

    def finding(self) -> Finding:
        severity = self.severity or self.reason.rule.severity
        return Finding(
            reason=self.reason, severity=severity, expected=self.expected, actual=self.actual, where=self.where
        )


R = Reason
FINDINGS = [
    # the signature, and its algorithms
    Says("t017-md5", R.ALGORITHM_REFUSED, None, "digest algorithm other than SHA-1 or SHA-2", "smime.p7s"),
    Says("t019-hash-differs", R.ALGORITHM_MISMATCH, None, "rsassa-pkcs1v15 with sha512, digest sha256", "smime.p7s"),
    Says("t020-digests-empty", R.ALGORITHM_MISMATCH, None, "sha256 is not among digestAlgorithms", "smime.p7s"),
    Says(
        "t042-explicit-curve",
        R.ALGORITHM_REFUSED,
        None,
        "public key: key of a kind that is not accepted",
        "smime.p7s",
    ),
    Says("t046-rsa-16392", R.ALGORITHM_REFUSED, None, "public key: RSA 16392", "smime.p7s"),
    Says("t043-rsa-1024", R.ALGORITHM_WEAK, None, "signer's key RSA 1024"),
    Says("t018-sha1-certificate", R.ALGORITHM_WEAK, None, "certificate signed with sha1"),
    Says("archival", R.ALGORITHM_WEAK, None, "signer's key RSA 1024", severity=Severity.WARNING),
    Says("archival", R.ALGORITHM_WEAK, None, "certificate signed with sha1", severity=Severity.WARNING),
    Says("pss-sha1", R.DIGEST_WEAK, None, "sha1"),
    Says("rsa-sha1-strict", R.DIGEST_WEAK, None, "sha1", severity=Severity.UNKNOWN),
    Says("ber", R.BER_ENCODING, where="smime.p7s"),
    Says("t015-attribute-order", R.SIGNED_ATTRIBUTES_ORDER, where="smime.p7s"),
    Says("micalg-absent", R.MICALG_MISMATCH, "sha256", None),
    Says("t022-micalg", R.MICALG_MISMATCH, "sha256", "md5"),
    Says("t092-extra-field", R.CMS_MALFORMED, None, "fields after the signature value", "smime.p7s"),
    Says("cms-enveloped", R.CMS_MALFORMED, None, "not SignedData", "smime.p7s"),
    Says("cms-garbage", R.CMS_MALFORMED, None, "not a ContentInfo", "smime.p7s"),
    Says("t009-content-type", R.CONTENT_TYPE_MISMATCH, None, "contentType attribute is not id-data", "smime.p7s"),
    Says("t010-econtent-type", R.CONTENT_TYPE_MISMATCH, None, "eContentType is not id-data", "smime.p7s"),
    Says("t003-econtent", R.ECONTENT_PRESENT, None, "eContent in a detached signature", "smime.p7s"),
    Says("t005-attributes-as-content", R.SIGNED_ATTRIBUTES_MISSING, None, "no signedAttrs", "smime.p7s"),
    Says("t011-no-content-type", R.SIGNED_ATTRIBUTES_INVALID, None, "no contentType attribute", "smime.p7s"),
    Says("t012-no-digest", R.SIGNED_ATTRIBUTES_INVALID, None, "no messageDigest attribute", "smime.p7s"),
    Says("t013-two-digests", R.SIGNED_ATTRIBUTES_INVALID, None, "repeated attribute", "smime.p7s"),
    Says("t014-signing-time", R.SIGNED_ATTRIBUTES_INVALID, None, "malformed signingTime", "smime.p7s"),
    Says(
        "t095-digest-is-integer",
        R.SIGNED_ATTRIBUTES_INVALID,
        None,
        "messageDigest is not an OCTET STRING",
        "smime.p7s",
    ),
    Says("t025-no-signer", R.SIGNER_COUNT, None, "0 SignerInfos", "smime.p7s"),
    Says("t041-hundred-authorities", R.LIMIT_EXCEEDED, None, "101 certificates", "smime.p7s"),
    Says("t031-stolen-certificate", R.SIGNATURE_INVALID, where="smime.p7s"),
    # the signer's certificate
    Says("t027-no-certificate", R.CERTIFICATE_MISSING, where="smime.p7s"),
    Says("t029-twins", R.SIGNER_AMBIGUOUS, "1", "2"),
    Says("t037-extension-twice", R.CERTIFICATE_MALFORMED, None, "malformed certificate", "smime.p7s"),
    Says(
        "t038-algorithms-differ",
        R.CERTIFICATE_MALFORMED,
        None,
        "inner and outer signature algorithm differ",
        "smime.p7s",
    ),
    Says("t032-expired", R.CERTIFICATE_EXPIRED, VALIDITY, "2026-02-01T12:00:00+01:00"),
    Says("t032-not-yet-valid", R.CERTIFICATE_NOT_YET_VALID, VALIDITY, "2022-02-01T12:00:00+01:00"),
    Says("t099-out-of-bounds", R.OUT_OF_BOUNDS_NO_POE, VALIDITY, "2027-01-01T00:00:00+00:00"),
    Says("t033-key-usage", R.KEY_USAGE_INVALID, "digitalSignature", "key_encipherment"),
    Says("t033-no-key-usage", R.KEY_USAGE_INVALID, "digitalSignature", None),
    Says("t035-extended-key-usage", R.EXTENDED_KEY_USAGE_INVALID, "1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.1"),
    Says("t034-ca-signs", R.SIGNER_IS_CA, "no basicConstraints", "CA:TRUE"),
    Says("t036-critical-extension", R.CRITICAL_EXTENSION_UNKNOWN, None, "1.3.6.1.4.1.99999.1"),
    Says("t050-nul-in-address", R.CERTIFICATE_ADDRESS_INVALID, None, rf"'{OWN}\x00.evil.example'"),
    Says("t049-two-addresses", R.CERTIFICATE_ADDRESSES_MANY, None, f"pec@pec.gestore-a.example, {OWN}"),
    Says("certificate-profile", R.CERTIFICATE_PROFILE, None, "keyUsage not critical, basicConstraints present"),
    Says("t044-block-type-2", R.KEY_EXPONENT_SMALL, None, "3"),
    # who recognises it
    Says(
        "anchor-not-in-force", R.ANCHOR_NOT_IN_FORCE, "2020-01-01T00:00:00+00:00 to 2021-01-01T00:00:00+00:00", ISSUED
    ),
    Says(
        "issuer-forged",
        R.ISSUER_FORGED,
        "signed by the key of AgID CA1",
        "CN=AgID CA1,OU=Area Soluzioni per la Pubblica Amministrazione,O=Agenzia per l'Italia Digitale,L=Roma,C=IT",
    ),
    Says(
        "t028-same-name",
        R.PROVIDER_NOT_RECOGNISED,
        "AgID CA1, DigitPA CA1, Test PEC CA1",
        "CN=Test PEC CA1,OU=Solo per test,O=Autorita' di prova,C=IT",
    ),
    Says("t034-leaf-issues", R.PATH_INVALID, "CA:TRUE, keyCertSign", SIGNER.replace("Gestore A", "Gestore B")),
    Says("t039-path-length", R.PATH_LENGTH_EXCEEDED, "0", "1"),
    Says("t039-domain", R.NAME_CONSTRAINTS_VIOLATED, "a permitted name", "posta-certificata@pec.altrove.example"),
    Says(
        "t039-organization",
        R.NAME_CONSTRAINTS_VIOLATED,
        "a permitted name",
        "CN=Posta Certificata Gestore Ignoto S.r.l.,O=Gestore Ignoto S.r.l.,L=Roma,ST=Roma,C=IT",
    ),
    Says("directory-other-role", R.ISSUER_ROLE_MISMATCH, "Gestore A S.p.A.", f"Gestore B S.p.A. for {SENDER}"),
    Says(
        "directory-other-name",
        R.PROVIDER_NAME_MISMATCH,
        "Altro S.p.A.",
        "Gestore A S.p.A., Posta Certificata Gestore A S.p.A.",
    ),
    Says("t051-directory-other-domain", R.PROVIDER_DOMAIN_MISMATCH, "a domain of Gestore A S.p.A.", OWN, "From"),
    Says(
        "t054-trusted-list-before-the-instant",
        R.SERVICE_NOT_GRANTED,
        "granted",
        service("EDS/REM/Q", "granted since 2024-02-01T00:00:00+00:00", "old-list.xml"),
    ),
    Says(
        "trusted-list-not-yet",
        R.SERVICE_NOT_GRANTED,
        "granted",
        service("EDS/REM/Q", "none yet", "later-list.xml"),
        severity=Severity.NOTE,
    ),
    Says(
        "trusted-list-withdrawn-under-anchor",
        R.SERVICE_NOT_GRANTED,
        "granted",
        service("EDS/REM/Q", "withdrawn since 2024-03-01T00:00:00+00:00", "withdrawn-list.xml"),
    ),
    Says(
        "trusted-list-delivery-service",
        R.SERVICE_NOT_REGISTERED_EMAIL,
        "EDS/REM/Q",
        service("EDS/Q", "granted since 2024-02-01T00:00:00+00:00", "eds-list.xml"),
    ),
    Says(
        "t054-trusted-list-before-the-instant",
        R.TRUST_LIST_STALE,
        "a newer one than sequence 5 since 2024-03-10T00:00:00+00:00",
        f"used at {ISSUED}",
    ),
    Says(
        "t053-directory-unverified",
        R.TRUST_SOURCE_UNVERIFIED,
        None,
        f"providers' directory (SHA-256 {sha256_of('directory.p7m')})",
    ),
    Says(
        "t053-trusted-list-unverified",
        R.TRUST_SOURCE_UNVERIFIED,
        None,
        f"trusted list IT, sequence 5 (SHA-256 {sha256_of('list.xml')})",
    ),
    # revocation
    Says(
        "t040-revoked",
        R.CERTIFICATE_REVOKED,
        f"not revoked at {ISSUED}",
        f"{SIGNER}, revoked at 2024-03-10T00:00:00+00:00, reason not stated",
        crl("2024-03-01", "revoked.crl"),
    ),
    Says(
        "t040-compromised",
        R.CERTIFICATE_REVOKED,
        f"not revoked at {ISSUED}",
        f"{SIGNER}, revoked at 2024-06-01T00:00:00+00:00, reason key_compromise, "
        "invalid since 2024-03-10T00:00:00+00:00",
        crl("2024-06-01", "compromised.crl"),
    ),
    Says(
        "revoked-later",
        R.CERTIFICATE_REVOKED_LATER,
        None,
        f"{SIGNER}, revoked at 2024-06-01T00:00:00+00:00, reason not stated",
        crl("2024-06-01", "revoked-later.crl"),
    ),
    Says("t040-crl-forged", R.REVOCATION_UNKNOWN, "a CRL or OCSP response that covers the instant", SIGNER),
    Says(
        "t040-crl-forged",
        R.REVOCATION_DATA_REFUSED,
        None,
        f"{crl('2024-03-01', 'forged.crl')}: not signed by its issuer",
    ),
    # times
    Says("instant-unknown", R.INSTANT_UNKNOWN),
    Says("stated-in-future", R.STATED_IN_FUTURE, "not after 2024-03-15T09:00:00+00:00", ISSUED),
    Says("t024-signing-time", R.SIGNING_TIME_MISMATCH, ISSUED, "2024-03-15T10:30:01+00:00"),
    # the header
    Says("t071-from-display", R.FROM_NOT_IN_CERTIFICATE, OWN, "truffa@altrove.example", "From"),
    Says("t071-from-two", R.FROM_NOT_IN_CERTIFICATE, OWN, f"{OWN}, truffa@altrove.example", "From"),
    Says("from-missing", R.FROM_MISSING, OWN, None, "From"),
    Says("t071-from-twice", R.HEADER_REPEATED, "1", "2", "From"),
    Says("t072-kind", R.HEADER_CONTRADICTS_SIGNED, "accettazione", "avvenuta-consegna", "X-Ricevuta"),
    Says("t072-both-kinds", R.HEADER_CONTRADICTS_SIGNED, None, "posta-certificata", "X-Trasporto"),
    Says("t072-anomaly", R.HEADER_ABSENT, "accettazione", None, "X-Ricevuta"),
    Says("t072-anomaly", R.HEADER_CONTRADICTS_SIGNED, None, "errore", "X-Trasporto"),
    Says(
        "t072-reference",
        R.HEADER_CONTRADICTS_SIGNED,
        "4F1A.2C3D@studio-rossi.example",
        "altro@altrove.example",
        "X-Riferimento-Message-ID",
    ),
    Says("t072-sender", R.HEADER_CONTRADICTS_SIGNED, OWN, "truffa@altrove.example", "Sender"),
    Says("date-changed", R.DATE_MISMATCH, ISSUED, "Fri, 15 Mar 2024 11:20:30 +0100", "Date"),
    Says("envelope-message-id", R.MESSAGE_ID_MISMATCH, PEC_ID, "altro@pec.gestore-a.example", "Message-ID"),
    Says("message-id-reused", R.MESSAGE_ID_REUSED, None, PEC_ID, "Message-ID"),
    Says("security-header", R.SECURITY_HEADER_MISMATCH, "errore", None, "X-VerificaSicurezza"),
    Says(
        "subject-changed",
        R.SUBJECT_MISMATCH,
        "ACCETTAZIONE: Diffida e messa in mora",
        "ACCETTAZIONE: Saluti e messa in mora",
        "Subject",
    ),
    Says("to-changed", R.TO_MISMATCH, SENDER, "altri@posta.example", "To"),
    # the certification data
    Says("error-detail-absent", R.ERROR_DETAIL_INCONSISTENT, None, None, "errore-esteso"),
    Says("error-inconsistent", R.ERROR_INCONSISTENT, None, "altro", "postacert/@errore"),
    Says("pec-id-malformed", R.PEC_ID_MALFORMED, None, "opec1.53", "identificativo"),
    Says("recipient-not-certified", R.RECIPIENT_NOT_CERTIFIED, None, RECIPIENT, "consegna"),
    Says("recipient-unlisted", R.RECIPIENT_UNLISTED, None, SECOND, "consegna"),
    Says("text-mismatch", R.TEXT_MISMATCH, PEC_ID, None, "text"),
    Says("zone-unexpected", R.ZONE_UNEXPECTED, "+0200", "+0100", "data/@zona"),
    Says("t065-two-daticert", R.DATICERT_REPEATED, "1", "2"),
    Says("t065-two-originals", R.ORIGINAL_REPEATED, "1", "2"),
    Says("original-base64", R.ORIGINAL_TRANSFER_ENCODED, None, "base64", "postacert.eml"),
]


@pytest.mark.parametrize("said", FINDINGS, ids=lambda said: f"{said.vector}-{said.reason}")
def test_what_a_finding_says(said: Says) -> None:
    assert said.finding() in verify(*load(BY_NAME[said.vector])).findings


# --- where they point to: bytes of the message


def spans(vector: str, reason: Reason) -> tuple[bytes, Report, list[bytes]]:
    """The message, the report, and the bytes that the findings of that reason point to."""
    described, data = load(BY_NAME[vector])
    report = verify(described, data)
    pointed = [str(finding.where).removeprefix("bytes ") for finding in report.findings if finding.reason is reason]
    return data, report, [data[slice(*map(int, where.split("-")))] for where in pointed]


def test_a_digest_mismatch_points_to_the_signed_part() -> None:
    _, report, (part,) = spans("t001-text-changed", Reason.DIGEST_MISMATCH)
    assert part.startswith(b"Content-Type: multipart/mixed;")
    assert part.endswith(b"--\r\n")
    assert report.findings[0].actual == hashlib.sha256(part).hexdigest()
    # What was signed is the part before it was changed.
    assert report.findings[0].expected == hashlib.sha256(part.replace(b"bccettato", b"accettato")).hexdigest()


def test_canonicalised_line_ends_point_to_the_signed_part() -> None:
    _, _, (part,) = spans("line-endings-lf", Reason.LINE_ENDINGS_CANONICALISED)
    assert part.startswith(b"Content-Type: multipart/mixed;")
    assert part.endswith(b"--\n")


def test_missing_certification_data_point_to_the_signed_part() -> None:
    _, _, (part,) = spans("t005-attributes-as-content", Reason.DATICERT_MISSING)
    assert part.startswith(b"Content-Type: text/plain\r\n\r\n")


def test_a_nested_receipt_is_pointed_to() -> None:
    _, _, (inner,) = spans("t056-mailing-list", Reason.NESTED_RECEIPT)
    assert inner.startswith(b"Content-Type: multipart/signed;")  # the list put a header of its own above
    assert inner.endswith(b"\r\n------3C5B9E71A0D84F26--\r\n")


@pytest.mark.parametrize(
    ("vector", "text"),
    [
        ("epilogue", "-- \r\nLista di discussione: https://lista.example"),
        ("preamble-html", "Content-Type: text/html\r\n\r\n<b>Hai vinto</b>"),
    ],
)
def test_unsigned_content_is_quoted_and_pointed_to(vector: str, text: str) -> None:
    _, report, (pointed,) = spans(vector, Reason.UNSIGNED_CONTENT)
    assert [finding.actual for finding in report.findings if finding.reason is Reason.UNSIGNED_CONTENT] == [text]
    assert pointed.strip() == text.encode()
