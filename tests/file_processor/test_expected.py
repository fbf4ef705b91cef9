"""How long a table is expected to take: by its bytes, and by what its last runs took."""

from __future__ import annotations

import pytest

from file_processor.expected import expected_seconds, next_pace
from odpf.manifest import BatchManifest, batch_key
from odpf.states import EngineName
from tests.file_processor.test_packing import MB, work
from tests.file_processor.workbench import Workbench


@pytest.mark.parametrize("engine", EngineName)
@pytest.mark.parametrize("more", [{"changed": 10 * MB}, {"table": 100 * MB}])
def test_more_bytes_take_longer(engine, more):
    assert expected_seconds(work(1, engine=engine, **more)) > expected_seconds(work(1, engine=engine))


def test_a_table_that_takes_twice_as_long_every_time_is_soon_expected_to():
    table = work(1)
    by_size = expected_seconds(table)
    for _ in range(12):
        table = table.model_copy(update={"pace": next_pace(table, 2 * by_size)})
    assert expected_seconds(table) == pytest.approx(2 * by_size, rel=0.02)


def test_one_run_that_stood_still_does_not_make_a_table_slow_for_long():
    table = work(1)
    by_size = expected_seconds(table)
    table = table.model_copy(update={"pace": next_pace(table, 3600)})
    assert table.pace <= 30
    for _ in range(12):
        table = table.model_copy(update={"pace": next_pace(table, by_size)})
    assert expected_seconds(table) < 1.1 * by_size


class TestATablesPace:
    def test_a_run_leaves_it_for_the_next_plan_and_its_seconds_in_the_audit_history(self):
        bench = Workbench(engine="spark")
        bench.load((1, 10))
        bench.run()
        (row,) = bench.aws.audit.of_table("raw.orders")
        assert row.seconds is not None
        assert 0 < bench.state.pace < 1, "it took less than the second that the law says"
        bench.change(1, "U", 1, 11)
        bench.run()
        manifest = BatchManifest.from_bytes(bench.aws.objects.get(bench.artifacts, batch_key("run-2", 0)))
        assert manifest.tables[0].pace < 1
        assert bench.state.pace < manifest.tables[0].pace

    def test_a_run_without_a_commit_says_nothing_about_it(self):
        bench = Workbench(engine="spark")
        bench.put_bytes("LOAD00000001.parquet", b"no Parquet")
        bench.run()
        assert bench.state.pace is None
