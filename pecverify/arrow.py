"""Answers as Apache Arrow tables and Parquet files, and messages in Arrow batches verified: docs/tables.md.

Needs the extra `arrow` (pyarrow).
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from pecverify import __version__
from pecverify.archive.answer import Answer, Cause, Origin, Unverified
from pecverify.archive.flat import COLUMNS, ColumnType, flat_rows
from pecverify.archive.piece import Piece

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError as error:
    _MESSAGE = "pecverify.arrow needs pyarrow: pip install 'pecverify[arrow]'"
    raise ImportError(_MESSAGE, name="pyarrow") from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import IO, Self

    from pecverify.archive.examine import Examiner
    from pecverify.archive.flat import Row, Value

_TEXT = pa.string()
_TYPES = {
    ColumnType.TEXT: _TEXT,
    ColumnType.TOKEN: pa.dictionary(pa.int32(), _TEXT),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.FLAG: pa.bool_(),
    ColumnType.INSTANT: pa.timestamp("us", tz="UTC"),
    # Parquet's own name for what a list holds, so that a file that is read back has the schema it was written with.
    ColumnType.TEXTS: pa.list_(pa.field("element", _TEXT)),
    ColumnType.RECIPIENTS: pa.list_(
        pa.field("element", pa.struct({"address": _TEXT, "type": _TEXT})),
    ),
}

# A row may be large (a megabyte of recipients): what is kept back is bounded by its size as well.
_ROWS_OF_A_BATCH = 1_000
_CHARACTERS_OF_A_BATCH = 1_000_000
_BYTES_OF_A_GROUP = 32_000_000
_OF_A_RECIPIENT = 100
"""What an element of a list is counted as, in characters."""


def schema(*, dictionaries: bool = True) -> pa.Schema:
    """The schema of the rows, with the version of pecverify in its metadata.

    Args:
        dictionaries: whether tokens are dictionary-encoded; as plain text if not, for what takes no dictionaries.
    """
    plain = {} if dictionaries else {ColumnType.TOKEN: _TEXT}
    fields = [pa.field(column.name, {**_TYPES, **plain}[column.type]) for column in COLUMNS]
    return pa.schema(fields, metadata={"pecverify_version": __version__})


def to_batches(rows: Iterable[Row], *, dictionaries: bool = True) -> Iterator[pa.RecordBatch]:
    """Flat rows (`pecverify.archive.flat.flat_rows`) in batches of bounded size, as soon as there are enough."""
    batch = _Batch(schema(dictionaries=dictionaries))
    for row in rows:
        batch.add(row)
        if batch.is_full:
            yield batch.take()
    if not batch.is_empty:
        yield batch.take()


def to_table(answers: Iterable[Answer]) -> pa.Table:
    """All rows of the answers, in memory."""
    rows = (row for answer in answers for row in flat_rows(answer))
    return pa.Table.from_batches(to_batches(rows), schema()).unify_dictionaries()


def write_parquet(answers: Iterable[Answer], where: str | os.PathLike[str] | IO[bytes]) -> None:
    """Write all rows of the answers to a Parquet file, in row groups: however many there are, memory stays flat.

    If the answers end with an exception the file is ended too, whole, with those that came before it.

    Args:
        answers: read one by one.
        where: a file's name, or a stream of bytes (which stays open).

    Raises:
        OSError: it cannot be written.
    """
    with ParquetWriter(where) as writer:
        for answer in answers:
            writer.write(flat_rows(answer))


def verify_batches(batches: Iterable[pa.RecordBatch], examiner: Examiner) -> Iterator[pa.RecordBatch]:
    """Verify messages that come in batches, on one core: what a worker of a cluster does.

    Args:
        batches: with the columns `path` (text) and `content` (binary); one message a row.
        examiner: how.

    Returns:
        Batches of flat rows in the order of the messages, tokens as plain text. Nothing about a message raises: what
        could not be verified is a row that says why.
    """
    messages = (
        (path.as_py(), content.as_py())
        for batch in batches
        for path, content in zip(batch.column("path"), batch.column("content"), strict=True)
    )
    rows = (row for path, content in messages for row in _rows_about(path, content, examiner))
    return to_batches(rows, dictionaries=False)


def _rows_about(path: str | None, content: bytes | None, examiner: Examiner) -> Iterator[Row]:
    origin = Origin(path=path or "")
    if content is None:
        absent = Unverified(cause=Cause.UNREADABLE, detail="there is no content")
        return flat_rows(Answer(origin=origin, result=absent))
    # Never None: nothing was finished before.
    return flat_rows(cast("Answer", examiner.examine(Piece(origin=origin, content=content))))


class ParquetWriter:
    """A Parquet file that grows by flat rows.

    Args:
        where: a file's name, or a stream of bytes; it need not be seekable and stays open.

    Raises:
        OSError: it cannot be written.
    """

    def __init__(self, where: str | os.PathLike[str] | IO[bytes]) -> None:
        self._batch = _Batch(schema())
        self._group: list[pa.RecordBatch] = []
        with ExitStack() as opened:
            if isinstance(where, str | os.PathLike):
                # Not by pyarrow's own file systems, for which a name may be an address.
                where = opened.enter_context(pa.OSFile(os.fsencode(where), "wb"))
            self._parquet = opened.enter_context(
                pq.ParquetWriter(where, schema(), compression="zstd"),
            )
            self._opened = opened.pop_all()

    def write(self, rows: Iterable[Row]) -> None:
        """Add rows; a group of them is written when there are enough."""
        for row in rows:
            self._batch.add(row)
            if self._batch.is_full:
                self._group.append(self._batch.take())
                if sum(batch.nbytes for batch in self._group) >= _BYTES_OF_A_GROUP:
                    self._write_group()

    def close(self) -> None:
        """Write what is left, and the end of the file."""
        with self._opened:
            if not self._batch.is_empty:
                self._group.append(self._batch.take())
            if self._group:
                self._write_group()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write_group(self) -> None:
        table = pa.Table.from_batches(self._group, schema()).unify_dictionaries()
        self._group = []
        self._parquet.write_table(table, row_group_size=table.num_rows)


class _Batch:
    """Rows on their way to become a record batch."""

    def __init__(self, of: pa.Schema) -> None:
        self._schema = of
        self._rows: list[Row] = []
        self._characters = 0

    def add(self, row: Row) -> None:
        self._rows.append(row)
        self._characters += sum(map(_characters, row.values()))

    @property
    def is_full(self) -> bool:
        return len(self._rows) >= _ROWS_OF_A_BATCH or self._characters >= _CHARACTERS_OF_A_BATCH

    @property
    def is_empty(self) -> bool:
        return not self._rows

    def take(self) -> pa.RecordBatch:
        rows, self._rows, self._characters = self._rows, [], 0
        return pa.RecordBatch.from_pylist(rows, schema=self._schema)


def _characters(value: Value) -> int:
    if isinstance(value, str):
        return len(value)
    return _OF_A_RECIPIENT * len(value) if isinstance(value, list) else 0
