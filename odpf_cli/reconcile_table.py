"""Reconciles one table: source, DMS statistics, ledger and lake, put together."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from file_processor.columns import of_mapping_rules
from odpf.adapters.athena import AthenaQueries
from odpf.adapters.aws import Aws
from odpf.adapters.catalog_reader import CatalogReader
from odpf.configured_table import read_items
from odpf.errors import OdpfError
from odpf.source_table import SourceTable
from odpf.states import Reconciled
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf.table_statistics import TableStatistics
from odpf_cli.files import waiting
from odpf_cli.quarantine_contents import Quarantine
from odpf_cli.reconcile_dms import DmsCounters, DmsFindings, ambiguous_names
from odpf_cli.reconcile_source import lake_names, refuse_unused, sources, statistics_of
from odpf_cli.reconcile_waiting import OnTheWay, rows_of
from odpf_local.dms.mapping import TableMappings
from reconciliation.comparison import Comparison, InFlight, Plan, reconciliation_of
from reconciliation.dialects.athena import Athena
from reconciliation.forms import Form, LakeColumn, Pairing, SourceColumn, pairing
from reconciliation.lake import TOUCHED, current_rows
from reconciliation.ledger import audit_adds_up, recorded, rows_in_lake
from reconciliation.report import Counts, Level, TableReconciliation, Tolerance
from reconciliation.source import Source
from reconciliation.statements import Statements


class CannotCompare(OdpfError):
    """A table cannot be compared: it is not there, or its key is not on both sides."""


class Asked(NamedTuple):
    """What a person asks for, as it stands in the options of `odpf reconcile`."""

    sources: Sequence[str]
    level: Level
    tolerance: Tolerance
    wait_seconds: float
    table_mappings: Path | None
    dms_statistics: Path | None


class _Before(NamedTuple):
    """What the ledger and DMS said before the lake was read."""

    state: TableState | None
    counted: TableStatistics | None


class Reconciler(NamedTuple):
    """What all tables of one reconciliation share.

    Attributes:
        sources: databases by the name of their staging place; without one only lake, ledger and DMS are compared.
        dms: counters of the deployment's DMS tasks.
    """

    aws: Aws
    queries: AthenaQueries
    catalog: CatalogReader
    sources: Mapping[str, Source]
    mappings: TableMappings | None
    dms: DmsCounters
    plan: Plan

    def table(self, config: TableConfig) -> TableReconciliation:
        """Reconcile one table; what goes wrong is its outcome, and no other table's."""
        began = time.monotonic()
        try:
            found = self._table(config)
        except OdpfError as error:
            found = TableReconciliation(**_names(config), outcome=Reconciled.FAILED, error=str(error))
        return found.model_copy(update={"seconds": round(time.monotonic() - began, 3)})

    def _table(self, config: TableConfig) -> TableReconciliation:
        name = SourceTable.parse(config.source_table_name)
        found = self.catalog.table(config.raw_database_name, config.raw_table_name)
        if found is None:
            raise CannotCompare(
                f"{config.raw_table} is not in the catalog: no run has written it. Start one: odpf run {config.refresh_cadence} --wait"
            )
        source, state, counted = self.sources.get(name.source), self._state(config), self.dms.of(name)
        compared = self._with_source(config, name, source, lake_columns(found)) if source else self._counted(config)
        return self._with_ledger(config, name, compared, _Before(state, counted))

    def _with_source(
        self, config: TableConfig, name: SourceTable, source: Source, lake: Sequence[LakeColumn]
    ) -> TableReconciliation:
        columns = source.columns(name.schema, name.table)
        names, own = lake_names(self.mappings, name, columns), of_mapping_rules(config)
        pairs = pairing(columns, lake, names, config.hudi_primary_key, own, config.protected)
        plan, remarks = self._possible(config)
        if plan.level is not Level.COUNTS:
            _refuse_without_key(config, pairs, columns)
        theirs, milliseconds = Athena(), self._shows_milliseconds(config, pairs)
        if milliseconds:
            source = source.to_the_millisecond()
        on_the_way = OnTheWay(self._quarantine(), config, pairs, milliseconds=milliseconds)
        comparison = Comparison(
            source,
            Statements(source.dialect, source.relation(name.schema, name.table), pairs),
            Statements(theirs, current_rows(config, theirs), pairs, TOUCHED),
            lambda sql: self.queries.run(sql).rows,
            InFlight(on_the_way.keys, on_the_way.rows, on_the_way.complete_through),
        )
        found = reconciliation_of(_names(config), comparison.compare(plan), pairs, comparison.traffic)
        return found.model_copy(update={"remarks": (*remarks, *found.remarks)})

    def _possible(self, config: TableConfig) -> tuple[Plan, tuple[str, ...]]:
        """The plan as far as the table allows it, and what a person should know of the rest."""
        hashed = [key for key in config.hudi_primary_key if config.protected.is_hashed(key)]
        if not hashed or self.plan.level is Level.COUNTS:
            return self.plan, ()
        remark = f"Of its key {', '.join(hashed)} is kept as a hash, so rows of both sides cannot be matched: they are counted alone."
        return self.plan._replace(level=Level.COUNTS), (remark,)

    def _counted(self, config: TableConfig) -> TableReconciliation:
        """The lake's rows, where there is no source to compare them with."""
        rows = self.queries.run(f"SELECT COUNT(*) FROM {current_rows(config, Athena())}").rows  # noqa: S608  names are quoted
        place = SourceTable.parse(config.source_table_name).source
        remarks = (_NO_SOURCE.format(place or "the default one"),) if self.sources else ()
        counts = Counts(lake=int(rows[0][0] or 0))
        return TableReconciliation(**_names(config), outcome=Reconciled.AGREES, counts=counts, remarks=remarks)

    def _shows_milliseconds(self, config: TableConfig, pairs: Pairing) -> bool:
        """Whether Athena has the table's timestamps as timestamp(3): then it does not show what the files hold beyond."""
        moment = next((pair for pair in pairs.all if pair.form is Form.MOMENT), None)
        if moment is None:
            return False
        sql = Athena()
        table = f"{sql.quoted(config.raw_database_name)}.{sql.quoted(config.raw_table_name)}"
        asked = f"SELECT typeof(MAX({sql.column(moment)})) FROM {table} WHERE false"  # noqa: S608  names are quoted
        return self.queries.run(asked).rows[0][0] == "timestamp(3)"  # no file was read for it

    def _with_ledger(
        self, config: TableConfig, name: SourceTable, found: TableReconciliation, before: _Before
    ) -> TableReconciliation:
        tolerance, ledger = self.plan.tolerance, None
        if audit_adds_up(config, before.state):
            ledger = rows_in_lake(self.aws.audit.of_table(config.raw_table))
        if was_written(before.state, self._state(config)):
            ledger = None  # the audit of a run that wrote meanwhile is of other rows than were counted
        dms = self._against_dms(config, name, before.counted)
        notes = (*found.notes, *_lake_against_ledger(found.counts.lake, ledger, tolerance), *dms.notes)
        counts = found.counts.model_copy(update={"ledger": ledger, "dms": dms.rows})
        outcome, remarks = found.outcome, (*found.remarks, *dms.remarks)
        if notes and outcome in (Reconciled.AGREES, Reconciled.EXPLAINED):
            outcome = Reconciled.DRIFTED
        elif (counts.source, counts.dms, counts.ledger) == (None, None, None):
            outcome, remarks = Reconciled.UNDECIDED, (*remarks, _ALONE)
        return found.model_copy(update={"counts": counts, "notes": notes, "remarks": remarks, "outcome": outcome})

    def _against_dms(self, config: TableConfig, name: SourceTable, before: TableStatistics | None) -> DmsFindings:
        if before is None:
            return DmsFindings()
        ours = recorded(self.aws.tracker.history(config.source_table_name), self._unapplied(config))
        return self.dms.compared(name, before, ours, self.plan.tolerance)

    def _state(self, config: TableConfig) -> TableState | None:
        return self.aws.ledger.state(config.raw_table)

    def _unapplied(self, config: TableConfig) -> int:
        tracker = self.aws.tracker
        quarantined = [record.file for record in tracker.quarantined(config.source_table_name)]
        rows, _ = rows_of(self.aws.objects, [*waiting(tracker, config.source_table_name), *quarantined])
        return rows

    def _quarantine(self) -> Quarantine:
        aws = self.aws
        return Quarantine(aws.tracker, aws.ledger, aws.audit, aws.config, aws.objects, aws.settings.artifacts_bucket)


