"""The trust store: built-in facts, the caller's anchors, and what is remembered."""

from __future__ import annotations

import json
import pickle
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from fixtures.catalogue import pem
from fixtures.trust.make_trust_data import OUTPUT, make_anchors, make_list_of_lists
from pecverify import Policy, Reason, Recognition, TrustListError, TrustStore
from pecverify._certificate import Certificate, load_certificates, parse_certificate
from pecverify._pki import PathResult, find_path
from pecverify.data import read_data
from pecverify.trust import _store
from pecverify.trust._providers import provider_name
from tests.pki import authority, make_signer, provider

SHARED = Path(__file__).resolve().parents[2] / "shared" / "trust"
needs_shared = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the published certificates do not lie beside the project"
)
DEFAULT = TrustStore.default()


def load(name: str) -> Certificate:
    return load_certificates((SHARED / name).read_bytes())[0]


def path(certificate: Certificate, instant: datetime) -> PathResult:
    return find_path(certificate, (), DEFAULT, instant, Policy.archival())


def test_built_in_anchors() -> None:
    agid, digitpa = DEFAULT.anchors
    assert (agid.name, len(agid.editions)) == ("AgID CA1", 9)
    assert (digitpa.name, len(digitpa.editions)) == ("DigitPA CA1", 1)
    assert {anchor.recognition for anchor in DEFAULT.anchors} == {Recognition.AGID_CA}
    assert agid.editions[0].facts.not_before == datetime(2017, 10, 12, 13, 29, 53, tzinfo=UTC)
    assert agid.editions[0].facts.subject.startswith("CN=AgID CA1,OU=Area Soluzioni")
    domains = [edition.name_constraints and edition.name_constraints.permitted_emails for edition in agid.editions]
    assert [len(permitted or ()) for permitted in domains] == [27, 29, 33, 34, 34, 34, 34, 35, 37]
    assert digitpa.editions[0].name_constraints is None
    assert {edition.path_length for anchor in DEFAULT.anchors for edition in anchor.editions} == {0}
    assert TrustStore.default() is DEFAULT


def test_every_mail_domain_has_an_entry_in_the_table_of_names() -> None:
    domains = {
        domain
        for edition in DEFAULT.anchors[0].editions
        if edition.name_constraints is not None
        for domain in edition.name_constraints.permitted_emails or ()
    }
    assert read_data("providers.json")["names"].keys() == domains


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("posta-certificata@pec.aruba.it", "Aruba"),
        ("POSTA-CERTIFICATA@LEGALMAIL.IT", "InfoCert Legalmail"),
        ("x@sicurezzapostale.it", "Namirial"),
        ("x@telecompost.it", "TIM"),
        ("x@sub.pec.aruba.it", None),
        ("x@kmailer.it", None),
        ("", None),
    ],
)
def test_provider_names(address: str, name: str | None) -> None:
    assert provider_name(address) == name


def test_provider_of_a_certificate() -> None:
    certificate = parse_certificate(make_signer(address="posta-certificata@pec.aruba.it").certificate)
    assert DEFAULT.provider_of(certificate).name == "Aruba"
    assert DEFAULT.provider_of(certificate).organization == "Gestore A S.p.A."
    assert DEFAULT.provider_of(parse_certificate(provider("a").certificate)).name is None


@needs_shared
def test_the_data_is_what_the_script_makes() -> None:
    assert (OUTPUT / "agid.json").read_text("utf-8") == make_anchors(SHARED)
    assert (OUTPUT / "list-of-lists.json").read_text("utf-8") == make_list_of_lists(SHARED)


@needs_shared
@pytest.mark.parametrize(
    "name",
    [
        "agid-ca1/aruba_pec_signer_2017.pem",
        "agid-ca1/aruba_pec_signer_2023.pem",
        "agid-ca1/infocert_legalmail23_2017.pem",
        "Aruba_PEC_S_p_A__20260728_aaf99669.pem",
        "Posta_Certificata_ARUBA_PEC_20230928_6ea8a494.pem",
        "Posta_Certificata_Namirial_S_p_A__20230928_add14774.pem",
        "Posta_Certificata_Sogei_20171123_e7ec1f86.pem",
        "Posta_Certificata_ARUBA_PEC_20140210_24f12d94.pem",
    ],
)
def test_genuine_providers_are_recognised_throughout_their_validity(name: str) -> None:
    certificate = load(name)
    for instant in (certificate.not_before, certificate.not_after):
        result = path(certificate, instant)
        assert result.recognition is Recognition.AGID_CA
        edition = result.path[-1]
        in_force = [e for e in DEFAULT.anchors[0].editions if e.in_force(instant)]
        assert edition.sha256 in {e.facts.sha256 for e in (*in_force, *DEFAULT.anchors[1].editions)}


