"""Updating and importing: what comes is verified, is not overdue, and replaces nothing newer.

`pecverify trust update` is run against a real HTTPS server that gives good, stale, rolled-back, truncated, slow and
forged answers.
"""

from __future__ import annotations

import functools
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pecverify import TrustListError
from pecverify.cli import main
from pecverify.trust.download import download
from pecverify.trust.folder import TrustFolder
from pecverify.trust.refresh import (
    Addresses,
    Refreshed,
    import_file,
    known_signers,
    list_signers,
    read_list,
    update,
)
from tests.crls import crl
from tests.directories import directory_signer, ldif, signed
from tests.https import LOCAL, Authority, Server, answer, finish, good
from tests.lists import (
    ISSUED_AT,
    NEXT_UPDATE,
    Pointer,
    Service,
    Signing,
    list_signer,
    make_list,
    make_list_of_lists,
    sign_list,
)
from tests.pki import authority, provider

NOW = ISSUED_AT + timedelta(days=3)
LATE = datetime(2999, 1, 1, tzinfo=UTC)
LOTL, LIST, CRL = "https://lists.example/lotl.xml", "https://lists.example/TSL-IT.xml", "https://lists.example/CRL"
SIGNER = list_signer("stranger")
"""Who signs Italy's list; the list of lists is signed by `list_signer()`."""


def list_of_lists(*, sequence: int = 9, location: str = LIST, next_update: datetime = NEXT_UPDATE) -> bytes:
    own = Pointer(certificates=(list_signer(), list_signer("intermediate")), type="EUlistofthelists", territory="EU")
    pointers = (own, Pointer(certificates=(SIGNER,), location=location))
    return sign_list(make_list_of_lists(*pointers, sequence=sequence, next_update=next_update))


def italian(*, sequence: int = 5, next_update: datetime = NEXT_UPDATE, key_name: str = "stranger") -> bytes:
    data = make_list(Service(), sequence=sequence, next_update=next_update)
    return sign_list(data, Signing(key_name=key_name, certificate=list_signer(key_name)))


GOOD: Mapping[str, bytes] = {LOTL: list_of_lists(), LIST: italian(), CRL: crl()}
ADDRESSES = Addresses(list_of_lists=LOTL, crls=(CRL,))
TRUSTED = TrustFolder().with_certificates([authority()])


def run(
    answers: Mapping[str, bytes | Exception],
    folder: TrustFolder = TRUSTED,
    *,
    now: datetime = NOW,
    signers: tuple[bytes, ...] = (list_signer(),),
) -> tuple[TrustFolder, list[Refreshed]]:
    def fetch(url: str, *, maximum_bytes: int) -> bytes:
        given = answers[url]
        if isinstance(given, Exception):
            raise given
        assert len(given) <= maximum_bytes
        return given

    updated, results = update(folder, fetch=fetch, now=now, addresses=ADDRESSES, signers=signers)
    return updated, list(results)


def done(results: list[Refreshed]) -> list[bool]:
    return [result.is_done for result in results]


def test_everything_good() -> None:
    folder, results = run(GOOD)
    assert done(results) == [True, True, True]
    assert [result.name for result in results] == ["list of lists", "trusted list IT", f"CRL {CRL}"]
    assert results[0].detail == "EU list of lists, sequence 9 of 2024-03-01T12:00:00Z"
    assert results[1].detail == "trusted list IT, sequence 5 of 2024-03-01T12:00:00Z"
    assert results[2].detail.startswith("CRL 7 of ")
    assert folder.trusted_list is not None
    assert folder.list_of_lists is not None
    assert folder.crls == (crl(),)
    again, results = run(GOOD, folder)
    assert (again, done(results)) == (folder, [True, True, True])


def test_the_list_of_lists_names_its_next_signers() -> None:
    folder, _ = run(GOOD)
    own = Pointer(certificates=(list_signer("intermediate"),), type="EUlistofthelists", territory="EU")
    successor = make_list_of_lists(own, Pointer(certificates=(SIGNER,), location=LIST), sequence=10)
    by_the_named = sign_list(successor, Signing(key_name="intermediate", certificate=list_signer("intermediate")))
    updated, results = run({**GOOD, LOTL: by_the_named}, folder, signers=())
    assert done(results) == [True, True, True]
    assert updated.list_of_lists is not None
    assert updated.list_of_lists.facts.sequence == 10
    stranger = sign_list(successor, Signing(key_name="provider-b", certificate=list_signer("provider-b")))
    _, results = run({**GOOD, LOTL: stranger}, folder, signers=())
    assert done(results) == [False, True, True]
    assert "not signed by a certificate that is known to sign it" in results[0].detail


