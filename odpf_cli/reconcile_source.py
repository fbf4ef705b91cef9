"""The sources that `odpf reconcile` is given, and the DMS statistics in a file."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from odpf.errors import InvalidSettings
from odpf.source_table import SourceTable
from odpf.table_statistics import StatisticsDocument, TableStatistics
from odpf_local.dms.mapping import Origin, TableMappings
from odpf_local.dms.shape import Column, Shape
from reconciliation.forms import SourceColumn
from reconciliation.source import Source

_NAMED = re.compile(r"^([A-Za-z0-9_-]+)=(.+)$")


def sources(given: Sequence[str], environment: Mapping[str, str] = os.environ) -> dict[str, Source]:
    """Databases by the name of their staging place, which is empty for the default one.

    Args:
        given: URLs, or NAME=URL.
        environment: has the one URL where none is given, and the password.

    Raises:
        InvalidSettings: a URL that cannot be used, or a name twice.
    """
    found: dict[str, Source] = {}
    for text in given or [url for url in [environment.get("ODPF_SOURCE_URL")] if url]:
        named = _NAMED.match(text)
        name, url = (named[1], named[2]) if named else ("", text)
        if name in found:
            raise InvalidSettings(f"--source is given twice for {name or 'the default staging place'}.")
        found[name] = Source.connect(url, environment.get("ODPF_SOURCE_PASSWORD"))
    return found


def statistics_of(path: Path | None) -> dict[tuple[str, str], TableStatistics] | None:
    """Statistics in a file by schema and table; None without a file.

    Raises:
        InvalidSettings: it is not what `aws dms describe-table-statistics` prints.
    """
    if path is None:
        return None
    try:
        document = StatisticsDocument.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{error.error_count()} problems in it"
        raise InvalidSettings(
            f"{path} cannot be used ({reason}). Give what `aws dms describe-table-statistics` prints: "
            '{"TableStatistics": [{"SchemaName": …, "TableName": …, "FullLoadRows": …}, …]}.'
        ) from None
    return {(each.schema_name, each.table_name): each for each in document.tables}


def lake_names(
    mappings: TableMappings | None, name: SourceTable, columns: Sequence[SourceColumn]
) -> dict[str, str | None]:
    """The lake's name of every source column; None of one that the mapping rules leave out."""
    if mappings is None:
        return {column.name: column.name.lower() for column in columns}
    shape = Shape(name.schema, name.table, tuple(Column(column.name, pa.string()) for column in columns))
    targets = mappings.target(shape).columns
    kept = {target.argument: target.name.lower() for target in reversed(targets) if target.origin is Origin.COLUMN}
    return {column.name: kept.get(column.name) for column in columns}
