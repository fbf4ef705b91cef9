"""The errors of the DMS stand-in."""

from __future__ import annotations

from odpf.errors import InvalidSettings, TerminalError, TransientError


class InvalidEndpointSettings(InvalidSettings):
    """Settings of a DMS S3 endpoint that cannot be read, or that the stand-in cannot honour."""


class InvalidTableMappings(InvalidSettings):
    """Table mappings that cannot be read, contradict themselves, or use rules the stand-in cannot honour."""


class InvalidTripFile(TerminalError):
    """A file is no `yellow_tripdata_*.parquet` of the taxi commission."""


class InvalidTarget(InvalidSettings):
    """A target is neither a folder nor `s3://bucket[/folder]`."""


class UnsupportedSource(TerminalError):
    """The source server's settings or a table of it cannot be replicated exactly."""


class SourceUnavailable(TransientError):
    """The source server did not answer as needed."""


class InvalidReplicationState(TerminalError):
    """The state file is damaged, of another source, or points to a log that the server no longer has."""
