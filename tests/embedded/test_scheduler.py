from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.core.models import DEFAULT_ACCOUNT_ID

from odpf.clock import utc_now
from odpf_local.aws.instance import REGION
from odpf_local.aws.schedule_expression import next_due
from odpf_local.aws.scheduler import Scheduler
from tests.embedded.waiting import eventually

MADE = datetime(2026, 1, 30, 10, 0, 20, tzinfo=UTC)
MACHINE = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:stateMachine:odpf_refresh_cadence"


@pytest.mark.parametrize(
    ("expression", "after", "due"),
    [
        ("rate(10 minutes)", "2026-01-30T10:00:20", "2026-01-30T10:10:20"),
        ("rate(10 minutes)", "2026-01-30T10:10:20", "2026-01-30T10:20:20"),
        ("rate(1 hour)", "2026-01-30T12:30:00", "2026-01-30T13:00:20"),
        ("rate(1 day)", "2026-01-30T10:00:20", "2026-01-31T10:00:20"),
        ("cron(0/10 * * * ? *)", "2026-01-30T10:00:20", "2026-01-30T10:10:00"),
        ("cron(15 2 ? * MON *)", "2026-01-30T10:00:20", "2026-02-02T02:15:00"),
        ("cron(0 6 L * ? *)", "2026-01-30T10:00:20", "2026-01-31T06:00:00"),
        ("at(2026-01-30T11:00:00)", "2026-01-30T10:59:59", "2026-01-30T11:00:00"),
    ],
)
def test_when_a_schedule_is_due(expression: str, after: str, due: str) -> None:
    moments = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (after, due))
    assert next_due(expression, "UTC", MADE, next(moments)) == next(moments)


def test_a_cron_expression_is_in_the_schedules_own_time_zone() -> None:
    due = next_due("cron(0 12 * * ? *)", "Europe/Berlin", MADE, MADE)
    assert due == datetime(2026, 1, 30, 11, 0, tzinfo=UTC)


def test_what_is_over_is_never_due() -> None:
    assert next_due("at(2026-01-30T09:00:00)", "UTC", MADE, MADE) is None


@pytest.mark.parametrize("expression", ["every day", "rate(0 minutes)", "cron(61 * * * ? *)"])
def test_what_is_no_expression_is_refused(expression: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        next_due(expression, "UTC", MADE, MADE)


def schedule(client: Any, name: str, expression: str) -> None:
    client("scheduler").create_schedule(
        Name=name,
        GroupName="odpf_refresh_cadences",
        ScheduleExpression=expression,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": MACHINE,
            "RoleArn": "arn:aws:iam::123456789012:role/x",
            "Input": f'{{"refresh_cadence": "{name}"}}',
        },
    )


def started(client: Any) -> list[str]:
    sfn = client("stepfunctions")
    executions = sfn.list_executions(stateMachineArn=MACHINE)["executions"]
    inputs = [json.loads(sfn.describe_execution(executionArn=e["executionArn"])["input"]) for e in executions]
    return [each["refresh_cadence"] for each in inputs]


def test_a_schedule_starts_the_state_machine_once_per_period(client: Any) -> None:
    schedule(client, "often", "rate(1 minute)")
    ticker, now = Scheduler(DEFAULT_ACCOUNT_ID, REGION), utc_now()
    for seconds in (30, 61, 90, 119):
        ticker.tick(now + timedelta(seconds=seconds))
    assert started(client).count("often") == 1
    ticker.tick(now + timedelta(seconds=122))
    assert started(client).count("often") == 2


def test_a_running_instance_fires_by_itself_and_a_broken_schedule_stops_no_other(client: Any) -> None:
    schedule(client, "broken", "rate(often)")
    schedule(client, "once", f"at({utc_now() + timedelta(seconds=2):%Y-%m-%dT%H:%M:%S})")
    assert eventually(lambda: "once" in started(client))
    assert "broken" not in started(client)
