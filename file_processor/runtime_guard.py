"""What must hold before a table is written: a known Hudi release, pinned to the table version that Athena reads (G8), keys as stored (S24).

Hudi moves tables to the newest version its release knows, silently and for good, and readers of the older version are
left behind. So nothing is written by a release that nobody tried, without the pin, or into a table of another version.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from file_processor.columns import key_generator, record_key
from file_processor.table_properties import TABLE_VERSION, TableProperties, is_key_generator
from odpf.errors import UnsupportedRuntime
from odpf.table_config import TableConfig


class Runtime(NamedTuple):
    """A Glue version and the Hudi release in it; fewer digits stand for all that begin so."""

    glue: str
    hudi: str


SUPPORTED = (Runtime(glue="5.0", hudi="0.15"), Runtime(glue="5.1", hudi="1.0.2"))

_RELEASE = re.compile(r"\d+(?:\.\d+)+")  # AWS appends its own: 0.15.0-amzn-1


def check_release(found: str) -> Runtime:
    """Tell which supported runtime this is.

    Args:
        found: the Hudi release of the running job, empty when there is none.

    Raises:
        UnsupportedRuntime: it is none of them.
    """
    release = match[0].split(".") if (match := _RELEASE.match(found)) else []
    for runtime in SUPPORTED:
        digits = runtime.hudi.split(".")
        if release[: len(digits)] == digits:
            return runtime
    known = " or ".join(f"{runtime.hudi} (Glue {runtime.glue})" for runtime in SUPPORTED)
    what = f"This job runs with Hudi {found}" if release else "No Hudi release can be told in this job"
    raise UnsupportedRuntime(
        f"{what}; this release of ODPF writes with {known}. Nothing was written. Set the job's Glue "
        "version to one of these, --datalake-formats to hudi, and take other Hudi jars away."
    )


def check_pinned(version: str | None) -> None:
    """Make sure that a writer is held to the table version.

    Args:
        version: what its options hold it to, None when they leave it to Hudi.

    Raises:
        UnsupportedRuntime: they do not.
    """
    if version != TABLE_VERSION:
        raise UnsupportedRuntime(
            f"The write options hold Hudi to table version {version}, not to {TABLE_VERSION}: readers could lose the "
            "table. Nothing was written. Deploy an unchanged release of ODPF."
        )


def check_table(location: str, properties: TableProperties | None, config: TableConfig) -> None:
    """Make sure that an existing table is one that ODPF may write.

    Args:
        location: of the table, for the message.
        properties: what it says of itself, None when its property file is gone.
        config: the table.

    Raises:
        UnsupportedRuntime: its version or its type is another one or cannot be told, or its record keys have another text
            than those that would be written: every row would come twice (S24).
    """
    if properties and (why := _other_keys(properties, config)):
        raise UnsupportedRuntime(
            f"{location} {why}, and no row would be found again. Nothing was written. Build the table anew from its staged "
            f"files: odpf resnapshot --table {config.source_table_name}; or configure another raw table and reload it."
        )
    if problem := _problem(properties, config.hudi_table_type):
        raise UnsupportedRuntime(
            f"{location} {problem}. Nothing was written. Restore `.hoodie` from the bucket's versions if it was changed by "
            "accident, take a newer table back with Hudi's command line (`downgrade table`), or configure another raw "
            "table and reload it."
        )


def check_remains(location: str, properties: TableProperties) -> None:
    """Make sure that what is about to be cleared is of this table version: another one is somebody else's table.

    Raises:
        UnsupportedRuntime: it is of another version.
    """
    if properties.version != TABLE_VERSION:
        raise UnsupportedRuntime(
            f"{location} holds a Hudi table of version {properties.version or '?'}, and ODPF writes version "
            f"{TABLE_VERSION} alone. Nothing was written. Configure another raw table, or empty that place by hand."
        )


def _problem(properties: TableProperties | None, table_type: str) -> str | None:
    if properties is None:
        return "has no property file in `.hoodie`, so nobody can tell how it is to be written"
    if properties.version != TABLE_VERSION:
        return f"is of Hudi table version {properties.version or '?'}, and ODPF writes version {TABLE_VERSION} alone"
    if (properties.table_type or "").lower() != table_type:
        return f"is a table of type {properties.table_type or '?'}, and {table_type} is configured"
    if properties.partition_fields and not properties.key_generator:
        return "does not say which key generator makes its partition paths"
    return None


def _other_keys(properties: TableProperties, config: TableConfig) -> str | None:
    """How its record keys differ from those that would be written, by the generator and the columns they are made of.

    The text that a generator makes is the same in all supported releases, for Complex is never used for one key
    (docs/hudi.md).
    """
    found, expected = properties.key_generator, key_generator(config)
    if found and not is_key_generator(found, expected):
        return f"has record keys made by {found}, and this release makes them by {expected}"
    columns, wanted = properties.record_key, ",".join(record_key(config))
    if columns and columns.lower() != wanted:
        return f"has record keys of {columns}, and the configuration makes them of {wanted}"
    return None
