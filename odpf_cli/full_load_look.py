"""Looks at the full load that waits for a table, as the plan of the next run would, and writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from file_manager.sweep import list_table
from file_processor.load_completion import LoadDecision, is_load
from file_processor.load_gate import LoadGate, TableFiles
from odpf.landed_file import LandedFile
from odpf.ports import DmsTasks, FileTracker, ObjectStore
from odpf.settings import Settings
from odpf.table_config import TableConfig
from odpf.table_state import TableState


class Look(NamedTuple):
    """What it takes to look: where files land, and who tells of DMS tasks."""

    settings: Settings
    objects: ObjectStore
    dms_tasks: DmsTasks

    def decide(
        self, config: TableConfig, files: Sequence[LandedFile], state: TableState | None, tracker: FileTracker
    ) -> LoadDecision | None:
        """What the next run would take of a table; None when no LOAD file waits for it, and then nothing is listed.

        Raises:
            OdpfError: it cannot be looked at from here.
        """
        if not any(map(is_load, files)):
            return None
        name = config.source_table_name
        found = list_table(name, self.settings.staging_places, self.objects).checked()
        listing = found.listing
        pending = [listing.get(file.file_id, file) for file in files]
        table = TableFiles(config, state, pending, listing, found.signs)
        return LoadGate(self.settings, tracker, self.dms_tasks).decide([table])[name]
