"""The job's process is killed at moments of every kind: the next run ends where it would have ended anyway (R6).

Five runs are killed, each with new files for every table; an operator's is left alone. A reader asks all the time.
"""

from __future__ import annotations

import json
import random
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from tests.end_to_end.lake import ARTIFACTS, DATABASE, RAW, Answer, Lake, ended, results, table
from tests.end_to_end.processes import job_processes, kill
from tests.end_to_end.source import Source, rows
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.soak  # minutes of killed processes; `make faults` kills at every step

CADENCE = "killed"
TABLES = ("killed.plain", "killed.parts", "killed.history", "killed.other")
MORE: dict[str, dict[str, str]] = {
    "killed.plain": {"engine": "spark"},
    "killed.parts": {"hudi_partition_key": "note", "engine": "arrow"},
    "killed.history": {"table_data_versioning_type": "H", "engine": "spark"},
    "killed.other": {"engine": "arrow"},
}
ROWS = 20
SEED = 20260131


class Killed(NamedTuple):
    """What was put, how each run ended, and what the reader saw meanwhile."""

    sources: dict[str, Source]
    killed: dict[str, Answer]
    last: Answer
    seen: dict[str, list[tuple[int, ...]]]
    reader_errors: list[str]


@pytest.fixture(scope="module")
def killed(lake: Lake) -> Killed:
    sources = {name: Source(name) for name in TABLES}
    tables = [table(name, CADENCE, **MORE.get(name, {})) for name in TABLES]
    assert lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": tables}).status == 0
    for source in sources.values():
        lake.put(*source.load([row | {"value": 0, "note": f"part {row['id'] % 3}"} for row in rows(ROWS)]))
    chance = random.Random(SEED)
    answers = {}
    with Reader(lake) as reader:
        for number, (name, moment) in enumerate(moments(lake, chance).items(), 1):
            answers[name] = killed_run(lake, moment)
            change(lake, sources, number)
        last = lake.run(CADENCE, "--with-set-aside")  # as after five deaths in a row a table is set aside
        asked = reader.asked
        eventually(lambda: reader.asked > asked + len(Reader.TABLES))
    return Killed(sources, answers, last, reader.seen, reader.errors)


def change(lake: Lake, sources: dict[str, Source], number: int) -> None:
    """One file per table in which every row gets the file's number, and one row comes or goes."""
    for source in sources.values():
        for key in range(1, ROWS + 1):
            source.update(id=key, value=number)
        if number % 2:
            source.insert(id=1000, value=number, note="part 3")
        else:
            source.delete(id=1000)
        lake.put(*source.changes())


def moments(lake: Lake, chance: random.Random) -> dict[str, Callable[[], object]]:
    """Each waits for the moment to kill. Black box: only what S3 shows, and time."""
    made = Made(lake)
    return {
        "while the first load is written": made.when_more(".inflight"),
        "right after a commit": made.when_more("commit"),
        "after the intent": made.when_more(".requested"),
        "a little after a commit": made.when_more("commit", chance.uniform(0.05, 0.4)),
        "at any time": lambda: time.sleep(chance.uniform(2.0, 9.0)),
    }


class Made(NamedTuple):
    """Watches for new objects of the tables."""

    lake: Lake

    def when_more(self, ending: str, seconds: float = 0.0) -> Callable[[], object]:
        """Waits for a new object below a table, the first of which comes right behind the intent."""

        def objects() -> set[str]:
            return {key for key in self.lake.objects(RAW, f"{DATABASE}/killed_") if key.endswith(ending)}

        def wait() -> None:
            before = objects()
            eventually(lambda: objects() - before, 180, pause=0.01)
            time.sleep(seconds)

        return wait


def killed_run(lake: Lake, moment: Callable[[], object]) -> Answer:
    """A run whose job processes are killed at the moment: several, where a table batch that died was divided."""
    process: subprocess.Popen[str] = lake.begin_run(CADENCE)
    eventually(lambda: job_processes(f"{CADENCE}-"), 120)
    moment()
    for pid in job_processes(f"{CADENCE}-"):
        kill(pid)
    return ended(process)


class Reader:
    """Asks Athena again and again which numbers the rows of each snapshot table have, and how many rows have each."""

    TABLES = tuple(name for name in TABLES if "table_data_versioning_type" not in MORE.get(name, {}))

    def __init__(self, lake: Lake) -> None:
        self._lake = lake
        self.seen: dict[str, list[tuple[int, ...]]] = {name: [] for name in self.TABLES}
        self.errors: list[str] = []
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read)

    @property
    def asked(self) -> int:
        """How many answers there were, errors too."""
        return len(self.errors) + sum(map(len, self.seen.values()))

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def _read(self) -> None:
        while not self._ending.is_set():
            for name in self.TABLES:
                self._ask(name)
                self._ending.wait(0.3)

    def _ask(self, name: str) -> None:
        athena = self._lake.client("athena")
        raw_table = name.replace(".", "_")
        query = athena.start_query_execution(
            QueryString=f"SELECT value, count(*) FROM {DATABASE}.{raw_table} WHERE id <= {ROWS} GROUP BY value",
            ResultConfiguration={"OutputLocation": f"s3://{ARTIFACTS}/reader/"},
        )["QueryExecutionId"]
        status = eventually(lambda: self._status(query))
        if status["State"] == "SUCCEEDED":
            answer = athena.get_query_results(QueryExecutionId=query)["ResultSet"]["Rows"][1:]
            self.seen[name].append(tuple(int(cell["VarCharValue"]) for row in answer for cell in row["Data"]))
        else:
            self.errors.append(status["StateChangeReason"])

    def _status(self, query: str) -> dict[str, Any] | None:
        described = self._lake.client("athena").get_query_execution(QueryExecutionId=query)
        status: dict[str, Any] = described["QueryExecution"]["Status"]
        return status if status["State"] in ("SUCCEEDED", "FAILED") else None


