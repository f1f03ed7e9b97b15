"""A real HTTPS server in a thread, with an authority of its own, that says whatever a test wants said."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path
from types import TracebackType
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

START = datetime(2001, 1, 1, tzinfo=UTC)
END = datetime(2999, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2002, 1, 1, tzinfo=UTC)
LOCAL = (x509.DNSName("localhost"), x509.IPAddress(IPv4Address("127.0.0.1")))

BODY = b"<TrustServiceStatusList/>"
ENOUGH = 10.0
"""Seconds that no answer here needs."""
PROMPT = 2.0
"""Seconds after its bound by which a download has ended, on a busy machine too."""
STEP = 0.1
"""Seconds between two bytes of a server that trickles."""


# --- certificates


@dataclass(frozen=True)
class Authority:
    """A certification authority of the tests."""

    folder: Path
    name: str
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    @property
    def path(self) -> str:
        """The file with its certificate."""
        path = self.folder / f"{self.name}.pem"
        if not path.exists():
            usage = x509.KeyUsage(
                digital_signature=False,
                content_commitment=False,
                key_encipherment=False,
                data_encipherment=False,
                key_agreement=False,
                key_cert_sign=True,
                crl_sign=True,
                encipher_only=False,
                decipher_only=False,
            )
            certificate = (
                self._builder(self.name, self.key.public_key(), END)
                .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
                .add_extension(usage, critical=True)
                .sign(self.key, hashes.SHA256())
            )
            path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return str(path)

    def issue(self, name: str, *alternatives: x509.GeneralName, not_after: datetime = END) -> ssl.SSLContext:
        """A server's side of TLS, with a certificate for these names."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = (
            self._builder(name, key.public_key(), not_after)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        path = self.folder / f"{name}.pem"
        path.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
            + certificate.public_bytes(serialization.Encoding.PEM)
        )
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(path)
        return context

    def _builder(self, name: str, key: ec.EllipticCurvePublicKey, not_after: datetime) -> x509.CertificateBuilder:
        own = x509.SubjectKeyIdentifier.from_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(START)
            .not_valid_after(not_after)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own), critical=False)
        )


# --- servers

Talk = Callable[["Server", socket.socket, bytes], None]
"""What a server does on a connection, once it has the request."""


class Server:
    """A server in a thread: one connection at a time, one request on each, and what `talk` makes of it."""

    def __init__(self, talk: Talk, tls: ssl.SSLContext | None) -> None:
        self.requests: list[bytes] = []
        self.stopped = threading.Event()
        self._talk = talk
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(0.02)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}/list.xml"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stopped.set()
        self._thread.join()
        self._listener.close()

    def _serve(self) -> None:
        while not self.stopped.is_set():
            # A client that turns away breaks the connection: its right, and what is tested.
            with contextlib.suppress(OSError):
                connection, _ = self._listener.accept()
                with connection:
                    connection.settimeout(ENOUGH)
                    self._answer(connection)

    def _answer(self, connection: socket.socket) -> None:
        if self._tls is None:
            self._talk(self, connection, b"")
            return
        with self._tls.wrap_socket(connection, server_side=True) as secured:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                received = secured.recv(4096)
                if not received:
                    return
                request += received
            self.requests.append(request)
            self._talk(self, secured, request)

    def trickle(self, connection: socket.socket, data: bytes) -> None:
        for octet in data:
            if self.stopped.wait(STEP):
                return
            connection.sendall(bytes([octet]))


def answer(head: str, body: bytes = b"") -> bytes:
    """An answer with these header fields after the status."""
    status, *fields = head.split("\n")
    return "\r\n".join([f"HTTP/1.1 {status}", "Connection: close", *fields, "", ""]).encode() + body


def good(body: bytes = BODY) -> bytes:
    return answer(f"200 OK\nContent-Length: {len(body)}", body)


def finish(connection: socket.socket) -> None:
    """Say that nothing follows, as TLS wants it said."""
    assert isinstance(connection, ssl.SSLSocket)
    connection.unwrap().close()


def say(data: bytes) -> Talk:
    """Always this answer."""

    def talk(_: Server, connection: socket.socket, __: bytes) -> None:
        connection.sendall(data)
        finish(connection)

    return talk
