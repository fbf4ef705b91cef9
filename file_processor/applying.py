"""Apply one file batch to one table: inspect, choose the engine, fit, reduce, commit; the protocol around it is TableRun's."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Protocol

from file_processor.applied_deletes import AppliedDeletes
from file_processor.choosing import Choice, ChosenFile, CycleKind, with_floor
from file_processor.commit import NOTE, SCHEMA, Commit
from file_processor.conversion import Protection, as_they_stand, copied, read_through
from file_processor.engine_choice import EngineChoice, choose_engine
from file_processor.engine_facts import engine_facts
from file_processor.engines.engine import Engine, Prepared, ReadGroup, Reduced, WritePlan
from file_processor.file_batch import CommitNote, FileBatch, batch_id
from file_processor.hash_guard import TableKey, table_key
from file_processor.inspection import Inspection, inspect
from file_processor.instants import await_clock
from file_processor.stragglers import Stragglers
from file_processor.table_columns import TableColumns
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from file_processor.write_plan import FittedFiles, fit_files, may_be_late, read_groups
from odpf.clock import iso, utc_now
from odpf.counts import Counts
from odpf.errors import EngineError, LeaseLost, NeedsSpark, TerminalError, TimelineViolation, TransientError
from odpf.failpoints import Failpoint, reached
from odpf.file_record import FileRecord
from odpf.log_keys import log_keys
from odpf.order import OrderPosition
from odpf.phases import Phase, begin
from odpf.quarantined_rows import rows_folder
from odpf.states import EngineName, FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState


class Books(Protocol):
    """Where it is written down what is about to be committed, and what was."""

    @property
    def lease(self) -> TableState:
        """The table as its owner has it."""

    def intend(self, batch: FileBatch) -> str:
        """Write down what is about to be committed; where, empty when the commit is to carry the batch."""

    def settle(self, batch: FileBatch, commit: Commit | None, obstacle: str | None) -> None:
        """Write down what was done; `obstacle` is what the Arrow engine could not have done about it."""

    def history(self) -> Iterable[FileRecord]:
        """Files done of the table's source."""

    def holds_table(self) -> bool:
        """Whether the lease is still this writer's."""


