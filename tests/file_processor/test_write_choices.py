"""What is told of how a table would be written is what the engine then does."""

from __future__ import annotations

import pytest

from file_processor.engines.spark.hudi import table_options, tasks
from file_processor.write_choices import write_choices
from odpf.states import EngineName
from odpf.table_config import read_table_config
from tests.file_processor.workbench import table_item

MB = 1024 * 1024
CONFIG = read_table_config(table_item(hudi_primary_key="id"))


def told(engine, landed=MB, table=MB, config=CONFIG):
    return {choice.what: choice.value for choice in write_choices(config, engine, landed, table)}


def test_index_and_metadata_table_are_those_of_the_options():
    options = table_options(CONFIG)
    assert told(EngineName.SPARK)["index"] == options["hoodie.index.type"]
    assert (told(EngineName.SPARK)["metadata table"] == "off") == (options["hoodie.metadata.enable"] == "false")


@pytest.mark.parametrize("landed", [MB, 100 * MB, 100_000 * MB])
def test_tasks_follow_from_landed_bytes(landed):
    assert (
        told(EngineName.SPARK, landed)["tasks of a write"]
        == str(tasks(landed))
        == table_options(CONFIG, landed)["hoodie.upsert.shuffle.parallelism"]
    )


@pytest.mark.parametrize(("table", "adaptive"), [(0, "off"), (40 * MB, "off"), (400 * MB, "on"), (None, "on")])
def test_spark_looks_again_at_the_plan_of_a_large_table_and_of_one_nobody_knows(table, adaptive):
    assert told(EngineName.SPARK, table=table)["adaptive execution"] == adaptive


def test_arrow_has_no_index_and_says_where_it_searches():
    partitioned = read_table_config(table_item(hudi_primary_key="id", hudi_partition_key="region"))
    for config, where in ((CONFIG, "the whole table"), (partitioned, "the partitions")):
        index, *_ = write_choices(config, EngineName.ARROW, MB, MB)
        assert (index.value, where in index.because) == ("none", True)
