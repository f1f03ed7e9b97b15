"""What findings say, word for word: whoever reads a report by hand reads `expected`, `actual` and `where`."""

from __future__ import annotations

import base64
import hashlib
import itertools
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone

import pytest
from asn1crypto import x509

from fixtures.catalogue.broken_mime import forwarded
from fixtures.catalogue.kinds import DELAY, DELIVERY, ENVELOPE, FAILURE, TAKEN, VIRUS_FOUND
from pecverify import (
    Basis,
    Check,
    Finding,
    Limits,
    Outcome,
    Policy,
    Provider,
    Reason,
    Recognition,
    Report,
    Severity,
    Signer,
    Times,
    TrustStatement,
    TrustStore,
    Verdict,
    find_receipts,
    verify_nested,
    verify_receipt,
)
from pecverify._certificate import parse_certificate
from tests.messages import ISSUED_AT, PEC_ID, RECIPIENT, SECOND, SENDER, SUBJECT, Message, chain, replacing
from tests.oracle import FIXTURES, VECTORS
from tests.pki import Cms, authority, make_signer, utc_time
from tests.test_vectors import load, verify

BY_NAME = {path.stem: path for path in VECTORS}

SIGNER = "CN=Posta Certificata Gestore A S.p.A.,O=Gestore A S.p.A.,L=Roma,ST=Roma,C=IT"
VALIDITY = "2023-01-10T09:00:00+00:00 to 2026-01-10T09:00:00+00:00"
ISSUED = "2024-03-15T10:20:30+01:00"
OWN = "posta-certificata@pec.gestore-a.example"
RSA_ENCRYPTION = bytes.fromhex("300d06092a864886f70d0101010500")
CERTIFICATE_WITH_MD5 = "certificate signed with signature algorithm 2a864886f70d010104 0500"


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
    Says("t096-empty", R.NOT_A_MESSAGE, None, "the first line is not a header field", "bytes 0-0"),
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


@pytest.mark.parametrize(
    ("vector", "reason", "said"),
    [
        ("t059-two-content-types", Reason.MIME_MALFORMED, "repeated Content-Type"),
        ("t064-blank-line", Reason.MIME_MALFORMED, "a line of a header is no field"),
        ("plain-mail", Reason.NOT_PEC, "the root is text/plain"),
        ("t069-opaque", Reason.NOT_PEC, "the root is application/pkcs7-mime"),
    ],
)
def test_what_is_wrong_with_the_header_is_pointed_to(vector: str, reason: Reason, said: str) -> None:
    data, report, (pointed,) = spans(vector, reason)
    assert report.findings[0].actual == said
    assert data.startswith(pointed)
    assert pointed.endswith(b"\r\n")


def test_what_is_nested_too_deeply_is_pointed_to() -> None:
    _, report, (pointed,) = spans("t074-deep", Reason.LIMIT_EXCEEDED)
    assert report.findings[0].actual == "nested over 8 levels"
    assert pointed.startswith(b'Content-Type: multipart/mixed; boundary="livello-0"')


# --- by messages made for it

TRUST = TrustStore.from_certificates(authority())
Said = tuple[str | None, str | None, str | None]


def says(message: Message, reason: Reason, policy: Policy | None = None, trust: TrustStore = TRUST) -> list[Said]:
    """`expected`, `actual` and `where` of the findings of one reason."""
    report = verify_receipt(message.build(), trust=trust, policy=policy)
    return [(f.expected, f.actual, f.where) for f in report.findings if f.reason is reason]


DATE = "Fri, 15 Mar 2024 10:20:30 +0100"


