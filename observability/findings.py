"""What is wrong in a deployment: decided from where it stands, told with reason and next step. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from observability.finding import Finding
from observability.limits import Limits, grace
from observability.schedule_expression import next_due
from observability.standing import CadenceStanding, Standing, TableStanding
from odpf.clock import iso
from odpf.states import ConfigurationState, FindingKind, RefreshStatus

_LONGEST_ERROR = 500
_PATH = "`odpf config apply PATH`"


def find(standing: Standing, limits: Limits) -> tuple[Finding, ...]:
    """Everything that is wrong, cadences first, then tables in the order of the standing."""
    objectives = {cadence.refresh_cadence: cadence.lag_objective for cadence in standing.cadences}
    found: list[Finding] = [*_dead_letters(standing)]
    for cadence in standing.cadences:
        found += [*_broken_cadence(cadence, standing.now), *_no_run(cadence, standing.now)]
    for table in standing.tables:
        objective = objectives.get(table.refresh_cadence or "")
        found += [
            *(_set_aside(table, standing.now) if table.set_aside else _failed(table, standing.now)),
            *_lag(table, objective, standing.now),
            *_oldest_pending(table, limits.oldest_pending, standing.now),
            *_quarantined(table),
        ]
    return tuple(found)


def spoken(length: timedelta) -> str:
    """A length of time as people say it: `45 min`, `6 h 10 min`, `3 d 2 h`."""
    minutes = max(0, int(length.total_seconds())) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [(days, "d"), (hours, "h"), (minutes, "min")]
    first = next((n for n, (amount, _) in enumerate(parts) if amount), 2)
    return " ".join(f"{amount} {unit}" for amount, unit in parts[first : first + 2] if amount) or "less than a minute"


def _dead_letters(standing: Standing) -> Iterator[Finding]:
    full = {queue: count for queue, count in standing.dead_letters.items() if count}
    if full:
        listed = ", ".join(f"{count} in {queue}" for queue, count in sorted(full.items()))
        yield Finding(
            kind=FindingKind.DEAD_LETTERS,
            reason=f"messages that could not be handled were set aside: {listed}",
            next_step="See what they tell of: `odpf dead-letters list`. Find the reason in the function's log, mend it, then "
            "`odpf dead-letters redrive --all`. "
            "Landed files are not lost: the next run of a table's cadence lists its staging folder.",
            since=iso(standing.now),
            mark=f"{sum(full.values()):012d}",
        )


def _broken_cadence(cadence: CadenceStanding, now: datetime) -> Iterator[Finding]:
    if cadence.problem:
        yield Finding(
            kind=FindingKind.TABLE_FAILED,
            refresh_cadence=cadence.refresh_cadence,
            reason=f"no table of it can be refreshed. {_shortened(cadence.problem)}",
            next_step=f"Correct the cadence: {_PATH}.",
            since=iso(now),
        )


def _no_run(cadence: CadenceStanding, now: datetime) -> Iterator[Finding]:
    since = cadence.scheduled_since
    if not cadence.schedule or since is None:
        return
    last = datetime.fromisoformat(cadence.last_plan.started_at) if cadence.last_plan else None
    counted_from = max(since, last) if last else since
    due = next_due(cadence.schedule, "UTC", counted_from, counted_from)
    after = next_due(cadence.schedule, "UTC", due, due) if due else None
    if due is None or now <= due + grace(after - due if after else timedelta()):
        return
    seen = f"the last plan is of {_minute(last)}" if last else "none was ever planned"
    yield Finding(
        kind=FindingKind.NO_RUN,
        refresh_cadence=cadence.refresh_cadence,
        reason=f"a run was due at {_minute(due)} ({cadence.schedule}) and did not come; {seen}",
        next_step="See whether the schedule is there and what the last executions say: `odpf runs`. "
        f"Start it by hand: `odpf run {cadence.refresh_cadence} --wait`.",
        since=iso(due),
    )


def _failed(table: TableStanding, now: datetime) -> Iterator[Finding]:
    if not table.expected:
        return
    ledger = table.ledger
    if table.state is ConfigurationState.BROKEN:
        reason, since = f"its configuration cannot be used: {_shortened(table.problem)}", None
        next_step = f"Correct it: {_PATH}."
    elif ledger is not None and ledger.refresh_status is RefreshStatus.ERROR:
        reason, since = f"its last run failed: {_shortened(ledger.last_error)}", ledger.updated_at
        next_step = f"Remove the cause; the next run tries again: `odpf run {table.refresh_cadence} --wait`."
    else:
        return
    yield Finding(
        kind=FindingKind.TABLE_FAILED,
        refresh_cadence=table.refresh_cadence,
        source_table_name=table.source_table_name,
        reason=reason,
        next_step=next_step,
        since=since or iso(now),
    )


def _set_aside(table: TableStanding, now: datetime) -> Iterator[Finding]:
    if table.expected:
        ledger = table.ledger
        yield Finding(
            kind=FindingKind.TABLE_SET_ASIDE,
            refresh_cadence=table.refresh_cadence,
            source_table_name=table.source_table_name,
            reason=f"it failed so often in a row that no run tries it any more: {_shortened(ledger.last_error if ledger else None)}",
            next_step="Remove the cause, then have it tried: "
            f"`odpf run {table.refresh_cadence} --table '{table.source_table_name}' --wait`.",
            since=(ledger.updated_at if ledger else None) or iso(now),
        )


def _lag(table: TableStanding, objective: timedelta | None, now: datetime) -> Iterator[Finding]:
    oldest = table.waiting.oldest_change
    if table.expected and objective and oldest and now - oldest > objective:
        yield Finding(
            kind=FindingKind.LAG_OBJECTIVE_MISSED,
            refresh_cadence=table.refresh_cadence,
            source_table_name=table.source_table_name,
            reason=f"its oldest waiting change is {spoken(now - oldest)} old, the objective is {spoken(objective)}",
            next_step=_what_it_waits_for(table),
            since=iso(oldest + objective),
        )


def _oldest_pending(table: TableStanding, limit: timedelta, now: datetime) -> Iterator[Finding]:
    oldest = table.waiting.oldest_put
    if table.state is not ConfigurationState.INACTIVE and oldest and now - oldest > limit:
        yield Finding(
            kind=FindingKind.OLDEST_PENDING,
            refresh_cadence=table.refresh_cadence,
            source_table_name=table.source_table_name,
            reason=f"{_files(table.waiting.files)} waiting, the oldest for {spoken(now - oldest)}",
            next_step=_what_it_waits_for(table),
            since=iso(oldest + limit),
        )


def _quarantined(table: TableStanding) -> Iterator[Finding]:
    if (lately := table.quarantined) is not None:
        newest = lately.newest
        yield Finding(
            kind=FindingKind.FILES_QUARANTINED,
            refresh_cadence=table.refresh_cadence,
            source_table_name=table.source_table_name,
            reason=f"{_files(lately.files)} quarantined within a day, the last is {newest.file.path}: "
            f"{_shortened(newest.reason)}",
            next_step=f"Look at them: `odpf files --table '{table.source_table_name}' --state quarantined`.",
            since=lately.first_at,
            mark=newest.done_at or "",
        )


def _what_it_waits_for(table: TableStanding) -> str:
    if table.state is ConfigurationState.UNCONFIGURED:
        return f"Nobody configured the table: add it with {_PATH}, or exclude it in the DMS task."
    if table.state is ConfigurationState.BROKEN:
        return f"Correct its configuration: {_PATH}."
    if table.ledger is not None and table.ledger.refresh_status is RefreshStatus.ERROR:
        return "Its last run failed: `odpf status` shows the error."
    if table.waits_for_full_load:
        return "Its changes wait for a full load: start it in the DMS task, or set `full_load: none`."
    return f"See whether runs come and how they end: `odpf runs`. Start one: `odpf run {table.refresh_cadence} --wait`."


def _files(number: int) -> str:
    return "1 file is" if number == 1 else f"{number} files are"


def _shortened(text: str | None) -> str:
    text = text or "no reason is known"
    return text if len(text) <= _LONGEST_ERROR else f"{text[:_LONGEST_ERROR]} ..."


def _minute(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"
