"""What `odpf status` says in which situation."""

from __future__ import annotations

from datetime import timedelta

import pytest

from odpf.attempts import Attempts
from odpf.configured_table import read_items
from odpf.freshness import age, landed_change_at, oldest_change
from odpf.order import OrderPosition
from odpf.states import ConfigurationState, FileState, RefreshStatus
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from odpf_cli.status import as_documents, current
from odpf_cli.table_status import complete_through, table_statuses
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, landed, record, table_item

SEQUENCE = "20260131110000" + "0" * 21
REACHED = OrderPosition(1, SEQUENCE, "20260131-110000500.parquet", 7)


def state(**more: object) -> TableState:
    return TableState.model_validate(
        {
            "raw_table": "shop_raw.orders",
            "source_table_name": "shop.orders",
            "refresh_status": RefreshStatus.COMPLETED,
            "high_water_mark": str(REACHED),
            **more,
        }
    )


def statuses(items=(), states=(), pending=(), quarantined=()):  # type: ignore[no-untyped-def]
    return table_statuses(
        read_items(items),
        {s.raw_table: s for s in states},
        pending,
        quarantined,
        NOW,
        most_attempts=5,
        is_over=lambda _: False,
    )


def test_a_table_that_never_ran_has_no_status_and_no_mark():
    (entry,) = statuses([table_item()])
    assert (entry.refresh_status, entry.high_water_mark, entry.complete_through) == (None, None, None)
    assert (entry.pending_files, entry.freshness_lag_seconds, entry.last_error) == (0, 0, None)


def test_a_table_with_nothing_pending_is_complete_through_its_mark_without_lag():
    (entry,) = as_documents(statuses([table_item()], [state(last_change_at="2026-01-31T11:00:00.000000Z")]))
    mark = {"generation": 1, "sequence": SEQUENCE, "file": "20260131-110000500.parquet", "row": 7}
    assert entry["high_water_mark"] == entry["complete_through"] == mark
    assert entry["freshness_lag_seconds"] == 0
    assert entry["refresh_status"] == "completed"
    assert entry["last_change_at"] == "2026-01-31T11:00:00.000000Z"


def test_waiting_files_count_with_their_bytes_and_the_age_of_the_oldest_change():
    pending = [landed("20260131-115900500.parquet", size=40), landed("20260131-115800000.parquet", size=2)]
    (entry,) = statuses([table_item()], [state()], pending)
    assert (entry.pending_files, entry.pending_bytes, entry.freshness_lag_seconds) == (2, 42, 120.0)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("20260131-115959250.parquet", 0.75),
        ("20260131-1159592501.parquet", 0.75),
        ("20260131-120001000.parquet", 0.0),  # a source whose clock is ahead
        ("20269931-115959250.parquet", 10.0),  # no date: what S3 says
        ("LOAD00000001.parquet", 10.0),
    ],
)
def test_a_change_is_as_old_as_its_file_name_says_and_a_load_as_s3_says(name, seconds):
    waiting = [landed(name, last_modified=NOW - timedelta(seconds=10))]
    assert age(oldest_change(waiting), NOW) == seconds


def test_the_stamp_of_a_change_file_is_read_to_the_millisecond():
    assert landed_change_at(landed("20260131-115959250.parquet")) == NOW - timedelta(milliseconds=750)


def test_a_quarantined_file_below_the_mark_holds_completeness_at_its_first_row():
    hole = record("20260131-100000000.parquet", generation=1, first_sequence="20260131100000" + "0" * 21)
    expected = OrderPosition(1, "20260131100000" + "0" * 21, "20260131-100000000.parquet", 0)
    assert complete_through(REACHED, [hole]) == expected


def test_an_unreadable_quarantined_file_holds_completeness_by_its_name():
    held = complete_through(REACHED, [record("20260131-105959990.parquet")])
    assert held == OrderPosition(1, "2026013110595999", "20260131-105959990.parquet", 0)


