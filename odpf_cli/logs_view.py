"""How a run's log looks: what failed and what to do first, then the log."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.audit import TableResult
from odpf.clock import iso
from odpf.states import Outcome, RunStatus
from odpf_cli.display import coloured, complaint, plural
from odpf_cli.log_lines import ERROR, WARNING, Line
from odpf_cli.run_log import RunLog, raw_name

_STYLES = {ERROR: "bold red", WARNING: "yellow"}
_LEVEL_WIDTH = 7
_NEXT = {
    Outcome.REFRESH_ERROR: "When the cause is gone: odpf run --table '{}' --wait; the cadence's next run tries by itself, too.",
    Outcome.SKIPPED_LOCKED: "Who holds it: odpf unlock --table '{}'",
    Outcome.WAITING_FOR_FULL_LOAD: "What it waits for: odpf explain --table '{}'",
    Outcome.SET_ASIDE: "When the cause is gone: odpf run --table '{}' --wait",
}


def render(found: RunLog, *, chatter: bool, log: bool = True) -> RenderableType:
    """Failures and stack traces first, then the lines, unless they were told already, and the run in the end."""
    return Group(*_parts(found, chatter=chatter, log=log))


def line_text(line: Line) -> Text:
    """One line: time, level, table, message; its stack trace below it."""
    text = Text.assemble(
        (f"{line.at:%m-%d %H:%M:%S} ", "dim"),
        (line.level.ljust(_LEVEL_WIDTH), _STYLES.get(line.level, "dim")),
        " ",
    )
    if line.table:
        text.append(f"{line.table} ", style="cyan")
    text.append(line.message)
    return text.append(f" {line.figures}", style="dim") if line.figures else text


def document(found: RunLog, *, chatter: bool) -> dict[str, Any]:
    """The JSON form."""
    shown = [line for line in found.lines if chatter or not line.is_chatter]
    return {
        "run_id": found.run_id,
        "status": found.status,
        "error": found.error,
        "failures": [_failure(table) for table in found.failures],
        "job_runs": [
            {"job_run_id": run.id, "state": run.state.value, "started_at": iso(run.started_at), "error": run.error}
            for run in found.job_runs
        ],
        "lines": [_entry(line) for line in shown],
        "lines_hidden": len(found.lines) - len(shown),
        "nothing": None if shown else why_nothing(found),
    }


def why_nothing(found: RunLog) -> str:
    """Why there is no line to show, and what to do about it."""
    if found.table and not found.tables:
        return f"The run has nothing about {found.table}. What it worked on: odpf runs show {found.run_id}"
    if found.status == RunStatus.NOTHING_TO_DO:
        return "Nothing waited for this run, so no job was started and nothing was logged."
    if not found.is_over:
        return f"Nothing is logged yet. Follow it: odpf logs {found.run_id} --follow"
    if found.lines:
        return f"All there is comes from Spark and the services, not from ODPF. See it: odpf logs {found.run_id} --all"
    return (
        "The log groups have nothing of it. Lines come some seconds late, and go when the groups' retention is over; "
        f"what became of the tables stays: odpf runs show {found.run_id}"
    )


def next_step(table: TableResult) -> str:
    """What to do about a table that did not get what waits for it."""
    return _NEXT[table.outcome].format(table.source_table_name) if table.outcome in _NEXT else ""


def _parts(found: RunLog, *, chatter: bool, log: bool) -> Iterator[RenderableType]:
    if found.failures:
        yield Text("Needs attention", style="bold")
    for table in found.failures:
        yield Text("  ") + complaint(table.source_table_name, table.error or str(table.outcome))
        yield Text(f"    {next_step(table)}", style="dim")
    for run in found.job_runs:
        if run.error:
            yield Text.assemble("  ", ("job run ", "bold red"), f"{run.id} {run.state}: {run.error}")
    for line in found.lines:
        if line.exception and (line.is_bad or log):
            yield _trace(line)
    shown = [line for line in found.lines if chatter or not line.is_chatter]
    if log and shown:
        yield Text("Log", style="bold")
        yield from (Text("  ") + line_text(line) for line in shown)
    if not shown:
        yield Text(why_nothing(found), style="yellow")
    if hidden := len(found.lines) - len(shown):
        yield Text(f"{plural(hidden, 'line')} of Spark and the services left out: --all", style="dim")
    yield _end(found)


def _trace(line: Line) -> Text:
    indented = "\n".join(f"    {text}" for text in str(line.exception).splitlines())
    return Text.assemble(("  ", ""), line_text(line), "\n", (indented, "dim"))


def _end(found: RunLog) -> Text:
    text = Text.assemble("Run ", found.run_id, " ", coloured(found.status))
    jobs = plural(len(found.job_runs), "job run")
    return text.append(f": {jobs}, {plural(len(found.lines), 'line')}" + (f". {found.error}" if found.error else ""))


def _failure(table: TableResult) -> dict[str, Any]:
    return {
        "source_table_name": table.source_table_name,
        "raw_table": raw_name(table),
        "outcome": table.outcome.value,
        "error": table.error,
        "next": next_step(table),
    }


def _entry(line: Line) -> dict[str, Any]:
    return {
        "at": iso(line.at),
        "level": line.level,
        "message": line.message,
        "source": line.source,
        "source_table_name": line.said.get("source_table_name"),
        "batch_no": line.said.get("batch_no"),
        "exception": line.exception,
        "said": line.said,
    }
