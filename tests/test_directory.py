"""The providers' directory: what is read, what is verified, and what a report makes of it."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from fixtures.catalogue.kinds import ANOMALY, DELAY, DELIVERY, ENVELOPE, FAILURE, TAKEN, VIRUS_FOUND
from fixtures.catalogue.vector import AGID_NAME
from pecverify import (
    Check,
    CheckResult,
    Limits,
    Outcome,
    Policy,
    Reason,
    Recognition,
    Report,
    Severity,
    TrustListError,
    TrustStore,
    Verdict,
    verify_receipt,
)
from pecverify._cms import parse_signed_data
from pecverify.trust import DirectoryEntry, ProviderDirectory
from tests.directories import SIGNED_AT, directory_signer, entry, ldif, signed
from tests.messages import RECIPIENT, SECOND, Message, replacing
from tests.pki import CA_NAME, DOMAINS, KEYS, ORGANIZATIONS, Cms, authority, make_signer, provider

RFC = Path(__file__).resolve().parents[2] / "shared" / "spec" / "rfc6109.txt"
PINNED = [directory_signer().certificate]


def store(*entries: str) -> TrustStore:
    return TrustStore.from_provider_directory(signed(ldif(*entries)), signers=PINNED)


def verify(message: Message | None = None, trust: TrustStore | None = None, policy: Policy | None = None) -> Report:
    return verify_receipt((message or Message()).build(), trust=trust or store(), policy=policy)


def reasons(report: Report) -> dict[Reason, Severity]:
    return {finding.reason: finding.severity for finding in report.findings}


# --- the file


def test_what_is_read() -> None:
    text = entry("a", unit="Ambiente B", domains=["X.Example"], further="description: Ambiente secondario\n")
    (directory,) = store(entry("a"), text).directories
    main, secondary = directory.entries
    assert main == DirectoryEntry(
        provider=ORGANIZATIONS["a"],
        unit=None,
        certificates=(provider("a").certificate,),
        certificate_hashes=(hashlib.sha1(provider("a").certificate).hexdigest(),),
        mail_receipt=f"ricezione@{DOMAINS['a']}",
        managed_domains=(DOMAINS["a"],),
        description=None,
    )
    assert (secondary.name, secondary.managed_domains) == (f"{ORGANIZATIONS['a']}, Ambiente B", ("x.example",))
    assert secondary.description == "Ambiente secondario"
    assert directory.location == "https://igpec.example/igpec.ldif.p7m"
    assert directory.sha256 == hashlib.sha256(signed(ldif(entry("a"), text))).hexdigest()
    assert directory.signed_at == SIGNED_AT
    assert directory.signer is not None
    assert directory.signer.sha256 == hashlib.sha256(PINNED[0]).hexdigest()


def test_several_certificates_of_one_provider() -> None:
    renewed = make_signer("a", serial=999)
    trust = store(entry("a", certificates=[provider("a").certificate, renewed.certificate]))
    for signer in (provider("a"), renewed):
        report = verify(Message(signer=signer), trust)
        assert report.signer is not None
        assert report.signer.recognition is Recognition.DIRECTORY


@pytest.mark.parametrize("ber", [True, False])
def test_ber_and_der(ber: bool) -> None:  # noqa: FBT001
    data = signed(ldif(), cms=Cms(econtent=ldif(), ber=ber))
    assert len(ProviderDirectory.parse(data, signers=PINNED).entries) == 3


def test_content_in_pieces(tmp_path: Path) -> None:
    """As OpenSSL writes it while it reads: indefinite lengths, the octets in pieces (X.690 §8.7)."""
    content = ldif(*(entry(letter) * 4 for letter in "abc"))
    (tmp_path / "ldif").write_bytes(content)
    certificate = x509.load_der_x509_certificate(PINNED[0]).public_bytes(Encoding.PEM)
    (tmp_path / "signer.pem").write_bytes(certificate)
    command = ["openssl", "cms", "-sign", "-binary", "-nodetach", "-stream", "-outform", "DER", "-md", "sha256"]
    files = ["-in", "ldif", "-signer", "signer.pem", "-inkey", str(KEYS / "stranger.pem"), "-out", "ldif.p7m"]
    subprocess.run([*command, *files], cwd=tmp_path, check=True)
    data = (tmp_path / "ldif.p7m").read_bytes()
    assert b"\x24\x80\x04" in data
    assert content not in data
    assert len(ProviderDirectory.parse_unsafe(data).entries) == 12
    view = parse_signed_data(data, Limits(), detached=False)
    assert view.content == content
    assert not view.is_der


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "no provider in it"),
        (ldif("")[:-1], "no provider in it"),
        (ldif(entry("a").replace("o=postacert", "o=altro")), "an entry outside o=postacert"),
        (ldif(entry("a").replace("providerName: ", "nome: ")), "an entry without providerName"),
        (ldif(entry("a", further="mailReceipt: x@y.example\n")), "2 values of mailReceipt"),
        (ldif(entry("a", further="changetype: modify\n")), "a change record"),
        (ldif(entry("a", further="photo:< file:///etc/passwd\n")), "fetched from a URL"),
        (ldif(entry("a", further="x:: ###\n")), "not base64"),
    ],
)
def test_contents_refused(content: bytes, why: str) -> None:
    with pytest.raises(TrustListError, match=re.escape(why)):
        ProviderDirectory.parse(signed(content), signers=PINNED)
    with pytest.raises(TrustListError, match=re.escape(why)):
        ProviderDirectory.parse_unsafe(content)


OTHER = provider("a").certificate


@pytest.mark.parametrize(
    ("data", "signers", "why"),
    [
        (ldif(), PINNED, "no SignedData with the LDIF file inside"),
        (b"", PINNED, "no SignedData"),
        (signed(ldif()), [OTHER], "not signed by a pinned certificate"),
        (signed(ldif()), [], "no signer given"),
        (signed(ldif()), [b"rubbish"], "not a certificate"),
        (signed(ldif(), provider("b")), PINNED, "not signed by a pinned certificate"),
        (signed(ldif()).replace(b"ricezione@", b"rubezione@"), PINNED, "signature does not verify"),
        (signed(ldif(), cms=Cms(econtent=ldif(), signature=lambda value: bytes(len(value)))), PINNED, "not verify"),
        (signed(ldif(), cms=Cms(econtent=ldif(entry("a")))), PINNED, "signature does not verify"),
        (signed(ldif(), cms=Cms()), PINNED, "no eContent"),
        (signed(ldif(), cms=Cms(econtent=ldif(), digest="md5")), PINNED, "digest algorithm"),
        (signed(ldif(), cms=Cms(econtent=ldif(), signer_infos=2)), PINNED, "2 SignerInfos"),
        (
            signed(ldif(), replace(directory_signer(), private=make_signer("b").private)),
            PINNED,
            "signature does not verify",
        ),
        (
            signed(ldif(), cms=Cms(econtent=ldif(), signature_oid=bytes.fromhex("300a06082a8648ce3d040302"))),
            PINNED,
            "ecdsa with a key RSA",
        ),
        (
            signed(ldif(), cms=Cms(econtent=ldif(), signing_time=b"\x17\x0d200101000000Z")),
            PINNED,
            "signed at 2020-01-01T00:00:00+00:00, outside its signer's validity",
        ),
        (bytes(30_000_001), PINNED, "30000001 bytes"),
    ],
)
def test_t053_signatures_refused(data: bytes, signers: Sequence[bytes], why: str) -> None:
    with pytest.raises(TrustListError, match=re.escape(why)):
        TrustStore.from_provider_directory(data, signers=signers)


def test_a_signature_without_a_time() -> None:
    data = signed(ldif(), cms=Cms(econtent=ldif(), signing_time=None))
    assert ProviderDirectory.parse(data, signers=PINNED).signed_at is None


@pytest.mark.parametrize("wrong", ["text", None, 5])
def test_bytes_only(wrong: object) -> None:
    with pytest.raises(TypeError, match="binary mode"):
        TrustStore.from_provider_directory(wrong, signers=PINNED)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="binary mode"):
        TrustStore.from_provider_directory_unsafe(wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        TrustStore.from_provider_directory(signed(ldif()), signers=PINNED[0])  # type: ignore[arg-type]


def test_unsafe_takes_either_and_says_so() -> None:
    for data in (ldif(), signed(ldif()), signed(ldif(), provider("b"))):
        report = verify(trust=TrustStore.from_provider_directory_unsafe(data))
        assert (report.verdict, reasons(report)) == (
            Verdict.VALID,
            {Reason.TRUST_SOURCE_UNVERIFIED: Severity.WARNING},
        )
        assert report.signer is not None
        assert "signature not verified" in str(report.signer.recognised_by)
    with pytest.raises(TrustListError, match="not a ContentInfo"):
        TrustStore.from_provider_directory_unsafe(b"\x30\x03\x02\x01\x00")


# --- what the findings say


def said(report: Report, reason: Reason) -> list[tuple[str | None, str | None, str | None]]:
    return [(f.expected, f.actual, f.where) for f in report.findings if f.reason is reason]


def test_whose_domains_are_meant() -> None:
    trust = store(entry("a", domains=["x.example"]), entry("a", unit="B", domains=["y.example"]))
    address = Message().signer.address
    assert said(verify(trust=trust), Reason.PROVIDER_DOMAIN_MISMATCH) == [
        ("a domain of Gestore A S.p.A., Gestore A S.p.A., B", address, "From")
    ]


def test_whose_name_is_meant() -> None:
    trust = store(entry("a", name="Altro S.p.A."))
    assert said(verify(trust=trust), Reason.PROVIDER_NAME_MISMATCH) == [
        ("Altro S.p.A.", "Gestore A S.p.A., Posta Certificata Gestore A S.p.A.", None)
    ]


OTHERS = "Gestore A S.p.A. for"


@pytest.mark.parametrize(
    ("message", "domains", "expected"),
    [
        (DELIVERY, {"b": [DOMAINS["b"]]}, [("Gestore B S.p.A.", f"{OTHERS} {RECIPIENT}", None)]),
        (
            DELIVERY,
            {"b": [DOMAINS["b"]], "c": [DOMAINS["b"]]},
            [("Gestore B S.p.A., Gestore C S.r.l.", f"{OTHERS} {RECIPIENT}", None)],
        ),
        (
            replace(
                TAKEN, taken_for=(RECIPIENT, SECOND), recipients=((RECIPIENT, "certificato"), (SECOND, "certificato"))
            ),
            {"b": [DOMAINS["b"]], "c": [DOMAINS["c"]]},
            [
                ("Gestore B S.p.A.", f"{OTHERS} {RECIPIENT}", None),
                ("Gestore C S.r.l.", f"{OTHERS} {SECOND}", None),
            ],
        ),
        (VIRUS_FOUND, {"b": [DOMAINS["b"]]}, [("Gestore B S.p.A.", f"{OTHERS} {RECIPIENT}", None)]),
        (DELIVERY, {"c": [DOMAINS["c"]]}, []),
    ],
)
def test_who_should_have_issued_it(
    message: Message, domains: dict[str, list[str]], expected: list[tuple[str | None, str | None, str | None]]
) -> None:
    trust = store(entry("a"), *(entry(letter, domains=managed) for letter, managed in domains.items()))
    report = verify(replace(message, signer=provider("a")), trust)
    assert said(report, Reason.ISSUER_ROLE_MISMATCH) == expected


def test_which_mailboxes_for_receipts_there_are() -> None:
    trust = store(entry("a", mail_receipt="uno@x.example"), entry("a", unit="B", mail_receipt="due@x.example"))
    assert said(verify(TAKEN, trust), Reason.TO_MISMATCH) == [
        ("uno@x.example, due@x.example", f"servizio@{DOMAINS['a']}", "To")
    ]
    upper = store(entry("a", mail_receipt=f"SERVIZIO@{DOMAINS['a']}"))
    assert said(verify(TAKEN, upper), Reason.TO_MISMATCH) == []
    assert said(verify(replace(TAKEN, header=replacing("\r\nTo: ", "\r\nX-To: ")), trust), Reason.TO_MISMATCH) == []
    assert said(verify(Message(), trust), Reason.TO_MISMATCH) == []


# --- RFC 6109's own examples


def listings() -> list[bytes]:
    """The two LDIF listings of §4.5.10, without the page breaks."""
    text = RFC.read_text("utf-8").replace("\f", "")
    section = text[text.index("4.5.10.  LDIF File Example\n\n") : text.index("5.1.  Digital Signature\n\n   It is")]
    lines = [line[7:] for line in section.split("\n") if line.startswith("       ")]
    starts = [number for number, line in enumerate(lines) if line == "dn: o=postacert"]
    return ["\n".join(lines[a:b]).encode() for a, b in zip(starts, [*starts[1:], len(lines)], strict=True)]


@pytest.mark.skipif(not RFC.exists(), reason="RFC 6109 does not lie beside the project (../shared)")
def test_the_examples_of_the_rfc() -> None:
    first, second = listings()
    # In the first listing the second certificate has lost a character: it decodes no more.
    with pytest.raises(TrustListError, match="a value that is not base64"):
        ProviderDirectory.parse_unsafe(first)
    directory = ProviderDirectory.parse_unsafe(second)
    assert directory.location == "https://igpec.rupa.example.com/igpec.ldif.p7m"
    main, secondary, other = directory.entries
    assert main.provider == "Anonymous Certified Mail S.p.A."
    assert main.managed_domains == ("mail.anpocert.example.com", "cert.company.example.com", "costmec.example.com")
    assert main.mail_receipt == "notifications@anpocert.it.example"
    assert (secondary.provider, secondary.unit) == ("Certified Mail S.p.A.", "Secondary Environment")
    assert secondary.managed_domains == ("management.anpocert.example.com", "personnel.anpocert.example.com")
    assert secondary.certificates == main.certificates
    assert other.managed_domains == ("postal-services.example.com", "receivedmail.example.com")
    for each in directory.entries:
        assert each.certificate_hashes == tuple(hashlib.sha1(der).hexdigest() for der in each.certificates)


# --- in a report


def test_recognised_by_the_exact_certificate() -> None:
    report = verify()
    assert (report.verdict, reasons(report)) == (Verdict.VALID, {})
    signer = report.signer
    assert signer is not None
    assert signer.recognition is Recognition.DIRECTORY
    (statement,) = signer.statements
    assert (statement.source, statement.entry, statement.status) == (
        "providers' directory",
        ORGANIZATIONS["a"],
        "listed",
    )
    assert statement.recognises
    assert statement.is_verified
    assert statement.issued_at == SIGNED_AT
    assert signer.recognised_by == f"providers' directory, {ORGANIZATIONS['a']} (SHA-256 {statement.sha256})"


def test_the_directory_comes_before_an_anchor() -> None:
    report = verify(trust=store() | TrustStore.from_certificates(authority()))
    assert report.signer is not None
    assert [statement.recognition for statement in report.signer.statements] == [
        Recognition.DIRECTORY,
        Recognition.CUSTOM,
    ]
    assert report.signer.recognition is Recognition.DIRECTORY


def test_t052_another_certificate_of_the_same_key_is_not_listed() -> None:
    """The SHA-1 hash is an index, names and keys are nothing: only the certificate itself counts."""
    lookalike = make_signer("a", serial=998)
    report = verify(Message(signer=lookalike))
    assert reasons(report) == {Reason.PROVIDER_NOT_RECOGNISED: Severity.UNKNOWN}
    hashed = entry("a", further=f"providerCertificateHash: {hashlib.sha1(lookalike.certificate).hexdigest()}\n")
    assert verify(Message(signer=lookalike), store(hashed)).verdict is Verdict.INDETERMINATE


def test_a_listed_certificate_whose_issuer_is_forged() -> None:
    """A directory does not outweigh AgID's own key."""
    forged = make_signer("a", issuer=AGID_NAME, issuer_key="stranger", embedded=())
    trust = TrustStore.default() | store(entry("a", certificates=[forged.certificate]))
    report = verify(Message(signer=forged), trust)
    assert (report.verdict, set(reasons(report))) == (Verdict.INVALID, {Reason.ISSUER_FORGED})


