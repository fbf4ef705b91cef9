"""`odpf dms`: the DMS stand-in, which writes the files AWS DMS would write."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import SecretStr
from rich.console import Group, RenderableType
from rich.markup import escape
from rich.text import Text

from odpf.source_table import SourceTable
from odpf_cli.display import grid, number, plural, size
from odpf_cli.dms_target import Destination, destination, mappings_of, settings_of
from odpf_cli.output import Output, OutputOption, emit, note, stderr
from odpf_local.dms.reference import (
    RECOMMENDED_ENDPOINT,
    RECOMMENDED_MAPPINGS,
    REFERENCE_ENDPOINT,
    REFERENCE_MAPPINGS,
)
from odpf_local.dms.replicate.position import StateFile
from odpf_local.dms.replicate.source import MysqlSource
from odpf_local.dms.replicate.task import replicate as replicate_source
from odpf_local.dms.taxi import TABLES, TaxiSource
from odpf_local.dms.workload import Workload
from odpf_local.dms.writer import TaskWriter, WrittenFile

app = typer.Typer(
    no_args_is_help=True,
    help="The DMS stand-in: writes the files AWS DMS would write, generated or from a real MySQL or MariaDB server.",
)

_TAXI_ROWS, _WORKLOAD_ROWS = 10_000, 100


class Source(StrEnum):
    """What is generated."""

    TAXI = "taxi"
    WORKLOAD = "workload"


class What(StrEnum):
    """Which part is written."""

    ALL = "all"
    FULL_LOAD = "full-load"
    CHANGES = "changes"


ToOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="PLACE",
        help="A folder, s3://bucket or s3://bucket/folder. By default the staging bucket of the endpoint (ODPF_STAGING_BUCKET).",
        show_default=False,
    ),
]
SettingsOption = Annotated[
    Path | None,
    typer.Option(
        "--endpoint-settings",
        metavar="FILE",
        help="JSON with the settings of a DMS S3 endpoint, bare or below S3Settings.",
        show_default=False,
    ),
]
MappingsOption = Annotated[
    Path | None,
    typer.Option(
        "--table-mappings", metavar="FILE", help="JSON with the table mappings of a DMS task.", show_default=False
    ),
]


@app.command()
def generate(
    kind: Annotated[Source, typer.Option(help="taxi: the reference demonstration; workload: hard small tables.")] = (
        Source.TAXI
    ),
    what: Annotated[What, typer.Option(help="Write the full load, the changes to it, or one after the other.")] = (
        What.ALL
    ),
    rows: Annotated[
        int | None,
        typer.Option(
            min=1, help=f"Rows of each table; {_TAXI_ROWS} trips or {_WORKLOAD_ROWS} of the workload by default."
        ),
    ] = None,
    tables: Annotated[int, typer.Option(min=1, help="How many taxi tables.")] = TABLES,
    parquet: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Take the trips from a real yellow_tripdata_*.parquet.")
    ] = None,
    change_files: Annotated[int, typer.Option(min=1, help="About how many change files per workload table.")] = 3,
    key_updates: Annotated[bool, typer.Option("--key-updates", help="Let the workload change keys too.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same rows.")] = 1,
    in_order: Annotated[
        bool, typer.Option("--in-order", help="Keep the transaction order in change files; DMS does not.")
    ] = False,
    to: ToOption = None,
    endpoint_settings: SettingsOption = None,
    table_mappings: MappingsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write the files of a generated source.

    [bold]taxi[/]: tables taxi_trips.table_1, table_2 ... with a full load and the extended tests of the reference
    demonstration: inserts into table_1, updates in table_2 (airport_fee = 25), deletes from table_3, one key of table_10
    that is inserted, updated, deleted and inserted again.
    [bold]workload[/]: small tables with composite, decimal, date and text keys, moving partitions, several changes of one row
    in a transaction.

    Examples:
        odpf dms generate --rows 1000 --tables 3 --what full-load

        odpf dms generate --rows 1000 --tables 3 --what changes

        odpf dms generate --kind workload --seed 7 --change-files 5 --to ./files
    """
    taxi = kind is Source.TAXI
    chosen = destination(to, settings_of(endpoint_settings, REFERENCE_ENDPOINT if taxi else RECOMMENDED_ENDPOINT))
    mappings = mappings_of(table_mappings, REFERENCE_MAPPINGS if taxi else RECOMMENDED_MAPPINGS)
    writer = chosen.writer(mappings, None if in_order else seed)
    source = (
        TaxiSource(seed, tables, rows or _TAXI_ROWS, parquet)
        if taxi
        else Workload(seed, rows=rows or _WORKLOAD_ROWS, key_updates=key_updates)
    )
    files = _followed(_generated(source, writer, what, change_files))
    document = {"kind": kind.value, "seed": seed, **_document(chosen, files)}
    emit(output, document, lambda: _render(chosen, files, ()))


