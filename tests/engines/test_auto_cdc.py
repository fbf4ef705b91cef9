"""Databricks AUTO CDC's documented examples give their documented results in raw tables, too."""

from __future__ import annotations

from datetime import UTC

import pyarrow as pa
import pytest

from tests.engines.staged_table import COLUMNS
from tests.engines.stories import arms, story
from tests.reference.auto_cdc import EXAMPLES

LONG_ARMS = ("spark",)
"""Its arm is for the long tests; where the engines take turns it does half of the work all the same."""

OF_CHANGES = {name: example for name, example in EXAMPLES.items() if not any(file.is_load for file in example.files)}
"""Snapshots begin when their files land, and not at the moments of the examples."""


def table_of(told, example, mode):
    rows = [change.row for file in example.files for change in file.changes]
    values = {name: next((row[name] for row in rows if row.get(name) is not None), "") for name in example.columns}
    kinds = {name: pa.int64() if isinstance(value, int) else COLUMNS["v"] for name, value in values.items()}
    return told.table(key=example.columns[0], columns=kinds, full_load="none", table_data_versioning_type=mode)


@arms("spark", "arrow")
@story
@pytest.mark.parametrize("name", OF_CHANGES)
def test_scd_type_1_is_mode_s(told, name):
    example = OF_CHANGES[name]
    table = table_of(told, example, "S")
    for file in example.files:
        table.changes(*file.changes)
        yield
    names = [column.lower() for column in example.columns]
    assert sorted(tuple(row[column] for column in names) for row in table.rows()) == example.current


@arms("spark", "arrow")
@story
@pytest.mark.parametrize("name", OF_CHANGES)
def test_scd_type_2_is_mode_v(told, name):
    example = OF_CHANGES[name]
    table = table_of(told, example, "V")
    for file in example.files:
        table.changes(*file.changes)
        yield
    names = [column.lower() for column in example.columns]
    found = [
        (*(row[column] for column in names), utc(row["_odpf_valid_from"]), utc(row["_odpf_valid_to"]))
        for row in table.rows()
    ]
    assert sorted(found, key=repr) == sorted(example.intervals, key=repr)


def utc(moment):
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
