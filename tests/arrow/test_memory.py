"""Memory grows with the batch, not with the table, nor with its data files beyond a row group."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pyarrow as pa
import pytest

from file_processor.engines.arrow.data_files import _ROW_GROUP_ROWS
from tests.engines.staged_table import SEQUENCE, parquet, update

FILES = 2
ROW_GROUPS = 6
"""Of a data file."""
ROWS = ROW_GROUPS * _ROW_GROUP_ROWS
MOST_ROW_GROUPS = 5
"""Arrow's memory while files are rewritten, as a multiple of a row group's rows in memory: the one that is gathered, the
batches behind it, the pages that are read and those that are written, as they are and compressed."""


@pytest.fixture
def table(bench):
    rows = FILES * ROWS
    text = np.random.default_rng(1).bytes(20 * rows).hex()
    landed = pa.table(
        {
            "Op": pa.array(["I"] * rows),
            "id": pa.array(range(rows), pa.int64()),
            "v": pa.array([text[begin : begin + 40] for begin in range(0, 40 * rows, 40)]),
            SEQUENCE: pa.array([""] * rows),
        }
    )
    content = parquet(landed, compression="none", use_dictionary=False)
    bench.engine(most_file_bytes=len(content) // FILES + 1)
    table = bench.table()
    table.put("LOAD00000001.parquet", content)
    bench.run(table)
    assert len(bench.current(table)) == FILES
    return table


@contextmanager
def peak() -> Iterator[list[int]]:
    """The most memory that Arrow had meanwhile, in bytes."""
    usual = pa.default_memory_pool()
    counting = pa.proxy_memory_pool(usual)
    pa.set_memory_pool(counting)
    found: list[int] = []
    try:
        yield found
    finally:
        pa.set_memory_pool(usual)
        gc.collect()
        assert counting.bytes_allocated() == 0, "all of it was given back"
        found.append(counting.max_memory())


def test_rewriting_takes_less_memory_than_a_file_and_as_much_for_every_file_as_for_one(bench, table):
    (of_a_file, *_) = [bench.parquet(table, file.path).read().nbytes for file in bench.current(table)]
    one, every = [0], range(0, FILES * ROWS, ROWS // 2)
    peaks = []
    for number, keys in enumerate((one, every), 1):
        table.changes(*(update(100 * number + n, id=key, v="changed") for n, key in enumerate(keys)))
        with peak() as found:
            bench.run(table)
        peaks.append(found[0])
        newest = bench.timeline(table).instants[0]
        assert sum(file.instant == newest for file in bench.current(table)) == (1 if keys is one else FILES)
    assert peaks[0] > of_a_file / 10, "it was measured"
    assert max(peaks) < MOST_ROW_GROUPS * of_a_file / ROW_GROUPS
