"""What may happen to files on their way: a random source's files, run by run, by an adversary with a seed."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from tests.reference.changes import Change, File
from tests.reference.source import Generation

_SHARE = 0.3
"""Of the files that each of its faults befalls."""


class Faults(NamedTuple):
    """What the adversary does to change files, each to some of them.

    Within one generation: a file that is put after a reload is one of that reload to everybody who sees it.

    Attributes:
        duplicates: the same rows come once more, in a file of another name, in this run or a later one.
        redelivers: the same file is applied once more, in this run or a later one. The same object put again is one
            file to the product, and not read at all: it takes a replay.
        delays: a file comes in a later run than its neighbours.
        reorders: the files come in any order.
        splits: a file's rows are dealt to two files, whose names do not follow the order of their changes.
        loses: a file cannot be read, and nobody mends it.
        mends: a file cannot be read, and comes again, whole, in this run or a later one.
        spoils: rows are added that cannot be applied.
    """

    duplicates: bool = False
    redelivers: bool = False
    delays: bool = False
    reorders: bool = False
    splits: bool = False
    loses: bool = False
    mends: bool = False
    spoils: bool = False

    @classmethod
    def of(cls, random: Random, *, loses: bool = False) -> Faults:
        """Any; files are lost only if that is wanted: without them the table ends as the source is."""
        return cls(*(random.random() < 0.5 for _ in cls._fields))._replace(loses=loses)


class Adversary:
    """Delivers a source's files.

    Args:
        faults: what it does to them.
        random: where chance comes from.
        runs: how many runs there are for every generation.
    """

    def __init__(self, faults: Faults, random: Random, runs: int = 3) -> None:
        self._faults, self._random, self._runs = faults, random, runs
        self._names = 500_000_000

    def deliver(self, life: list[Generation]) -> Iterator[list[File]]:
        """Each run's files. A generation's load is whole, and in its first run."""
        for generation in life:
            runs: list[list[File]] = [[] for _ in range(self._runs)]
            for run, file in self._placed(self._written(generation)):
                runs[run].append(file)
            runs[0] = [*generation.loads, *runs[0]]
            yield from runs

    def _written(self, generation: Generation) -> list[File]:
        """The change files as they are put."""
        files = [part for file in generation.changes for part in self._split(file)]
        if self._faults.spoils:
            files = [self._spoiled(file) if self._hits() else file for file in files]
        if self._faults.reorders:
            self._random.shuffle(files)
        return files

    def _placed(self, files: list[File]) -> Iterator[tuple[int, File]]:
        """The runs in which they come, in order but for what is delayed or comes again."""
        runs = sorted(self._random.randrange(self._runs) for _ in files)
        for run, file in zip(runs, files, strict=True):
            first = self._later(run) if self._faults.delays and self._hits() else run
            lost, mended = (fault and self._hits() for fault in (self._faults.loses, self._faults.mends))
            yield first, file._replace(unreadable=lost or mended)
            if mended and not lost:
                yield self._later(first), file
            if self._faults.duplicates and self._hits() and not lost:
                yield self._later(first), file._replace(name=self._name())
            if self._faults.redelivers and self._hits() and not (lost or mended):
                yield self._later(first), file

    def _split(self, file: File) -> list[File]:
        if not self._faults.splits or not self._hits():
            return [file]
        dealt: tuple[list[Change], list[Change]] = ([], [])
        for change in file.changes:
            self._random.choice(dealt).append(change)
        return [file._replace(name=self._name(), changes=tuple(part)) for part in dealt]

    def _spoiled(self, file: File) -> File:
        """Rows without a key, without a sequence, or of no operation there is: each alone is enough."""
        if not file.changes:
            return file
        change = self._random.choice(file.changes)
        no_key = change._replace(row=dict.fromkeys(change.row) | {"v": "bad"})
        bad = self._random.choice([no_key, change._replace(sequence="bad"), change._replace(operation="X")])
        at = self._random.randint(0, len(file.changes))
        return file._replace(changes=(*file.changes[:at], bad._replace(bad=True), *file.changes[at:]))

    def _name(self) -> str:
        """Above or below all others, and never the same."""
        self._names += 1
        return f"20240101-{self._random.choice([self._names, 10**9 - self._names])}.parquet"

    def _later(self, run: int) -> int:
        return self._random.randint(run, self._runs - 1)

    def _hits(self) -> bool:
        return self._random.random() < _SHARE
