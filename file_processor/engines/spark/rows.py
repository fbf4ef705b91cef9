"""Read the files of a batch into one frame: data columns, operation, order position, and why a row cannot be applied."""

from __future__ import annotations

from functools import cache, reduce

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, StringType, StructField, StructType, _parse_datatype_string

from file_processor.columns import (
    CHANGE_SEQUENCE,
    COMMIT_TIME,
    GENERATION,
    OPERATION,
    ORDER,
    STREAM_POSITION,
)
from file_processor.engines import problems
from file_processor.engines.engine import ADOPTED_FILE, ReadGroup, WritePlan
from file_processor.engines.spark.hashing import hashed, with_pads
from odpf.hash_key import required
from odpf.order import GENERATION_DIGITS, ROW_DIGITS, SEQUENCE_PATTERN
from odpf.table_config import TableConfig

PROBLEM = "_odpf_problem"
FILE = "_odpf_file"
ROW = "_odpf_row"
WORKING_COLUMNS = (PROBLEM, FILE, ROW)

_DMS_OPERATION = "Op"


def read_rows(spark: SparkSession, plan: WritePlan) -> DataFrame:
    """One frame over all groups of the plan; rows with PROBLEM set are to be quarantined."""
    return reduce(DataFrame.unionByName, [_read_group(spark, plan, group) for group in plan.groups])


def _read_group(spark: SparkSession, plan: WritePlan, group: ReadGroup) -> DataFrame:
    names = {lower: name for name, lower, _ in group.columns}
    in_file = dict(group.hashed)
    fields = [StructField(name, _data_type(in_file.get(lower, kind))) for name, lower, kind in group.columns]
    if group.adopted and group.adopted not in {field.name for field in fields}:
        fields.append(StructField(group.adopted, StringType()))
    if group.dms_operation:
        fields.insert(0, StructField(_DMS_OPERATION, StringType()))
    reader = spark.read.schema(StructType(fields))
    if group.adopted:  # folders of partitions say nothing that the files do not
        reader = reader.option("recursiveFileLookup", "true")
    frame = reader.parquet(*group.paths)
    frame = frame.select("*", F.col("_metadata.file_name").alias(FILE), F.col("_metadata.row_index").alias(ROW))
    if group.adopted:
        has_none = F.coalesce(_quoted(group.adopted), F.lit("")) == ""
        frame = frame.where(has_none if group.is_full else ~has_none)
    if in_file:
        frame = with_pads(spark, frame, required(plan.hash_key))

    def data(column: str, kind: str) -> Column:
        values = _quoted(names[column]) if column in names else F.lit(None)
        if column in in_file:
            values = hashed(values, in_file[column])
        return values.cast(kind).alias(column)

    sequence = F.lit("") if group.is_full else F.coalesce(_quoted(group.sequence or ""), F.lit(""))
    operation, operation_problem = _operation(group)
    position = _stream_position(plan, group, names)
    frame = frame.select(
        *(data(column, kind) for column, kind in plan.schema),
        *position,
        operation.alias(OPERATION),
        sequence.alias(CHANGE_SEQUENCE),
        _generation(plan, group, sequence).alias(GENERATION),
        operation_problem.alias(PROBLEM),
        FILE,
        ROW,
    )
    commit_time = _commit_time(plan, group)
    problem = [_sequence_problem(group), key_problem(plan.config, dict(plan.schema))]
    if position and not group.is_full:
        problem.append(F.when(F.col(STREAM_POSITION) == "", F.lit(problems.NO_STREAM_POSITION)))
    if plan.mode == "V":
        problem.append(F.when(commit_time.isNull(), F.lit(problems.NO_COMMIT_TIME)))
    return frame.select(
        *(column for column in frame.columns if column != PROBLEM),
        commit_time.alias(COMMIT_TIME),
        _order(F.lit(ADOPTED_FILE) if group.adopted else F.col(FILE)).alias(ORDER),
        F.coalesce(F.col(PROBLEM), *problem).alias(PROBLEM),
    )


@cache
def _data_type(kind: str) -> DataType:
    """A type by its name; Java reads the name, after it failed to read it as a whole schema."""
    return _parse_datatype_string(kind)


def _quoted(name: str) -> Column:
    """A column whatever its name holds; a backtick is refused by configuration and doubled here all the same."""
    return F.col("`" + name.replace("`", "``") + "`")


def _operation(group: ReadGroup) -> tuple[Column, Column]:
    """I, U or D, and why the row has none. A file without an operation column holds inserts (S21)."""
    present = ([_quoted(_DMS_OPERATION)] if group.dms_operation else []) + (
        [_quoted(group.mapped_operation)] if group.mapped_operation else []
    )
    no_problem = F.lit(None).cast("string")
    if not present:
        return F.lit("I"), no_problem
    words = [F.upper(F.trim(column)) for column in present]
    letters = [
        F.when(word.isin("I", "INSERT"), "I").when(word.isin("U", "UPDATE"), "U").when(word.isin("D", "DELETE"), "D")
        for word in words
    ]
    empty = [F.coalesce(word, F.lit("")) == "" for word in words]
    letter = F.coalesce(*letters, *([F.lit("I")] if group.is_full else []))
    problem = F.when(
        _any([~is_empty & letter.isNull() for is_empty, letter in zip(empty, letters, strict=True)]),
        F.concat(F.lit(problems.UNKNOWN_OPERATION), F.coalesce(*present)),
    )
    if group.is_full:
        problem = problem.when(letter != "I", F.concat(F.lit(problems.FULL_LOAD_OPERATION), letter))
    else:
        problem = problem.when(letter.isNull(), F.lit(problems.NO_OPERATION))
    if len(letters) > 1:
        problem = problem.when(letters[0] != letters[1], F.lit(problems.OPERATIONS_DISAGREE))
    return letter, problem


