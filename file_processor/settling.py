"""Write down what a file batch did: files to history, high-water mark, catalog. The same after a commit and after a crash."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import urlsplit

from file_processor.columns import own_columns
from file_processor.commit import Commit
from file_processor.file_batch import CommitNote, FileBatch
from file_processor.restarted_task import restarted_task_warnings
from file_processor.schema import Schema
from file_processor.stragglers import Stragglers
from file_processor.timeline import Timeline
from file_processor.workshop import Workshop
from odpf.counts import Counts
from odpf.errors import OdpfError, TimelineViolation
from odpf.failpoints import Failpoint, reached
from odpf.ports import CatalogTable
from odpf.states import FileState
from odpf.table_config import TableConfig
from odpf.table_refreshed import TableRefreshed
from odpf.table_state import TableState

_log = logging.getLogger(__name__)
MOST_RECORDS_IN_A_COMMIT = 50
"""Files of a batch that its commit carries itself, about 30 KB: one object less to write, and recovery reads nothing else."""


class Settled(NamedTuple):
    """A file batch that is in the ledger."""

    batch: FileBatch
    instant: str | None
    recovered: bool
    warnings: tuple[str, ...]

    @property
    def counts(self) -> Counts:
        """Its rows."""
        return self.batch.counts

    @property
    def quarantined(self) -> int:
        """Files of it that could not be applied."""
        return sum(record.state is FileState.QUARANTINED for record in self.batch.records)


class Settlement:
    """Settles the file batches of one table."""

    def __init__(self, shop: Workshop, config: TableConfig, timeline: Timeline) -> None:
        self._ledger, self._objects = shop.contender.ledger, shop.objects
        self._catalog, self._events, self._bucket = shop.catalog, shop.refresh_events, shop.settings.artifacts_bucket
        self._config, self._timeline = config, timeline

    def store(self, batch: FileBatch) -> str:
        """Write a batch that is too large for the commit's metadata down before the commit; where, empty for a small one."""
        if len(batch.records) <= MOST_RECORDS_IN_A_COMMIT:
            return ""
        key = f"batches/{batch.raw_table}/{batch.batch_id}.json"
        self._objects.put(self._bucket, key, batch.model_dump_json().encode())
        return f"s3://{self._bucket}/{key}"

    def stored(self, note: CommitNote) -> FileBatch:
        """The batch of a commit: in its note, or by its key from this deployment's own bucket, as another Region may have
        written it down.

        Raises:
            TimelineViolation: it is not there, so that recovery would have to guess.
        """
        if note.file_batch is not None:
            return note.file_batch
        key = urlsplit(note.uri).path.lstrip("/")
        try:
            return FileBatch.from_bytes(self._objects.get(self._bucket, key))
        except FileNotFoundError:
            raise TimelineViolation(
                f"s3://{self._bucket}/{key}, the record of a commit of {self._config.raw_table}, is not there; nothing "
                "was written. After a fail-over wait for the replication of the artifacts bucket; else restore it from "
                "the bucket's versions, or rebuild the table."
            ) from None

    def settle(
        self,
        lease: TableState,
        batch: FileBatch,
        commit: Commit | None,
        *,
        recovered: bool = False,
    ) -> tuple[TableState, Settled]:
        """Files to history, then the catalog, then the event, then progress; each step may be repeated after a crash.

        Without a commit there is nothing that a later run could finish from, so progress comes first: whoever dies then
        has the files looked at once more, to no effect. Files that are done and a mark that is behind would bring deleted
        rows back.

        Raises:
            LeaseLost: another run has taken the table; nothing more is recorded.
        """
        if commit is None:
            return self._settle_without_commit(lease, batch)
        self.finish(lease, batch, commit)
        digest, catalog_problem = self._publish(lease, batch.schema_after, commit)
        reached(Failpoint.PUBLISHED, batch.raw_table)
        after = reached_state(lease, batch, commit, self._config, self._timeline)
        Stragglers(self._timeline).remove_orphans(lease.seam)
        after = after.model_copy(update={"catalog_digest": digest})
        event_problem = self.tell(batch, after, commit)
        reached(Failpoint.TOLD, batch.raw_table)
        warnings = (*_warnings(lease, batch), *filter(None, (catalog_problem, event_problem)))
        advanced = self._ledger.advance(lease, after)
        reached(Failpoint.ADVANCED, batch.raw_table)
        return advanced, Settled(batch, commit.instant, recovered, warnings)

    def _settle_without_commit(self, lease: TableState, batch: FileBatch) -> tuple[TableState, Settled]:
        after = reached_state(lease, batch, None, self._config, self._timeline)
        advanced = self._ledger.advance(lease, after)
        reached(Failpoint.ADVANCED, batch.raw_table)
        self.finish(advanced, batch, None)
        return advanced, Settled(batch, None, recovered=False, warnings=tuple(_warnings(lease, batch)))

    def finish(self, lease: TableState, batch: FileBatch, commit: Commit | None) -> None:
        """Files to history, with the instant that has their rows."""
        instant = commit.instant if commit else None
        self._ledger.finish_files(
            lease, [record.model_copy(update={"commit_instant": instant}) for record in batch.records]
        )

    def republish(self, lease: TableState, commit: Commit) -> str | None:
        """Bring this Region's catalog in line with the table as it stands; returns the digest of what it was told."""
        return self._publish(lease, commit.schema or (), commit)[0]

    def _publish(self, lease: TableState, schema: Schema, commit: Commit) -> tuple[str | None, str | None]:
        """Tell the catalog if something changed; a failure costs a warning and is made up by the next run (R10).

        The digest is over the location, too: what another Region's catalog was told counts nothing in this one.
        """
        columns = (*schema, *own_columns(self._config))
        digest = hashlib.sha256(json.dumps([columns, self._timeline.location]).encode()).hexdigest()[:32]
        known = digest == lease.catalog_digest
        partitions = commit.new_partitions if known else self._timeline.stored_partitions()
        if known and not partitions:
            return digest, None
        table = CatalogTable(
            database=self._config.raw_database_name,
            name=self._config.raw_table_name,
            location=self._timeline.location,
            columns=columns,
            partition_key=self._config.hudi_partition_key,
            partitions=tuple((value, f"{self._timeline.location}/{path}") for value, path in partitions),
            merge_on_read=self._config.hudi_table_type == "merge_on_read",
        )
        try:
            self._catalog.ensure_database(table.database)
            self._catalog.publish(table)
        except OdpfError as error:
            _log.warning("catalog entry of %s not written: %s", self._config.raw_table, error)
            return None, f"The catalog entry could not be written; the next commit tries again. {error}"
        return digest, None

    def tell(self, batch: FileBatch, after: TableState, commit: Commit) -> str | None:
        """Send the event before progress is recorded, so that a crash repeats it rather than loses it; why it was not sent."""
        config = self._config
        event = TableRefreshed(
            batch_id=batch.batch_id,
            run_id=batch.run_id,
            refresh_cadence=config.refresh_cadence,
            source_table_name=config.source_table_name,
            raw_database_name=config.raw_database_name,
            raw_table_name=config.raw_table_name,
            location=self._timeline.location,
            commit_instant=commit.instant,
            generation=after.generation,
            high_water_mark=after.high_water_mark,
            counts=batch.counts,
        )
        try:
            self._events.put(event)
        except OdpfError as error:  # the table is right; that others are not told must not hold it up
            _log.warning("no event of %s: %s", batch.raw_table, error)
            return str(error)
        return None


