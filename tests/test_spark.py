"""The same rows from a local Spark cluster of two workers as from one machine. Skipped without pyspark or Java."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pecverify import Policy, TrustStore, arrow
from pecverify.archive.flat import COLUMNS, Row, flat_rows
from tests import verified_answers as answers
from tests.test_tables import PAGE, example

ROOT = Path(__file__).resolve().parent.parent
pytest.importorskip("pyspark", reason="pyspark is not installed (dependency group `spark`)")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java, and there is none", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
ZONE = "America/New_York"
"""Of the session: neither UTC nor Italy's."""


@pytest.fixture(scope="module")
def spark() -> Iterator[Any]:
    """A session with two workers, each a process of its own."""
    from pyspark.sql import SparkSession  # noqa: PLC0415 (where it is installed)

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_PYTHON", sys.executable)
        session = (
            SparkSession.builder.master("local-cluster[2,1,1024]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.executorEnv.PYTHONPATH", str(ROOT))
            # Work begins when both workers are there, not when the first is.
            .config("spark.cores.max", "2")
            .config("spark.scheduler.minRegisteredResourcesRatio", "1.0")
            .config("spark.scheduler.maxRegisteredResourcesWaitingTime", "120s")
            .config("spark.sql.session.timeZone", ZONE)
            .config("spark.sql.shuffle.partitions", "4")
            .config("spark.ui.enabled", "false")
            .getOrCreate()
        )
        yield session
        session.stop()


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A folder with every message of the fixtures, and names that are no plain ones."""
    folder = tmp_path / "archive"
    folder.mkdir()
    for path in answers.messages():
        shutil.copy(path, folder / path.name)
    shutil.copy(answers.messages()[0], folder / "città e %20.eml")
    return folder


def expected(folder: Path, store: TrustStore, policy: Policy | None = None, *, nested: bool = False) -> list[Row]:
    """The rows of one machine. Spark's `binaryFile` passes over empty files."""
    paths = sorted(path for path in folder.iterdir() if path.stat().st_size)
    return [row for path in paths for row in flat_rows(answers.about(path, store, policy, nested=nested))]


def in_order(rows: list[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (str(row["path"]), row["taken_from_start"] or 0))


def rows_of(frame: Any) -> list[Row]:  # noqa: ANN401 (no types without pyspark)
    """What a DataFrame holds, by Arrow; names as paths of files instead of URIs."""
    rows: list[Row] = frame.toArrow().to_pylist()
    for row in rows:
        row["path"] = str(row["path"]).removeprefix("file:")
    return in_order(rows)


def binary_files(spark: Any, folder: Path) -> Any:  # noqa: ANN401 (as above)
    return spark.read.format("binaryFile").load(str(folder)).repartition(4)


def test_the_schema_is_that_of_arrow() -> None:
    from pyspark.sql.pandas.types import from_arrow_schema  # noqa: PLC0415 (as above)

    from pecverify.spark import schema  # noqa: PLC0415 (as above)

    assert schema() == from_arrow_schema(arrow.schema(dictionaries=False))


def test_two_workers_find_what_one_machine_finds(spark: Any, archive: Path) -> None:  # noqa: ANN401
    from pecverify.spark import verify  # noqa: PLC0415

    verified = verify(binary_files(spark, archive), answers.trust(), nested=True)
    assert verified.columns == [column.name for column in COLUMNS]
    rows = rows_of(verified)
    executors = spark.sparkContext._jsc.sc().statusTracker().getExecutorInfos()
    assert len(executors) == 3  # the driver is one of them
    assert rows == in_order(expected(archive, answers.trust(), nested=True))
    assert {row["verdict"] for row in rows} == {"valid", "indeterminate", "invalid"}


def test_trust_and_policy_are_those_of_the_caller(spark: Any, archive: Path) -> None:  # noqa: ANN401
    from pecverify.spark import verify  # noqa: PLC0415

    policy = Policy.archival(at=datetime(2031, 1, 1, tzinfo=UTC))
    rows = rows_of(verify(binary_files(spark, archive), answers.trust(), policy))
    assert rows == expected(archive, answers.trust(), policy)
    assert rows != expected(archive, TrustStore.default(), policy)
    assert {row["basis"] for row in rows if row["validated_at"] is not None} == {"given"}


def test_instants_are_not_shifted(spark: Any, archive: Path, tmp_path: Path) -> None:  # noqa: ANN401
    """By the session's time zone, on their way out, into a Parquet file, and in SQL."""
    from pecverify.spark import verify  # noqa: PLC0415

    assert spark.conf.get("spark.sql.session.timeZone") == ZONE
    (path,) = (path for path in archive.iterdir() if path.name == "acceptance.eml")
    verified = verify(binary_files(spark, path), answers.trust())
    stated = datetime.fromisoformat("2024-03-15T10:20:30+01:00")
    (told,) = verified.selectExpr("unix_micros(issued_at)", "string(issued_at)", "issued_at_offset_minutes").collect()
    assert tuple(told) == (int(stated.timestamp()) * 1_000_000, "2024-03-15 05:20:30", 60)
    verified.write.parquet(str(tmp_path / "out"))
    written = pq.read_table(tmp_path / "out").column("issued_at").cast(pa.timestamp("us")).cast("int64")
    assert written.to_pylist() == [int(stated.timestamp()) * 1_000_000]


def test_rows_that_fail_are_rows(spark: Any) -> None:  # noqa: ANN401
    from pecverify.spark import verify  # noqa: PLC0415

    good = (answers.FIXTURES / "vectors" / "acceptance.eml").read_bytes()
    messages = [("a", None), ("b", b""), ("c", good), ("d", b"\x00" * 1_000), (None, good), ("f", b"PK\x03\x04")]
    frame = spark.createDataFrame(messages, "name string, bytes binary")
    rows = rows_of(verify(frame, answers.trust(), path="name", content="bytes"))
    assert [(row["path"], row["verdict"], row["unverified_cause"]) for row in rows] == [
        ("", "valid", None),
        ("a", None, "unreadable"),
        ("b", "invalid", None),
        ("c", "valid", None),
        ("d", "invalid", None),
        ("f", "invalid", None),
    ]


def test_no_rows_are_no_rows(spark: Any) -> None:  # noqa: ANN401
    from pecverify.spark import verify  # noqa: PLC0415

    assert rows_of(verify(spark.createDataFrame([], "path string, content binary"))) == []


@pytest.mark.parametrize("columns", ["path string, content string", "path int, content binary"])
def test_columns_of_another_type_are_refused_at_once(spark: Any, columns: str) -> None:  # noqa: ANN401
    from pecverify.spark import verify  # noqa: PLC0415

    with pytest.raises(TypeError, match="verify takes a column of strings and one of binary"):
        verify(spark.createDataFrame([], columns))


def test_the_example_of_the_page(
    spark: Any,  # noqa: ANN401
    archive: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(archive.parent)
    code = (
        example("python spark")
        .replace('"archive"', f'"{archive}"')
        .replace('"receipts"', f'"{archive.parent}/receipts"')
    )
    exec(compile(code, str(PAGE), "exec"), {"spark": spark})  # noqa: S102 (our own page)
    table = pq.read_table(archive.parent / "receipts")
    assert table.column_names == [column.name for column in COLUMNS]
    verdicts = [row["verdict"] for row in expected(archive, TrustStore.default())]
    assert sorted(table.column("verdict").to_pylist()) == sorted(map(str, verdicts))
