"""One table through its runs, over stores in memory and an engine of plain dicts."""

import pyarrow as pa
import pytest

from odpf.errors import TransientError
from odpf.states import EngineName, FileState, JobRunState, Outcome, RefreshStatus, RunStatus
from tests.file_processor.workbench import CHANGES, FULL, HOURLY, Workbench, sequence, table_item, wrapped


def test_a_load_and_its_changes_become_the_table(bench):
    bench.load((1, 10), (2, 20))
    bench.change(1, "U", 1, 11)
    bench.change(2, "D", 2)
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 11})
    assert summary.tables[0].counts.add_up


def test_a_key_is_asked_for_by_a_table_with_hashed_columns_alone(bench):
    bench.load((1, 10))
    assert (bench.run().status, bench.aws.hash_keys.asked) == (RunStatus.SUCCEEDED, 0)
    hashing = Workbench(hash_columns="V")
    hashing.load((1, 10))
    assert (hashing.run().status, hashing.aws.hash_keys.asked) == (RunStatus.FAILED, 1)


def test_nothing_pending_starts_no_batch_and_says_so(bench):
    bench.load((1, 10))
    bench.run()
    assert bench.run().status is RunStatus.NOTHING_TO_DO
    assert len(bench.commits) == 1


def test_changes_wait_for_their_full_load(bench):
    bench.change(1, "I", 1, 10)
    summary = bench.run()
    assert summary.status is RunStatus.NOTHING_TO_DO
    assert summary.tables[0].outcome is Outcome.WAITING_FOR_FULL_LOAD
    bench.load((2, 20))
    bench.run()
    assert bench.table == {1: 10, 2: 20}


def test_without_a_required_load_changes_make_the_table():
    bench = Workbench(full_load="none")
    bench.change(1, "I", 1, 10)
    bench.run()
    assert bench.table == {1: 10}


def test_each_file_goes_to_history_once_with_its_batch_and_sequences(bench):
    bench.load((1, 10))
    bench.change(7, "U", 1, 11)
    bench.run()
    assert len(bench.processed) == 2
    change = next(r for r in bench.processed if r.file.name.startswith("2026"))
    assert (change.first_sequence, change.last_sequence, change.rows) == (sequence(7), sequence(7), 1)
    assert list(bench.aws.tracker.all_pending()) == []


def test_the_same_object_again_changes_nothing(bench):
    bench.load((1, 10))
    bench.run()
    bench.load((1, 10))
    assert bench.run().status is RunStatus.NOTHING_TO_DO


def test_files_that_another_run_has_done_since_the_plan_are_not_read_again(bench):
    """S6, R1: two executions of one cadence have frozen the same file."""
    bench.load((1, 10))
    bench.run()
    bench.change(1, "U", 1, 11)
    bench.manager().plan("run-x", HOURLY)
    bench.run()
    before = list(bench.history)
    (result,) = bench.process("run-x", 0, bench.aws)
    assert (result.outcome, result.counts.rows_read, bench.history) == (Outcome.COMPLETED, 0, before)


def test_a_load_with_other_bytes_replaces_the_table(bench):
    bench.load((1, 10), (2, 20))
    bench.run()
    bench.load((1, 15))
    bench.run()
    assert bench.table == {1: 15}
    assert bench.state.generation == 2


def test_a_reload_takes_load_files_that_were_put_again_with_the_same_bytes(bench):
    bench.load((1, 10), name="LOAD00000001.parquet")
    bench.load((2, 20), name="LOAD00000002.parquet")
    bench.run()
    bench.load((1, 10), name="LOAD00000001.parquet")
    bench.load((2, 25), name="LOAD00000002.parquet")
    bench.run()
    assert bench.table == {1: 10, 2: 25}


def test_a_load_file_with_a_new_name_extends_the_load(bench):
    bench.load((1, 10))
    bench.run()
    bench.load((2, 20), name="LOAD00000002.parquet")
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 20}, 1)


def test_a_damaged_file_is_quarantined_and_the_rest_goes_on(bench):
    bench.load((1, 10))
    bench.put_bytes("20260131-000000001.parquet", b"PAR1 no more")
    bench.change(2, "U", 1, 12)
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 12})
    assert summary.tables[0].files_quarantined == 1
    bad = next(r for r in bench.history if r.state is FileState.QUARANTINED)
    assert "Not a readable parquet file" in bad.reason


