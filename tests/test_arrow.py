"""Arrow tables and Parquet files of answers, read back by libraries of others; messages verified in batches."""

from __future__ import annotations

import dataclasses
import importlib
import io
import os
import pickle
import sys
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pecverify import Acceptance, Policy, Recipient, TrustStore, __version__, arrow
from pecverify.archive import Answer, Examiner, Origin, examine
from pecverify.archive.flat import COLUMNS, ColumnType, Row, flat_rows
from pecverify.cli._text import Style
from pecverify.cli.formats import is_binary, load_format
from tests import reports
from tests import verified_answers as answers

STYLE = Style(language="en", coloured=False)
NAMES = [column.name for column in COLUMNS]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def rows_of(many: tuple[Answer, ...]) -> list[Row]:
    return [row for answer in many for row in flat_rows(answer)]


def instant(value: object) -> datetime | None:
    assert value is None or isinstance(value, datetime)
    return value


def about_subject(subject: str) -> Answer:
    report = reports.report(Acceptance(**reports.certified(subject=subject)))
    return Answer(origin=Origin(path="a.eml"), result=report)


# --- schema


def test_the_schema_is_that_of_the_columns() -> None:
    schema = arrow.schema()
    assert schema.names == NAMES
    assert schema.metadata == {b"pecverify_version": __version__.encode()}
    of_type = {column.type: schema.field(column.name).type for column in COLUMNS}
    assert of_type.keys() == set(ColumnType)
    assert of_type[ColumnType.INSTANT] == pa.timestamp("us", tz="UTC")
    assert of_type[ColumnType.TOKEN] == pa.dictionary(pa.int32(), pa.string())


def test_without_dictionaries() -> None:
    plain = arrow.schema(dictionaries=False)
    assert plain.names == NAMES
    assert not any(pa.types.is_dictionary(field.type) for field in plain)
    assert plain.field("verdict").type == pa.string()


# --- tables


def test_a_table_holds_the_rows() -> None:
    everything = answers.everything()
    table = arrow.to_table(everything)
    assert table.schema.equals(arrow.schema(), check_metadata=True)
    assert table.to_pylist() == rows_of(everything)
    table.validate(full=True)


def test_no_answers_are_an_empty_table() -> None:
    table = arrow.to_table(())
    assert table.num_rows == 0
    assert table.schema.equals(arrow.schema())


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=[])), max_size=3))
def test_any_text_fits(texts: list[str]) -> None:
    recipients = tuple(Recipient(address=text, type=None) for text in texts)
    many = tuple(
        Answer(
            origin=Origin(path=text, member=text, sha256=text),
            result=reports.report(Acceptance(**reports.certified(subject=text, recipients=recipients))),
        )
        for text in texts
    )
    assert arrow.to_table(many).to_pylist() == rows_of(many)


def test_batches_are_bounded_in_rows_and_in_size() -> None:
    (small,), (large,) = (tuple(flat_rows(about_subject(text))) for text in ("a", "a" * 400_000))
    assert [batch.num_rows for batch in arrow.to_batches([small] * 2_500)] == [1_000, 1_000, 500]
    assert [batch.num_rows for batch in arrow.to_batches([small] * 1_000)] == [1_000]
    assert [batch.num_rows for batch in arrow.to_batches([large] * 7)] == [3, 3, 1]
    many = tuple(Recipient(address="a@b.example", type=None) for _ in range(4_000))
    crowd = Acceptance(**reports.certified(recipients=many))
    (wide,) = flat_rows(Answer(origin=Origin(path="a.eml"), result=reports.report(crowd)))
    assert [batch.num_rows for batch in arrow.to_batches([wide] * 7)] == [3, 3, 1]


# --- Parquet


def test_a_parquet_file_is_read_back_as_it_was(tmp_path: Path) -> None:
    everything = answers.everything()
    arrow.write_parquet(iter(everything), tmp_path / "a.parquet")
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.schema.equals(arrow.schema(), check_metadata=True)
    assert table.to_pylist() == rows_of(everything)


