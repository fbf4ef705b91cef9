"""Which change files give away that their DMS task was made anew."""

import pytest

from file_processor.restarted_task import restarted_task_warnings
from odpf.file_record import FileRecord
from odpf.states import FileState
from tests.cli.builders import landed
from tests.file_processor.workbench import sequence

OLD, OF_MARK, NEW, NEWER = (f"20260131-10{minute}00000.parquet" for minute in (10, 20, 30, 40))
MARK = f"000002 {sequence(500)} {OF_MARK} 0000000004"


def record(name=NEW, last=400, **more):
    values = {"state": FileState.PROCESSED, "generation": 2, "last_sequence": sequence(last), **more}
    return FileRecord(file=landed(name), **values)


def test_the_newest_file_by_name_with_every_row_below_the_mark_is_told_with_the_command():
    (warning,) = restarted_task_warnings([record()], MARK)
    assert landed(NEW).path in warning
    assert "odpf generation bump --table 'shop.orders'" in warning


def test_of_several_the_newest_is_named_and_the_others_counted():
    (warning,) = restarted_task_warnings([record(NEWER), record(NEW)], MARK)
    assert f"{landed(NEWER).path} and 1 more" in warning


@pytest.mark.parametrize(
    "usual",
    [
        record(last=501),
        record(last=500),
        record(OLD),
        record(OF_MARK),
        record(generation=1),
        record(generation=3),
        record(state=FileState.QUARANTINED),
        record(last_sequence=None),
        record(last_sequence=""),
        record(last_sequence="0007"),
        record("LOAD00000001.parquet", last_sequence=None),
    ],
    ids=[
        "above the mark",
        "at the mark",
        "an older name: delivered late",
        "the name of the mark",
        "put before the load",
        "of the generation that a bump began",
        "not applied",
        "sequences not known",
        "empty sequences",
        "malformed sequences",
        "a load",
    ],
)
def test_nothing_is_told_of_files_as_they_usually_come(usual):
    assert restarted_task_warnings([usual], MARK) == []


def test_nothing_is_told_of_a_table_s_first_files():
    assert restarted_task_warnings([record()], None) == []
    assert restarted_task_warnings([record(generation=1)], "000001  LOAD00000001.parquet 0000000004") == []
