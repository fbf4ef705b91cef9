"""How a plan of configuration looks: what is dangerous first, equal changes together, the first few names of many."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeVar

from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.plan import ConfigPlan, ItemChange, ItemRemoval
from odpf_cli.config_view import render_problems
from odpf_cli.display import plural

SHOWN = 10
"""Names of one group, before `and 2,950 more`."""
MOST_PROBLEMS = 50

_ADDED, _CHANGED, _REMOVED, _DANGER, _QUIET = "green", "yellow", "red", "bold red", "dim"
_STAYS = "not refreshed any more; the raw table and its rows stay"

Element = TypeVar("Element")


def plan_document(plan: ConfigPlan) -> dict[str, Any]:
    """The JSON form of a plan: names as `apply` prints them, and every change with its keys."""
    changes = [
        {
            **change.model_dump(mode="json", exclude={"item", "before"}),
            "refresh_cadence": change.item["refresh_cadence"],
        }
        for change in (*plan.added, *plan.changed)
    ]
    return {**plan.printed(), "changes": changes}


def render_plan(plan: ConfigPlan, *, everything: bool = False) -> RenderableType:
    """Groups of items with the keys that change, then what to look at.

    Args:
        plan: to show.
        everything: show all names and problems, not the first of each group.
    """
    lines = list(_problems(plan, everything) if plan.problems else _lines(plan, None if everything else SHOWN))
    return Group(*lines, *(Text(f"warning: {warning}", style=_CHANGED) for warning in plan.warnings))


def _problems(plan: ConfigPlan, everything: bool) -> Iterator[Text]:
    most = None if everything else MOST_PROBLEMS
    yield from render_problems(islice(plan.problems, most))
    yield from _more(len(plan.problems), most, "")


def _lines(plan: ConfigPlan, most: int | None) -> Iterator[Text]:
    dangerous = [change for change in plan.changed if change.danger]
    for group in _groups(dangerous, _what_changes):
        yield from _changed(group, most)
    for removals in _groups(plan.removed, lambda removal: (removal.kind, removal.refresh_cadence)):
        yield from _removed(removals, most)
    for group in _groups([change for change in plan.changed if not change.danger], _what_changes):
        yield from _changed(group, most)
    for group in _groups(plan.added, lambda change: (change.kind, _target(change))):
        yield from _added(group, most)
    yield from _schedules(plan)
    yield _summary(plan)


def _changed(group: Sequence[ItemChange], most: int | None) -> Iterator[Text]:
    first = group[0]
    danger = Text(f"  ! {first.danger}", style=_DANGER) if first.danger else Text()
    subject = f"{first.kind} {first.name}" if len(group) == 1 else plural(len(group), first.kind)
    yield Text(f"~ {subject}", style=_CHANGED) + danger
    for field in first.fields:
        yield Text.assemble(
            f"    {field.field}: ", (_value(field.before), _REMOVED), " -> ", (_value(field.after), _ADDED)
        )
    if len(group) > 1:
        yield from (Text(f"    {change.name}", style=_CHANGED) for change in group[:most])
        yield from _more(len(group), most, "    ")


def _removed(group: Sequence[ItemRemoval], most: int | None) -> Iterator[Text]:
    first = group[0]
    if first.kind == "cadence":
        yield Text(f"- cadence {first.name}", style=_REMOVED)
        return
    if len(group) > 1:
        head = Text(f"- {plural(len(group), 'table')} of cadence {first.refresh_cadence}", style=_REMOVED)
        yield head + Text(f"  ! {_STAYS}", style=_DANGER)
        yield from (Text(f"    {removal.name}", style=_REMOVED) for removal in group[:most])
    else:
        gone = Text(f"- table {first.name} of cadence {first.refresh_cadence}", style=_REMOVED)
        yield gone + Text(f"  ! {_STAYS}", style=_DANGER)
    yield from _more(len(group), most, "    ")


def _added(group: Sequence[ItemChange], most: int | None) -> Iterator[Text]:
    shown = group[:most]
    if len(shown) < len(group):
        yield Text(f"+ {plural(len(group), group[0].kind)} {_target(group[0])}", style=_ADDED)
    indent = "    " if len(shown) < len(group) else "+ "
    yield from (Text(f"{indent}{_described(change)}", style=_ADDED) for change in shown)
    yield from _more(len(group), most, "    ")


def _schedules(plan: ConfigPlan) -> Iterator[Text]:
    for schedule, expression in plan.schedules_put.items():
        yield Text(f"+ schedule of {schedule}: {expression}", style=_ADDED)
    for schedule in plan.schedules_removed:
        yield Text(f"- schedule of {schedule}", style=_REMOVED)


def _more(count: int, most: int | None, indent: str) -> Iterator[Text]:
    if most is not None and count > most:
        yield Text(f"{indent}... and {count - most:,} more (--all shows them)", style=_QUIET)


def _described(change: ItemChange) -> str:
    item = change.item
    if change.kind == "cadence":
        return f"cadence {change.name} ({item.get('schedule', 'only by hand')})"
    return f"table {change.name} -> {item['raw_database_name']}.{item['raw_table_name']} ({item['refresh_cadence']})"


def _target(change: ItemChange) -> str:
    if change.kind == "cadence":
        return ""
    return f"into {change.item['raw_database_name']} ({change.item['refresh_cadence']})"


def _what_changes(change: ItemChange) -> Hashable:
    return change.kind, change.danger, change.model_dump_json(include={"fields"})


def _groups(elements: Iterable[Element], key: Callable[[Element], Hashable]) -> list[list[Element]]:
    groups: dict[Hashable, list[Element]] = {}
    for element in elements:
        groups.setdefault(key(element), []).append(element)
    return list(groups.values())


def _value(value: Any) -> str:
    if value is None:
        return "(absent)"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _summary(plan: ConfigPlan) -> Text:
    unchanged = len(plan.unchanged_tables) + len(plan.unchanged_cadences)
    if plan.nothing_to_do:
        return Text(f"Nothing to do: {plural(unchanged, 'item')} deployed as written.", style="dim")
    counts = (f"{len(plan.added):,} to add", f"{len(plan.changed):,} to change", f"{len(plan.removed):,} to remove")
    summary = Text(f"{', '.join(counts)}, {unchanged:,} unchanged", style="bold")
    dangerous = len(plan.printed()["dangerous"])
    return summary + Text(f"; {dangerous:,} dangerous, marked !", style=_DANGER) if dangerous else summary
