"""Reading trusted lists and lists of lists; what a report makes of a listed service."""

from __future__ import annotations

import pickle
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from fixtures.catalogue.kinds import ANOMALY
from pecverify import ListOfLists, Policy, Reason, Recognition, Report, TrustListError, TrustStore, verify_receipt
from pecverify.trust import TrustedList
from pecverify.trust._xades import read_instant
from tests.directories import ldif
from tests.lists import (
    GRANTED_AT,
    ISSUED_AT,
    LISTED,
    NEXT_UPDATE,
    SIGNED_AT,
    History,
    Pointer,
    Service,
    list_signer,
    make_list,
    make_list_of_lists,
    sign_list,
)
from tests.messages import Message
from tests.pki import Cms, authority, make_signer, provider

SIGNERS = [list_signer()]
DAY = timedelta(days=1)
CRITICAL = (
    '<ServiceInformationExtensions><Extension Critical="{}"><x xmlns="urn:x"/></Extension>'
    "</ServiceInformationExtensions>"
)


def parse(*services: Service, **options: object) -> TrustedList:
    return TrustedList.parse_unsafe(make_list(*services, **options))  # type: ignore[arg-type]


def verify(store: TrustStore, message: Message | None = None, policy: Policy | None = None) -> Report:
    return verify_receipt((message or Message()).build(), trust=store, policy=policy)


def store(*services: Service, **options: object) -> TrustStore:
    data = sign_list(make_list(*services, **options))  # type: ignore[arg-type]
    return TrustStore.from_trusted_list(data, signers=SIGNERS)


def test_facts() -> None:
    trusted_list = TrustedList.parse(sign_list(make_list(Service(), sequence=7)), signers=SIGNERS)
    facts = trusted_list.facts
    assert (facts.territory, facts.sequence, facts.version) == ("IT", 7, 6)
    assert (facts.issued_at, facts.next_update, facts.signed_at) == (ISSUED_AT, NEXT_UPDATE, SIGNED_AT)
    assert facts.signer is not None
    assert facts.name == "trusted list IT"
    assert pickle.loads(pickle.dumps(trusted_list)) == trusted_list  # noqa: S301 (our own)
    (service,) = trusted_list.services
    assert (service.provider, service.name, service.title) == (
        "Gestore A S.p.A.",
        "PEC di prova",
        "PEC di prova of Gestore A S.p.A.",
    )
    assert [certificate.der for certificate in service.certificates] == [LISTED]


def test_without_a_signature() -> None:
    facts = parse(Service()).facts
    assert (facts.signer, facts.signed_at) == (None, None)


def test_a_closed_list_is_never_stale() -> None:
    facts = parse(Service(), next_update=None).facts
    assert facts.next_update is None
    assert not facts.is_stale(datetime(2100, 1, 1, tzinfo=UTC))


def test_a_list_without_providers() -> None:
    assert parse().services == ()


def test_only_delivery_services_are_kept() -> None:
    kept = parse(
        Service(type="CA/QC"),
        Service(type="EDS/Q"),
        Service(type="EDS/REM/Q"),
        Service(type="TSA/QTST", history=(History(type="EDS/Q"),)),
        Service(type="EDS"),
    ).services
    assert [[period.type for period in service.periods] for service in kept] == [
        ["EDS/Q"],
        ["EDS/REM/Q"],
        ["EDS/Q", "TSA/QTST"],
    ]


def test_periods() -> None:
    history = (
        History(status="withdrawn", since=GRANTED_AT + 10 * DAY),
        History(status="granted", since=GRANTED_AT, certificates=(provider("b").certificate,)),
    )
    (service,) = parse(Service(since=GRANTED_AT + 20 * DAY, history=history)).services
    assert service.period_at(GRANTED_AT - timedelta(seconds=1)) is None
    said = [service.period_at(GRANTED_AT + days * DAY) for days in (0, 9, 10, 19, 20, 900)]
    assert [period and period.status for period in said] == ["granted"] * 2 + ["withdrawn"] * 2 + ["granted"] * 2
    assert {certificate.der for certificate in service.certificates} == {LISTED, provider("b").certificate}


