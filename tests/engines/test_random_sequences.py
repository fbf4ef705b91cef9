"""Random changes; every row of every table and every count of every run is compared with the replay.

A table holds several sequences side by side, told apart by a part of its key: a commit costs a second, a row nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa
import pytest

from tests.engines.staged_table import StagedTable, sequence
from tests.engines.stories import arms, story
from tests.reference.oracle import Change

SEQUENCES = 8
RUNS = 4


class Kind(NamedTuple):
    """What a random table is; its files come in any order.

    Attributes:
        mode: S, soft (S with soft deletes), H or V.
        rekeyed: whether keys change, told by before images.
        difference: whether a reload is applied as a difference.
    """

    mode: str
    partitioned: bool
    deletes: bool
    reloaded: bool = False
    rekeyed: bool = False
    difference: bool = False
    table_type: str = "copy_on_write"

    @property
    def options(self) -> dict[str, str]:
        """Attributes of the table's configuration."""
        options = {"table_data_versioning_type": "S" if self.mode == "soft" else self.mode}
        options |= {"delete_mode": "soft"} if self.mode == "soft" else {}
        return options | ({"reload_mode": "difference"} if self.difference else {})


KINDS = [
    *(Kind(mode, partitioned, deletes) for mode, partitioned, deletes in product("SH", [False, True], [False, True])),
    Kind("S", partitioned=False, deletes=True, reloaded=True),
    Kind("S", partitioned=True, deletes=True, reloaded=True, rekeyed=True),
    Kind("H", partitioned=False, deletes=True, reloaded=True),
    Kind("S", partitioned=True, deletes=True, table_type="merge_on_read"),
]


class Source:
    """A random table: few keys, so that changes meet."""

    def __init__(self, kind: Kind, seed: int) -> None:
        self._kind, self._random = kind, Random(seed)
        self._last = 0
        self.columns = {"c": pa.string(), "id": pa.int64(), "v": pa.string(), "n": pa.int32(), "part": pa.string()}
        self.columns |= {"BI_C": pa.string(), "BI_ID": pa.int64()} if kind.rekeyed else {}

    def load(self) -> list[dict[str, Any]]:
        rows = [self._row(case) for case in range(SEQUENCES) for _ in range(self._random.randint(0, 8))]
        return list({(row["c"], row["id"]): row for row in rows}.values())

    def files(self, count: int) -> list[list[Change]]:
        """Change files in the order of their changes, the rows of each in any order."""
        return [self._file() for _ in range(count)]

    def _file(self) -> list[Change]:
        made = [self._change(case) for case in range(SEQUENCES) for _ in range(self._random.randint(0, 5))]
        self._random.shuffle(made)
        numbered = []
        for change in made:
            self._last += 1
            numbered.append(change._replace(sequence=sequence(self._last)))
        self._random.shuffle(numbered)
        return numbered

    def _change(self, case: int) -> Change:
        operation = self._random.choice("IUUD" if self._kind.deletes else "IU")
        row = self._row(case)
        if operation == "D" and self._random.random() < 0.5:
            row = {"c": row["c"], "id": row["id"]}
        if operation == "U" and self._kind.rekeyed:
            row |= {"BI_C": row["c"], "BI_ID": self._random.randrange(5)}
        return Change(operation, "", row)

    def _row(self, case: int) -> dict[str, Any]:
        random = self._random
        return {
            "c": ("", "a", "a,b", "ü", " ", "x:y", "/", "🚕")[case],
            "id": random.randrange(5),
            "v": f"{random.getrandbits(40):x}",
            "n": random.choice([None, 1, -(2**31)]),
            # Spark reads an empty partition value as null, and V and soft deletes write stored rows anew (docs/hudi.md).
            "part": random.choice(["p", "q/r", "s t", "" if self._kind.mode in "SH" else "ü", None]),
        }


def make_table(told: Any, kind: Kind, columns: dict[str, pa.DataType]) -> StagedTable:
    table: StagedTable = told.table(
        key="c,id",
        columns=columns,
        history=kind.mode == "H",
        hudi_partition_key="part" if kind.partitioned else None,
        hudi_table_type=kind.table_type,
        **kind.options,
    )
    return table


@arms("spark", "arrow", "spark-arrow")
@story
@pytest.mark.parametrize(
    "kind", KINDS, ids=lambda kind: "-".join(f"{value:d}" if isinstance(value, bool) else value for value in kind)
)
def test_the_table_equals_the_replay_after_every_run(told: Any, kind: Kind) -> Iterator[None]:
    """G2, G7"""
    yield from play(told, kind, KINDS.index(kind))


def play(told: Any, kind: Kind, seed: int) -> Iterator[None]:
    """Tell a random table, run by run."""
    random, source = Random(seed), Source(kind, seed)
    table = make_table(told, kind, source.columns)
    files = source.files(4 * RUNS)
    random.shuffle(files)
    rows = source.load()
    table.load(*rows[5:])
    table.load(*rows[:5], name="LOAD00000002.parquet")
    for run in range(RUNS):
        if kind.reloaded and run == 2:
            table.reload(*source.load())
        for _ in range(random.randint(1, 4) if run < RUNS - 1 else len(files)):
            table.changes(*files.pop(0))
        yield
        table.check()