@pytest.mark.parametrize(
    ("message", "reason", "said"),
    [
        (
            Message(header=replacing(f"\r\nSubject: ACCETTAZIONE: {SUBJECT}", "")),
            R.HEADER_ABSENT,
            (None, None, "Subject"),
        ),
        (Message(header=replacing("\r\nTo: mario", "\r\nX-To: mario")), R.HEADER_ABSENT, (SENDER, None, "To")),
        (Message(header=replacing(f"\r\nDate: {DATE}", "")), R.HEADER_ABSENT, (ISSUED, None, "Date")),
        (
            Message(header=replacing("X-Riferimento-Message-ID", "X-Altro")),
            R.HEADER_ABSENT,
            ("4F1A.2C3D@studio-rossi.example", None, "X-Riferimento-Message-ID"),
        ),
        (
            replace(ENVELOPE, header=replacing(f"\r\nMessage-ID: <{PEC_ID}>", "")),
            R.HEADER_ABSENT,
            (PEC_ID, None, "Message-ID"),
        ),
        (
            replace(ENVELOPE, header=replacing("\r\nX-Trasporto: posta-certificata", "")),
            R.HEADER_ABSENT,
            ("posta-certificata", None, "X-Trasporto"),
        ),
        (
            replace(ENVELOPE, header=replacing("X-Trasporto: posta-certificata", "X-Trasporto: errore")),
            R.HEADER_CONTRADICTS_SIGNED,
            ("posta-certificata", "errore", "X-Trasporto"),
        ),
        (
            replace(ENVELOPE, header=replacing("\r\nX-Trasporto", "\r\nX-Ricevuta: accettazione\r\nX-Trasporto")),
            R.HEADER_CONTRADICTS_SIGNED,
            (None, "accettazione", "X-Ricevuta"),
        ),
        (
            Message(message_id=None, header=replacing("\r\nDate", "\r\nX-Riferimento-Message-ID: <a@b>\r\nDate")),
            R.HEADER_CONTRADICTS_SIGNED,
            (None, "a@b", "X-Riferimento-Message-ID"),
        ),
        (Message(header=replacing(f"Date: {DATE}", "Date: ieri")), R.DATE_MISMATCH, (ISSUED, "ieri", "Date")),
        (
            Message(header=replacing("\r\nX-Ricevuta", "\r\nX-VerificaSicurezza: errore\r\nX-Ricevuta")),
            R.SECURITY_HEADER_MISMATCH,
            (None, "errore", "X-VerificaSicurezza"),
        ),
        (
            replace(FAILURE, error="virus", header=replacing("X-VerificaSicurezza: errore", "X-VerificaSicurezza: no")),
            R.SECURITY_HEADER_MISMATCH,
            ("errore", "no", "X-VerificaSicurezza"),
        ),
        (
            replace(FAILURE, error="virus", header=replacing("\r\nSubject: ", "\r\nSubject: X")),
            R.SUBJECT_MISMATCH,
            (
                f"AVVISO DI MANCATA CONSEGNA PER VIRUS: {SUBJECT}",
                f"XAVVISO DI MANCATA CONSEGNA PER VIRUS: {SUBJECT}",
                "Subject",
            ),
        ),
        (
            replace(FAILURE, header=replacing("\r\nSubject: ", "\r\nSubject: X")),
            R.SUBJECT_MISMATCH,
            (f"AVVISO DI MANCATA CONSEGNA: {SUBJECT}", f"XAVVISO DI MANCATA CONSEGNA: {SUBJECT}", "Subject"),
        ),
        (
            Message(xml=replacing(f"        <oggetto>{SUBJECT}</oggetto>\n", "")),
            R.SUBJECT_MISMATCH,
            ("ACCETTAZIONE: ", f"ACCETTAZIONE: {SUBJECT}", "Subject"),
        ),
        (replace(FAILURE, error_detail=None), R.ERROR_DETAIL_INCONSISTENT, (None, None, "errore-esteso")),
        (Message(error_detail="5.0.0"), R.ERROR_DETAIL_INCONSISTENT, (None, "5.0.0", "errore-esteso")),
        (replace(FAILURE, error="nessuno"), R.ERROR_INCONSISTENT, (None, "nessuno", "postacert/@errore")),
        (replace(TAKEN, taken_for=(SECOND,)), R.RECIPIENT_UNLISTED, (None, SECOND, "ricezione")),
        (
            replace(TAKEN, recipients=((RECIPIENT, "esterno"),)),
            R.RECIPIENT_NOT_CERTIFIED,
            (None, RECIPIENT, "ricezione"),
        ),
        (replace(VIRUS_FOUND, delivered_to=SECOND), R.RECIPIENT_UNLISTED, (None, SECOND, "consegna")),
        (
            replace(VIRUS_FOUND, delivered_to=None, taken_for=(SECOND,)),
            R.RECIPIENT_UNLISTED,
            (None, SECOND, "consegna"),
        ),
        (replace(FAILURE, delivered_to=SECOND), R.RECIPIENT_UNLISTED, (None, SECOND, "consegna")),
        (replace(DELAY, delivered_to=SECOND), R.RECIPIENT_UNLISTED, (None, SECOND, "consegna")),
        (
            Message(issued_at=datetime(2024, 7, 1, 10, tzinfo=timezone(timedelta(hours=1)))),
            R.ZONE_UNEXPECTED,
            ("+0200", "+0100", "data/@zona"),
        ),
        (
            Message(issued_at=datetime(2024, 1, 1, 10, tzinfo=timezone(timedelta(hours=2)))),
            R.ZONE_UNEXPECTED,
            ("+0100", "+0200", "data/@zona"),
        ),
        # the signer
        (
            Message(signer=make_signer(replace={"key_identifier": None, "authority_key_identifier": None})),
            R.CERTIFICATE_PROFILE,
            (None, "subjectKeyIdentifier absent, authorityKeyIdentifier absent", None),
        ),
        (
            Message(
                signer=make_signer(replace={"key_usage": ("key_usage", True, {"key_agreement", "data_encipherment"})})
            ),
            R.KEY_USAGE_INVALID,
            ("digitalSignature", "data_encipherment, key_agreement", None),
        ),
        (
            Message(signer=make_signer(key_name="ec-p256"), cms=Cms(signature_oid=RSA_ENCRYPTION)),
            R.ALGORITHM_MISMATCH,
            (None, "rsassa-pkcs1v15 with a key EC secp256r1", None),
        ),
        (
            Message(cms=Cms(certificates=lambda _: [b"\x30\x00", b"\x30\x03\x02\x01\x00"])),
            R.CERTIFICATE_MALFORMED,
            (None, "not a Certificate; not a Certificate", "smime.p7s"),
        ),
        (Message(signer=make_signer(digest="md5")), R.ALGORITHM_REFUSED, (None, CERTIFICATE_WITH_MD5, None)),
        (
            Message(cms=Cms(hashed={"sha384": bytes(48)})),
            R.SIGNER_REFERENCE_MISMATCH,
            (None, f"sha384 {'00' * 48}", None),
        ),
        # the original
        (
            replace(DELIVERY, original_encoding="quoted-printable", original=b"Subject: x\r\n\r\ny"),
            R.ORIGINAL_TRANSFER_ENCODED,
            (None, "quoted-printable", "postacert.eml"),
        ),
    ],
    ids=itertools.count(),
)
def test_what_is_said_of_a_message(message: Message, reason: Reason, said: Said) -> None:
    assert says(message, reason) == [said]


