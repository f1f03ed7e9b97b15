"""From receipts to a bundle."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from datetime import UTC
from typing import IO, TYPE_CHECKING, cast

from pecverify import __version__
from pecverify.archive import Answer, Finder, Unverified, run_task
from pecverify.bundle._container import Writer
from pecverify.bundle._derived import Derived
from pecverify.bundle._origins import Origins
from pecverify.bundle.errors import BundleError
from pecverify.bundle.manifest import (
    FORMAT,
    MANIFEST,
    MAXIMUM_MANIFEST_BYTES,
    TRUST,
    FileEntry,
    Manifest,
    PolicyFacts,
    RecordedReceipt,
    RecordedUnverified,
    receipt_name,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from pecverify.archive import Examiner, Item, Source
    from pecverify.problem import Language


def make_bundle(  # noqa: PLR0913 (each has a default that is right for most)
    sources: Sequence[Source],
    file: IO[bytes],
    *,
    examiner: Examiner,
    now: datetime,
    finder: Finder | None = None,
    language: Language = "en",
    jobs: int | None = 1,
) -> Manifest:
    """Verify receipts and write them with what they prove into one zip.

    The same receipts, under the same names below their sources, with the same trust, policy, `now` and language, give
    the same bytes on every machine. Names of the folders above the sources are nowhere in it.

    Args:
        sources: files, folders and patterns, as for `verify_many`. The file that is written to is never one of them.
        file: where to; seekable.
        examiner: with what trust and policy. Its clock (`Policy.now`) is recorded like the rest.
        now: up to when a message without an outcome is pending, aware.
        finder: what to look for and within which limits; by default as the examiner has them.
        language: of the page.
        jobs: as for `verify_many`.

    Returns:
        The manifest, which names what could not be verified and is not in the bundle.

    Raises:
        ImportError: the extra `html` is not installed.
        BundleError: there are more receipts than a bundle holds.
        ValueError: `now` is naive.
    """
    if now.utcoffset() is None:
        message = "now must be an aware datetime"
        raise ValueError(message)
    _demand_page()
    chosen = finder or Finder(limits=examiner.policy.limits, archive_limits=examiner.archive_limits)
    writer, derived, origins = Writer(file), Derived(), Origins(sources)
    files: list[FileEntry] = []
    receipts: list[RecordedReceipt] = []
    unverified: list[RecordedUnverified] = []
    items = _without(file, chosen.find(sources))
    for found in run_task(items, _Examination(examiner), jobs=jobs):
        answer = replace(found.answer, origin=origins.relative(found.answer.origin))
        result = answer.result
        if isinstance(result, Unverified):
            unverified.append(RecordedUnverified(origin=answer.origin, cause=result.cause, detail=result.detail))
            continue
        name = receipt_name(len(receipts) + 1, found.data)
        files.append(writer.add(name, found.data))
        receipts.append(RecordedReceipt.of(name, answer, result, from_mbox=found.from_mbox))
        derived.add(answer)
    for each in unverified:  # after the receipts: in this order a check can make them again
        derived.add(each.answer)
    for name, data in derived.files(examiner.trust, now=now.astimezone(UTC), language=language):
        files.append(writer.add(name, data or b""))
    manifest = Manifest(
        format=FORMAT,
        pecverify=__version__,
        now=now.astimezone(UTC),
        language=language,
        policy=PolicyFacts.of(examiner.policy),
        nested=examiner.nested,
        trust=TRUST,
        files=tuple(sorted(files, key=lambda entry: entry.path)),
        receipts=tuple(receipts),
        unverified=tuple(unverified),
    )
    data = manifest.to_bytes()
    if len(data) > MAXIMUM_MANIFEST_BYTES:
        message = f"{len(receipts)} receipts are too many for one bundle"
        raise BundleError(message)
    writer.add(MANIFEST, data)
    writer.finish()
    return manifest


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A message verified, and its bytes."""

    answer: Answer
    data: bytes
    from_mbox: bool


@dataclass(frozen=True, slots=True)
class _Examination:
    """The task: verify a message and bring its bytes along."""

    examiner: Examiner

    def __call__(self, item: Item, /) -> _Found:
        if isinstance(item, Answer):
            return _Found(answer=item, data=b"", from_mbox=False)
        answer, data = self.examiner.examine_and_keep(item)
        # Never None: nothing was finished before.
        return _Found(answer=cast("Answer", answer), data=data, from_mbox=item.from_mbox)


def _without(file: IO[bytes], items: Iterable[Item]) -> Iterator[Item]:
    """What is found, but for what lies in the file that is being written: it may be in a folder that is a source."""
    try:
        written = os.fstat(file.fileno())
    except OSError:  # it is no file of the system
        yield from items
        return
    is_written: dict[str, bool] = {}
    for item in items:
        path = item.origin.path
        if path not in is_written:
            is_written[path] = _is_same(path, written)
        if not is_written[path]:
            yield item


def _is_same(path: str, written: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), written)  # noqa: PTH116 (a hostile name stays text)
    except (OSError, ValueError):
        return False


def _demand_page() -> None:
    """Fail before the work and not after it."""
    import pecverify.exchange.page  # noqa: F401, PLC0415 (an extra)
