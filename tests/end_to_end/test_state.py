"""A deployment moves: its state is exported and imported into another one, whose buckets are copies; nothing is applied twice.

Two instances of their own. The first one's state is such as a scan may find it while runs work: a table is held by a job
run that is no more, and of another table the ledger was read before its newest commit. Of that one the copy of the raw
bucket was made too early, and does not have the commit.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from odpf.tables import TABLES
from tests.end_to_end.lake import ARTIFACTS, DATABASE, RAW, STAGING, Answer, Lake, results, table
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

# Half a minute for two instances; everything is Arrow's.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(900)]

CADENCE, SCHEDULE = "moved", "cron(0 3 1 1 ? *)"
ORDERS, LOG, BEHIND = "shop.orders", "shop.log", "shop.behind"
MODES = {ORDERS: {}, LOG: {"table_data_versioning_type": "H"}, BEHIND: {}}
LEDGER = "odpf_file_processing_tracker"


class Story(NamedTuple):
    """What the second deployment answered: filled, with one raw table that is behind, and when that has come."""

    first: Lake
    second: Lake
    sources: dict[str, Source]
    exported: Answer
    imported: Answer
    again: Answer
    too_early: Answer
    complete: Answer


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("state")
    lakes = [Lake(folder / name) for name in ("first", "second")]
    try:
        for lake in lakes:
            lake.folder.mkdir()
            lake.up()
        yield tell(*lakes, folder / "copy")
    finally:
        for lake in lakes:
            lake.down()


def tell(first: Lake, second: Lake, folder: Path) -> Story:
    sources = {name: Source(name) for name in MODES}
    assert first.apply(configuration()).status == 0
    for source in sources.values():
        first.put(*source.load(rows(5)))
    assert first.run(CADENCE).document["status"] == "SUCCEEDED"
    read_early = ledger_item(first, BEHIND)
    change(first, sources, 1)
    assert first.run(CADENCE).document["status"] == "SUCCEEDED"
    put_ledger_item(first, {**read_early, "catalog_digest": {"S": "of the first"}})
    put_ledger_item(first, {**ledger_item(first, LOG), "lease_owner": {"S": "jr_of_the_first"}})
    change(first, sources, 2)
    eventually(lambda: len(first.files("--state", "raw_file_landed")) == len(sources))

    exported = first.odpf("state", "export", str(folder))
    newest = commits(first, BEHIND)[-1]
    copy(first, second, STAGING)
    copy(first, second, ARTIFACTS, "batches/")
    copy(first, second, RAW, without=newest)
    eventually(lambda: len(second.files()) == 3 * len(sources))  # all of them wait, for all that events tell
    imported = second.odpf("state", "import", str(folder))
    again = second.odpf("state", "import", str(folder))
    (second.folder / "tables.yaml").write_text(second.text("config", "show", "--yaml"))
    assert second.odpf("config", "apply", "tables.yaml").status == 0

    change(second, sources, 3)
    too_early = second.run(CADENCE)
    copy(first, second, RAW)
    return Story(first, second, sources, exported, imported, again, too_early, second.run(CADENCE))


def configuration() -> dict[str, Any]:
    return {
        "cadences": [{"refresh_cadence": CADENCE, "schedule": SCHEDULE}],
        "tables": [table(name, CADENCE, engine="arrow", **mode) for name, mode in MODES.items()],
    }


def change(lake: Lake, sources: dict[str, Source], number: int) -> None:
    """One file per table: a row gets the number, one comes, one goes."""
    for source in sources.values():
        source.update(id=1, value=number)
        source.insert(id=100 + number, value=number)
        source.delete(id=1 + number)
        lake.put(*source.changes())


def raw_table(name: str) -> str:
    return f"{DATABASE}.{name.replace('.', '_')}"


def ledger_item(lake: Lake, name: str) -> dict[str, Any]:
    key = {"raw_table_name": {"S": raw_table(name)}}
    item: dict[str, Any] = lake.client("dynamodb").get_item(TableName=LEDGER, Key=key)["Item"]
    return item


def put_ledger_item(lake: Lake, item: dict[str, Any]) -> None:
    lake.client("dynamodb").put_item(TableName=LEDGER, Item=item)


def copy(source: Lake, target: Lake, bucket: str, prefix: str = "", without: str = " ") -> None:
    """Objects that the target does not have, oldest first, but for those of a commit."""
    there = set(target.objects(bucket, prefix))
    pages = source.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    entries = [entry for page in pages for entry in page.get("Contents", ())]
    for entry in sorted(entries, key=lambda entry: entry["LastModified"]):
        if entry["Key"] not in there and without not in entry["Key"]:
            body = source.client("s3").get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            target.client("s3").put_object(Bucket=bucket, Key=entry["Key"], Body=body)


def commits(lake: Lake, name: str) -> list[str]:
    """Instants of the completed commits."""
    prefix = f"{raw_table(name).replace('.', '/')}/.hoodie/"
    names = [key.removeprefix(prefix) for key in lake.objects(RAW, prefix)]
    return [each.split(".")[0] for each in names if each.endswith(".commit") and "/" not in each]


def rows_of(lake: Lake, name: str) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT id, value, note FROM {raw_table(name)}"), key=repr)


def test_an_export_names_the_table_that_is_held(story: Story) -> None:
    assert story.exported.status == 0
    assert story.exported.document["held"] == {raw_table(LOG): "jr_of_the_first"}


def test_an_import_fills_tables_in_which_events_have_registered_files(story: Story) -> None:
    assert (story.imported.status, story.imported.document["epoch"]) == (0, 1)
    assert {made["written"] for made in story.again.document["tables"].values()} == {0}


def test_schedules_are_made_by_applying_what_was_imported(story: Story) -> None:
    made = story.second.client("scheduler").get_schedule(GroupName="odpf_refresh_cadences", Name=CADENCE)
    assert made["ScheduleExpression"] == SCHEDULE


def test_a_table_whose_bucket_was_copied_before_the_state_is_left_alone_and_says_so(story: Story) -> None:
    """Its ledger does not know the commit: without the new epoch its rows would be missing, and nobody would know."""
    result = results(story.too_early)[BEHIND]
    assert (story.too_early.status, result["outcome"]) == (3, "refresh_error")
    assert "the timeline at" in result["error"]
    assert commits(story.first, BEHIND)[-1] in result["error"]


@pytest.mark.parametrize(("name", "run"), [(ORDERS, "too_early"), (LOG, "too_early"), (BEHIND, "complete")])
def test_what_waited_and_what_came_is_applied_once_and_nothing_else(story: Story, name: str, run: str) -> None:
    result = results(getattr(story, run))[name]
    recovered = 1 if name == BEHIND else 0  # the commit that its ledger did not know is only written down
    assert (result["outcome"], result["files"]) == ("completed", 2 + recovered)
    assert len(commits(story.second, name)) == len(commits(story.first, name)) + 1


@pytest.mark.parametrize("name", MODES)
def test_every_table_is_what_its_source_is(story: Story, name: str) -> None:
    source = story.sources[name]
    expected = [row for _, _, row in source.history] if name == LOG else source.expected()
    assert rows_of(story.second, name) == sorted(expected, key=repr)


@pytest.mark.parametrize("name", MODES)
def test_every_file_is_done_once(story: Story, name: str) -> None:
    listed = story.second.files("--table", name)
    keys = Counter(entry["path"].split("/", 4)[4] for entry in listed)
    assert keys == Counter(story.sources[name].files)
    assert {entry["state"] for entry in listed} == {"raw_file_processed"}


@pytest.mark.parametrize("name", MODES)
def test_its_commits_are_one_line_and_its_fences_rise(story: Story, name: str) -> None:
    prefix = f"{raw_table(name).replace('.', '/')}/.hoodie"
    documents = [story.second.document(RAW, f"{prefix}/{instant}.commit") for instant in commits(story.second, name)]
    notes = [json.loads(document["extraMetadata"]["odpf.batch"]) for document in documents]
    assert [note["follows"] for note in notes] == ["", *commits(story.second, name)[:-1]]
    assert [note["fence"] for note in notes] == sorted({note["fence"] for note in notes})
    assert [note["epoch"] for note in notes] == [0, 0, 1]


def test_the_second_deployment_is_well(story: Story) -> None:
    assert story.complete.document["status"] == "SUCCEEDED"
    for entry in story.second.status().values():
        assert (entry["refresh_status"], entry["pending_files"], entry["last_error"]) == ("completed", 0, None)


def test_audit_and_deployments_came_along(story: Story) -> None:
    counted = {
        schema.name: [
            lake.client("dynamodb").scan(TableName=f"odpf_{schema.name}", Select="COUNT")["Count"]
            for lake in (story.first, story.second)
        ]
        for schema in TABLES
    }
    runs = counted["file_processing_tracker_history"]
    assert runs[1] > runs[0] >= 2 * len(MODES)
    assert counted["config_deploy_tracker"][1] >= counted["config_deploy_tracker"][0]
