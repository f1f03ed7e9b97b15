"""What comes of one message of an archive: where it lay, and its report or why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pecverify.report import JsonValue, Report


class Cause(StrEnum):
    """Why something in an archive was not verified."""

    UNREADABLE = "unreadable"
    """The system refused to read it, or it vanished."""
    DAMAGED = "damaged"
    """The archive or the compressed file is not what its format says, here or from here on."""
    ORIGINAL_LOST = "original-lost"
    """It is an Outlook file in which the message, as it was sent, is no longer."""
    ENCRYPTED = "encrypted"
    """It is protected by a password."""
    LINK = "link"
    """It is a link inside an archive: no link is followed there."""
    LIMIT_EXCEEDED = "limit-exceeded"
    """It holds more than `ArchiveLimits` allow, or unpacks to more."""
    EXTRA_MISSING = "extra-missing"
    """It takes a library that is not installed."""
    DEFECT = "defect"
    """pecverify itself failed over it, which it must not: please report it, with the message if you can."""
    WORKER_DIED = "worker-died"
    """The process that verified it ended, and again when it was tried by itself."""


def explain(error: OSError | ValueError) -> str:
    """What the system says about a failure, without the file's name in it."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a message lay. Two messages of one run have different origins."""

    path: str
    """The file, as it was named or found; `-` is standard input. Undecodable bytes are surrogate escapes (PEP 383)."""
    member: str | None = None
    """Its name inside the archive; inside an archive in an archive the names are joined by `!/`. Hostile text."""
    offset: int | None = None
    """The byte at which it begins in a file of many messages (mbox), and at which its entry begins in an archive; None
    for a file of its own."""
    sha256: str | None = None
    """Of the message's bytes as they lay there, transfer compression undone; None where they could not be read."""

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `$defs/origin` of `pecverify/data/answer.schema.json`."""
        return {"path": self.path, "member": self.member, "offset": self.offset, "sha256": self.sha256}


@dataclass(frozen=True, slots=True, kw_only=True)
class Unverified:
    """Something of an archive that could not be verified, as a value: it never stops the run."""

    cause: Cause
    """Why."""
    detail: str
    """What the system or the reader said. Hostile text: escape it before you print it."""

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `$defs/unverified` of `pecverify/data/answer.schema.json`."""
        return {"cause": self.cause.value, "detail": self.detail}


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came of one message."""

    origin: Origin
    """Where it lay."""
    result: Report | Unverified
    """Its report, or why there is none."""
    nested: tuple[Report, ...] = ()
    """The reports of the receipts inside it, where they were asked for: `taken_from` says where each lay."""
    is_carrier: bool = False
    """Whether it is ordinary mail that merely carries receipts: then those count, and it does not."""

    @property
    def counted(self) -> tuple[Report, ...]:
        """The reports that the run's outcome rests on."""
        own = () if self.is_carrier or isinstance(self.result, Unverified) else (self.result,)
        return (*own, *self.nested)

    def to_dict(self) -> dict[str, JsonValue]:
        """JSON values, in the shape of `pecverify/data/answer.schema.json`: with `report` or `unverified`, one null."""
        unverified = isinstance(self.result, Unverified)
        return {
            "origin": self.origin.to_dict(),
            "report": None if unverified else self.result.to_dict(),
            "unverified": self.result.to_dict() if unverified else None,
            "nested": [report.to_dict() for report in self.nested],
            "is_carrier": self.is_carrier,
        }
