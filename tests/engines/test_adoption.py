"""Tables of the original framework are taken over without a reload, and go on with both engines."""

from __future__ import annotations

import pyarrow as pa
import pytest

from odpf.adoption import AdoptionCheck
from odpf.manifest import report_key
from odpf.rebuild import Rebuild
from odpf.states import FileState, Outcome, RefreshStatus
from tests.engines.other_framework import OtherFramework
from tests.engines.staged_table import DATABASE, SEQUENCE, delete, insert, sequence, update
from tests.engines.stories import arms, story
from tests.file_processor.foreign_table import put_table

LONG_ARMS = ("arrow-spark",)
ENGINES = ("spark-arrow", "arrow-spark")
COLUMNS = {"ID": pa.int64(), "V": pa.string(), "P": pa.string(), "CDC_OPERATION": pa.string()}
MODES = {"snapshot": {}, "history": {"history": True}, "partitioned": {"hudi_partition_key": "P"}}


def row(key, value):
    """A row in one of two partitions, by its key."""
    return {"ID": key, "V": value, "P": f"part {key % 2}"}


LOADED = [row(key, f"loaded {key}") for key in range(1, 6)]


def said(change):
    """A change with the operation in the column of the mapping rule, too."""
    words = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}
    return change._replace(row={**change.row, "CDC_OPERATION": words[change.operation]})


def adopted(table, location, quiet_minutes=0):
    """Adopt it now: the run's result and the report."""
    asked = Rebuild(raw_table=f"{DATABASE}.{table.name}", adopted_from=location, quiet_minutes=quiet_minutes)
    summary = table.lake.run(table.config["refresh_cadence"], rebuild=asked)
    (result,) = summary.tables
    if result.outcome is not Outcome.COMPLETED:
        return result, None
    content = table.lake.aws.objects.get(table.lake.settings.artifacts_bucket, report_key(summary.run_id))
    return result, AdoptionCheck.model_validate_json(content)


def states(table):
    return {each.file.name: each.state for each in table.lake.aws.tracker.history(table.source)}


@arms(*ENGINES)
@story
@pytest.mark.parametrize(
    "mode", [pytest.param(name, marks=pytest.mark.soak) for name in ("snapshot", "history", "partitioned")]
)
def test_a_table_of_the_original_framework_goes_on_as_if_it_had_always_been_ours(told, mode):
    table = told.table(key="ID", columns=COLUMNS, **MODES[mode])
    other = OtherFramework(table)
    table.load(*LOADED)
    applied = table.changes(
        said(update(10, **row(1, "one"))), said(delete(11, **row(2, "loaded 2"))), said(insert(12, **row(6, "six")))
    )
    straddling = table.changes(said(update(13, **row(3, "three"))), said(delete(14, **row(4, "loaded 4"))))
    other.load("LOAD00000001.parquet")
    other.changes(applied)
    other.changes(straddling)
    result, report = adopted(table, other.location)
    assert report is not None, result.error
    table.ran(result)
    table.check_rows()
    assert report.mark == sequence(14 if table.history else 13)
    assert (applied in states(table), straddling in states(table)) == (True, table.history)
    table.changes(
        said(update(20, **row(3, "newer"))), said(insert(21, **row(7, "seven"))), said(delete(22, **row(5, "loaded 5")))
    )
    yield
    table.check_rows()
    table.changes(said(update(9, **row(2, "late, deleted since"))), said(update(8, **row(1, "late"))))
    yield
    table.check_rows()
    assert set(states(table).values()) == {FileState.PROCESSED}
    report = table.rebuild()
    table.check_rows()
    assert report.differences.only_before == report.differences.only_after == 0


@arms("spark-arrow")
@story
def test_a_table_that_cannot_be_told_apart_by_its_keys_is_refused_and_stays_as_it_is(told):
    """Without a global index a row that moved stands twice."""
    table = told.table(key="ID", columns=COLUMNS, hudi_partition_key="V")
    other = OtherFramework(table)
    table.load(*LOADED)
    other.load("LOAD00000001.parquet")
    other.changes(table.changes(said(update(10, ID=1, V="moved"))))
    before = table.lake.commits(other.location)
    recent, _ = adopted(table, other.location, quiet_minutes=60)
    result, report = adopted(table, other.location)
    assert report is None
    assert "1 of 6 rows have a key that another row has" in result.error
    assert "Something was written there 0 minutes ago" in recent.error
    assert table.lake.commits(other.location) == before
    assert states(table) == {}
    yield
    table.check()  # a full load is there, so it is simply loaded


@arms("arrow")
@story
@pytest.mark.parametrize("mode", ["snapshot", "history"])
def test_the_rows_of_a_table_keep_their_place_in_the_order(told, mode):
    """A table made by hand, without Spark; its keys have the text that ODPF does not write."""
    table = told.table(key="ID", columns=COLUMNS, hash_columns=["v"] if mode == "snapshot" else [], **MODES[mode])
    rows = [{"ID": 1, "V": "a", SEQUENCE: ""}, {"ID": 2, "V": "b1", SEQUENCE: sequence(5), "CDC_OPERATION": "UPDATE"}]
    table.load({"ID": 1, "V": "a"}, *([] if table.history else [{"ID": 2, "V": "b"}, {"ID": 3, "V": "c"}]))
    table.changes(said(update(5, ID=2, V="b1")), *([] if table.history else [said(delete(4, ID=3))]))
    keys = f"ID,{SEQUENCE}" if table.history else "ID"
    kinds = {**COLUMNS, SEQUENCE: pa.string()}
    made = {"properties": {"hoodie.table.recordkey.fields": keys}, "columns": kinds}
    result, report = adopted(table, put_table(table.lake.aws.objects, "odpf-raw", table.name, rows, **made))
    assert report is not None, result.error
    table.ran(result)
    table.check_rows()
    assert [row["_odpf_order"].split(" ")[1] for row in table.rows()] == ["", sequence(5)]
    assert result.refresh_status is RefreshStatus.COMPLETED
    assert table.lake.aws.ledger.state(f"{DATABASE}.{table.name}").refresh_status is RefreshStatus.COMPLETED
    table.changes(
        said(update(4, ID=2, V="late")), said(update(3, ID=3, V="late, deleted since")), said(update(6, ID=1, V="a1"))
    )
    yield
    table.check_rows()
    report = table.rebuild()
    table.check_rows()
    assert report.differences.only_before == report.differences.only_after == 0
