"""From a bundle back to receipts: is everything as it was, and does it come to the same?

The bundle is what a stranger sent. Nothing in it is believed: its manifest says what to compare, its trust facts are
for information, and what it derives from receipts is derived again.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import IO, TYPE_CHECKING, cast

from pecverify import __version__
from pecverify.archive import Answer, Examiner, Piece, Unverified, run_task
from pecverify.archive._streams import ArchiveError
from pecverify.bundle._container import Container
from pecverify.bundle._derived import Derived
from pecverify.bundle.errors import BundleError
from pecverify.bundle.manifest import (
    FROM_RECEIPTS,
    MANIFEST,
    TIMESTAMP,
    TRUST,
    FileEntry,
    Manifest,
    PolicyFacts,
    RecordedReceipt,
    digest_of,
)
from pecverify.bundle.outcome import (
    BundleCheck,
    FileCheck,
    FileState,
    ReceiptCheck,
    TimestampCheck,
    TimestampState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pecverify.archive import Item
    from pecverify.problem import Language

_MAXIMUM_TOKEN_BYTES = 1_000_000
_ABSENT = TimestampCheck(state=TimestampState.ABSENT)


def check_bundle(
    bundle: bytes | IO[bytes],
    *,
    examiner: Examiner | None = None,
    authority: Iterable[bytes] = (),
    jobs: int | None = 1,
) -> BundleCheck:
    """Verify a bundle again, offline, whoever sent it.

    Args:
        bundle: the zip; as a file, seekable.
        examiner: with what trust and policy to verify receipts: those with which the bundle was made, if it is to come
            to the same. Whether to look for receipts inside messages, the manifest says.
        authority: certificates of the timestamp's authority, each one PEM file or one certificate in DER. With them and
            a timestamp that holds, each receipt is also verified as proven to have existed at that instant.
        jobs: as for `verify_many`.

    Returns:
        What came of each file, of each receipt and of the timestamp. Nothing is raised on hostile content.

    Raises:
        ImportError: an authority is given and the extra `timestamp` is not installed.
        TrustListError: a certificate of the authority cannot be read.
    """
    file = io.BytesIO(bundle) if isinstance(bundle, bytes) else bundle
    try:
        container = Container(file)
        data, manifest = container.read_manifest()
    except BundleError as error:
        return BundleCheck(problem=str(error), manifest=None, files=(), receipts=(), timestamp=_ABSENT, differences=())
    chosen = replace(examiner or Examiner(), nested=manifest.nested)
    timestamp = _check_timestamp(container, data, tuple(authority))
    check = _Check(container, manifest, chosen, timestamp)
    receipts = check.verify_receipts(jobs)
    files = check.check_files()
    return BundleCheck(
        problem=None,
        manifest=manifest,
        files=files,
        receipts=receipts,
        timestamp=timestamp,
        differences=check.differences(),
    )


def _check_timestamp(container: Container, manifest: bytes, authority: tuple[bytes, ...]) -> TimestampCheck:
    if TIMESTAMP not in container.names:
        return _ABSENT
    if not authority:
        return TimestampCheck(state=TimestampState.NOT_VERIFIED)
    from pecverify.bundle.timestamp import TimestampError, verify_timestamp  # noqa: PLC0415 (an extra)

    try:
        token = container.read(TIMESTAMP, _MAXIMUM_TOKEN_BYTES)
        verified = verify_timestamp(token, manifest, authority)
    except ArchiveError as error:
        return TimestampCheck(state=TimestampState.REFUSED, reason=error.cause.value, detail=error.detail)
    except TimestampError as error:
        return TimestampCheck(state=TimestampState.REFUSED, reason=error.reason.value, detail=error.detail)
    return TimestampCheck(state=TimestampState.VERIFIED, at=verified.at, signer=verified.signer)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verified:
    """A receipt's answer, and the same with proof of its time."""

    answer: Answer
    proven: Answer | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Verification:
    """The task: verify a receipt again, once more with the proven instant if there is one."""

    examiner: Examiner
    proving: Examiner | None

    def __call__(self, item: Item, /) -> _Verified:
        if isinstance(item, Answer):  # its worker died
            return _Verified(answer=item, proven=None)
        data = item.content or b""
        # Never None: nothing was finished before.
        answer = cast("Answer", self.examiner.examine_kept(item, data))
        proven = None if self.proving is None else self.proving.examine_kept(item, data)
        return _Verified(answer=answer, proven=proven)


