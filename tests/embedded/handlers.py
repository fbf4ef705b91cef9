"""Lambda handlers of these tests: what they saw, and what a test wants them to do."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Event = dict[str, Any]


class TableConfigurationMissing(Exception):
    pass


@dataclass
class Script:
    deliver: Callable[[list[Event]], Event | None] = lambda records: None
    plan: Callable[[Event], Event] = lambda event: {"batch_count": 0, "nothing_to_do": True}
    process: Callable[[Event], Event] = lambda event: {**event, "then": "done"}
    summarise: Callable[[Event], Event] = lambda event: {"status": "SUCCEEDED", "cause": ""}
    deliveries: list[list[str]] = field(default_factory=list)
    plans: list[Event] = field(default_factory=list)
    invocations: list[Event] = field(default_factory=list)
    summaries: list[Event] = field(default_factory=list)


script = Script()


def forget() -> None:
    vars(script).update(vars(Script()))


def file_manager(event: Event, context: Any) -> Event | None:
    assert context.get_remaining_time_in_millis() > 0
    script.deliveries.append([record["body"] for record in event["Records"]])
    return script.deliver(event["Records"])


def config_manager(event: Event, context: Any) -> None:
    script.deliveries.append([record["body"] for record in event["Records"]])


def batch_manager(event: Event, context: Any) -> Event:
    script.plans.append(event)
    return script.plan(event)


def process_batch(event: Event, context: Any) -> Event:
    script.invocations.append(event)
    return script.process(event)


def summarise(event: Event, context: Any) -> Event:
    script.summaries.append(event)
    return script.summarise(event)
