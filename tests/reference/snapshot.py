"""Mode S: the newest state of every key; with soft deletes a deleted key's row stays, marked."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from tests.reference.changes import NOWHERE, Batch, Event, Key, Placed, Position, Row


class Known(NamedTuple):
    """The newest events of a key, of either sort, among all that were applied."""

    upsert: Event | None = None
    delete: Event | None = None

    def with_event(self, event: Event) -> Known:
        """The same, with another event; of two at one position the first that was applied stays."""
        mine = self.delete if event.deletes else self.upsert
        if mine and mine.position >= event.position:
            return self
        return self._replace(delete=event) if event.deletes else self._replace(upsert=event)

    def since(self, generation: int) -> Known:
        """The same, without what a later load replaced."""
        return Known(*(each if each and each.position.generation >= generation else None for each in self))

    @property
    def newest(self) -> Event | None:
        """The newest event of both sorts."""
        return max((each for each in self if each), key=lambda each: each.position, default=None)

    @property
    def position(self) -> Position:
        """Of the newest event."""
        return self.newest.position if self.newest else NOWHERE

    @property
    def live(self) -> bool:
        """Whether the key is there, and not marked."""
        return self.newest is not None and not self.newest.deletes


UNKNOWN = Known()


class Snapshot:
    """A table of mode S.

    Args:
        soft: whether deleted rows stay, marked.
        difference: whether a reload is counted as what differs.
        values: a row's values in a form that can be compared, without what only tells of its change.
    """

    def __init__(self, values: Callable[[Row], Any], *, soft: bool = False, difference: bool = False) -> None:
        self._values, self._soft, self._difference = values, soft, difference
        self._known: dict[Key, Known] = {}

    def apply(self, batch: Batch) -> Counter[str]:
        """Take one run's rows, and say what becomes of them."""
        stored, events = self._known, _by_key(batch.rows)
        marks = self._soft and self._difference
        self._known = _marked(stored, events, batch) if marks else _after(stored, events, batch.after)
        if self._difference and batch.reloads:
            self._known = {key: self._as_stored(known, stored.get(key, UNKNOWN)) for key, known in self._known.items()}
        counts: Counter[str] = Counter()
        deleted = set()
        for placed in batch.rows:
            effect = self._effect(placed, stored, events, batch)
            counts[effect] += 1
            deleted |= {placed.key} if effect == "deleted" else set()
        if batch.reloads:
            live = {key for key, known in stored.items() if known.live}
            there = {key for key, known in self._stored().items() if known.live} if marks else self._stored().keys()
            counts["removed"] = len(live - there - deleted)
        return counts

    def rows(self) -> list[Row]:
        """The table's rows; with soft deletes they tell whether they are marked, and which operation was the last."""
        return [self._row(known) for known in self._stored().values()]

    def _stored(self) -> dict[Key, Known]:
        return {key: known for key, known in self._known.items() if known.upsert and (self._soft or known.live)}

    def _row(self, known: Known) -> Row:
        assert known.upsert
        assert known.newest
        row = known.upsert.placed.change.row
        if not self._soft:
            return row
        operation = "D" if known.newest.deletes else known.newest.placed.change.operation
        return {**row, "_odpf_is_deleted": not known.live, "_odpf_operation": operation}

    def _effect(self, placed: Placed, stored: dict[Key, Known], events: dict[Key, list[Event]], batch: Batch) -> str:
        event, known = placed.own, stored.get(placed.key, UNKNOWN)
        if _newest(events[placed.key]).placed is not placed:
            return "collapsed"
        if event.position.generation < batch.after:
            return "late"
        if event.deletes:
            return self._deletion(event, known, events[placed.key], batch)
        if known.position >= event.position:
            return "late"
        if known.live:
            return "unchanged" if self._is_stored(event, known, batch) else "updated"
        return "updated" if _moves(placed, stored, events, batch) else "inserted"

    def _deletion(self, event: Event, known: Known, events: list[Event], batch: Batch) -> str:
        """Hard deletes of absent keys change nothing, whatever else was known of the key.

        A reload that replaces has taken away the rows before it: a delete on top finds only what is new.
        """
        has_row = known.live or (self._soft and known.upsert is not None)
        comes = self._soft and any(not each.deletes and each.position > _begin(batch) for each in events)
        if known.position >= event.position and (has_row or comes):
            return "late"
        stays = known.live and (self._difference or not batch.reloads)
        begin = max(known.position, _begin(batch)) if has_row else _begin(batch)
        written = self._soft and any(not each.deletes and begin < each.position < event.position for each in events)
        return "deleted" if stays or written else "unchanged"

    def _is_stored(self, event: Event, known: Known, batch: Batch) -> bool:
        """Whether a reload that is applied as a difference finds the row as it is to be."""
        assert known.upsert
        mine, other = event.placed.change.row, known.upsert.placed.change.row
        return batch.reloads and self._difference and self._values(mine) == self._values(other)

    def _as_stored(self, known: Known, before: Known) -> Known:
        """A row that a reload finds as it is to be is not written: it keeps what only tells of its last change."""
        if known.upsert is None or before.upsert is None or not before.live:
            return known
        mine, other = known.upsert.placed, before.upsert.placed
        if self._values(mine.change.row) != self._values(other.change.row):
            return known
        kept = mine._replace(change=mine.change._replace(row=other.change.row))
        return known._replace(upsert=known.upsert._replace(placed=kept))


def _moves(placed: Placed, stored: dict[Key, Known], events: dict[Key, list[Event]], batch: Batch) -> bool:
    """Whether the row takes its values from another key that was live just before it.

    That is told by this run's newest event below the row, and where it has none by what is stored.
    """
    if placed.old_key is None:
        return False
    before = [event for event in events[placed.old_key] if _begin(batch) < event.position < placed.position]
    if before:
        return not _newest(before).deletes
    known = UNKNOWN if batch.reloads else stored.get(placed.old_key, UNKNOWN)
    return known.live and known.position < placed.position


def _begin(batch: Batch) -> Position:
    """What a later load replaced lies below."""
    return NOWHERE._replace(generation=batch.after)


def _by_key(rows: Iterable[Placed]) -> dict[Key, list[Event]]:
    events: dict[Key, list[Event]] = defaultdict(list)
    for placed in rows:
        for event in placed.events:
            events[event.key].append(event)
    return events


def _newest(events: list[Event]) -> Event:
    return max(events, key=lambda each: each.position)


def _marked(stored: dict[Key, Known], events: dict[Key, list[Event]], batch: Batch) -> dict[Key, Known]:
    """With soft deletes a difference marks the live rows that a reload does not have, and keeps those marked before."""
    known, generation = dict(stored), batch.after
    for key, each in stored.items() if batch.reloads else ():
        newest = each.newest
        assert newest
        if each.live and not any(event.position.generation == generation for event in events[key]):
            known[key] = each.with_event(
                newest._replace(position=NOWHERE._replace(generation=generation), deletes=True)
            )
    for key, its_events in events.items():
        for event in its_events:
            if event.position.generation == generation:
                known[key] = known.get(key, UNKNOWN).with_event(event)
    return known


def _after(stored: dict[Key, Known], events: dict[Key, list[Event]], generation: int) -> dict[Key, Known]:
    known = dict(stored)
    for key, its_events in events.items():
        for event in its_events:
            known[key] = known.get(key, UNKNOWN).with_event(event)
    return {key: each.since(generation) for key, each in known.items()}
