"""A plan says which requests go wrong and how, and the same plan says the same of the same requests."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.exceptions import ClientError
from pydantic import ValidationError

from odpf_local.aws_hook import FaultRule, HookConfiguration
from odpf_local.aws_hook.call import Call
from odpf_local.aws_hook.faults import FaultPlan, Faults
from tests.aws_hook.emulator import hooked, planned

GET = Call("dynamodb", "GetItem", {"TableName": "odpf_batch_config", "Key": {"refresh_cadence": {"S": "daily"}}})
PUT = Call(
    "dynamodb",
    "PutItem",
    {"TableName": "odpf_file_tracker", "Item": {"source_table_name": {"S": "s.t"}, "path": {"S": "daily"}}},
)
LIST = Call("s3", "ListObjectsV2", {"Bucket": "odpf-staging", "Prefix": "internal_staging/s/t/"})
DELETE = Call("s3", "DeleteObjects", {"Bucket": "odpf-raw", "Delete": {"Objects": [{"Key": "a"}, {"Key": "b/LOAD1"}]}})
TRANSACTION = Call(
    "dynamodb",
    "TransactWriteItems",
    {"TransactItems": [{"Delete": {"TableName": "odpf_file_tracker", "Key": {"source_table_name": {"S": "x.y"}}}}]},
)
CALLS = (GET, PUT, LIST, DELETE, TRANSACTION)


def struck(faults, calls=200):
    """Which of so many requests went wrong."""
    return [number for number in range(1, calls + 1) if faults.strike(GET)]


def rule(**given):
    return FaultRule(**{"kind": "throttle", **given})


@pytest.mark.parametrize(
    ("given", "matching"),
    [
        ({}, CALLS),
        ({"service": "s3"}, (LIST, DELETE)),
        ({"service": "dynamodb", "operation": "PutItem"}, (PUT,)),
        ({"table": "file_tracker"}, (PUT, TRANSACTION)),
        ({"bucket": "raw"}, (DELETE,)),
        ({"key": "daily"}, (GET,)),
        ({"key": "LOAD"}, (DELETE,)),
        ({"key": "s/t"}, (LIST,)),
        ({"kind": "transaction_conflict"}, (PUT, TRANSACTION)),
    ],
)
def test_a_rule_matches_what_all_its_parts_match(given, matching):
    assert [call for call in CALLS if rule(**given).matches(call)] == list(matching)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"times": 2}, [1, 2]),
        ({"nth": 3}, [3]),
        ({"nth": [1, 4], "times": 5}, [1, 4]),
        ({"nth": [2, 4, 6], "times": 2}, [2, 4]),
    ],
)
def test_faults_come_by_number(given, expected):
    assert struck(Faults(planned(rule(**given)))) == expected


def test_faults_come_by_chance_that_the_seed_decides():
    seeds = [struck(Faults(planned(rule(probability=0.3, seed=seed)))) for seed in (1, 1, 2)]
    assert seeds[0] == seeds[1] != seeds[2]
    assert 40 < len(seeds[0]) < 80


def test_the_first_rule_that_strikes_decides_and_each_counts_its_own_requests():
    faults = Faults(planned(rule(kind="unavailable", nth=2), rule(kind="throttle", times=2)))
    assert [faults.strike(GET).position for _ in range(3)] == [1, 0, 1]
    assert faults.strike(GET) is None


def test_threads_share_the_dice_and_the_log(tmp_path):
    log = tmp_path / "faults.jsonl"
    plan = planned(rule(kind="error:Odd", service="dynamodb", probability=0.5, times=20), log=log)
    client, emulator, hook = hooked("dynamodb")
    hook.configure(plan)

    def ask(number):
        try:
            client.get_item(TableName=f"t{number}", Key={"k": {"S": "k"}})
        except ClientError:
            return f"t{number}"
        return None

    with ThreadPoolExecutor(8) as threads:
        failed = [table for table in threads.map(ask, range(80)) if table]

    told = [json.loads(line) for line in log.read_text().splitlines()]
    assert len(failed) == 20
    assert sorted(table for line in told for table in line["tables"]) == sorted(failed)
    assert len(emulator.reached) == 60


def test_a_line_tells_what_went_wrong_with_which_request(tmp_path):
    log = tmp_path / "faults.jsonl"
    faults = Faults(planned("throttle", log=log))
    faults.record(faults.strike(DELETE), DELETE, attempt=2)
    told = json.loads(log.read_text())
    assert told | {"at": "", "pid": 0} == {
        "at": "",
        "pid": 0,
        "rule": 0,
        "kind": "throttle",
        "service": "s3",
        "operation": "DeleteObjects",
        "attempt": 2,
        "tables": [],
        "buckets": ["odpf-raw"],
        "keys": ["a", "b/LOAD1"],
    }


def test_a_configuration_is_the_same_after_json(tmp_path):
    rules = (
        rule(kind="slow:0.5", service="s3", bucket="raw"),
        rule(probability=0.5, seed=7, times=3),
        rule(nth=(1, 2)),
    )
    configuration = planned(*rules, limits=True, log=tmp_path / "log")
    configuration.write(tmp_path / "hook.json")
    assert HookConfiguration.model_validate_json((tmp_path / "hook.json").read_bytes()) == configuration
    assert [path.name for path in tmp_path.iterdir()] == ["hook.json"]


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ({"kind": "thunder"}, "no kind of fault"),
        ({"kind": "slow"}, "slow:<seconds>"),
        ({"kind": "slow:soon"}, "slow:<seconds>"),
        ({"kind": "error:"}, "error:<Code>"),
        ({"kind": "throttle:1"}, "or a name"),
        ({"nth": 1, "probability": 0.5}, "not both"),
        ({"nth": 0}, "greater than 0"),
        ({"probability": 1.5}, "less than or equal to 1"),
        ({"operation": "PutItem"}, "Name the service"),
        ({"service": "dynamo"}, "no service dynamo"),
        ({"service": "dynamodb", "operation": "PutItems"}, "no operation PutItems"),
        ({"often": True}, "Extra inputs"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused(given, problem):
    with pytest.raises(ValidationError, match=problem):
        FaultPlan.model_validate({"faults": [{"kind": "throttle", **given}]})


def test_a_log_has_one_place_for_all_processes():
    with pytest.raises(ValidationError, match="absolute"):
        FaultPlan(log="faults.jsonl")
