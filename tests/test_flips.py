"""Every byte of a small receipt of each kind, flipped: no signed byte can change, no other changes what is said.

The counts stand at the end of the test's output.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from fixtures.catalogue.kinds import ANOMALY, CONCISE, DELAY, ENVELOPE, FAILURE, TAKEN, VIRUS_FOUND
from pecverify import Limits, TrustStore, Verdict, verify_receipt
from pecverify._mime import read_signed_message
from tests.messages import Message
from tests.pki import authority

TRUST = TrustStore.from_certificates(authority())
SMALL = (
    Message(),
    Message(kind="non-accettazione", error="altro", error_detail="5.6.0 - Gestore A S.p.A. - x"),
    TAKEN,
    CONCISE,
    FAILURE,
    DELAY,
    VIRUS_FOUND,
    ENVELOPE,
    ANOMALY,
)


@pytest.mark.parametrize("message", SMALL, ids=lambda message: message.kind)
def test_every_byte(message: Message, record_property: Callable[[str, object], None]) -> None:
    data = message.build()
    genuine = verify_receipt(data, trust=TRUST)
    assert genuine.verdict is Verdict.VALID
    start, stop = read_signed_message(data, Limits()).signed.span
    counts: Counter[str] = Counter()
    for place in range(len(data)):
        flipped = data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]
        report = verify_receipt(flipped, trust=TRUST)
        if start <= place < stop:
            assert report.verdict is Verdict.INVALID, place
            counts["signed, all INVALID"] += 1
        elif report.verdict is not Verdict.VALID:
            counts["outside, refused"] += 1
        else:
            assert (report.receipt, report.signer) == (genuine.receipt, genuine.signer), place
            assert report.original == genuine.original, place
            counts["outside, the same is said"] += 1
    assert counts.total() == len(data)
    assert counts["signed, all INVALID"] == stop - start
    record_property("byte flips", counts)  # summed up in tests/conftest.py
