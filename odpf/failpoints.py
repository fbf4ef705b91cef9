"""Named places of the write protocol where a fault test has a process die, stand still or fail; nothing anywhere else.

A process is armed by the environment variable `ODPF_FAILPOINTS`, which names a file with one `Armed` as JSON. The first process
that reaches the place takes the file away, so that one test meets one fault. Without the variable a failpoint is a comparison with
None. docs/protocol.md has the places in the order of the protocol.
"""

from __future__ import annotations

import errno
import os
import signal
import threading
from enum import StrEnum
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

VARIABLE = "ODPF_FAILPOINTS"
REACHED = ".reached"
"""Ending that the file has when its failpoint was reached."""

_FILE = os.environ.get(VARIABLE)


class Failpoint(StrEnum):
    """The places, in the order in which a table's writer comes by."""

    ACQUIRED = "acquired"
    RECOVERED = "recovered"
    REDUCED = "reduced"
    INTENDED = "intended"
    COMMITTING = "committing"
    ANNOUNCED = "announced"
    DATA_WRITTEN = "data_written"
    COMPLETING = "completing"
    COMMITTED = "committed"
    CHECKED = "checked"
    FILES_MOVED = "files_moved"
    PUBLISHED = "published"
    TOLD = "told"
    ADVANCED = "advanced"
    AUDITED = "audited"
    RELEASED = "released"


class Action(StrEnum):
    """What happens there."""

    KILL = "kill"
    STOP = "stop"
    FULL_DISK = "full_disk"


class Armed(BaseModel):
    """One fault.

    Attributes:
        failpoint: where.
        raw_table: whose writer; empty for whoever comes first.
        action: what happens: the process and all that it started are killed (SIGKILL) or stand still (SIGSTOP), or the disk is full.
        after: seconds that pass first, while the work goes on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    failpoint: Failpoint
    raw_table: str = ""
    action: Action = Action.KILL
    after: float = Field(default=0.0, ge=0)


def reached(failpoint: Failpoint, raw_table: str) -> None:
    """Meet the fault that is armed for this place, if there is one.

    Args:
        failpoint: the place.
        raw_table: whose writer came by.
    """
    if _FILE is not None:
        _look(Path(_FILE), failpoint, raw_table)


def _look(file: Path, failpoint: Failpoint, raw_table: str) -> None:
    try:
        armed = Armed.model_validate_json(file.read_text())
    except FileNotFoundError:
        return
    if armed.failpoint is not failpoint or armed.raw_table not in ("", raw_table) or not _taken(file):
        return
    if armed.after:
        threading.Timer(armed.after, _act, [armed.action]).start()
    else:
        _act(armed.action)


def _taken(file: Path) -> bool:
    """Whether this process is the one that meets the fault."""
    try:
        file.rename(file.with_name(file.name + REACHED))
    except FileNotFoundError:
        return False
    return True


def _act(action: Action) -> None:
    if action is Action.FULL_DISK:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    sent = signal.SIGKILL if action is Action.KILL else signal.SIGSTOP
    if os.getpgrp() == os.getpid():  # a job run leads a group, in which its JVM is
        os.killpg(os.getpgrp(), sent)
    else:
        os.kill(os.getpid(), sent)
