"""From events of a log to lines that a person reads: JSON documents, stack traces, and what Spark says besides. Pure."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

from odpf.adapters.log_events import LogEvent

TRACEBACK = "Traceback (most recent call last):"
ERROR, WARNING, INFO = map(logging.getLevelName, (logging.ERROR, logging.WARNING, logging.INFO))
_BAD = frozenset({ERROR, "CRITICAL", "FATAL"})
_LOG4J = re.compile(r"^\d\d/\d\d/\d\d \d\d:\d\d:\d\d (ERROR|FATAL|WARN|INFO|DEBUG|TRACE) (\S+): (.*)")
_LAMBDA = re.compile(r"(Task timed out after|Runtime\.ExitError|RequestId: \S+ Error:|^\[ERROR\])")
_TABLE_KEYS = ("source_table_name", "raw_table")
_COMMON = frozenset(
    {
        *("level", "location", "message", "timestamp", "service", "name", "exception", "exception_name", "stack_trace"),
        *("function_request_id", "run_id", "refresh_cadence", "job_run_id", "batch_no", "batch_id", "xray_trace_id"),
        *_TABLE_KEYS,
    }
)
"""Keys of every line (docs/observability.md), and those that have a place of their own."""


class Line(NamedTuple):
    """One line of a log.

    Attributes:
        at: when it was logged.
        level: ERROR, WARNING, INFO, or what it says of itself.
        message: what it says.
        source: the job run or the log stream that it is from.
        said: all keys of a structured line; empty of others.
        exception: a stack trace.
        is_chatter: whether it is of Spark or a service, and tells of no trouble.
    """

    at: datetime
    level: str
    message: str
    source: str
    said: dict[str, Any]
    exception: str | None = None
    is_chatter: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether it tells of something that failed."""
        return self.level in _BAD

    @property
    def table(self) -> str | None:
        """The source table that it is about, if it says so."""
        return self.said.get(_TABLE_KEYS[0]) or self.said.get(_TABLE_KEYS[1])

    def is_about(self, table: str) -> bool:
        """Whether it is about a table, by its source name or its raw name; an error that names none may be about any."""
        named = {self.said.get(key) for key in _TABLE_KEYS} - {None}
        return table in named if named else self.is_bad

    @property
    def figures(self) -> str:
        """What a structured line says besides: `batches=1 tables=3`."""
        return " ".join(f"{key}={value}" for key, value in self.said.items() if key not in _COMMON and value != "")


def read_lines(events: Iterable[LogEvent]) -> list[Line]:
    """The lines of events, by time; those of a stack trace that has lines of its own are one."""
    by_stream: dict[tuple[str, str], list[LogEvent]] = {}
    for event in events:
        by_stream.setdefault((event.group, event.stream), []).append(event)
    lines = [line for (_, stream), found in by_stream.items() for line in _of_stream(stream, found)]
    return sorted(lines, key=lambda line: line.at)


def _of_stream(stream: str, events: Iterable[LogEvent]) -> Iterator[Line]:
    texts = [(event.at, text) for event in events for text in event.text.splitlines() if text.strip()]
    position = 0
    while position < len(texts):
        at, text = texts[position]
        taken = _length_of_trace([each for _, each in texts[position:]]) if text.startswith(TRACEBACK) else 1
        part = [each for _, each in texts[position : position + taken]]
        yield _trace(at, stream, part) if text.startswith(TRACEBACK) else _line(at, stream, text)
        position += taken


def _length_of_trace(texts: list[str]) -> int:
    """Indented lines belong to it, and the first one after them, which names the error."""
    end = next((n for n, text in enumerate(texts) if n and not text.startswith((" ", "\t"))), len(texts) - 1)
    return end + 1


def _trace(at: datetime, stream: str, texts: list[str]) -> Line:
    return Line(at, ERROR, texts[-1], stream, {}, exception="\n".join(texts))


def _line(at: datetime, stream: str, text: str) -> Line:
    said = _document(text)
    if said is None:
        return _plain(at, stream, text)
    level = str(said.get("level", INFO)).upper()
    exception = said.get("exception")
    return Line(
        _said_at(said) or at,
        level,
        str(said.get("message", "")),
        stream,
        said,
        exception=str(exception) if exception else None,
        is_chatter="_aws" in said,  # a metric (CloudWatch embedded metric format)
    )


def _plain(at: datetime, stream: str, text: str) -> Line:
    """A line of Spark or of a service: trouble is shown, the rest is chatter."""
    found = _LOG4J.match(text)
    if found is None:
        is_trouble = bool(_LAMBDA.search(text))
        return Line(at, ERROR if is_trouble else INFO, text, stream, {}, is_chatter=not is_trouble)
    level = {"WARN": WARNING, "FATAL": ERROR}.get(found[1], found[1])
    return Line(at, level, f"{found[2]}: {found[3]}", stream, {}, is_chatter=level not in _BAD)


def _document(text: str) -> dict[str, Any] | None:
    if not text.startswith("{"):
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _said_at(said: dict[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(said.get("timestamp")))
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment.tzinfo else None