@pytest.mark.parametrize(
    "name",
    [
        "From",
        "Sender",
        "To",
        "Cc",
        "Subject",
        "Date",
        "Reply-To",
        "Message-ID",
        "X-Ricevuta",
        "X-Trasporto",
        "X-TipoRicevuta",
        "X-Riferimento-Message-ID",
        "X-VerificaSicurezza",
    ],
)
def test_fields_that_occur_once(name: str) -> None:
    def once_more(header: bytes) -> bytes:
        return header.replace(b"\r\nMIME-Version", f"\r\n{name}: x".encode() * 2 + b"\r\nMIME-Version")

    ((expected, actual, where),) = says(Message(header=once_more), Reason.HEADER_REPEATED)
    assert (expected, where) == ("1", name)
    assert actual == ("3" if f"\r\n{name}: ".encode() in Message().build().partition(b"\r\n\r\n")[0] else "2")


@pytest.mark.parametrize("seconds", [-61, -60, 60, 61])
def test_clocks_within_a_minute(seconds: int) -> None:
    date = ISSUED_AT + timedelta(seconds=seconds)
    edit = replacing(f"\r\nDate: {DATE}", f"\r\nDate: {date:%a, %d %b %Y %H:%M:%S %z}")
    assert bool(says(Message(header=edit), Reason.DATE_MISMATCH)) == (abs(seconds) > 60)


@pytest.mark.parametrize("seconds", [-301, -300, 300, 301])
def test_a_signing_time_within_the_tolerance(seconds: int) -> None:
    signed = ISSUED_AT + timedelta(seconds=seconds)
    said = says(Message(cms=Cms(signing_time=utc_time(signed))), Reason.SIGNING_TIME_MISMATCH)
    assert said == ([(ISSUED, signed.astimezone(UTC).isoformat(), None)] if abs(seconds) > 300 else [])


def test_the_earliest_instant_known_bounds_the_stated_one() -> None:
    early, late = ISSUED_AT - timedelta(hours=1), ISSUED_AT + timedelta(hours=1)
    for policy in (Policy(now=early), Policy(now=late, at=early), Policy(now=early, existed_at=late)):
        said = says(Message(), Reason.STATED_IN_FUTURE, policy)
        assert said == [(f"not after {early.isoformat()}", ISSUED, None)]
    assert says(Message(), Reason.STATED_IN_FUTURE, Policy(now=late, at=late)) == []


