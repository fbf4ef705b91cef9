"""What the ledger recorded of a table beside what DMS counted and what the lake holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from odpf.audit import AuditRow
from odpf.file_record import FileRecord
from odpf.states import DmsFileType, FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf.table_statistics import TableStatistics
from reconciliation.report import Tolerance


class Recorded(NamedTuple):
    """Rows of a table's files since its newest load.

    Attributes:
        loaded, changed: rows of its full-load files, and of change files, that were applied.
        unapplied: rows of files that wait or are in quarantine, as far as their footers can be read.
    """

    loaded: int
    changed: int
    unapplied: int


def rows_in_lake(config: TableConfig, state: TableState | None, audit: Iterable[AuditRow]) -> int | None:
    """Rows that the lake should hold by the audit of the table's runs; None where it does not say.

    A history has rows of its own, marked rows stay, and a rebuilt table was written outside of runs.
    """
    if state is None or state.place or config.table_data_versioning_type != "S" or config.delete_mode == "soft":
        return None
    return sum(row.counts.rows_inserted - row.counts.rows_deleted - row.counts.rows_removed_by_reload for row in audit)


def recorded(history: Iterable[FileRecord], unapplied: int) -> Recorded:
    """Rows of the files of the newest load, and of changes since."""
    applied = [record for record in history if record.state is FileState.PROCESSED]
    loads = [record for record in applied if record.file.dms_file_type is DmsFileType.FULL]
    newest = max((record.generation or 0 for record in loads), default=0)
    changes = [record for record in applied if record.file.dms_file_type is DmsFileType.INCREMENTAL]
    return Recorded(
        sum(record.rows or 0 for record in loads if (record.generation or 0) == newest),
        sum(record.rows or 0 for record in changes if (record.generation or 0) >= newest),
        unapplied,
    )


class DmsCounted(NamedTuple):
    """What DMS had counted before the ledger was read, and after; the ledger lies between the two."""

    before: TableStatistics
    after: TableStatistics


def against_dms(dms: DmsCounted, ours: Recorded, tolerance: Tolerance) -> tuple[str, ...]:
    """What DMS counted and the ledger does not have, or the other way round, as sentences; none when they agree."""
    found: list[str] = []
    if not _near(dms.before.full_load_rows, dms.after.full_load_rows, ours.loaded, ours.unapplied, tolerance):
        found.append(
            f"DMS loaded {dms.after.full_load_rows:,} rows, the ledger has {ours.loaded:,} of its newest load"
            f"{_and_unapplied(ours)}."
        )
    if not _near(dms.before.changes, dms.after.changes, ours.changed, ours.unapplied, tolerance):
        counted = dms.after
        found.append(
            f"DMS wrote {counted.changes:,} changes ({counted.inserts:,} inserts, {counted.updates:,} updates, "
            f"{counted.deletes:,} deletes), the ledger has {ours.changed:,}{_and_unapplied(ours)}."
        )
    return tuple(found)


def _near(before: int, after: int, applied: int, unapplied: int, tolerance: Tolerance) -> bool:
    """Whether what was applied, with what was not, has all that was counted before, and no more than was counted after."""
    away = max(applied - after, before - applied - unapplied, 0)
    return tolerance.allows(away, after)


def _and_unapplied(ours: Recorded) -> str:
    return f", {ours.unapplied:,} rows wait or are in quarantine" if ours.unapplied else ""
