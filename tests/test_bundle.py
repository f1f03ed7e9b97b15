"""Bundles of proof: what is in them, that they come out the same, and that no forger's change passes the check."""

from __future__ import annotations

import dataclasses
import gzip
import io
import json
import os
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pecverify import Limits, Policy, TrustStore, Verdict
from pecverify.archive import Answer, Cause, Examiner, Origin, Piece, Unverified
from pecverify.bundle import BundleError, FileState, Manifest, PolicyFacts, attach_timestamp, check_bundle, make_bundle
from pecverify.bundle import _container as container_module
from pecverify.bundle import check as check_module
from pecverify.bundle import make as make_module
from pecverify.bundle._origins import Origins
from pecverify.bundle.manifest import FileEntry, PolicyName, RecordedReceipt, RecordedReport, RecordedUnverified
from pecverify.policy import LAST_SHA1_CERTIFICATE_AT
from pecverify.trust.facts import describe_trust
from pecverify.trust.folder import TrustFolder
from tests.bundles import EXAMINER, ONE, answer, bundle_of, entries, info, put, rewritten, zipped
from tests.crls import crl
from tests.directories import entry, ldif
from tests.exchanges import LATER, SOON, mixed, trust
from tests.lists import Service, make_list
from tests.messages import replacing
from tests.outlook_files import outlook_file
from tests.pki import authority
from tests.schemas import schema, validator

BOTH = (ONE.acceptance(), ONE.delivery())
FORGED = ONE.delivery(edit=replacing("15 giorni", "90 giorni")).replace(b"10:20:34", b"10:20:35")


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return bundle_of(put(tmp_path_factory.mktemp("receipts"), *BOTH))[0]


def states(checked_bundle: bytes, examiner: Examiner = EXAMINER) -> dict[str, str]:
    """The files that are not intact, and the verdict."""
    checked = check_bundle(checked_bundle, examiner=examiner)
    assert checked.problem is None
    found = {file.path: file.state.value for file in checked.files if file.state is not FileState.INTACT}
    return {**found, "": checked.verdict.value}


def problem(data: bytes) -> str:
    checked = check_bundle(data, examiner=EXAMINER)
    assert (checked.verdict, checked.manifest, checked.files, checked.receipts) == (Verdict.INVALID, None, (), ())
    assert checked.problem is not None
    return checked.problem


# --- what is in one


def test_receipts_lie_in_it_untouched_under_names_of_ours(bundle: bytes) -> None:
    content = entries(bundle)
    receipts = [name for name in content if name.startswith("receipts/")]
    assert [content[name] for name in receipts] == list(BOTH)
    assert [name[:14] for name in receipts] == ["receipts/0001-", "receipts/0002-"]
    assert [*content][2:] == [
        *("LEGGIMI.txt", "README.txt", "exchange.json", "report.html", "reports.jsonl", "trust.json", "manifest.json")
    ]


def test_the_manifest_names_every_file_and_receipt(bundle: bytes) -> None:
    content = entries(bundle)
    value = json.loads(content["manifest.json"])
    validator("bundle").validate(value)
    assert {entry["path"]: entry["size"] for entry in value["files"]} == {
        name: len(data) for name, data in content.items() if name != "manifest.json"
    }
    assert [receipt["report"] for receipt in value["receipts"]] == [
        {"verdict": "valid", "kind": kind, "reasons": [], "taken_from": None} for kind in ("accepted", "delivered")
    ]
    assert [receipt["origin"]["path"] for receipt in value["receipts"]] == ["0.eml", "1.eml"]
    assert value["now"] == "2024-03-17T09:20:30+00:00"


def test_reports_exchange_page_and_trust(bundle: bytes) -> None:
    content = entries(bundle)
    rows = [json.loads(line) for line in content["reports.jsonl"].splitlines()]
    for row in rows:
        validator("answer").validate(row)
    assert [row["report"]["kind"] for row in rows] == ["accepted", "delivered"]
    exchange = json.loads(content["exchange.json"])
    validator("exchange").validate(exchange)
    assert exchange["exchanges"][0]["conclusion"] == "delivered"
    assert b"Delivered to everyone" in content["report.html"]
    facts = json.loads(content["trust.json"])
    assert [anchor["name"] for anchor in facts["anchors"]] == ["Test PEC CA1"]
    assert facts["anchors"][0]["editions"][0]["sha256"] in content["reports.jsonl"].decode()
    assert "FASCICOLO DI PROVA" in content["LEGGIMI.txt"].decode()
    assert "BUNDLE OF PROOF" in content["README.txt"].decode()


