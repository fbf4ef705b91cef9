"""Compares one raw table with its source: counts, digests of key ranges, keys, and what differs in their rows."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from odpf.order import OrderPosition
from odpf.states import Difference, Explanation, Reconciled
from reconciliation.canonical import number_of_bits
from reconciliation.forms import Form, Pair, Pairing
from reconciliation.report import Counts, Left, Level, RowDifference, SideTraffic, TableReconciliation, Tolerance
from reconciliation.search import Counted, Found, chunks, count, differing_keys
from reconciliation.settling import Look, Settled, Settling, settle
from reconciliation.side import Row, Run, Side, Traffic
from reconciliation.source import Source
from reconciliation.statements import Statements

MOST_KEYS = 10_000
"""Keys that differ and are looked at in one table."""
_FLOATS = (Form.SINGLE, Form.DOUBLE)


class Plan(NamedTuple):
    """How closely, how patiently, and with what tolerance tables are compared."""

    level: Level
    tolerance: Tolerance
    wait_seconds: float
    most_keys: int = MOST_KEYS


class RowsOnTheWay(NamedTuple):
    """How many rows have not reached a table.

    Attributes:
        rows: by what keeps them: files that wait, quarantine.
        unknown: files and file batches of whose rows nobody can tell the number.
    """

    rows: Mapping[Explanation, int]
    unknown: int


class InFlight(NamedTuple):
    """What is on its way to a table, as the ledger and the trackers know.

    Attributes:
        rows: how many, by the footers of their files.
        waiting: why keys differ, of those that are asked for and whose rows wait or are in quarantine.
        complete_through: how far the lake has everything.
    """

    waiting: Callable[[Collection[str]], Mapping[str, Explanation]]
    rows: Callable[[], RowsOnTheWay]
    complete_through: Callable[[], OrderPosition | None]


class Compared(NamedTuple):
    """What the comparison of source and lake found."""

    counts: Counts
    outcome: Reconciled
    differences: Mapping[Difference, int]
    explained: Mapping[str, int]
    ranges_not_seen: int
    keys_not_seen: int
    rows: tuple[RowDifference, ...]
    columns: Mapping[str, int]
    remarks: tuple[str, ...] = ()


class Comparison:
    """One table on both sides.

    Args:
        source: the database.
        ours, theirs: statements about the source table and the raw table.
        ask: answers statements about the lake.
    """

    def __init__(self, source: Source, ours: Statements, theirs: Statements, ask: Run, in_flight: InFlight) -> None:
        self._source, self._ours, self._theirs, self._ask = source, ours, theirs, ask
        self._in_flight = in_flight
        self._traffic = Traffic(), Traffic()

    @property
    def traffic(self) -> dict[str, SideTraffic]:
        """What crossed the wire by now."""
        return {
            name: SideTraffic(queries=t.queries, rows=t.rows, bytes=t.bytes)
            for name, t in zip(("source", "lake"), self._traffic, strict=True)
        }

    def compare(self, plan: Plan, pause: Callable[[float], None] = time.sleep) -> Compared:
        """Compare as the plan says."""
        began = time.monotonic()

        def spent() -> float:
            return time.monotonic() - began

        if plan.level is Level.COUNTS:
            return self._compare_counts(plan, pause, spent)
        with self._source.snapshot() as run:
            ours, theirs = self._sides(run)
            read_at = _moment(run)
            counted = count(ours), count(theirs)
            found = differing_keys(ours, theirs, counted, plan.most_keys)
        began = time.monotonic()
        settling = Settling(
            {key: sides[0] for key, sides in found.keys.items()}, read_at, timedelta(seconds=plan.wait_seconds)
        )
        settled = settle(settling, self._look, pause, plan.wait_seconds, spent)
        rows = self._rows(settled.drifted, plan.level)
        return _compared(plan, counted, found, settled, rows)

    def _compare_counts(self, plan: Plan, pause: Callable[[float], None], spent: Callable[[], float]) -> Compared:
        while True:
            with self._source.snapshot() as run:
                ours, theirs = (count(side).rows for side in self._sides(run))
            agrees = plan.tolerance.allows(abs(ours - theirs), ours)
            if agrees or spent() >= plan.wait_seconds:
                break
            pause(min(5.0, plan.wait_seconds))
        if agrees:
            return _compared_counts(plan, ours, theirs, RowsOnTheWay({}, 0))
        on_the_way = self._in_flight.rows()
        again = count(Side(self._theirs, self._ask, self._traffic[1])).rows  # a run may have applied files meanwhile
        return _compared_counts(plan, ours, again, on_the_way)

    def _sides(self, run: Run) -> tuple[Side, Side]:
        return Side(self._ours, run, self._traffic[0]), Side(self._theirs, self._ask, self._traffic[1])

    def _look(self, keys: Iterable[str]) -> Look:
        wanted = list(keys)
        with self._source.snapshot() as run:
            ours, theirs = self._sides(run)
            at = _moment(run)
            source = _answers(ours, wanted)
        waiting, through = self._in_flight.waiting(wanted), self._in_flight.complete_through()
        lake = _answers(theirs, wanted)
        return Look(
            at,
            {key: _digests(rows) for key, rows in source.items()},
            waiting,
            through,
            {key: _digests(rows) for key, rows in lake.items()},
            {key: max(row[2] or "" for row in rows) for key, rows in lake.items() if any(row[2] for row in rows)},
        )

    def _rows(self, keys: Sequence[str], level: Level) -> tuple[RowDifference, ...]:
        found: list[RowDifference] = []
        for part in chunks(keys, _DETAILS_A_STATEMENT):
            with self._source.snapshot() as run:
                ours, theirs = self._sides(run)
                details = [_by_key(side.rows(side.statements.details(part))) for side in (ours, theirs)]
            both = [(details[0].get(key, []), details[1].get(key, [])) for key in part]
            found += [
                self._row(*sides, level)
                for sides in both
                if Counter(map(_texts, sides[0])) != Counter(map(_texts, sides[1]))
            ]
        return tuple(found)

    def _row(self, ours: list[Row], theirs: list[Row], level: Level) -> RowDifference:
        pairs = self._ours.pairs
        one = (ours or theirs or [(None,) * (1 + 2 * len(pairs.all))])[0]
        key = {pair.lake.name: _shown(pair, one, n) for n, pair in enumerate(pairs.keys)}
        kind = _kind(ours, theirs)
        if level is not Level.ROWS or kind is not Difference.DIFFERENT:
            return RowDifference(kind=kind, key=key)
        sides = _without_others(ours, theirs), _without_others(theirs, ours)
        differing = [n for n, _ in enumerate(pairs.all) if _texts(sides[0])[n] != _texts(sides[1])[n]]
        source, lake = ({pairs.all[n].lake.name: _shown(pairs.all[n], side, n) for n in differing} for side in sides)
        return RowDifference(kind=kind, key=key, columns=tuple(source), source=source, lake=lake)


def reconciliation_of(
    names: Mapping[str, str], compared: Compared, pairs: Pairing, traffic: dict[str, SideTraffic]
) -> TableReconciliation:
    """The entry of a table in the report."""
    return TableReconciliation(
        **names,  # type: ignore[arg-type]
        outcome=compared.outcome,
        counts=compared.counts,
        differences=dict(compared.differences),
        explained=dict(compared.explained),
        ranges_not_seen=compared.ranges_not_seen,
        keys_not_seen=compared.keys_not_seen,
        columns=dict(compared.columns),
        remarks=compared.remarks,
        not_compared=tuple(Left(column=each.column, reason=each.reason) for each in pairs.not_compared),
        rows=compared.rows,
        traffic=traffic,
    )


_DETAILS_A_STATEMENT = 500


def _compared(
    plan: Plan, counted: tuple[Counted, Counted], found: Found, settled: Settled, rows: tuple[RowDifference, ...]
) -> Compared:
    ours, theirs = (each.rows for each in counted)
    kinds = Counter(row.kind for row in rows)
    explained = Counter(reason.value for reason in settled.explained.values())
    if not plan.tolerance.allows(len(rows), max(ours, theirs)):
        outcome = Reconciled.DRIFTED
    elif found.unseen or found.more_keys:
        outcome = Reconciled.UNDECIDED
    else:
        outcome = Reconciled.EXPLAINED if explained else Reconciled.AGREES
    columns = Counter(column for row in rows for column in row.columns)
    return Compared(
        Counts(source=ours, lake=theirs),
        outcome,
        kinds,
        explained,
        found.unseen,
        found.more_keys,
        rows,
        dict(columns.most_common()),
    )


def _compared_counts(plan: Plan, ours: int, theirs: int, on_the_way: RowsOnTheWay) -> Compared:
    """What counts alone can tell: how many rows differ, and whether as many are on their way."""
    counts, rest = Counts(source=ours, lake=theirs), abs(ours - theirs)
    if not rest:
        return Compared(counts, Reconciled.AGREES, {}, {}, 0, 0, (), {})
    explained: dict[str, int] = {}
    for reason, rows in on_the_way.rows.items():
        if taken := min(rest, rows):
            explained[reason.value], rest = taken, rest - taken
    kind = Difference.MISSING_IN_LAKE if ours > theirs else Difference.MISSING_IN_SOURCE
    if plan.tolerance.allows(rest, ours):
        outcome, remarks = (Reconciled.EXPLAINED, (_AS_FAR_AS,)) if explained else (Reconciled.AGREES, ())
    elif on_the_way.unknown:
        outcome, remarks = Reconciled.UNDECIDED, (_UNREAD.format(rest, on_the_way.unknown),)
    else:
        outcome, remarks = Reconciled.DRIFTED, ()
    differences = {kind: rest} if rest and outcome is not Reconciled.UNDECIDED else {}
    return Compared(counts, outcome, differences, explained, 0, 0, (), {}, remarks)


_AS_FAR_AS = (
    "As many rows are on their way as the counts differ by; whether they are the same rows, --level digests tells."
)
_UNREAD = "{:,} rows are not explained, and of {} files or batches that have not reached the table nobody can tell the number of rows."


def _answers(side: Side, keys: list[str]) -> dict[str, list[Row]]:
    return _by_key(row for part in chunks(keys) for row in side.rows(side.statements.again(part)))


def _by_key(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row[0] or ""].append(row)
    return found


def _digests(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(sorted(row[1] or "" for row in rows))


def _texts(row: Row) -> Row:
    """The canonical texts of a row with its details: what is shown of a value may differ where the value does not."""
    return row[1::2]


def _without_others(rows: list[Row], others: list[Row]) -> Row:
    """Of rows with the same key the first that the other side does not have, whatever order they came in."""
    left = Counter(map(_texts, rows)) - Counter(map(_texts, others))
    return min((row for row in rows if _texts(row) in left), key=lambda row: [text or "" for text in _texts(row)])


def _kind(ours: list[Row], theirs: list[Row]) -> Difference:
    if not theirs:
        return Difference.MISSING_IN_LAKE
    if not ours:
        return Difference.MISSING_IN_SOURCE
    return Difference.DUPLICATE if len(ours) != len(theirs) else Difference.DIFFERENT


def _shown(pair: Pair, row: Row, number: int) -> str | None:
    text = row[2 + 2 * number]
    return repr(number_of_bits(text)) if pair.form in _FLOATS and text is not None else text


def _moment(run: Run) -> datetime:
    """The source's clock; both databases know this function, and sessions are in UTC."""
    ((text,),) = run("SELECT CAST(CURRENT_TIMESTAMP AS CHAR(19))")
    return datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
