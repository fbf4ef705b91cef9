"""What the components need from the world outside: stores, objects, catalog, job runs. No AWS here.

`odpf.adapters` implements them on AWS, `odpf_local.memory` in memory; one behaviour suite holds both.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, BinaryIO, NamedTuple, Protocol

from odpf.attempts import Attempts
from odpf.audit import AuditRow
from odpf.epoch import Epoch
from odpf.file_record import FileRecord
from odpf.hash_key import HashKey
from odpf.landed_file import LandedFile
from odpf.metrics import Dimensions, Values
from odpf.notice import Notice
from odpf.states import JobRunState, RefreshStatus, Registration, Release
from odpf.table_drifted import TableDrifted
from odpf.table_load import TableLoad
from odpf.table_refreshed import TableRefreshed
from odpf.table_state import Intent, TableState
from odpf.table_statistics import TableStatistics


class FileTracker(Protocol):
    """`odpf_file_tracker` (pending) and `odpf_file_tracker_history` (done)."""

    def register(self, file: LandedFile, landed_at: datetime) -> Registration:
        """Record a landed file once; one already pending or done stays as it is."""

    def quarantine(self, record: FileRecord) -> Registration:
        """Put a file that cannot be applied into history as quarantined; a pending item of it goes by `remove_pending`."""

    def pending(self, source_table_name: str) -> list[LandedFile]:
        """Files of one table that wait, read consistently."""

    def all_pending(self) -> Iterator[LandedFile]:
        """Every waiting file, configured or not; its cost grows with what is pending."""

    def done(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that history has, whatever their tables, read consistently."""

    def known(self, files: Iterable[LandedFile]) -> set[str]:
        """File ids of those that are pending or done, whatever their tables."""

    def finished(self, files: Iterable[LandedFile]) -> dict[str, FileRecord]:
        """What history has of these files, by file id, whatever their tables; it may lag behind for a moment."""

    def history(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files done, of one table or of all."""

    def quarantined(self, source_table_name: str | None = None) -> Iterator[FileRecord]:
        """Files in quarantine, of one table or of all; by index, which may lag behind for a moment."""

    def remove_pending(self, source_table_name: str, file_ids: Iterable[str]) -> None:
        """Drop pending items whose files history already has (put back by a duplicate event)."""

    def release(self, records: Iterable[FileRecord]) -> list[Release]:
        """Move files from history back to pending, each at once and only while history says of it what the record says.

        In the order of the records: PUT_BACK; WAITS for one that is pending and not in history, as after a release
        before; CHANGED for one of which history says something else by now, which stays as it is.
        """


class Ledger(Protocol):
    """`odpf_file_processing_tracker`: who may write a table, and how far it is.

    Every writing method but `acquire` is conditional on (lease_owner, fence) of the state it is given and raises
    LeaseLost when they are no longer the item's.
    """

    def state(self, raw_table: str) -> TableState | None:
        """The table's state, read consistently."""

    def states(self, raw_tables: Iterable[str]) -> dict[str, TableState]:
        """States of many tables; those never run are absent."""

    def acquire(
        self,
        seen: TableState,
        owner: str,
        run_id: str,
        now: datetime,
        *,
        epoch: int = 0,
        region: str | None = None,
        attempts: Attempts | None = None,
    ) -> TableState:
        """Take the table: sets owner and fence + 1 if owner and fence are still as seen. TableLocked otherwise.

        A table once taken in a later epoch is never taken in an earlier one. `attempts` stay as they are when None.
        """

    def raise_fence(self, lease: TableState, fence: int) -> TableState:
        """Lift the own fence above `fence`, one found in the table's timeline: the greater of its own and `fence` + 1."""

    def record_intent(self, lease: TableState, intent: Intent) -> TableState:
        """Write down what is about to be committed."""

    def finish_files(self, lease: TableState, records: Sequence[FileRecord]) -> None:
        """Move files from pending to history, in transactions of at most 99 actions with a check of the lease."""

    def advance(self, lease: TableState, reached: TableState) -> TableState:
        """Record high-water mark, generation, commit and the end of the intent; the lease stays.

        TimelineViolation when the high-water mark would go back.
        """

    def release(
        self,
        lease: TableState,
        status: RefreshStatus,
        error: str | None,
        now: datetime,
        *,
        attempts: Attempts | None = None,
        pace: float | None = None,
        keeps_lease: bool = False,
    ) -> TableState:
        """Give the table back with its final status, the attempts that have failed by now, and its pace, unless that is None.

        With `keeps_lease` only these are written, and the table is taken when its owner has ended: for a writer that does
        not know whether its commit will still come.
        """

    def epoch(self) -> Epoch:
        """The deployment's epoch, read consistently (in this Region)."""

    def raise_epoch(self, seen: Epoch, active_region: str, raised_by: str, now: datetime) -> Epoch:
        """Begin the next epoch, with its active Region, if the epoch is still the one seen. EpochRaised otherwise."""

    def beat(self, owner: str) -> None:
        """One heartbeat of a job run, for all the tables it holds."""

    def heartbeat(self, owner: str) -> int:
        """How often that owner has beaten; 0 for one that never did."""


class AuditLog(Protocol):
    """`odpf_file_processing_tracker_history`, append only."""

    def append(self, row: AuditRow) -> AuditRow:
        """Add a row as the next attempt of its run and table, and return it so; the same one again is nothing new."""

    def of_run(self, run_id: str) -> list[AuditRow]:
        """Rows of a run, by index: may lag behind for a moment."""

    def of_table(self, raw_table: str, since: str = "") -> list[AuditRow]:
        """Rows of a table whose run_sort begins at or after `since`, newest last, read consistently."""

    def newest_of_table(self, raw_table: str, most: int) -> list[AuditRow]:
        """At most so many rows of a table, newest first, read consistently; no more than these are read."""

    def of_day(self, day: str) -> list[AuditRow]:
        """Rows of runs started on a UTC day `YYYY-MM-DD`."""


class ConfigStore(Protocol):
    """`odpf_batch_config`, `odpf_raw_table_config` and `odpf_config_deploy_tracker`, as plain items.

    Items may have been put there by anybody: they are validated where they are used.
    """

    def cadences(self) -> list[dict[str, Any]]:
        """All cadence items."""

    def cadence(self, refresh_cadence: str) -> dict[str, Any] | None:
        """One cadence item."""

    def tables(self, refresh_cadence: str | None = None) -> list[dict[str, Any]]:
        """Table items of a cadence, or all."""

    def put_cadence(self, item: Mapping[str, Any]) -> None:
        """Add or replace a cadence."""

    def put_tables(self, items: Iterable[Mapping[str, Any]]) -> None:
        """Add or replace tables."""

    def remove_cadence(self, refresh_cadence: str) -> None:
        """Remove a cadence."""

    def remove_tables(self, keys: Iterable[tuple[str, str]]) -> None:
        """Remove tables by (refresh_cadence, source_table_name)."""

    def put_deployment(self, item: Mapping[str, Any]) -> None:
        """Record a deployment of configuration."""

    def deployments(self) -> list[dict[str, Any]]:
        """All deployments, without their parts."""

    def put_deployment_parts(self, deployment_id: str, parts: Sequence[str]) -> None:
        """Keep what is too long for a deployment's record, as texts of at most 300,000 characters each."""

    def deployment_parts(self, deployment_id: str, count: int) -> list[str]:
        """The parts of a deployment in their order.

        Raises:
            TerminalError: one is not there.
        """


class StoredObject(NamedTuple):
    """One entry of a listing.

    `listed_at` is S3's own clock when it answered, of the page that has the entry: with `last_modified` it tells an age
    by one clock. None when the answer does not say.
    """

    key: str
    etag: str
    size: int
    last_modified: datetime
    listed_at: datetime | None = None


class ObjectStore(Protocol):
    """Objects in buckets."""

    def get(self, bucket: str, key: str) -> bytes:
        """The whole object; FileNotFoundError when there is none."""

    def put(self, bucket: str, key: str, content: bytes) -> None:
        """Write an object."""

    def put_new(self, bucket: str, key: str, content: bytes) -> bool:
        """Write an object unless there is one with this key; False, and nothing written, when there is."""

    def put_file(self, bucket: str, key: str, file: BinaryIO) -> None:
        """Write an object from a seekable file, from where it stands to its end, without holding it in memory."""

    def copy(self, bucket: str, key: str, new_key: str) -> None:
        """Write an object's content once more under another key of its bucket; FileNotFoundError when there is none."""

    def open(self, bucket: str, key: str, tail: int = 0) -> tuple[BinaryIO, str]:
        """A seekable reader that fetches only the ranges asked for, and the object's etag; FileNotFoundError.

        As many bytes of the object's end as `tail` says come with the first request.
        """

    def list(self, bucket: str, prefix: str, after: str = "") -> Iterator[StoredObject]:
        """Objects below a prefix with a key greater than `after`, in key order, paged."""

    def delete(self, bucket: str, keys: Iterable[str]) -> None:
        """Remove objects."""

    def delete_if_unchanged(self, bucket: str, key: str, etag: str) -> bool:
        """Remove an object unless it has another etag now; False when it stays. One that is gone already is fine."""


class Schedules(Protocol):
    """Schedules of refresh cadences and of their maintenance, each starting the state machine (odpf/cadence_schedule.py)."""

    def current(self) -> dict[str, str]:
        """Schedule expression by name, of the schedules that ODPF made."""

    def put(self, name: str, expression: str) -> None:
        """Make or change a schedule; its name says what it starts."""

    def remove(self, name: str) -> None:
        """Remove a schedule; none is fine."""


class CatalogTable(NamedTuple):
    """A raw table as Athena is to see it: (name, Spark type) pairs, and partition values with their paths."""

    database: str
    name: str
    location: str
    columns: tuple[tuple[str, str], ...]
    partition_key: str | None
    partitions: tuple[tuple[str, str], ...]
    merge_on_read: bool


class Catalog(Protocol):
    """The Glue Data Catalog."""

    def ensure_database(self, database: str) -> None:
        """Make the database unless it is there."""

    def publish(self, table: CatalogTable) -> bool:
        """Bring the catalog entry in line; True when something had to be written."""

    def columns(self, database: str, table: str) -> frozenset[str] | None:
        """Names of a table's columns, the partition's too and Hudi's not; None when there is no such table."""

    def drop(self, database: str, name: str) -> bool:
        """Remove an entry, and no file of the table; False when there is none."""


class RefreshEvents(Protocol):
    """Tells other pipelines of new commits, and alarms of tables that are not what their sources are."""

    def put(self, event: TableRefreshed) -> None:
        """Send an event; the same one again is a repetition that consumers tell by its batch id."""

    def put_drift(self, event: TableDrifted) -> None:
        """Send an event."""


class JobRuns(Protocol):
    """Runs of the one Glue job."""

    def state(self, job_run_id: str) -> JobRunState | None:
        """State of a run; None when the service knows no such run."""

    def stop(self, job_run_id: str) -> None:
        """Ask for a run to be stopped."""

    def dpu_seconds(self, job_run_id: str) -> float | None:
        """What a run that has ended cost, in DPU seconds; None when the service knows no such run."""


class DmsTasks(Protocol):
    """The DMS tasks of the deployment."""

    def table_loads(self, schema_name: str, table_name: str) -> list[TableLoad]:
        """How far each task that has this source table is with its full load."""

    def statistics(self, schema_name: str, table_name: str) -> list[TableStatistics]:
        """What each task that has this source table has counted."""


class HashKeys(Protocol):
    """Keys of hashed columns, each fetched once as long as this lives."""

    def key(self, secret: str) -> HashKey:
        """The key that is a secret's current value."""


class Metrics(Protocol):
    """Where numbers about the work go."""

    def put(self, dimensions: Dimensions, values: Values, properties: Mapping[str, str] | None = None) -> None:
        """Hand over values of now; properties (a run id) can be searched for but are no dimensions."""


class Notices(Protocol):
    """Tells people."""

    def publish(self, notice: Notice) -> None:
        """Send a notice to whoever subscribed."""


class QueuedMessage(NamedTuple):
    """A message as it was received from a queue.

    Attributes:
        message_id: the queue's name for it; a message that is sent again is another.
        receipt: of this reception; only the newest one counts.
        sent_at: when it was first sent. A message that a queue set aside keeps that moment.
        first_received_at: None when the queue does not say.
        receptions: how often it was received, about; looking counts, too.
        attributes: its attributes that are texts, by name.
    """

    message_id: str
    receipt: str
    body: str
    sent_at: datetime
    first_received_at: datetime | None
    receptions: int
    attributes: Mapping[str, str]


class Queues(Protocol):
    """Queues that messages wait in. They are standard queues: in no order, and now and then a message comes twice."""

    def depth(self, queue: str) -> int | None:
        """About how many messages wait in a queue; None when there is no such queue."""

    def receive(self, queue: str, most: int, hidden_seconds: int) -> list[QueuedMessage]:
        """Up to `most` messages, ten at the most, hidden for so long from whoever receives next; none: none is visible."""

    def show(self, queue: str, messages: Iterable[QueuedMessage]) -> None:
        """Make received messages visible again at once; those that are, or are gone, are fine."""

    def send(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Send bodies and attributes as new messages; the ids of those that the queue did not take, each with its reason."""

    def delete(self, queue: str, messages: Iterable[QueuedMessage]) -> dict[str, str]:
        """Remove received messages; the ids of those that stayed, each with its reason."""