def test_a_certificate_that_cannot_be_read_recognises_nobody() -> None:
    (service,) = parse(Service(certificates=(b"rubbish", LISTED))).services
    assert [certificate.der for certificate in service.certificates] == [LISTED]


def test_names_in_other_languages() -> None:
    data = make_list(Service(provider="Gestore")).replace(b'<Name xml:lang="en">', b'<Name xml:lang="it">')
    (service,) = TrustedList.parse_unsafe(data).services
    assert (service.provider, service.name) == ("Fornitore", "PEC di prova")
    nameless = re.sub(rb"<Name xml[^<]*</Name>", b"", data)
    (service,) = TrustedList.parse_unsafe(nameless).services
    assert (service.provider, service.name) == ("", "")


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        (b"<TSLVersionIdentifier>6<", b"<TSLVersionIdentifier>4<", "list version '4'"),
        (b"<SchemeTerritory>IT<", b"<SchemeTerritory>FR<", "territory is 'FR'"),
        (b"<TSLSequenceNumber>5</TSLSequenceNumber>", b"", "no element TSLSequenceNumber"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>five<", "TSLSequenceNumber is 'five'"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>-5<", "TSLSequenceNumber is '-5'"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>1_0<", "TSLSequenceNumber is '1_0'"),
        (b"<TSLSequenceNumber>5<", "<TSLSequenceNumber>\u0665<".encode(), "TSLSequenceNumber is"),
        (b"<TSLSequenceNumber>5<", b"<TSLSequenceNumber>1234567890<", "TSLSequenceNumber is '1234567890'"),
        (b"<ListIssueDateTime>2024-03-01T12:00:00Z", b"<ListIssueDateTime>0001-01-01T00:00:00+23:59", "calendar"),
        (b"<ListIssueDateTime>2024-03-01T12:00:00Z", b"<ListIssueDateTime>9999-12-31T23:59:59-23:59", "calendar"),
        (b"<StatusStartingTime>2024-02-01T00:00:00Z", b"<StatusStartingTime>0001-01-01T00:00:00+23:59", "calendar"),
        (b"<SchemeTerritory>", b"<SchemeTerritory/><SchemeTerritory>", "2 elements SchemeTerritory"),
        (b"<ListIssueDateTime>2024", b"<ListIssueDateTime>x", "Invalid isoformat"),
        (b"12:00:00Z</ListIssueDateTime>", b"12:00:00</ListIssueDateTime>", "no time zone"),
        (b"<SchemeTerritory>IT<", b"<SchemeTerritory>I<!-- -->T<", "a comment inside a value"),
        (b"</X509Certificate>", b"!</X509Certificate>", "that can be read"),
        (b"<ServiceStatus>", b"<Status>", "not well-formed"),
        (b"StatusStartingTime>", b"Time>", "no element StatusStartingTime"),
        (b"TrustServiceStatusList", b"OtherList", "not a TrustServiceStatusList"),
    ],
)
def test_what_cannot_be_read(old: bytes, new: bytes, why: str) -> None:
    data = make_list(Service())
    assert old in data
    with pytest.raises(TrustListError, match=re.escape(why)):
        TrustedList.parse_unsafe(data.replace(old, new))


@pytest.mark.parametrize("wrong", ["text", None])
def test_bytes_only(wrong: object) -> None:
    with pytest.raises(TypeError, match="binary mode"):
        TrustStore.from_trusted_list(wrong, signers=SIGNERS)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2024-03-01T12:00:00Z", datetime(2024, 3, 1, 12, tzinfo=UTC)),
        (" 2024-03-01T12:00:00.000+02:00\n", datetime(2024, 3, 1, 10, tzinfo=UTC)),
    ],
)
def test_instants(text: str, instant: datetime) -> None:
    assert read_instant(text) == instant
    assert read_instant(text).tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2024-03-01T12:00:00" + " " * 30, f"no time zone: '2024-03-01T12:00:00{' ' * 21}'"),
        ("0001-01-01T00:00:00+23:59" + " " * 30, f"beyond the calendar: '0001-01-01T00:00:00+23:59{' ' * 15}'"),
    ],
)
def test_why_an_instant_is_refused(text: str, why: str) -> None:
    """With a quote of forty characters."""
    with pytest.raises(ValueError, match=rf"\A{re.escape(why)}\Z"):
        read_instant(text)


