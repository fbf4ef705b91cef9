"""Arrow types that landed files may have and not every engine reads, and what they are read as (docs/hudi.md)."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc


def readable_type(kind: pa.DataType) -> pa.DataType:
    """The type that every engine reads."""
    if pa.types.is_dictionary(kind):
        return readable_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", tz=kind.tz)
    if pa.types.is_time(kind):
        return pa.string()
    return pa.float32() if pa.types.is_float16(kind) else kind


def readable_column(column: pa.Array, kind: pa.DataType) -> pa.Array:
    """Values in a type that every engine reads: `kind` is that of the column after it."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_time(column.type):  # text HH:mm:ss.ffffff, alike in every engine
        return pc.cast(pc.cast(column, pa.time64("us"), safe=False), pa.string())
    return column if column.type == kind else pc.cast(column, kind, safe=False)
