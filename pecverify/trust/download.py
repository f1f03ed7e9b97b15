"""Getting a published file over HTTPS: within so many bytes and so many seconds, from whom the URL names.

The only module that uses the network; whoever wants it imports it when it is needed (extra `update`). Environment
proxies are not used: `no_proxy` and the time that a proxy takes to answer would both have to be seen to.
"""

from __future__ import annotations

import ssl
from concurrent.futures import Future
from threading import Thread
from time import monotonic
from traceback import clear_frames
from typing import TYPE_CHECKING
from urllib.parse import urljoin

import urllib3
from urllib3.exceptions import HTTPError

from pecverify.errors import PecverifyError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAXIMUM_REDIRECTS = 3

_OK = 200
_CHUNK_BYTES = 65_536
_MESSAGE_PART_CHARACTERS = 500
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "pecverify"}


class DownloadError(PecverifyError):
    """A file could not be had: the message says from which URL and why, in one line."""

    def __init__(self, url: str, reason: str) -> None:
        super().__init__(url, reason)

    def __str__(self) -> str:
        return ": ".join(map(_one_line, self.args))


def download(url: str, *, maximum_bytes: int, seconds: float, authorities: str | None = None) -> bytes:
    """Get a whole file from the server that the URL names, over verified TLS (1.2 at least), without credentials.

    Nothing is tried twice. What comes is not vouched for by more than the server's certificate.

    Args:
        url: where the file is. Only https, there and wherever it redirects to (three times at most).
        maximum_bytes: how long the file may be, inclusive.
        seconds: how long everything may take together: name resolution, connections, redirects, headers and body.
        authorities: a PEM file of the only authorities to trust; None: those that the system trusts.

    Returns:
        The body: not empty, not encoded, and as long as the server announced.

    Raises:
        DownloadError: the file cannot be had like that.
    """
    deadline = _Deadline(seconds)
    outcome: Future[bytes] = Future()

    def run() -> None:
        try:
            outcome.set_result(_fetch(url, maximum_bytes, deadline, authorities))
        except BaseException as error:  # noqa: BLE001 (raised again by whoever waits)
            outcome.set_exception(error)

    # The system's name resolution knows no timeout, and each address of a name has the whole one: only somebody who
    # does not take part can stop waiting in time. What is left behind ends with its own deadline, or with the program.
    Thread(target=run, name="pecverify-download", daemon=True).start()
    try:
        return outcome.result(timeout=seconds)
    except TimeoutError as error:
        raise DownloadError(url, deadline.reason) from error


class _Deadline:
    """The instant at which everything must be over."""

    def __init__(self, seconds: float) -> None:
        self.reason = f"not complete within {seconds:g} seconds"
        self._end = monotonic() + seconds

    def left(self) -> float:
        """How many seconds are left; a TimeoutError if none are."""
        seconds = self._end - monotonic()
        if seconds <= 0:
            raise TimeoutError(self.reason)
        return seconds


def _fetch(url: str, maximum_bytes: int, deadline: _Deadline, authorities: str | None) -> bytes:
    """The body at the URL or where it redirects to."""
    try:
        with urllib3.PoolManager(ssl_context=_context(deadline, authorities), retries=False, headers=_HEADERS) as pool:
            for _ in range(1 + MAXIMUM_REDIRECTS):
                if urllib3.util.parse_url(url).scheme != "https":
                    raise DownloadError(url, "not an https URL")
                with pool.request(
                    "GET", url, redirect=False, preload_content=False, timeout=deadline.left()
                ) as response:
                    location = response.get_redirect_location()
                    if not location:
                        return _read(response, url, maximum_bytes)
                url = urljoin(url, location)
    except (HTTPError, OSError, ValueError) as error:
        # urllib3 2.8 does not close an answer with two lengths: the frames that raised hold it, and the error them.
        clear_frames(error.__traceback__)
        raise DownloadError(url, _explain(error, deadline)) from error
    raise DownloadError(url, f"redirected more than {MAXIMUM_REDIRECTS} times")


def _context(deadline: _Deadline, authorities: str | None) -> ssl.SSLContext:
    """TLS that verifies certificate and host name, and whose sockets keep to the deadline."""

    class DeadlineSocket(ssl.SSLSocket):
        """A socket's timeout starts anew with each read: a server that trickles would never meet it."""

        def do_handshake(self, block: bool = False) -> None:  # noqa: FBT001, FBT002 (ssl's signature)
            # A connection cut off must not look like the end of a body whose length was not announced.
            self.suppress_ragged_eofs = False
            self.settimeout(deadline.left())
            super().do_handshake(block)

        def recv_into(self, buffer: WriteableBuffer, nbytes: int | None = None, flags: int = 0) -> int:
            self.settimeout(deadline.left())
            return super().recv_into(buffer, nbytes, flags)

    try:
        context = ssl.create_default_context(cafile=authorities)
    except OSError as error:
        message = f"the authorities in {authorities} cannot be loaded: {error}"
        raise ValueError(message) from None
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.sslsocket_class = DeadlineSocket
    return context


def _read(response: urllib3.BaseHTTPResponse, url: str, maximum_bytes: int) -> bytes:
    """The body of an answer that is the file."""
    if response.status != _OK:
        raise DownloadError(url, f"the server answered with status {response.status}")
    encoding = response.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise DownloadError(url, f"the server sent it encoded as {encoding}")
    too_long = f"longer than {maximum_bytes} bytes"
    if (response.length_remaining or 0) > maximum_bytes:
        raise DownloadError(url, too_long)
    body = bytearray()
    # read1, since read believes a chunk that claims to be -1 bytes long, and then reads without bound.
    while chunk := response.read1(_CHUNK_BYTES, decode_content=False):
        body += chunk
        if len(body) > maximum_bytes:
            raise DownloadError(url, too_long)
    if not body:
        raise DownloadError(url, "the server sent nothing")
    return bytes(body)


def _explain(error: Exception, deadline: _Deadline) -> str:
    """What went wrong, without what urllib3 wraps around it."""
    inner = next((argument for argument in error.args if isinstance(argument, Exception)), error)
    cause = error.__cause__ or inner
    return deadline.reason if isinstance(cause, TimeoutError) else str(cause)


def _one_line(text: str) -> str:
    shown = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
    return shown if len(shown) <= _MESSAGE_PART_CHARACTERS else f"{shown[:_MESSAGE_PART_CHARACTERS]}…"