def test_with_on_bad_file_stop_the_table_waits_and_says_why():
    bench = Workbench(on_bad_file="stop")
    bench.load((1, 10))
    bench.put_bytes("20260131-000000001.parquet", b"PAR1 no more")
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.FAILED, {})
    assert "on_bad_file: stop" in summary.tables[0].error
    assert len(list(bench.aws.tracker.all_pending())) == 2


def test_a_table_that_stopped_goes_on_when_the_file_was_written_again():
    bench = Workbench(on_bad_file="stop")
    bench.load((1, 10))
    bench.put_bytes("20260131-000000001.parquet", b"PAR1 no more")
    bench.run()
    bench.change(1, "U", 1, 11)
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 11})


def test_a_table_whose_only_load_file_is_damaged_still_waits(bench):
    bench.put_bytes("LOAD00000001.parquet", b"PAR1 no more")
    bench.change(1, "I", 1, 10)
    bench.run()
    assert bench.table == {}
    bench.load((2, 20))
    bench.run()
    assert bench.table == {1: 10, 2: 20}


def test_a_file_removed_from_staging_is_reported_and_changes_nothing(bench):
    bench.load((1, 10))
    bench.run()
    bench.change(1, "U", 1, 11)
    bench.manager().sweep(["shop.orders"], None)
    bench.aws.objects.delete("odpf-staging", ["internal_staging/shop/orders/20260131-000000001.parquet"])
    summary = bench.run()
    assert bench.table == {1: 10}
    assert "no longer in staging" in summary.warnings[0]


def test_a_file_overwritten_before_it_was_applied_gives_way_to_the_new_object(bench):
    bench.load((1, 10))
    bench.change(1, "U", 1, 11)
    bench.manager().sweep(["shop.orders"], None)
    bench.change(1, "U", 1, 99)
    bench.run()
    assert bench.table == {1: 99}
    assert next(r.reason for r in bench.history if r.state is FileState.QUARANTINED).count("overwritten") == 1


@pytest.mark.parametrize("changed", [{"hudi_primary_key": "V"}, {"table_data_versioning_type": "H"}])
def test_a_change_of_key_or_mode_of_an_existing_table_is_refused(bench, changed):
    bench.load((1, 10))
    bench.run()
    bench.aws.config.put_tables([table_item(**changed)])
    bench.change(1, "U", 1, 11)
    summary = bench.run()
    assert summary.status is RunStatus.FAILED
    assert "was made with" in summary.tables[0].error
    assert bench.table == {1: 10}


def test_a_table_that_a_live_job_run_holds_is_skipped_and_said_so(bench):
    bench.load((1, 10))
    bench.run()
    bench.aws.ledger.acquire(bench.state, "jr-other", "run-other", bench.aws.objects._clock())
    bench.aws.job_runs.set("jr-other", JobRunState.RUNNING)
    bench.change(1, "U", 1, 11)
    plan = bench.manager().plan("run-x", HOURLY)
    assert plan["batch_count"] == 1

    def sleep(_):
        bench.aws.ledger.beat("jr-other")

    rows = bench.process("run-x", 0, bench.aws, sleep=sleep)
    assert [row.outcome for row in rows] == [Outcome.SKIPPED_LOCKED]
    assert bench.state.lease_owner == "jr-other"


def test_a_table_whose_owner_stopped_beating_is_taken_over_after_it_was_stopped(bench):
    bench.load((1, 10))
    bench.run()
    bench.aws.ledger.acquire(bench.state, "jr-hung", "run-hung", bench.aws.objects._clock())
    bench.aws.job_runs.set("jr-hung", JobRunState.RUNNING)
    bench.change(1, "U", 1, 11)
    bench.manager().plan("run-x", HOURLY)
    seconds = iter(range(0, 10_000, 30))
    rows = bench.process("run-x", 0, bench.aws, sleep=lambda _: None, monotonic=lambda: float(next(seconds)))
    assert [row.outcome for row in rows] == [Outcome.COMPLETED]
    assert bench.table == {1: 11}
    assert bench.aws.job_runs.state("jr-hung").terminal


def test_a_catalog_failure_after_the_commit_is_a_warning_and_made_up_by_the_next_run(bench):
    class NoCatalog:
        def ensure_database(self, database):
            raise TransientError("Glue is busy. Try again.")

    bench.load((1, 10))
    summary = bench.run(wrapped(bench.aws, catalog=NoCatalog()))
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 10})
    assert "catalog entry could not be written" in summary.warnings[0]
    bench.change(1, "U", 1, 11)
    bench.run()
    assert bench.aws.catalog.databases["raw"]["orders"].columns


