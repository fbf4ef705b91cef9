"""Tables on two sides, as the tests of reconciliation have them: two lakes in this process, one in place of the source."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa

from odpf.states import Explanation
from reconciliation.comparison import Compared, Comparison, InFlight, Plan, RowsOnTheWay
from reconciliation.dialects.athena import Athena
from reconciliation.forms import Form, LakeColumn, Pairing, SourceColumn, pairing
from reconciliation.report import Level, Tolerance
from reconciliation.statements import Statements
from tests.reconciliation.duck import DuckLake, hive_type

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
NOTHING_WAITS = InFlight(lambda _: {}, lambda: RowsOnTheWay({}, 0), lambda: None)


class DuckSource:
    """A source that speaks Athena's SQL; `between` is called before every snapshot but the first, as time goes by."""

    def __init__(self, lake: DuckLake, between: Callable[[], None] = lambda: None) -> None:
        self.dialect, self._lake, self._between = Athena(), lake, between
        self._snapshots = 0

    @contextmanager
    def snapshot(self):
        if self._snapshots:
            self._between()
        self._snapshots += 1
        yield self._run

    def _run(self, sql: str) -> Sequence[Sequence[object]]:
        return [[f"{NOW:%Y-%m-%d %H:%M:%S}"]] if "CURRENT_TIMESTAMP" in sql else self._lake.run(sql)


def pairs_of(table: pa.Table, *keys: str) -> Pairing:
    """Every column of a table, the same on both sides."""
    lake = [LakeColumn(field.name, hive_type(field.type)) for field in table.schema]
    source = [SourceColumn(each.name, _form(each.base), each.type, each.places, each.base == "bigint") for each in lake]
    return pairing(source, lake, {each.name: each.name for each in lake}, keys, frozenset())


def comparison(
    ours: pa.Table,
    theirs: pa.Table,
    *keys: str,
    in_flight: InFlight = NOTHING_WAITS,
    between: Callable[[], None] = lambda: None,
) -> Comparison:
    """A source table against a raw table of the same columns."""
    source, lake = DuckLake({"shop.orders": ours}), DuckLake({"shop_raw.orders": theirs})
    return comparison_of(source, lake, pairs_of(ours, *(keys or ("id",))), in_flight, between)


def comparison_of(
    source: DuckLake,
    lake: DuckLake,
    pairs: Pairing,
    in_flight: InFlight = NOTHING_WAITS,
    between: Callable[[], None] = lambda: None,
) -> Comparison:
    """Two lakes whose tables a test changes meanwhile."""
    statements = [Statements(Athena(), name, pairs) for name in ('"shop"."orders"', '"shop_raw"."orders"')]
    return Comparison(DuckSource(source, between), *statements, lake.run, in_flight)  # type: ignore[arg-type]


def plan(level: Level = Level.ROWS, *, wait: float = 0, **tolerance: Any) -> Plan:
    return Plan(level, Tolerance(**tolerance), wait)


def found(ours: pa.Table, theirs: pa.Table, *keys: str, **asked: Any) -> Compared:
    """What a comparison that does not wait finds."""
    return comparison(ours, theirs, *keys).compare(plan(**asked))


def waiting(**keys: Explanation) -> InFlight:
    """Files with these keys wait."""
    explained: Mapping[str, Explanation] = {key.removeprefix("key_"): why for key, why in keys.items()}
    return NOTHING_WAITS._replace(waiting=lambda _: explained)


def orders(rows: int) -> pa.Table:
    """Orders 1 to `rows`."""
    ids = list(range(1, rows + 1))
    return pa.table({"id": ids, "note": [f"note {n}" for n in ids], "price": [n / 3 for n in ids]}, _ORDERS)


_ORDERS = pa.schema({"id": pa.int64(), "note": pa.string(), "price": pa.float64()})


def changed(table: pa.Table, row: int, column: str, value: Any) -> pa.Table:
    """The table with one value changed."""
    values = table.column(column).to_pylist()
    values[row] = value
    return table.set_column(table.schema.names.index(column), column, pa.array(values, table.schema.field(column).type))


def without(table: pa.Table, row: int) -> pa.Table:
    """The table without one of its rows."""
    return pa.concat_tables([table.slice(0, row), table.slice(row + 1)])


def _form(base: str) -> Form:
    return {
        "float": Form.SINGLE,
        "double": Form.DOUBLE,
        "boolean": Form.BOOLEAN,
        "date": Form.DATE,
        "timestamp": Form.MOMENT,
        "string": Form.TEXT,
        "binary": Form.BYTES,
    }.get(base, Form.NUMBER)
