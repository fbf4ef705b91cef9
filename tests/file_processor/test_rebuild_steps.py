"""Which file batches a rebuild applies: one a generation, from what history says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from file_processor.choosing import CycleKind
from file_processor.rebuild_steps import file_batches, needed_records
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.states import FileState
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from tests.file_processor.workbench import sequence, table_item

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)
LIVE = TableState(
    raw_table="raw.orders",
    source_table_name="shop.orders",
    generation=2,
    floor=sequence(5),
    load_started_at="2026-01-31T13:00:00.000000Z",
    load_id="the load",
    high_water_mark=f"000002 {sequence(9)} 20260131-9.parquet 0000000000",
)


def done(name, generation, *, last=None, minute=0):
    """A file as history has it."""
    file = LandedFile.parse(
        bucket="staging",
        key=f"shop/orders/{name}",
        etag=f"{generation} {name}",
        size=10,
        last_modified=NOON + timedelta(minutes=minute),
        places=[StagingPlace(bucket="staging")],
    )
    return FileRecord(
        file=file,
        state=FileState.PROCESSED,
        raw_table="raw.orders",
        generation=generation,
        last_sequence=sequence(last) if last else None,
        done_at=f"2026-01-31T12:{minute:02d}:00.000000Z",
    )


HISTORY = [
    done("LOAD00000001.parquet", 1),
    done("20260131-1.parquet", 1, last=3, minute=1),
    done("20260131-2.parquet", 1, last=5, minute=2),
    done("LOAD00000002.parquet", 2, minute=10),
    done("20260131-3.parquet", 1, last=7, minute=11),  # put before the reload, delivered after it
    done("20260131-4.parquet", 2, last=9, minute=12),
]


def config(**options):
    return read_table_config(table_item(raw_database_name="raw", raw_table_name="orders", **options))


def told(batches):
    return [(each.kind, each.generation, [chosen.file.name for chosen in each.files]) for each in batches]


def test_a_snapshot_begins_with_its_newest_load():
    (batch,) = file_batches(needed_records(HISTORY, config()), LIVE, config(), None)
    assert told([batch]) == [(CycleKind.LOAD, 2, ["LOAD00000002.parquet", "20260131-4.parquet"])]
    assert (batch.floor, batch.load_started_at) == (LIVE.floor, LIVE.load_started_at)


@pytest.mark.parametrize("options", [{"table_data_versioning_type": "V"}, {"delete_mode": "soft"}])
def test_where_replaced_rows_stay_every_generation_is_a_batch(options):
    wanted = config(**options)
    first, second = file_batches(needed_records(HISTORY, wanted), LIVE, wanted, None)
    names = ["LOAD00000001.parquet", "20260131-1.parquet", "20260131-2.parquet", "20260131-3.parquet"]
    assert told([first, second]) == [
        (CycleKind.LOAD, 1, names),
        (CycleKind.RELOAD, 2, ["LOAD00000002.parquet", "20260131-4.parquet"]),
    ]
    assert (first.floor, first.load_started_at) == ("", "2026-01-31T12:00:00.000000Z")


def test_a_load_of_a_history_is_more_changes():
    wanted = config(table_data_versioning_type="H")
    batches = file_batches(needed_records(HISTORY, wanted), LIVE, wanted, None)
    assert [each.kind for each in batches] == [CycleKind.LOAD, CycleKind.CHANGES]


def test_the_floor_of_an_earlier_load_is_what_had_been_applied_then():
    """A third load stands in the ledger; that of the second is told by the files done before it."""
    history = [*HISTORY, done("LOAD00000003.parquet", 3, minute=20)]
    live = LIVE.model_copy(update={"generation": 3, "floor": sequence(9)})
    wanted = config(table_data_versioning_type="V")
    assert [each.floor for each in file_batches(history, live, wanted, None)] == ["", sequence(5), sequence(9)]


def test_a_generation_that_an_operator_began_has_the_floor_of_the_load_before_it():
    live = LIVE.model_copy(update={"generation": 3, "load_started_at": "2026-01-31T14:00:00.000000Z"})
    history = [*HISTORY, done("20260131-5.parquet", 3, last=2, minute=30)]
    load, bumped = file_batches(needed_records(history, config()), live, config(), None)
    assert (load.generation, load.floor, load.load_started_at) == (2, LIVE.floor, "2026-01-31T12:10:00.000000Z")
    assert (bumped.generation, bumped.kind, bumped.load_started_at) == (3, CycleKind.CHANGES, live.load_started_at)


def test_without_a_load_changes_are_the_first_commit():
    live = LIVE.model_copy(update={"generation": 0, "floor": "", "load_started_at": None, "load_id": None})
    (batch,) = file_batches([done("20260131-1.parquet", 0, last=1)], live, config(full_load="none"), None)
    assert (batch.kind, batch.generation, batch.load_id) == (CycleKind.LOAD, 0, None)


def test_behind_a_commit_the_first_batch_has_all_late_files():
    behind = LIVE.model_copy(
        update={"generation": 1, "floor": "", "high_water_mark": f"000001 {sequence(3)} 20260131-1.parquet 0000000000"}
    )
    later = [each for each in HISTORY if each.file.name not in ("LOAD00000001.parquet", "20260131-1.parquet")]
    batches = file_batches(later, LIVE, config(), behind)
    assert told(batches) == [
        (CycleKind.CHANGES, 1, ["20260131-2.parquet", "20260131-3.parquet"]),
        (CycleKind.RELOAD, 2, ["LOAD00000002.parquet", "20260131-4.parquet"]),
    ]
    assert [each.floor for each in batches] == ["", LIVE.floor]


def test_nothing_to_apply_is_no_batch():
    assert file_batches([], LIVE, config(), None) == []
