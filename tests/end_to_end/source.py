"""Tables at their source in plain dicts, and the files that DMS would write of them. Shares no code with the product."""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

Row = dict[str, Any]
COLUMNS = {"id": pa.int64(), "value": pa.int64(), "note": pa.string()}
WORDS = {"I": "INSERT", "U": "UPDATE", "D": "DELETE"}

_sequences = count(1)
_stamps = count(1)


class Source:
    """One table: its rows now, every change so far, and those not yet written to a file.

    Args:
        name: `<schema>.<table>`.
        mapped: upper-case columns and CDC_OPERATION, full loads without `Op`, as the reference endpoint writes them;
            otherwise `Op` first, everywhere, and columns as they are.
    """

    def __init__(
        self,
        name: str,
        columns: dict[str, pa.DataType] | None = None,
        keys: tuple[str, ...] = ("id",),
        *,
        mapped: bool = False,
    ) -> None:
        self.name = name
        self.folder = name.replace(".", "/")
        self.columns = columns or COLUMNS
        self.keys = keys
        self.rows: dict[tuple[Any, ...], Row] = {}
        self.history: list[tuple[str, str, Row]] = []
        self.files: list[str] = []
        self._mapped = mapped
        self._unwritten: list[tuple[str, str, Row]] = []
        self._loads = 0

    def load(self, rows: Iterable[Row]) -> tuple[str, bytes]:
        """The rows there are when replication begins: key below the staging folder, and content, of a full-load file."""
        rows = [self._whole(row) for row in rows]
        self.rows |= {self._key(row): row for row in rows}
        changes = [("I", "", row) for row in rows]
        self.history += changes
        self._loads += 1
        return self._file(f"LOAD{self._loads:08X}.parquet", self._content(changes, with_op=not self._mapped))

    def insert(self, **row: Any) -> None:
        self._change("I", row)

    def update(self, **row: Any) -> None:
        self._change("U", self.rows[self._key(row)] | row)

    def delete(self, **key: Any) -> None:
        self._change("D", self.rows[self._key(key)])

    def changes(self, folder: str = "2026/01/31") -> tuple[str, bytes]:
        """A change file with everything since the last one; its rows stand in no order, as with DMS."""
        taken, self._unwritten = self._unwritten, []
        name = f"20260131-{next(_stamps):09d}.parquet"
        return self._file(f"{folder}/{name}" if folder else name, self._content(taken[::-1], with_op=True))

    def expected(self) -> list[Row]:
        """The rows now, as a query answers them."""
        return sorted(({name: answered(row[name]) for name in self.columns} for row in self.rows.values()), key=repr)

    def _change(self, operation: str, row: Row) -> None:
        row = self._whole(row)
        if operation == "D":
            del self.rows[self._key(row)]
        else:
            self.rows[self._key(row)] = row
        change = (operation, f"2026013110000000{next(_sequences):019d}", row)
        self.history.append(change)
        self._unwritten.append(change)

    def _key(self, row: Row) -> tuple[Any, ...]:
        return tuple(row[key] for key in self.keys)

    def _whole(self, row: Row) -> Row:
        return {name: row.get(name) for name in self.columns}

    def _file(self, name: str, content: bytes) -> tuple[str, bytes]:
        key = f"{self.folder}/{name}"
        self.files.append(key)
        return key, content

    def _content(self, changes: list[tuple[str, str, Row]], *, with_op: bool) -> bytes:
        operations, sequences = [c[0] for c in changes], [c[1] for c in changes]
        columns: dict[str, pa.Array] = {"Op": pa.array(operations, pa.string())} if with_op else {}
        for name, kind in self.columns.items():
            columns[name.upper() if self._mapped else name] = pa.array([c[2][name] for c in changes], kind)
        if self._mapped:
            columns["CDC_TIMESTAMP_SEQ"] = pa.array(sequences, pa.string())
            columns["CDC_OPERATION"] = pa.array([WORDS[o] for o in operations], pa.string())
        else:
            columns["change_seq"] = pa.array(sequences, pa.string())
        return parquet(pa.table(columns))


def rows(count: int, **values: Any) -> list[Row]:
    """Rows 1 to `count` of a table with the default columns."""
    return [{"id": number, "value": number * 10, "note": f"row {number}"} | values for number in range(1, count + 1)]


def parquet(content: pa.Table) -> bytes:
    out = io.BytesIO()
    pq.write_table(content, out)
    return out.getvalue()


def answered(value: Any) -> Any:
    """A value as `odpf query --output json` writes it."""
    match value:
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value.isoformat(" ", "microseconds")
        case date():
            return value.isoformat()
        case bytes():
            return value.hex()
    return value
