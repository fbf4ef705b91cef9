"""Which staged files are asked for deletes that were applied before (docs/adr/0009)."""

from __future__ import annotations

import pytest

from file_processor.applied_deletes import AppliedDeletes
from file_processor.conversion import as_they_stand
from odpf.file_record import FileRecord
from odpf.order import OrderPosition
from odpf.states import FileState
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from tests.file_processor.workbench import Workbench, sequence, table_item

RAW_TABLE = "raw.orders"


@pytest.fixture
def bench():
    """A table of one load and changes 10, 20 and 30, each in a file of its own."""
    bench = Workbench()
    bench.load((1, 10))
    bench.run()
    for number in (10, 20, 30):
        bench.change(number, "D", number)
        bench.run()
    return bench


def asked(bench, position, raw_table=RAW_TABLE, generation=1):
    state = TableState(raw_table=raw_table, source_table_name="shop.orders", generation=generation)
    config = read_table_config(table_item(raw_table_name=raw_table.removeprefix("raw.")))
    return AppliedDeletes(
        lambda: bench.aws.tracker.history(config.source_table_name), bench.aws.objects, config, state, as_they_stand
    ).since(position)


def names(log):
    return [path.rsplit("-", 1)[-1] for group in log.groups for path in group.paths]


def at(number, generation=1):
    return OrderPosition(generation, sequence(number), "", 0)


def test_files_with_changes_at_or_after_the_position_are_asked(bench):
    assert names(asked(bench, at(20))) == ["000000020.parquet", "000000030.parquet"]
    assert len(names(asked(bench, OrderPosition(1, "", "LOAD00000001.parquet", 0)))) == 3
    assert names(asked(bench, at(31))) == []


def test_only_what_tells_a_delete_and_its_key_is_read(bench):
    (group,) = asked(bench, at(30)).groups
    assert [lower for _, lower, _ in group.columns] == ["id", "seq"]


def test_files_that_another_raw_table_has_applied_say_nothing(bench):
    """The table was rebuilt under a new name: its load has seen those deletes."""
    assert names(asked(bench, at(1), raw_table="raw.orders_anew")) == []


def test_files_of_an_earlier_generation_say_nothing_about_a_later_one(bench):
    assert names(asked(bench, at(1, generation=2), generation=2)) == []


def test_a_file_without_statistics_may_hold_anything(bench):
    records = list(bench.aws.tracker.history("shop.orders"))
    bench.aws.tracker.move([record.model_copy(update={"last_sequence": None}) for record in records])
    assert len(names(asked(bench, at(99)))) == 3


def test_a_file_that_is_gone_says_up_to_where_nothing_is_known(bench):
    gone = next(r for r in bench.aws.tracker.history("shop.orders") if r.last_sequence == sequence(20))
    bench.aws.objects.delete(gone.file.bucket, [gone.file.key])
    log = asked(bench, at(10))
    assert (names(log), log.gone) == (["000000010.parquet", "000000030.parquet"], gone.file.path)
    assert str(at(20)._replace(file="20260131-9.parquet", row=9)) < log.gone_through < str(at(21))


def test_a_file_that_was_quarantined_was_not_applied(bench):
    record = next(r for r in bench.aws.tracker.history("shop.orders") if r.last_sequence == sequence(30))
    bench.aws.tracker.move([FileRecord(file=record.file, state=FileState.QUARANTINED, raw_table=RAW_TABLE)])
    assert names(asked(bench, at(25))) == []
