"""Look into the landed files of a batch before any engine does: parquet footers say schema, rows and sequences.

Reads a few kilobytes per file. A file that no engine could apply gets a problem here, so that it is quarantined
with its reason and touches no other file.
"""

from __future__ import annotations

import io
import re
from collections.abc import Container, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from file_processor.choosing import ChosenFile
from file_processor.schema import Schema
from file_processor.value_range import ValueRange, value_range
from odpf.config_values import RESERVED_COLUMN_PREFIXES
from odpf.landed_file import LandedFile
from odpf.ports import ObjectStore
from odpf.table_config import TableConfig

DMS_OPERATION = "Op"
"""DMS's own operation column; it counts as such only where it is a file's first column."""

_AT_ONCE = 8
_KEPT_OF_A_FILE, _KEPT_OF_A_BATCH = 1024 * 1024, 32 * 1024 * 1024
_PLAIN_PATH = re.compile(r"^[A-Za-z0-9/_.\-]+$")
_TABLE_PATH = re.compile(r"^[A-Za-z0-9/_.\-= ]+$")
"""Of a data file of a table: partitions are folders `column=value`, which Spark is told not to read anything from."""
_STORABLE_NAME = re.compile(r"^[a-z_][a-z0-9_]*$")
_MOST_DIGITS = 38


class Inspection(NamedTuple):
    """What a footer says.

    Attributes:
        columns: data columns, lower case, as the table is to hold them; without DMS's `Op`.
        names: the columns' names as they stand in the file, by lower-case name.
        hashed: of columns, those that are kept as hashes, with the type that they have in the file; a hash is text.
        excluded: lower-case names of columns that are left out; nothing else here tells of them.
        nulls: lower-case names of columns whose type is null: they are there, but say nothing.
        dms_operation: whether the file begins with DMS's `Op` column.
        rows: number of rows.
        sequences: smallest and greatest change sequence, as far as the statistics tell.
        int96: whether it has 96-bit timestamps, which Arrow misreads before 1970.
        rewrite: whether its types must be rewritten before Spark can read it (docs/hudi.md).
        ranges: of the columns' values, as far as the statistics tell; only where the schema policy asks for them.
        of_table: whether it is a data file of a table that is adopted, and no landed file.
        content: the whole file, if it is small and so are those beside it; an engine that can spares a request.
        problem: why it cannot be applied, None if it can.
    """

    chosen: ChosenFile
    columns: Schema = ()
    names: tuple[tuple[str, str], ...] = ()
    hashed: Schema = ()
    excluded: tuple[str, ...] = ()
    nulls: tuple[str, ...] = ()
    dms_operation: bool = False
    rows: int = 0
    sequences: tuple[str, str] | None = None
    int96: bool = False
    rewrite: bool = False
    ranges: tuple[tuple[str, ValueRange], ...] = ()
    of_table: bool = False
    content: bytes | None = None
    problem: str | None = None

    @property
    def needs_copy(self) -> bool:
        """Whether Spark gets a copy of it: for its types, or because its path means something else to Spark."""
        path = _TABLE_PATH if self.of_table else _PLAIN_PATH
        return self.rewrite or not path.match(self.chosen.file.key)


def inspect(
    objects: ObjectStore, config: TableConfig, files: Sequence[ChosenFile], without: Container[str] = ()
) -> list[Inspection]:
    """Read the footers of all files, a few at once, in the order given; `without` are columns that are left out, in lower case."""
    most = _KEPT_OF_A_FILE if sum(chosen.file.size for chosen in files) <= _KEPT_OF_A_BATCH else 0

    def inspected(chosen: ChosenFile) -> Inspection:
        return _inspect(objects, config, chosen, without, keep=chosen.file.size <= most)

    if len(files) < 2:  # noqa: PLR2004  a thread for one file is a waste
        return [inspected(chosen) for chosen in files]
    with ThreadPoolExecutor(min(_AT_ONCE, len(files))) as pool:
        return list(pool.map(inspected, files))


def _inspect(
    objects: ObjectStore, config: TableConfig, chosen: ChosenFile, without: Container[str], *, keep: bool
) -> Inspection:
    file = chosen.file
    try:
        reader, etag = objects.open(file.bucket, file.key, tail=file.size if keep else 0)
    except FileNotFoundError:
        return Inspection(chosen, problem=_gone(file))
    with reader:
        if etag.strip('"') != file.etag:
            return Inspection(chosen, problem=_overwritten(file))
        if not keep:
            return _read_footer(config, chosen, reader, without)
        content = reader.read()
    return _read_footer(config, chosen, io.BytesIO(content), without)._replace(content=content)