def test_the_page_is_in_the_language_asked_for(tmp_path: Path) -> None:
    made, manifest = bundle_of(put(tmp_path, *BOTH), language="it")
    assert manifest.language == "it"
    assert b"Consegnato a tutti" in entries(made)["report.html"]
    assert states(made) == {"": "valid"}


def test_messages_of_every_verdict_and_what_cannot_be_read(tmp_path: Path) -> None:
    put(tmp_path, *mixed())
    (tmp_path / "z.zip").write_bytes(b"PK\x03\x04 no zip")
    made, manifest = bundle_of(tmp_path)
    assert {receipt.report.verdict for receipt in manifest.receipts} == {Verdict.VALID, Verdict.INVALID}
    assert [(each.origin.path, each.cause) for each in manifest.unverified] == [("z.zip", Cause.DAMAGED)]
    validator("bundle").validate(json.loads(manifest.to_bytes()))
    checked = check_bundle(made, examiner=EXAMINER)
    assert all(receipt.agrees for receipt in checked.receipts)
    assert {file.state for file in checked.files} == {FileState.INTACT}
    assert checked.verdict is Verdict.INVALID  # forged receipts are among them, and it says so


# --- out of archives


def mbox(*messages: bytes) -> bytes:
    lines = (b"From x@y.example Fri Mar 15 10:20:30 2024\n" + message.replace(b"\r\n", b"\n") for message in messages)
    return b"\n".join(lines)


def test_messages_out_of_archives_are_their_slices(tmp_path: Path) -> None:
    (tmp_path / "a.mbox").write_bytes(mbox(*BOTH))
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as archive:
        archive.writestr("../\u202ehostile.eml", BOTH[0])
    (tmp_path / "c.eml").write_bytes(gzip.compress(BOTH[1]))
    made, manifest = bundle_of(tmp_path)
    receipts = {receipt.origin.path: receipt for receipt in manifest.receipts[1:]}
    content = entries(made)
    assert content[receipts["a.mbox"].file].startswith(BOTH[1].replace(b"\r\n", b"\n")[:50])
    assert receipts["b.zip"].origin.member == "../\u202ehostile.eml"
    assert content[receipts["b.zip"].file] == BOTH[0]
    assert content[receipts["c.eml"].file] == BOTH[1]
    assert [receipt.from_mbox for receipt in manifest.receipts] == [True, True, False, False]
    assert states(made)[""] == check_bundle(made, examiner=EXAMINER).verdict
    assert all(receipt.agrees for receipt in check_bundle(made, examiner=EXAMINER).receipts)