def test_a_listed_certificate_is_vouched_for_whatever_signed_it() -> None:
    old = make_signer("a", digest="sha1")
    report = verify(Message(signer=old), store(entry("a", certificates=[old.certificate])))
    assert (report.verdict, reasons(report)) == (Verdict.VALID, {})


def test_without_an_instant_nothing_is_listed() -> None:
    report = verify(replace(ANOMALY, cms=Cms(signing_time=None)))
    assert report.signer is not None
    assert report.signer.statements == ()


def test_t051_the_domain_of_from_is_not_the_providers() -> None:
    report = verify(trust=store(entry("a", domains=[DOMAINS["b"]])))
    assert reasons(report) == {Reason.PROVIDER_DOMAIN_MISMATCH: Severity.UNKNOWN}
    assert report.verdict is Verdict.INDETERMINATE


def test_a_domain_of_any_environment_with_that_certificate_will_do() -> None:
    trust = store(entry("a", domains=["x.example"]), entry("a", unit="B", domains=[DOMAINS["a"].upper()]))
    assert reasons(verify(trust=trust)) == {}


def test_from_that_cannot_be_read_is_a_finding_of_its_own() -> None:
    message = Message(header=replacing("\r\nFrom: ", "\r\nFrom: x; "))
    assert set(reasons(verify(message))) == {Reason.FROM_NOT_IN_CERTIFICATE}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("GESTORE  a s.p.a.", {}),
        ("Posta Certificata Gestore A S.p.A.", {}),
        ("Gestore", {}),
        ("GestoreA S.p.A.", {Reason.PROVIDER_NAME_MISMATCH: Severity.WARNING}),
        ("Altro S.p.A.", {Reason.PROVIDER_NAME_MISMATCH: Severity.WARNING}),
    ],
)
def test_the_provider_is_named_in_the_certificate(name: str, expected: dict[Reason, Severity]) -> None:
    assert reasons(verify(trust=store(entry("a", name=name)))) == expected


