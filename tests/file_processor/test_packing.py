"""Which tables go to Lambda, and how both kinds of batches are packed."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from file_processor import work_size
from file_processor.expected import expected_seconds
from file_processor.packing import MOST_BATCHES, MOST_LAMBDA_BATCHES, MOST_LARGE_BATCHES, pack
from file_processor.work_size import BatchSize
from odpf.landed_file import LandedFile
from odpf.manifest import TableWork
from odpf.settings import StagingPlace
from odpf.states import Compute, EngineName
from odpf.table_config import CadenceConfig, read_table_config
from tests.file_processor.workbench import table_item

MB = 1024 * 1024
PLACES = (StagingPlace(bucket="b"),)
AT_ONCE = 4


def cadence(compute="lambda", size=5, **more):
    return CadenceConfig(refresh_cadence="hourly", compute=compute, refresh_tables_batch_size=size, **more)


def work(number, changed=1000, table=1000, engine=EngineName.ARROW):
    item = table_item(source_table_name=f"shop.t{number}", raw_table_name=f"t{number}")
    file = LandedFile.parse(
        bucket="b",
        key=f"shop/t{number}/20260131-000000001.parquet",
        etag="e",
        size=changed,
        last_modified=datetime(2026, 1, 31, tzinfo=UTC),
        places=PLACES,
    )
    return TableWork(config=read_table_config(item), files=(file,), engine=engine, table_bytes=table)


def small(count, start=0):
    return [work(number) for number in range(start, start + count)]


def spark(count, start=10_000):
    return [work(number, engine=EngineName.SPARK, table=None) for number in range(start, start + count)]


def sizes(batches, compute):
    return [len(batch.tables) for batch in batches if batch.compute is compute]


def filled(batch):
    size = BatchSize()
    for table in batch.tables:
        size = size.plus(work_size.work_size(table), AT_ONCE)
    return size


TABLES = st.lists(
    st.tuples(
        st.integers(0, 80 * MB),
        st.one_of(st.none(), st.integers(0, 300 * MB)),
        st.sampled_from(EngineName),
        st.booleans(),
    ),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(TABLES, st.sampled_from(["glue", "lambda", "auto"]), st.integers(1, 7))
def test_every_table_is_in_one_batch_and_no_batch_of_lambda_is_over_its_limits(drawn, compute, size):
    tables = [work(number, *facts) for number, (*facts, _) in enumerate(drawn)]
    held = {table.config.raw_table for table, (*_, is_held) in zip(tables, drawn, strict=True) if is_held}
    batches = pack(cadence(compute, size), tables, held=held, side_by_side=AT_ONCE).batches
    packed = Counter(table.config.raw_table for batch in batches for table in batch.tables)
    assert packed == Counter(table.config.raw_table for table in tables)
    for batch in batches:
        if batch.compute is Compute.GLUE:
            assert len(batch.tables) <= size
        else:
            assert filled(batch).fits
            assert {table.engine for table in batch.tables} == {EngineName.ARROW}
            assert not held & {table.config.raw_table for table in batch.tables}
    if compute == "lambda":
        on_glue = [table for batch in batches if batch.compute is Compute.GLUE for table in batch.tables]
        assert not [table for table in on_glue if _may_go_to_lambda(table, held)]


def _may_go_to_lambda(table, held):
    alone = work_size.work_size(table)
    is_free = table.engine is EngineName.ARROW and table.config.raw_table not in held
    return is_free and alone is not None and BatchSize().plus(alone, AT_ONCE).fits


def test_three_hundred_small_tables_are_one_batch_of_lambda_whatever_the_size_of_glue_batches():
    batches = pack(cadence("lambda", size=5), small(300), side_by_side=AT_ONCE).batches
    assert (sizes(batches, Compute.LAMBDA), sizes(batches, Compute.GLUE)) == ([300], [])


def test_a_batch_of_lambda_has_at_most_five_hundred_tables():
    assert sizes(pack(cadence(), small(1200), side_by_side=AT_ONCE).batches, Compute.LAMBDA) == [500, 500, 200]


def test_without_being_asked_for_nothing_goes_to_lambda():
    assert sizes(pack(cadence("glue"), small(12)).batches, Compute.GLUE) == [4, 4, 4]


@pytest.mark.parametrize(
    ("table", "why"),
    [
        (work(1, engine=EngineName.SPARK), "needs Spark"),
        (work(1, table=None), "of unknown size"),
        (work(1, changed=200 * MB), "too much memory for its changes"),
        (work(1, table=900 * MB), "too much temporary space for its data files"),
    ],
)
def test_what_does_not_fit_stays_on_glue(table, why):
    batches = pack(cadence(), [table, *small(3, start=2)]).batches
    assert (sizes(batches, Compute.LAMBDA), sizes(batches, Compute.GLUE)) == ([3], [1]), why
    assert batches[1].tables == (table,)


def test_a_table_whose_owner_may_have_to_be_outwaited_goes_to_glue():
    batches = pack(cadence(), small(3), held={"raw.t1"}).batches
    assert [table.config.raw_table_name for table in batches[1].tables] == ["t1"]


def test_tables_that_stand_in_memory_side_by_side_are_spread_over_batches():
    """Each needs 600 MB: two fit at once, four do not."""
    tables = [work(number, changed=0, table=75 * MB) for number in range(4)]
    assert sizes(pack(cadence(), tables, side_by_side=4).batches, Compute.LAMBDA) == [2, 2]
    assert sizes(pack(cadence(), tables, side_by_side=1).batches, Compute.LAMBDA) == [4]


def test_what_a_table_takes_in_memory_follows_from_one_file_group_not_from_all_of_them():
    one, many = (work_size.work_size(work(1, changed=0, table=size * MB)).memory_mb for size in (120, 240))
    half = work_size.work_size(work(1, changed=0, table=60 * MB)).memory_mb
    assert half < one == many


def test_an_estimate_takes_at_most_half_of_the_functions_time():
    tables = [work(number, changed=0, table=100 * MB) for number in range(100)]
    batches = pack(cadence(), tables, side_by_side=1).batches
    assert all(filled(batch).seconds <= work_size.TIMEOUT_SECONDS / 2 for batch in batches)
    assert len(sizes(batches, Compute.LAMBDA)) == 2


def test_no_run_has_more_batches_than_can_be_numbered():
    heavy = [work(number, changed=0, table=350 * MB) for number in range(300)]
    batches = pack(cadence(size=1), [*heavy, *spark(1500)], side_by_side=AT_ONCE).batches
    assert len(sizes(batches, Compute.LAMBDA)) == MOST_LAMBDA_BATCHES
    assert len(batches) <= MOST_BATCHES
    assert sum(len(batch.tables) for batch in batches) == 1800


class TestAuto:
    def test_lambda_is_taken_where_it_spares_job_runs(self):
        batches = pack(cadence("auto"), small(12)).batches
        assert (sizes(batches, Compute.LAMBDA), sizes(batches, Compute.GLUE)) == ([12], [])

    def test_a_job_run_that_starts_anyway_and_has_room_takes_the_small_tables_along(self):
        batches = pack(cadence("auto", size=50), [*small(12), *spark(1)]).batches
        assert (sizes(batches, Compute.LAMBDA), sizes(batches, Compute.GLUE)) == ([], [13])

    def test_a_job_run_that_starts_anyway_is_not_enough_reason_when_there_would_be_more_of_them(self):
        batches = pack(cadence("auto", size=5), [*small(12), *spark(1)]).batches
        assert (sizes(batches, Compute.LAMBDA), sizes(batches, Compute.GLUE)) == ([12], [1])

    def test_where_nothing_may_go_to_lambda_all_is_on_glue(self):
        assert sizes(pack(cadence("auto"), spark(3)).batches, Compute.GLUE) == [3]


class TestTheTimeOfBatches:
    """`pace` is how often as long as its bytes say a table took; a small table of Spark's takes a second."""

    def test_each_batch_has_about_as_much_to_do(self):
        tables = [slow(number, seconds) for number, seconds in enumerate([9, 7, 5, 4, 3, 2, 2, 1, 1, 1])]
        (first, second) = pack(cadence("glue"), tables).batches
        assert [round(expected_seconds(table)) for table in first.tables] == [9, 4, 2, 2, 1]
        assert [round(expected_seconds(table)) for table in second.tables] == [7, 5, 3, 1, 1]

    def test_a_table_that_fills_a_batch_alone_has_no_company_as_long_as_others_have_room(self):
        tables = [slow(0, 20), *(slow(number, 1) for number in range(1, 9))]
        batches = pack(cadence("glue", size=8), tables).batches
        assert sizes(batches, Compute.GLUE) == [1, 8]

    def test_more_work_than_a_start_is_worth_is_spread_over_more_batches_than_the_size_demands(self):
        batches = pack(cadence("glue", size=50), [slow(number, 20) for number in range(50)]).batches
        assert sizes(batches, Compute.GLUE) == [10] * 5

    def test_no_batch_is_left_over_for_a_last_round_of_its_own(self):
        batches = pack(cadence("glue", size=5), spark(205)).batches
        assert len(batches) == 80
        assert set(sizes(batches, Compute.GLUE)) == {2, 3}


