"""A writer that takes a live commit for a dead one rolls it back under its maker's hands; that is found (G5)."""

from __future__ import annotations

import pytest

from odpf.states import Outcome, RunStatus
from tests.file_processor.workbench import Workbench, wrapped


class RolledBackMeanwhile:
    """An object store in which another writer removes the commit that is being made, once its data file is there."""

    def __init__(self, objects):
        self._objects = objects

    def __getattr__(self, name):
        return getattr(self._objects, name)

    def put_file(self, bucket, key, file):
        self._objects.put_file(bucket, key, file)
        instant = key.rsplit("_", 1)[1].removesuffix(".parquet")
        begun = [entry.key for entry in self._objects.list(bucket, "raw/orders/.hoodie/") if instant in entry.key]
        self._objects.delete(bucket, [key, *begun])


@pytest.fixture
def bench(tmp_path):
    bench = Workbench(folder=tmp_path)
    bench.load((1, 10), (2, 20))
    bench.run()
    bench.change(1, "U", 1, 11)
    aws = wrapped(bench.aws)
    aws.engine = type(bench.engine)(RolledBackMeanwhile(bench.aws.objects))
    bench.summary = bench.run(aws)
    return bench


def test_the_run_fails_and_withdraws_the_shell(bench):
    (result,) = bench.summary.tables
    assert result.outcome is Outcome.REFRESH_ERROR
    assert "was rolled back by a writer that had lost the table" in result.error
    assert len(bench.commits) == 1
    assert [record.file.name for record in bench.processed] == ["LOAD00000001.parquet"]


def test_the_next_run_applies_its_files(bench):
    assert bench.run().status is RunStatus.SUCCEEDED
    assert (bench.table, bench.remains) == ({1: 11, 2: 20}, [])