@needs_shared
def test_the_newest_edition_in_force_carries_the_recognition() -> None:
    aruba = load("agid-ca1/aruba_pec_signer_2017.pem")
    for instant, edition in (
        (datetime(2018, 4, 4, 12, 21, 1, tzinfo=UTC), "2017-10-12"),
        (datetime(2018, 4, 4, 12, 21, 2, tzinfo=UTC), "2018-04-04"),
        (datetime(2020, 6, 1, tzinfo=UTC), "2020-02-19"),
    ):
        assert f"edition of {edition}" in str(path(aruba, instant).statement)
    before = DEFAULT.anchors[0].editions[0].facts.not_before - timedelta(seconds=1)
    assert [finding.reason for finding in path(aruba, before).findings] == [Reason.ANCHOR_NOT_IN_FORCE]


@needs_shared
@pytest.mark.parametrize(
    "name",
    ["ActalisAuthenticationRootCA.pem", "BaltimoreCyberTrustRoot.pem", "AgID_20210730_ddf02ac3.pem"],
)
def test_public_roots_and_others_are_not_recognised(name: str) -> None:
    certificate = load(name)
    result = path(certificate, certificate.not_before)
    assert result.recognition is Recognition.NONE
    assert Reason.PROVIDER_NOT_RECOGNISED in {finding.reason for finding in result.findings}


def test_custom_anchors() -> None:
    text = (pem(authority()) + pem(provider("a").certificate)).encode()
    store = TrustStore.from_certificates(text, provider("b").certificate)
    assert [anchor.recognition for anchor in store.anchors] == [Recognition.CUSTOM] * 3
    assert store.anchors[0].name == "Test PEC CA1"
    assert [anchor.may_issue for anchor in store.anchors] == [True, False, False]
    assert store.anchors[1].editions[0].path_length is None


def test_the_callers_mistakes() -> None:
    with pytest.raises(TrustListError, match="no certificate given"):
        TrustStore.from_certificates()
    with pytest.raises(TrustListError, match="not a certificate"):
        TrustStore.from_certificates(b"rubbish")
    with pytest.raises(TypeError, match="binary mode"):
        TrustStore.from_certificates(pem(authority()))  # type: ignore[arg-type]


def test_stores_combine() -> None:
    custom = TrustStore.from_certificates(authority())
    both = DEFAULT | custom
    assert both.anchors == DEFAULT.anchors + custom.anchors
    assert (both | custom).anchors == both.anchors
    assert both == DEFAULT | TrustStore.from_certificates(authority())
    assert both != custom
    assert both != "store"
    assert hash(both) == hash(DEFAULT | custom)
    assert repr(both) == "TrustStore(AgID CA1, DigitPA CA1, Test PEC CA1)"
    with pytest.raises(TypeError):
        _ = DEFAULT | "x"  # type: ignore[operator]


def test_stores_pickle_without_what_they_remember() -> None:
    store = DEFAULT | TrustStore.from_certificates(authority())
    empty = len(pickle.dumps(store))
    store.certificate(provider("a").certificate)
    assert len(pickle.dumps(store)) == empty
    assert pickle.loads(pickle.dumps(store)) == store  # noqa: S301 (our own)


def test_a_question_is_answered_once() -> None:
    store = TrustStore()
    encoded = provider("a").certificate
    assert store.certificate(encoded) is store.certificate(bytes(bytearray(encoded)))
    answers = iter([None, 1])
    assert [store.remember("q", lambda: next(answers)) for _ in range(2)] == [None, None]


def test_what_is_remembered_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_store, "_REMEMBERED", 3)
    store = TrustStore()
    for number in range(10):
        assert store.remember(number, int) == 0
    assert len(store._memory) <= 3


def test_what_is_remembered_is_bounded_by_the_size_of_its_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_store, "_REMEMBERED_BYTES", 100)
    store = TrustStore()
    for number in range(10):
        store.remember(("question", bytes([number]) * 60), int)
    assert len(store._memory) <= 2


def test_the_data_is_json_with_its_provenance() -> None:
    for name in ("agid.json", "list-of-lists.json", "providers.json"):
        data = json.loads((OUTPUT / name).read_text("utf-8"))
        assert data["format"] == 1
        assert data["provenance"]