def _any(conditions: list[Column]) -> Column:
    return reduce(lambda one, other: one | other, conditions)


def _stream_position(plan: WritePlan, group: ReadGroup, names: dict[str, str]) -> list[Column]:
    """Where the source's log has each change, if a history tells its changes apart by it."""
    column = plan.config.stream_position
    if column is None:
        return []
    told = F.lit("") if group.is_full else F.coalesce(_quoted(names[column]), F.lit(""))
    return [told.alias(STREAM_POSITION)]


def _sequence_problem(group: ReadGroup) -> Column:
    if group.is_full:
        return F.lit(None).cast("string")
    sequence = F.col(CHANGE_SEQUENCE)
    return F.when(sequence == "", F.lit(problems.NO_SEQUENCE)).when(
        ~sequence.rlike(SEQUENCE_PATTERN), F.concat(F.lit(problems.MALFORMED_SEQUENCE), sequence)
    )


def key_problem(config: TableConfig, schema: dict[str, str]) -> Column:
    """Why Hudi could not tell this row's key from another's: null parts, empty text, its own separators (S12)."""
    keys = config.hudi_primary_key
    problem = F.lit(None).cast("string")
    for key in keys:
        problem = F.coalesce(problem, F.when(_quoted(key).isNull(), F.lit(problems.key_part_is_null(key))))
    texts = [key for key in keys if schema[key] == "string"]
    alone = len(keys) == 1 and config.table_data_versioning_type == "S"
    for key in texts:
        if alone:
            bad, why = _quoted(key) == "", problems.key_is_empty(key)
        else:
            bad = _quoted(key).isin("__empty__", "__null__")
            for other in keys:
                bad = bad | _quoted(key).contains(f",{other}:")
            why = problems.key_joins(key)
        problem = F.coalesce(problem, F.when(bad, F.lit(why)))
    if not alone and config.table_data_versioning_type == "S" and len(texts) == len(keys):
        nothing = reduce(lambda one, other: one & other, [_quoted(key) == "" for key in keys])
        problem = F.coalesce(problem, F.when(nothing, F.lit(problems.NO_KEY_AT_ALL)))
    for key in (key for key in keys if schema[key] == "timestamp"):
        finer = F.unix_micros(_quoted(key)) % 1000 != 0
        why = problems.key_is_finer(key)
        problem = F.coalesce(problem, F.when(finer, F.lit(why)))
    return problem


def _generation(plan: WritePlan, group: ReadGroup, sequence: Column) -> Column:
    """A change at or below the floor is contained in the load, so it belongs to the generation before."""
    if group.is_full or group.generation < plan.generation or not plan.floor:
        return F.lit(group.generation)
    contained = sequence <= F.lit(plan.floor)
    return F.when(contained, F.lit(group.generation - 1)).otherwise(F.lit(group.generation))


def _order(file: Column) -> Column:
    """`str(OrderPosition)` as an expression."""
    return F.concat(
        F.lpad(F.col(GENERATION).cast("string"), GENERATION_DIGITS, "0"),
        F.lit(" "),
        F.col(CHANGE_SEQUENCE),
        F.lit(" "),
        file,
        F.lit(" "),
        F.lpad(F.col(ROW).cast("string"), ROW_DIGITS, "0"),
    )


def _commit_time(plan: WritePlan, group: ReadGroup) -> Column:
    """The source's commit time: the configured column, else the first 16 digits of the sequence (YYYYMMDDHHmmSShh).

    Rows of a load without it are valid from the moment the load began.
    """
    column, kinds = plan.config.cdc_commit_timestamp_column, dict(plan.schema)
    named = _moment(column, kinds[column]) if column and column in kinds else None
    told = moment_of_sequence(F.col(CHANGE_SEQUENCE))
    if group.is_full:
        told = F.lit(plan.load_started_at if plan.mode == "V" else None).cast("timestamp")
    if named is None:
        return told
    return F.coalesce(named, told) if plan.mode == "V" else named


def moment_of_sequence(digits: Column) -> Column:
    """The first 16 digits of a change sequence as a moment; null where they are none."""
    text = F.concat(F.substring(digits, 1, 14), F.lit("."), F.substring(digits, 15, 2))
    return F.try_to_timestamp(text, F.lit("yyyyMMddHHmmss.SS"))


def _moment(column: str, kind: str) -> Column:
    """A column's values as moments; null where a text is none."""
    named = _quoted(column)
    return named.cast("timestamp") if kind != "string" else F.try_to_timestamp(named)
