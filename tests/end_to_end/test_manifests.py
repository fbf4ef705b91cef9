"""Configuration that CI/CD puts on S3 as a JSON manifest, applied by a Lambda."""

from __future__ import annotations

import json
from typing import Any

from tests.end_to_end.lake import ARTIFACTS, Lake, table
from tests.end_to_end.waiting import eventually

CADENCE = "by_manifest"
DEPLOYMENTS = "odpf_config_deploy_tracker"


def put_manifest(lake: Lake, name: str, *tables: dict[str, Any]) -> None:
    document = {"cadences": [{"refresh_cadence": CADENCE}], "tables": list(tables)}
    lake.client("s3").put_object(Bucket=ARTIFACTS, Key=f"config/{name}", Body=json.dumps(document).encode())


def deployments(lake: Lake, name: str) -> list[str]:
    found = lake.client("dynamodb").scan(TableName=DEPLOYMENTS)["Items"]
    return [str(item) for item in found if name in str(item)]


def test_a_manifest_on_s3_is_applied_and_recorded(lake: Lake) -> None:
    put_manifest(lake, "good.json", table("manifest.orders", CADENCE))
    eventually(lambda: deployments(lake, "config/good.json"))
    assert lake.status()["manifest.orders"]["refresh_cadence"] == CADENCE


def test_a_manifest_with_problems_changes_nothing_and_is_recorded_with_them(lake: Lake) -> None:
    put_manifest(lake, "bad.json", table("manifest.fine", CADENCE), table("manifest.bad", CADENCE, engine="sprak"))
    (refused,) = eventually(lambda: deployments(lake, "config/bad.json"))
    assert "sprak" in refused
    assert not {"manifest.fine", "manifest.bad"} & set(lake.status())
