"""Lines of CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, NamedTuple

import boto3
from botocore.exceptions import ClientError

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call, code_of

_MILLI = 1000


class LogEvent(NamedTuple):
    """One event of a log stream; its text may have several lines. `id` tells it from all others of its group."""

    id: str
    group: str
    stream: str
    at: datetime
    text: str


class LogEvents:
    """Looks into log groups of one account and Region."""

    def __init__(self, session: boto3.Session) -> None:
        self._session = session

    @cached_property
    def _client(self) -> Any:
        return self._session.client("logs", config=CLIENT_CONFIG)

    def events(
        self, group: str, since: datetime, until: datetime | None = None, *, streams: str = "", having: str = ""
    ) -> Iterator[LogEvent]:
        """Events of a group, oldest first; none where there is no such group.

        Args:
            group: its name.
            since: no event before.
            until: no event after.
            streams: only of streams whose names begin so.
            having: only events that contain this text (CloudWatch Logs user guide, "Filter pattern syntax").
        """
        asked: dict[str, Any] = {"logGroupName": group, "startTime": int(since.timestamp() * _MILLI)}
        if until:
            asked["endTime"] = int(until.timestamp() * _MILLI)
        if streams:
            asked["logStreamNamePrefix"] = streams
        if having:
            asked["filterPattern"] = f'"{having}"'
        with aws_call(f"Reading log group {group}"):
            try:
                for page in self._client.get_paginator("filter_log_events").paginate(**asked):
                    yield from (_event(group, each) for each in page["events"])
            except ClientError as error:
                if code_of(error) != "ResourceNotFoundException":
                    raise


def _event(group: str, found: dict[str, Any]) -> LogEvent:
    at = datetime.fromtimestamp(found["timestamp"] / _MILLI, UTC)
    return LogEvent(found["eventId"], group, found["logStreamName"], at, found["message"])
