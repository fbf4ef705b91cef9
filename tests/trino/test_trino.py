"""Trino's own Hudi reader, led by the Glue catalog, reads what the Arrow engine has written: `make trino`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import patch

import boto3
import pyarrow as pa
import pytest

from file_processor.engines.arrow.engine import ArrowEngine
from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.states import EngineName, Outcome
from odpf_local.aws import running as embedded_aws
from tests.engines.lake import Lake, storage_options
from tests.engines.staged_table import DATABASE, StagedTable, delete, insert, update
from tests.engines.test_random_sequences import Kind, Source
from tests.trino.server import Trino, running

pytestmark = pytest.mark.timeout(1200)

CADENCE = "trino"
RUNS = 3
KINDS = {
    "snapshot": Kind("S", partitioned=False, deletes=True),
    "partitioned": Kind("S", partitioned=True, deletes=True, reloaded=True, rekeyed=True),
    "differing": Kind("S", partitioned=True, deletes=True, reloaded=True, difference=True),
    "marked": Kind("soft", partitioned=True, deletes=True),
    "history": Kind("H", partitioned=True, deletes=True, reloaded=True),
    "versions": Kind("V", partitioned=False, deletes=True, reloaded=True),
}
TYPES: dict[str, pa.DataType] = {
    "id": pa.int64(),
    "small": pa.int32(),
    "real": pa.float64(),
    "flag": pa.bool_(),
    "amount": pa.decimal128(38, 10),
    "day": pa.date32(),
    "moment": pa.timestamp("us"),
    "bytes": pa.binary(),
    "text": pa.string(),
}
VALUES = (
    {"small": -(2**31), "real": -0.5, "flag": True, "amount": Decimal("1.5"), "day": date(2024, 2, 29), "text": "ü🚕"},
    {
        "moment": datetime(2024, 1, 2, 3, 4, 5, 678901),
        "bytes": b"\x00\xff",
        "text": "",
        "amount": Decimal("-0.0000000001"),
    },
    {"moment": datetime(1999, 12, 31, 23, 59, 59), "day": date(1970, 1, 1), "flag": False},
)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The Arrow engine alone, over an embedded AWS."""
    folder = tmp_path_factory.mktemp("lake")
    embedded = embedded_aws.launch(folder)
    try:
        with patch.dict("os.environ", embedded.environment):
            aws = Aws(Settings.from_environment(), boto3.Session())
            environment = dict(embedded.environment)
            engines = {EngineName.ARROW: lambda: ArrowEngine(aws.objects)}
            yield Lake(aws.settings, aws, engines, storage_options(environment), environment=environment)
    finally:
        embedded_aws.stop(folder)


@pytest.fixture(scope="module")
def trino(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trino]:
    with running(tmp_path_factory.mktemp("trino"), lake.environment) as server:
        yield server


def as_text(value: Any) -> str | None:  # noqa: PLR0911  a table of types
    """A value as Trino casts it to text."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S.%f}000"
        case bytes():
            return value.hex().upper()
        case Decimal():
            return f"{value:f}"
        case float():
            return f"{value:.1E}".replace("E-0", "E-")
        case _:
            return str(value)


def seen_by(trino: Trino, table: StagedTable, columns: list[str]) -> list[dict[str, Any]]:
    """The rows in the end, all values as text."""
    kinds = {row["Column"]: row["Type"] for row in trino.query(f"DESCRIBE lake.{DATABASE}.{table.name}")}
    texts = [
        f'to_hex("{name}") AS "{name}"' if kinds[name] == "varbinary" else f'CAST("{name}" AS varchar) AS "{name}"'
        for name in columns
    ]
    return trino.query(f"SELECT {', '.join(texts)} FROM lake.{DATABASE}.{table.name}")


def check(trino: Trino, table: StagedTable) -> None:
    """Trino has the rows of hudi-rs, which the replay has; a partition without a value is `\\N` to its Hudi connector."""
    assert table.result is not None
    assert table.result.outcome is Outcome.COMPLETED, table.result.error
    table.check()
    rows = table.rows()
    columns = list(rows[0])
    expected = [{name: as_text(row[name]) for name in columns} for row in rows]
    if partition := table.config["hudi_partition_key"]:
        expected = [{**row, partition: row[partition] or r"\N"} for row in expected]
    assert sorted(seen_by(trino, table, columns), key=repr) == sorted(expected, key=repr), table.name


def ran(lake: Lake, tables: list[StagedTable]) -> None:
    results = {result.raw_table_name: result for result in lake.run(CADENCE).tables}
    for table in tables:
        table.ran(results.get(table.name))


def test_every_kind_of_table_is_read_as_it_is_after_every_run(lake: Lake, trino: Trino) -> None:
    """G2, G8: loads, changes, reloads, rows that move, deletes that empty files, a column that is added."""
    random = Random(5)
    sources = {name: Source(kind, number) for number, (name, kind) in enumerate(KINDS.items())}
    tables = {
        name: StagedTable(
            lake,
            name,
            CADENCE,
            key="c,id",
            columns=sources[name].columns,
            engine="arrow",
            hudi_partition_key="part" if kind.partitioned else None,
            history=kind.mode == "H",
            **kind.options,
        )
        for name, kind in KINDS.items()
    }
    for run in range(RUNS):
        for name, table in tables.items():
            if run == 0 or (run == RUNS - 1 and KINDS[name].reloaded):
                (table.load if run == 0 else table.reload)(*sources[name].load())
            for changes in sources[name].files(random.randint(1, 3)):
                table.changes(*changes)
            if run == 1:
                table.columns = {**table.columns, "added": pa.string()}
                table.changes(insert(10**6, c="a", id=77, v="new", added="yes", part="p"))
        ran(lake, list(tables.values()))
        for table in tables.values():
            check(trino, table)


def test_every_type_is_read_as_it_is(lake: Lake, trino: Trino) -> None:
    """S20"""
    table = StagedTable(lake, "typed", CADENCE, columns=TYPES, engine="arrow", hudi_partition_key=None)
    table.load(*({"id": number, **values} for number, values in enumerate(VALUES)))
    ran(lake, [table])
    check(trino, table)
    table.changes(update(1, id=0, **VALUES[1]), delete(2, id=1), insert(3, id=9, **VALUES[0]))
    ran(lake, [table])
    check(trino, table)
