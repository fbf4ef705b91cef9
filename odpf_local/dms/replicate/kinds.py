"""MySQL's column types, what DMS makes of them in Parquet, and their values from the server's text.

Types follow the AWS DMS user guide ("Source data types for MySQL" and "Target data types for S3 Parquet"): TIME becomes
text, since it may be negative or longer than a day; BIT(1) a boolean, wider ones bytes; YEAR a 16-bit integer; DECIMAL
beyond 38 digits, which Parquet's decimal cannot hold, text.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple

import pyarrow as pa

from odpf_local.dms.errors import UnsupportedSource

_DECIMAL_DIGITS = 38
_INTEGERS = {"tinyint": 8, "smallint": 16, "mediumint": 32, "int": 32, "bigint": 64}
_TEXTS = frozenset(["char", "varchar", "tinytext", "text", "mediumtext", "longtext", "enum", "set", "json", "time"])
_BYTES = frozenset(["binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob"])
_PLAIN: dict[str, pa.DataType] = {
    "float": pa.float32(),
    "double": pa.float64(),
    "year": pa.int16(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us"),
    "timestamp": pa.timestamp("us"),
}
_SIGNED = {8: pa.int8(), 16: pa.int16(), 32: pa.int32(), 64: pa.int64()}
_UNSIGNED = {8: pa.uint8(), 16: pa.uint16(), 32: pa.uint32(), 64: pa.uint64()}
_LARGE = frozenset(["mediumtext", "longtext", "mediumblob", "longblob", "json"])
FLOATS = frozenset({"float", "double"})


class Kind(NamedTuple):
    """A column's type.

    Attributes:
        name: as information_schema's DATA_TYPE.
        digits, places: of a decimal; `digits` is the number of bits of a BIT.
    """

    name: str
    unsigned: bool = False
    digits: int = 0
    places: int = 0

    @property
    def supported(self) -> bool:
        """Whether files can hold its values."""
        return self.name in {*_INTEGERS, *_TEXTS, *_BYTES, *_PLAIN, "decimal", "bit"}

    @property
    def large(self) -> bool:
        """Whether DMS counts it among the large objects."""
        return self.name in _LARGE

    @property
    def beyond_decimal(self) -> bool:
        """Whether it is a decimal that only text can hold."""
        return self.name == "decimal" and self.digits > _DECIMAL_DIGITS

    @property
    def arrow(self) -> pa.DataType:
        """Its type in the files."""
        if self.name in _INTEGERS:
            return (_UNSIGNED if self.unsigned else _SIGNED)[_INTEGERS[self.name]]
        if self.name == "decimal" and not self.beyond_decimal:
            return pa.decimal128(self.digits, self.places)
        if self.name == "bit":
            return pa.bool_() if self.digits == 1 else pa.binary()
        if self.name in _BYTES:
            return pa.binary()
        return _PLAIN.get(self.name, pa.string())


def from_text(kind: Kind) -> Callable[[Any], Any]:
    """How a value of that type is read from what the server answers to a SELECT; None stands for a zero date."""
    if kind.name in _INTEGERS or kind.name == "year":
        return int
    if kind.name == "decimal":
        return plain_decimal if kind.beyond_decimal else Decimal
    if kind.name == "bit":
        return single_bit if kind.digits == 1 else bytes
    readers: dict[str, Callable[[Any], Any]] = {
        "float": float,
        "double": float,
        "date": read_date,
        "datetime": read_datetime,
        "timestamp": read_datetime,
    }
    return readers.get(kind.name, _same)


def plain_decimal(text: str) -> str:
    """A decimal's digits without exponent and leading zeros."""
    return f"{Decimal(text):f}"


def single_bit(content: bytes) -> bool:
    """The value of a BIT(1)."""
    return content != b"\x00"


def read_date(text: str) -> date | None:
    """A date; None for one that no calendar has (`0000-00-00`, `2024-00-10`)."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def read_datetime(text: str) -> datetime | None:
    """A date with time; None for one that no calendar has."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def refuse_unsupported(found: list[tuple[str, Kind]]) -> None:
    """Refuse columns that files cannot hold, all of them at once.

    Raises:
        UnsupportedSource: there is one.
    """
    if found:
        listed = ", ".join(f"{column} ({kind.name})" for column, kind in found)
        raise UnsupportedSource(
            f"These columns have types that cannot be replicated: {listed}. Leave them out with remove-column rules in "
            "the table mappings, or exclude their tables."
        )


def _same(value: Any) -> Any:
    return value
