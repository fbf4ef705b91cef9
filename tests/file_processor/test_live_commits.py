"""A writer that takes a live commit for a dead one rolls it back under its maker's hands; that is found (G5)."""

from __future__ import annotations

import pytest

from odpf.states import Outcome, RunStatus
from tests.file_processor.workbench import Workbench, wrapped

RAW = "odpf-raw"


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


def test_the_run_fails_and_says_what_to_do(bench):
    (result,) = bench.summary.tables
    assert result.outcome is Outcome.REFRESH_ERROR
    assert "another writer rolled it back" in result.error
    assert [record.file.name for record in bench.processed] == ["LOAD00000001.parquet"]


def test_the_next_run_does_not_take_the_shell_for_a_commit(bench):
    (result,) = bench.run().tables
    assert result.outcome is Outcome.REFRESH_ERROR
    assert "remove .hoodie/" in result.error


def test_once_the_shell_is_removed_its_files_are_applied_again(bench):
    bench.aws.objects.delete(RAW, [max(bench.commits)])
    assert bench.run().status is RunStatus.SUCCEEDED
    assert bench.table == {1: 11, 2: 20}
