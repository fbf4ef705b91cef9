"""The benchmarks, part by part: `python -m benchmarks --help`."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from benchmarks.arguments import PARTS, arguments
from benchmarks.control_plane import FULL, QUICK, run_control_plane
from benchmarks.counting_aws import launch, request_log
from benchmarks.cycles import Sizes, run_cycles
from benchmarks.freshness import run_freshness
from benchmarks.heap import run_heap
from benchmarks.knobs import DEFAULTS, KNOBS
from benchmarks.makespan import run_makespan
from benchmarks.many_tables import SPECS, ManyTables, run_many_tables
from benchmarks.measuring import machine
from benchmarks.memory import run_memory
from benchmarks.one_table import OneTable, run_one_table
from benchmarks.page import as_page
from benchmarks.places import Place, make_buckets
from benchmarks.report import as_document, as_markdown
from benchmarks.systems import IN_S3, LOCAL, PRICED, SystemSpec, WrongResult, other_job
from benchmarks.worker import prepare
from odpf_local.aws import running

_LATEST_START = 0.8
"""Of the time that all parts have: one that would begin later is left out."""


def main(argv: Sequence[str]) -> None:
    """Run the parts that are asked for; results go to files after each of them, progress to stderr."""
    wanted = arguments(argv)
    folder = Path(mkdtemp(prefix="odpf-bench-", dir=wanted.folder))
    with ExitStack() as stack:
        if not wanted.keep:
            stack.callback(shutil.rmtree, folder, ignore_errors=True)
        emulator = launch(folder / "aws")
        stack.callback(running.stop, folder / "aws")
        place = Place(folder, emulator, request_log(folder / "aws"))
        prepare(place)
        make_buckets(place)
        found: dict[str, Any] = {"arguments": vars(wanted), "machine": machine(), "started_at": time.time()}
        for part in wanted.parts:
            is_late = time.time() - found["started_at"] > _LATEST_START * wanted.minutes * 60
            if is_late and part != wanted.parts[0]:
                found.setdefault("left_out", []).append(part)
                continue
            found[part] = _PARTS[part](wanted, place)
            found["load_average_at_end"] = os.getloadavg()
            _write(found, wanted.output)
        _write(found, wanted.output)
    print(as_markdown(as_document(found)))


def _control(wanted: argparse.Namespace, place: Place) -> Any:
    return run_control_plane(place, QUICK if wanted.quick else FULL, _tell)


def _makespan(wanted: argparse.Namespace, _place: Place) -> Any:
    return [run_makespan(3000, size, 3 if wanted.quick else 6) for size in (5, 50)]


def _one_table(wanted: argparse.Namespace, place: Place) -> Any:
    try:
        return run_one_table(place, OneTable(wanted.files, wanted.long_cycles))
    except WrongResult as error:
        _tell(f"one table: {error}")
        return {"error": str(error).strip().splitlines()[-1]}


def _cycles(wanted: argparse.Namespace, place: Place) -> Any:
    runs = wanted.warm_ups, wanted.runs, wanted.runs_of_large
    sizes = Sizes(wanted.rows, wanted.changes, *runs, large_changes=wanted.large_changes)
    others = [other_job(wanted.job)] if wanted.job else []
    return run_cycles([*_chosen(LOCAL, wanted.systems), *others], place, sizes, _tell, keep=wanted.keep)


def _price(wanted: argparse.Namespace, place: Place) -> Any:
    sizes = _one_size(wanted, wanted.price_runs)  # a few thousandths of a second are to be told apart
    return run_cycles(_chosen(PRICED, wanted.systems), place, sizes, _tell, keep=wanted.keep)


def _knobs(wanted: argparse.Namespace, place: Place) -> Any:
    return run_cycles((DEFAULTS, *KNOBS), place, _one_size(wanted, wanted.runs), _tell, keep=wanted.keep)


def _one_size(wanted: argparse.Namespace, runs: int) -> Sizes:
    """A thousand changes of ten thousand rows."""
    return Sizes((10_000,), (1_000,), wanted.warm_ups, runs, runs)


def _freshness(wanted: argparse.Namespace, place: Place) -> Any:
    return _or_error(lambda: run_freshness(place, wanted.freshness_runs), "freshness")


def _requests(wanted: argparse.Namespace, place: Place) -> Any:
    sizes = Sizes(wanted.request_rows, (1_000,), 1, wanted.request_runs, wanted.request_runs)
    return run_cycles(_chosen(IN_S3, wanted.systems), place, sizes, _tell, keep=wanted.keep)


def _tables(wanted: argparse.Namespace, place: Place) -> Any:
    tables = ManyTables(wanted.tables, 10_000, 1_000, wanted.threads, wanted.table_runs)
    return [found for spec in SPECS for found in _or_error(partial(run_many_tables, spec, place, tables), spec.id)]


def _memory(wanted: argparse.Namespace, place: Place) -> Any:
    return _or_error(lambda: [run_memory(place, wanted.memory_rows, 1_000, wanted.runs)], "memory")


def _heap(wanted: argparse.Namespace, place: Place) -> Any:
    sizes = wanted.heap_megabytes, wanted.heap_input_megabytes
    return _or_error(lambda: [run_heap(place, *sizes)], "heap")


_PARTS: dict[str, Callable[[argparse.Namespace, Place], Any]] = dict(
    zip(
        PARTS,
        (_control, _makespan, _one_table, _tables, _price, _freshness, _knobs, _cycles, _requests, _memory, _heap),
        strict=True,
    )
)


def _or_error(work: Callable[[], list[Any]], doing: str) -> list[Any]:
    """What the work found; a part that is wrong has no figures and does not end the others."""
    _tell(f"{doing} ...")
    try:
        return work()
    except WrongResult as error:
        _tell(f"{doing}: {error}")
        return [{"error": f"{doing}: {str(error).strip().splitlines()[-1]}"}]


def _chosen(specs: Sequence[SystemSpec], ids: Sequence[str] | None) -> list[SystemSpec]:
    return [spec for spec in specs if not ids or spec.id.split()[0] in ids]


def _write(found: dict[str, Any], output: Path) -> None:
    document = as_document(found)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.with_suffix(".json").write_text(json.dumps(document, indent=1))
    output.with_suffix(".md").write_text(as_markdown(document))
    output.with_suffix(".html").write_text(as_page(document))


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
