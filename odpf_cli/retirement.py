"""Takes a table out of service, in an order in which nothing is lost wherever it stops.

    lease -> configuration removed -> waiting files to quarantine -> catalog entry, raw table -> lease given back

With the lease no run works on the table meanwhile, also none that was planned before. Without its configuration no later
run takes it. A file is in quarantine before it stops to wait, so it is in one of the two at any moment. Where it breaks off,
files that still wait show as those of an unconfigured table.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import NamedTuple

from config_manager.deployed import read_deployed
from config_manager.plan import ConfigPlan, ItemRemoval
from config_manager.publish import publish
from config_manager.stores import Stores
from config_manager.validate import raw_names
from file_processor.generation_bump import refuse_unfinished
from file_processor.lease import Contender
from odpf.clock import iso, utc_now
from odpf.errors import LeaseLost, OdpfError, TerminalError
from odpf.file_record import FileRecord
from odpf.landed_file import LandedFile
from odpf.ports import Catalog, FileTracker, JobRuns, Ledger, ObjectStore
from odpf.settings import Settings
from odpf.states import FileState, RefreshStatus
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf_cli.files import waiting


class Deployment(NamedTuple):
    """What retiring a table works on."""

    settings: Settings
    tracker: FileTracker
    ledger: Ledger
    objects: ObjectStore
    catalog: Catalog
    job_runs: JobRuns
    region: str


class Wish(NamedTuple):
    """What is to become of what a table leaves; by default its rows and its catalog entry stay."""

    keep_files: bool = False
    drop_catalog: bool = False
    drop_raw_table: bool = False


class Retired(NamedTuple):
    """What was done with a table.

    Attributes:
        config: as it was.
        deployment_id: of the removal.
        quarantined: files that waited and are in quarantine now.
        waiting: files that still wait, as it was wished.
        dropped: catalog entries that were dropped.
        location: of the raw table's files.
        objects_removed: files of the raw table that were removed.
    """

    config: TableConfig
    deployment_id: str | None
    quarantined: int
    waiting: int
    dropped: tuple[str, ...]
    location: str
    objects_removed: int


def retire(
    deployment: Deployment, stores: Stores, config: TableConfig, wish: Wish, *, who: str, now: datetime
) -> Retired:
    """Take one table out of service.

    Args:
        deployment: where it is.
        stores: what publishes the configuration.
        config: the table.
        wish: what becomes of what it leaves.
        who: retires it.
        now: when.

    Raises:
        TableLocked: a run works on the table, or has to finish what it committed; nothing was changed.
        EpochRaised: another Region writes; nothing was changed.
        TerminalError: the configuration is removed, and what the table leaves could not be dealt with.
    """
    seen = deployment.ledger.state(config.raw_table)
    if seen is not None:
        refuse_unfinished(seen)
    former = seen or TableState(raw_table=config.raw_table, source_table_name=config.source_table_name)
    contender = Contender.of_operator(
        deployment.ledger, deployment.job_runs, deployment.settings, deployment.region, former
    )
    contender.check_epoch()
    lease = contender.take(config.raw_table, config.source_table_name, former)
    try:
        deployment_id = publish(_removal(config, stores), stores, who=who, now=now)
        try:
            return _cleared(deployment, config, former, wish, deployment_id, who=who, now=now)
        except OdpfError as error:
            raise TerminalError(
                f"{error} Its configuration is removed already (deployment {deployment_id}). To go on: odpf config rollback "
                f"{deployment_id}, then retire it again."
            ) from error
    finally:
        _give_back(deployment.ledger, lease, former)


def _cleared(
    deployment: Deployment,
    config: TableConfig,
    former: TableState,
    wish: Wish,
    deployment_id: str | None,
    *,
    who: str,
    now: datetime,
) -> Retired:
    """What the table leaves, dealt with as it was wished."""
    files = waiting(deployment.tracker, config.source_table_name)
    if not wish.keep_files:
        _set_aside(deployment.tracker, files, f"The table was retired by {who} at {iso(now)}.", now)
    settings = deployment.settings
    location = config.location(settings.raw_bucket, settings.raw_bucket_replicas, former.place)
    dropped = _dropped(deployment.catalog, config) if wish.drop_catalog or wish.drop_raw_table else ()
    removed = _removed(deployment.objects, location) if wish.drop_raw_table else 0
    kept = len(files) if wish.keep_files else 0
    return Retired(config, deployment_id, len(files) - kept, kept, dropped, location, removed)


def _removal(config: TableConfig, stores: Stores) -> ConfigPlan:
    """Takes away the item as it stands, so that a rollback puts back that very one."""
    standing = read_deployed(stores.config, stores.schedules).tables[config.source_table_name][config.refresh_cadence]
    removal = ItemRemoval(
        kind="table",
        name=config.source_table_name,
        refresh_cadence=config.refresh_cadence,
        before=dict(standing.values),
    )
    digest = hashlib.sha256(config.model_dump_json().encode()).hexdigest()
    return ConfigPlan(source="odpf table retire", digest=digest, removed=(removal,))


def _set_aside(tracker: FileTracker, files: list[LandedFile], reason: str, now: datetime) -> None:
    for file in files:
        tracker.quarantine(FileRecord(file=file, state=FileState.QUARANTINED, reason=reason, done_at=iso(now)))
        tracker.remove_pending(file.source_table_name, [file.file_id])


def _dropped(catalog: Catalog, config: TableConfig) -> tuple[str, ...]:
    names = raw_names(config.raw_database_name, config.raw_table_name, config.hudi_table_type)
    return tuple(name for name in names if catalog.drop(*name.split(".", 1)))


def _removed(objects: ObjectStore, location: str) -> int:
    """The timeline first: without it nobody takes what is left for a table."""
    bucket, _, prefix = location.removeprefix("s3://").partition("/")
    keys = [entry.key for entry in objects.list(bucket, f"{prefix}/")]
    keys.sort(key=lambda key: not key.startswith(f"{prefix}/.hoodie/"))
    objects.delete(bucket, keys)
    return len(keys)


def _give_back(ledger: Ledger, lease: TableState, former: TableState) -> None:
    """The state stays, so that the table goes on where it was when it is configured again."""
    status = former.refresh_status or RefreshStatus.COMPLETED
    try:
        ledger.release(lease, status, former.last_error, utc_now(), attempts=former.attempts)
    except LeaseLost:  # somebody took it by force; what was done stays
        return
