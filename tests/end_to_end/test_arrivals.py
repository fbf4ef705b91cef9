"""How files arrive: twice, never announced, with strange names, among messages that are none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lake import DATABASE, FOLDER, STAGING, Answer, Lake, results, table
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

CADENCE = "arrivals"
QUEUE = "odpf_staging_events"
PENDING, DONE = "odpf_file_tracker", "odpf_file_tracker_history"
POISON = '{"source": "somebody.else", "detail": {}}'
ODD_SCHEMA, ODD_TABLE = "Odd Schöma +%2B&", "t.a"
ODD_NAME = "Odd Schöma +%252B&.t%2Ea"
LOOKALIKES = {"arrivals_x.y": "x_y_1", "arrivals.x_y": "x_y_2", "Arrivals.x_y": "x_y_3", "arrivals%2Ex.y": "x_y_4"}


class Arrivals(NamedTuple):
    """What was put, and what became of it."""

    doubled: Source
    doubled_event: str
    nine: Source
    lost: Source
    odd: Source
    alike: dict[str, Source]
    before: dict[str, list[dict[str, Any]]]
    run: Answer
    second_run: Answer


@pytest.fixture(scope="module")
def arrivals(lake: Lake) -> Arrivals:
    doubled, nine, lost = Source("arrivals.doubled"), Source("arrivals.nine"), Source("arrivals.lost")
    odd = Source(ODD_NAME)
    odd.folder = f"{ODD_SCHEMA}/{ODD_TABLE}"
    alike = {name: Source(name) for name in LOOKALIKES}
    names = [doubled.name, nine.name, lost.name]
    tables = [table(name, CADENCE) for name in names]
    tables += [table(name, CADENCE, raw_table_name=raw) for name, raw in (LOOKALIKES | {ODD_NAME: "odd"}).items()]
    assert (
        lake.apply(
            {"cadences": [{"refresh_cadence": CADENCE, "refresh_tables_batch_size": 20}], "tables": tables}
        ).status
        == 0
    )

    event = put_twice(lake, doubled)
    put_with_odd_keys(lake, odd)
    for number, (name, source) in enumerate(alike.items()):
        source.folder = name.replace(".", "/").replace("%2E", ".")
        lake.put(*source.load([{"id": number, "note": name}]))
    with no_events(lake):
        lake.put(*lost.load(rows(2)))
        lake.put(*nine.load(rows(9)))
        for number in range(1, 9):
            nine.update(id=number, note="changed")
            lake.put(*nine.changes())
    send(lake, *[event_of(lake, key) for key in nine.files], POISON)
    eventually(lambda: len(lake.items(PENDING, nine.name)) == 9 and len(lake.items(PENDING, odd.name)) == 6)
    before = {name: lake.items(PENDING, name) for name in names}
    run = lake.run(CADENCE)

    send(lake, event, event)
    lake.put(
        doubled.files[0],
        lake.client("s3").get_object(Bucket=STAGING, Key=f"{FOLDER}/{doubled.files[0]}")["Body"].read(),
    )
    eventually(lambda: waiting_messages(lake, QUEUE) == 0)
    return Arrivals(doubled, event, nine, lost, odd, alike, before, run, lake.run(CADENCE))


def put_twice(lake: Lake, source: Source) -> str:
    """The same object twice, and its event three times more."""
    key, content = source.load(rows(2))
    lake.put(key, content)
    eventually(lambda: lake.items(PENDING, source.name))
    lake.put(key, content)
    event = event_of(lake, key)
    send(lake, event, event, event)
    return event


def put_with_odd_keys(lake: Lake, source: Source) -> None:
    """A full load, and changes below folders with every sign that somebody decodes once too often."""
    lake.put(*source.load(rows(6)))
    room = 1024 - len(f"{FOLDER}/{source.folder}//20260131-000000000.parquet".encode())
    for number, folder in enumerate(("a b", "a+b", "%41%2F%", "ü€/日本/😀", "x" * room), 1):
        source.update(id=number, note=f"folder {number}")
        lake.put(*source.changes(folder))
    for folder in (f"{source.folder}/..", f"{source.folder}/", "arrivals", "../arrivals/doubled"):
        lake.put(f"{folder}/20260131-000000000.parquet", b"from nowhere")
    for name in ("_SUCCESS", "notes.txt", ".20260131-000000000.parquet", "_tmp-20260131.parquet"):
        lake.put(f"{source.folder}/{name}", b"no file of DMS")


def event_of(lake: Lake, key: str) -> str:
    """The event that EventBridge makes of an object."""
    key = f"{FOLDER}/{key}"
    head = lake.client("s3").head_object(Bucket=STAGING, Key=key)
    described = {"key": key, "size": head["ContentLength"], "etag": head["ETag"].strip('"'), "sequencer": "00"}
    return json.dumps(
        {
            "version": "0",
            "id": "17793124-05d4-b198-2fde-7ededc63b103",
            "detail-type": "Object Created",
            "source": "aws.s3",
            "account": "123456789012",
            "time": "2026-01-31T10:15:31Z",
            "region": "eu-west-1",
            "resources": [f"arn:aws:s3:::{STAGING}"],
            "detail": {"version": "0", "bucket": {"name": STAGING}, "object": described, "reason": "PutObject"},
        }
    )


def send(lake: Lake, *bodies: str) -> None:
    """One SendMessageBatch, so that the messages are delivered together."""
    entries = [{"Id": str(number), "MessageBody": body} for number, body in enumerate(bodies)]
    sqs = lake.client("sqs")
    url = sqs.get_queue_url(QueueName=QUEUE)["QueueUrl"]
    assert not sqs.send_message_batch(QueueUrl=url, Entries=entries).get("Failed")


@contextmanager
def no_events(lake: Lake) -> Iterator[None]:
    """Events of the staging bucket go nowhere."""
    events = lake.client("events")
    targets = events.list_targets_by_rule(Rule=QUEUE)["Targets"]
    events.remove_targets(Rule=QUEUE, Ids=[target["Id"] for target in targets])
    try:
        yield
    finally:
        events.put_targets(Rule=QUEUE, Targets=targets)


def waiting_messages(lake: Lake, queue: str) -> int:
    sqs = lake.client("sqs")
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    url = sqs.get_queue_url(QueueName=queue)["QueueUrl"]
    return sum(int(n) for n in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values())


def stored(lake: Lake, raw_table: str) -> list[dict[str, Any]]:
    return sorted(lake.query(f"SELECT id, value, note FROM {DATABASE}.{raw_table}"), key=repr)


def test_the_same_file_and_event_any_number_of_times_is_one_pending_file(arrivals: Arrivals) -> None:
    (item,) = arrivals.before["arrivals.doubled"]
    assert item["file_ingestion_status"] == "raw_file_landed"
    assert results(arrivals.run)["arrivals.doubled"]["rows_inserted"] == 2


def test_the_same_file_and_event_after_its_run_changes_nothing(lake: Lake, arrivals: Arrivals) -> None:
    assert arrivals.second_run.document["status"] == "NOTHING_TO_DO"
    assert lake.job_runs(arrivals.second_run.document["run_id"]) == []
    (file,) = lake.files("--table", "arrivals.doubled")
    assert (file["state"], file["run_id"]) == ("raw_file_processed", arrivals.run.document["run_id"])
    assert stored(lake, "arrivals_doubled") == arrivals.doubled.expected()


def test_files_whose_events_were_lost_are_found_by_the_next_run(lake: Lake, arrivals: Arrivals) -> None:
    assert arrivals.before["arrivals.lost"] == []
    assert results(arrivals.run)["arrivals.lost"]["files"] == 1
    assert stored(lake, "arrivals_lost") == arrivals.lost.expected()


def test_a_poison_message_among_ten_keeps_the_other_nine_from_nothing(lake: Lake, arrivals: Arrivals) -> None:
    assert len(arrivals.before["arrivals.nine"]) == 9
    assert stored(lake, "arrivals_nine") == arrivals.nine.expected()
    eventually(lambda: waiting_messages(lake, f"{QUEUE}_dlq") == 1, 120)
    sqs = lake.client("sqs")
    url = sqs.get_queue_url(QueueName=f"{QUEUE}_dlq")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=url, VisibilityTimeout=0)["Messages"]
    assert message["Body"] == POISON


def test_keys_with_every_sign_lead_to_the_object_they_name(lake: Lake, arrivals: Arrivals) -> None:
    result = results(arrivals.run)[ODD_NAME]
    assert (result["outcome"], result["files"], result["files_quarantined"]) == ("completed", 6, 0)
    assert stored(lake, "odd") == arrivals.odd.expected()
    paths = {file["path"] for file in lake.files("--table", ODD_NAME)}
    assert paths == {f"s3://{STAGING}/{FOLDER}/{key}" for key in arrivals.odd.files}


def test_files_at_places_of_no_table_are_quarantined_with_the_reason(lake: Lake, arrivals: Arrivals) -> None:
    nowhere = lake.files("--table", "?")
    assert len([file for file in nowhere if ODD_SCHEMA in file["path"]]) == 2
    assert {file["path"] for file in nowhere} >= {
        f"s3://{STAGING}/{FOLDER}/arrivals/20260131-000000000.parquet",
        f"s3://{STAGING}/{FOLDER}/../arrivals/doubled/20260131-000000000.parquet",
    }
    assert {file["state"] for file in nowhere} == {"quarantined"}
    assert all("No table can be told" in file["reason"] for file in nowhere)


def test_tables_with_names_that_look_alike_never_mix(lake: Lake, arrivals: Arrivals) -> None:
    for name, raw in LOOKALIKES.items():
        assert stored(lake, raw) == arrivals.alike[name].expected()
        assert results(arrivals.run)[name]["files"] == 1
