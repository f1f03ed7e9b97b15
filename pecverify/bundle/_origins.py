"""Where receipts lay, seen from the sources that were named: the same on every machine."""

from __future__ import annotations

import glob
import os
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pecverify.archive import Origin, Source

_SEPARATORS = tuple(filter(None, (os.sep, os.altsep)))


class Origins:
    """Gives each file a name that says nothing of the folders above its source.

    Args:
        sources: as they were named. Where two files would have one name, the later one has the number of its source in
            front, counted from 1.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = [os.fsdecode(os.fspath(source)) for source in sources]
        self._names: dict[str, str] = {}
        self._taken: set[str] = set()

    def relative(self, origin: Origin) -> Origin:
        """The same place, seen from its source."""
        name = self._names.get(origin.path)
        if name is None:
            name = self._names[origin.path] = self._find_name(origin.path)
            self._taken.add(name)
        return replace(origin, path=name)

    def _find_name(self, path: str) -> str:
        number, name = self._seen_from_source(path)
        while name in self._taken:
            name = f"{number}/{name}"
        return name

    def _seen_from_source(self, path: str) -> tuple[int, str]:
        for number, source in enumerate(self._sources, start=1):
            rest = _below(path, source)
            if rest is not None:
                return number, "/".join(_split(rest)) or rest
        return 0, _last(path)


def _below(path: str, source: str) -> str | None:
    """The part of a path that the source does not name; its last part where it names the file itself."""
    if path == source:
        return _last(path)
    folder = source
    if glob.has_magic(source) and not os.path.lexists(source):
        fixed = source[: next(i for i in range(len(source)) if glob.has_magic(source[: i + 1]))]
        folder = fixed[: max((fixed.rfind(mark) for mark in _SEPARATORS), default=-1) + 1]
    if not folder:
        return None if os.path.isabs(path) else path  # noqa: PTH117 (a pattern of names in the working folder)
    if not folder.endswith(_SEPARATORS):
        folder += os.sep
    return path[len(folder) :] if path.startswith(folder) else None


def _last(path: str) -> str:
    return next(reversed(_split(path)), path)


def _split(path: str) -> list[str]:
    """The parts of a path that say something."""
    for mark in _SEPARATORS[1:]:
        path = path.replace(mark, _SEPARATORS[0])
    return [part for part in path.split(_SEPARATORS[0]) if part]
