"""Events as AWS sends them (tests/events), with a key, bucket or anything else put in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from odpf.ports import StoredObject
from odpf.settings import StagingPlace

EVENTS = Path(__file__).parents[1] / "events"
PLACES = (StagingPlace(bucket="odpf-staging", folder="internal_staging"),)
CHANGES = "20260131-101530123.parquet"


def payload(name: str) -> dict[str, Any]:
    """A kept event."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def object_created(key: str | None = None, etag: str | None = None, bucket: str | None = None) -> str:
    """The body of a message that holds EventBridge's event."""
    event = payload("eventbridge_object_created")
    event["detail"]["object"] |= {k: v for k, v in {"key": key, "etag": etag}.items() if v is not None}
    if bucket is not None:
        event["detail"]["bucket"]["name"] = bucket
    return json.dumps(event)


def staged(below: str, etag: str | None = None) -> str:
    """The same for a key below the staging folder."""
    return object_created(f"internal_staging/{below}", etag)


def changed(path: str, value: Any = ...) -> str:
    """EventBridge's event with one value replaced, or left out."""
    event = payload("eventbridge_object_created")
    *parents, last = path.split("/")
    target = event
    for name in parents:
        target = target[name]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    return json.dumps(event)


def described(entry: StoredObject) -> dict[str, Any]:
    """What a listing says of the object itself."""
    return {name: value for name, value in entry._asdict().items() if name != "listed_at"}


def sqs_event(bodies: dict[str, str]) -> dict[str, Any]:
    """What Lambda is called with: message bodies by message id."""
    message = payload("sqs_message")
    return {"Records": [message | {"messageId": message_id, "body": body} for message_id, body in bodies.items()]}
