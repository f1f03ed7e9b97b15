"""Receipts verified on a Spark cluster: a DataFrame of messages in, one of flat rows out.

Needs the extra `spark` (pyspark, and the pyarrow and pandas that it asks for), on the workers as on the driver.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pecverify.archive.examine import Examiner
from pecverify.archive.flat import COLUMNS, ColumnType
from pecverify.policy import Policy
from pecverify.trust import TrustStore

try:
    from pyspark.sql import functions, types

    from pecverify.arrow import verify_batches
except ImportError as error:
    _MESSAGE = "pecverify.spark needs pyspark and pyarrow: pip install 'pecverify[spark]'"
    raise ImportError(_MESSAGE, name=error.name) from error

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa
    from pyspark.sql import DataFrame

_RECIPIENT = types.StructType(
    [types.StructField("address", types.StringType()), types.StructField("type", types.StringType())]
)
_TYPES = {
    ColumnType.TEXT: types.StringType(),
    ColumnType.TOKEN: types.StringType(),
    ColumnType.INTEGER: types.LongType(),
    ColumnType.FLAG: types.BooleanType(),
    ColumnType.INSTANT: types.TimestampType(),
    ColumnType.TEXTS: types.ArrayType(types.StringType()),
    ColumnType.RECIPIENTS: types.ArrayType(_RECIPIENT),
}


def schema() -> types.StructType:
    """Spark's form of `pecverify.arrow.schema()`, tokens as strings."""
    return types.StructType([types.StructField(column.name, _TYPES[column.type]) for column in COLUMNS])


def verify(  # noqa: PLR0913 (what is verified, by what, and where it lies)
    df: DataFrame,
    trust: TrustStore | None = None,
    policy: Policy | None = None,
    path: str = "path",
    content: str = "content",
    *,
    nested: bool = False,
) -> DataFrame:
    """Verify each row's message on the workers.

    Nothing about a message fails the job: what could not be verified is a row that says why.

    Args:
        df: one message a row, e.g. from `spark.read.format("binaryFile")`. Archives are not unpacked.
        trust: who may sign; the AgID and DigitPA anchors if not given. Broadcast.
        policy: at which instant, with which algorithms and limits; `Policy()` if not given. Broadcast.
        path: the column (of strings) that names the message.
        content: the column (binary) with its bytes, untouched.
        nested: whether to verify the receipts inside each message too: they are rows of their own.

    Returns:
        The flat rows, in the columns of `schema()`. Lazy, as DataFrames are.

    Raises:
        TypeError: a column has another type.
    """
    messages = df.select(functions.col(path).alias("path"), functions.col(content).alias("content"))
    if dict(messages.dtypes) != {"path": "string", "content": "binary"}:
        message = f"verify takes a column of strings and one of binary, not {messages.dtypes}"
        raise TypeError(message)
    examiner = Examiner(trust=trust or TrustStore.default(), policy=policy or Policy(), nested=nested)
    broadcast = df.sparkSession.sparkContext.broadcast(examiner)

    def work(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        return verify_batches(batches, broadcast.value)

    return messages.mapInArrow(work, schema())