class Applying:
    """Applies file batches to one table.

    Args:
        shop: ports and engines.
        config: the table.
        timeline: its folder.
        books: the ledger, or what stands for it.

    Attributes:
        engine: that of the last batch; None before the first.
        may_still_commit: whether a commit failed of which a request may still be under way, or a task at work.
    """

    def __init__(self, shop: Workshop, config: TableConfig, timeline: Timeline, books: Books) -> None:
        self._shop, self._config, self._timeline, self._books = shop, config, timeline, books
        self.engine: Engine | None = None
        self._hash = TableKey()
        self.may_still_commit = False

    def apply(self, choice: Choice) -> None:
        """Apply a file batch.

        Raises:
            OdpfError: why the table stays as it is.
        """
        with log_keys(batch_id=self._batch_id(choice)):
            self._apply(choice)

    def _apply(self, choice: Choice) -> None:
        begin(Phase.READ)
        inspections = self._inspected(choice)
        facts = engine_facts(self._config, choice, self._timeline, inspections)
        engine = self._take_engine(choose_engine(self._config, facts), next(iter(facts.obstacles), None))
        table = self._table_columns(choice)
        self._hash = self._table_key(choice, table)
        fitted = fit_files(inspections, table, self._config)
        last_sequences = {found.chosen.file.file_id: found.sequences[1] for found in fitted.usable if found.sequences}
        choice = with_floor(choice, self._lease, last_sequences)
        fitted = fitted._replace(warnings=(*fitted.warnings, *self._engine_choice.warnings(self._config)))
        prepared, plan, fitted = self._prepare(engine, choice, fitted)
        if prepared is None or plan is None:
            self._books.settle(self._without_rows(choice, fitted), None, self._obstacle)
            return
        reached(Failpoint.REDUCED, self._config.raw_table)
        try:
            self._commit(choice, fitted, plan, prepared)
        finally:
            prepared.discard()

    def _inspected(self, choice: Choice) -> list[Inspection]:
        return inspect(self._shop.objects, self._config, choice.files)

    def _groups(self, files: Sequence[Inspection], uris: Mapping[str, str]) -> tuple[ReadGroup, ...]:
        return read_groups(files, self._config, uris)

    @property
    def _lease(self) -> TableState:
        return self._books.lease

    def _take_engine(self, choice: EngineChoice, obstacle: str | None) -> Engine:
        """Take an engine; what Arrow cannot do, whichever was taken, comes into the ledger for the next plan."""
        self._obstacle, self._engine_choice = obstacle, choice
        begin(Phase.ENGINE)
        self.engine = engine = self._shop.engine(choice)
        engine.check()
        begin(Phase.READ)
        return engine

    def _table_columns(self, choice: Choice) -> TableColumns:
        if choice.kind is CycleKind.LOAD:
            self._timeline.remove_unfinished()
            return TableColumns()
        newest = self._timeline.newest_own()
        if newest is None or newest.schema is None:
            raise TerminalError(
                f"The timeline at {self._timeline.location} does not say which columns {self._config.raw_table} has. "
                "Restore the folder `.hoodie`, or reload the table under a new name."
            )
        return TableColumns(newest.schema, newest.absent, newest.excluded, self._lease.high_water_mark)

    def _table_key(self, choice: Choice, table: TableColumns) -> TableKey:
        newest = None if choice.kind is CycleKind.LOAD else self._timeline.newest_own()
        said = newest.note.hash_check if newest and newest.note else None
        return table_key(self._shop.hash_key(self._config), table, said, self._config)

    def _prepare(
        self, engine: Engine, choice: Choice, fitted: FittedFiles
    ) -> tuple[Prepared | None, WritePlan | None, FittedFiles]:
        """Read and reduce; a file whose pages cannot be read is found, set aside, and the rest is tried once more."""
        self._stop_at_bad_file(choice, fitted)
        if not self._can_write(choice, fitted):
            return None, None, fitted
        try:
            return *self._read(engine, choice, fitted), fitted
        except EngineError as error:
            fitted = self._without_unreadable(fitted, error)
        self._stop_at_bad_file(choice, fitted)
        if not self._can_write(choice, fitted):
            return None, None, fitted
        return *self._read(engine, choice, fitted), fitted

    def _read(self, engine: Engine, choice: Choice, fitted: FittedFiles) -> tuple[Prepared, WritePlan]:
        """Have the engine read and reduce; what it finds to be not for it goes to Spark, where there is Spark."""
        try:
            plan = self._write_plan(choice, fitted, copies=engine.needs_copies)
            return engine.prepare(plan), plan
        except NeedsSpark as found:
            spark = self._take_engine(EngineChoice(EngineName.SPARK, str(found)), str(found))
        plan = self._write_plan(choice, fitted, copies=spark.needs_copies)
        return spark.prepare(plan), plan

    def _can_write(self, choice: Choice, fitted: FittedFiles) -> bool:
        """Whether there is anything to write; a load without a readable LOAD file is none."""
        if choice.kind is not CycleKind.CHANGES and self._config.full_load == "required":
            return any(inspection.chosen.is_full for inspection in fitted.usable)
        return bool(fitted.usable)

    def _stop_at_bad_file(self, choice: Choice, fitted: FittedFiles) -> None:
        """Raise where the table has to wait for a bad file: by its policy, or because a reload would replace it by half.

        A file whose key holds a good one now is mended and stops nothing.
        """
        good = {(found.chosen.file.bucket, found.chosen.file.key) for found in fitted.usable}
        for inspection, reason in fitted.refused:
            file = inspection.chosen.file
            if (file.bucket, file.key) in good:
                continue
            if self._config.on_bad_file == "stop":
                raise TerminalError(
                    f"{file.path}: {reason} The table waits (on_bad_file: stop); write the file again under its name, "
                    "or set on_bad_file to continue."
                )
            if choice.kind is CycleKind.RELOAD and inspection.chosen.is_full:
                raise TerminalError(
                    f"{file.path}: {reason} The reload cannot be read whole, so the table stays as it is and its files "
                    "wait. Have DMS reload the table again."
                )

    def _without_unreadable(self, fitted: FittedFiles, error: EngineError) -> FittedFiles:
        """Read every file alone to find those that broke the read; raises the engine's error when there is none."""
        usable, refused = [], list(fitted.refused)
        for inspection in fitted.usable:
            reason = read_through(self._shop.objects, inspection.chosen.file)
            if reason is None:
                usable.append(inspection)
            else:
                refused.append((inspection, reason))
        if len(usable) == len(fitted.usable):
            raise error
        return fitted._replace(usable=tuple(usable), refused=tuple(refused))

    def _write_plan(self, choice: Choice, fitted: FittedFiles, *, copies: bool) -> WritePlan:
        config, settings = self._config, self._shop.settings
        scratch = f"scratch/{config.raw_table}/{self._shop.contender.owner}"
        protection = Protection(config.protected, self._hash.key)
        copy = partial(copied, self._shop.objects, settings.artifacts_bucket, scratch, protection)
        place = copy if copies else as_they_stand
        identity = self._batch_id(choice)
        return WritePlan(
            kind=choice.kind or CycleKind.CHANGES,
            config=config,
            location=self._timeline.location,
            schema=fitted.schema,
            groups=self._groups(fitted.usable, place(fitted.usable)),
            generation=choice.generation,
            floor=choice.floor,
            quarantine_uri=f"s3://{settings.artifacts_bucket}/{rows_folder(config.raw_table, identity)}",
            input_bytes=sum(inspection.chosen.file.size for inspection in fitted.usable),
            timeline=self._timeline,
            contents={found.chosen.file.path: found.content for found in fitted.usable if found.content is not None},
            high_water_mark=self._lease.high_water_mark or "",
            may_be_late=may_be_late(self._lease, choice, fitted.usable),
            load_started_at=choice.load_started_at,
            hash_key=self._hash.key,
            deletes=AppliedDeletes(self._books.history, self._shop.objects, config, self._lease, place).since,
        )

    def _batch_id(self, choice: Choice) -> str:
        return batch_id(tuple(chosen.file for chosen in choice.files), self._config, choice.generation)

    def _commit(self, choice: Choice, fitted: FittedFiles, plan: WritePlan, prepared: Prepared) -> None:
        begin(Phase.INTEND)
        batch = self._file_batch(choice, fitted, prepared)
        if batch.counts.rows_quarantined:
            prepared.quarantine()
        self._refuse_emptying(batch, fitted, prepared.reduced)
        if plan.written_as is CycleKind.CHANGES and not batch.rows:
            self._books.settle(batch, None, self._obstacle)  # nothing changes: no commit
            return
        uri = self._books.intend(batch)
        note = CommitNote(
            batch_id=batch.batch_id,
            fence=self._lease.fence,
            run_id=batch.run_id,
            uri=uri,
            file_batch=None if uri else batch,
            properties=self._timeline.property_tag if self._engine_choice.engine is EngineName.ARROW else None,
            high_water_mark=batch.high_water_mark,
            epoch=self._shop.contender.epoch,
            follows=self._lease.commit_instant or "",
            absent=fitted.absent,
            excluded=fitted.excluded,
            hash_check=self._hash.check,
        )
        await_clock(max(self._timeline.instants, default=""))
        self._shop.contender.check_epoch()  # the last thing before others see anything
        reached(Failpoint.COMMITTING, batch.raw_table)
        begin(Phase.COMMIT)
        self.may_still_commit = True
        made = prepared.commit({NOTE: note.model_dump_json(), SCHEMA: json.dumps(plan.schema)})
        self.may_still_commit = False
        reached(Failpoint.COMMITTED, batch.raw_table)
        begin(Phase.SETTLE)
        commit = self._checked(note, made)
        reached(Failpoint.CHECKED, batch.raw_table)
        self._books.settle(batch, commit, self._obstacle)

    def _checked(self, note: CommitNote, made: Commit | None) -> Commit:
        """The commit just made, alone at the end of the table's line.

        Raises:
            TimelineViolation: another writer was at the table, and what it did cannot be taken back.
            LeaseLost: this one had lost the table; its commit was taken back out.
            TransientError: another one rolled this commit back; the next run applies its files.
        """
        try:
            return self._timeline.check_newest(note, made)
        except TimelineViolation:
            self._shop.contender.check_epoch()  # between Regions no fence says who was first (docs/regions.md)
            self._repair(note)
        return self._timeline.check_newest(note, made)

    def _repair(self, note: CommitNote) -> None:
        stragglers, own = Stragglers(self._timeline), self._timeline.of(note)
        if not self._books.holds_table():
            told = stragglers.withdraw(own) if own else "Of its commit nothing is left."
            raise LeaseLost(f"{self._config.raw_table} was taken over while this run wrote it. {told}")
        if own is None or not self._timeline.is_whole(own):
            told = stragglers.withdraw(own) if own else ""
            raise TransientError(
                f"The commit of {self._config.raw_table} was rolled back by a writer that had lost the table. The next run "
                f"applies its files. {told}"
            )
        stragglers.take_out(self._lease)

    def _refuse_emptying(self, batch: FileBatch, fitted: FittedFiles, reduced: Reduced) -> None:
        """A load without rows empties the table: only one that truly has none may do that."""
        rows = sum(found.rows for found in fitted.usable if found.chosen.is_full)
        if batch.kind is CycleKind.RELOAD and rows and reduced.loaded == 0:
            raise TerminalError(
                f"The reload of {batch.raw_table} has {rows} rows and none can be applied; the table stays as it is. "
                "Look at the quarantined rows' reasons."
            )

    def _file_batch(self, choice: Choice, fitted: FittedFiles, prepared: Prepared) -> FileBatch:
        reduced = prepared.reduced
        counts = reduced.counts(sum(inspection.rows for inspection in fitted.usable))
        mark = max(filter(None, (reduced.greatest, self._lease.high_water_mark)), default=None)
        batch = self._without_rows(choice, fitted)
        return batch.model_copy(
            update={
                "high_water_mark": mark or str(OrderPosition(choice.generation, "", choice.files[-1].file.name, 0)),
                "last_change_at": _commit_time(mark) or self._lease.last_change_at,
                "counts": counts,
                "rows": reduced.written,
            }
        )

    def _without_rows(self, choice: Choice, fitted: FittedFiles) -> FileBatch:
        """The batch's files and generation; also what is settled when no file has anything to apply."""
        identity, now = self._batch_id(choice), iso(utc_now())
        applied = [self._record(i.chosen, FileState.PROCESSED, None, identity, now, i) for i in fitted.usable]
        refused = [self._record(i.chosen, FileState.QUARANTINED, why, identity, now, i) for i, why in fitted.refused]
        nothing_applied = not fitted.usable or not self._can_write(choice, fitted)
        return FileBatch(
            batch_id=identity,
            raw_table=self._config.raw_table,
            run_id=self._shop.contender.run_id,
            kind=choice.kind or CycleKind.CHANGES,
            generation=self._lease.generation if nothing_applied else choice.generation,
            floor=self._lease.floor if nothing_applied else choice.floor,
            load_started_at=self._lease.load_started_at if nothing_applied else choice.load_started_at,
            load_id=self._lease.load_id if nothing_applied else choice.load_id,
            high_water_mark=self._lease.high_water_mark,
            last_change_at=self._lease.last_change_at,
            schema_after=fitted.schema,
            # Changes of a table whose load could not be read stay pending: they wait for the load.
            records=tuple(refused) if nothing_applied else tuple(applied + refused),
            counts=Counts(),
            rows=0,
            warnings=fitted.warnings,
            schema_changes=fitted.schema_changes,
        )

    def _record(
        self, chosen: ChosenFile, state: FileState, reason: str | None, identity: str, now: str, found: Inspection
    ) -> FileRecord:
        first, last = found.sequences or (None, None)
        return FileRecord(
            file=chosen.file,
            state=state,
            reason=reason,
            raw_table=self._config.raw_table,
            batch_id=identity,
            run_id=self._shop.contender.run_id,
            generation=chosen.generation,
            rows=found.rows,
            first_sequence=first,
            last_sequence=last,
            done_at=now,
        )


def _commit_time(mark: str | None) -> str | None:
    """Source commit time of a position: the first 16 digits of its sequence, YYYYMMDDHHmmSShh."""
    digits = OrderPosition.parse(mark).sequence[:16] if mark else ""
    if not digits:
        return None
    try:
        moment = datetime.strptime(f"{digits}0000", "%Y%m%d%H%M%S%f").replace(tzinfo=UTC)
    except ValueError:  # a sequence whose digits are no time still orders
        return None
    return iso(moment)
