"""Reads what is deployed and makes the plan."""

from __future__ import annotations

from collections.abc import Container

from config_manager.cross_checks import deployed_problems, state_problems
from config_manager.danger import Scheduled, marked
from config_manager.deployed import Deployed, read_deployed
from config_manager.deployment import unfinished
from config_manager.diff import Removals, difference, digest, pruned, schedules
from config_manager.hints import hints
from config_manager.parse import Parsed
from config_manager.pausing import keep_pauses
from config_manager.personal_columns import unknown_columns
from config_manager.plan import ConfigPlan
from config_manager.stores import Stores
from config_manager.validate import Checked, CheckedFiles, check_files


def prepare(
    parsed: Parsed,
    stores: Stores,
    *,
    prune: bool = False,
    removals: Removals | None = None,
    rebuilt: Container[str] = (),
    keeps_pauses: bool = True,
) -> ConfigPlan:
    """Make the plan of a configuration: what would change, or every problem that keeps it from being applied.

    Args:
        parsed: the configuration.
        stores: what is deployed.
        prune: whether what it does not name is removed.
        removals: what is removed, in place of what `prune` says.
        rebuilt: raw tables that are built anew, so that they may be made with something else.
        keeps_pauses: whether tables that are paused stay so, whatever it says of them.
    """
    if not (parsed.cadences or parsed.tables or removals):
        return ConfigPlan(source=parsed.source, problems=parsed.problems)
    settings = stores.settings
    files = _with_job(check_files(parsed), settings.glue_job_name)
    deployed = read_deployed(stores.config, stores.schedules)
    files, told = keep_pauses(files, deployed) if keeps_pauses else (files, ())
    going = removals or (pruned(files, deployed) if prune else Removals())
    found = difference(files, deployed, going)
    written = [change.name for change in (*found.added, *found.changed) if change.kind == "table"]
    names = set(written)
    states = stores.ledger.states(table.raw_table for _, table in files.tables if table.source_table_name in names)
    problems = (
        *files.problems,
        *deployed_problems(parsed, files, deployed, settings, going),
        *state_problems(files, deployed, states, settings, rebuilt),
        *unknown_columns(files, deployed, states, stores.catalog.columns, rebuilt),
    )
    if problems:
        return ConfigPlan(source=parsed.source, problems=problems)
    put, removed = schedules(files, deployed, going)
    scheduled = _scheduled(files, deployed)
    left = unfinished(stores.config, deployed)
    return ConfigPlan(
        source=parsed.source,
        digest=digest(files),
        added=found.added,
        changed=tuple(marked(change, rebuilt, scheduled) for change in found.changed),
        removed=found.removed,
        unchanged_cadences=found.unchanged_cadences,
        unchanged_tables=found.unchanged_tables,
        schedules_put=put,
        schedules_removed=removed,
        schedules_before={name: deployed.schedules[name] for name in (*put, *removed) if name in deployed.schedules},
        databases=tuple(sorted({table.raw_database_name for _, table in files.tables})),
        unfinished=tuple(each.deployment.deployment_id for each in left),
        warnings=(*(each.sentence() for each in left), *told, *hints(files, deployed, written)),
    )


def _scheduled(files: CheckedFiles, deployed: Deployed) -> Scheduled:
    cadences = {name: item.config.schedule for name, item in deployed.cadences.items() if item.config}
    cadences |= {cadence.refresh_cadence: cadence.schedule for _, cadence in files.cadences}
    return lambda name: bool(cadences.get(name))


def _with_job(files: CheckedFiles, glue_job_name: str) -> CheckedFiles:
    """Cadence items name the job, as the original's do; files need not."""
    cadences = tuple(
        Checked(entry, cadence.model_copy(update={"glue_job_name": cadence.glue_job_name or glue_job_name}))
        for entry, cadence in files.cadences
    )
    return files._replace(cadences=cadences)