@pytest.mark.parametrize(
    ("instant", "offset"),
    [
        (datetime(2024, 3, 31, 0, 59, 59, tzinfo=UTC), 1),
        (datetime(2024, 3, 31, 1, 0, 0, tzinfo=UTC), 2),
        (datetime(2024, 10, 27, 0, 59, 59, tzinfo=UTC), 2),
        (datetime(2024, 10, 27, 1, 0, 0, tzinfo=UTC), 1),
    ],
)
def test_bug_the_second_that_summer_time_starts_and_ends(instant: datetime, offset: int) -> None:
    """At 01:00 UTC on the last Sundays of March and October (Directive 2000/84/EC).

    A bug that the tests for mutants of this module found: summer time ended an hour early.
    """
    for hours in (1, 2):
        issued = instant.astimezone(timezone(timedelta(hours=hours)))
        assert (says(Message(issued_at=issued), Reason.ZONE_UNEXPECTED) == []) == (hours == offset)


@pytest.mark.parametrize(
    ("old", "value"),
    [
        (PEC_ID, PEC_ID),
        ("15/03/2024", "15/03/2024"),
        ("10:20:34", "10:20:34"),
        (SENDER, SENDER),
        (RECIPIENT, RECIPIENT),
    ],
)
def test_what_the_text_has_to_repeat(old: str, value: str) -> None:
    """The readable part of a delivery receipt, with one certified value taken out of it."""

    def without(entity: bytes) -> bytes:
        before, mark, after = entity.partition(b"Content-Type: text/html")
        assert old.encode() in before
        return before.replace(old.encode(), b"?") + mark + after

    assert says(replace(DELIVERY, entity=without), Reason.TEXT_MISMATCH) == [(value, None, "text")]


def test_a_text_in_other_letters_is_the_same_text() -> None:
    assert says(Message(entity=replacing(PEC_ID.encode(), PEC_ID.upper().encode())), Reason.TEXT_MISMATCH) == []


def test_a_subject_that_is_not_certified() -> None:
    none = replacing(f"        <oggetto>{SUBJECT}</oggetto>\n", "")
    header = replacing(f"Subject: ACCETTAZIONE: {SUBJECT}", "Subject: ACCETTAZIONE:")
    assert says(Message(xml=none, header=header), Reason.SUBJECT_MISMATCH) == []


def test_only_dots_are_taken_off_a_subject_that_is_cut_off() -> None:
    """Forty characters are left, and the last is one of the subject's own."""
    subject = "Atto di citazione davanti al TrX di Roma, sezione terza civile"
    kept = "ACCETTAZIONE: Atto di citazione davanti al TrX"
    assert len("".join(kept.split())) == 40
    edit = replacing(f"ACCETTAZIONE: {subject}", f"{kept}...")
    assert says(Message(subject=subject, header=edit), Reason.SUBJECT_MISMATCH) == []


@pytest.mark.parametrize("letters", [39, 40])
def test_how_much_of_a_cut_off_subject_is_left(letters: int) -> None:
    """Forty characters are the least that are one subject; blanks do not count."""
    subject = "Atto di citazione davanti al Tribunale di Roma, sezione terza civile"
    kept = "ACCETTAZIONE: Atto di citazione davanti al Tri"
    kept = kept if letters == 40 else kept[:-1]
    assert len("".join(kept.split())) == letters
    edit = replacing(f"ACCETTAZIONE: {subject}", f"{kept}...")
    assert (says(Message(subject=subject, header=edit), Reason.SUBJECT_MISMATCH) == []) == (letters == 40)


# --- unsigned text around the parts


@pytest.mark.parametrize("length", [999, 1_000, 1_001])
def test_how_long_a_notice_for_readers_without_mime_may_be(length: int) -> None:
    notice = b"This is an S/MIME signed message"
    preamble = notice + b" " * (length - len(notice) - 2) + b"\r\n"
    said = says(Message(preamble=preamble + b"\r\n"), Reason.UNSIGNED_CONTENT)
    start = Message().build().index(b"\r\n\r\n") + 4
    assert said == ([] if length <= 1_000 else [(None, notice.decode(), f"bytes {start}-{start + length}")])


def test_a_long_preamble_is_quoted_from_its_start() -> None:
    ((_, actual, _),) = says(Message(preamble=b"x" * 2_000 + b"\r\n"), Reason.UNSIGNED_CONTENT)
    assert actual == "x" * 199 + "…"
    ((_, actual, _),) = says(Message(preamble=b"\xe0 " + b"y" * 20 + b"\r\n"), Reason.UNSIGNED_CONTENT)
    assert actual == r"\xe0 " + "y" * 20


