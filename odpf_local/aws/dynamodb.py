"""DynamoDB with transactions that are atomic, at a cost that does not grow with the table."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from types import SimpleNamespace
from typing import Any, NamedTuple

import moto.dynamodb.models
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler

from odpf_local.aws.replacement import replaced


class _Touched(NamedTuple):
    """An item as it was before a transaction; `item` is None if it did not exist."""

    table: Table
    hash_key: Any
    range_key: Any
    item: Any

    def restore(self) -> None:
        """Put it back."""
        if self.item is None:
            self.table.delete_item(self.hash_key, self.range_key)
        elif self.range_key is None:
            self.table.items[self.hash_key] = self.item
        else:
            self.table.items[self.hash_key][self.range_key] = self.item


@contextmanager
def atomic_requests() -> Iterator[None]:
    """One DynamoDB request at a time: moto checks and writes in two steps, which threads would interleave."""
    lock, call_action = RLock(), DynamoHandler.call_action
    transact = DynamoDBBackend.transact_write_items

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return call_action(handler)

    def transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
        """As moto does it, but keeping the items touched; moto copies the whole table once per action."""
        before = _touched(backend, transact_items)
        with replaced(moto.dynamodb.models, "copy", SimpleNamespace(deepcopy=_copy_unless_table)):
            try:
                transact(backend, transact_items)
            except Exception:
                for item in before:
                    item.restore()
                raise

    with ExitStack() as replacements:
        replacements.enter_context(replaced(DynamoHandler, "call_action", one_at_a_time))
        replacements.enter_context(replaced(DynamoDBBackend, "transact_write_items", transact_write_items))
        yield


def _touched(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> list[_Touched]:
    found = []
    for action in transact_items:
        for operation in action.values():
            table = backend.tables.get(operation.get("TableName", ""))
            key = operation.get("Key") or operation.get("Item") or {}
            # An action on an unknown table or without the key's attributes changes nothing: it fails.
            if table is not None and all(name in key for name in (table.hash_key_attr, table.range_key_attr) if name):
                keys = backend.get_keys_value(table, key)
                found.append(_Touched(table, *keys, copy.deepcopy(table.get_item(*keys))))
    return found


def _copy_unless_table(value: Any) -> Any:
    return value if isinstance(value, Table) else copy.deepcopy(value)
