"""Decide which file groups a commit writes, and which new rows go where: file sizing as Hudi's own upsert does it. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple
from uuid import uuid4

import pyarrow as pa
import pyarrow.compute as pc

from file_processor.engines.arrow.reduction import DELETED, EFFECT, GROUP, INSERTED, KEY, MOVED, PATH, UPDATED
from file_processor.file_groups import DataFile


class Slice(NamedTuple):
    """One file group that the commit writes.

    Attributes:
        partition: path of its folder, empty in an unpartitioned table.
        group: fileId.
        old: its current file; None for a new group.
        rows: new versions of rows and new rows, with their record keys.
        removed: record keys of `old` that are not carried over.
        deleted, updated, inserted: how many of the batch's rows are which, for the commit's statistics.
    """

    partition: str
    group: str
    old: DataFile | None
    rows: pa.Table
    removed: pa.ChunkedArray
    deleted: int
    updated: int
    inserted: int


def new_slices(rows: pa.Table, row_bytes: float, most_bytes: int) -> list[Slice]:
    """New file groups for all rows: what a load or a reload writes.

    Args:
        rows: reduced rows with KEY and, for a partitioned table, PATH.
        row_bytes: what a row is expected to take in a data file.
        most_bytes: size of a file.
    """
    most = max(1, int(most_bytes / row_bytes))
    return [_new(path, part) for path, of_path in _by_path(rows) for part in _parts(of_path, most)]


def changed_slices(rows: pa.Table, files: Mapping[str, DataFile], row_bytes: float, most_bytes: int) -> list[Slice]:
    """The groups that an upsert rewrites, and those it adds.

    Args:
        rows: reduced rows with KEY, EFFECT, GROUP, MOVED and, for a partitioned table, PATH.
        files: the table's current files.
        row_bytes: what a row is expected to take in a data file.
        most_bytes: size of a file; groups below five sixths of it are small.
    """
    stays = pc.and_(pc.equal(rows[EFFECT], UPDATED), pc.invert(rows[MOVED]))
    leaves = pc.or_(pc.equal(rows[EFFECT], DELETED), rows[MOVED])
    comes = pc.or_(pc.equal(rows[EFFECT], INSERTED), rows[MOVED])
    staying, leaving, coming = rows.filter(stays), rows.filter(leaves), rows.filter(comes)
    touched = {*pc.unique(staying[GROUP]).to_pylist(), *pc.unique(leaving[GROUP]).to_pylist()}
    placed = dict(_placed(coming, files, touched, row_bytes, most_bytes))
    added = [each for slices in placed.values() for each in slices if each.old is None]
    filled = {each.group: each for slices in placed.values() for each in slices if each.old is not None}
    rewritten = [
        _rewritten(files[group], staying, leaving, filled.get(group)) for group in sorted(touched | filled.keys())
    ]
    return [*rewritten, *added]


def _rewritten(old: DataFile, staying: pa.Table, leaving: pa.Table, filled: Slice | None) -> Slice:
    updates = staying.filter(pc.equal(staying[GROUP], old.group))
    gone = leaving.filter(pc.equal(leaving[GROUP], old.group))
    rows = pa.concat_tables([updates, filled.rows]) if filled else updates
    removed = pa.chunked_array([*updates[KEY].chunks, *gone[KEY].chunks], pa.string())
    return Slice(
        partition=old.partition,
        group=old.group,
        old=old,
        rows=rows,
        removed=removed,
        deleted=gone.num_rows,
        updated=updates.num_rows,
        inserted=filled.inserted if filled else 0,
    )


def _placed(
    coming: pa.Table, files: Mapping[str, DataFile], touched: set[str], row_bytes: float, most_bytes: int
) -> Iterator[tuple[str, list[Slice]]]:
    """New rows by partition: into small groups first, those that are rewritten anyway before others, then into new ones."""
    for path, rows in _by_path(coming):
        small = [file for file in files.values() if file.partition == path and file.size < most_bytes * 5 / 6]
        small.sort(key=lambda file: (file.group not in touched, file.size, file.group))
        slices, begin = [], 0
        for file in small:
            room = int((most_bytes - file.size) / row_bytes)
            if begin < rows.num_rows and room > 0:
                part = rows.slice(begin, room)
                slices.append(_new(path, part)._replace(group=file.group, old=file))
                begin += part.num_rows
        rest = rows.slice(begin)
        slices += [_new(path, part) for part in _parts(rest, max(1, int(most_bytes / row_bytes)))]
        yield path, slices


def _by_path(rows: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    if PATH not in rows.column_names:
        yield "", rows
        return
    for path in sorted(pc.unique(rows[PATH]).to_pylist()):
        yield path, rows.filter(pc.equal(rows[PATH], path))


def _parts(rows: pa.Table, most: int) -> Iterable[pa.Table]:
    """Parts of about the same size, none larger than `most` rows."""
    count = -(-rows.num_rows // most)
    size = -(-rows.num_rows // max(1, count))
    return (rows.slice(begin, size) for begin in range(0, rows.num_rows, max(1, size)))


def _new(partition: str, rows: pa.Table) -> Slice:
    nothing = pa.chunked_array([], pa.string())
    return Slice(
        partition=partition,
        group=f"{uuid4()}-0",
        old=None,
        rows=rows,
        removed=nothing,
        deleted=0,
        updated=0,
        inserted=rows.num_rows,
    )
