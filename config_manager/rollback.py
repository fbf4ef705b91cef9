"""Undoes deployments: what every item they changed was before, as a configuration that is planned like any other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from config_manager.deployed import Deployed, read_deployed
from config_manager.deployment import Deployment, history, named
from config_manager.diff import Removals
from config_manager.parse import Entry, Parsed
from config_manager.plan import ConfigPlan
from config_manager.prepare import prepare
from config_manager.problem import Problem
from config_manager.recorded_change import ItemKey, RecordedChange, standing, stands_as
from config_manager.stores import Stores
from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore
from odpf.states import DeploymentStatus

Value = Mapping[str, Any] | str | None


class _Undo(NamedTuple):
    """What an item goes back to, and what it may be now."""

    target: Value
    expected: tuple[Value, ...]


def plan_rollback(deployment_id: str, stores: Stores, *, as_of: bool = False) -> ConfigPlan:
    """The plan that undoes one deployment, or every later one.

    Args:
        deployment_id: as `odpf config history` lists it.
        stores: what is deployed.
        as_of: put everything back as it was when this deployment had ended, so undo all that came after it.

    Returns:
        A plan; its problems say which items were changed since, and what an existing raw table cannot become again.

    Raises:
        InvalidConfiguration: there is no such deployment, or its record does not say what it replaced.
    """
    deployments = history(stores.config.deployments())
    chosen = _later(deployment_id, deployments) if as_of else [_undoable(deployment_id, deployments)]
    source = f"{'rollback to' if as_of else 'rollback of'} {deployment_id}"
    if not chosen:
        return ConfigPlan(source=source)
    deployed = read_deployed(stores.config, stores.schedules)
    undos = _undos([(each, _changes(each, stores.config)) for each in chosen])
    if problems := _changed_since(undos, deployed, deployments[: deployments.index(chosen[-1])], stores.config):
        return ConfigPlan(source=source, problems=tuple(problems))
    # What stood before has the pause wherever the table was paused then.
    plan = prepare(_as_files(source, undos), stores, removals=_removals(undos, deployed), keeps_pauses=False)
    return plan.model_copy(update={"undoes": tuple(each.deployment_id for each in reversed(chosen))})


def _undoable(deployment_id: str, deployments: Sequence[Deployment]) -> Deployment:
    found = named(deployment_id, deployments)
    if found.status is DeploymentStatus.UNDONE:
        again = f"; to have it back: odpf config rollback {found.undone_by}" if found.undone_by else ""
        raise InvalidConfiguration(f"Deployment {deployment_id} is undone already{again}.")
    if not found.wrote:
        raise InvalidConfiguration(f"Deployment {deployment_id} was refused and wrote nothing, so nothing is to undo.")
    return found


def _later(deployment_id: str, deployments: Sequence[Deployment]) -> list[Deployment]:
    """Oldest first."""
    place = deployments.index(named(deployment_id, deployments))
    return [each for each in reversed(deployments[:place]) if each.wrote]


def _changes(deployment: Deployment, config: ConfigStore) -> tuple[RecordedChange, ...]:
    changes = deployment.changes(config)
    if changes is None:
        raise InvalidConfiguration(
            f"Deployment {deployment.deployment_id} was recorded by release {deployment.odpf_version or 'unknown'}, which kept "
            "names and not what stood there before. Apply the files of that time again: odpf config apply PATH --prune."
        )
    return changes


def _undos(chosen: Iterable[tuple[Deployment, tuple[RecordedChange, ...]]]) -> dict[ItemKey, _Undo]:
    """Per item what it was before the first deployment that changed it. Schedules follow from cadences."""
    undos: dict[ItemKey, _Undo] = {}
    for deployment, changes in chosen:
        is_whole = deployment.status is not DeploymentStatus.STARTED
        for change in changes:
            if change.kind != "schedule":
                target = undos[change.key].target if change.key in undos else change.before
                expected = (target, change.after) if is_whole else (target, change.before, change.after)
                undos[change.key] = _Undo(target, expected)
    return undos


def _changed_since(
    undos: Mapping[ItemKey, _Undo], deployed: Deployed, later: Sequence[Deployment], config: ConfigStore
) -> list[Problem]:
    changed = [key for key, undo in undos.items() if not stands_as(key, deployed, undo.expected)]
    if not changed:
        return []
    by: dict[ItemKey, Deployment] = {}
    for each in later:
        if each.wrote:
            for change in each.changes(config) or ():
                by.setdefault(change.key, each)
    return [Problem(path=f"{key.kind} {key.name}", message=_since(by.get(key))) for key in changed]


def _since(deployment: Deployment | None) -> str:
    if deployment is None:
        return (
            "was changed since, and no deployment's record says by whom, so what would be lost is unknown. Compare `odpf config "
            "show` with `odpf config history ID`, and apply what you want"
        )
    number = deployment.deployment_id
    return (
        f"was changed since by deployment {number} of {deployment.deployed_by}, which undoing this one would undo in part. "
        f"Undo that one first: odpf config rollback {number}"
    )


def _as_files(source: str, undos: Mapping[ItemKey, _Undo]) -> Parsed:
    def entries(kind: str) -> tuple[Entry, ...]:
        return tuple(
            Entry(f"{source}:{key.name}", dict(undo.target))
            for key, undo in undos.items()
            if key.kind == kind and isinstance(undo.target, Mapping)
        )

    return Parsed(source, entries("cadence"), entries("table"))


def _removals(undos: Mapping[ItemKey, _Undo], deployed: Deployed) -> Removals:
    gone = [key for key, undo in undos.items() if undo.target is None and standing(key, deployed) is not None]
    return Removals(
        frozenset(key.name for key in gone if key.kind == "cadence"),
        frozenset((key.name, key.refresh_cadence) for key in gone if key.kind == "table"),
    )
