"""Decide whether a full load that is not applied yet is whole, and what a run may take while it is not. Pure.

Nothing is lost by waiting: what is held stays among the pending files, and the next run decides anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

from odpf.clock import iso
from odpf.full_load_completion import LOAD_COMPLETE, CompletionRule, FullLoadCompletion, LoadSigns
from odpf.landed_file import LandedFile
from odpf.states import DmsFileType
from odpf.table_load import TableLoad

_TWO_CLOCKS = timedelta(seconds=5)
"""DMS tells its own time and S3 whole seconds of another; a load that begins and ends in one second is whole, too."""


class DmsAnswer(NamedTuple):
    """What the DMS tasks say of a table, or why nothing is known and what to do about it."""

    loads: tuple[TableLoad, ...] = ()
    problem: str = ""


class Evidence(NamedTuple):
    """What is known of a table's full load when a run is planned.

    Attributes:
        exists: whether the raw table has a commit.
        staged: all LOAD objects now in staging, pending or not.
        put_back: those of them that were put again with bytes that only an earlier generation has applied.
        put_again: those that were put again with the very bytes that the current generation has applied.
        applied: LOAD files of the current generation by key; asked for only where a rule needs them.
        signs: the marker, and S3's clock.
        dms: asked for only by the rule `dms`.
    """

    exists: bool = False
    staged: tuple[LandedFile, ...] = ()
    put_back: tuple[LandedFile, ...] = ()
    put_again: tuple[LandedFile, ...] = ()
    applied: Mapping[str, LandedFile] = MappingProxyType({})
    signs: LoadSigns = LoadSigns()
    dms: DmsAnswer = DmsAnswer()


class LoadDecision(NamedTuple):
    """What a run may take of a table for which LOAD objects wait.

    Attributes:
        completion: the rule that decided.
        is_whole: whether the load is taken.
        reason: why, a sentence for the run's warning and `odpf explain`.
        taken: the pending files that the run takes.
        held: the pending files that wait for the rest of the load.
        put_back: LOAD objects taken beside them that history has of an earlier generation.
    """

    completion: FullLoadCompletion
    is_whole: bool
    reason: str
    taken: tuple[LandedFile, ...]
    held: tuple[LandedFile, ...] = ()
    put_back: tuple[LandedFile, ...] = ()


class _Verdict(NamedTuple):
    is_whole: bool
    why: str


class _Load(NamedTuple):
    """The load in question: its LOAD objects that are not applied yet, and what is known of it."""

    objects: tuple[LandedFile, ...]
    evidence: Evidence

    @property
    def began(self) -> datetime:
        """When its first object was put, one with the same bytes as before included."""
        return min(file.last_modified for file in (*self.objects, *self.evidence.put_again))

    @property
    def newest(self) -> datetime:
        """When the last LOAD object was put, one that the listing did not see yet included."""
        return max(file.last_modified for file in (*self.objects, *self.evidence.staged))

    @property
    def extends(self) -> bool:
        """Whether it only adds keys to a load that is applied: no key has other bytes than the table has."""
        applied = self.evidence.applied
        repeats = (f for f in self.objects if f.key in applied and applied[f.key].file_id != f.file_id)
        return bool(applied) and not any(repeats)


def decide(completion: FullLoadCompletion, files: Sequence[LandedFile], evidence: Evidence) -> LoadDecision:
    """Take the load when it is whole; else hold it, and every change that it may not contain (S8, S9).

    A table without rows waits as a whole. Beside a reload, changes put before its first object go on; later ones,
    applied to the old rows, would fall below the floor that the reload sets, and be lost with the rows.

    Args:
        completion: the table's rule.
        files: its pending files; at least one of them, or of `evidence.put_back`, is a LOAD object.
        evidence: what is known.
    """
    files = tuple(files)
    load = _Load((*filter(is_load, files), *evidence.put_back), evidence)
    verdict = _RULES[completion.rule](completion, load)
    if verdict.is_whole:
        return LoadDecision(completion, True, verdict.why, files, put_back=evidence.put_back)
    taken = tuple(f for f in files if evidence.exists and not is_load(f) and f.last_modified < load.began)
    held = tuple(file for file in files if file not in taken)
    return LoadDecision(completion, False, _waits(completion, load, held, verdict.why), taken, held)


def is_load(file: LandedFile) -> bool:
    """Whether a file is part of a full load."""
    return file.dms_file_type is DmsFileType.FULL


def _waits(completion: FullLoadCompletion, load: _Load, held: Sequence[LandedFile], why: str) -> str:
    what = f"{len(held)} file{'' if len(held) == 1 else 's'} waiting" if held else "Waiting"
    since = f" Changes put before {iso(load.began)} go on." if load.evidence.exists else ""
    return f"{what} until the full load is whole (full_load_completion: {completion}): {why}{since}"


def _none(_completion: FullLoadCompletion, _load: _Load) -> _Verdict:
    return _Verdict(True, "What is registered when the run is planned is the load.")


def _marker(_completion: FullLoadCompletion, load: _Load) -> _Verdict:
    marked, newest = load.evidence.signs.marker_at, load.newest
    if marked is not None and marked >= newest:
        return _Verdict(True, f"{LOAD_COMPLETE} was put at {iso(marked)}, when every LOAD object was there.")
    if load.extends:
        return _Verdict(True, "Its LOAD objects have keys that the table's load does not have: they extend it.")
    if marked is None:
        return _Verdict(
            False, f"there is no object {LOAD_COMPLETE} in the table's folder. Put it behind the last LOAD."
        )
    return _Verdict(
        False,
        f"{LOAD_COMPLETE} was put at {iso(marked)}, before a LOAD object of {iso(newest)}. Put it again behind it.",
    )


def _quiet_seconds(completion: FullLoadCompletion, load: _Load) -> _Verdict:
    """No LOAD object for so long, extensions included: the first new object of a reload may have a new key."""
    listed_at = load.evidence.signs.listed_at
    if listed_at is None:
        return _Verdict(
            False,
            "S3's answer has no Date, by whose clock quiet time is told. See what drops the header, or choose marker.",
        )
    quiet = max((listed_at - load.newest).total_seconds(), 0.0)
    if quiet >= completion.seconds:
        return _Verdict(True, f"No LOAD object came for {quiet:.0f} s by S3's clock.")
    return _Verdict(False, f"a LOAD object came {quiet:.0f} s ago by S3's clock. A later run takes it.")


def _dms(_completion: FullLoadCompletion, load: _Load) -> _Verdict:
    answer, began = load.evidence.dms, load.began
    ended = [each.ended_at for each in answer.loads if each.is_complete and each.ended_at is not None]
    if answer.problem or not answer.loads:
        return _Verdict(False, answer.problem or _no_task(load.objects[0]))
    if any(each >= began - _TWO_CLOCKS for each in ended):
        return _Verdict(True, f"DMS says that the full load ended at {iso(max(ended))}.")
    if load.extends and len(ended) == len(answer.loads):
        return _Verdict(True, "Its LOAD objects have keys that the table's load does not have: they extend it.")
    states = ", ".join(
        f"{each.state!r}{f' since {iso(each.ended_at)}' if each.ended_at else ''}" for each in answer.loads
    )
    return _Verdict(False, f"DMS says {states}, and its first object is of {iso(began)}. A later run takes it.")


def _no_task(file: LandedFile) -> str:
    return (
        f"no task of ODPF_DMS_TASK_ARNS has a table {file.schema_name}.{file.table_name}. Name its task there; where mapping "
        "rules rename the table, choose marker or quiet_seconds:N."
    )


_RULES: Mapping[CompletionRule, Callable[[FullLoadCompletion, _Load], _Verdict]] = {
    CompletionRule.NONE: _none,
    CompletionRule.MARKER: _marker,
    CompletionRule.QUIET_SECONDS: _quiet_seconds,
    CompletionRule.DMS: _dms,
}