# --- the rest of a report


def test_a_whole_report() -> None:
    """Every field of a valid delivery receipt's."""
    data = DELIVERY.build()
    report = verify_receipt(data, trust=TRUST)
    certificate, above = (parse_certificate(der).facts for der in (DELIVERY.signer.certificate, authority()))
    issued = DELIVERY.issued_at
    assert report.times == Times(
        stated_at=issued, signing_time=issued, header_date=issued, validated_at=issued, basis=Basis.STATED
    )
    assert report.original == DELIVERY.original
    assert report.original_span is not None
    assert data[slice(*report.original_span)] == DELIVERY.original
    assert report.taken_from is None
    assert report.signer == Signer(
        provider=Provider(organization="Gestore B S.p.A.", name=None),
        certificate=certificate,
        addresses=("posta-certificata@pec.gestore-b.example",),
        key="RSA 2048",
        digest_algorithm="sha256",
        signature_algorithm="rsassa-pkcs1v15",
        recognition=Recognition.CUSTOM,
        recognised_by=f"Test PEC CA1, edition of 2020-01-01 (SHA-256 {above.sha256})",
        statements=(
            TrustStatement(
                recognition=Recognition.CUSTOM,
                recognises=True,
                source="Test PEC CA1",
                sha256=above.sha256,
                entry="edition of 2020-01-01",
                status="in force",
                issued_at=above.not_before,
                since=above.not_before,
            ),
        ),
        path=(certificate, above),
    )
    assert report.findings == ()


def test_an_original_that_is_encoded_is_decoded() -> None:
    message = replace(DELIVERY, original_encoding="base64")
    data = message.build()
    report = verify_receipt(data, trust=TRUST)
    assert report.original == DELIVERY.original
    assert report.original_span is not None
    assert base64.b64decode(data[slice(*report.original_span)]) == DELIVERY.original


@pytest.mark.parametrize(
    "message",
    [
        replace(DELIVERY, finish=replacing(b"Si diffida", b"Si diffidb")),
        replace(DELIVERY, cms=Cms(signature=lambda value: value[:-1] + bytes([value[-1] ^ 1]))),
        replace(DELIVERY, signer=make_signer("b", key_name="ec-p256"), cms=Cms(signature_oid=RSA_ENCRYPTION)),
    ],
    ids=["digest", "signature", "algorithm"],
)
def test_nothing_is_shown_of_what_is_not_signed(message: Message) -> None:
    report = verify_receipt(message.build(), trust=TRUST)
    assert (report.receipt, report.original, report.original_span) == (None, None, None)
    assert report.verdict is Verdict.INVALID


def test_every_address_of_the_certificate_is_named() -> None:
    names = [x509.GeneralName("rfc822_name", address) for address in ("a@x.example", "b@x.example")]
    trust = TrustStore.from_certificates(authority(constrained=False))
    signer = make_signer(replace={"subject_alt_name": ("subject_alt_name", False, names)})
    with_other = Message(signer=signer)
    assert says(with_other, Reason.FROM_NOT_IN_CERTIFICATE, trust=trust) == [
        ("a@x.example, b@x.example", signer.address, "From")
    ]
    without = replace(with_other, header=replacing("\r\nFrom: ", "\r\nX-From: "))
    assert says(without, Reason.FROM_MISSING, trust=trust) == [("a@x.example, b@x.example", None, "From")]


def test_a_changed_part_explains_the_rest() -> None:
    """And so comes first, before what an earlier step of the procedure found too."""
    message = Message(cms=Cms(hashed={"sha256": bytes(32)}), finish=replacing(b"daticert.xml", b"altro.xml", -1))
    assert [finding.reason for finding in verify_receipt(message.build(), trust=TRUST).findings] == [
        Reason.DIGEST_MISMATCH,
        Reason.SIGNER_REFERENCE_MISMATCH,
        Reason.DATICERT_MISSING,
    ]


@pytest.mark.parametrize("digest", ["sha1", "sha224", "sha256", "sha384", "sha512"])
def test_a_signing_certificate_attribute_of_any_digest(digest: str) -> None:
    """The right hash of the signer's certificate is nothing to speak of."""
    value = hashlib.new(digest, Message().signer.certificate).digest()
    assert verify_receipt(Message(cms=Cms(hashed={digest: value})).build(), trust=TRUST).findings == ()


