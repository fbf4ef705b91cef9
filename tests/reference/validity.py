"""Mode V: when which version of a row was valid (slowly changing dimension, type 2)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from tests.reference.changes import NOWHERE, Batch, Event, Key, Placed, Position, Row

_DIGITS = (slice(0, 4), slice(4, 6), slice(6, 8), slice(8, 10), slice(10, 12), slice(12, 14))


class Turn(NamedTuple):
    """A moment at which something begins for a key: a version, or, without `placed` or with a delete, its absence."""

    position: Position
    time: datetime
    placed: Placed | None
    deletes: bool


class Version(NamedTuple):
    """A row and its time, from `begin` on and before `end`."""

    placed: Placed
    begin: datetime
    end: datetime | None

    @property
    def row(self) -> Row:
        """As the table has it."""
        interval = {"_odpf_valid_from": self.begin, "_odpf_valid_to": self.end, "_odpf_is_current": self.end is None}
        return {**self.placed.change.row, **interval}


class Timeline(NamedTuple):
    """The turns of one key, in order."""

    turns: tuple[Turn, ...] = ()

    @property
    def versions(self) -> dict[Position, Version]:
        """All of them: one that another of the same moment follows has no length, and no moment lies in it."""
        ends = [*(turn.time for turn in self.turns), None][1:]
        return {
            turn.position: Version(turn.placed, turn.time, end and max(end, turn.time))
            for turn, end in zip(self.turns, ends, strict=True)
            if turn.placed and not turn.deletes
        }

    @property
    def live(self) -> bool:
        """Whether a version is current."""
        return bool(self.turns) and not self.turns[-1].deletes

    @property
    def positions(self) -> set[Position]:
        """Where its turns are."""
        return {turn.position for turn in self.turns}

    def valid_before(self, position: Position) -> bool:
        """Whether a version stands just before a position."""
        seen = [turn for turn in self.turns if turn.position < position]
        return bool(seen) and not seen[-1].deletes


class Validity:
    """A table of mode V.

    Args:
        values: a row's values in a form that can be compared, without what only tells of its change.
        commit_time: the column that has the commit time; without it the first 16 digits of the sequence.
    """

    def __init__(self, values: Callable[[Row], Any], commit_time: str | None = None) -> None:
        self._values, self._commit_time = values, commit_time
        self._events: dict[Key, list[Event]] = defaultdict(list)
        self._identities: set[Any] = set()
        self._began: dict[int, datetime] = {}

    def apply(self, batch: Batch) -> Counter[str]:
        """Take one run's rows, and say what becomes of them."""
        before = self._timelines()
        self._begin_loads(batch)
        rows: dict[Any, Placed] = {}
        for placed in sorted(batch.rows, key=lambda each: each.position):
            rows.setdefault(placed.identity, placed)
        fresh = [placed for placed in rows.values() if placed.identity not in self._identities]
        counts = Counter(collapsed=len(batch.rows) - len(rows), unchanged=len(rows) - len(fresh))
        for placed in fresh:
            self._add(placed)
        after = self._timelines()
        counts.update(_effect(placed, after) for placed in fresh)
        if batch.reloads:
            counts["removed"] = sum(before[key].live and _is_removed(after[key]) for key in before)
        return counts

    def rows(self) -> list[Row]:
        """The table's rows, with their intervals."""
        return [version.row for timeline in self._timelines().values() for version in timeline.versions.values()]

    def _begin_loads(self, batch: Batch) -> None:
        for file in batch.files:
            if file.is_load:
                assert file.began, f"{file.name}: intervals need the moment its load began"
                moment = _aware(file.began)
                self._began[file.generation] = min(moment, self._began.get(file.generation, moment))

    def _add(self, placed: Placed) -> None:
        self._identities.add(placed.identity)
        for event in placed.events:
            self._events[event.key].append(event)

    def _timelines(self) -> dict[Key, Timeline]:
        return {key: self._timeline(events) for key, events in self._events.items()}

    def _timeline(self, events: list[Event]) -> Timeline:
        """One key's turns.

        A load deletes what it does not have, and writes nothing anew that is as it was. A change begins when it was
        committed; where that is before the change before it, that one has no length.
        """
        loads = {event.position.generation for event in events if event.placed.is_load}
        absent = [NOWHERE._replace(generation=generation) for generation in self._began.keys() - loads]
        turns: list[Turn] = []
        for position, event in sorted([*((e.position, e) for e in events), *((p, None) for p in absent)], key=_place):
            if event is None and (not turns or turns[-1].deletes):
                continue
            if event is not None and turns and self._is_as_before(event, turns[-1]):
                continue
            time = self._time(event) if event else self._began[position.generation]
            turns.append(Turn(position, time, event and event.placed, event is None or event.deletes))
        return Timeline(tuple(turns))

    def _is_as_before(self, event: Event, last: Turn) -> bool:
        if not event.placed.is_load or last.deletes or last.placed is None:
            return False
        return bool(self._values(event.placed.change.row) == self._values(last.placed.change.row))

    def _time(self, event: Event) -> datetime:
        change = event.placed.change
        told = change.row.get(self._commit_time) if self._commit_time else None
        if told is not None:
            return _aware(told if isinstance(told, datetime) else datetime.fromisoformat(told))
        if event.placed.is_load:
            return self._began[event.position.generation]
        return moment_of(change.sequence)


def moment_of(sequence: str) -> datetime:
    """The commit time in a change sequence: YYYYMMDDHHmmSS and hundredths of a second."""
    hundredths = int(sequence[14:16])
    return datetime(*(int(sequence[digits]) for digits in _DIGITS), hundredths * 10_000, tzinfo=UTC)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _place(each: tuple[Position, Event | None]) -> Position:
    return each[0]


def _effect(placed: Placed, after: dict[Key, Timeline]) -> str:
    key, position = placed.key, placed.position
    valid = after[key].valid_before(position)
    if position not in after[key].positions:
        return "unchanged"
    if placed.own.deletes:
        return "deleted" if valid else "unchanged"
    old = placed.old_key
    moves = old is not None and after[old].valid_before(position)
    return "updated" if valid or moves else "inserted"


def _is_removed(timeline: Timeline) -> bool:
    """Whether it is a load that ended it, by not having it."""
    return bool(timeline.turns) and timeline.turns[-1].placed is None
