"""What Arrow cannot do about a table is in the ledger for the next plan, as long as it is so and no longer."""

from __future__ import annotations

import pytest

from file_processor.engine_choice import planned_engine
from odpf.states import EngineName
from odpf.table_config import read_table_config
from tests.file_processor.workbench import Workbench, table_item

PENDING = [f"raw/orders/.hoodie/29990101000000000.{name}" for name in ("commit.requested", "inflight")]
"""A commit that somebody else has begun."""


@pytest.fixture(params=["auto", "spark"])
def bench(request):
    bench = Workbench(engine=request.param)
    bench.load((1, 10))
    bench.run()
    for key in PENDING:
        bench.aws.objects.put("odpf-raw", key, b"")
    bench.change(1, "U", 1, 11)
    bench.run()
    return bench


def test_an_obstacle_is_kept_whatever_the_configuration_asks_for(bench):
    assert bench.state.only_spark.startswith("The table has an unfinished commit of another writer")


def test_the_next_plan_goes_by_it_and_not_by_what_was_configured_then(bench):
    choice = planned_engine(read_table_config(table_item(engine="auto")), [], bench.state)
    assert choice == (EngineName.SPARK, bench.state.only_spark)


def test_it_is_forgotten_when_the_obstacle_is_gone(bench):
    bench.aws.objects.delete("odpf-raw", PENDING)
    bench.change(2, "U", 1, 12)
    bench.run()
    assert bench.state.only_spark is None