@pytest.mark.parametrize(
    ("changed", "expected", "why"),
    [
        ({LOTL: list_of_lists(next_update=NOW - timedelta(seconds=1))}, [False, False, True], "past its next update"),
        ({LIST: italian(next_update=NOW - timedelta(seconds=1))}, [True, False, True], "past its next update"),
        ({LIST: italian(key_name="provider-b")}, [True, False, True], "not signed by a pinned certificate"),
        ({LIST: italian().replace(b"granted", b"grantad")}, [True, False, True], "does not verify"),
        ({LIST: italian()[:-1000]}, [True, False, True], "not well-formed"),
        ({LIST: list_of_lists()}, [True, False, True], "not signed by a pinned certificate"),
        ({LIST: b"<html>404</html>"}, [True, False, True], "not signed by a pinned certificate"),
        ({CRL: crl(key_name="stranger")}, [True, True, False], "not signed by an authority that is trusted"),
        ({CRL: b"<html>404</html>"}, [True, True, False], "malformed CRL"),
        ({LOTL: TrustListError("gone")}, [False, False, True], "gone"),
    ],
)
def test_one_refusal_stops_no_other(changed: dict[str, bytes | Exception], expected: list[bool], why: str) -> None:
    folder, results = run({**GOOD, **changed})
    assert done(results) == expected
    assert why in next(result.detail for result in results if not result.is_done)
    assert (folder.trusted_list is not None) == expected[1]


def test_without_a_list_of_lists_nobody_knows_who_signs() -> None:
    _, results = run({**GOOD, LOTL: b"rubbish"}, signers=())
    assert "not signed by a certificate that is known to sign it" in results[0].detail
    assert results[1].detail == "no list of lists says where it is and who signs it"


def test_t053_rolled_back() -> None:
    folder, _ = run({LOTL: list_of_lists(sequence=11), LIST: italian(sequence=7), CRL: crl(number=9, this_update=NOW)})
    same, results = run(GOOD, folder)
    assert same == folder
    assert done(results) == [False, False, False]
    assert [result.detail.partition(": ")[2].split()[0] for result in results[:2]] == ["sequence", "sequence"]
    assert "older than CRL 9" in results[2].detail


def test_a_newer_crl_takes_the_place_of_the_older() -> None:
    folder, _ = run(GOOD)
    newer = crl(number=8, this_update=NOW, next_update=NOW + timedelta(days=30))
    folder, _ = run({**GOOD, CRL: newer}, folder)
    assert folder.crls == (newer,)
    # One of another scope, and what cannot be read, are left alone.
    partial = crl(number=3, scope={"only_contains_ca_certs": True})
    folder, _ = import_file(replace(folder, crls=(*folder.crls, b"rubbish")), partial)
    assert folder.crls == (newer, b"rubbish", partial)


# --- import


def test_import_each_kind() -> None:
    folder, detail = import_file(TrustFolder(), list_of_lists(), signers=[list_signer()])
    assert detail.startswith("EU list of lists, sequence 9")
    folder, detail = import_file(folder, b"\xef\xbb\xbf" + italian())
    assert detail.startswith("trusted list IT, sequence 5")
    folder, detail = import_file(folder, signed(ldif()), signers=[directory_signer().certificate])
    assert detail == "providers' directory, 3 entries"
    folder, detail = import_file(folder, authority())
    assert detail.startswith("trusted certificate CN=Test PEC CA1")
    folder, detail = import_file(folder, crl())
    assert detail.startswith("CRL 7")
    assert folder.certificates == (authority(),)
    assert folder.crls == (crl(),)
    assert len(folder.directories) == 1


def test_an_overdue_list_may_be_imported() -> None:
    """For old receipts an old list may be all there is; reports made with it say that it is stale."""
    old = italian(next_update=ISSUED_AT)
    folder, _ = import_file(TrustFolder(), old, signers=[SIGNER])
    assert folder.trusted_list is not None


@pytest.mark.parametrize(
    ("data", "signers", "why"),
    [
        (italian(), [], "who signs Italy's list is not known"),
        (list_of_lists(), [], "not signed by a certificate that is known"),
        (signed(ldif()), [], "no signer given"),
        (ldif(), [SIGNER], "neither a signed list or directory, nor"),
        (b"rubbish", [SIGNER], "neither a signed list or directory, nor"),
        (b"", [SIGNER], "neither a signed list or directory, nor"),
        (b"\x30\x00", [SIGNER], "no SignedData"),
        (crl(key_name="stranger"), [], "not signed by an authority that is trusted"),
        (crl(issuer=provider("a").certificate, key_name="provider-a"), [], "not signed by an authority"),
        (b"-----BEGIN X509 CRL-----\nx", [], "malformed CRL"),
        (b"<x/>", [SIGNER], "not signed by a pinned certificate"),
    ],
)
def test_import_refused(data: bytes, signers: list[bytes], why: str) -> None:
    with pytest.raises(TrustListError, match=why):
        import_file(TRUSTED, data, signers=signers)


