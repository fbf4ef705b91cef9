"""What one step of ODPF uses of AWS, by price key: counted in the code, or an estimate that says so.

What stands under *counted* is held by `tests/cli/test_cost_counts.py`, which runs the steps on an emulator and meters
every request. DynamoDB units are of items below 1 KB, which those of names of ordinary length are.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import ceil
from typing import NamedTuple

from file_processor.work_size import MEMORY_MB
from odpf.metrics import Metric
from odpf_cli.cost_prices import Priced

Use = Mapping[Priced, float]

# Counted: the File Manager and the job.
REGISTER_FILE: Use = {Priced.DYNAMODB_READ: 0.5, Priced.DYNAMODB_WRITE: 1}
"""Counted: an eventual read of history, a conditional put of the pending item."""
SQS_RECEIVES_AND_DELETES = 2
"""Of a batch of messages; sending is one request a message."""
TABLE_CYCLE: Use = {Priced.DYNAMODB_WRITE: 9, Priced.DYNAMODB_READ: 2, Priced.S3_WRITE: 2, Priced.S3_READ: 1}
"""Counted: acquire, intent, the check in the transaction (twice), advance, release, and the audit row with its two indexes;
state and epoch read (two reads more where there were two Regions); the timeline listed twice; its newest commit read. The
engine's own requests come on top."""
ARROW_TABLE_CYCLE: Use = {Priced.DYNAMODB_WRITE: 9, Priced.DYNAMODB_READ: 2, Priced.S3_WRITE: 7, Priced.S3_READ: 2}
"""Counted: the same with Arrow's commit in it, of a small table in one file group: three listings, requested, inflight, data
file and commit put; newest commit and data file read."""
TABLE_MAINTAINED: Use = {Priced.DYNAMODB_WRITE: 6, Priced.DYNAMODB_READ: 2, Priced.S3_WRITE: 2, Priced.S3_READ: 1}
"""Counted: of a maintenance acquire, advance, release, and the audit row with its two indexes; state and epoch; the folder listed twice; the table's properties. Hudi's own requests come on top."""
COMMITS_OF_A_TIMELINE = 35
"""Of a table in use: `hoodie.keep.min/max.commits` are 30 and 40."""
FILE_APPLIED: Use = {Priced.DYNAMODB_WRITE: 4, Priced.DYNAMODB_READ: 1, Priced.S3_READ: 1}
"""Counted: delete and put in a transaction (twice each), the look into history, the footer read."""
JOB_RUN: Use = {Priced.S3_READ: 1, Priced.DYNAMODB_READ: 1}
"""Counted: its manifest, and the epoch; an invocation reads the same."""
HEARTBEAT_SECONDS = 10
"""`Settings.heartbeat_seconds`; the first one at once, each one write unit."""
REFRESHED: Use = {Priced.EVENT: 1}
"""Counted: `odpf.table.refreshed` after every commit."""

# Counted: the state machine.
TRANSITIONS_OF_AN_IDLE_RUN = 3
TRANSITIONS_OF_A_RUN = 8
TRANSITIONS_OF_A_BATCH, TRANSITIONS_OF_A_LAMBDA_BATCH = 1, 4
"""Counted: the states entered in infra/state_machine.asl.json; a batch of Glue beside some of Lambda enters three."""

# Counted: plan and summary.
CONFIG_ITEM_BYTES, PENDING_ITEM_BYTES, AUDIT_ITEM_BYTES = 300, 700, 1000
"""Measured on items with names of ordinary length (a pending item 700, an audit row 950, a table's configuration 275)."""
READ_UNIT_BYTES = 4096
OBJECTS_OF_A_LISTING = 1000
"""S3 API, ListObjectsV2."""
PLAN_PUTS, PLAN_GETS, IDLE_PUTS, SUMMARY_PUTS, SUMMARY_GETS = 2, 2, 1, 1, 1
"""Counted: the run manifest and what the cadence's last plan was; that of the run before, and its summary; the summary, which
the plan writes itself when there is nothing to do; and, beside these, one manifest for every batch."""
ALL_STATES_A_HOUR, ALL_FILES_A_DAY, HOURS_OF_FILES = 1, 1, 3
"""`file_processor/plan_reads.py`: other plans read the states of tables with files alone, and ask about the files of some hours."""

