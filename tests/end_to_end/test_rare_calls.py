"""What happens now and then: schedules that change, a job that is stopped, reloads, rows and names that cannot be used.

The components call AWS here as in no other test, so that the recording shows why they have their permissions
(tests/infra/test_least_privilege.py).
"""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from file_manager.retention import expire
from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings, StagingPlace
from tests.end_to_end.conftest import CRM
from tests.end_to_end.lake import ARTIFACTS, JOB, Answer, Lake, ended, results, table
from tests.end_to_end.processes import job_processes
from tests.end_to_end.source import COLUMNS, Source, rows
from tests.end_to_end.test_arrivals import no_events, waiting_messages
from tests.end_to_end.test_manifests import deployments
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.soak

CADENCE, TABLE, DATABASE = "rare", "crm.rare.parts", "rare_raw"
CONFIG_TABLE, CONFIG_QUEUE, GROUP = "odpf_raw_table_config", "odpf_config_events", "odpf_refresh_cadences"


class Rare(NamedTuple):
    """A table's runs: the first one's job was stopped, the second took over, then a new column, then a reload."""

    source: Source
    stopped: Answer
    taken_over: Answer
    widened: Answer
    after_widening: list[dict[str, Any]]
    reloaded: Answer


@pytest.fixture(scope="module")
def rare(lake: Lake) -> Rare:
    """Its configuration is an item put with the SDK, so the job is the one to make its database.

    With Spark: Arrow has the table for too short a time to be stopped in it.
    """
    item = table(
        TABLE, CADENCE, raw_database_name=DATABASE, raw_table_name="parts", hudi_partition_key="note", engine="spark"
    )
    lake.put_item(CONFIG_TABLE, item)
    source = Source("rare.parts")
    with no_events(lake):
        put(lake, source.load([*rows(3), {"id": None, "value": 0, "note": "row 1"}]))
        put(lake, ("rare/parts/somebody-elses.parquet", b""))
    del source.rows[None,]
    stopped, taken_over = stopped_and_taken_over(lake)

    source.columns = COLUMNS | {"extra": pa.string()}
    source.update(id=1, extra="new")
    put(lake, source.changes())
    widened = lake.run(CADENCE)
    after_widening = stored(lake)
    source.columns = COLUMNS
    put(lake, source.load(rows(4)))
    return Rare(source, stopped, taken_over, widened, after_widening, lake.run(CADENCE))


def put(lake: Lake, file: tuple[str, bytes]) -> None:
    lake.put(*file, bucket=CRM["bucket"], folder=CRM["folder"])


def stopped_and_taken_over(lake: Lake) -> tuple[Answer, Answer]:
    """The first run's job is held while it has the table; it is stopped once the second run is planned."""
    first = lake.begin_run(CADENCE)
    eventually(lambda: lake.status()[TABLE]["refresh_status"] == "updating_table", 120)
    for pid in job_processes(f"{CADENCE}-"):
        os.kill(pid, signal.SIGSTOP)
    (run_id,) = planned(lake)
    second = lake.begin_run(CADENCE)
    eventually(lambda: len(planned(lake)) > 1)
    (job_run,) = lake.job_runs(run_id)
    lake.client("glue").batch_stop_job_run(JobName=JOB, JobRunIds=[job_run["Id"]])
    return ended(first), ended(second)


def planned(lake: Lake) -> set[str]:
    """Ids of the cadence's runs that have a plan."""
    keys = lake.objects(ARTIFACTS, f"runs/{CADENCE}-")
    return {key.split("/")[1] for key in keys if key.endswith("/run.json")}


def stored(lake: Lake) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT * FROM {DATABASE}.parts"), key=lambda row: int(row["id"]))


def test_a_run_whose_job_is_stopped_has_failed(rare: Rare) -> None:
    assert (rare.stopped.status, rare.stopped.document["status"]) == (1, "FAILED")
    assert "ended before the table was finished" in results(rare.stopped)[TABLE]["error"]


def test_the_next_run_takes_the_table_over(lake: Lake, rare: Rare) -> None:
    result = results(rare.taken_over)[TABLE]
    assert (result["outcome"], result["rows_inserted"], result["rows_quarantined"]) == ("completed", 3, 1)
    kept = lake.objects(ARTIFACTS, f"quarantine/{DATABASE}.parts/")
    assert [key for key in kept if key.endswith(".json")]


def test_a_file_at_a_place_of_the_table_under_no_name_of_dms_is_set_aside_by_the_sweep(lake: Lake, rare: Rare) -> None:
    (file,) = [f for f in lake.files("--state", "quarantined") if f["path"].endswith("somebody-elses.parquet")]
    assert file in lake.files()


