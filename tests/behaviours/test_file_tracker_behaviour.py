"""A landed file is pending or done, whatever arrives how often."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import FileState, RefreshStatus, Registration, Release
from tests.behaviours.builders import NEVER_RUN, NOW, TABLE, landed, processed


def finish(stores, *files: LandedFile) -> None:
    lease = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)
    stores.ledger.finish_files(lease, [processed(file) for file in files])


def test_the_same_file_twice_is_one_pending_file(stores):
    assert stores.tracker.register(landed(), NOW) is Registration.REGISTERED
    assert stores.tracker.register(landed(), NOW) is Registration.ALREADY_PENDING
    assert stores.tracker.pending(TABLE) == [landed()]


def test_a_file_that_is_done_is_not_registered_again(stores):
    stores.tracker.register(landed(), NOW)
    finish(stores, landed())
    assert stores.tracker.register(landed(), NOW) is Registration.ALREADY_DONE
    assert stores.tracker.pending(TABLE) == []


def test_an_overwritten_object_is_another_file(stores):
    stores.tracker.register(landed(etag="e1"), NOW)
    assert stores.tracker.register(landed(etag="e2"), NOW) is Registration.REGISTERED
    assert {file.etag for file in stores.tracker.pending(TABLE)} == {"e1", "e2"}


def test_a_done_file_put_back_by_a_duplicate_event_can_be_dropped_again(stores):
    finish(stores, landed(1))
    stores.tracker.register(landed(2), NOW)
    put_back = [landed(1).file_id]
    assert stores.tracker.done([landed(1), landed(2)]) == set(put_back)
    stores.tracker.remove_pending(TABLE, put_back)
    assert stores.tracker.pending(TABLE) == [landed(2)]
    assert [record.file for record in stores.tracker.history(TABLE)] == [landed(1)]


def test_removing_what_is_not_pending_changes_nothing(stores):
    stores.tracker.remove_pending(TABLE, [landed().file_id, landed().file_id])
    assert stores.tracker.pending(TABLE) == []


def test_done_and_known_answer_for_hundreds_of_files(stores):
    files = [landed(number) for number in range(230)]
    finish(stores, *files[:120])
    for file in files[120:125]:
        stores.tracker.register(file, NOW)
    assert stores.tracker.done(files) == {file.file_id for file in files[:120]}
    assert stores.tracker.known(files) == {file.file_id for file in files[:125]}


def test_known_looks_at_files_of_several_tables_at_once(stores):
    files = [landed(1, f"taxi_trips/table_{number}") for number in range(5)]
    stores.tracker.register(files[3], NOW)
    finish(stores, files[1])
    assert stores.tracker.known(files) == {files[1].file_id, files[3].file_id}
    assert stores.tracker.known([]) == set()


def test_files_in_quarantine_are_found_without_reading_all_that_was_done(stores):
    lease = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)
    bad = FileRecord(file=landed(2), state=FileState.QUARANTINED, reason="truncated")
    stores.ledger.finish_files(lease, [processed(landed(1)), bad])
    assert list(stores.tracker.quarantined()) == list(stores.tracker.quarantined(TABLE)) == [bad]
    assert list(stores.tracker.quarantined("taxi_trips.table_2")) == []


def test_history_gives_back_what_was_recorded(stores):
    records = [processed(landed(1)), processed(landed(2, "taxi_trips/table_2"), reason="x" * 100)]
    lease = stores.ledger.acquire(NEVER_RUN, "jr_1", "r1", NOW)
    stores.ledger.finish_files(lease, records)
    assert sorted(stores.tracker.history(), key=lambda r: r.file.key) == records
    assert list(stores.tracker.history("taxi_trips.table_2")) == records[1:]
    assert list(stores.tracker.history("taxi_trips.table_3")) == []


def test_what_became_of_files_of_several_tables_is_asked_at_once(stores):
    done = [landed(number, f"taxi_trips/table_{number % 3}") for number in range(230)]
    waiting = landed(1000)
    stores.tracker.register(waiting, NOW)
    finish(stores, *done)
    assert stores.tracker.finished([*done, waiting]) == {file.file_id: processed(file) for file in done}
    assert stores.tracker.finished([landed(1, etag="other")]) == {}
    assert stores.tracker.finished([]) == {}


def test_pending_files_of_one_table_or_of_all(stores):
    for file in (landed(1), landed(2), landed(1, "taxi_trips/TABLE_1")):
        stores.tracker.register(file, NOW)
    assert {file.key for file in stores.tracker.pending(TABLE)} == {landed(1).key, landed(2).key}
    assert [file.table_name for file in stores.tracker.pending("taxi_trips.TABLE_1")] == ["TABLE_1"]
    assert len(list(stores.tracker.all_pending())) == 3


def misplaced() -> FileRecord:
    file = landed().model_copy(update={"source_table_name": "?", "problem": "No table can be told."})
    return FileRecord(file=file, state=FileState.QUARANTINED, reason=file.problem, done_at="2026-01-31T10:16:00Z")


def test_a_file_of_no_table_is_quarantined_under_a_question_mark(stores):
    assert stores.tracker.quarantine(misplaced()) is Registration.REGISTERED
    assert stores.tracker.quarantine(misplaced()) is Registration.ALREADY_DONE
    assert list(stores.tracker.history("?")) == [misplaced()]
    assert stores.tracker.known([misplaced().file]) == {misplaced().file.file_id}


def test_a_pending_file_that_is_quarantined_is_done_and_dropped_by_whoever_chooses_files(stores):
    stores.tracker.register(landed(), NOW)
    stores.tracker.quarantine(FileRecord(file=landed(), state=FileState.QUARANTINED, reason="truncated"))
    assert stores.tracker.done([landed()]) == {landed().file_id}
    stores.tracker.remove_pending(TABLE, [landed().file_id])
    assert stores.tracker.pending(TABLE) == []
    assert stores.tracker.register(landed(), NOW) is Registration.ALREADY_DONE


def test_quarantine_does_not_rewrite_what_became_of_a_file(stores):
    finish(stores, landed())
    record = FileRecord(file=landed(), state=FileState.QUARANTINED, reason="again")
    assert stores.tracker.quarantine(record) is Registration.ALREADY_DONE
    assert [record.state for record in stores.tracker.history(TABLE)] == [FileState.PROCESSED]


def bad(number: int = 1, **values) -> FileRecord:
    """A file as a run sets it aside."""
    return processed(landed(number), reason="truncated", **values).model_copy(update={"state": FileState.QUARANTINED})


def finished(stores, *records: FileRecord) -> None:
    seen = stores.ledger.state(NEVER_RUN.raw_table) or NEVER_RUN
    lease = stores.ledger.acquire(seen, "jr_1", "r1", NOW)
    stores.ledger.finish_files(lease, records)
    stores.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)


def test_a_released_file_waits_and_is_done_no_more(stores):
    finished(stores, bad(1), bad(2))
    assert stores.tracker.release([bad(1)]) == [Release.PUT_BACK]
    assert stores.tracker.pending(TABLE) == [landed(1)]
    assert list(stores.tracker.history(TABLE)) == list(stores.tracker.quarantined(TABLE)) == [bad(2)]
    assert stores.tracker.done([landed(1), landed(2)]) == {landed(2).file_id}
    assert stores.tracker.register(landed(1), NOW) is Registration.ALREADY_PENDING


def test_releasing_twice_is_releasing_once(stores):
    finished(stores, bad())
    assert stores.tracker.release([bad()]) == [Release.PUT_BACK]
    assert stores.tracker.release([bad()]) == [Release.WAITS]
    assert stores.tracker.pending(TABLE) == [landed()]
    assert list(stores.tracker.history(TABLE)) == []


CHANGED = {
    "applied": processed(landed()),
    "set aside by another batch": bad().model_copy(update={"batch_id": "b2"}),
    "set aside again by the same batch": bad().model_copy(update={"done_at": "2026-01-31T11:00:00.000000Z"}),
}


@pytest.mark.parametrize("now", CHANGED.values(), ids=CHANGED)
def test_a_file_of_which_history_says_something_else_by_now_stays_as_it_is(stores, now):
    finished(stores, now)
    assert stores.tracker.release([bad()]) == [Release.CHANGED]
    assert list(stores.tracker.history(TABLE)) == [now]
    assert stores.tracker.pending(TABLE) == []


def test_a_file_that_nobody_knows_is_not_made_by_a_release(stores):
    assert stores.tracker.release([bad()]) == [Release.CHANGED]
    assert stores.tracker.pending(TABLE) == []


def test_each_of_many_is_released_by_itself_and_told_in_order(stores):
    records = [bad(number) for number in range(20)]
    finished(stores, *records[:10])
    stores.tracker.release(records[:1])
    expected = [Release.WAITS, *[Release.PUT_BACK] * 9, *[Release.CHANGED] * 10]
    assert stores.tracker.release(records) == expected
    assert len(stores.tracker.pending(TABLE)) == 10


def test_of_many_releases_of_one_file_one_moves_it(stores):
    finished(stores, bad())
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: stores.tracker.release([bad()])[0], range(8)))
    assert sorted(results) == [Release.PUT_BACK, *[Release.WAITS] * 7]
    assert stores.tracker.pending(TABLE) == [landed()]


def test_a_file_that_was_pending_beside_its_quarantine_waits_once(stores):
    stores.tracker.register(landed(), NOW)
    record = FileRecord(file=landed(), state=FileState.QUARANTINED, reason="looked odd")
    stores.tracker.quarantine(record)
    assert stores.tracker.release([record]) == [Release.PUT_BACK]
    assert stores.tracker.pending(TABLE) == [landed()]
    assert stores.tracker.done([landed()]) == set()


def test_an_applied_file_is_released_by_what_applied_it_and_can_be_finished_again(stores):
    first = processed(landed())
    finished(stores, first)
    assert stores.tracker.release([first]) == [Release.PUT_BACK]
    again = first.model_copy(update={"batch_id": "b2"})
    finished(stores, again)
    assert stores.tracker.release([first]) == [Release.CHANGED]
    assert (list(stores.tracker.history(TABLE)), stores.tracker.pending(TABLE)) == ([again], [])


def test_a_file_set_aside_when_it_landed_has_no_batch_and_is_released_all_the_same(stores):
    record = FileRecord(file=landed(), state=FileState.QUARANTINED, reason="looked odd")
    stores.tracker.quarantine(record)
    assert stores.tracker.release([record]) == [Release.PUT_BACK]
    assert stores.tracker.pending(TABLE) == [landed()]
