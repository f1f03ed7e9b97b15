"""How fast one receipt is verified, as ratios within one run.

    python benchmarks/verification.py

Prints a table; nothing passes or fails. What is compared is measured in turn, A B A B, so that a machine that changes
its speed changes both. Figures of one run are in docs/performance.md.
"""

from __future__ import annotations

import hashlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import tracemalloc
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from cryptography.hazmat.primitives import hashes  # noqa: E402 (needs the path above)
from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: E402

from benchmarks.measure import in_turn, row  # noqa: E402
from pecverify import Policy, TrustStore, Verdict, verify_receipt  # noqa: E402
from tests.messages import RECIPIENT, Message, original_message, replacing  # noqa: E402
from tests.pki import authority, base64_lines, key, provider  # noqa: E402


def delivery(size: int) -> bytes:
    """A complete delivery whose original carries an attachment, `size` bytes in all or a little more."""
    attachment = (
        b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64_lines(hashlib.shake_256(b"attachment").digest(size * 3 // 4 * 64 // 66), 76)
    )
    return Message(
        kind="avvenuta-consegna",
        signer=provider("b"),
        form="completa",
        delivered_to=RECIPIENT,
        original=original_message(attachment=attachment),
    ).build()


def small_receipt(trust: TrustStore, policy: Policy) -> None:
    """A receipt as most are: 10 kB."""
    explanation = b"Conservare questa ricevuta senza modificarla: la firma ne prova l'origine.\r\n" * 30
    message = Message(entity=replacing(b"Identificativo", explanation + b"Identificativo")).build()
    private = key("provider-a")
    assert isinstance(private, rsa.RSAPrivateKey)
    public, signature = private.public_key(), private.sign(b"x", padding.PKCS1v15(), hashes.SHA256())

    def primitives() -> None:
        public.verify(signature, b"x", padding.PKCS1v15(), hashes.SHA256())
        hashlib.sha256(message).digest()

    def verify() -> None:
        report = verify_receipt(message, trust=trust, policy=policy)
        assert report.verdict is Verdict.VALID, report.findings

    spent, primitive = in_turn(verify, primitives, 2000)
    print(f"receipt of {len(message)} bytes, warm store")
    row("  verify_receipt", spent * 1e6, "us")
    row("  one RSA-2048 verify and one SHA-256 of the message", primitive * 1e6, "us")
    row("  ratio", spent / primitive, "x", "at most 15")
    if shutil.which("openssl") is None:
        print("  openssl is not installed: not compared")
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "receipt.eml"
        path.write_bytes(message)
        command = ["openssl", "cms", "-verify", "-noverify", "-in", str(path), "-out", "/dev/null"]
        spent, process = in_turn(verify, lambda: subprocess.run(command, check=True, capture_output=True), 30)
    row("  one `openssl cms -verify` process", process * 1e3, "ms")
    row("  ratio to it", spent / process, "x", "at most 0.1")


def large_delivery(trust: TrustStore, policy: Policy) -> None:
    """A delivery with the largest original that PEC has to take."""
    message = delivery(30_000_000)
    for name, data in (("CRLF", message), ("LF", message.replace(b"\r\n", b"\n"))):

        def verify(data: bytes = data) -> None:
            report = verify_receipt(data, trust=trust, policy=policy)
            assert report.verdict is Verdict.VALID, report.findings

        def digest(data: bytes = data) -> None:
            hashlib.sha256(data).digest()

        spent, hashed = in_turn(verify, digest, 15)
        tracemalloc.start()
        verify()
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        print(f"complete delivery of {len(data)} bytes, {name} line ends")
        row("  verify_receipt", spent * 1e3, "ms")
        row("  SHA-256 of its bytes", hashed * 1e3, "ms")
        row("  ratio", spent / hashed, "x", "at most 2" if name == "CRLF" else "")
        row("  extra memory at the peak, of its size", peak / len(data), "x", "at most 0.3" if name == "CRLF" else "")


def imports() -> None:
    """What importing costs, in a new process each time."""
    program = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"

    def seconds(statement: str) -> float:
        command = [sys.executable, "-c", program.format(statement)]
        runs = [subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT) for _ in range(7)]
        return statistics.median(float(run.stdout) for run in runs)

    print("import, warm")
    # The package brings its names when they are used: the second is what a caller pays.
    for statement, bound in (
        ("import pecverify", ""),
        ("from pecverify import verify_receipt", "under 150"),
        ("import cryptography.x509", ""),
    ):
        row(f"  {statement}", seconds(statement) * 1e3, "ms", bound)


if __name__ == "__main__":
    store = TrustStore.from_certificates(authority())
    small_receipt(store, Policy())
    large_delivery(store, Policy())
    imports()
