"""Rebuild a raw table from its staged files in a folder of its own, compare the two, and move the table there.

Readers keep reading the table where it was, until its catalog entry names the new folder. Nothing of the ledger changes
before the new table is whole, so whoever dies before leaves a folder that nobody reads, and the table as it was
(docs/adr/0011).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from file_processor.applying import Applying
from file_processor.commit import Commit
from file_processor.comparison import without_personal_data
from file_processor.engines.engine import Engine
from file_processor.file_batch import FileBatch
from file_processor.rebuild_steps import file_batches, last_position, needed_records
from file_processor.settling import Settled, Settlement, reached_state
from file_processor.table_copy import copy_table, remove_table
from file_processor.time_travel import files_at
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from odpf.counts import Counts
from odpf.errors import TerminalError
from odpf.file_record import FileRecord
from odpf.manifest import report_key
from odpf.order import spoken
from odpf.phases import Phase, begin
from odpf.rebuild import Differences, Rebuild, RebuildReport
from odpf.states import FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_NAMED = 5
OF_THE_LEASE = {
    "raw_table",
    "source_table_name",
    "lease_owner",
    "lease_epoch",
    "lease_region",
    "fence",
    "epoch",
    "run_id",
}
"""What a state has of its owner alone."""
_NEVER = "~"
"""Sorts behind every order position."""


class Rebuilt(NamedTuple):
    """A table after its rebuild.

    Attributes:
        lease: as the ledger has it now.
        settled: the file batches that were applied again; none where the result was only compared.
        engine: what applied them.
        told: a sentence for the run's warnings.
    """

    lease: TableState
    settled: list[Settled]
    engine: Engine | None
    told: str


class UnseenBooks:
    """The books of a table that nobody sees yet: in memory, for whoever dies begins anew."""

    def __init__(self, shop: Workshop, settlement: Settlement, config: TableConfig, timeline: Timeline) -> None:
        self._shop, self._settlement, self._config, self._timeline = shop, settlement, config, timeline
        self.lease: TableState
        self.settled: list[Settled] = []
        self.records: list[FileRecord] = []

    def intend(self, batch: FileBatch) -> str:
        """Where the batch is, if it is too large for its commit; see Books."""
        return self._settlement.store(batch)

    def settle(self, batch: FileBatch, commit: Commit | None, obstacle: str | None) -> None:
        """Go on to the state after the batch; see Books."""
        self._shop.contender.check_again()
        reached = reached_state(self.lease, batch, commit, self._config, self._timeline)
        self.lease = reached.model_copy(update={"only_spark": obstacle})
        instant = commit.instant if commit else None
        self.records += [record.model_copy(update={"commit_instant": instant}) for record in batch.records]
        self.settled.append(Settled(batch, instant, recovered=False, warnings=batch.warnings))
        self._timeline.refresh()

    def holds_table(self) -> bool:
        """Whether the lease is still this run's."""
        return self._shop.contender.holds(self.lease)

    def history(self) -> Iterable[FileRecord]:
        """Files of this table alone."""
        return tuple(self.records)


