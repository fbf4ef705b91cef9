"""`.hoodie/hoodie.properties` of a new table, as Hudi's own writer makes it for version 6."""

from __future__ import annotations

import zlib

from file_processor.columns import ORDER, key_generator, record_key
from file_processor.runtime_guard import TABLE_VERSION
from odpf.table_config import TableConfig


def new_properties(config: TableConfig) -> bytes:
    """The property file; the key generator by its class, which Hudi 0.15 and 1.0 both read."""
    checksum = zlib.crc32(f"{config.raw_database_name}.{config.raw_table_name}".encode())
    values = {
        "hoodie.table.name": config.raw_table_name,
        "hoodie.database.name": config.raw_database_name,
        "hoodie.table.type": "COPY_ON_WRITE",
        "hoodie.table.version": TABLE_VERSION,
        "hoodie.timeline.layout.version": "1",
        "hoodie.table.timeline.timezone": "UTC",
        "hoodie.table.recordkey.fields": ",".join(record_key(config)),
        "hoodie.table.partition.fields": config.hudi_partition_key or "",
        "hoodie.table.precombine.field": ORDER,
        "hoodie.table.keygenerator.class": key_generator(config),
        "hoodie.datasource.write.hive_style_partitioning": "true",
        "hoodie.datasource.write.partitionpath.urlencode": "true",
        "hoodie.datasource.write.drop.partition.columns": "false",
        "hoodie.partition.metafile.use.base.format": "false",
        "hoodie.populate.meta.fields": "true",
        "hoodie.table.base.file.format": "PARQUET",
        "hoodie.table.cdc.enabled": "false",
        "hoodie.archivelog.folder": "archived",
        "hoodie.table.checksum": str(checksum),
    }
    return "".join(f"{name}={_escaped(value)}\n" for name, value in values.items()).encode("ascii")


def _escaped(value: str) -> str:
    """A value as a Java property file holds it."""
    special = value.replace("\\", "\\\\").replace(" ", "\\ ")
    return special.encode("ascii", "backslashreplace").decode().replace("\\x", "\\u00")
