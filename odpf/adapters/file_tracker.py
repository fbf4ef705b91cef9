"""`odpf_file_tracker` and `odpf_file_tracker_history` in DynamoDB."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from odpf.adapters.dynamo import ConditionFailed, DynamoTable
from odpf.adapters.items import file_record, history_item, landed_file, pending_item
from odpf.clock import utc_now
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.states import Registration, Release
from odpf.tables import IN_QUARANTINE

_AT_ONCE = 8


class DynamoFileTracker:
    """Files by (source table, file id); an item is in one of the two tables, for a moment perhaps in both.

    Both are possible only when a duplicate event arrives while a file is being finished: it is then put back among
    the pending ones, and whoever chooses files drops what history has (`done`, `remove_pending`).
    """

    def __init__(self, pending: DynamoTable, history: DynamoTable) -> None:
        self._pending = pending
        self._history = history

    def register(self, file: LandedFile, landed_at: datetime) -> Registration:
        """Record a landed file once: half a read unit for history, one write unit for the item.

        The read is eventually consistent: if it misses a file done a moment ago, the file is put back (see above).
        The put is conditional on `attribute_not_exists(file_id)`: a duplicate event must not replace `landed_at`, and
        of two that arrive together one wins. After a lost answer the file is reported as already pending, which it is.
        """
        if self._history.get(_key(file), consistent=False):
            return Registration.ALREADY_DONE
        try:
            self._pending.put_new(pending_item(file, landed_at), "file_id")
        except ConditionFailed:
            return Registration.ALREADY_PENDING
        return Registration.REGISTERED

    def quarantine(self, record: FileRecord) -> Registration:
        """Put a file into history as quarantined.

        The put is conditional on `attribute_not_exists(file_id)`: what became of a file is never rewritten by an
        event. Nothing is deleted, so whoever registers files needs no right to: a file that was pending is dropped by
        whoever chooses files (see above).
        """
        try:
            self._history.put_new(history_item(record), "file_id")
        except ConditionFailed:
            return Registration.ALREADY_DONE
        return Registration.REGISTERED

    def pending(self, source_table_name: str) -> list[LandedFile]:
        """Files of one table that wait."""
        return [landed_file(item) for item in self._pending.query({"source_table_name": source_table_name})]

    def all_pending(self) -> Iterator[LandedFile]:
        """Every waiting file."""
        return map(landed_file, self._pending.scan())

    def done(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that history has, 100 files a request."""
        return {item["file_id"] for item in self._history.batch_get(map(_key, files), ["file_id"])}

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that are pending or done.

        History is asked first, since most of a listing is done long ago. A file finished between the two requests
        is missed and put back by its registration, which is harmless (see above).
        """
        files = list(files)
        done = self.done(files)
        others = [_key(file) for file in files if file.file_id not in done]
        return done | {item["file_id"] for item in self._pending.batch_get(others, ["file_id"])}

    def finished(self, files: Iterable[LandedFile]) -> dict[str, FileRecord]:
        """What history has of these files: half a read unit for each that it has, 100 a request."""
        items = self._history.batch_get(map(_key, files), consistent=False)
        return {record.file.file_id: record for record in map(file_record, items)}

    def history(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files done, of one table by query, of all by a scan."""
        items = (
            self._history.query({"source_table_name": source_table_name}) if source_table_name else self._history.scan()
        )
        return map(file_record, items)

    def quarantined(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files in quarantine; the index is sparse, so this costs what is in quarantine, not what was ever done."""
        items = (
            self._history.query({"quarantined_of": source_table_name}, index=IN_QUARANTINE)
            if source_table_name
            else self._history.scan(IN_QUARANTINE)
        )
        return map(file_record, items)

    def remove_pending(self, source_table_name: str, file_ids: Iterable[str]) -> None:
        """Drop pending items whose files history already has.

        Delete by delete, several at once: BatchWriteItem would be a right to put as well.
        """
        keys = [{"source_table_name": source_table_name, "file_id": file_id} for file_id in file_ids]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._pending.delete, keys))

    def release(self, records: Iterable[FileRecord]) -> list[Release]:
        """Move files from history back to pending, a transaction a file, several at once."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return list(pool.map(self._release, records))

    def _release(self, record: FileRecord) -> Release:
        """Move one file, if what became of it is still what the record says.

            operator   sees it quarantined by batch 1 -- release ------------------------------ release again -> CHANGED
            run                                                  applies it: processed by batch 2

        Sub-conditions: state, batch and time as seen. The state alone would not do, since a file that was released
        and set aside again is in that state, too. The put has no condition: a duplicate event may have put the very
        same item there, and whoever takes that for done and drops it finds the file again by its sweep.
        """
        seen = {"file_ingestion_status": record.state.value, "batch_id": record.batch_id, "done_at": record.done_at}
        stands = (
            f"attribute_not_exists(#{name})" if value is None else f"#{name} = :seen_{name}"
            for name, value in seen.items()
        )
        item = pending_item(record.file, utc_now())
        try:
            self._history.move(_key(record.file), self._pending, item, " AND ".join(stands), seen)
        except ConditionFailed:
            return self._found_elsewhere(record.file)
        return Release.PUT_BACK

    def _found_elsewhere(self, file: LandedFile) -> Release:
        """Tell a file that was released before, perhaps by a request whose answer was lost, from one that was applied."""
        is_done = bool(self.done([file]))
        waits = not is_done and any(self._pending.batch_get([_key(file)], ["file_id"]))
        return Release.WAITS if waits else Release.CHANGED


def _key(file: LandedFile) -> dict[str, str]:
    return {"source_table_name": file.source_table_name, "file_id": file.file_id}
