"""R17: work moves to a second Region and back; no file twice, no table written from two Regions, nothing guessed."""

from __future__ import annotations

import json

import pytest

from file_processor.settling import MOST_RECORDS_IN_A_COMMIT
from odpf.landed_file import LandedFile, localised
from odpf.states import JobRunState, Outcome, RunStatus
from odpf_local.memory.objects import _Object
from tests.file_processor.two_regions import (
    BOTH_CHANGES,
    FIRST,
    FIRST_MOMENT,
    SECOND,
    TwoRegions,
    activate,
    ids,
    only_result,
    replicate,
)
from tests.file_processor.workbench import HOURLY, table_item, wrapped


def landed(settings, bucket, key="internal_staging/shop/orders/20260131-000000001.parquet"):
    return LandedFile.parse(
        bucket=bucket, key=key, etag="e", size=1, last_modified=FIRST_MOMENT, places=settings.staging_places
    )


class TestFiles:
    def test_a_file_has_one_id_in_both_regions(self):
        here, there = landed(FIRST, "staging-a"), landed(SECOND, "staging-b")
        assert here.file_id == there.file_id
        assert (here.bucket, there.bucket) == ("staging-a", "staging-b")

    def test_a_file_that_the_other_region_registered_lies_in_this_regions_bucket(self):
        here, there = landed(FIRST, "staging-a"), landed(SECOND, "staging-b")
        assert localised(here, SECOND.staging_places) == there
        assert localised(there, FIRST.staging_places) == here
        assert localised(there, SECOND.staging_places) is there

    def test_a_file_of_a_bucket_that_is_no_replica_stays_what_it_is(self):
        stranger = landed(FIRST, "staging-a").model_copy(update={"bucket": "other", "file_id": "0" * 32})
        assert localised(stranger, SECOND.staging_places) is stranger


class TestStandingBy:
    def test_the_region_that_is_not_active_plans_nothing_and_says_who_is(self):
        regions = TwoRegions()
        regions.a.load((1, 10))
        replicate(regions.a, regions.b)
        summary = regions.b.run()
        assert (summary.status, summary.tables) == (RunStatus.NOTHING_TO_DO, ())
        assert "active Region is eu-west-1" in summary.warnings[0]
        assert "odpf epoch raise --active-region eu-central-1" in summary.warnings[0]
        assert list(regions.b.aws.tracker.all_pending()) == []

    def test_a_second_region_waits_until_an_epoch_names_it(self):
        regions = TwoRegions()
        regions.b.aws.ledger._epoch = type(regions.b.aws.ledger._epoch)()
        assert "not named yet" in regions.b.run().warnings[0]

    def test_one_region_needs_no_epoch(self, bench):
        bench.load((1, 10))
        assert bench.run().status is RunStatus.SUCCEEDED
        assert (bench.state.epoch, bench.state.lease_epoch, bench.state.seam) == (0, 0, None)


