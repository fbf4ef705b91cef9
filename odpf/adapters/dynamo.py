"""One DynamoDB table in plain Python values: the requests that the stores are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from botocore.exceptions import ClientError
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_random_exponential

from odpf.adapters.clients import Dynamo
from odpf.adapters.failures import aws_call, code_of
from odpf.adapters.items import Item, decode, encode
from odpf.errors import OdpfError, TransientError

READS_AT_ONCE = 100
"""Keys in one BatchGetItem (DynamoDB API)."""
WRITES_AT_ONCE = 25
"""Puts and deletes in one BatchWriteItem (DynamoDB API)."""
RETRY_SECONDS = 20.0
"""Budget for what the SDK does not retry: unprocessed keys, cancelled transactions."""

PASSING = frozenset({"None", "TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"})
"""Reasons of a cancelled transaction that pass by themselves (DynamoDB API, TransactWriteItems)."""

Key = Mapping[str, str]
Element = TypeVar("Element")


class ConditionFailed(OdpfError):
    """A conditional write was refused; `item` is what stands there, None when nothing does."""

    def __init__(self, item: Item | None) -> None:
        super().__init__("A condition of a write did not hold; its caller tells what that means.")
        self.item = item


class DynamoTable:
    """A table by name; reads are consistent unless told otherwise."""

    def __init__(self, dynamo: Dynamo, name: str, retry_seconds: float = RETRY_SECONDS) -> None:
        self.name = name
        self._client = dynamo.client
        self._retry_seconds = retry_seconds

    def get(self, key: Key, *, consistent: bool = True) -> Item | None:
        """One item."""
        with aws_call(f"Reading table {self.name}"):
            answer = self._client.get_item(TableName=self.name, Key=encode(key), ConsistentRead=consistent)
        return decode(answer["Item"]) if "Item" in answer else None

    def put(self, item: Item) -> None:
        """Add or replace an item."""
        with aws_call(f"Writing table {self.name}"):
            self._client.put_item(TableName=self.name, Item=encode(item))

    def put_new(self, item: Item, key: str) -> None:
        """Add an item unless one with its key is there.

        Args:
            item: what to add.
            key: an attribute of its primary key; it exists exactly when the item does.

        Raises:
            ConditionFailed: an item with that key is there. After a lost answer that may be this very item.
        """
        with aws_call(f"Writing table {self.name}"), _condition():
            self._client.put_item(
                TableName=self.name,
                Item=encode(item),
                ConditionExpression="attribute_not_exists(#key)",
                ExpressionAttributeNames={"#key": key},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )

    def update(self, key: Key, changes: Mapping[str, Any], condition: str, seen: Mapping[str, Any]) -> Item:
        """Set attributes (None removes one) if a condition holds; returns the whole new item.

        Args:
            key: of the item; it is made when absent and the condition allows that.
            changes: new values by attribute name.
            condition: with `#attribute` for names and `:seen_attribute` for the values of `seen`.
            seen: values that the condition compares with; None where it only asks whether the attribute exists.

        Raises:
            ConditionFailed: with the item as it is.
        """
        sets = [f"#{name} = :{name}" for name, value in changes.items() if value is not None]
        removes = [f"#{name}" for name, value in changes.items() if value is None]
        expression = " ".join(
            f"{verb} {', '.join(parts)}" for verb, parts in (("SET", sets), ("REMOVE", removes)) if parts
        )
        values = encode({**{f":{n}": v for n, v in changes.items()}, **{f":seen_{n}": v for n, v in seen.items()}})
        with aws_call(f"Writing table {self.name}"), _condition():
            answer = self._client.update_item(
                TableName=self.name,
                Key=encode(key),
                UpdateExpression=expression,
                ConditionExpression=condition,
                ExpressionAttributeNames={f"#{name}": name for name in (*changes, *seen)},
                ExpressionAttributeValues=values,
                ReturnValues="ALL_NEW",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        return decode(answer["Attributes"])

    def add(self, key: Key, counter: str, changes: Mapping[str, Any]) -> None:
        """Count an attribute up by one and set others, making the item when absent."""
        names = {f"#{name}": name for name in (counter, *changes)}
        sets = ", ".join(f"#{name} = :{name}" for name in changes)
        with aws_call(f"Writing table {self.name}"):
            self._client.update_item(
                TableName=self.name,
                Key=encode(key),
                UpdateExpression=f"ADD #{counter} :one SET {sets}",
                ExpressionAttributeNames=names,
                ExpressionAttributeValues=encode({":one": 1, **{f":{n}": v for n, v in changes.items()}}),
            )

    def delete(self, key: Key) -> None:
        """Remove an item; none is fine."""
        with aws_call(f"Deleting from table {self.name}"):
            self._client.delete_item(TableName=self.name, Key=encode(key))

    def move(self, key: Key, to: DynamoTable, item: Item, condition: str, seen: Mapping[str, Any]) -> None:
        """Take an item out of this table if a condition holds, and put one into another, in one transaction.

        Args:
            key: of the item that goes.
            to: the other table.
            item: what is put there, whatever stands in its place.
            condition: on the item that goes, as in `update`.
            seen: values that the condition compares with.

        Raises:
            ConditionFailed: nothing was moved by this request; one before it, whose answer was lost, may have.
            TransientError: conflicts or throttling outlasted the budget; nothing was moved.
        """
        leaves = {
            "TableName": self.name,
            "Key": encode(key),
            "ConditionExpression": condition,
            "ExpressionAttributeNames": {f"#{name}": name for name in seen},
            "ExpressionAttributeValues": encode({f":seen_{name}": value for name, value in seen.items()}),
        }
        actions: list[Any] = [{"Delete": leaves}, {"Put": {"TableName": to.name, "Item": encode(item)}}]

        def moved() -> bool:
            with aws_call(f"Moving an item from {self.name} to {to.name}"):
                try:
                    self._client.transact_write_items(TransactItems=actions)
                except ClientError as error:
                    codes = cancellation_codes(error)
                    if codes[:1] == ["ConditionalCheckFailed"]:
                        raise ConditionFailed(None) from None
                    if not set(codes) <= PASSING:
                        raise
                    return False
            return True

        if not retrying(self._retry_seconds, moved):
            raise TransientError(
                f"Moving an item from {self.name} to {to.name} met other transactions or throttling for "
                f"{self._retry_seconds:.0f} s; nothing was moved. Try again."
            )

    def query(
        self,
        values: Mapping[str, str],
        *,
        since: Key | None = None,
        index: str | None = None,
        newest: int | None = None,
    ) -> Iterator[Item]:
        """Items of a partition in the order of their sort key, page by page; an index is read eventually.

        Args:
            values: the partition key.
            since: the sort key from which to read on.
            index: name of the index to read instead of the table.
            newest: from the greatest sort key down, so many items a page; who wants no more takes no more.
        """
        compared = [f"#{name} = :{name}" for name in values] + [f"#{name} >= :{name}" for name in since or {}]
        everything = {**values, **(since or {})}
        arguments: dict[str, Any] = {
            "TableName": self.name,
            "KeyConditionExpression": " AND ".join(compared),
            "ExpressionAttributeNames": {f"#{name}": name for name in everything},
            "ExpressionAttributeValues": encode({f":{name}": value for name, value in everything.items()}),
            **({"IndexName": index} if index else {"ConsistentRead": True}),
            **({"ScanIndexForward": False, "Limit": newest} if newest else {}),
        }
        return self._pages(lambda position: self._client.query(**arguments, **position))

    def scan(self, index: str | None = None) -> Iterator[Item]:
        """Every item of the table, or of an index, page by page; an index is read eventually."""
        arguments: dict[str, Any] = {"IndexName": index} if index else {"ConsistentRead": True}
        return self._pages(lambda position: self._client.scan(TableName=self.name, **arguments, **position))

    def batch_get(
        self, keys: Iterable[Key], attributes: Sequence[str] = (), *, consistent: bool = True
    ) -> Iterator[Item]:
        """Those items of the keys that exist, in no order, 100 a request."""
        names = {f"#{name}": name for name in attributes}
        shape: dict[str, Any] = {"ConsistentRead": consistent}
        if names:
            shape |= {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names}
        for chunk in chunks(_unique(keys), READS_AT_ONCE):
            yield from self._get_chunk(chunk, shape)

    def batch_write(self, puts: Iterable[Item] = (), deletes: Iterable[Key] = ()) -> None:
        """Put and delete without conditions, 25 a request; no key may occur twice."""
        requests: list[dict[str, Any]] = [{"PutRequest": {"Item": encode(item)}} for item in puts]
        requests += [{"DeleteRequest": {"Key": encode(key)}} for key in _unique(deletes)]
        for chunk in chunks(requests, WRITES_AT_ONCE):
            waiting = list(chunk)

            def write(waiting: list[dict[str, Any]] = waiting) -> bool:
                asked: dict[str, Any] = {self.name: waiting}
                with aws_call(f"Writing table {self.name}"):
                    answer: dict[str, Any] = {**self._client.batch_write_item(RequestItems=asked)}
                waiting[:] = answer.get("UnprocessedItems", {}).get(self.name, [])
                return not waiting

            self._until_done(write)

    def _get_chunk(self, keys: Sequence[Key], shape: Mapping[str, Any]) -> list[Item]:
        waiting = [encode(key) for key in keys]
        found: list[Item] = []

        def read() -> bool:
            asked: dict[str, Any] = {self.name: {**shape, "Keys": waiting}}
            with aws_call(f"Reading table {self.name}"):
                answer: dict[str, Any] = {**self._client.batch_get_item(RequestItems=asked)}
            found.extend(decode(item) for item in answer["Responses"].get(self.name, []))
            waiting[:] = answer.get("UnprocessedKeys", {}).get(self.name, {}).get("Keys", [])
            return not waiting

        self._until_done(read)
        return found

    def _pages(self, ask: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Iterator[Item]:
        position: dict[str, Any] = {}
        while True:
            with aws_call(f"Reading table {self.name}"):
                answer = ask(position)
            yield from map(decode, answer["Items"])
            if "LastEvaluatedKey" not in answer:
                return
            position = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}

    def _until_done(self, attempt: Callable[[], bool]) -> None:
        """Repeat what DynamoDB left unprocessed: it answers so under load, and the SDK does not retry it."""
        if not retrying(self._retry_seconds, attempt):
            raise TransientError(
                f"Table {self.name} left requests unprocessed for {self._retry_seconds:.0f} s. "
                "The next run tries again; if it lasts, look at the table's throttling metrics."
            )


def cancellation_codes(error: ClientError) -> list[str]:
    """Why a transaction was cancelled, in the order of its actions; any other error is raised again."""
    if code_of(error) != "TransactionCanceledException":
        raise error
    return [str(reason.get("Code", "None")) for reason in error.response.get("CancellationReasons", [])]


def retrying(seconds: float, attempt: Callable[[], bool]) -> bool:
    """Call until it returns True, with exponential waits and full jitter, within a budget of seconds."""
    retry = Retrying(
        retry=retry_if_result(lambda done: not done),
        wait=wait_random_exponential(multiplier=0.05, max=2),
        stop=stop_after_delay(seconds),
        retry_error_callback=lambda _: False,
    )
    return bool(retry(attempt))


def chunks(elements: Iterable[Element], size: int) -> Iterator[list[Element]]:
    """Split into lists of at most `size`."""
    listed = list(elements)
    return (listed[start : start + size] for start in range(0, len(listed), size))


class _condition:  # noqa: N801  reads as the `with` statement it is
    """Turn a refused condition into ConditionFailed, inside `aws_call`."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, ClientError) and code_of(error) == "ConditionalCheckFailedException":
            answer: dict[str, Any] = {**error.response}
            item = answer.get("Item")
            raise ConditionFailed(decode(item) if item else None) from None


def _unique(keys: Iterable[Key]) -> list[Key]:
    return list({tuple(sorted(key.items())): key for key in keys}.values())