# Of the deployment's templates (infra/).
WATCHES_A_HOUR = 12
ALARMS, DASHBOARDS = 10, 1
METRICS = len(Metric)
"""Of every cadence and of the deployment as a whole, at most; those of tables come on top."""
QUEUES, POLLERS_OF_A_QUEUE, POLLS_A_MINUTE = 2, 5, 3
"""Lambda's own poller begins with five long polls of 20 s each on a queue, and empty ones are billed, too (AWS Lambda guide)."""
MESSAGES_OF_A_CALL = 100
"""`infra/functions.py`: up to 100 messages in a window of one second."""

# Estimates; nothing here was measured on AWS.
EVENTS_OF_A_STAGED_FILE = 3
"""S3 announces a bucket's every event once EventBridge is on: a file's arrival, its removal, the end of its old version."""
RETENTION_READS = 0.5
"""Read units of a staged file that goes (`file_manager/retention.py`); removals are free."""
BUCKET_KEYS_LEAVE = 0.01
"""Share of S3 requests that reach KMS with bucket keys: "up to 99 percent" less (AWS, S3 Bucket Keys)."""
KMS_OF_DYNAMODB_A_HOUR = 7 * 12 * 4
"""Seven tables, a table key kept for five minutes by each of four principals (DynamoDB guide, encryption at rest)."""
MESSAGE_LOG_KB, INVOCATION_LOG_KB, TABLE_LOG_KB, METRIC_LOG_KB = 0.4, 0.4, 1.0, 0.4


class Function(NamedTuple):
    """Memory of a Lambda function in GB, and seconds it takes: estimates from requests of 10 to 40 ms each."""

    gigabytes: float
    seconds: float


FILE_MANAGER = Function(0.5, 0.03)
PROCESS_BATCH_GB = MEMORY_MB / 1024
SUMMARISE = Function(1.0, 2)
WATCH = Function(1.0, 5)
RETENTION = Function(0.5, 60)


def batch_manager(tables: int, asked: float) -> Function:
    """The plan step: a listing of every table and a request for every 100 staged files asked about, eight at once."""
    return Function(1.73, 1 + tables * 0.04 / 8 + asked / 100 * 0.02 / 8)


def plan_reads(tables: int, states: float, pending: float) -> float:
    """Counted: read units of a plan beside the sweep: cadence, epoch, configuration, pending files, states of tables."""
    config = ceil(tables * CONFIG_ITEM_BYTES / READ_UNIT_BYTES)
    return 2 + config + max(1, ceil(pending * PENDING_ITEM_BYTES / READ_UNIT_BYTES)) + states


def sweep_reads(asked: float, pending: float) -> float:
    """Counted: one read unit for every staged file that is asked about, and a second one for those that are pending."""
    return asked + pending


def sweep_listings(tables: int, staged_files: float) -> float:
    """Counted: LIST requests of a plan, at least one a table."""
    return tables * max(1, ceil(staged_files / tables / OBJECTS_OF_A_LISTING))


def summary_reads(tables: int) -> float:
    """Counted: the run's audit rows, by index and so at half price."""
    return max(1, ceil(tables * AUDIT_ITEM_BYTES / READ_UNIT_BYTES)) / 2


def commits_read(timeline: int) -> int:
    """Counted: GET requests of a table-cycle for commits, beside the first: the one before it, whose fence is compared."""
    return min(timeline - 1, 1)


def heartbeats(seconds: float) -> int:
    """Write units of a job run's heart."""
    return 1 + int(seconds // HEARTBEAT_SECONDS)