_NO_SOURCE = "No --source is of its staging place ({}): lake, ledger and DMS alone are compared."
_ALONE = (
    "Nothing could be compared with the lake: there is no source, no count of DMS, and the audit of its runs does not add up to its rows. "
    "Give its source: --source URL."
)


def reconciler(
    aws: Aws, queries: AthenaQueries, catalog: CatalogReader, asked: Asked, tables: Sequence[str]
) -> Reconciler:
    """Make ready what is asked for.

    Args:
        aws: the deployment.
        queries: its Athena.
        catalog: its catalog.
        asked: the options.
        tables: the source tables that are chosen.

    Raises:
        InvalidSettings: a source, or a file, that cannot be used, or a source of none of the tables.
    """
    refuse_unused(asked.sources, tables)
    dms = DmsCounters(
        aws.dms_tasks,
        statistics_of(asked.dms_statistics),
        ambiguous_names(table.source_table_name for table in read_items(aws.config.tables())),
    )
    mappings = TableMappings.read(asked.table_mappings) if asked.table_mappings else None
    plan = Plan(asked.level, asked.tolerance, asked.wait_seconds)
    return Reconciler(aws, queries, catalog, sources(asked.sources), mappings, dms, plan)


def lake_columns(table: Mapping[str, Any]) -> list[LakeColumn]:
    """Columns of a table as GetTable describes it."""
    listed = [*table.get("StorageDescriptor", {}).get("Columns", ()), *table.get("PartitionKeys", ())]
    return [LakeColumn(column["Name"], column.get("Type", "string")) for column in listed]


