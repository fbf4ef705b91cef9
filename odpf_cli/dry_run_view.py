"""How a dry run looks."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from odpf.states import Compute
from odpf_cli.display import coloured, duration, grid, name, number, plural, size
from odpf_cli.dry_run import BatchPlanned, DryRun

_MOST_NAMED = 5


def render(found: DryRun) -> RenderableType:
    """A table for each batch, what is left out and why, and the sum in the end, where a person looks."""
    return Group(*_parts(found))


def _parts(found: DryRun) -> Iterator[RenderableType]:
    yield from map(_batch, found.batches)
    if found.left_out:
        left_out = grid(["Left out"], [], words=["State"])
        left_out.add_column("Why", overflow="fold")
        for each in found.left_out:
            left_out.add_row(name(each.source_table_name), coloured(each.state), Text(each.reason))
        yield left_out
    if found.nothing_waiting:
        yield Text(f"Nothing waits for {_named(found.nothing_waiting)}.", style="dim")
    for warning in found.warnings:
        yield Text(f"warning: {warning}", style="yellow")
    yield _sum(found)


def _batch(batch: BatchPlanned) -> RenderableType:
    table = grid(
        ["Source table", "Raw table"],
        ["Files", "Bytes", "Expected"],
        f"Batch {batch.batch_no}: {_place(batch)}, about {duration(batch.expected_seconds)}",
        words=["Engine"],
    )
    for work in batch.tables:
        table.add_row(
            name(work.source_table_name),
            name(f"{work.raw_database_name}.{work.raw_table_name}"),
            work.engine,
            number(len(work.files)),
            size(work.bytes),
            duration(work.expected_seconds),
        )
    return table


def _place(batch: BatchPlanned) -> str:
    if batch.compute is Compute.LAMBDA:
        return "a Lambda invocation"
    return f"a Glue job run of {batch.workers} workers {batch.worker_type}"


def _named(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return f"{', '.join(names[:_MOST_NAMED])}{more}"


def _sum(found: DryRun) -> Text:
    if found.nothing_to_do:
        return Text("The run would have nothing to do.", style="bold")
    tables = [work for batch in found.batches for work in batch.tables]
    files = sum(len(work.files) for work in tables)
    amount = f"{plural(len(tables), 'table')} with {plural(files, 'file')}, {size(sum(work.bytes for work in tables))}"
    batches = f"{len(found.batches)} batches" if len(found.batches) != 1 else "1 batch"
    return Text(f"The run would process {amount}, in {batches}. Nothing was started or written.", style="bold")