def test_polars_reads_the_same(tmp_path: Path) -> None:
    pl = pytest.importorskip("polars")
    arrow.write_parquet(answers.everything(), str(tmp_path / "a.parquet"))
    assert pl.read_parquet(tmp_path / "a.parquet").to_dicts() == rows_of(answers.everything())


def test_duckdb_reads_the_same(tmp_path: Path) -> None:
    duckdb = pytest.importorskip("duckdb")
    arrow.write_parquet(answers.everything(), str(tmp_path / "a.parquet"))
    relation = duckdb.read_parquet(str(tmp_path / "a.parquet"))
    assert relation.columns == NAMES
    names = ("path", "recipients", "subject", "verdict", "reasons", "offset", "problem_permanent")
    rows = rows_of(answers.everything())
    assert relation.select(*names).fetchall() == [tuple(row[name] for name in names) for row in rows]
    instants = ("issued_at", "header_date", "certificate_not_after")
    read = relation.project(", ".join(f"epoch_us({name})" for name in instants)).fetchall()
    microseconds = [
        {name: None if value is None else (value - EPOCH) // timedelta(microseconds=1) for name, value in row.items()}
        for row in ({name: instant(row[name]) for name in instants} for row in rows)
    ]
    assert read == [tuple(row.values()) for row in microseconds]


def test_a_file_grows_group_by_group(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing but the current group is kept: the stream has grown before the answers end."""
    sizes: list[int] = []
    answer = answers.of_fixtures()[0]
    (row,) = flat_rows(answer)
    (batch,) = arrow.to_batches([row] * 1_000)
    monkeypatch.setattr(arrow, "_BYTES_OF_A_GROUP", batch.nbytes * 3 // 2)

    def growing(stream: io.BytesIO) -> Iterator[Answer]:
        for _ in range(5_000):
            sizes.append(stream.tell())
            yield answer

    stream = io.BytesIO()
    arrow.write_parquet(growing(stream), stream)
    assert [first for first, (one, other) in enumerate(pairwise(sizes), start=1) if one != other] == [2_000, 4_000]
    stream.seek(0)
    file = pq.ParquetFile(stream)
    assert [file.metadata.row_group(group).num_rows for group in range(3)] == [2_000, 2_000, 1_000]
    assert file.read().to_pylist() == [row] * 5_000


def test_a_stream_stays_open_and_need_not_be_seekable() -> None:
    readable, writable = os.pipe()
    read: list[bytes] = []

    def drain() -> None:
        with os.fdopen(readable, "rb") as pipe:
            read.append(pipe.read())

    reader = threading.Thread(target=drain)
    reader.start()
    with os.fdopen(writable, "wb") as pipe:
        arrow.write_parquet(answers.by_hand(), pipe)
        assert not pipe.closed
    reader.join()
    assert pq.read_table(io.BytesIO(read[0])).to_pylist() == rows_of(answers.by_hand())


def test_what_came_before_an_exception_is_whole(tmp_path: Path) -> None:
    def failing() -> Iterator[Answer]:
        yield from answers.by_hand()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        arrow.write_parquet(failing(), tmp_path / "a.parquet")
    assert pq.read_table(tmp_path / "a.parquet").to_pylist() == rows_of(answers.by_hand())


def test_a_name_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not an address, and not always Unicode."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FileNotFoundError):
        arrow.write_parquet((), "s3://bucket/a.parquet")
    arrow.write_parquet((), "\udcff.parquet")
    assert [path.name for path in tmp_path.iterdir()] == ["\udcff.parquet"]


def test_closing_twice_is_closing(tmp_path: Path) -> None:
    writer = arrow.ParquetWriter(tmp_path / "a.parquet")
    writer.close()
    writer.close()
    assert pq.read_table(tmp_path / "a.parquet").num_rows == 0


# --- the format of the command line


def test_the_parquet_format() -> None:
    parquet = load_format("parquet", STYLE)
    assert is_binary("parquet")
    rendered = [pickle.loads(pickle.dumps(parquet.render(answer, STYLE))) for answer in answers.everything()]  # noqa: S301 (our own)
    stream = io.BytesIO()
    writer = parquet.Writer(stream, STYLE)
    for rows in rendered:
        writer.write(rows)
    writer.close()
    assert not stream.closed
    stream.seek(0)
    assert pq.read_table(stream).to_pylist() == rows_of(answers.everything())


# --- messages in batches


def batch_of(*messages: tuple[str | None, bytes | None]) -> pa.RecordBatch:
    schema = pa.schema([("path", pa.string()), ("content", pa.binary())])
    return pa.RecordBatch.from_pylist([{"path": path, "content": content} for path, content in messages], schema)


def verified(*batches: pa.RecordBatch, nested: bool = True) -> list[Row]:
    examiner = Examiner(trust=answers.trust(), policy=Policy(), nested=nested)
    done = list(arrow.verify_batches(batches, pickle.loads(pickle.dumps(examiner))))  # noqa: S301 (our own)
    assert all(batch.schema.equals(arrow.schema(dictionaries=False)) for batch in done)
    return [row for batch in done for row in batch.to_pylist()]


def test_batches_are_verified_like_files() -> None:
    files = [(str(path), path.read_bytes()) for path in answers.messages()]
    rows = verified(batch_of(*files[:7]), batch_of(), batch_of(*files[7:]))
    assert rows == rows_of(answers.of_fixtures())
    assert any(row["is_carrier"] for row in rows)


def test_receipts_inside_are_left_alone_unless_asked_for() -> None:
    files = [(str(path), path.read_bytes()) for path in answers.messages()]
    rows = verified(batch_of(*files), nested=False)
    assert rows == [
        next(flat_rows(dataclasses.replace(one, nested=(), is_carrier=False))) for one in answers.of_fixtures()
    ]


def test_what_cannot_be_verified_is_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    absent, empty, nameless = verified(batch_of(("a", None), ("b", b""), (None, b"x")))
    assert (absent["path"], absent["verdict"], absent["unverified_cause"]) == ("a", None, "unreadable")
    assert (empty["verdict"], empty["decisive_reason"]) == ("invalid", "not-a-message")
    assert (nameless["path"], nameless["verdict"]) == ("", "invalid")

    def fail(*_: object, **__: object) -> None:
        message = "a bug: \udcff"
        raise LookupError(message)

    monkeypatch.setattr(examine, "verify_receipt", fail)
    (failed,) = verified(batch_of(("a", b"x")))
    assert (failed["path"], failed["verdict"]) == ("a", None)
    assert (failed["unverified_cause"], failed["unverified_detail"]) == ("defect", "LookupError: a bug: \\udcff")


@given(st.lists(st.tuples(st.none() | st.text(), st.none() | st.binary()), max_size=4))
@settings(max_examples=50)
def test_any_batch(messages: list[tuple[str | None, bytes | None]]) -> None:
    rows = verified(batch_of(*messages), nested=False)
    assert [row["path"] for row in rows] == [path or "" for path, _ in messages]
    assert [row["verdict"] for row in rows] == [None if content is None else "invalid" for _, content in messages]


# --- without the library


@pytest.mark.parametrize(
    ("module", "library", "extra"),
    [("pecverify.arrow", "pyarrow", "arrow"), ("pecverify.spark", "pyspark", "spark")],
)
def test_the_extra_is_named(module: str, library: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    monkeypatch.delitem(sys.modules, module, raising=False)
    for name in [name for name in sys.modules if name.startswith(f"{library}.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ImportError, match=rf"pip install 'pecverify\[{extra}\]'"):
        importlib.import_module(module)


def test_the_default_trust_is_enough() -> None:
    """A worker's demands without more."""
    examiner = Examiner(trust=TrustStore.default(), policy=Policy())
    (batch,) = arrow.verify_batches([batch_of(("a", b"x"))], examiner)
    assert batch.num_rows == 1
