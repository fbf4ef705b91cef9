"""What files say against what is deployed and what the raw tables already are."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

from config_manager.deployed import Deployed, DeployedItem
from config_manager.diff import Removals
from config_manager.parse import Parsed
from config_manager.problem import Problem, listed
from config_manager.validate import Checked, CheckedFiles, raw_names
from odpf.config_problems import did_you_mean
from odpf.settings import Settings
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_ELSEWHERE = "give the table a new raw_table_name, apply, and reload it in its DMS task; the old raw table stays until you drop it"


def deployed_problems(
    parsed: Parsed, files: CheckedFiles, deployed: Deployed, settings: Settings, going: Removals
) -> tuple[Problem, ...]:
    """Cadences that are nowhere or are needed, source tables and raw tables that belong to another item, jobs that are not ours."""
    return (
        *_unknown_cadences(parsed, files, deployed),
        *_cadences_needed(parsed, deployed, going),
        *_configured_elsewhere(files, deployed, going),
        *_raw_tables_taken(files, deployed, going),
        *_other_jobs(files, settings),
    )


def state_problems(
    files: CheckedFiles,
    deployed: Deployed,
    states: Mapping[str, TableState],
    settings: Settings,
    rebuilt: Container[str],
) -> tuple[Problem, ...]:
    """Changes that an existing raw table cannot take (S25), each with the way to do it.

    Args:
        files: what is to be.
        deployed: what is configured.
        states: of raw tables.
        settings: of the deployment.
        rebuilt: raw tables that are built anew as the files say.
    """
    problems: list[Problem] = []
    for checked in files.tables:
        state = states.get(checked.config.raw_table)
        if state is not None and (state.exists or state.intent):
            problems += _of_existing(checked, state, is_rebuilt=checked.config.raw_table in rebuilt)
            problems += _moved_bucket(checked, deployed.tables.get(checked.config.source_table_name, {}), settings)
    return tuple(problems)


def _unknown_cadences(parsed: Parsed, files: CheckedFiles, deployed: Deployed) -> Iterator[Problem]:
    in_files = {str(entry.values.get("refresh_cadence")) for entry in parsed.cadences}
    known = in_files | set(deployed.cadences)
    for entry, table in files.tables:
        if table.refresh_cadence not in known:
            yield entry.problem(
                "refresh_cadence",
                f"cadence {table.refresh_cadence!r} is neither in the files nor deployed"
                f"{did_you_mean(table.refresh_cadence, known) or '; add it to `cadences`'}",
            )


def _cadences_needed(parsed: Parsed, deployed: Deployed, going: Removals) -> Iterator[Problem]:
    for name in sorted(going.cadences):
        tables = [source for source, of, _ in deployed.each_table() if of == name and (source, of) not in going.tables]
        if tables:
            yield Problem(
                path=parsed.source,
                message=f"cadence {name!r} cannot be removed while it has tables: {listed(tables)}; move or prune them first",
            )


def _configured_elsewhere(files: CheckedFiles, deployed: Deployed, going: Removals) -> Iterator[Problem]:
    for entry, table in files.tables:
        for cadence in deployed.tables.get(table.source_table_name, {}):
            if cadence != table.refresh_cadence and (table.source_table_name, cadence) not in going.tables:
                yield entry.problem(
                    "source_table_name",
                    f"source table {table.source_table_name!r} is deployed in cadence {cadence!r}, a table belongs to one "
                    f"cadence. To move it, name both cadences in the files and apply with --prune",
                )


def _raw_tables_taken(files: CheckedFiles, deployed: Deployed, going: Removals) -> Iterator[Problem]:
    in_files = {table.source_table_name for _, table in files.tables}
    owners: dict[str, str] = {}
    for source, cadence, item in deployed.each_table():
        if source not in in_files and (source, cadence) not in going.tables:
            owners |= dict.fromkeys(_names(item), source)
    for entry, table in files.tables:
        names = raw_names(table.raw_database_name, table.raw_table_name, table.hudi_table_type)
        if taken := next((name for name in names if name in owners), None):
            yield entry.problem(
                "raw_table_name",
                f"raw table {taken!r} is fed by source table {owners[taken]!r}; one source table feeds one raw table",
            )


def _names(item: DeployedItem[TableConfig]) -> list[str]:
    values = item.values
    return raw_names(
        str(values.get("raw_database_name")),
        str(values.get("raw_table_name")),
        str(values.get("hudi_table_type", "")).lower(),
    )


def _other_jobs(files: CheckedFiles, settings: Settings) -> Iterator[Problem]:
    for entry, cadence in files.cadences:
        if cadence.glue_job_name not in (None, settings.glue_job_name):
            yield entry.problem(
                "glue_job_name",
                f"{cadence.glue_job_name!r} is not this deployment's job; leave it out or write {settings.glue_job_name!r}",
            )


def _of_existing(checked: Checked[TableConfig], state: TableState, *, is_rebuilt: bool) -> Iterable[Problem]:
    entry, table = checked
    if state.source_table_name != table.source_table_name:
        yield entry.problem(
            "raw_table_name",
            f"raw table {table.raw_table!r} holds the rows of source table {state.source_table_name!r}; "
            "choose another raw_table_name",
        )
        return
    if is_rebuilt:
        return
    for key, (made_with, wanted) in table.identity_changes(state.identity).items():
        yield entry.problem(
            key,
            f"raw table {table.raw_table!r} exists with {made_with or 'none'} and cannot become {wanted or 'none'} in place; "
            f"build it anew from its staged files: odpf resnapshot --table {table.source_table_name} --with PATH; or "
            f"{_ELSEWHERE}",
        )


def _moved_bucket(
    checked: Checked[TableConfig], there: Mapping[str, DeployedItem[TableConfig]], settings: Settings
) -> Iterable[Problem]:
    entry, table = checked
    wanted = table.location(settings.raw_bucket)
    for item in there.values():
        if item.config and item.config.raw_table == table.raw_table:
            lies = item.config.location(settings.raw_bucket)
            if lies != wanted:
                yield entry.problem("raw_database_S3_bucket", f"the raw table lies at {lies}; {_ELSEWHERE}")
