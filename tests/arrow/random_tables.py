"""Random tables: what a source does to them, file by file, told by a seed.

A table holds several sequences of changes side by side, told apart by column `c`, part of its key: few keys each, so
that changes meet.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, NamedTuple

import pyarrow as pa

from odpf.audit import TableResult
from odpf.file_record import FileRecord
from tests.engines.lake import Lake, Row
from tests.engines.staged_table import StagedTable
from tests.reference.oracle import Change
from tests.reference.plain_values import plain_rows

RUNS = 4
FILES = 14

_TEXTS = (
    "",
    "a",
    "a,b",
    "ü",
    " ",
    "x:y",
    "/",
    "🚕",
    "%2F",
    "a=b",
    "__HIVE_DEFAULT_PARTITION__",
    "null",
    ".",
    "'",
    "\t",
    "z" * 60,
)
FEW_SEQUENCES = len(_TEXTS)
_PARTITIONS: dict[str, tuple[pa.DataType, tuple[Any, ...]]] = {
    "text": (pa.string(), ("p", "q/r", "s t", "ü%=", "", None)),
    "int": (pa.int32(), (-1, 0, 7, None)),
    "decimal": (pa.decimal128(20, 4), (Decimal("0"), Decimal("1.5"), Decimal("-0.0001"), None)),
    "moment": (pa.timestamp("us"), (datetime(2024, 1, 2, 3, 4, 5), datetime(2024, 1, 2, 3, 4, 5, 678000), None)),
    "flag": (pa.bool_(), (True, False, None)),
}
_POSITION = "CDC_STREAM_POSITION"
_FIXED: dict[str, pa.DataType] = {
    "v": pa.string(),
    "n": pa.int32(),
    "f": pa.float32(),
    "d": pa.decimal128(20, 4),
    "t": pa.timestamp("us"),
}


class Kind(NamedTuple):
    """What a random table is.

    Attributes:
        mode: S, H or V; soft says S with soft deletes.
        difference: whether a reload is applied as a difference.
        rekeyed: whether keys change, told by before images.
        partition: the kind of its partition column; None without one.
        single: whether its key is one column, a text.
        deletes: whether rows are deleted.
        late: whether files come in any order.
        reloaded: whether there is a second full load.
        evolves: whether columns widen and a column is added.
    """

    mode: str
    difference: bool
    rekeyed: bool
    partition: str | None
    single: bool
    deletes: bool
    late: bool
    reloaded: bool
    evolves: bool

    @classmethod
    def of(cls, random: Random) -> Kind:
        """Any kind."""
        mode = random.choice(["S", "S", "soft", "H", "V"])
        deletes, reloaded, late, rekeyed = (random.random() < share for share in (0.8, 0.4, 0.6, 0.4))
        return cls(
            mode=mode,
            difference=mode in ("S", "soft") and random.random() < 0.5,
            rekeyed=rekeyed,
            partition=random.choice([None, *_PARTITIONS]),
            single=random.random() < 0.4,
            deletes=deletes,
            late=late,
            reloaded=reloaded,
            evolves=random.random() < 0.3,
        )

    @property
    def options(self) -> dict[str, str]:
        """Attributes of the table's configuration."""
        versioning = "S" if self.mode == "soft" else self.mode
        options = {"table_data_versioning_type": versioning, "delete_mode": "soft" if self.mode == "soft" else "hard"}
        return options | ({"reload_mode": "difference"} if self.difference else {})


