"""How fast and how small a run over an archive is, as ratios within one run.

    python benchmarks/archive.py [COUNT] [FOLDER]

Makes an archive of COUNT receipts (100,000 by default, 2.5 GB) in FOLDER, or in a temporary one, and verifies it by the
command line with one process and with two, in turn; a tenth of it besides, for the memory; and a few by a shell loop
over `openssl cms -verify`. Prints a table and exits with 1 if a bound is broken. Figures of one run are in
docs/performance.md.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from time import perf_counter

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import row  # noqa: E402 (needs the path above)
from tests.archives import write_folder  # noqa: E402

COUNT = 100_000
ROUNDS = 3
BY_OPENSSL = 300
OPENSSL_LOOP = 'for file in "$@"; do openssl cms -verify -noverify -in "$file" -out /dev/null 2>/dev/null; done'
MOST_MEGABYTES, LEAST_SPEEDUP, LEAST_OVER_OPENSSL, MOST_GROWTH = 250, 1.7, 20, 1.1


def verify(folder: Path, output: Path, jobs: int) -> tuple[float, float]:
    """Seconds, and megabytes of the parent at its peak."""
    command = [sys.executable, "-m", "pecverify", "verify", str(folder), "--jobs", str(jobs), "--format", "jsonl"]
    options = ["-o", str(output), "--trust", str(ROOT / "fixtures/trust/test-ca.pem"), "--no-trust-folder"]
    start = perf_counter()
    process = subprocess.Popen([*command, *options], cwd=ROOT, stderr=subprocess.DEVNULL)
    peak = 0.0
    while process.poll() is None:
        peak = max(peak, resident_megabytes(process.pid))
        try:
            process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    return perf_counter() - start, peak


def resident_megabytes(pid: int) -> float:
    """The peak of a running process alone, not of its workers (Linux)."""
    try:
        status = Path(f"/proc/{pid}/status").read_text("ascii")
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1e3 for line in status.splitlines() if line.startswith("VmHWM")), 0.0)


def check_answers(output: Path, expected: dict[str, bool]) -> bool:
    """Whether every message is reported exactly once, with its verdict."""
    seen: Counter[str] = Counter()
    right = 0
    with output.open("rb") as lines:
        for line in lines:
            answer = json.loads(line)
            path = answer["origin"]["path"]
            seen[path] += 1
            right += (answer["report"]["verdict"] == "valid") == expected[path]
    return seen == Counter(dict.fromkeys(expected, 1)) and right == len(expected)


def by_openssl(files: list[str]) -> float:
    """Seconds of a shell loop over some of them."""
    start = perf_counter()
    subprocess.run(["bash", "-c", OPENSSL_LOOP, "loop", *files], check=False)
    return perf_counter() - start


def run(count: int, work: Path) -> bool:
    """Print the table; whether every bound is kept."""
    output = work / "answers.jsonl"
    small, whole = work / "small", work / "whole"
    write_folder(small, count // 10)
    expected = write_folder(whole, count)
    size = sum(os.path.getsize(path) for path in expected)  # noqa: PTH202 (a hundred thousand names)
    print(f"archive of {count:,} receipts, {size / 1e9:.2f} GB")
    _, small_peak = verify(small, output, 2)
    times: dict[int, list[float]] = {1: [], 2: []}
    peaks: list[float] = []
    complete = True
    for _ in range(ROUNDS):
        for jobs, spent in times.items():
            seconds, peak = verify(whole, output, jobs)
            spent.append(seconds)
            complete &= check_answers(output, expected)
            if jobs > 1:
                peaks.append(peak)
    one, two = (statistics.median(spent) for spent in times.values())
    some = list(expected)[:: max(1, count // BY_OPENSSL)]
    per_second = len(some) / by_openssl(some)
    speedup, over, growth = one / two, count / two / per_second, max(peaks) / small_peak
    row("  one process", count / one, "/s")
    row("  two processes", count / two, "/s")
    row("  ratio", speedup, "x", f"at least {LEAST_SPEEDUP}")
    row("  a shell loop over `openssl cms -verify`", per_second, "/s")
    row("  ratio of two processes to it", over, "x", f"at least {LEAST_OVER_OPENSSL}")
    row("  parent's memory at its peak, a tenth of the archive", small_peak, "MB")
    row("  parent's memory at its peak, all of it", max(peaks), "MB", f"under {MOST_MEGABYTES}")
    row("  ratio", growth, "x", f"at most {MOST_GROWTH}")
    print(f"  every receipt reported exactly once, with its verdict: {'yes' if complete else 'NO'}")
    kept = speedup >= LEAST_SPEEDUP and over >= LEAST_OVER_OPENSSL and growth <= MOST_GROWTH
    return complete and kept and max(peaks) < MOST_MEGABYTES


def main() -> int:
    """Make the archive where it was asked for, and measure."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    if len(sys.argv) > 2:  # noqa: PLR2004 (a folder is named)
        return int(not run(count, Path(sys.argv[2])))
    with tempfile.TemporaryDirectory() as folder:
        return int(not run(count, Path(folder)))


if __name__ == "__main__":
    sys.exit(main())
