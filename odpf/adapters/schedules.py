"""EventBridge Scheduler: the schedules of refresh cadences, in a group of this deployment's own."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.caller import Place, place
from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of
from odpf.cadence_schedule import scheduled_input
from odpf.errors import TerminalError
from odpf.settings import Settings

_RETRY_POLICY = {"MaximumEventAgeInSeconds": 300, "MaximumRetryAttempts": 3}
"""A start that failed for five minutes is left to the next tick: a run applies whatever is pending."""


class SchedulerSchedules:
    """Schedules whose names say what they start the state machine with (odpf/cadence_schedule.py)."""

    def __init__(self, session: boto3.Session, settings: Settings) -> None:
        self._settings = settings
        self._session = session
        self._scheduler = session.client("scheduler", config=CLIENT_CONFIG)

    def current(self) -> dict[str, str]:
        """Schedule expression by name, of all in the group."""
        pages = self._scheduler.get_paginator("list_schedules")
        with aws_call(f"Listing schedules of {self._group}"):
            try:
                names = [
                    schedule["Name"] for page in pages.paginate(GroupName=self._group) for schedule in page["Schedules"]
                ]
                return {name: str(self._schedule(name)["ScheduleExpression"]) for name in names}
            except ClientError as error:
                if _absent(error):  # no group, or a schedule removed since it was listed
                    return {} if error.operation_name == "ListSchedules" else self.current()
                raise

    def put(self, name: str, expression: str) -> None:
        """Make the schedule, or bring the one there in line."""
        wanted = self._wanted(name, expression)
        with aws_call(f"Writing schedule {name}"):
            self._ensure_group()
            try:
                self._scheduler.create_schedule(**wanted)
            except ClientError as error:
                if not _conflict(error):
                    raise
                self._scheduler.update_schedule(**wanted)

    def remove(self, name: str) -> None:
        """Remove a schedule; none is fine."""
        with aws_call(f"Removing schedule {name}"):
            try:
                self._scheduler.delete_schedule(GroupName=self._group, Name=name)
            except ClientError as error:
                if not _absent(error):
                    raise

    @property
    def _group(self) -> str:
        return self._settings.schedule_group

    def _schedule(self, name: str) -> dict[str, Any]:
        return {**self._scheduler.get_schedule(GroupName=self._group, Name=name)}

    def _wanted(self, name: str, expression: str) -> dict[str, Any]:
        machine = self._state_machine_arn()
        return {
            "GroupName": self._group,
            "Name": name,
            "ScheduleExpression": expression,
            "ScheduleExpressionTimezone": "UTC",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "State": "ENABLED",
            "Target": {
                "Arn": machine,
                "RoleArn": self._settings.scheduler_role_arn or self._default_role_arn(),
                "Input": json.dumps(scheduled_input(name)),
                "RetryPolicy": _RETRY_POLICY,
            },
        }

    def _ensure_group(self) -> None:
        try:
            self._scheduler.get_schedule_group(Name=self._group)
        except ClientError as error:
            if not _absent(error):
                raise
            self._make_group()

    def _make_group(self) -> None:
        try:
            self._scheduler.create_schedule_group(Name=self._group)
        except ClientError as error:
            if not _conflict(error):
                raise

    def _state_machine_arn(self) -> str:
        """The state machine's ARN; Scheduler itself takes a schedule for one that is not there."""
        arn = self._place.arn("states", f"stateMachine:{self._settings.state_machine_name}")
        stepfunctions = self._session.client("stepfunctions", config=CLIENT_CONFIG)
        with aws_call(f"Looking for state machine {arn}"):
            try:
                stepfunctions.describe_state_machine(stateMachineArn=arn)
            except stepfunctions.exceptions.StateMachineDoesNotExist:
                raise TerminalError(
                    f"There is no state machine {arn}. Deploy it, or check ODPF_PREFIX, account and region."
                ) from None
        return arn

    def _default_role_arn(self) -> str:
        return self._place.arn("iam", f"role/{self._settings.prefix}scheduler-{self._place.region}")

    @cached_property
    def _place(self) -> Place:
        return place(self._session)


def _absent(error: ClientError) -> bool:
    return code_of(error) == "ResourceNotFoundException"


def _conflict(error: ClientError) -> bool:
    return code_of(error) == "ConflictException"
