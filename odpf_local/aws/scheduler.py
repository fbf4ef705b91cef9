"""EventBridge schedules that fire: starts the state machines they target."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from threading import Event, Thread
from typing import Any

from moto.scheduler.models import Schedule, scheduler_backends
from moto.stepfunctions.parser.models import stepfunctions_parser_backends

from observability.schedule_expression import next_due
from odpf.clock import iso, utc_now

log = logging.getLogger(__name__)
_START_EXECUTION = "arn:aws:scheduler:::aws-sdk:sfn:startExecution"


class Scheduler:
    """Looks at all schedules every moment and fires those that are due."""

    def __init__(self, account: str, region: str, tick_seconds: float = 0.5) -> None:
        self._schedules = scheduler_backends[account][region]
        self._machines = stepfunctions_parser_backends[account][region]
        self._tick_seconds = tick_seconds
        self._looked_at = utc_now()
        self._refused: set[tuple[str, str]] = set()
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to fire."""
        self._thread.start()

    def stop(self) -> None:
        """End."""
        self._stopping.set()
        self._thread.join()

    def tick(self, now: datetime) -> None:
        """Fire every enabled schedule that fell due since the last look; one that was missed fires once."""
        for group in list(self._schedules.schedule_groups.values()):
            for schedule in list(group.schedules.values()):
                if schedule.state == "ENABLED" and self._due(schedule, now):
                    self._fire(schedule, now)
        self._looked_at = now

    def _run(self) -> None:
        while not self._stopping.wait(self._tick_seconds):
            try:
                self.tick(utc_now())
            except Exception:
                # One broken schedule or target must not silence all others.
                log.exception("the schedules could not be looked at")

    def _due(self, schedule: Schedule, now: datetime) -> bool:
        since = datetime.fromtimestamp(float(schedule.last_modified_date), UTC)
        try:
            due = next_due(
                schedule.schedule_expression,
                schedule.schedule_expression_timezone,
                since,
                max(since, self._looked_at),
            )
        except ValueError as error:
            if (refused := (schedule.arn, schedule.schedule_expression)) not in self._refused:
                self._refused.add(refused)
                log.error("schedule %s never fires: %s", schedule.name, error)
            return False
        return due is not None and due <= now

    def _fire(self, schedule: Schedule, now: datetime) -> None:
        machine, text = _target(schedule, now)
        log.info("schedule %s starts %s", schedule.name, machine)
        try:
            self._machines.start_execution(machine, name=str(uuid.uuid4()), execution_input=text)
        except Exception:
            # Whatever is wrong with one target (deleted, not a state machine) is that schedule's trouble alone.
            log.exception("schedule %s could not start %s", schedule.name, machine)


def _target(schedule: Schedule, now: datetime) -> tuple[str, str]:
    """State machine and input, with Scheduler's context attributes filled in."""
    text = schedule.target.get("Input") or "{}"
    attributes = {
        "schedule-arn": schedule.arn,
        "scheduled-time": iso(now),
        "execution-id": str(uuid.uuid4()),
        "attempt-number": "1",
    }
    for name, value in attributes.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    if schedule.target["Arn"] != _START_EXECUTION:
        return schedule.target["Arn"], text
    request: dict[str, Any] = json.loads(text)
    return request["StateMachineArn"], request.get("Input", "{}")
