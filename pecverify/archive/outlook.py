"""Outlook's `.msg` files: the signed entity that they keep, under the header fields that it came with.

Of most mail such a file holds properties, not the bytes that were sent. Of a clear-signed message it keeps the whole
multipart/signed entity, byte for byte, as the data of its one attachment; the header fields above it are a text among
the properties. Both together are a message that can be verified. Its signed part is what was signed; its header is not
the original one, and the report says so.

Needs the extra `msg` (olefile): without it, importing this module raises ImportError.
"""

from __future__ import annotations

import io
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import olefile

from pecverify._findings import found, with_note
from pecverify._header import MimeError
from pecverify._mime import read_part
from pecverify.archive.answer import Cause
from pecverify.errors import PecverifyError
from pecverify.reasons import Reason

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pecverify._header import Header
    from pecverify.policy import Limits
    from pecverify.report import Report

_SIGNED_CLASSES = (".smime.multipartsigned", ".smime")
"""How the class of a signed message ends; the second is that of opaque-signed and encrypted ones, and of clear-signed
ones from some versions of Exchange."""
_MESSAGE_CLASS, _TRANSPORT_HEADERS = "001A", "007D"
_ATTACHMENT = "__attach_version1.0_#"
_ATTACHMENT_DATA = "__substg1.0_37010102"
_MOST_ENTRIES = 10_000
"""Streams and storages of one file: room for an envelope to some 500 recipients; olefile's cost grows with their
square."""
_CLASS_BYTES = 1_000
_HEADER_OF_FILE = 512
_FAT_SECTORS_IN_HEADER = 109
_CAUSES = {Reason.LIMIT_EXCEEDED: Cause.LIMIT_EXCEEDED, Reason.NOT_A_MESSAGE: Cause.ORIGINAL_LOST}
_FIELD = re.compile(r"([!-9;-~]{1,200}):[^\n]*(?:\n[ \t][^\n]*)*")
_UNREADABLE = re.compile(r"[\r\0]|\n[ \t]+(?:\n|\Z)")
"""What no header may hold (NUL, a bare CR, a fold of blanks alone), whatever follows it."""
_OF_ENTITY = re.compile(r"content-.*|mime-version", re.IGNORECASE | re.DOTALL)
_NO_FIELD = "a line that is no field"


class OutlookError(PecverifyError):
    """There is nothing in the file that could be verified."""

    def __init__(self, cause: Cause, detail: str) -> None:
        super().__init__(cause, detail)
        self.cause = cause
        """DAMAGED, LIMIT_EXCEEDED, or ORIGINAL_LOST: the message as it was sent is not in the file."""
        self.detail = detail
        """What is wrong. It may quote the file: hostile text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookMessage:
    """A message put together from an Outlook file."""

    data: bytes
    """Header fields of the transport, then the signed entity as the file holds it: give it to `verify_receipt`."""
    has_transport_headers: bool
    """Whether the file holds header fields at all: messages that never went over SMTP have none."""
    left_out: tuple[str, ...]
    """Names of header fields that a message cannot hold as they are, in order. Hostile text."""


class _Text(NamedTuple):
    """A text among the properties."""

    value: str
    """Its characters."""
    encoding: str
    """In which its characters turn into bytes of a message."""


class _Container(olefile.OleFileIO):  # type: ignore[type-arg] # generic in its stubs, not at run time
    """A compound file with a bounded directory."""

    _entries_read = 0

    def _load_direntry(self, sid: int) -> olefile.olefile.OleDirectoryEntry[str]:
        self._entries_read += 1
        if self._entries_read > _MOST_ENTRIES:
            raise OutlookError(Cause.LIMIT_EXCEEDED, f"over {_MOST_ENTRIES} streams and storages")
        return super()._load_direntry(sid)


def read_outlook_message(data: bytes, limits: Limits) -> OutlookMessage:
    """Put a message together from the signed entity and the transport's header fields of an Outlook file.

    The entity's own header decides how its body is read: MIME-Version and Content-* fields of the transport are left
    out, and what the entity repeats word for word. No other field is: where the two contradict each other, or the
    signed data, the verdict says so. Without header fields there is no From: the verdict is INDETERMINATE at best
    (`from-missing`).

    Args:
        data: the bytes of the `.msg` file.
        limits: `message_bytes` bounds the file and the entity, `header_bytes` the header fields.

    Raises:
        OutlookError: no signed entity survived, the file is damaged, or a limit is exceeded. Nothing else on hostile
            input.

    Source: MS-OXOSMIME §2.1.3.1 (one attachment, the entity whole), MS-OXMSG §2.2 (names of storages and streams),
        MS-OXOMSG §2.2.1.61 (transport headers).
    """
    if len(data) > limits.message_bytes:
        raise OutlookError(Cause.LIMIT_EXCEEDED, f"file over {limits.message_bytes} bytes")
    _check_allocation_table(data)
    try:
        entity, headers = _read_container(data, limits)
    except OutlookError:
        raise
    except Exception as error:  # noqa: BLE001 (on a hostile file olefile raises whatever its code runs into)
        raise OutlookError(Cause.DAMAGED, f"{type(error).__name__}: {error}"[:200]) from None
    fields = _read_entity_header(entity, limits)
    if headers is None:
        return OutlookMessage(data=entity, has_transport_headers=False, left_out=())
    kept: list[bytes] = []
    left_out: list[str] = []
    for block in _blocks(headers.value):
        name, field = _represent(block, headers.encoding)
        if field is None:
            left_out.append(name)
        elif not _OF_ENTITY.fullmatch(name) and not _is_repeated(name, field, fields):
            kept.append(field)
    return OutlookMessage(data=b"".join((*kept, entity)), has_transport_headers=True, left_out=tuple(left_out))


def annotate(report: Report, message: OutlookMessage) -> Report:
    """The report on `message.data`, with the NOTE that its header is not the original one and what it lacks."""
    absent = None if message.has_transport_headers else "no header fields of the transport"
    if message.left_out:
        absent = f"left out: {', '.join(message.left_out)}"
    return with_note(report, found(Reason.HEADERS_NOT_ORIGINAL, actual=absent))


def _check_allocation_table(data: bytes) -> None:
    """Refuse a file whose header asks for more sectors of the allocation table than its size needs.

    olefile reads as many as it is told, the same ones again if need be, and copies what it has for each.

    Source: MS-CFB §2.2, §2.3.
    """
    if len(data) < _HEADER_OF_FILE:
        raise OutlookError(Cause.DAMAGED, "no compound file")
    (shift,) = struct.unpack_from("<H", data, 30)
    (sectors,) = struct.unpack_from("<L", data, 44)
    sector_bytes = 1 << min(max(shift, 9), 12)
    needed = len(data) // (sector_bytes * sector_bytes // 4) + 1
    if sectors > _FAT_SECTORS_IN_HEADER + needed:
        raise OutlookError(Cause.DAMAGED, f"an allocation table of {sectors} sectors")


def _read_container(data: bytes, limits: Limits) -> tuple[bytes, _Text | None]:
    """The attachment's data and the transport's header fields."""
    # As a file: bytes that are few olefile takes for a path.
    with _Container(io.BytesIO(data), raise_defects=olefile.DEFECT_INCORRECT) as container:
        message_class = _text(container, _MESSAGE_CLASS, _CLASS_BYTES)
        if message_class is None or not message_class.value.lower().endswith(_SIGNED_CLASSES):
            detail = "no message class" if message_class is None else f"message class {message_class.value}"[:200]
            raise OutlookError(Cause.ORIGINAL_LOST, f"{detail}: only of signed messages are the bytes kept")
        attachments = [
            path[0]
            for path in container.listdir(streams=False, storages=True)
            if len(path) == 1 and path[0].lower().startswith(_ATTACHMENT)
        ]
        if len(attachments) != 1:
            raise OutlookError(Cause.DAMAGED, f"a signed message with {len(attachments)} attachments instead of one")
        entity = _stream(container, [attachments[0], _ATTACHMENT_DATA], limits.message_bytes)
        if entity is None:
            raise OutlookError(Cause.ORIGINAL_LOST, "the attachment is none of bytes")
        return entity, _text(container, _TRANSPORT_HEADERS, limits.header_bytes)


def _text(container: _Container, tag: str, limit: int) -> _Text | None:
    """A property of the message: UTF-16, or 8-bit characters of a code page that is nobody's business here."""
    wide = _stream(container, [f"__substg1.0_{tag}001F"], 2 * limit)
    if wide is not None:
        return _Text(wide.decode("utf-16-le", "surrogatepass").rstrip("\0"), "utf-8")
    narrow = _stream(container, [f"__substg1.0_{tag}001E"], limit)
    return None if narrow is None else _Text(narrow.decode("latin-1").rstrip("\0"), "latin-1")


