"""Timestamps over a manifest: what holds, and each thing that can be wrong with one."""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pecverify import TrustListError
from pecverify.bundle import BundleError, TimestampState, attach_timestamp, check_bundle, request_timestamp
from pecverify.bundle.timestamp import MAXIMUM_TOKEN_BYTES, TimestampError, TimestampReason, verify_timestamp
from tests.bundles import (
    EXAMINER,
    ID_TIMESTAMP,
    ONE,
    STAMPED_AT,
    TSA_NAME,
    TSA_ROOT,
    answer,
    answer_by_openssl,
    bundle_of,
    entries,
    granted,
    info,
    make_authority,
    openssl,
    put,
    stamper,
)
from tests.pki import Cms, authority, certificate, der, key, key_id, sign, spki

DATA = b"manifest"
GOOD = answer(info(DATA))
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")


def named(certificate: bytes, digest: str = "sha256") -> dict[str, bytes]:
    return {digest: hashlib.new(digest, certificate).digest()}


def test_a_timestamp_that_holds() -> None:
    verified = verify_timestamp(GOOD, DATA, [TSA_ROOT])
    assert verified.at == STAMPED_AT
    assert verified.signer.sha256 == hashlib.sha256(stamper().certificate).hexdigest()


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
def test_digests_of_the_data(digest: str) -> None:
    assert verify_timestamp(answer(info(DATA, digest=digest)), DATA, [TSA_ROOT]).at == STAMPED_AT


def test_the_certificate_may_be_named_by_sha_1() -> None:
    """RFC 3161 knows only that; RFC 5816 came later."""
    signer = stamper()
    older = answer(info(DATA), cms=Cms(hashed=named(signer.certificate, "sha1")))
    assert verify_timestamp(older, DATA, [authority(), TSA_ROOT]).at == STAMPED_AT


def test_intermediate_certificates_come_with_the_token() -> None:
    name = {**TSA_NAME, "common_name": "Test TSA Sub"}
    below = certificate(
        name,
        spki(key("intermediate")),
        TSA_NAME,
        key("other-ca"),
        [
            ("basic_constraints", True, {"ca": True, "path_len_constraint": None}),
            ("key_usage", True, {"key_cert_sign"}),
            ("key_identifier", False, key_id(spki(key("intermediate")))),
        ],
        serial=3,
    )
    signer = stamper(issuer=name, issuer_key="intermediate", embedded=(below,))
    assert verify_timestamp(answer(info(DATA), signer), DATA, [TSA_ROOT]).at == STAMPED_AT
    alone = replace(signer, embedded=())
    with pytest.raises(TimestampError, match="not-trusted"):
        verify_timestamp(answer(info(DATA), alone), DATA, [TSA_ROOT])


