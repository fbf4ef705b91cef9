"""Marks and values of stored rows: whatever the order of delivery, and however a reload is written (S5, S9, S17)."""

from __future__ import annotations

import math
from itertools import pairwise
from random import Random

import pyarrow as pa
import pytest

from file_processor.engines.arrow.stored_rows import same
from odpf.states import Outcome
from tests.arrow.arrow_bench import ArrowBench
from tests.engines.staged_table import StagedTable, delete, insert, update
from tests.reference.oracle import Change

COLUMNS = {"id": pa.int64(), "v": pa.string(), "n": pa.float64(), "BI_ID": pa.int64()}
TOLD = ("id", "v", "_odpf_is_deleted", "_odpf_operation")
ROWS = [{"id": key, "v": "loaded", "n": None} for key in range(4)]


def random_changes(random: Random, count: int) -> list[Change]:
    """Changes of few keys, in order; some change the key itself, some deletes carry the key alone."""
    made = []
    for number in range(1, count + 1):
        key, row = random.randrange(8), {"v": f"{number}", "n": random.choice([None, 0.0, -0.0, math.nan])}
        match random.choice("iuuddk"):
            case "i":
                made.append(insert(number, id=key, **row))
            case "u":
                made.append(update(number, id=key, BI_ID=key, **row))
            case "k":
                made.append(update(number, id=key, BI_ID=random.randrange(8), **row))
            case _:
                made.append(delete(number, id=key, **random.choice([row, {}])))
    return made


def parts(random: Random, changes: list[Change]) -> list[list[Change]]:
    """The same changes, cut into files."""
    cuts = sorted({0, len(changes), *(random.randrange(len(changes)) for _ in range(4))})
    return [changes[begin:end] for begin, end in pairwise(cuts)]


def ran(bench: ArrowBench, table: StagedTable) -> None:
    """Run, and see that it was no failure; a reader of the counts sees that they add up."""
    bench.run(table)
    assert table.result is not None
    assert table.result.outcome is Outcome.COMPLETED, table.result.error


def positions(table: StagedTable) -> list[tuple[str, str]]:
    """Sequences of the newest change and of the values: file names differ from delivery to delivery."""
    rows = table.rows("_odpf_order", "_odpf_values_order")
    return [(row["_odpf_order"].split(" ")[1], row["_odpf_values_order"].split(" ")[1]) for row in rows]


@pytest.mark.parametrize("seed", range(12))
def test_every_delivery_of_the_same_changes_ends_the_same(bench: ArrowBench, seed: int) -> None:
    random = Random(seed)
    changes = random_changes(random, 24)
    in_order, in_any = (bench.table(delete_mode="soft", columns=COLUMNS) for _ in range(2))
    for table in (in_order, in_any):
        table.load(*ROWS)
        ran(bench, table)
    in_order.changes(*changes)
    ran(bench, in_order)
    for part in parts(random, random.sample(changes, len(changes))):
        in_any.changes(*part)
        ran(bench, in_any)
        assert in_any.counts()["read"] == len(part)
    assert in_any.rows(*TOLD) == in_order.rows(*TOLD)
    assert positions(in_any) == positions(in_order)


@pytest.mark.parametrize("mode", ["hard", "soft"])
@pytest.mark.parametrize("seed", range(6))
def test_a_reload_as_a_difference_is_the_reload_that_replaces(bench: ArrowBench, seed: int, mode: str) -> None:
    """With soft deletes it keeps, marked, what the other loses."""
    random = Random(seed)
    changes = random_changes(random, 30)
    loads = [[{**row, "v": random.choice(["loaded", "other"])} for row in random.sample(ROWS, 3)] for _ in range(2)]
    tables = [bench.table(delete_mode=mode, reload_mode=way, columns=COLUMNS) for way in ("replace", "difference")]
    for table in tables:
        table.load(*ROWS)
        ran(bench, table)
        table.changes(*changes[:10])
        ran(bench, table)
        table.reload(*loads[0])
        table.changes(*changes[10:14])
        ran(bench, table)
        table.changes(*changes[24:], *changes[14:18])
        ran(bench, table)
        table.changes(*changes[18:24])
        ran(bench, table)
    replaced, differing = ([row for row in table.rows() if not row.get("_odpf_is_deleted")] for table in tables)
    told = [[(row["id"], row["v"], repr(row["n"])) for row in rows] for rows in (replaced, differing)]
    assert told[0] == told[1]


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (pa.array([None, "", "a"]), pa.array([None, None, "a"]), [True, False, True]),
        (pa.array([math.nan, 0.0, None]), pa.array([math.nan, -0.0, 0.0]), [True, False, False]),
        (pa.array([math.nan, 0.5], pa.float32()), pa.array([-math.nan, 0.5], pa.float32()), [True, True]),
        (pa.array([b"", None]), pa.array([b"", b""]), [True, False]),
    ],
)
def test_values_are_the_same_exactly(one: pa.Array, other: pa.Array, expected: list[bool]) -> None:
    assert same(one, other).to_pylist() == expected
