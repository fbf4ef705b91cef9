"""Where a table's files land, and the landed files that a listing of S3 has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from odpf.errors import TerminalError
from odpf.landed_file import LandedFile
from odpf.ports import StoredObject
from odpf.settings import StagingPlace
from odpf.source_table import SourceTable


def landed(bucket: str, entry: StoredObject, places: Iterable[StagingPlace]) -> LandedFile | None:
    """The landed file that a listing's entry is; None for objects ODPF does not care about."""
    return LandedFile.parse(
        bucket=bucket,
        key=entry.key,
        etag=entry.etag,
        size=entry.size,
        last_modified=entry.last_modified,
        places=places,
    )


def place_and_prefix(table: str, places: Sequence[StagingPlace]) -> tuple[StagingPlace, str]:
    """The staging place of a source table, and the key prefix below which DMS writes its files there.

    Raises:
        TerminalError: the deployment has no such place.
    """
    parsed = SourceTable.parse(table)
    for place in places:
        if place.name == parsed.source:
            return place, f"{place.prefix}{parsed.schema}/{parsed.table}/"
    raise TerminalError(
        f"{table} belongs to staging place {parsed.source!r}, which this deployment does not have. "
        "Add it to ODPF_STAGING_PLACES, or correct source_table_name."
    )
