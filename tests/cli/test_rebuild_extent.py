"""What a person is told before a rebuild: how many files it reads again, and about how long that takes."""

from __future__ import annotations

import pytest

from odpf.states import FileState
from odpf.table_config import read_table_config
from odpf_cli.rebuild_extent import extent
from tests.file_processor.test_rebuild_steps import HISTORY, LIVE, done
from tests.file_processor.workbench import sequence, table_item

CONFIG = read_table_config(table_item(hudi_primary_key="id"))


@pytest.mark.parametrize(("since", "files"), [("", 2), (f"000002 {sequence(9)}", 1), (f"000002 {sequence(99)}", 0)])
def test_it_is_the_files_that_are_read_again(since, files):
    found = extent(HISTORY, CONFIG, LIVE, since)
    assert (found.files, found.bytes) == (files, 10 * files)
    assert found.told.startswith(f"{files} file")


def test_files_that_were_not_applied_to_the_table_are_not_among_them():
    others = [
        each.model_copy(update={"raw_table": "raw.other"})
        if number
        else each.model_copy(update={"state": FileState.QUARANTINED})
        for number, each in enumerate([done("20260131-7.parquet", 2, last=9), done("20260131-8.parquet", 2, last=9)])
    ]
    assert extent([*HISTORY, *others], CONFIG, LIVE, "") == extent(HISTORY, CONFIG, LIVE, "")


def test_little_work_takes_arrow_tenths_of_a_second():
    assert extent(HISTORY, CONFIG, LIVE, "").seconds < 0.5


def test_a_table_that_took_long_is_expected_to_take_long():
    slow = LIVE.model_copy(update={"pace": 3.0})
    spark = CONFIG.model_copy(update={"engine": "spark"})
    usual, longer = (extent(HISTORY, spark, state, "").seconds for state in (LIVE, slow))
    assert longer == pytest.approx(3 * usual)