FORGED = stamper(issuer_key="ca")
TWIN = stamper(key_name="provider-b")
REFUSED = {
    "other data": (answer(info(b"other")), TimestampReason.HASH_DIFFERS),
    "a digest that is not asked for": (answer(info(DATA, digest="sha1")), TimestampReason.HASH_DIFFERS),
    "no answer": (b"", TimestampReason.MALFORMED),
    "text": (b"-----BEGIN", TimestampReason.MALFORMED),
    "no token": (der(0x30, der(0x30, der(0x02, b"\x00"))), TimestampReason.MALFORMED),
    "a bare token": (sign(DATA, stamper(), STAMPED_AT, Cms(econtent=DATA)), TimestampReason.MALFORMED),
    "bytes after it": (GOOD + b"\x00", TimestampReason.MALFORMED),
    "too large": (der(0x30, bytes(MAXIMUM_TOKEN_BYTES)), TimestampReason.MALFORMED),
    "not granted": (answer(info(DATA), status=2), TimestampReason.MALFORMED),
    "granted otherwise": (answer(info(DATA), status=1), TimestampReason.MALFORMED),
    "an unknown status": (answer(info(DATA), status=9), TimestampReason.MALFORMED),
    "no TSTInfo in it": (answer(DATA), TimestampReason.MALFORMED),
    "another thing in it": (answer(der(0x30, der(0x02, b"\x01"))), TimestampReason.MALFORMED),
    "other content": (
        granted(sign(info(DATA), stamper(), STAMPED_AT, Cms(econtent=info(DATA)))),
        TimestampReason.MALFORMED,
    ),
    "another content type signed": (
        granted(sign(info(DATA), stamper(), STAMPED_AT, Cms(econtent=info(DATA), content_type=ID_TIMESTAMP))),
        TimestampReason.MALFORMED,
    ),
    "two signers": (answer(info(DATA), cms=Cms(signer_infos=2)), TimestampReason.MALFORMED),
    "no certificate": (answer(info(DATA), cms=Cms(certificates=lambda _: [])), TimestampReason.SIGNER_UNCLEAR),
    "two certificates of one name": (
        answer(info(DATA), replace(stamper(), embedded=(TWIN.certificate,))),
        TimestampReason.SIGNER_UNCLEAR,
    ),
    "not naming its certificate": (answer(info(DATA), cms=Cms()), TimestampReason.SIGNER_UNCLEAR),
    "naming another certificate": (answer(info(DATA), cms=Cms(hashed=named(TSA_ROOT))), TimestampReason.SIGNER_UNCLEAR),
    "naming it by an unknown digest": (
        answer(info(DATA), cms=Cms(hashed={"md5": bytes(16)})),
        TimestampReason.SIGNER_UNCLEAR,
    ),
    "no purpose": (answer(info(DATA), stamper(None)), TimestampReason.PURPOSE),
    "another purpose": (
        answer(info(DATA), stamper(("extended_key_usage", True, ["email_protection"]))),
        TimestampReason.PURPOSE,
    ),
    "two purposes": (
        answer(info(DATA), stamper(("extended_key_usage", True, ["time_stamping", "email_protection"]))),
        TimestampReason.PURPOSE,
    ),
    "not critical": (
        answer(info(DATA), stamper(("extended_key_usage", False, ["time_stamping"]))),
        TimestampReason.PURPOSE,
    ),
    "after its end": (answer(info(DATA, datetime(2027, 1, 1, tzinfo=UTC))), TimestampReason.NOT_VALID_THEN),
    "before its beginning": (answer(info(DATA, datetime(2022, 1, 1, tzinfo=UTC))), TimestampReason.NOT_VALID_THEN),
    "signed with SHA-1": (
        answer(info(DATA), cms=Cms(digest="sha1", hashed=named(stamper().certificate))),
        TimestampReason.WEAK,
    ),
    "a short key": (answer(info(DATA), stamper(key_name="rsa-1024")), TimestampReason.WEAK),
    "another authority": (answer(info(DATA), FORGED), TimestampReason.NOT_TRUSTED),
    "a signature of others": (
        answer(info(DATA), cms=Cms(hashed=named(stamper().certificate), signature=lambda value: value[::-1])),
        TimestampReason.NOT_TRUSTED,
    ),
    "a digest of others": (
        answer(info(DATA), cms=Cms(hashed=named(stamper().certificate), message_digest=lambda value: value[::-1])),
        TimestampReason.NOT_TRUSTED,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_refused_and_why(name: str) -> None:
    response, reason = REFUSED[name]
    with pytest.raises(TimestampError) as refused:
        verify_timestamp(response, DATA, [TSA_ROOT])
    assert refused.value.reason is reason
    assert refused.value.detail


def test_every_reason_is_met() -> None:
    assert {reason for _, reason in REFUSED.values()} == set(TimestampReason)


def test_whichever_byte_is_changed() -> None:
    """Every byte of a token is signed, or structure, or (of its certificates) part of a path that fails."""
    accepted = []
    for place in range(0, len(GOOD), 3):
        changed = GOOD[:place] + bytes([GOOD[place] ^ 0x01]) + GOOD[place + 1 :]
        try:
            verified = verify_timestamp(changed, DATA, [TSA_ROOT])
        except TimestampError:
            continue
        assert verified.at == STAMPED_AT
        accepted.append(place)
    # The embedded root is not needed: the authority is given.
    root = GOOD.index(TSA_ROOT)
    assert [place for place in accepted if not root <= place < root + len(TSA_ROOT)] == []


def test_an_authority_that_is_none() -> None:
    with pytest.raises(TrustListError):
        verify_timestamp(GOOD, DATA, [b"no certificate"])


# --- with a bundle


def stamped(tmp_path: Path, at: datetime = STAMPED_AT) -> bytes:
    bundle, _ = bundle_of(put(tmp_path / "receipts", ONE.acceptance(), ONE.delivery()))
    new = io.BytesIO()
    attach_timestamp(io.BytesIO(bundle), answer(info(entries(bundle)["manifest.json"], at)), new)
    return new.getvalue()


def test_a_verified_timestamp_proves_when_the_receipts_existed(tmp_path: Path) -> None:
    checked = check_bundle(stamped(tmp_path), examiner=EXAMINER, authority=[TSA_ROOT])
    assert checked.verdict == "valid"
    assert (checked.timestamp.state, checked.timestamp.at) == (TimestampState.VERIFIED, STAMPED_AT)
    assert [receipt.proven == receipt.found for receipt in checked.receipts] == [True, True]


def test_one_that_is_later_than_the_certificates_proves_less(tmp_path: Path) -> None:
    """As `Policy(existed_at=...)` has it: it is not proven that they existed while their certificates were valid."""
    signer = stamper(not_after=datetime(2030, 1, 1, tzinfo=UTC))
    bundle, _ = bundle_of(put(tmp_path, ONE.acceptance()))
    token = answer(info(entries(bundle)["manifest.json"], datetime(2028, 1, 1, tzinfo=UTC)), signer)
    new = io.BytesIO()
    attach_timestamp(io.BytesIO(bundle), token, new)
    checked = check_bundle(new, examiner=EXAMINER, authority=[TSA_ROOT])
    (receipt,) = checked.receipts
    assert receipt.agrees
    assert receipt.proven is not None
    assert (receipt.recorded.report.verdict, receipt.proven.report.verdict) == ("valid", "indeterminate")
    assert receipt.proven.report.reasons == ("out-of-bounds-no-poe",)
    assert (checked.timestamp.state, checked.verdict) == (TimestampState.VERIFIED, "indeterminate")


def test_without_the_authority_it_is_reported_and_proves_nothing(tmp_path: Path) -> None:
    checked = check_bundle(stamped(tmp_path), examiner=EXAMINER)
    assert (checked.timestamp.state, checked.timestamp.at) == (TimestampState.NOT_VERIFIED, None)
    assert checked.verdict == "valid"
    assert [receipt.proven for receipt in checked.receipts] == [None, None]


def test_a_refused_one_is_told_and_the_receipts_stand_by_themselves(tmp_path: Path) -> None:
    checked = check_bundle(stamped(tmp_path), examiner=EXAMINER, authority=[authority()])
    assert (checked.timestamp.state, checked.timestamp.reason) == (TimestampState.REFUSED, "not-trusted")
    assert checked.verdict == "invalid"
    assert all(receipt.agrees for receipt in checked.receipts)


def test_attaching_changes_nothing_else(tmp_path: Path) -> None:
    new = stamped(tmp_path)
    bundle, _ = bundle_of(tmp_path / "receipts")
    assert entries(new).keys() - entries(bundle).keys() == {"manifest.json.tsr"}
    assert entries(new).items() >= entries(bundle).items()
    assert new[: bundle.index(b"PK\x01\x02")] == bundle[: bundle.index(b"PK\x01\x02")]


def test_an_answer_about_something_else_is_not_attached(tmp_path: Path) -> None:
    bundle, _ = bundle_of(put(tmp_path, ONE.acceptance()))
    new = io.BytesIO()
    with pytest.raises(BundleError, match="hash-differs"):
        attach_timestamp(io.BytesIO(bundle), GOOD, new)
    assert new.getvalue() == b""


def test_there_is_one_timestamp(tmp_path: Path) -> None:
    new = stamped(tmp_path)
    with pytest.raises(BundleError, match="there is a timestamp already"):
        attach_timestamp(io.BytesIO(new), answer(info(entries(new)["manifest.json"])), io.BytesIO())


@pytest.mark.parametrize("nonce", [False, True])
def test_a_request_is_the_same_each_time_without_a_nonce(tmp_path: Path, nonce: bool) -> None:  # noqa: FBT001 (a case)
    bundle, manifest = bundle_of(put(tmp_path, ONE.acceptance()))
    first, second = (request_timestamp(io.BytesIO(bundle), nonce=nonce) for _ in range(2))
    assert (first == second) is not nonce
    assert bytes.fromhex(manifest.sha256) in first


# --- openssl ts


@needs_openssl
@pytest.mark.parametrize("nonce", [False, True])
@pytest.mark.parametrize("digest", ["sha1", "sha256"])
def test_openssl_answers_our_request_and_both_verify_the_answer(tmp_path: Path, nonce: bool, digest: str) -> None:  # noqa: FBT001 (a case)
    bundle, _ = bundle_of(put(tmp_path / "receipts", ONE.acceptance()))
    pem = make_authority(tmp_path, digest)
    request = tmp_path / "manifest.tsq"
    request.write_bytes(request_timestamp(io.BytesIO(bundle), nonce=nonce))
    told = openssl("ts", "-query", "-in", request, "-text")
    assert "Hash Algorithm: sha256" in told
    assert "Certificate required: yes" in told
    assert ("Nonce: unspecified" in told) is not nonce
    token = answer_by_openssl(tmp_path, request)
    openssl("ts", "-verify", "-queryfile", request, "-in", token, "-CAfile", pem)
    new = io.BytesIO()
    before = datetime.now(UTC) - timedelta(minutes=1)
    attach_timestamp(io.BytesIO(bundle), token.read_bytes(), new)
    timestamp = check_bundle(new, examiner=EXAMINER, authority=[pem.read_bytes()]).timestamp
    assert timestamp.state is TimestampState.VERIFIED
    assert timestamp.at is not None
    assert before < timestamp.at <= datetime.now(UTC) + timedelta(minutes=1)
    manifest, inside = tmp_path / "manifest.json", tmp_path / "manifest.json.tsr"
    manifest.write_bytes(entries(new.getvalue())["manifest.json"])
    inside.write_bytes(entries(new.getvalue())["manifest.json.tsr"])
    openssl("ts", "-verify", "-data", manifest, "-in", inside, "-CAfile", pem)


@needs_openssl
@pytest.mark.parametrize(
    "name", ["other data", "not granted", "another purpose", "two purposes", "not critical", "another authority"]
)
def test_openssl_refuses_it_too(tmp_path: Path, name: str) -> None:
    pem, data, token = (tmp_path / ending for ending in ("tsa.pem", "data", "answer.tsr"))
    pem.write_bytes(b"")
    der_file = tmp_path / "root.der"
    der_file.write_bytes(TSA_ROOT)
    openssl("x509", "-inform", "DER", "-in", der_file, "-out", pem)
    data.write_bytes(DATA)
    then = ("-attime", str(int(STAMPED_AT.timestamp())))
    token.write_bytes(GOOD)
    openssl("ts", "-verify", "-data", data, "-in", token, "-CAfile", pem, *then)
    token.write_bytes(REFUSED[name][0])
    openssl("ts", "-verify", "-data", data, "-in", token, "-CAfile", pem, *then, fails=True)
