"""The end of the demonstration: lake against source, table by table, as a decision and as something to read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict
from rich.console import Group, RenderableType
from rich.text import Text

from odpf.audit import TableResult
from odpf.counts import Counts
from odpf.states import Outcome
from odpf_cli.display import duration, grid, name, number, plural
from odpf_local.dms.taxi import ExpectedTable


class LakeTable(NamedTuple):
    """What queries found: rows, distinct keys, and for each of the expected table's checks the rows that fit it."""

    rows: int
    keys: int
    checked: tuple[int, ...] = ()


class DemoTable(BaseModel):
    """One line of the result; nothing in `differences` means that lake and source agree."""

    model_config = ConfigDict(frozen=True)

    source_table_name: str
    rows_at_source: int
    rows_in_lake: int | None
    rows_loaded: int
    rows_inserted: int
    rows_updated: int
    rows_deleted: int
    freshness_lag_seconds: float | None
    differences: tuple[str, ...]


class DemoResult(BaseModel):
    """The document of `odpf demo --output json`."""

    model_config = ConfigDict(frozen=True)

    ok: bool
    seconds: float
    rows_per_table: int
    runs: tuple[str, ...]
    tables: tuple[DemoTable, ...]


def compare(
    name: str,
    expected: ExpectedTable,
    lake: LakeTable | None,
    load: TableResult | None,
    changes: TableResult | None,
    lag: float | None,
) -> DemoTable:
    """Hold one table against what the source made of it.

    Args:
        name: source table name.
        expected: what the source holds and what happened to it.
        lake: what queries found; None when the table could not be read.
        load: result of the run that applied the full load.
        changes: result of the run that applied the changes; None when the table had none.
        lag: freshness lag in seconds; None when unknown.
    """
    loaded, changed = _counts(load), _counts(changes)
    differences = [
        *_failures("full load", load),
        *_failures("changes", changes),
        *_unequal("loaded", expected.loaded, loaded.rows_inserted),
        *_unequal("inserted", expected.inserted, changed.rows_inserted),
        *_unequal("updated", expected.updated, changed.rows_updated),
        *_unequal("deleted", expected.deleted, changed.rows_deleted),
        *_lake_differences(expected, lake),
        *([] if not lag else [f"files still wait, the oldest change is {duration(lag)} old"]),
    ]
    return DemoTable(
        source_table_name=name,
        rows_at_source=expected.rows,
        rows_in_lake=lake.rows if lake else None,
        rows_loaded=loaded.rows_inserted,
        rows_inserted=changed.rows_inserted,
        rows_updated=changed.rows_updated,
        rows_deleted=changed.rows_deleted,
        freshness_lag_seconds=lag,
        differences=tuple(differences),
    )


def by_source(results: Iterable[TableResult]) -> Mapping[str, TableResult]:
    """A run's results by source table."""
    return {result.source_table_name: result for result in results}


def render(result: DemoResult) -> RenderableType:
    """The table that a person wants to read, and what differs below it."""
    columns = ["Source rows", "Lake rows", "Loaded", "Inserted", "Updated", "Deleted", "Lag", "Result"]
    table = grid(["Table"], columns)
    for entry in result.tables:
        table.add_row(
            name(entry.source_table_name),
            number(entry.rows_at_source),
            number(entry.rows_in_lake),
            number(entry.rows_loaded),
            *(_quiet(count) for count in (entry.rows_inserted, entry.rows_updated, entry.rows_deleted)),
            duration(entry.freshness_lag_seconds),
            Text("differs", style="bold red") if entry.differences else Text("ok", style="green"),
        )
    wrong = [entry for entry in result.tables if entry.differences]
    details = [Text(f"{entry.source_table_name}: {text}", "red") for entry in wrong for text in entry.differences]
    return Group(table, *details, _verdict(result, len(wrong)))


def _verdict(result: DemoResult, wrong: int) -> Text:
    took = f"in {duration(result.seconds)}"
    if wrong:
        return Text(f"Not equal to the source: {plural(wrong, 'table')} of {len(result.tables)}, {took}.", "bold red")
    if not result.ok:
        return Text(f"The demonstration failed, {took}.", "bold red")
    return Text(f"Every table equals its source ({plural(len(result.tables), 'table')}), {took}.", "bold green")


def _counts(result: TableResult | None) -> Counts:
    return result.counts if result else Counts()


def _failures(step: str, result: TableResult | None) -> list[str]:
    if result is None or result.outcome is Outcome.COMPLETED:
        return []
    return [f"{step}: {result.outcome}: {result.error}"]


def _lake_differences(expected: ExpectedTable, lake: LakeTable | None) -> list[str]:
    if lake is None:
        return ["the table cannot be read"]
    differences = _unequal("rows", expected.rows, lake.rows)
    if lake.keys != lake.rows:
        differences.append(f"{lake.rows - lake.keys:,} rows too many for their keys")
    for check, found in zip(expected.checks, lake.checked, strict=True):
        what = f"rows with {check.column} = {check.value:g}"
        differences += _unequal(what if check.key is None else f"{what} and key {check.key}", check.rows, found)
    return differences


def _unequal(what: str, expected: int, found: int) -> list[str]:
    return [] if expected == found else [f"{what}: {found:,} instead of {expected:,}"]


def _quiet(count: int) -> str:
    """Zeros would hide the few tables that changed."""
    return number(count) if count else "·"
