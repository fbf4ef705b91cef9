"""Remove data files that no query needs any more, and the markers of completed commits.

Superseded files of a group need no entry in the timeline: readers and Hudi's own cleaner go by what is there. The last
file of a replaced group is left to Hudi's cleaner: it archives a replacecommit only behind a cleaning of its own, and
makes none where it finds nothing to remove, so that the timeline would never become shorter.
"""

from __future__ import annotations

from file_processor.engines.arrow.hudi_commit import TableFolder
from file_processor.engines.engine import COMMITS_RETAINED
from file_processor.file_groups import superseded_files
from file_processor.timeline import Timeline
from odpf.ports import ObjectStore

_WORTH_A_REQUEST = 10
"""Objects to remove at once: deleting them with every commit would be a request more in every cycle."""


def clean(objects: ObjectStore, folder: TableFolder, timeline: Timeline) -> None:
    """Clean a table as its folder was listed before the commit just made.

    Args:
        objects: where the table lies.
        folder: the table.
        timeline: without unfinished commits, or they were rolled back.
    """
    instants = timeline.instants
    superseded = []
    if len(instants) >= COMMITS_RETAINED:
        horizon = instants[COMMITS_RETAINED - 1]
        superseded = superseded_files(timeline.data_files(), horizon)
    keys = [folder.key(file.path) for file in superseded] + list(timeline.leftovers)
    if len(keys) >= _WORTH_A_REQUEST:
        objects.delete(folder.bucket, keys)
