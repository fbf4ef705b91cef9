"""Read the files of a batch into one table: data columns, operation, order position, and why a row cannot be applied."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import BinaryIO
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from file_processor.columns import (
    CHANGE_SEQUENCE,
    COMMIT_TIME,
    GENERATION,
    OPERATION,
    ORDER,
    STREAM_POSITION,
)
from file_processor.engines import problems
from file_processor.engines.arrow.types import TIMESTAMP, arrow_type, positions, to_table
from file_processor.engines.engine import ADOPTED_FILE, ReadGroup, WritePlan
from file_processor.hashing import hashed
from odpf.hash_key import required
from odpf.order import GENERATION_DIGITS, ROW_DIGITS, SEQUENCE_PATTERN
from odpf.ports import ObjectStore
from odpf.table_config import TableConfig

PROBLEM = "_odpf_problem"
FILE = "_odpf_file"
ROW = "_odpf_row"

_DMS_OPERATION = "Op"
_LETTERS = {"I": "I", "INSERT": "I", "U": "U", "UPDATE": "U", "D": "D", "DELETE": "D"}


def read_rows(objects: ObjectStore, plan: WritePlan) -> pa.Table:
    """One table over all files of the plan, in their order; rows with PROBLEM set are to be quarantined.

    Raises:
        pa.ArrowException: a file's pages cannot be read.
    """
    return pa.concat_tables(list(read_each(objects, plan)))


def read_each(objects: ObjectStore, plan: WritePlan) -> Iterator[pa.Table]:
    """The same, a table a file."""
    for group in plan.groups:
        for path in group.paths:
            yield _read_file(objects, plan, group, path)


def _read_file(objects: ObjectStore, plan: WritePlan, group: ReadGroup, path: str) -> pa.Table:
    names = {lower: name for name, lower, _ in group.columns}
    wanted = dict.fromkeys([*names.values(), *filter(None, [group.mapped_operation, group.sequence, group.adopted])])
    if group.dms_operation:
        wanted[_DMS_OPERATION] = None
    with _opened(objects, path, plan.contents.get(path)) as reader:
        source = pq.ParquetFile(reader).read(columns=list(wanted), use_threads=False)
    source = _of_group(group, source)
    rows = source.num_rows
    columns = {
        column: _values(plan, group, column, source[names[column]], kind)
        if column in names
        else pa.nulls(rows, arrow_type(kind))
        for column, kind in plan.schema
    }
    operation, operation_problem = _operations(group, source)
    sequence = _sequences(group, source)
    generation = _generations(plan, group, sequence)
    file = path.rsplit("/", 1)[-1]
    row = positions(rows)
    data = pa.table(columns)
    commit_time = _commit_times(plan, group, data, sequence)
    position = _stream_positions(plan, group, data)
    problem = pc.coalesce(
        operation_problem,
        _sequence_problem(group, sequence),
        _nothing(rows)
        if position is None or group.is_full
        else _when(pc.equal(position, ""), problems.NO_STREAM_POSITION),
        *key_problems(plan.config, data, dict(plan.schema)),
        *([_when(pc.is_null(commit_time), problems.NO_COMMIT_TIME)] if plan.mode == "V" else []),
    )
    if position is not None:
        data = data.append_column(STREAM_POSITION, position)
    return (
        data.append_column(OPERATION, operation)
        .append_column(CHANGE_SEQUENCE, sequence)
        .append_column(GENERATION, generation)
        .append_column(COMMIT_TIME, commit_time)
        .append_column(ORDER, _orders(generation, sequence, ADOPTED_FILE if group.adopted else file, row))
        .append_column(PROBLEM, problem)
        .append_column(FILE, pa.repeat(pa.scalar(file), rows))
        .append_column(ROW, row)
    )


def _of_group(group: ReadGroup, source: pa.Table) -> pa.Table:
    """The rows of a file that belong to the group."""
    if group.adopted is None:
        return source
    has_none = pc.equal(pc.fill_null(source[group.adopted].cast(pa.string()), ""), "")
    return source.filter(has_none if group.is_full else pc.invert(has_none))


def _values(plan: WritePlan, group: ReadGroup, column: str, values: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    """A column as the table holds it; of a hashed one nothing else is kept."""
    if column in dict(group.hashed):
        return pa.chunked_array([hashed(values.combine_chunks(), required(plan.hash_key))], pa.string())
    return to_table(values, kind)


def _opened(objects: ObjectStore, path: str, content: bytes | None) -> BinaryIO | pa.BufferReader:
    if content is not None:
        return pa.BufferReader(content)
    bucket = urlsplit(path, allow_fragments=False).netloc
    return objects.open(bucket, path.removeprefix(f"s3://{bucket}/"))[0]


def _nothing(rows: int) -> pa.Array:
    return pa.nulls(rows, pa.string())


def _operations(group: ReadGroup, source: pa.Table) -> tuple[pa.Array, pa.Array]:
    """I, U or D, and why the row has none. A file without an operation column holds inserts (S21)."""
    rows = source.num_rows
    present = [name for name in ((_DMS_OPERATION if group.dms_operation else None), group.mapped_operation) if name]
    if not present:
        return pa.repeat(pa.scalar("I"), rows), _nothing(rows)
    texts = [source[name].combine_chunks().cast(pa.string()) for name in present]
    words = [pc.utf8_upper(pc.utf8_trim(text, " ")) for text in texts]
    letters = [_letters(word) for word in words]
    letter = pc.coalesce(*letters, *(["I"] if group.is_full else []))
    unknown = [
        pc.and_(pc.fill_null(pc.not_equal(word, ""), False), pc.is_null(found))
        for word, found in zip(words, letters, strict=True)
    ]
    problem = _when(_any(unknown), pc.binary_join_element_wise(problems.UNKNOWN_OPERATION, pc.coalesce(*texts), ""))
    if group.is_full:
        wrong = pc.not_equal(letter, "I")
        problem = pc.coalesce(
            problem, _when(wrong, pc.binary_join_element_wise(problems.FULL_LOAD_OPERATION, letter, ""))
        )
    else:
        problem = pc.coalesce(problem, _when(pc.is_null(letter), problems.NO_OPERATION))
    if len(letters) > 1:
        problem = pc.coalesce(problem, _when(pc.not_equal(*letters), problems.OPERATIONS_DISAGREE))
    return letter, problem


def _letters(words: pa.Array) -> pa.Array:
    known = pa.array(_LETTERS, pa.string())
    return pa.array(_LETTERS.values(), pa.string()).take(pc.index_in(words, value_set=known))


def _any(conditions: Sequence[pa.Array]) -> pa.Array:
    found = conditions[0]
    for condition in conditions[1:]:
        found = pc.or_(found, condition)
    return found


def _when(condition: pa.Array, text: pa.Array | str) -> pa.Array:
    """The text where the condition holds, null elsewhere."""
    return pc.if_else(pc.fill_null(condition, False), text, pa.scalar(None, pa.string()))


def _sequences(group: ReadGroup, source: pa.Table) -> pa.Array:
    if group.is_full:
        return pa.repeat(pa.scalar(""), source.num_rows)
    return pc.fill_null(source[group.sequence].combine_chunks().cast(pa.string()), "")


def _stream_positions(plan: WritePlan, group: ReadGroup, data: pa.Table) -> pa.Array | None:
    """Where the source's log has each change, if a history tells its changes apart by it."""
    column = plan.config.stream_position
    if column is None:
        return None
    if group.is_full:
        return pa.repeat(pa.scalar(""), data.num_rows)
    return pc.fill_null(data[column].combine_chunks(), "")


