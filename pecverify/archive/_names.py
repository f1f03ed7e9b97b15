"""What a file is: by its name where that is plain, else by how it begins.

An archive holds more than mail. What is named by the user is always looked at; what merely lies in a folder or an
archive must look like a message or like an archive.
"""

from __future__ import annotations

import re
from enum import Enum, auto

HEAD_BYTES = 8192
"""How much of a file's beginning `kind_by_content` wants."""


class Kind(Enum):
    """What a file is for an archive run."""

    MESSAGE = auto()
    """One message; compressed or in Outlook's form, perhaps."""
    MBOX = auto()
    """Messages one after another."""
    ZIP = auto()
    TAR = auto()
    """Compressed or not."""
    COMPRESSED = auto()
    """Something else than a message that is compressed: its name without the ending says what."""
    OTHER = auto()
    """No mail."""


COMPRESSIONS = (".gz", ".bz2", ".xz", ".zst")
_BY_ENDING = {
    Kind.MESSAGE: (".eml", ".msg", *(f".eml{ending}" for ending in COMPRESSIONS)),
    Kind.MBOX: (".mbox", ".mbx"),
    Kind.ZIP: (".zip",),
    Kind.TAR: (".tar", *(f".tar{ending}" for ending in COMPRESSIONS), ".tgz", ".tbz2", ".txz", ".tzst"),
    Kind.COMPRESSED: COMPRESSIONS,
}
_ZIP_STARTS = (b"PK\x03\x04", b"PK\x05\x06")
_COMPRESSED_STARTS = {b"\x1f\x8b": ".gz", b"BZh": ".bz2", b"\xfd7zXZ\x00": ".xz", b"\x28\xb5\x2f\xfd": ".zst"}
OUTLOOK_START = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TAR_MAGIC = b"ustar"
_TAR_MAGIC_AT = 257
_FIELD = re.compile(rb"[!-9;-~]{1,76}[ \t]*:")
# Fields that mail has and that no configuration file or text begins with.
_MAIL_FIELD = re.compile(
    rb"^(?:received|return-path|delivered-to|message-id|mime-version|dkim-signature|x-ricevuta|x-trasporto)[ \t]*:",
    re.IGNORECASE | re.MULTILINE,
)
_FROM_LINE = b"From "


def kind_by_name(name: str) -> Kind | None:
    """What a name says; None if it says nothing."""
    lowered = name.lower()
    return next((kind for kind, endings in _BY_ENDING.items() if lowered.endswith(endings)), None)


def without_compression(name: str) -> str:
    """The name of what is in a compressed file: `a.mbox.gz` holds `a.mbox`."""
    lowered = name.lower()
    return next((name[: -len(ending)] for ending in COMPRESSIONS if lowered.endswith(ending)), name)


def kind_by_content(head: bytes) -> Kind:
    """What a file is by its first `HEAD_BYTES` bytes."""
    if head.startswith(_ZIP_STARTS):
        return Kind.ZIP
    if head[_TAR_MAGIC_AT:].startswith(_TAR_MAGIC):
        return Kind.TAR
    if compression_of(head) is not None:
        return Kind.COMPRESSED
    if head.startswith(OUTLOOK_START):
        return Kind.MESSAGE
    if head.startswith(_FROM_LINE):
        return Kind.MBOX
    return Kind.MESSAGE if _FIELD.match(head) and _MAIL_FIELD.search(head) else Kind.OTHER


def compression_of(head: bytes) -> str | None:
    """The ending of the compression that a file begins with; None if it is not compressed. No message begins so."""
    return next((ending for start, ending in _COMPRESSED_STARTS.items() if head.startswith(start)), None)