# --- the list of lists


def test_pointers() -> None:
    a, b, c = (provider(letter).certificate for letter in "abc")
    data = make_list_of_lists(
        Pointer(certificates=(a,), type="EUlistofthelists", territory="EU"),
        Pointer(certificates=(b,)),
        Pointer(certificates=(c,), location="https://lists.example/second.xml"),
        Pointer(certificates=(a,), media_type="application/pdf"),
        Pointer(certificates=(a,), territory="FR"),
    )
    lists = ListOfLists.parse(sign_list(data), signers=SIGNERS)
    assert lists.own_signers == (a,)
    assert lists.signers("IT") == (b, c)
    assert lists.signers("FR") == (a,)
    assert lists.locations["IT"] == "https://lists.example/TSL-IT.xml"
    with pytest.raises(TrustListError, match="names no signer for DE"):
        lists.signers("DE")


def test_lists_that_are_no_list_of_lists() -> None:
    with pytest.raises(TrustListError, match="not a list of lists"):
        ListOfLists.parse(sign_list(make_list()), signers=SIGNERS)
    with pytest.raises(TrustListError, match="no element PointersToOtherTSL"):
        ListOfLists.parse(sign_list(make_list_of_lists()), signers=SIGNERS)


# --- in a report


def test_recognised_by_a_granted_service() -> None:
    signer = verify(store(Service())).signer
    assert signer is not None
    assert signer.recognition is Recognition.TRUSTED_LIST
    (statement,) = signer.statements
    assert (statement.sequence, statement.service_type, statement.status) == (5, "EDS/REM/Q", "granted")
    assert (statement.since, statement.next_update, statement.issued_at) == (GRANTED_AT, NEXT_UPDATE, ISSUED_AT)
    assert signer.recognised_by == statement.describe()
    assert len(signer.path) == 1


@pytest.mark.parametrize(
    ("extensions", "recognised"),
    [(CRITICAL.format("true"), False), (CRITICAL.format("1"), False), (CRITICAL.format("false"), True)],
)
def test_an_extension_that_must_be_understood(extensions: str, recognised: bool) -> None:  # noqa: FBT001
    report = verify(store(Service(extensions=extensions)))
    assert report.signer is not None
    assert (report.signer.recognition is Recognition.TRUSTED_LIST) == recognised
    undeclared = CRITICAL.replace(' Critical="{}"', "")
    report = verify(store(Service(history=(History(extensions=undeclared),))))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.NONE


def test_a_renewal_rests_on_its_path() -> None:
    """What is weak about the path is weak about the recognition; a listed certificate rests on none."""
    anchored = store(Service(certificates=(make_signer("a", serial=900).certificate,)))
    anchored |= TrustStore.from_certificates(authority())
    weak = make_signer("a", digest="sha1")
    report = verify(anchored, Message(signer=weak))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.TRUSTED_LIST
    assert {finding.reason for finding in report.findings} == {Reason.ALGORITHM_WEAK}
    listed = verify(store(Service(certificates=(weak.certificate,))), Message(signer=weak))
    assert listed.findings == ()


def test_another_key_with_the_listed_name() -> None:
    other = make_signer("a", key_name="provider-b")
    report = verify(store(Service()) | TrustStore.from_certificates(authority()), Message(signer=other))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.CUSTOM


