"""R17: the runbook of docs/regions.md, typed as it stands there, on two instances; the test plays AWS's replication.

The primary loads, one of its job runs is killed with its leases held, another one is stopped in its sleep. The
secondary takes over, works, and gives back; the sleeper wakes up in a later epoch.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.end_to_end.lake import DATABASE, Answer, Lake, ended, table
from tests.end_to_end.processes import job_processes, kill
from tests.end_to_end.regions import Regions, bucket
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

# Three minutes of two instances and their Spark processes, ten on a busy machine.
pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

RUNBOOK = Path(__file__).parents[2] / "docs" / "regions.md"
CADENCE, ASLEEP = "10_min_refresh", "asleep"
MODES = {
    "shop.orders": {},
    "shop.log": {"table_data_versioning_type": "H"},
    "shop.parts": {"hudi_partition_key": "note"},
}
CADENCE_OF = {**dict.fromkeys(MODES, CADENCE), "shop.asleep": ASLEEP}
RAW_TABLE = {name: name.replace(".", "_") for name in CADENCE_OF}


class Story(NamedTuple):
    """What was put, what the secondary and in the end the primary answered, and how the sleeper ended."""

    regions: Regions
    sources: dict[str, Source]
    taken_over: dict[str, list[dict[str, Any]]]
    in_the_end: dict[str, list[dict[str, Any]]]
    sleeper: Answer
    commits_before_it_woke: list[str]
    commits_after: list[str]
    secondary_before: list[dict[str, Any]]
    secondary_after: list[dict[str, Any]]
    standing_by: str


def blocks(section: str) -> list[str]:
    text = RUNBOOK.read_text().split(f"## {section}\n", 1)[1].split("\n## ", 1)[0]
    return re.findall(r"^```bash\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    regions = Regions(tmp_path_factory.mktemp("regions"))
    try:
        regions.up()
        yield tell(regions)
    finally:
        regions.down()


def tell(regions: Regions) -> Story:
    primary, secondary = regions.lakes["primary"], regions.lakes["secondary"]
    sources = {name: Source(name) for name in CADENCE_OF}
    (regions.operator / "tables.yaml").write_text(yaml.safe_dump(configuration()))

    named, standing_by = blocks("Set up")
    regions.type(named)
    regions.replicate("primary")
    told = regions.type(standing_by)
    for source in sources.values():
        put(primary, "primary", *source.load([row | {"note": f"part {row['id'] % 3}"} for row in rows(9)]))
    assert {primary.run(cadence).document["status"] for cadence in (CADENCE, ASLEEP)} == {"SUCCEEDED"}
    regions.replicate("primary")

    change(primary, "primary", sources, 1)
    sleeper, pid = fall_asleep(primary)
    die_after_a_commit(primary)
    change(primary, "primary", sources, 2)
    eventually(lambda: len(primary.files("--state", "raw_file_landed")) >= len(sources))
    regions.replicate("primary")

    for block in blocks("Fail over"):
        regions.type(block)
    assert secondary.run(ASLEEP).status == 0
    taken_over = {name: rows_of(secondary, name) for name in sources}
    change(secondary, "secondary", sources, 3)
    assert {secondary.run(cadence).document["status"] for cadence in (CADENCE, ASLEEP)} == {"SUCCEEDED"}

    regions.replicate("secondary")
    before, secondary_before = commits(primary, "primary", "shop.asleep"), rows_of(secondary, "shop.asleep")
    os.killpg(pid, signal.SIGCONT)
    answer = ended(sleeper)
    regions.replicate("secondary")
    after, secondary_after = commits(primary, "primary", "shop.asleep"), rows_of(secondary, "shop.asleep")

    caught_up, gives_away, goes_on = blocks("Give back")
    regions.type(caught_up)
    regions.type(gives_away)
    regions.replicate("secondary")
    regions.mirror_raw("secondary")
    regions.type(goes_on)
    change(primary, "primary", sources, 4)
    assert {primary.run(cadence).document["status"] for cadence in (CADENCE, ASLEEP)} == {"SUCCEEDED"}
    regions.replicate("primary")
    return Story(
        regions=regions,
        sources=sources,
        taken_over=taken_over,
        in_the_end={name: rows_of(primary, name) for name in sources},
        sleeper=answer,
        commits_before_it_woke=before,
        commits_after=after,
        secondary_before=secondary_before,
        secondary_after=secondary_after,
        standing_by=told,
    )


def configuration() -> dict[str, Any]:
    return {
        "cadences": [{"refresh_cadence": cadence} for cadence in (CADENCE, ASLEEP)],
        "tables": [table(name, cadence, **MODES.get(name, {})) for name, cadence in CADENCE_OF.items()],
    }


def put(lake: Lake, place: str, key: str, content: bytes) -> None:
    lake.put(key, content, bucket=bucket(place, "staging"))


def change(lake: Lake, place: str, sources: dict[str, Source], number: int) -> None:
    """One file per table: a row gets the number, one comes, one goes."""
    for source in sources.values():
        source.update(id=1, value=number)
        source.insert(id=100 + number, value=number, note=f"part {number % 3}")
        source.delete(id=1 + number)
        put(lake, place, *source.changes())


def fall_asleep(lake: Lake) -> tuple[subprocess.Popen[str], int]:
    """A run whose job process is stopped when it has its table and has not written to it."""
    process = lake.begin_run(ASLEEP)
    (pid,) = eventually(lambda: job_processes(f"{ASLEEP}-"), 120)
    key = {"raw_table_name": {"S": f"{DATABASE}.shop_asleep"}}
    dynamodb = lake.client("dynamodb")
    eventually(
        lambda: "lease_owner" in dynamodb.get_item(TableName="odpf_file_processing_tracker", Key=key)["Item"], 60, 0.01
    )
    os.killpg(pid, signal.SIGSTOP)
    return process, pid


def die_after_a_commit(lake: Lake) -> None:
    """A run whose job process is killed right after a commit, with all its tables held."""

    def completed() -> list[str]:
        return [key for name in MODES for key in commits(lake, "primary", name)]

    before = len(completed())
    process = lake.begin_run(CADENCE)
    (pid,) = eventually(lambda: job_processes(f"{CADENCE}-"), 120)
    eventually(lambda: len(completed()) > before, 180, pause=0.01)
    kill(pid)
    assert ended(process).status != 0


def commits(lake: Lake, place: str, name: str) -> list[str]:
    prefix = f"{DATABASE}/{RAW_TABLE[name]}/.hoodie/"
    keys = lake.objects(bucket(place, "raw"), prefix)
    return [key for key in keys if key.endswith("commit") and key.count("/") == prefix.count("/")]


def rows_of(lake: Lake, name: str) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT id, value, note FROM {DATABASE}.{RAW_TABLE[name]}"), key=repr)


def notes(story: Story, name: str) -> list[dict[str, Any]]:
    lake = story.regions.lakes["primary"]
    found = [lake.document(bucket("primary", "raw"), key) for key in commits(lake, "primary", name)]
    return [json.loads(commit["extraMetadata"]["odpf.batch"]) for commit in found]


def test_the_secondary_region_stands_by_until_it_is_named(story: Story) -> None:
    assert "active Region is eu-west-1" in " ".join(story.standing_by.split())


@pytest.mark.parametrize("name", CADENCE_OF)
def test_in_the_end_every_table_is_what_it_would_be_in_one_region(story: Story, name: str) -> None:
    source = story.sources[name]
    expected = [row for _, _, row in source.history] if name == "shop.log" else source.expected()
    assert story.in_the_end[name] == sorted(expected, key=repr)


@pytest.mark.parametrize("name", CADENCE_OF)
def test_the_secondary_region_finished_what_the_primary_had_begun(story: Story, name: str) -> None:
    ids = {row["id"] for row in story.taken_over[name]}
    assert {101, 102} <= ids
    assert 103 not in ids
    assert max(row["value"] for row in story.taken_over[name] if row["id"] == 1) == (10 if name == "shop.log" else 2)


@pytest.mark.parametrize("name", CADENCE_OF)
@pytest.mark.parametrize("place", ["primary", "secondary"])
def test_every_file_is_in_history_once_in_both_regions(story: Story, name: str, place: str) -> None:
    listed = story.regions.lakes[place].files("--table", name)
    keys = Counter(entry["path"].split("/", 3)[3] for entry in listed)
    assert keys == Counter(f"internal_staging/{key}" for key in story.sources[name].files)
    assert {entry["state"] for entry in listed} == {"raw_file_processed"}
    assert len({entry["file_id"] for entry in listed}) == len(listed)


@pytest.mark.parametrize("name", CADENCE_OF)
def test_the_commits_of_both_regions_are_one_line(story: Story, name: str) -> None:
    found = notes(story, name)
    lake = story.regions.lakes["primary"]
    instants = [key.rsplit("/", 1)[-1].split(".")[0] for key in commits(lake, "primary", name)]
    assert [note["follows"] for note in found] == ["", *instants[:-1]]
    assert [note["epoch"] for note in found] == sorted(note["epoch"] for note in found)
    assert {note["epoch"] for note in found} == {1, 2, 3}
    fences = [note["fence"] for note in found]
    assert fences == sorted(set(fences))
    assert len({note["batch_id"] for note in found}) == len(found)


def test_a_job_run_that_wakes_up_in_a_later_epoch_stops_and_changes_nothing(story: Story) -> None:
    (result,) = story.sleeper.document["tables"]
    assert (story.sleeper.status, result["outcome"]) == (1, "refresh_error")
    assert re.search(r"planned in epoch 1 in eu-west-1|later epoch than 1", result["error"])
    assert set(story.commits_before_it_woke) == set(story.commits_after)
    assert story.secondary_before == story.secondary_after


def test_no_table_stays_locked_or_pending(story: Story) -> None:
    for place in ("primary", "secondary"):
        found = story.regions.lakes[place].status()
        assert {entry["refresh_status"] for entry in found.values()} == {"completed"}
        assert {entry["pending_files"] for entry in found.values()} == {0}
        assert {entry["last_error"] for entry in found.values()} == {None}
