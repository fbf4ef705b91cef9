"""What AWS would bill for the requests that a hook sees, counted as they are answered; and how many they are.

The rules are those of the services' documentation. DynamoDB: a write is sized by the larger of the item before and
after, in steps of 1 KB; a read in steps of 4 KB, half of it when eventually consistent; a transaction costs twice in the
table and once in its indexes; an item that does not exist costs as a small one; a write whose condition fails costs as
one that succeeds, any other refusal nothing. S3: LIST is billed as PUT is, the service's own failures are not billed.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import RLock, local
from typing import NamedTuple

from odpf_local.aws_hook.call import Answer, Call, Outcome
from odpf_local.aws_hook.item_size import bytes_of
from odpf_local.aws_hook.keys import key_of, schema_of

WRITE_BYTES, READ_BYTES = 1024, 4096
REQUESTS = {
    "PutObject": "s3_write",
    "ListObjectsV2": "s3_write",
    "GetObject": "s3_read",
    "HeadObject": "s3_read",
    "PutEvents": "event",
}
_BILLED_REFUSALS = frozenset({"ConditionalCheckFailedException", "TransactionCanceledException"})
_SERVER_ERROR = 500


class Calls(NamedTuple):
    """How often an operation was called, and how often its request was made, retries included."""

    calls: int
    attempts: int


class Meter:
    """Counts units and requests by price key, and calls and attempts by (service, operation); safe to share by threads."""

    def __init__(self) -> None:
        self._used: defaultdict[str, float] = defaultdict(float)
        self._calls: Counter[tuple[str, str]] = Counter()
        self._attempts: Counter[tuple[str, str]] = Counter()
        self._sizes: dict[tuple[str, str], int] = {}
        self._paused = local()
        self._lock = RLock()
        self._counters: dict[str, Callable[[Call, Outcome], None]] = {
            "GetItem": self._get,
            "BatchGetItem": self._batch_get,
            "Query": self._query,
            "Scan": self._query,
            "PutItem": self._put,
            "UpdateItem": self._update,
            "TransactWriteItems": self._transact,
        }

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Do not count what this thread does."""
        self._paused.now = True
        try:
            yield
        finally:
            self._paused.now = False

    def take(self) -> dict[str, float]:
        """What would be billed since the last call, by price key: capacity units of DynamoDB, requests of the others."""
        with self._lock:
            used, self._used = self._used, defaultdict(float)
        return {priced: quantity for priced, quantity in used.items() if quantity}

    def take_calls(self) -> dict[tuple[str, str], Calls]:
        """Calls and attempts since the last time, by (service, operation)."""
        with self._lock:
            calls, self._calls = self._calls, Counter()
            attempts, self._attempts = self._attempts, Counter()
        return {named: Calls(calls[named], attempts[named]) for named in sorted(calls | attempts)}

    def attempted(self, call: Call) -> None:
        """Count a request that is about to be made, the first of a call or a retry."""
        if not self._is_paused:
            with self._lock:
                self._attempts[call.service, call.operation] += 1

    def observe(self, call: Call, outcome: Outcome | None) -> None:
        """Count a call that has ended.

        Args:
            call: what was asked.
            outcome: what came back at last; None when no answer did. What was done before an answer was lost is
                billed by AWS and not counted here.
        """
        if self._is_paused:
            return
        with self._lock:
            self._calls[call.service, call.operation] += 1
            if outcome is None or outcome.status >= _SERVER_ERROR:
                return
            if call.operation in REQUESTS:
                self._used[REQUESTS[call.operation]] += 1
            if not outcome.code or outcome.code in _BILLED_REFUSALS:
                self._counters.get(call.operation, _free)(call, outcome)

    @property
    def _is_paused(self) -> bool:
        return bool(getattr(self._paused, "now", False))

    def _get(self, call: Call, outcome: Outcome) -> None:
        self._read(bytes_of(outcome.answer.get("Item", {})), consistent=call.params.get("ConsistentRead", False))

    def _batch_get(self, call: Call, _: Outcome) -> None:
        for table, _verb, asked in call.actions:
            self._read(self._sizes.get(key_of(table, asked["Key"]), 0), consistent=asked["ConsistentRead"])

    def _query(self, call: Call, outcome: Outcome) -> None:
        size = sum(map(bytes_of, outcome.answer["Items"]))
        self._read(size, consistent=call.params.get("ConsistentRead", False))

    def _put(self, call: Call, outcome: Outcome) -> None:
        self._write(call.params["TableName"], call.params["Item"], stays=bool(outcome.code))

    def _update(self, call: Call, outcome: Outcome) -> None:
        item = outcome.answer.get("Attributes") or call.params["Key"]
        self._write(call.params["TableName"], item, stays=bool(outcome.code))

    def _transact(self, call: Call, outcome: Outcome) -> None:
        for table, verb, asked in call.actions:
            if verb == "Put":
                self._write(table, asked["Item"], times=2, stays=bool(outcome.code))
            else:
                size = self._sizes.get(key_of(table, asked["Key"]), 0)
                self._used["dynamodb_write"] += 2 * _steps(size, WRITE_BYTES)

    def _read(self, size: int, *, consistent: bool) -> None:
        self._used["dynamodb_read"] += _steps(size, READ_BYTES) * (1 if consistent else 0.5)

    def _write(self, table: str, item: Answer, *, times: int = 1, stays: bool = False) -> None:
        key, size, schema = key_of(table, item), bytes_of(item), schema_of(table)
        self._used["dynamodb_write"] += times * _steps(max(size, self._sizes.get(key, 0)), WRITE_BYTES)
        if not stays:
            self._sizes[key] = size
            indexed = [pair for pair in schema.indexes.values() if set(pair) <= item.keys()] if schema else []
            self._used["dynamodb_write"] += len(indexed) * _steps(size, WRITE_BYTES)


def _free(_call: Call, _outcome: Outcome) -> None:
    """Nothing is billed for it."""


def _steps(size: int, step: int) -> int:
    return max(1, ceil(size / step))
