"""Configuration items come back as plain values, whoever put them there."""

from __future__ import annotations

import pytest

from odpf.errors import TerminalError

CADENCE = {"refresh_cadence": "10_min_refresh", "glue_job_max_workers": 10, "schedule": None}


def table(number: int, cadence: str = "10_min_refresh") -> dict[str, object]:
    return {
        "refresh_cadence": cadence,
        "source_table_name": f"taxi_trips.table_{number:03d}",
        "hudi_primary_key": "id,part",
        "hudi_partition_key": "",
        "notes": ["a", 1, 2.5, True, {"b": None}],
    }


def test_cadences_are_put_replaced_and_removed(stores):
    stores.config.put_cadence(CADENCE)
    stores.config.put_cadence(CADENCE | {"glue_job_max_workers": 20})
    kept = {"refresh_cadence": "10_min_refresh", "glue_job_max_workers": 20}
    assert stores.config.cadences() == [kept]
    assert stores.config.cadence("10_min_refresh") == kept
    stores.config.remove_cadence("10_min_refresh")
    stores.config.remove_cadence("10_min_refresh")
    assert stores.config.cadence("10_min_refresh") is None


def test_tables_by_cadence_or_all(stores):
    stores.config.put_tables([table(1), table(2), table(1, "hourly"), table(2)])
    assert stores.config.tables("10_min_refresh") == [table(1), table(2)]
    assert len(stores.config.tables()) == 3
    assert stores.config.tables("never") == []


def test_hundreds_of_tables_are_written_and_removed_at_once(stores):
    stores.config.put_tables(table(number) for number in range(200))
    assert len(stores.config.tables("10_min_refresh")) == 200
    keys = [("10_min_refresh", f"taxi_trips.table_{number:03d}") for number in range(1, 200)]
    stores.config.remove_tables(keys + keys[:1])
    assert stores.config.tables() == [table(0)]


def test_deployments_are_kept(stores):
    deployment = {"deployment_id": "d1", "added": ["taxi_trips.table_1"], "changed": [], "digest": "abc"}
    stores.config.put_deployment(deployment)
    assert stores.config.deployments() == [deployment]


def test_what_a_deployment_replaced_is_kept_beside_its_record(stores):
    stores.config.put_deployment({"deployment_id": "d1", "parts": 2})
    stores.config.put_deployment_parts("d1", ["x" * 300_000, "y"])
    assert stores.config.deployment_parts("d1", 2) == ["x" * 300_000, "y"]
    assert [each["deployment_id"] for each in stores.config.deployments()] == ["d1"]
    with pytest.raises(TerminalError, match="d2"):
        stores.config.deployment_parts("d2", 1)
