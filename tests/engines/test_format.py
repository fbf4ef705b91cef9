"""Tables of the Arrow engine before Spark programs that know nothing of ODPF, with both Hudi releases."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from unittest.mock import patch

import pyarrow as pa
import pytest

from odpf_local.spark_conf import HUDI_OF_RUNTIME, job_environment, prefetch, write_conf
from tests.engines import spark_program
from tests.engines.staged_table import DATABASE, StagedTable, delete, insert, update

pytestmark = pytest.mark.more

CADENCE = "format"
COLUMNS = {
    "id": pa.int64(),
    "v": pa.string(),
    "part": pa.string(),
    "amount": pa.decimal128(20, 4),
    "at": pa.timestamp("us"),
}
SHAPES = {
    "alone": ({}, "id", "Nonpartitioned"),
    "partitioned": ({"hudi_partition_key": "part"}, "id", "Simple"),
    "composite": ({"key": "id,part", "hudi_partition_key": "part"}, "id,part", "Complex"),
}
"""By name: options of the table, its record key, its key generator."""


@pytest.fixture(scope="module")
def written(folder_lake) -> dict[str, StagedTable]:
    """Each kind of commit: load, changes with moves and deletes that empty a file, a new column, a reload, changes."""
    tables = {
        name: StagedTable(folder_lake, f"format_{name}", CADENCE, columns=COLUMNS, engine="arrow", **options)
        for name, (options, _, _) in SHAPES.items()
    }

    def run() -> None:
        results = {result.raw_table_name: result for result in folder_lake.run(CADENCE).tables}
        for table in tables.values():
            table.ran(results[table.name])
            table.check()

    for name, table in tables.items():
        parts = ("a/b", "ü%", "c" if name == "composite" else None)
        table.load(*({"id": n, "v": f"loaded {n}", "part": parts[n % 3]} for n in range(9)))
    run()
    for name, table in tables.items():
        moved = "a/b" if name == "composite" else "new"
        table.changes(update(1, id=0, v="moved", part=moved), *(delete(n, id=n, part="ü%") for n in (1, 4, 7)))
    run()
    for table in tables.values():
        table.columns = {**table.columns, "added": pa.int32()}
        table.changes(insert(10, id=20, v="added", part="a/b", added=1))
    run()
    for table in tables.values():
        table.reload(*({"id": n, "v": f"again {n}", "part": "a/b"} for n in range(5)))
    run()
    for table in tables.values():
        table.changes(update(20, id=0, v="last", part="a/b"))
    run()
    return tables


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(runtime, marks=[] if runtime == "glue5.0" else pytest.mark.soak)
        for runtime in sorted(HUDI_OF_RUNTIME)
    ],
)
def answers(request, written, tmp_path_factory) -> dict[str, dict]:
    """What a Spark program says of a copy of the tables."""
    folder = tmp_path_factory.mktemp("spark")
    (root,) = {table.lake.root for table in written.values()}
    described = []
    for name, table in written.items():
        copy = folder / "raw" / table.name
        shutil.copytree(f"{root}/{table.location.removeprefix('s3://')}", copy)
        options, key, generator = SHAPES[name]
        partition = options.get("hudi_partition_key", "")
        described.append(
            {
                "name": table.name,
                "database": DATABASE,
                "path": str(copy),
                "key": key,
                "partition": partition,
                "generator": generator,
            }
        )
    with patch.dict(os.environ, {"ODPF_RUNTIME": request.param}):
        conf = write_conf(folder / "conf", "http://127.0.0.1:1", jars=prefetch())
    program = subprocess.run(
        [sys.executable, spark_program.__file__, json.dumps(described)],
        env={**os.environ, **job_environment(conf)},
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=400,
    )
    assert program.returncode == 0, program.stderr[-3000:]
    return {"root": folder / "raw", **json.loads(program.stdout.splitlines()[-1])}


def expected(table: StagedTable) -> list[dict]:
    return sorted(({name: row[name] for name in ("id", "v", "part")} for row in table.rows()), key=str)


@pytest.mark.parametrize("name", SHAPES)
def test_spark_reads_what_hudi_rs_reads_and_finds_nothing_amiss(answers, written, name):
    answer = answers[written[name].name]
    assert answer["read"] == expected(written[name])
    assert answer["problems"] == answer["problems after writes"] == []


@pytest.mark.parametrize("name", SHAPES)
def test_spark_upserts_deletes_cleans_archives_and_overwrites_on_top(answers, written, name):
    table = written[name]
    answer, rows = answers[table.name], expected(table)
    first, second = sorted(rows, key=lambda row: row["id"])[:2]
    upserted = sorted([{**first, "v": "upserted 4"}, *(row for row in rows if row != first)], key=str)
    assert answer["upserted"] == upserted
    assert answer["deleted"] == [row for row in upserted if row["id"] != second["id"]]
    assert answer["overwritten"] == [first]
    names = [path.name for path in (answers["root"] / table.name / ".hoodie").rglob("*")]
    assert any(name.endswith(".clean") for name in names)
    assert any(".commits_.archive." in name for name in names), "Hudi has archived commits of Arrow"
