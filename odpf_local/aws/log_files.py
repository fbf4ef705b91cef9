"""The CloudWatch Logs API over the files that this instance writes anyway: one for each job run and for each invocation.

Streams are named as Glue and Lambda name them: `/aws-glue/jobs/output` has one for each job run, `/aws/lambda/<function>`
one for each invocation that has a process of its own. What the functions of this process log stands in the instance's
own log; each line says which function it is of.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from moto.logs.responses import LogsResponse

from odpf_local.aws.replacement import replaced

JOBS_GROUP = "/aws-glue/jobs/output"
_FUNCTIONS = "/aws/lambda/"
_IN_PROCESS = "in_process"
_MOST_EVENTS = 1000


class _Stream(NamedTuple):
    """A log stream; `takes` says which lines of the file belong to it."""

    name: str
    file: Path
    takes: Callable[[str], bool] = lambda _line: True


class LogFiles:
    """Log groups of one instance.

    Args:
        folder: of the files.
        own: the instance's own log, which need not be there.
        functions: names of all functions.
    """

    def __init__(self, folder: Path, own: Path, functions: Iterable[str]) -> None:
        self._folder, self._own, self._functions = folder, own, tuple(functions)

    def behind_api(self) -> AbstractContextManager[None]:
        """Answer FilterLogEvents for these groups; all others stay moto's."""
        original = LogsResponse.filter_log_events

        def answer(request: LogsResponse) -> Any:
            streams = self._streams(str(request._get_param("logGroupName")))
            return original(request) if streams is None else json.dumps(_filtered(streams, request._get_param))

        return replaced(LogsResponse, "filter_log_events", answer)

    def _streams(self, group: str) -> list[_Stream] | None:
        if group == JOBS_GROUP:
            return [_Stream(file.stem, file) for file in sorted(self._folder.glob("jr_*.log"))]
        name = group.removeprefix(_FUNCTIONS)
        if group == name or name not in self._functions:
            return None
        apart = [
            _Stream(file.stem.removeprefix(f"{name}-"), file) for file in sorted(self._folder.glob(f"{name}-*.log"))
        ]
        return [*apart, _Stream(_IN_PROCESS, self._own, lambda line: _is_of(line, name))]


def _filtered(streams: Iterable[_Stream], given: Callable[[str], Any]) -> dict[str, Any]:
    """What FilterLogEvents answers: a page of the events of all streams, by time."""
    names, prefix = given("logStreamNames"), given("logStreamNamePrefix") or ""
    since, until = given("startTime") or 0, given("endTime")
    term = (given("filterPattern") or "").strip('"')
    events = [
        event
        for stream in streams
        if stream.name.startswith(prefix) and (not names or stream.name in names)
        for event in _events(stream)
        if event["timestamp"] >= since and (until is None or event["timestamp"] <= until) and term in event["message"]
    ]
    events.sort(key=lambda event: event["timestamp"])
    start = int(given("nextToken") or 0)
    end = start + min(int(given("limit") or _MOST_EVENTS), _MOST_EVENTS)
    return {"events": events[start:end], **({"nextToken": str(end)} if end < len(events) else {})}


def _events(stream: _Stream) -> Iterator[dict[str, Any]]:
    """An event for each line, at the time that it says, else at that of the line before it."""
    try:
        lines = stream.file.read_text(errors="replace").splitlines()
        at = round(stream.file.stat().st_mtime * 1000)
    except FileNotFoundError:
        return
    times = [_time(line) for line in lines]
    at = next(filter(None, times), at)
    for number, (line, time) in enumerate(zip(lines, times, strict=True)):
        at = max(at, time or 0)
        if stream.takes(line):
            yield {
                "logStreamName": stream.name,
                "timestamp": at,
                "ingestionTime": at,
                "message": line,
                "eventId": f"{stream.name}:{number}",
            }


def _time(line: str) -> int | None:
    """Milliseconds since 1970; None of a line that is no document with a time."""
    said = _document(line).get("timestamp")
    try:
        return round(datetime.fromisoformat(said).timestamp() * 1000) if said else None
    except (TypeError, ValueError):
        return None


def _is_of(line: str, function: str) -> bool:
    """Whether a line of the instance's log is one of a function, whose name ends in its component's."""
    component = _document(line).get("service")
    return isinstance(component, str) and bool(component) and function.endswith(component)


def _document(line: str) -> dict[str, Any]:
    if not line.startswith("{"):
        return {}
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
