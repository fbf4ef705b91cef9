"""A table with every column type of MySQL, and the values its columns must have in files and lake.

Each column: SQL type, then pairs of an SQL literal and the Python value expected in a file. Row n of the table holds the
n-th value of each column, its last row only NULLs.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import sqlalchemy as sa

SCHEMA = "kinds"
TABLE = "every_type"

_MANY = "12345678901234567890123456789012345"
COLUMNS: dict[str, tuple[str, list[tuple[str, Any]]]] = {
    "c_tiny": ("TINYINT", [("-128", -128), ("127", 127), ("0", 0)]),
    "c_utiny": ("TINYINT UNSIGNED", [("0", 0), ("255", 255), ("128", 128)]),
    "c_bool": ("BOOLEAN", [("FALSE", 0), ("TRUE", 1), ("2", 2)]),
    "c_small": ("SMALLINT", [("-32768", -32768), ("32767", 32767), ("-1", -1)]),
    "c_usmall": ("SMALLINT UNSIGNED", [("0", 0), ("65535", 65535), ("32768", 32768)]),
    "c_medium": ("MEDIUMINT", [("-8388608", -8388608), ("8388607", 8388607), ("-1", -1)]),
    "c_umedium": ("MEDIUMINT UNSIGNED", [("0", 0), ("16777215", 16777215), ("8388608", 8388608)]),
    "c_int": ("INT", [("-2147483648", -(2**31)), ("2147483647", 2**31 - 1), ("-1", -1)]),
    "c_uint": ("INT UNSIGNED ZEROFILL", [("0", 0), ("4294967295", 2**32 - 1), ("2147483648", 2**31)]),
    "c_big": ("BIGINT", [("-9223372036854775808", -(2**63)), ("9223372036854775807", 2**63 - 1), ("-1", -1)]),
    "c_ubig": (
        "BIGINT UNSIGNED",
        [("0", 0), ("18446744073709551615", 2**64 - 1), ("9223372036854775808", 2**63)],
    ),
    "c_decimal": (
        "DECIMAL(10,2)",
        [
            ("-99999999.99", Decimal("-99999999.99")),
            ("99999999.99", Decimal("99999999.99")),
            ("-0.01", Decimal("-0.01")),
        ],
    ),
    "c_fraction": (
        "DECIMAL(5,5)",
        [("-0.12345", Decimal("-0.12345")), ("0.99999", Decimal("0.99999")), ("0", Decimal("0"))],
    ),
    "c_wide": (
        "DECIMAL(38,10)",
        [
            (f"-{_MANY[:28]}.0123456789", Decimal(f"-{_MANY[:28]}.0123456789")),
            ("9999999999999999999999999999.9999999999", Decimal("9999999999999999999999999999.9999999999")),
            ("1e-10", Decimal("0.0000000001")),
        ],
    ),
    # More than 38 digits are text: Parquet's decimal cannot hold them.
    "c_wider": (
        "DECIMAL(65,30)",
        [
            (f"-{_MANY}.123456789012345678901234567890", f"-{_MANY}.123456789012345678901234567890"),
            ("0", f"0.{'0' * 30}"),
            ("10.5", f"10.5{'0' * 29}"),
        ],
    ),
    "c_float": ("FLOAT", [("-16777215", -16777215.0), ("1.5e-10", 1.5e-10), ("0.1", 0.1)]),
    "c_double": ("DOUBLE", [("-1.7976931348623157e308", -1.7976931348623157e308), ("5e-300", 5e-300), ("0.1", 0.1)]),
    "c_bit": ("BIT(1)", [("b'0'", False), ("b'1'", True), ("b'1'", True)]),
    "c_bits": ("BIT(10)", [("b'1000000001'", b"\x02\x01"), ("b'0'", b"\x00\x00"), ("b'1111111111'", b"\x03\xff")]),
    "c_bits64": (
        "BIT(64)",
        [("b'0'", bytes(8)), ("X'FFFFFFFFFFFFFFFE'", b"\xff" * 7 + b"\xfe"), ("b'1'", bytes(7) + b"\x01")],
    ),
    "c_date": (
        "DATE",
        [("'1000-01-01'", date(1000, 1, 1)), ("'9999-12-31'", date(9999, 12, 31)), ("'0000-00-00'", None)],
    ),
    "c_datetime": (
        "DATETIME",
        [
            ("'1000-01-01 00:00:00'", datetime(1000, 1, 1)),
            ("'9999-12-31 23:59:59'", datetime(9999, 12, 31, 23, 59, 59)),
            ("'0000-00-00 00:00:00'", None),
        ],
    ),
    "c_datetime3": (
        "DATETIME(3)",
        [
            ("'1899-12-31 23:59:59.999'", datetime(1899, 12, 31, 23, 59, 59, 999000)),
            ("'2024-02-29 12:00:00.001'", datetime(2024, 2, 29, 12, 0, 0, 1000)),
            ("'2024-00-10 00:00:00'", None),
        ],
    ),
    "c_datetime6": (
        "DATETIME(6)",
        [
            ("'1000-01-01 00:00:00.000001'", datetime(1000, 1, 1, 0, 0, 0, 1)),
            ("'9999-12-31 23:59:59.999999'", datetime(9999, 12, 31, 23, 59, 59, 999999)),
            ("'1969-12-31 23:59:59.5'", datetime(1969, 12, 31, 23, 59, 59, 500000)),
        ],
    ),
    "c_timestamp": (
        "TIMESTAMP NULL",
        [
            ("'1970-01-01 00:00:01'", datetime(1970, 1, 1, 0, 0, 1)),
            ("'2038-01-19 03:14:07'", datetime(2038, 1, 19, 3, 14, 7)),
            ("'0000-00-00 00:00:00'", None),
        ],
    ),
    "c_timestamp6": (
        "TIMESTAMP(6) NULL",
        [
            ("'1970-01-01 00:00:01.000001'", datetime(1970, 1, 1, 0, 0, 1, 1)),
            ("'2038-01-19 03:14:07.999999'", datetime(2038, 1, 19, 3, 14, 7, 999999)),
            ("'2023-03-26 02:30:00'", datetime(2023, 3, 26, 2, 30)),
        ],
    ),
    # Text, as DMS has it: a TIME may be negative or longer than a day.
    "c_time": ("TIME", [("'-838:59:59'", "-838:59:59"), ("'838:59:59'", "838:59:59"), ("'00:00:00'", "00:00:00")]),
    "c_time1": (
        "TIME(1)",
        [("'-00:00:00.1'", "-00:00:00.1"), ("'25:00:00.9'", "25:00:00.9"), ("'-12:59:59.9'", "-12:59:59.9")],
    ),
    "c_time4": (
        "TIME(4)",
        [
            ("'-00:00:00.0001'", "-00:00:00.0001"),
            ("'01:02:03.4567'", "01:02:03.4567"),
            ("'-01:59:59.9999'", "-01:59:59.9999"),
        ],
    ),
    "c_time6": (
        "TIME(6)",
        [
            ("'-838:59:58.999999'", "-838:59:58.999999"),
            ("'-00:00:16.777216'", "-00:00:16.777216"),
            ("'12:34:56.000001'", "12:34:56.000001"),
        ],
    ),
    "c_year": ("YEAR", [("1901", 1901), ("2155", 2155), ("0", 0)]),
    "c_char": ("CHAR(10)", [("''", ""), ("'a😀é'", "a😀é"), ("'trail  '", "trail")]),
    "c_varchar": ("VARCHAR(200)", [("''", ""), ("'trail  '", "trail  "), ("'nul\\0 \\n\\t\"'", 'nul\x00 \n\t"')]),
    "c_long_varchar": ("VARCHAR(2000)", [("''", ""), ("REPEAT('日本', 500)", "日本" * 500), ("'x'", "x")]),
    "c_latin": (
        "VARCHAR(20) CHARACTER SET latin1",
        [("'é€'", "é€"), ("X'818D8F909D'", "\x81\x8d\x8f\x90\x9d"), ("'plain'", "plain")],
    ),
    "c_utf16": ("VARCHAR(20) CHARACTER SET utf16", [("'日本😀'", "日本😀"), ("''", ""), ("'a'", "a")]),
    "c_ucs2": ("CHAR(5) CHARACTER SET ucs2", [("'日本'", "日本"), ("''", ""), ("'é'", "é")]),
    "c_utf32": ("TEXT CHARACTER SET utf32", [("'日😀'", "日😀"), ("''", ""), ("'a'", "a")]),
    "c_tinytext": ("TINYTEXT", [("''", ""), ("REPEAT('x', 255)", "x" * 255), ("'😀'", "😀")]),
    "c_text": ("TEXT", [("''", ""), ("REPEAT('é', 30000)", "é" * 30000), ("'a'", "a")]),
    "c_mediumtext": ("MEDIUMTEXT", [("''", ""), ("REPEAT('x', 70000)", "x" * 70000), ("'a'", "a")]),
    "c_longtext": ("LONGTEXT", [("''", ""), ("REPEAT('x', 1000000)", "x" * 1_000_000), ("'a'", "a")]),
    "c_json": ("JSON", [("'{}'", "{}"), ('\'{"a": [1, null, "é"]}\'', '{"a": [1, null, "é"]}'), ("'1.50'", "1.50")]),
    "c_binary": (
        "BINARY(4)",
        [("''", bytes(4)), ("X'FF00'", b"\xff\x00\x00\x00"), ("X'00000001'", b"\x00\x00\x00\x01")],
    ),
    "c_binary255": (
        "BINARY(255)",
        [("''", bytes(255)), ("X'01'", b"\x01" + bytes(254)), ("X'2020'", b"  " + bytes(253))],
    ),
    "c_varbinary": ("VARBINARY(300)", [("''", b""), ("X'0000'", b"\x00\x00"), ("X'FF'", b"\xff")]),
    "c_tinyblob": ("TINYBLOB", [("''", b""), ("X'00FF'", b"\x00\xff"), ("X'80'", b"\x80")]),
    "c_blob": ("BLOB", [("''", b""), ("REPEAT(X'FE', 60000)", b"\xfe" * 60000), ("X'00'", b"\x00")]),
    "c_mediumblob": ("MEDIUMBLOB", [("''", b""), ("REPEAT(X'FE', 70000)", b"\xfe" * 70000), ("X'00'", b"\x00")]),
    "c_longblob": ("LONGBLOB", [("''", b""), ("X'00'", b"\x00"), ("X'FF'", b"\xff")]),
    "c_enum": ("ENUM('one','two, three','it''s','')", [("'one'", "one"), ("'it''s'", "it's"), ("99", "")]),
    "c_latin_enum": (
        "ENUM('é','Ã©','unsigned') CHARACTER SET latin1",
        [("'é'", "é"), ("'Ã©'", "Ã©"), ("3", "unsigned")],
    ),
    "c_set": ("SET('a','b','ü')", [("''", ""), ("'ü,a'", "a,ü"), ("7", "a,b,ü")]),
    "c_stored": ("INT GENERATED ALWAYS AS (id * 2) STORED", []),
}
LEFT_OUT = {"c_virtual": "INT GENERATED ALWAYS AS (id * 3) VIRTUAL"}
"""Computed when read: the log has no value for it, and neither have the files."""

ROWS = 4
_GIVEN = {name: values for name, (_, values) in COLUMNS.items() if values}


def create(engine: sa.Engine) -> None:
    """Make `kinds.every_type`, key `id`, without rows."""
    columns = {name: sql for name, (sql, _) in COLUMNS.items()} | LEFT_OUT
    listed = ", ".join(f"{name} {sql}" for name, sql in columns.items())
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4")
        connection.exec_driver_sql(f"CREATE TABLE {SCHEMA}.{TABLE} (id INT PRIMARY KEY, {listed}) ROW_FORMAT=DYNAMIC")


def insert(engine: sa.Engine, first: int = 1) -> None:
    """Insert the rows with keys from `first`, as a server takes them that allows zero dates."""
    with engine.begin() as connection:
        connection.exec_driver_sql("SET sql_mode = '', time_zone = '+00:00'")
        for number in range(ROWS):
            literals = {n: values[number][0] if number < len(values) else "NULL" for n, values in _GIVEN.items()}
            statement = (
                f"INSERT INTO {SCHEMA}.{TABLE} (id, {', '.join(literals)})"
                f" VALUES ({first + number}, {', '.join(literals.values())})"
            )
            connection.exec_driver_sql(statement.replace("%", "%%"))


def expected(first: int = 1) -> dict[int, dict[str, Any]]:
    """The rows by key as a file must have them; FLOATs as the 32-bit number they are."""
    rows = {}
    for number in range(ROWS):
        key = first + number
        values = {n: given[number][1] if number < len(given) else None for n, given in _GIVEN.items()}
        rows[key] = {"id": key, **values, "c_stored": key * 2}
    return rows
