"""Asks for what tells whether full loads are whole, of the tables for which LOAD objects wait, and of no others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from typing import NamedTuple

from file_processor.load_completion import DmsAnswer, Evidence, LoadDecision, decide, is_load
from file_processor.repeated_loads import Repeated, repeated, suspects
from odpf.errors import OdpfError
from odpf.file_record import FileRecord
from odpf.full_load_completion import CompletionRule, LoadSigns
from odpf.landed_file import LandedFile
from odpf.ports import DmsTasks, FileTracker
from odpf.settings import Settings
from odpf.states import FileState
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_AT_ONCE = 8
_NEED_APPLIED = frozenset({CompletionRule.MARKER, CompletionRule.DMS})
"""Rules that let a load be extended by new keys at once, so they have to know the old ones."""


class TableFiles(NamedTuple):
    """A table with its pending files, and what the listing of its staging folder showed."""

    config: TableConfig
    state: TableState | None
    pending: Sequence[LandedFile]
    listing: Mapping[str, LandedFile]
    signs: LoadSigns

    @property
    def staged(self) -> tuple[LandedFile, ...]:
        """Its LOAD objects now in staging."""
        return tuple(filter(is_load, self.listing.values()))

    @property
    def suspects(self) -> tuple[LandedFile, ...]:
        """LOAD objects that may have been put again."""
        return suspects(self.state, self.staged, {file.file_id for file in self.pending if is_load(file)})


class LoadGate(NamedTuple):
    """Decides over its ports."""

    settings: Settings
    tracker: FileTracker
    dms_tasks: DmsTasks

    def decide(self, tables: Iterable[TableFiles]) -> dict[str, LoadDecision]:
        """What a run may take, by source table; tables for which no LOAD object waits are not there.

        It costs nothing for them; for the others history is asked about LOAD objects put since the table's load, 100 a
        request. Only `marker` and `dms` read a table's whole history, and only while a LOAD object waits for a table
        that has rows.
        """
        tables = list(tables)
        asked = {table.config.source_table_name: table.suspects for table in tables}
        every = list(chain.from_iterable(asked.values()))
        records = self.tracker.finished(every) if every else {}
        again = {name: self._repeated(table, asked[name], records) for name, table in _by_name(tables)}
        waiting = [(t, again[n]) for n, t in _by_name(tables) if again[n].back or any(map(is_load, t.pending))]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            decisions = list(pool.map(lambda each: self._decide(*each), waiting))
        return {t.config.source_table_name: each for (t, _), each in zip(waiting, decisions, strict=True)}

    @staticmethod
    def _repeated(table: TableFiles, asked: Sequence[LandedFile], records: Mapping[str, FileRecord]) -> Repeated:
        return repeated(table.state, asked, records) if table.state else Repeated()

    def _decide(self, table: TableFiles, again: Repeated) -> LoadDecision:
        completion = table.config.completion(self.settings.full_load_completion)
        exists = table.state is not None and table.state.exists
        evidence = Evidence(
            exists=exists,
            staged=table.staged,
            put_back=again.back,
            put_again=again.again,
            applied=self._applied(table) if exists and completion.rule in _NEED_APPLIED else {},
            signs=table.signs,
            dms=self._ask_dms((*table.pending, *again.back)) if completion.rule is CompletionRule.DMS else DmsAnswer(),
        )
        return decide(completion, table.pending, evidence)

    def _applied(self, table: TableFiles) -> dict[str, LandedFile]:
        """LOAD files of the current generation, by key."""
        generation = table.state.generation if table.state else 0
        return {
            record.file.key: record.file
            for record in self.tracker.history(table.config.source_table_name)
            if record.state is FileState.PROCESSED and record.generation == generation and is_load(record.file)
        }

    def _ask_dms(self, files: Sequence[LandedFile]) -> DmsAnswer:
        """A DMS that cannot be asked holds this load, and nothing else of the run."""
        if not self.settings.dms_task_arns:
            return DmsAnswer(
                problem="no DMS task is named that could be asked. Give the parameter DmsTaskArns (ODPF_DMS_TASK_ARNS), or "
                "choose marker or quiet_seconds:N."
            )
        try:
            return DmsAnswer(tuple(self.dms_tasks.table_loads(files[0].schema_name, files[0].table_name)))
        except OdpfError as error:
            return DmsAnswer(problem=f"DMS could not be asked. {error} Or choose marker or quiet_seconds:N.")


def _by_name(tables: Iterable[TableFiles]) -> list[tuple[str, TableFiles]]:
    return [(table.config.source_table_name, table) for table in tables]
