"""DynamoDB with transactions that are atomic."""

from __future__ import annotations

from contextlib import AbstractContextManager
from threading import RLock
from typing import Any

from moto.dynamodb.responses import DynamoHandler

from odpf_local.aws.replacement import replaced


def atomic_requests() -> AbstractContextManager[None]:
    """One DynamoDB request at a time: moto checks and writes in two steps, which threads would interleave."""
    lock, call_action = RLock(), DynamoHandler.call_action

    def one_at_a_time(handler: DynamoHandler) -> Any:
        with lock:
            return call_action(handler)

    return replaced(DynamoHandler, "call_action", one_at_a_time)
