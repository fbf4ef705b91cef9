"""What is in quarantine: files by their history, rows by the folders of their tables in the artifacts bucket.

Nothing is looked at that was never in quarantine but the history of tables that have rows there, one query each.
"""

from __future__ import annotations

import io
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import NamedTuple

from odpf.configured_table import read_items
from odpf.errors import TerminalError
from odpf.file_record import FileRecord
from odpf.ports import AuditLog, ConfigStore, FileTracker, Ledger, ObjectStore
from odpf.quarantined_rows import ROWS_PREFIX, QuarantinedRow, RowsKey, parse_rows_key
from odpf.states import FileState

MOST_ROWS_READ = 1000
"""Of one file batch for a list: enough for its reasons; of more rows the audit has the number."""


class NotInQuarantine(TerminalError):
    """Nothing in quarantine has the id that was asked for."""


class RowBatch(NamedTuple):
    """A file batch of which rows are in quarantine.

    Attributes:
        records: those of its files that such rows came from, and that no later batch has applied.
        rows: how many; None when there are more than were read, and the audit does not tell.
        reasons: how many of the rows that were read have which kind of reason, the most frequent first.
        keys: of the objects with the rows.
    """

    batch_id: str
    raw_table: str
    records: tuple[FileRecord, ...]
    rows: int | None
    reasons: Mapping[str, int]
    keys: tuple[str, ...]

    @property
    def newest(self) -> FileRecord:
        """The record that says when, and by which run."""
        return max(self.records, key=lambda record: record.done_at or "")


class Contents(NamedTuple):
    """Files and file batches, each newest first."""

    files: tuple[FileRecord, ...]
    batches: tuple[RowBatch, ...]


class Quarantine(NamedTuple):
    """A deployment's quarantine, over the ports that know of it; `bucket` is that of its artifacts."""

    tracker: FileTracker
    ledger: Ledger
    audit: AuditLog
    config: ConfigStore
    objects: ObjectStore
    bucket: str

    def contents(self, table: str | None = None) -> Contents:
        """Everything, or what one source table has."""
        files = sorted(self.tracker.quarantined(table), key=lambda record: record.done_at or "", reverse=True)
        batches = self._batches(self._listed(self._prefixes(table)), MOST_ROWS_READ)
        newest = sorted(batches, key=lambda batch: batch.newest.done_at or "", reverse=True)
        return Contents(tuple(files), tuple(newest))

    def find(self, wanted: str) -> FileRecord | RowBatch:
        """A file in quarantine by its id, or a file batch with rows there.

        Raises:
            NotInQuarantine: neither is there.
        """
        for record in self.tracker.quarantined():
            if record.file.file_id == wanted:
                return record
        return self.batch(wanted)

    def batch(self, batch_id: str) -> RowBatch:
        """A file batch with rows in quarantine, every one of them looked at.

        Raises:
            NotInQuarantine: it has none, or its files were released or applied again since.
        """
        listed = {rows: keys for rows, keys in self._listed([ROWS_PREFIX]).items() if rows.batch_id == batch_id}
        for found in self._batches(listed, None):
            return found
        raise NotInQuarantine(
            f"Nothing in quarantine has the id {batch_id}. `odpf quarantine list` shows what is there; a file that was "
            "released waits, or is applied: `odpf files`."
        )

    def rows_of(self, batch: RowBatch) -> Iterator[QuarantinedRow]:
        """The rows of a batch but for those of files that were released or applied again since."""
        named = {record.file.name for record in batch.records}
        return (row for row in self.rows(batch.keys) if row.file in named)

    def rows(self, keys: Iterable[str]) -> Iterator[QuarantinedRow]:
        """Rows in the order they were written, read as far as they are taken."""
        for key in keys:
            with self.objects.open(self.bucket, key)[0] as reader:
                lines = io.TextIOWrapper(reader, encoding="utf-8", newline="\n")
                yield from (QuarantinedRow.model_validate_json(line) for line in lines)

    def _prefixes(self, table: str | None) -> list[str]:
        if table is None:
            return [ROWS_PREFIX]
        items = (each.item for each in read_items(self.config.tables()) if each.source_table_name == table)
        return [f"{ROWS_PREFIX}{item.get('raw_database_name')}.{item.get('raw_table_name')}/" for item in items]

    def _listed(self, prefixes: Iterable[str]) -> dict[RowsKey, list[str]]:
        found: dict[RowsKey, list[str]] = defaultdict(list)
        for prefix in dict.fromkeys(prefixes):
            for entry in self.objects.list(self.bucket, prefix):
                if entry.size and (rows := parse_rows_key(entry.key)):
                    found[rows].append(entry.key)
        return found

    def _batches(self, listed: Mapping[RowsKey, Sequence[str]], most: int | None) -> Iterator[RowBatch]:
        states = self.ledger.states({rows.raw_table for rows in listed})
        applied = {table: self._applied(states[table].source_table_name, listed) for table in states}
        for rows, keys in listed.items():
            records = applied.get(rows.raw_table, {}).get(rows.batch_id)
            found = self._batch(rows, keys, records, most) if records else None
            if found:
                yield found

    def _applied(self, source_table: str, listed: Iterable[RowsKey]) -> dict[str, list[FileRecord]]:
        """Files of these batches that none has applied since; what was released has another record by then, or none."""
        wanted, found = {rows.batch_id for rows in listed}, defaultdict(list)
        for record in self.tracker.history(source_table):
            if record.state is FileState.PROCESSED and record.batch_id in wanted:
                found[record.batch_id or ""].append(record)
        return found

    def _batch(
        self, rows: RowsKey, keys: Sequence[str], records: Sequence[FileRecord], most: int | None
    ) -> RowBatch | None:
        named = {record.file.name for record in records}
        still_there = (row for row in self.rows(keys) if row.file in named)
        counted = Counter((row.file, row.kind) for row in islice(still_there, most))
        files = {file for file, _ in counted}
        if not files:
            return None
        reasons: Counter[str] = Counter()
        for (_, kind), times in counted.items():
            reasons[kind] += times
        of_rows = tuple(record for record in records if record.file.name in files)
        number = self._audited(rows.raw_table, records[0].run_id) if reasons.total() == most else reasons.total()
        return RowBatch(rows.batch_id, rows.raw_table, of_rows, number, dict(reasons.most_common()), tuple(keys))

    def _audited(self, raw_table: str, run_id: str | None) -> int | None:
        """What the run that applied the batch says of the table's rows."""
        audited = [row for row in self.audit.of_run(run_id or "") if row.raw_table == raw_table] if run_id else []
        return sum(row.counts.rows_quarantined for row in audited) or None
