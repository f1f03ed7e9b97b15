"""One message of an archive, from where it lies to its answer: what a worker does."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from pecverify._findings import found, with_note
from pecverify.archive._mbox import unquoted
from pecverify.archive._names import OUTLOOK_START
from pecverify.archive._streams import ArchiveError, unpack_message
from pecverify.archive.answer import Answer, Cause, Unverified, explain
from pecverify.archive.limits import ArchiveLimits
from pecverify.policy import Policy
from pecverify.reasons import Reason
from pecverify.trust import TrustStore
from pecverify.verify import verify_nested, verify_receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from pecverify.archive.piece import Piece
    from pecverify.report import Report

_CARRIER_REASONS = frozenset({Reason.NOT_PEC, Reason.NESTED_RECEIPT})


@dataclass(frozen=True, kw_only=True)
class Examiner:
    """Verifies one message after another, with one trust store that remembers."""

    trust: TrustStore = field(default_factory=TrustStore.default)
    """Who may sign."""
    policy: Policy = field(default_factory=Policy)
    """At which instant, with which algorithms and limits."""
    archive_limits: ArchiveLimits = field(default_factory=ArchiveLimits)
    """For messages that are compressed."""
    nested: bool = False
    """Whether to verify the receipts inside each message too."""

    def examine(self, piece: Piece | Answer) -> Answer | None:
        """The answer about one message; None if a former run gave it. What is an answer already stays as it is."""
        if isinstance(piece, Answer):
            return piece
        return self._guarded(piece, lambda: self._examine(piece, self._read(piece)))

    def examine_and_keep(self, piece: Piece) -> tuple[Answer | None, bytes]:
        """The same with the message's bytes, transfer compression undone; a message cut at the limit has no report."""
        data = b""

        def examine() -> Answer | None:
            nonlocal data
            data = self._read(piece)
            if len(data) > self.policy.limits.message_bytes:
                raise ArchiveError(Cause.LIMIT_EXCEEDED, f"more than {self.policy.limits.message_bytes} bytes")
            return self._examine(piece, data)

        return self._guarded(piece, examine), data

    def examine_kept(self, piece: Piece, data: bytes) -> Answer | None:
        """The answer about bytes that `examine_and_keep` gave: compressed no more, whatever they begin with."""
        return self._guarded(piece, lambda: self._examine(piece, data))

    def _guarded(self, piece: Piece, examine: Callable[[], Answer | None]) -> Answer | None:
        try:
            return examine()
        except ArchiveError as error:
            result = error.as_value()
        except MemoryError:  # the next message may be smaller
            result = Unverified(cause=Cause.LIMIT_EXCEEDED, detail="too little memory")
        except (OSError, ValueError) as error:
            result = Unverified(cause=Cause.UNREADABLE, detail=explain(error))
        except Exception as error:  # noqa: BLE001 (a defect of ours must not cost the run its other answers)
            result = Unverified(cause=Cause.DEFECT, detail=f"{type(error).__name__}: {error}")
        return Answer(origin=piece.origin, result=result)

    def _examine(self, piece: Piece, data: bytes) -> Answer | None:
        origin = replace(piece.origin, sha256=hashlib.sha256(data).hexdigest())
        if origin.sha256 == piece.finished_sha256:
            return None
        if data.startswith(OUTLOOK_START):
            return Answer(origin=origin, result=self._verify_outlook(data))
        report = self._verify_quoted(data) if piece.from_mbox else self._verify(data)
        nested = verify_nested(data, trust=self.trust, policy=self.policy) if self.nested else ()
        reasons = {finding.reason for finding in report.decisive_findings}
        return Answer(
            origin=origin, result=report, nested=nested, is_carrier=bool(nested) and reasons <= _CARRIER_REASONS
        )

    def _read(self, piece: Piece) -> bytes:
        limit = self.policy.limits.message_bytes
        data = piece.content
        if data is None:
            with open(piece.origin.path, "rb") as file:  # noqa: PTH123 (a hostile name stays text)
                data = file.read(limit + 1)
        return unpack_message(data, limit, self.archive_limits)

    def _verify(self, data: bytes) -> Report:
        return verify_receipt(data, trust=self.trust, policy=self.policy)

    def _verify_quoted(self, data: bytes) -> Report:
        """As it lies there; if its digest fails, what it may have been before an mbox program quoted lines of it."""
        report = self._verify(data)
        if all(finding.reason is not Reason.DIGEST_MISMATCH for finding in report.findings):
            return report
        for candidate in unquoted(data):
            second = self._verify(candidate)
            if second.receipt is not None:  # its digest and signature hold
                return with_note(second, found(Reason.MBOX_QUOTING_UNDONE))
        return report

    def _verify_outlook(self, data: bytes) -> Report | Unverified:
        try:
            from pecverify.archive.outlook import (  # noqa: PLC0415 (an extra)
                OutlookError,
                annotate,
                read_outlook_message,
            )
        except ImportError:
            raise ArchiveError(Cause.EXTRA_MISSING, "it takes pip install 'pecverify[msg]'") from None
        try:
            message = read_outlook_message(data, self.policy.limits)
        except OutlookError as error:
            return Unverified(cause=error.cause, detail=error.detail)
        return annotate(self._verify(message.data), message)
