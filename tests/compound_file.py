"""Compound files (MS-CFB), written plainly: the same bytes for the same content every time."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Storage: TypeAlias = "Mapping[str, bytes | Storage]"

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
FREE, END, FAT, DIFAT, NOBODY = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD, 0xFFFFFFFC, 0xFFFFFFFF
STORAGE, STREAM, ROOT = 1, 2, 5
BLACK = 1
MINI_SECTOR, MINI_CUTOFF = 64, 4096
IN_HEADER = 109
"""Sectors of the allocation table that the header itself names."""


@dataclass(kw_only=True)
class Entry:
    """One entry of the directory."""

    name: str
    kind: int
    content: bytes = b""
    left: int = NOBODY
    right: int = NOBODY
    child: int = NOBODY
    start: int = END
    size: int = 0

    def pack(self) -> bytes:
        name = self.name.encode("utf-16-le")
        assert len(name) <= 62, self.name
        start = 0 if self.kind == STORAGE else self.start
        numbers = (len(name) + 2, self.kind, BLACK, self.left, self.right, self.child)
        return struct.pack("<64sHBBLLL16sLQQLQ", name, *numbers, b"", 0, 0, 0, start, self.size)


def compound_file(content: Storage, *, sector_bytes: int = 512) -> bytes:
    """A file of version 3 (sectors of 512 bytes) or 4 (of 4096)."""
    entries = [Entry(name="Root Entry", kind=ROOT)]
    entries[0].child = add_children(entries, content)
    mini, mini_chain = b"", list[int]()
    for entry in entries:
        entry.size = len(entry.content)
        if 0 < entry.size < MINI_CUTOFF:
            entry.start = len(mini_chain)
            mini += padded(entry.content, MINI_SECTOR)
            extend(mini_chain, -(-entry.size // MINI_SECTOR))
    sectors = _Sectors(sector_bytes)
    for entry in entries:
        if entry.size >= MINI_CUTOFF:
            entry.start = sectors.add(entry.content)
    root = entries[0]
    root.start, root.size = sectors.add(mini), len(mini)
    mini_fat = numbers(mini_chain, sector_bytes)
    mini_fat_start = sectors.add(mini_fat)
    directory = b"".join(entry.pack() for entry in entries)
    # What is left of the last sector are entries that nobody uses.
    unused = struct.pack("<64sHBBLLL52x", b"", 0, 0, 0, NOBODY, NOBODY, NOBODY)
    directory += unused * (-len(directory) % sector_bytes // len(unused))
    directory_start = sectors.add(directory)
    fat, difat, difat_start = sectors.finish()
    header = struct.pack(
        "<8s16xHHHHH6xLLLLLLLLL",
        MAGIC,
        0x3E,
        3 if sector_bytes == 512 else 4,
        0xFFFE,
        sector_bytes.bit_length() - 1,
        MINI_SECTOR.bit_length() - 1,
        0 if sector_bytes == 512 else len(directory) // sector_bytes,
        len(fat),
        directory_start,
        0,
        MINI_CUTOFF,
        mini_fat_start,
        len(mini_fat) // sector_bytes,
        difat_start,
        len(difat),
    )
    named = [*fat[:IN_HEADER], *[FREE] * (IN_HEADER - len(fat[:IN_HEADER]))]
    return padded(header + struct.pack("<109L", *named), sector_bytes) + sectors.data


def add_children(entries: list[Entry], content: Storage) -> int:
    """Add what a storage holds; the index of the entry at the top of their tree."""
    indexes = []
    for name in sorted(content, key=lambda name: (len(name), name.upper())):
        inner = content[name]
        indexes.append(len(entries))
        if isinstance(inner, bytes):
            entries.append(Entry(name=name, kind=STREAM, content=inner))
        else:
            entry = Entry(name=name, kind=STORAGE)
            entries.append(entry)
            entry.child = add_children(entries, inner)
    return balance(entries, indexes)


def balance(entries: list[Entry], indexes: list[int]) -> int:
    """A balanced tree of siblings that are in order."""
    if not indexes:
        return NOBODY
    middle = len(indexes) // 2
    top = entries[indexes[middle]]
    top.left, top.right = balance(entries, indexes[:middle]), balance(entries, indexes[middle + 1 :])
    return indexes[middle]


class _Sectors:
    """The sectors behind the header, and which follows which."""

    def __init__(self, sector_bytes: int) -> None:
        self.sector_bytes = sector_bytes
        self.data = b""
        self._chunks: list[bytes] = []
        self._chain: list[int] = []

    def add(self, content: bytes) -> int:
        """Where the content starts."""
        if not content:
            return END
        start = len(self._chain)
        self._chunks.append(padded(content, self.sector_bytes))
        extend(self._chain, len(self._chunks[-1]) // self.sector_bytes)
        return start

    def finish(self) -> tuple[list[int], list[int], int]:
        """Add the allocation table: its sectors, those that name them beyond the header's, where these start."""
        each = self.sector_bytes // 4
        used, fat_count, difat_count = len(self._chain), 0, 0
        while fat_count * each < used + fat_count + difat_count:
            fat_count += 1
            difat_count = max(0, -(-(fat_count - IN_HEADER) // (each - 1)))
        fat = list(range(used, used + fat_count))
        difat = list(range(used + fat_count, used + fat_count + difat_count))
        self._chain += [FAT] * fat_count + [DIFAT] * difat_count
        self._chunks.append(numbers(self._chain, self.sector_bytes))
        for count in range(difat_count):
            named = fat[IN_HEADER + count * (each - 1) :][: each - 1]
            following = difat[count + 1] if count + 1 < difat_count else END
            self._chunks.append(numbers([*named, *[FREE] * (each - 1 - len(named)), following], self.sector_bytes))
        self.data = b"".join(self._chunks)
        return fat, difat, difat[0] if difat else END


def extend(chain: list[int], count: int) -> None:
    """A run of sectors, each followed by the next."""
    chain += [*range(len(chain) + 1, len(chain) + count), END]


def numbers(values: Iterable[int], sector_bytes: int) -> bytes:
    """A table of numbers, whole sectors of it."""
    values = list(values)
    return padded(struct.pack(f"<{len(values)}L", *values), sector_bytes, b"\xff")


def padded(data: bytes, size: int, filler: bytes = b"\0") -> bytes:
    return data + filler * (-len(data) % size)
