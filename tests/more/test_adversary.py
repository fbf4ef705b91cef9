"""An adversary between a real database and the lake: every mode, compared row by row with a replay of what was delivered.

Transactions in MariaDB become DMS files; the adversary delays, reorders, repeats, splits and corrupts them. Only the
database, S3 and `odpf` commands are used; tables are read with hudi-rs. In the end, when everything has come, the
snapshots are the database's own rows.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa
from hudi import HudiTableBuilder

from odpf.clock import iso
from odpf.table_config import RECOMMENDED_EXTRAS
from tests.end_to_end.lake import RAW, STAGING, Lake, results
from tests.engines.lake import storage_options
from tests.more.server import Mariadb, running
from tests.reference.oracle import Change, File, Mode, Replay
from tests.reference.plain_values import plain_rows

pytestmark = [pytest.mark.soak, pytest.mark.timeout(3600)]

SCHEMA, DATABASE, CADENCE = "adversary", "adversary_raw", "adversary"
MODES: dict[str, tuple[Mode, dict[str, Any]]] = {
    "snapshot": (Mode.HARD, {}),
    "parted": (Mode.HARD, {"hudi_partition_key": "part"}),
    "merged": (Mode.HARD, {"hudi_table_type": "merge_on_read"}),
    "differing": (Mode.HARD, {"reload_mode": "difference"}),
    "marked": (Mode.SOFT, {"delete_mode": "soft"}),
    "history": (Mode.HISTORY, {"table_data_versioning_type": "H"}),
    "logged": (
        Mode.HISTORY,
        {"table_data_versioning_type": "H", "cdc_stream_position_column": "CDC_STREAM_POSITION"},
    ),
    "versions": (
        Mode.VALIDITY,
        {"table_data_versioning_type": "V", "cdc_commit_timestamp_column": "CDC_COMMIT_TIMESTAMP"},
    ),
}
OWN = {
    Mode.HARD: (),
    Mode.SOFT: ("_odpf_is_deleted",),
    Mode.HISTORY: (),
    Mode.VALIDITY: ("_odpf_valid_from", "_odpf_valid_to", "_odpf_is_current"),
}
SEQUENCE, COMMIT = "cdc_timestamp_seq", "cdc_commit_timestamp"
ROUNDS, RELOADED_IN = 6, 4
SEED = int(os.environ.get("ODPF_TEST_SEED", "20260131"))
TEXTS = ("", "a", "ü", "🚕", "it's", "x,y:z", " ", "%2F", "null", "0", "\\")
COLUMNS = ("a", "b", "part", "v", "n", "at")


class Adversary:
    """One table's files between source and lake.

    Args:
        lake: where they go.
        name: of the table.
        random: what is done to them.
    """

    def __init__(self, lake: Lake, name: str, random: Random) -> None:
        self.name, self._lake, self._random = name, lake, random
        mode, options = MODES[name]
        self.mode = mode
        self.replay = Replay(
            ["a", "b"],
            mode=mode,
            difference=options.get("reload_mode") == "difference",
            commit_time=COMMIT if mode is Mode.VALIDITY else None,
            stream_position=options.get("cdc_stream_position_column", "").lower() or None,
            of_changes=[SEQUENCE, "cdc_operation", *RECOMMENDED_EXTRAS],
        )
        self._held: list[tuple[str, bytes]] = []
        self._delivered: list[tuple[str, bytes]] = []
        self._waiting: list[File] = []
        self.generation = 0
        self.bad = self._names = 0

    def take(self, files: Sequence[Path]) -> None:
        """Take what the source wrote; loads go on at once."""
        for path in sorted(files):
            if path.name.startswith("LOAD"):
                self.generation += path.name == "LOAD00000001.parquet"
                self._deliver(path.name, path.read_bytes())
            else:
                self._held += self._split(path.name, path.read_bytes())

    def release(self, *, everything: bool) -> None:
        """Deliver some of what is held, in any order; some again, under its name or a new one; some of it broken."""
        random = self._random
        random.shuffle(self._held)
        count = len(self._held) if everything else random.randint(0, len(self._held))
        taken, self._held = self._held[:count], self._held[count:]
        for name, content in taken:
            if random.random() < 0.2:
                self._lake.put(self._key(self._new_name("2099")), content[: random.randrange(len(content))])
                self.bad += 1
            self._deliver(name, content)
        for name, content in self._delivered:
            if random.random() < 0.1:
                self._deliver(name, content, again=True)
            elif random.random() < 0.1:
                self._deliver(self._new_name(), content)
        self._delivered += taken

    def ran(self, result: dict[str, Any] | None) -> None:
        """Compare the counts of a run, and the table, with the replay."""
        counted = self.replay.apply(self._waiting)
        was_something, self._waiting = bool(self._waiting), []
        if result is not None and was_something:
            assert result["outcome"] == "completed", result["error"]
            found = {kind: result[f"rows_{kind}"] for kind in ("read", "inserted", "updated", "deleted", "late")}
            assert found == {kind: counted[kind] for kind in found}, (self.name, result, counted)
        assert plain_rows(self._seen()) == plain_rows(self._expected()), self.name

    def rows(self) -> list[dict[str, Any]]:
        """The source's columns of the rows that are there, or current."""
        rows = self._all()
        if self.mode is Mode.SOFT:
            rows = [row for row in rows if not row["_odpf_is_deleted"]]
        elif self.mode is Mode.VALIDITY:
            rows = [row for row in rows if row["_odpf_is_current"]]
        return [{name: row[name] for name in COLUMNS} for row in rows]

    def _deliver(self, name: str, content: bytes, *, again: bool = False) -> None:
        key = self._lake.put(self._key(name), content)
        is_load = name.startswith("LOAD")
        if not again:  # the same object is no new file
            began = self._written(key) if is_load else None
            self._waiting.append(File(name, max(1, self.generation), changes_of(content), is_load, began))

    def _written(self, key: str) -> datetime:
        """When an object was put, by S3's clock, as a listing tells it."""
        (entry,) = self._lake.client("s3").list_objects_v2(Bucket=STAGING, Prefix=key)["Contents"]
        return datetime.fromisoformat(iso(entry["LastModified"]))

    def _split(self, name: str, content: bytes) -> list[tuple[str, bytes]]:
        """One file, or two of it that both have some of its rows."""
        table = pq.read_table(io.BytesIO(content))
        if table.num_rows < 2 or self._random.random() < 0.6:
            return [(name, content)]
        mask = [self._random.random() < 0.5 for _ in range(table.num_rows)]
        parts = [table.filter(pa.array([each is side for each in mask])) for side in (True, False)]
        return [(self._new_name(), parquet(part)) for part in parts]

    def _new_name(self, year: str = "2026") -> str:
        """A name as DMS gives them, that no other file has."""
        self._names += 1
        return f"{year}0131-{900_000_000 + self._names:09d}.parquet"

    def _key(self, name: str) -> str:
        return f"{SCHEMA}/{self.name}/{name}"

    def _all(self) -> list[dict[str, Any]]:
        storage = storage_options(self._lake.environment)
        table = HudiTableBuilder.from_base_uri(f"s3://{RAW}/{DATABASE}/{self.name}").with_options(storage).build()
        names = table.get_schema().names
        return [{name: row.get(name) for name in names} for batch in table.read() for row in batch.to_pylist()]

    def _seen(self) -> list[dict[str, Any]]:
        kept = (*COLUMNS, SEQUENCE, *OWN[self.mode])
        operation = {"_odpf_operation": "operation"} if self.mode is Mode.HISTORY else {}
        return [
            {name: row[name] for name in kept} | {told: row[name] for name, told in operation.items()}
            for row in self._all()
        ]

    def _expected(self) -> list[dict[str, Any]]:
        kept = (*COLUMNS, SEQUENCE, *OWN[self.mode])
        if self.mode is Mode.HISTORY:
            changes = self.replay.changes()
            return [{**{name: row.get(name) for name in kept}, "operation": letter} for letter, _, _, row in changes]
        return [{name: row.get(name) for name in kept} for row in self.replay.rows()]


