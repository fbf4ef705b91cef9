"""Hash the values of a column: HMAC-SHA-256 of a canonical text, the same for the same value with every engine (ADR 0015).

The texts, in UTF-8 (docs/personal-data.md): text and bytes as they are; whole numbers in digits; decimals without an exponent
and without zeros at the end; dates `YYYY-MM-DD`; moments in UTC `YYYY-MM-DD HH:MM:SS.ffffff`; booleans `true` and `false`;
floating point exactly, in base 16, as C's `%a` and Java's `Double.toHexString` have it. Null stays null.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.readable_types import readable_column, readable_type
from odpf.hash_key import HashKey


def hashed(column: pa.Array, key: HashKey) -> pa.Array:
    """The hashes of a column's values, as text.

    Args:
        column: as it stands in a file; of a type that a raw table can hold.
        key: of the table.
    """
    readable = readable_column(column, readable_type(column.type))
    encoded = readable.dictionary_encode()
    values = [None if value is None else key.digest(value) for value in _texts(encoded.dictionary)]
    return pa.array(values, pa.string()).take(encoded.indices)


def _texts(values: pa.Array) -> list[bytes | None]:
    """The canonical text of every value; none of them ever stands in the message of an error."""
    kind = values.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):  # as bytes: what is not UTF-8 is hashed all the same
        return list(values.cast(pa.large_binary() if pa.types.is_large_string(kind) else pa.binary()).to_pylist())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        return list(values.to_pylist())
    if pa.types.is_floating(kind):
        return _each(values.cast(pa.float64()), hexadecimal)
    if pa.types.is_decimal(kind):
        return _each(values, plain)
    if pa.types.is_timestamp(kind):
        values = values.cast(pa.int64()).cast(pa.timestamp("us"))  # in UTC, and no zone behind it
    return _each(pc.cast(values, pa.string()), str)


def _each(values: pa.Array, text: Callable[[Any], str]) -> list[bytes | None]:
    return [None if value is None else text(value).encode() for value in values.to_pylist()]


def plain(number: Decimal) -> str:
    """A decimal without an exponent and without zeros at the end: 5 for 5.00, so that a column that grows keeps its hashes."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def hexadecimal(number: float) -> str:
    """A number of floating point as `Double.toHexString` writes it."""
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    mantissa, exponent = number.hex().split("p")
    digits = mantissa.rstrip("0")
    return f"{digits}0p{int(exponent)}" if digits.endswith(("x", ".")) else f"{digits}p{int(exponent)}"