def test_a_receipt_is_not_unpacked_twice(tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(gzip.compress(gzip.compress(BOTH[0])))
    made, manifest = bundle_of(tmp_path)
    assert manifest.receipts[0].report.verdict is Verdict.INVALID
    assert states(made) == {"": "invalid"}
    assert check_bundle(made, examiner=EXAMINER).receipts[0].agrees


def test_an_outlook_file_keeps_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_bytes(outlook_file(BOTH[0]))
    made, manifest = bundle_of(tmp_path)
    assert manifest.receipts[0].file.endswith(".msg")
    assert states(made)[""] == "valid"


def test_receipts_inside_messages(tmp_path: Path) -> None:
    carrier = (
        b'From: a@b.example\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="x"\r\n\r\n'
        + b"".join(b"--x\r\nContent-Type: message/rfc822\r\n\r\n" + message + b"\r\n" for message in BOTH)
        + b"--x--\r\n"
    )
    made, manifest = bundle_of(put(tmp_path, carrier), examiner=replace(EXAMINER, nested=True))
    (receipt,) = manifest.receipts
    assert receipt.is_carrier
    assert [report.kind for report in receipt.nested] == ["accepted", "delivered"]
    assert states(made) == {"": "valid"}


def test_a_message_over_the_limit_is_left_out_and_not_cut(tmp_path: Path) -> None:
    small = replace(EXAMINER, policy=Policy(now=LATER, limits=Limits(message_bytes=len(BOTH[0]))))
    made, manifest = bundle_of(put(tmp_path, *BOTH), examiner=small)
    assert [entry.cause for entry in manifest.unverified] == [Cause.LIMIT_EXCEEDED]
    assert len(manifest.receipts) == 1
    assert check_bundle(made, examiner=small).verdict is Verdict.VALID


def test_a_message_cannot_be_finished_before_it_is_verified() -> None:
    piece = Piece(origin=Origin(path="a"), content=BOTH[0])
    answer, data = EXAMINER.examine_and_keep(piece)
    assert answer is not None
    assert data == BOTH[0]
    assert EXAMINER.examine_kept(piece, data) == answer


# --- the same each time


def test_the_same_on_another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "one" / "receipts" / "inner", *mixed())
    first, manifest = bundle_of(tmp_path / "one" / "receipts")
    shutil.copytree(tmp_path / "one" / "receipts", tmp_path / "elsewhere")
    for path in (tmp_path / "elsewhere").rglob("*"):
        os.utime(path, (0, 0))
    monkeypatch.chdir(tmp_path)
    zone = timezone(timedelta(hours=9))
    there = replace(EXAMINER, policy=Policy(now=LATER.astimezone(zone)))
    assert bundle_of("elsewhere", examiner=there, now=LATER.astimezone(zone))[0] == first
    assert bundle_of("elsewhere/", jobs=2)[0] == first
    assert str(tmp_path) not in first.decode("latin-1")
    assert manifest.receipts[0].origin.path == "inner/0.eml"


def test_trust_does_not_depend_on_the_order_in_which_it_was_given(tmp_path: Path) -> None:
    other = TrustStore.from_certificates(authority(key_name="other-ca", serial=2))
    crls = TrustStore(crls=(crl(), b"none"))
    put(tmp_path, *BOTH)
    first, second = (
        bundle_of(tmp_path, examiner=replace(EXAMINER, trust=store))[0]
        for store in (trust() | other | crls, crls | other | trust())
    )
    assert first == second


def test_what_depends_on_the_clock_depends_on_now(tmp_path: Path) -> None:
    put(tmp_path, ONE.acceptance())
    (early, _), (late, _) = bundle_of(tmp_path, now=SOON), bundle_of(tmp_path)
    state = [
        json.loads(entries(each)["exchange.json"])["exchanges"][0]["recipients"][0]["state"] for each in (early, late)
    ]
    assert state == ["pending", "no-evidence"]
    assert states(early) == {"": "valid"}


def test_the_fixed_form_of_the_zip(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as archive:
        for each in archive.infolist():
            assert (each.date_time, each.compress_type, each.create_system) == ((1980, 1, 1, 0, 0, 0), 0, 3)
            assert (each.external_attr, each.extra, each.comment) == (0o100644 << 16, b"", b"")
        assert archive.comment == b""
        assert archive.testzip() is None


def test_the_output_is_never_a_source_of_itself(tmp_path: Path) -> None:
    put(tmp_path, *BOTH)
    (tmp_path / "more.mbox").write_bytes(mbox(*BOTH))
    first, _ = bundle_of(tmp_path)
    for _ in range(2):
        with (tmp_path / "bundle.zip").open("wb") as file:
            make_bundle([tmp_path], file, examiner=EXAMINER, now=LATER)
        assert (tmp_path / "bundle.zip").read_bytes() == first


def test_a_source_that_is_gone(tmp_path: Path) -> None:
    with (tmp_path / "bundle.zip").open("wb") as file:
        manifest = make_bundle([tmp_path / "gone.eml"], file, examiner=EXAMINER, now=LATER)
    assert [(each.origin.path, each.cause) for each in manifest.unverified] == [("gone.eml", Cause.UNREADABLE)]
    checked = check_bundle((tmp_path / "bundle.zip").read_bytes(), examiner=EXAMINER)
    assert checked.verdict is Verdict.INDETERMINATE  # it proves nothing


def test_now_must_be_aware(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="aware"):
        bundle_of(tmp_path, now=datetime(2024, 1, 1))  # noqa: DTZ001 (naive on purpose)


def test_without_the_extra_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pecverify.exchange.page", None)
    file = io.BytesIO()
    with pytest.raises(ImportError):
        make_bundle([tmp_path], file, examiner=EXAMINER, now=LATER)
    assert file.getvalue() == b""


def test_too_many_receipts_for_one_bundle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make_module, "MAXIMUM_MANIFEST_BYTES", 100)
    with pytest.raises(BundleError, match="2 receipts are too many"):
        bundle_of(put(tmp_path, *BOTH))


