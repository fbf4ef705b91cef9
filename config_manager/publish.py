"""Executes a plan. Every step may be done again, so a crash anywhere is healed by applying the same files.

What each item was and becomes is kept before the first of them is written, so that a deployment that died is told
(config_manager/deployment.py), is finished by the next one, and can be undone (config_manager/rollback.py).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from config_manager.deployed import read_deployed
from config_manager.deployment import Unfinished, unfinished
from config_manager.plan import ConfigPlan
from config_manager.problem import Problem, listed
from config_manager.recorded_change import pack, stands_as
from config_manager.stores import Stores
from odpf.clock import iso
from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore
from odpf.release import CODE_VERSION
from odpf.states import DeploymentStatus

MOST_NAME_BYTES = 200_000
"""Of names or problems in one deployment record, far below DynamoDB's 400 KB; what is left out is counted."""

_WRITTEN_AT_ONCE = 100
"""Table items between two words to whoever waits."""


def _nobody(_items: int) -> None:
    """Is told, and tells nobody."""


def publish(
    plan: ConfigPlan, stores: Stores, *, who: str, now: datetime, told: Callable[[int], None] = _nobody
) -> str | None:
    """Write a plan: databases, what it changes, the record as `started`, items, schedules, the record as `applied`.

    A schedule is made last, so none starts a cadence whose tables are not there yet. A record that stays `started`
    tells of an apply that did not come to its end; it is `applied` as soon as a later one has written what it had left.
    `told` hears of so many table items more that were written.

    Returns:
        The deployment id, None when everything was as the plan wants it.

    Raises:
        InvalidConfiguration: the plan has problems, or somebody has changed meanwhile what it is to change; nothing was
            written.
    """
    if plan.problems:
        problems = tuple((problem.path, problem.message) for problem in plan.problems)
        raise InvalidConfiguration(
            f"The configuration has problems ({len(problems)}), so nothing was written.", problems
        )
    _refuse_outdated(plan, stores)
    for database in plan.databases:
        stores.catalog.ensure_database(database)
    deployment_id = None if plan.nothing_to_do else _write(plan, stores, who, now, told)
    if plan.unfinished:
        _settle(plan, stores, deployment_id or "")
    return deployment_id


def _refuse_outdated(plan: ConfigPlan, stores: Stores) -> None:
    """A person has seen what the plan changes; of an item that is another by now it would undo what nobody has seen.

    Two that write at the very same moment are not told apart; the record of each says what it found.
    """
    if not plan.recorded:
        return
    deployed = read_deployed(stores.config, stores.schedules)
    changed = [each for each in plan.recorded if not stands_as(each.key, deployed, (each.before, each.after))]
    if changed:
        names = tuple(f"{each.kind} {each.name}" for each in changed)
        raise InvalidConfiguration(
            f"Somebody has changed {listed(names)} since this was planned, so nothing was written. `odpf config history` says who; "
            "plan again.",
            tuple((name, "is not what it was when this was planned") for name in names),
        )


def record_refusal(
    source: str, deployment_id: str, problems: tuple[Problem, ...], *, config: ConfigStore, who: str, now: datetime
) -> None:
    """Record a configuration that was refused, with its problems."""
    texts = [f"{problem.path}: {problem.message}" for problem in problems]
    config.put_deployment(
        {
            **_header(source, deployment_id, who, now),
            "status": DeploymentStatus.REFUSED,
            **_fitting({"problems": texts}),
        }
    )


def _write(plan: ConfigPlan, stores: Stores, who: str, now: datetime, told: Callable[[int], None]) -> str:
    deployment_id = f"{now:%Y%m%dT%H%M%S.%fZ}-{plan.digest[:8]}"
    parts = pack(plan.recorded)
    record = {**_record(plan, deployment_id, who, now), "parts": len(parts)}
    stores.config.put_deployment_parts(deployment_id, parts)
    stores.config.put_deployment({**record, "status": DeploymentStatus.STARTED})
    _write_items(plan, stores.config, told)
    for schedule, expression in plan.schedules_put.items():
        stores.schedules.put(schedule, expression)
    for schedule in plan.schedules_removed:
        stores.schedules.remove(schedule)
    stores.config.put_deployment({**record, "status": DeploymentStatus.APPLIED})
    return deployment_id


def _settle(plan: ConfigPlan, stores: Stores, deployment_id: str) -> None:
    """Close the records of deployments that died before this one, of which nothing is left to do."""
    records = {record["deployment_id"]: record for record in stores.config.deployments()}
    for left in unfinished(stores.config, read_deployed(stores.config, stores.schedules)):
        number = left.deployment.deployment_id
        if number in plan.undoes:
            end = {"status": DeploymentStatus.UNDONE, "undone_by": deployment_id}
        elif number in plan.unfinished and _is_finished(left, plan):
            end = {"status": DeploymentStatus.APPLIED, "finished_by": deployment_id}
        else:
            continue
        stores.config.put_deployment({**records[number], **end})


def _is_finished(left: Unfinished, plan: ConfigPlan) -> bool:
    """Whether all its changes are in place, or this plan has just said otherwise of them."""
    if left.waiting is None:
        return left.deployment.digest == plan.digest
    said = {change.key for change in plan.recorded}
    return all(change.key in said for change in left.waiting)


def _write_items(plan: ConfigPlan, config: ConfigStore, told: Callable[[int], None]) -> None:
    changes = (*plan.added, *plan.changed)
    for change in changes:
        if change.kind == "cadence":
            config.put_cadence(change.item)
    tables = [change for change in changes if change.kind == "table"]
    for start in range(0, len(tables), _WRITTEN_AT_ONCE):
        some = tables[start : start + _WRITTEN_AT_ONCE]
        config.put_tables(change.item for change in some)
        told(len(some))
    config.remove_tables(
        [(change.moved_from, change.name) for change in tables if change.moved_from]
        + [(removal.refresh_cadence, removal.name) for removal in plan.removed if removal.kind == "table"]
    )
    for removal in plan.removed:
        if removal.kind == "cadence":
            config.remove_cadence(removal.name)


def _record(plan: ConfigPlan, deployment_id: str, who: str, now: datetime) -> dict[str, Any]:
    printed = plan.printed()
    names = {
        "tables_added": printed["added"],
        "tables_changed": printed["changed"],
        "tables_removed": printed["removed"],
        "cadences_added": printed["cadences_added"],
        "cadences_changed": printed["cadences_changed"],
        "cadences_removed": printed["cadences_removed"],
        "schedules_put": sorted(plan.schedules_put),
        "schedules_removed": list(plan.schedules_removed),
    }
    undoes = {"undoes": list(plan.undoes)} if plan.undoes else {}
    return {**_header(plan.source, deployment_id, who, now), "digest": plan.digest, **undoes, **_fitting(names)}


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
