"""One table of `odpf reconcile`: what is compared of it, what is left out, and what is said of it in the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from odpf.adapters.athena import QueryResult
from odpf.states import FileState, Reconciled
from odpf.table_config import TableConfig
from odpf.table_statistics import TableStatistics
from odpf_cli.reconcile_dms import DmsCounters, ambiguous_names
from odpf_cli.reconcile_table import Reconciler
from odpf_local.memory import MemoryAws
from reconciliation.comparison import Plan
from reconciliation.forms import SourceColumn
from reconciliation.lake import TOUCHED
from reconciliation.report import Level, TableReconciliation, Tolerance
from tests.cli.builders import NOW, record, table_item
from tests.reconciliation.builders import DuckSource, changed, orders, pairs_of, without
from tests.reconciliation.duck import DuckLake, glue_table

BEFORE, AFTER = ((NOW + timedelta(hours=hours)).isoformat() for hours in (-1, 1))
PEOPLE = pa.table({"id": [1, 2], "email": ["ann@example.com", "bob@example.com"], "born": ["1970", "1980"]})


class Database(DuckSource):
    """A source with one table, `shop.orders`."""

    def __init__(self, table: pa.Table) -> None:
        super().__init__(DuckLake({"shop.orders": table}))
        self._table = table

    def columns(self, _schema: str, _table: str) -> list[SourceColumn]:
        return [pair.source for pair in pairs_of(self._table).all]

    def relation(self, schema: str, table: str) -> str:
        return f'"{schema}"."{table}"'


class Catalog:
    def __init__(self, lake: DuckLake) -> None:
        self._lake = lake

    def table(self, database: str, name: str) -> dict[str, Any]:
        return glue_table(self._lake, f"{database}.{name}")


class Athena:
    def __init__(self, lake: DuckLake) -> None:
        self._lake = lake
        self.asked: list[str] = []

    def run(self, sql: str) -> QueryResult:
        self.asked.append(sql)
        return QueryResult((), list(self._lake.run(sql)))  # type: ignore[arg-type]


def reconciled(
    lake: pa.Table,
    source: pa.Table | None = None,
    level: Level = Level.ROWS,
    aws: MemoryAws | None = None,
    file: Any = None,
    ambiguous: Any = (),
    **item: Any,
) -> TableReconciliation:
    """`shop_raw.orders` against `shop.orders`."""
    written = pa.array(["20260131115959000"] * lake.num_rows, pa.string())
    raw = DuckLake({"shop_raw.orders": lake.append_column(TOUCHED, written)})
    sources: Any = {} if source is None else {"": Database(source)}
    plan = Plan(level, Tolerance(), 0)
    aws = aws or MemoryAws()
    dms = DmsCounters(aws.dms_tasks, file, ambiguous)
    made = Reconciler(aws, Athena(raw), Catalog(raw), sources, None, dms, plan)  # type: ignore[arg-type]
    return made.table(TableConfig.model_validate(table_item(**item)))


class TestPersonalColumns:
    def test_are_not_compared_and_none_of_their_values_is_shown(self):
        lake = changed(changed(changed(PEOPLE, 0, "email", "5fa3"), 1, "email", "77c0"), 0, "born", None)
        found = reconciled(lake, PEOPLE, hash_columns="EMAIL", exclude_columns="BORN")
        assert found.outcome is Reconciled.AGREES
        assert {left.column: left.reason for left in found.not_compared} == {
            "email": "kept as hashes (hash_columns)",
            "born": "personal data that the lake does not have (exclude_columns)",
        }
        other = reconciled(without(lake, 0), PEOPLE, hash_columns="EMAIL", exclude_columns="BORN")
        assert other.different == 1
        assert not any(word in other.model_dump_json() for word in ("example.com", "1970"))

    def test_rows_are_counted_alone_where_the_key_is_a_hash(self):
        lake = changed(changed(PEOPLE, 0, "email", "5fa3"), 1, "email", "77c0")
        found = reconciled(lake, PEOPLE, hudi_primary_key="id,email", hash_columns="email")
        assert found.outcome is Reconciled.AGREES
        assert "Of its key email is kept as a hash" in found.remarks[0]
        found = reconciled(without(lake, 0), PEOPLE, hudi_primary_key="email", hash_columns="email")
        assert (found.outcome, found.rows) == (Reconciled.DRIFTED, ())


class TestWithoutSource:
    def test_nothing_to_compare_with_is_no_agreement(self):
        found = reconciled(orders(3))
        assert (found.outcome, found.counts.lake) == (Reconciled.UNDECIDED, 3)
        assert "Nothing could be compared" in found.remarks[-1]


def counted(moment: str | None = None, **counts: int) -> TableStatistics:
    named = {"SchemaName": "shop", "TableName": "orders", "LastUpdateTime": moment}
    return TableStatistics.model_validate({**named, **counts})


class TestDms:
    def compared(self, *tasks: TableStatistics, **how: Any) -> TableReconciliation:
        """The ledger has a load of three rows that landed at NOW, and two changes."""
        aws = MemoryAws()
        aws.dms_tasks.counted += tasks
        for name, rows in (("LOAD00000001.parquet", 3), ("20260131-101530123.parquet", 2)):
            aws.tracker.move([record(name, FileState.PROCESSED, rows=rows, generation=1)])
        return reconciled(orders(5), orders(5), aws=aws, **how)

    def test_tasks_that_load_and_that_write_changes_count_together(self):
        found = self.compared(counted(FullLoadRows=3), counted(Inserts=2))
        assert (found.outcome, found.counts.dms) == (Reconciled.AGREES, 5)
        assert self.compared(counted(FullLoadRows=3), counted(Inserts=3)).outcome is Reconciled.DRIFTED

    def test_tables_of_two_places_with_one_name_are_not_compared_with_what_tasks_counted(self):
        both = ambiguous_names(["shop.orders", "crm.shop.orders", "shop.other", "no table"])
        found = self.compared(counted(FullLoadRows=7), ambiguous=both)
        assert (found.outcome, found.counts.dms) == (Reconciled.AGREES, None)
        assert "several staging places" in found.remarks[0]

    @pytest.mark.parametrize(
        ("moment", "changes", "outcome", "dms", "told"),
        [
            (AFTER, 1, Reconciled.AGREES, 4, "may have come since"),
            (AFTER, 3, Reconciled.DRIFTED, 6, "may have come since"),
            (None, 2, Reconciled.AGREES, 5, "a moment that it does not tell"),
            (BEFORE, 50, Reconciled.AGREES, None, "before the newest load"),
        ],
    )
    def test_a_file_has_what_was_counted_until_its_moment(self, moment, changes, outcome, dms, told):
        file = {("shop", "orders"): counted(moment, FullLoadRows=3, Inserts=changes)}
        found = self.compared(file=file)
        assert (found.outcome, found.counts.dms) == (outcome, dms)
        assert told in found.remarks[0]
