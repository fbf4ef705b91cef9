"""A source table as a test tells it: what DMS would put into staging, and what the raw table must then hold."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from odpf.audit import TableResult
from odpf.rebuild import Rebuild, RebuildReport
from odpf.states import Outcome
from odpf.table_config import RECOMMENDED_EXTRAS, read_table_config
from tests.engines.lake import Lake, Row
from tests.reference.oracle import KINDS, Change, File, Mode, Replay
from tests.reference.plain_values import plain_rows
from tests.reference.protected import protected

DATABASE = "semantics"
SEQUENCE = "CDC_TIMESTAMP_SEQ"
COLUMNS: dict[str, pa.DataType] = {"id": pa.int64(), "v": pa.string()}
_OWN_OF_HISTORY = ("_odpf_operation", "_odpf_change_sequence", "_odpf_generation")
_COMPARED = {
    Mode.HARD: (),
    Mode.SOFT: ("_odpf_is_deleted", "_odpf_operation"),
    Mode.HISTORY: _OWN_OF_HISTORY,
    Mode.VALIDITY: ("_odpf_valid_from", "_odpf_valid_to", "_odpf_is_current"),
}
"""Of ODPF's own columns those that a replay has, too."""


def sequence(number: int) -> str:
    """A change sequence: all within one hundredth of a second, told apart by the counter."""
    return f"{2024010112000000:016d}{number:019d}"


def load_row(**row: Any) -> Change:
    """A row of a full load."""
    return Change("I", "", row)


def insert(number: int, /, **row: Any) -> Change:
    """An I row."""
    return Change("I", sequence(number), row)


def update(number: int, /, **row: Any) -> Change:
    """A U row."""
    return Change("U", sequence(number), row)


def delete(number: int, /, **row: Any) -> Change:
    """A D row; what is not named is null, as with sources that log the key alone."""
    return Change("D", sequence(number), row)


def bad(change: Change) -> Change:
    """The same row, but one that cannot be applied."""
    return change._replace(bad=True)


def parquet(table: pa.Table, **options: Any) -> bytes:
    """The bytes of a parquet file, written as DMS does: without Arrow's own schema."""
    out = io.BytesIO()
    pq.write_table(table, out, **{"store_schema": False, **options})
    return out.getvalue()


def _mode(versioning: str, options: Mapping[str, Any]) -> Mode:
    if options.get("delete_mode") == "soft":
        return Mode.SOFT
    return {"S": Mode.HARD, "H": Mode.HISTORY, "V": Mode.VALIDITY}[versioning]


