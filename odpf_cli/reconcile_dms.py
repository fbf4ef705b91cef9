"""What DMS counted of a table, beside what the ledger has: the tasks are asked, or a file of their statistics is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import NamedTuple

from odpf.ports import DmsTasks
from odpf.source_table import SourceTable
from odpf.table_statistics import TableStatistics, summed
from odpf_cli.reconcile_source import parsed
from reconciliation.ledger import DmsCounted, Recorded, against_dms
from reconciliation.report import Tolerance


class DmsFindings(NamedTuple):
    """What a report says of DMS: the rows that a table should have by it, what is drift, and what was not compared."""

    rows: int | None = None
    notes: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()


class DmsCounters(NamedTuple):
    """Counters of a deployment's DMS tasks.

    Attributes:
        tasks: those that are asked.
        file: statistics by schema and table that are taken instead.
        ambiguous: schemas and tables that are configured at several staging places: counters do not say of which they are.
    """

    tasks: DmsTasks
    file: Mapping[tuple[str, str], TableStatistics] | None
    ambiguous: Collection[tuple[str, str]] = ()

    def of(self, name: SourceTable) -> TableStatistics | None:
        """What all tasks that have the table have counted: one may load it and another write its changes."""
        if self.file is not None:
            return self.file.get((name.schema, name.table))
        return summed(self.tasks.statistics(name.schema, name.table))

    def compared(
        self, name: SourceTable, before: TableStatistics | None, ours: Recorded, tolerance: Tolerance
    ) -> DmsFindings:
        """Compare with what the ledger has, where the two can be compared.

        Args:
            name: of the table.
            before: what `of` said before the ledger was read.
            ours: what the ledger has.
            tolerance: how many rows may differ.
        """
        if before is None:
            return DmsFindings()
        if (name.schema, name.table) in self.ambiguous:
            return DmsFindings(remarks=(_AMBIGUOUS.format(name.schema, name.table),))
        if self.file is None:
            after = self.of(name) or before
            return DmsFindings(after.rows, against_dms(DmsCounted(before, after), ours, tolerance))
        moment = f"of {before.moment:%Y-%m-%d %H:%M:%S} UTC" if before.moment else "of a moment that it does not tell"
        if before.moment and ours.loaded_at and ours.loaded_at > before.moment:
            return DmsFindings(remarks=(_BEFORE_LOAD.format(moment),))
        notes = against_dms(DmsCounted(before, None), ours, tolerance)
        return DmsFindings(before.rows, notes, (_OF_FILE.format(moment),))


_AMBIGUOUS = "{}.{} is configured at several staging places, and DMS statistics do not say of which they are: not compared with DMS."
_BEFORE_LOAD = "The file of DMS statistics is {}, before the newest load landed: not compared with DMS."
_OF_FILE = "The file of DMS statistics is {}: what the ledger has more than it may have come since."


def ambiguous_names(source_tables: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Schemas and tables that several staging places have, of the source tables that are configured."""
    seen: dict[tuple[str, str], set[str]] = {}
    for name in parsed(source_tables):
        seen.setdefault((name.schema, name.table), set()).add(name.source)
    return frozenset(table for table, places in seen.items() if len(places) > 1)
