"""Random tables told side by side in one lake; some commits die, and the next run goes on from there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random
from typing import Any

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.timeline import Timeline
from odpf.states import EngineName, Outcome
from tests.arrow.dying_objects import DyingObjects
from tests.arrow.random_tables import FEW_SEQUENCES, RandomTable
from tests.engines.lake import lake_in_folder

CADENCE = "random"
_DEATHS = 0.15
_MOST_STEPS = 12


class RandomPlay:
    """A lake of random tables.

    Args:
        root: its folder.
        size: bytes that data files are filled up to.
        seeds: one a table.
        sequences: how many every table holds.

    Attributes:
        tables: in the order of the seeds.
        deaths: commits that were not finished by their run.
        most_groups: file groups of the table with the most of them.
    """

    def __init__(self, root: Path, size: int, seeds: Iterable[int], sequences: int = FEW_SEQUENCES) -> None:
        self.lake = lake_in_folder(root)
        self._objects = DyingObjects(self.lake.aws.objects)
        self.lake.engines = {EngineName.ARROW: lambda: ArrowEngine(self._objects, size)}
        self.tables = [RandomTable(self.lake, seed, CADENCE, sequences) for seed in seeds]
        self._fates = {table.seed: Random(f"fate {table.seed}") for table in self.tables}
        self.deaths = self.most_groups = 0

    def tell(self) -> None:
        """Tell all of it; the table that is not as it must be is named by its seed."""
        going = [(table, table.scenes()) for table in self.tables]
        while going := [each for each in going if next(each[1], self) is not self]:
            tables = [table for table, _ in going]
            self._doom(tables)
            dead = self._run(tables)
            self._objects.doomed.clear()
            seen = {table.seed: self._seen(table) for table in dead}
            assert self._run(dead) == []
            for table in tables:
                self._check(table, seen.get(table.seed))

    def _doom(self, tables: list[RandomTable]) -> None:
        for table in tables:
            fate = self._fates[table.seed]
            if fate.random() < _DEATHS:
                self._objects.doomed[table.base] = (fate.randint(1, _MOST_STEPS), fate.random() < 0.5)

    def _run(self, tables: list[RandomTable]) -> list[RandomTable]:
        """One run of the cadence, and those of the tables whose commit died in it."""
        if not tables:
            return []
        results = {result.raw_table_name: result for result in self.lake.run(CADENCE).tables}
        for table in tables:
            table.staged.ran(results.get(table.staged.name))
        failed = [table for table in tables if table.result and table.result.outcome is not Outcome.COMPLETED]
        self.deaths += len(failed)
        return failed

    def _seen(self, table: RandomTable) -> Any:
        """What readers see after a death: nothing, the table as it was, or as it is to be."""
        if not self.lake.commits(table.staged.location):
            return None
        return None if table.is_as_expected() else table.rows()

    def _check(self, table: RandomTable, seen: Any) -> None:
        if table.result is None:
            return
        try:
            table.staged.check()
            assert seen is None or seen == table.rows(), "readers saw half of a commit"
        except Exception as problem:
            problem.add_note(f"seed {table.seed}: {table.kind}")
            raise
        timeline = Timeline(self.lake.aws.objects, table.staged.location)
        self.most_groups = max(self.most_groups, len(timeline.current_files()))
