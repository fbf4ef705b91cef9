"""A timeline without a table: what is a line, what is archived, what is missing."""

from __future__ import annotations

import json

import pytest

from file_processor.file_batch import CommitNote
from file_processor.timeline import Timeline
from odpf.errors import TimelineViolation
from odpf_local.memory.objects import MemoryObjectStore

LOCATION = "s3://raw/db/t"


def instant(number):
    return f"202601311015{number:05d}"


class Table:
    """Commits by number; 0 stands for no commit."""

    def __init__(self):
        self.objects = MemoryObjectStore()

    def commit(self, number, follows, written=None, kind="commit", replaced=(), **metadata):
        stats = [{"fileId": group, "path": path} for group, path in (written or {}).items()]
        note = CommitNote(
            batch_id=f"b{number}", fence=number, run_id="r", uri="u", high_water_mark=None,
            follows=instant(follows) if follows else follows if follows is None else "",
        )  # fmt: skip
        content = {
            "extraMetadata": {"odpf.batch": note.model_dump_json()},
            "partitionToWriteStats": {"": stats},
            "partitionToReplaceFileIds": {"": list(replaced)},
            **metadata,
        }
        self.objects.put("raw", f"db/t/.hoodie/{instant(number)}.{kind}", json.dumps(content).encode())
        for path in (written or {}).values():
            self.objects.put("raw", f"db/t/{path}", b"rows")
        return self

    def remove(self, key):
        self.objects.delete("raw", [f"db/t/{key}"])

    @property
    def timeline(self):
        return Timeline(self.objects, LOCATION)

    def unsettled(self, number):
        return [int(c.note.batch_id[1:]) for c in self.timeline.unsettled(instant(number) if number else None)]


def test_commits_behind_the_settled_one_are_found_oldest_first():
    table = Table().commit(1, 0).commit(2, 1).commit(3, 2)
    assert [table.unsettled(number) for number in (0, 1, 3)] == [[1, 2, 3], [2, 3], []]


def test_an_archived_commit_is_not_missing_when_the_line_goes_on_from_it():
    table = Table().commit(5, 4).commit(6, 5)
    assert table.unsettled(4) == [5, 6]
    assert table.timeline.has(instant(4))


def test_commits_that_were_archived_before_they_were_settled_are_not_guessed():
    table = Table().commit(5, 4).commit(6, 5)
    for settled in (3, 0):
        with pytest.raises(TimelineViolation, match=f"was made after {instant(4)}"):
            table.unsettled(settled)


def test_a_ledger_that_is_ahead_is_told_to_wait():
    table = Table().commit(1, 0).commit(2, 1)
    with pytest.raises(TimelineViolation, match=f"knows commit {instant(3)}.*its newest is {instant(2)}"):
        table.unsettled(3)
    with pytest.raises(TimelineViolation, match="its newest is none"):
        Table().unsettled(1)


def test_a_commit_of_an_earlier_release_says_nothing_of_the_one_before():
    table = Table().commit(5, None).commit(6, 5)
    assert table.unsettled(3) == [5, 6]
    table.timeline.check_line()


def test_a_stranger_in_the_line_is_noticed_wherever_it_stands():
    table = Table().commit(1, 0).commit(2, 1).commit(3, 1).commit(4, 3)
    with pytest.raises(TimelineViolation, match="two Regions have written"):
        table.timeline.check_line()


def test_a_commit_that_came_in_between_is_noticed_right_after_the_own_one():
    table = Table().commit(1, 0).commit(2, 1).commit(3, 1)
    note = next(table.timeline.commits()).note
    with pytest.raises(TimelineViolation, match=f"Commit {instant(2)} came into"):
        table.timeline.check_newest(note)


def test_what_appears_at_the_seam_of_two_epochs_is_noticed_by_the_listing():
    table = Table().commit(1, 0).commit(3, 1)
    table.timeline.check_seam(instant(1), instant(3))
    table.commit(2, 1)
    with pytest.raises(TimelineViolation, match=f"Commits {instant(2)} "):
        table.timeline.check_seam(instant(1), instant(3))


def test_the_newest_file_of_every_group_must_be_there():
    table = Table().commit(1, 0, {"a": "p=1/a_1", "b": "b_1"}).commit(2, 1, {"a": "p=1/a_2"})
    table.remove("p=1/a_1")
    assert table.timeline.missing_files() == []
    table.remove("p=1/a_2")
    table.remove("b_1")
    assert table.timeline.missing_files() == ["b_1", "p=1/a_2"]


def test_files_that_a_reload_replaced_may_be_cleaned():
    table = Table().commit(1, 0, {"a": "a_1"}).commit(2, 1, {"b": "b_2"}, kind="replacecommit", replaced=["a"])
    table.remove("a_1")
    assert table.timeline.missing_files() == []


def test_every_log_file_behind_the_base_file_must_be_there():
    table = Table().commit(1, 0, {"a": "p=1/a_1"}, kind="deltacommit")
    table.commit(2, 1, {"a": "p=1/.a_1.log.1_0-1-1"}, kind="deltacommit")
    table.commit(3, 2, {"a": "p=1/.a_1.log.2_0-2-2"}, kind="deltacommit")
    for missing in ("p=1/a_1", "p=1/.a_1.log.1_0-1-1", "p=1/.a_1.log.2_0-2-2"):
        assert missing not in table.timeline.missing_files()
        table.remove(missing)
        assert missing in table.timeline.missing_files()


def test_a_compaction_follows_the_log_files_of_its_group():
    table = Table().commit(1, 0, {"a": ".a_0.log.1"}, kind="deltacommit")
    table.commit(2, 1, {"a": "a_2"}, operationType="COMPACT")
    table.remove(".a_0.log.1")
    assert table.timeline.missing_files() == []
    table.remove("a_2")
    assert table.timeline.missing_files() == ["a_2"]


def test_a_compaction_that_was_planned_before_the_seam_may_be_made_behind_it():
    table = Table().commit(1, 0).commit(3, 1).commit(2, 1, operationType="COMPACT")
    table.timeline.check_seam(instant(1), instant(3))