def _sequence(number: int) -> str:
    """Three changes in every hundredth of a second."""
    moment = datetime(2024, 1, 1, 12) + timedelta(milliseconds=10 * (number // 3))
    return f"{moment:%Y%m%d%H%M%S}{moment.microsecond // 10_000:02d}{number:019d}"


class EvolvingTable(StagedTable):
    """A table that may have a column of a file of which no row is left."""

    def _data(self, rows: Iterable[Row]) -> list[Row]:
        data = super()._data(rows)
        told = {name for row in self._expected() for name in row}
        return [{name: value for name, value in row.items() if name in told or value is not None} for row in data]


class RandomTable:
    """One random table and its source.

    Args:
        lake: where it is.
        seed: all that is random about it follows from this.
        cadence: whose runs process it.
        sequences: how many it holds.
    """

    def __init__(self, lake: Lake, seed: int, cadence: str, sequences: int = FEW_SEQUENCES) -> None:
        self.seed, self.random, self._sequences = seed, Random(seed), sequences
        self.kind = kind = Kind.of(self.random)
        self._told: list[Change] | None = [] if kind.mode == "H" and seed % 2 else None
        keys = {"c": pa.string(), "id": pa.string() if kind.single else pa.int64()}
        images = {f"BI_{name.upper()}": type_ for name, type_ in keys.items()} if kind.rekeyed else {}
        self.columns = {**keys, **_FIXED, **images}
        if self._told is not None:
            self.columns[_POSITION] = pa.string()
        if kind.partition:
            self.columns["part"] = _PARTITIONS[kind.partition][0]
        self.staged = EvolvingTable(
            lake,
            f"random_{seed}",
            cadence,
            key="id" if kind.single else "c,id",
            columns=self.columns,
            **kind.options,
            history=kind.mode == "H",
            hudi_partition_key="part" if kind.partition else None,
            **({} if self._told is None else {"cdc_stream_position_column": _POSITION}),
            engine="arrow",
        )
        self._last = 0

    @property
    def base(self) -> str:
        """Where it lies in the raw bucket."""
        return self.staged.location.removeprefix("s3://").split("/", 1)[1]

    @property
    def result(self) -> TableResult | None:
        """Of the last run."""
        return self.staged.result

    def rows(self) -> list[Row]:
        """What readers see."""
        return plain_rows(self.staged.rows())

    def history(self) -> list[FileRecord]:
        """Its files done."""
        return list(self.staged.lake.aws.tracker.history(self.staged.source))

    def is_as_expected(self) -> bool:
        """Whether readers see what the replay has."""
        return plain_rows(self.staged._data(self.staged.rows())) == plain_rows(self.staged._expected())

    def scenes(self) -> Iterator[None]:
        """Put what each run is to find; a run is due at every `yield`."""
        random, staged = self.random, self.staged
        files = [self._file() for _ in range(FILES)]
        if self.kind.late:
            random.shuffle(files)
        staged.load(*self._rows())
        for run in range(RUNS):
            if run == 2 and self.kind.reloaded:
                staged.reload(*self._rows())
            if run == 2 and self.kind.evolves:
                staged.columns = staged.columns | {"n": pa.int64(), "f": pa.float64(), "added": pa.string()}
            for _ in range(random.randint(0, 4) if run < RUNS - 1 else len(files)):
                staged.changes(*files.pop(0))
            yield

    def _rows(self) -> list[Row]:
        """Rows of a full load: none, few or many."""
        most = self.random.choice([0, 1, 8, 8])
        rows = [self._row(case) for case in range(self._sequences) for _ in range(self.random.randint(0, most))]
        return list({(row["c"], row["id"]): row for row in rows}.values())

    def _file(self) -> list[Change]:
        """Changes of all sequences; now and then of none."""
        random, most = self.random, self.random.choice([0, 1, 5, 5])
        made = [
            self._told_anew(self._change(case))
            for case in range(self._sequences)
            for _ in range(random.randint(0, most))
        ]
        random.shuffle(made)
        first = self._last
        self._last += len(made)
        numbered = [change._replace(sequence=_sequence(first + n)) for n, change in enumerate(made, 1)]
        random.shuffle(numbered)
        return numbered

    def _told_anew(self, change: Change) -> Change:
        """Where a history goes by the log's positions: at one of its own, or what the task has read there before."""
        if self._told is None:
            return change
        if self._told and self.random.random() < 0.3:
            return self.random.choice(self._told)
        self._told.append(change._replace(row={**change.row, _POSITION: f"log.0001:{len(self._told)}"}))
        return self._told[-1]

    def _change(self, case: int) -> Change:
        operation = self.random.choice("IUUDD" if self.kind.deletes else "IU")
        row = self._row(case)
        if operation == "U" and self.kind.rekeyed and self.random.random() < 0.6:
            before = self._row(case)
            row |= {"BI_C": before["c"], "BI_ID": before["id"]}
        if operation == "D" and self.random.random() < 0.5:
            row = {name: row[name] for name in ("c", "id")}
        return Change(operation, "", row)

    def _row(self, case: int) -> Row:
        random = self.random
        number = random.randrange(5)
        text = _TEXTS[case] if case < len(_TEXTS) else f"sequence {case}"
        row = {
            "c": text,
            "id": f"{text}{number}" if self.kind.single else number - 2,
            "v": f"{random.getrandbits(40):x}",
            "n": random.choice([None, 1, -(2**31)]),
            "f": random.choice([None, -0.0, 1.5]),
            "d": random.choice([None, Decimal("1.5"), Decimal("-9999999999999999.9999")]),
            "t": random.choice([None, datetime(1, 1, 1), datetime(2024, 1, 2, 3, 4, 5, 678901)]),
            "added": random.choice([None, "added"]),
        }
        if self.kind.partition:
            row["part"] = random.choice(_PARTITIONS[self.kind.partition][1])
        return row
