"""Many messages, in this process or in several, in the order in which they lie.

A worker that dies takes nothing with it: what it had is tried again, in the end each message by itself, and a message
that kills its worker every time is named. What is under way is bounded, so that memory does not grow with the archive.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import threading
from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeAlias, TypeVar, cast

from pecverify.archive.answer import Answer, Cause, Origin, Unverified
from pecverify.archive.examine import Examiner
from pecverify.archive.limits import ArchiveLimits
from pecverify.archive.piece import Piece
from pecverify.archive.sources import Finder
from pecverify.policy import Policy
from pecverify.trust import TrustStore

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from multiprocessing.process import BaseProcess

    from pecverify.archive.sources import Source
    from pecverify.report import Report

Item: TypeAlias = "Piece | Answer"
Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)

_CHUNK_MESSAGES = 32
_CHUNK_BYTES = 1 << 20
"""Messages, and bytes of those read already, that go to a worker at once."""
_CHUNKS_AHEAD = 4
"""Chunks under way or waiting for each worker: enough that none is idle while the first in order is slow."""
_BYTES_AHEAD = 1 << 25
"""Of messages read already, under way or waiting: beyond it, only one chunk is."""
_ATTEMPTS = 3
"""How often one message is tried by itself before it is said to kill its worker."""


class Task(Protocol[Result_co]):
    """What is done with each message where it is verified. It pickles."""

    def __call__(self, item: Item, /) -> Result_co:
        """The result for a message, or for what could not be read."""


def verify_many(  # noqa: PLR0913 (each has a default that is right for most)
    sources: Source | Iterable[Source],
    *,
    trust: TrustStore | None = None,
    policy: Policy | None = None,
    jobs: int | None = 1,
    include: Iterable[str] = (),
    archive_limits: ArchiveLimits | None = None,
) -> Iterator[tuple[Origin, Report | Unverified]]:
    """Verify every message of files, folders, Maildir, mbox, zip and tar, in order.

    With several processes the module that calls must be importable without side effects, as `multiprocessing` asks of
    every program that starts processes: keep the call under `if __name__ == "__main__":`.

    Args:
        sources: a file or folder, or several; patterns too.
        trust: as for `verify_receipt`.
        policy: as for `verify_receipt`.
        jobs: processes; 1 verifies in this one, None starts one for each processor that may be used, if there are
            enough messages for that to pay.
        include: patterns of names of files that are messages whatever they look like.
        archive_limits: of archives; `ArchiveLimits()` if not given.

    Yields:
        Where a message lay with its report, or with the reason why there is none.

    Raises:
        TypeError: a source is no text and no path.
        ValueError: `jobs` is less than 1.
        RuntimeError: processes cannot be started. Nothing on hostile content.
    """
    chosen = policy or Policy()
    limits = archive_limits or ArchiveLimits()
    places = [sources] if isinstance(sources, str | os.PathLike) else sources
    finder = Finder(limits=chosen.limits, archive_limits=limits, include=tuple(include))
    task = _Report(Examiner(trust=trust or TrustStore.default(), policy=chosen, archive_limits=limits))
    return run_task(finder.find(places), task, jobs=jobs)


def run_task(items: Iterable[Item], task: Task[Result], *, jobs: int | None = 1) -> Iterator[Result]:
    """Do a task for each item, in order.

    Args:
        items: asked for as they are needed.
        task: it is sent to each worker once.
        jobs: as for `verify_many`.

    Raises:
        ValueError: `jobs` is less than 1.
        RuntimeError: processes cannot be started.
    """
    if jobs is not None and jobs < 1:
        message = f"jobs is a number of processes, not {jobs}"
        raise ValueError(message)
    count = usable_processors() if jobs is None else jobs
    if count == 1:
        return map(task, items)
    chunks = _chunks(items)
    if jobs is None:
        first = list(islice(chunks, 2))
        if len(first) < 2:  # noqa: PLR2004 (one chunk is done before a process has started)
            return map(task, chain.from_iterable(chunk.items for chunk in first))
        chunks = chain(first, chunks)
    return _Bulk(task, count).run(chunks)


def usable_processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(frozen=True, slots=True)
class _Report:
    """The task of `verify_many`."""

    examiner: Examiner

    def __call__(self, item: Item, /) -> tuple[Origin, Report | Unverified]:
        # Never None: nothing was finished before.
        answer = cast("Answer", self.examiner.examine(item))
        return answer.origin, answer.result


@dataclass(slots=True)
class _Chunk(Generic[Result]):
    """Items that go to a worker together."""

    items: list[Item] = field(default_factory=list)
    content_bytes: int = 0
    future: Future[list[Result]] = field(init=False)

    def add(self, item: Item) -> None:
        self.items.append(item)
        if isinstance(item, Piece) and item.content is not None:
            self.content_bytes += len(item.content)

    @property
    def is_full(self) -> bool:
        return len(self.items) >= _CHUNK_MESSAGES or self.content_bytes >= _CHUNK_BYTES


class _Bulk(Generic[Result]):
    """A window of chunks over a pool of workers."""

    def __init__(self, task: Task[Result], jobs: int) -> None:
        self._task, self._jobs = task, jobs
        pickle.dumps(task)  # what cannot be sent is the caller's mistake, not a dead worker
        self._pool = _start_pool(task, jobs)
        self._window: deque[_Chunk[Result]] = deque()

    def run(self, chunks: Iterable[_Chunk[Result]]) -> Iterator[Result]:
        try:
            for chunk in chunks:
                while self._window and not self._has_room(chunk):
                    yield from self._first()
                chunk.future = self._submit(chunk.items)
                self._window.append(chunk)
            while self._window:
                yield from self._first()
        finally:
            _shut_down(self._pool)

    def _has_room(self, chunk: _Chunk[Result]) -> bool:
        ahead = chunk.content_bytes + sum(waiting.content_bytes for waiting in self._window)
        return len(self._window) < self._jobs * _CHUNKS_AHEAD and ahead <= _BYTES_AHEAD

    def _submit(self, items: list[Item]) -> Future[list[Result]]:
        try:
            with _interrupts_held_back():
                return self._pool.submit(_work, items)
        except BrokenProcessPool as error:  # it shows when the turn of these comes
            failed: Future[list[Result]] = Future()
            failed.set_exception(error)
            return failed

    def _first(self) -> Iterator[Result]:
        chunk = self._window.popleft()
        try:
            results = chunk.future.result()
        except BrokenProcessPool:
            self._window.appendleft(chunk)
            yield from self._recover()
        else:
            yield from results

    def _recover(self) -> Iterator[Result]:
        """A worker died, and with it the pool: nobody knows over which message. Each that was under way goes alone."""
        suspects = list(self._window)
        self._window.clear()
        self._pool.shutdown(cancel_futures=True)
        self._pool = _start_pool(self._task, self._jobs)
        for chunk in suspects:
            if chunk.future.exception() is None:
                yield from chunk.future.result()
            else:
                yield from map(self._alone, chunk.items)

    def _alone(self, item: Item) -> Result:
        for _ in range(_ATTEMPTS):
            try:
                (result,) = self._submit([item]).result()
            except BrokenProcessPool:
                self._pool.shutdown(cancel_futures=True)
                self._pool = _start_pool(self._task, self._jobs)
            else:
                return result
        detail = f"the process that verified it ended {_ATTEMPTS} times"
        return self._task(Answer(origin=item.origin, result=Unverified(cause=Cause.WORKER_DIED, detail=detail)))


def _chunks(items: Iterable[Item]) -> Iterator[_Chunk[Any]]:
    chunk: _Chunk[Any] = _Chunk()
    for item in items:
        chunk.add(item)
        if chunk.is_full:
            yield chunk
            chunk = _Chunk()
    if chunk.items:
        yield chunk


def _start_pool(task: Task[Any], jobs: int) -> ProcessPoolExecutor:
    """Workers that are known to start.

    They are spawned, on every system: a fork of a process with threads may deadlock (Python's documentation, os.fork).
    """
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, mp_context=context, initializer=_start_worker, initargs=(task,))
    try:
        with _interrupts_held_back():
            future = pool.submit(_work, [])
        future.result()
    except KeyboardInterrupt:
        _shut_down(pool)
        raise
    except BrokenProcessPool as error:
        message = (
            "processes cannot be started: a program that starts some must be importable without side effects "
            '(if __name__ == "__main__":); jobs=1 needs none'
        )
        raise RuntimeError(message) from error
    return pool


def _shut_down(pool: ProcessPoolExecutor) -> None:
    """Another Ctrl-C waits until the workers have ended: one that breaks this off leaves them waiting for ever."""
    with _interrupts_held_back():
        pool.shutdown(cancel_futures=True)


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """What is started meanwhile never sees Ctrl-C, which goes to every process of a terminal: the parent decides."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


# --- in a worker

_task: Task[Any]
"""What this worker does; set when it starts."""


def _start_worker(task: Task[Any]) -> None:
    global _task  # noqa: PLW0603 (a worker has one task, sent once)
    _task = task
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker of a parent that was killed would wait for work for ever."""
    cast("BaseProcess", multiprocessing.parent_process()).join()
    os._exit(1)


def _work(items: list[Item]) -> list[Any]:
    return [_task(item) for item in items]
