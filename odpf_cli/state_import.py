"""Import an exported state into tables that are empty.

The order is the other way round than that of a run's work: what is done, what waits, what each table has reached, and
configuration last. Without it no run plans anything, so a schedule that fires in the middle finds nothing to do, and
events of landed files only register what history, which is there first, sorts out. An import that was interrupted is
given again: items that are there already as they were exported are left alone.

Three things become what they are here:

    epoch           the one after that of the copy, in this Region. An import says what raising the epoch says, that no
                    job run planned until now works any more; and the first run of an epoch takes every table over: it
                    compares ledger, history, timeline and data files, and leaves a table alone whose buckets are older
                    than the state (docs/adr/0005). Without it the rows of commits between would be missing, unsaid, and
                    commits would be taken back out whose data files were not copied (file_processor/stragglers.py)
    catalog_digest  goes: it says what the catalog there was told. The next run tells the one here
    glue_job_name   of a cadence names this deployment's job

Leases stay as they are, owner and fence. Who contends for one asks Glue about a job run, and one that is not known
here has ended; an invocation's run has no summary here, so a job run waits out its timeout. In another Region the new
epoch makes them void. Fences may be lower than in the timeline: recovery raises them before it settles anything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from odpf.adapters.items import encode, epoch_attributes
from odpf.adapters.state_tables import StateTable, TypedItem
from odpf.clock import utc_now
from odpf.epoch import Epoch
from odpf.errors import TerminalError
from odpf.ports import Ledger
from odpf.settings import Settings, StagingPlace
from odpf.tables import (
    BATCH_CONFIG,
    CONFIG_DEPLOY_TRACKER,
    EPOCH_ITEM,
    FILE_TRACKER,
    FILE_TRACKER_HISTORY,
    PROCESSING_TRACKER,
    PROCESSING_TRACKER_HISTORY,
    RAW_TABLE_CONFIG,
    TableSchema,
)
from odpf_cli.display import plural
from odpf_cli.state_folder import InvalidExport, StateManifest, line_of, read_items

WRITTEN_FIRST = (FILE_TRACKER_HISTORY, FILE_TRACKER, PROCESSING_TRACKER_HISTORY, PROCESSING_TRACKER)
WRITTEN_LAST = (CONFIG_DEPLOY_TRACKER, RAW_TABLE_CONFIG, BATCH_CONFIG)
"""Configuration, behind the epoch."""
_ITEMS_AT_ONCE = 200

Told = Callable[[TableSchema, int], None]


class Found(NamedTuple):
    """What a table that is to be filled has.

    Attributes:
        items: all, without those that are no state.
        same: those of them that the export has, just so.
        changed: those that the export has with other values.
        strange: those that the export does not have, and that no event puts there.
    """

    items: int = 0
    same: int = 0
    changed: int = 0
    strange: int = 0


class Import:
    """One import.

    Args:
        tables: to be filled, by name without the prefix.
        folder: the export.
        manifest: its manifest, checked.
        settings: of the deployment here.
        ledger: whose epoch is raised.
        region: this one.
    """

    def __init__(
        self,
        tables: Mapping[str, StateTable],
        folder: Path,
        manifest: StateManifest,
        settings: Settings,
        ledger: Ledger,
        region: str,
    ) -> None:
        self._tables, self._folder, self._manifest = tables, folder, manifest
        self._settings, self._ledger, self._region = settings, ledger, region
        self._found: dict[str, Found] = {}

    def check(self) -> None:
        """Look into all tables, before anything is written.

        Raises:
            TerminalError: they hold another state than the export's.
        """
        self._found = {schema.name: self._look_into(schema) for schema in (*WRITTEN_FIRST, *WRITTEN_LAST)}
        held = [_counted(self._tables[name].name, found) for name, found in self._found.items() if _other(found)]
        stands = self._ledger.epoch()
        if not self._may_follow(stands):
            held.append(f"{self._tables[PROCESSING_TRACKER.name].name} epoch {stands.number} of {stands.active_region}")
        if held:
            raise TerminalError(
                f"The tables here hold another state: {'; '.join(held)}. Nothing was written: an import fills empty tables, or "
                "goes on with the same export. Import under another ODPF_PREFIX, or make the tables anew; an embedded AWS "
                "begins anew after `odpf local down` and `rm -r .odpf`."
            )

    def write(self, who: str, told: Told) -> Epoch:
        """Write what is missing, and begin the next epoch.

        Args:
            who: the caller's identity, for the epoch.
            told: called after each table with the number of items that were written.

        Raises:
            TransientError: the service did not take it; the same import again goes on.
        """
        for schema in WRITTEN_FIRST:
            told(schema, self._fill(schema))
        epoch = self._begin_epoch(who)
        for schema in WRITTEN_LAST:
            told(schema, self._fill(schema))
        return epoch

    def _look_into(self, schema: TableSchema) -> Found:
        """Count; nothing is held but a few hundred items."""
        table = self._tables[schema.name]
        items = foreign = 0
        for item in table.scan():
            if not _is_of_its_own(schema, item):
                items += 1
                foreign += not _comes_from_events(schema, item)
        if not items:
            return Found()
        same = changed = known = 0
        for some in _some(self._items(schema)):
            stored = table.stored([table.key(item) for item in some])
            for item in some:
                stands = stored.get(table.key(item))
                if stands is None:
                    continue
                is_foreign = not _comes_from_events(schema, stands)
                known += is_foreign
                if line_of(stands) == line_of(item):
                    same += 1
                else:
                    changed += is_foreign
        return Found(items, same, changed, foreign - known)

    def _fill(self, schema: TableSchema) -> int:
        """Write what is not there; what an event has put there meanwhile gives way."""
        table, written = self._tables[schema.name], 0
        for some in _some(self._items(schema)):
            missing = some
            if self._found[schema.name].items:
                stored = table.stored([table.key(item) for item in some])
                missing = [item for item in some if line_of(stored.get(table.key(item), {})) != line_of(item)]
            table.write(missing)
            written += len(missing)
        return written

    def _items(self, schema: TableSchema) -> Iterator[TypedItem]:
        """The items of the export, as they are to be here."""
        job = {"S": Settings.model_construct(prefix=self._manifest.prefix).glue_job_name}
        for item in read_items(self._folder, schema.name):
            if _is_of_its_own(schema, item):
                continue
            if schema is PROCESSING_TRACKER:
                item.pop("catalog_digest", None)
            if schema is BATCH_CONFIG and item.get("glue_job_name") == job:
                item["glue_job_name"] = {"S": self._settings.glue_job_name}
            yield item

    def _may_follow(self, stands: Epoch) -> bool:
        """Whether the epoch here is that of empty tables, of the export, or one that this import or its operator began."""
        is_later = stands.number > self._manifest.epoch.number and stands.active_region == self._region
        return stands in (Epoch(), self._manifest.epoch) or is_later

    def _begin_epoch(self, who: str) -> Epoch:
        stands, former = self._ledger.epoch(), self._manifest.epoch
        if stands.number > former.number:
            return stands
        if former.number and not stands.number:
            key = {PROCESSING_TRACKER.partition_key: EPOCH_ITEM}
            self._tables[PROCESSING_TRACKER.name].write([encode({**epoch_attributes(former), **key})])
        return self._ledger.raise_epoch(former, self._region, who, utc_now())


def refuse_other_files(manifest: StateManifest, settings: Settings) -> None:
    """Make sure that this deployment speaks of the same files and tables as the state.

    Raises:
        InvalidExport: every file would be another one, or tables would be looked for elsewhere.
    """
    there, here = _places(manifest.staging_places), _places(settings.staging_places)
    if there != here:
        raise InvalidExport(
            f"The state is of files in {_named(there)}; the staging places here are {_named(here)}. A file is told by bucket, key "
            "and ETag, so all of them would be applied again. Nothing was written. Set ODPF_STAGING_PLACES to the same "
            "places; where the buckets are replicas, each names its original in replica_of (docs/regions.md)."
        )
    if any(place.replica_of for place in (*manifest.staging_places, *settings.staging_places)):
        return
    pairs = {
        "ODPF_RAW_BUCKET": (manifest.raw_bucket, settings.raw_bucket),
        "ODPF_ARTIFACTS_BUCKET": (manifest.artifacts_bucket, settings.artifacts_bucket),
    }
    for variable, (was, now) in pairs.items():
        if was != now:
            raise InvalidExport(
                f"The state was exported with {variable}={was}, here it is {now}. Nothing was written. Set it to the same "
                "bucket; a deployment on replicas of all buckets says so by replica_of of its staging places (docs/regions.md)."
            )


def _places(places: Iterable[StagingPlace]) -> dict[str, str]:
    return {place.name: f"s3://{place.identity}/{place.prefix}" for place in places}


def _named(places: Mapping[str, str]) -> str:
    return ", ".join(f"{name}={uri}" if name else uri for name, uri in sorted(places.items()))


def _is_of_its_own(schema: TableSchema, item: TypedItem) -> bool:
    """Whether an item of the processing tracker is no raw table's: the epoch, which is raised, and heartbeats."""
    return schema is PROCESSING_TRACKER and str(item[schema.partition_key]["S"]).startswith("#")


def _comes_from_events(schema: TableSchema, item: TypedItem) -> bool:
    """Whether the File Manager, which needs no configuration, may have put an item here: it may stand beside the others.

    That is a pending file, which is dropped when history has it, or one in quarantine that no run has had.
    """
    return schema is FILE_TRACKER or (schema is FILE_TRACKER_HISTORY and "batch_id" not in item)


def _other(found: Found) -> bool:
    return bool(found.changed or found.strange)


def _counted(table: str, found: Found) -> str:
    parts = {"of this export": found.same, "of it that changed since": found.changed, "of another one": found.strange}
    told = ", ".join(f"{count:,} {what}" for what, count in parts.items() if count)
    return f"{table} {plural(found.items, 'item')} ({told})"


def _some(items: Iterator[TypedItem]) -> Iterator[list[TypedItem]]:
    while some := list(islice(items, _ITEMS_AT_ONCE)):
        yield some
