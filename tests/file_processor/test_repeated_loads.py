"""Which LOAD objects were put again with bytes that history has."""

import pytest

from file_processor.choosing import load_id
from file_processor.repeated_loads import Repeated, repeated, suspects
from odpf.clock import iso
from odpf.file_record import FileRecord
from odpf.states import FileState
from odpf.table_state import TableState
from tests.file_processor.test_load_completion import LOAD, LOAD_2, file
from tests.file_processor.workbench import later

NEVER_RUN = TableState(raw_table="raw.t", source_table_name="s.t")


def loaded(*files, generation=2):
    """A table whose generation is the load of these files."""
    began = min(each.last_modified for each in files)
    values = {"high_water_mark": "x", "load_started_at": iso(began), "load_id": load_id(files)}
    return NEVER_RUN.model_copy(update={"generation": generation, **values})


def history(each, generation=1, state=FileState.PROCESSED, at=0):
    seen = each.model_copy(update={"last_modified": later(at)})
    return {each.file_id: FileRecord(file=seen, state=state, generation=generation)}


def test_a_table_whose_staging_is_its_load_has_no_suspects():
    files = [file(LOAD, 0), file(LOAD_2, 10)]
    assert suspects(loaded(*files), files, ()) == ()
    assert suspects(NEVER_RUN, files, ()) == suspects(None, files, ()) == ()


def test_objects_of_the_load_before_that_were_left_there_are_none_either():
    left, now = file("LOAD00000003.parquet", -50), file(LOAD, 0)
    assert suspects(loaded(now), [left, now], ()) == ()


def test_without_an_earlier_generation_nothing_can_be_put_back():
    assert suspects(loaded(file(LOAD), generation=1), [file(LOAD, 20, "other")], ()) == ()


def test_an_object_put_since_the_load_is_a_suspect_unless_it_is_pending():
    now, back = file(LOAD, 0), file(LOAD_2, 10, "a")
    assert suspects(loaded(now), [now, back], ()) == (back,)
    assert suspects(loaded(now), [now, back], {back.file_id}) == ()


@pytest.mark.parametrize(
    ("record", "found"),
    [
        ({"generation": 1}, "back"),
        ({"generation": 2}, "again"),
        ({"generation": 1, "at": 20}, None),  # the same object, seen already
        ({"generation": 1, "state": FileState.QUARANTINED}, None),
        ({"generation": None}, None),
    ],
)
def test_history_says_what_a_suspect_is(record, found):
    each = file(LOAD, 20)
    expected = Repeated(**{found: (each,)}) if found else Repeated()
    assert repeated(loaded(file(LOAD, 10, "b")), [each], history(each, **record)) == expected


def test_an_object_that_history_does_not_have_is_no_repetition():
    assert repeated(loaded(file(LOAD, 10, "b")), [file(LOAD, 20)], {}) == Repeated()
