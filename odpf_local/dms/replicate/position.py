"""Places in the server's log, and the file that remembers how far a task is."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from odpf_local.dms.errors import InvalidReplicationState


class Position(NamedTuple):
    """A log file and the offset of its next event; positions of one server compare as they follow each other."""

    file: str
    offset: int

    def reaches(self, other: Position) -> bool:
        """Whether everything before `other` has been read."""
        return (_number(self.file), self.offset) >= (_number(other.file), other.offset)

    def __str__(self) -> str:
        return f"{self.file}:{self.offset}"


class TaskState(BaseModel):
    """How far a task is: everything before the position is in files, up to that change sequence."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: int = 1
    source: str
    log_file: str
    log_offset: int
    last_sequence: str = ""

    @property
    def position(self) -> Position:
        """Where the next event stands."""
        return Position(self.log_file, self.log_offset)


class StateFile:
    """Keeps a TaskState as JSON."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def load(self, source: str) -> TaskState | None:
        """The state, None for a new task.

        Raises:
            InvalidReplicationState: damaged, or of another source.
        """
        try:
            state = TaskState.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return None
        except ValidationError as error:
            raise InvalidReplicationState(
                f"{self.path} is no state of `odpf dms replicate` ({error.error_count()} problems). Move it away to start "
                "with a new full load."
            ) from None
        if state.source != source:
            raise InvalidReplicationState(
                f"{self.path} belongs to the source {state.source}, not {source}. Give this source a --state of its own."
            )
        return state

    def save(self, state: TaskState) -> None:
        """Replace the state in one step."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(f"{self.path.name}.part")
        part.write_text(state.model_dump_json(indent=2) + "\n")
        part.replace(self.path)


def _number(file: str) -> int:
    return int(file.rsplit(".", 1)[-1])
