"""What a Hudi table says of itself in `.hoodie/hoodie.properties`, whichever release wrote it."""

from __future__ import annotations

import re
from typing import NamedTuple

PROPERTY_FILES = ("hoodie.properties", "hoodie.properties.backup")
"""The file, and the copy that Hudi makes while it replaces it: the second is there alone when a writer died meanwhile."""

_LINE = re.compile(r"\s*([^=:\s]+)\s*[=:]\s*(.*?)\s*$")
_KEY_GENERATOR = ("hoodie.table.keygenerator.class", "hoodie.table.keygenerator.type")
"""Hudi 0.15 writes the first, 1.0 the second, at the same table version."""


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
