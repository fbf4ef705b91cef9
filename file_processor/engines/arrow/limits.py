"""What the Arrow engine leaves to Spark, told before anything is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from file_processor.commit import METADATA_PREFIX
from file_processor.inspection import Inspection
from file_processor.pending import Pending
from file_processor.table_properties import TableProperties
from file_processor.timeline import Timeline
from odpf.states import EngineName
from odpf.table_config import TableConfig

OWN_MARK = {f"{METADATA_PREFIX}engine": EngineName.ARROW.value}
"""In the metadata of an inflight commit of Arrow: whose it is."""

_NO_TEXT = ("float", "double")
"""Types whose text in record keys and paths is Java's own."""


def obstacles(
    config: TableConfig,
    timeline: Timeline | None,
    properties: TableProperties | None,
    inspections: Sequence[Inspection],
) -> list[str]:
    """Why only Spark can apply these files to this table, as sentences; empty when Arrow can.

    Args:
        config: the table.
        timeline: its folder, None for a first load.
        properties: what it says of itself, None where a commit before has looked.
        inspections: footers of the files.
    """
    of_table = [*_of_timeline(timeline), *_of_properties(properties)] if timeline else []
    return [*of_table, *_of_files(config, inspections)]


def is_own(pending: Pending, timeline: Timeline) -> bool:
    """Whether an unfinished commit is one that Arrow may roll back: its own, or one that has written nothing yet."""
    if pending.action not in ("commit", "replacecommit"):
        return False
    if pending.inflight is not None:
        return OWN_MARK.items() <= timeline.unfinished_metadata(pending).items()
    # Data files come only after it. What is requested with content is the plan of a table service.
    return pending.requested is not None and pending.requested.size == 0


def _of_timeline(timeline: Timeline) -> Iterator[str]:
    for pending in timeline.pending:
        if not is_own(pending, timeline):
            yield (
                f"The table has an unfinished {pending.action} of another writer at {pending.instant}, which Spark rolls back "
                "or finishes."
            )


def _of_properties(properties: TableProperties | None) -> Iterator[str]:
    if properties is None:
        return
    yield from (f"The table {sentence}." for sentence in properties.unusual())


def _of_files(config: TableConfig, inspections: Iterable[Inspection]) -> Iterator[str]:
    roles = [*config.hudi_primary_key, *filter(None, [config.hudi_partition_key])]
    for found in inspections:
        if found.int96:
            yield f"{found.chosen.file.path} has 96-bit timestamps, which Arrow misreads before 1970."
        kinds = dict(found.columns)
        if odd := [column for column in roles if kinds.get(column) in _NO_TEXT]:
            yield f"Column {odd[0]} is {kinds[odd[0]]}, and its text in a record key or path is made by Java alone."
