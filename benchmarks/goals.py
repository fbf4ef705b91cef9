"""The goals of the benchmarks, each with the figure that stands for it: what is met, what is not, what was not measured."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any, NamedTuple

from benchmarks.control_plane import Measure
from benchmarks.freshness import Freshness
from benchmarks.knobs import DEFAULTS
from benchmarks.laws import exponent, line
from benchmarks.places import table_config
from benchmarks.report import TITLES
from file_processor.engine_choice import EngineFacts, choose_engine
from odpf.states import EngineName

Document = dict[str, Any]
_SYSTEM_OF = {EngineName.ARROW: "S6", EngineName.SPARK: "S1"}
_TABLE = table_config("any")


class Goal(NamedTuple):
    """One figure beside its goal.

    Attributes:
        id: of the benchmark.
        what: is measured, with what it was measured on.
        figure: for people.
        goal: for people; empty where the figure is only told.
        is_met: None where there is no goal.
    """

    id: str
    what: str
    figure: str
    goal: str = ""
    is_met: bool | None = None


def goals(document: Document) -> list[Goal]:
    """All that a run has figures for, by their ids: those of the data plane first."""
    parts = (_loads, _changes, _many, _files, _growth, _longevity, _makespan, _knobs, _fresh, _price, _control)
    found = (goal for part in parts for goal in part(document))
    return sorted(found, key=lambda goal: (goal.id[0] == "C", int(goal.id[1:])))


def _loads(document: Document) -> Iterator[Goal]:
    """D1: rows a second of a load beside the floor's; the goal is for the engine that auto takes."""
    for rows in _rows(document):
        floor = _seconds(document, "S0", rows, 0)
        for system in ("S6", "S1"):
            own = _seconds(document, system, rows, 0)
            if floor and own:
                share = floor / own
                what = f"load of {rows:,} rows, {TITLES[system]}: rows/s beside Spark copying the files"
                goal = (">= 50 %", share >= 0.5) if system == _auto(document, rows, 0) else ()
                yield Goal("D1", what, f"{share:.0%}", *goal)


def _changes(document: Document) -> Iterator[Goal]:
    """D2: seconds of a cycle beside a bare Hudi upsert; the goal is for the engine that auto takes."""
    for rows in _rows(document):
        for changes in _numbers(document, "changes"):
            bare = _seconds(document, "S3", rows, changes)
            for system in ("S6", "S1"):
                own = _seconds(document, system, rows, changes)
                if changes and bare and own:
                    what = f"{changes:,} changes into {rows:,} rows, {TITLES[system]}: seconds beside the bare upsert"
                    goal = ("<= 1.3 x", own / bare <= 1.3) if system == _auto(document, rows, changes) else ()
                    yield Goal("D2", what, f"{own / bare:.2f} x", *goal)


def _many(document: Document) -> Iterator[Goal]:
    """D3: many small tables, the best number of threads."""
    found = [each for each in document.get("tables", []) if "measured" in each]
    for stores in dict.fromkeys(each["stores"] for each in found):
        of = [each for each in found if each["stores"] == stores]
        rate = max(median(each["tables"] / one["wall_seconds"] for one in each["measured"]) for each in of)
        cpu = min(median(one["cpu_seconds"] / each["tables"] for one in each["measured"]) for each in of)
        in_memory = "memory" in stores
        yield Goal(
            "D3", f"many tables, {stores}: tables/s", f"{rate:.0f}", *((">= 30", rate >= 30) if in_memory else ())
        )
        yield Goal(
            "D3",
            f"many tables, {stores}: CPU seconds a table",
            f"{cpu:.3f}",
            *(("<= 0.05", cpu <= 0.05) if in_memory else ()),
        )


def _files(document: Document) -> Iterator[Goal]:
    """D4: a batch of many files."""
    batches = document.get("one_table", {}).get("batches", [])
    if len(batches) > 1:
        law = line([each["files"] for each in batches], [each["measured"]["wall_seconds"] for each in batches])
        yield Goal("D4", f"a batch of up to {batches[-1]['files']:,} files: seconds for each more", f"{law.step * 1000:.1f} ms",
                   "<= 15 ms", law.step <= 0.015)  # fmt: skip


def _growth(document: Document) -> Iterator[Goal]:
    """D5: seconds of a cycle as the table grows."""
    for system in ("S6", "S1", "S3", "S4", "S5"):
        points = [(rows, _seconds(document, system, rows, 1_000)) for rows in _rows(document)]
        known = [(rows, seconds) for rows, seconds in points if seconds]
        if len(known) > 2:
            power = exponent(*zip(*known, strict=True))
            goal = ("< 1", power < 1) if system in ("S6", "S1") else ()
            yield Goal("D5", f"1,000 changes, {TITLES[system]}: power of the table's rows", f"{power:.2f}", *goal)


