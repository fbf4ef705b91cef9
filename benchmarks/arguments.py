"""What can be asked of the benchmarks: parts, systems, sizes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.systems import LOCAL, PRICED

PARTS = (
    "control",
    "makespan",
    "one_table",
    "tables",
    "price",
    "freshness",
    "knobs",
    "cycles",
    "requests",
    "memory",
    "heap",
)
_QUICK_PARTS = ("control", "makespan", "one_table", "tables", "cycles")
_QUICK_SYSTEMS = ("S6", "S6m", "S6n", "S1", "S1n", "S3", "S4", "S5", "S0")
_SYSTEMS = tuple(dict.fromkeys(spec.id for spec in (*LOCAL, *PRICED)))
_FULL: dict[str, Any] = {
    "rows": (1_000, 10_000, 100_000, 1_000_000),
    "changes": (10, 1_000, 100_000),
    "large_changes": (1_000,),
    "warm_ups": 3,
    "runs": 5,
    "runs_of_large": 1,
    "price_runs": 15,
    "request_rows": (10_000,),
    "request_runs": 3,
    "files": (1, 10, 100, 1_000),
    "long_cycles": 100,
    "tables": 100,
    "threads": (1, 2, 4, 8),
    "table_runs": 3,
    "memory_rows": 1_000_000,
    "freshness_runs": 3,
    "heap_megabytes": 1024,
    "heap_input_megabytes": 1280,
    "minutes": 60,
}
_QUICK: dict[str, Any] = {
    "rows": (1_000, 10_000),
    "changes": (1_000,),
    "warm_ups": 1,
    "runs": 2,
    "price_runs": 2,
    "request_rows": (),
    "request_runs": 1,
    "files": (1, 10, 100),
    "long_cycles": 30,
    "tables": 20,
    "threads": (1, 4),
    "table_runs": 1,
    "memory_rows": 100_000,
    "freshness_runs": 1,
    "heap_megabytes": 1024,
    "heap_input_megabytes": 100,
    "minutes": 60,
}


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """What is asked for, with the defaults of the sizes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="What engines and control plane cost.")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes and few runs: whether it works, not what it costs"
    )
    parser.add_argument("--parts", type=_words, help=f"of {','.join(PARTS)}")
    parser.add_argument("--systems", type=_words, help=f"of {','.join(_SYSTEMS)}; all by default")
    for name, value in _FULL.items():
        many = isinstance(value, tuple)
        parser.add_argument(f"--{name.replace('_', '-')}", type=_numbers if many else int, help=f"default {value}")
    parser.add_argument(
        "--job", type=Path, help="a Python file with open_system(spec, place), as in benchmarks/systems"
    )
    parser.add_argument("--folder", type=Path, help="where to work; a temporary folder by default")
    parser.add_argument("--output", type=Path, default=Path("build/bench"), help="of .json, .md and .html")
    parser.add_argument("--keep", action="store_true", help="leave files and tables")
    given = parser.parse_args(argv)
    for name, known in (("parts", PARTS), ("systems", _SYSTEMS)):
        if unknown := set(getattr(given, name) or ()) - {*known}:
            parser.error(f"--{name}: {', '.join(sorted(unknown))} is none of {','.join(known)}")
    given.parts = given.parts or (_QUICK_PARTS if given.quick else PARTS)
    given.systems = given.systems or (_QUICK_SYSTEMS if given.quick else None)
    given.large_changes = given.large_changes or given.changes  # what is asked for is for every table
    defaults = _FULL | (_QUICK if given.quick else {})
    for name, value in defaults.items():
        if getattr(given, name) is None:
            setattr(given, name, value)
    return given


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(number.replace("_", "")) for number in text.split(","))


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))
