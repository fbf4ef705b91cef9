"""The sources that `odpf reconcile` is given, and the DMS statistics in a file."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyarrow as pa
from pydantic import ValidationError

from odpf.errors import InvalidSettings, InvalidSourceTable
from odpf.source_table import SourceTable
from odpf.table_statistics import StatisticsDocument, TableStatistics, summed
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
        name, url = _named(text)
        if name in found:
            raise InvalidSettings(f"--source is given twice for {name or 'the default staging place'}.")
        found[name] = Source.connect(url, environment.get("ODPF_SOURCE_PASSWORD"))
    return found


def refuse_unused(given: Sequence[str], tables: Iterable[str]) -> None:
    """Refuse a source of a staging place that none of the tables belongs to: it is named wrongly, or the tables are.

    Raises:
        InvalidSettings: there is one.
    """
    places = {name.source for name in parsed(tables)}
    for text in given:
        name, _ = _named(text)
        if places and name not in places:
            theirs = ", ".join(sorted(place or "the default one" for place in places))
            raise InvalidSettings(
                f"--source is given for {f'the staging place {name}' if name else 'the default staging place'}, and no chosen table is of "
                f"it: they are of {theirs}. Write --source NAME=URL with the name that their source tables begin with."
            )


def parsed(tables: Iterable[str]) -> Iterator[SourceTable]:
    """Names of source tables, without those that are none."""
    for table in tables:
        with suppress(InvalidSourceTable):
            yield SourceTable.parse(table)


def _named(text: str) -> tuple[str, str]:
    named = _NAMED.match(text)
    return (named[1], named[2]) if named else ("", text)


def statistics_of(path: Path | None) -> dict[tuple[str, str], TableStatistics] | None:
    """Statistics in a file by schema and table, of several tasks together; None without a file.

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
    found: dict[tuple[str, str], TableStatistics] = {}
    for each in document.tables:
        name = each.schema_name, each.table_name
        found[name] = summed([found[name], each]) or each if name in found else each
    return found


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