def commits(lake: Lake, name: str) -> list[dict[str, Any]]:
    """ODPF's note of every completed commit of a table, oldest first."""
    prefix = f"{DATABASE}/{name.replace('.', '_')}/.hoodie/"
    keys = [k for k in lake.objects(RAW, prefix) if k.endswith("commit") and k.count("/") == prefix.count("/")]
    found = [lake.document(RAW, key)["extraMetadata"].get("odpf.batch") for key in sorted(keys)]
    return [json.loads(note) for note in found if note]


def files_of(note: dict[str, Any]) -> list[str]:
    """Keys of the files that a commit's file batch applied."""
    return [record["file"]["key"] for record in note["file_batch"]["records"]]


def test_a_killed_run_reports_the_tables_it_did_not_finish(killed: Killed) -> None:
    for answer in killed.killed.values():
        outcomes = {name: result["outcome"] for name, result in results(answer).items()}
        lost = [name for name, outcome in outcomes.items() if outcome == "refresh_error"]
        assert set(outcomes) == set(TABLES)
        assert set(outcomes.values()) <= {"refresh_error", "completed"}
        assert (answer.status, answer.document["status"]) == {
            0: (0, "SUCCEEDED"),  # the kill came when all tables were done
            len(TABLES): (1, "FAILED"),
        }.get(len(lost), (3, "PARTIAL"))
        assert all("next run goes on" in results(answer)[name]["error"] for name in lost)
    assert sum(answer.status != 0 for answer in killed.killed.values()) >= 3


def test_the_next_run_that_is_left_alone_succeeds(killed: Killed) -> None:
    assert (killed.last.status, killed.last.document["status"]) == (0, "SUCCEEDED")


@pytest.mark.parametrize("name", TABLES)
def test_the_lake_holds_what_it_would_hold_without_the_kills(lake: Lake, killed: Killed, name: str) -> None:
    found = lake.query(f"SELECT id, value, note FROM {DATABASE}.{name.replace('.', '_')}")
    source = killed.sources[name]
    expected = [row for _, _, row in source.history] if name == "killed.history" else source.expected()
    assert sorted(found, key=repr) == sorted(expected, key=repr)


@pytest.mark.parametrize("name", TABLES)
def test_every_file_is_in_exactly_one_commit_and_once_in_history(lake: Lake, killed: Killed, name: str) -> None:
    notes = commits(lake, name)
    assert max(Counter(note["batch_id"] for note in notes).values()) == 1
    applied = Counter(key for note in notes for key in files_of(note))
    assert applied == Counter(f"internal_staging/{key}" for key in killed.sources[name].files)
    listed = lake.files("--table", name)
    assert Counter(entry["path"].split("/", 3)[3] for entry in listed) == applied
    assert {entry["state"] for entry in listed} == {"raw_file_processed"}
    assert {entry["batch_id"] for entry in listed} == {note["batch_id"] for note in notes}


@pytest.mark.parametrize("name", TABLES)
def test_fences_never_fall_and_high_water_marks_never_go_back(lake: Lake, killed: Killed, name: str) -> None:
    notes = commits(lake, name)
    fences, marks = [note["fence"] for note in notes], [note["high_water_mark"] for note in notes]
    assert fences == sorted(set(fences))
    assert marks == sorted(marks)


def test_no_table_stays_locked(lake: Lake, killed: Killed) -> None:
    found = lake.status()
    assert {found[name]["refresh_status"] for name in TABLES} == {"completed"}
    assert {found[name]["pending_files"] for name in TABLES} == {0}
    assert {found[name]["last_error"] for name in TABLES} == {None}


@pytest.mark.parametrize("name", Reader.TABLES)
def test_a_reader_saw_only_whole_commits_and_never_an_older_one(killed: Killed, name: str) -> None:
    answers = killed.seen[name]
    assert [answer for answer in answers if len(answer) != 2 or answer[1] != ROWS] == []
    numbers = [number for number, _ in answers]
    assert numbers == sorted(numbers)
    assert numbers[-1] == len(killed.killed)


def test_a_reader_is_refused_only_before_the_table_exists(killed: Killed) -> None:
    assert all("TABLE_NOT_FOUND" in error for error in killed.reader_errors)
