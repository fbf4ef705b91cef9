"""Copy a table as it was at one of its commits to another folder: a table of its own, with the timeline up to there."""

from __future__ import annotations

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

from file_processor.file_groups import DataFile
from file_processor.table_properties import PROPERTY_FILES
from file_processor.timeline import LOG_FILE, Timeline
from odpf.errors import OdpfError
from odpf.ports import ObjectStore

_log = logging.getLogger(__name__)

_ENTRY = re.compile(r"^\.hoodie/(\d{17})\.[^/]+$")
_PARTITION = ".hoodie_partition_metadata"
_AT_ONCE = 16


def copy_table(objects: ObjectStore, timeline: Timeline, instant: str, files: dict[str, DataFile], target: str) -> None:
    """Copy it, its timeline last, so that a folder without one is the remains of a copy that was not finished.

    Args:
        objects: where both folders lie, in one bucket.
        timeline: of the table.
        instant: the last commit to be copied.
        files: the base files that were current then (`time_travel.files_at`).
        target: base path of the copy.
    """
    source, place = urlsplit(timeline.location, allow_fragments=False), urlsplit(target, allow_fragments=False)
    base = source.path.strip("/")
    paths = [entry.key[len(base) + 1 :] for entry in objects.list(source.netloc, f"{base}/")]
    chosen = _chosen(paths, timeline, instant, files)

    def copy(path: str) -> None:
        objects.copy(source.netloc, f"{base}/{path}", f"{place.path.strip('/')}/{path}")

    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for is_timeline in (False, True):
            list(pool.map(copy, [path for path in chosen if path.startswith(".hoodie/") is is_timeline]))


def remove_table(objects: ObjectStore, location: str) -> None:
    """Remove a folder that nobody reads yet; what cannot be removed costs storage and hides no error of the work before."""
    place = urlsplit(location, allow_fragments=False)
    try:
        keys = [entry.key for entry in objects.list(place.netloc, f"{place.path.strip('/')}/")]
        objects.delete(place.netloc, keys)
    except OdpfError as error:
        _log.warning("%s was not removed: %s", location, error)


def _chosen(paths: list[str], timeline: Timeline, instant: str, files: dict[str, DataFile]) -> list[str]:
    """Base files, the log files behind them, folders' metadata, properties, and what is finished of the timeline."""
    current = {file.path for file in files.values()}
    folders = {file.partition for file in files.values()}
    unseen = {path for commit in timeline.commits(after=instant) for _, path in commit.written}
    pending = {each.instant for each in timeline.pending}
    slices = {f".{file.group}_{file.instant}.log." for file in files.values()}

    def is_part(path: str) -> bool:
        if match := _ENTRY.match(path):
            return match[1] <= instant and match[1] not in pending
        if path.startswith(".hoodie/"):
            return path.removeprefix(".hoodie/") in PROPERTY_FILES
        folder, _, name = path.rpartition("/")
        if name.startswith(_PARTITION):
            return folder in folders
        if LOG_FILE.search(path):
            return path not in unseen and any(name.startswith(each) for each in slices)
        return path in current

    return [path for path in paths if is_part(path)]