class TestFailOver:
    def test_work_goes_on_from_the_last_processed_point_with_no_file_twice(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.manager().sweep(["shop.orders"], None)
        regions.fail_over()
        assert only_result(regions.b.run()).counts.rows_updated == 1
        assert regions.b.table == BOTH_CHANGES
        regions.b.change(3, "D", 1)
        regions.b.run()
        assert regions.b.table == {2: 22}
        assert len(ids(regions.b)) == len(set(ids(regions.b))) == 4
        assert [record.file.bucket for record in regions.b.history].count("staging-b") == 2

    def test_tables_without_new_files_are_taken_over_too_once(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        result = only_result(regions.b.run())
        assert (result.outcome, result.files) == (Outcome.COMPLETED, 0)
        assert regions.b.aws.catalog.databases["raw"]["orders"].location == "s3://raw-b/raw/orders"
        assert regions.b.state.epoch == 2
        assert regions.b.run().status is RunStatus.NOTHING_TO_DO

    def test_a_commit_that_the_ledger_here_does_not_know_is_not_made_again(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        replicate(regions.a, regions.b, "staging", "artifacts", "raw")
        activate(regions.b)
        result = only_result(regions.b.run())
        assert (result.outcome, regions.b.table) == (Outcome.COMPLETED, BOTH_CHANGES)
        assert len(regions.b.commits) == 2
        assert regions.b.state.commit_instant == regions.a.state.commit_instant
        assert len(ids(regions.b)) == 3

    def test_files_whose_history_did_not_come_over_are_not_applied_again(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        regions.fail_over(("ledger", "staging", "artifacts", "raw"))
        result = only_result(regions.b.run())
        assert (result.outcome, result.files) == (Outcome.COMPLETED, 0)
        assert (len(regions.b.commits), len(ids(regions.b))) == (2, 3)
        assert list(regions.b.aws.tracker.all_pending()) == []

    def test_nothing_is_written_while_the_ledger_is_ahead_of_the_raw_bucket(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        regions.fail_over(("ledger", "pending", "history", "staging", "artifacts"))
        for _ in range(2):
            result = only_result(regions.b.run())
            assert result.outcome is Outcome.REFRESH_ERROR
            assert "wait until the raw bucket is replicated" in result.error
        assert (len(regions.b.commits), regions.b.table) == (1, {1: 11, 2: 20})
        replicate(regions.a, regions.b, "raw")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table == BOTH_CHANGES

    def test_nothing_is_written_while_history_knows_a_commit_that_is_not_here(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        regions.fail_over(("pending", "history", "staging", "artifacts"))
        result = only_result(regions.b.run())
        assert "History says that commits" in result.error
        assert len(regions.b.commits) == 1
        replicate(regions.a, regions.b, "raw")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert (regions.b.table, len(regions.b.commits)) == (BOTH_CHANGES, 2)

    def test_nothing_is_written_while_a_commit_lacks_its_data_files(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        regions.fail_over()
        newest = f"raw/orders/{regions.a.state.commit_instant}.json"
        regions.b.aws.objects.delete("raw-b", [newest])
        regions.b.change(3, "D", 1)
        result = only_result(regions.b.run())
        assert f"without their data files: {regions.a.state.commit_instant}.json" in result.error
        assert len(regions.b.commits) == 2
        replicate(regions.a, regions.b, "raw")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table == {2: 22}

    def test_nothing_is_written_while_an_earlier_commit_is_missing(self):
        regions = TwoRegions().loaded()
        for number, value in ((2, 21), (3, 22)):
            regions.a.change(number, "U", 2, value)
            regions.a.run()
        regions.fail_over()
        regions.b.aws.objects.delete("raw-b", [regions.a.commits[1]])
        assert "Either commits are missing" in only_result(regions.b.run()).error

    def test_nothing_is_written_while_the_record_of_a_commit_is_missing(self):
        """A batch of many files is not in its commit, but beside it."""
        regions = TwoRegions().loaded()
        for number in range(2, MOST_RECORDS_IN_A_COMMIT + 4):
            regions.a.change(number, "U", 1, number)
        regions.a.run()
        replicate(regions.a, regions.b)
        regions.fail_over(("ledger", "pending", "history", "staging", "raw"))
        regions.b.aws.objects._buckets["artifacts-b"].clear()
        error = only_result(regions.b.run()).error
        assert "wait for the replication of the artifacts bucket" in error

    def test_cleanings_planned_in_the_other_region_are_planned_anew(self):
        regions = TwoRegions().loaded()
        folder = "raw/orders/.hoodie"
        done, begun = "20260131100000001.clean", "20260131100000002.clean"
        names = [
            done,
            f"{done}.requested",
            f"{begun}.requested",
            f"{begun}.inflight",
            "20260131100000003.rollback.requested",
        ]
        for name in names:
            regions.a.aws.objects.put("raw-a", f"{folder}/{name}", b"names s3://raw-a/...")
        regions.fail_over()
        regions.b.run()
        listed = {entry.key.rsplit("/", 1)[-1] for entry in regions.b.aws.objects.list("raw-b", folder)}
        assert listed & set(names) == {done, f"{done}.requested"}


class TestFilesOnTheirWay:
    def test_a_registered_file_that_is_not_replicated_yet_waits_and_is_applied_later(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.manager().sweep(["shop.orders"], None)
        regions.fail_over(("ledger", "pending", "history", "artifacts", "raw"))
        regions.b.change(3, "U", 1, 12)
        summary = regions.b.run()
        assert summary.status is RunStatus.SUCCEEDED
        assert "20260131-000000002.parquet was registered in the other Region" in summary.warnings[0]
        assert regions.b.table == {1: 12, 2: 20}
        replicate(regions.a, regions.b, "staging")
        assert regions.b.run().warnings == ()
        assert regions.b.table == {1: 12, 2: 22}

    @pytest.mark.parametrize("kind", ["part of a load", "on_bad_file: stop"])
    def test_a_table_waits_for_a_file_that_it_cannot_do_without(self, kind):
        regions = TwoRegions(**({} if kind == "part of a load" else {"on_bad_file": "stop"})).loaded()
        if kind == "part of a load":
            regions.a.load((3, 30), name="LOAD00000002.parquet")
        else:
            regions.a.change(2, "U", 2, 22)
        regions.a.manager().sweep(["shop.orders"], None)
        regions.fail_over(("ledger", "pending", "history", "artifacts", "raw"))
        regions.b.change(3, "U", 1, 12)
        result = only_result(regions.b.run())
        assert (result.outcome, regions.b.table) == (Outcome.REFRESH_ERROR, {1: 11, 2: 20})
        assert "The table waits for it" in result.error
        replicate(regions.a, regions.b, "staging")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED

    def test_a_file_that_was_overwritten_on_its_way_is_waited_for_no_longer(self):
        regions = TwoRegions().loaded()
        regions.a.load((3, 30), name="LOAD00000002.parquet")
        regions.a.manager().sweep(["shop.orders"], None)
        regions.fail_over(("ledger", "pending", "history", "artifacts", "raw"))
        assert only_result(regions.b.run()).outcome is Outcome.REFRESH_ERROR
        regions.b.load((3, 31), name="LOAD00000002.parquet")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table == {1: 11, 2: 20, 3: 31}
        assert [r.reason for r in regions.b.history if r.reason and "overwritten" in r.reason]

    def test_a_file_that_vanished_from_its_own_region_is_set_aside_as_ever(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        regions.b.change(2, "U", 2, 22)
        regions.b.manager().sweep(["shop.orders"], None)
        regions.b.aws.objects.delete("staging-b", ["internal_staging/shop/orders/20260131-000000002.parquet"])
        assert "no longer in staging" in regions.b.run().warnings[0]

    def test_replicas_with_other_etags_are_refused_before_anything_is_applied_twice(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        bucket = regions.b.aws.objects._buckets["staging-b"]
        for key, found in list(bucket.items()):
            bucket[key] = _Object(found.content, f"kms-{found.etag}", found.last_modified)
        result = only_result(regions.b.run())
        assert (result.outcome, len(regions.b.commits)) == (Outcome.REFRESH_ERROR, 1)
        assert "only where DMS and both staging buckets encrypt with SSE-S3" in result.error


class TestGivingBack:
    def test_the_first_region_goes_on_where_the_second_one_stopped(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        regions.b.change(2, "U", 2, 22)
        regions.b.run()
        regions.b.change(3, "I", 3, 30)
        regions.b.manager().sweep(["shop.orders"], None)
        activate(regions.a, at=regions.b)
        replicate(regions.b, regions.a)
        assert "active Region is eu-west-1" in regions.b.run().warnings[0]
        regions.a.engine.hour = 12
        regions.a.run()
        assert regions.a.table == {1: 11, 2: 22, 3: 30}
        assert len(ids(regions.a)) == len(set(ids(regions.a))) == 4
        fences = [
            json.loads(json.loads(regions.a.aws.objects.get("raw-a", key))["extraMetadata"]["odpf.batch"])["fence"]
            for key in regions.a.commits
        ]
        assert fences == sorted(set(fences))
        assert regions.a.aws.catalog.databases["raw"]["orders"].location == "s3://raw-a/raw/orders"
        assert regions.a.run().status is RunStatus.NOTHING_TO_DO


class TestNamedBuckets:
    def named(self, **replicas):
        second = SECOND.model_copy(update={"raw_bucket_replicas": replicas})
        return TwoRegions(FIRST, second, raw_database_S3_bucket="raw-a")

    def test_a_table_whose_bucket_has_no_replica_here_is_refused(self):
        regions = self.named().loaded()
        regions.fail_over()
        result = only_result(regions.b.run())
        assert (result.outcome, regions.b.commits) == (Outcome.REFRESH_ERROR, regions.a.commits)
        assert "ODPF_RAW_BUCKET_REPLICAS" in result.error

    def test_a_table_whose_bucket_has_one_is_written_there(self):
        regions = self.named(**{"raw-a": "raw-b"}).loaded()
        regions.fail_over()
        regions.b.change(2, "U", 2, 22)
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table == BOTH_CHANGES
        assert "raw-a" not in regions.b.aws.objects._buckets


def test_a_dead_job_run_is_finished_by_the_other_region_from_its_own_copies():
    regions = TwoRegions().loaded()
    regions.a.change(2, "U", 2, 22)
    regions.a.manager().plan("run-x", HOURLY)

    class Dies(BaseException):
        pass

    class Ledger:
        def __getattr__(self, name):
            if name == "finish_files":
                raise Dies
            return getattr(regions.a.aws.ledger, name)

    with pytest.raises(Dies):
        regions.a.process("run-x", 0, wrapped(regions.a.aws, ledger=Ledger()))
    regions.a.aws.job_runs.set("jr-run-x-0", JobRunState.RUNNING)
    assert len(regions.a.commits) == 2
    regions.fail_over()
    row = only_result(regions.b.run())
    assert (row.outcome, regions.b.table) == (Outcome.COMPLETED, BOTH_CHANGES)
    assert (len(regions.b.commits), len(ids(regions.b))) == (2, 3)
    assert table_item()["source_table_name"] == row.source_table_name
