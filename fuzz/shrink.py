"""Cut a finding down to the bytes that matter.

    python -m fuzz.shrink fuzz_mime FINDING SMALLER

libFuzzer's own `-minimize_crash` starts itself again, which it cannot do with Python. Takes away ever smaller pieces as
long as the harness still fails in the same line with the same exception.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ARGUMENTS = 3


def failure(test_one_input: Callable[[bytes], None], data: bytes) -> tuple[str, ...] | None:
    """The exception's type and where it was raised; the text too of a broken promise. None if all is well."""
    try:
        test_one_input(data)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what is looked for)
        place = traceback.extract_tb(error.__traceback__)[-1]
        what = str(error) if isinstance(error, AssertionError) else ""
        return type(error).__name__, place.filename, str(place.lineno), what
    return None


def shrink(test_one_input: Callable[[bytes], None], data: bytes) -> bytes:
    """The shortest input found that fails as `data` does."""
    wanted = failure(test_one_input, data)
    if wanted is None:
        sys.exit("the harness does not fail on it")
    size = len(data) // 2
    while size:
        start = 0
        while start < len(data):
            shorter = data[:start] + data[start + size :]
            if failure(test_one_input, shorter) == wanted:
                data = shorter
            else:
                start += size
        size //= 2
    return data


def main() -> None:
    """Shrink one file."""
    if len(sys.argv) != 1 + _ARGUMENTS:
        sys.exit("usage: python -m fuzz.shrink HARNESS FINDING SMALLER")
    harness, finding, smaller = sys.argv[1:]
    test_one_input = importlib.import_module(f"fuzz.{harness}").test_one_input
    data = shrink(test_one_input, Path(finding).read_bytes())
    Path(smaller).write_bytes(data)
    sys.stdout.write(f"{len(data)} bytes, {failure(test_one_input, data)}\n")


if __name__ == "__main__":
    main()
