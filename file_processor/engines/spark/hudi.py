"""Every Hudi option ODPF sets, once, each with the reason for its value (docs/hudi.md)."""

from __future__ import annotations

from collections.abc import Mapping

from file_processor.choosing import CycleKind
from file_processor.columns import OPERATION, ORDER, key_generator, record_key
from file_processor.commit import METADATA_PREFIX
from file_processor.engines.engine import COMMITS_RETAINED, LEAST_COMMITS, MOST_COMMITS, WritePlan
from odpf.table_config import TableConfig

BYTES_PER_TASK = 32 * 1024 * 1024
_MOST_TASKS = 200
_FEW = 2
"""Tasks of a small table; a plan that is looked at again after every shuffle costs more than it finds there."""

_ALWAYS = {
    # Athena documents version 6; Hudi 1.x would make version 8 and upgrade what it touches.
    "hoodie.write.table.version": "6",
    "hoodie.write.auto.upgrade": "false",
    # Instants in one time zone, wherever the writer runs.
    "hoodie.table.timeline.timezone": "UTC",
    "hoodie.table.timeline.timezone.type": "UTC",
    # Order in the batch and against the stored row, deletes included; AWSDmsAvroPayload ignores the stored row.
    "hoodie.datasource.write.payload.class": "org.apache.hudi.common.model.DefaultHoodieRecordPayload",
    "hoodie.datasource.write.precombine.field": ORDER,
    "hoodie.payload.ordering.field": ORDER,
    "hoodie.payload.event.time.field": ORDER,
    # A small commit costs 2-3 times as much with the metadata table, and the Arrow engine cannot write past it.
    "hoodie.metadata.enable": "false",
    # No server and no marker service per commit: 0.7 s instead of 1.2 s for a small one.
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
    # Every row comes with the partition it is in: moved rows are deleted where they stood (docs/adr/0003).
    "hoodie.index.type": "SIMPLE",
    # That index never reads it; it costs 430 KB per file.
    "hoodie.parquet.bloom.filter.enabled": "false",
    "hoodie.bloom.index.use.metadata": "false",
    # Hudi's gzip takes a seventh more CPU time for a commit, and its files are a tenth larger.
    "hoodie.parquet.compression.codec": "zstd",
    # Decimals as fixed bytes: as integers they are read back multiplied by 10^scale when a row is carried over.
    "hoodie.parquet.writelegacyformat.enabled": "true",
    # A column that a batch lacks is null in the written rows and untouched in the others.
    "hoodie.write.set.null.for.missing.columns": "true",
    # The catalog is told by the processor itself, only when something changed.
    "hoodie.datasource.hive_sync.enable": "false",
    "hoodie.datasource.meta.sync.enable": "false",
    "hoodie.datasource.write.commitmeta.key.prefix": METADATA_PREFIX,
    # Partition values become path segments; any value must do.
    "hoodie.datasource.write.hive_style_partitioning": "true",
    "hoodie.datasource.write.partitionpath.urlencode": "true",
    # Logical types in keys have one text form in the row writer and in the Avro writer.
    "hoodie.datasource.write.keygenerator.consistent.logical.timestamp.enabled": "true",
    # Dead writers are rolled back by the next one; there is never a second live one (G5).
    "hoodie.clean.failed.writes.policy": "EAGER",
    "hoodie.cleaner.policy.failed.writes": "EAGER",
    # retained < keep.min < keep.max, longer than the longest query and than recovery looks back.
    "hoodie.clean.automatic": "true",
    "hoodie.clean.async": "false",
    "hoodie.clean.commits.retained": str(COMMITS_RETAINED),
    "hoodie.cleaner.commits.retained": str(COMMITS_RETAINED),
    "hoodie.keep.min.commits": str(LEAST_COMMITS),
    "hoodie.keep.max.commits": str(MOST_COMMITS),
}
_MERGE_ON_READ = {
    # Compaction runs with the write, so that these tables need no second job.
    "hoodie.compact.inline": "true",
    "hoodie.compact.inline.max.delta.commits": "10",
}

PARALLELISM = (
    "hoodie.upsert.shuffle.parallelism",
    "hoodie.insert.shuffle.parallelism",
    "hoodie.bulkinsert.shuffle.parallelism",
    "hoodie.delete.shuffle.parallelism",
    "hoodie.simple.index.parallelism",
    "hoodie.finalize.write.parallelism",
    "hoodie.markers.delete.parallelism",
    "hoodie.rollback.parallelism",
    "hoodie.cleaner.parallelism",
    "hoodie.archive.delete.parallelism",
)
"""How many tasks each step of a commit has."""

_OPERATION_OF = {
    CycleKind.LOAD: "bulk_insert",
    CycleKind.RELOAD: "insert_overwrite_table",
    CycleKind.CHANGES: "upsert",
}


def write_options(plan: WritePlan, metadata: dict[str, str]) -> dict[str, str]:
    """Options of one commit; `metadata` is kept in it, keys without prefix."""
    options = table_options(plan.config, plan.input_bytes)
    options["hoodie.datasource.write.operation"] = _OPERATION_OF[plan.written_as]
    return options | {f"{METADATA_PREFIX}{key}": value for key, value in metadata.items()}


def table_options(config: TableConfig, input_bytes: int = 0) -> dict[str, str]:
    """Options of whatever is done to a table; `input_bytes` say how many tasks it is worth."""
    options = dict(_ALWAYS)
    options |= dict.fromkeys(PARALLELISM, str(tasks(input_bytes)))
    options |= {
        "hoodie.table.name": config.raw_table_name,
        "hoodie.database.name": config.raw_database_name,
        "hoodie.datasource.write.table.type": config.hudi_table_type.upper(),
        "hoodie.datasource.write.recordkey.field": ",".join(record_key(config)),
        "hoodie.datasource.write.partitionpath.field": config.hudi_partition_key or "",
        "hoodie.datasource.write.keygenerator.class": key_generator(config),
    }
    if config.hudi_table_type == "merge_on_read":
        options |= _MERGE_ON_READ
    if config.table_data_versioning_type == "S":
        options |= {"hoodie.payload.delete.field": OPERATION, "hoodie.payload.delete.marker": delete_marker(config)}
    return options


def clustering_options(most_file_bytes: int) -> dict[str, str]:
    """How small files are put together: those of a partition below half of the size, and never one alone."""
    return {
        "hoodie.clustering.plan.strategy.small.file.limit": str(most_file_bytes // 2),
        "hoodie.clustering.plan.strategy.target.file.max.bytes": str(most_file_bytes),
        "hoodie.clustering.plan.strategy.max.bytes.per.group": str(8 * most_file_bytes),
        "hoodie.clustering.plan.strategy.single.group.clustering.enabled": "false",
    }


def delete_marker(config: TableConfig) -> str:
    """The operation of rows that Hudi is to delete; with soft deletes those alone that move, where they stood."""
    return "D" if config.delete_mode == "hard" else "M"


def pinned_table_version(options: Mapping[str, str]) -> str | None:
    """The table version that the options hold Hudi to; None when they leave it to Hudi's release."""
    kept = options.get("hoodie.write.auto.upgrade") == "false"
    return options.get("hoodie.write.table.version") if kept else None


def tasks(input_bytes: int) -> int:
    """How many tasks a batch of this size is worth."""
    return min(_MOST_TASKS, 1 + input_bytes // BYTES_PER_TASK)


def are_few(number: int) -> bool:
    """Whether so many tasks are those of a small table."""
    return number <= _FEW
