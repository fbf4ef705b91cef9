"""Files pending and done, in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import chain
from threading import RLock
from typing import TypeVar

from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import FileState, Registration, Release

_Value = TypeVar("_Value")


class MemoryFileTracker:
    """Per source table two dictionaries by file id, changed together under one lock."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._pending: dict[str, dict[str, LandedFile]] = defaultdict(dict)
        self._history: dict[str, dict[str, FileRecord]] = defaultdict(dict)

    def register(self, file: LandedFile, landed_at: datetime) -> Registration:  # noqa: ARG002  only DynamoDB keeps it
        """Record a landed file once."""
        with self._lock:
            if file.file_id in self._history[file.source_table_name]:
                return Registration.ALREADY_DONE
            pending = self._pending[file.source_table_name]
            if file.file_id in pending:
                return Registration.ALREADY_PENDING
            pending[file.file_id] = file
            return Registration.REGISTERED

    def quarantine(self, record: FileRecord) -> Registration:
        """Put a file into history as quarantined unless it is there."""
        file = record.file
        with self._lock:
            done = self._history[file.source_table_name]
            result = Registration.ALREADY_DONE if file.file_id in done else Registration.REGISTERED
            done.setdefault(file.file_id, record)
            return result

    def pending(self, source_table_name: str) -> list[LandedFile]:
        """Files of one table that wait, by file id."""
        with self._lock:
            return _sorted(self._pending.get(source_table_name, {}))

    def all_pending(self) -> Iterator[LandedFile]:
        """Every waiting file."""
        with self._lock:
            return chain.from_iterable([_sorted(self._pending[table]) for table in sorted(self._pending)])

    def done(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that history has."""
        with self._lock:
            return {file.file_id for file in files if file.file_id in self._history.get(file.source_table_name, {})}

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that are pending or done."""
        with self._lock:
            return {
                file.file_id
                for file in files
                if file.file_id in self._history[file.source_table_name]
                or file.file_id in self._pending[file.source_table_name]
            }

    def finished(self, files: Iterable[LandedFile]) -> dict[str, FileRecord]:
        """What history has of these files, by file id."""
        with self._lock:
            found = [self._history.get(file.source_table_name, {}).get(file.file_id) for file in files]
        return {record.file.file_id: record for record in found if record}

    def history(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files done, of one table or of all."""
        with self._lock:
            tables = sorted(self._history) if source_table_name is None else [source_table_name]
            return chain.from_iterable([_sorted(self._history.get(table, {})) for table in tables])

    def quarantined(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files in quarantine, of one table or of all."""
        return (record for record in self.history(source_table_name) if record.state is FileState.QUARANTINED)

    def remove_pending(self, source_table_name: str, file_ids: Iterable[str]) -> None:
        """Drop pending items whose files history already has."""
        with self._lock:
            for file_id in file_ids:
                self._pending[source_table_name].pop(file_id, None)

    def release(self, records: Iterable[FileRecord]) -> list[Release]:
        """Move files from history back to pending, those of which history says what the record says."""
        with self._lock:
            return [self._release(record) for record in records]

    def _release(self, record: FileRecord) -> Release:
        table, file_id = record.file.source_table_name, record.file.file_id
        done = self._history[table].get(file_id)
        if done is None:
            return Release.WAITS if file_id in self._pending[table] else Release.CHANGED
        if (done.state, done.batch_id, done.done_at) != (record.state, record.batch_id, record.done_at):
            return Release.CHANGED
        del self._history[table][file_id]
        self._pending[table][file_id] = record.file
        return Release.PUT_BACK

    def move(self, records: Sequence[FileRecord]) -> None:
        """Pending to history, all at once; the ledger has checked the lease."""
        with self._lock:
            for record in records:
                table, file_id = record.file.source_table_name, record.file.file_id
                self._pending[table].pop(file_id, None)
                self._history[table][file_id] = record


def _sorted(by_id: dict[str, _Value]) -> list[_Value]:
    return [by_id[file_id] for file_id in sorted(by_id)]
