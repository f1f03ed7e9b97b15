"""What a hostile, broken or slow HTTPS server can do to a download: nothing beyond the bytes and seconds allowed."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from cryptography import x509

from pecverify.errors import PecverifyError
from pecverify.trust import download as module
from pecverify.trust.download import DownloadError, download
from tests.https import BODY, ENOUGH, LOCAL, LONG_AGO, PROMPT, Authority, Server, Talk, answer, finish, good, say


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"), "Test authority")


@pytest.fixture(scope="module")
def authorities(authority: Authority) -> str:
    return authority.path


@pytest.fixture(scope="module")
def tls(authority: Authority) -> ssl.SSLContext:
    return authority.issue("localhost", *LOCAL)


@pytest.fixture(autouse=True)
def nothing_is_left_running() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    for thread in set(threading.enumerate()) - before:
        thread.join(ENOUGH)
        assert not thread.is_alive()


def refusal(url: str, authorities: str | None, *, maximum_bytes: int = 1000, seconds: float = ENOUGH) -> str:
    """Why the download was refused: what the message says after the URL."""
    with pytest.raises(DownloadError) as caught:
        download(url, maximum_bytes=maximum_bytes, seconds=seconds, authorities=authorities)
    message = str(caught.value)
    assert message.isprintable()
    assert message.startswith(f"{url}: ")
    return message.removeprefix(f"{url}: ")


def refusal_of(data: bytes, tls: ssl.SSLContext, authorities: str, *, maximum_bytes: int = 1000) -> str:
    with Server(say(data), tls) as server:
        return refusal(server.url, authorities, maximum_bytes=maximum_bytes)


# --- what is accepted


def test_good(tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(good()), tls) as server:
        assert download(server.url, maximum_bytes=len(BODY), seconds=ENOUGH, authorities=authorities) == BODY
    (request,) = server.requests
    start, *fields = request.decode().lower().strip().split("\r\n")
    assert start == "get /list.xml http/1.1"
    assert sorted(fields) == [
        "accept-encoding: identity",
        f"host: localhost:{server.port}",
        "user-agent: pecverify",
    ]


def test_an_address_in_place_of_a_name(tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(good()), tls) as server:
        url = f"HTTPS://127.0.0.1:{server.port}/list.xml"
        assert download(url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities) == BODY


def test_a_password_in_the_url_is_not_sent(tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(good()), tls) as server:
        url = f"https://name:secret@localhost:{server.port}/"
        assert download(url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities) == BODY
    assert b"authorization" not in server.requests[0].lower()


def test_proxies_are_not_used(monkeypatch: pytest.MonkeyPatch, tls: ssl.SSLContext, authorities: str) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with Server(say(good()), tls) as server:
        assert download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities) == BODY


@pytest.mark.parametrize(
    "data",
    [
        answer("200 OK\nTransfer-Encoding: chunked", b"5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\nTrailer: x\r\n\r\n"),
        answer("200 OK", b"abcdefgh"),
        answer("200 OK\nContent-Encoding: Identity\nContent-Length: 8", b"abcdefgh and what nobody announced"),
        b"HTTP/1.1 100 Continue\r\n\r\n" + good(b"abcdefgh"),
    ],
    ids=["chunked", "to-the-end", "identity", "after-continue"],
)
def test_ways_to_send_a_body(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(data), tls) as server:
        assert download(server.url, maximum_bytes=8, seconds=ENOUGH, authorities=authorities) == b"abcdefgh"


def test_a_long_body(tls: ssl.SSLContext, authorities: str) -> None:
    body = bytes(range(256)) * 4_000
    with Server(say(good(body)), tls) as server:
        assert download(server.url, maximum_bytes=len(body), seconds=ENOUGH, authorities=authorities) == body


# --- who answers


def test_unknown_authority(tmp_path: Path, tls: ssl.SSLContext) -> None:
    other = Authority(tmp_path, "Another authority")
    with Server(say(good()), tls) as server:
        assert "certificate verify failed" in refusal(server.url, other.path)
    assert not server.requests


def test_the_system_does_not_trust_it(tls: ssl.SSLContext) -> None:
    with Server(say(good()), tls) as server:
        assert "certificate verify failed" in refusal(server.url, None)


def test_wrong_host_name(authority: Authority) -> None:
    tls = authority.issue("elsewhere.example", x509.DNSName("elsewhere.example"))
    with Server(say(good()), tls) as server:
        assert "Hostname mismatch" in refusal(server.url, authority.path)
    assert not server.requests


def test_expired_certificate(authority: Authority) -> None:
    with Server(say(good()), authority.issue("expired", *LOCAL, not_after=LONG_AGO)) as server:
        assert "certificate has expired" in refusal(server.url, authority.path)
    assert not server.requests


def test_old_tls(authority: Authority) -> None:
    tls = authority.issue("old", *LOCAL)
    client = ssl.create_default_context(cafile=authority.path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        for context in (tls, client):
            context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
            context.set_ciphers("ALL:@SECLEVEL=0")
    with Server(say(good()), tls) as server:
        try:
            with (
                socket.create_connection(("127.0.0.1", server.port), ENOUGH) as plain,
                client.wrap_socket(plain, server_hostname="localhost") as secured,
            ):
                assert secured.version() == "TLSv1.1"
        except ssl.SSLError:
            pytest.skip("this OpenSSL has no TLS 1.1")
        assert "SSL" in refusal(server.url, authority.path)
    assert not server.requests


@pytest.mark.parametrize("content", [None, b"", b"no certificate"], ids=["missing", "empty", "unusable"])
def test_unusable_authorities(content: bytes | None, tmp_path: Path) -> None:
    path = tmp_path / "authorities.pem"
    if content is not None:
        path.write_bytes(content)
    reason = refusal("https://localhost:1/", str(path))
    assert reason.startswith(f"the authorities in {path} cannot be loaded: ")


# --- where


@pytest.mark.parametrize("scheme", ["http", "HTTP", "ftp", "file", "httpss"])
def test_other_schemes(scheme: str, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(good()), tls) as server:
        assert refusal(f"{scheme}://localhost:{server.port}/", authorities) == "not an https URL"
    assert not server.requests


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost/list.xml",
        "https://",
        "https:///list.xml",
        "https://[::1",
        "https://localhost:port/",
        "https://localhost:65536/",
        "https://.example.invalid/",
        f"https://{'a' * 64}.invalid/",
    ],
)
def test_what_is_no_url(url: str, authorities: str) -> None:
    assert refusal(url, authorities)


def redirecting(*locations: str) -> Talk:
    """Redirect `/list.xml` to the first, `/1` to the second and so on; after the last send the file."""

    def talk(server: Server, connection: socket.socket, request: bytes) -> None:
        path = request.split()[1].decode().rpartition("/")[2]
        position = int(path) if path.isdecimal() else 0
        if position == len(locations):
            connection.sendall(good())
        else:
            location = locations[position].format(port=server.port)
            connection.sendall(answer(f"302 Found\nLocation: {location}\nSet-Cookie: a=b\nContent-Length: 4", b"body"))
        finish(connection)

    return talk


@pytest.mark.parametrize(
    "locations",
    [("https://127.0.0.1:{port}/1",), ("/1",), ("1", "/2", "//localhost:{port}/3")],
    ids=["absolute", "relative", "three"],
)
def test_redirects(locations: tuple[str, ...], tls: ssl.SSLContext, authorities: str) -> None:
    with Server(redirecting(*locations), tls) as server:
        assert download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities) == BODY
    assert len(server.requests) == 1 + len(locations)
    assert not any(b"cookie" in request.lower() for request in server.requests)


@pytest.mark.parametrize("locations", [("/1", "/2", "/3", "/4"), ("/list.xml",)], ids=["four", "loop"])
def test_too_many_redirects(locations: tuple[str, ...], tls: ssl.SSLContext, authorities: str) -> None:
    with Server(redirecting(*locations), tls) as server, pytest.raises(DownloadError) as caught:
        download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities)
    assert str(caught.value).endswith(": redirected more than 3 times")
    assert len(server.requests) == 4


@pytest.mark.parametrize("location", ["http://localhost:{port}/1", "file:///etc/hostname"])
def test_redirect_away_from_https(location: str, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(redirecting(location), tls) as server, pytest.raises(DownloadError) as caught:
        download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities)
    assert str(caught.value) == f"{location.format(port=server.port)}: not an https URL"
    assert len(server.requests) == 1


@pytest.mark.parametrize("location", ["https://[::1", "https://localhost:65536/", "https:///"])
def test_redirect_to_no_url(location: str, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(redirecting(location), tls) as server, pytest.raises(DownloadError):
        download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities)


def test_messages_are_one_short_line(tls: ssl.SSLContext, authorities: str) -> None:
    location = "http://localhost/\x1b[31m\x85\xad" + "x" * 5_000
    with Server(redirecting(location), tls) as server, pytest.raises(DownloadError) as caught:
        download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 600
    assert isinstance(caught.value, PecverifyError)


# --- what answers


@pytest.mark.parametrize(
    "status", ["204 No Content", "206 Partial Content", "302 Found", "304 Not Modified", "404 Not Found", "500 Sorry"]
)
def test_other_statuses(status: str, tls: ssl.SSLContext, authorities: str) -> None:
    reason = refusal_of(answer(f"{status}\nContent-Length: 5", b"abcde"), tls, authorities)
    assert reason == f"the server answered with status {status[:3]}"


@pytest.mark.parametrize(
    "status", ["301 Moved\nLocation:", "503 Busy\nRetry-After: 1", "429 Slow down\nRetry-After: 1"]
)
def test_nothing_is_tried_twice(status: str, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(answer(f"{status}\nContent-Length: 0")), tls) as server:
        assert refusal(server.url, authorities) == f"the server answered with status {status[:3]}"
    assert len(server.requests) == 1


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "br", "identity, gzip", "x-unknown", ""])
def test_encoded_body(encoding: str, tls: ssl.SSLContext, authorities: str) -> None:
    body = gzip.compress(BODY)
    data = answer(f"200 OK\nContent-Encoding: {encoding}\nContent-Length: {len(body)}", body)
    assert refusal_of(data, tls, authorities) == f"the server sent it encoded as {encoding}"


@pytest.mark.parametrize(
    "data",
    [good(b""), answer("200 OK"), answer("200 OK\nTransfer-Encoding: chunked", b"0\r\n\r\n")],
    ids=["length", "to-the-end", "chunked"],
)
def test_empty_body(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    assert refusal_of(data, tls, authorities) == "the server sent nothing"


@pytest.mark.parametrize(
    "data",
    [
        good(bytes(11)),
        answer("200 OK\nContent-Length: 11"),
        answer(f"200 OK\nContent-Length: {10**30}"),
        answer("200 OK\nTransfer-Encoding: chunked", b"6\r\nabcdef\r\n5\r\nabcde\r\n0\r\n\r\n"),
        answer("200 OK", bytes(11)),
        answer("200 OK\nTransfer-Encoding: chunked", b"-1\r\nabcdefghijk"),
        answer("200 OK\nContent-Length: -1", bytes(11)),
    ],
    ids=["length", "announced", "absurd", "chunked", "to-the-end", "negative-chunk", "negative-length"],
)
def test_too_long(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    assert refusal_of(data, tls, authorities, maximum_bytes=10) == "longer than 10 bytes"


def endless(head: bytes, each: bytes) -> tuple[Talk, Callable[[], int]]:
    """A body without end, and how many bytes of it the client took."""
    sent = 0

    def talk(server: Server, connection: socket.socket, _: bytes) -> None:
        nonlocal sent
        connection.sendall(head)
        while not server.stopped.is_set():
            connection.sendall(each)
            sent += len(each)

    return talk, lambda: sent


@pytest.mark.parametrize(
    ("head", "each"),
    [
        (answer("200 OK"), bytes(10_000)),
        (answer("200 OK\nTransfer-Encoding: chunked"), b"1000\r\n" + bytes(0x1000) + b"\r\n"),
        (answer("200 OK\nTransfer-Encoding: chunked", b"-1\r\n"), bytes(10_000)),
    ],
    ids=["to-the-end", "chunked", "negative-chunk"],
)
def test_endless_body(head: bytes, each: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    talk, sent = endless(head, each)
    with Server(talk, tls) as server:
        assert refusal(server.url, authorities) == "longer than 1000 bytes"
    assert sent() < 20_000_000  # what the system's buffers may take


@pytest.mark.parametrize(
    "data",
    [
        answer(f"200 OK\nContent-Length: {len(BODY) + 1}", BODY),
        answer("200 OK\nContent-Length: 5"),
        answer("200 OK\nTransfer-Encoding: chunked", b"5\r\nabcde\r\n"),
        answer("200 OK\nTransfer-Encoding: chunked", b"5\r\nabc"),
        answer("200 OK\nTransfer-Encoding: chunked", b"5\r\nabcde\r\nno number\r\n"),
    ],
    ids=["length", "nothing", "between-chunks", "within-a-chunk", "no-chunk"],
)
def test_truncated(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    assert "IncompleteRead" in refusal_of(data, tls, authorities)


@pytest.mark.parametrize(
    "data",
    [answer(f"200 OK\nContent-Length: {len(BODY) + 1}", BODY), answer("200 OK", BODY), b"HTTP/1.1 200 OK\r\nA: b", b""],
    ids=["length", "to-the-end", "headers", "nothing"],
)
def test_cut_off_without_farewell(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    with Server(lambda _, connection, __: connection.sendall(data), tls) as server:
        assert "EOF" in refusal(server.url, authorities)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"SSH-2.0-OpenSSH\r\n",
        b"HTTP/1.1 9999 Fine\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n",
        answer("200 OK\nContent-Length: 1, 2", b"a"),
    ],
    ids=["nothing", "another-protocol", "status", "many-fields", "long-field", "two-lengths"],
)
def test_no_http(data: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    assert refusal_of(data, tls, authorities)


def test_no_tls(authorities: str) -> None:
    with Server(lambda _, connection, __: connection.sendall(good()), None) as server:
        assert "SSL" in refusal(server.url, authorities)


def test_the_connection_is_closed_when_urllib3_forgets(tls: ssl.SSLContext, authorities: str) -> None:
    ends: list[bytes] = []

    def talk(_: Server, connection: socket.socket, __: bytes) -> None:
        connection.sendall(answer("200 OK\nContent-Length: 1, 2"))
        try:
            ends.append(connection.recv(1))
        except ConnectionError:
            ends.append(b"")

    with Server(talk, tls) as server, pytest.raises(DownloadError, match="Content-Length") as caught:
        download(server.url, maximum_bytes=1000, seconds=ENOUGH, authorities=authorities)
    assert ends == [b""], caught.value  # while the error lives


# --- how long


def wait(server: Server, _: socket.socket, __: bytes) -> None:
    server.stopped.wait(ENOUGH)


def trickle(at_once: bytes, slowly: bytes) -> Talk:
    def talk(server: Server, connection: socket.socket, _: bytes) -> None:
        connection.sendall(at_once)
        server.trickle(connection, slowly)

    return talk


def is_cut_off(talk: Talk, tls: ssl.SSLContext | None, authorities: str, *, seconds: float = 0.5) -> bool:
    with Server(talk, tls) as server:
        start = time.monotonic()
        reason = refusal(server.url, authorities, seconds=seconds)
        elapsed = time.monotonic() - start
        left_behind = [thread for thread in threading.enumerate() if thread.name == "pecverify-download"]
        for thread in left_behind:
            thread.join(PROMPT)
            assert not thread.is_alive(), "it would go on for as long as the server does"
    return reason == f"not complete within {seconds:g} seconds" and 0.9 * seconds < elapsed < seconds + PROMPT


def test_one_byte_at_a_time(tls: ssl.SSLContext, authorities: str) -> None:
    def talk(server: Server, connection: socket.socket, _: bytes) -> None:
        connection.sendall(answer("200 OK\nContent-Length: 500"))
        while not server.stopped.wait(0.2):
            connection.sendall(b"x")

    assert is_cut_off(talk, tls, authorities, seconds=1)


@pytest.mark.parametrize(
    ("at_once", "slowly"),
    [
        (answer("200 OK\nContent-Length: 500"), bytes(500)),
        (answer("200 OK"), bytes(500)),
        (answer("200 OK\nTransfer-Encoding: chunked"), b"1\r\na\r\n" * 100),
        (answer("200 OK\nTransfer-Encoding: chunked", b"1;"), b"x" * 500),
        (answer("200 OK\nTransfer-Encoding: chunked", b"1\r\na\r\n0\r\n"), b"x" * 500),
        (b"HTTP/1.1 200 OK\r\n", b"A: b\r\n" * 100),
        (b"", b"HTTP/1.1 200 " + b"O" * 500),
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 20),
    ],
    ids=["length", "to-the-end", "chunks", "chunk-size", "trailer", "headers", "status", "continue"],
)
def test_trickle(at_once: bytes, slowly: bytes, tls: ssl.SSLContext, authorities: str) -> None:
    assert is_cut_off(trickle(at_once, slowly), tls, authorities)


def test_trickle_below_tls(authorities: str) -> None:
    assert is_cut_off(trickle(bytes.fromhex("1603034000"), bytes(500)), None, authorities)


def test_no_end_of_continue(tls: ssl.SSLContext, authorities: str) -> None:
    talk, _ = endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100)
    assert is_cut_off(talk, tls, authorities)


def test_no_answer(tls: ssl.SSLContext, authorities: str) -> None:
    assert is_cut_off(wait, tls, authorities)


def test_no_handshake(authorities: str) -> None:
    assert is_cut_off(wait, None, authorities)


def test_slow_redirects_share_the_time(tls: ssl.SSLContext, authorities: str) -> None:
    def talk(server: Server, connection: socket.socket, _: bytes) -> None:
        server.stopped.wait(0.6)
        connection.sendall(answer("302 Found\nLocation: /\nContent-Length: 0"))
        finish(connection)

    with Server(talk, tls) as server:
        with pytest.raises(DownloadError, match=r"not complete within 1 seconds$"):
            download(server.url, maximum_bytes=1000, seconds=1, authorities=authorities)
        assert len(server.requests) < 3


def test_no_time_at_all(tls: ssl.SSLContext, authorities: str) -> None:
    with Server(say(good()), tls) as server:
        assert refusal(server.url, authorities, seconds=0) == "not complete within 0 seconds"
    assert not server.requests


def test_nobody_there(authorities: str) -> None:
    with socket.socket() as unheard:  # bound, so that nobody else can listen there, but not listening
        unheard.bind(("127.0.0.1", 0))
        assert "refused" in refusal(f"https://127.0.0.1:{unheard.getsockname()[1]}/", authorities)


def test_unknown_name(monkeypatch: pytest.MonkeyPatch, authorities: str) -> None:
    def resolve(*_: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    assert "Name or service not known" in refusal("https://nowhere.invalid/", authorities)


def test_name_resolution_that_hangs(monkeypatch: pytest.MonkeyPatch, authorities: str) -> None:
    over = threading.Event()

    def resolve(*_: object) -> None:
        over.wait(ENOUGH)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    try:
        assert refusal("https://nowhere.invalid/", authorities, seconds=0.2) == "not complete within 0.2 seconds"
        assert not over.is_set()
    finally:
        over.set()


def test_a_defect_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        message = "a defect"
        raise RuntimeError(message)

    monkeypatch.setattr(module, "_context", fail)
    with pytest.raises(RuntimeError, match="a defect"):
        download("https://localhost/", maximum_bytes=1, seconds=ENOUGH)
