"""What the harnesses share: instrumentation, the start of the fuzzer, and how a broken invariant is reported."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import atheris  # type: ignore[import-not-found, import-untyped, unused-ignore]

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

Parsed = TypeVar("Parsed")
ROOT = Path(__file__).resolve().parent.parent
TRUST = ROOT / "fixtures" / "trust"
_DICTIONARIES = ROOT / "fuzz" / "dictionaries"


class InvariantError(AssertionError):
    """The package broke one of its promises without raising anything."""


def check(promise: str, holds: object) -> None:
    """Stop the fuzzer if a promise is broken."""
    if not holds:
        raise InvariantError(promise)


def unless(refusal: type[Exception], parse: Callable[[], Parsed]) -> Parsed | None:
    """What `parse` returns; None if it refuses by that exception. Any other is a finding."""
    try:
        return parse()
    except refusal:
        return None


def instrumented() -> AbstractContextManager[None]:
    """Within this context an import of `pecverify` is instrumented: nothing of it may have been imported before."""
    if "pecverify" in sys.modules:
        message = "pecverify was imported too early"
        raise RuntimeError(message)
    context: AbstractContextManager[None] = atheris.instrument_imports(include=["pecverify"])
    return context


def fuzz(test_one_input: Callable[[bytes], None], *, dictionary: str, longest: int) -> None:
    """Hand over to libFuzzer.

    Args:
        test_one_input: called with one input after another; what it raises is a finding.
        dictionary: name of the file in `dictionaries`.
        longest: bytes of the longest input.
    """
    options = [f"-dict={_DICTIONARIES / dictionary}.dict", f"-max_len={longest}", "-timeout=30", "-rss_limit_mb=2048"]
    atheris.Setup([sys.argv[0], *options, *sys.argv[1:]], test_one_input)  # of an option given twice, the last counts
    atheris.Fuzz()
