"""What a month costs: each framework turns workloads into uses of AWS, prices turn uses into a bill. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import ceil
from typing import NamedTuple

from file_processor.maintenance import TABLES_OF_A_BATCH
from odpf_cli import cost_counts as counts
from odpf_cli.cost_prices import Priced, Prices
from odpf_cli.cost_workload import DAYS_A_MONTH, HOURS_A_MONTH, Workload

MINUTE = 60
"""The shortest time that Glue bills a job run for (AWS Glue pricing)."""
SECONDS_AN_HOUR = 3600
KILOBYTES_A_GB = 1_000_000


class Use(NamedTuple):
    """A month's quantity of something priced, and what it is used for."""

    priced: Priced
    what: str
    quantity: float


class Line(NamedTuple):
    """A priced use."""

    service: str
    what: str
    quantity: float
    unit: str
    price: float
    cost: float


class Bill(NamedTuple):
    """A month of one framework, in US dollars."""

    name: str
    title: str
    assumes: tuple[str, ...]
    lines: tuple[Line, ...]

    @property
    def total(self) -> float:
        """All lines."""
        return sum(line.cost for line in self.lines)

    def of(self, service: str) -> float:
        """The lines of one service."""
        return sum(line.cost for line in self.lines if line.service == service)


def bill(name: str, title: str, assumes: Sequence[str], uses: Iterable[Use], prices: Prices) -> Bill:
    """Price uses; those of one thing for one purpose become one line."""
    summed: dict[tuple[Priced, str], float] = {}
    for use in uses:
        key = (use.priced, use.what)
        summed[key] = summed.get(key, 0.0) + use.quantity
    lines = tuple(_line(Use(*key, quantity), prices) for key, quantity in summed.items() if quantity)
    return Bill(name, title, tuple(assumes), lines)


def _line(use: Use, prices: Prices) -> Line:
    item = prices.items[use.priced]
    price = prices.usd[use.priced] / item.per
    return Line(item.service, use.what, use.quantity, item.unit, price, prices.cost(use.priced, use.quantity))


def odpf(workloads: Sequence[Workload]) -> Iterator[Use]:
    """ODPF: a run lists and plans, starts job runs only for tables with files, and keeps its ledger."""
    for workload in workloads:
        yield from _invocations(workload) if workload.on_lambda else _job_runs(workload)
        yield from _landing(workload)
        yield from _planning(workload)
        yield from _table_cycles(workload)
        yield from _cadence_watched(workload)
        yield from _maintenance(workload)
    yield from _standing(workloads)


def glue_hours(runs: float, seconds: float, workload: Workload, workers: float) -> float:
    """DPU-hours of job runs that take `seconds` each."""
    return runs * max(MINUTE, seconds) * workers * workload.dpu_per_worker / SECONDS_AN_HOUR


def times(use: counts.Use, times: float, what: str) -> Iterator[Use]:
    """A step's use, so many times."""
    return (Use(priced, what, quantity * times) for priced, quantity in use.items())


def called(function: counts.Function, calls: float, what: str) -> Iterator[Use]:
    """Invocations of a Lambda function and the memory they hold."""
    yield Use(Priced.LAMBDA_REQUEST, what, calls)
    yield Use(Priced.LAMBDA_GB_SECOND, what, calls * function.gigabytes * function.seconds)
    yield Use(Priced.LOG_GB, "logs of functions", calls * counts.INVOCATION_LOG_KB / KILOBYTES_A_GB)


def _job_runs(workload: Workload) -> Iterator[Use]:
    for size in workload.batches:
        seconds = workload.batch_seconds(size)
        hours = glue_hours(workload.busy_runs, seconds, workload, workload.workers)
        yield Use(Priced.GLUE_DPU_HOUR, "job runs", hours)
        beats = workload.busy_runs * counts.heartbeats(seconds)
        yield Use(Priced.DYNAMODB_WRITE, "heartbeats of job runs", beats)
        yield from times(counts.JOB_RUN, workload.busy_runs, "manifests and summaries of runs")
        yield from job_logs(workload, workload.busy_runs, size)


def _invocations(workload: Workload) -> Iterator[Use]:
    """What job runs do, in the function."""
    for size in workload.batches:
        seconds = workload.batch_seconds(size)
        function = counts.Function(counts.PROCESS_BATCH_GB, seconds)
        yield from called(function, workload.busy_runs, "table batches")
        beats = workload.busy_runs * counts.heartbeats(seconds)
        yield Use(Priced.DYNAMODB_WRITE, "heartbeats of invocations", beats)
        yield from times(counts.JOB_RUN, workload.busy_runs, "manifests and summaries of runs")
        kilobytes = workload.busy_runs * size * counts.TABLE_LOG_KB
        yield Use(Priced.LOG_GB, "logs of functions", kilobytes / KILOBYTES_A_GB)


