"""A task that writes into memory, with a clock of its own, and what its files say."""

from __future__ import annotations

import io
import json
from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq

from odpf_local.dms.endpoint import parse_endpoint_settings
from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.sequence import ChangeSequence
from odpf_local.dms.shape import Changes, Column, Shape
from odpf_local.dms.writer import TaskWriter

STARTED = datetime(2026, 1, 31, 23, 59, 58, 500_000, UTC)
SHAPE = Shape(
    "shop",
    "items",
    (Column("id", pa.int64(), key=True), Column("name", pa.string()), Column("photo", pa.binary(), lob=True)),
)


class Files(dict):
    """A target that keeps objects by key."""

    def put(self, bucket, key, content):
        self[key] = content

    def tables(self):
        """Key and content of every file in the order it was written."""
        return [(key, pq.read_table(io.BytesIO(content))) for key, content in self.items()]

    def rows(self, name=""):
        """Rows of the files whose key has that text in it."""
        return [row for key, table in self.tables() if name in key for row in table.to_pylist()]


class Clock:
    """Each look at it is a second later."""

    def __init__(self, moment=STARTED):
        self._moment = moment

    def __call__(self):
        self._moment += timedelta(seconds=1)
        return self._moment


def rule(action, **more):
    """A column rule for every column."""
    locator = {"schema-name": "%", "table-name": "%", "column-name": more.pop("column", "%")}
    target = more.pop("target", "column")
    written = {name.replace("_", "-"): value for name, value in more.items()}
    return {
        "rule-type": "transformation",
        "rule-target": target,
        "rule-action": action,
        "object-locator": locator,
        **written,
    }


def selection(action="include", schema="%", table="%"):
    return {
        "rule-type": "selection",
        "rule-action": action,
        "object-locator": {"schema-name": schema, "table-name": table},
    }


def mappings(*rules):
    """Everything selected, and these rules in order."""
    numbered = [{"rule-id": str(number), **each} for number, each in enumerate([selection(), *rules], 1)]
    return TableMappings.parse(json.dumps({"rules": numbered}))


def task(files, *rules, shuffle_seed=None, **settings):
    """A writer with these endpoint settings (DMS names) and rules."""
    parsed, _ = parse_endpoint_settings(json.dumps({"DataFormat": "parquet", **settings}))
    return TaskWriter(
        settings=parsed, mappings=mappings(*rules), target=files, bucket="b", shuffle_seed=shuffle_seed, clock=Clock()
    )


def loaded(count=1):
    return pa.Table.from_pylist(
        [{"id": number, "name": f"row {number}", "photo": b""} for number in range(count)], schema=SHAPE.arrow
    )


def changes(operations="IUD", committed_at=STARTED):
    """One change of another row for each operation, committed together or at the moments given."""
    moments = committed_at if isinstance(committed_at, list) else [committed_at] * len(operations)
    before = [{} if operation == "I" else {"id": n, "name": "old"} for n, operation in enumerate(operations)]
    return Changes(
        shape=SHAPE,
        operations=pa.array(list(operations)),
        sequences=pa.array(ChangeSequence().for_all(moments)),
        committed_at=pa.array(moments, pa.timestamp("us", "UTC")),
        positions=pa.array([f"log.000001:{n}" for n in range(len(operations))]),
        rows=loaded(len(operations)),
        before=pa.Table.from_pylist(before, schema=SHAPE.arrow),
    )


def write_all(writer, operations="IUD", count=2):
    """A full load and one set of changes."""
    return [*writer.full_load(SHAPE, [loaded(count)]), *writer.changes(changes(operations))]


def replayed(files, table, keys, sequence="CDC_TIMESTAMP_SEQ", before="BI_"):
    """An oracle of its own: the table after all files, by key, operations and sequences aside."""
    rows = sorted(files.rows(f"/{table}/"), key=lambda row: row[sequence])
    state = {}
    for row in rows:
        operation = row.get("Op") or "I"
        if operation == "U" and f"{before}{keys[0]}" in row:
            state.pop(tuple(row[before + key] for key in keys), None)
        if operation == "D":
            state.pop(tuple(row[key] for key in keys), None)
        else:
            state[tuple(row[key] for key in keys)] = row
    return state
