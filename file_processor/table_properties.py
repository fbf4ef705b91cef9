"""What a Hudi table says of itself in `.hoodie/hoodie.properties`, whichever release wrote it; and what a new one says."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from typing import NamedTuple

from file_processor.columns import ORDER, key_generator, record_key
from odpf.table_config import TableConfig

TABLE_VERSION = "6"
"""What Athena documents as readable, for every Hudi release of the job (AWS Athena guide, "Query Apache Hudi datasets")."""

PROPERTY_FILES = ("hoodie.properties", "hoodie.properties.backup")
"""The file, and the copy that Hudi makes while it replaces it: the second is there alone when a writer died meanwhile."""

_LINE = re.compile(r"\s*([^=:\s]+)\s*[=:]\s*(.*?)\s*$")
_KEY_GENERATOR = ("hoodie.table.keygenerator.class", "hoodie.table.keygenerator.type")
"""Hudi 0.15 writes the first, 1.0 the second, at the same table version."""

_USUAL: Mapping[str, tuple[str, str]] = {
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
_WHOLE_ROWS = {
    "hoodie.bootstrap.base.path": "",
    "hoodie.populate.meta.fields": "true",
    "hoodie.datasource.write.drop.partition.columns": "false",
    "hoodie.table.base.file.format": "parquet",
}
"""What they are where data files hold whole rows that other programs can read."""
_KEY_GENERATORS = {
    "org.apache.hudi.keygen.SimpleKeyGenerator": "SIMPLE",
    "org.apache.hudi.keygen.NonpartitionedKeyGenerator": "NON_PARTITION",
    "org.apache.hudi.keygen.ComplexKeyGenerator": "COMPLEX",
}


class TableProperties(NamedTuple):
    """The properties that decide whether a writer understands a table; None where the file does not say.

    Attributes:
        version: of the table format.
        table_type: COPY_ON_WRITE or MERGE_ON_READ.
        partition_fields: columns that rows are partitioned by.
        key_generator: class or type that record keys and partition paths are made with.
        others: all properties, as (name, value).
    """

    version: str | None
    table_type: str | None
    partition_fields: str | None
    key_generator: str | None
    others: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, content: bytes) -> TableProperties:
        """Read the file, a Java property file."""
        lines = [line for line in content.decode("latin-1").splitlines() if not line.lstrip().startswith(("#", "!"))]
        values = {match[1]: match[2].replace("\\", "") for line in lines if (match := _LINE.match(line))}

        def value(*names: str) -> str | None:
            return next((values[name] for name in names if values.get(name)), None)

        return cls(
            version=value("hoodie.table.version"),
            table_type=value("hoodie.table.type"),
            partition_fields=value("hoodie.table.partition.fields"),
            key_generator=value(*_KEY_GENERATOR),
            others=tuple(sorted(values.items())),
        )

    @property
    def record_key(self) -> str | None:
        """The columns that record keys are made of, comma-separated."""
        return dict(self.others).get("hoodie.table.recordkey.fields")

    @property
    def precombine(self) -> str | None:
        """The column that rows were ordered by."""
        return dict(self.others).get("hoodie.table.precombine.field")

    @property
    def payload(self) -> str:
        """The class that decided between two rows of a key, without its package; empty where it is not told."""
        return dict(self.others).get("hoodie.compaction.payload.class", "").rsplit(".", 1)[-1]

    @property
    def has_metadata_table(self) -> bool:
        """Whether Hudi keeps a table about its files."""
        return bool(dict(self.others).get("hoodie.table.metadata.partitions"))

    def lacks_whole_rows(self) -> list[str]:
        """Properties with which data files do not hold whole rows, as `name is value`."""
        said = dict(self.others)
        return [
            f"{name} is {said[name]}" for name, usual in _WHOLE_ROWS.items() if said.get(name, usual).lower() != usual
        ]

    def unusual(self) -> list[str]:
        """What it is that ODPF's own tables are not, as the ends of sentences."""
        said = dict(self.others)
        return [
            f"{sentence} ({name}={said[name]})"
            for name, (usual, sentence) in _USUAL.items()
            if said.get(name, usual).lower() != usual.lower()
        ]


def is_key_generator(found: str, expected: str) -> bool:
    """Whether a key generator, by its class or its type, is the one of a class."""
    return found in (expected, _KEY_GENERATORS[expected])


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
