"""The Spark engine: one file batch, one reduced frame, one Hudi commit."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, OPERATION, ORDER, record_key
from file_processor.engines import problems
from file_processor.engines.engine import MOST_FILE_BYTES, Reduced, WritePlan
from file_processor.engines.spark import services
from file_processor.engines.spark.comparison import compare
from file_processor.engines.spark.deletes import DELETED, newest_deletes
from file_processor.engines.spark.distinct import as_written, count_distinct, may_be_distinct
from file_processor.engines.spark.hudi import pinned_table_version, tasks, write_options
from file_processor.engines.spark.intervals import Intervals
from file_processor.engines.spark.key_changes import EFFECT, NEW_KEY, moving, with_old_keys
from file_processor.engines.spark.rows import FILE, PROBLEM, ROW, WORKING_COLUMNS, read_rows
from file_processor.engines.spark.session import session_of
from file_processor.engines.spark.soft_deletes import Merge
from file_processor.runtime_guard import check_pinned, check_release
from file_processor.timeline import Timeline
from odpf.errors import EngineError
from odpf.order import OrderPosition
from odpf.rebuild import Differences
from odpf.states import EngineName
from odpf.table_config import TableConfig

_ROWS = "_odpf_rows"
_STORED = "_odpf_stored_order"
_STORED_PARTITION = "_odpf_stored_partition"
_MOVED = "_odpf_moved"
_WRITTEN = ("inserted", "updated", "deleted")
_EFFECTS = (*_WRITTEN, "unchanged", "late")
_REKEYED = "_odpf_rekeyed"
_OLDEST = "oldest"
_LONGEST_REASON = 600


class SparkEngine:
    """Applies file batches with Spark and Hudi's own writer; safe for several tables at once in threads.

    Args:
        spark: the session.
        most_file_bytes: size that maintenance puts small data files together up to; a commit's is Hudi's own, the same.
    """

    name = EngineName.SPARK
    needs_copies = True

    def __init__(self, spark: SparkSession, most_file_bytes: int = MOST_FILE_BYTES) -> None:
        self._spark, self._most_file_bytes = spark, most_file_bytes

    @cached_property
    def hudi_version(self) -> str:
        """Version of the Hudi bundle on the class path; empty when there is none, or one that does not say."""
        jvm: Any = self._spark._jvm
        try:
            source = jvm.org.apache.spark.util.Utils.classForName("org.apache.hudi.DefaultSource", True, False)
            if said := source.getPackage().getImplementationVersion():
                return str(said)
            return release_of_jar(str(source.getProtectionDomain().getCodeSource().getLocation().getPath()))
        except (Py4JError, AttributeError):  # no such class, or nothing where one of these would be
            return ""

    def check(self) -> None:
        """Refuse another release of Hudi; see Engine.check."""
        check_release(self.hudi_version)

    def prepare(self, plan: WritePlan) -> SparkPrepared:
        """Read and reduce; see Engine.prepare."""
        check_pinned(pinned_table_version(write_options(plan, {})))
        stored = 0 if plan.kind is CycleKind.LOAD else plan.timeline.data_bytes()
        every = None if stored is None else plan.input_bytes + stored
        try:
            return SparkPrepared(session_of(self._spark, plan.config.raw_table, every), plan)
        except (PySparkException, Py4JError) as error:
            raise EngineError(f"Reading the files of {plan.config.raw_table} failed: {_reason(error)}") from error

    def maintain(self, config: TableConfig, timeline: Timeline) -> None:
        """Have Hudi's own client do it; see Engine.maintain."""
        try:
            services.maintain(
                session_of(self._spark, config.raw_table, timeline.data_bytes()),
                config,
                timeline,
                self._most_file_bytes,
            )
        except Py4JError as error:
            raise EngineError(
                f"Maintaining {config.raw_table} failed; readers see the table as it was. {_reason(error)}"
            ) from error

    def compare(self, config: TableConfig, before: Timeline, after: Timeline) -> Differences:
        """Compare; see Engine.compare."""
        try:
            return compare(session_of(self._spark, config.raw_table, None), config, before, after)
        except (PySparkException, Py4JError) as error:
            raise EngineError(
                f"{before.location} and {after.location} could not be compared: {_reason(error)}"
            ) from error