def _sequence_problem(group: ReadGroup, sequence: pa.Array) -> pa.Array:
    if group.is_full:
        return _nothing(len(sequence))
    malformed = pc.invert(pc.match_substring_regex(sequence, SEQUENCE_PATTERN.replace("$", r"\z")))
    return pc.if_else(
        pc.equal(sequence, ""),
        problems.NO_SEQUENCE,
        _when(malformed, pc.binary_join_element_wise(problems.MALFORMED_SEQUENCE, sequence, "")),
    )


def key_problems(config: TableConfig, data: pa.Table, schema: dict[str, str]) -> list[pa.Array]:
    """Why Hudi could not tell a row's key from another's: null parts, empty text, its own separators (S12)."""
    keys = config.hudi_primary_key
    columns = {key: data[key].combine_chunks() for key in keys}
    found = [_when(pc.is_null(columns[key]), problems.key_part_is_null(key)) for key in keys]
    texts = [key for key in keys if schema[key] == "string"]
    is_snapshot = config.table_data_versioning_type == "S"
    alone = len(keys) == 1 and is_snapshot
    for key in texts:
        if alone:
            found.append(_when(pc.equal(columns[key], ""), problems.key_is_empty(key)))
        else:
            marks = [pc.is_in(columns[key], value_set=pa.array(["__empty__", "__null__"]))]
            marks += [pc.match_substring(columns[key], f",{other}:") for other in keys]
            found.append(_when(_any(marks), problems.key_joins(key)))
    if not alone and is_snapshot and len(texts) == len(keys):
        nothing = pc.binary_join_element_wise(*columns.values(), "")
        found.append(_when(pc.equal(nothing, ""), problems.NO_KEY_AT_ALL))
    for key in (key for key in keys if schema[key] == "timestamp"):
        whole = pc.floor_temporal(columns[key], unit="millisecond")
        found.append(_when(pc.not_equal(columns[key], whole), problems.key_is_finer(key)))
    return found


