"""Workloads of a deployment: tables and cadences from its configuration, rates from yesterday's audit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from observability.schedule_expression import next_due
from odpf.audit import AuditRow
from odpf.clock import iso
from odpf.errors import InvalidConfiguration
from odpf.ports import AuditLog, ConfigStore
from odpf.states import Outcome
from odpf.table_config import read_cadence_config
from odpf_cli.cost_workload import MINUTES_A_DAY, Workload


def deployed(config: ConfigStore, audit: AuditLog, base: Workload, now: datetime) -> list[Workload]:
    """One workload for every cadence that has a schedule and active tables.

    Args:
        config: the deployment's configuration.
        audit: what its runs did; the whole day before `now` is read.
        base: what the configuration does not say.
        now: a UTC moment.

    Raises:
        InvalidConfiguration: no cadence has both.
    """
    yesterday = iso(now - timedelta(days=1))[: len("YYYY-MM-DD")]
    done = _rows_by_cadence(audit.of_day(yesterday))
    counts = _tables_by_cadence(config.tables())
    found = []
    for item in config.cadences():
        cadence = read_cadence_config(item)
        tables = counts.get(cadence.refresh_cadence, 0)
        if cadence.schedule is None or not tables:
            continue
        runs = runs_a_day(cadence.schedule, now)
        rows = done.get(cadence.refresh_cadence, [])
        found.append(
            base.but(
                tables=tables,
                every_minutes=MINUTES_A_DAY / runs,
                batch_size=cadence.refresh_tables_batch_size,
                compute="glue" if cadence.compute == "glue" else "lambda",
                **rates(rows, tables, runs),
            )
        )
    if not found:
        raise InvalidConfiguration(
            "No cadence of this deployment has a schedule and active tables. Configure some, or give --tables and --every."
        )
    return found


def rates(rows: Iterable[AuditRow], tables: int, runs: int) -> dict[str, float]:
    """How much of a cadence's tables changed at a run of that day; without any row nothing is known of it."""
    cycles = [row for row in rows if row.outcome is Outcome.COMPLETED and row.files]
    if not cycles:
        return {}
    files = sum(row.files for row in cycles)
    return {"changing": min(1.0, len(cycles) / (tables * runs)), "files_per_table": max(1.0, files / len(cycles))}


def runs_a_day(schedule: str, now: datetime) -> int:
    """How often a schedule is due within a day, at least once: a rarer one counts as daily."""
    start = now.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    end, times, moment = start + timedelta(days=1), 0, next_due(schedule, "UTC", start, start)
    while moment is not None and moment <= end:
        times += 1
        moment = next_due(schedule, "UTC", start, moment)
    return max(1, times)


def _tables_by_cadence(items: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = defaultdict(int)
    for item in items:
        counts[str(item.get("refresh_cadence"))] += str(item.get("is_active", "Y")).upper() != "N"
    return counts


def _rows_by_cadence(rows: Iterable[AuditRow]) -> dict[str, list[AuditRow]]:
    found: dict[str, list[AuditRow]] = defaultdict(list)
    for row in rows:
        found[row.refresh_cadence].append(row)
    return found
