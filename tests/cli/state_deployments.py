"""Deployments for the tests of `odpf state`: one that has worked, others whose tables are empty, and what their tables have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from odpf.adapters.aws import Aws
from odpf.adapters.clients import Dynamo
from odpf.adapters.state_tables import StateTable, state_tables
from odpf.settings import Settings
from odpf.table_state import TableState
from odpf.tables import TABLES
from odpf_cli import state as command
from odpf_cli.main import execute
from odpf_cli.state_folder import line_of
from tests.behaviours.builders import NOW, RAW_TABLE, SETTINGS, audit_row, landed, moto_aws, processed
from tests.behaviours.test_state_tables import EVERY_TYPE
from tests.cli.builders import table_item

LEDGER, HISTORY, CADENCES, CONFIG = (
    "file_processing_tracker",
    "file_tracker_history",
    "batch_config",
    "raw_table_config",
)
COPY = SETTINGS.model_copy(update={"prefix": "copy_"})


@contextmanager
def worked(monkeypatch: pytest.MonkeyPatch) -> Iterator[Aws]:
    """A deployment with a file done, one that waits, a table held, an audit row, configuration."""
    with moto_aws(monkeypatch) as aws:
        aws.config.put_cadence({"refresh_cadence": "hourly", "glue_job_name": SETTINGS.glue_job_name})
        aws.config.put_tables([table_item()])
        aws.config.put_deployment({"deployment_id": "d1", "status": "applied"})
        lease = acquired(aws)
        aws.ledger.finish_files(lease, [processed(landed(1))])
        aws.ledger.advance(lease, lease.model_copy(update={"commit_instant": "1", "catalog_digest": "c"}))
        aws.ledger.beat("jr_1")
        aws.tracker.register(landed(2), NOW)
        aws.audit.append(audit_row())
        tables(aws)[HISTORY].write([key_of(HISTORY) | EVERY_TYPE | {"batch_id": {"S": "b0"}}])
        yield aws


def deployment(aws: Aws, settings: Settings = COPY) -> Aws:
    """Another deployment in the same account, its tables empty."""
    for table in TABLES:
        aws.session.client("dynamodb").create_table(**table.create_table(settings))
    return Aws(settings, aws.session, retry_seconds=5)


def acquired(aws: Aws, owner: str = "jr_1", raw_table: str = RAW_TABLE) -> TableState:
    state = aws.ledger.state(raw_table) or TableState(raw_table=raw_table, source_table_name="taxi_trips.table_1")
    return aws.ledger.acquire(state, owner, "run-1", NOW, region="eu-west-1")


def tables(aws: Aws) -> dict[str, StateTable]:
    return state_tables(Dynamo(aws.session), aws.settings)


def key_of(name: str, text: str = "zzz") -> dict[str, Any]:
    (schema,) = [schema for schema in TABLES if schema.name == name]
    return {key: {"S": text} for key in (schema.partition_key, schema.sort_key) if key}


def lines(aws: Aws, name: str) -> list[bytes]:
    """What a table has, of which nothing can be told apart."""
    return sorted(map(line_of, tables(aws)[name].scan()))


def copied(aws: Aws) -> dict[str, list[bytes]]:
    """Lines of all tables but those of the processing tracker that are of its own deployment."""
    found = {table.name: lines(aws, table.name) for table in TABLES}
    return found | {LEDGER: [line for line in found[LEDGER] if b'"#' not in line]}


class Typed:
    """`odpf state ...` on a deployment: exit status, document, what stderr has."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, aws: Aws, *arguments: object) -> tuple[int, Any, str]:
        self._monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
        status = execute(["state", *map(str, arguments), "--output", "json"])
        out, err = self._capsys.readouterr()
        return status, json.loads(out), " ".join(err.split())
