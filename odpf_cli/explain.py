"""`odpf explain`: which engine the next run would take for a table, and why; whether its full load is whole."""

from __future__ import annotations

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.states import Compute
from odpf_cli.completion import TableOption
from odpf_cli.display import NOTHING, grid, plural, size
from odpf_cli.engine_explanation import Explanation, explain_table
from odpf_cli.full_load_look import Look
from odpf_cli.output import Output, OutputOption, emit

_PLACES = {
    Compute.GLUE: "a Glue job",
    Compute.LAMBDA: "Lambda; what does not fit there, a Glue job",
    "auto": "Lambda or a Glue job, whichever costs less",
}


def explain(
    table: TableOption,
    output: OutputOption = Output.TABLE,
) -> None:
    """Say which engine the next run would take for a table, where, and why.

    Example:
        odpf explain --table shop.orders
    """
    aws = Aws(Settings.from_environment(), component="operator")
    look = Look(aws.settings, aws.objects, aws.dms_tasks)
    found = explain_table(table, aws.config, aws.ledger, aws.tracker, look)
    emit(output, found.model_dump(mode="json"), lambda: render(found))


def render(found: Explanation) -> RenderableType:
    """A line per fact, what the engine chooses, then why the next run leaves the table alone, if it does."""
    raw_table = f"{found.raw_database_name or '?'}.{found.raw_table_name or '?'}"
    facts = Table.grid(padding=(0, 2, 0, 0))
    for fact, value in {
        "Table": f"{found.source_table_name} -> {raw_table}",
        "Engine": found.engine or NOTHING,
        "Because": found.reason,
        "Configured": f"engine: {found.engine_configured}" if found.engine_configured else NOTHING,
        "Cadence": found.refresh_cadence or NOTHING,
        "Runs on": _place(found),
        "Expected": _expected(found),
        "Data files": size(found.table_bytes) if found.table_bytes is not None else "size not known yet",
        "Waiting": f"{plural(found.pending_files, 'file')}, {size(found.pending_bytes)}"
        if found.pending_files
        else "nothing",
        "Whole load": _full_load(found),
    }.items():
        facts.add_row(Text(fact, style="dim"), Text(value))
    parts: list[RenderableType] = [facts]
    if found.writes_with:
        choices = grid(["writes with", "", "because"], [])
        for choice in found.writes_with:
            choices.add_row(choice.what, Text(choice.value), Text(choice.because, overflow="fold"))
        parts += ["", choices]
    if found.left_alone:
        parts.append(Text(f"The next run leaves it alone: {found.left_alone}", style="yellow"))
    return Group(*parts)


def _place(found: Explanation) -> str:
    if found.workers:
        return f"a Glue job run of its own, as it is large: {found.workers} workers, {found.worker_type}"
    return _PLACES[found.compute] if found.compute else NOTHING


def _expected(found: Explanation) -> str:
    """What it adds to a batch, and what its own past has to do with that."""
    if found.expected_seconds is None:
        return NOTHING
    past = "by its bytes" if found.pace is None else f"its last runs took {found.pace:.3g} times what their bytes say"
    return f"{found.expected_seconds:.3g} s; {past}"


def _full_load(found: Explanation) -> str:
    """The rule, and what it says where that does not stand below anyway."""
    said = found.full_load if found.full_load != found.left_alone else None
    return ": ".join(filter(None, (found.full_load_completion, said))) or NOTHING
