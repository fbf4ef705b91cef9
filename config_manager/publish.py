"""Executes a plan. Every step may be done again, so a crash anywhere is healed by applying the same files."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from config_manager.plan import ConfigPlan
from config_manager.problem import Problem
from config_manager.stores import Stores
from odpf.clock import iso
from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore
from odpf.release import CODE_VERSION

MOST_NAME_BYTES = 200_000
"""Of names or problems in one deployment record, far below DynamoDB's 400 KB; what is left out is counted."""

STARTED, APPLIED, REFUSED = "started", "applied", "refused"


def publish(plan: ConfigPlan, stores: Stores, *, who: str, now: datetime) -> str | None:
    """Write a plan: databases, the record as `started`, cadences, tables, removals, schedules, the record as `applied`.

    A schedule is made last, so none starts a cadence whose tables are not there yet. A record that stays `started`
    tells of an apply that did not come to its end.

    Returns:
        The deployment id, None when everything was as the plan wants it.

    Raises:
        InvalidConfiguration: the plan has problems; nothing was written.
    """
    if plan.problems:
        listed = tuple((problem.path, problem.message) for problem in plan.problems)
        raise InvalidConfiguration(f"The configuration has problems ({len(listed)}), so nothing was written.", listed)
    for database in plan.databases:
        stores.catalog.ensure_database(database)
    if plan.nothing_to_do:
        return None
    deployment_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{plan.digest[:8]}"
    record = _record(plan, deployment_id, who, now)
    stores.config.put_deployment({**record, "status": STARTED})
    _write_items(plan, stores.config)
    for schedule, expression in plan.schedules_put.items():
        stores.schedules.put(schedule, expression)
    for schedule in plan.schedules_removed:
        stores.schedules.remove(schedule)
    stores.config.put_deployment({**record, "status": APPLIED})
    return deployment_id


def record_refusal(
    source: str, deployment_id: str, problems: tuple[Problem, ...], *, config: ConfigStore, who: str, now: datetime
) -> None:
    """Record a configuration that was refused, with its problems."""
    texts = [f"{problem.path}: {problem.message}" for problem in problems]
    config.put_deployment(
        {**_header(source, deployment_id, who, now), "status": REFUSED, **_fitting({"problems": texts})}
    )


def _write_items(plan: ConfigPlan, config: ConfigStore) -> None:
    changes = (*plan.added, *plan.changed)
    for change in changes:
        if change.kind == "cadence":
            config.put_cadence(change.item)
    tables = [change for change in changes if change.kind == "table"]
    config.put_tables(change.item for change in tables)
    config.remove_tables(
        [(change.moved_from, change.name) for change in tables if change.moved_from]
        + [(removal.refresh_cadence, removal.name) for removal in plan.removed]
    )


def _record(plan: ConfigPlan, deployment_id: str, who: str, now: datetime) -> dict[str, Any]:
    printed = plan.printed()
    names = {
        "tables_added": printed["added"],
        "tables_changed": printed["changed"],
        "tables_removed": printed["removed"],
        "cadences_added": printed["cadences_added"],
        "cadences_changed": printed["cadences_changed"],
        "schedules_put": sorted(plan.schedules_put),
        "schedules_removed": list(plan.schedules_removed),
    }
    return {**_header(plan.source, deployment_id, who, now), "digest": plan.digest, **_fitting(names)}


def _header(source: str, deployment_id: str, who: str, now: datetime) -> dict[str, Any]:
    return {
        "deployment_id": deployment_id,
        "deployed_by": who,
        "deployed_at": iso(now),
        "source": source,
        "odpf_version": CODE_VERSION,
    }


def _fitting(lists: dict[str, list[str]]) -> dict[str, Any]:
    """The lists as far as they fit an item, and how many texts did not."""
    room, left_out = MOST_NAME_BYTES, 0
    fitting: dict[str, Any] = {}
    for key, texts in lists.items():
        fitting[key] = []
        for text in texts:
            room -= len(text.encode()) + 3
            if room >= 0:
                fitting[key].append(text)
            else:
                left_out += 1
    return {**fitting, "left_out": left_out} if left_out else fitting