@app.command()
def replicate(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="mysql://user@host:port; without a password in it.")],
    until: Annotated[
        str, typer.Option(help="current: the end of the log as it is now; a number of seconds; or forever (Ctrl-C).")
    ] = "current",
    state: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Where the position is kept; remove it to start with a new full load. By default one for each server and target below .odpf/dms.",
            show_default=False,
        ),
    ] = None,
    full_load: Annotated[bool, typer.Option("--full-load/--no-full-load", help="Begin with a full load.")] = True,
    password: Annotated[
        str, typer.Option(envvar="ODPF_MYSQL_PASSWORD", help="Better in the environment than here.", show_default=False)
    ] = "",
    server_id: Annotated[
        int, typer.Option(min=1, help="Must differ from every server and replica of the source.")
    ] = 4711,
    shuffle_seed: Annotated[
        int | None, typer.Option(min=0, help="Mix the rows of change files, as DMS does.", show_default=False)
    ] = None,
    to: ToOption = None,
    endpoint_settings: SettingsOption = None,
    table_mappings: MappingsOption = None,
    output: OutputOption = Output.TABLE,
) -> None:
    """Write the files of a real MySQL or MariaDB server: a full load, then its changes.

    The server needs log_bin, binlog_format=ROW, binlog_row_image=FULL and binlog_row_metadata=FULL; the user SELECT,
    REPLICATION SLAVE and REPLICATION CLIENT. Called again it goes on where it stopped. Without --table-mappings all
    tables are replicated, with the columns that ODPF recommends (CDC_TIMESTAMP_SEQ, CDC_OPERATION, BI_<key> ...).

    Examples:
        odpf dms replicate mysql://dms@db.example.org:3306 --table-mappings mappings.json

        odpf dms replicate mysql://root@127.0.0.1:3306 --until 600 --to ./files --output json
    """
    server = MysqlSource.parse(source)
    if password:
        server = server.model_copy(update={"password": SecretStr(password)})
    seconds = _seconds(until)
    chosen = destination(to, settings_of(endpoint_settings, RECOMMENDED_ENDPOINT))
    writer = chosen.writer(mappings_of(table_mappings, RECOMMENDED_MAPPINGS), shuffle_seed)
    kept = state or _own_state(server, chosen)
    if kept.exists():
        note(f"Going on from the position in {escape(str(kept))}; without that file there is a new full load.")
    with stderr.status("reading ...") as shown:
        result = replicate_source(
            server,
            writer,
            seconds=seconds,
            state=StateFile(kept),
            full_load=full_load,
            server_id=server_id,
            on_file=lambda file: shown.update(f"{escape(file.key)}: {plural(file.rows, 'row')}"),
        )
    document = {
        **_document(chosen, result.files),
        **result.model_dump(mode="json", exclude={"files"}),
        "state": str(kept),
    }
    emit(output, document, lambda: _render(chosen, result.files, result.notes))


def _generated(
    source: TaxiSource | Workload, writer: TaskWriter, what: What, change_files: int
) -> Iterator[WrittenFile]:
    if what is not What.CHANGES:
        yield from source.full_load(writer)
    if what is not What.FULL_LOAD:
        changes = source.extended_changes(writer) if isinstance(source, TaxiSource) else None
        yield from source.changes(writer, change_files) if isinstance(source, Workload) else changes or ()


def _own_state(server: MysqlSource, chosen: Destination) -> Path:
    """One for each server and target: another target needs a full load of its own."""
    digest = hashlib.sha256(f"{server.name}\n{chosen.where}".encode()).hexdigest()[:12]
    return Path(".odpf", "dms", f"{digest}.json")


def _seconds(until: str) -> float | None:
    named = {"current": None, "forever": math.inf}
    if until in named:
        return named[until]
    try:
        seconds = float(until)
    except ValueError:
        seconds = -1
    if not seconds > 0:
        raise typer.BadParameter(
            f"{until!r} is none of current, forever and a number of seconds.", param_hint="--until"
        )
    return seconds


def _followed(files: Iterable[WrittenFile]) -> list[WrittenFile]:
    """All files, each told of while the next one is made."""
    written = []
    with stderr.status("writing ...") as shown:
        for file in files:
            written.append(file)
            shown.update(f"{escape(file.key)}: {plural(file.rows, 'row')}")
    return written


def _document(chosen: Destination, files: Iterable[WrittenFile]) -> dict[str, Any]:
    entries = [
        {
            "source_table_name": _table_name(file),
            "path": chosen.path(file),
            "dms_file_type": file.dms_file_type.value,
            "rows": file.rows,
            "bytes": file.bytes,
        }
        for file in files
    ]
    return {"target": chosen.where, "files": entries, "rows": sum(file.rows for file in files)}


def _render(chosen: Destination, files: Iterable[WrittenFile], notes: Iterable[str]) -> RenderableType:
    by_table: dict[str, list[WrittenFile]] = {}
    for file in files:
        by_table.setdefault(_table_name(file), []).append(file)
    table = grid(["table"], ["files", "rows", "size"])
    for name, of_table in by_table.items():
        rows, amount = sum(file.rows for file in of_table), sum(file.bytes for file in of_table)
        table.add_row(Text(name), number(len(of_table)), number(rows), size(amount))
    told = [Text(f"- {each}") for each in notes]
    if not by_table:
        return Group(Text(f"Nothing new: no file was written to {chosen.where}."), *told)
    return Group(table, Text(f"written to {chosen.where}"), *told)


def _table_name(file: WrittenFile) -> str:
    return str(SourceTable("", file.schema, file.table))
