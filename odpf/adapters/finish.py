"""Moving files from pending to history in transactions that check the lease."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from botocore.exceptions import ClientError

from odpf.adapters.clients import Dynamo
from odpf.adapters.dynamo import PASSING, cancellation_codes, chunks, retrying
from odpf.adapters.failures import aws_call
from odpf.adapters.items import encode, history_item
from odpf.adapters.lease_errors import lease_lost
from odpf.errors import TerminalError, TransientError
from odpf.failpoints import Failpoint, reached
from odpf.file_record import FileRecord
from odpf.table_state import TableState

FILES_AT_ONCE = 49
"""One check and two actions a file make 99 of the 100 that TransactWriteItems takes; with keys of at most 1,024 bytes
and shortened reasons (`odpf.adapters.items`) they stay far below its 4 MB."""


class Finish:
    """The transaction of `Ledger.finish_files`; the arguments are table names."""

    def __init__(self, dynamo: Dynamo, *, tracker: str, history: str, ledger: str, retry_seconds: float) -> None:
        self._client = dynamo.client
        self._tracker = tracker
        self._history = history
        self._ledger = ledger
        self._retry_seconds = retry_seconds

    def move(self, lease: TableState, records: Sequence[FileRecord]) -> None:
        """Put each file into history and take it out of the pending ones, 49 files a transaction.

        Neither the put nor the delete has a condition of its own: repeated after a lost answer, or by the run that
        recovers a dead one, they write the same again. The only condition is the lease's, on the item that also
        every take-over writes, so DynamoDB orders the two.

        Raises:
            LeaseLost: the lease is no longer the item's; of this and later transactions nothing was written.
            TransientError: conflicts or throttling outlasted the budget; what was moved stays moved.
        """
        if lease.lease_owner is None:
            raise lease_lost(lease)
        once = {record.file.file_id: record for record in records}
        for some in chunks(once.values(), FILES_AT_ONCE):
            actions = [self._lease_check(lease), *(action for record in some for action in self._actions(record))]
            if not retrying(self._retry_seconds, lambda actions=actions: self._written(lease, actions)):  # type: ignore[misc]
                raise TransientError(
                    f"Finishing {len(some)} files of {lease.raw_table} met other transactions or throttling for "
                    f"{self._retry_seconds:.0f} s. The next run finishes them."
                )
            reached(Failpoint.FILES_MOVED, lease.raw_table)

    def _written(self, lease: TableState, actions: list[dict[str, Any]]) -> bool:
        with aws_call(f"Moving files from {self._tracker} to {self._history}"):
            try:
                self._client.transact_write_items(TransactItems=actions)  # type: ignore[arg-type]
            except ClientError as error:
                self._judge(lease, error)
                return False
        return True

    def _judge(self, lease: TableState, error: ClientError) -> None:
        """Tell a lost lease from a conflict that passes; the reasons stand in the order of the actions."""
        codes = cancellation_codes(error)
        if codes and codes[0] == "ConditionalCheckFailed":
            raise lease_lost(lease) from None
        if not set(codes) <= PASSING:
            raise TerminalError(
                f"Files of {lease.raw_table} cannot be finished: {error}. Look at the refused items, then run again."
            ) from error

    def _lease_check(self, lease: TableState) -> dict[str, Any]:
        """Sub-conditions: the owner is still this one, and it is this acquisition of it (see the ledger)."""
        return {
            "ConditionCheck": {
                "TableName": self._ledger,
                "Key": encode({"raw_table_name": lease.raw_table}),
                "ConditionExpression": "#lease_owner = :lease_owner AND #fence = :fence",
                "ExpressionAttributeNames": {"#lease_owner": "lease_owner", "#fence": "fence"},
                "ExpressionAttributeValues": encode({":lease_owner": lease.lease_owner, ":fence": lease.fence}),
            }
        }

    def _actions(self, record: FileRecord) -> list[dict[str, Any]]:
        file = record.file
        key = encode({"source_table_name": file.source_table_name, "file_id": file.file_id})
        return [
            {"Delete": {"TableName": self._tracker, "Key": key}},
            {"Put": {"TableName": self._history, "Item": encode(history_item(record))}},
        ]
