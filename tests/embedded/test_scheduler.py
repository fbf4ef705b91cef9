from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from moto.core.models import DEFAULT_ACCOUNT_ID

from odpf.clock import utc_now
from odpf_local.aws.instance import REGION
from odpf_local.aws.scheduler import Scheduler
from tests.embedded.waiting import eventually

MACHINE = f"arn:aws:states:{REGION}:{DEFAULT_ACCOUNT_ID}:stateMachine:odpf_refresh_cadence"


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