def _read_footer(config: TableConfig, chosen: ChosenFile, reader: BinaryIO, without: Container[str]) -> Inspection:
    try:
        footer = pq.ParquetFile(reader, page_checksum_verification=False)
        schema: pa.Schema = footer.schema_arrow
        metadata = footer.metadata
    except (pa.ArrowException, OSError, ValueError) as error:
        return Inspection(
            chosen,
            problem=f"Not a readable parquet file ({_first_line(error)}). Have DMS write it again, or remove it.",
        )
    operation_first = bool(len(schema.names)) and schema.names[0] == DMS_OPERATION
    every = [field for field in list(schema)[operation_first:] if field.name.lower() not in without]
    protected = config.protected
    excluded = tuple(field.name.lower() for field in every if protected.is_excluded(field.name.lower()))
    fields = [field for field in every if field.name.lower() not in excluded]
    int96 = _int96(metadata) & {field.name for field in fields}
    columns, rewrite, problem = _columns(fields, int96)
    names = tuple((field.name.lower(), field.name) for field in fields)
    kinds = dict(columns)
    hashed = tuple(column for column in columns if protected.is_hashed(column[0]))
    found = Inspection(
        chosen,
        columns=tuple((lower, "string" if protected.is_hashed(lower) else kind) for lower, kind in columns),
        hashed=hashed,
        excluded=excluded,
        names=tuple((lower, name) for lower, name in names if lower in kinds),
        nulls=tuple(lower for lower, _ in names if lower not in kinds),
        dms_operation=operation_first,
        rows=metadata.num_rows,
        sequences=_sequences(metadata, names, config.hudi_precombine_field),
        int96=bool(int96),
        rewrite=rewrite,
        ranges=_ranges(metadata, names, dict(hashed)) if config.schema_policy.narrowed == "evolve" else (),
        problem=problem,
    )
    return found._replace(problem=found.problem or _unprotected_copy(config, found) or _missing_roles(config, found))


def _columns(fields: Iterable[pa.Field], int96: set[str]) -> tuple[Schema, bool, str | None]:
    """Data columns with the table's types, whether a rewrite is needed, and the first problem."""
    columns: dict[str, str] = {}
    rewrite = False
    for field in fields:
        lower = field.name.lower()
        if lower in columns:
            return (
                (),
                False,
                f"Two columns are called {lower} when case does not count. Rename one with a mapping rule.",
            )
        if lower.startswith(RESERVED_COLUMN_PREFIXES):
            return (), False, f"Column {field.name} has a prefix that belongs to Hudi or ODPF. Rename it."
        if not _STORABLE_NAME.match(lower):
            return (
                (),
                False,
                f"Column {field.name!r} cannot be stored under its name: Avro and Athena take letters a to z, digits and "
                "underscores, not a digit first. Rename it with a mapping rule.",
            )
        kind, unreadable = _spark_type(field.type)
        if kind is None:
            return (
                (),
                False,
                f"Column {field.name} has type {field.type}, which no raw table can hold. Leave it out (exclude_columns).",
            )
        rewrite |= unreadable and field.name not in int96
        if kind:
            columns[lower] = kind
    if rewrite and int96:
        return (
            (),
            False,
            f"Column {min(int96)} has 96-bit timestamps beside columns that must be rewritten; rewriting would change "
            "those before 1970. Have the file written with 64-bit timestamps, as DMS does.",
        )
    return tuple(columns.items()), rewrite, None


def _spark_type(kind: pa.DataType) -> tuple[str | None, bool]:  # noqa: PLR0911  a table of types
    """The Spark type of a parquet column, empty for one that holds only nulls, None for one that cannot be held.

    The flag says that Spark cannot read it as it stands: TIME, nanoseconds, half floats (docs/hudi.md).
    """
    if pa.types.is_dictionary(kind):
        return _spark_type(kind.value_type)
    if kind in _SIMPLE_TYPES:
        return _SIMPLE_TYPES[kind], False
    if pa.types.is_timestamp(kind):
        return "timestamp", kind.unit in ("ns", "s")
    if pa.types.is_time(kind):
        return "string", True
    if pa.types.is_float16(kind):
        return "float", True
    if pa.types.is_decimal(kind):
        return (f"decimal({kind.precision},{kind.scale})", False) if kind.precision <= _MOST_DIGITS else (None, False)
    if pa.types.is_fixed_size_binary(kind):
        return "binary", False
    return ("", False) if pa.types.is_null(kind) else (None, False)