def _names(config: TableConfig) -> dict[str, Any]:
    return {
        name: getattr(config, name)
        for name in ("source_table_name", "raw_database_name", "raw_table_name", "refresh_cadence")
    }


def _refuse_without_key(config: TableConfig, pairs: Pairing, columns: Sequence[SourceColumn]) -> None:
    missing = [name for name in config.hudi_primary_key if name not in {pair.lake.name for pair in pairs.keys}]
    if missing:
        reasons = {left.column.lower(): left.reason for left in pairs.not_compared}
        why = "; ".join(f"{name}: {reasons.get(name, 'not at the source')}" for name in missing)
        listed = ", ".join(column.name for column in columns)
        raise CannotCompare(
            f"The key of {config.raw_table} is not on both sides ({why}). The source has {listed}. If mapping rules rename columns, "
            "give them: --table-mappings FILE."
        )


def was_written(before: TableState | None, after: TableState | None) -> bool:
    """Whether a run held the table at some time between two looks at the ledger."""
    return before is None or after is None or after.lease_owner is not None or after.fence != before.fence


def _lake_against_ledger(lake: int | None, ledger: int | None, tolerance: Tolerance) -> tuple[str, ...]:
    """A sentence where the audit adds up to other rows than the lake has."""
    if lake is None or ledger is None or tolerance.allows(abs(lake - ledger), lake):
        return ()
    return (f"The audit of its runs adds up to {ledger:,} rows, the lake has {lake:,}.",)
