"""Reads what is deployed and makes the plan."""

from __future__ import annotations

from collections.abc import Container

from config_manager.cross_checks import deployed_problems, state_problems
from config_manager.deployed import read_deployed
from config_manager.diff import difference, digest, schedules
from config_manager.hints import hints
from config_manager.parse import Parsed
from config_manager.plan import ConfigPlan
from config_manager.stores import Stores
from config_manager.validate import Checked, CheckedFiles, check_files


def prepare(parsed: Parsed, stores: Stores, *, prune: bool = False, rebuilt: Container[str] = ()) -> ConfigPlan:
    """Make the plan of a configuration: what would change, or every problem that keeps it from being applied.

    Args:
        parsed: the configuration.
        stores: what is deployed.
        prune: whether what it does not name is removed.
        rebuilt: raw tables that are built anew, so that they may be made with something else.
    """
    if not (parsed.cadences or parsed.tables):
        return ConfigPlan(source=parsed.source, problems=parsed.problems)
    settings = stores.settings
    files = _with_job(check_files(parsed), settings.glue_job_name)
    deployed = read_deployed(stores.config, stores.schedules)
    found = difference(files, deployed, prune=prune)
    written = [change.name for change in (*found.added, *found.changed) if change.kind == "table"]
    names = set(written)
    states = stores.ledger.states(table.raw_table for _, table in files.tables if table.source_table_name in names)
    problems = (
        *files.problems,
        *deployed_problems(parsed, files, deployed, settings, prune=prune),
        *state_problems(files, deployed, states, settings, rebuilt),
    )
    if problems:
        return ConfigPlan(source=parsed.source, problems=problems)
    put, removed = schedules(files, deployed)
    return ConfigPlan(
        source=parsed.source,
        digest=digest(files),
        added=found.added,
        changed=found.changed,
        removed=found.removed,
        unchanged_cadences=found.unchanged_cadences,
        unchanged_tables=found.unchanged_tables,
        schedules_put=put,
        schedules_removed=removed,
        databases=tuple(sorted({table.raw_database_name for _, table in files.tables})),
        warnings=hints(files, deployed, written),
    )


def _with_job(files: CheckedFiles, glue_job_name: str) -> CheckedFiles:
    """Cadence items name the job, as the original's do; files need not."""
    cadences = tuple(
        Checked(entry, cadence.model_copy(update={"glue_job_name": cadence.glue_job_name or glue_job_name}))
        for entry, cadence in files.cadences
    )
    return files._replace(cadences=cadences)