def test_an_engine_failure_leaves_table_and_files_and_the_next_run_heals(bench):
    class BrokenEngine:
        name, hudi_version, needs_copies = EngineName.SPARK, "none", False

        def check(self):
            pass

        def prepare(self, plan):
            raise MemoryError("no more memory")

    bench.load((1, 10))
    broken = wrapped(bench.aws)
    broken.engine = BrokenEngine()
    summary = bench.run(broken)
    assert (summary.status, bench.state.refresh_status) == (RunStatus.FAILED, RefreshStatus.ERROR)
    assert "no more memory" in summary.tables[0].error
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.state.last_error) == ({1: 10}, None)


def test_rows_of_a_foreign_commit_are_never_written_over(bench):
    bench.load((1, 10))
    bench.run()
    bench.aws.objects.put("odpf-raw", "raw/orders/.hoodie/20990101000000000.commit", b'{"operationType": "UPSERT"}')
    bench.change(1, "U", 1, 11)
    summary = bench.run()
    assert summary.status is RunStatus.FAILED
    assert "were not made by ODPF" in summary.tables[0].error


def test_a_raw_folder_with_other_content_is_refused(bench):
    bench.aws.objects.put("odpf-raw", "raw/orders/somebody.txt", b"mine")
    bench.load((1, 10))
    summary = bench.run()
    assert "holds no Hudi table" in summary.tables[0].error
    assert bench.aws.objects.get("odpf-raw", "raw/orders/somebody.txt") == b"mine"


def test_columns_keep_their_names_in_lower_case_in_the_catalog(bench):
    bench.put("LOAD00000001.parquet", [{"ID": 1, "V": 1}], FULL)
    bench.put("20260131-000000001.parquet", [{"Op": "I", "ID": 2, "V": 2, "SEQ": sequence(1)}], CHANGES)
    bench.run()
    table = bench.aws.catalog.databases["raw"]["orders"]
    assert [name for name, _ in table.columns] == ["id", "v", "seq", "_odpf_operation", "_odpf_order"]


def test_a_reload_with_a_damaged_file_leaves_the_table_until_it_is_whole(bench):
    bench.load((1, 10), name="LOAD00000001.parquet")
    bench.load((2, 20), name="LOAD00000002.parquet")
    bench.run()
    bench.put_bytes("LOAD00000001.parquet", b"PAR1 no more")
    bench.load((2, 25), name="LOAD00000002.parquet")
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.FAILED, {1: 10, 2: 20})
    assert "stays as it is" in summary.tables[0].error
    bench.load((1, 15), name="LOAD00000001.parquet")
    assert bench.run().status is RunStatus.SUCCEEDED
    assert bench.table == {1: 15, 2: 25}


def test_a_column_that_cannot_be_stored_under_its_name_sets_its_file_aside(bench):
    bench.load((1, 10))
    schema = CHANGES.append(pa.field("two words", pa.string()))
    row = {"Op": "U", "ID": 1, "V": 11, "SEQ": sequence(1), "two words": "x"}
    bench.put("20260131-000000001.parquet", [row], schema)
    assert bench.run().status is RunStatus.SUCCEEDED
    assert bench.table == {1: 10}
    assert "'two words' cannot be stored" in next(r.reason for r in bench.history if r.reason)


def test_every_commit_is_told_once_with_its_counts_and_how_far_the_table_is(bench):
    bench.load((1, 10), (2, 20))
    bench.run()
    bench.change(1, "U", 1, 11)
    bench.run()
    bench.run()
    loaded, changed = bench.aws.refresh_events.events
    assert (loaded.raw_table_name, loaded.counts.rows_inserted, loaded.generation) == ("orders", 2, 1)
    assert (changed.counts.rows_updated, changed.high_water_mark) == (1, bench.state.high_water_mark)
    assert changed.commit_instant == bench.state.commit_instant > loaded.commit_instant


def test_an_event_that_cannot_be_sent_is_a_warning_and_holds_nothing_up(bench):
    class NoEvents:
        def put(self, event):
            raise TransientError("EventBridge is away.")

    bench.load((1, 10))
    summary = bench.run(wrapped(bench.aws, refresh_events=NoEvents()))
    assert (summary.status, summary.warnings) == (RunStatus.SUCCEEDED, ("shop.orders: EventBridge is away.",))
    assert bench.run().status is RunStatus.NOTHING_TO_DO
