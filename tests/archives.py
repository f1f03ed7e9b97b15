"""Archives of receipts: mixed kinds and sizes, a few damaged or no mail, the same every time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from fixtures.catalogue.kinds import ANOMALY, BRIEF, CONCISE, DELAY, DELIVERY, ENVELOPE, FAILURE, TAKEN
from tests.messages import Message, original_message
from tests.pki import base64_lines

ODD_ONE_IN = 1_000
"""One message of so many is damaged or no mail."""
_PER_FOLDER = 1_000
_ATTACHED_BYTES = (3_000, 12_000, 30_000, 60_000)
"""Sizes of attachments: with base64 and the rest, deliveries of 10 to 90 kB."""


def signed_messages() -> tuple[bytes, ...]:
    """Receipts of every kind, as often as they occur: acceptances and deliveries more than the rest."""
    large = [replace(DELIVERY, original=original_message(attachment=_attachment(size))) for size in _ATTACHED_BYTES]
    kinds = [Message(), DELIVERY, Message(), large[0], Message(), large[1], CONCISE, large[2], Message(), large[3]]
    rare = [BRIEF, FAILURE, DELAY, TAKEN, ENVELOPE, ANOMALY]
    return tuple(message.build() for message in (*kinds, *kinds, *kinds, *rare))


def messages(count: int) -> Iterator[tuple[str, bytes, bool]]:
    """`count` messages, no two the same: name, bytes, and whether it is VALID (with the test authority)."""
    signed = signed_messages()
    for number in range(count):
        name = f"{number // _PER_FOLDER:04}/{number:07}.eml"
        stamp = f"X-Archive-Number: {number}\r\n".encode()  # unsigned: it changes the file and nothing else
        data = stamp + signed[number % len(signed)]
        if number % ODD_ONE_IN != ODD_ONE_IN // 2:
            yield name, data, True
        elif number % (2 * ODD_ONE_IN) < ODD_ONE_IN:
            yield name, data[: len(data) * 2 // 3], False
        else:
            yield name, f"no mail, number {number}".encode(), False


def write_folder(folder: Path, count: int) -> dict[str, bool]:
    """Write them as files; returns each path with whether the message is VALID."""
    expected = {}
    for name, data, is_valid in messages(count):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        expected[str(path)] = is_valid
    return expected


def _attachment(size: int) -> bytes:
    head = b'Content-Type: application/pdf; name="a.pdf"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    return head + base64_lines(hashlib.shake_256(b"attachment").digest(size), 76)