def relative(*sources: str, **found: str) -> None:
    origins = Origins(sources)
    for expected, path in found.items():
        assert origins.relative(Origin(path=path)).path == expected.replace("__", "/").replace("_eml", ".eml"), path
        assert origins.relative(Origin(path=path)).path == expected.replace("__", "/").replace("_eml", ".eml"), path


def test_origins_are_seen_from_their_source() -> None:
    relative("/home/x/r", a_eml="/home/x/r/a.eml", b__c_eml="/home/x/r/b/c.eml", d_eml="/elsewhere/d.eml")
    relative("/home/x/a.eml", "y/", a_eml="/home/x/a.eml", b_eml="y/b.eml")
    relative(".", "..", a_eml="./a.eml", b_eml="../b.eml")
    relative("/home/*/r/*.eml", x__r__a_eml="/home/x/r/a.eml")
    relative("**/*.eml", "/home/y", a__b_eml="a/b.eml", c_eml="/home/y/c.eml")
    relative("a", "b", x_eml="a/x.eml", **{"2/x.eml": "b/x.eml"})
    relative("2", "a", "b", **{"2/x.eml": "2/2/x.eml", "x.eml": "a/x.eml", "3/x.eml": "b/x.eml"})
    relative("/", home__a_eml="/home/a.eml", **{"/": "/"})
    relative("-", **{"-": "-"})
    relative("a", "b", **{"x.eml": "a/x.eml", "2/2/x.eml": "b/2/x.eml"} if os.sep == "\\" else {"x.eml": "a/x.eml"})


def test_a_second_separator_is_a_separator_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pecverify.bundle._origins._SEPARATORS", ("\\", "/"))
    monkeypatch.setattr(os, "sep", "\\")
    relative("C:/x/r", a__b_eml="C:/x/r\\a\\b.eml")


# --- the manifest


def test_the_schema_is_a_schema_and_knows_every_field() -> None:
    written = schema("bundle")
    jsonschema.Draft202012Validator.check_schema(written)
    shapes = {
        "policy": PolicyFacts,
        "file": FileEntry,
        "report": RecordedReport,
        "receipt": RecordedReceipt,
        "unverified": RecordedUnverified,
    }
    for name, shape in [*shapes.items(), ("", Manifest)]:
        definition = written["$defs"][name] if name else written
        names = [field.name for field in dataclasses.fields(shape)]
        assert list(definition["properties"]) == definition["required"] == names
    assert written["$defs"]["policyName"]["enum"] == [name.value for name in PolicyName]


@pytest.mark.parametrize(
    ("policy", "name"),
    [
        (Policy(now=LATER, crls=(b"x",), require_revocation=True), PolicyName.DEFAULT),
        (Policy.strict(now=LATER), PolicyName.STRICT),
        (Policy.archival(at=LATER), PolicyName.ARCHIVAL),
        (Policy(clock_tolerance=timedelta(hours=1)), PolicyName.CUSTOM),
        (Policy(weak_signature_until=LAST_SHA1_CERTIFICATE_AT - timedelta(1)), PolicyName.CUSTOM),
    ],
)
def test_names_of_policies(policy: Policy, name: PolicyName) -> None:
    assert PolicyFacts.of(policy).name is name


def test_a_manifest_is_read_back(bundle: bytes) -> None:
    data = entries(bundle)["manifest.json"]
    assert Manifest.parse(data).to_bytes() == data


