"""Find deletes that were applied already: Hudi forgets a deleted key, and the staged files remember it (S5, docs/adr/0009).

Asked only when a batch brings a row back that is older than the table's high-water mark; whatever comes in order costs
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from file_processor.choosing import ChosenFile
from file_processor.engines.engine import DeleteLog, ReadGroup
from file_processor.inspection import Inspection, inspect
from file_processor.key_changes import before_images
from file_processor.write_plan import read_groups
from odpf.file_record import FileRecord
from odpf.order import GENERATION_DIGITS, OrderPosition
from odpf.ports import ObjectStore
from odpf.states import DmsFileType, FileState
from odpf.table_config import MAPPED_OPERATION, TableConfig
from odpf.table_state import TableState

_GREATEST = "~"
"""Sorts behind every digit, so behind every position with the sequence it follows."""


class AppliedDeletes:
    """The log of one table, as the holder of its lease finds it.

    Args:
        history: files done of the table's source.
        objects: staging.
        config: the table.
        state: of the table before the batch.
        place: where to read files that the engine cannot read as they stand, by file id.
    """

    def __init__(
        self,
        history: Callable[[], Iterable[FileRecord]],
        objects: ObjectStore,
        config: TableConfig,
        state: TableState,
        place: Callable[[Sequence[Inspection]], dict[str, str]],
    ) -> None:
        self._history, self._objects, self._config, self._state = history, objects, config, state
        self._place = place

    def since(self, position: OrderPosition) -> DeleteLog:
        """Change files, up to the table's generation, with changes at or after an order position's sequence."""
        records = [record for record in self._history() if self._may_hold(record, position)]
        chosen = [ChosenFile(record.file, record.generation or 0) for record in records]
        found = inspect(self._objects, self._config, chosen)
        there = [each for each in found if each.problem is None]
        gone = [(record, each) for record, each in zip(records, found, strict=True) if each.problem]
        return DeleteLog(
            groups=self._groups(there),
            gone=min((each.chosen.file.path for _, each in gone), default=None),
            gone_through=max((self._greatest(record) for record, _ in gone), default=""),
        )

    def _may_hold(self, record: FileRecord, position: OrderPosition) -> bool:
        is_applied = record.state is FileState.PROCESSED and record.raw_table == self._config.raw_table
        if not is_applied or record.file.dms_file_type is DmsFileType.FULL:
            return False
        generation, last = record.generation or 0, record.last_sequence or _GREATEST
        return generation <= self._state.generation and (generation, last) >= (position.generation, position.sequence)

    def _greatest(self, record: FileRecord) -> str:
        last = record.last_sequence or _GREATEST
        return f"{record.generation or 0:0{GENERATION_DIGITS}d} {last}{_GREATEST}"

    def _groups(self, files: Sequence[Inspection]) -> tuple[ReadGroup, ...]:
        """Read groups with the columns alone that tell a delete and its key."""
        config = self._config
        operation = config.cdc_operation_column or MAPPED_OPERATION
        told = {*config.hudi_primary_key, config.hudi_precombine_field, operation}
        narrowed = []
        for each in files:
            wanted = told | {*before_images(config, dict(each.names)).values(), config.cdc_commit_timestamp_column}
            narrowed.append(each._replace(columns=tuple(column for column in each.columns if column[0] in wanted)))
        return read_groups(narrowed, config, self._place(narrowed))