class StagedTable:
    """One table of a story.

    Args:
        lake: where its files go.
        name: of the table, at the source and in the lake.
        cadence: whose runs process it.
        keys: the key's columns.
        columns: the source's columns; a story may change them between files.
        history: mode H instead of S.
        options: further attributes of the table's configuration.
    """

    def __init__(
        self,
        lake: Lake,
        name: str,
        cadence: str,
        *,
        key: str = "id",
        columns: dict[str, pa.DataType] | None = None,
        history: bool = False,
        source: str | None = None,
        **options: Any,
    ) -> None:
        self.lake, self.name, self.source = lake, name, source or f"shop.{name}"
        self.columns = dict(columns or COLUMNS)
        self.keys = tuple(key.lower().split(","))
        self.history = history
        self.result: TableResult | None = None
        self.counted: Counter[str] = Counter()
        self.mode = _mode("H" if history else options.get("table_data_versioning_type", "S"), options)
        difference = options.get("reload_mode") == "difference"
        self.replay = Replay(
            self.keys,
            mode=self.mode,
            difference=difference,
            stream_position=options.get("cdc_stream_position_column", "").lower() or None,
            of_changes=[SEQUENCE, *RECOMMENDED_EXTRAS],
        )
        self._waiting: list[File] = []
        self._put = 0
        self._generation = 1
        self.config: Row = {
            "source_table_name": self.source,
            "refresh_cadence": cadence,
            "raw_database_name": DATABASE,
            "raw_table_name": name,
            "hudi_primary_key": key,
            "hudi_precombine_field": SEQUENCE,
            "hudi_table_type": "copy_on_write",
            "table_data_versioning_type": "H" if history else "S",
            **options,
        }
        lake.configure(self.config)

    def reconfigure(self, **options: Any) -> None:
        """Change attributes of the configuration."""
        self.config |= options
        self.lake.configure(self.config)

    @property
    def location(self) -> str:
        """The raw table's base path, as the ledger has it."""
        state = self.lake.aws.ledger.state(f"{DATABASE}.{self.name}")
        return read_table_config(self.config).location(
            self.lake.settings.raw_bucket, None, state.place if state else ""
        )

    def rebuild(self, since: str = "", *, compare_only: bool = False) -> RebuildReport:
        """Rebuild the table now; it must be possible."""
        result, report = self.rebuilt(since, compare_only=compare_only)
        assert result.outcome is Outcome.COMPLETED, result.error
        assert report is not None
        return report

    def rebuilt(self, since: str = "", *, compare_only: bool = False) -> tuple[TableResult, RebuildReport | None]:
        """Try to rebuild the table now."""
        asked = Rebuild(raw_table=f"{DATABASE}.{self.name}", since=since, compare_only=compare_only)
        return self.lake.rebuild(self.config["refresh_cadence"], asked)

    @property
    def mark(self) -> str:
        """The high-water mark."""
        state = self.lake.aws.ledger.state(f"{DATABASE}.{self.name}")
        return (state.high_water_mark if state else None) or ""

    def load(self, *rows: Row | Change, name: str = "LOAD00000001.parquet", **options: Any) -> None:
        """Put a LOAD file."""
        changes = [row if isinstance(row, Change) else load_row(**row) for row in rows]
        self._write(name, changes, is_load=True, options=options)

    def reload(self, *rows: Row | Change, name: str = "LOAD00000001.parquet", **options: Any) -> None:
        """Put the first LOAD file of another full load."""
        self._generation += 1
        self.load(*rows, name=name, **options)

    def changes(self, *changes: Change, name: str | None = None, generation: int | None = None, **options: Any) -> str:
        """Put a change file, and return its name; names grow unless one is given."""
        self._put += 1
        name = name or f"20240101-{120000000 + self._put}.parquet"
        self._write(name, changes, generation=generation, options=options)
        return name

    def put(self, name: str, content: bytes, changes: Iterable[Change] | None = None, *, is_load: bool = False) -> None:
        """Put any object; `changes` are what the replay is to have of it."""
        self.lake.put(self.source, name, content)
        if changes is not None:
            self.expect(name, changes, is_load=is_load)

    def expect(
        self, name: str, changes: Iterable[Change], *, is_load: bool = False, generation: int | None = None
    ) -> None:
        """Hand a file to the replay."""
        stored = tuple(change._replace(row=self._stored(change)) for change in changes)
        began = self.lake.written(self.source, name) if is_load else None
        self._waiting.append(File(name.rsplit("/", 1)[-1], generation or self._generation, stored, is_load, began))

    def arrow(self, changes: Iterable[Change]) -> pa.Table:
        """A file's rows: DMS's Op, the source's columns, the change sequence."""
        changes = list(changes)
        columns = {"Op": pa.array([change.operation for change in changes], pa.string())}
        for name, kind in self.columns.items():
            plain = pa.float32() if pa.types.is_float16(kind) else kind  # half floats take no Python numbers
            columns[name] = pa.array([change.row.get(name) for change in changes], plain).cast(kind)
        columns[SEQUENCE] = pa.array([change.sequence for change in changes], pa.string())
        return pa.table(columns)

    def ran(self, result: TableResult | None) -> None:
        """Take the result of a run; files that were applied go into the replay."""
        self.result, self.counted = result, Counter()
        if result is not None and result.outcome is Outcome.COMPLETED:
            self.counted = self.replay.apply(self._waiting)
            self._waiting = []

    def rows(self, *columns: str) -> list[Row]:
        """The raw table's rows, by key; some columns only, if they are named."""
        rows = sorted(self.lake.rows(self.location), key=lambda row: repr([row[key] for key in self.keys]))
        return [{name: row[name] for name in columns} for row in rows] if columns else rows

    def values(self) -> dict[Any, Any]:
        """Column `v` by the first key."""
        return {row[self.keys[0]]: row["v"] for row in self.rows()}

    def counts(self) -> Counter[str]:
        """What the last run counted, in the replay's words."""
        counts = self.result.counts if self.result else None
        if counts is None:
            return Counter()
        assert counts.add_up, counts
        found = Counter({kind: getattr(counts, f"rows_{kind}") for kind in ("read", *KINDS)})
        found["removed"] = counts.rows_removed_by_reload
        return +found

    def quarantined_files(self) -> dict[str, str]:
        """Reasons by file name."""
        return self.lake.quarantined_files(self.source)

    def quarantined_rows(self) -> list[Row]:
        """Rows that could not be applied, with file, row position and reason."""
        return self.lake.quarantined_rows(f"{DATABASE}.{self.name}")

    def check(self) -> None:
        """The table equals the replay of its files, each row in its partition; the last run counted what the replay counts."""
        assert self.result is not None, "the table had nothing to do"
        assert self.result.outcome is Outcome.COMPLETED, self.result.error
        self.check_rows()
        assert self.counts() == self.counted

    def check_rows(self) -> None:
        """The table equals the replay of its files, each row in its partition."""
        placed = self.lake.placed_rows(self.location)
        assert plain_rows(self._data(row for _, row in placed)) == plain_rows(self._expected())
        assert [(path, row) for path, row in placed if not self._lies_in(path, row)] == []

    def _lies_in(self, path: str, row: Row) -> bool:
        """Whether a partition path is that of a row's text or number; other types have texts of Java's own."""
        column = (self.config.get("hudi_partition_key") or "").lower()
        value = row.get(column)
        if not column or not isinstance(value, str | int | None) or isinstance(value, bool):
            return True
        name, _, text = path.partition("=")
        folder = "__HIVE_DEFAULT_PARTITION__" if value in (None, "") else str(value)
        return (name, unquote(text)) == (column, folder)

    def _write(
        self,
        name: str,
        changes: Iterable[Change],
        *,
        options: dict[str, Any],
        is_load: bool = False,
        generation: int | None = None,
    ) -> None:
        changes = list(changes)
        self.lake.put(self.source, name, parquet(self.arrow(changes), **options))
        self.expect(name, changes, is_load=is_load, generation=generation)

    def _stored(self, change: Change) -> Row:
        row = {name.lower(): change.row.get(name) for name in self.columns}
        excluded, hashes = (set(self.config.get(key, ())) for key in ("exclude_columns", "hash_columns"))
        row = protected(row, excluded, hashes, self.config.get("hash_key_secret") or "odpf_hash_key")
        return {**row, SEQUENCE.lower(): change.sequence}

    def _data(self, rows: Iterable[Row]) -> list[Row]:
        kept = _COMPARED[self.mode]
        return [{n: value for n, value in row.items() if not n.startswith("_odpf_") or n in kept} for row in rows]

    def _expected(self) -> list[Row]:
        if self.history:
            rows = [
                {**row, **dict(zip(_OWN_OF_HISTORY, (operation, position, generation), strict=True))}
                for operation, position, generation, row in self.replay.changes()
            ]
        else:
            rows = self.replay.rows()
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in names} for row in rows]
