"""What the harnesses share: instrumentation, the start of the fuzzer, and how a broken invariant is reported."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING, TypeVar

import atheris

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager

Parsed = TypeVar("Parsed")
ROOT = Path(__file__).resolve().parent.parent
TRUST = ROOT / "fixtures" / "trust"
_STRUCTURED = 0.5
"""How many of the mutations know the format."""
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


def fuzz(
    test_one_input: Callable[[bytes], None],
    *,
    dictionary: str,
    longest: int,
    mutate: Callable[[bytes, Random, Sequence[bytes]], bytes],
    donors: Sequence[bytes],
) -> None:
    """Hand over to libFuzzer.

    Args:
        test_one_input: called with one input after another; what it raises is a finding.
        dictionary: name of the file in `dictionaries`.
        longest: bytes of the longest input.
        mutate: makes every other mutation, by a seed of libFuzzer's; the others are libFuzzer's own, of plain bytes.
        donors: inputs of which `mutate` may take parts.
    """

    def mutate_either_way(data: bytes, most: int, seed: int) -> bytes:
        random = Random(seed)
        if random.random() < _STRUCTURED:
            for source in (data, random.choice(donors)):  # what has lost its form already gives way to a seed
                try:
                    mutated = mutate(source, random, donors)
                except ValueError:
                    continue
                if len(mutated) <= most:
                    return mutated
        own: bytes = atheris.Mutate(data, most)
        return own

    options = [f"-dict={_DICTIONARIES / dictionary}.dict", f"-max_len={longest}", "-timeout=30", "-rss_limit_mb=2048"]
    # Five mutations one on the other, libFuzzer's default, leave no format whole.
    arguments = [sys.argv[0], *options, "-mutate_depth=2", *sys.argv[1:]]  # of an option given twice, the last counts
    atheris.Setup(arguments, test_one_input, custom_mutator=mutate_either_way)
    atheris.Fuzz()
