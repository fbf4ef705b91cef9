"""Somebody who queries all the time: every answer must be a whole commit, and never an older one than before (R18, G4)."""

from __future__ import annotations

import threading
from collections import Counter

from hudi import HudiTableBuilder

from tests.engines.lake import Lake

_IN_A_ROW = 3


class Reader:
    """Reads one table again and again; every row of it has the number of the file batch in column `v`.

    Attributes:
        answers: what was read, each (numbers that rows have, how many rows), without repetitions.
        errors: what reading failed with again and again, once the table was there; a file that goes between two requests of
            a reader costs it one answer, as when Hudi archives.
        asked: how often it was read.
    """

    def __init__(self, lake: Lake, location: str) -> None:
        self._lake, self._location = lake, location
        self.answers: list[tuple[tuple[str, ...], int]] = []
        self.errors: Counter[str] = Counter()
        self.asked = 0
        self._failed = 0
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Reader:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._thread.join()

    def violations(self, whole: dict[str, int]) -> list[str]:
        """What no reader may see.

        Args:
            whole: rows of the table after each file batch, by its number as text.
        """
        found = [f"a reader got {error}" for error in self.errors]
        seen = -1
        for numbers, rows in self.answers:
            if len(numbers) != 1 or whole.get(numbers[0]) != rows:
                found.append(f"a reader saw {rows} rows of file batches {', '.join(numbers) or 'none'}")
            elif int(numbers[0]) < seen:
                found.append(f"a reader saw file batch {numbers[0]} after {seen}")
            else:
                seen = int(numbers[0])
        return found

    def _read(self) -> None:
        while not self._ending.is_set():
            try:
                table = HudiTableBuilder.from_base_uri(self._location).with_options(self._lake.storage).build()
                values = [value for batch in table.read() for value in batch.column("v").to_pylist()]
            except Exception as error:  # noqa: BLE001  whatever it is, it is told
                self._failed += 1
                if self.answers and self._failed >= _IN_A_ROW:
                    self.errors[str(error)[:200]] += 1
            else:
                self._failed = 0
                answer = tuple(sorted(set(values))), len(values)
                self.asked += 1
                if values and (not self.answers or self.answers[-1] != answer):
                    self.answers.append(answer)
            self._ending.wait(0.02)
