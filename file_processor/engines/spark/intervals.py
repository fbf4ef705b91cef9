"""Mode V: what a batch does to the versions of the keys it names (S16); the Arrow engine's module of this name says how."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce
from typing import Any, NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from file_processor.choosing import CycleKind
from file_processor.columns import (
    CHANGE_SEQUENCE,
    COMMIT_TIME,
    END_ORDER,
    GENERATION,
    IS_CURRENT,
    OPERATION,
    ORDER,
    VALID_FROM,
    VALID_TO,
)
from file_processor.difference import compared_columns
from file_processor.engines.engine import Reduced, WritePlan
from file_processor.engines.spark.difference import comparable
from file_processor.engines.spark.key_changes import EFFECT, NEW_KEY, with_old_keys
from file_processor.engines.spark.rows import PROBLEM, moment_of_sequence, read_rows
from file_processor.key_changes import before_images
from odpf.errors import EngineError
from odpf.order import OrderPosition

INSERTED, UPDATED = "inserted", "updated"

_ORIGIN = "_odpf_origin"
_STORED, _ENDED, _NEW, _OLD_KEY, _MISSING = "stored", "ended", "new", "old key", "missing"
_AGAIN, _SAME, _CONFIRMED = "repeated", "same", "confirmed"
"""As in the Arrow engine; and rows of the batch that were applied before, or equal what is valid when a reload begins."""
_ROWS = "_odpf_rows"
_PLACE = "_odpf_place"
_CHANGE_OF_ORDER = r"^(\d+ \d*) "
_NEXT_ORDER, _NEXT_TIME, _WAS_LIVE, _MOVED = "_odpf_next_order", "_odpf_next_time", "_odpf_was_live", "_odpf_moved"
_OWN = (
    (OPERATION, "string"),
    (CHANGE_SEQUENCE, "string"),
    (GENERATION, "int"),
    (VALID_FROM, "timestamp"),
    (VALID_TO, "timestamp"),
    (END_ORDER, "string"),
    (ORDER, "string"),
    (_ORIGIN, "string"),
    (_ROWS, "bigint"),
)


class Late(NamedTuple):
    """What is to be known about late upserts.

    Attributes:
        deletes: those applied before that may end them; None when nothing is late, or none was.
        unknown: order positions of rows that cannot be applied, since a file that would tell of a delete is gone.
        gone: that file.
    """

    deletes: DataFrame | None = None
    unknown: tuple[str, ...] = ()
    gone: str = ""


class Intervals:
    """The events of one batch, and of the table's versions of its keys.

    Args:
        spark: the session.
        plan: the file batch.
        valid: its rows that can be applied.
        table: what is stored; None before the first commit.
    """

    def __init__(self, spark: SparkSession, plan: WritePlan, valid: DataFrame, table: DataFrame | None) -> None:
        self._spark, self._plan, self._table = spark, plan, table
        self._keys = list(plan.config.hudi_primary_key)
        self._changes_keys = bool(before_images(plan.config, valid.columns))
        self._rows = with_old_keys(valid, plan)
        self.late = self._find_late()

    def timed(self) -> DataFrame:
        """All events with what ends them; EFFECT is set on the versions to write."""
        change = [*self._keys, _PLACE]
        batch = self._batch()
        stored = self._stored(batch)
        known = _union(stored, self._ended(stored, batch), self.late.deletes, self._missing(stored, batch))
        seen = known.select(*change).distinct()
        again = batch.join(seen, change, "left_semi").withColumn(_ORIGIN, F.lit(_AGAIN))
        fresh = batch.join(seen, change, "left_anti")
        events = _union(known, fresh, self._confirmed(stored, fresh))
        if not self._has_load:
            return self._with_ends(events).unionByName(again, allowMissingColumns=True)
        events = events.withColumn(_ORIGIN, F.when(self._is_same(), _SAME).otherwise(F.col(_ORIGIN)))
        others = _union(again, events.where(F.col(_ORIGIN) == _SAME))
        return self._with_ends(events.where(F.col(_ORIGIN) != _SAME)).unionByName(others, allowMissingColumns=True)

    def reduced(self, timed: DataFrame) -> Reduced:
        """Count rows by what they do; a change of key counts as an update of the row that it moves."""
        old_keys = timed.where((F.col(_ORIGIN) == _OLD_KEY) & F.col(_WAS_LIVE)).select(ORDER, F.lit(True).alias(_MOVED))
        rows = timed.join(old_keys, ORDER, "left") if self._changes_keys else timed.withColumn(_MOVED, F.lit(False))
        own, is_delete = F.col(_ORIGIN) == _NEW, F.col(OPERATION) == "D"
        was_live = F.col(_WAS_LIVE) | F.coalesce(F.col(_MOVED), F.lit(False))
        row = rows.agg(
            F.coalesce(F.sum(_ROWS), F.lit(0)).alias("valid"),
            F.count_if(own & ~is_delete & ~was_live).alias("inserted"),
            F.count_if(own & ~is_delete & was_live).alias("updated"),
            F.count_if(own & is_delete & was_live).alias("deleted"),
            F.count_if((F.col(_ROWS) > 0) & ~(own & (~is_delete | was_live))).alias("unchanged"),
            F.count_if((F.col(_ORIGIN) == _MISSING) & F.col(_WAS_LIVE) & F.col(_NEXT_ORDER).isNull()).alias("removed"),
            F.count_if(F.col(EFFECT).isNotNull()).alias("written"),
            F.max(F.when(F.col(_ROWS) > 0, F.col(ORDER))).alias("greatest"),
        ).first()
        if row is None:
            raise EngineError("Spark returned no counts. Start the cadence again.")
        return Reduced(late=0, **row.asDict())

    def written(self, timed: DataFrame) -> DataFrame:
        """The versions to write, as they are now."""
        rows = timed.where(F.col(EFFECT).isNotNull())
        ends = {VALID_TO: F.col(_NEXT_TIME), END_ORDER: F.col(_NEXT_ORDER), IS_CURRENT: F.col(_NEXT_ORDER).isNull()}
        return rows.withColumns(ends)

    def _find_late(self) -> Late:
        plan = self._plan
        if not plan.may_be_late:
            return Late()
        late = self._rows.where((F.col(OPERATION) != "D") & (F.col(ORDER) <= plan.high_water_mark))
        row = late.agg(F.min(ORDER).alias("oldest")).first()
        if row is None or row["oldest"] is None:
            return Late()
        log = plan.deletes(OrderPosition.parse(row["oldest"]))
        unknown = late.where(F.col(ORDER) <= log.gone_through).select(ORDER).collect() if log.gone else []
        deletes = None
        if log.groups:
            reading = plan.reading(log.groups)
            events = with_old_keys(read_rows(self._spark, reading).where(F.col(PROBLEM).isNull()), reading)
            of_late = events.join(late.select(*self._keys).distinct(), self._keys, "left_semi")
            deletes = self._deletes(of_late.where(F.col(OPERATION) == "D"), F.col(ORDER), F.col(COMMIT_TIME), _ENDED)
        return Late(deletes, tuple(each[ORDER] for each in unknown), log.gone or "")

    def _batch(self) -> DataFrame:
        """Rows of the batch, the first of each change."""
        rows = self._rows.where(~F.col(ORDER).isin(list(self.late.unknown))) if self.late.unknown else self._rows
        is_own = F.col(NEW_KEY).isNull()
        given = {
            VALID_FROM: F.col(COMMIT_TIME),
            _ORIGIN: F.when(is_own, _NEW).otherwise(_OLD_KEY),
            _ROWS: is_own.cast("bigint"),
        }
        return self._first_of_each_change(self._laid_out(rows, given))

    def _stored(self, batch: DataFrame) -> DataFrame:
        """The table's versions of the batch's keys; with a reload, which may end any, all current ones, too."""
        named = F.lit(True).alias("_named")
        if self._table is None:
            return self._laid_out(batch.limit(0), {})
        wanted = F.col("_named").isNotNull()
        if self._plan.kind is CycleKind.RELOAD:
            wanted = wanted | F.col(IS_CURRENT)
        rows = self._table.join(batch.select(*self._keys, named).distinct(), self._keys, "left").where(wanted)
        times = {name: F.col(name) for name in (VALID_FROM, VALID_TO, END_ORDER)}
        return self._laid_out(rows, {**times, _ORIGIN: F.lit(_STORED)})

    @property
    def _has_load(self) -> bool:
        """Whether rows of a load may meet versions of the table, or stand for them."""
        late = self._plan.kind is CycleKind.CHANGES and self._plan.may_be_late and self._plan.generation > 1
        comes = any(group.is_full for group in self._plan.groups) and self._plan.kind is not CycleKind.LOAD
        return late or comes

    def _loaded(self, batch: DataFrame) -> DataFrame:
        """Keys that the newest load has, as far as the batch tells."""
        is_loaded = (F.col(GENERATION) == self._plan.generation) & (F.col(CHANGE_SEQUENCE) == "")
        return batch.where(is_loaded).select(*self._keys)

    @property
    def _begin(self) -> Column:
        """Where a load begins: before its first row."""
        return F.lit(str(OrderPosition(self._plan.generation, "", "", 0)))

    @property
    def _load_began(self) -> Column:
        return F.lit(self._plan.load_started_at).cast("timestamp")

    def _ended(self, stored: DataFrame, batch: DataFrame) -> DataFrame:
        """The deletes that ended versions: what ended the others is a version itself.

        A version that a reload ended since it did not have its key goes on where a LOAD file that comes late has it.
        """
        starts = stored.select(*self._keys, F.col(ORDER).alias(END_ORDER))
        by_deletes = stored.where(F.col(END_ORDER).isNotNull()).join(starts, [*self._keys, END_ORDER], "left_anti")
        if self._has_load:
            come = self._loaded(batch).withColumn(END_ORDER, self._begin)
            by_deletes = by_deletes.join(come, [*self._keys, END_ORDER], "left_anti")
        # One that ended before it began says its begin; the change's sequence says more.
        told = F.coalesce(moment_of_sequence(F.split(END_ORDER, " ")[1]), F.col(VALID_TO))
        moment = F.when(F.col(VALID_TO) > F.col(VALID_FROM), F.col(VALID_TO)).otherwise(told)
        return self._deletes(by_deletes, F.col(END_ORDER), moment, _ENDED)

    def _confirmed(self, stored: DataFrame, fresh: DataFrame) -> DataFrame | None:
        """What the newest load had of the keys of changes that came later than it, and were made before it."""
        plan = self._plan
        if plan.kind is not CycleKind.CHANGES or not self._has_load:
            return None
        before = fresh.where(F.col(GENERATION) < plan.generation).select(*self._keys).distinct()
        is_older = F.col(GENERATION) < plan.generation
        stays = stored.where(is_older & (F.col(END_ORDER).isNull() | (F.col(END_ORDER) > self._begin)))
        is_loaded = ~is_older & (F.col(CHANGE_SEQUENCE) == "")
        loaded = _union(stored.where(is_loaded).select(*self._keys), self._loaded(fresh))
        stays = stays.join(loaded, self._keys, "left_anti")
        ends = stored.where(F.col(END_ORDER) == self._begin)
        told_of = _union(stays.select(*self._keys), ends.select(*self._keys), loaded)
        absent = before.join(told_of, self._keys, "left_anti")
        deletes = self._deletes(absent, self._begin, self._load_began, _ENDED)
        told = {
            CHANGE_SEQUENCE: F.lit(""),
            GENERATION: F.lit(plan.generation),
            VALID_FROM: self._load_began,
            ORDER: self._begin,
            _ORIGIN: F.lit(_CONFIRMED),
        }
        return self._laid_out(stays.join(before, self._keys, "left_semi").withColumns(told), told).unionByName(deletes)

    def _missing(self, stored: DataFrame, batch: DataFrame) -> DataFrame | None:
        """A delete, at the moment a reload began, of every current key that it does not have."""
        plan = self._plan
        if plan.kind is not CycleKind.RELOAD:
            return None
        current = stored.where(F.col(END_ORDER).isNull()).select(*self._keys)
        before = batch.where(F.col(GENERATION) < plan.generation).select(*self._keys)
        loaded = self._loaded(batch)
        ended = self._deletes(current.join(loaded, self._keys, "left_anti"), self._begin, self._load_began, _MISSING)
        others = before.join(loaded, self._keys, "left_anti").join(current, self._keys, "left_anti")
        return ended.unionByName(self._deletes(others, self._begin, self._load_began, _ENDED))

    def _deletes(self, rows: DataFrame, order: Column, moment: Column, origin: str) -> DataFrame:
        told = rows.select(*self._keys, order.alias(ORDER), moment.alias(VALID_FROM))
        given = {VALID_FROM: F.col(VALID_FROM), OPERATION: F.lit("D"), _ORIGIN: F.lit(origin)}
        return self._first_of_each_change(self._laid_out(told, given))

    def _laid_out(self, rows: DataFrame, given: Mapping[str, Column]) -> DataFrame:
        """Columns of an event: the source's, then what tells where it stands; what is not there is null."""

        def column(name: str, kind: str) -> Column:
            there = F.col(f"`{name}`") if name in rows.columns else F.lit(0 if name == _ROWS else None)
            return given.get(name, there).cast(kind).alias(name)

        columns = [column(name, kind) for name, kind in (*self._plan.schema, *_OWN)]
        return rows.select(*columns).withColumn(_PLACE, F.regexp_extract(ORDER, _CHANGE_OF_ORDER, 1))

    def _first_of_each_change(self, events: DataFrame) -> DataFrame:
        row = F.struct(*(F.col(f"`{name}`") for name in events.columns if name != _ROWS))
        grouped = events.groupBy(*(F.col(f"`{key}`") for key in self._keys), F.col(_PLACE))
        first = grouped.agg(F.min_by(row, F.col(ORDER)).alias("row"), F.sum(_ROWS).alias(_ROWS))
        return first.select("row.*", _ROWS)

    def _is_same(self) -> Column:
        """Rows of a load that are equal to the version that is valid when it begins."""
        before = self._in_order()
        same = F.col(_ORIGIN).isin(_NEW, _CONFIRMED) & (F.col(CHANGE_SEQUENCE) == "")
        same = same & F.coalesce(F.lag(OPERATION).over(before) != "D", F.lit(False))
        kinds = dict(self._plan.schema)
        names = compared_columns(self._plan.config, self._plan.schema)
        columns = [comparable(F.col(f"`{name}`"), kinds[name]) for name in names]
        return reduce(lambda one, column: one & column.eqNullSafe(F.lag(column).over(before)), columns, same)

    def _with_ends(self, events: DataFrame) -> DataFrame:
        """Events with the order position and time of the next, and whether a version is valid just before each."""
        in_order = self._in_order()
        timed = events.withColumns(
            {
                _NEXT_ORDER: F.lead(ORDER).over(in_order),
                _NEXT_TIME: F.lead(VALID_FROM).over(in_order),
                _WAS_LIVE: F.coalesce(F.lag(OPERATION).over(in_order) != "D", F.lit(False)),
            }
        ).withColumn(
            _NEXT_TIME, F.when(F.col(_NEXT_TIME) < F.col(VALID_FROM), F.col(VALID_FROM)).otherwise(F.col(_NEXT_TIME))
        )
        ends_as_before = F.col(END_ORDER).eqNullSafe(F.col(_NEXT_ORDER)) & F.col(VALID_TO).eqNullSafe(F.col(_NEXT_TIME))
        effect = F.when(F.col(_ORIGIN).isin(_NEW, _CONFIRMED) & (F.col(OPERATION) != "D"), INSERTED).when(
            (F.col(_ORIGIN) == _STORED) & ~ends_as_before, UPDATED
        )
        return timed.withColumn(EFFECT, effect)

    def _in_order(self) -> Any:
        return Window.partitionBy(*(F.col(f"`{key}`") for key in self._keys)).orderBy(ORDER)


def _union(*frames: DataFrame | None) -> DataFrame:
    return reduce(DataFrame.unionByName, [frame for frame in frames if frame is not None])
