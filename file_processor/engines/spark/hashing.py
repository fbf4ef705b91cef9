"""Hash the values of a column with what Spark has itself: SHA-256 and no HMAC, so its two passes are written out (RFC 2104).

The same texts as in file_processor/hashing.py. The key comes in a frame of one row, which is joined: a literal would stand in
query plans, and those in logs and in the history server.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import BinaryType, StructField, StructType

from odpf.hash_key import HashKey

_INNER, _OUTER = "_odpf_inner_pad", "_odpf_outer_pad"
_PADS = StructType([StructField(_INNER, BinaryType()), StructField(_OUTER, BinaryType())])


def with_pads(spark: SparkSession, rows: DataFrame, key: HashKey) -> DataFrame:
    """Rows with what `hashed` needs of the key beside them."""
    return rows.crossJoin(F.broadcast(_pads(spark, key)))


def _pads(spark: SparkSession, key: HashKey) -> DataFrame:
    """A frame of one row, made in Java: from Python's values Spark would make it with processes of Python."""
    jvm: Any = spark._jvm
    session: Any = spark._jsparkSession
    values = jvm.java.lang.reflect.Array.newInstance(jvm.java.lang.Class.forName("java.lang.Object"), len(key.pads))
    for number, pad in enumerate(key.pads):
        values[number] = pad
    rows = jvm.java.util.ArrayList()
    rows.add(jvm.org.apache.spark.sql.RowFactory.create(values))
    return DataFrame(session.createDataFrame(rows, session.parseDataType(_PADS.json())), spark)


def hashed(column: Column, kind: str) -> Column:
    """The hashes of a column's values; `kind` is its type."""
    inner = F.unhex(F.sha2(F.concat(F.col(_INNER), _text(column, kind)), 256))
    return F.sha2(F.concat(F.col(_OUTER), inner), 256)


def _text(column: Column, kind: str) -> Column:
    """The canonical text of every value, as bytes."""
    if kind == "binary":
        return column
    if kind in ("float", "double"):
        text = F.when(column.isNotNull(), F.format_string("%a", column.cast("double")))
    elif kind == "timestamp":
        text = F.date_format(column, "yyyy-MM-dd HH:mm:ss.SSSSSS")
    elif kind.startswith("decimal"):
        text = _plain(column)
    else:
        text = column.cast("string")
    return text.cast("binary")


def _plain(number: Column) -> Column:
    """A decimal without an exponent, which Java writes for small ones (1.2E-9), and without zeros at the end."""
    text = number.cast("string")
    digits = F.regexp_replace(F.regexp_extract(text, r"^-?([0-9.]+)E", 1), r"\.", "")
    zeros = F.call_function("repeat", F.lit("0"), F.regexp_extract(text, r"E-([0-9]+)$", 1).cast("int") - 1)
    sign = F.when(text.startswith("-"), "-").otherwise("")
    written_out = F.when(text.contains("E"), F.concat(sign, F.lit("0."), zeros, digits)).otherwise(text)
    shorter = F.when(written_out.contains("."), F.regexp_replace(written_out, r"\.?0+$", "")).otherwise(written_out)
    return F.when(number.isNull(), F.lit(None)).when(number == 0, F.lit("0")).otherwise(shorter)
