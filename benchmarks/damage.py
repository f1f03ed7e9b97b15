"""How long a search for damage takes at worst: a changed digit, for which everything is tried in vain.

    python benchmarks/damage.py

Prints a table; nothing passes or fails. Figures of one run are in docs/performance.md.
"""

from __future__ import annotations

import hashlib
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import row  # noqa: E402 (needs the path above)
from benchmarks.verification import delivery  # noqa: E402
from pecverify import TrustStore, diagnose  # noqa: E402
from tests.pki import authority  # noqa: E402


def measure(size: int, trust: TrustStore) -> None:
    """One search over a delivery of that size."""
    message = delivery(size).replace(b"15 giorni", b"16 giorni")
    start = time.process_time()
    for _ in range(10):
        hashlib.sha256(message).digest()
    primitive = (time.process_time() - start) / 10
    start = time.process_time()
    diagnosis = diagnose(message, trust=trust)
    spent = time.process_time() - start
    assert diagnosis.repaired is None
    print(f"delivery of {len(message)} bytes, one digit changed")
    row("  diagnose, processor time", spent, "s")
    row("  ratio to the SHA-256 of its bytes", spent / primitive, "x")
    print(f"  everything was tried: {diagnosis.is_complete}")


if __name__ == "__main__":
    store = TrustStore.from_certificates(authority())
    for wanted in (10_000, 1_000_000, 30_000_000):
        measure(wanted, store)