class SparkPrepared:
    """A reduced file batch, kept in memory (spilling to disk) until it is committed or discarded."""

    reduced: Reduced

    def __init__(self, spark: SparkSession, plan: WritePlan) -> None:
        self._spark, self._plan = spark, plan
        self._rows = read_rows(spark, plan)
        valid = self._rows.where(F.col(PROBLEM).isNull()).drop(*WORKING_COLUMNS)
        self._merge: Intervals | Merge | None = None
        self._is_history = plan.mode == "H"
        prepare = self._prepare_newest
        if plan.mode == "V":
            prepare = self._prepare_intervals
        elif plan.marks_deletes or plan.is_difference:
            prepare = self._prepare_merge
        prepare(valid)
        if plan.kind is CycleKind.RELOAD:
            row = valid.agg(F.count_if(F.col(CHANGE_SEQUENCE) == "")).first()
            self.reduced = self.reduced._replace(loaded=row[0] if row else 0)

    def _prepare_newest(self, valid: DataFrame) -> None:
        """The newest row of every key."""
        if may_be_distinct(self._plan) and (distinct := count_distinct(valid, self._plan)):
            self._latest, self.reduced = as_written(valid, self._plan).withColumn(EFFECT, F.lit("inserted")), distinct
            return
        self._events = with_old_keys(valid, self._plan)
        self._keep(self._with_effect(self._latest_of_each_key(self._events)), self._newest_reduced)

    def _newest_reduced(self, _rows: DataFrame) -> Reduced:
        counted = self._count()
        return self._reduced(counted if counted[_OLDEST] is None else self._judge(counted))  # rows would come back

    def _prepare_intervals(self, valid: DataFrame) -> None:
        """Mode V, where rows are versions (`intervals`)."""
        found = self._merge = Intervals(self._spark, self._plan, valid, self._table())
        self._keep(found.timed(), found.reduced)
        self._set_aside(found.late.unknown, found.late.gone)

    def _prepare_merge(self, valid: DataFrame) -> None:
        """Where marks or values of stored rows count (`soft_deletes`)."""
        found = self._merge = Merge(self._spark, self._plan, valid, self._table())
        self._keep(found.registers(), found.reduced)
        self._set_aside(found.unknown, found.gone)

    def _table(self) -> DataFrame | None:
        return None if self._plan.kind is CycleKind.LOAD else self._stored()

    def _keep(self, rows: DataFrame, reduce: Callable[[DataFrame], Reduced]) -> None:
        self._latest = rows.persist(StorageLevel.MEMORY_AND_DISK)
        try:
            self.reduced = reduce(self._latest)
        except BaseException:
            self._latest.unpersist()
            raise

    def quarantine(self) -> None:
        """Write the rows with a problem as JSON lines: file, row, reason, and the row itself."""
        data = F.to_json(F.struct(*(F.col(f"`{column}`") for column, _ in self._plan.schema)))
        rows = self._rows.where(F.col(PROBLEM).isNotNull()).select(
            F.col(FILE).alias("file"),
            F.col(ROW).alias("row"),
            F.col(PROBLEM).alias("reason"),
            F.col(OPERATION).alias("operation"),
            F.col(CHANGE_SEQUENCE).alias("change_sequence"),
            data.alias("data"),
        )
        rows.coalesce(1).write.mode("overwrite").json(self._plan.quarantine_uri)

    def commit(self, metadata: dict[str, str]) -> None:
        """Write the one commit."""
        plan = self._plan
        written = self._merge.written(self._latest).select(*self._columns()) if self._merge else self._written()
        options = write_options(plan, metadata)
        try:
            services.roll_back_clustering(self._spark, plan.config, plan.timeline)
            written.write.format("hudi").options(**options).mode("append").save(plan.location)
        except (PySparkException, Py4JError) as error:
            raise EngineError(
                f"Writing {plan.config.raw_table} failed; readers see the table as it was. {_reason(error)}"
            ) from error

    def _written(self) -> DataFrame:
        rows = self._latest.where(F.col(EFFECT).isin(*_WRITTEN)).select(*self._columns())
        return rows.unionByName(self._departures()) if self.reduced.moved else rows

    def discard(self) -> None:
        """Free the reduced frame."""
        self._latest.unpersist()

    def _columns(self) -> list[str]:
        return [f"`{column}`" for column, _ in self._plan.columns]

    def _departures(self) -> DataFrame:
        """A delete for every row that moves, where it stood.

        It has the stored row's order position: enough to delete that, and less than the new row's, which so stays
        where two partition values have one path.
        """
        partition = self._plan.config.hudi_partition_key or ""
        moved = self._latest.where(_MOVED).withColumns(
            {partition: F.col(_STORED_PARTITION), ORDER: F.col(_STORED), OPERATION: F.lit("D")}
        )
        return moved.select(*self._columns())

    def _latest_of_each_key(self, valid: DataFrame) -> DataFrame:
        """The row with the greatest order position of every record key, and how many rows it stands for."""
        keys = [F.col(f"`{key}`") for key in record_key(self._plan.config)]
        row = F.struct(*(F.col(f"`{column}`") for column in valid.columns))
        latest = (
            valid.repartition(tasks(self._plan.input_bytes), *keys)
            .groupBy(*keys)
            .agg(
                F.max_by(row, F.col(ORDER)).alias("row"),
                F.count_if(F.col(NEW_KEY).isNull()).alias(_ROWS),
                F.count_if(F.col(NEW_KEY).isNotNull()).alias(_REKEYED),
            )
        )
        return latest.select("row.*", _ROWS, _REKEYED)

    def _with_effect(self, latest: DataFrame) -> DataFrame:
        """What each row does, told by the order position and partition that the table has stored for its key."""
        nothing = F.lit(None).cast("string")
        if self._plan.kind is CycleKind.LOAD:
            return (
                latest.withColumn(_STORED, nothing).withColumn(EFFECT, self._effect()).withColumn(_MOVED, F.lit(False))
            )
        keys = [f"`{key}`" for key in record_key(self._plan.config)]
        partition = self._plan.config.hudi_partition_key
        place = F.col(f"`{partition}`") if partition else nothing
        stored = self._stored().select(*keys, F.col(ORDER).alias(_STORED), place.alias(_STORED_PARTITION))
        joined = latest.join(stored, list(record_key(self._plan.config)), "left")
        rows = joined.select(latest["*"], _STORED, _STORED_PARTITION).withColumn(EFFECT, self._effect())
        if partition is None or self._plan.kind is not CycleKind.CHANGES:
            return rows.withColumn(_MOVED, F.lit(False))
        # A delete goes where the row is; it may carry the key alone (S14).
        goes_to = F.when(F.col(EFFECT) == "deleted", F.col(_STORED_PARTITION)).otherwise(place)
        # As text, for 0.0 and -0.0 are equal and lie in two folders.
        stays = place.cast("string").eqNullSafe(F.col(_STORED_PARTITION).cast("string"))
        moves = (F.col(EFFECT) == "updated") & ~stays
        return rows.withColumn(_MOVED, moves).withColumn(partition, goes_to)

    def _stored(self) -> DataFrame:
        return self._spark.read.format("hudi").load(self._plan.location)

    def _is_numbered_anew(self) -> Column:
        """Whether a stored change of a history comes again with a later sequence; by the sequence alone no change does."""
        if not self._plan.config.stream_position:
            return F.lit(False)
        stored = F.split(_STORED, " ")[1]  # `str(OrderPosition)`
        return (F.col(CHANGE_SEQUENCE) != "") & (stored < F.col(CHANGE_SEQUENCE))

    def _effect(self) -> Column:
        """One of the effects for every row; docs/guarantees.md, G3 and G7."""
        is_stored, is_delete = F.col(_STORED).isNotNull(), F.col(OPERATION) == "D"
        if self._is_history:
            told = F.when(is_stored & self._is_numbered_anew(), "updated").when(is_stored, "unchanged")
            return told.otherwise("inserted")
        upsert = F.when(is_stored, "updated").otherwise("inserted")
        if self._plan.kind is not CycleKind.CHANGES:  # replaces what is stored; a deleted row is just not written
            return F.when(self._is_superseded(), "late").when(is_delete, "unchanged").otherwise(upsert)
        delete = F.when(is_stored, "deleted").otherwise("unchanged")
        late = self._is_superseded() | (is_stored & (F.col(_STORED) >= F.col(ORDER)))
        return F.when(late, "late").when(is_delete, delete).otherwise(upsert)

    def _is_superseded(self) -> Column:
        """Whether a load that was applied later already holds what this row says."""
        return F.col(GENERATION) < F.lit(self._plan.generation)

    def _count(self) -> dict[str, Any]:
        """Rows by effect; of those that would come back the smallest order position."""
        own = F.col(NEW_KEY).isNull()
        effects = [F.count_if((F.col(EFFECT) == effect) & own).alias(effect) for effect in _EFFECTS]
        row = self._latest.agg(
            F.coalesce(F.sum(_ROWS), F.lit(0)).alias("valid"),
            F.max(ORDER).alias("greatest"),
            F.count_if(_MOVED).alias("moved"),
            F.coalesce(F.sum(_REKEYED), F.lit(0)).alias(_REKEYED),
            F.count_if(F.col(EFFECT).isin(*_WRITTEN)).alias("written"),
            F.min(F.when(self._would_return(), F.col(ORDER))).alias(_OLDEST),
            *effects,
        ).first()
        if row is None:
            raise EngineError("Spark returned no counts. Start the cadence again.")
        return row.asDict()

    def _would_return(self) -> Column:
        """Rows older than the high-water mark, of keys that the table does not have (S5)."""
        plan = self._plan
        if plan.kind is not CycleKind.CHANGES or self._is_history or not plan.high_water_mark:
            return F.lit(False)
        return (F.col(EFFECT) == "inserted") & (F.col(ORDER) <= plan.high_water_mark)

    def _judge(self, counted: dict[str, Any]) -> dict[str, Any]:
        """Make rows late that a delete applied before is newer than; set those aside of which that cannot be told."""
        log = self._plan.deletes(OrderPosition.parse(counted[_OLDEST]))
        deletes = newest_deletes(self._spark, self._plan, log)
        before = rows = self._latest
        if deletes is not None:
            is_newer = self._would_return() & F.coalesce(F.col(DELETED) > F.col(ORDER), F.lit(False))
            told = rows.join(deletes, list(self._plan.config.hudi_primary_key), "left")
            told = told.withColumn(EFFECT, F.when(is_newer, "late").otherwise(F.col(EFFECT)))
            rows = told.select(*(f"`{column}`" for column in rows.columns))
        beyond = rows.where(self._would_return() & (F.col(ORDER) <= log.gone_through)).select(ORDER)
        unknown = [row[ORDER] for row in beyond.collect()] if log.gone else []
        self._set_aside(unknown, log.gone or "")
        rows = rows.where(~F.col(ORDER).isin(unknown)) if unknown else rows
        self._latest = rows.persist(StorageLevel.MEMORY_AND_DISK)
        recounted = self._count()
        before.unpersist()
        return {**recounted, "valid": counted["valid"] - len(unknown), "greatest": counted["greatest"]}

    def _set_aside(self, orders: Sequence[str], gone: str) -> None:
        """Rows of which it cannot be told whether a newer delete was applied: they cannot be applied."""
        if orders:
            is_unknown, why = F.col(ORDER).isin(list(orders)), F.lit(problems.delete_unknown(gone))
            self._rows = self._rows.withColumn(PROBLEM, F.when(is_unknown, why).otherwise(F.col(PROBLEM)))

    def _reduced(self, counted: dict[str, Any]) -> Reduced:
        removed = self._stored().count() - counted["updated"] if self._plan.kind is CycleKind.RELOAD else 0
        moves = self._moves() if counted[_REKEYED] else 0  # counts as an update, once
        counted |= {"inserted": counted["inserted"] - moves, "updated": counted["updated"] + moves}
        return Reduced(**{name: value for name, value in counted.items() if name in Reduced._fields}, removed=removed)

    def _moves(self) -> int:
        """Rows under a new key that the table does not have, and that had one under their old key."""
        stored = self._stored() if self._plan.kind is CycleKind.CHANGES else None
        inserted = self._latest.where((F.col(EFFECT) == "inserted") & F.col(NEW_KEY).isNull())
        row = inserted.join(moving(self._events, stored, self._plan), ORDER, "left_semi").agg(F.count(F.lit(1))).first()
        return row[0] if row else 0


def release_of_jar(path: str) -> str:
    """The release at the end of a jar's name, where its manifest does not say; empty when there is none."""
    found = re.search(r"-(\d+\.\d+\.\d+[^/]*)\.jar$", path)
    return found[1] if found else ""


def _reason(error: Exception) -> str:
    """The first lines of a Java stack that say something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    causes = [line for line in lines if line.startswith("Caused by:")]
    return " | ".join([*lines[:1], *causes[-1:]])[:_LONGEST_REASON]