def test_a_quarantined_file_beyond_the_mark_changes_nothing():
    assert complete_through(REACHED, [record("20260131-110001000.parquet")]) == REACHED


def test_only_files_of_the_same_table_hold_a_table_back():
    elsewhere = record("20260131-100000000.parquet", table="shop/customers")
    (entry,) = statuses([table_item()], [state()], quarantined=[elsewhere])
    assert entry.complete_through == entry.high_water_mark
    assert entry.quarantined_files == 0


def test_a_broken_configuration_item_is_listed_with_what_is_wrong():
    (entry,) = statuses([table_item(hudi_tabel_type="x")], pending=[landed("LOAD00000001.parquet")])
    assert entry.state is ConfigurationState.BROKEN
    assert "hudi_tabel_type" in (entry.last_error or "")
    assert (entry.refresh_cadence, entry.raw_table_name, entry.pending_files) == ("hourly", "orders", 1)


def test_an_item_without_a_source_table_is_listed_too():
    (entry,) = statuses([{"refresh_cadence": "hourly", "raw_table_name": 7}])
    assert (entry.source_table_name, entry.raw_table_name, entry.state) == ("?", None, ConfigurationState.BROKEN)


def test_an_inactive_table_says_so():
    (entry,) = statuses([table_item(is_active="N")])
    assert entry.state is ConfigurationState.INACTIVE


def test_files_of_a_table_that_nobody_configured_show_without_a_cadence():
    entries = statuses([table_item()], pending=[landed("LOAD00000001.parquet", "shop/secret")])
    assert [(e.source_table_name, e.refresh_cadence, e.state) for e in entries] == [
        ("shop.orders", "hourly", ConfigurationState.ACTIVE),
        ("shop.secret", None, ConfigurationState.UNCONFIGURED),
    ]


def test_the_command_reads_all_it_needs_from_the_stores():
    aws = MemoryAws()
    aws.config.put_tables([table_item()])
    aws.tracker.register(landed("LOAD00000001.parquet"), NOW)
    aws.tracker.quarantine(record("20260131-100000000.parquet"))
    aws.tracker.quarantine(record("20260131-100001000.parquet", FileState.PROCESSED, reason=None))
    (entry,) = current(aws, NOW)
    assert (entry.source_table_name, entry.pending_files, entry.quarantined_files) == ("shop.orders", 1, 1)


def test_tables_are_listed_as_people_count():
    found = statuses([table_item(f"shop.t_{number}") for number in (10, 2, 1)])
    assert [entry.source_table_name for entry in found] == ["shop.t_1", "shop.t_2", "shop.t_10"]


def tried(number, **more):
    return Attempts(number=number, tried_with=read_table_config(table_item()).digest, **more)


def test_a_table_set_aside_says_why_and_what_to_do():
    failed = state(refresh_status=RefreshStatus.ERROR, last_error="The disk is full.", attempts=tried(5))
    (entry,) = as_documents(statuses([table_item()], [failed]))
    assert (entry["set_aside"], entry["failed_attempts"]) == (True, 5)
    assert "The disk is full." in entry["last_error"]
    assert "--table 'shop.orders'" in entry["last_error"]


def test_a_table_that_failed_less_often_is_tried_again():
    failed = state(refresh_status=RefreshStatus.ERROR, last_error="The disk is full.", attempts=tried(4))
    (entry,) = statuses([table_item()], [failed])
    assert (entry.set_aside, entry.failed_attempts, entry.last_error) == (False, 4, "The disk is full.")


def test_an_attempt_under_way_has_not_failed_until_its_run_is_over():
    working = state(refresh_status=RefreshStatus.UPDATING, lease_owner="jr-1", run_id="r", attempts=tried(5))
    (entry,) = statuses([table_item()], [working])
    assert (entry.set_aside, entry.failed_attempts) == (False, 4)
    (entry,) = table_statuses(
        read_items([table_item()]), {working.raw_table: working}, [], [], NOW, most_attempts=5, is_over=lambda _: True
    )
    assert (entry.set_aside, entry.failed_attempts) == (True, 5)
