"""What must hold of a table after a fault and the runs behind it; every sentence that it returns is a violation."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

from tenacity import Retrying, retry_if_not_exception_type, stop_after_attempt, wait_fixed

from file_processor.timeline import Timeline
from odpf.audit import TableResult
from odpf.file_record import FileRecord
from odpf.states import FileState, Outcome, RefreshStatus
from tests.engines.staged_table import DATABASE, StagedTable


def judge(table: StagedTable, files: int) -> list[str]:
    """Everything that is wrong.

    Args:
        table: with everything applied that was staged.
        files: how many files that were.
    """
    return [*_rows(table), *_storage(table), *_books(table, files), *_state(table)]


def _rows(table: StagedTable) -> Iterator[str]:
    """G2; an answer of the emulated S3 that broke off is asked for again."""
    reading = Retrying(
        retry=retry_if_not_exception_type(AssertionError),
        stop=stop_after_attempt(3),
        wait=wait_fixed(0.5),
        reraise=True,
    )
    try:
        reading(table.check_rows)
    except Exception as error:  # noqa: BLE001  whatever it is, the table cannot be read as it is to be
        yield f"G2: the table differs from its replay: {' '.join(str(error).split())[:300]}"


def _storage(table: StagedTable) -> Iterator[str]:
    """G1, G4, G5: one commit for each file batch, fences and marks that never fall, and nothing left of any writer."""
    timeline = Timeline(table.lake.aws.objects, table.location)
    commits = [each for each in timeline.commits() if each.note and not each.is_service][::-1]
    notes = [each.note for each in commits if each.note]
    if twice := [batch for batch, times in Counter(note.batch_id for note in notes).items() if times > 1]:
        yield f"G1: file batches with several commits: {twice}"
    fences = [note.fence for note in notes]
    if fences != sorted(fences):
        yield f"G5: fences fall: {fences}"
    marks = [note.high_water_mark or "" for note in notes]
    if marks != sorted(marks):
        yield f"G2: high-water marks go back: {marks}"
    if timeline.pending:
        yield f"commits begun and not ended: {[each.instant for each in timeline.pending]}"
    timeline.data_files()
    if orphans := timeline.orphans():
        yield f"data files of no commit: {orphans}"
    for commit in commits:
        if not timeline.is_whole(commit) and commit is commits[-1]:
            yield f"commit {commit.instant} without its files"


def _books(table: StagedTable, files: int) -> Iterator[str]:
    """G1: every file once in history, with a commit that is there, and nowhere else."""
    aws = table.lake.aws
    records: list[FileRecord] = list(aws.tracker.history(table.source))
    if len(records) != files or any(record.state is not FileState.PROCESSED for record in records):
        yield f"G1: history has {len(records)} files of {files}"
    if waiting := aws.tracker.pending(table.source):
        yield f"G1: {len(waiting)} files still wait"
    if forgotten := [record.file.name for record in records if record.commit_instant is None]:
        yield f"G1: history does not know any more which commit applied {forgotten}"
    timeline = Timeline(aws.objects, table.location)
    there = {*timeline.instants}
    if lost := {record.commit_instant for record in records} - {None} - there:
        yield f"G1: history names commits that are not there: {sorted(filter(None, lost))}"
    applied = Counter(
        record.file.file_id
        for commit in timeline.commits()
        if commit.note and commit.note.file_batch and not commit.is_service
        for record in commit.note.file_batch.records
    )
    if again := {file: times for file, times in applied.items() if times > 1}:
        yield f"G1: files in several commits: {again}"


def _state(table: StagedTable) -> Iterator[str]:
    """Nobody locked out, and the ledger knows the newest commit."""
    state = table.lake.aws.ledger.state(f"{DATABASE}.{table.name}")
    if state is None:
        yield "the ledger has no state"
        return
    if state.lease_owner or state.refresh_status is not RefreshStatus.COMPLETED or state.attempts:
        yield f"the table is not free: {state.lease_owner}, {state.refresh_status}, {state.attempts}"
    newest = Timeline(table.lake.aws.objects, table.location).newest_own()
    if newest is None or newest.instant != state.commit_instant:
        yield f"G5: the ledger knows {state.commit_instant}, the table has {newest.instant if newest else None}"


def told(result: TableResult | None) -> list[str]:
    """G6, G7: what a run says of a table it processed."""
    if result is None:
        return ["G6: the run does not tell of the table"]
    if result.outcome is not Outcome.COMPLETED:
        return [f"the run left alone ended with {result.outcome}: {json.dumps(result.error)}"]
    return [] if result.counts.add_up else [f"G7: counts do not add up: {result.counts}"]