_SIMPLE_TYPES: dict[Any, str] = {
    pa.int8(): "int",
    pa.int16(): "int",
    pa.int32(): "int",
    pa.int64(): "bigint",
    pa.uint8(): "int",
    pa.uint16(): "int",
    pa.uint32(): "bigint",
    pa.uint64(): "decimal(20,0)",
    pa.float32(): "float",
    pa.float64(): "double",
    pa.bool_(): "boolean",
    pa.string(): "string",
    pa.large_string(): "string",
    pa.binary(): "binary",
    pa.large_binary(): "binary",
    pa.date32(): "date",
    pa.date64(): "date",
}


def _int96(metadata: Any) -> set[str]:
    columns = [metadata.schema.column(index) for index in range(metadata.num_columns)]
    return {column.name for column in columns if column.physical_type == "INT96"}


def _ranges(
    metadata: Any, names: Iterable[tuple[str, str]], hashed: Container[str]
) -> tuple[tuple[str, ValueRange], ...]:
    found = ((lower, value_range(metadata, name)) for lower, name in names if lower not in hashed)
    return tuple((lower, values) for lower, values in found if values is not None)


def _sequences(metadata: Any, names: Iterable[tuple[str, str]], precombine: str) -> tuple[str, str] | None:
    """Smallest and greatest sequence by the column statistics of all row groups; None when one has none."""
    name = dict(names).get(precombine)
    index = next((i for i in range(metadata.num_columns) if metadata.schema.column(i).path == name), None)
    if index is None or not metadata.num_rows:
        return None
    smallest, greatest = [], []
    for group in range(metadata.num_row_groups):
        statistics = metadata.row_group(group).column(index).statistics
        if statistics is None or not statistics.has_min_max or not isinstance(statistics.min, str):
            return None
        smallest.append(statistics.min)
        greatest.append(statistics.max)
    return min(smallest), max(greatest)


def _unprotected_copy(config: TableConfig, found: Inspection) -> str | None:
    """Why Spark cannot be given a copy without what must not be copied."""
    if found.int96 and found.needs_copy and (config.exclude_columns or config.hash_columns):
        return (
            "Its path needs a copy, of which exclude_columns and hash_columns leave something out, and its 96-bit timestamps "
            "cannot be rewritten. Have the file written with 64-bit timestamps, as DMS does."
        )
    return None


def _missing_roles(config: TableConfig, found: Inspection) -> str | None:
    """Why the file cannot be applied with this configuration."""
    columns = dict(found.columns)
    if lacking := [key for key in config.hudi_primary_key if key not in columns]:
        return (
            f"The key column {', '.join(lacking)} is not in the file, or holds nothing but nulls. "
            "Correct hudi_primary_key, or write the file again."
        )
    if binary := [
        key for key in (*config.hudi_primary_key, config.hudi_partition_key) if columns.get(key or "") == "binary"
    ]:
        return (
            f"The key or partition column {binary[0]} is binary, of which Hudi makes another text at every write. Have it "
            "written as text with a mapping rule."
        )
    if config.hudi_partition_key and config.hudi_partition_key not in {*columns, *found.nulls}:
        return f"The partition column {config.hudi_partition_key} is not in the file. Have DMS write every column."
    if not found.chosen.is_full and columns.get(config.hudi_precombine_field) != "string":
        kind = columns.get(config.hudi_precombine_field)
        return (
            f"The change sequence {config.hudi_precombine_field} is {'missing' if kind is None else kind}; "
            "text of 35 digits is expected. Map $AR_H_CHANGE_SEQ to it."
        )
    position = config.stream_position
    if position and not found.chosen.is_full and columns.get(position) != "string":
        return (
            f"The stream position {position} is {columns.get(position, 'missing')}; text is expected, for the history tells "
            "its changes apart by it. Map $AR_H_STREAM_POSITION to it."
        )
    return None


def _gone(file: LandedFile) -> str:
    return (
        f"{file.path} is no longer in staging. A TRUNCATE or DROP at the source makes DMS remove files "
        "(HandleSourceTableTruncated/Dropped); nothing of the table was changed. Reload the table if rows are missing."
    )


def _overwritten(file: LandedFile) -> str:
    return f"{file.path} was overwritten; the new object is a landed file of its own."


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