def job_logs(workload: Workload, runs: float, tables: float) -> Iterator[Use]:
    """Logs of job runs; the same guess for every framework."""
    kilobytes = workload.log_kilobytes_per_job + tables * counts.TABLE_LOG_KB
    yield Use(Priced.LOG_GB, "logs of job runs", runs * kilobytes / KILOBYTES_A_GB)


def _landing(workload: Workload) -> Iterator[Use]:
    """From S3's event to the tracker."""
    files = workload.files
    per_call = files_of_a_call(workload)
    calls = files / per_call
    yield Use(Priced.EVENT, "events of the staging bucket", files * counts.EVENTS_OF_A_STAGED_FILE)
    receives = calls * counts.SQS_RECEIVES_AND_DELETES
    yield Use(Priced.SQS_REQUEST, "messages of landed files", files + receives)
    yield from called(
        counts.FILE_MANAGER._replace(seconds=counts.FILE_MANAGER.seconds * per_call), calls, "File Manager"
    )
    yield Use(Priced.LOG_GB, "logs of functions", files * counts.MESSAGE_LOG_KB / KILOBYTES_A_GB)
    yield from times(counts.REGISTER_FILE, files, "registering files")


def files_of_a_call(workload: Workload) -> float:
    """Messages that one invocation gets: what arrives in a window of one second, when files arrive evenly."""
    a_second = workload.files / (HOURS_A_MONTH * SECONDS_AN_HOUR)
    return min(counts.MESSAGES_OF_A_CALL, max(1.0, a_second))


def _planning(workload: Workload) -> Iterator[Use]:
    """Sweep, plan, state machine, summary."""
    runs, busy, batches = workload.runs, workload.busy_runs, len(workload.batches)
    pending = workload.changed_a_run * workload.files_per_table
    staged, tables = workload.staged_files, workload.tables
    yield Use(Priced.S3_WRITE, "sweep: listing every table", runs * counts.sweep_listings(tables, staged))
    daily, new = (
        min(runs, DAYS_A_MONTH * counts.ALL_FILES_A_DAY),
        workload.files / HOURS_A_MONTH * counts.HOURS_OF_FILES,
    )
    asked = (runs - daily) * min(staged, new) + daily * staged
    yield Use(Priced.DYNAMODB_READ, "sweep: is a staged file known", counts.sweep_reads(asked, runs * pending))
    of_all = min(runs, HOURS_A_MONTH * counts.ALL_STATES_A_HOUR)
    reads = (runs - of_all) * counts.plan_reads(tables, workload.changed_a_run, pending)
    reads += of_all * counts.plan_reads(tables, tables, pending)
    yield Use(Priced.DYNAMODB_READ, "plan: configuration, states, pending", reads)
    puts = runs * counts.PLAN_PUTS + (runs - busy) * counts.IDLE_PUTS + busy * (batches + counts.SUMMARY_PUTS)
    yield Use(Priced.S3_WRITE, "manifests and summaries of runs", puts)
    yield Use(Priced.EVENT, "events of the artifacts bucket", puts)
    yield Use(Priced.S3_READ, "manifests and summaries of runs", runs * counts.PLAN_GETS + busy * counts.SUMMARY_GETS)
    yield Use(Priced.DYNAMODB_READ, "summary: audit rows", busy * counts.summary_reads(workload.tables_a_busy_run))
    yield from called(counts.batch_manager(tables, asked / runs), runs, "Batch Manager")
    yield from called(counts.SUMMARISE, busy, "summary")
    idle = (runs - busy) * counts.TRANSITIONS_OF_AN_IDLE_RUN
    of_a_batch = counts.TRANSITIONS_OF_A_LAMBDA_BATCH if workload.on_lambda else counts.TRANSITIONS_OF_A_BATCH
    busy_states = busy * (counts.TRANSITIONS_OF_A_RUN + batches * of_a_batch)
    yield Use(Priced.STEP_TRANSITION, "runs and their batches", idle + busy_states)
    yield Use(Priced.SCHEDULE, "schedules", runs)


def _table_cycles(workload: Workload) -> Iterator[Use]:
    """Lease, files, commit, audit."""
    cycles, files = workload.cycles, workload.files
    what = "table-cycles: lease, ledger, audit"
    if workload.on_lambda:
        yield from times(counts.ARROW_TABLE_CYCLE, cycles, "table-cycles: lease, ledger, audit, Hudi commit")
    else:
        yield from times(counts.TABLE_CYCLE, cycles, what)
        yield Use(Priced.S3_READ, what, cycles * counts.commits_read(counts.COMMITS_OF_A_TIMELINE))
        yield from commits(workload, cycles)
    yield from times(counts.FILE_APPLIED, files, "files to history")
    yield from times(counts.REFRESHED, cycles, "events of refreshed tables")
    yield Use(Priced.EVENT, "events of the artifacts bucket", cycles)


