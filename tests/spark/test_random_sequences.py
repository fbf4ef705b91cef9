"""Many tables with random changes; every row and every count of every run is compared with the replay."""

from __future__ import annotations

from random import Random

import pyarrow as pa
import pytest

from tests.reference.oracle import Change
from tests.spark.staged_table import sequence
from tests.spark.stories import story

ROUNDS = 3


class Source:
    """A small random table: few keys, so that changes meet."""

    def __init__(self, seed: int) -> None:
        self.random = random = Random(seed)
        self.history = random.random() < 0.3
        self.shuffled = random.random() < 0.4
        """Files come in any order; then nothing is deleted, since a late insert may bring a deleted row back."""
        self.composite = random.random() < 0.4
        self.partitioned = random.random() < 0.5
        self.merge_on_read = random.random() < 0.15
        self.reloads = random.random() < 0.25 and not self.shuffled
        self.columns = {"id": pa.int64(), "v": pa.string(), "n": pa.int32()}
        if self.composite:
            self.columns = {"k": pa.string(), **self.columns}
        if self.partitioned:
            self.columns["part"] = pa.string()
        self._sequence = 0

    @property
    def options(self) -> dict[str, object]:
        return {
            "columns": self.columns,
            "key": "k,id" if self.composite else "id",
            "history": self.history,
            "hudi_partition_key": "part" if self.partitioned else None,
            "hudi_table_type": "merge_on_read" if self.merge_on_read else "copy_on_write",
        }

    def row(self) -> dict[str, object]:
        random = self.random
        row = {"id": random.randrange(6), "v": f"{random.getrandbits(40):x}", "n": random.choice([None, 1, -(2**31)])}
        if self.composite:
            row["k"] = random.choice(["", "a", "a,b", "ü"])
        if self.partitioned:
            row["part"] = random.choice(["p", "q/r", "s t", "", None])
        return row

    def load(self) -> list[dict[str, object]]:
        rows = [self.row() for _ in range(self.random.randint(0, 12))]
        return list({(row.get("k"), row["id"]): row for row in rows}.values()) or [self.row()]

    def changes(self) -> list[Change]:
        made = []
        for _ in range(self.random.randint(1, 12)):
            self._sequence += 1
            row, operation = self.row(), self.random.choice("IUUD" if self.history or not self.shuffled else "IU")
            if operation == "D" and self.random.random() < 0.5:
                row = {name: value if name in ("id", "k") else None for name, value in row.items()}
            made.append(Change(operation, sequence(self._sequence), row))
        self.random.shuffle(made)
        return made


@story
@pytest.mark.parametrize("seed", range(60))
def test_the_table_equals_the_replay_after_every_run(told, seed):
    """G2, G7"""
    source = Source(seed)
    table = told.table(**source.options)
    files = [source.changes() for _ in range(6)]
    if source.shuffled:
        source.random.shuffle(files)
    rows, cut = source.load(), source.random.randint(0, 3)
    table.load(*rows[cut:])
    if rows[:cut]:
        table.load(*rows[:cut], name="LOAD00000002.parquet")
    if source.random.random() < 0.5:
        table.changes(*files.pop(0))
    yield
    table.check()
    for turn in range(1, ROUNDS):
        if source.reloads and turn == 1:
            table.reload(*source.load())
        for _ in range(len(files) if turn == ROUNDS - 1 else source.random.randint(1, 2)):
            table.changes(*files.pop(0))
        yield
        table.check()
