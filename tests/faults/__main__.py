"""`make faults`: writers die, stand still, wake up and meet errors at every place of the protocol, while somebody reads.

python -m tests.faults [--only WORDS] [--engine arrow|spark] [--times N] [--controls] [--soak CADENCES]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from tests.faults.controls import try_controls
from tests.faults.judge import judge, told
from tests.faults.place import Place, place
from tests.faults.reader import Reader
from tests.faults.scenarios import Scenario, scenarios
from tests.faults.soak import soak
from tests.faults.subject import Subject, completed


class Outcome(NamedTuple):
    """One scenario, once."""

    scenario: Scenario
    recovered: float
    violations: tuple[str, ...]
    happened: bool
    reads: int


def main() -> int:
    """Run them; 1 if anything was violated, or a fault was met by nobody."""
    asked = _arguments()
    if asked.controls:
        return try_controls(asked.only)
    if asked.soak:
        with tempfile.TemporaryDirectory(prefix="odpf-soak-") as folder, place(Path(folder)) as there:
            return soak(there, asked.soak, asked.seed)
    chosen = [
        each
        for each in scenarios()
        if asked.only in f"{each.name} {each.kind}" and (not asked.engine or each.engine == asked.engine)
    ]
    if not chosen:
        print(f"No scenario has the words {asked.only!r}.", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(prefix="odpf-faults-") as folder, place(Path(folder)) as there:
        outcomes = [outcome for number in range(asked.times) for outcome in run_all(there, chosen, number)]
    Console().print(report(outcomes))
    return int(any(each.violations or not each.happened for each in outcomes))


def run_all(there: Place, chosen: list[Scenario], round_: int = 0) -> list[Outcome]:
    """All scenarios, one after the other, each with tables of its own."""
    subjects = {
        number: (
            _subject(there, each, f"r{round_}_{number:03d}"),
            _subject(there, each, f"r{round_}_{number:03d}_other"),
        )
        for number, each in enumerate(chosen)
    }
    for number, each in enumerate(chosen):
        for subject in subjects[number]:
            if each.kind != "load":
                subject.stage("load")
    loaded = [subject for number, pair in subjects.items() for subject in pair if chosen[number].kind != "load"]
    if loaded:
        summary = there.refresh(*(each.source for each in loaded))
        for subject in loaded:
            subject.applied(summary)
    outcomes = []
    for number, each in enumerate(chosen):
        outcomes.append(outcome := run_one(there, each, subjects[number]))
        verdict = "; ".join(outcome.violations) or ("ok" if outcome.happened else "NOBODY MET THE FAULT")
        print(
            f"{each.engine} {each.name} ({each.kind}): {verdict}, {outcome.recovered:.1f} s",
            file=sys.stderr,
            flush=True,
        )
    return outcomes


def run_one(there: Place, scenario: Scenario, subjects: tuple[Subject, ...]) -> Outcome:
    """One scenario: the fault, the runs behind it, one more file batch, and what must hold then."""
    for subject in subjects:
        subject.stage(scenario.kind)
    began = time.monotonic()
    with Reader(there, subjects[0].table.location) as reader:
        met = scenario.act(there, subjects)
        for subject in subjects:
            subject.table.ran(completed(subject.table))
            subject.stage("changes")
        summary = there.refresh(*(each.source for each in subjects))
        violations = list(met.violations)
        for subject in subjects:
            violations += told(subject.applied(summary))
            violations += judge(subject.table, subject.files)
        asked = reader.asked
        while reader.asked < asked + 2 and time.monotonic() - began < 600:
            time.sleep(0.05)
    violations += reader.violations(subjects[0].whole)
    return Outcome(scenario, met.recovered, tuple(dict.fromkeys(violations)), met.happened, reader.asked)


def report(outcomes: list[Outcome]) -> Table:
    """Scenario, engine, times run, violations, time to recover."""
    by_name: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for each in outcomes:
        by_name[each.scenario.name, each.scenario.engine].append(each)
    shown = Table("scenario", "engine", "times", "violations", "to recover", "reads", title="Faults")
    for (name, engine), same in by_name.items():
        bad = sum(len(each.violations) + (not each.happened) for each in same)
        slowest = max(each.recovered for each in same)
        reads = sum(each.reads for each in same)
        style = "red" if bad else ""
        shown.add_row(name, engine, str(len(same)), str(bad), f"{slowest:.1f} s", str(reads), style=style)
    return shown


def _subject(there: Place, scenario: Scenario, name: str) -> Subject:
    parted = {"hudi_partition_key": "part"} if len(scenario.name) % 2 else {}
    return Subject(there, f"t_{name}", scenario.engine, **parted)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make faults")
    parser.add_argument("--only", default="", help="scenarios with these words")
    parser.add_argument("--engine", choices=["arrow", "spark"])
    parser.add_argument("--times", type=int, default=1, help="rounds")
    parser.add_argument("--controls", action="store_true", help="switch off each guard and see a violation")
    parser.add_argument(
        "--soak", type=int, default=0, metavar="CADENCES", help="so many cadences over 20 tables, faults at random"
    )
    parser.add_argument("--seed", type=int, default=20260131, help="of --soak")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