class Rebuilding:
    """Rebuilds one table that is held and recovered.

    Args:
        shop: ports and engines.
        config: the table as it is to be.
        asked: from where on, and whether only to compare.
        timeline: its folder.
        lease: the table as recovered.
        history: files done of its source.
    """

    def __init__(
        self,
        shop: Workshop,
        config: TableConfig,
        asked: Rebuild,
        timeline: Timeline,
        lease: TableState,
        history: Iterable[FileRecord],
    ) -> None:
        self._shop, self._config, self._asked = shop, config, asked
        self._former, self._lease = timeline, lease
        applied = (each for each in history if each.state is FileState.PROCESSED)
        self._applied = [each for each in applied if each.raw_table == lease.raw_table]
        settings, self._place = shop.settings, f"{lease.fence:06d}"  # nobody else has had this fence
        location = config.location(settings.raw_bucket, settings.raw_bucket_replicas, self._place)
        self._new = Timeline(shop.objects, location)
        self._settlement = Settlement(shop, config, self._new)
        self._books = UnseenBooks(shop, self._settlement, config, self._new)

    def run(self) -> Rebuilt:
        """Rebuild, compare, and move the table unless it was only to be compared.

        Raises:
            TerminalError: it cannot be rebuilt from what is there; the table is as it was.
        """
        if not self._lease.exists:
            raise TerminalError(f"{self._lease.raw_table} has no commit yet, so there is nothing to rebuild.")
        try:
            report, engine = self._rebuilt()
        except BaseException:
            remove_table(self._shop.objects, self._new.location)
            raise
        if self._asked.compare_only:
            remove_table(self._shop.objects, self._new.location)
            lease, settled = self._lease, []
        else:
            lease, settled = self._moved(), self._books.settled
        place = self._shop.settings.artifacts_bucket
        self._shop.objects.put(place, report_key(report.run_id), report.model_dump_json().encode())
        return Rebuilt(lease, settled, engine, _sentence(report))

    def _rebuilt(self) -> tuple[RebuildReport, Engine]:
        behind = self._copied_state() if self._asked.since else None
        records = self._to_apply(behind)
        if not records:
            raise TerminalError(
                f"No file of {self._lease.raw_table} was applied at or after {spoken(self._asked.since)}; the table stays as it is."
            )
        self._books.lease = behind or self._never_run()
        applying = Applying(self._shop, self._config, self._new, self._books)
        for choice in file_batches(records, self._lease, self._config, behind):
            applying.apply(choice)
            self._refuse_lost()
        if applying.engine is None or not self._new.instants:
            raise TerminalError(
                f"The files of {self._lease.raw_table} have no row that can be applied; the table stays as it is."
            )
        begin(Phase.SERVICE)
        differences = applying.engine.compare(self._config, self._former, self._new)
        return self._report(behind, differences), applying.engine

    def _never_run(self) -> TableState:
        """The state of a table without a commit, held as this one is."""
        return TableState(place=self._place, **self._lease.model_dump(include=OF_THE_LEASE))

    def _copied_state(self) -> TableState:
        """Copy the table as it was before the position, and tell its state."""
        before = next((commit for commit in self._former.commits() if _mark(commit) < self._asked.since), None)
        files = files_at(self._former, before.instant) if before else None
        if before is None or before.note is None or files is None:
            raise TerminalError(self._out_of_reach())
        copy_table(self._shop.objects, self._former, before.instant, files, self._new.location)
        self._new.refresh()
        self._books.records += [each for each in self._applied if _is_in(each, before.instant)]
        batch = self._settlement.stored(before.note)
        state = reached_state(self._lease, batch, before, self._config, self._new)
        return state.model_copy(update={"high_water_mark": _mark(before), "place": self._place})

    def _out_of_reach(self) -> str:
        commits = list(self._former.commits())
        left = (commit for commit in reversed(commits) if files_at(self._former, commit.instant) is not None)
        oldest = next(map(_mark, left), _NEVER)
        advice = "Rebuild all of it"
        if oldest < _NEVER:
            advice = (
                f"The oldest state that is left ends at {spoken(oldest)}: give a later position, or rebuild all of it"
            )
        raw_table = self._lease.raw_table
        return (
            f"{raw_table} cannot be read any more as it was before {spoken(self._asked.since)}; it stays as it is. "
            f"{advice}: odpf resnapshot --table {raw_table}"
        )

    def _to_apply(self, behind: TableState | None) -> list[FileRecord]:
        if behind is None:
            return needed_records(self._applied, self._config)
        mark, instant = behind.high_water_mark or "", behind.commit_instant or ""
        return [
            each
            for each in self._applied
            if not _is_in(each, instant) and (each.commit_instant or last_position(each) > mark)
        ]

    def _refuse_lost(self) -> None:
        """A file that was applied and now cannot be: what it said would be missing from the table."""
        lost = [each for each in self._books.settled[-1].batch.records if each.state is not FileState.PROCESSED]
        if lost:
            named = " ".join(f"{each.file.path}: {each.reason}" for each in lost[:_NAMED])
            more = f" (and {len(lost) - _NAMED} more)" if len(lost) > _NAMED else ""
            raise TerminalError(
                f"Files that {self._lease.raw_table} was made of cannot be applied again, so it stays as it is. {named}{more} "
                "Restore them under their keys, from versions or a copy of the staging bucket; or begin behind them: "
                f"odpf replay --table {self._lease.raw_table} --from POSITION"
            )

    def _moved(self) -> TableState:
        """Let the ledger say where the table is, then history, the catalog and who listens."""
        contender, state, instants = self._shop.contender, self._books.lease, sorted(self._new.instants)
        contender.check_epoch()
        seam = self._lease.seam
        found = {
            "place": self._place,
            "identity": self._config.identity,
            "commit_instant": state.commit_instant,
            "table_bytes": state.table_bytes,
            "active_commits": state.active_commits,
            "only_spark": state.only_spark,
            "catalog_digest": None,  # whoever dies now leaves readers where they are until the next commit
            "first_in_epoch": min((each for each in instants if seam is not None and each > seam), default=None),
        }
        lease = contender.ledger.advance(self._lease, self._lease.model_copy(update=found))
        settled = self._books.settled
        for each in settled:
            records = [record.model_copy(update={"commit_instant": each.instant}) for record in each.batch.records]
            contender.ledger.finish_files(lease, records)
        commit = self._new.newest_own()
        if commit is None:
            return lease
        digest = self._settlement.republish(lease, commit)
        lease = contender.ledger.advance(lease, lease.model_copy(update={"catalog_digest": digest}))
        self._settlement.tell(settled[-1].batch, lease, commit)
        return lease

    def _report(self, behind: TableState | None, differences: Differences) -> RebuildReport:
        counts = Counts()
        for each in self._books.settled:
            counts += each.counts
        return RebuildReport(
            run_id=self._shop.contender.run_id,
            raw_table=self._lease.raw_table,
            since=self._asked.since,
            began_behind=behind.commit_instant if behind else None,
            compare_only=self._asked.compare_only,
            files=sum(len(each.batch.records) for each in self._books.settled),
            rows_read=counts.rows_read,
            rows_quarantined=counts.rows_quarantined,
            former_location=self._former.location,
            location=self._former.location if self._asked.compare_only else self._new.location,
            differences=without_personal_data(differences, self._config),
        )


def _mark(commit: Commit) -> str:
    """The high-water mark at a commit; a commit without one is never before a position."""
    return (commit.note.high_water_mark if commit.note else None) or _NEVER


def _is_in(record: FileRecord, instant: str) -> bool:
    """Whether a commit, or one before it, has the file's rows."""
    return record.commit_instant is not None and record.commit_instant <= instant


def _sentence(report: RebuildReport) -> str:
    found = report.differences
    rows = f"{found.same} rows are the same, {found.changed} changed, {found.only_before} gone, {found.only_after} new"
    where = (
        "the table stays as it is"
        if report.compare_only
        else f"the table is at {report.location} now, and the former one still at {report.former_location}"
    )
    return f"Rebuilt from {report.files} files: {rows}; {where}."
