"""Every database spells a value as the lake does: canonical texts of MariaDB, PostgreSQL, Athena's SQL and Python are the same."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from reconciliation.canonical import canonical
from reconciliation.dialects.athena import Athena
from reconciliation.forms import Form, LakeColumn, Pair, SourceColumn, pairing
from reconciliation.source import Source
from tests.more import every_type as kinds
from tests.reconciliation.duck import DuckLake, hive_type

pytestmark = pytest.mark.more

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=20) | st.sampled_from(
    ["", " ", "a ", "A", "a", "é", "e\u0301", "0", "1.50", "~", "|", "\\", "'", '"', "%", ":x"]
)
DOUBLE = st.floats(allow_nan=False, allow_infinity=False) | st.sampled_from(
    [5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -0.0, 0.1, 0.1 + 2**-56, 8.0, 2.0**29, 2.0**1023]
)
SINGLE = st.floats(width=32, allow_nan=False, allow_infinity=False).map(
    # MySQL keeps no subnormal singles of its own accord
    lambda x: x if x == 0 or abs(x) > 1.2e-38 else 0.0
)
MOMENT = st.datetimes(datetime(1000, 1, 1), datetime(9999, 12, 31, 23, 59, 59))
DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, places=10, min_value=-(10**27), max_value=10**27)
COLUMNS: dict[str, tuple[str, str, pa.DataType, st.SearchStrategy[Any]]] = {
    "whole": ("BIGINT", "bigint", pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "exact": ("DECIMAL(38,10)", "numeric(38,10)", pa.decimal128(38, 10), DECIMAL),
    "price": (
        "DECIMAL(10,2)",
        "numeric(10,2)",
        pa.decimal128(10, 2),
        st.decimals("-99999999.99", "99999999.99", places=2),
    ),
    "single": ("FLOAT", "real", pa.float32(), SINGLE),
    "double": ("DOUBLE", "double precision", pa.float64(), DOUBLE),
    "day": ("DATE", "date", pa.date32(), st.dates(date(1000, 1, 1), date(9999, 12, 31))),
    "moment": ("DATETIME(6)", "timestamp", pa.timestamp("us"), MOMENT),
    "words": ("TEXT CHARACTER SET utf8mb4", "text", pa.string(), TEXT),
    "bytes": ("VARBINARY(50)", "bytea", pa.binary(), st.binary(max_size=40)),
}
ROWS = st.lists(st.tuples(*(st.none() | strategy for *_, strategy in COLUMNS.values())), min_size=30, max_size=60)


@pytest.mark.parametrize("server", ["mariadb", "postgresql"])
def test_a_value_has_one_text_in_the_source_in_the_lake_and_in_python(
    server: str, request: pytest.FixtureRequest
) -> None:
    with table_of(request.getfixturevalue(server).engine, server) as table:
        source = Source(table.engine, *dialect_of(table.engine))

        @settings(
            max_examples=6,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow],
        )
        @given(ROWS)
        def agree(rows: list[tuple[Any, ...]]) -> None:
            fill(table, rows)
            pairs = pairs_of(source)
            assert texts_of(source, pairs) == python_texts(rows, pairs)
            assert lake_texts(rows, pairs) == python_texts(rows, pairs)

        agree()


def test_every_type_of_mysql_has_the_text_of_the_value_that_the_lake_holds(every_type: Any) -> None:
    source = Source.connect(every_type.url)
    expected = kinds.expected()
    columns = [column for column in source.columns(kinds.SCHEMA, kinds.TABLE) if column.name not in kinds.LEFT_OUT]
    arrow = {column.name: in_lake(column.name, [row[column.name] for row in expected.values()]) for column in columns}
    pairs = [pair_of(column, LakeColumn(column.name, hive_type(arrow[column.name].type))) for column in columns]
    lake = DuckLake({"d.t": pa.table(arrow)})
    with source.snapshot() as run:
        ours = run(
            f"SELECT {spelled(source.dialect, pairs)} FROM kinds.every_type WHERE id <= {kinds.ROWS} ORDER BY id"
        )
    theirs = lake.run(f'SELECT {spelled(Athena(), pairs)} FROM d.t ORDER BY "id"')
    for number, pair in enumerate(pairs):
        assert [row[number] for row in ours] == [row[number] for row in theirs], pair


def spelled(dialect: Any, pairs: list[Pair]) -> str:
    return ", ".join(dialect.canonical(pair) for pair in pairs)


ROUNDED = {".999499": "30.999", ".999500": "31", ".000499": "30", ".123499": "30.123", ".123500": "30.124"}


@pytest.mark.parametrize(
    ("server", "literal"), [("mariadb", "CAST('{}' AS DATETIME(6))"), ("postgresql", "timestamp '{}'")]
)
def test_moments_are_rounded_as_a_lake_does_that_shows_milliseconds(server: str, literal: str, request: Any) -> None:
    source = Source.connect(request.getfixturevalue(server).url).to_the_millisecond()
    text = source.dialect.canonical(source_pair("x", Form.MOMENT, "timestamp"))
    with source.snapshot() as run:
        for fraction, seconds in ROUNDED.items():
            moment = literal.format(f"2026-01-31 10:15:30{fraction}")
            assert [tuple(row) for row in run(f"SELECT {text} FROM (SELECT {moment} AS x) t")] == [
                (f"2026-01-31 10:15:{seconds}",)
            ]


class Table:
    def __init__(self, engine: sa.Engine, name: str, schema: str) -> None:
        self.engine, self.name, self.schema = engine, name, schema


@contextmanager
def table_of(engine: sa.Engine, server: str) -> Iterator[Table]:
    which = 0 if server == "mariadb" else 1
    listed = ", ".join(f"c_{name} {types[which]}" for name, types in COLUMNS.items())
    schema = "spelling"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE {'DATABASE' if which == 0 else 'SCHEMA'} {schema}")
        connection.exec_driver_sql(f"CREATE TABLE {schema}.spelt (n INT PRIMARY KEY, {listed})")
    yield Table(engine, "spelt", schema)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            f"DROP {'DATABASE' if which == 0 else 'SCHEMA'} {schema}{'' if which == 0 else ' CASCADE'}"
        )


def dialect_of(engine: sa.Engine) -> tuple[Any, Any]:
    made = Source.connect(engine.url.render_as_string(hide_password=False))
    return made.dialect, made.session


def fill(table: Table, rows: list[tuple[Any, ...]]) -> None:
    names = [f"c_{name}" for name in COLUMNS]
    statement = sa.text(
        f"INSERT INTO {table.schema}.{table.name} (n, {', '.join(names)}) VALUES (:n, {', '.join(f':{n}' for n in names)})"
    )
    with table.engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM {table.schema}.{table.name}")
        connection.execute(
            statement, [{"n": number, **dict(zip(names, row, strict=True))} for number, row in enumerate(rows)]
        )


def pairs_of(source: Source) -> list[Pair]:
    columns = source.columns("spelling", "spelt")
    lake = {f"c_{name}": LakeColumn(f"c_{name}", hive_type(types[2])) for name, types in COLUMNS.items()}
    return [pair_of(column, lake[column.name]) for column in columns if column.name in lake]


def pair_of(column: Any, lake: LakeColumn) -> Pair:
    made = pairing([column], [lake], {column.name: lake.name}, (), frozenset())
    assert made.others, made.not_compared
    return made.others[0]


def source_pair(name: str, form: Form, lake: str) -> Pair:
    return Pair(SourceColumn(name, form, "any"), LakeColumn(name, lake), form)


def texts_of(source: Source, pairs: list[Pair]) -> list[tuple[Any, ...]]:
    listed = ", ".join(source.dialect.canonical(pair) for pair in pairs)
    with source.snapshot() as run:
        return [tuple(row) for row in run(f"SELECT {listed} FROM spelling.spelt ORDER BY n")]


def lake_texts(rows: list[tuple[Any, ...]], pairs: list[Pair]) -> list[tuple[Any, ...]]:
    columns = {
        f"c_{name}": pa.array([row[n] for row in rows], types[2]) for n, (name, types) in enumerate(COLUMNS.items())
    }
    lake = DuckLake({"d.t": pa.table({**columns, "n": pa.array(range(len(rows)))})})
    listed = ", ".join(Athena().canonical(pair) for pair in pairs)
    return [tuple(row) for row in lake.run(f"SELECT {listed} FROM d.t ORDER BY n")]


def python_texts(rows: list[tuple[Any, ...]], pairs: list[Pair]) -> list[tuple[Any, ...]]:
    return [tuple(canonical(value, pair.form) for value, pair in zip(row, pairs, strict=True)) for row in rows]


def in_lake(name: str, values: list[Any]) -> pa.Array:
    if name == "c_float":
        return pa.array([v if v is None else struct.unpack("f", struct.pack("f", v))[0] for v in values], pa.float32())
    if name == "c_ubig":
        return pa.array([v if v is None else Decimal(v) for v in values], pa.decimal128(20, 0))
    found = pa.array(values)
    if pa.types.is_decimal(found.type):
        sizes = {"c_decimal": (10, 2), "c_fraction": (5, 5), "c_wide": (38, 10)}[name]
        return pa.array(values, pa.decimal128(*sizes))
    return found
