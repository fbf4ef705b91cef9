"""What `odpf files` lists."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from odpf.states import FileState
from odpf_cli.files import listed, render
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, landed, record


@pytest.fixture
def tracker():
    tracker = MemoryAws().tracker
    tracker.register(landed("20260131-100000000.parquet"), NOW)
    tracker.register(landed("LOAD00000001.parquet", "shop/lines"), NOW)
    tracker.quarantine(record("20260131-090000000.parquet"))
    tracker.quarantine(record("LOAD00000001.parquet", FileState.PROCESSED, reason=None, rows=7))
    return tracker


def names(entries):
    return [(entry["source_table_name"], entry["path"].rsplit("/", 1)[-1], entry["state"]) for entry in entries]


def test_waiting_and_done_files_are_listed_by_table_and_path(tracker):
    assert names(listed(tracker, None, None)) == [
        ("shop.lines", "LOAD00000001.parquet", "raw_file_landed"),
        ("shop.orders", "20260131-090000000.parquet", "quarantined"),
        ("shop.orders", "20260131-100000000.parquet", "raw_file_landed"),
        ("shop.orders", "LOAD00000001.parquet", "raw_file_processed"),
    ]


def test_one_table_or_one_state_can_be_asked_for(tracker):
    assert len(listed(tracker, "shop.orders", None)) == 3
    assert names(listed(tracker, None, FileState.QUARANTINED)) == [
        ("shop.orders", "20260131-090000000.parquet", "quarantined")
    ]
    assert names(listed(tracker, "shop.lines", FileState.LANDED)) == [
        ("shop.lines", "LOAD00000001.parquet", "raw_file_landed")
    ]


def test_an_entry_has_the_keys_of_the_contract(tracker):
    entry = listed(tracker, None, FileState.QUARANTINED)[0]
    assert {"source_table_name", "file_id", "path", "state", "dms_file_type", "reason"} <= set(entry)
    assert (entry["dms_file_type"], entry["reason"]) == ("Incremental", "truncated")


def test_a_file_that_stands_in_both_trackers_is_listed_once_as_done(tracker):
    class BothTrackers:
        """The moment between two writes, or after a repeated event."""

        def all_pending(self):
            yield landed("20260131-090000000.parquet")

        def done(self, files):
            return tracker.done(files)

        def history(self, source_table_name):
            return tracker.history(source_table_name)

    assert ("shop.orders", "20260131-090000000.parquet", "raw_file_landed") not in names(
        listed(BothTrackers(), None, None)
    )


def test_a_person_reads_reasons_below_the_table(tracker):
    text = io.StringIO()
    Console(file=text, width=100).print(render(listed(tracker, None, None), filtered=False))
    assert "20260131-090000000.parquet: truncated" in text.getvalue().replace("\n", "")
    assert "4 files" in text.getvalue()


def test_without_files_a_person_gets_advice():
    text = io.StringIO()
    Console(file=text, width=100).print(render([], filtered=False))
    assert "odpf run" in text.getvalue()
