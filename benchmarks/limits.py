"""What hostile input costs: every limit exceeded, every message of fixtures/hostile, and the worst we could think of.

    python benchmarks/limits.py [WORD...]

Prints processor time (the least of three) and memory over the input (the peak of the process that verifies, less what
it had when it had read the message). Exits 1 if a bound is broken. With words, only the cases that have one of them in
their name. Figures of one run are in docs/performance.md.
"""

from __future__ import annotations

import functools
import gc
import json
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from time import process_time

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks import hostile  # noqa: E402 (needs the path above)
from benchmarks.measure import row  # noqa: E402
from pecverify import TrustStore, verify_receipt  # noqa: E402
from tests import limits  # noqa: E402
from tests.messages import Message  # noqa: E402
from tests.pki import authority  # noqa: E402

Make = Callable[[], bytes]

MOST_SECONDS, MOST_MEMORY = 1.0, 50e6
EXCEEDED: Mapping[str, Make] = {
    "message of 200,000,001 bytes": functools.partial(limits.message_of, 200_000_001),
    "header of 64,001 bytes": functools.partial(limits.header_of, 64_001),
    "9 levels of MIME": functools.partial(limits.nested, 9),
    "101 parts": functools.partial(limits.parts_of, 101),
    "daticert.xml of 1,000,001 bytes": functools.partial(limits.daticert_of, 1_000_001),
    "17 certificates": functools.partial(limits.certificates_of, 17),
    "2 SignerInfos": functools.partial(limits.signers_of, 2),
    "signature of 1,000,001 bytes": functools.partial(limits.signature_of, 1_000_001),
    "33 levels of ASN.1": functools.partial(limits.asn1_of, 33),
    "OBJECT IDENTIFIER of 65 bytes": functools.partial(limits.oid_of, 65),
    "path of 6 certificates": functools.partial(limits.path_of, 6),
    "more than 100 certificate signatures": lambda: Message(signer=limits.circular_signer()).build(),
}


def measure(name: str, path: Path) -> tuple[float, float]:
    """Seconds and bytes over the input that one case costs.

    It is made in one process and verified in another: the peak of a process counts from that of its parent.
    """
    subprocess.run([sys.executable, __file__, "--make", name, str(path)], check=True)
    command = [sys.executable, __file__, "--one", str(path)]
    seconds, memory = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return seconds, memory


def measure_here(paths: list[Path]) -> tuple[float, float]:
    """The worst of these messages: seconds, and the memory that the process came to need."""
    trust = TrustStore.from_certificates(authority(), limits.open_authority())
    verify_receipt(Message().build(), trust=trust)  # imports what is imported on first use
    seconds = memory = 0.0
    for path in paths:
        data = path.read_bytes()
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        spent = []
        for _ in range(3):
            store = trust | TrustStore()  # without what it remembers
            start = process_time()
            verify_receipt(data, trust=store)
            spent.append(process_time() - start)
        seconds = max(seconds, min(spent))
        memory = max(memory, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024.0)
    return seconds, memory


def show(name: str, seconds: float, memory: float) -> bool:
    """Print one case; whether it is within both bounds."""
    is_within = seconds < MOST_SECONDS and memory < MOST_MEMORY
    row(f"  {name}", seconds * 1e3, "ms", f"{memory / 1e6:7.1f} MB{'' if is_within else '   BROKEN'}")
    return is_within


def run(words: list[str]) -> bool:
    """Measure every case; whether all are within the bounds."""
    all_within = True
    for title, cases in (("a limit exceeded", EXCEEDED), ("worst cases", hostile.CASES)):
        print(f"{title}: under {MOST_SECONDS:.0f} s, and under {MOST_MEMORY / 1e6:.0f} MB over the input")
        for name in cases:
            if not words or any(word in name for word in words):
                with tempfile.TemporaryDirectory() as folder:
                    all_within &= show(name, *measure(name, Path(folder) / "message.eml"))
    if not words:
        messages = sorted((ROOT / "fixtures" / "hostile").glob("*.eml"))
        print(f"fixtures/hostile: the worst of {len(messages)} messages")
        all_within &= show("each in turn", *measure_here(messages))
    return all_within


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--make", name, path]:
            Path(path).write_bytes({**EXCEEDED, **hostile.CASES}[name]())
        case ["--one", path]:
            print(json.dumps(measure_here([Path(path)])))
        case words:
            sys.exit(0 if run(words) else 1)
