"""`odpf reconcile` around the comparison: what is chosen, what waits, what DMS and the ledger counted, what is kept and told."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from odpf.configured_table import read_items
from odpf.errors import InvalidConfiguration, InvalidSettings
from odpf.source_table import SourceTable
from odpf.states import Difference, Explanation, FileState, Reconciled
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf.table_statistics import TableStatistics
from odpf_cli.output import ExitStatus
from odpf_cli.quarantine_contents import Quarantine
from odpf_cli.reconcile import chosen_tables, reconciled, status_of
from odpf_cli.reconcile_reports import NoSuchReport, Reports, tell
from odpf_cli.reconcile_source import lake_names, refuse_unused, sources, statistics_of
from odpf_cli.reconcile_table import was_written
from odpf_cli.reconcile_view import export, render
from odpf_cli.reconcile_waiting import OnTheWay, rows_of
from odpf_local.dms.mapping import TableMappings
from odpf_local.memory import MemoryAws
from reconciliation.canonical import key_id, md5
from reconciliation.comparison import RowsOnTheWay
from reconciliation.forms import Form, LakeColumn, Pair, Pairing, SourceColumn
from reconciliation.ledger import DmsCounted, Recorded, against_dms, audit_adds_up, recorded, rows_in_lake
from reconciliation.report import Counts, Level, RowDifference, TableReconciliation, Tolerance
from tests.cli.builders import NOW, audit_row, landed, record, table_item

CONFIG = TableConfig.model_validate(table_item())
ID = Pair(SourceColumn("id", Form.NUMBER, "bigint", integer=True), LakeColumn("id", "bigint"), Form.NUMBER)
AT = Pair(SourceColumn("at", Form.MOMENT, "datetime"), LakeColumn("at", "timestamp"), Form.MOMENT)
CODE = Pair(SourceColumn("code", Form.TEXT, "varchar"), LakeColumn("code", "string"), Form.TEXT)


def shown(renderable):
    console = Console(file=io.StringIO(), width=200)
    console.print(renderable)
    return console.file.getvalue()


def parquet(**columns):
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink)
    return sink.getvalue()


def on_the_way(aws, *keys, **more):
    quarantine = Quarantine(aws.tracker, aws.ledger, aws.audit, aws.config, aws.objects, "odpf-artifacts")
    return OnTheWay(quarantine, CONFIG, Pairing(keys or (ID,), (), ()), **more)


def put(aws, name, content):
    file = landed(name)
    aws.objects.put(file.bucket, file.key, content)
    return file


def entry(outcome=Reconciled.AGREES, **more):
    names = {"source_table_name": "shop.orders", "raw_database_name": "shop_raw", "raw_table_name": "orders"}
    return TableReconciliation(**names, refresh_cadence="hourly", outcome=outcome, **more)


def report(*entries):
    tables = iter(entries)
    chosen = read_items([table_item()] * len(entries))
    return reconciled(lambda _: next(tables), chosen, Level.ROWS, Tolerance())


DRIFTED = entry(
    Reconciled.DRIFTED,
    counts=Counts(source=3, lake=2),
    differences={Difference.MISSING_IN_LAKE: 1, Difference.DIFFERENT: 1},
    columns={"note": 1},
    rows=(
        RowDifference(kind=Difference.MISSING_IN_LAKE, key={"id": "7"}),
        RowDifference(
            kind=Difference.DIFFERENT, key={"id": "8"}, columns=("note",), source={"note": ""}, lake={"note": None}
        ),
    ),
)


class TestChosen:
    ITEMS = (
        table_item("shop.orders"),
        table_item("shop.old", is_active="N"),
        table_item("crm.people", refresh_cadence="daily"),
    )

    @pytest.mark.parametrize(
        ("names", "cadence", "pattern", "expected"),
        [
            ([], None, None, ["shop.orders", "crm.people"]),
            ([], "daily", None, ["crm.people"]),
            ([], None, "shop.*", ["shop.orders"]),
            ([], None, "shop_raw.p*", ["crm.people"]),
            ([], None, "order", ["shop.orders"]),
            (["shop.old", "shop_raw.old", "shop.old"], None, None, ["shop.old"]),
        ],
    )
    def test_tables(self, names, cadence, pattern, expected):
        assert [each.source_table_name for each in chosen_tables(self.ITEMS, names, cadence, pattern)] == expected

    def test_names_and_a_cadence_contradict(self):
        with pytest.raises(InvalidSettings):
            chosen_tables(self.ITEMS, ["shop.orders"], "daily", None)

    def test_one_that_is_not_configured_as_it_should_be_is_told(self):
        broken = table_item("shop.broken", delete_mode="sometimes")
        chosen = chosen_tables([*self.ITEMS, broken], [], None, "shop.*")
        found = reconciled(lambda _: entry(), chosen, Level.ROWS, Tolerance())
        assert [table.outcome for table in found.tables] == [Reconciled.AGREES, Reconciled.FAILED]
        assert "delete_mode" in (found.tables[1].error or "")
        with pytest.raises(InvalidConfiguration, match="delete_mode"):
            chosen_tables([broken], ["shop.broken"], None, None)

    def test_nothing_chosen_is_wrong(self):
        with pytest.raises(InvalidConfiguration, match="No active table"):
            chosen_tables(self.ITEMS, [], None, "nothing*")


class TestOnTheWay:
    def test_keys_of_a_file_that_waits_and_those_that_its_rows_had_before(self):
        aws = MemoryAws()
        aws.tracker.register(put(aws, "20260131-101530123.parquet", parquet(ID=[1, 2], BI_ID=[None, 9])), NOW)
        way = on_the_way(aws)
        assert way.keys(["1", "9", "100"]) == dict.fromkeys(["1", "9"], Explanation.PENDING)
        assert way.keys(["2"]) == {"2": Explanation.PENDING}

    def test_keys_of_several_columns(self):
        aws = MemoryAws()
        aws.tracker.register(put(aws, "20260131-101530123.parquet", parquet(id=[1], code=["é"])), NOW)
        expected = key_id([(1, Form.NUMBER), ("é", Form.TEXT)], integer=False)
        assert set(on_the_way(aws, ID, CODE).keys([expected, "1"])) == {expected}

    @pytest.mark.parametrize(("milliseconds", "spelt"), [(False, "00.000501"), (True, "00.001")])
    def test_keys_that_are_moments(self, milliseconds, spelt):
        aws, moment = MemoryAws(), datetime(2026, 1, 31, 10, 0, 0, 501, UTC)
        nanoseconds = pa.array([moment], pa.timestamp("ns"))
        aws.tracker.register(put(aws, "20260131-101530123.parquet", parquet(at=nanoseconds)), NOW)
        key = md5(f"2026-01-31 10:00:{spelt}".encode())
        assert set(on_the_way(aws, AT, milliseconds=milliseconds).keys([key])) == {key}

    def test_keys_of_a_quarantined_file_and_one_that_cannot_be_read_explains_nothing(self):
        aws = MemoryAws()
        good = put(aws, "20260131-101530123.parquet", parquet(id=[5]))
        bad = put(aws, "20260131-101530124.parquet", b"no parquet")
        for file in (good, bad, landed("20260131-101530125.parquet")):
            aws.tracker.quarantine(record(file.name))
        assert on_the_way(aws).keys(["5"]) == {"5": Explanation.QUARANTINED}
        assert on_the_way(aws).rows() == RowsOnTheWay({Explanation.PENDING: 0, Explanation.QUARANTINED: 1}, 2)

    def test_rows_by_footers(self):
        aws = MemoryAws()
        file = put(aws, "20260131-101530123.parquet", parquet(id=[5, 6]))
        assert rows_of(aws.objects, [file, landed("20260131-101530124.parquet")]) == (2, 1)


class TestCounted:
    def statistics(self, **counted):
        return TableStatistics.model_validate({"SchemaName": "shop", "TableName": "orders", **counted})

    @pytest.mark.parametrize(
        ("ours", "told"),
        [
            (Recorded(100, 6, 0), 0),
            (Recorded(100, 4, 2), 0),
            (Recorded(99, 6, 0), 1),
            (Recorded(100, 7, 0), 1),
            (Recorded(90, 2, 3), 2),
        ],
    )
    def test_rows_that_dms_wrote_are_in_the_ledger_or_wait(self, ours, told):
        counted = DmsCounted(*[self.statistics(FullLoadRows=100, Inserts=3, Updates=2, Deletes=1)] * 2)
        assert len(against_dms(counted, ours, Tolerance())) == told
        assert against_dms(counted, ours, Tolerance(rows=10)) == ()

    def test_a_task_that_writes_meanwhile_has_counted_more_by_the_end(self):
        counted = DmsCounted(self.statistics(Inserts=3), self.statistics(Inserts=9))
        assert [against_dms(counted, Recorded(0, n, 0), Tolerance()) == () for n in (2, 3, 9, 10)] == [
            False,
            True,
            True,
            False,
        ]

    def test_only_the_newest_load_and_changes_since_count(self):
        def done(name, generation, rows, state=FileState.PROCESSED):
            return record(name, state, generation=generation, rows=rows)

        history = [
            done("LOAD00000001.parquet", 1, 10),
            done("20260101-101530123.parquet", 1, 5),
            done("LOAD00000001.parquet", 2, 20),
            done("LOAD00000002.parquet", 2, 3),
            done("20260131-101530123.parquet", 2, 7),
            done("20260131-101530124.parquet", 2, 100, FileState.QUARANTINED),
        ]
        assert recorded(history, 4) == Recorded(23, 7, 4, NOW)

    def test_the_audit_adds_up_to_the_lake_s_rows_where_it_can(self):
        state = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")
        runs = [audit_row("a"), audit_row("b", counts={"rows_read": 1, "rows_deleted": 1, "rows_removed_by_reload": 1})]
        assert rows_in_lake(runs) == 1
        assert audit_adds_up(CONFIG, state)
        assert not audit_adds_up(CONFIG, state.model_copy(update={"place": "r1"}))
        assert not audit_adds_up(CONFIG.model_copy(update={"table_data_versioning_type": "H"}), state)

    @pytest.mark.parametrize(("fence", "owner", "written"), [(3, None, False), (4, None, True), (3, "jr_1", True)])
    def test_a_run_between_two_looks_is_noticed(self, fence, owner, written):
        before = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders", fence=3)
        assert was_written(before, before.model_copy(update={"fence": fence, "lease_owner": owner})) is written

    def test_a_file_of_statistics_is_what_the_command_line_prints(self, tmp_path):
        file = tmp_path / "statistics.json"
        file.write_text(
            json.dumps(
                {"TableStatistics": [{"SchemaName": "shop", "TableName": "orders", "FullLoadRows": 3, "Ddls": 0}]}
            )
        )
        found = statistics_of(file)
        assert found is not None
        assert found["shop", "orders"].full_load_rows == 3
        file.write_text("[]")
        with pytest.raises(InvalidSettings, match="describe-table-statistics"):
            statistics_of(file)


class TestSources:
    def test_named_places_have_databases_of_their_own(self):
        found = sources(["mysql://root@a:3306", "crm=postgresql://me@b/people"], {"ODPF_SOURCE_PASSWORD": "secret"})
        assert {name: each.name for name, each in found.items()} == {"": "a:3306", "crm": "b"}
        assert found["crm"].engine.url.password == "secret"

    def test_the_environment_has_one(self):
        assert list(sources([], {"ODPF_SOURCE_URL": "mariadb://root@a"})) == [""]
        assert sources([], {}) == {}

    @pytest.mark.parametrize("given", [["oracle://a"], ["nonsense"], ["mysql://a", "mysql://b"], ["mysql://a:port"]])
    def test_what_cannot_be_used_is_refused(self, given):
        with pytest.raises(InvalidSettings):
            sources(given, {})

    def test_one_of_a_place_that_no_table_belongs_to_is_refused(self):
        tables = ["crm.public.people", "shop.orders"]
        refuse_unused(["mysql://a", "crm=mysql://b"], tables)
        with pytest.raises(
            InvalidSettings, match="staging place cmr, and no chosen table is of it: they are of crm, the default one"
        ):
            refuse_unused(["cmr=mysql://b"], tables)
        with pytest.raises(InvalidSettings, match="the default staging place"):
            refuse_unused(["mysql://b"], tables[:1])

    def test_mapping_rules_rename_and_leave_out(self):
        def rule(number, action, column, **more):
            locator = {"schema-name": "shop", "table-name": "%", "column-name": column}
            return {
                "rule-type": "transformation",
                "rule-id": number,
                "rule-target": "column",
                "rule-action": action,
                "object-locator": locator,
                **more,
            }

        rules = [rule(1, "rename", "a", value="B"), rule(2, "remove-column", "c"), rule(3, "convert-uppercase", "%")]
        columns = [SourceColumn(name, Form.TEXT, "text") for name in ("a", "c", "d")]
        mappings = TableMappings.parse(json.dumps({"rules": rules}))
        assert lake_names(mappings, SourceTable("", "shop", "orders"), columns) == {"a": "b", "c": None, "d": "d"}


class TestReports:
    def test_are_kept_listed_and_found(self):
        reports = Reports(MemoryAws().objects, "odpf-artifacts")
        kept = report(DRIFTED)
        assert reports.keep(kept).endswith(f"{kept.reconciliation_id}.json")
        assert list(reports.newest(10)) == [reports.one(kept.reconciliation_id)] == [kept]
        with pytest.raises(NoSuchReport, match="--list"):
            reports.one("20260131T000000-ffff")

    def test_drift_alone_is_told(self):
        aws = MemoryAws()
        tell(report(DRIFTED, entry(), entry(Reconciled.EXPLAINED)), "s3://a/b", aws.refresh_events)
        (event,) = aws.refresh_events.drifted
        assert (event.source_table_name, event.rows_different, event.rows_at_source, event.report) == (
            "shop.orders",
            2,
            3,
            "s3://a/b",
        )

    @pytest.mark.parametrize(
        ("outcomes", "status"),
        [
            ([Reconciled.AGREES, Reconciled.EXPLAINED], ExitStatus.DONE),
            ([Reconciled.AGREES, Reconciled.DRIFTED], ExitStatus.SOME_TABLES_FAILED),
            ([Reconciled.DRIFTED], ExitStatus.SOME_TABLES_FAILED),
            ([Reconciled.UNDECIDED], ExitStatus.SOME_TABLES_FAILED),
            ([Reconciled.FAILED, Reconciled.AGREES], ExitStatus.SOME_TABLES_FAILED),
            ([Reconciled.FAILED], ExitStatus.FAILED),
        ],
    )
    def test_exit_statuses(self, outcomes, status):
        assert status_of(report(*map(entry, outcomes))) is status

    def test_a_person_sees_what_differs_and_what_to_do(self):
        text = shown(render(report(DRIFTED), 5))
        for words in (
            "drifted",
            "1 missing in the lake, 1 different",
            "id=8 different",
            "source '', lake null",
            "odpf resnapshot --table shop.orders",
        ):
            assert words in text

    def test_an_export_has_every_difference(self, tmp_path):
        assert export(report(DRIFTED), tmp_path / "d.csv") == 2
        with (tmp_path / "d.csv").open(encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        assert [(row["kind"], json.loads(row["key"])) for row in rows] == [
            ("missing_in_lake", {"id": "7"}),
            ("different", {"id": "8"}),
        ]
        assert export(report(DRIFTED), tmp_path / "d.json") == 2
        assert json.loads((tmp_path / "d.json").read_text())[1]["lake"] == {"note": None}
        with pytest.raises(InvalidSettings, match="--export"):
            export(report(DRIFTED), tmp_path / "no" / "d.csv")
