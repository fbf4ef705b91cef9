"""Process one table: take it, finish what a dead run left, apply one file batch, write the ledger, give it back.

The order of the steps is the protocol. Whoever dies between two of them leaves a state from which the next run
goes on: before the commit nothing has happened, after it the table's own timeline says so.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from file_processor.adopting import Adopted, Adopting
from file_processor.applying import Applying
from file_processor.choosing import Choice, CycleKind, choose
from file_processor.commit import Commit
from file_processor.engines.engine import Engine
from file_processor.file_batch import FileBatch
from file_processor.maintenance import maintain
from file_processor.rebuild import Rebuilding, Rebuilt
from file_processor.recovery import Recovery
from file_processor.settling import Settled, Settlement
from file_processor.stragglers import Stragglers
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from odpf.errors import TerminalError, UnsupportedChange
from odpf.failpoints import Failpoint, reached
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.manifest import TableWork
from odpf.order import OrderPosition
from odpf.phases import Phase, begin
from odpf.rebuild import Rebuild
from odpf.states import DmsFileType, FileState
from odpf.table_state import Intent, TableState


class TableRun:
    """One table of one run, from the lease to its release; `settled` grows with every file batch that is in the ledger.

    Args:
        shop: ports and engine.
        work: configuration and frozen files.
        lease: the table as acquired.
        done: file ids of the frozen files that history has; None to ask.

    Attributes:
        warnings: beside those of the file batches.
    """

    def __init__(self, shop: Workshop, work: TableWork, lease: TableState, done: Collection[str] | None = None) -> None:
        self._shop, self._work, self._config, self._done = shop, work, work.config, done
        self.lease = lease
        self.settled: list[Settled] = []
        self.warnings: tuple[str, ...] = ()
        self._other_work_by: Engine | None = None
        settings = shop.settings
        location = work.config.location(settings.raw_bucket, settings.raw_bucket_replicas, lease.place)
        self._timeline = Timeline(shop.objects, location)
        self._settlement = Settlement(shop, work.config, self._timeline)
        self._recovery = Recovery(shop.contender, shop.tracker, self._settlement, self._timeline)
        self._applying = Applying(shop, work.config, self._timeline, self)

    def run(self) -> None:
        """Do all steps but taking and giving back.

        Raises:
            OdpfError: why the table stays as it is; its files stay pending.
        """
        begin(Phase.RECOVER)
        self._check_identity()
        if self._work.rebuild and self._work.rebuild.adopted_from:  # whose own timeline is none to recover from
            self._rebuild(self._work.rebuild)
            return
        self.warnings = tuple(Stragglers(self._timeline).take_out(self.lease))
        for lease, settled in self._recovery.steps(self.lease, self._work.files):
            self.lease, self._done = lease, None  # history has more now
            self.settled += [settled] if settled else []
            reached(Failpoint.RECOVERED, self._config.raw_table)
        if self._work.maintenance or self._work.rebuild:
            begin(Phase.SERVICE)
        if self._work.maintenance:
            self._other_work_by, self.lease = maintain(self._shop, self._work, self._timeline, self.lease)
            return
        if self._work.rebuild:
            self._rebuild(self._work.rebuild)
            return
        files = self._pending_files()
        choice = self._choose(files)
        if not choice.files or choice.kind is None:
            if self.lease.intent:  # its commit never came, or the ledger has it by now
                self.lease = self._shop.contender.ledger.advance(self.lease, self.lease)
            return
        self._applying.apply(choice)

    def _rebuild(self, asked: Rebuild) -> None:
        found: Rebuilt | Adopted
        if asked.adopted_from:
            found = Adopting(self._shop, self._config, asked, self.lease).run()
        else:
            found = Rebuilding(self._shop, self._config, asked, self._timeline, self.lease, self.history()).run()
        self.lease, self._other_work_by = found.lease, found.engine
        self.settled += found.settled
        self.warnings = (*self.warnings, found.told)

    def intend(self, batch: FileBatch) -> str:
        """Write the intent of a file batch down; see Books."""
        uri = self._settlement.store(batch)
        intent = Intent(batch_id=batch.batch_id, uri=uri)
        self.lease = self._shop.contender.ledger.record_intent(self.lease, intent)
        reached(Failpoint.INTENDED, batch.raw_table)
        return uri

    def history(self) -> Iterable[FileRecord]:
        """Files done of the table's source."""
        return self._shop.tracker.history(self._config.source_table_name)

    def holds_table(self) -> bool:
        """Whether the lease is still this run's."""
        return self._shop.contender.holds(self.lease)

    @property
    def engine(self) -> Engine | None:
        """What did it; None where nothing was to do."""
        return self._other_work_by or self._applying.engine

    @property
    def may_still_commit(self) -> bool:
        """Whether a commit may still come of this run, though it failed."""
        return self._applying.may_still_commit

    @property
    def waits_for_full_load(self) -> bool:
        """Whether the table has still no row of its own."""
        return not self.lease.exists and self._config.full_load == "required"

    def _check_identity(self) -> None:
        differing = self._config.identity_changes(self.lease.identity or {})
        if differing and self._work.rebuild:  # which is the way to change what a table is made with
            self._refuse_unsettled()
        elif differing:
            was = ", ".join(f"{name}={made_with!r}" for name, (made_with, _) in differing.items())
            raise UnsupportedChange(
                f"{self._config.raw_table} was made with {was}; its configuration now says otherwise. Set it back, or build the "
                f"table anew: odpf resnapshot --table {self._config.source_table_name}"
            )
        if self.lease.source_table_name != self._config.source_table_name:
            raise UnsupportedChange(
                f"{self._config.raw_table} belongs to source table {self.lease.source_table_name}, not to "
                f"{self._config.source_table_name}. One source table feeds one raw table: configure another raw table."
            )

    def _refuse_unsettled(self) -> None:
        """What a dead run committed is finished with the configuration that it was made with."""
        if self._timeline.unsettled(self.lease.commit_instant):
            raise TerminalError(
                f"{self._config.raw_table} has a commit that is not in the ledger yet. Nothing was changed. Let a run finish it "
                f"first: odpf run {self._config.refresh_cadence} --wait"
            )

    def _pending_files(self) -> tuple[LandedFile, ...]:
        """The frozen files without those that history has (put back by a duplicate event, or done by a dead run)."""
        files = self._work.files
        done = set(self._shop.tracker.done(files) if self._done is None else self._done)
        just_settled = {record.file.file_id for settled in self.settled for record in settled.batch.records}
        if left_over := done - just_settled:
            self._shop.tracker.remove_pending(self._config.source_table_name, left_over)
        return tuple(file for file in files if file.file_id not in done | just_settled)

    def _choose(self, files: tuple[LandedFile, ...]) -> Choice:
        mark = OrderPosition.parse(self.lease.high_water_mark) if self.lease.high_water_mark else None
        # After an operator's bump the mark's sequence is the former task's, and no floor for those of the new one.
        reached = mark.sequence if mark and mark.generation == self.lease.generation else ""
        has_load = bool(self._work.put_back) or any(file.dms_file_type is DmsFileType.FULL for file in files)
        choice = choose(
            self.lease,
            files,
            full_load_required=self._config.full_load == "required",
            applied_loads=self._applied_loads() if has_load and self.lease.exists else {},
            staged_loads=self._work.staged_loads,
            high_water_sequence=reached,
            put_back=self._work.put_back,
        )
        if choice.kind is CycleKind.RELOAD and self._config.table_data_versioning_type == "H":
            return choice._replace(
                kind=CycleKind.CHANGES
            )  # history keeps what was; the new load is one more generation
        return choice

    def _applied_loads(self) -> dict[str, LandedFile]:
        """LOAD files of the newest load, by key; a generation that an operator began has none of its own."""
        loads = [
            record
            for record in self.history()
            if record.state is FileState.PROCESSED and record.file.dms_file_type is DmsFileType.FULL
        ]
        newest = max((record.generation or 0 for record in loads), default=0)
        return {record.file.key: record.file for record in loads if (record.generation or 0) == newest}

    def settle(self, batch: FileBatch, commit: Commit | None, obstacle: str | None) -> None:
        """Write down what was done, unless the work was given to another Region meanwhile: it will do that itself."""
        self._shop.contender.check_again()
        lease = self.lease.model_copy(update={"only_spark": obstacle})
        self.lease, settled = self._settlement.settle(lease, batch, commit)
        self.settled.append(settled)
