"""Record keys and partition paths as text, letter for letter as Hudi's key generators make them (docs/hudi.md).

A table moves between the engines: a key of another text would be another row.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc

from odpf.errors import NeedsSpark

DEFAULT_PARTITION = "__HIVE_DEFAULT_PARTITION__"
"""Where null and empty partition values lie."""

_NULL_PART, _EMPTY_PART = "__null__", "__empty__"
_ESCAPED = frozenset("".join(map(chr, range(1, 32))) + "\"#%'*/:=?\\\x7f{[]^")
"""org.apache.hudi.common.util.PartitionPathEncodeUtils."""
_GREGORIAN = datetime(1582, 10, 15, tzinfo=UTC)
"""Java prints the text of earlier moments in the Julian calendar."""


def record_keys(table: pa.Table, keys: Sequence[str]) -> pa.ChunkedArray:
    """The record key of every row.

    Args:
        table: rows with the key's columns; a single key without nulls.
        keys: the record key's columns, in order.

    Raises:
        NeedsSpark: a key part whose text only Java makes.
    """
    if len(keys) == 1:
        return key_text(table[keys[0]])
    parts = [pc.binary_join_element_wise(pa.scalar(f"{key}:"), _part(table[key]), "") for key in keys]
    return pc.binary_join_element_wise(*parts, ",")


def partition_paths(column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
    """The partition path of every row, in Hive style and URL-encoded."""
    text = key_text(column).combine_chunks().dictionary_encode()
    paths = [f"{name}={escaped(value)}" for value in text.dictionary.to_pylist()]
    values = pa.array([*paths, f"{name}={DEFAULT_PARTITION}"], pa.string())
    return pa.chunked_array([values.take(pc.fill_null(text.indices, len(paths)))])


def escaped(value: str) -> str:
    """A partition value as a folder name."""
    if not value:
        return DEFAULT_PARTITION
    return "".join(f"%{ord(letter):02X}" if letter in _ESCAPED else letter for letter in value)


def key_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """A column's values as text."""
    kind = column.type
    if pa.types.is_string(kind):
        return column
    if pa.types.is_timestamp(kind):
        return _timestamp_text(column)
    text = pc.cast(column, pa.string())
    # Arrow and Java write the same decimals with an exponent; releases of Arrow before 18, as on Glue 5.0, write `1.E-10`.
    return pc.replace_substring(text, ".E", "E") if pa.types.is_decimal(kind) else text


def _part(column: pa.ChunkedArray) -> pa.ChunkedArray:
    text = key_text(column)
    return pc.fill_null(pc.if_else(pc.equal(text, ""), _EMPTY_PART, text), _NULL_PART)


def _timestamp_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """As java.sql.Timestamp prints it: milliseconds without trailing zeros, one digit at least."""
    if pc.any(pc.less(column, pa.scalar(_GREGORIAN, column.type))).as_py():
        raise NeedsSpark("A record key or partition value lies before 1582-10-15, whose text only Java makes.")
    text = pc.strftime(pc.cast(pc.floor_temporal(column, unit="millisecond"), pa.timestamp("ms")), "%Y-%m-%d %H:%M:%S")
    return pc.replace_substring_regex(text, r"(\.\d)(\d*?)0*$", r"\1\2")
