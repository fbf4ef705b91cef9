"""From quarantine back into the table: the cause is removed, the file released, and its rows land where they belong."""

import pyarrow as pa
import pytest

from odpf.clock import iso, utc_now
from odpf.states import FileState, JobRunState, RefreshStatus, Release, RunStatus
from odpf_cli.quarantine_contents import NotInQuarantine, Quarantine
from odpf_cli.quarantine_release import Releaser
from tests.file_processor.workbench import CHANGES, START, Workbench, sequence, table_item

BAD = "20260131-000000002.parquet"
BAD_KEY = f"internal_staging/shop/orders/{BAD}"
BOTH_OPERATIONS = CHANGES.append(pa.field("CDC_OPERATION", pa.string()))


def quarantine(bench):
    aws = bench.aws
    return Quarantine(aws.tracker, aws.ledger, aws.audit, aws.config, aws.objects, bench.artifacts)


def release(bench, records=None):
    aws = bench.aws
    records = aws.tracker.quarantined("shop.orders") if records is None else records
    return Releaser(aws.tracker, aws.ledger, aws.objects, aws.settings.staging_places).release(records)


def results(released):
    return [each.result for each in released]


def without_sequence(bench):
    """A load and three changes, of which the configuration's mistake has set the second aside."""
    bench.load((1, 10), (2, 20))
    bench.change(1, "U", 1, 11)
    renamed = pa.schema([CHANGES.field(0), CHANGES.field(1), CHANGES.field(2), ("ORDER_SEQ", pa.string())])
    rows = [{"Op": "U", "ID": key, "V": 12, "ORDER_SEQ": sequence(2)} for key in (1, 2)]
    bench.put(BAD, rows, renamed)
    bench.change(3, "U", 1, 13)
    bench.run()


def gone_and_back(bench):
    """The second of three changes was not there when it was its turn, and is put back with the same bytes."""
    bench.load((1, 10), (2, 20))
    bench.change(1, "U", 1, 11)
    bench.put(BAD, [{"Op": "U", "ID": key, "V": 12, "SEQ": sequence(2)} for key in (1, 2)])
    bench.change(3, "U", 1, 13)
    bench.manager().sweep(["shop.orders"], None)
    content = bench.aws.objects.get("odpf-staging", BAD_KEY)
    bench.aws.objects.delete("odpf-staging", [BAD_KEY])
    bench.run()
    return content


def test_a_released_file_is_applied_in_the_order_of_its_rows(bench):
    content = gone_and_back(bench)
    assert bench.table == {1: 13, 2: 20}
    bench.put_bytes(BAD, content)
    assert results(release(bench)) == [Release.PUT_BACK]
    summary = bench.run()
    assert (summary.status, bench.table) == (RunStatus.SUCCEEDED, {1: 13, 2: 12})
    assert (summary.tables[0].counts.rows_late, summary.tables[0].counts.rows_updated) == (1, 1)
    assert {record.state for record in bench.history} == {FileState.PROCESSED}
    assert bench.run().status is RunStatus.NOTHING_TO_DO


def test_a_file_that_is_still_not_there_is_refused_with_what_to_do(bench):
    gone_and_back(bench)
    (refused,) = release(bench)
    assert (refused.result, "Put it back with the same bytes" in refused.why) == (Release.REFUSED, True)
    assert next(iter(bench.aws.tracker.quarantined())).file.key == BAD_KEY
    assert list(bench.aws.tracker.all_pending()) == []


def test_a_file_that_was_written_again_with_other_bytes_is_refused(bench):
    gone_and_back(bench)
    bench.change(2, "U", 2, 99)
    (refused,) = release(bench)
    assert (refused.result, "was overwritten" in refused.why) == (Release.REFUSED, True)
    bench.run()
    assert bench.table == {1: 13, 2: 99}


def test_a_file_whose_cause_is_still_there_is_set_aside_again(bench):
    without_sequence(bench)
    assert results(release(bench)) == [Release.PUT_BACK]
    summary = bench.run()
    assert (summary.tables[0].files_quarantined, bench.table) == (1, {1: 13, 2: 20})
    assert len(list(bench.aws.tracker.quarantined())) == 1


def test_a_second_release_finds_the_file_waiting_and_after_the_run_leaves_it(bench):
    content = gone_and_back(bench)
    bench.put_bytes(BAD, content)
    records = list(bench.aws.tracker.quarantined())
    assert results(release(bench, records)) == [Release.PUT_BACK]
    assert results(release(bench, records)) == [Release.WAITS]
    bench.run()
    history, commits = bench.history, bench.commits
    assert results(release(bench, records)) == [Release.CHANGED]
    assert (bench.history, list(bench.aws.tracker.all_pending())) == (history, [])
    assert (bench.run().status, bench.commits) == (RunStatus.NOTHING_TO_DO, commits)


