"""Every kind of damage, as a real program does it, is found and undone; a changed word never is."""

from __future__ import annotations

import hashlib
import pickle
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pecverify import (
    Limits,
    Policy,
    Reason,
    Severity,
    TrustStore,
    Verdict,
    _part_damage,
    _repair_search,
    find_receipts,
    verify_receipt,
)
from pecverify._mime import canonical_chunks
from pecverify.damage import DamageKind, Diagnosis, diagnose
from tests import damages
from tests.damages import CASES, Case, delivery
from tests.messages import Message, replacing
from tests.pki import Cms, authority

TRUST = TrustStore.from_certificates(authority())


def diagnosed(data: bytes | bytearray | memoryview) -> Diagnosis:
    return diagnose(data, trust=TRUST)


def canonical(data: bytes) -> bytes:
    return b"".join(canonical_chunks(data, (0, len(data))))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_damage_is_found_and_undone(case: Case) -> None:
    whole = case.message.build()
    assert verify_receipt(whole, trust=TRUST).verdict is Verdict.VALID
    damaged = case.damage(whole)
    diagnosis = diagnosed(damaged)
    assert diagnosis.report == verify_receipt(damaged, trust=TRUST)
    assert diagnosis.report.verdict is Verdict.INVALID
    assert diagnosis.kinds == case.kinds
    assert diagnosis.repaired is not None
    assert diagnosis.repaired_report == verify_receipt(diagnosis.repaired, trust=TRUST)
    assert diagnosis.repaired_report.verdict is Verdict.VALID
    assert diagnosis.repaired_report.receipt == verify_receipt(whole, trust=TRUST).receipt
    (finding,) = diagnosis.findings
    assert finding.reason is Reason.DAMAGE_REPAIRABLE
    assert finding.severity is Severity.NOTE
    assert finding.actual == ", ".join(case.kinds)
    assert finding.expected == f"SHA-256 {hashlib.sha256(diagnosis.repaired).hexdigest()}"
    assert diagnosis.is_complete
    assert not diagnosis.is_intact


def test_every_kind_has_a_case() -> None:
    assert {kind for case in CASES.values() for kind in case.kinds} == set(DamageKind)


def test_a_repair_gives_the_file_back_where_nothing_else_was_lost() -> None:
    for name in ("byte-order mark", "utf-16", "CR CR LF", "lines doubled", "base64", "cut in the closing boundary"):
        case = CASES[name]
        repaired = diagnosed(case.damage(case.message.build())).repaired
        assert repaired is not None
        if name != "base64":  # the library also writes the unsigned header anew
            assert canonical(repaired) == case.message.build(), name


# --- what is not damage

GENUINE = delivery(b"Importo: EUR 1200. Entro il 30/09/2024 a anna@posta.example\r\n").build()
SIGNED = GENUINE[
    GENUINE.index(b"Content-Type: multipart/mixed") : GENUINE.rindex(b"\r\n\r\n------3C5B9E71A0D84F26\r\n")
]
WORDS = (b"Si diffida", b"entro 15 giorni", b"EUR 1200", b"30/09/2024", b"anna@posta.example", b"Rossi", b"10:20:34")


@settings(max_examples=20)
@given(
    st.sampled_from(WORDS),
    st.integers(0, 20),
    st.sampled_from(b"0123456789abcdefgxyzABC@.,-_ >"),
    st.sampled_from(["put", "replace", "drop"]),
    st.sampled_from([damages.saved_with_byte_order_mark, damages.without_separator, bytes]),
)
@example(b"1200", 3, ord("0"), "put", bytes)
@example(b"entro 15 giorni", 6, ord("2"), "replace", bytes)
def test_a_changed_word_is_never_called_damage(
    word: bytes, place: int, letter: int, change: str, damage: damages.Damager
) -> None:
    assert word in SIGNED
    start = place % len(word)
    tail = word[start if change == "put" else start + 1 :]
    changed = word[:start] + (b"" if change == "drop" else bytes([letter])) + tail
    altered = GENUINE.replace(SIGNED, SIGNED.replace(word, changed))
    if altered == GENUINE:
        return
    diagnosis = diagnosed(damage(altered))
    assert diagnosis.report.verdict is Verdict.INVALID
    assert diagnosis.repaired is None
    assert diagnosis.kinds == ()
    assert diagnosis.findings == ()
    assert diagnosis.repaired_report is None
    assert diagnosis.repaired_sha256 is None


@given(st.binary(max_size=300))
def test_any_bytes_get_a_diagnosis(data: bytes) -> None:
    assert diagnosed(data).repaired is None


