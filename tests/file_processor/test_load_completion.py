"""Whether a full load is whole, and what a run may take while it is not."""

import pytest

from file_processor.load_completion import DmsAnswer, Evidence, decide
from odpf.full_load_completion import FullLoadCompletion, LoadSigns
from odpf.landed_file import LandedFile
from odpf.settings import StagingPlace
from odpf.table_load import TableLoad
from tests.file_processor.workbench import later

PLACES = (StagingPlace(bucket="b", folder="f"),)
LOAD, LOAD_2 = "LOAD00000001.parquet", "LOAD00000002.parquet"


def file(name, at=0, etag="e"):
    return LandedFile.parse(
        bucket="b", key=f"f/s/t/{name}", etag=etag, size=1, last_modified=later(at), places=PLACES
    )  # fmt: skip


def change(at):
    return file(f"20260131-{at + 100_000_000:09d}.parquet", at)


def decided(rule, *files, marker=None, listed=None, **evidence):
    signs = LoadSigns(*(later(at) if at is not None else None for at in (marker, listed)))
    return decide(FullLoadCompletion.parse(rule), files, Evidence(signs=signs, **evidence))


def names(files):
    return [each.name for each in files]


@pytest.mark.parametrize(
    ("rule", "signs", "whole", "says"),
    [
        ("none", {}, True, "registered when the run is planned"),
        ("marker", {}, False, "no object _ODPF_LOAD_COMPLETE"),
        ("marker", {"marker": 9}, False, "before a LOAD object of 2026-01-31T10:00:10"),
        ("marker", {"marker": 10}, True, "put at 2026-01-31T10:00:10"),
        ("marker", {"marker": 11}, True, "put at 2026-01-31T10:00:11"),
        ("quiet_seconds:60", {}, False, "no Date"),
        ("quiet_seconds:60", {"listed": 5}, False, "0 s ago"),
        ("quiet_seconds:60", {"listed": 69}, False, "59 s ago"),
        ("quiet_seconds:60", {"listed": 70}, True, "No LOAD object came for 60 s"),
        ("dms", {}, False, "no task of ODPF_DMS_TASK_ARNS has a table s.t"),
    ],
)
def test_a_first_load_is_whole_when_its_rule_says_so(rule, signs, whole, says):
    files = [file(LOAD, 0), file(LOAD_2, 10), change(20)]
    found = decided(rule, *files, staged=tuple(files[:2]), **signs)
    assert (found.is_whole, str(found.completion)) == (whole, rule)
    assert says in found.reason
    assert (found.taken, found.held) == ((tuple(files), ()) if whole else ((), tuple(files)))


@pytest.mark.parametrize("rule", ["marker", "quiet_seconds:60"])
def test_a_load_object_that_is_not_pending_counts_as_well(rule):
    """One that history has, or one whose registration comes later: both stand in staging."""
    found = decided(rule, file(LOAD, 0), marker=30, listed=90, staged=(file(LOAD, 0), file(LOAD_2, 40)))
    assert not found.is_whole


def test_a_pending_load_object_that_the_listing_did_not_see_yet_is_not_quiet():
    found = decided("quiet_seconds:60", file(LOAD, 0), file(LOAD_2, 100), listed=90, staged=(file(LOAD, 0),))
    assert not found.is_whole


@pytest.mark.parametrize(
    ("states", "whole", "says"),
    [
        ([("Full load", None)], False, "DMS says 'Full load'"),
        ([("Before load", None)], False, "'Before load'"),
        ([("Table error", 30)], False, "'Table error' since 2026-01-31T10:00:30"),
        ([("Table completed", None)], False, "'Table completed'"),
        ([("Table completed", 30)], True, "ended at 2026-01-31T10:00:30"),
        ([("Table completed", -1)], True, "ended at"),  # two services' clocks, whole seconds
        ([("Table completed", -60)], False, "'Table completed' since 2026-01-31T09:59:00"),
        ([("Table completed", -60), ("Full load", None)], False, "'Full load'"),
        ([("Table completed", -60), ("Table completed", 30)], True, "10:00:30"),
    ],
)
def test_dms_says_when_a_load_has_ended_that_began_with_its_first_object(states, whole, says):
    loads = [TableLoad("task", state, later(at) if at is not None else None) for state, at in states]
    found = decided("dms", file(LOAD, 0), file(LOAD_2, 10), dms=DmsAnswer(tuple(loads)))
    assert found.is_whole is whole
    assert says in found.reason


def test_a_dms_that_cannot_be_asked_holds_the_load_and_says_what_to_do():
    found = decided("dms", file(LOAD), dms=DmsAnswer(problem="DMS could not be asked. Allow it."))
    assert not found.is_whole
    assert "DMS could not be asked. Allow it." in found.reason


@pytest.mark.parametrize("rule", ["marker", "quiet_seconds:60", "dms"])
def test_beside_a_reload_changes_put_before_its_first_object_go_on(rule):
    before, first, between, last = change(0), file(LOAD, 10, "new"), change(10), file(LOAD_2, 20, "new")
    found = decided(rule, before, between, first, last, exists=True, applied={first.key: file(LOAD)}, listed=25)
    assert (found.taken, found.held) == ((before,), (between, first, last))
    assert "3 files waiting" in found.reason
    assert "Changes put before 2026-01-31T10:00:10.000000Z go on" in found.reason


def test_a_reload_begins_with_an_object_that_was_put_again_with_the_same_bytes():
    first, between, other = file(LOAD, 10), change(15), file(LOAD_2, 20, "new")
    found = decided("quiet_seconds:60", between, other, exists=True, put_again=(first,), listed=25)
    assert found.taken == ()


@pytest.mark.parametrize(
    ("rule", "evidence"),
    [("marker", {"marker": 5}), ("dms", {"dms": DmsAnswer((TableLoad("t", "Table completed", later(5)),))})],
)
def test_a_new_key_after_a_whole_load_extends_it(rule, evidence):
    found = decided(rule, file(LOAD_2, 50), exists=True, applied={file(LOAD).key: file(LOAD)}, **evidence)
    assert found.is_whole
    assert "extend" in found.reason


def test_a_new_key_while_dms_is_loading_may_be_the_first_of_a_reload():
    loading = DmsAnswer((TableLoad("t", "Full load", None),))
    found = decided("dms", file(LOAD_2, 50), exists=True, applied={file(LOAD).key: file(LOAD)}, dms=loading)
    assert not found.is_whole


def test_the_first_load_of_a_table_that_changes_have_made_extends_nothing():
    assert not decided("marker", file(LOAD), exists=True).is_whole


def test_a_load_that_was_put_back_is_held_like_any_other():
    back = file(LOAD, 10, "a")
    held = decided(
        "marker", change(5), change(15), exists=True, put_back=(back,), applied={back.key: file(LOAD, 0, "b")}
    )
    assert (held.is_whole, names(held.taken), held.put_back) == (False, names([change(5)]), ())
    taken = decided("none", exists=True, put_back=(back,))
    assert (taken.is_whole, taken.put_back) == (True, (back,))


@pytest.mark.parametrize("rule", ["none", "marker", "quiet_seconds:60", "dms"])
def test_nothing_pending_is_lost(rule):
    files = (change(0), file(LOAD, 10, "new"), change(20), file(LOAD_2, 30))
    for exists in (False, True):
        found = decided(rule, *files, exists=exists, marker=30, listed=40)
        assert {*found.taken, *found.held} == {*files}
        assert len(found.taken) + len(found.held) == len(files)
