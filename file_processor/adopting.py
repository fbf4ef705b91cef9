"""Adopt a Hudi table of another framework: its rows become the first commit of a raw table, in a folder of its own.

They are read from its current data files, each with its own change sequence as its place in the order, and nothing of that
table is changed (docs/adr/0016). Nothing of the ledger changes before the new table is whole, as in a rebuild.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from file_processor.adoption_check import check_adoption
from file_processor.adoption_facts import StagedFiles, sequence_name, staged_files, table_facts
from file_processor.applying import Applying
from file_processor.choosing import Choice, ChosenFile, CycleKind, in_order, load_id
from file_processor.engines.engine import Engine, ReadGroup, Reduced
from file_processor.file_batch import FileBatch
from file_processor.inspection import Inspection
from file_processor.rebuild import OF_THE_LEASE, UnseenBooks
from file_processor.settling import Settled, Settlement
from file_processor.table_copy import remove_table
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from file_processor.write_plan import FittedFiles, read_groups
from odpf.adoption import AdoptionCheck
from odpf.clock import iso, utc_now
from odpf.errors import TerminalError
from odpf.file_record import FileRecord
from odpf.manifest import report_key
from odpf.phases import Phase, begin
from odpf.rebuild import Rebuild
from odpf.states import DmsFileType, FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState

REASON = (
    "Applied by the framework that the table was adopted from: its last change sequence is at or below the table's."
)
_REACHED = {
    "generation",
    "floor",
    "load_started_at",
    "load_id",
    "high_water_mark",
    "last_change_at",
    "identity",
    "commit_instant",
    "table_bytes",
    "active_commits",
    "only_spark",
    "place",
}


class Adopted(NamedTuple):
    """A table after its adoption.

    Attributes:
        lease: as the ledger has it now.
        settled: the batch with its rows.
        engine: what wrote them.
        told: a sentence for the run's warnings.
    """

    lease: TableState
    settled: list[Settled]
    engine: Engine | None
    told: str


class _Rows(Applying):
    """Applies data files of the adopted table as a load; what goes to history are its staged files."""

    staged = StagedFiles()
    table: Sequence[Inspection] = ()

    def _inspected(self, choice: Choice) -> list[Inspection]:
        found = {each.chosen.file.file_id: each for each in self.table}
        return [found[chosen.file.file_id]._replace(of_table=True) for chosen in choice.files]

    def _groups(self, files: Sequence[Inspection], uris: Mapping[str, str]) -> tuple[ReadGroup, ...]:
        """Every file twice: rows of its load, and rows that changes have made."""
        changes = [_as_changes(found) for found in files]
        paths = {found.chosen.file.file_id: found.chosen.file.path for found in files}
        names = {(paths | dict(uris))[f.chosen.file.file_id]: sequence_name(f, self._config) for f in files}
        groups = []
        for group in read_groups([*files, *changes], self._config, uris):
            is_history = self._config.table_data_versioning_type == "H"
            adopted = group._replace(adopted=names[group.paths[0]])
            groups.append(adopted if is_history else adopted._replace(mapped_operation=None))
        return tuple(groups)

    def _without_rows(self, choice: Choice, fitted: FittedFiles) -> FileBatch:
        batch = super()._without_rows(choice, fitted)
        records = [_record(found, batch, choice.generation) for found in self.staged.applied]
        return batch.model_copy(update={"records": tuple(records)})

    def _refuse_emptying(self, batch: FileBatch, fitted: FittedFiles, reduced: Reduced) -> None:
        """A table is adopted whole: no row may be lost on the way."""
        counts = batch.counts
        lost = counts.rows_read - reduced.written
        if lost or fitted.refused:
            raise TerminalError(
                f"{lost} of {counts.rows_read} rows of the table cannot be taken over into {batch.raw_table}: "
                f"{counts.rows_quarantined} cannot be applied (their reasons are below quarantine/{batch.raw_table}/ of the "
                f"artifacts bucket), {counts.rows_collapsed} have a key twice. Nothing was adopted; reload the table instead."
            )


class Adopting:
    """Adopts one table that is held.

    Args:
        shop: ports and engines.
        config: the table as it is to be.
        asked: from where, and how long nobody may have written there.
        lease: the table, without a commit.
    """

    def __init__(self, shop: Workshop, config: TableConfig, asked: Rebuild, lease: TableState) -> None:
        self._shop, self._config, self._asked, self._lease = shop, config, asked, lease
        settings, self._place = shop.settings, f"{lease.fence:06d}"  # nobody else has had this fence
        location = config.location(settings.raw_bucket, settings.raw_bucket_replicas, self._place)
        self._new = Timeline(shop.objects, location)
        self._settlement = Settlement(shop, config, self._new)
        self._books = UnseenBooks(shop, self._settlement, config, self._new)

    def run(self) -> Adopted:
        """Check, copy the rows, and begin to keep the table.

        Raises:
            TerminalError: something stands against it; nothing was adopted.
        """
        objects = self._shop.objects
        facts = table_facts(objects, self._config, self._asked.adopted_from)
        staged = staged_files(objects, self._shop.settings, self._config, facts)
        check = check_adoption(self._config, self._lease, facts, staged, utc_now(), self._asked.quiet_minutes)
        if check.obstacles:
            raise TerminalError(f"{self._config.raw_table} was not adopted. {' '.join(check.obstacles)}")
        self._books.lease = TableState(place=self._place, **self._lease.model_dump(include=OF_THE_LEASE))
        applying = _Rows(self._shop, self._config, self._new, self._books)
        applying.staged, applying.table = staged, facts.inspections
        try:
            applying.apply(_choice(facts.inspections, staged))
            if not self._new.instants:
                raise TerminalError(f"{facts.location} has no row, so there is nothing to adopt: load the table.")
        except BaseException:
            remove_table(self._shop.objects, self._new.location)
            raise
        return Adopted(self._kept(check), self._books.settled, applying.engine, _sentence(check, self._new.location))

    def _kept(self, check: AdoptionCheck) -> TableState:
        """Files to history first: whoever dies then leaves a table that waits, and is adopted again."""
        begin(Phase.SERVICE)
        ledger, contender = self._shop.contender.ledger, self._shop.contender
        contender.check_epoch()
        ledger.finish_files(self._lease, self._books.records)
        reached = self._books.lease.model_dump(include=_REACHED)
        lease = ledger.advance(self._lease, TableState.model_validate({**self._lease.model_dump(), **reached}))
        place = self._shop.settings.artifacts_bucket
        self._shop.objects.put(place, report_key(contender.run_id), check.model_dump_json().encode())
        commit = self._new.newest_own()
        if commit is None:
            return lease
        digest = self._settlement.republish(lease, commit)
        lease = ledger.advance(lease, lease.model_copy(update={"catalog_digest": digest}))
        self._settlement.tell(self._books.settled[-1].batch, lease, commit)
        return lease


def _choice(table: Sequence[Inspection], staged: StagedFiles) -> Choice:
    """The table's data files as the load of the first generation, which began when its staged load was put."""
    loads = [found.chosen.file for found in staged.applied if found.chosen.is_full]
    return Choice(
        kind=CycleKind.LOAD,
        generation=1,
        floor="",
        load_started_at=iso(min(file.last_modified for file in loads)) if loads else None,
        load_id=load_id(loads) if loads else None,
        files=in_order((found.chosen.file, 1) for found in table),
    )


def _as_changes(found: Inspection) -> Inspection:
    file = found.chosen.file.model_copy(update={"dms_file_type": DmsFileType.INCREMENTAL})
    return found._replace(chosen=ChosenFile(file, found.chosen.generation))


def _record(found: Inspection, batch: FileBatch, generation: int) -> FileRecord:
    first, last = found.sequences or (None, None)
    return FileRecord(
        file=found.chosen.file,
        state=FileState.PROCESSED,
        reason=REASON,
        raw_table=batch.raw_table,
        batch_id=batch.batch_id,
        run_id=batch.run_id,
        generation=generation,
        rows=found.rows,
        first_sequence=first,
        last_sequence=last,
        done_at=iso(utc_now()),
    )


def _sentence(check: AdoptionCheck, location: str) -> str:
    return (
        f"Adopted from {check.location}: {check.rows} rows up to change {check.mark or '(none)'}, {check.files_applied} staged files "
        f"already applied, {check.files_waiting} wait. The table is at {location} now; the former one is as it was."
    )
