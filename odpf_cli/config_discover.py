"""`odpf config discover`: proposes table configuration from a source database, from the rules of a DMS task, or from both."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from config_manager.deployed import Deployed, read_deployed
from config_manager.found_table import DmsNames, FoundTable
from config_manager.partition_choice import LARGE_ROWS
from config_manager.problem import listed
from config_manager.proposal import Proposal, Wishes, propose
from odpf.errors import InvalidConfiguration
from odpf.source_table import SourceTable
from odpf_cli.config_publish import publisher
from odpf_cli.discovery import PASSWORD
from odpf_cli.discovery.cadences import new_cadences, offered
from odpf_cli.discovery.view import Discovered, document, yaml_text
from odpf_cli.display import plural
from odpf_cli.output import Output, OutputOption, emit, note

Named = Iterable[tuple[FoundTable, DmsNames]]

_NOTHING = Deployed({}, {}, {})


def discover(
    source: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help=f"mysql://user@host:3306 or postgresql://user@host:5432/database; the password in {PASSWORD}.",
            show_default=False,
        ),
    ] = None,
    table_mappings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="JSON with the table mappings of the DMS task: it selects and renames.",
            show_default=False,
        ),
    ] = None,
    schema: Annotated[list[str] | None, typer.Option(help="Only this schema of the source; may be repeated.")] = None,
    cadence: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=SCHEDULE]",
            help="A cadence to choose, 'hourly=rate(1 hour)'; may be repeated. By default those deployed, else three new ones.",
        ),
    ] = None,
    raw_database: Annotated[
        str, typer.Option(metavar="NAME", help="Raw database; {schema} stands for the schema.")
    ] = "{schema}_raw",
    staging_place: Annotated[
        str, typer.Option(metavar="NAME", help="The named staging place that the files land in.")
    ] = "",
    large_rows: Annotated[int, typer.Option(min=1, help="Propose partitions for tables of so many rows.")] = LARGE_ROWS,
    into: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write a file per schema, and cadences.yaml.", show_default=False),
    ] = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Do not ask the deployment what is configured already.")
    ] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Propose the configuration of a source's tables, with reasons and warnings; nothing is deployed.

    Examples:
        odpf config discover --source mysql://reader@db:3306 --schema shop --into tables/

        odpf config discover --source postgresql://reader@db/shop --table-mappings task.json > tables.yaml
    """
    from odpf_cli.discovery.named import named_tables  # noqa: PLC0415  SQLAlchemy and Arrow, which `config apply` does without

    named = named_tables(source, table_mappings, schema or ())
    deployed = _NOTHING if offline else _deployed()
    schedules = {name: item.config.schedule if item.config else None for name, item in deployed.cadences.items()}
    wishes = Wishes(offered(cadence or (), schedules), raw_database, staging_place, large_rows, named.is_mapped)
    new, configured = _new(named.tables, deployed, staging_place)
    proposals = propose(new, wishes, _taken(deployed))
    used = {each.entry["refresh_cadence"] for each in proposals}
    cadences = new_cadences((each for each in wishes.cadences if each.refresh_cadence in used), schedules)
    _tell(Discovered(cadences, proposals, configured, named.notes), into, output)


def _deployed() -> Deployed:
    aws = publisher()
    return read_deployed(aws.config, aws.schedules)


def _new(named: Named, deployed: Deployed, place: str) -> tuple[list[tuple[FoundTable, DmsNames]], tuple[str, ...]]:
    """Tables that nobody has configured, and the names of the others."""
    new, configured = [], []
    for found, names in named:
        source_table = str(SourceTable(place, names.schema, names.table))
        if source_table in deployed.tables:
            configured.append(source_table)
        else:
            new.append((found, names))
    return new, tuple(sorted(configured))


def _taken(deployed: Deployed) -> set[str]:
    return {
        f"{item.values.get('raw_database_name')}.{item.values.get('raw_table_name')}"
        for _, _, item in deployed.each_table()
    }


def _tell(found: Discovered, into: Path | None, output: Output) -> None:
    files = _written(found, into) if into else []
    if found.incomplete:
        names = [each.source_table_name for each in found.incomplete]
        note(f"[yellow]{plural(len(names), 'table')} cannot be applied as proposed: {escape(listed(names))}[/]")
    if not found.proposals:
        note(f"Nothing new: {plural(len(found.configured), 'table')} configured already.")
    if output is Output.JSON:
        emit(output, {**document(found), **({"files": [str(file) for file in files]} if into else {})}, Text)
    elif into:
        emit(output, {}, lambda: _summary(found, files, into))
    else:
        typer.echo(yaml_text(found), nl=False)


def _written(found: Discovered, into: Path) -> list[Path]:
    """A file per schema; files that are there are somebody's work, and none is written over."""
    parts = {schema: found.of_schema(schema) for schema in _schemas(found.proposals)}
    texts = {into / f"{_file_name(schema)}{_ending(part)}": yaml_text(part) for schema, part in parts.items()}
    if found.cadences:
        texts[into / "cadences.yaml"] = yaml_text(found._replace(proposals=()))
    if there := [str(file) for file in texts if file.exists()]:
        raise InvalidConfiguration(
            f"{listed(there)} is there already and would be lost. Choose another --into, or move it away."
        )
    try:
        into.mkdir(parents=True, exist_ok=True)
        for file, text in texts.items():
            file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidConfiguration(f"{into} cannot be written: {error.strerror}. Choose another --into.") from None
    return list(texts)


def _schemas(proposals: Iterable[Proposal]) -> list[str]:
    return list(dict.fromkeys(each.schema for each in proposals))


def _ending(part: Discovered) -> str:
    """A file of nothing but comments is none that `plan` reads."""
    return ".yaml" if part.whole else ".yaml.incomplete"


def _file_name(schema: str) -> str:
    """No schema's name leads out of the folder, or stands for another file of it."""
    plain = "".join(letter if letter.isalnum() or letter in "_-" else f"%{ord(letter):02X}" for letter in schema)
    return f"{plain}_schema" if plain == "cadences" else plain


def _summary(found: Discovered, files: Iterable[Path], into: Path) -> RenderableType:
    warned = sum(bool(each.warnings) for each in found.proposals)
    counts = (
        f"{plural(len(found.whole), 'table')} proposed, {len(found.incomplete):,} incomplete, "
        f"{len(found.configured):,} configured already; {warned:,} with warnings"
    )
    written = [Text(f"written {file}") for file in files]
    return Group(*written, Text(counts, style="bold"), Text(f"Look at them, then: odpf config plan {into}"))
