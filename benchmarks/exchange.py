"""How much memory receipts take until they are reconciled, and how long it takes.

    python benchmarks/exchange.py

Prints a table; nothing passes or fails. Reports are made from verified ones with other identifiers, since 100,000
signatures would take longer than all the rest. Figures of one run are in docs/exchange.md.
"""

from __future__ import annotations

import dataclasses
import json
import resource
import subprocess
import sys
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


def measure(what: str, recipients: int) -> None:
    """One run in a process of its own: how long it took, and by how much the process grew."""
    source = {"answers": answers, "rows": rows}[what]
    next(source(recipients))  # keys, certificates and modules are loaded
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = perf_counter()
    exchanges = reconcile(source(recipients))
    spent = perf_counter() - start
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    print(f"{what}: {RECEIPTS} receipts of {len(exchanges)} messages to {recipients} recipients")
    row("  seconds, making the input included", spent, "s")
    row("  the process grew by", grown / 1024, "MiB")
    row("  a receipt", grown * 1024 / RECEIPTS, "B")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        measure(sys.argv[1], int(sys.argv[2]))
    else:
        for case in (("answers", "1"), ("answers", "3"), ("answers", "200"), ("rows", "1")):
            subprocess.run([sys.executable, __file__, *case], check=True)
