"""Executions of the state machine: a run of a cadence as Step Functions sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import NamedTuple

import boto3

from odpf.clock import iso
from odpf.errors import TerminalError
from odpf.states import ExecutionState


class NotDeployed(TerminalError):
    """The framework's state machine is not in this account and Region."""


class Execution(NamedTuple):
    """One execution; times are UTC, ISO 8601. `error` and `cause` are set when it failed."""

    run_id: str
    state: ExecutionState
    started_at: str
    ended_at: str | None = None
    error: str | None = None
    cause: str | None = None


class Executions:
    """Starts and looks at executions of one state machine."""

    def __init__(self, session: boto3.Session, state_machine_name: str) -> None:
        self._session = session
        self._name = state_machine_name
        self._client = session.client("stepfunctions")

    def start(self, run_id: str, refresh_cadence: str) -> None:
        """Start a run of a cadence; its execution is named after the run.

        Raises:
            NotDeployed: there is no such state machine.
        """
        try:
            self._client.start_execution(
                stateMachineArn=self._arn("stateMachine"),
                name=run_id,
                input=json.dumps({"refresh_cadence": refresh_cadence}),
            )
        except self._client.exceptions.StateMachineDoesNotExist:
            raise self._not_deployed() from None

    def get(self, run_id: str) -> Execution | None:
        """One execution, None when Step Functions knows no such run (it forgets them after 90 days)."""
        try:
            found = self._client.describe_execution(executionArn=f"{self._arn('execution')}:{run_id}")
        except self._client.exceptions.ExecutionDoesNotExist:
            return None
        return Execution(
            run_id=found["name"],
            state=ExecutionState(found["status"]),
            started_at=iso(found["startDate"]),
            ended_at=_iso(found.get("stopDate")),
            error=found.get("error"),
            cause=found.get("cause"),
        )

    def recent(self, limit: int) -> list[Execution]:
        """The newest executions, newest first.

        Raises:
            NotDeployed: there is no such state machine.
        """
        try:
            newest = sorted(self._all(limit), key=lambda execution: execution.started_at, reverse=True)
        except self._client.exceptions.StateMachineDoesNotExist:
            raise self._not_deployed() from None
        return newest[:limit]

    def _all(self, limit: int) -> Iterator[Execution]:
        pages = self._client.get_paginator("list_executions").paginate(
            stateMachineArn=self._arn("stateMachine"), PaginationConfig={"PageSize": min(limit, 1000)}
        )
        entries = (entry for page in pages for entry in page["executions"])
        for entry in islice(entries, limit):  # the service lists the newest first
            state = ExecutionState(entry["status"])
            yield Execution(entry["name"], state, iso(entry["startDate"]), _iso(entry.get("stopDate")))

    def _arn(self, kind: str) -> str:
        return f"{self._arn_start}:{kind}:{self._name}"

    @cached_property
    def _arn_start(self) -> str:
        identity = self._session.client("sts").get_caller_identity()
        partition = identity["Arn"].split(":")[1]
        return f"arn:{partition}:states:{self._client.meta.region_name}:{identity['Account']}"

    def _not_deployed(self) -> NotDeployed:
        return NotDeployed(
            f"There is no state machine {self._arn('stateMachine')}. On one machine start the embedded AWS with "
            '`odpf local up --detach` and `eval "$(odpf local env)"`; on AWS check account, Region and ODPF_PREFIX.'
        )


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
