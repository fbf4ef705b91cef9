"""The deployment taken away again; its file sorts last, as nothing is left of it for other tests."""

from __future__ import annotations

import pytest

from odpf.tables import TABLES
from tests.deployed.deployment import PREFIX, SETTINGS
from tests.deployed.scenario import EVERY_MINUTE, Scenario

pytestmark = pytest.mark.more


def test_what_is_removed_keeps_its_data(scenario: Scenario):
    scenario.execution(EVERY_MINUTE)
    deployment = scenario.deployment
    cloudformation = deployment.client("cloudformation")

    for stack in sorted(deployment.templates()):
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})

    assert scenario.in_the_lake(scenario.orders) == scenario.orders.expected()
    kept = deployment.client("dynamodb").list_tables()["TableNames"]
    assert {SETTINGS.table(table.name) for table in TABLES} <= set(kept)
    functions = deployment.client("lambda").list_functions()["Functions"]
    assert [entry["FunctionName"] for entry in functions if entry["FunctionName"].startswith(PREFIX)] == []
