"""What AWS would bill for the requests of this process, counted as they are made.

The rules are those of the services' documentation. DynamoDB: a write is sized by the larger of the item before and
after, in steps of 1 KB; a read in steps of 4 KB, half of it when eventually consistent; a transaction costs twice in the
table and once in its indexes; an item that does not exist costs as a small one. S3: LIST is billed as PUT is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import ceil
from threading import local
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from odpf.settings import Settings
from odpf.tables import TABLES

WRITE_BYTES, READ_BYTES = 1024, 4096
REQUESTS = {
    "PutObject": "s3_write",
    "ListObjectsV2": "s3_write",
    "GetObject": "s3_read",
    "HeadObject": "s3_read",
    "PutEvents": "event",
}

Answer = dict[str, Any]


class Meter:
    """Counts units and requests by price key, of every boto3 client."""

    def __init__(self, settings: Settings) -> None:
        self.used: Counter[str] = Counter()
        self._sizes: dict[tuple[str, str], int] = {}
        self._schemas = {settings.table(schema.name): schema for schema in TABLES}
        self._paused = local()
        self._counters: dict[str, Callable[[Answer, Answer], None]] = {
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
        """What was used since the last call."""
        used, self.used = self.used, Counter()
        return {priced: quantity for priced, quantity in used.items() if quantity}

    def watched(self, call: Callable[..., Answer]) -> Callable[..., Answer]:
        """botocore's way to make a request, with a look at what is asked and answered."""

        def counted(client: BaseClient, operation: str, asked: Answer) -> Answer:
            try:
                answer = call(client, operation, asked)
            except ClientError as error:
                self._count(operation, asked, {"refused": error})
                raise
            self._count(operation, asked, answer)
            return answer

        return counted

    def _count(self, operation: str, asked: Answer, answer: Answer) -> None:
        if getattr(self._paused, "now", False):
            return
        if operation in REQUESTS:
            self.used[REQUESTS[operation]] += 1
        if counter := self._counters.get(operation):
            counter(asked, answer)

    def _get(self, asked: Answer, answer: Answer) -> None:
        self._read(bytes_of(answer.get("Item", {})), consistent=asked.get("ConsistentRead", False))

    def _batch_get(self, asked: Answer, answer: Answer) -> None:
        for table, shape in asked["RequestItems"].items():
            for key in shape["Keys"]:
                self._read(self._sizes.get(self._id(table, key), 0), consistent=shape.get("ConsistentRead", False))

    def _query(self, asked: Answer, answer: Answer) -> None:
        self._read(sum(map(bytes_of, answer["Items"])), consistent=asked.get("ConsistentRead", False))

    def _put(self, asked: Answer, answer: Answer) -> None:
        self._write(asked["TableName"], asked["Item"], stays="refused" in answer)

    def _update(self, asked: Answer, answer: Answer) -> None:
        self._write(asked["TableName"], answer.get("Attributes") or asked["Key"], stays="refused" in answer)

    def _transact(self, asked: Answer, answer: Answer) -> None:
        for action in asked["TransactItems"]:
            ((verb, what),) = action.items()
            if verb == "Put":
                self._write(what["TableName"], what["Item"], times=2)
            else:
                size = self._sizes.get(self._id(what["TableName"], what["Key"]), 0)
                self.used["dynamodb_write"] += 2 * _steps(size, WRITE_BYTES)

    def _read(self, size: int, *, consistent: bool) -> None:
        self.used["dynamodb_read"] += _steps(size, READ_BYTES) * (1 if consistent else 0.5)  # type: ignore[assignment]

    def _write(self, table: str, item: Answer, *, times: int = 1, stays: bool = False) -> None:
        key, size = self._id(table, item), bytes_of(item)
        self.used["dynamodb_write"] += times * _steps(max(size, self._sizes.get(key, 0)), WRITE_BYTES)
        if not stays:
            self._sizes[key] = size
            indexed = [pair for pair in self._schemas[table].indexes.values() if set(pair) <= item.keys()]
            self.used["dynamodb_write"] += len(indexed) * _steps(size, WRITE_BYTES)

    def _id(self, table: str, item: Answer) -> tuple[str, str]:
        schema = self._schemas[table]
        return table, str([item[key] for key in (schema.partition_key, schema.sort_key) if key])


def bytes_of(item: Answer) -> int:
    """Size of an item as DynamoDB reckons it: names and values, three bytes and one each for what is nested."""
    return sum(len(name.encode()) + _bytes_of_value(value) for name, value in item.items())


def _bytes_of_value(value: Answer) -> int:
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return len(content.encode())
        case "N":
            return len(content.strip("-").replace(".", "")) // 2 + 2
        case "L":
            return 3 + sum(1 + _bytes_of_value(inner) for inner in content)
        case "M":
            return 3 + sum(1 + len(name.encode()) + _bytes_of_value(inner) for name, inner in content.items())
        case _:
            return 1


def _steps(size: int, step: int) -> int:
    return max(1, ceil(size / step))
