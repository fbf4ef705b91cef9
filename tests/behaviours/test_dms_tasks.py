"""What DMS tasks say of the full load of a table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from odpf.adapters.dms_tasks import DmsReplicationTasks
from odpf.errors import TerminalError, TransientError
from odpf.states import DmsTableState
from odpf.table_load import TableLoad
from odpf_local.memory import MemoryDmsTasks
from tests.behaviours.wire import Wire

TASK = "arn:aws:dms:eu-west-1:123456789012:task:SHOP"
ENDED = datetime(2026, 1, 31, 10, 15, 30, tzinfo=UTC)


def statistics(table="orders", **values):
    return {"SchemaName": "shop", "TableName": table, "TableState": "Table completed", **values}


class TestDms:
    @pytest.fixture
    def tasks(self, aws):
        return DmsReplicationTasks(aws.session, [TASK])

    def answer(self, tasks, *rows, status=200, **answer):
        return Wire(tasks._client).answer("DescribeTableStatistics", {"TableStatistics": list(rows), **answer}, status)

    def test_a_task_is_asked_for_one_table(self, tasks):
        local = ENDED.astimezone(timezone(timedelta(hours=2)))
        asked = self.answer(tasks, statistics(FullLoadEndTime=local), statistics("orders_2"))
        assert tasks.table_loads("shop", "orders") == [TableLoad(TASK, "Table completed", ENDED)]
        assert [(each["ReplicationTaskArn"], each["Filters"]) for each in asked] == [
            (TASK, [{"Name": "schema-name", "Values": ["shop"]}, {"Name": "table-name", "Values": ["orders"]}])
        ]

    def test_a_task_says_how_many_rows_it_has_written(self, tasks):
        self.answer(tasks, statistics(FullLoadRows=5, Inserts=3, Updates=2, Deletes=1))
        (found,) = tasks.statistics("shop", "orders")
        assert (found.full_load_rows, found.changes) == (5, 6)

    def test_a_load_that_is_under_way_has_no_end(self, tasks):
        self.answer(tasks, statistics(TableState="Full load"))
        (load,) = tasks.table_loads("shop", "orders")
        assert (load.state, load.ended_at, load.is_complete) == (DmsTableState.LOADING, None, False)

    def test_a_task_without_the_table_says_nothing(self, tasks):
        self.answer(tasks)
        assert tasks.table_loads("shop", "orders") == []

    def test_without_tasks_nobody_is_asked(self, aws):
        tasks = DmsReplicationTasks(aws.session, [])
        assert tasks.table_loads("shop", "orders") == []
        assert "_client" not in vars(tasks)

    @pytest.mark.parametrize(
        ("code", "status", "kind", "says"),
        [
            ("AccessDeniedException", 400, TerminalError, "Allow DescribeTableStatistics"),
            ("ResourceNotFoundFault", 400, TerminalError, TASK),
            ("ThrottlingException", 400, TransientError, "next run"),
        ],
    )
    def test_what_dms_refuses_is_told_with_the_task(self, tasks, code, status, kind, says):
        Wire(tasks._client).answer("DescribeTableStatistics", {"Error": {"Code": code, "Message": "no"}}, status)
        with pytest.raises(kind, match=says):
            tasks.table_loads("shop", "orders")


class TestMemory:
    def test_statistics_are_what_was_set_by_task_and_table(self):
        tasks = MemoryDmsTasks()
        tasks.set("shop", "orders", DmsTableState.LOADING)
        tasks.set("shop", "orders", DmsTableState.COMPLETED, ENDED)
        tasks.set("shop", "items", DmsTableState.LOADING)
        assert tasks.table_loads("shop", "orders") == [TableLoad("task", "Table completed", ENDED)]
        assert tasks.table_loads("crm", "orders") == []

    def test_one_that_cannot_be_reached_raises(self):
        tasks = MemoryDmsTasks()
        tasks.unreachable = TransientError("away")
        with pytest.raises(TransientError):
            tasks.table_loads("shop", "orders")
