"""What the ledger recorded of a table beside what DMS counted and what the lake holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
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
        loaded_at: when the last file of the newest load landed.
    """

    loaded: int
    changed: int
    unapplied: int
    loaded_at: datetime | None = None


def audit_adds_up(config: TableConfig, state: TableState | None) -> bool:
    """Whether the audit of a table's runs says how many rows the lake should hold.

    A history has rows of its own, marked rows stay, and a rebuilt table was written outside of runs.
    """
    written_by_runs = state is not None and not state.place
    return written_by_runs and config.table_data_versioning_type == "S" and config.delete_mode != "soft"


def rows_in_lake(audit: Iterable[AuditRow]) -> int:
    """Rows that the lake should hold by the audit of a table's runs."""
    return sum(row.counts.rows_inserted - row.counts.rows_deleted - row.counts.rows_removed_by_reload for row in audit)


def recorded(history: Iterable[FileRecord], unapplied: int) -> Recorded:
    """Rows of the files of the newest load, and of changes since."""
    applied = [record for record in history if record.state is FileState.PROCESSED]
    loads = [record for record in applied if record.file.dms_file_type is DmsFileType.FULL]
    newest = max((record.generation or 0 for record in loads), default=0)
    newest_load = [record for record in loads if (record.generation or 0) == newest]
    changes = [record for record in applied if record.file.dms_file_type is DmsFileType.INCREMENTAL]
    return Recorded(
        sum(record.rows or 0 for record in newest_load),
        sum(record.rows or 0 for record in changes if (record.generation or 0) >= newest),
        unapplied,
        max((record.file.last_modified for record in newest_load), default=None),
    )


class DmsCounted(NamedTuple):
    """What DMS had counted before the ledger was read, and after; the ledger lies between the two.

    `after` is None where nobody knows: the ledger may have any number more.
    """

    before: TableStatistics
    after: TableStatistics | None


def against_dms(dms: DmsCounted, ours: Recorded, tolerance: Tolerance) -> tuple[str, ...]:
    """What DMS counted and the ledger does not have, or the other way round, as sentences; none when they agree."""
    found: list[str] = []
    counted, after = dms.after or dms.before, dms.after
    loads, changes = (after.full_load_rows, after.changes) if after else (None, None)
    if not _near(dms.before.full_load_rows, loads, ours.loaded, ours.unapplied, tolerance):
        found.append(
            f"DMS loaded {counted.full_load_rows:,} rows, the ledger has {ours.loaded:,} of its newest load"
            f"{_and_unapplied(ours)}."
        )
    if not _near(dms.before.changes, changes, ours.changed, ours.unapplied, tolerance):
        found.append(
            f"DMS wrote {counted.changes:,} changes ({counted.inserts:,} inserts, {counted.updates:,} updates, "
            f"{counted.deletes:,} deletes), the ledger has {ours.changed:,}{_and_unapplied(ours)}."
        )
    return tuple(found)


def _near(before: int, after: int | None, applied: int, unapplied: int, tolerance: Tolerance) -> bool:
    """Whether what was applied, with what was not, has all that was counted before, and no more than was counted after."""
    more = applied - after if after is not None else 0
    return tolerance.allows(max(more, before - applied - unapplied, 0), before if after is None else after)


def _and_unapplied(ours: Recorded) -> str:
    return f", {ours.unapplied:,} rows wait or are in quarantine" if ours.unapplied else ""
