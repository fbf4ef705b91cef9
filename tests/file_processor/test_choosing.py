"""Which files a batch takes, in which generation."""

import pytest

from file_processor.choosing import CycleKind, choose, with_floor
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.table_state import TableState
from tests.file_processor.workbench import later, sequence

PLACES = (StagingPlace(bucket="b", folder="f"),)
NEVER_RUN = TableState(raw_table="raw.t", source_table_name="s.t")


def file(name, at=0, etag="e"):
    return LandedFile.parse(
        bucket="b", key=f"f/s/t/{name}", etag=etag, size=1, last_modified=later(at), places=PLACES
    )  # fmt: skip


LOAD, LOAD_2 = "LOAD00000001.parquet", "LOAD00000002.parquet"
EARLY, LATE = "20260131-100000000.parquet", "20260131-110000000.parquet"


def loaded(generation=1, load_started=0, mark="000001  LOAD00000001.parquet 0000000001"):
    return NEVER_RUN.model_copy(
        update={
            "generation": generation,
            "high_water_mark": mark,
            "load_started_at": later(load_started).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }
    )


def chosen(state, *files, applied=(), staged=(), required=True, sequence=""):
    return choose(
        state,
        files,
        full_load_required=required,
        applied_loads={f.key: f for f in applied},
        staged_loads=staged,
        high_water_sequence=sequence,
    )


def test_the_first_load_takes_its_changes_whenever_they_were_put():
    choice = chosen(NEVER_RUN, file(LATE, -60), file(EARLY, 60), file(LOAD_2, 5), file(LOAD, 0))
    assert choice.kind is CycleKind.LOAD
    assert [c.file.name for c in choice.files] == [LOAD, LOAD_2, EARLY, LATE]
    assert {c.generation for c in choice.files} == {1}


def test_changes_alone_wait_for_a_required_load():
    assert chosen(NEVER_RUN, file(EARLY)).kind is None
    assert chosen(NEVER_RUN, file(EARLY), required=False).kind is CycleKind.LOAD


def test_changes_of_an_existing_table_are_its_generation():
    choice = chosen(loaded(3, load_started=0), file(LATE, 10))
    assert (choice.kind, choice.generation) == (CycleKind.CHANGES, 3)
    assert choice.files[0].generation == 3


def test_a_change_put_before_the_reload_belongs_to_the_generation_before():
    choice = chosen(loaded(2, load_started=100), file(EARLY, 99), file(LATE, 100))
    assert [c.generation for c in choice.files] == [1, 2]


def test_a_new_load_object_with_a_new_key_extends_the_load():
    choice = chosen(loaded(), file(LOAD_2, 50), applied=[file(LOAD)])
    assert (choice.kind, choice.generation) == (CycleKind.CHANGES, 1)


def test_a_load_key_with_other_bytes_begins_a_reload_above_the_floor():
    choice = chosen(loaded(), file(LOAD, 50, "new"), file(EARLY, 40), applied=[file(LOAD)], sequence="9" * 35)
    assert (choice.kind, choice.generation, choice.floor) == (CycleKind.RELOAD, 2, "9" * 35)
    assert [(c.file.name, c.generation) for c in choice.files] == [(EARLY, 1), (LOAD, 2)]


def test_a_reload_takes_the_objects_that_were_put_again_unchanged_and_no_older_ones():
    applied = [file(LOAD, 0), file(LOAD_2, 1), file("LOAD00000003.parquet", 2)]
    staged = [file(LOAD, 50), file(LOAD_2, 51, "new"), file("LOAD00000003.parquet", 2)]
    choice = chosen(loaded(), file(LOAD_2, 51, "new"), applied=applied, staged=staged)
    assert [c.file.name for c in choice.files] == [LOAD, LOAD_2]


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_order_of_arrival_changes_nothing(order):
    files = [file(LOAD, 0), file(EARLY, 10), file(LATE, 5)]
    assert chosen(NEVER_RUN, *(files[i] for i in order)) == chosen(NEVER_RUN, *files)


def test_a_reload_contains_the_older_changes_of_its_own_batch():
    old, new, load = file(EARLY, 30), file(LATE, 60), file(LOAD, 50, etag="again")
    choice = chosen(loaded(), old, new, load, applied=[file(LOAD)], sequence=sequence(5))
    assert choice.kind is CycleKind.RELOAD
    assert with_floor(choice, loaded(), {old.file_id: sequence(7), new.file_id: sequence(9)}).floor == sequence(7)
    assert with_floor(choice, loaded(), {}).floor == sequence(5)


def test_a_malformed_sequence_lifts_no_floor_above_the_changes_to_come():
    old, load = file(EARLY, 30), file(LOAD, 50, etag="again")
    choice = chosen(loaded(), old, load, applied=[file(LOAD)], sequence=sequence(5))
    assert with_floor(choice, loaded(), {old.file_id: "unknown"}).floor == sequence(5)


def test_later_changes_leave_the_floor_where_it_is():
    old = file(EARLY, -30)
    choice = chosen(loaded(2), old)
    assert with_floor(choice, loaded(2), {old.file_id: sequence(7)}).floor == choice.floor
