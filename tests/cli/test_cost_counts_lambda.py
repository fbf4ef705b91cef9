"""The counts of batches on Lambda are those of the code: the function is run on an emulator with Arrow, and metered."""

from __future__ import annotations

import pytest

from odpf.states import Compute
from odpf_cli import cost_counts as counts
from tests.cli.metered_deployment import metered_deployment, used


@pytest.fixture(scope="module")
def deployment():
    with pytest.MonkeyPatch.context() as monkeypatch, metered_deployment(monkeypatch, 3, Compute.LAMBDA) as made:
        yield made


@pytest.mark.parametrize(("tables", "files"), [(1, 1), (1, 4), (2, 1), (3, 2)])
def test_an_invocation_uses_something_for_each_table_and_each_file_with_the_commit_in_it(deployment, tables, files):
    for table in deployment.tables[:tables]:
        for _ in range(files):
            deployment.change(table)
    assert deployment.plan()["lambda_batch_count"] == 1
    deployment.take()

    deployment.process()

    assert deployment.take() == used(
        (counts.JOB_RUN, 1),
        ({"dynamodb_write": counts.heartbeats(0)}, 1),
        (counts.ARROW_TABLE_CYCLE, tables),
        (counts.FILE_APPLIED, tables * files),
        (counts.REFRESHED, tables),
    )
