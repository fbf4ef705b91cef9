"""`odpf_file_processing_tracker_history` in DynamoDB, append only."""

from __future__ import annotations

from itertools import islice

from odpf.adapters.dynamo import ConditionFailed, DynamoTable
from odpf.adapters.items import audit_item, audit_row
from odpf.audit import AuditRow
from odpf.tables import BY_DAY, BY_RUN


class DynamoAuditLog:
    """Rows by raw table and `run_sort`; the two indexes answer by run and by day without a scan."""

    def __init__(self, table: DynamoTable) -> None:
        self._table = table

    def append(self, row: AuditRow) -> AuditRow:
        """Add a row, on condition that its key is new: what was audited is never rewritten.

        Where another stands it is a later attempt. The same row again is nothing new: so looks a write whose answer
        was lost.
        """
        while True:
            item = audit_item(row)
            try:
                self._table.put_new(item, "raw_table_name")
            except ConditionFailed as failed:
                if failed.item is None or audit_row(failed.item) != audit_row(item):
                    row = row.model_copy(update={"attempt": row.attempt + 1})
                    continue
            return row

    def of_run(self, run_id: str) -> list[AuditRow]:
        """Rows of a run."""
        return [audit_row(item) for item in self._table.query({"run_id": run_id}, index=BY_RUN)]

    def of_table(self, raw_table: str, since: str = "") -> list[AuditRow]:
        """Rows of a table, oldest first."""
        later = {"run_sort": since} if since else None  # a key cannot be compared with an empty text
        return [audit_row(item) for item in self._table.query({"raw_table_name": raw_table}, since=later)]

    def newest_of_table(self, raw_table: str, most: int) -> list[AuditRow]:
        """At most so many rows of a table, newest first."""
        found = self._table.query({"raw_table_name": raw_table}, newest=most)
        return [audit_row(item) for item in islice(found, most)]

    def of_day(self, day: str) -> list[AuditRow]:
        """Rows of runs started on a UTC day."""
        return [audit_row(item) for item in self._table.query({"run_day": day}, index=BY_DAY)]