def test_who_may_sign() -> None:
    folder, _ = run(GOOD)
    assert list_signers(folder) == (SIGNER,)
    assert known_signers(list_of_lists(), folder) == (list_signer(),)
    assert read_list(italian(), folder).facts.sequence == 5
    with pytest.raises(TrustListError):
        known_signers(list_of_lists(), TrustFolder())


# --- pecverify trust update, against a real server


class Lists:
    """What a server has at each path."""

    def __init__(self, answers: Mapping[str, bytes]) -> None:
        self.answers = answers
        self.trickled = ""

    def __call__(self, server: Server, connection: socket.socket, request: bytes) -> None:
        path = request.split(b" ")[1].decode()
        if path == self.trickled:
            server.trickle(connection, self.answers[path])
            return
        connection.sendall(self.answers[path])
        finish(connection)


@pytest.fixture(scope="module")
def tls_authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "Lists")


@pytest.fixture(scope="module")
def tls(tls_authority: Authority) -> ssl.SSLContext:
    return tls_authority.issue("localhost", *LOCAL)


Updating = Callable[..., tuple[int, TrustFolder]]


@pytest.fixture
def updating(tls: ssl.SSLContext, tls_authority: Authority, tmp_path: Path) -> Iterator[Updating]:
    """Runs the command against a server with these answers, into the same folder each time."""
    folder, signer = tmp_path / "folder", tmp_path / "signer.der"
    TRUSTED.save(folder)
    signer.write_bytes(list_signer())
    lists = Lists({})
    with Server(lists, tls) as server:
        base = f"https://localhost:{server.port}"
        arguments = ["trust", "update", "--lang", "en", "--trust-folder", str(folder), "--signers", str(signer)]
        arguments += ["--list-of-lists", f"{base}/lotl.xml", "--crl", f"{base}/CRL", "--timeout", "2"]
        arguments += ["--tls-authorities", tls_authority.path]

        def run_once(changed: Mapping[str, bytes] | None = None, trickled: str = "") -> tuple[int, TrustFolder]:
            lists.trickled = trickled
            lists.answers = {
                "/lotl.xml": good(list_of_lists(location=f"{base}/TSL-IT.xml", next_update=LATE)),
                "/TSL-IT.xml": good(italian(next_update=LATE)),
                "/CRL": good(crl()),
                **(changed or {}),
            }
            return main(arguments), TrustFolder.load(folder)

        yield run_once


def test_update_good(updating: Updating, capsys: pytest.CaptureFixture[str]) -> None:
    status, folder = updating()
    assert status == 0
    assert folder.trusted_list is not None
    assert folder.list_of_lists is not None
    assert folder.crls == (crl(),)
    assert capsys.readouterr().out.count("verified and kept") == 3
    status, folder = updating({"/TSL-IT.xml": good(italian(sequence=6, next_update=LATE))})
    assert status == 0
    assert folder.trusted_list is not None
    assert folder.trusted_list.facts.sequence == 6


NEXT = italian(sequence=6, next_update=LATE)


@pytest.mark.parametrize(
    ("given", "trickled", "why"),
    [
        (good(italian(next_update=ISSUED_AT)), "", "past its next update"),
        (good(italian(sequence=4, next_update=LATE)), "", "sequence 4 is older than 5"),
        (good(NEXT)[:-100], "", "TSL-IT.xml: "),
        (good(NEXT), "/TSL-IT.xml", "not complete within 2 seconds"),
        (good(italian(sequence=6, next_update=LATE, key_name="provider-b")), "", "not signed by a pinned"),
        (good(NEXT.replace(b"EDS/REM/Q", b"EDS/REM/X")), "", "does not verify"),
        (answer("404 Not Found\nContent-Length: 1", b"x"), "", "status 404"),
    ],
    ids=["stale", "rolled-back", "truncated", "slow", "forged", "changed", "missing"],
)
def test_update_refuses(
    updating: Updating, capsys: pytest.CaptureFixture[str], given: bytes, trickled: str, why: str
) -> None:
    _, before = updating()
    capsys.readouterr()
    status, after = updating({"/TSL-IT.xml": given}, trickled)
    printed = capsys.readouterr().out
    assert status == 4
    assert why in printed
    assert printed.count("refused") == 1
    assert after == before


def test_what_download_is_given(tls_authority: Authority, tls: ssl.SSLContext) -> None:
    """The function that the command hands over fits what `update` asks for."""
    with Server(Lists({"/CRL": good(crl())}), tls) as server:
        fetch = functools.partial(download, seconds=5.0, authorities=tls_authority.path)
        assert fetch(f"https://localhost:{server.port}/CRL", maximum_bytes=10_000) == crl()
