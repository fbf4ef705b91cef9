"""The plan step: sweep, freeze the file set, pack, write the manifests; and the last step: summarise.

Everything large goes to S3; what is returned travels in the state machine's payload and has a constant size.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from pydantic import ValidationError

from file_processor.freezing import foreign_buckets, freeze
from file_processor.job_size import FEWEST_WORKERS
from file_processor.load_completion import LoadDecision
from file_processor.load_gate import LoadGate, TableFiles
from file_processor.maintenance import plan_maintenance
from file_processor.owners import Owner
from file_processor.packing import Packed
from file_processor.plan_reads import PlanReads, SweptTables
from file_processor.planning import (
    CadenceTables,
    RunPlan,
    only,
    plan_rebuild,
    plan_run,
    read_cadence,
    with_staged_loads,
)
from file_processor.setting_aside import Trial
from file_processor.summary import cause, planned, summarise
from odpf.audit import AuditRow, RunSummary, TableResult
from odpf.clock import iso, utc_now
from odpf.epoch import Epoch
from odpf.errors import OdpfError
from odpf.full_load_completion import LoadSigns
from odpf.landed_file import LandedFile
from odpf.last_plan import LastPlan, last_plan_key
from odpf.manifest import (
    BatchManifest,
    PlannedTable,
    RunManifest,
    batch_key,
    run_key,
    run_prefix,
    summary_key,
)
from odpf.metrics import Dimension, run_values
from odpf.ports import AuditLog, ConfigStore, DmsTasks, FileTracker, JobRuns, Ledger, Metrics, ObjectStore
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import Compute, Outcome, RunStatus
from odpf.summarised import summarised
from odpf.table_config import CadenceConfig
from odpf.table_state import TableState

_log = logging.getLogger(__name__)

_AT_ONCE = 8
_MOST_ASKED_JOB_RUNS = 200
"""A figure for the dashboard is not worth the time in which the run's summary has to be done."""


class Swept(Protocol):
    """What the listing sweep found."""

    @property
    def listings(self) -> Mapping[str, Mapping[str, LandedFile]]:
        """Per source table its files now in S3, by file id."""

    @property
    def problems(self) -> Mapping[str, str]:
        """Per source table why it could not be listed."""

    @property
    def signs(self) -> Mapping[str, LoadSigns]:
        """Per source table what else was listed of its full load."""


Sweep = Callable[[Iterable[str], datetime | None], Swept]
"""Lists the staging prefixes of source tables and registers what had no event, of files put since a moment."""


class Decided(NamedTuple):
    """A run as it was decided, and what its cadence's next plan may leave out then."""

    started_at: str
    epoch: Epoch
    tables: CadenceTables
    plan: RunPlan
    reads: PlanReads
    last: LastPlan | None
    swept: SweptTables | None

    def remembered(self, run_id: str) -> LastPlan:
        """What is kept of it for the next plan."""
        return self.reads.remembered(self.last, run_id, self.started_at, self.epoch, self.swept)


