"""The benchmarks' expectation, against a plain replay of the files that the systems get."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from benchmarks.workload import COLUMNS, KEY, OPERATION, SEQUENCE, Source


def replay(rows, path):
    """Apply a file row by row, in the order of the change sequence."""
    for row in sorted(pq.read_table(path).to_pylist(), key=lambda row: row[SEQUENCE]):
        operation = row.pop(OPERATION)
        assert (row[KEY] in rows) == (operation != "I")
        if operation == "D":
            del rows[row[KEY]]
        else:
            rows[row[KEY]] = row


def loaded(source):
    return {row[KEY]: row for path in source.load() for row in pq.read_table(path).to_pylist()}


def expected(source):
    return pa.concat_tables(source.expected()).to_pylist()


def test_a_load_has_every_row_and_twenty_columns(tmp_path):
    source = Source(tmp_path, 1_000)
    rows = loaded(source)
    assert list(rows.values()) == expected(source)
    assert (len(rows), tuple(rows[0])) == (1_000, COLUMNS)
    assert len(COLUMNS) == 20


@pytest.mark.parametrize("counts", [(10, 10, 10), (100, 1_000, 5_000, 7), (1,)])
def test_the_expectation_is_the_replay_of_the_files(tmp_path, counts):
    source = Source(tmp_path, 200)
    rows = loaded(source)
    for count in counts:
        file = source.change(count)
        assert file.rows == pq.read_metadata(file.path).num_rows == count
        replay(rows, file.path)
        assert [rows[key] for key in sorted(rows)] == expected(source)
        assert source.size == len(rows)


def test_a_table_keeps_its_size_however_many_changes_it_gets(tmp_path):
    source = Source(tmp_path, 1_000)
    source.load()
    for count in (10, 1_000, 20_000):
        source.change(count)
        assert source.size == 1_000


def test_reduced_rows_are_the_last_of_each_key(tmp_path):
    source = Source(tmp_path, 100)
    source.load()
    file = source.change(1_000)
    last = {row[KEY]: row for row in pq.read_table(file.path).to_pylist()}
    reduced = pq.read_table(file.reduced).to_pylist()
    assert {row[KEY]: row for row in reduced} == last
    assert len(reduced) == len(last)
