"""The errors of ODPF: one root, two branches that a runner tells apart, and a sentence of what to do next in each."""

from __future__ import annotations


class OdpfError(Exception):
    """Root of every error that ODPF raises on purpose; its text says what happened and what to do next."""


class TransientError(OdpfError):
    """The same work may succeed when it is tried again (throttling, a lost answer, a busy service)."""


class TerminalError(OdpfError):
    """Trying again changes nothing until somebody changes the input, the configuration or the environment."""


class InvalidSettings(TerminalError):
    """The deployment's settings cannot be used."""


class InvalidSourceTable(TerminalError):
    """A text is not a source table name `[<source>.]<schema>.<table>`."""


class InvalidEvent(TerminalError):
    """A message is not an S3 event that this deployment can register."""


class InvalidConfiguration(TerminalError):
    """A table or cadence configuration is refused; `problems` lists all of them as (path, message)."""

    def __init__(self, message: str, problems: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(message)
        self.problems = problems


class InvalidManifest(TerminalError):
    """A run manifest or the job's arguments are missing, damaged, or of another format version."""


class NothingRunning(TerminalError):
    """No embedded AWS runs in this folder."""


class LeaseLost(TransientError):
    """This run no longer owns the table; nothing of its work after this point may be recorded."""


class TableLocked(TransientError):
    """Another run holds the table and is alive."""


class EpochRaised(TerminalError):
    """An operator has given the work to another Region, or to a later epoch; this run may write nothing more."""


class TimelineViolation(TerminalError):
    """The table's timeline is not what one writer per table makes; nothing more is written until it is looked at."""


class UnsupportedRuntime(TerminalError):
    """The job's Hudi release, or the version of an existing table, is not one that may be written; nothing was."""


class EngineError(TransientError):
    """Reading, reducing or writing failed in the engine; the table is as before."""


class NeedsSpark(TransientError):
    """A table turned out to need the Spark engine; nothing of it was written, and where there is Spark it goes on with it."""


class UnsupportedChange(TerminalError):
    """A configuration asks for something an existing table cannot become without being rebuilt."""


class QueryError(TerminalError):
    """A query failed; the text is Athena's."""
