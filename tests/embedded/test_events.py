from __future__ import annotations

import json
from collections import Counter
from typing import Any

from tests.embedded.handlers import script
from tests.embedded.waiting import eventually

STAGING, ARTIFACTS = "odpf-staging", "odpf-artifacts"


def keys() -> list[str]:
    return [json.loads(body)["detail"]["object"]["key"] for batch in script.deliveries for body in batch]


def failing(*bad: str) -> Any:
    def deliver(records: list[dict[str, Any]]) -> dict[str, Any]:
        failed = [r for r in records if json.loads(r["body"])["detail"]["object"]["key"] in bad]
        return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in failed]}

    return deliver


def put(client: Any, *names: str, bucket: str = STAGING) -> None:
    for name in names:
        client("s3").put_object(Bucket=bucket, Key=name, Body=b"rows")


def test_a_landed_file_reaches_the_file_manager_with_its_key_as_it_is(client: Any) -> None:
    put(client, "internal_staging/s/t/2026 01+é.parquet")
    assert eventually(keys) == ["internal_staging/s/t/2026 01+é.parquet"]
    detail = json.loads(script.deliveries[0][0])["detail"]
    assert (detail["bucket"]["name"], detail["object"]["size"]) == (STAGING, 4)


def test_only_configuration_objects_reach_the_configuration_manager(client: Any) -> None:
    put(client, "runs/1/run.json", "config/tables.json", bucket=ARTIFACTS)
    assert eventually(keys) == ["config/tables.json"]


def test_many_files_come_in_batches_of_at_most_ten(client: Any) -> None:
    names = [f"internal_staging/s/t/{number}.parquet" for number in range(60)]
    put(client, *names)
    eventually(lambda: len(keys()) == len(names))
    assert sorted(keys()) == sorted(names)
    assert max(map(len, script.deliveries)) <= 10


def test_only_the_record_that_failed_comes_again(client: Any) -> None:
    script.deliver = failing("bad")
    put(client, "bad", "good")
    eventually(lambda: Counter(keys())["bad"] >= 2)
    script.deliver = failing()
    again = Counter(keys())["bad"]
    eventually(lambda: Counter(keys())["bad"] > again)
    assert Counter(keys())["good"] == 1


def test_all_of_a_batch_comes_again_when_the_handler_raises(client: Any) -> None:
    def broken(records: list[dict[str, Any]]) -> None:
        raise RuntimeError("no such table")

    script.deliver = broken
    put(client, "one")
    eventually(lambda: len(keys()) >= 1)
    script.deliver = failing()
    eventually(lambda: Counter(keys())["one"] >= 2)


def test_what_fails_every_time_ends_in_the_dead_letter_queue(client: Any) -> None:
    script.deliver = failing("poison")
    put(client, "poison")
    sqs = client("sqs")
    dead = sqs.get_queue_url(QueueName="odpf_staging_events_dlq")["QueueUrl"]
    (message,) = eventually(lambda: sqs.receive_message(QueueUrl=dead).get("Messages"), 15)
    assert json.loads(message["Body"])["detail"]["object"]["key"] == "poison"
    assert Counter(keys())["poison"] == 5