def _longevity(document: Document) -> Iterator[Goal]:
    """D6: cycle after cycle."""
    cycles = document.get("one_table", {}).get("cycles", [])
    if len(cycles) > 10:
        seconds = [each["measured"]["cpu_seconds"] for each in cycles]
        growth = line(range(len(seconds)), seconds).step / median(seconds)
        what = f"{len(cycles)} cycles of one table"
        yield Goal("D6", f"{what}: growth of CPU seconds a cycle", f"{growth:.2%}", "<= 1 %", growth <= 0.01)
        yield Goal("D6", f"{what}: data files at the end", f"{cycles[-1]['data_files']}")
        yield Goal(
            "D6",
            f"{what}: objects of the timeline, which daily maintenance archives",
            f"{cycles[-1]['timeline_objects']}",
        )


def _makespan(document: Document) -> Iterator[Goal]:
    """D7: skew."""
    for each in document.get("makespan", []):
        ratio = max(cycle["makespan"] / cycle["bound"] for cycle in each["cycles"][1:])
        what = f"3,000 tables with heavy tails, batches of {each['batch_size']}: makespan beside the lower bound"
        yield Goal("D7", what, f"{ratio:.2f}", "<= 1.3", ratio <= 1.3)
        yield Goal(
            "D7",
            f"{what}, packed by count as before",
            f"{each['by_count']['makespan'] / each['by_count']['bound']:.2f}",
        )


def _knobs(document: Document) -> Iterator[Goal]:
    """D8: the defaults beside one knob turned."""
    seconds = _medians(document, "knobs")
    if default := seconds.pop(DEFAULTS.id, None):
        for system, own in seconds.items():
            what = f"{TITLES[system]}: seconds beside the defaults"
            yield Goal("D8", what, f"{own / default:.2f} x", ">= 1 x", own >= default)


def _fresh(document: Document) -> Iterator[Goal]:
    """D9: put to visible, Spark cold as in every job run."""
    found = [Freshness(**each) for each in document.get("freshness", []) if "error" not in each]
    for engine in dict.fromkeys(each.engine for each in found):
        own = [each for each in found if each.engine == engine]
        overhead = median(each.overhead for each in own)
        goal = ("<= 20 %", overhead <= 0.2) if engine == EngineName.SPARK else ()
        yield Goal("D9", f"a file of changes by {engine}: seconds from the put until rows are visible",
                   f"{median(each.seconds for each in own):.1f}")  # fmt: skip
        yield Goal("D9", f"a file of changes by {engine}: share of all but the engine's start, reading and the commit",
                   f"{overhead:.0%}", *goal)  # fmt: skip


def _price(document: Document) -> Iterator[Goal]:
    """D10: stores beside ports that do nothing."""
    seconds = _medians(document, "price")
    for engine in ("S6", "S1"):
        if idle := seconds.get(f"{engine}n"):
            for system in (engine, f"{engine}m"):
                if own := seconds.get(system):
                    what = f"{TITLES[system]}: seconds more than with ports that do nothing"
                    yield Goal("D10", what, f"{own / idle - 1:.0%}", "<= 10 %", own <= 1.1 * idle)


def _control(document: Document) -> Iterator[Goal]:
    """C1 to C8."""
    for each in document.get("control", []):
        measure = Measure(**each)
        goal = () if measure.goal is None else (f"<= {measure.goal:g}", measure.is_met)
        yield Goal(measure.id, f"{measure.what} ({measure.size:,})", f"{measure.value:.3g}", *goal)


def _medians(document: Document, part: str) -> dict[str, float]:
    """Median wall seconds of a cycle of changes by system."""
    return {
        each["system"]: median(one["wall_seconds"] for one in each["measured"])
        for each in document.get(part, [])
        if each["changes"] and each["measured"]
    }


def _rows(document: Document) -> list[int]:
    return _numbers(document, "rows")


def _numbers(document: Document, field: str) -> list[int]:
    return sorted({each[field] for each in document.get("cycles", [])})


def _auto(document: Document, rows: int, changes: int) -> str:
    """The system with the engine that `engine: auto` takes for files and a table of that many bytes."""
    of = [each for each in document["cycles"] if (each["rows"], each["changes"]) == (rows, changes)]
    landed = max(each["file_bytes"] for each in of)
    stored = max(
        (each["size"]["bytes"] for each in of if each["size"] and each["system"] in _SYSTEM_OF.values()), default=0
    )
    return _SYSTEM_OF[choose_engine(_TABLE, EngineFacts(landed, stored if changes else 0)).engine]


def _seconds(document: Document, system: str, rows: int, changes: int) -> float | None:
    """Median wall seconds; None for what was not measured, or was wrong."""
    for each in document.get("cycles", []):
        if (each["system"], each["rows"], each["changes"]) == (system, rows, changes) and each["measured"]:
            return float(median(one["wall_seconds"] for one in each["measured"]))
    return None
