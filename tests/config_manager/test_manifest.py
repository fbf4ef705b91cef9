"""A manifest put on S3: applied with the same code, refused once, and never delivered for ever."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from config_manager.manifest_event import apply_manifest
from odpf.errors import InvalidEvent, TransientError
from tests.config_manager.builders import NOW, cadence, deploy, table

EVENT = json.loads((Path(__file__).parents[1] / "events" / "config_manifest_created.json").read_text())
URI = "s3://odpf-artifacts/config/shop.json"


def event(key: str = "config/shop.json", **more) -> str:
    detail = {**EVENT["detail"], "object": {**EVENT["detail"]["object"], "key": key}}
    return json.dumps({**EVENT, "detail": detail, **more})


def put(stores, *tables, key: str = "config/shop.json", **more) -> None:
    content = {"cadences": [cadence()], "tables": list(tables), **more}
    stores.objects.put("odpf-artifacts", key, json.dumps(content).encode())


def test_a_manifest_is_applied_once_however_often_its_event_comes(stores):
    put(stores, table())
    first = apply_manifest(event(), stores, NOW)
    again = apply_manifest(event(), stores, NOW)
    assert (first.problems, again.deployment_id) == ((), None)
    (record,) = stores.config.deployments()
    assert (record["deployment_id"], record["status"], record["source"]) == (first.deployment_id, "applied", URI)
    assert record["deployed_by"] == "123456789012 by manifest"
    assert len(stores.config.tables()) == 1


def test_a_manifest_may_prune(stores):
    deploy(stores, table(), table("b"))
    put(stores, table(), prune=True)
    apply_manifest(event(), stores, NOW)
    assert [item["source_table_name"] for item in stores.config.tables()] == ["shop.orders"]


def test_a_bad_manifest_writes_nothing_but_its_refusal_once(stores):
    put(stores, table(), table("b", engine="flink"))
    outcomes = [apply_manifest(event(), stores, NOW) for _ in range(2)]
    assert stores.config.tables() == []
    (record,) = stores.config.deployments()
    assert (record["status"], record["deployment_id"]) == ("refused", outcomes[1].deployment_id)
    assert record["problems"] == list(outcomes[0].problems)
    assert record["problems"][0].startswith(f"{URI}:tables[1].engine: ")


def test_a_manifest_that_is_no_json_is_refused(stores):
    stores.objects.put("odpf-artifacts", "config/shop.json", b"\x00junk")
    assert "NUL" in apply_manifest(event(), stores, NOW).problems[0]


def test_a_yaml_manifest_is_read_too(stores):
    stores.objects.put("odpf-artifacts", "config/shop.yaml", b"cadences: [{refresh_cadence: hourly}]")
    assert apply_manifest(event("config/shop.yaml"), stores, NOW).deployment_id


@pytest.mark.parametrize("key", ["config/", "config/README.md"])
def test_objects_that_are_no_manifests_are_passed_over(stores, key):
    stores.objects.put("odpf-artifacts", key, b"")
    assert apply_manifest(event(key), stores, NOW) is None
    assert stores.config.deployments() == []


def test_a_manifest_removed_meanwhile_is_done(stores):
    assert apply_manifest(event(), stores, NOW) is None


@pytest.mark.parametrize(
    "body",
    [
        "",
        "{",
        "[]",
        "{}",
        event(source="aws.ec2"),
        event(**{"detail-type": "Object Deleted"}),
        event("elsewhere/shop.json"),
        json.dumps({**EVENT, "detail": {**EVENT["detail"], "bucket": {"name": "another"}}}),
        json.dumps({**EVENT, "detail": "x" * 256_000}),
    ],
)
def test_a_message_that_is_no_event_of_a_manifest_goes_to_the_dead_letters(stores, body):
    with pytest.raises(InvalidEvent):
        apply_manifest(body, stores, NOW)


def test_a_service_that_is_busy_makes_the_event_come_again(stores, monkeypatch):
    put(stores, table())

    def busy() -> list[dict[str, object]]:
        raise TransientError("busy")

    monkeypatch.setattr(stores.config, "cadences", busy)
    with pytest.raises(TransientError):
        apply_manifest(event(), stores, NOW)
    assert stores.config.deployments() == []
