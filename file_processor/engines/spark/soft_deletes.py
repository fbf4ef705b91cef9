"""Where a stored row's mark or values count: soft deletes, and a reload that is written as a difference (S17, S9).

Of every key the newest upsert and the newest delete are known, of the table and of the batch. The newer of both says
whether the row is there, or unmarked; its values are those of the newest upsert. What a row does to the table, which is
counted, and whether its key is written are two things: a late upsert may fill in the values of a marked row.
"""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from file_processor.choosing import CycleKind
from file_processor.columns import CHANGE_SEQUENCE, GENERATION, IS_DELETED, OPERATION, ORDER, VALUES_ORDER
from file_processor.engines.engine import Reduced, WritePlan
from file_processor.engines.spark.deletes import DELETED, newest_deletes
from file_processor.engines.spark.difference import equal_rows
from file_processor.engines.spark.hudi import delete_marker, tasks
from file_processor.engines.spark.key_changes import EFFECT, NEW_KEY, moving, with_old_keys
from odpf.errors import EngineError
from odpf.order import OrderPosition

_ROWS, _NEWEST = "_odpf_rows", "_odpf_newest"
_UPSERT, _UPSERT_ROW, _DELETE = "_odpf_upsert_order", "_odpf_upsert_row", "_odpf_delete_order"
"""The batch's newest upsert and newest delete of a key; null without one."""
_STORED, _STORED_VALUES, _STORED_ROW = "_odpf_stored_order", "_odpf_stored_values_order", "_odpf_stored_row"
_REMEMBERED = "_odpf_remembered_order"
"""Of the newest delete applied before, of a key that the table does not have."""
_WAS_LIVE, _EQUAL, _MISSING, _IS_WRITTEN, _MOVED = (
    f"_odpf_{name}" for name in ("was_live", "equal", "missing", "is_written", "moved")
)
_GONE, _VALUES = "_odpf_gone", "_odpf_values"
"""Whether Hudi is to delete the row; the row that it is given."""
_WRITTEN = ("inserted", "updated", "deleted")
_EFFECTS = (*_WRITTEN, "unchanged", "late")
_NO_PATH = "__HIVE_DEFAULT_PARTITION__"


