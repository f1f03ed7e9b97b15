"""The lists that were published, which lie beside the project: they verify, and say of the providers what they say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pecverify import ListOfLists, Policy, Reason, Recognition, TrustListError, TrustStore
from pecverify._certificate import Certificate, load_certificates, parse_certificate
from pecverify._recognition import RecognitionResult, recognise
from pecverify.trust import TrustedList
from pecverify.trust.folder import TrustFolder
from tests.pki import Name, make_signer

TRUST = Path(__file__).resolve().parents[2] / "shared" / "trust"
LISTS = TRUST / "lists"
pytestmark = pytest.mark.skipif(not LISTS.is_dir(), reason="the published lists do not lie beside the project")

GRANTED = datetime(2024, 10, 15, 22, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
POSTEL = "880bb0a00096b18ffdaf3fc5d7ef1369da4e4402722b6b8c4ac7fc7ef3cf7f05"


def read(name: str) -> bytes:
    return (LISTS / name).read_bytes()


def italian(sequence: int) -> bytes:
    return read(f"TSL_IT_seq{sequence}.xml")


@pytest.fixture(scope="module")
def lists() -> ListOfLists:
    return ListOfLists.parse(read("eu-lotl.xml"), signers=[read("lotl-signers.pem")])


@pytest.fixture(scope="module")
def newest(lists: ListOfLists) -> TrustStore:
    return TrustStore.from_trusted_list(italian(223), signers=lists.signers("IT"))


@pytest.fixture(scope="module")
def aruba() -> Certificate:
    (certificate,) = load_certificates((TRUST / "Posta_Certificata_ARUBA_PEC_20230928_6ea8a494.pem").read_bytes())
    return certificate


def ask(certificate: Certificate, trust: TrustStore, instant: datetime, **policy: datetime) -> RecognitionResult:
    return recognise(certificate, (), trust, instant, Policy(**policy))  # type: ignore[arg-type]


def found(result: RecognitionResult) -> set[Reason]:
    return {finding.reason for finding in result.findings}


def recognition(result: RecognitionResult) -> Recognition:
    return Recognition.NONE if result.statement is None else result.statement.recognition


def test_the_list_of_lists(lists: ListOfLists) -> None:
    assert (lists.facts.territory, lists.facts.sequence, lists.facts.version) == ("EU", 390, 6)
    assert lists.facts.name == "EU list of lists"
    assert lists.facts.issued_at == datetime(2026, 8, 3, 13, 16, 38, tzinfo=UTC)
    assert lists.facts.next_update == datetime(2027, 1, 27, 13, 16, 38, tzinfo=UTC)
    assert lists.facts.signed_at == datetime(2026, 8, 4, 13, 40, 31, tzinfo=UTC)
    assert lists.locations["IT"] == "https://eidas.agid.gov.it/TL/TSL-IT.xml"
    assert len(lists.signers("IT")) == 6
    assert set(lists.own_signers) == {each.der for each in load_certificates(read("lotl-signers.pem"))}
    assert len(lists.pointers) == 31


@pytest.mark.parametrize(
    ("sequence", "version", "dates", "services"),
    [
        (194, 5, ("2023-09-26T01:00:00Z", "2024-03-26T00:00:00Z"), 0),
        (204, 5, ("2024-10-16T01:00:00Z", "2025-04-16T00:00:00Z"), 3),
        (223, 6, ("2026-07-27T09:33:49Z", "2027-01-27T10:33:49Z"), 10),
    ],
)
def test_italys_lists(lists: ListOfLists, sequence: int, version: int, dates: tuple[str, str], services: int) -> None:
    trusted_list = TrustedList.parse(italian(sequence), signers=lists.signers("IT"))
    facts = trusted_list.facts
    assert (facts.territory, facts.sequence, facts.version) == ("IT", sequence, version)
    assert (facts.issued_at, facts.next_update) == tuple(map(datetime.fromisoformat, dates))
    assert len(trusted_list.services) == services
    assert all(service.certificates and service.is_understood for service in trusted_list.services)


@pytest.mark.parametrize("sequence", [194, 204, 223])
def test_a_changed_byte_is_noticed(lists: ListOfLists, sequence: int) -> None:
    """At places all over what is signed: the document without its signature, and the signed properties."""
    data = italian(sequence)
    signature = data.index(b":Signature ")
    places = [signature * step // 13 for step in range(1, 13)]
    places += [data.index(b"SigningTime>") + 15, data.index(b"SignedInfo>") + 60, data.index(b"SignatureValue") + 80]
    for place in places:
        while not data[place : place + 1].isalnum():
            place += 1  # noqa: PLW2901 (the next byte that is no markup)
        changed = data[:place] + (b"A" if data[place] != ord("A") else b"B") + data[place + 1 :]
        with pytest.raises(TrustListError):
            TrustedList.parse(changed, signers=lists.signers("IT"))


def test_another_signer_is_not_enough(lists: ListOfLists) -> None:
    with pytest.raises(TrustListError, match="not signed by a pinned certificate"):
        TrustedList.parse(italian(223), signers=lists.signers("FR"))


def test_the_list_of_lists_is_no_list(lists: ListOfLists) -> None:
    with pytest.raises(TrustListError, match="territory is 'EU'"):
        TrustedList.parse(read("eu-lotl.xml"), signers=[read("lotl-signers.pem")])
    with pytest.raises(TrustListError, match="not a list of lists"):
        ListOfLists.parse(italian(223), signers=lists.signers("IT"))


@pytest.mark.parametrize(
    ("instant", "expected"),
    [
        (GRANTED - SECOND, Recognition.AGID_CA),
        (GRANTED, Recognition.TRUSTED_LIST),
        (datetime(2026, 9, 27, 10, 0, tzinfo=UTC), Recognition.TRUSTED_LIST),
    ],
)
def test_aruba_is_granted_from_an_instant(
    newest: TrustStore, aruba: Certificate, instant: datetime, expected: Recognition
) -> None:
    result = ask(aruba, TrustStore.default() | newest, instant)
    assert recognition(result) is expected
    assert found(result) == (set() if expected is Recognition.TRUSTED_LIST else {Reason.SERVICE_NOT_GRANTED})


def test_what_the_statements_say(newest: TrustStore, aruba: Certificate) -> None:
    listed, issued = ask(aruba, TrustStore.default() | newest, GRANTED).statements
    assert listed.describe() == (
        "trusted list IT, sequence 223 of 2026-07-27T09:33:49+00:00, service EDS/REM/Q CN=Posta Certificata ARUBA PEC,"
        " O=Aruba PEC S.p.A., L=Ponte San Pietro, ST=Bergamo, C=IT of Aruba Posta Elettronica Certificata S.p.A.,"
        " granted since 2024-10-15T22:00:00+00:00"
        " (SHA-256 209974ece2c641a202644eed56cffe84da20402e69276032c5c0cef464ef1b02)"
    )
    assert issued.describe().startswith("AgID CA1, edition of 2021-09-21 (SHA-256 32322ae2")
    before, _ = ask(aruba, TrustStore.default() | newest, GRANTED - SECOND).statements
    assert (before.recognises, before.status, before.since) == (False, "none yet", None)


def test_without_the_anchors_the_listed_certificate_is_enough(newest: TrustStore, aruba: Certificate) -> None:
    assert recognition(ask(aruba, newest, GRANTED)) is Recognition.TRUSTED_LIST
    earlier = ask(aruba, newest, GRANTED - SECOND)
    assert recognition(earlier) is Recognition.NONE
    assert found(earlier) == {Reason.SERVICE_NOT_GRANTED, Reason.PROVIDER_NOT_RECOGNISED}


def test_arubas_next_certificate_has_another_key(newest: TrustStore) -> None:
    """It is not listed, and no renewal of the listed one: AgID CA1 alone vouches for it."""
    (renewed,) = load_certificates((TRUST / "Aruba_PEC_S_p_A__20260728_aaf99669.pem").read_bytes())
    result = ask(renewed, TrustStore.default() | newest, datetime(2026, 9, 1, tzinfo=UTC))
    assert recognition(result) is Recognition.AGID_CA


def test_a_list_says_nothing_of_what_is_after_it(newest: TrustStore, lists: ListOfLists, aruba: Certificate) -> None:
    old = TrustStore.default() | TrustStore.from_trusted_list(italian(204), signers=lists.signers("IT"))
    result = ask(aruba, old, datetime(2025, 6, 1, tzinfo=UTC))
    assert recognition(result) is Recognition.AGID_CA
    assert Reason.TRUST_LIST_STALE in found(result)
    in_time = ask(aruba, TrustStore.default() | newest, GRANTED, now=datetime(2027, 2, 1, tzinfo=UTC))
    assert recognition(in_time) is Recognition.TRUSTED_LIST
    assert found(in_time) == {Reason.TRUST_LIST_STALE}


@pytest.mark.parametrize(
    ("instant", "status", "expected"),
    [
        ("2025-10-13T08:59:59Z", "none yet", Recognition.NONE),
        ("2025-10-13T09:00:00Z", "granted", Recognition.TRUSTED_LIST),
        ("2025-10-14T13:59:59Z", "granted", Recognition.TRUSTED_LIST),
        ("2025-10-14T14:00:00Z", "withdrawn", Recognition.NONE),
        ("2026-06-01T00:00:00Z", "withdrawn", Recognition.NONE),
    ],
)
def test_postels_service_was_withdrawn(newest: TrustStore, instant: str, status: str, expected: Recognition) -> None:
    trusted_list = newest.trusted_list
    assert trusted_list is not None
    (certificate,) = {
        certificate
        for service in trusted_list.services
        for certificate in service.certificates
        if certificate.facts.sha256 == POSTEL
    }
    result = ask(certificate, TrustStore.default() | newest, datetime.fromisoformat(instant))
    assert recognition(result) is expected
    said = {statement.service_type: statement for statement in result.statements}
    assert said["EDS/REM/Q"].status == status
    # The same certificate went on as EDS/Q ten minutes later: delivery, and not by registered e-mail as PEC is.
    assert not said["EDS/Q"].recognises
    assert Reason.SERVICE_NOT_REGISTERED_EMAIL in found(result)
    assert (Reason.SERVICE_NOT_GRANTED in found(result)) == (expected is Recognition.NONE)


def test_the_root_above_recognises_nobody(newest: TrustStore) -> None:
    """Actalis' root is in the list as CA/QC: neither it nor an e-mail certificate that it issues is a PEC provider."""
    (root,) = load_certificates((TRUST / "ActalisAuthenticationRootCA.pem").read_bytes())
    trust = TrustStore.default() | newest
    instant = datetime(2024, 11, 1, tzinfo=UTC)
    assert recognition(ask(root, trust, instant)) is Recognition.NONE
    actalis: Name = {
        "country_name": "IT",
        "locality_name": "Milan",
        "organization_name": "Actalis S.p.A./03358520967",
        "common_name": "Actalis Authentication Root CA",
    }
    ordinary = parse_certificate(make_signer(issuer=actalis, issuer_key="stranger", embedded=()).certificate)
    assert ordinary.issuer_name == root.subject_name
    result = recognise(ordinary, (root,), trust, instant, Policy())
    assert recognition(result) is Recognition.NONE
    assert found(result) == {Reason.PROVIDER_NOT_RECOGNISED}


def test_older_lists_do_not_replace_newer_ones(newest: TrustStore, lists: ListOfLists) -> None:
    older = TrustStore.from_trusted_list(italian(204), signers=lists.signers("IT"))
    with pytest.raises(TrustListError, match="sequence 204 is older than 223"):
        _ = newest | older
    assert (older | newest).trusted_list == newest.trusted_list
    assert (newest | TrustStore.from_trusted_list_unsafe(italian(223))).trusted_list == newest.trusted_list
    assert (TrustStore.from_trusted_list_unsafe(italian(223)) | newest).trusted_list == newest.trusted_list


def test_the_folder_keeps_what_was_verified(newest: TrustStore, lists: ListOfLists, tmp_path: Path) -> None:
    trusted_list = newest.trusted_list
    assert trusted_list is not None
    TrustFolder().with_list_of_lists(lists).with_trusted_list(trusted_list).save(tmp_path)
    kept = TrustFolder.load(tmp_path)
    assert kept.trusted_list == trusted_list
    assert kept.list_of_lists is not None
    assert kept.list_of_lists.signers("IT") == lists.signers("IT")
    assert kept.list_of_lists.own_signers == lists.own_signers
    assert TrustStore.user(tmp_path) == TrustStore.default() | newest
