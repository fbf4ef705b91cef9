"""Decodes the rows of a row event.

mysql-replication reads the log, the events and the table maps; its own row decoding loses what must not be lost
(negative TIME with fractions, latin1 bytes outside cp1252, UTF-16 without byte order mark, trailing NULs of BINARY, an
empty SET against NULL, ENUM members in another character set than UTF-8), so the last step is here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple, TypeAlias

from pymysqlreplication.constants import FIELD_TYPE

from odpf_local.dms.errors import UnsupportedSource
from odpf_local.dms.replicate import readers
from odpf_local.dms.replicate.charsets import decoder
from odpf_local.dms.replicate.kinds import Kind
from odpf_local.dms.replicate.readers import Reader

_SHORT_TEXT = 255
_BINARY = "binary"
_INTEGERS = {
    FIELD_TYPE.TINY: ("tinyint", 1),
    FIELD_TYPE.SHORT: ("smallint", 2),
    FIELD_TYPE.INT24: ("mediumint", 3),
    FIELD_TYPE.LONG: ("int", 4),
    FIELD_TYPE.LONGLONG: ("bigint", 8),
}
_BLOB_SIZES = {1: "tiny", 2: "", 3: "medium", 4: "long"}
_OLD = {FIELD_TYPE.DATETIME: "DATETIME", FIELD_TYPE.TIME: "TIME", FIELD_TYPE.TIMESTAMP: "TIMESTAMP"}

Members: TypeAlias = Callable[[], Sequence[str]]
Read: TypeAlias = tuple[Kind, Reader]


class LoggedColumn(NamedTuple):
    """A column as a row event has it: its type, and how its values are read."""

    name: str
    kind: Kind
    read: Reader


def logged_column(column: Any, members: Members) -> LoggedColumn:
    """A column of a table map event.

    Args:
        column: `pymysqlreplication.column.Column`.
        members: members of an ENUM or SET from the server's catalogue, asked for when the log cannot tell them.

    Raises:
        UnsupportedSource: a type or character set that cannot be decoded.
    """
    if column.type in _OLD:
        raise UnsupportedSource(
            f"Column {column.name} is a {_OLD[column.type]} in the format of a server before MySQL 5.6. "
            "Rebuild the table: ALTER TABLE ... FORCE."
        )
    if column.type not in _TYPES:
        raise UnsupportedSource(
            f"Column {column.name} has type code {column.type}, which is not known. Exclude its table by a rule."
        )
    return LoggedColumn(column.name, *_TYPES[column.type](column, members))


def read_rows(columns: Sequence[LoggedColumn], data: bytes, images: int) -> Iterator[tuple[tuple[Any, ...], ...]]:
    """All rows of a row event's payload, each with one image, or two for updates: before and after."""
    offset, size = 0, len(data)
    while offset < size:
        found = []
        for _ in range(images):
            values, offset = _row(columns, data, offset)
            found.append(values)
        yield tuple(found)


def _row(columns: Sequence[LoggedColumn], data: bytes, offset: int) -> tuple[tuple[Any, ...], int]:
    nulls = int.from_bytes(data[offset : offset + (len(columns) + 7) // 8], "little")
    offset += (len(columns) + 7) // 8
    values = []
    for number, column in enumerate(columns):
        value = None
        if not nulls >> number & 1:
            value, offset = column.read(data, offset)
        values.append(value)
    return tuple(values), offset


def _integer(column: Any, _: Members) -> Read:
    name, size = _INTEGERS[column.type]
    return Kind(name, unsigned=column.unsigned), readers.integer_reader(size, signed=not column.unsigned)


def _decimal(column: Any, _: Members) -> Read:
    kind = Kind("decimal", digits=column.precision, places=column.decimals)
    return kind, readers.decimal_reader(kind)


def _string(column: Any, _: Members) -> Read:
    """CHAR, VARCHAR, BINARY or VARBINARY; a BINARY is logged without its trailing NULs."""
    fixed = column.type == FIELD_TYPE.STRING
    size = 2 if column.max_length > _SHORT_TEXT else 1
    if column.character_set_name == _BINARY:
        convert = readers.padded(column.max_length if fixed else 0)
        return Kind(_BINARY if fixed else "varbinary"), readers.sized_reader(size, convert)
    decode = decoder(column.character_set_name, column.name)
    return Kind("char" if fixed else "varchar"), readers.sized_reader(size, decode)


def _blob(column: Any, _: Members) -> Read:
    size = column.length_size
    if column.character_set_name == _BINARY:
        return Kind(f"{_BLOB_SIZES[size]}blob"), readers.sized_reader(size, bytes)
    return Kind(f"{_BLOB_SIZES[size]}text"), readers.sized_reader(size, decoder(column.character_set_name, column.name))


def _enum(column: Any, members: Members) -> Read:
    return Kind("enum"), readers.enum_reader(column.size, _members(column, column.enum_values[1:], members))


def _set(column: Any, members: Members) -> Read:
    return Kind("set"), readers.set_reader(column.size, _members(column, column.set_values, members))


def _members(column: Any, logged: Sequence[str], members: Members) -> Sequence[str]:
    """The log has them in the column's character set, of which mysql-replication decodes only UTF-8."""
    if column.character_set_name in ("utf8", "ascii"):
        return logged
    known = members()
    if len(known) != len(logged):
        raise UnsupportedSource(
            f"The members of {column.name} changed since the log was written, and the log has them in character set "
            f"{column.character_set_name}. Start anew with a full load."
        )
    return known


_TYPES: dict[int, Callable[[Any, Members], Read]] = {
    **dict.fromkeys(_INTEGERS, _integer),
    **dict.fromkeys((FIELD_TYPE.VARCHAR, FIELD_TYPE.VAR_STRING, FIELD_TYPE.STRING), _string),
    FIELD_TYPE.NEWDECIMAL: _decimal,
    FIELD_TYPE.BLOB: _blob,
    FIELD_TYPE.ENUM: _enum,
    FIELD_TYPE.SET: _set,
    FIELD_TYPE.FLOAT: lambda _, __: (Kind("float"), readers.float_reader),
    FIELD_TYPE.DOUBLE: lambda _, __: (Kind("double"), readers.double_reader),
    FIELD_TYPE.YEAR: lambda _, __: (Kind("year"), readers.year_reader),
    FIELD_TYPE.DATE: lambda _, __: (Kind("date"), readers.date_reader),
    FIELD_TYPE.BIT: lambda column, _: (Kind("bit", digits=column.bits), readers.bit_reader(column.bits)),
    FIELD_TYPE.DATETIME2: lambda column, _: (Kind("datetime"), readers.datetime_reader(column.fsp)),
    FIELD_TYPE.TIMESTAMP2: lambda column, _: (Kind("timestamp"), readers.timestamp_reader(column.fsp)),
    FIELD_TYPE.TIME2: lambda column, _: (Kind("time"), readers.time_reader(column.fsp)),
    FIELD_TYPE.JSON: lambda column, _: (Kind("json"), readers.sized_reader(column.length_size, readers.json_text)),
    FIELD_TYPE.GEOMETRY: lambda column, _: (Kind("geometry"), readers.sized_reader(column.length_size, bytes)),
}
