"""The same work by other means: the original AWS framework, and one Glue job for every table. Pure.

What the original does is read off its code (awslabs/aws-glue-apache-hudi-operational-data-processing-framework):
every run starts one job run for every batch of *configured* tables, whether or not they have files; a job run works on
its tables one after the other with all its workers, and the state machine does not wait for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from odpf_cli import cost_counts as counts
from odpf_cli.cost_model import Bill, Use, bill, called, commits, files_of_a_call, glue_hours, job_logs, odpf
from odpf_cli.cost_prices import Priced, Prices
from odpf_cli.cost_workload import Workload

_STATUS_WRITES, _STATUS_READS, _FILE_WRITES = 6, 1, 4
"""Three puts of status and history, each a transaction of its own; two eventual reads; put and delete of a file."""
_TRANSITIONS_OF_A_RUN = 2
_TRIGGER = counts.Function(0.125, 2)
_COMMITS_OF_A_CYCLE = 2
"""Upserts and deletes are two commits."""
FEWEST_WORKERS = 2
"""Of a Spark job (AWS Glue guide)."""


def original(
    workloads: Sequence[Workload], *, workers: float | None = None, batch_size: int | None = None
) -> Iterator[Use]:
    """The original framework; workers and batch size are those of its sample configuration unless given."""
    for workload in workloads:
        runs, tables = workload.runs, workload.tables
        size = min(tables, batch_size or workload.original_batch_size)
        batches = ceil(tables / size)
        seconds = original_seconds(workload, size)
        hours = glue_hours(runs * batches, seconds, workload, workers or workload.original_workers)
        yield Use(Priced.GLUE_DPU_HOUR, "job runs", hours)
        yield from job_logs(workload, runs * batches, size)
        yield from commits(workload, workload.cycles * _COMMITS_OF_A_CYCLE)
        yield from _landing(workload)
        config = ceil(tables * counts.CONFIG_ITEM_BYTES / counts.READ_UNIT_BYTES) / 2
        yield Use(Priced.DYNAMODB_READ, "plan: configuration", runs * (config + 0.5))
        yield Use(Priced.DYNAMODB_WRITE, "status of every table", runs * tables * _STATUS_WRITES)
        yield Use(Priced.DYNAMODB_READ, "status of every table", runs * tables * _STATUS_READS)
        yield Use(Priced.DYNAMODB_WRITE, "files to history", workload.files * _FILE_WRITES)
        yield from called(_TRIGGER, runs * (batches + 1), "plan and triggers")
        yield Use(Priced.STEP_TRANSITION, "runs and their batches", runs * (_TRANSITIONS_OF_A_RUN + batches))
        yield Use(Priced.SCHEDULE, "schedules", runs)


def original_seconds(workload: Workload, size: int) -> float:
    """Seconds of a job run over `size` tables, one after the other."""
    busy = workload.changing * workload.original_seconds_per_table
    idle = (1 - workload.changing) * workload.original_seconds_per_idle_table
    return workload.job_start_seconds + size * (busy + idle)


def _landing(workload: Workload) -> Iterator[Use]:
    files, per_call = workload.files, files_of_a_call(workload)
    yield Use(Priced.EVENT, "events of the staging bucket", files)
    yield Use(
        Priced.SQS_REQUEST, "messages of landed files", files + counts.SQS_RECEIVES_AND_DELETES * files / per_call
    )
    yield from called(_TRIGGER._replace(seconds=0.1 * per_call), files / per_call, "File Manager")
    yield Use(Priced.DYNAMODB_WRITE, "registering files", 2 * files)


def job_per_table(workloads: Sequence[Workload], *, only_changed: bool) -> Iterator[Use]:
    """A Glue job of its own for every table, started by a schedule, or only when its files have arrived."""
    for workload in workloads:
        starts = workload.cycles if only_changed else workload.runs * workload.tables
        seconds = workload.job_start_seconds + workload.seconds_per_table
        yield Use(Priced.GLUE_DPU_HOUR, "job runs", glue_hours(starts, seconds, workload, FEWEST_WORKERS))
        yield from job_logs(workload, starts, 1)
        yield from commits(workload, workload.cycles)
        yield Use(Priced.S3_WRITE, "listing what is new", starts)
        yield Use(Priced.S3_READ, "footers of files", workload.files)
        if only_changed:
            yield Use(Priced.EVENT, "events of the staging bucket", workload.files)
            yield from called(_TRIGGER, workload.files, "starting jobs")
        else:
            yield Use(Priced.SCHEDULE, "schedules", starts)


def compared(workloads: Sequence[Workload], prices: Prices) -> tuple[Bill, ...]:
    """ODPF first, as it is configured and on Lambda, then what it is compared with, cheapest way first."""
    first = workloads[0]
    size = first.batch_size
    on_lambda = [workload.but(compute="lambda") for workload in workloads]
    assumes = (
        f"compute: lambda, with Arrow: {on_lambda[0].lambda_seconds_per_table:g} s a small table that has files, up to "
        f"{on_lambda[0].most_tables_of_an_invocation} in an invocation; Spark once a day to archive timelines",
    )
    lambda_bill = bill("odpf_lambda", "ODPF on Lambda", assumes, odpf(on_lambda), prices)
    if on_lambda == list(workloads):
        return (lambda_bill._replace(name="odpf"), *_others(first, workloads, prices))
    plain = bill("odpf", "ODPF", (f"batches of {size} tables that have files, side by side",), odpf(workloads), prices)
    return (plain, lambda_bill, *_others(first, workloads, prices))


def _others(first: Workload, workloads: Sequence[Workload], prices: Prices) -> tuple[Bill, ...]:
    size, sample = first.batch_size, first.original_batch_size
    slow = f"{first.original_seconds_per_table:g} s a table with files"
    return (
        bill(
            "original_tuned",
            "Original, tuned",
            (
                f"the original framework with batches of {size} and {FEWEST_WORKERS} workers: all tables every run, {slow}",
            ),
            original(workloads, workers=FEWEST_WORKERS, batch_size=size),
            prices,
        ),
        bill(
            "original",
            "Original",
            (
                f"the original framework as its sample configuration has it: batches of {sample}, "
                f"{first.original_workers:g} workers, all tables every run, {slow}",
            ),
            original(workloads),
            prices,
        ),
        bill(
            "job_per_changed_table",
            "Job per changed table",
            (f"a Glue job of {FEWEST_WORKERS} workers for each table, started when its files have arrived",),
            job_per_table(workloads, only_changed=True),
            prices,
        ),
        bill(
            "job_per_table",
            "Job per table",
            ("the same, every table started by the schedule",),
            job_per_table(workloads, only_changed=False),
            prices,
        ),
    )
