"""The steps of the demonstration against an embedded AWS: configure, load, run, change, run, compare."""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rich.markup import escape
from rich.progress import track

from config_manager.parse import Parsed, parse_path
from config_manager.prepare import prepare
from config_manager.publish import publish
from odpf.adapters.athena import AthenaQueries
from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.errors import QueryError
from odpf.run_request import RunRequest
from odpf_cli.demo_report import DemoResult, DemoTable, LakeTable, by_source, compare
from odpf_cli.display import duration, plural, size
from odpf_cli.output import note, stderr
from odpf_cli.query import queries
from odpf_cli.query_values import documents
from odpf_cli.run import new_run_id, source_of, wait_for
from odpf_cli.run_following import RunEnd
from odpf_cli.status import current
from odpf_local.dms.reference import REFERENCE_ENDPOINT, REFERENCE_MAPPINGS
from odpf_local.dms.taxi import ExpectedTable, TaxiSource
from odpf_local.dms.writer import TaskWriter, WrittenFile

CADENCE = "10_min_refresh"
DATABASE = "odpf_demo_taxi_trips_raw"
CONFIGURATION = Path(__file__).parents[1] / "examples" / "taxi"


class Demonstration(NamedTuple):
    """A source, and the deployment that keeps a lake in step with it."""

    aws: Aws
    source: TaxiSource
    writer: TaskWriter

    @classmethod
    def of(cls, aws: Aws, source: TaxiSource) -> Demonstration:
        """Let the source write as the reference endpoint does, into the deployment's staging bucket."""
        bucket = aws.settings.staging_places[0].bucket
        writer = TaskWriter(
            settings=REFERENCE_ENDPOINT,
            mappings=REFERENCE_MAPPINGS,
            target=aws.objects,
            bucket=bucket,
            shuffle_seed=1,  # rows of a change file stand in no order, as with DMS
        )
        return cls(aws, source, writer)

    def play(self, began: float) -> DemoResult:
        """Everything from the configuration to the comparison; `began` is a monotonic time."""
        self.configure()
        self.write("full load", self.source.full_load(self.writer), len(self.source.table_names))
        load = self.run()
        self.write("changes", self.source.extended_changes(self.writer), None)
        changes = self.run()
        tables = self.comparison(load, changes)
        fine = not any(table.differences for table in tables) and not load.error and not changes.error
        return DemoResult(
            ok=fine,
            seconds=round(time.monotonic() - began, 1),
            rows_per_table=self.source.rows,
            runs=(load.run_id, changes.run_id),
            tables=tuple(tables),
        )

    def configure(self) -> None:
        """Apply the example's configuration, of as many tables as the source has, without its schedule."""
        parsed = without_schedules(of_tables(parse_path(CONFIGURATION), self.source.table_names))
        plan = prepare(parsed, self.aws)
        publish(plan, self.aws, who="odpf demo", now=utc_now())
        note(f"[bold]configured[/] {plural(len(parsed.tables), 'table')} of cadence {CADENCE}, as in examples/taxi")

    def write(self, what: str, files: Iterable[WrittenFile], total: int | None) -> None:
        """Let the source write files, with a bar."""
        began = time.monotonic()
        shown = track(files, what, total, console=stderr, transient=True, disable=not stderr.is_terminal)
        written = list(shown)
        rows, amount = sum(file.rows for file in written), sum(file.bytes for file in written)
        note(
            f"[bold]{what}[/] landed: {plural(len(written), 'file')}, {plural(rows, 'row')}, {size(amount)}, "
            f"{duration(time.monotonic() - began)}"
        )

    def run(self) -> RunEnd:
        """Refresh the cadence and wait for it."""
        run_id = new_run_id(CADENCE, utc_now())
        executions = Executions(self.aws.session, self.aws.settings.state_machine_name)
        began = time.monotonic()
        executions.start(run_id, RunRequest(refresh_cadence=CADENCE))
        note(f"[bold]run[/] {run_id}")
        end = wait_for(run_id, source_of(self.aws, executions))
        note(f"[bold]run[/] ended: {end.status}, {duration(time.monotonic() - began)}")
        if end.error:
            note(f"[red]{escape(end.error)}[/]")
        return end

    def comparison(self, load: RunEnd, changes: RunEnd) -> list[DemoTable]:
        """Ask the lake, through Athena, what it holds."""
        athena, loaded, changed = queries(self.aws), by_source(load.tables), by_source(changes.tables)
        lags = self._lags(utc_now())
        expected = self.source.expected()
        shown = track(expected, "comparing", console=stderr, transient=True, disable=not stderr.is_terminal)
        return [
            compare(
                name,
                expected[name],
                look(athena, name, expected[name]),
                loaded.get(name),
                changed.get(name),
                lags.get(name),
            )
            for name in shown
        ]

    def _lags(self, now: datetime) -> dict[str, float]:
        statuses = current(self.aws, now)
        return {status.source_table_name: status.freshness_lag_seconds for status in statuses}


def look(athena: AthenaQueries, source_table_name: str, expected: ExpectedTable) -> LakeTable | None:
    """Count a table's rows, its keys, and the rows that fit each check; None when it cannot be read."""
    counted = ["count(*) AS all_rows", "count(DISTINCT pk_id) AS all_keys"]
    for index, check in enumerate(expected.checks):
        only = "" if check.key is None else f" AND pk_id = {check.key}"
        counted.append(f"count_if({check.column} = {check.value}{only}) AS check_{index}")
    sql = f"SELECT {', '.join(counted)} FROM {DATABASE}.{source_table_name.rsplit('.', maxsplit=1)[-1]}"  # noqa: S608  own names
    try:
        (row,) = documents(athena.run(sql))
    except QueryError as error:
        note(f"[red]{escape(f'{source_table_name}: {error}')}[/]")
        return None
    rows, keys, *checked = row.values()
    return LakeTable(rows, keys, tuple(checked))


def of_tables(parsed: Parsed, names: Iterable[str]) -> Parsed:
    """Only the entries of some source tables."""
    wanted = set(names)
    kept = tuple(entry for entry in parsed.tables if entry.values.get("source_table_name") in wanted)
    return parsed._replace(tables=kept)


def without_schedules(parsed: Parsed) -> Parsed:
    """Cadences that run only by hand: a tick in the middle would take files away from the run that is watched."""
    return parsed._replace(
        cadences=tuple(
            entry._replace(values={key: value for key, value in entry.values.items() if key != "schedule"})
            for entry in parsed.cadences
        )
    )