def _stream(container: _Container, path: list[str], limit: int) -> bytes | None:
    """The bytes of a stream; None if there is none at that place."""
    if container.get_type(path) != olefile.STGTY_STREAM:
        return None
    size = container.get_size(path)
    if size > limit:
        raise OutlookError(Cause.LIMIT_EXCEEDED, f"{path[-1]} over {limit} bytes")
    content = bytes(container.openstream(path).read())
    if len(content) != size:  # one size, 2^31 - 1, olefile takes for "not known"
        raise OutlookError(Cause.DAMAGED, f"{path[-1]} has {len(content)} bytes instead of {size}")
    return content


def _read_entity_header(entity: bytes, limits: Limits) -> Header:
    """The fields of the entity's own header. It begins with one: nothing before it can become part of it."""
    try:
        part = read_part(entity, (0, len(entity)), limits)
    except MimeError as error:
        detail = f"the attachment is no multipart/signed entity: {error.detail}"
        raise OutlookError(_CAUSES.get(error.reason, Cause.DAMAGED), detail) from None
    if part.media_type != "multipart/signed":
        raise OutlookError(Cause.ORIGINAL_LOST, f"the attachment is {part.media_type}, not multipart/signed"[:200])
    return part.header.fields


def _blocks(headers: str) -> Iterator[str]:
    """Each line with those that continue it, up to the first empty line: what some Exchanges put after it is body."""
    text = headers.replace("\r\n", "\n")
    stop = 0 if text.startswith("\n") else text.find("\n\n")
    lines = text if stop == -1 else text[:stop]
    yield from filter(None, re.split(r"\n(?![ \t])", lines))


def _represent(block: str, encoding: str) -> tuple[str, bytes | None]:
    """The name and the bytes of a field; no bytes where a message cannot hold it as it is."""
    match = _FIELD.fullmatch(block)
    if match is None or _UNREADABLE.search(block):
        return (_NO_FIELD if match is None else match[1]), None
    try:
        return match[1], block.replace("\n", "\r\n").encode(encoding) + b"\r\n"
    except UnicodeEncodeError:  # half a surrogate pair
        return match[1], None


def _is_repeated(name: str, field: bytes, fields: Header) -> bool:
    body = field[len(name) + 1 :].replace(b"\r\n", b"").strip(b" \t")
    return body in fields.bodies.get(name.lower().encode("ascii"), ())