def _warnings(lease: TableState, batch: FileBatch) -> Iterator[str]:
    yield from batch.warnings
    yield from (f"{record.file.path}: {record.reason}" for record in batch.records if record.reason)
    yield from restarted_task_warnings(batch.records, lease.high_water_mark)
    if batch.counts.rows_quarantined:
        yield (
            f"{batch.counts.rows_quarantined} rows could not be applied; look at them with their reasons: "
            f"odpf quarantine show {batch.batch_id}"
        )


def reached_state(
    lease: TableState, batch: FileBatch, commit: Commit | None, config: TableConfig, timeline: Timeline
) -> TableState:
    """The table's state after a file batch, but for what the catalog was told.

    Args:
        lease: the table before.
        batch: what was done.
        commit: how; None where nothing had to be committed.
        config: the table.
        timeline: its folder, listed since.
    """
    first = commit.instant if commit and lease.seam is not None else None
    return lease.model_copy(
        update={
            "generation": batch.generation,
            "floor": batch.floor,
            "load_started_at": batch.load_started_at,
            "load_id": batch.load_id,
            "high_water_mark": max(filter(None, (batch.high_water_mark, lease.high_water_mark)), default=None),
            "last_change_at": batch.last_change_at,
            "identity": config.identity if batch.high_water_mark else lease.identity,
            "commit_instant": commit.instant if commit else lease.commit_instant,
            "table_bytes": timeline.data_bytes() if commit else lease.table_bytes,
            "active_commits": len(timeline.instants) if commit else lease.active_commits,
            "first_in_epoch": lease.first_in_epoch or first,
            "intent": None,
        }
    )