def _generations(plan: WritePlan, group: ReadGroup, sequence: pa.Array) -> pa.Array:
    """A change at or below the floor is contained in the load, so it belongs to the generation before."""
    own = pa.scalar(group.generation, pa.int32())
    if group.is_full or group.generation < plan.generation or not plan.floor:
        return pa.repeat(own, len(sequence))
    before = pa.scalar(group.generation - 1, pa.int32())
    return pc.if_else(pc.less_equal(sequence, plan.floor), before, own)


def _orders(generation: pa.Array, sequence: pa.Array, file: str, row: pa.Array) -> pa.Array:
    """`str(OrderPosition)` of every row."""
    return pc.binary_join_element_wise(
        pc.utf8_lpad(pc.cast(generation, pa.string()), GENERATION_DIGITS, "0"),
        sequence,
        pa.scalar(file),
        pc.utf8_lpad(pc.cast(row, pa.string()), ROW_DIGITS, "0"),
        " ",
    )


def _commit_times(plan: WritePlan, group: ReadGroup, data: pa.Table, sequence: pa.Array) -> pa.Array:
    """The source's commit time: the configured column, else the first 16 digits of the sequence (YYYYMMDDHHmmSShh).

    Rows of a load without it are valid from the moment the load began.
    """
    nothing = pa.nulls(len(sequence), TIMESTAMP)
    if plan.mode == "S":
        return nothing
    column = plan.config.cdc_commit_timestamp_column
    named = _moments(data[column].combine_chunks()) if column and column in data.column_names else nothing
    if plan.mode == "H":
        told = nothing if group.is_full else moments_of_sequences(sequence)
        return told if named is nothing else named
    began = pa.scalar(plan.load_began if group.is_full else None, TIMESTAMP)
    return pc.coalesce(named, moments_of_sequences(sequence), began)


def moments_of_sequences(sequence: pa.Array) -> pa.Array:
    """The first 14 digits as a moment, the next two as its hundredths; null where the digits are no time."""
    digits = _when(pc.match_substring_regex(sequence, r"^\d{16}"), sequence)
    seconds = pc.strptime(pc.utf8_slice_codeunits(digits, 0, 14), format="%Y%m%d%H%M%S", unit="us", error_is_null=True)
    hundredths = pc.cast(pc.utf8_slice_codeunits(digits, 14, 16), pa.int64())
    return pc.cast(pc.add(seconds, pc.cast(pc.multiply(hundredths, 10_000), pa.duration("us"))), TIMESTAMP)


def _moments(text: pa.Array) -> pa.Array:
    """Moments, or texts as moments, in UTC where they do not say otherwise; null where they are none."""
    if not pa.types.is_string(text.type):
        return text.cast(TIMESTAMP)
    try:
        return pc.cast(pc.cast(text, pa.timestamp("us")), TIMESTAMP)
    except pa.ArrowInvalid:  # one of them is none, or names its zone
        return pa.array([_moment(value) for value in text.to_pylist()], TIMESTAMP)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = datetime.fromisoformat((text or "").strip())
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
