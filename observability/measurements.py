"""Where a deployment stands, in numbers: of the whole, of each cadence, and the lag of tables that have something waiting. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from observability.finding import Finding
from observability.standing import Standing, TableStanding
from odpf.freshness import age
from odpf.metrics import Dimension, Dimensions, Metric, Values
from odpf.states import ConfigurationState, FindingKind

CadenceTable = tuple[str, str]
"""(refresh_cadence, source_table_name)."""

_OF_TABLES: Mapping[Metric, tuple[FindingKind, ...]] = {
    Metric.LAG_OBJECTIVES_MISSED: (FindingKind.LAG_OBJECTIVE_MISSED,),
    Metric.TABLES_FAILED: (FindingKind.TABLE_FAILED, FindingKind.TABLE_SET_ASIDE),
    Metric.TABLES_PENDING_TOO_LONG: (FindingKind.OLDEST_PENDING,),
    Metric.TABLES_QUARANTINING: (FindingKind.FILES_QUARANTINED,),
    Metric.RUNS_MISSED: (FindingKind.NO_RUN,),
}


class Measurement(NamedTuple):
    """Values of one set of dimensions."""

    dimensions: Dimensions
    values: Values


def measure(
    standing: Standing,
    findings: Iterable[Finding],
    waited_before: Collection[CadenceTable],
    deployment: str,
    *,
    of_tables: bool,
) -> Iterator[Measurement]:
    """Everything a watch measures but that it came to its end.

    Args:
        standing: where the deployment stands.
        findings: what is wrong in it.
        waited_before: tables that had something waiting at the last watch; theirs may have become 0.
        deployment: its name.
        of_tables: whether tables get a lag of their own.
    """
    whole, findings = {Dimension.DEPLOYMENT: deployment}, list(findings)
    once = {table.source_table_name: table for table in standing.tables}.values()
    dead_letters = {Metric.DEAD_LETTERS: float(sum(standing.dead_letters.values()))}
    yield Measurement(whole, _values([*once], findings, standing.now) | dead_letters)
    by_cadence: dict[str, list[TableStanding]] = {cadence.refresh_cadence: [] for cadence in standing.cadences}
    for table in standing.tables:
        if table.refresh_cadence is not None:
            by_cadence[table.refresh_cadence].append(table)
    for name, tables in by_cadence.items():
        own = [finding for finding in findings if finding.refresh_cadence == name]
        yield Measurement({**whole, Dimension.REFRESH_CADENCE: name}, _values(tables, own, standing.now))
    lags = waiting_tables(standing) if of_tables else {}
    for cadence, source_table in sorted({*lags, *waited_before}) if of_tables else ():
        names = {Dimension.REFRESH_CADENCE: cadence, Dimension.SOURCE_TABLE_NAME: source_table}
        yield Measurement({**whole, **names}, {Metric.FRESHNESS_LAG: lags.get((cadence, source_table), 0.0)})


def waiting_tables(standing: Standing) -> dict[CadenceTable, float]:
    """The lag of every table that is to be kept in step and has something waiting."""
    return {
        (table.refresh_cadence, table.source_table_name): age(table.waiting.oldest_change, standing.now)
        for table in standing.tables
        if table.expected and table.refresh_cadence is not None and table.waiting.files
    }


def _values(tables: Sequence[TableStanding], findings: Iterable[Finding], now: datetime) -> dict[Metric, float]:
    kinds = Counter(finding.kind for finding in findings)
    lags = [age(table.waiting.oldest_change, now) for table in tables if table.expected]
    waits = [age(table.waiting.oldest_put, now) for table in tables if table.state is not ConfigurationState.INACTIVE]
    return {
        Metric.FRESHNESS_LAG: max(lags, default=0.0),
        Metric.PENDING_FILES: sum(table.waiting.files for table in tables),
        Metric.PENDING_BYTES: sum(table.waiting.bytes for table in tables),
        Metric.OLDEST_PENDING_FILE: max(waits, default=0.0),
        **{metric: sum(kinds[kind] for kind in counted) for metric, counted in _OF_TABLES.items()},
    }
