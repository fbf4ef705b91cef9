"""What a plan has to read: not what the plan before it has seen to be in order. Pure.

Reads that grow with tables and with what lies in staging would be most of what an idle deployment costs (docs/cost.md), so

    states of tables     of those for which something waits. A table without files needs a run where an earlier one died in the last
                         moments of its work on it: then the summary of the run before says so, and all are read, as once an hour.
    staged files         every table is listed by every plan, so a run sees every object whose PUT had returned before it was started. The
                         tracker is asked about those that can have come since the plan before, and once a day about all.

What can have come since is told by S3's own LastModified, which of an object put in parts is the moment when the first part was begun (S3 User
Guide, multipart upload): hence the wide margin. In a second Region, or after a fail-over, replicas come with the times of their originals: there everything is read.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Self

from file_processor.load_completion import is_load
from odpf.audit import RunSummary
from odpf.clock import iso
from odpf.epoch import Epoch
from odpf.landed_file import LandedFile
from odpf.last_plan import LastPlan
from odpf.states import Outcome
from odpf.table_config import TableConfig

EVERY_STATE = timedelta(hours=1)
EVERY_FILE = timedelta(days=1)
LONGEST_UPLOAD = timedelta(hours=3)
"""Of one object. One that takes longer and whose event is lost as well is found within `EVERY_FILE`."""


class SweptTables(NamedTuple):
    """What a plan has listed.

    Attributes:
        names: source tables that were listed without a problem.
        began_at: S3's clock at the first listing; None when nothing lies in staging.
    """

    names: Sequence[str] = ()
    began_at: datetime | None = None


class PlanReads(NamedTuple):
    """What one plan may leave out.

    Attributes:
        states_since: tables without files and without a LOAD object newer than this are in order; None where all states are read.
        files_since: older staged files are known to the tracker; None where it is asked about all.
    """

    states_since: datetime | None = None
    files_since: datetime | None = None

    @classmethod
    def after(
        cls, last: LastPlan | None, summary: RunSummary | None, epoch: Epoch, tables: Iterable[str], now: datetime
    ) -> Self:
        """What may be left out after another plan of the same cadence.

        Args:
            last: that plan; None where there was none, or where everything is to be looked at.
            summary: of its run; None as long as it has none.
            epoch: of the deployment.
            tables: source tables to sweep.
            now: the moment.
        """
        if last is None or last.swept_at is None or epoch.number or last.epoch != epoch.number:
            return cls()
        since = datetime.fromisoformat(last.swept_at) - LONGEST_UPLOAD
        fine = summary is not None and all(table.outcome is Outcome.COMPLETED for table in summary.tables)
        knows_files = last.swept == swept_digest(tables) and _is_recent(last.all_files_at, now, EVERY_FILE)
        return cls(
            since if fine and _is_recent(last.all_states_at, now, EVERY_STATE) else None,
            since if knows_files else None,
        )

    def remembered(
        self, last: LastPlan | None, run_id: str, started_at: str, epoch: Epoch, swept: SweptTables | None
    ) -> LastPlan:
        """What the next plan is told of this one.

        Args:
            last: the plan before.
            run_id: of this one's run.
            started_at: of this one.
            epoch: of the deployment.
            swept: what was listed; None where nothing was.
        """
        if swept is None or swept.began_at is None:
            return LastPlan(run_id=run_id, started_at=started_at, epoch=epoch.number)
        return LastPlan(
            run_id=run_id,
            started_at=started_at,
            epoch=epoch.number,
            swept_at=iso(swept.began_at),
            all_states_at=last.all_states_at if last and self.states_since else started_at,
            all_files_at=last.all_files_at if last and self.files_since else started_at,
            swept=swept_digest(swept.names),
        )

    def states(
        self,
        configs: Iterable[TableConfig],
        files: Mapping[str, Sequence[LandedFile]],
        listings: Mapping[str, Mapping[str, LandedFile]],
    ) -> list[str]:
        """Raw tables whose states decide something.

        Args:
            configs: tables of the run.
            files: what waits, by source table.
            listings: what was listed, by source table.
        """
        return [
            config.raw_table
            for config in configs
            if self.states_since is None
            or files.get(config.source_table_name)
            or _has_load(listings.get(config.source_table_name, {}).values(), self.states_since)
        ]


def swept_digest(tables: Iterable[str]) -> str:
    """Tells one set of source tables from another."""
    return hashlib.sha256("\n".join(sorted(tables)).encode()).hexdigest()[:32]


def _is_recent(moment: str | None, now: datetime, length: timedelta) -> bool:
    return moment is not None and now - datetime.fromisoformat(moment) < length


def _has_load(listed: Iterable[LandedFile], since: datetime) -> bool:
    """Whether a LOAD object may have been put again with the same bytes, which no event need tell."""
    return any(is_load(file) and file.last_modified >= since for file in listed)
