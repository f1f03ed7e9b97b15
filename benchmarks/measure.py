"""What the benchmarks share: two actions measured in turn, and a figure in a table."""

from __future__ import annotations

import gc
import statistics
from collections.abc import Callable
from time import perf_counter

Action = Callable[[], object]


def in_turn(first: Action, second: Action, rounds: int) -> tuple[float, float]:
    """Median seconds of each, measured alternately: a machine that changes its speed changes both."""
    times: tuple[list[float], list[float]] = ([], [])
    first()
    second()
    gc.collect()
    for _ in range(rounds):
        for action, spent in zip((first, second), times, strict=True):
            start = perf_counter()
            action()
            spent.append(perf_counter() - start)
    return statistics.median(times[0]), statistics.median(times[1])


def row(what: str, figure: float, unit: str, bound: str = "") -> None:
    """Print one figure."""
    print(f"{what:66} {figure:9.2f} {unit:4} {bound}")
