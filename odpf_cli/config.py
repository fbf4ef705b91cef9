"""`odpf config`: table configuration as files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.text import Text

from config_manager.deployed import read_deployed
from config_manager.importer import Imported, import_items
from config_manager.json_schema import json_schema
from config_manager.parse import Parsed, parse_path
from config_manager.prepare import prepare
from config_manager.validate import check_files
from odpf.errors import InvalidConfiguration
from odpf.settings import Settings
from odpf_cli import completion
from odpf_cli.config_discover import discover
from odpf_cli.config_edit import edit_files
from odpf_cli.config_history import rollback, show_history
from odpf_cli.config_publish import AllOption, YesOption, confirm_and_publish, exit_on, publisher
from odpf_cli.config_view import as_yaml, render_items, render_problems
from odpf_cli.output import Output, OutputOption, emit, note, stderr
from odpf_cli.plan_view import plan_document, render_plan

app = typer.Typer(no_args_is_help=True, help="Table configuration: which tables, into which raw tables, how often.")
app.command("history")(show_history)
app.command()(rollback)
app.command()(discover)
app.command("edit")(edit_files)

PathArgument = Annotated[
    Path, typer.Argument(metavar="PATH", help="A YAML or JSON file, or a folder of them.", show_default=False)
]
PruneOption = Annotated[
    bool, typer.Option("--prune", help="Also remove tables that the cadences named in PATH have and PATH does not.")
]


@app.command("plan")
def show_plan(
    path: PathArgument, prune: PruneOption = False, everything: AllOption = False, output: OutputOption = Output.TABLE
) -> None:
    """Show what applying PATH would change; nothing is written.

    Example:
        odpf config plan examples/taxi
    """
    plan = prepare(parse_path(path), publisher(), prune=prune)
    emit(output, plan_document(plan), lambda: render_plan(plan, everything=everything))
    exit_on(plan.problems)


@app.command("apply")
def apply_path(
    path: PathArgument,
    prune: PruneOption = False,
    everything: AllOption = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Add and change what PATH names; with any problem nothing is written.

    Examples:
        odpf config apply examples/taxi

        odpf config apply examples/taxi --prune --yes
    """
    _apply(parse_path(path), prune=prune, yes=yes, output=output, everything=everything)


@app.command("show")
def show_deployed(
    cadence: Annotated[
        str | None, typer.Option(help="Only this refresh cadence.", autocompletion=completion.cadences)
    ] = None,
    table: Annotated[str | None, typer.Option(help="Only this source table.", autocompletion=completion.tables)] = None,
    yaml: Annotated[bool, typer.Option("--yaml", help="As a configuration file.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Show what is deployed; with --yaml or json in the form that `apply` reads.

    Example:
        odpf config show --yaml
    """
    aws = publisher()
    deployed = read_deployed(aws.config, aws.schedules)
    tables = [item for source, of, item in deployed.each_table() if cadence in (None, of) and table in (None, source)]
    of_tables = {str(item.values["refresh_cadence"]) for item in tables}
    cadences = [
        item
        for name, item in deployed.cadences.items()
        if cadence in (None, name) and (table is None or name in of_tables)
    ]
    broken = [item.problem for item in cadences] + [item.problem for item in tables]
    for problem in filter(None, broken):
        note(f"[red]{escape(problem)}[/]")
    document = {"cadences": [dict(item.values) for item in cadences], "tables": [dict(item.values) for item in tables]}
    if yaml and output is Output.TABLE:
        typer.echo(as_yaml(document), nl=False)
    else:
        emit(output, document, lambda: render_items(document["cadences"], document["tables"]))


@app.command("schema")
def show_schema(output: OutputOption = Output.TABLE) -> None:
    """Print the JSON Schema of configuration files, for editors; with either --output it is JSON.

    Example:
        odpf config schema > odpf.schema.json
    """
    del output
    emit(Output.JSON, json_schema(), Text)


@app.command("import")
def import_original(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="JSON of items of the original framework.")],
    schema: Annotated[str | None, typer.Option(help="Schema of source tables whose items do not tell it.")] = None,
    output_file: Annotated[Path | None, typer.Option(help="Write the configuration file here, not to stdout.")] = None,
    apply: Annotated[bool, typer.Option("--apply", help="Apply the items instead of writing a file.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Apply without asking.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Turn items of the original AWS ODP framework into configuration of this one.

    Examples:
        odpf config import batch_config.json raw_table_config.json > tables.yaml

        odpf config import raw_table_config.json --schema sales --apply
    """
    settings = Settings.from_environment()
    contents = [(str(file), _content(file)) for file in files]
    imported = import_items(contents, glue_job_name=settings.glue_job_name, schema=schema)
    for warning in imported.warnings:
        note(f"[yellow]warning: {escape(warning)}[/]")
    if apply or yes:
        _apply(imported.parsed, prune=False, yes=yes, output=output)
    else:
        _write_file(imported, output_file, output)


def _apply(parsed: Parsed, *, prune: bool, yes: bool, output: Output, everything: bool = False) -> None:
    confirm_and_publish(
        lambda aws: prepare(parsed, aws, prune=prune),
        yes=yes,
        output=output,
        everything=everything,
        asks_aws=bool(parsed.cadences or parsed.tables),
    )


def _content(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        reason = error.strerror or str(error)
        raise InvalidConfiguration(f"{file} cannot be read: {reason}. Give JSON files of items.") from None


def _write_file(imported: Imported, output_file: Path | None, output: Output) -> None:
    problems = check_files(imported.parsed).problems
    document: dict[str, Any] = imported.document()
    if output_file and not problems:
        output_file.write_text(as_yaml(document), encoding="utf-8")
        note(f"Written to {escape(str(output_file))}. Look at it, then: odpf config plan {escape(str(output_file))}")
    if output is Output.JSON:
        listed = [problem.model_dump(exclude_none=True) for problem in problems]
        emit(output, {**document, "warnings": list(imported.warnings), "problems": listed}, Text)
    elif problems:
        for line in render_problems(problems):
            stderr.print(line)
    elif not output_file:
        typer.echo(as_yaml(document), nl=False)
    exit_on(problems)