SIGNERS = {letter: provider(letter) for letter in DOMAINS}


ACCEPTANCE = Message()
NOT_ACCEPTED = Message(kind="non-accettazione", error="altro", error_detail="5.6.0 - Gestore A S.p.A. - x")
MESSAGES = {
    "acceptance": (ACCEPTANCE, "a"),
    "non-acceptance": (NOT_ACCEPTED, "a"),
    "delay": (DELAY, "a"),
    "envelope": (ENVELOPE, "a"),
    "delivery": (DELIVERY, "b"),
    "taken-in-charge": (TAKEN, "b"),
    "virus": (VIRUS_FOUND, "b"),
    "virus-of-older-software": (replace(VIRUS_FOUND, delivered_to=None, taken_for=(RECIPIENT,)), "b"),
}


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("letter", ["a", "b"])
def test_who_has_to_issue_what(name: str, letter: str) -> None:
    """The sender's domain is managed by A, the recipient's by B."""
    message, right = MESSAGES[name]
    report = verify(replace(message, signer=provider(letter)))
    assert report.receipt is not None
    assert (Reason.ISSUER_ROLE_MISMATCH in reasons(report)) == (letter != right)


@pytest.mark.parametrize(
    ("error", "letter", "expected"),
    [("no-dest", "a", False), ("no-dest", "b", False), ("virus", "a", False), ("virus", "b", True)],
)
def test_failures_come_from_either_provider_but_for_a_virus(error: str, letter: str, expected: bool) -> None:  # noqa: FBT001
    report = verify(replace(FAILURE, error=error, signer=provider(letter)))
    assert report.receipt is not None
    assert (Reason.ISSUER_ROLE_MISMATCH in reasons(report)) == expected