class TestLargeTables:
    def test_a_table_with_more_bytes_than_an_executors_has_a_job_run_of_its_own_and_is_started_first(self):
        packed = pack(cadence("lambda"), [*small(3), *spark(2), large(101, 2), large(102, 3)])
        assert [batch.tables[0].config.raw_table_name for batch in packed.large] == ["t102", "t101"]
        assert packed.batches[:2] == packed.large
        assert [len(batch.tables) for batch in packed.of_lambda + packed.shared] == [3, 2]

    def test_workers_follow_from_bytes_within_the_cadences_limit(self):
        packed = pack(cadence("glue", glue_job_max_workers=8), [*spark(2), large(1, 2), large(2, 30)])
        assert [batch.size.workers for batch in packed.batches] == [8, 6, 2]
        assert {batch.size.worker_type for batch in packed.batches} == {"G.1X"}

    def test_only_they_get_the_larger_workers_that_a_cadence_names(self):
        packed = pack(cadence("glue", glue_job_large_worker_type="G.2X"), [*spark(2), large(1, 2)])
        assert [batch.size.worker_type for batch in packed.batches] == ["G.2X", "G.1X"]

    def test_those_whose_sizes_the_state_cannot_carry_go_with_the_others(self):
        packed = pack(cadence("glue"), [large(number, 2) for number in range(MOST_LARGE_BATCHES + 7)])
        assert (len(packed.large), sum(len(batch.tables) for batch in packed.shared)) == (MOST_LARGE_BATCHES, 7)


def slow(number, seconds):
    """A table of Spark's that took so long until now."""
    plain = work(number, engine=EngineName.SPARK, table=0)
    return plain.model_copy(update={"pace": seconds / expected_seconds(plain)})


def large(number, gigabytes):
    return work(number, engine=EngineName.SPARK, table=gigabytes * 1024 * MB)
