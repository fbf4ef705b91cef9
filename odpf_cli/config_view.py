"""How plans and deployed configuration look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.plan import ConfigPlan, ItemChange
from config_manager.problem import Problem
from odpf_cli.display import NOTHING, grid, plural

_ADDED, _CHANGED, _REMOVED, _DANGER = "green", "yellow", "red", "bold red"


def plan_document(plan: ConfigPlan) -> dict[str, Any]:
    """The JSON form of a plan: names as `apply` prints them, and every change with its keys."""
    changes = [
        {
            **change.model_dump(mode="json", exclude={"item"}),
            "refresh_cadence": change.item["refresh_cadence"],
        }
        for change in (*plan.added, *plan.changed)
    ]
    return {**plan.printed(), "changes": changes}


def render_plan(plan: ConfigPlan) -> RenderableType:
    """A line per item, the keys that change below it, then what to look at."""
    lines = list(render_problems(plan.problems)) if plan.problems else list(_lines(plan))
    return Group(*lines, *(Text(f"warning: {warning}", style=_CHANGED) for warning in plan.warnings))


def render_problems(problems: Iterable[Problem]) -> Iterator[Text]:
    """One line per problem."""
    for problem in problems:
        line = f" (line {problem.line})" if problem.line else ""
        yield Text.assemble((problem.path, "bold red"), f"{line}: {problem.message}")


def render_items(cadences: Iterable[Mapping[str, Any]], tables: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Deployed items as two tables."""
    of_cadences = grid(["Cadence", "Schedule", "Maintenance", "Worker"], ["Workers", "Batch size"])
    for item in cadences:
        of_cadences.add_row(
            *_cells(item, "refresh_cadence", "schedule", "maintenance_schedule", "glue_job_worker_type"),
            *_cells(item, "glue_job_max_workers", "refresh_tables_batch_size"),
        )
    of_tables = grid(["Source table", "Raw table", "Cadence", "Key", "Partition", "Type", "Mode", "Active"], [])
    for item in tables:
        raw_table = f"{item.get('raw_database_name', NOTHING)}.{item.get('raw_table_name', NOTHING)}"
        keys = ("hudi_primary_key", "hudi_partition_key", "hudi_table_type", "table_data_versioning_type", "is_active")
        of_tables.add_row(*_cells(item, "source_table_name"), raw_table, *_cells(item, "refresh_cadence", *keys))
    return Group(of_cadences, of_tables)


def as_yaml(document: Mapping[str, Any]) -> str:
    """A configuration file."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)


def _cells(item: Mapping[str, Any], *keys: str) -> list[str]:
    return [str(item.get(key, NOTHING)) for key in keys]


def _lines(plan: ConfigPlan) -> Iterator[Text]:
    for change in plan.added:
        yield Text(f"+ {_described(change)}", style=_ADDED)
    for change in plan.changed:
        yield from _changed(change)
    for removal in plan.removed:
        gone = Text(f"- table {removal.name} of cadence {removal.refresh_cadence}", style=_REMOVED)
        yield gone + Text("  ! not refreshed any more; the raw table and its rows stay", style=_DANGER)
    for schedule, expression in plan.schedules_put.items():
        yield Text(f"+ schedule of {schedule}: {expression}", style=_ADDED)
    for schedule in plan.schedules_removed:
        yield Text(f"- schedule of {schedule}", style=_REMOVED)
    yield _summary(plan)


def _described(change: ItemChange) -> str:
    item = change.item
    if change.kind == "cadence":
        return f"cadence {change.name} ({item.get('schedule', 'only by hand')})"
    return f"table {change.name} -> {item['raw_database_name']}.{item['raw_table_name']} ({item['refresh_cadence']})"


def _changed(change: ItemChange) -> Iterator[Text]:
    danger = Text(f"  ! {change.danger}", style=_DANGER) if change.danger else Text()
    yield Text(f"~ {change.kind} {change.name}", style=_CHANGED) + danger
    for field in change.fields:
        yield Text.assemble(
            f"    {field.field}: ", (_value(field.before), _REMOVED), " -> ", (_value(field.after), _ADDED)
        )


def _value(value: Any) -> str:
    if value is None:
        return "(absent)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _summary(plan: ConfigPlan) -> Text:
    unchanged = len(plan.unchanged_tables) + len(plan.unchanged_cadences)
    if plan.nothing_to_do:
        return Text(f"Nothing to do: {plural(unchanged, 'item')} deployed as written.", style="dim")
    counts = (f"{len(plan.added)} to add", f"{len(plan.changed)} to change", f"{len(plan.removed)} to remove")
    return Text(f"{', '.join(counts)}, {unchanged} unchanged", style="bold")
