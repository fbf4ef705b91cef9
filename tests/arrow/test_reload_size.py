"""A reload that is compared with the table searches all of it, and the choice of the engine knows; one that replaces it does not."""

from __future__ import annotations

import pytest

from file_processor.choosing import Choice, CycleKind
from file_processor.engine_choice import planned_table_bytes
from file_processor.engine_facts import engine_facts
from odpf.table_config import read_table_config


@pytest.mark.parametrize("mode", ["replace", "difference"])
def test_the_table_counts_where_it_is_searched(bench, mode):
    table = bench.table(reload_mode=mode)
    table.load({"id": 1, "v": "one"})
    bench.applied(table)
    config, timeline = read_table_config(table.config), bench.timeline(table)
    state = bench.lake.aws.ledger.states([config.raw_table])[config.raw_table]
    load = [record.file for record in bench.lake.aws.tracker.history(table.source)]
    searched = timeline.data_bytes() if mode == "difference" else 0
    facts = engine_facts(config, Choice(CycleKind.RELOAD, 2, "", None, None, ()), timeline, [])
    assert facts.table_bytes == planned_table_bytes(config, load, state) == searched
    assert timeline.data_bytes() > 0
