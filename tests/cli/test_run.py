"""Starting a run: its name, and cadences nobody knows."""

from __future__ import annotations

import re

import pytest

from odpf_cli.run import UnknownCadence, check_cadence, new_run_id
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, table_item


def test_a_run_is_named_after_cadence_and_time_within_the_limit_of_step_functions():
    run_id = new_run_id("10_min_refresh", NOW)
    assert re.fullmatch(r"10_min_refresh-20260131T120000-[0-9a-f]{4}", run_id)
    assert len(new_run_id("c" * 50, NOW)) <= 80


def test_an_unknown_cadence_is_refused_with_the_names_of_the_known_ones():
    config = MemoryAws().config
    config.put_cadence({"refresh_cadence": "hourly"})
    config.put_tables([table_item(refresh_cadence="daily")])
    with pytest.raises(UnknownCadence, match=r"'weekly'\. Known: daily, hourly\."):
        check_cadence(config, "weekly")


@pytest.mark.parametrize("cadence", ["hourly", "daily"])
def test_a_cadence_is_known_by_its_own_item_or_by_a_table(cadence):
    config = MemoryAws().config
    config.put_cadence({"refresh_cadence": "hourly"})
    config.put_tables([table_item(refresh_cadence="daily")])
    check_cadence(config, cadence)


def test_without_any_configuration_the_refusal_says_so():
    with pytest.raises(UnknownCadence, match="None is configured yet"):
        check_cadence(MemoryAws().config, "hourly")
