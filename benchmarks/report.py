"""Figures as one document and as tables for people: medians, with the smallest and the greatest beside them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.freshness import Freshness
from benchmarks.knobs import KNOBS
from benchmarks.measuring import by_service
from benchmarks.systems import IN_S3, LOCAL, PRICED

TITLES = {spec.id: spec.title for spec in (*LOCAL, *IN_S3, *PRICED, *KNOBS)}
"""What systems are; their ids alone stand where there is little room."""
_MEGABYTE = 1024 * 1024
Row = Sequence[object]


def as_document(found: Any) -> Any:
    """What was found, as JSON has it."""
    match found:
        case dict():
            return {str(key): as_document(value) for key, value in found.items()}
        case tuple() if hasattr(found, "_asdict"):
            return as_document(found._asdict())
        case list() | tuple():
            return [as_document(each) for each in found]
        case Path():
            return str(found)
        case _ if dataclasses.is_dataclass(found):
            return as_document({field.name: getattr(found, field.name) for field in dataclasses.fields(found)})
        case _:
            return found


def as_markdown(document: dict[str, Any]) -> str:
    """The tables."""
    parts = [_machine(document)]
    if series := document.get("cycles"):
        parts += [
            _section("CPU seconds per table-cycle, local files", _matrix(series, "cpu_seconds")),
            _section("Seconds per table-cycle, local files", _matrix(series, "wall_seconds")),
            _section("Requests over HTTP per table-cycle, files local", _request_table(series, "requests")),
            _section("Sizes", _sizes(series)),
        ]
    if series := document.get("requests"):
        parts += [
            _section("Requests per table-cycle, everything over HTTP", _request_table(series, "answered")),
            _section("CPU seconds per table-cycle, everything over HTTP", _matrix(series, "cpu_seconds")),
        ]
    for part, title in (("price", "the price of correctness"), ("knobs", "Hudi's knobs")):
        if series := document.get(part):
            parts.append(_section(f"Seconds per table-cycle, {title}", _systems(series)))
    if found := document.get("freshness"):
        parts.append(_section("From the put to visible rows, and what follows", _freshness(found)))
    if found := document.get("tables"):
        parts.append(_section("Many tables in one process, Arrow", _throughput(found)))
    if found := document.get("memory"):
        parts.append(_section("Memory, Arrow", _memory(found)))
    if found := document.get("heap"):
        parts.append(_section("A full load larger than the heap, Spark", _heap(found)))
    return "\n\n".join(parts) + "\n"


def _machine(document: dict[str, Any]) -> str:
    of = document["machine"]
    versions = ", ".join(
        f"{name} {value}" for name, value in of.items() if isinstance(value, str) and name not in ("kernel", "python")
    )
    load = ", ".join(f"{value:.1f}" for value in (of["load_average"][0], document["load_average_at_end"][0]))
    return (
        f"{of['cores']} cores, load average (1 min) at start and end: {load}; Python {of['python']}, Linux {of['kernel']}; "
        f"{versions}. Median (smallest - greatest).{_left_out(document)}"
    )


def _left_out(document: dict[str, Any]) -> str:
    """Parts that were not begun, and how to have them."""
    parts = ",".join(document.get("left_out", []))
    return f" The time was over before these parts: --parts {parts} (or more --minutes)." if parts else ""


def _matrix(series: list[dict[str, Any]], field: str) -> str:
    """A line per size, a column per system, and how many times S6 the Spark engine takes."""
    systems = list(dict.fromkeys(each["system"] for each in series))
    known = {(each["rows"], each["changes"], each["system"]): each for each in series}
    rows: list[Row] = []
    for size in dict.fromkeys((each["rows"], each["changes"]) for each in series):
        cells = [_told(known.get((*size, system)), field) for system in systems]
        rows.append([f"{size[0]:,}", f"{size[1]:,}", *cells, _ratio(known, size, field)])
    headings = [f"{system} {TITLES.get(system, '')}" for system in systems]
    return _table(["rows", "changes", *headings, "S1 / S6"], rows)


def _systems(series: list[dict[str, Any]]) -> str:
    """A line per system."""
    rows: list[Row] = [
        [TITLES[each["system"]], _told(each, "wall_seconds"), _told(each, "cpu_seconds")]
        for each in series
        if each["changes"]
    ]
    return _table(["system", "seconds", "CPU seconds"], rows)


def _freshness(found: list[dict[str, Any]]) -> str:
    """A line per step, a column per engine."""
    runs = [Freshness(**each) for each in found if "error" not in each]
    engines = list(dict.fromkeys(run.engine for run in runs))
    rows: list[Row] = []
    for part in ("steps", "afterwards"):
        names = list(dict.fromkeys(name for run in runs for name in getattr(run, part)))
        rows += [
            [
                name,
                *(_spread([getattr(r, part)[name] for r in runs if r.engine == e], "{:.2f}".format) for e in engines),
            ]
            for name in names
        ]
    return _table(["seconds", *engines], rows) if runs else "wrong"


def _told(each: dict[str, Any] | None, field: str) -> str:
    if each is None or not each["measured"]:
        return "wrong" if each and each["error"] else "-"
    return _spread([one[field] for one in each["measured"]], "{:.3f}".format)


def _ratio(known: dict[tuple[int, int, str], dict[str, Any]], size: tuple[int, int], field: str) -> str:
    found = []
    for name in ("S1", "S6"):
        each = known.get((*size, name)) or known.get((*size, f"{name} s3"))
        if each is None or not each["measured"]:
            return "-"
        found.append(median(one[field] for one in each["measured"]))
    return f"{found[0] / found[1]:.1f}"


def _request_table(series: list[dict[str, Any]], field: str) -> str:
    """A line per system and size, a column per service, and the kinds of S3 requests."""
    lines: list[Row] = []
    services = sorted({service for each in series for one in each["measured"] for service in by_service(one[field])})
    for each in (each for each in series if each["measured"]):
        per_service = [by_service(one[field]) for one in each["measured"]]
        counts = [_spread([found.get(service, 0) for found in per_service], "{:g}".format) for service in services]
        if any(per_service):
            lines.append([each["system"], f"{each['rows']:,}", f"{each['changes']:,}", *counts, _kinds(each, field)])
    return _table(["system", "rows", "changes", *services, "of the last cycle"], lines) if lines else "none"


def _kinds(each: dict[str, Any], field: str) -> str:
    kinds = each["measured"][-1][field]
    return ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items(), key=lambda item: (-item[1], item[0])))


def _sizes(series: list[dict[str, Any]]) -> str:
    rows: list[Row] = [
        [
            each["system"],
            f"{each['rows']:,}",
            f"{each['changes']:,}",
            f"{each['file_bytes']:,}",
            each["size"]["files"],
            f"{each['size']['bytes']:,}",
        ]
        for each in series
        if each["size"]
    ]
    return _table(["system", "rows", "changes", "bytes of the change file", "data files", "their bytes"], rows)


def _throughput(found: list[dict[str, Any]]) -> str:
    rows: list[Row] = []
    for each in found:
        if "error" in each:
            rows.append([each["error"], *["wrong"] * 4])
            continue
        tables, measured = each["tables"], each["measured"]
        rows.append(
            [
                f"{each['stores']}, {tables} tables",
                each["threads"],
                _spread([tables / one["wall_seconds"] for one in measured], "{:.1f}".format),
                _spread([one["cpu_seconds"] / tables for one in measured], "{:.4f}".format),
                _spread([one["emulator_cpu_seconds"] / tables for one in measured], "{:.4f}".format),
            ]
        )
    return _table(["stores", "threads", "tables/s", "CPU s per table", "CPU s of the emulator per table"], rows)


def _memory(found: list[dict[str, Any]]) -> str:
    rows: list[Row] = []
    for each in found:
        if "error" in each:
            rows.append([each["error"], *["wrong"] * 6])
            continue
        cycles = each["cycles"]
        growths = [peak - cycles["before"] for peak in cycles["peaks"]]
        rows.append(
            [
                f"{each['rows']:,} rows, {each['changes']:,} changes",
                f"{each['size']['files']} of {each['size']['bytes'] / _MEGABYTE:.0f} MB in all",
                _spread([value / _MEGABYTE for value in growths], "{:.0f}".format),
                f"{max(cycles['peaks']) / _MEGABYTE:.0f}",
                _spread([one["wall_seconds"] for one in cycles["measured"]], "{:.2f}".format),
                _spread([one["cpu_seconds"] for one in cycles["measured"]], "{:.2f}".format),
            ]
        )
    return _table(["table", "data files", "growth, MB", "greatest resident size, MB", "seconds", "CPU s"], rows)


def _heap(found: list[dict[str, Any]]) -> str:
    rows: list[Row] = [
        [
            f"{each['rows']:,} rows, {each['input_bytes'] / _MEGABYTE:,.0f} MB",
            f"{each['megabytes']:,}",
            f"{each['peak_bytes'] / _MEGABYTE:,.0f}",
            f"{each['measured']['wall_seconds']:.0f}",
            f"{each['measured']['cpu_seconds']:.0f}",
            f"{each['size']['files']} of {each['size']['bytes'] / _MEGABYTE:,.0f} MB in all",
        ]
        if "error" not in each
        else [each["error"], *["wrong"] * 5]
        for each in found
    ]
    headings = ["landed", "heap, MB", "greatest resident size of Python and Java, MB", "seconds", "CPU s", "data files"]
    return _table(headings, rows)


def _spread(values: Iterable[float], told: Callable[[float], str]) -> str:
    """The median; with the range where there is one."""
    values = sorted(values)
    middle, least, most = (told(value) for value in (median(values), values[0], values[-1]))
    return middle if least == most else f"{middle} ({least} - {most})"


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text}"


def _table(headings: Sequence[str], rows: Iterable[Row]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)