class Merge:
    """Merges a file batch with what the table has of its keys.

    Args:
        spark: the session.
        plan: the file batch.
        valid: its rows that can be applied.
        table: the raw table; None before its first commit.

    Attributes:
        unknown: order positions of rows that cannot be applied, since a file that would tell of a delete is gone.
        gone: that file.
    """

    def __init__(self, spark: SparkSession, plan: WritePlan, valid: DataFrame, table: DataFrame | None) -> None:
        self._spark, self._plan, self._table = spark, plan, table
        self._events = with_old_keys(valid, plan)
        self._keys = list(plan.config.hudi_primary_key)
        self._data = [name for name, _ in plan.schema]
        self._replaces = plan.written_as is not CycleKind.CHANGES
        self._remembered: DataFrame | None = None
        self.unknown: list[str] = []
        self.gone = ""

    def registers(self) -> DataFrame:
        """A row a key: the newest event, and the newest upsert and delete of batch and table. To be kept in memory."""
        is_delete = F.col(OPERATION) == "D"
        current = F.col(GENERATION) >= F.lit(self._plan.generation)
        upsert, delete = F.when(current & ~is_delete, F.col(ORDER)), F.when(current & is_delete, F.col(ORDER))
        newest = F.struct(OPERATION, ORDER, GENERATION, CHANGE_SEQUENCE, NEW_KEY)
        row = F.struct(*(F.col(f"`{name}`") for name in (*self._data, OPERATION)))
        keys = [F.col(f"`{key}`") for key in self._keys]
        batch = (
            self._events.repartition(tasks(self._plan.input_bytes), *keys)
            .groupBy(*keys)
            .agg(
                F.max_by(newest, F.col(ORDER)).alias(_NEWEST),
                F.max_by(row, upsert).alias(_UPSERT_ROW),
                F.max(upsert).alias(_UPSERT),
                F.max(delete).alias(_DELETE),
                F.count_if(F.col(NEW_KEY).isNull()).alias(_ROWS),
            )
        )
        if not self._plan.is_difference:
            return batch.join(self._stored(batch), self._keys, "left").withColumn(_EQUAL, F.lit(False))
        rows = batch.join(self._stored(batch), self._keys, "full")
        equal = equal_rows(self._plan, _UPSERT_ROW, _STORED_ROW) & (F.col(_STORED) == F.col(_STORED_VALUES))
        # What stays as it is, most of a table, need not be kept in memory.
        needed = ~_holds(equal & (F.col(f"{_NEWEST}.{CHANGE_SEQUENCE}") == ""))
        kept = {name: F.when(needed, F.col(name)) for name in (_UPSERT_ROW, _STORED_ROW)}
        return rows.withColumns({_EQUAL: _holds(equal), **kept})

    def reduced(self, registers: DataFrame) -> Reduced:
        """Count what the rows do; remembers deletes that were applied before where late upserts would bring a row."""
        counted = self._count(registers)
        if counted["oldest"] is not None:
            self._remember(registers, counted["oldest"])
            of_all = {"greatest": counted["greatest"], "valid": counted["valid"] - len(self.unknown)}
            counted = self._count(registers) | of_all
        if counted["rekeyed"]:
            moves = self._moves(registers)  # counts as an update, once
            counted |= {"inserted": counted["inserted"] - moves, "updated": counted["updated"] + moves}
        if self._plan.kind is CycleKind.RELOAD and self._replaces and self._table is not None:
            live = self._table.where(F.col(ORDER) == F.col(VALUES_ORDER)).count()
            counted["removed"] = live - counted["remaining"]
        return Reduced(**{name: value for name, value in counted.items() if name in Reduced._fields})

    def _moves(self, registers: DataFrame) -> int:
        """Rows under a new key that the table does not have, and that had one under their old key."""
        live = None
        if self._plan.kind is CycleKind.CHANGES and self._table is not None:
            live = self._table.where(F.col(ORDER) == F.col(VALUES_ORDER)) if self._plan.marks_deletes else self._table
        order, new_key = F.col(f"{_NEWEST}.{ORDER}").alias(ORDER), F.col(f"{_NEWEST}.{NEW_KEY}")
        inserted = self._merged(registers).where((F.col(EFFECT) == "inserted") & new_key.isNull()).select(order)
        row = inserted.join(moving(self._events, live, self._plan), ORDER, "left_semi").agg(F.count(F.lit(1))).first()
        return row[0] if row else 0

    def written(self, registers: DataFrame) -> DataFrame:
        """The rows that Hudi is given, and a delete for every row that moves, where it stood."""
        rows = self._merged(registers).where(_IS_WRITTEN)
        marker = delete_marker(self._plan.config)
        operation = F.when(F.col(_GONE), marker).when(F.col(IS_DELETED), "D").otherwise(F.col(f"{_VALUES}.{OPERATION}"))
        kept = rows.withColumn(OPERATION, operation).select(*self._columns(_VALUES))
        if self._plan.config.hudi_partition_key is None:
            return kept
        moved = rows.where(_MOVED).withColumns({OPERATION: F.lit(marker), ORDER: F.col(_STORED)})
        return kept.unionByName(moved.select(*self._columns(_STORED_ROW)))

    def _columns(self, row: str) -> list[Column]:
        own = [F.col(name) for name, _ in self._plan.columns[len(self._data) :]]
        return [F.col(f"{row}.`{name}`").alias(name) for name in self._data] + own

    def _stored(self, batch: DataFrame) -> DataFrame:
        """What the table has, of a key its order positions and its row; nothing before its first commit."""
        names = [*self._keys, _STORED, _STORED_VALUES, _STORED_ROW]
        if self._table is None:
            kinds = dict(batch.dtypes)
            row = f"struct<{','.join(f'`{name}`:{kind}' for name, kind in self._row_kinds())}>"
            types = [*(kinds[key] for key in self._keys), "string", "string", row]
            fields = ", ".join(f"`{name}` {kind}" for name, kind in zip(names, types, strict=True))
            return self._spark.createDataFrame([], fields)
        there = set(self._table.columns)
        columns = [
            (F.col(f"`{name}`") if name in there else F.lit(None)).cast(kind).alias(name)
            for name, kind in self._row_kinds()
        ]
        values = F.col(VALUES_ORDER if self._plan.marks_deletes else ORDER)
        kinds = dict(self._plan.schema)
        return self._table.select(
            *(F.col(f"`{key}`").cast(kinds[key]).alias(key) for key in self._keys),
            F.col(ORDER).alias(_STORED),
            values.alias(_STORED_VALUES),
            F.struct(*columns).alias(_STORED_ROW),
        )

    def _row_kinds(self) -> list[tuple[str, str]]:
        return [*self._plan.schema, (OPERATION, "string")]

    def _merged(self, registers: DataFrame) -> DataFrame:
        """The registers with all that follows from them."""
        plan = self._plan
        known = self._with_remembered(registers)
        was_live = _holds(F.col(_STORED) == F.col(_STORED_VALUES))
        rows = known.withColumn(_WAS_LIVE, was_live)
        if self._replaces:
            rows = rows.withColumns(dict.fromkeys((_STORED, _STORED_VALUES), F.lit(None).cast("string")))
        named = F.col(_UPSERT).isNotNull() | F.col(_DELETE).isNotNull()
        missing = F.col(_WAS_LIVE) & ~named if plan.is_difference else F.lit(False)
        rows = rows.withColumns({_MISSING: missing, EFFECT: self._effect()})
        return rows.withColumns(self._orders()).withColumns(self._writes()).withColumns(self._values())

    def _with_remembered(self, registers: DataFrame) -> DataFrame:
        remembered = F.lit(None).cast("string")
        if self._remembered is not None:
            registers = registers.join(self._remembered, self._keys, "left")
            remembered = F.when(self._comes(), F.col(DELETED))
        rows = registers.withColumn(_REMEMBERED, remembered)
        if not self.unknown:
            return rows
        known = {name: F.when(~F.col(name).isin(self.unknown), F.col(name)) for name in (_UPSERT, _DELETE)}
        return rows.where(~F.col(f"{_NEWEST}.{ORDER}").isin(self.unknown)).withColumns(known)

    def _comes(self) -> Column:
        """Keys that the table does not have, with an upsert, and nothing newer than the high-water mark (S5)."""
        plan = self._plan
        if plan.kind is not CycleKind.CHANGES or not plan.high_water_mark:
            return F.lit(False)
        comes = F.col(_UPSERT).isNotNull() & F.col(_STORED).isNull()
        return comes & (F.col(f"{_NEWEST}.{ORDER}") <= plan.high_water_mark)

    def _effect(self) -> Column:
        """What the newest row of every key does; docs/guarantees.md, G3 and G7. Null for keys that the batch does not name."""
        newest, known = F.col(_NEWEST), F.greatest(F.col(_STORED), F.col(_REMEMBERED))
        late = (newest[GENERATION] < F.lit(self._plan.generation)) | _holds(known >= newest[ORDER])
        came = F.col(_UPSERT).isNotNull() & ~_holds(F.col(_STORED) >= F.col(_UPSERT))
        ends = (F.col(_WAS_LIVE) & F.col(_STORED).isNotNull()) | (came & F.lit(self._plan.marks_deletes))
        upsert = F.when(~F.col(_WAS_LIVE), "inserted").when(F.col(_EQUAL), "unchanged").otherwise("updated")
        delete = F.when(ends, "deleted").otherwise("unchanged")
        effect = F.when(late, "late").when(newest[OPERATION] == "D", delete).otherwise(upsert)
        return F.when(newest.isNotNull(), effect)

    def _orders(self) -> dict[str, Column]:
        """Order positions of the newest event and of the values, of table and batch together."""
        upsert = F.greatest(F.col(_UPSERT), F.col(_STORED_VALUES))
        before = F.when(F.col(_STORED) > F.col(_STORED_VALUES), F.col(_STORED))
        # Every row and change of its generation is newer than what a difference ends.
        missing = F.when(F.col(_MISSING), F.lit(str(OrderPosition(self._plan.generation, "", "", 0))))
        delete = F.greatest(F.col(_DELETE), before, F.col(_REMEMBERED), missing)
        return {VALUES_ORDER: upsert, IS_DELETED: _holds(delete > upsert), ORDER: F.greatest(upsert, delete)}

    def _writes(self) -> dict[str, Column]:
        """Whether the key is written, and whether its row goes."""
        # A row of a load that is equal to the stored one: every change of this generation is newer than either.
        unchanged = _holds(F.col(EFFECT) == "unchanged") & F.col(_EQUAL)
        stays = unchanged & (F.col(f"{_NEWEST}.{CHANGE_SEQUENCE}") == "")
        if self._plan.marks_deletes:
            same = (F.col(_STORED) == F.col(ORDER)) & (F.col(_STORED_VALUES) == F.col(VALUES_ORDER))
            return {_IS_WRITTEN: F.col(VALUES_ORDER).isNotNull() & ~_holds(same) & ~_holds(stays), _GONE: F.lit(False)}
        # A change that makes nothing differ is written all the same: later ones must be newer than it.
        confirmed = unchanged & (F.col(f"{_NEWEST}.{OPERATION}") != "D") & ~_holds(stays)
        written = _holds(F.col(EFFECT).isin(*_WRITTEN)) | confirmed | F.col(_MISSING)
        return {_IS_WRITTEN: written, _GONE: _holds(F.col(EFFECT) == "deleted") | F.col(_MISSING)}

    def _values(self) -> dict[str, Column]:
        """The row that Hudi is given, and whether it goes to another partition. A row that goes does so where it stands."""
        is_fresh = _holds(F.col(VALUES_ORDER) == F.col(_UPSERT)) & ~F.col(_GONE)
        values = {_VALUES: F.when(is_fresh, F.col(_UPSERT_ROW)).otherwise(F.col(_STORED_ROW))}
        partition = self._plan.config.hudi_partition_key
        if partition is None or self._replaces:
            return {**values, _MOVED: F.lit(False)}
        elsewhere = _path(F.col(f"{_UPSERT_ROW}.`{partition}`")) != _path(F.col(f"{_STORED_ROW}.`{partition}`"))
        return {**values, _MOVED: is_fresh & F.col(_STORED).isNotNull() & _holds(elsewhere)}

    def _count(self, registers: DataFrame) -> dict[str, Any]:
        own = F.col(f"{_NEWEST}.{NEW_KEY}").isNull()
        has_row = F.col(_UPSERT).isNotNull()
        newest = F.col(f"{_NEWEST}.{ORDER}")
        found = self._merged(registers).agg(
            F.coalesce(F.sum(_ROWS), F.lit(0)).alias("valid"),
            F.max(newest).alias("greatest"),
            F.count_if(F.col(_MOVED) & F.col(_IS_WRITTEN)).alias("moved"),
            F.count_if(~own).alias("rekeyed"),
            F.count_if(_IS_WRITTEN).alias("written"),
            F.count_if(
                F.col(_MISSING)
                | (F.lit(self._plan.is_difference) & ~own & F.col(_WAS_LIVE) & (F.col(EFFECT) == "deleted"))
            ).alias("removed"),
            F.count_if(has_row & F.col(_WAS_LIVE)).alias("remaining"),
            F.min(F.when(self._comes(), newest)).alias("oldest"),
            *(F.count_if((F.col(EFFECT) == effect) & own).alias(effect) for effect in _EFFECTS),
        )
        row = found.first()
        if row is None:
            raise EngineError("Spark returned no counts. Start the cadence again.")
        return row.asDict()

    def _remember(self, registers: DataFrame, oldest: str) -> None:
        """Find the deletes applied since, and rows of which it cannot be told whether there was one (docs/adr/0009)."""
        log = self._plan.deletes(OrderPosition.parse(oldest))
        self._remembered = newest_deletes(self._spark, self._plan, log)
        if log.gone:
            # A file that is gone may hold a delete that is newer still; the row would keep the order of an older one.
            reached = F.greatest(F.col(f"{_NEWEST}.{ORDER}"), F.col(_REMEMBERED))
            rows = self._with_remembered(registers).where(self._comes() & (reached <= log.gone_through))
            self.unknown, self.gone = [row[_UPSERT] for row in rows.select(_UPSERT).collect()], log.gone


def _holds(condition: Column) -> Column:
    return F.coalesce(condition, F.lit(False))


def _path(partition: Column) -> Column:
    """What tells a row's folder: null and empty text share one, 0.0 and -0.0 do not."""
    text = partition.cast("string")
    return F.when(text.isNull() | (text == ""), _NO_PATH).otherwise(text)
