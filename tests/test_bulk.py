"""Runs over many messages: in order, in several processes, and whatever happens to these."""

from __future__ import annotations

import gzip
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pecverify import Policy, Report, TrustStore, Verdict
from pecverify.archive import Answer, Cause, Item, Origin, Piece, Unverified, examine, run_task, verify_many
from pecverify.archive import bulk as bulk_module
from pecverify.archive.bulk import usable_processors
from tests.archives import write_folder
from tests.pki import authority

TRUST = TrustStore.from_certificates(authority())
ROOT = Path(__file__).resolve().parent.parent


def pieces(count: int, content: bytes = b"") -> Iterator[Piece]:
    return (Piece(origin=Origin(path=str(number)), content=content) for number in range(count))


@dataclass(frozen=True)
class Naming:
    """A task that says which message it had, and ends its process over some."""

    deadly: tuple[str, ...] = ()
    once: str | None = None
    """A file that is made by the first death: there is no second one."""
    after: float = 0.0
    """Seconds that it takes."""

    def __call__(self, item: Item, /) -> str:
        path = item.origin.path
        if isinstance(item, Answer):
            assert isinstance(item.result, Unverified)
            return f"{path}: {item.result.cause.value}"
        if path in self.deadly and not (self.once and Path(self.once).exists()):
            if self.once:
                Path(self.once).touch()
            time.sleep(self.after)
            os.kill(os.getpid(), signal.SIGKILL)
        return path


@pytest.mark.parametrize("jobs", [1, 2, 3, None])
@pytest.mark.parametrize("count", [0, 1, 32, 33, 300])
def test_everything_once_in_order(jobs: int | None, count: int) -> None:
    assert list(run_task(pieces(count), Naming(), jobs=jobs)) == [str(number) for number in range(count)]


@pytest.mark.parametrize("jobs", [0, -1])
def test_a_number_of_processes(jobs: int) -> None:
    with pytest.raises(ValueError, match="number of processes"):
        run_task([], Naming(), jobs=jobs)


