"""How much memory receipts take until they are reconciled, and how long it takes.

    python benchmarks/exchange.py

Prints a table; nothing passes or fails. Reports are made from verified ones with other identifiers, since 100,000
signatures would take longer than all the rest. Figures of one run are in docs/exchange.md.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import sys
import tracemalloc
from collections.abc import Iterator  # noqa: TC003
from pathlib import Path
from time import perf_counter
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.measure import row  # noqa: E402 (needs the path above)
from pecverify import Report  # noqa: E402, TC001
from pecverify.archive import Answer, Origin  # noqa: E402
from pecverify.exchange import reconcile  # noqa: E402
from pecverify.receipt import CertifiedReceipt  # noqa: E402
from tests.exchanges import Letter, examine, many  # noqa: E402

RECEIPTS = 100_000


def answers(recipients: int) -> Iterator[Answer]:
    """Receipts of as many messages as it takes, each with an acceptance and a delivery for each recipient."""
    letter = Letter(recipients=many(recipients))
    verified = [examine(letter.acceptance())[1], *(examine(letter.delivery(each))[1] for each in letter.recipients)]
    for number in range(RECEIPTS):
        message, part = divmod(number, len(verified))
        path = f"/archive/2024/{message:06}/{part:03}.eml"
        yield Answer(origin=Origin(path=path, sha256=f"{number:064x}"), result=renamed(verified[part], message))


def renamed(report: Report, message: int) -> Report:
    """The same report about another message, nothing in it shared with the first."""
    receipt = report.receipt
    assert isinstance(receipt, CertifiedReceipt)
    recipients = tuple(dataclasses.replace(each, address=f"{each.address}.{message}") for each in receipt.recipients)
    changed = {
        "pec_id": f"opec210312.{message}@pec.gestore-a.example",
        "message_id": f"{message}@client.example",
        "recipients": recipients,
    }
    if hasattr(receipt, "delivered_to"):
        changed["delivered_to"] = f"{receipt.delivered_to}.{message}"
    return dataclasses.replace(report, receipt=dataclasses.replace(receipt, **changed))  # type: ignore[arg-type]


def rows(recipients: int) -> Iterator[Any]:
    """The same from the JSON of an archive run."""
    return (json.loads(json.dumps(answer.to_dict())) for answer in answers(recipients))


def measure(what: str, recipients: int, source: Any) -> None:  # noqa: ANN401 (a generator function)
    """One run, in time; and one more, in memory."""
    start = perf_counter()
    exchanges = reconcile(source(recipients))
    spent = perf_counter() - start
    del exchanges
    tracemalloc.start()
    exchanges = reconcile(source(recipients))
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    print(f"{what}: {RECEIPTS} receipts of {len(exchanges)} messages to {recipients} recipients")
    row("  seconds, making the input included", spent, "s")
    row("  held afterwards, by tracemalloc", held / 2**20, "MiB")
    row("  held at most", peak / 2**20, "MiB")
    row("  a receipt", held / RECEIPTS, "B")


if __name__ == "__main__":
    for count in (1, 3, 200):
        measure("answers", count, answers)
    measure("rows", 1, rows)
    row("the process at most (ru_maxrss)", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, "MiB")
