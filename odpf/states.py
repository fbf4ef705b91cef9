"""Every status word of ODPF, with the transitions that are legal. No status text stands anywhere else."""

from __future__ import annotations

from enum import StrEnum


class FileState(StrEnum):
    """`file_ingestion_status` of a landed file."""

    LANDED = "raw_file_landed"
    PROCESSED = "raw_file_processed"
    QUARANTINED = "quarantined"


class DmsFileType(StrEnum):
    """What a landed file holds, told by its name alone (AWS DMS user guide, "Using Amazon S3 as a target")."""

    FULL = "Full"
    INCREMENTAL = "Incremental"


class EngineName(StrEnum):
    """What reads, reduces, merges and writes a file batch."""

    SPARK = "spark"
    ARROW = "arrow"


class Compute(StrEnum):
    """Where a table batch is processed."""

    GLUE = "glue"
    LAMBDA = "lambda"


class RefreshStatus(StrEnum):
    """`refresh_status` of a raw table in `odpf_file_processing_tracker`."""

    UPDATING = "updating_table"
    COMPLETED = "completed"
    ERROR = "refresh_error"


REFRESH_TRANSITIONS: dict[RefreshStatus | None, frozenset[RefreshStatus]] = {
    None: frozenset({RefreshStatus.UPDATING}),
    RefreshStatus.UPDATING: frozenset(RefreshStatus),  # a take-over goes from updating to updating
    RefreshStatus.COMPLETED: frozenset({RefreshStatus.UPDATING}),
    RefreshStatus.ERROR: frozenset({RefreshStatus.UPDATING}),
}


class Outcome(StrEnum):
    """What one run did for one table."""

    COMPLETED = "completed"
    REFRESH_ERROR = "refresh_error"
    SKIPPED_LOCKED = "skipped_locked"
    WAITING_FOR_FULL_LOAD = "waiting_for_full_load"
    SET_ASIDE = "set_aside"


class RunStatus(StrEnum):
    """How a run of a cadence ended."""

    SUCCEEDED = "SUCCEEDED"
    NOTHING_TO_DO = "NOTHING_TO_DO"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"


class ExecutionState(StrEnum):
    """States of an execution of the state machine (Step Functions API, DescribeExecution)."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"
    ABORTED = "ABORTED"
    PENDING_REDRIVE = "PENDING_REDRIVE"

    @property
    def terminal(self) -> bool:
        """Whether the execution does nothing more by itself."""
        return self is not ExecutionState.RUNNING


class QueryState(StrEnum):
    """States of a query (Athena API, QueryExecutionStatus)."""

    QUEUED = "QUEUED"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"

    @property
    def terminal(self) -> bool:
        """Whether the answer is final."""
        return self not in {QueryState.QUEUED, QueryState.RUNNING}


class ConfigurationState(StrEnum):
    """How a source table stands in the configuration."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    PAUSED = "paused"
    BROKEN = "broken"
    UNCONFIGURED = "unconfigured"


class DeploymentStatus(StrEnum):
    """What became of a deployment of configuration."""

    STARTED = "started"  # it is being written, or died while it was
    APPLIED = "applied"
    REFUSED = "refused"
    UNDONE = "undone"


class JobRunState(StrEnum):
    """States of a Glue job run (AWS Glue API, JobRun.JobRunState)."""

    STARTING = "STARTING"
    RUNNING = "RUNNING"
    STOPPING = "STOPPING"
    WAITING = "WAITING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    TIMEOUT = "TIMEOUT"
    ERROR = "ERROR"
    STOPPED = "STOPPED"
    EXPIRED = "EXPIRED"

    @property
    def terminal(self) -> bool:
        """Whether the run can write nothing any more."""
        return self not in {JobRunState.STARTING, JobRunState.RUNNING, JobRunState.STOPPING, JobRunState.WAITING}


class DmsTableState(StrEnum):
    """States of a table in a DMS task that ODPF tells apart (AWS DMS API, TableStatistics.TableState)."""

    LOADING = "Full load"
    COMPLETED = "Table completed"


class Registration(StrEnum):
    """What registering a landed file found."""

    REGISTERED = "registered"
    ALREADY_PENDING = "already_pending"
    ALREADY_DONE = "already_done"


class Release(StrEnum):
    """What releasing a file from quarantine did."""

    PUT_BACK = "put_back"
    WAITS = "waits_already"
    CHANGED = "changed_meanwhile"
    REFUSED = "not_released"


class FindingKind(StrEnum):
    """What a watch finds wrong."""

    LAG_OBJECTIVE_MISSED = "lag_objective_missed"
    TABLE_FAILED = "table_failed"
    TABLE_SET_ASIDE = "table_set_aside"
    OLDEST_PENDING = "oldest_pending"
    FILES_QUARANTINED = "files_quarantined"
    NO_RUN = "no_run"
    DEAD_LETTERS = "dead_letters"


class NoticeState(StrEnum):
    """Whether a notice tells that something began or is over."""

    BEGUN = "begun"
    OVER = "over"


class Reconciled(StrEnum):
    """How lake and source compare."""

    AGREES = "agrees"
    EXPLAINED = "explained"
    DRIFTED = "drifted"
    UNDECIDED = "undecided"
    FAILED = "failed"


class Explanation(StrEnum):
    """Why a row differs that is no drift."""

    PENDING = "pending"
    QUARANTINED = "quarantined"
    CAUGHT_UP = "caught_up"
    IN_FLIGHT = "in_flight"


class Difference(StrEnum):
    """How a row differs."""

    MISSING_IN_LAKE = "missing_in_lake"
    MISSING_IN_SOURCE = "missing_in_source"
    DIFFERENT = "different"
    DUPLICATE = "duplicate"


class Then(StrEnum):
    """What the state machine does after an invocation of the Lambda function has answered."""

    DONE = "done"
    AGAIN = "again"
    GLUE = "glue"


class Severity(StrEnum):
    """How bad a finding of `odpf lint`, or a check of `odpf doctor` or `odpf adopt`, is."""

    OK = "ok"
    WARNING = "warning"
    ERROR = "error"
    UNCHECKED = "unchecked"