class _Check:
    """One bundle under check."""

    def __init__(self, container: Container, manifest: Manifest, examiner: Examiner, timestamp: TimestampCheck) -> None:
        self.container, self.manifest = container, manifest
        self.examiner, self.timestamp = examiner, timestamp
        self._derived = Derived()
        self._states: dict[str, FileCheck] = {}
        self._sent: list[RecordedReceipt] = []
        self._is_complete = False

    def verify_receipts(self, jobs: int | None) -> tuple[ReceiptCheck, ...]:
        """Each receipt whose bytes are those of the manifest, verified again."""
        at = self.timestamp.at
        policy = self.examiner.policy
        proving = None if at is None else replace(self.examiner, policy=replace(policy, at=None, existed_at=at))
        results = run_task(self._pieces(), _Verification(examiner=self.examiner, proving=proving), jobs=jobs)
        verified: dict[str, ReceiptCheck] = {}
        for number, result in enumerate(results):  # in the order in which the pieces were asked for
            receipt = self._sent[number]
            verified[receipt.file] = self._compare(receipt, result)
        unread = (receipt for receipt in self.manifest.receipts if receipt.file not in verified)
        verified |= {receipt.file: ReceiptCheck(recorded=receipt, found=None, proven=None) for receipt in unread}
        self._is_complete = len(self._sent) == len(verified)
        return tuple(verified[receipt.file] for receipt in self.manifest.receipts)

    def _pieces(self) -> Iterator[Piece]:
        entries = {entry.path: entry for entry in self.manifest.files}
        for receipt in self.manifest.receipts:
            data = self._read(entries[receipt.file])
            if data is not None:
                self._sent.append(receipt)
                yield Piece(origin=receipt.origin, content=data, from_mbox=receipt.from_mbox)

    def _read(self, entry: FileEntry) -> bytes | None:
        """The bytes of a receipt; None where they are not those of the manifest."""
        limit = self.examiner.policy.limits.message_bytes
        if entry.path not in self.container.names:
            self._note(entry.path, FileState.MISSING)
            return None
        if entry.size > limit:
            self._note(entry.path, FileState.UNREADABLE, f"more than {limit} bytes")
            return None
        try:
            data = self.container.read(entry.path, entry.size)
        except ArchiveError as error:
            self._note(entry.path, FileState.UNREADABLE, error.detail)
            return None
        if (len(data), digest_of(data)) != (entry.size, entry.sha256):
            self._note(entry.path, FileState.CHANGED)
            return None
        self._note(entry.path, FileState.INTACT)
        return data

    def _compare(self, receipt: RecordedReceipt, result: _Verified) -> ReceiptCheck:
        self._derived.add(result.answer)
        if isinstance(result.answer.result, Unverified):
            detail = result.answer.result.detail
            return ReceiptCheck(recorded=receipt, found=None, proven=None, detail=detail)
        return ReceiptCheck(
            recorded=receipt, found=_recorded(receipt, result.answer), proven=_recorded(receipt, result.proven)
        )

    def check_files(self) -> tuple[FileCheck, ...]:
        """Every file, by name; receipts must have been verified before."""
        for each in self.manifest.unverified:
            self._derived.add(each.answer)
        language: Language = "it" if self.manifest.language == "it" else "en"
        made = dict(self._derived.files(self.examiner.trust, now=self.manifest.now, language=language))
        for entry in self.manifest.files:
            if entry.path in made:
                self._check_derived(entry, made[entry.path])
        for name in self.container.names - self._states.keys():
            self._note(name, FileState.INTACT if name in (MANIFEST, TIMESTAMP) else FileState.EXTRA)
        return tuple(self._states[name] for name in sorted(self._states))

    def _check_derived(self, entry: FileEntry, made: bytes | None) -> None:
        if entry.path not in self.container.names:
            self._note(entry.path, FileState.MISSING)
            return
        try:
            found = self.container.fingerprint(entry.path, entry.size)
        except ArchiveError as error:
            self._note(entry.path, FileState.UNREADABLE, error.detail)
            return
        if found != (entry.size, entry.sha256):
            self._note(entry.path, FileState.CHANGED)
        elif made is not None and digest_of(made) == entry.sha256:
            self._note(entry.path, FileState.INTACT)
        elif made is None or (entry.path in FROM_RECEIPTS and not self._is_complete):
            self._note(entry.path, FileState.NOT_COMPARED)
        else:
            self._note(entry.path, FileState.NOT_REPRODUCED)

    def _note(self, path: str, state: FileState, detail: str | None = None) -> None:
        self._states[path] = FileCheck(path=path, state=state, detail=detail)

    def differences(self) -> tuple[str, ...]:
        """In what this check is made otherwise than the bundle was, as far as that is known."""
        own = PolicyFacts.of(self.examiner.policy)
        different = [f"policy.{name}" for name in own.differences(self.manifest.policy)]
        if self._states[TRUST].state is FileState.NOT_REPRODUCED:
            different.append("trust")
        if self.manifest.pecverify != __version__:
            different.append("pecverify")
        return tuple(different)


def _recorded(receipt: RecordedReceipt, answer: Answer | None) -> RecordedReceipt | None:
    if answer is None or isinstance(answer.result, Unverified):
        return None
    return RecordedReceipt.of(receipt.file, answer, answer.result, from_mbox=receipt.from_mbox)
