from __future__ import annotations

import json
from typing import Any

from odpf_local.aws.instance import COMPONENTS
from tests.embedded.handlers import TableConfigurationMissing, script


def test_functions_are_known_to_the_lambda_api(client: Any) -> None:
    names = [each["FunctionName"] for each in client("lambda").list_functions()["Functions"]]
    assert sorted(names) == sorted(f"odpf_{component}" for component in COMPONENTS)


def test_an_invocation_answers_what_the_handler_returned(client: Any) -> None:
    script.plan = lambda event: {"seen": event["refresh_cadence"]}
    answer = client("lambda").invoke(FunctionName="odpf_batch_manager", Payload='{"refresh_cadence": "hourly"}')
    assert json.load(answer["Payload"]) == {"seen": "hourly"}
    assert "FunctionError" not in answer


def test_an_error_of_the_handler_is_a_function_error_with_its_class(client: Any) -> None:
    def broken(event: dict[str, Any]) -> dict[str, Any]:
        raise TableConfigurationMissing("hourly is not configured")

    script.plan = broken
    answer = client("lambda").invoke(FunctionName="odpf_batch_manager", Payload="{}")
    assert answer["FunctionError"] == "Unhandled"
    payload = json.load(answer["Payload"])
    assert (payload["errorType"], payload["errorMessage"]) == ("TableConfigurationMissing", "hourly is not configured")


def test_a_result_that_is_no_json_is_a_function_error(client: Any) -> None:
    script.plan = lambda event: {"when": object()}
    answer = client("lambda").invoke(FunctionName="odpf_batch_manager", Payload="{}")
    assert json.load(answer["Payload"])["errorType"] == "TypeError"