class BatchManager(NamedTuple):
    """Plans and summarises runs over its ports."""

    settings: Settings
    config: ConfigStore
    tracker: FileTracker
    ledger: Ledger
    audit: AuditLog
    objects: ObjectStore
    sweep: Sweep
    job_runs: JobRuns
    metrics: Metrics
    dms_tasks: DmsTasks
    region: str = ""

    def plan(self, run_id: str, request: RunRequest) -> dict[str, Any]:
        """Plan one run and write its manifests; returns pointers and sizes only.

        Args:
            run_id: of the run.
            request: what it was started with.

        Raises:
            InvalidConfiguration: nobody knows the cadence, or a table that was asked for.
        """
        decided = self.decide(request)
        plan, refresh_cadence = decided.plan, request.refresh_cadence
        manifest = self._write(run_id, decided)
        if plan.nothing_to_do:
            self._put_summary(summarise(manifest, (), iso(utc_now())))
        if request.looks_for_files:
            self._remember(refresh_cadence, decided.remembered(run_id))
        _log.info("planned", extra=_size(plan))
        return {
            "run_id": run_id,
            "manifest_prefix": f"s3://{self.settings.artifacts_bucket}/{run_prefix(run_id)}",
            "batch_count": len(plan.batches),
            "last_batch": len(plan.batches) - 1,
            "nothing_to_do": plan.nothing_to_do,
            **job_runs(plan.packed, decided.tables.cadence),
        }

    def decide(self, request: RunRequest) -> Decided:
        """What a run would do that was started with this request; nothing of the run is written.

        Files that had no event are registered all the same: they are in staging, whatever is run.

        Raises:
            InvalidConfiguration: nobody knows the cadence, or a table that was asked for.
        """
        started_at, refresh_cadence = iso(utc_now()), request.refresh_cadence
        tables = read_cadence(refresh_cadence, self.config.cadence(refresh_cadence), self.config.tables())
        epoch = self.ledger.epoch()
        last = self._last_plan(refresh_cadence) if request.looks_for_files else None
        reads = self._reads(None if request.with_set_aside else last, epoch, tables)
        swept: SweptTables | None = None
        if epoch.active_in(self.region, second=self.settings.is_second_region):
            if request.rebuild:
                plan = plan_rebuild(tables, request.rebuild)
            elif request.maintenance:
                tables, plan = self._maintained(tables)
            else:
                tables, plan, swept = self._planned(only(tables, request.tables), request, epoch, reads)
        else:
            plan = RunPlan(Packed(), (), (epoch.standing_by(self.region),))
        return Decided(started_at, epoch, tables, plan, reads, last, swept)

    def summarise(self, run_id: str) -> dict[str, str]:
        """Write the run's summary; returns its status and, when tables failed, a text that names them."""
        manifest = RunManifest.from_bytes(self.objects.get(self.settings.artifacts_bucket, run_key(run_id)))
        rows = self._rows(manifest)
        summary = summarise(manifest, rows, iso(utc_now()))
        self._put_summary(summary)
        self._measure(summary, rows)
        fine = summary.status in (RunStatus.SUCCEEDED, RunStatus.NOTHING_TO_DO)
        why = "" if fine else cause(summary)
        _log.info(
            "summarised",
            extra={
                "status": summary.status,
                "tables": len(summary.tables),
                "failed": len(summary.failed),
                "cause": why,
            },
        )
        return {"status": RunStatus.SUCCEEDED if fine else summary.status, "cause": why}

    def _planned(
        self, tables: CadenceTables, request: RunRequest, epoch: Epoch, reads: PlanReads
    ) -> tuple[CadenceTables, RunPlan, SweptTables]:
        """Sweep, freeze, pack."""
        tables = _failing(tables, foreign_buckets(tables.active, self.settings))
        swept = self.sweep([config.source_table_name for config in tables.active], reads.files_since)
        tables = _failing(tables, swept.problems)
        frozen = freeze(tables.active, self.tracker.all_pending(), swept.listings, self.settings.staging_places)
        tables = _failing(tables, frozen.problems)
        states = self.ledger.states(reads.states(tables.active, frozen.files, swept.listings))
        held = {raw: state.run_id for raw, state in states.items() if state.lease_owner}
        over_runs = self._runs_that_are_over(held.values())
        over = {raw for raw, run_id in held.items() if run_id in over_runs}
        behind = {raw for raw, state in states.items() if state.epoch < epoch.number}
        plan = plan_run(
            tables,
            frozen.files,
            states,
            behind,
            held=held.keys() - over,
            side_by_side=self.settings.tables_at_once,
            loads=self._loads(tables, frozen.files, states, swept),
            over=over,
            trial=Trial(self.settings.most_attempts, utc_now(), request, over_runs.__contains__),
        )
        plan = plan._replace(warnings=(*plan.warnings, *frozen.warnings))
        began = [signs.listed_at for signs in swept.signs.values() if signs.listed_at]
        seen = SweptTables(tuple(swept.listings), min(began, default=None))
        return tables, with_staged_loads(plan, states, swept.listings), seen

    def _reads(self, last: LastPlan | None, epoch: Epoch, tables: CadenceTables) -> PlanReads:
        """What may be left out after the cadence's plan before."""
        if last is None:
            return PlanReads()
        summary = None
        with suppress(FileNotFoundError):
            content = self.objects.get(self.settings.artifacts_bucket, summary_key(last.run_id))
            summary = RunSummary.model_validate_json(content)
        names = [config.source_table_name for config in tables.active]
        return PlanReads.after(last, summary, epoch, names, utc_now())

    def _last_plan(self, refresh_cadence: str) -> LastPlan | None:
        try:
            content = self.objects.get(self.settings.artifacts_bucket, last_plan_key(refresh_cadence))
            return LastPlan.model_validate_json(content)
        except (FileNotFoundError, ValidationError):  # there was none, or who knows what stands there
            return None

    def _loads(
        self,
        tables: CadenceTables,
        pending: Mapping[str, Sequence[LandedFile]],
        states: Mapping[str, TableState],
        swept: Swept,
    ) -> dict[str, LoadDecision]:
        """What may be taken of tables for which LOAD objects wait."""
        names = [(config.source_table_name, config) for config in tables.active]
        return LoadGate(self.settings, self.tracker, self.dms_tasks).decide(
            TableFiles(
                config=config,
                state=states.get(config.raw_table),
                pending=pending.get(name, ()),
                listing=swept.listings.get(name, {}),
                signs=swept.signs.get(name, LoadSigns()),
            )
            for name, config in names
        )

    def _maintained(self, tables: CadenceTables) -> tuple[CadenceTables, RunPlan]:
        """Look into the ledger alone."""
        tables = _failing(tables, foreign_buckets(tables.active, self.settings))
        states = self.ledger.states(config.raw_table for config in tables.active)
        return tables, plan_maintenance(tables, states)

    def _runs_that_are_over(self, run_ids: Iterable[str | None]) -> set[str]:
        """Those that were summarised already: whoever took tables in them has ended, so nobody works on these."""
        is_over = summarised(self.objects, self.settings.artifacts_bucket)
        return {run_id for run_id in set(run_ids) if run_id and is_over(run_id)}

    def _write(self, run_id: str, decided: Decided) -> RunManifest:
        bucket, cadence, plan = self.settings.artifacts_bucket, decided.tables.cadence, decided.plan
        batches = [
            BatchManifest(
                run_id=run_id,
                started_at=decided.started_at,
                batch_no=number,
                epoch=decided.epoch.number,
                region=self.region,
                settings=self.settings,
                cadence=cadence,
                compute=batch.compute,
                tables=batch.tables,
            )
            for number, batch in enumerate(plan.batches)
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            list(pool.map(lambda b: self.objects.put(bucket, batch_key(run_id, b.batch_no), b.to_bytes()), batches))
        manifest = RunManifest(
            run_id=run_id,
            started_at=decided.started_at,
            refresh_cadence=cadence.refresh_cadence,
            batches=tuple(tuple(PlannedTable.of(table) for table in batch.tables) for batch in plan.batches),
            decided=plan.decided,
            warnings=plan.warnings,
        )
        self.objects.put(bucket, run_key(run_id), manifest.to_bytes())
        return manifest

    def _rows(self, manifest: RunManifest) -> list[AuditRow]:
        """The run's audit rows; those that the index does not show yet are asked for by table."""
        rows = self.audit.of_run(manifest.run_id)
        since = f"{manifest.started_at}#{manifest.run_id}#"
        for raw_table in planned(manifest).keys() - {row.raw_table for row in rows}:
            rows += [row for row in self.audit.of_table(raw_table, since) if row.run_id == manifest.run_id]
        return rows

    def _remember(self, refresh_cadence: str, plan: LastPlan) -> None:
        """Say that the cadence was planned; a run without this trace is at worst missed by the watch."""
        key = last_plan_key(refresh_cadence)
        try:
            self.objects.put(self.settings.artifacts_bucket, key, plan.model_dump_json().encode())
        except OdpfError as error:
            _log.warning("the plan was not remembered: %s", error)

    def _measure(self, summary: RunSummary, rows: Iterable[AuditRow]) -> None:
        """Hand over what the run did, for the cadence and for the whole deployment."""
        deployment = {Dimension.DEPLOYMENT: self.settings.deployment}
        cadence = {**deployment, Dimension.REFRESH_CADENCE: summary.refresh_cadence}
        properties = {"run_id": summary.run_id, "status": summary.status.value}
        try:
            values = run_values(summary, self._dpu_seconds({row.glue_job_run_id for row in rows}))
            for dimensions in (deployment, cadence):
                self.metrics.put(dimensions, values, properties)
        except Exception:  # noqa: BLE001  whatever it is, the run is what it is without being measured
            _log.warning("the run could not be measured", exc_info=True)

    def _dpu_seconds(self, job_run_ids: Iterable[str]) -> float | None:
        """DPU seconds of the job runs that audited a table; None when there are too many to ask for, or one cannot be.

        Invocations audit tables, too, under their own ids, and Glue knows none of them.
        """
        job_run_ids = [each for each in job_run_ids if Owner.parse(each).kind is Compute.GLUE]
        if len(job_run_ids) > _MOST_ASKED_JOB_RUNS:
            return None
        try:
            with ThreadPoolExecutor(_AT_ONCE) as pool:
                return sum(seconds or 0.0 for seconds in pool.map(self.job_runs.dpu_seconds, job_run_ids))
        except OdpfError as error:
            _log.warning("the job runs' DPU seconds are unknown: %s", error)
            return None

    def _put_summary(self, summary: RunSummary) -> None:
        key = summary_key(summary.run_id)
        self.objects.put(self.settings.artifacts_bucket, key, summary.model_dump_json().encode())


def job_runs(packed: Packed, cadence: CadenceConfig) -> dict[str, Any]:
    """Which batches are of which kind, by their numbers, and how large the job runs are: those of large tables one by one."""
    shared = [batch.size.workers if batch.size else cadence.glue_job_max_workers for batch in packed.shared]
    large = [batch.size for batch in packed.large if batch.size]
    return {
        "large_batch_count": len(packed.large),
        "lambda_batch_count": len(packed.of_lambda),
        "first_shared_batch": len(packed.large) + len(packed.of_lambda),
        "worker_type": cadence.glue_job_worker_type,
        "workers": max(shared, default=FEWEST_WORKERS),
        "large_worker_type": cadence.glue_job_large_worker_type or cadence.glue_job_worker_type,
        "large_workers": [size.workers for size in large],
    }


def _size(plan: RunPlan) -> dict[str, int]:
    """How much work a plan is, for the log."""
    tables = [table for batch in plan.batches for table in batch.tables]
    files = [file for table in tables for file in table.inputs]
    return {
        "batches": len(plan.batches),
        "large_batches": len(plan.packed.large),
        "lambda_batches": len(plan.packed.of_lambda),
        "tables": len(tables),
        "decided": len(plan.decided),
        "files": len(files),
        "bytes": sum(file.size for file in files),
    }


def _failing(tables: CadenceTables, problems: Mapping[str, str]) -> CadenceTables:
    """Tables with a problem fail before any job; what one may have missed comes before what is pending of it."""
    failed = tuple(
        TableResult(
            source_table_name=config.source_table_name,
            raw_database_name=config.raw_database_name,
            raw_table_name=config.raw_table_name,
            outcome=Outcome.REFRESH_ERROR,
            error=problems[config.source_table_name],
        )
        for config in tables.active
        if config.source_table_name in problems
    )
    active = tuple(config for config in tables.active if config.source_table_name not in problems)
    return tables._replace(active=active, broken=(*tables.broken, *failed))
