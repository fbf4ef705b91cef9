"""Step Functions and Athena as the commands use them, against moto."""

from __future__ import annotations

import json

import boto3
import pytest
from moto import mock_aws
from moto.athena.models import QueryResults, athena_backends
from moto.core import DEFAULT_ACCOUNT_ID

from odpf.adapters.athena import AthenaQueries, QueryColumn
from odpf.adapters.executions import Executions, NotDeployed
from odpf.errors import QueryError
from odpf.run_request import RunRequest
from odpf.states import ExecutionState

REGION = "eu-west-1"
MACHINE = "odpf_refresh_cadence"

HOURLY = RunRequest(refresh_cadence="hourly")


@pytest.fixture
def session():
    with mock_aws():
        yield boto3.Session("key", "secret", region_name=REGION)


@pytest.fixture
def executions(session):
    session.client("stepfunctions").create_state_machine(
        name=MACHINE, definition="{}", roleArn=f"arn:aws:iam::{DEFAULT_ACCOUNT_ID}:role/states"
    )
    return Executions(session, MACHINE)


def test_a_started_run_is_found_by_its_id_with_its_cadence_as_input(session, executions):
    executions.start("hourly-1", HOURLY)
    found = executions.get("hourly-1")
    assert (found.run_id, found.state, found.ended_at) == ("hourly-1", ExecutionState.RUNNING, None)
    arn = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:execution:{MACHINE}:hourly-1"
    stored = session.client("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(stored["input"]) == {"refresh_cadence": "hourly"}


def test_a_run_of_maintenance_says_so_in_its_input(session, executions):
    executions.start("hourly-1", HOURLY.model_copy(update={"maintenance": True}))
    arn = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:execution:{MACHINE}:hourly-1"
    stored = session.client("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(stored["input"]) == {"refresh_cadence": "hourly", "maintenance": True}


def test_a_run_never_started_is_none(executions):
    assert executions.get("hourly-2") is None


def test_the_newest_runs_come_first_and_no_more_than_asked_for(executions):
    for number in range(5):
        executions.start(f"hourly-{number}", HOURLY)
    assert [found.run_id for found in executions.recent(2)] == ["hourly-4", "hourly-3"]


def test_without_the_state_machine_a_start_says_what_to_do(session):
    with pytest.raises(NotDeployed, match="odpf local up"):
        Executions(session, MACHINE).start("hourly-1", HOURLY)


def queue_answer(rows, columns):
    backend = athena_backends[DEFAULT_ACCOUNT_ID][REGION]
    backend.query_results_queue.append(QueryResults(rows=rows, column_info=columns))


def test_an_answer_comes_without_its_line_of_names_and_tells_null_from_empty(session):
    names = [{"Name": "id", "Type": "bigint"}, {"Name": "note", "Type": "varchar"}]
    header = {"Data": [{"VarCharValue": "id"}, {"VarCharValue": "note"}]}
    rows = [header, {"Data": [{"VarCharValue": "1"}, {}]}, {"Data": [{"VarCharValue": "2"}, {"VarCharValue": ""}]}]
    queue_answer(rows, names)
    found = AthenaQueries(session, "s3://odpf-artifacts/athena/").run("select id, note from t", "shop_raw")
    assert found.columns == (QueryColumn("id", "bigint"), QueryColumn("note", "varchar"))
    assert found.rows == [("1", None), ("2", "")]


def test_a_failed_query_is_an_error_with_the_text_of_athena(session):
    queries = AthenaQueries(session, "s3://odpf-artifacts/athena/")
    backend = athena_backends[DEFAULT_ACCOUNT_ID][REGION]
    started = backend.start_query_execution

    def failing(*arguments, **named):
        query_id = started(*arguments, **named)
        backend.executions[query_id].status = "FAILED"
        return query_id

    backend.start_query_execution = failing
    with pytest.raises(QueryError, match="FAILED"):
        queries.run("select 1")
