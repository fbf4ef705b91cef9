"""Executions of the state machine: a run of a cadence as Step Functions sees it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

import boto3

from odpf.adapters.caller import Place, place
from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.clock import iso
from odpf.errors import TerminalError
from odpf.run_request import RunRequest
from odpf.states import ExecutionState

_LARGEST_PAGE = 1000
"""Of ListExecutions (Step Functions API)."""


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
        self._client = session.client("stepfunctions", config=CLIENT_CONFIG)

    def start(self, run_id: str, request: RunRequest) -> None:
        """Start a run; its execution is named after it.

        Raises:
            NotDeployed: there is no such state machine.
        """
        with aws_call(f"Starting run {run_id}"), self._deployed():
            self._client.start_execution(
                stateMachineArn=self._arn("stateMachine"),
                name=run_id,
                input=json.dumps(request.execution_input()),
            )

    def get(self, run_id: str) -> Execution | None:
        """One execution, None when Step Functions knows no such run (it forgets them after 90 days)."""
        with aws_call(f"Looking at run {run_id}"):
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
        """The newest executions, newest first, which is the order the service lists them in.

        Raises:
            NotDeployed: there is no such state machine.
        """
        pages = self._client.get_paginator("list_executions")
        with aws_call("Listing runs"), self._deployed():
            found = pages.paginate(
                stateMachineArn=self._arn("stateMachine"),
                PaginationConfig={"PageSize": min(limit, _LARGEST_PAGE), "MaxItems": limit},
            )
            executions = [
                Execution(
                    run_id=entry["name"],
                    state=ExecutionState(entry["status"]),
                    started_at=iso(entry["startDate"]),
                    ended_at=_iso(entry.get("stopDate")),
                )
                for page in found
                for entry in page["executions"]
            ]
        return sorted(executions, key=lambda execution: execution.started_at, reverse=True)

    @contextmanager
    def _deployed(self) -> Iterator[None]:
        try:
            yield
        except self._client.exceptions.StateMachineDoesNotExist:
            raise NotDeployed(
                f"There is no state machine {self._arn('stateMachine')}. On one machine start the embedded AWS with "
                '`odpf local up --detach` and `eval "$(odpf local env)"`; on AWS check account, Region and ODPF_PREFIX.'
            ) from None

    def _arn(self, kind: str) -> str:
        return self._place.arn("states", f"{kind}:{self._name}")

    @cached_property
    def _place(self) -> Place:
        return place(self._session)


def _iso(moment: datetime | None) -> str | None:
    return iso(moment) if moment else None