def changed(bundle: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    return rewritten(bundle, change)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda value: value.update(format=2), "format 2: this version of pecverify reads format 1"),
        (lambda value: value.update(more=1), "not written as pecverify writes it"),
        (lambda value: value.pop("now"), "KeyError"),
        (lambda value: value.update(now="2024-03-17T09:20:30"), "no offset from UTC"),
        (lambda value: value.update(now="0001-01-01T00:00:00+00:00"), "trust, language or now"),
        (lambda value: value.update(language="de"), "trust, language or now"),
        (lambda value: value.update(trust="README.txt"), "trust, language or now"),
        (lambda value: value["files"].pop(), "the files are not those of its receipts"),
        (
            lambda value: value["files"].append({"path": "z.exe", "size": 0, "sha256": "0" * 64}),
            "not those of its receipts",
        ),
        (lambda value: value["files"].reverse(), "the files are not those of its receipts"),
        (lambda value: value["receipts"].append(value["receipts"][0]), "the files are not those of its receipts"),
        (lambda value: value["receipts"][0]["report"].update(verdict="good"), "ValueError"),
        (lambda value: value["receipts"][0]["report"].update(reasons=["none"]), "ValueError"),
        (lambda value: value.update(receipts={}), "TypeError"),
    ],
)
def test_a_manifest_that_is_none(bundle: bytes, change: Callable[[dict[str, Any]], object], told: str) -> None:
    assert told in problem(changed(bundle, change))


@pytest.mark.parametrize("name", ["../../etc/passwd", "receipts/0001-0123456789abcdef.exe", "/x", "receipts/1-a.eml"])
def test_names_of_receipts_are_ours(bundle: bytes, name: str) -> None:
    def rename(value: dict[str, Any]) -> None:
        old = value["receipts"][0]["file"]
        value["receipts"][0]["file"] = name
        next(entry for entry in value["files"] if entry["path"] == old)["path"] = name
        value["files"].sort(key=lambda entry: entry["path"])

    assert "no name of a receipt" in problem(changed(bundle, rename))


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"null", b"{}", b"[" * 100_000, b'{"format": 1}', b"1" * 5_000])
def test_other_json(data: bytes) -> None:
    assert "manifest.json" in problem(zipped([("manifest.json", data)])) or "format" in problem(
        zipped([("manifest.json", data)])
    )


# --- a hostile zip


@pytest.mark.parametrize("data", [b"", b"PK", b"no zip", b"PK\x05\x06" + bytes(18)])
def test_no_zip(data: bytes) -> None:
    assert problem(data)


def test_a_broken_zip_at_any_place(bundle: bytes) -> None:
    for length in range(0, len(bundle), 997):
        assert problem(bundle[:length]).startswith(("not a zip", "no manifest.json"))


def test_any_changed_byte_is_found(bundle: bytes) -> None:
    """Names and bytes of entries; what only a zip program reads (times, attributes) is not what is checked."""
    content = entries(bundle)
    for name, data in content.items():
        place = bundle.index(data) + len(data) // 2
        other = bundle[:place] + bytes([bundle[place] ^ 1]) + bundle[place + 1 :]
        assert check_bundle(other, examiner=EXAMINER).verdict is Verdict.INVALID, name


def test_a_name_twice(bundle: bytes) -> None:
    content = list(entries(bundle).items())
    with pytest.warns(UserWarning, match="Duplicate name"):
        doubled = zipped([*content, content[0]])
    assert "two entries of one name: 'receipts/0001-" in problem(doubled)


@pytest.mark.parametrize("name", ["virus.exe", "receipts/", "../x", "RECEIPTS/0001.eml", "manifest.json/", "\u202ea"])
def test_a_file_more(bundle: bytes, name: str) -> None:
    assert states(zipped([*entries(bundle).items(), (name, b"")])) == {name: "extra", "": "invalid"}


@pytest.mark.parametrize("part", ["receipts/0001", "report.html", "trust.json"])
def test_a_file_less(bundle: bytes, part: str) -> None:
    content = entries(bundle)
    name = next(name for name in content if name.startswith(part))
    del content[name]
    found = states(zipped(content.items()))
    assert (found[name], found[""]) == ("missing", "invalid")


