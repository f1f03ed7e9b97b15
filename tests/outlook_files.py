"""Outlook's `.msg` files (MS-OXMSG), made by code from messages."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.compound_file import Storage, compound_file

CLEAR_SIGNED, OPAQUE, PLAIN = "IPM.Note.SMIME.MultipartSigned", "IPM.Note.SMIME", "IPM.Note"
LONG, BINARY, TIME, UNICODE, STRING8, OBJECT = 0x0003, 0x0102, 0x0040, 0x001F, 0x001E, 0x000D
MESSAGE_CLASS, SUBJECT, TRANSPORT_HEADERS, BODY, STORE_MASK = 0x001A, 0x0037, 0x007D, 0x1000, 0x340D
DELIVERED_AT = 0x0E06
ATTACH_DATA, ATTACH_NAME, ATTACH_METHOD, ATTACH_LONG_NAME, ATTACH_TYPE = 0x3701, 0x3704, 0x3705, 0x3707, 0x370E
BY_VALUE, EMBEDDED = 1, 5
READABLE_WRITABLE = 6
STORE_UNICODE = 0x00040000
_WINDOWS_EPOCH = datetime(1601, 1, 1, tzinfo=UTC)
_ENTITY_FIELDS = re.compile(rb"^(?:Content-|MIME-Version)[^\n]*\n(?:[ \t][^\n]*\n)*", re.MULTILINE | re.IGNORECASE)

Value = int | str | bytes | datetime


@dataclass(frozen=True, kw_only=True)
class OutlookFile:
    """One `.msg` file; the defaults are a clear-signed message without anything in it."""

    entity: bytes | None = b""
    """The attachment's data; None for an attachment that is a message taken apart."""
    headers: str | bytes | None = None
    """The transport's header fields; bytes where the file holds 8-bit texts."""
    message_class: str | bytes | None = CLEAR_SIGNED
    attachments: int = 1
    subject: str = "Oggetto"
    received_at: datetime = field(default=datetime(2024, 3, 15, 9, 20, 31, tzinfo=UTC))
    more: Storage = field(default_factory=dict)
    """Further streams and storages of the message."""
    sector_bytes: int = 512

    def build(self) -> bytes:
        message: dict[int, Value] = {SUBJECT: self.subject, STORE_MASK: STORE_UNICODE, DELIVERED_AT: self.received_at}
        if self.message_class is not None:
            message[MESSAGE_CLASS] = self.message_class
        if self.headers is not None:
            message[TRANSPORT_HEADERS] = self.headers
        # Identifiers of the next recipient and attachment, and how many of each there are.
        counts = struct.pack("<8xLLLL8x", 0, self.attachments, 0, self.attachments)
        content: dict[str, bytes | Storage] = {
            "__nameid_version1.0": {f"__substg1.0_{tag:04X}0102": b"" for tag in (2, 3, 4)},
            **properties(message, counts),
            **self.more,
        }
        for number in range(self.attachments):
            content[f"__attach_version1.0_#{number:08X}"] = self._attachment()
        return compound_file(content, sector_bytes=self.sector_bytes)

    def _attachment(self) -> Storage:
        names: dict[int, Value] = {ATTACH_NAME: "smime.p7m", ATTACH_LONG_NAME: "smime.p7m"}
        if self.entity is None:
            inner = properties({MESSAGE_CLASS: PLAIN, SUBJECT: "taken apart"}, bytes(24))
            return {
                **properties({ATTACH_METHOD: EMBEDDED, **names}, bytes(8)),
                f"__substg1.0_{ATTACH_DATA:04X}{OBJECT:04X}": inner,
            }
        data: dict[int, Value] = {ATTACH_METHOD: BY_VALUE, ATTACH_DATA: self.entity, ATTACH_TYPE: "multipart/signed"}
        return properties({**data, **names}, bytes(8))


def properties(values: dict[int, Value], header: bytes) -> dict[str, bytes | Storage]:
    """The streams of some properties, and the stream that lists them (MS-OXMSG §2.4)."""
    streams: dict[str, bytes | Storage] = {}
    rows = b""
    for tag, value in sorted(values.items()):
        if isinstance(value, int | datetime):
            kind = LONG if isinstance(value, int) else TIME
            number = value if isinstance(value, int) else (value - _WINDOWS_EPOCH).total_seconds() * 10_000_000
            rows += struct.pack("<HHLQ", kind, tag, READABLE_WRITABLE, int(number))
            continue
        is_data = tag == ATTACH_DATA
        kind, content, terminator = (
            (UNICODE, value.encode("utf-16-le", "surrogatepass"), 2)
            if isinstance(value, str)
            else (BINARY if is_data else STRING8, value, 0 if is_data else 1)
        )
        streams[f"__substg1.0_{tag:04X}{kind:04X}"] = content
        rows += struct.pack("<HHLLL", kind, tag, READABLE_WRITABLE, len(content) + terminator, 0)
    return {"__properties_version1.0": header + rows, **streams}


def taken_apart(message: bytes) -> tuple[str, bytes]:
    """The transport's header fields and the entity, as Exchange keeps them of a clear-signed message."""
    header, blank, body = message.partition(b"\r\n\r\n")
    lines = header + b"\r\n"
    entity = b"".join(field for field in _ENTITY_FIELDS.findall(lines) if not field.lower().startswith(b"mime-version"))
    return lines.decode("utf-8"), entity + blank[2:] + body


def outlook_file(message: bytes) -> bytes:
    """The `.msg` file of a clear-signed message."""
    headers, entity = taken_apart(message)
    return OutlookFile(entity=entity, headers=headers).build()