def test_a_new_column_reaches_every_partition(rare: Rare) -> None:
    assert (rare.widened.status, results(rare.widened)[TABLE]["rows_updated"]) == (0, 1)
    assert [row["extra"] for row in rare.after_widening] == ["new", None, None]


def test_a_reload_replaces_the_table(lake: Lake, rare: Rare) -> None:
    assert (rare.reloaded.status, results(rare.reloaded)[TABLE]["outcome"]) == (0, "completed")
    assert [row["id"] for row in stored(lake)] == [1, 2, 3, 4]


def applied(lake: Lake, document: dict[str, Any]) -> None:
    assert lake.apply(document).status == 0


def put_as_manifest(lake: Lake, document: dict[str, Any]) -> None:
    name = f"config/rare-{utc_now():%H%M%S%f}.json"
    lake.client("s3").put_object(Bucket=ARTIFACTS, Key=name, Body=json.dumps(document).encode())
    eventually(lambda: [found for found in deployments(lake, name) if "applied" in found])


@pytest.mark.parametrize("give", [applied, put_as_manifest])
def test_a_schedule_comes_changes_and_goes_with_its_cadence(
    lake: Lake, give: Callable[[Lake, dict[str, Any]], None]
) -> None:
    cadence = f"rare_{give.__name__}"

    def configure(schedule: str | None) -> None:
        entry = {"refresh_cadence": cadence} | ({"schedule": schedule} if schedule else {})
        own = table(f"rare.{give.__name__}", cadence, raw_database_name=f"{cadence}_raw")
        give(lake, {"cadences": [entry], "tables": [own]})

    for schedule in ("rate(1 day)", "rate(2 days)"):
        configure(schedule)
        assert lake.client("scheduler").get_schedule(GroupName=GROUP, Name=cadence)["ScheduleExpression"] == schedule
    configure(None)
    names = [found["Name"] for found in lake.client("scheduler").list_schedules(GroupName=GROUP)["Schedules"]]
    assert cadence not in names
    assert lake.client("glue").get_database(Name=f"{cadence}_raw")


def test_an_event_of_a_manifest_removed_since_is_done(lake: Lake) -> None:
    place = {"bucket": {"name": ARTIFACTS}, "object": {"key": "config/removed.json", "etag": "e"}}
    event = {"source": "aws.s3", "detail-type": "Object Created", "detail": place}
    sqs = lake.client("sqs")
    url = sqs.get_queue_url(QueueName=CONFIG_QUEUE)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody=json.dumps(event))
    eventually(lambda: waiting_messages(lake, CONFIG_QUEUE) == 0)
    assert waiting_messages(lake, f"{CONFIG_QUEUE}_dlq") == 0


@contextmanager
def environment(lake: Lake) -> Iterator[None]:
    """This process as the lake's programs are."""
    before = dict(os.environ)
    os.environ.update(lake.environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def test_staged_changes_go_when_their_replay_window_is_over_and_loads_stay(lake: Lake, rare: Rare) -> None:
    """The window ends tomorrow: nothing here is older than a day."""
    place = StagingPlace(**CRM)
    with environment(lake):
        settings = Settings.from_environment()
        aws = Aws(settings, component="retention")
        own = settings.model_copy(update={"staging_places": (place,)})
        change = f"{CRM['folder']}/{rare.source.files[1]}"
        assert change in lake.objects(CRM["bucket"], place.prefix)
        expire(own, aws.objects, aws.tracker, utc_now() + timedelta(days=1), lambda: False)
        while not expire(own, aws.objects, aws.tracker, utc_now() + timedelta(days=1), lambda: True).finished:
            pass
    left = lake.objects(CRM["bucket"], f"{place.prefix}rare/")
    assert change not in left
    assert f"{CRM['folder']}/{rare.source.files[0]}" in left


def test_the_watch_measures_the_deployment(lake: Lake, rare: Rare) -> None:
    answer = lake.client("lambda").invoke(FunctionName="odpf_watch", Payload=b"{}")
    assert "FunctionError" not in answer, answer["Payload"].read()


def test_an_operator_looks_at_epoch_and_runs(lake: Lake, rare: Rare) -> None:
    assert lake.odpf("epoch", "show").document["region"] == lake.environment["AWS_REGION"]
    shown = lake.odpf("runs", "--run", rare.reloaded.document["run_id"]).document
    assert shown["status"] == "SUCCEEDED"


def test_the_cost_of_what_is_deployed_is_told(lake: Lake) -> None:
    cadence = {"refresh_cadence": "rare_cost", "schedule": "rate(1 day)"}
    applied(lake, {"cadences": [cadence], "tables": [table("rare.cost", "rare_cost")]})
    assert lake.odpf("cost", "--deployed").status == 0
