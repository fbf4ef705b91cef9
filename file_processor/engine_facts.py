"""Find out what the choice of an engine depends on: what the table says of itself, its folder, its files.

Nothing is written before; what may not be written at all is refused here (G8).
"""

from __future__ import annotations

from collections.abc import Sequence

from file_processor.choosing import Choice, CycleKind
from file_processor.engine_choice import EngineFacts
from file_processor.engines.arrow.limits import obstacles
from file_processor.inspection import Inspection
from file_processor.runtime_guard import check_remains, check_table
from file_processor.table_properties import TableProperties
from file_processor.timeline import Timeline
from odpf.table_config import TableConfig


def engine_facts(
    config: TableConfig, choice: Choice, timeline: Timeline, inspections: Sequence[Inspection]
) -> EngineFacts:
    """The facts of one table and file batch.

    Args:
        config: the table.
        choice: its file batch.
        timeline: its folder.
        inspections: footers of the files.

    Raises:
        UnsupportedRuntime: the table is of another version or type, or has other keys; also where a load would clear the folder first.
    """
    is_load = choice.kind is CycleKind.LOAD
    merges = config.table_data_versioning_type == "V" or config.reload_mode == "difference"
    is_merge = choice.kind is CycleKind.RELOAD and merges
    properties = _checked_properties(config, timeline, is_load=is_load)
    return EngineFacts(
        change_bytes=sum(chosen.file.size for chosen in choice.files),
        table_bytes=timeline.data_bytes() if choice.kind is CycleKind.CHANGES or is_merge else 0,
        obstacles=obstacles(config, None if is_load else timeline, properties, inspections),
    )


def _checked_properties(config: TableConfig, timeline: Timeline, *, is_load: bool) -> TableProperties | None:
    """What the table says of itself; None where the newest commit says that somebody has looked and all is well."""
    newest = None if is_load else timeline.newest_own()
    if newest and newest.note and newest.note.properties and newest.note.properties == timeline.property_tag:
        return None
    properties = timeline.properties()
    if not is_load:
        check_table(timeline.location, properties, config)
    elif properties is not None:  # of a dead first load, perhaps with another table type: about to be cleared
        check_remains(timeline.location, properties)
    return properties
