"""Reads the committed rows of a Hudi table with hudi-rs, a reader that shares no code with the writer."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa
from hudi import HudiReadOptions, HudiTableBuilder

from odpf_local.aws.athena.failure import QueryFailed


def read(location: str, columns: Sequence[str], storage: dict[str, str], instant: str | None = None) -> pa.Table:
    """The named columns of the table at `location`; one that the table does not have yet is null.

    Args:
        location: base path.
        columns: their names.
        storage: hudi-rs' options for the object store.
        instant: of the commit at which it is read; by default the newest.

    Raises:
        QueryFailed: there is no readable Hudi table.
    """
    uri = location.replace("s3a://", "s3://").rstrip("/")
    try:
        table = HudiTableBuilder.from_base_uri(uri).with_options(storage).build()
        schema = table.get_schema_with_meta_fields()
        present = [name for name in columns if name in schema.names]
        options = HudiReadOptions(projection=present or schema.names[:1])
        options = options.with_as_of_timestamp(instant) if instant else options
        batches = table.read(options)
    except Exception as error:  # hudi-rs raises plain Exceptions, for a missing table as for a broken one
        raise QueryFailed(f"HIVE_CANNOT_OPEN_SPLIT: {location} cannot be read as a Hudi table: {error}") from error
    target = pa.schema([pa.field(name, _sql_type(schema.field(name).type)) for name in present])
    rows = sum(batch.num_rows for batch in batches)
    found = pa.concat_tables(_aligned(batches, target)) if present else None
    arrays = [found.column(name) if name in present and found is not None else pa.nulls(rows) for name in columns]
    return pa.table(arrays, names=list(columns))


def _aligned(batches: Iterable[pa.RecordBatch], target: pa.Schema) -> list[pa.Table]:
    """Batches of files written before and after a column was added or widened, in the table's present schema."""
    tables = [target.empty_table()]
    for batch in batches:
        arrays = [
            batch.column(field.name).cast(field.type)
            if field.name in batch.schema.names
            else pa.nulls(batch.num_rows, field.type)
            for field in target
        ]
        tables.append(pa.table(arrays, schema=target))
    return tables


def _sql_type(type_: pa.DataType) -> pa.DataType:
    """Hudi's timestamps are instants in UTC; Athena shows them as timestamps without a zone."""
    return pa.timestamp("us") if pa.types.is_timestamp(type_) else type_
