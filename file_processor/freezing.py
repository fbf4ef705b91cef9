"""Freeze the file set of a run: what is pending, as it lies in this Region. Pure: values in, values out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from odpf.landed_file import LandedFile, localised
from odpf.settings import Settings, StagingPlace
from odpf.states import DmsFileType
from odpf.table_config import TableConfig


class Frozen(NamedTuple):
    """Pending files by source table, why tables cannot be processed now, and what a person should know."""

    files: Mapping[str, Sequence[LandedFile]]
    problems: Mapping[str, str]
    warnings: tuple[str, ...]


def freeze(
    configs: Iterable[TableConfig],
    pending: Iterable[LandedFile],
    listings: Mapping[str, Mapping[str, LandedFile]],
    places: Sequence[StagingPlace],
) -> Frozen:
    """Choose the files of a run, each with S3's own LastModified where the listing has the object.

    A file that another Region registered and that is not here has not been replicated yet. It is left out, and applied
    when it has come; taken along it would be set aside as removed, for good. A table waits for it as a whole when it is
    part of a full load, which is never applied by half, or when it says so (`on_bad_file: stop`). One whose key holds
    other content here by now does not come any more; it is taken along, and set aside as overwritten.
    """
    by_name = {config.source_table_name: config for config in configs}
    files: dict[str, list[LandedFile]] = defaultdict(list)
    awaited: dict[str, list[LandedFile]] = defaultdict(list)
    for file in pending:
        table = file.source_table_name
        if table not in by_name:
            continue
        here = localised(file, places)
        listed = listings.get(table, {}).get(file.file_id)
        if listed is None and here.bucket != file.bucket and not _stands(here.key, listings.get(table, {})):
            awaited[table].append(here)
        else:
            files[table].append(listed or here)
    problems = {table: _waits(missing) for table, missing in awaited.items() if _is_needed(by_name[table], missing)}
    warnings = tuple(f"{table}: {_goes_on(missing)}" for table, missing in awaited.items() if table not in problems)
    return Frozen(files, problems, warnings)


def _stands(key: str, listing: Mapping[str, LandedFile]) -> bool:
    """Whether a key is in a listing, with whatever content."""
    return any(file.key == key for file in listing.values())


def foreign_buckets(configs: Iterable[TableConfig], settings: Settings) -> dict[str, str]:
    """Tables of a second Region that name a raw bucket without a replica here: it would be written from two Regions."""
    if not settings.is_second_region:
        return {}
    here = {settings.raw_bucket, *settings.raw_bucket_replicas, *settings.raw_bucket_replicas.values()}
    return {
        config.source_table_name: f"raw_database_S3_bucket {config.raw_database_S3_bucket} belongs to the other Region. "
        "Name its replica here in ODPF_RAW_BUCKET_REPLICAS (docs/regions.md)."
        for config in configs
        if config.raw_database_S3_bucket and config.raw_database_S3_bucket not in here
    }


def _is_needed(config: TableConfig, missing: Iterable[LandedFile]) -> bool:
    return config.on_bad_file == "stop" or any(file.dms_file_type is DmsFileType.FULL for file in missing)


def _waits(missing: Sequence[LandedFile]) -> str:
    return f"{_told(missing)} The table waits for it; nothing of it was changed."


def _goes_on(missing: Sequence[LandedFile]) -> str:
    return f"{_told(missing)} It is applied when it has come."


def _told(missing: Sequence[LandedFile]) -> str:
    more = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    return f"{missing[0].path}{more} was registered in the other Region and is not replicated to this one yet."
