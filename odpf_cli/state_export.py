"""Export the state of a deployment while it works.

A scan is no snapshot, and the scans of seven tables are none of each other. What a run does to a table is

    lease -> intent -> [Hudi commit] -> files from pending to history -> ledger -> release -> audit

so the tables are read in an order in which whatever runs do meanwhile leaves a copy that the next run knows how to go
on from, as it knows it of a run that was killed, or of tables restored to an earlier point (R6, R16):

    ledger    first. What it says is done was in history before, and history is read later: no file batch is settled in
              the copy without its files. Of later ones the copy has files in history that its ledger does not know: their
              commit in the timeline tells, and the run finishes the ledger from it. The other way round, settled files
              that history lacks, they would be applied once more
    pending   before history. A file that is moved meanwhile is in both, which a run expects and filters, or it was
              moved before and is in history. The other way round it could be in neither
    history   after both
    audit     append only, and nothing is decided by it

A file that is in neither copy (registered since, or released from quarantine since) lies in staging: the sweep
finds it. That ledger and history are not ahead of the timeline is up to who copies the buckets: after the export.

What people do is not written down in the timeline, and cannot be found again in it: a rebuild that moves a table, a
generation begun by hand, an epoch, a configuration in the middle of being applied (a table that changes its cadence
may be missed by the scan). So those tables are looked at a second time in the end, and a copy across such a change is
not kept.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from odpf.adapters.caller import Caller
from odpf.adapters.items import decode, epoch_of
from odpf.adapters.state_tables import StateTable, TypedItem
from odpf.clock import iso, utc_now
from odpf.epoch import Epoch
from odpf.errors import TerminalError, TransientError
from odpf.release import CODE_VERSION
from odpf.settings import Settings
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
from odpf_cli.state_folder import (
    ExportedTable,
    InvalidExport,
    StateManifest,
    line_of,
    write_items,
    write_manifest,
)

READ_IN_ORDER = (
    PROCESSING_TRACKER,
    FILE_TRACKER,
    FILE_TRACKER_HISTORY,
    PROCESSING_TRACKER_HISTORY,
    CONFIG_DEPLOY_TRACKER,
    BATCH_CONFIG,
    RAW_TABLE_CONFIG,
)
_LOOKED_AT_AGAIN = (PROCESSING_TRACKER, BATCH_CONFIG, RAW_TABLE_CONFIG)
_NAMED = 5

Told = Callable[[TableSchema, ExportedTable], None]


class Origin(NamedTuple):
    """The deployment that is exported, and who does it."""

    settings: Settings
    caller: Caller
    region: str


def export_state(tables: Mapping[str, StateTable], folder: Path, origin: Origin, told: Told) -> StateManifest:
    """Write all items of all tables into a folder, which is there only when it is whole.

    Args:
        tables: by name without the prefix.
        folder: new, or empty; what is written stands in `<folder>.part` until it is whole.
        origin: told in the manifest.
        told: called after each table.

    Raises:
        InvalidExport: there is something in the folder already, or an interrupted export beside it.
        TransientError: somebody changed what cannot be copied in the middle; nothing was kept.
        TerminalError: the folder cannot be written.
    """
    folder = folder.absolute()
    part = _free(folder)
    try:
        part.mkdir(parents=True, mode=0o700)  # errors in it may quote rows
        try:
            manifest = _written(tables, part, origin, told)
            write_manifest(part, manifest)
            part.replace(folder)
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
    except OSError as error:
        raise TerminalError(f"{folder} cannot be written: {error}. Nothing was kept; give another folder.") from None
    return manifest


def is_state(schema: TableSchema, item: TypedItem) -> bool:
    """Whether an item belongs to the state: heartbeats do not, they tell of job runs that live here and now."""
    key = str(item[schema.partition_key]["S"])
    return schema is not PROCESSING_TRACKER or not key.startswith("#") or key == EPOCH_ITEM


def _free(folder: Path) -> Path:
    """The folder to write into."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InvalidExport(f"{folder} is not empty. Nothing was read; give a new folder.")
    part = folder.with_name(f"{folder.name}.part")
    if part.exists():
        raise InvalidExport(
            f"{part} is what an interrupted export left, or one that is under way. Remove it, or give another folder."
        )
    return part


def _written(tables: Mapping[str, StateTable], part: Path, origin: Origin, told: Told) -> StateManifest:
    began, look = iso(utc_now()), _Look()
    written: dict[str, ExportedTable] = {}
    for schema in READ_IN_ORDER:
        written[schema.name] = write_items(part, schema.name, _items(tables[schema.name], look))
        told(schema, written[schema.name])
    again = _Look()
    for schema in _LOOKED_AT_AGAIN:
        for item in tables[schema.name].scan():
            again.see(schema, item)
    if changed := list(look.changed(again)):
        more = f" and {len(changed) - _NAMED} more" if len(changed) > _NAMED else ""
        raise TransientError(
            f"While the tables were read somebody changed what cannot be copied in the middle: {'; '.join(changed[:_NAMED])}{more}. "
            "Nothing was kept. Export again when that is done."
        )
    settings, caller = origin.settings, origin.caller
    return StateManifest(
        odpf_version=CODE_VERSION,
        account=caller.account,
        region=origin.region,
        endpoint=caller.endpoint,
        prefix=settings.prefix,
        exported_by=caller.arn,
        began_at=began,
        ended_at=iso(utc_now()),
        staging_places=settings.staging_places,
        raw_bucket=settings.raw_bucket,
        artifacts_bucket=settings.artifacts_bucket,
        epoch=look.epoch,
        held=look.held,
        tables=written,
    )


def _items(table: StateTable, look: _Look) -> Iterator[TypedItem]:
    for item in table.scan():
        if is_state(table.schema, item):
            look.see(table.schema, item)
            yield item


class _Look:
    """What one look at ledger and configuration showed: little for each of some thousand tables."""

    def __init__(self) -> None:
        self.epoch = Epoch()
        self.held: dict[str, str] = {}
        self._states: dict[str, dict[str, Any]] = {}
        self._configured: dict[tuple[str, ...], bytes] = {}

    def see(self, schema: TableSchema, item: TypedItem) -> None:
        """Remember what matters of an item."""
        key = item[schema.partition_key]["S"]
        if schema is PROCESSING_TRACKER and key == EPOCH_ITEM:
            self.epoch = epoch_of(decode(item))
        elif schema is PROCESSING_TRACKER and is_state(schema, item):
            self._states[key] = {name: item.get(name) for name in ("place", "identity", "generation", "commit_instant")}
            if "lease_owner" in item:
                self.held[key] = item["lease_owner"]["S"]
        elif schema in (BATCH_CONFIG, RAW_TABLE_CONFIG):
            sort_key = item[schema.sort_key]["S"] if schema.sort_key else ""
            self._configured[schema.name, key, sort_key] = hashlib.sha256(line_of(item)).digest()

    def changed(self, later: _Look) -> Iterator[str]:
        """What a later look shows that no run does, or that no timeline tells."""
        if later.epoch.number != self.epoch.number:
            yield f"the epoch is {later.epoch.number}, it was {self.epoch.number}"
        for raw_table, state in self._states.items():
            now = later._states.get(raw_table, {})
            if any(now.get(name) != state[name] for name in ("place", "identity") if state["commit_instant"]):
                yield f"{raw_table} was rebuilt"
            elif now.get("generation") != state["generation"] and now.get("commit_instant") == state["commit_instant"]:
                yield f"{raw_table} began a new generation"
        if later._configured != self._configured:
            yield "configuration was applied"