def test_roles_by_name_where_the_certificate_is_not_listed() -> None:
    trust = store(entry("a", certificates=[]), entry("b")) | TrustStore.from_certificates(authority())
    assert reasons(verify(trust=trust)) == {}


def test_an_anomaly_envelope_is_issued_for_nobody() -> None:
    report = verify(replace(ANOMALY, signer=provider("b")))
    assert Reason.ISSUER_ROLE_MISMATCH not in reasons(report)


@pytest.mark.parametrize("message", [TAKEN, VIRUS_FOUND], ids=lambda message: message.kind)
def test_notices_between_providers_go_to_the_mailbox_for_receipts(message: Message) -> None:
    to = re.search(rb"\r\nTo: <?([^\r\n>]+)>?\r\n", message.build())
    assert to is not None
    right = store(entry("a", mail_receipt=to[1].decode()), entry("b"))
    assert Reason.TO_MISMATCH not in reasons(verify(message, right))
    wrong = store(entry("a", mail_receipt="altro@x.example"), entry("b"))
    assert reasons(verify(message, wrong))[Reason.TO_MISMATCH] is Severity.WARNING


def test_what_the_directory_does_not_know_is_not_compared() -> None:
    assert Reason.TO_MISMATCH not in reasons(verify(TAKEN, store(entry("b"))))
    silent = entry("a").replace("mailReceipt: ", "altro: ")
    assert Reason.TO_MISMATCH not in reasons(verify(TAKEN, store(silent, entry("b"))))


def test_a_directory_is_no_reason_to_be_recognised_by_name() -> None:
    """The test authority's name, and a certificate that the directory does not hold."""
    stranger = make_signer("b", issuer=CA_NAME, issuer_key="stranger", embedded=())
    assert verify(Message(signer=stranger)).verdict is Verdict.INDETERMINATE


def test_policy_instants_do_not_change_a_listing() -> None:
    report = verify(policy=Policy(at=datetime(2025, 1, 1, tzinfo=UTC)))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.DIRECTORY
    assert CheckResult(check=Check.RECOGNITION, outcome=Outcome.PASSED) in report.checks
