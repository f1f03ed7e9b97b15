"""Whole messages, signed again before they are verified: what lies behind digest and signature.

    python -m fuzz.fuzz_signed /tmp/corpus/signed -max_total_time=3600

The input is a message. Its signed part and its signed attributes, whatever a mutation made of them, get a digest and a
signature that hold, with a provider's key. Nothing is raised. A receipt is a function of what was signed: the same
entity in another wrapping gives the same receipt, and what it says stands in one daticert.xml of it.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING

from fuzz.common import check, fuzz
from fuzz.fuzz_mime import LONGEST, POLICIES, STORE
from fuzz.mutators.mime import mutate_message, read_entity
from fuzz.seeds import messages
from fuzz.signing import SignedMessage, sign_message
from pecverify import Report, Verdict, verify_receipt
from pecverify.receipt import CertifiedReceipt
from tests.messages import Message

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fuzz.mutators.mime import Entity

_NAMES = (rb"daticert\.xml", rb"certdata\.xml")


def _check_receipt(message: SignedMessage, report: Report) -> None:
    if not isinstance(report.receipt, CertifiedReceipt):
        return
    # With a header that claims something else than nearly every seed's.
    wrapped_anew = Message(kind="posta-certificata", form="breve", entity=lambda _: message.signed).build()
    anew = verify_receipt(wrapped_anew, trust=STORE)
    check("the same entity gives the same receipt", anew.receipt == report.receipt)
    if report.verdict is not Verdict.VALID:
        return
    documents = list(_certification_data(read_entity(message.signed)))
    check("there is one daticert.xml", len(documents) <= 1)  # none: its name is written in a way that is not seen here
    kind = report.receipt.kind.value.encode()
    check("what kind it is stands in the signed part", any(kind in body for body in _bodies(message.signed)))
    if report.original_span is not None:
        start, stop = report.original_span
        check(
            "the original lies in the signed part",
            message.start <= start <= stop <= message.start + len(message.signed),
        )


def _certification_data(entity: Entity) -> Iterator[Entity]:
    """The parts by that name, not those of messages inside."""
    header = b"".join(entity.fields).lower()
    if b"multipart/" in header:
        for part in entity.parts:
            yield from _certification_data(part)
    elif any(re.search(rb"name=" + name, header.replace(b'"', b"")) for name in _NAMES):
        yield entity


def _bodies(entity: bytes) -> list[bytes]:
    """All of an entity, as it is and with base64 undone, by a reader of its own."""
    bodies = [entity]
    for part in read_entity(entity).walk():
        for piece in part.pieces:
            if isinstance(piece, bytes):
                try:
                    bodies.append(base64.b64decode(piece))
                except ValueError:
                    continue
    return bodies


def test_one_input(data: bytes) -> None:
    """One message."""
    message = sign_message(data)
    if message is None:
        return
    for policy in POLICIES:
        report = verify_receipt(message.data, trust=STORE, policy=policy)
        report.to_dict()
        if report.verdict is Verdict.VALID:
            check("a VALID report has a receipt", report.receipt is not None)
            check("a VALID report has a recognised signer", report.signer is not None and report.signer.recognised_by)
        _check_receipt(message, report)


if __name__ == "__main__":
    fuzz(test_one_input, dictionary="mime", longest=LONGEST, mutate=mutate_message, donors=messages())
