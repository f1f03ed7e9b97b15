"""Apache Parquet: one row for each message and each receipt inside one (docs/tables.md). Needs the extra `arrow`."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING

from pecverify.archive.flat import flat_rows
from pecverify.arrow import ParquetWriter

if TYPE_CHECKING:
    from pecverify.archive import Answer
    from pecverify.archive.flat import Row
    from pecverify.cli._text import Style


def render(answer: Answer, style: Style) -> tuple[Row, ...]:  # noqa: ARG001 (a table is the same in every language)
    """The rows."""
    return tuple(flat_rows(answer))


class Writer:
    """Writes the rows in groups."""

    def __init__(self, stream: IO[bytes], style: Style) -> None:  # noqa: ARG002 (as above)
        self._parquet = ParquetWriter(stream)

    def write(self, rendered: tuple[Row, ...]) -> None:
        """Add one answer's rows."""
        self._parquet.write(rendered)

    def close(self) -> None:
        """Write the rest and the end of the file: without it there is no table."""
        self._parquet.close()
