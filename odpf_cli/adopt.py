"""`odpf adopt`: take tables of the original framework over, without a reload."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from file_processor.adoption_check import check_adoption
from file_processor.adoption_facts import staged_files, table_facts
from odpf.adapters.aws import Aws
from odpf.adapters.catalog_reader import CatalogReader
from odpf.adapters.executions import Executions
from odpf.adoption import AdoptionCheck
from odpf.clock import utc_now
from odpf.errors import InvalidConfiguration, OdpfError
from odpf.manifest import report_key
from odpf.rebuild import Rebuild
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import RunStatus
from odpf.table_config import TableConfig
from odpf_cli.display import coloured, grid, plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_cli.run import followed, new_run_id, source_of
from odpf_cli.table_names import configured_table
from odpf_cli.target import announce, refuse_forgotten_endpoint


class _Result(NamedTuple):
    """What came of one table; `check` is None where it could not be looked at."""

    table: str
    adopted: bool
    check: AdoptionCheck | None
    error: str | None = None

    @property
    def is_fine(self) -> bool:
        return self.error is None and self.check is not None and not self.check.obstacles


def adopt(
    tables: Annotated[
        list[str],
        typer.Argument(metavar="TABLE...", help="Source tables, or raw tables as DATABASE.TABLE.", show_default=False),
    ],
    check: Annotated[
        bool, typer.Option("--check", help="Say what would be done and what stands against it; write nothing.")
    ] = False,
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="S3_URI",
            help="Where the table lies. Default: where the catalog has it, else s3://BUCKET/TABLE as the original framework does.",
            show_default=False,
        ),
    ] = None,
    quiet_minutes: Annotated[
        int,
        typer.Option(
            min=0, help="For how long nobody may have written to the table: its former writer has to be stopped."
        ),
    ] = 60,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Take over Hudi tables that the original AWS ODP framework has written, without a reload.

    Examples:
        odpf adopt shop.orders --check

        odpf adopt shop.orders shop.customers
    """
    refuse_forgotten_endpoint()
    if from_ and len(tables) > 1:
        raise InvalidConfiguration("--from is the place of one table; adopt several one after another.")
    aws = Aws(Settings.from_environment(), component="operator")
    announce(aws)
    configs = [configured_table(name, aws.config) for name in dict.fromkeys(tables)]
    results = [
        _checked(aws, config, (from_ or _location(aws, config)).rstrip("/"), quiet_minutes) for config in configs
    ]
    if not check:
        if any(result.is_fine for result in results) and not yes and sys.stdin.isatty() and not _agreed():
            note("Nothing was changed.")
            raise typer.Exit(ExitStatus.FAILED)
        results = [_adopted(aws, *pair, quiet_minutes) for pair in zip(configs, results, strict=True)]
    emit(output, [_document(result) for result in results], lambda: Group(*(_told(result) for result in results)))
    failed = sum(not result.is_fine for result in results)
    if failed:
        raise typer.Exit(ExitStatus.FAILED if failed == len(results) else ExitStatus.SOME_TABLES_FAILED)


def _location(aws: Aws, config: TableConfig) -> str:
    entry = CatalogReader(aws.session).table(config.raw_database_name, config.raw_table_name)
    named = ((entry or {}).get("StorageDescriptor") or {}).get("Location")
    bucket = config.raw_database_S3_bucket or aws.settings.raw_bucket
    return str(named or f"s3://{bucket}/{config.raw_table_name}").replace("s3a://", "s3://")


def _checked(aws: Aws, config: TableConfig, location: str, quiet_minutes: int) -> _Result:
    try:
        facts = table_facts(aws.objects, config, location)
        staged = staged_files(aws.objects, aws.settings, config, facts)
        state = aws.ledger.state(config.raw_table)
    except OdpfError as error:
        return _Result(config.source_table_name, adopted=False, check=None, error=str(error))
    found = check_adoption(config, state, facts, staged, utc_now(), quiet_minutes)
    return _Result(config.source_table_name, adopted=False, check=found)


def _agreed() -> bool:
    note(
        "The rows of every table without an obstacle are copied into a table of their own; people query that one from then on. "
        "The former one stays as it is. Its former writer must not run again."
    )
    return typer.confirm("Adopt them?", err=True)


def _adopted(aws: Aws, config: TableConfig, result: _Result, quiet_minutes: int) -> _Result:
    """Run the adoption to its end, unless something stands against it."""
    if result.check is None or not result.is_fine:
        return result
    asked = Rebuild(raw_table=config.raw_table, adopted_from=result.check.location, quiet_minutes=quiet_minutes)
    run_id = new_run_id(config.refresh_cadence, utc_now())
    executions = Executions(aws.session, aws.settings.state_machine_name)
    executions.start(run_id, RunRequest(refresh_cadence=config.refresh_cadence, rebuild=asked))
    end = followed(run_id, source_of(aws, executions))
    if end.status is not RunStatus.SUCCEEDED:
        errors = [each.error for each in end.tables if each.error]
        return result._replace(
            error=" ".join(errors) or end.error or f"Run {run_id} ended {end.status}; see `odpf runs`."
        )
    report = aws.objects.get(aws.settings.artifacts_bucket, report_key(run_id))
    return result._replace(adopted=True, check=AdoptionCheck.model_validate_json(report))


def _document(result: _Result) -> dict[str, Any]:
    check = result.check.model_dump(mode="json") if result.check else {}
    obstacles = list(result.check.obstacles) if result.check else []
    return {
        "source_table_name": result.table,
        "adopted": result.adopted,
        "error": result.error,
        "obstacles": obstacles,
        **check,
    }


def _told(result: _Result) -> RenderableType:
    check, lines = result.check, list[RenderableType]()
    if check is not None:
        table = grid(["looked at", "", "found"], [], f"{check.raw_table} from {check.location}")
        for each in check.findings:
            table.add_row(each.subject, coloured(each.severity), Text(each.sentence, overflow="fold"))
        lines.append(table)
    lines.append(_end(result))
    return Group(*lines)


def _end(result: _Result) -> Text:
    if result.error:
        return Text(f"{result.table} was not adopted: {result.error}", style="red")
    check = result.check
    if check is None or check.obstacles:
        return Text(f"{result.table} cannot be adopted as it is.", style="red")
    files = f"{plural(check.files_applied, 'staged file')} already applied, {check.files_waiting} to be applied by its next run"
    if result.adopted:
        return Text(f"{result.table} is adopted with {plural(check.rows or 0, 'row')}: {files}.", style="green")
    return Text(f"{result.table} can be adopted: {plural(check.rows or 0, 'row')}, {files}.", style="green")