def changes_of(content: bytes) -> tuple[Change, ...]:
    """The rows of a file as the oracle takes them, names in lower case."""
    rows = pq.read_table(io.BytesIO(content)).to_pylist()
    made = []
    for row in rows:
        values = {name.lower(): value for name, value in row.items() if name != "Op"}
        made.append(Change(row.get("Op") or "I", values.get(SEQUENCE) or "", values))
    return tuple(made)


def parquet(table: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(table, out, store_schema=False)
    return out.getvalue()


class Source:
    """Tables of one shape in MariaDB, changed by random transactions."""

    def __init__(self, engine: sa.Engine, random: Random) -> None:
        self._engine, self._random = engine, random
        with engine.begin() as connection:
            connection.exec_driver_sql(f"DROP DATABASE IF EXISTS {SCHEMA}")
            connection.exec_driver_sql(f"CREATE DATABASE {SCHEMA} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin")
            for name in MODES:
                connection.exec_driver_sql(
                    f"CREATE TABLE {SCHEMA}.{name} (a INT, b VARCHAR(20), part VARCHAR(20), v VARCHAR(50), n DECIMAL(20,4), "
                    "at DATETIME(6), PRIMARY KEY (a, b))"
                )

    def change(self, transactions: int) -> None:
        """Random transactions over all tables; some are rolled back."""
        random = self._random
        for _ in range(transactions):
            with self._engine.connect() as connection:
                for _ in range(random.randint(1, 5)):
                    self._statement(connection, random.choice(list(MODES)))
                connection.rollback() if random.random() < 0.1 else connection.commit()

    def rows(self, name: str) -> list[dict[str, Any]]:
        """What the database holds."""
        with self._engine.connect() as connection:
            found = connection.exec_driver_sql(f"SELECT {', '.join(COLUMNS)} FROM {SCHEMA}.{name}")
            return [dict(row._mapping) for row in found]

    def _statement(self, connection: sa.Connection, name: str) -> None:
        random = self._random
        table, key = f"{SCHEMA}.{name}", {"a": random.randrange(-2, 8), "b": f"k{random.choice(TEXTS)}"}
        row = key | {
            "part": random.choice(["p", "q/r", "ü=%", None]),
            "v": random.choice(TEXTS),
            "n": random.choice([None, "0.0001", "-9999999999999999.9999", "1.5"]),
            "at": random.choice(
                [None, "1000-01-01 00:00:00", "2026-01-31 12:00:00.123456", "9999-12-31 23:59:59.999999"]
            ),
        }
        kind = random.choice(["insert", "insert", "update", "update", "delete", "rekey", "burst"])
        where = "WHERE a = %(a)s AND b = %(b)s"
        changed = "part = %(part)s, v = %(v)s, n = %(n)s, at = %(at)s"
        put = f"INSERT INTO {table} VALUES (%(a)s, %(b)s, %(part)s, %(v)s, %(n)s, %(at)s) ON DUPLICATE KEY UPDATE {changed}"
        match kind:
            case "insert":
                connection.exec_driver_sql(put, row)
            case "update":
                connection.exec_driver_sql(f"UPDATE {table} SET {changed} {where}", row)
            case "delete":
                connection.exec_driver_sql(f"DELETE FROM {table} {where}", key)
            case "rekey":
                other = random.randrange(-2, 8)
                connection.exec_driver_sql(f"UPDATE IGNORE {table} SET a = %(to)s {where}", key | {"to": other})
            case _:  # the same row again and again, within one transaction
                connection.exec_driver_sql(put, row)
                connection.exec_driver_sql(f"DELETE FROM {table} {where}", key)
                connection.exec_driver_sql(put, row | {"v": "after"})


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    made = Lake(tmp_path_factory.mktemp("adversary"))
    try:
        made.up()
        yield made
    finally:
        made.down()


@pytest.fixture(scope="module")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mariadb]:
    """A server with nothing else in it."""
    with running(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


def test_every_mode_is_the_replay_of_what_came_and_in_the_end_the_database(lake: Lake, mariadb: Mariadb) -> None:
    random = Random(SEED)
    source = Source(mariadb.engine, random)
    answer = lake.apply({"cadences": [{"refresh_cadence": CADENCE}], "tables": [configured(name) for name in MODES]})
    assert answer.status == 0, answer.told
    adversaries = {name: Adversary(lake, name, random) for name in MODES}
    source.change(40)
    for number in range(ROUNDS):
        if number == RELOADED_IN:  # all that was written before is delivered before the load begins
            replicate(lake, mariadb, adversaries)
            refresh(lake, adversaries, everything=True)
            (lake.folder / "state.json").unlink()
        replicate(lake, mariadb, adversaries)
        refresh(lake, adversaries, everything=number == ROUNDS - 1)
        source.change(60)
    replicate(lake, mariadb, adversaries)
    refresh(lake, adversaries, everything=True)
    for name, adversary in adversaries.items():
        if adversary.mode is not Mode.HISTORY:
            assert plain_rows(adversary.rows()) == plain_rows(source.rows(name)), name
    broken = [each for each in lake.files("--state", "quarantined") if "/20990131-" in each["path"]]
    assert len(broken) == sum(adversary.bad for adversary in adversaries.values()) > 0


def configured(name: str) -> dict[str, Any]:
    return {
        "source_table_name": f"{SCHEMA}.{name}",
        "refresh_cadence": CADENCE,
        "raw_database_name": DATABASE,
        "raw_table_name": name,
        "hudi_primary_key": ["a", "b"],
        "hudi_precombine_field": SEQUENCE,
        **MODES[name][1],
    }


def replicate(lake: Lake, mariadb: Mariadb, adversaries: dict[str, Adversary]) -> None:
    """Have the stand-in write what the database did since, and hand it to the adversary."""
    folder = lake.folder / "files"
    answer = lake.odpf(
        *("dms", "replicate", mariadb.url, "--shuffle-seed", "1", "--to", str(folder)),
        *("--state", str(lake.folder / "state.json")),
    )
    assert answer.status == 0, answer.told
    for name, adversary in adversaries.items():
        files = [
            path for path in folder.rglob("*.parquet") if path.relative_to(folder).parts[-2:][0] and name in path.parts
        ]
        adversary.take(files)
        for path in files:
            path.unlink()


def refresh(lake: Lake, adversaries: dict[str, Adversary], *, everything: bool) -> None:
    for adversary in adversaries.values():
        adversary.release(everything=everything)
    answer = lake.run(CADENCE)
    assert answer.status == 0, answer.told
    found = results(answer)
    for name, adversary in adversaries.items():
        adversary.ran(found.get(f"{SCHEMA}.{name}"))