def test_an_original_without_a_name_is_known_by_its_type() -> None:
    report = verify_receipt(replace(DELIVERY, original_name=None).build(), trust=TRUST)
    assert report.original == DELIVERY.original
    assert report.findings == ()


def test_missing_certification_data_hide_nothing() -> None:
    report = verify_receipt(Message(with_daticert=False, preamble=b"ciao\r\n\r\n").build(), trust=TRUST)
    assert [finding.reason for finding in report.findings] == [Reason.DATICERT_MISSING, Reason.UNSIGNED_CONTENT]
    outcomes = {result.check: result.outcome for result in report.checks}
    assert outcomes[Check.CONSISTENCY] is Outcome.PASSED  # of the header with itself


def test_what_is_no_message_has_no_times() -> None:
    assert verify_receipt(b"").times == Times(
        stated_at=None, signing_time=None, header_date=None, validated_at=None, basis=Basis.STATED
    )


def test_nothing_is_sought_in_what_is_too_long() -> None:
    message = forwarded(Message().build())
    assert find_receipts(message) != ()
    report = verify_receipt(message, trust=TRUST, policy=Policy(limits=Limits(message_bytes=len(message) - 1)))
    assert [finding.reason for finding in report.findings] == [Reason.LIMIT_EXCEEDED]


def test_the_policy_reaches_nested_receipts() -> None:
    message = forwarded(Message().build())
    at = datetime(2025, 1, 1, tzinfo=UTC)
    (report,) = verify_nested(message, trust=TRUST, policy=Policy(at=at))
    assert (report.times.validated_at, report.times.basis) == (at, Basis.GIVEN)
    shallow = Policy(limits=Limits(mime_depth=0))
    assert verify_nested(message, trust=TRUST, policy=shallow) == ()
    assert verify_receipt(message, trust=TRUST, policy=shallow).findings[0].reason is Reason.NOT_PEC


def test_the_callers_mistake_in_words() -> None:
    with pytest.raises(TypeError) as caught:
        verify_receipt("x")  # type: ignore[arg-type]
    assert str(caught.value) == "verify_receipt takes bytes, not str: open the file in binary mode"
    with pytest.raises(TypeError) as caught:
        verify_nested(3)  # type: ignore[arg-type]
    assert str(caught.value) == "verify_nested takes bytes, not int: open the file in binary mode"


def test_times_that_nobody_signed_are_not_shown() -> None:
    """Neither the certified one where the digest fails, nor signingTime where the signature does."""
    genuine = Message().build()
    changed = replacing("15/03/2024", "15/03/2020")(genuine)
    report = verify_receipt(changed, trust=TRUST)
    assert report.findings[0].reason is Reason.DIGEST_MISMATCH
    times = report.times
    assert (times.stated_at, times.validated_at, times.basis) == (None, None, Basis.STATED)
    assert times.signing_time is not None
    given = verify_receipt(changed, trust=TRUST, policy=Policy(at=ISSUED_AT)).times
    assert (given.stated_at, given.validated_at, given.basis) == (None, ISSUED_AT, Basis.GIVEN)
    forged = Message(cms=Cms(signature=lambda value: value[:-1] + bytes([value[-1] ^ 1])))
    times = verify_receipt(forged.build(), trust=TRUST).times
    assert (times.stated_at, times.signing_time, times.validated_at) == (None, None, None)
    assert times.header_date is not None


def test_the_order_of_findings() -> None:
    """By weight, then by step; but what follows from a changed part comes after the change."""
    edit = replacing(f"\r\nDate: {DATE}", "\r\nDate: ieri")
    both = replacing("X-Ricevuta: accettazione", "X-Ricevuta: avvenuta-consegna")
    message = Message(
        header=chain(edit, both),
        finish=replacing(b"stato accettato", b"stato bccettato"),
        cms=Cms(signing_time=utc_time(ISSUED_AT + timedelta(hours=1))),
        preamble=b"ciao\r\n\r\n",
        with_daticert=True,
    )
    report = verify_receipt(message.build(), trust=TRUST)
    assert [(finding.reason, finding.severity) for finding in report.findings] == [
        (Reason.DIGEST_MISMATCH, Severity.ERROR),
        (Reason.HEADER_CONTRADICTS_SIGNED, Severity.ERROR),
        (Reason.UNSIGNED_CONTENT, Severity.WARNING),
        (Reason.SIGNING_TIME_MISMATCH, Severity.WARNING),
        (Reason.DATE_MISMATCH, Severity.WARNING),
    ]
