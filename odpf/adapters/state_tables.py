"""The tables of a deployment item by item, in DynamoDB's own typed values: what a copy of the state reads and writes.

The stores beside this know what items mean. A copy has to keep what it does not know, and as it is: numbers as the text
that DynamoDB has, sets, bytes, nulls, attributes of a later release.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from odpf.adapters.clients import Dynamo
from odpf.adapters.dynamo import READS_AT_ONCE, RETRY_SECONDS, WRITES_AT_ONCE, chunks, retrying
from odpf.adapters.failures import aws_call
from odpf.errors import TransientError
from odpf.settings import Settings
from odpf.tables import TABLES, TableSchema

TypedItem = dict[str, Any]
"""An item as the API has it: `{"rows": {"N": "3"}}`; bytes where the type is B."""
ItemKey = tuple[str, ...]
"""Partition key and, where the table has one, sort key; all keys are texts (odpf/tables.py)."""

_AT_ONCE = 4
"""Requests that write at once: with more a new table on demand throttles at once (4,000 units a second at first)."""


Counted = Callable[[int], None]
"""Is told of so many items more."""


def _nobody(_items: int) -> None:
    """Is told, and tells nobody."""


class StateTable:
    """One table; reads are consistent, writes are unconditional and may be repeated.

    `on_read` and `on_write` are told of every page that was scanned, and of every request that wrote.
    """

    def __init__(
        self,
        dynamo: Dynamo,
        name: str,
        schema: TableSchema,
        retry_seconds: float = RETRY_SECONDS,
        on_read: Counted = _nobody,
        on_write: Counted = _nobody,
    ) -> None:
        self.name, self.schema = name, schema
        self._client = dynamo.client
        self._keys = [key for key in (schema.partition_key, schema.sort_key) if key]
        self._retry_seconds = retry_seconds
        self._on_read, self._on_write = on_read, on_write

    def key(self, item: TypedItem) -> ItemKey:
        """The primary key of an item."""
        return tuple(item[name]["S"] for name in self._keys)

    def scan(self) -> Iterator[TypedItem]:
        """Every item, page by page; no more than one page is held."""
        position: dict[str, Any] = {}
        while True:
            with aws_call(f"Reading table {self.name}"):
                answer: dict[str, Any] = {
                    **self._client.scan(TableName=self.name, ConsistentRead=True, **position),
                }
            self._on_read(len(answer["Items"]))
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def stored(self, keys: Sequence[ItemKey]) -> dict[ItemKey, TypedItem]:
        """Those items of the keys that exist, 100 a request."""
        found: dict[ItemKey, TypedItem] = {}
        for some in chunks(keys, READS_AT_ONCE):
            waiting = [{name: {"S": text} for name, text in zip(self._keys, key, strict=True)} for key in some]

            def read(waiting: list[Any] = waiting) -> bool:
                asked: dict[str, Any] = {self.name: {"Keys": waiting, "ConsistentRead": True}}
                with aws_call(f"Reading table {self.name}"):
                    answer: dict[str, Any] = {**self._client.batch_get_item(RequestItems=asked)}
                found.update((self.key(item), item) for item in answer["Responses"].get(self.name, []))
                waiting[:] = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
                return not waiting

            if not retrying(self._retry_seconds, read):
                raise self._throttled()
        return found

    def write(self, items: Sequence[TypedItem]) -> None:
        """Put items, whatever stands in their places, 25 a request and some requests at once; no key may occur twice."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(self._write, chunks(items, WRITES_AT_ONCE)))

    def _write(self, items: Sequence[TypedItem]) -> None:
        waiting: list[Any] = [{"PutRequest": {"Item": item}} for item in items]

        def write() -> bool:
            asked: dict[str, Any] = {self.name: waiting}
            with aws_call(f"Writing table {self.name}"):
                answer: dict[str, Any] = {**self._client.batch_write_item(RequestItems=asked)}
            waiting[:] = answer.get("UnprocessedItems", {}).get(self.name, [])
            return not waiting

        if not retrying(self._retry_seconds, write):
            raise self._throttled()
        self._on_write(len(items))

    def _throttled(self) -> TransientError:
        return TransientError(
            f"Table {self.name} left requests unprocessed for {self._retry_seconds:.0f} s. Look at its throttling metrics, "
            "then give the same command again."
        )


def state_tables(
    dynamo: Dynamo,
    settings: Settings,
    retry_seconds: float = RETRY_SECONDS,
    *,
    on_read: Counted = _nobody,
    on_write: Counted = _nobody,
) -> dict[str, StateTable]:
    """All tables of a deployment, by their names without the prefix."""
    return {
        schema.name: StateTable(dynamo, settings.table(schema.name), schema, retry_seconds, on_read, on_write)
        for schema in TABLES
    }
