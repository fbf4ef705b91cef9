"""The control arm: each guard is switched off in a copy of the checkout, and the fault suite must find a violation there."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.mutations import copy_checkout


class Control(NamedTuple):
    """A guard that is switched off.

    Attributes:
        guard: what it keeps.
        path: of the module.
        text: what stands there, once.
        instead: what is put in its place.
        only: words of the scenarios that must find a violation, by the Arrow engine.
    """

    guard: str
    path: str
    text: str
    instead: str
    only: str


# Guards behind which another one stands, so that a scenario alone finds nothing, have their stories in tests/model.
CONTROLS = (
    Control(
        "recovery reads the table's own timeline first",
        "file_processor/recovery.py",
        "unsettled, epoch = self._timeline.unsettled(lease.commit_instant), self._contender.epoch",
        "unsettled, epoch = [], self._contender.epoch",
        "killed: checked",
    ),
    Control(
        "files that history has are not applied again",
        "file_processor/table_run.py",
        "done = set(self._shop.tracker.done(files) if self._done is None else self._done)",
        "done = set()",
        "delivered again",
    ),
    Control(
        "a table is taken only when its owner has ended",
        "file_processor/lease.py",
        "        if self._is_owned(seen) and not self._has_ended(owner):\n            raise TableLocked(",
        "        if False:\n            raise TableLocked(",
        "paused, stopped by its successor: completing",
    ),
    Control(
        "an owner whose heart stands still is stopped",
        "file_processor/lease.py",
        "            self.end(owner)",
        "            pass",
        "paused, stopped by its successor: completing",
    ),
    Control(
        "a late commit that nobody withdrew is found by the next run",
        "file_processor/stragglers.py",
        "        return [*said, *(self.withdraw(each) for each in beside_the_line(commits[::-1], settled))]",
        "        return said",
        "woken and killed",
    ),
    Control(
        "an answer that was lost is told from another writer's object",
        "odpf/adapters/object_store.py",
        "return _tried_again(error) and self._metadata(bucket, key) == token",
        "return False",
        "answer lost: PutObject",
    ),
)


def try_controls(words: str = "") -> int:
    """Try them; 1 if a guard's loss is not noticed, or its text is no longer there."""
    shown, missed = Table("guard", "scenario", "violation"), 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        copy_checkout(copy)
        for control in CONTROLS:
            if words not in control.guard:
                continue
            verdict = _try(copy, control)
            missed += not verdict
            shown.add_row(control.guard, control.only, verdict or "NONE", style="" if verdict else "red")
            print(f"{control.guard}: {verdict or 'NONE'}", file=sys.stderr, flush=True)
    Console().print(shown)
    return min(missed, 1)


def _try(copy: Path, control: Control) -> str:
    """The first violation that is found without the guard; empty when none is."""
    path = copy / control.path
    original = path.read_text()
    if original.count(control.text) != 1:
        return ""
    path.write_text(original.replace(control.text, control.instead))
    try:
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults", "--engine", "arrow", "--only", control.only],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": str(copy)},
            capture_output=True,
            text=True,
            check=False,
        )
    finally:
        path.write_text(original)
    lines = [line for line in done.stderr.splitlines() if line.startswith("arrow ") and ": ok" not in line]
    return lines[0].split(": ", 2)[-1][:160] if done.returncode == 1 and lines else ""
