"""The counts that costs are reckoned with are those of the code: its entry points are run on an emulator and metered."""

from __future__ import annotations

import json

import pytest

from odpf_cli import cost_counts as counts
from tests.architecture.source_tree import ROOT
from tests.cli.metered_deployment import metered_deployment, used

TABLES = 3


@pytest.fixture(scope="module")
def module_deployment():
    with pytest.MonkeyPatch.context() as monkeypatch, metered_deployment(monkeypatch, TABLES) as made:
        yield made


@pytest.fixture
def deployment(module_deployment):
    """Nothing is pending in it, nothing is counted yet."""
    yield module_deployment
    if module_deployment.plan()["batch_count"]:
        module_deployment.process()
    module_deployment.take()


def batch(timelines, files):
    """What a job run uses of tables with such timelines, and so many files."""
    return used(
        (counts.JOB_RUN, 1),
        ({"dynamodb_write": counts.heartbeats(0)}, 1),
        (counts.TABLE_CYCLE, len(timelines)),
        ({"s3_read": sum(map(counts.commits_read, timelines))}, 1),
        (counts.FILE_APPLIED, files),
        (counts.REFRESHED, len(timelines)),
    )


def test_registering_a_file_is_half_a_read_and_one_write(deployment):
    assert deployment.change(deployment.tables[0]) == used((counts.REGISTER_FILE, 1))


@pytest.mark.parametrize(("tables", "files"), [(1, 1), (1, 4), (2, 1), (3, 2)])
def test_a_job_run_uses_something_for_each_table_and_each_file(deployment, tables, files):
    changed = deployment.tables[:tables]
    for table in changed:
        for _ in range(files):
            deployment.change(table)
    deployment.plan()
    deployment.take()

    deployment.process()

    assert deployment.take() == batch([deployment.commits[table] for table in changed], tables * files)


@pytest.mark.parametrize("tables", [1, 3])
def test_maintenance_looks_into_the_ledger_alone_and_uses_something_for_each_table(deployment, tables):
    for table in deployment.tables[:tables]:
        deployment.lengthen(table)
    assert deployment.plan(maintenance=True)["batch_count"] == 1
    assert deployment.take() == {"s3_write": 2, "dynamodb_read": counts.plan_reads(TABLES, TABLES, 0) - 1}

    deployment.process()

    beat = {"dynamodb_write": counts.heartbeats(0)}
    assert deployment.take() == used((counts.JOB_RUN, 1), (beat, 1), (counts.TABLE_MAINTAINED, tables))


@pytest.mark.parametrize("pending", [0, 2])
@pytest.mark.parametrize("ended_well", [True, False])
def test_a_plan_lists_every_table_and_reads_the_states_and_the_staged_files_that_it_needs(
    deployment, pending, ended_well
):
    """All states where the run before has no summary; the loads are known since long."""
    deployment.change(deployment.tables[0])
    deployment.plan()
    deployment.process()
    if ended_well:
        deployment.summarise()
    deployment.make_loads_old()
    for table in deployment.tables[:pending]:
        deployment.change(table)
    deployment.take()

    deployment.plan()

    puts = counts.PLAN_PUTS + (1 if pending else counts.IDLE_PUTS)  # one batch manifest, or the summary
    states, asked = pending if ended_well else TABLES, deployment.staged - TABLES
    assert deployment.take() == {
        "s3_write": counts.sweep_listings(TABLES, deployment.staged) + puts,
        "s3_read": counts.PLAN_GETS,
        "dynamodb_read": counts.plan_reads(TABLES, states, pending) + counts.sweep_reads(asked, pending),
    }


def test_a_summary_reads_the_runs_rows_by_index(deployment):
    deployment.change(deployment.tables[0])
    deployment.plan()
    deployment.process()
    deployment.take()

    deployment.summarise()

    assert deployment.take() == {
        "dynamodb_read": counts.summary_reads(1),
        "s3_read": counts.SUMMARY_GETS,
        "s3_write": counts.SUMMARY_PUTS,
    }


@pytest.mark.parametrize(
    ("ways", "transitions"),
    [
        ({"AnythingToDo": "NothingToDo"}, counts.TRANSITIONS_OF_AN_IDLE_RUN),
        *(
            (
                {"AnythingToDo": "NumberBatches", "AllShared": of_all, "AllTablesFine": "Succeeded"},
                counts.TRANSITIONS_OF_A_RUN,
            )
            for of_all in ("ProcessSharedBatches", "ProcessBatches")
        ),
    ],
)
def test_a_run_enters_so_many_states(ways, transitions):
    assert states_entered(machine(), ways) == transitions


@pytest.mark.parametrize(
    ("batches", "ways", "transitions"),
    [
        ("ProcessSharedBatches", {}, counts.TRANSITIONS_OF_A_BATCH),
        (
            "ProcessBatches",
            {"GlueOrLambda": "InvokeFunction", "DoneAgainOrGlue": "BatchEnded"},
            counts.TRANSITIONS_OF_A_LAMBDA_BATCH,
        ),
    ],
)
def test_a_batch_enters_so_many_states(batches, ways, transitions):
    assert states_entered(machine()["States"][batches]["ItemProcessor"], ways) == transitions


def machine():
    return json.loads((ROOT / "infra" / "state_machine.asl.json").read_text())


def states_entered(machine, ways):
    """States on the way through a machine; each choice goes where `ways` says, which has to be one of its ways."""
    name, number = machine["StartAt"], 0
    while name is not None:
        state, number = machine["States"][name], number + 1
        if "Choices" in state:
            assert ways[name] in {state.get("Default"), *(choice["Next"] for choice in state["Choices"])}
        name = ways[name] if "Choices" in state else state.get("Next")
    return number