def test_what_takes_a_receipt_that_is_gone_is_not_compared(bundle: bytes) -> None:
    content = entries(bundle)
    gone = next(iter(content))
    del content[gone]
    checked = check_bundle(zipped(content.items()), examiner=EXAMINER)
    found = {file.path: file.state.value for file in checked.files if file.state is not FileState.INTACT}
    assert found == {
        gone: "missing",
        **dict.fromkeys(("exchange.json", "report.html", "reports.jsonl"), "not-compared"),
    }
    assert [receipt.found is None for receipt in checked.receipts] == [True, False]
    assert [receipt.verdict for receipt in checked.receipts] == [Verdict.INDETERMINATE, Verdict.VALID]


@pytest.mark.parametrize("change", [lambda data: data[:-1] + b"!", lambda data: data + b"!", lambda data: data[:-1]])
def test_a_receipt_changed_by_one_who_knows_zip(bundle: bytes, change: Callable[[bytes], bytes]) -> None:
    content = entries(bundle)
    name = next(iter(content))
    content[name] = change(content[name])
    found = states(zipped(content.items()))
    assert (found[name], found[""]) == ("changed", "invalid")


def test_a_receipt_over_which_its_process_died(bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    died = Unverified(cause=Cause.WORKER_DIED, detail="3 times")

    def run(items: Iterable[Piece], task: Callable[[Answer], object], *, jobs: int | None) -> Iterator[object]:
        assert jobs == 1
        return (task(Answer(origin=item.origin, result=died)) for item in items)

    monkeypatch.setattr(check_module, "run_task", run)
    checked = check_bundle(bundle, examiner=EXAMINER)
    assert [receipt.detail for receipt in checked.receipts] == ["3 times", "3 times"]
    assert checked.verdict is Verdict.INDETERMINATE


def test_an_entry_that_cannot_be_read(bundle: bytes) -> None:
    content = entries(bundle)
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content.items():
            one = zipfile.ZipInfo(name)
            one.external_attr = (0o120777 if name in ("report.html", next(iter(content))) else 0o100644) << 16  # a link
            archive.writestr(one, data)
    checked = check_bundle(file.getvalue(), examiner=EXAMINER)
    found = {each.path: each.detail for each in checked.files if each.state is FileState.UNREADABLE}
    assert found == {next(iter(content)): "a link", "report.html": "a link"}
    with pytest.raises(BundleError, match=r"not intact: receipts/.*: a link"):
        attach(file.getvalue(), entries(bundle)["manifest.json"])


def attach(data: bytes, manifest: bytes) -> None:
    attach_timestamp(io.BytesIO(data), answer(info(manifest)), io.BytesIO())


def test_no_timestamp_for_what_is_not_intact(bundle: bytes) -> None:
    content = entries(bundle)
    with pytest.raises(BundleError, match=r"not intact: 'x\.txt'"):
        attach(zipped([*content.items(), ("x.txt", b"")]), content["manifest.json"])
    content["README.txt"] += b"."
    with pytest.raises(BundleError, match=r"not intact: README\.txt"):
        attach(zipped(content.items()), content["manifest.json"])


def test_a_manifest_that_cannot_be_read(bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        link = zipfile.ZipInfo("manifest.json")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"{}")
    assert problem(file.getvalue()) == "manifest.json cannot be read: a link"
    monkeypatch.setattr(container_module, "MAXIMUM_MANIFEST_BYTES", 100)
    assert problem(bundle) == "manifest.json has more than 100 bytes"


def test_a_bomb_is_not_unpacked() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("manifest.json", b" " * 50_000_000)
    assert "unpacks to more than" in problem(file.getvalue())


def test_more_than_the_manifest_says_is_not_read_on(bundle: bytes) -> None:
    content = entries(bundle)
    content["report.html"] += bytes(200_000)
    assert states(zipped(content.items()))["report.html"] == "changed"


def test_another_zip_program_may_have_packed_it_again(bundle: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in reversed(entries(bundle).items()):
            archive.writestr(name, data)
    assert states(file.getvalue()) == {"": "valid"}


def test_bytes_that_belong_to_no_entry(bundle: bytes, tmp_path: Path) -> None:
    """Another program would find other files there: it reads from the beginning, or looks for another end."""
    other, _ = bundle_of(put(tmp_path, ONE.acceptance(), ONE.failure()))
    for data in (other + bundle, b"#!/bin/sh\n" + bundle, bundle + b"\n", bundle[:-2] + b"\1\0x"):
        assert "every byte belongs to an entry" in problem(data), data[:4]


@pytest.mark.parametrize("place", [0, 3, -1])
def test_an_entry_that_the_directory_does_not_name(bundle: bytes, place: int) -> None:
    content = list(entries(bundle).items())
    content.insert(place if place >= 0 else len(content), ("receipts/0003-hidden.eml", ONE.failure()))
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in content:
            archive.writestr(zipfile.ZipInfo(name), data)
        del archive.filelist[place]
    assert "every byte belongs to an entry" in problem(file.getvalue())


def test_an_entry_that_is_longer_than_its_own_header_says(bundle: bytes) -> None:
    """What its directory gives it besides may hold another entry."""
    file = io.BytesIO()
    content = list(entries(bundle).items())
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(zipfile.ZipInfo(content[0][0]), content[0][1])
        before = file.tell()
        archive.writestr(zipfile.ZipInfo("receipts/0003-hidden.eml"), ONE.failure())
        archive.filelist.pop()
        archive.filelist[0].compress_size += file.tell() - before
        for name, data in content[1:]:
            archive.writestr(zipfile.ZipInfo(name), data)
    assert "every byte belongs to an entry" in problem(file.getvalue())


def test_an_entry_whose_size_comes_after_it(bundle: bytes) -> None:
    """Then a reader from the beginning finds its end by what is in it."""
    file = Unseekable()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries(bundle).items():
            archive.writestr(zipfile.ZipInfo(name), data)
    assert "every byte belongs to an entry" in problem(file.getvalue())


class Unseekable(io.BytesIO):
    """As a pipe: zip programs then write sizes after the data."""

    def seek(self, *_: object) -> int:
        raise OSError

    def tell(self) -> int:
        raise OSError


# --- a careful forger: hashes are right, and it says what is not so


def say(**values: object) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        value["receipts"][0]["report"].update(values)

    return change


def test_a_page_that_says_more_than_its_receipts(tmp_path: Path) -> None:
    made, _ = bundle_of(put(tmp_path, ONE.acceptance(), ONE.failure()))
    page = entries(made)["report.html"].replace(b"Delivered to nobody", b"Delivered to everyone")
    forged = rewritten(made, lambda _: None, report__html=page)
    assert states(forged) == {"report.html": "not-reproduced", "": "indeterminate"}


@pytest.mark.parametrize("name", ["exchange__json", "reports__jsonl", "trust__json", "README__txt"])
def test_other_files_that_say_something_else(bundle: bytes, name: str) -> None:
    found = states(rewritten(bundle, lambda _: None, **{name: b"{}"}))
    assert found == {name.replace("__", "."): "not-reproduced", "": "indeterminate"}


def test_a_verdict_that_is_not_so(tmp_path: Path) -> None:
    made, manifest = bundle_of(put(tmp_path, FORGED))
    assert manifest.receipts[0].report.verdict is Verdict.INVALID
    checked = check_bundle(rewritten(made, say(verdict="valid", reasons=[])), examiner=EXAMINER)
    (receipt,) = checked.receipts
    assert not receipt.agrees
    assert receipt.found is not None
    assert receipt.found.report.reasons[0] == "digest-mismatch"
    assert checked.verdict is Verdict.INVALID


@pytest.mark.parametrize(
    "change", [say(verdict="invalid"), say(kind="delivered"), say(reasons=["not-pec"]), say(taken_from=[1, 2])]
)
def test_a_record_that_is_worse_or_other(bundle: bytes, change: Callable[[dict[str, Any]], None]) -> None:
    checked = check_bundle(rewritten(bundle, change), examiner=EXAMINER)
    assert [receipt.agrees for receipt in checked.receipts] == [False, True]
    assert checked.verdict is Verdict.INDETERMINATE


def test_a_bundle_brings_no_trust_along(bundle: bytes) -> None:
    checked = check_bundle(bundle)
    assert {receipt.verdict for receipt in checked.receipts} == {Verdict.INDETERMINATE}
    assert checked.verdict is Verdict.INDETERMINATE
    assert checked.differences == ("trust",)


def test_a_bundle_brings_no_policy_along(tmp_path: Path) -> None:
    """Made at an instant that suits the maker, it is checked as the checker has it."""
    then = replace(EXAMINER, policy=Policy(at=datetime(2030, 1, 1, tzinfo=UTC)))
    made, manifest = bundle_of(put(tmp_path, *BOTH), examiner=then)
    assert manifest.policy.at == datetime(2030, 1, 1, tzinfo=UTC)
    checked = check_bundle(made, examiner=EXAMINER)
    assert checked.differences == ("policy.at",)
    assert checked.verdict is Verdict.INDETERMINATE
    again = check_bundle(made, examiner=then)
    assert (again.differences, [receipt.agrees for receipt in again.receipts]) == ((), [True, True])


def test_another_version_made_it(bundle: bytes) -> None:
    checked = check_bundle(rewritten(bundle, lambda value: value.update(pecverify="9.9")), examiner=EXAMINER)
    assert checked.differences == ("pecverify",)


def test_where_receipts_lay_is_compared_with_what_was_reported(bundle: bytes) -> None:
    def move(value: dict[str, Any]) -> None:
        value["receipts"][0]["origin"]["sha256"] = "0" * 64

    checked = check_bundle(rewritten(bundle, move), examiner=EXAMINER)
    assert [receipt.agrees for receipt in checked.receipts] == [False, True]


def test_without_the_extra_the_page_is_not_compared(bundle: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pecverify.exchange.page", None)
    assert states(bundle) == {"report.html": "not-compared", "": "indeterminate"}


def test_a_receipt_over_the_limit_of_the_check(bundle: bytes) -> None:
    small = replace(EXAMINER, policy=Policy(limits=Limits(message_bytes=100)))
    found = states(bundle, small)
    assert [found[name] for name in entries(bundle) if name.startswith("receipts/")] == ["unreadable"] * 2


def test_a_receipt_that_takes_an_extra_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.msg").write_bytes(outlook_file(BOTH[0]))
    made, _ = bundle_of(tmp_path)
    monkeypatch.setitem(sys.modules, "pecverify.archive.outlook", None)
    checked = check_bundle(made, examiner=EXAMINER)
    assert checked.receipts[0].detail == "it takes pip install 'pecverify[msg]'"
    assert checked.verdict is Verdict.INDETERMINATE


def test_in_several_processes(tmp_path: Path) -> None:
    made, _ = bundle_of(put(tmp_path, *mixed()), jobs=2)
    alone, several = (check_bundle(made, examiner=EXAMINER, jobs=jobs) for jobs in (1, 2))
    assert alone == several


def test_the_timestamp_must_be_readable(bundle: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in entries(bundle).items():
            archive.writestr(name, data)
        link = zipfile.ZipInfo("manifest.json.tsr")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, b"x")
    checked = check_bundle(file.getvalue(), examiner=EXAMINER, authority=[authority()])
    assert (checked.timestamp.state, checked.timestamp.reason) == ("refused", "link")


# --- facts of trust


def test_facts_of_lists_and_directories() -> None:
    store = TrustStore.from_trusted_list_unsafe(make_list(Service()))
    store |= TrustStore.from_provider_directory_unsafe(ldif(entry("a")))
    facts = json.loads(json.dumps(describe_trust(TrustStore.default() | store)))
    assert [anchor["recognition"] for anchor in facts["anchors"]] == ["agid-ca", "agid-ca"]
    assert [len(anchor["editions"]) for anchor in facts["anchors"]] == [9, 1]
    assert facts["trusted_list"]["facts"]["sequence"] == 5
    assert facts["trusted_list"]["services"][0]["periods"][0]["type"] == "EDS/REM/Q"
    assert len(facts["trusted_list"]["services"][0]["certificates"][0]) == 64
    assert [(one["entries"], one["signer"]) for one in facts["directories"]] == [(1, None)]


def test_facts_of_a_trust_folder() -> None:
    folder = TrustFolder(crls=(crl(),))
    assert len(describe_trust(TrustStore.from_trust_folder(folder))["crls"]) == 1  # type: ignore[arg-type]
    assert describe_trust(TrustStore())["trusted_list"] is None
