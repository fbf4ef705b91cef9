"""What a run would do: decided by the very planner of the plan step, over ports that are only read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict

from file_manager.sweep import sweep
from file_processor.batch_manager import BatchManager, Decided, job_runs
from file_processor.expected import expected_seconds
from file_processor.job_size import JobSize
from file_processor.packing import Packed
from odpf.adapters.aws import Aws
from odpf.audit import TableResult
from odpf.clock import utc_now
from odpf.configured_table import ConfiguredTable, read_items
from odpf.manifest import TableWork
from odpf.run_request import RunRequest
from odpf.states import Compute, ConfigurationState, EngineName, Outcome
from odpf.table_config import CadenceConfig
from odpf_cli.unwritten_files import UnwrittenFiles


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class WorkPlanned(_Value):
    """One table of a batch; `files` are the paths that it would read, `expected_seconds` what it adds to its batch."""

    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    engine: EngineName
    engine_reason: str
    files: tuple[str, ...]
    bytes: int
    table_bytes: int | None
    expected_seconds: float
    full_load_completion: str | None


class BatchPlanned(_Value):
    """One job run of Glue, with its workers, or one invocation of Lambda."""

    batch_no: int
    compute: Compute
    workers: int | None
    worker_type: str | None
    expected_seconds: float
    tables: tuple[WorkPlanned, ...]


class LeftOut(_Value):
    """A table that the run would not process; `state` is the outcome it would get, or how it stands in the configuration."""

    source_table_name: str
    state: Outcome | ConfigurationState
    reason: str
    files: int = 0


class DryRun(_Value):
    """The document of `odpf run --dry-run`; `nothing_waiting` are active tables without work."""

    refresh_cadence: str
    nothing_to_do: bool
    batches: tuple[BatchPlanned, ...]
    left_out: tuple[LeftOut, ...]
    nothing_waiting: tuple[str, ...]
    warnings: tuple[str, ...]


def dry_run(aws: Aws, request: RunRequest) -> DryRun:
    """Decide on a run as its plan step would; nothing is started and nothing written."""
    configured = read_items(aws.config.tables(request.refresh_cadence))
    return described(request, looking_manager(aws).decide(request), configured)


def looking_manager(aws: Aws) -> BatchManager:
    """A planner whose sweep registers nothing."""
    tracker, places = UnwrittenFiles(aws.tracker), aws.settings.staging_places
    return BatchManager(
        settings=aws.settings,
        config=aws.config,
        tracker=tracker,
        ledger=aws.ledger,
        audit=aws.audit,
        objects=aws.objects,
        sweep=lambda tables, since: sweep(places, tables, aws.objects, tracker, utc_now(), since),
        job_runs=aws.job_runs,
        metrics=aws.metrics,
        dms_tasks=aws.dms_tasks,
        region=aws.region,
    )


def described(request: RunRequest, decided: Decided, configured: Iterable[ConfiguredTable]) -> DryRun:
    """A decided run in words and numbers.

    Args:
        request: what was asked for.
        decided: by the planner.
        configured: all tables of the cadence, inactive ones too.
    """
    plan = decided.plan
    batches = tuple(_batches(plan.packed, decided.tables.cadence))
    asked = [table for table in configured if not request.tables or table.source_table_name in request.tables]
    left_out = (*map(_ended, plan.decided), *_inactive(asked))
    told = {work.source_table_name for batch in batches for work in batch.tables}
    told |= {each.source_table_name for each in left_out}
    return DryRun(
        refresh_cadence=request.refresh_cadence,
        nothing_to_do=plan.nothing_to_do,
        batches=batches,
        left_out=left_out,
        nothing_waiting=tuple(sorted({table.source_table_name for table in asked} - told)),
        warnings=plan.warnings,
    )


def _batches(packed: Packed, cadence: CadenceConfig) -> Iterator[BatchPlanned]:
    """Batches with the job sizes that the state machine is told."""
    told = job_runs(packed, cadence)
    large = [JobSize(workers, told["large_worker_type"]) for workers in told["large_workers"]]
    invoked = [None] * told["lambda_batch_count"]
    shared = [JobSize(told["workers"], told["worker_type"])] * len(packed.shared)
    for number, (batch, size) in enumerate(zip(packed.batches, [*large, *invoked, *shared], strict=True)):
        tables = tuple(map(_work, batch.tables))
        yield BatchPlanned(
            batch_no=number,
            compute=batch.compute,
            workers=size.workers if size else None,
            worker_type=size.worker_type if size else None,
            expected_seconds=round(sum(work.expected_seconds for work in tables), 1),
            tables=tables,
        )


def _work(table: TableWork) -> WorkPlanned:
    return WorkPlanned(
        source_table_name=table.config.source_table_name,
        raw_database_name=table.config.raw_database_name,
        raw_table_name=table.config.raw_table_name,
        engine=table.engine,
        engine_reason=table.engine_reason,
        files=tuple(file.path for file in table.inputs),
        bytes=sum(file.size for file in table.inputs),
        table_bytes=table.table_bytes,
        expected_seconds=round(expected_seconds(table), 3),
        full_load_completion=table.full_load_completion,
    )


def _ended(result: TableResult) -> LeftOut:
    return LeftOut(
        source_table_name=result.source_table_name,
        state=result.outcome,
        reason=result.error or "",
        files=result.files,
    )


def _inactive(configured: Iterable[ConfiguredTable]) -> Iterator[LeftOut]:
    for table in configured:
        if table.config is not None and table.config.is_active == "N":
            pause = table.config.pause
            yield LeftOut(
                source_table_name=table.source_table_name,
                state=ConfigurationState.PAUSED if pause else ConfigurationState.INACTIVE,
                reason=pause.told(table.source_table_name) if pause else "is_active says N; its files wait.",
            )
