"""How reconciliations look: a line per table, what differs in it, and what to do next; and the file of an export."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable
from pathlib import Path

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.errors import InvalidSettings
from odpf.states import Difference, Explanation, Reconciled
from odpf_cli.display import NOTHING, coloured, complaint, duration, grid, name, number, plural, size
from reconciliation.report import Reconciliation, RowDifference, TableReconciliation

_WAYS = {
    Difference.MISSING_IN_LAKE: "missing in the lake",
    Difference.MISSING_IN_SOURCE: "missing at the source",
    Difference.DIFFERENT: "different",
    Difference.DUPLICATE: "more often on one side",
}
_REASONS: dict[str, str] = {
    Explanation.PENDING: "in files that wait",
    Explanation.QUARANTINED: "in quarantine",
    Explanation.CAUGHT_UP: "caught up meanwhile",
    Explanation.IN_FLIGHT: "changed at the source meanwhile",
}
_MOST_LEFT = 8


def render(report: Reconciliation, examples: int) -> RenderableType:
    """A table of tables, then what is wrong in each."""
    table = grid(
        ["Source table"],
        ["Source", "DMS", "Ledger", "Lake", "Different", "Explained", "Read", "Time"],
        words=["Outcome"],
    )
    for entry in report.tables:
        counts = entry.counts
        table.add_row(
            name(entry.source_table_name),
            coloured(entry.outcome),
            *(number(count) for count in (counts.source, counts.dms, counts.ledger, counts.lake)),
            number(entry.different) if entry.different else NOTHING,
            number(sum(entry.explained.values())) if entry.explained else NOTHING,
            size(sum(traffic.bytes for traffic in entry.traffic.values())),
            duration(entry.seconds),
        )
    parts: list[RenderableType] = [table]
    for entry in report.tables:
        parts += _about(entry, examples)
    kept = f"Report {report.reconciliation_id}: odpf reconcile --show {report.reconciliation_id}"
    return Group(*parts, Text(kept, style="dim"))


def render_list(reports: Iterable[Reconciliation]) -> RenderableType:
    """A line per report."""
    table = grid(["Report"], ["Tables", "Agree", "Explained", "Drifted", "Failed"], words=["Level"])
    for report in reports:
        outcomes = [entry.outcome for entry in report.tables]
        failed = outcomes.count(Reconciled.FAILED) + outcomes.count(Reconciled.UNDECIDED)
        of_kind = (outcomes.count(kind) for kind in (Reconciled.AGREES, Reconciled.EXPLAINED, Reconciled.DRIFTED))
        table.add_row(report.reconciliation_id, report.level, str(len(outcomes)), *map(str, of_kind), str(failed))
    return table


def export(report: Reconciliation, path: Path) -> int:
    """Write every difference to a file, as CSV or, by its ending, as JSON; how many.

    Raises:
        InvalidSettings: the file cannot be written.
    """
    found = [(table, row) for table in report.tables for row in table.rows]
    try:
        if path.suffix.lower() == ".json":
            document = [
                {"source_table_name": table.source_table_name, **row.model_dump(mode="json")} for table, row in found
            ]
            path.write_text(json.dumps(document, ensure_ascii=False, indent=1), encoding="utf-8")
        else:
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file)
                writer.writerow(["source_table_name", "kind", "key", "columns", "source", "lake"])
                writer.writerows(_line(table, row) for table, row in found)
    except OSError as error:
        raise InvalidSettings(f"--export {path}: {error.strerror}. Give a file that can be written.") from None
    return len(found)


def _line(table: TableReconciliation, row: RowDifference) -> list[str]:
    values = ["" if side is None else json.dumps(side, ensure_ascii=False) for side in (row.source, row.lake)]
    return [table.source_table_name, row.kind, json.dumps(row.key, ensure_ascii=False), ",".join(row.columns), *values]


def _about(entry: TableReconciliation, examples: int) -> list[RenderableType]:
    """What a person should know of a table."""
    about = [
        complaint(entry.source_table_name, text) for text in [*entry.notes, *([entry.error] if entry.error else [])]
    ]
    about += [Text(f"{entry.source_table_name}: {text}", "yellow") for text in entry.remarks]
    if entry.differences:
        kinds = ", ".join(f"{count:,} {_WAYS[kind]}" for kind, count in entry.differences.items())
        columns = f" (columns: {', '.join(entry.columns)})" if entry.columns else ""
        about.append(complaint(entry.source_table_name, f"{kinds}{columns}"))
        about += [_example(row) for row in entry.rows[:examples]]
    if entry.keys_not_seen or entry.ranges_not_seen:
        unseen = f"{plural(entry.keys_not_seen, 'key')} and {plural(entry.ranges_not_seen, 'range')}"
        about.append(complaint(entry.source_table_name, f"too many keys differ: {unseen} more were not looked at"))
    if entry.explained:
        reasons = ", ".join(f"{count:,} {_REASONS[reason]}" for reason, count in entry.explained.items())
        about.append(
            Text(
                f"{entry.source_table_name}: explained: {plural(sum(entry.explained.values()), 'key')}: {reasons}",
                "dim",
            )
        )
    if entry.not_compared:
        shown = "; ".join(f"{left.column} ({left.reason})" for left in entry.not_compared[:_MOST_LEFT])
        more = len(entry.not_compared) - _MOST_LEFT
        rest = f"; {plural(more, 'more')}" if more > 0 else ""
        about.append(Text(f"{entry.source_table_name}: not compared: {shown}{rest}", "yellow"))
    return about + _next(entry)


def _example(row: RowDifference) -> Text:
    key = ", ".join(f"{column}={value}" for column, value in row.key.items())
    line = Text.assemble("  ", (key, "bold"), f" {_WAYS[row.kind]}")
    if row.source is not None and row.lake is not None:
        for column in row.columns:
            line.append(f"  {column}: source {_value(row.source[column])}, lake {_value(row.lake[column])}")
    return line


def _next(entry: TableReconciliation) -> list[RenderableType]:
    if entry.outcome is not Reconciled.DRIFTED:
        return []
    advice = (
        f"  Next: odpf resnapshot --table {entry.source_table_name} --compare-only tells whether the staged files make the same table; if they "
        "make the source's, run it without that option, else reload the table in its DMS task."
    )
    return [Text(advice, style="yellow")]


def _value(text: str | None) -> str:
    return "null" if text is None else repr(text)