def test_a_release_while_a_run_works_on_the_table_waits_for_the_run_after_it(bench):
    bench.put_bytes(BAD, gone_and_back(bench))
    bench.change(4, "U", 1, 14)
    aws = bench.aws
    released = []

    class WhileItReads(type(bench.engine)):
        def prepare(self, plan):
            released.extend(release(bench))
            return super().prepare(plan)

    bench.engine = WhileItReads(aws.objects, bench.engine.hour)
    bench.run()
    assert results(released) == [Release.PUT_BACK]
    assert bench.table == {1: 14, 2: 20}
    bench.run()
    assert (bench.table, list(aws.tracker.quarantined())) == ({1: 14, 2: 12}, [])


def test_what_a_dead_run_set_aside_is_released_only_when_the_next_run_has_finished_its_work(bench):
    class Died(BaseException):
        pass

    class Catalog:
        def ensure_database(self, database):
            raise Died

    catalog, bench.aws.catalog = bench.aws.catalog, Catalog()
    with pytest.raises(Died):
        gone_and_back(bench)
    bench.aws.catalog = catalog
    bench.put(BAD, [{"Op": "U", "ID": key, "V": 12, "SEQ": sequence(2)} for key in (1, 2)])
    (refused,) = release(bench)
    assert (refused.result, "has not finished raw.orders" in refused.why) == (Release.REFUSED, True)
    bench.manager().summarise("run-1")
    bench.run()
    assert results(release(bench)) == [Release.PUT_BACK]
    bench.run()
    assert bench.table == {1: 13, 2: 12}


def test_a_load_file_of_a_generation_that_is_over_is_not_taken_for_part_of_the_next(bench):
    bench.load((1, 10), name="LOAD00000001.parquet")
    bench.load((2, 20), name="LOAD00000002.parquet")
    bench.manager().sweep(["shop.orders"], None)
    content = bench.aws.objects.get("odpf-staging", "internal_staging/shop/orders/LOAD00000002.parquet")
    bench.aws.objects.delete("odpf-staging", ["internal_staging/shop/orders/LOAD00000002.parquet"])
    bench.run()
    bench.load((1, 15), name="LOAD00000001.parquet")
    bench.run()
    bench.put_bytes("LOAD00000002.parquet", content)
    (refused,) = release(bench)
    assert (refused.result, "before generation 2" in refused.why) == (Release.REFUSED, True)
    bench.run()
    assert bench.table == {1: 15}


def test_a_change_from_before_a_new_generation_is_not_put_back_into_it(bench):
    """Put back it is younger than the generation, in which its old sequence would be the greatest of all."""
    content = gone_and_back(bench)
    lease = bench.aws.ledger.acquire(bench.state, "jr_1", "run-x", START)
    bumped = lease.model_copy(update={"generation": 2, "floor": "", "load_started_at": iso(utc_now())})
    bench.aws.ledger.release(bench.aws.ledger.advance(lease, bumped), RefreshStatus.COMPLETED, None, START)
    bench.put_bytes(BAD, content)
    (refused,) = release(bench)
    assert (refused.result, "before generation 2" in refused.why) == (Release.REFUSED, True)
    bench.run()
    assert bench.table == {1: 13, 2: 20}


def test_a_change_put_while_a_reload_was_under_way_goes_on_top_of_it(bench):
    bench.load((1, 10), (2, 20))
    bench.run()
    bench.load((1, 15), (2, 25))
    bench.put(BAD, [{"Op": "U", "ID": 2, "V": 26, "SEQ": sequence(2)}])
    bench.manager().sweep(["shop.orders"], None)
    content = bench.aws.objects.get("odpf-staging", BAD_KEY)
    bench.aws.objects.delete("odpf-staging", [BAD_KEY])
    bench.run()
    bench.put_bytes(BAD, content)
    assert results(release(bench)) == [Release.PUT_BACK]
    bench.run()
    assert bench.table == {1: 15, 2: 26}


def test_a_load_file_that_was_missing_extends_its_load_when_it_is_released(bench):
    bench.load((1, 10), name="LOAD00000001.parquet")
    bench.load((2, 20), name="LOAD00000002.parquet")
    bench.manager().sweep(["shop.orders"], None)
    content = bench.aws.objects.get("odpf-staging", "internal_staging/shop/orders/LOAD00000002.parquet")
    bench.aws.objects.delete("odpf-staging", ["internal_staging/shop/orders/LOAD00000002.parquet"])
    bench.run()
    bench.put_bytes("LOAD00000002.parquet", content)
    assert results(release(bench)) == [Release.PUT_BACK]
    bench.run()
    assert (bench.table, bench.state.generation) == ({1: 10, 2: 20}, 1)


