"""How a person watches a run: a live display on a terminal, one line per finished table elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from odpf.audit import AuditRow, TableResult
from odpf.counts import Counts
from odpf.manifest import PlannedTable
from odpf.states import Outcome
from odpf_cli.display import coloured, duration, plural, seconds_between
from odpf_cli.run_following import Watcher

_MOST_SHOWN = 8
_NAME_WIDTH = 34


@contextmanager
def watching(console: Console) -> Iterator[Watcher]:
    """Show progress on stderr while the block runs."""
    if not console.is_terminal:
        yield LineWatcher(console)
        return
    progress = Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        _OfTheRun(BarColumn(bar_width=30)),
        _OfTheRun(MofNCompleteColumn()),
        TimeElapsedColumn(),
        _OfTheRun(TimeRemainingColumn()),
        console=console,
        transient=True,
        refresh_per_second=4,
    )
    with progress:
        yield LiveWatcher(progress)


class _OfTheRun(ProgressColumn):
    """A column that only the run has: of a single table nobody knows how far it is."""

    def __init__(self, column: ProgressColumn) -> None:
        super().__init__()
        self._column = column

    def render(self, task: Task) -> RenderableType:
        return Text() if task.fields.get("single") else self._column(task)


class LineWatcher:
    """One line when the plan is there and one per finished table; for logs and pipes."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def planned(self, tables: Mapping[str, PlannedTable]) -> None:
        """Tell how much there is to do."""
        if tables:
            self._console.print(_plan_line(tables))

    def busy(self, raw_tables: set[str]) -> None:
        """Nothing to tell: a line per table that begins would double the log."""

    def ended(self, row: AuditRow) -> None:
        """Tell how a table ended."""
        self._console.print(ended_line(row), soft_wrap=True)


class LiveWatcher:
    """Finished tables scroll by; below them a bar for the run and a spinner for each table being written."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._run = progress.add_task("planning", total=None)
        self._tables: dict[str, TaskID] = {}

    def planned(self, tables: Mapping[str, PlannedTable]) -> None:
        """Give the bar its length."""
        if tables:
            self._progress.console.print(_plan_line(tables))
        self._progress.update(self._run, description="starting the job", total=len(tables))

    def busy(self, raw_tables: set[str]) -> None:
        """Show a spinner for each table being written."""
        for raw_table in set(self._tables) - raw_tables:
            self._progress.remove_task(self._tables.pop(raw_table))
        for raw_table in sorted(raw_tables - set(self._tables))[: _MOST_SHOWN - len(self._tables)]:
            self._tables[raw_table] = self._progress.add_task(
                f"  [cyan]{escape(raw_table)}[/]", total=None, single=True
            )
        if raw_tables:
            self._progress.update(self._run, description="writing tables")

    def ended(self, row: AuditRow) -> None:
        """Move the bar on and leave a line."""
        if row.raw_table in self._tables:
            self._progress.remove_task(self._tables.pop(row.raw_table))
        self._progress.update(self._run, advance=1)
        self._progress.console.print(ended_line(row), soft_wrap=True)


def ended_line(row: AuditRow) -> Text:
    """What became of a table, in one line."""
    took = duration(seconds_between(row.started_at, row.ended_at))
    return result_line(row) + Text(f"  {took}", style="dim")


def result_line(result: TableResult) -> Text:
    """A table's outcome with its counts, or its error."""
    name = Text(f"  {result.source_table_name.ljust(_NAME_WIDTH)} ")
    word = coloured(result.outcome)
    if result.outcome is Outcome.COMPLETED:
        quarantined = [f"{plural(result.files_quarantined, 'file')} quarantined"] if result.files_quarantined else []
        return name + word + Text(f"  {', '.join([counts_line(result.counts), *quarantined])}")
    return name + word + Text(f"  {result.error or ''}")


def counts_line(counts: Counts) -> str:
    """The kinds of rows that occurred, `removed by reload` beside the sum."""
    kinds = counts.model_dump(exclude={"rows_read"})
    told = [f"{count:,} {kind.removeprefix('rows_').replace('_', ' ')}" for kind, count in kinds.items() if count]
    return ", ".join(told) or "no rows"


def _plan_line(tables: Mapping[str, PlannedTable]) -> Text:
    files = sum(table.files for table in tables.values())
    return Text(f"planned {plural(len(tables), 'table')} with {plural(files, 'file')}", style="bold")
