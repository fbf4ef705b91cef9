"""Who may write a table when the epoch was raised, and what a job run of an earlier epoch can still do: nothing."""

from __future__ import annotations

import json

import pytest

from odpf.errors import EpochRaised, InvalidManifest, TableLocked
from odpf.states import EngineName, JobRunState, Outcome
from tests.file_processor.two_regions import (
    BOTH_CHANGES,
    FIRST_MOMENT,
    TwoRegions,
    activate,
    ids,
    only_result,
    replicate,
)
from tests.file_processor.workbench import HOURLY, wrapped


class TestLeases:
    def hold(self, bench, owner="jr-a"):
        epoch = bench.aws.ledger.epoch().number
        return bench.aws.ledger.acquire(bench.state, owner, "run-a", FIRST_MOMENT, epoch=epoch, region=bench.region)

    def test_raising_the_epoch_does_not_free_a_table_that_a_job_run_of_this_region_still_writes(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        held = self.hold(regions.a)
        regions.a.aws.job_runs.set("jr-a", JobRunState.RUNNING)
        activate(regions.a)
        regions.a.manager().plan("run-x", HOURLY)
        (row,) = self.one_look(regions.a)
        assert (row.outcome, regions.a.state.lease_owner) == (Outcome.SKIPPED_LOCKED, held.lease_owner)
        regions.a.aws.job_runs.set("jr-a", JobRunState.STOPPED)
        assert only_result(regions.a.run()).outcome is Outcome.COMPLETED
        assert regions.a.table == BOTH_CHANGES

    def one_look(self, bench):
        """A job run that meets a heart which beats."""
        bench.aws.ledger.beat("jr-a")
        ticks = iter(range(99))

        def alive(_seconds):
            bench.aws.ledger.beat("jr-a")

        return bench.process("run-x", 0, bench.aws, sleep=alive, monotonic=ticks.__next__)

    def test_a_lease_of_the_other_region_in_an_earlier_epoch_is_void(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        held = self.hold(regions.a)
        regions.fail_over()
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table == BOTH_CHANGES
        assert regions.b.state.fence > held.fence
        assert regions.b.aws.job_runs.stopped == []

    def test_a_lease_of_the_other_region_in_the_same_epoch_is_never_taken(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        regions.b.aws.ledger.acquire(regions.b.state, "jr-a", "run-a", FIRST_MOMENT, epoch=2, region="eu-west-1")
        plan = regions.b.manager().plan("run-x", HOURLY)
        assert plan["batch_count"] == 1
        (row,) = regions.b.process("run-x", 0, regions.b.aws, sleep=lambda _: None, monotonic=iter(range(99)).__next__)
        assert (row.outcome, regions.b.state.lease_owner) == (Outcome.SKIPPED_LOCKED, "jr-a")
        assert "cannot tell whether it has ended" in row.error
        assert regions.b.aws.job_runs.stopped == []

    def test_a_table_taken_in_a_later_epoch_is_left_alone(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.manager().plan("run-x", HOURLY)
        regions.a.aws.ledger.acquire(regions.a.state, "jr-b", "run-b", FIRST_MOMENT, epoch=7, region="eu-central-1")
        (row,) = regions.a.process("run-x", 0, regions.a.aws)
        assert "was taken in epoch 7" in row.error
        assert regions.a.state.lease_owner == "jr-b"

    def test_even_a_free_table_of_a_later_epoch_cannot_be_acquired(self):
        regions = TwoRegions().loaded()
        seen = regions.a.state
        with pytest.raises(TableLocked):
            regions.a.aws.ledger.acquire(seen, "jr-a", "run-a", FIRST_MOMENT, epoch=0)


class TestOldEpoch:
    def planned(self):
        """A job run of the first Region that is about to start, with a change to apply."""
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.manager().plan("run-x", HOURLY)
        return regions

    def test_a_job_of_an_earlier_epoch_refuses_to_start(self):
        regions = self.planned()
        before = regions.a.state
        activate(regions.b, at=regions.a)
        with pytest.raises(EpochRaised, match=r"planned in epoch 1 in eu-west-1.*active Region eu-central-1"):
            regions.a.process("run-x", 0, regions.a.aws)
        assert (regions.a.state, len(regions.a.commits)) == (before, 1)

    def test_a_job_that_finds_a_commit_of_a_later_epoch_leaves_the_table_alone(self):
        regions = self.planned()
        replicate(regions.a, regions.b)
        activate(regions.b)
        regions.b.run()
        replicate(regions.b, regions.a, "raw")
        (row,) = regions.a.process("run-x", 0, regions.a.aws)
        assert "a commit of a later epoch than 1" in row.error
        assert (len(regions.a.history), regions.a.state.lease_owner) == (2, "jr-run-x-0")

    def test_a_job_with_nothing_to_apply_does_not_give_back_what_another_region_may_have(self):
        regions = self.planned()
        files = regions.a.aws.tracker

        class Asleep:
            def done(self, files):
                activate(regions.b, at=regions.a)
                return {file.file_id for file in files}

            def __getattr__(self, name):
                return getattr(files, name)

        (row,) = regions.a.process("run-x", 0, wrapped(regions.a.aws, tracker=Asleep()))
        assert (row.outcome, regions.a.state.lease_owner) == (Outcome.REFRESH_ERROR, "jr-run-x-0")
        assert "planned in epoch 1" in row.error

    def test_a_job_that_fails_after_the_raise_gives_nothing_back_either(self):
        regions = self.planned()

        class Broken:
            name, hudi_version, needs_copies = EngineName.SPARK, "none", False

            def check(self):
                activate(regions.b, at=regions.a)
                raise MemoryError("no more memory")

        aws = wrapped(regions.a.aws)
        aws.engine = Broken()
        (row,) = regions.a.process("run-x", 0, aws)
        assert (row.outcome, regions.a.state.lease_owner) == (Outcome.REFRESH_ERROR, "jr-run-x-0")

    def test_a_raise_to_the_same_region_ends_its_earlier_job_runs_too(self):
        regions = self.planned()
        activate(regions.a)
        with pytest.raises(EpochRaised):
            regions.a.process("run-x", 0, regions.a.aws)

    def test_a_manifest_of_the_other_region_is_refused(self):
        regions = self.planned()
        regions.a.region = "eu-central-1"
        with pytest.raises(InvalidManifest, match="planned in eu-west-1"):
            regions.a.process("run-x", 0, regions.a.aws)

    def test_a_job_stops_before_its_commit_when_the_epoch_was_raised(self):
        regions = self.planned()

        class Raising(type(regions.a.engine)):
            def prepare(self, plan):
                activate(regions.b, at=regions.a)
                return super().prepare(plan)

        aws = wrapped(regions.a.aws)
        aws.engine = Raising(regions.a.aws.objects)
        (row,) = regions.a.process("run-x", 0, aws)
        assert (row.outcome, len(regions.a.commits)) == (Outcome.REFRESH_ERROR, 1)
        assert regions.a.state.lease_owner == "jr-run-x-0", "not given back: the other Region may have it by now"
        assert len(list(regions.a.aws.tracker.all_pending())) == 1

    def test_a_commit_made_while_the_epoch_was_raised_is_not_written_down(self):
        regions = self.planned()

        class Raising(type(regions.a.aws.objects)):
            def put(objects, bucket, key, content):
                super().put(bucket, key, content)
                if key.endswith(".commit"):
                    activate(regions.b, at=regions.a)

        regions.a.aws.objects.__class__ = Raising
        (row,) = regions.a.process("run-x", 0, regions.a.aws)
        assert (row.outcome, len(regions.a.commits)) == (Outcome.REFRESH_ERROR, 2)
        assert len(regions.a.history) == 2
        replicate(regions.a, regions.b)
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert (regions.b.table, len(regions.b.commits), len(regions.b.history)) == (BOTH_CHANGES, 2, 3)


class TestTwoWriters:
    def test_a_commit_that_only_the_lost_region_has_is_noticed_when_the_work_goes_back(self):
        regions = TwoRegions().loaded()
        activate(regions.b)
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        regions.b.change(3, "U", 1, 12)
        regions.b.run()
        raw = dict(regions.a.aws.objects._buckets["raw-a"])
        replicate(regions.b, regions.a)
        regions.a.aws.objects._buckets["raw-a"] |= raw
        activate(regions.a)
        regions.a.engine.hour = 12
        commits = len(regions.a.commits)
        result = only_result(regions.a.run())
        assert "or two Regions have written" in result.error
        assert len(regions.a.commits) == commits == 3
        replicate(regions.b, regions.a, "raw")
        assert only_result(regions.a.run()).outcome is Outcome.COMPLETED
        assert regions.a.table == {1: 12, 2: 22}

    def test_a_late_replica_of_a_commit_that_nobody_knew_stops_the_table(self):
        regions = TwoRegions().loaded()
        activate(regions.b)
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        for number, value in ((3, 12), (4, 13)):
            regions.b.change(number, "U", 1, value)
            regions.b.run()
        late = regions.a.aws.objects._buckets["raw-a"]
        regions.b.aws.objects._buckets["raw-b"] |= late
        regions.b.change(5, "U", 1, 14)
        commits = len(regions.b.commits)
        error = only_result(regions.b.run()).error
        assert "appeared after the table was taken over" in error
        assert len(regions.b.commits) == commits
        gone = [key for key in late if regions.a.state.commit_instant in key]
        regions.b.aws.objects.delete("raw-b", gone)
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert regions.b.table[1] == 14

    def test_a_late_commit_before_the_first_one_here_is_looked_at_like_the_others(self):
        regions = TwoRegions().loaded()
        regions.fail_over()
        regions.b.run()
        activate(regions.a, at=regions.a)
        regions.a.aws.ledger._epoch = regions.a.aws.ledger._epoch.model_copy(update={"number": 1})
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        replicate(regions.a, regions.b, "raw", "staging", "artifacts")
        regions.b.aws.objects.delete("raw-b", [f"raw/orders/{regions.a.state.commit_instant}.json"])
        assert "without their data files" in only_result(regions.b.run()).error
        replicate(regions.a, regions.b, "raw")
        assert only_result(regions.b.run()).outcome is Outcome.COMPLETED
        assert (regions.b.table, len(regions.b.commits), len(ids(regions.b))) == (BOTH_CHANGES, 2, 3)

    def test_the_commits_of_a_table_are_one_line(self):
        regions = TwoRegions().loaded()
        regions.a.change(2, "U", 2, 22)
        regions.a.run()
        notes = [
            json.loads(json.loads(regions.a.aws.objects.get("raw-a", key))["extraMetadata"]["odpf.batch"])
            for key in regions.a.commits
        ]
        instants = [key.rsplit("/", 1)[-1].split(".")[0] for key in regions.a.commits]
        assert [(note["epoch"], note["follows"]) for note in notes] == [(1, ""), (1, instants[0])]