def test_what_is_under_way_is_bounded() -> None:
    """Both by number and by bytes: the source is asked as the results are taken."""
    for content, most in ((b"", 32 * 2 * 4 + 2 * 32), (b"x" * 300_000, 33_554_432 // 300_000 + 2 * 4)):
        asked = 0

        def counted(content: bytes = content) -> Iterator[Piece]:
            nonlocal asked
            for piece in pieces(2_000, content):
                asked += 1
                yield piece

        results = run_task(counted(), Naming(), jobs=2)
        assert next(results) == "0"
        assert asked <= most
        results.close()  # type: ignore[attr-defined]


def test_a_message_that_kills_its_worker_is_named_and_the_others_are_verified() -> None:
    results = list(run_task(pieces(150), Naming(deadly=("70", "71")), jobs=2))
    expected = [str(number) for number in range(150)]
    expected[70], expected[71] = "70: worker-died", "71: worker-died"
    assert results == expected


def test_a_worker_that_is_killed_by_something_else_costs_nothing(tmp_path: Path) -> None:
    task = Naming(deadly=("70",), once=str(tmp_path / "died"))
    assert list(run_task(pieces(150), task, jobs=2)) == [str(number) for number in range(150)]
    assert (tmp_path / "died").exists()


def test_what_the_other_workers_did_meanwhile_is_kept() -> None:
    """One worker has the rest done before the other dies."""
    results = list(run_task(pieces(200), Naming(deadly=("40",), after=1.0), jobs=2))
    assert results == [f"{number}: worker-died" if number == 40 else str(number) for number in range(200)]


def test_a_pool_that_broke_between_two_results() -> None:
    results = run_task(pieces(2_000), Naming(deadly=("200",)), jobs=2)
    first = next(results)
    time.sleep(2)  # by then the pool is dead, and more is to be sent
    assert [first, *results] == [f"{number}: worker-died" if number == 200 else str(number) for number in range(2_000)]


def test_what_cannot_be_sent_is_the_callers_mistake() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        list(run_task(pieces(3), lambda _: None, jobs=2))


@dataclass(frozen=True)
class Unstartable:
    """A task that no other process can read."""

    def __call__(self, item: Item, /) -> str:
        return item.origin.path

    def __reduce__(self) -> tuple[Callable[[], object], tuple[()]]:
        return (os.abort, ())


def test_processes_that_do_not_start() -> None:
    with pytest.raises(RuntimeError, match="__main__"):
        list(run_task(pieces(3), Unstartable(), jobs=2))


def test_a_program_without_a_guard_is_told(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("from pecverify.archive import verify_many\nprint(list(verify_many('.', jobs=2)))\n", "utf-8")
    (tmp_path / "1.eml").write_bytes(b"x")
    ran = subprocess.run(
        [sys.executable, str(script)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ran.returncode == 1
    assert "RuntimeError: processes cannot be started" in ran.stderr


def test_usable_processors(monkeypatch: pytest.MonkeyPatch) -> None:
    assert usable_processors() >= 1
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_processors() == 1


def test_without_signal_masks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(signal, "pthread_sigmask", raising=False)
    assert list(run_task(pieces(3), Naming(), jobs=2)) == ["0", "1", "2"]


# --- verify_many


def verdicts(folder: Path, jobs: int) -> dict[str, Verdict | Cause]:
    found: dict[str, Verdict | Cause] = {}
    for origin, result in verify_many(folder, trust=TRUST, jobs=jobs):
        assert origin.path not in found
        found[origin.path] = result.verdict if isinstance(result, Report) else result.cause
    return found


def test_verify_many(tmp_path: Path) -> None:
    expected = {
        path: Verdict.VALID if is_valid else Verdict.INVALID for path, is_valid in write_folder(tmp_path, 600).items()
    }
    assert set(expected.values()) == {Verdict.VALID, Verdict.INVALID}
    assert verdicts(tmp_path, 1) == expected
    assert verdicts(tmp_path, 2) == expected


def test_reports_from_another_process_are_whole(tmp_path: Path) -> None:
    write_folder(tmp_path, 40)
    ((here, near), *_), ((there, far), *_) = (
        list(verify_many([tmp_path], trust=TRUST, policy=Policy(), jobs=jobs, include=["*.eml"])) for jobs in (1, 2)
    )
    assert (here, near) == (there, far)
    originals = [
        [result.original for _, result in verify_many(tmp_path, trust=TRUST, jobs=jobs) if isinstance(result, Report)]
        for jobs in (1, 2)
    ]
    assert originals[0] == originals[1]
    assert any(original is not None for original in originals[0])


def test_too_little_memory_for_one_message_is_a_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> Report:
        raise MemoryError

    monkeypatch.setattr(examine, "verify_receipt", refuse)
    write_folder(tmp_path, 1)
    ((_, result),) = verify_many(tmp_path)
    assert result == Unverified(cause=Cause.LIMIT_EXCEEDED, detail="too little memory")


def test_an_outlook_file_without_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pecverify.archive.outlook", None)
    (tmp_path / "a.msg").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    ((_, result),) = verify_many(tmp_path)
    assert isinstance(result, Unverified)
    assert result.cause is Cause.EXTRA_MISSING
    assert "pecverify[msg]" in result.detail


def test_an_outlook_file_that_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "a.msg").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1"))
    ((origin, result),) = verify_many(tmp_path)
    assert isinstance(result, Unverified)
    assert result.cause is Cause.DAMAGED
    assert origin.sha256 is not None


def test_compressed_messages(tmp_path: Path) -> None:
    message = (ROOT / "fixtures" / "vectors" / "acceptance.eml").read_bytes()
    (tmp_path / "1.eml.gz").write_bytes(gzip.compress(message))
    (tmp_path / "2.eml").write_bytes(gzip.compress(message)[:-20])
    (_, good), (_, bad) = verify_many(tmp_path, trust=TRUST)
    assert isinstance(good, Report)
    assert good.verdict is Verdict.VALID
    assert isinstance(bad, Unverified)
    assert bad.cause is Cause.DAMAGED


def test_files_that_vanish_are_values(tmp_path: Path) -> None:
    write_folder(tmp_path, 3)
    results = verify_many(tmp_path, trust=TRUST)
    next(results)
    (tmp_path / "0000" / "0000001.eml").unlink()
    (origin, gone), (_, last) = results
    assert origin == Origin(path=str(tmp_path / "0000" / "0000001.eml"))
    assert isinstance(gone, Unverified)
    assert (gone.cause, gone.detail) == (Cause.UNREADABLE, "No such file or directory")
    assert isinstance(last, Report)


# --- the parent

SCRIPT = """
import sys
from pecverify.archive import Piece, Origin, run_task
from tests.test_bulk import Slow

if __name__ == "__main__":
    items = (Piece(origin=Origin(path=str(number)), content=b"") for number in range(10_000))
    for result in run_task(items, Slow(), jobs=2):
        print(result, flush=True)
"""


@dataclass(frozen=True)
class Slow:
    """A task that takes its time, and says in which process."""

    def __call__(self, item: Item, /) -> str:
        time.sleep(0.005)
        return f"{item.origin.path} {os.getpid()}"


@pytest.fixture
def running(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A run that has begun to give results, in a process group of its own."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT, "utf-8")
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    yield process
    if process.poll() is None:
        process.kill()
    process.communicate()


def worker_of(line: str) -> int:
    return int(line.split()[1])


def is_gone(pid: int) -> bool:
    for _ in range(100):
        try:
            state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        time.sleep(0.1)
    return False


def test_workers_end_with_a_parent_that_is_killed(running: subprocess.Popen[str]) -> None:
    assert running.stdout is not None
    worker = worker_of(running.stdout.readline())
    running.kill()
    running.wait(10)
    assert is_gone(worker)


def test_ctrl_c_ends_it_without_noise(running: subprocess.Popen[str]) -> None:
    """It goes to the whole group, as from a terminal: the workers leave it to the parent."""
    assert running.stdout is not None
    worker = worker_of(running.stdout.readline())
    os.killpg(running.pid, signal.SIGINT)
    _, errors = running.communicate(timeout=20)
    assert errors.count("Traceback") == 1
    assert errors.rstrip().endswith("KeyboardInterrupt")
    assert is_gone(worker)


def test_ctrl_c_while_workers_start_leaves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[ProcessPoolExecutor] = []

    class Interrupted(ProcessPoolExecutor):
        def submit(self, *arguments: Any, **named: Any) -> Future[Any]:  # noqa: ANN401 (passed on)
            started.append(self)
            future = super().submit(*arguments, **named)

            def interrupt() -> None:
                raise KeyboardInterrupt

            monkeypatch.setattr(future, "result", interrupt)
            return future

    monkeypatch.setattr(bulk_module, "ProcessPoolExecutor", Interrupted)
    with pytest.raises(KeyboardInterrupt):
        bulk_module._start_pool(Naming(), 1)
    (pool,) = started
    monkeypatch.undo()
    with pytest.raises(RuntimeError, match="after shutdown"):
        ProcessPoolExecutor.submit(pool, print)
