"""Deployments of configuration as they are recorded: what became of each, and which did not come to their end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict

from config_manager.deployed import Deployed
from config_manager.recorded_change import RecordedChange, stands_as, unpack
from odpf.config_problems import did_you_mean
from odpf.errors import InvalidConfiguration
from odpf.ports import ConfigStore
from odpf.states import DeploymentStatus


class Deployment(BaseModel):
    """One record of `odpf_config_deploy_tracker`.

    Attributes:
        left_out: how many names the record has no room for.
        parts: of how many parts its changes are; 0 where an earlier release kept names alone.
        undoes: the deployments that it has put back.
        undone_by: the deployment that has put it back.
        finished_by: the deployment that wrote what this one had left; empty when nothing was left.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    deployment_id: str
    status: DeploymentStatus
    deployed_by: str = ""
    deployed_at: str = ""
    source: str = ""
    digest: str = ""
    odpf_version: str = ""
    tables_added: tuple[str, ...] = ()
    tables_changed: tuple[str, ...] = ()
    tables_removed: tuple[str, ...] = ()
    cadences_added: tuple[str, ...] = ()
    cadences_changed: tuple[str, ...] = ()
    cadences_removed: tuple[str, ...] = ()
    schedules_put: tuple[str, ...] = ()
    schedules_removed: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    left_out: int = 0
    parts: int = 0
    undoes: tuple[str, ...] = ()
    undone_by: str | None = None
    finished_by: str | None = None

    @property
    def wrote(self) -> bool:
        """Whether it has, or may have, written anything."""
        return self.status is not DeploymentStatus.REFUSED

    def changes(self, config: ConfigStore) -> tuple[RecordedChange, ...] | None:
        """What it did, item by item; None where an earlier release kept names alone."""
        return unpack(config.deployment_parts(self.deployment_id, self.parts)) if self.parts else None


def named(deployment_id: str, deployments: Iterable[Deployment]) -> Deployment:
    """The deployment of an id.

    Raises:
        InvalidConfiguration: there is none; the message says which one may be meant.
    """
    by_id = {each.deployment_id: each for each in deployments}
    if deployment_id not in by_id:
        raise InvalidConfiguration(
            f"There is no deployment {deployment_id!r}{did_you_mean(deployment_id, by_id) or '.'} "
            "`odpf config history` lists all of them."
        )
    return by_id[deployment_id]


class Unfinished(NamedTuple):
    """A deployment whose record stays `started`; `waiting` are its changes that are not in place, None if it does not say."""

    deployment: Deployment
    waiting: tuple[RecordedChange, ...] | None
    of: int

    def sentence(self) -> str:
        """What a person should know and do."""
        deployment = self.deployment
        again = f"odpf config apply {deployment.source}"
        if deployment.source.startswith("odpf table"):  # a pause, for example: its source is the command
            again = " ".join([deployment.source, *deployment.tables_changed, *deployment.tables_removed])
        if deployment.undoes:
            again = f"odpf config rollback {deployment.undoes[0]}"
        left = (
            f"{len(self.waiting):,} of its {self.of:,} changes are not in place"
            if self.waiting is not None
            else "what is left its record does not say"
        )
        return (
            f"deployment {deployment.deployment_id} by {deployment.deployed_by} has not come to its end, or is still "
            f"under way: {left}. To finish it: {again}. To undo it: odpf config rollback {deployment.deployment_id}"
        )


def history(records: Iterable[Mapping[str, Any]]) -> tuple[Deployment, ...]:
    """All deployments, newest first; one that a later deployment has put back, and still does, is `undone`."""
    found = [Deployment.model_validate(dict(record)) for record in records]
    found.sort(key=lambda each: (each.deployed_at, each.deployment_id), reverse=True)
    undone: dict[str, str] = {}
    for each in found:  # whoever undoes is newer than what it undoes
        if each.status is DeploymentStatus.APPLIED and each.deployment_id not in undone:
            for other in each.undoes:
                undone.setdefault(other, each.deployment_id)
    return tuple(_undone(each, undone.get(each.deployment_id)) for each in found)


def unfinished(config: ConfigStore, deployed: Deployed) -> tuple[Unfinished, ...]:
    """Deployments that did not come to their end, or are under way, newest first."""
    started = [each for each in history(config.deployments()) if each.status is DeploymentStatus.STARTED]
    return tuple(_measured(each, config, deployed) for each in started)


def _measured(deployment: Deployment, config: ConfigStore, deployed: Deployed) -> Unfinished:
    changes = deployment.changes(config)
    if changes is None:
        return Unfinished(deployment, None, 0)
    waiting = tuple(each for each in changes if not stands_as(each.key, deployed, (each.after,)))
    return Unfinished(deployment, waiting, len(changes))


def _undone(deployment: Deployment, by: str | None) -> Deployment:
    return deployment.model_copy(update={"status": DeploymentStatus.UNDONE, "undone_by": by}) if by else deployment