def test_the_listed_key_with_another_name() -> None:
    other = make_signer("a", organization="Gestore B S.p.A.")
    report = verify(store(Service()) | TrustStore.from_certificates(authority()), Message(signer=other))
    assert report.signer is not None
    assert report.signer.recognition is Recognition.CUSTOM


def test_a_service_beside_a_directory_that_vouches_for_the_signer() -> None:
    """What a list says against the signer is told, whoever else knows it."""
    directory = TrustStore.from_provider_directory_unsafe(ldif())
    report = verify(store(Service(status="withdrawn")) | directory)
    assert report.signer is not None
    assert [statement.recognition for statement in report.signer.statements] == [
        Recognition.DIRECTORY,
        Recognition.TRUSTED_LIST,
    ]
    assert {finding.reason for finding in report.findings} == {
        Reason.SERVICE_NOT_GRANTED,
        Reason.TRUST_SOURCE_UNVERIFIED,
    }


def test_a_list_without_an_instant_to_use_it_at() -> None:
    """It is not stale: nobody says when it is used."""
    report = verify(store(Service()), replace(ANOMALY, cms=Cms(signing_time=None)))
    assert report.times.validated_at is None
    assert Reason.TRUST_LIST_STALE not in {finding.reason for finding in report.findings}


def test_two_services_of_one_certificate() -> None:
    both = store(Service(name="one", status="withdrawn"), Service(name="two"))
    report = verify(both)
    assert report.signer is not None
    assert [(statement.entry, statement.recognises) for statement in report.signer.statements] == [
        ("one of Gestore A S.p.A.", False),
        ("two of Gestore A S.p.A.", True),
    ]
    assert "two of Gestore A" in str(report.signer.recognised_by)
    assert {finding.reason for finding in report.findings} == {Reason.SERVICE_NOT_GRANTED}


@pytest.mark.parametrize(
    ("now", "stale"),
    [(None, False), (NEXT_UPDATE, False), (NEXT_UPDATE + timedelta(seconds=1), True), (ISSUED_AT - DAY, False)],
)
def test_stale_at_the_time_of_use(now: datetime | None, stale: bool) -> None:  # noqa: FBT001
    report = verify(store(Service()), policy=replace(Policy(), now=now))
    assert (Reason.TRUST_LIST_STALE in {finding.reason for finding in report.findings}) == stale


def test_a_signature_that_fails_has_no_statements() -> None:
    message = Message(cms=replace(Message().cms, signature=lambda value: bytes(len(value))))
    signer = verify(store(Service()), message).signer
    assert signer is not None
    assert (signer.statements, signer.recognised_by) == ((), None)


# --- stores


def test_stores_with_lists_combine_and_pickle() -> None:
    newer, older = store(Service(), sequence=8), store(Service(), sequence=7)
    assert (older | newer).trusted_list == newer.trusted_list
    with pytest.raises(TrustListError, match="sequence 7 is older than 8"):
        _ = newer | older
    with pytest.raises(TrustListError, match="another list with sequence 8"):
        _ = newer | store(Service(status="withdrawn"), sequence=8)
    assert (newer | TrustStore.default()).trusted_list == newer.trusted_list
    assert (TrustStore.default() | newer).trusted_list == newer.trusted_list
    assert (newer | newer) == newer
    signed = sign_list(make_list(Service(), sequence=8))
    other_file = TrustStore.from_trusted_list(signed + b"\n<!-- the same list -->", signers=SIGNERS)
    assert (newer | other_file).trusted_list == newer.trusted_list
    unverified = TrustStore.from_trusted_list_unsafe(signed)
    assert (unverified | newer).trusted_list == (newer | unverified).trusted_list == newer.trusted_list
    with pytest.raises(TrustListError, match="another list with sequence 8"):
        _ = newer | TrustStore.from_trusted_list_unsafe(signed + b"\n")
    assert pickle.loads(pickle.dumps(newer)) == newer  # noqa: S301 (our own)
    assert repr(newer) == "TrustStore(trusted list IT 8)"
    assert newer != older
    assert len({newer, older, store(Service(), sequence=8)}) == 2