def _maintenance(workload: Workload) -> Iterator[Use]:
    """Once a day Spark archives what Arrow's commits have made long; of a table it is reckoned like a commit of Spark's."""
    days, tables = DAYS_A_MONTH * min(1.0, workload.maintained_a_day), max(1.0, workload.maintained_a_day)
    runs = ceil(tables / TABLES_OF_A_BATCH)
    if not days:
        return
    seconds = workload.job_seconds(tables / runs)
    yield Use(Priced.GLUE_DPU_HOUR, "maintenance", glue_hours(days * runs, seconds, workload, workload.workers))
    yield from job_logs(workload, days * runs, tables / runs)
    yield from times(counts.TABLE_MAINTAINED, days * tables, "maintenance")
    yield from commits(workload, days * tables)
    states = counts.TRANSITIONS_OF_A_RUN + runs * counts.TRANSITIONS_OF_A_BATCH
    yield Use(Priced.STEP_TRANSITION, "runs and their batches", days * states)
    yield Use(Priced.SCHEDULE, "schedules", DAYS_A_MONTH)


def commits(workload: Workload, number: float) -> Iterator[Use]:
    """Requests of Hudi itself; the same guess for every framework."""
    yield Use(Priced.S3_WRITE, "Hudi commits, estimated", number * workload.s3_writes_per_commit)
    yield Use(Priced.S3_READ, "Hudi commits, estimated", number * workload.s3_reads_per_commit)


def _cadence_watched(workload: Workload) -> Iterator[Use]:
    watches = HOURS_A_MONTH * counts.WATCHES_A_HOUR
    pending = workload.changed_a_run * workload.files_per_table
    yield Use(Priced.DYNAMODB_READ, "watch", watches * counts.plan_reads(workload.tables, workload.tables, pending))
    yield Use(Priced.METRIC, "metrics of cadences", counts.METRICS)
    lag_metrics = workload.tables if workload.measures_each_table else 0
    yield Use(Priced.METRIC, "lag of every table", lag_metrics)
    kilobytes = watches * (1 + lag_metrics) * counts.METRIC_LOG_KB
    yield Use(Priced.LOG_GB, "metrics as log lines", kilobytes / KILOBYTES_A_GB)
    yield Use(Priced.DYNAMODB_READ, "retention", workload.files * counts.RETENTION_READS)
    pages = ceil(workload.staged_files / counts.OBJECTS_OF_A_LISTING)
    yield Use(Priced.S3_WRITE, "retention", pages * DAYS_A_MONTH)


def _standing(workloads: Sequence[Workload]) -> Iterator[Use]:
    """What a deployment costs whatever it does."""
    watches = HOURS_A_MONTH * counts.WATCHES_A_HOUR
    yield from called(counts.WATCH, watches, "watch")
    yield from called(counts.RETENTION, DAYS_A_MONTH, "retention")
    yield Use(Priced.SCHEDULE, "schedules", watches + DAYS_A_MONTH)
    polls = counts.QUEUES * counts.POLLERS_OF_A_QUEUE * counts.POLLS_A_MINUTE
    yield Use(Priced.SQS_REQUEST, "polling idle queues", polls * MINUTE * HOURS_A_MONTH)
    yield Use(Priced.METRIC, "metrics of the deployment", counts.METRICS)
    yield Use(Priced.ALARM, "alarms", counts.ALARMS)
    yield Use(Priced.DASHBOARD, "dashboard", counts.DASHBOARDS)
    yield Use(Priced.KMS_KEY, "the deployment's key", 1)
    objects = sum(w.cycles * _requests_of_a_commit(w) for w in workloads)
    yield Use(Priced.KMS_REQUEST, "S3 with bucket keys", objects * counts.BUCKET_KEYS_LEAVE)
    yield Use(Priced.KMS_REQUEST, "table keys of DynamoDB", counts.KMS_OF_DYNAMODB_A_HOUR * HOURS_A_MONTH)


def _requests_of_a_commit(workload: Workload) -> float:
    if workload.on_lambda:
        return counts.ARROW_TABLE_CYCLE[Priced.S3_WRITE] + counts.ARROW_TABLE_CYCLE[Priced.S3_READ]
    return workload.s3_writes_per_commit + workload.s3_reads_per_commit


def by_service(bills: Sequence[Bill], prices: Prices) -> Mapping[str, tuple[float, ...]]:
    """Cost of every service that any of the bills has, in the order of the price file."""
    table = {service: tuple(each.of(service) for each in bills) for service in prices.services}
    return {service: row for service, row in table.items() if any(row)}