@pytest.mark.parametrize("front", [b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf", b"From x\n", b"\n", b"\x00", b""])
def test_hostile_bytes(front: bytes) -> None:
    for rest in (b"", b"\xd8", b"\x00\xd8", b"A: b\n\n", b"Content-Type: multipart/mixed; boundary=a\n\n--a\n\n--a--"):
        assert diagnosed(front + rest).repaired is None


def test_a_receipt_inside_the_original_is_not_what_the_file_was() -> None:
    """The outer message is changed; the genuine receipt that it carries is another message's (check 48)."""
    from fixtures.catalogue.originals import nested_in, other_boundaries  # noqa: PLC0415

    original = nested_in(delivery().original or b"", other_boundaries())
    data = replace(delivery(), original=original).build()
    report = verify_receipt(data, trust=TRUST)
    assert report.verdict is Verdict.VALID
    assert len(find_receipts(data)) == 1
    assert diagnosed(data.replace(b"15 giorni", b"16 giorni")).repaired is None


def test_of_several_receipts_carried_none_is_chosen() -> None:
    one = damages.forwarded(GENUINE)
    mixed = (
        b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n--x\r\n' + one + b"\r\n--x\r\n" + one + b"\r\n--x--\r\n"
    )
    assert diagnosed(one).kinds == (DamageKind.CARRIED,)
    assert diagnosed(mixed).repaired is None


@pytest.mark.parametrize("name", ["byte-order mark", "trailing blanks"])
def test_a_digest_alone_is_no_repair(name: str) -> None:
    """The digest can be made to hold again, but the signature over it does not verify."""
    message = replace(CASES[name].message, cms=Cms(signature=lambda value: value[:-1] + bytes([value[-1] ^ 1])))
    diagnosis = diagnosed(CASES[name].damage(message.build()))
    assert diagnosis.repaired is None
    assert diagnosis.is_complete


def test_a_signature_that_cannot_be_read() -> None:
    damaged = replacing(b"\r\nMIIK", b"\r\nMIIA")(GENUINE)
    diagnosis = diagnosed(damaged)
    assert diagnosis.report.findings[0].reason is Reason.CMS_MALFORMED
    assert diagnosis.repaired is None


def test_parts_that_cannot_be_read_are_left_alone() -> None:
    """An original that is no message, and parts nested deeper than the limit: what is around them is undone."""
    unreadable = replace(delivery(), original=b"\r\n".join([b"nessun campo", b"-- ", b""]))
    diagnosis = diagnosed(damages.folded_anew(replace(Message(), original=None).build()))
    assert diagnosis.kinds == (DamageKind.HEADERS_RESPELLED,)
    squeezed = unreadable.build().replace(b"--\r\n\r\n------3C5B", b"--\r\n------3C5B")
    assert diagnosed(squeezed).kinds == (DamageKind.EMPTY_LINE,)
    shallow = Policy(limits=Limits(mime_depth=2))
    squeezed = GENUINE.replace(b"--\r\n\r\n------3C5B", b"--\r\n------3C5B")
    assert diagnose(squeezed, trust=TRUST, policy=shallow).repaired is not None


def test_a_list_that_put_its_own_address_into_from() -> None:
    """The receipt is found and its signature holds; that From is the list's stays an error of the copy."""
    case = CASES["a list"]
    munged = replacing(b"\nFrom: posta-certificata@", b"\nFrom: lista@")(case.damage(case.message.build()))
    diagnosis = diagnosed(munged)
    assert diagnosis.kinds == (DamageKind.LIST_WRAPPING,)
    assert diagnosis.repaired_report is not None
    assert diagnosis.repaired_report.verdict is Verdict.INVALID
    assert Reason.FROM_NOT_IN_CERTIFICATE in {finding.reason for finding in diagnosis.repaired_report.findings}


# --- what a diagnosis is


def test_an_intact_file_is_not_searched() -> None:
    diagnosis = diagnosed(GENUINE)
    assert diagnosis.is_intact
    assert diagnosis.repaired is None
    assert diagnosis.findings == ()
    assert diagnosis.is_complete


def test_a_file_with_lf_is_intact() -> None:
    assert diagnosed(GENUINE.replace(b"\r\n", b"\n")).is_intact
    mixed = GENUINE.replace(b"\r\n", b"\n", 30)
    assert diagnosed(mixed).is_intact


def test_a_repair_is_told_apart_from_recognition() -> None:
    diagnosis = diagnose(b"\xef\xbb\xbf" + GENUINE)
    assert diagnosis.kinds == (DamageKind.BYTE_ORDER_MARK,)
    assert diagnosis.repaired_report is not None
    assert diagnosis.repaired_report.verdict is Verdict.INDETERMINATE


def test_a_file_over_the_limit_is_not_searched() -> None:
    policy = Policy(limits=Limits(message_bytes=1_000))
    diagnosis = diagnose(b"\xef\xbb\xbf" + GENUINE, trust=TRUST, policy=policy)
    assert [finding.reason for finding in diagnosis.report.findings][:1] != []
    assert diagnosis.repaired is None


def test_pairs_keep_to_their_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["headers and base64"]
    damaged = case.damage(case.message.build())
    monkeypatch.setattr(_repair_search, "_MOST_BYTES_IN_PAIRS", 100)
    assert diagnosed(damaged).repaired is None


def test_places_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    case = CASES["an empty line added"]
    damaged = case.damage(case.message.build())
    monkeypatch.setattr(_part_damage, "_MOST_LINES", 10)
    assert diagnosed(damaged).repaired is None


@pytest.mark.parametrize(("bound", "value"), [("_MOST_GUESSES", 3), ("_MOST_BYTES", 30_000)])
def test_the_search_is_bounded(monkeypatch: pytest.MonkeyPatch, bound: str, value: int) -> None:
    monkeypatch.setattr(_repair_search, bound, value)
    diagnosis = diagnosed(GENUINE.replace(b"15 giorni", b"16 giorni"))
    assert diagnosis.repaired is None
    assert not diagnosis.is_complete


def test_diagnoses_pickle() -> None:
    diagnosis = diagnosed(b"\xef\xbb\xbf" + GENUINE)
    assert pickle.loads(pickle.dumps(diagnosis)) == diagnosis  # noqa: S301 (our own)


def test_only_bytes_are_diagnosed() -> None:
    with pytest.raises(TypeError, match="binary mode"):
        diagnose("From: a")  # type: ignore[arg-type]
    assert diagnosed(bytearray(GENUINE)).is_intact
    assert diagnosed(memoryview(b"\xef\xbb\xbf" + GENUINE)).repaired == GENUINE


@pytest.mark.parametrize("kind", DamageKind)
def test_every_kind_is_described(kind: DamageKind) -> None:
    assert kind.describe() != kind.describe("it")
    assert not kind.describe().endswith(".")


# --- real tools


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_git_with_autocrlf(tmp_path: Path) -> None:
    """A file signed over LF, kept in a repository and checked out on Windows."""
    message = delivery(entity=lambda entity: entity.replace(b"\r\n", b"\n"))
    data = message.build().replace(b"\r\n", b"\n")
    assert verify_receipt(data, trust=TRUST).verdict is Verdict.VALID
    (tmp_path / "ricevuta.eml").write_bytes(data)

    def git(*words: str) -> None:
        names = ("-c", "user.name=x", "-c", "user.email=x@posta.example", "-c", "core.autocrlf=true")
        subprocess.run(["git", *names, *words], cwd=tmp_path, check=True, capture_output=True)

    git("init")
    git("add", ".")
    git("commit", "-m", "x")
    (tmp_path / "ricevuta.eml").unlink()
    git("checkout", ".")
    damaged = (tmp_path / "ricevuta.eml").read_bytes()
    assert damaged == data.replace(b"\n", b"\r\n")
    diagnosis = diagnosed(damaged)
    assert diagnosis.kinds == (DamageKind.LINE_ENDS,)
    assert diagnosis.repaired == data


@pytest.mark.skipif(shutil.which("expand") is None, reason="coreutils are not installed")
def test_expand(tmp_path: Path) -> None:
    data = delivery(b"\tvoce\r\n").build()
    (tmp_path / "a.eml").write_bytes(data)
    damaged = subprocess.run(["expand", "-i", "a.eml"], cwd=tmp_path, check=True, capture_output=True).stdout
    assert damaged != data
    assert diagnosed(damaged).kinds == (DamageKind.TABS_TO_BLANKS,)


@pytest.mark.skipif(shutil.which("perl") is None, reason="perl is not installed")
@settings(max_examples=50)
@given(st.text("abc= \t\nè.Z~!", max_size=400))
def test_the_encoder_of_perl(text: str) -> None:
    """`_qp_short` writes what MIME::QuotedPrint writes."""
    from pecverify._part_spelling import _qp_short  # noqa: PLC0415

    raw = text.encode("latin-1")
    program = "use MIME::QuotedPrint; local $/; print encode_qp(<STDIN>)"
    result = subprocess.run(["perl", "-e", program], input=raw, check=True, capture_output=True).stdout
    expected = result if raw.endswith(b"\n") or not raw else result.removesuffix(b"=\n")
    assert _qp_short(raw) == expected
