"""Which data files a reader of a copy_on_write table reads, told by their names and the timeline. Pure.

A file group is a fileId; its current file is the newest whose instant is completed, or older than the oldest
completed one, whose commit was archived (Hudi specification, version 6, "File Layout Hierarchy").
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple, Self

_NAME = re.compile(r"^(?P<group>[^_/]+)_(?P<token>[^_/]+)_(?P<instant>\d{17})\.parquet$")


class DataFile(NamedTuple):
    """One base file.

    Attributes:
        partition: path of its folder below the table, empty in an unpartitioned table.
        group: fileId of its file group.
        token: write token, `<partition no>-<stage>-<attempt>` of the task that wrote it.
        instant: of the commit that wrote it.
        size: in bytes.
    """

    partition: str
    group: str
    token: str
    instant: str
    size: int

    @classmethod
    def parse(cls, path: str, size: int) -> Self | None:
        """Read a path below the table; None for anything that is no base file."""
        partition, _, name = path.rpartition("/")
        match = _NAME.match(name)
        return cls(partition, match["group"], match["token"], match["instant"], size) if match else None

    @property
    def name(self) -> str:
        """File name."""
        return f"{self.group}_{self.token}_{self.instant}.parquet"

    @property
    def path(self) -> str:
        """Path below the table."""
        return f"{self.partition}/{self.name}" if self.partition else self.name


def current_files(
    files: Iterable[DataFile], completed: Collection[str], pending: Collection[str], replaced: Collection[str]
) -> dict[str, DataFile]:
    """The file that readers read of every file group, by fileId.

    Args:
        files: all base files below the table.
        completed: instants of the completed commits in the active timeline.
        pending: those of unfinished ones.
        replaced: fileIds that a completed replacecommit put an end to.
    """
    oldest = min(completed, default="")
    current: dict[str, DataFile] = {}
    for file in files:
        is_visible = file.instant in completed or (file.instant < oldest and file.instant not in pending)
        newer = file.group not in current or current[file.group].instant < file.instant
        if is_visible and newer and file.group not in replaced:
            current[file.group] = file
    return current


def small_files(current: Iterable[DataFile], most_bytes: int) -> list[DataFile]:
    """Files of partitions that have several below half of the size: they are worth being put together.

    New rows go into small groups first, so these are what deletes have left, or what many writers' loads made.

    Args:
        current: what readers read.
        most_bytes: size that files are filled up to.
    """
    small: dict[str, list[DataFile]] = {}
    for file in current:
        if file.size < most_bytes // 2:
            small.setdefault(file.partition, []).append(file)
    return [file for files in small.values() if len(files) > 1 for file in files]


def superseded_files(files: Iterable[DataFile], horizon: str) -> list[DataFile]:
    """Files that no reader of a retained commit needs: the cleaner's policy KEEP_LATEST_COMMITS, but for replaced groups.

    A file is needed as long as it was the current one of its group at the oldest retained commit or later.

    Args:
        files: all base files below the table.
        horizon: instant of the oldest retained commit.
    """
    groups: dict[str, list[DataFile]] = {}
    for file in files:
        if file.instant <= horizon:
            groups.setdefault(file.group, []).append(file)
    return [file for old in groups.values() for file in sorted(old, key=lambda each: each.instant)[:-1]]
