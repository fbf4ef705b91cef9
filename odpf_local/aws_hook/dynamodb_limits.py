"""Limits of DynamoDB's API, in the order in which the service finds them: the request, its counts, its keys, its items.

Sources: the API reference of each operation; the developer guide, "Quotas in Amazon DynamoDB" and "DynamoDB item sizes
and formats"; the messages are those that dynalite, moto and reports of users have from the service. Query and Scan take
any request: they answer 1 MB at a time.

A client knows neither the items that stand in a table nor the schema of a table that is not the framework's: an update
is measured by its key and what it assigns, and keys of foreign tables only by the longer limit of partition keys.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from odpf_local.aws_hook.call import Call, ServiceError, cancelled
from odpf_local.aws_hook.item_size import bytes_of, bytes_of_value, bytes_set
from odpf_local.aws_hook.keys import key_of, partition_attributes, schema_of, sort_attributes
from odpf_local.aws_hook.limit import Limit, invalid, says, too_long

REQUEST_BYTES = 16 * 1024 * 1024
ITEM_BYTES = 409_600
TRANSACTION_BYTES = 4 * 1024 * 1024
TRANSACTION_ACTIONS = 100
BATCH_WRITES = 25
BATCH_READS = 100
PARTITION_KEY_BYTES, SORT_KEY_BYTES = 2048, 1024

_TRANSACTIONS = frozenset({"TransactWriteItems", "TransactGetItems"})
_TO_UPDATE = "Item size to update has exceeded the maximum allowed size"
_QUOTAS = "Developer guide, Quotas in Amazon DynamoDB"


def _body(call: Call) -> Iterable[int]:
    return (call.body_bytes,)


def _actions(call: Call) -> Iterable[int]:
    return (len(call.actions),)


def _actions_of_a_table(call: Call) -> Iterable[int]:
    return Counter(table for table, _, _ in call.actions).values()


def _actions_on_an_item(call: Call) -> Iterable[int]:
    named: Iterable[Hashable] = (key_of(table, item) for table, item in call.items_and_keys)
    return Counter(named).values()


def _partition_keys(call: Call) -> Iterator[int]:
    for table, _, asked in call.actions:
        if "Item" in asked or schema_of(table):
            item = asked.get("Item") or asked["Key"]
            names = partition_attributes(table, item)
        else:
            item, names = asked["Key"], list(asked["Key"])
        yield from (bytes_of_value(item[name]) for name in names)


def _sort_keys(call: Call) -> Iterator[int]:
    for table, item in call.items_and_keys:
        yield from (bytes_of_value(item[name]) for name in sort_attributes(table, item))


def _items(call: Call) -> Iterable[int]:
    return (bytes_of(asked["Item"]) for _, _, asked in call.actions if "Item" in asked)


def _updated_items(call: Call) -> Iterable[int]:
    return (bytes_set(asked) for _, verb, asked in call.actions if verb == "Update")


def _transaction(call: Call) -> Iterable[int]:
    sizes = {"Put": lambda asked: bytes_of(asked["Item"]), "Update": bytes_set}
    return (sum(sizes.get(verb, lambda asked: bytes_of(asked["Key"]))(asked) for _, verb, asked in call.actions),)


def _update_too_big(call: Call, _: int) -> ServiceError:
    too_big = [
        position
        for position, (_table, verb, asked) in enumerate(call.actions)
        if verb == "Update" and bytes_set(asked) > ITEM_BYTES
    ]
    return cancelled(call, dict.fromkeys(too_big, ("ValidationError", _TO_UPDATE)))


def _on(*operations: str) -> frozenset[str]:
    return frozenset(operations)


DYNAMODB_LIMITS = (
    Limit(
        "bytes of a request",
        "dynamodb",
        _on(),
        REQUEST_BYTES,
        _body,
        says("", "", 413),
        "API, BatchWriteItem; dynalite answers 413 without a body (u)",
    ),
    Limit(
        "actions of a transaction",
        "dynamodb",
        _TRANSACTIONS,
        TRANSACTION_ACTIONS,
        _actions,
        too_long("transactItems", TRANSACTION_ACTIONS),
        "API, TransactWriteItems and TransactGetItems",
    ),
    Limit(
        "requests of a batch for one table",
        "dynamodb",
        _on("BatchWriteItem"),
        BATCH_WRITES,
        _actions_of_a_table,
        invalid(
            "1 validation error detected: Value at 'requestItems' failed to satisfy constraint: Map value must satisfy "
            "constraint: [Member must have length less than or equal to 25, Member must have length greater than or "
            "equal to 1]"
        ),
        "API, BatchWriteItem",
    ),
    Limit(
        "requests of a batch",
        "dynamodb",
        _on("BatchWriteItem"),
        BATCH_WRITES,
        _actions,
        invalid("Too many items requested for the BatchWriteItem call"),
        "API, BatchWriteItem",
    ),
    Limit(
        "keys of a batch for one table",
        "dynamodb",
        _on("BatchGetItem"),
        BATCH_READS,
        _actions_of_a_table,
        too_long("requestItems.member.keys", BATCH_READS),
        "API, BatchGetItem",
    ),
    Limit(
        "keys of a batch",
        "dynamodb",
        _on("BatchGetItem"),
        BATCH_READS,
        _actions,
        invalid("Too many items requested for the BatchGetItem call"),
        "API, BatchGetItem",
    ),
    Limit(
        "actions of a transaction on one item",
        "dynamodb",
        _on("TransactWriteItems"),
        1,
        _actions_on_an_item,
        invalid("Transaction request cannot include multiple operations on one item"),
        "API, TransactWriteItems",
    ),
    Limit(
        "requests of a batch for one item",
        "dynamodb",
        _on("BatchWriteItem", "BatchGetItem"),
        1,
        _actions_on_an_item,
        invalid("Provided list of item keys contains duplicates"),
        "API, BatchWriteItem and BatchGetItem",
    ),
    Limit(
        "bytes of a partition key",
        "dynamodb",
        _on(),
        PARTITION_KEY_BYTES,
        _partition_keys,
        invalid(  # the missing space is the service's
            "One or more parameter values were invalid: Size of hashkey has exceeded the maximum size limit of2048 bytes"
        ),
        _QUOTAS,
    ),
    Limit(
        "bytes of a sort key",
        "dynamodb",
        _on(),
        SORT_KEY_BYTES,
        _sort_keys,
        invalid(
            "One or more parameter values were invalid: Aggregated size of all range keys has exceeded the size limit "
            "of 1024 bytes"
        ),
        _QUOTAS,
    ),
    Limit(
        "bytes of an item",
        "dynamodb",
        _on(),
        ITEM_BYTES,
        _items,
        invalid("Item size has exceeded the maximum allowed size"),
        _QUOTAS,
    ),
    Limit(
        "bytes of an updated item",
        "dynamodb",
        _on("UpdateItem"),
        ITEM_BYTES,
        _updated_items,
        invalid(_TO_UPDATE),
        _QUOTAS,
    ),
    Limit(
        "bytes of all items of a transaction",
        "dynamodb",
        _on("TransactWriteItems"),
        TRANSACTION_BYTES,
        _transaction,
        invalid("Transaction item size has exceeded the 4 MB limit"),
        "API, TransactWriteItems (u)",
    ),
    Limit(
        "bytes of an item updated in a transaction",
        "dynamodb",
        _on("TransactWriteItems"),
        ITEM_BYTES,
        _updated_items,
        _update_too_big,
        "API, TransactWriteItems",
    ),
)
