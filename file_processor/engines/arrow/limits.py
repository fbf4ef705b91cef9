"""What the Arrow engine leaves to Spark, told before anything is read or written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from file_processor.columns import key_generator
from file_processor.inspection import Inspection
from file_processor.table_properties import TableProperties
from file_processor.timeline import Pending, Timeline
from odpf.table_config import TableConfig

WRITTEN_BY = "odpf.engine"
"""In the metadata of an inflight commit: whose it is."""
ARROW = "arrow"

_NO_TEXT = ("float", "double")
"""Types whose text in record keys and paths is Java's own."""
_UNKNOWN_HERE: Mapping[str, tuple[str, str]] = {
    "hoodie.table.metadata.partitions": ("", "has a metadata table, past which Arrow's commits would not be seen"),
    "hoodie.table.metadata.partitions.inflight": ("", "has a metadata table in the making"),
    "hoodie.table.base.file.format": ("PARQUET", "has data files in another format than Parquet"),
    "hoodie.table.cdc.enabled": ("false", "has Hudi's change data capture on"),
    "hoodie.populate.meta.fields": ("true", "is without Hudi's columns"),
    "hoodie.datasource.write.drop.partition.columns": ("false", "leaves partition columns out of its files"),
    "hoodie.datasource.write.hive_style_partitioning": ("true", "has folders that do not name the partition column"),
    "hoodie.datasource.write.partitionpath.urlencode": ("true", "has partition values in its paths as they stand"),
    "hoodie.timeline.layout.version": ("1", "has another layout of its timeline"),
    "hoodie.bootstrap.base.path": ("", "was bootstrapped"),
}
_KEY_GENERATORS = {
    "org.apache.hudi.keygen.SimpleKeyGenerator": "SIMPLE",
    "org.apache.hudi.keygen.NonpartitionedKeyGenerator": "NON_PARTITION",
    "org.apache.hudi.keygen.ComplexKeyGenerator": "COMPLEX",
}


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
    of_table = [*_of_timeline(timeline), *_of_properties(config, properties)] if timeline else []
    return [*of_table, *_of_files(config, inspections)]


def is_own(pending: Pending, timeline: Timeline) -> bool:
    """Whether an unfinished commit is one that Arrow may roll back: its own, or one that has written nothing yet."""
    if pending.action not in ("commit", "replacecommit"):
        return False
    if (
        pending.inflight is None
    ):  # data files come after it; what is requested with content is a plan of a table service
        return pending.requested is not None and pending.requested.size == 0
    return timeline.unfinished_metadata(pending).get(WRITTEN_BY) == ARROW


def _of_timeline(timeline: Timeline) -> Iterator[str]:
    for pending in timeline.pending:
        if not is_own(pending, timeline):
            yield (
                f"The table has an unfinished {pending.action} of another writer at {pending.instant}, which Spark rolls back "
                "or finishes."
            )


def _of_properties(config: TableConfig, properties: TableProperties | None) -> Iterator[str]:
    if properties is None:
        return
    said = dict(properties.others)
    for name, (usual, sentence) in _UNKNOWN_HERE.items():
        if said.get(name, usual).lower() != usual.lower():
            yield f"The table {sentence} ({name}={said[name]})."
    expected = key_generator(config)
    if properties.key_generator not in (None, expected, _KEY_GENERATORS[expected]):
        yield f"The table's keys are made by {properties.key_generator}, not by {expected}."


def _of_files(config: TableConfig, inspections: Iterable[Inspection]) -> Iterator[str]:
    roles = [*config.hudi_primary_key, *filter(None, [config.hudi_partition_key])]
    for found in inspections:
        if found.int96:
            yield f"{found.chosen.file.path} has 96-bit timestamps, which Arrow misreads before 1970."
        kinds = dict(found.columns)
        if odd := [column for column in roles if kinds.get(column) in _NO_TEXT]:
            yield f"Column {odd[0]} is {kinds[odd[0]]}, and its text in a record key or path is made by Java alone."
