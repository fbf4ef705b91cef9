"""Two hundred cadences over twenty tables with faults at random; at the end every table equals its replay, and the figures are told."""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from odpf.states import Outcome
from tests.faults.judge import judge, told
from tests.faults.place import Place
from tests.faults.reader import Reader
from tests.faults.scenarios import Scenario, scenarios
from tests.faults.subject import Subject, completed

TABLES, OF_SPARK = 20, 4
_FAULTY = 0.35
"""Share of the cadences that meet a fault."""
_SPARK = 0.12
"""Share of the cadences in which tables of Spark's have files: their job runs take ten seconds."""
_ELSEWHERE = ("two runs at once", "no end of throttling", "during the Hudi write")
"""Scenarios that take long or want other kinds of work."""
_OPTIONS: tuple[dict[str, Any], ...] = (
    {},
    {"hudi_partition_key": "part"},
    {"delete_mode": "soft"},
    {"history": True},
    {"reload_mode": "difference"},
    {"table_data_versioning_type": "V"},
)


class Soaked(NamedTuple):
    """What came of it: violations by table, and what is counted."""

    violations: dict[str, list[str]]
    counted: Counter[str]
    seconds: float


def soak(place: Place, cadences: int, seed: int) -> int:
    """Run it and print its figures; 1 if anything was violated."""
    print(f"seed {seed}", file=sys.stderr, flush=True)
    soaked = _soak(place, cadences, random.Random(seed))
    shown = Table("figure", "value", title=f"{cadences} cadences over {TABLES} tables, seed {seed}")
    for name, value in soaked.counted.items():
        shown.add_row(name, f"{value:,}")
    for guarantee in ("G1", "G2", "G4", "G5", "G6", "G7"):
        bad = sum(violation.startswith(guarantee) for some in soaked.violations.values() for violation in some)
        shown.add_row(f"violations of {guarantee}", str(bad), style="red" if bad else "")
    every = {name: some for name, some in soaked.violations.items() if some}
    shown.add_row("tables that differ from their replay, or anything else wrong", str(len(every)))
    shown.add_row("minutes", f"{soaked.seconds / 60:.1f}")
    Console().print(shown)
    for name, some in every.items():
        print(f"{name}: {'; '.join(some)}", file=sys.stderr)
    return int(bool(every))


def _soak(place: Place, cadences: int, chance: random.Random) -> Soaked:
    subjects = [
        Subject(place, f"soak_{n:02d}", "spark" if n < OF_SPARK else "arrow", **_OPTIONS[n % len(_OPTIONS)])
        for n in range(TABLES)
    ]
    faults = {
        engine: [s for s in scenarios() if s.engine == engine and not any(word in s.name for word in _ELSEWHERE)]
        for engine in ("arrow", "spark")
    }
    began, counted = time.monotonic(), Counter[str]()
    violations: dict[str, list[str]] = {subject.source: [] for subject in subjects}
    for subject in subjects:
        subject.stage("load")
    _left_alone(place, subjects, counted, violations)
    snapshot = subjects[OF_SPARK]
    with Reader(place, snapshot.table.location) as reader:
        for number in range(cadences):
            _cadence(place, _chosen(subjects, chance), faults, chance, counted, violations)
            if number % 10 == 9:
                print(
                    f"{number + 1} cadences, {sum(map(len, violations.values()))} violations",
                    file=sys.stderr,
                    flush=True,
                )
        for subject in subjects:
            subject.stage("changes")
        _left_alone(place, subjects, counted, violations)
        for subject in subjects:
            violations[subject.source] += judge(subject.table, subject.files)
    violations[snapshot.source] += reader.violations(snapshot.whole)
    counted["queries beside"] = reader.asked
    counted["files"] = sum(subject.files for subject in subjects)
    return Soaked(violations, counted, time.monotonic() - began)


def _chosen(subjects: Sequence[Subject], chance: random.Random) -> list[Subject]:
    """The tables with files in a cadence."""
    with_spark = chance.random() < _SPARK
    among = [*subjects] if with_spark else [*subjects[OF_SPARK:]]
    chosen = chance.sample(among, chance.randint(2, 6))
    return (
        [*chosen, chance.choice(subjects[:OF_SPARK])] if with_spark and chosen[0] not in subjects[:OF_SPARK] else chosen
    )


def _cadence(
    place: Place,
    chosen: list[Subject],
    faults: dict[str, list[Scenario]],
    chance: random.Random,
    counted: Counter[str],
    violations: dict[str, list[str]],
) -> None:
    chosen = list(dict.fromkeys(chosen))
    for subject in chosen:
        subject.stage(chance.choices(["changes", "reload", "many"], [8, 2, 1])[0])
    counted["cadences"] += 1
    if chance.random() >= _FAULTY:
        _left_alone(place, chosen, counted, violations)
        return
    fault = chance.choice(faults[chosen[0].table.config["engine"]])
    met = fault.act(place, tuple(chosen))
    counted["faults"] += met.happened
    counted["faults that nobody met"] += not met.happened
    counted["seconds to recover, all together"] += round(met.recovered)
    violations[chosen[0].source] += met.violations
    for subject in chosen:
        subject.table.ran(completed(subject.table))


def _left_alone(
    place: Place, chosen: Sequence[Subject], counted: Counter[str], violations: dict[str, list[str]]
) -> None:
    summary = place.refresh(*(subject.source for subject in chosen))
    for subject in chosen:
        found = subject.applied(summary)
        violations[subject.source] += told(found)
        if found is not None and found.outcome is Outcome.COMPLETED:
            counted["rows read"] += found.counts.rows_read