def test_a_file_under_a_name_that_dms_does_not_give_is_never_put_back(bench):
    bench.load((1, 10))
    bench.put_bytes("orders.parquet", b"PAR1")
    bench.run()
    (refused,) = release(bench)
    assert (refused.result, "no name that DMS gives" in refused.why) == (Release.REFUSED, True)


class TestRows:
    """With the Arrow engine, which writes real quarantined rows."""

    @pytest.fixture
    def bench(self, tmp_path):
        bench = Workbench(folder=tmp_path)
        bench.load((1, 10), (2, 20), (3, 30))
        rows = [("U", 1, 11, "U"), ("U", 2, 21, "D"), ("U", 3, 31, "U")]
        named = [
            {"Op": op, "ID": key, "V": value, "SEQ": sequence(key), "CDC_OPERATION": other}
            for op, key, value, other in rows
        ]
        bench.put("20260131-000000001.parquet", named, BOTH_OPERATIONS)
        bench.run()
        bench.change(9, "U", 3, 39)
        bench.run()
        return bench

    def test_rows_are_found_with_their_files_reasons_and_values(self, bench):
        contents = quarantine(bench).contents()
        (batch,) = contents.batches
        assert contents == quarantine(bench).contents("shop.orders")
        assert quarantine(bench).contents("shop.lines").batches == ()
        assert (batch.rows, batch.reasons) == (1, {"Op and the mapped operation column disagree": 1})
        assert [record.file.name for record in batch.records] == ["20260131-000000001.parquet"]
        (row,) = quarantine(bench).rows_of(quarantine(bench).find(batch.batch_id))
        assert (row.file, row.row, row.operation, row.values["v"]) == ("20260131-000000001.parquet", 1, "U", 21)

    def test_of_a_released_file_only_rows_that_are_valid_by_now_have_an_effect(self, bench):
        assert bench.table == {1: 11, 2: 20, 3: 39}
        (batch,) = quarantine(bench).contents().batches
        bench.aws.config.put_tables([table_item(cdc_operation_column="OTHER")])
        assert results(release(bench, batch.records)) == [Release.PUT_BACK]
        assert quarantine(bench).contents().batches == ()
        with pytest.raises(NotInQuarantine):
            quarantine(bench).batch(batch.batch_id)
        counts = bench.run().tables[0].counts
        assert bench.table == {1: 11, 2: 21, 3: 39}
        assert (counts.rows_updated, counts.rows_late, counts.rows_quarantined) == (1, 2, 0)
        assert quarantine(bench).contents().batches == ()
        assert len(bench.history) == len({record.file.file_id for record in bench.processed}) == 3

    def test_rows_that_are_still_not_valid_are_set_aside_again_once(self, bench):
        (batch,) = quarantine(bench).contents().batches
        release(bench, batch.records)
        commits = bench.commits
        bench.run()
        (again,) = quarantine(bench).contents().batches
        assert (again.rows, bench.commits, bench.table) == (1, commits, {1: 11, 2: 20, 3: 39})

    def test_after_a_reload_the_rows_of_the_load_before_are_not_put_back(self, bench):
        (batch,) = quarantine(bench).contents().batches
        bench.load((1, 15), (2, 25), (3, 35))
        bench.run()
        (refused,) = release(bench, batch.records)
        assert (refused.result, "before generation 2" in refused.why) == (Release.REFUSED, True)

    def test_history_does_not_forget_a_load_that_is_in_the_table(self, tmp_path):
        """Else the reload after it would be taken for more of the same load, and key 2 would stay."""
        bench = Workbench(folder=tmp_path / "load")
        bench.load((1, 10), (2, 20), (None, 30))
        bench.run()
        (batch,) = quarantine(bench).contents().batches
        (refused,) = release(bench, batch.records)
        assert (refused.result, "have DMS reload the table" in refused.why) == (Release.REFUSED, True)
        bench.load((1, 15), (3, 35))
        bench.run()
        assert (bench.table, bench.state.generation) == ({1: 15, 3: 35}, 2)

    def test_a_run_that_dies_while_a_released_file_waits_leaves_it_waiting(self, bench):
        (batch,) = quarantine(bench).contents().batches
        lease = bench.aws.ledger.acquire(bench.state, "jr-dead", "run-dead", START)
        bench.aws.job_runs.set("jr-dead", JobRunState.FAILED)
        assert results(release(bench, batch.records)) == [Release.PUT_BACK]
        assert bench.state.lease_owner == lease.lease_owner
        assert [file.name for file in bench.aws.tracker.pending("shop.orders")] == ["20260131-000000001.parquet"]
        bench.run()
        assert list(bench.aws.tracker.all_pending()) == []
