"""Process the tables of one batch side by side; one table's failure touches no other (G6)."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import inf
from random import SystemRandom

from file_processor.expected import next_pace
from file_processor.settling import Settled
from file_processor.side_by_side import MemoryBudget, Shares
from file_processor.table_run import TableRun
from file_processor.work_size import work_size
from file_processor.workshop import Workshop
from odpf.attempts import Attempts
from odpf.audit import AuditRow
from odpf.clock import iso, utc_now
from odpf.counts import Counts
from odpf.errors import EpochRaised, InvalidManifest, LeaseLost, NeedsSpark, OdpfError, TableLocked
from odpf.failpoints import Failpoint, reached
from odpf.log_keys import current_keys, log_keys
from odpf.manifest import BatchManifest, TableWork
from odpf.phases import phase_seconds, phases_of_table
from odpf.ports import AuditLog
from odpf.release import CODE_VERSION
from odpf.states import EngineName, Outcome, RefreshStatus
from odpf.table_state import TableState

_log = logging.getLogger(__name__)
_CHANCE = SystemRandom()

Taken = tuple[TableState, Collection[str] | None]
"""A table as acquired, and the file ids of its frozen files that history has, where that is known."""
Take = Callable[[TableWork], Taken]
MayBegin = Callable[[TableWork], bool]


class BatchRun:
    """One job run, or one invocation.

    Args:
        manifest: what to process.
        shop: ports and engine.
        audit: where every table gets its row.
        may_begin: whether the time that is left covers a table; by default it always does.
        megabytes: memory that Arrow's tables may take together; by default as much as they want.

    Attributes:
        left: after `run` the tables without a row, for somebody else: not begun, or in need of Spark where there is
            none, which `engine` then says with the reason.
    """

    def __init__(
        self,
        manifest: BatchManifest,
        shop: Workshop,
        audit: AuditLog,
        may_begin: MayBegin = lambda _: True,
        megabytes: float = inf,
    ) -> None:
        self._manifest, self._shop, self._audit, self._may_begin = manifest, shop, audit, may_begin
        self._memory, self._shares = MemoryBudget(megabytes), Shares()
        self.left: list[TableWork] = []
        self._keys = current_keys()

    def run(self) -> list[AuditRow]:
        """Process all tables, those that others hold last, and return a row for each that is not left.

        Raises:
            EpochRaised: the work was given to another Region since the plan; no table was looked at.
            InvalidManifest: it was planned in another Region.
        """
        contender = self._shop.contender
        if self._manifest.region not in ("", contender.region):
            raise InvalidManifest(
                f"The manifest was planned in {self._manifest.region} and this job runs in {contender.region or 'no'} "
                "Region. Start the cadence there, or plan it here: `odpf run CADENCE`."
            )
        contender.check_epoch()
        first, second = self._take_as_seen(), self._take_or_wait
        _log.info("processing %d tables", len(self._manifest.tables))
        with self._beating(), ThreadPoolExecutor(self._shop.settings.tables_at_once) as pool:
            rows = list(pool.map(lambda work: self._logged(work, first), self._manifest.tables))
            left = {work.config.raw_table for work in self.left}
            tables = enumerate(self._manifest.tables)
            locked = [n for n, work in tables if rows[n] is None and work.config.raw_table not in left]
            again = pool.map(lambda n: self._logged(self._manifest.tables[n], second, last=True), locked)
            for n, row in zip(locked, again, strict=True):
                rows[n] = row
        return [row for row in rows if row is not None]

    def _take_as_seen(self) -> Take:
        """Take tables as they were before any was looked at: two requests for a hundred of them, in place of two each.

        A table that somebody has taken since is not as it was seen, so it is one of those that others hold.
        """
        tables = self._manifest.tables
        try:
            seen = self._shop.contender.ledger.states([work.config.raw_table for work in tables])
            # Files of a table that has no owner become done only behind a higher fence.
            free = [work for work in tables if not (state := seen.get(work.config.raw_table)) or not state.lease_owner]
            done = self._shop.tracker.done(file for work in free for file in work.files)
        except OdpfError as error:  # perhaps of one table alone: each asks for itself (G6)
            _log.warning("tables are looked at one by one: %s", error)
            seen, free, done = {}, [], set()
        names = {work.config.raw_table for work in free}

        def take(work: TableWork) -> Taken:
            raw_table = work.config.raw_table
            source = work.config.source_table_name
            lease = self._shop.contender.take(raw_table, source, seen.get(raw_table), _tried_with(work))
            return lease, {file.file_id for file in work.files} & done if raw_table in names else None

        return take

    def _take_or_wait(self, work: TableWork) -> Taken:
        names = work.config.raw_table, work.config.source_table_name
        return self._shop.contender.take_or_wait(*names, _tried_with(work)), None

    def _logged(self, work: TableWork, take: Take, *, last: bool = False) -> AuditRow | None:
        """Process one table in this thread, its names in every line that is logged meanwhile."""
        config = work.config
        names = {"source_table_name": config.source_table_name, "raw_table": config.raw_table}
        with log_keys(**self._keys, **names), self._memory.room(_megabytes(work)), phases_of_table():
            return self._process(work, take, last=last)

    def _process(self, work: TableWork, take: Take, *, last: bool = False) -> AuditRow | None:
        """Process one table and audit it; None when it is left, or locked and will be looked at again."""
        if not self._may_begin(work):
            self.left.append(work)
            return None
        started = iso(utc_now())
        config = work.config
        try:
            lease, done = take(work)
        except TableLocked as error:
            return self._row(work, started, Outcome.SKIPPED_LOCKED, error=str(error)) if last else None
        except Exception as error:  # noqa: BLE001  whatever it is, it is this table's and no other's (G6)
            return self._row(work, started, Outcome.REFRESH_ERROR, error=_text(error, config.raw_table))
        with self._shares.one() as share:
            return self._hold(work, lease, done, started, share)

    def _hold(
        self,
        work: TableWork,
        lease: TableState,
        done: Collection[str] | None,
        started: str,
        share: Callable[[], float],
    ) -> AuditRow | None:
        run: TableRun | None = None
        error: str | None = None
        try:
            run = TableRun(self._shop, work, lease, done)
            run.run()
            self._shop.contender.check_again()
        except NeedsSpark as found:
            return self._leave_to_spark(work, run, lease, started, str(found))
        except Exception as failure:  # noqa: BLE001  whatever it is, it is this table's and no other's (G6)
            error = _text(failure, work.config.raw_table)
            if isinstance(failure, LeaseLost | EpochRaised):  # whoever took the table must not find it given back
                return self._row(work, started, Outcome.REFRESH_ERROR, error=error, run=run, seconds=share())
        status = RefreshStatus.ERROR if error else RefreshStatus.COMPLETED
        outcome = Outcome.REFRESH_ERROR if error else Outcome.COMPLETED
        if run is not None and not error and run.waits_for_full_load:
            outcome = Outcome.WAITING_FOR_FULL_LOAD
        seconds = share()
        row = self._row(work, started, outcome, status=status, error=error, run=run, seconds=seconds)
        reached(Failpoint.AUDITED, work.config.raw_table)
        try:
            if error:
                self._shop.contender.check_again()
            # What waits for a rebuilt table is as it was; an adopted one was none before.
            given_back = _as_found(lease) if work.rebuild and (error or lease.exists) else (status, error)
            self._shop.contender.ledger.release(
                run.lease if run else lease,
                *given_back,
                utc_now(),
                attempts=_attempts(work, lease, error),
                pace=next_pace(work, seconds) if _is_as_planned(work, row) else None,
                keeps_lease=run is not None and run.may_still_commit,
            )
            reached(Failpoint.RELEASED, work.config.raw_table)
        except OdpfError as failure:  # the table is right; the next run finds its owner ended and takes it
            _log.warning("%s could not be released: %s", work.config.raw_table, failure)
        return row

    def _leave_to_spark(
        self, work: TableWork, run: TableRun | None, lease: TableState, started: str, why: str
    ) -> AuditRow | None:
        """Give the table back as it was found; a row only if a dead run's commit was finished first."""
        _log.info("%s is left to Spark: %s", work.config.raw_table, why)
        self.left.append(work.model_copy(update={"engine": EngineName.SPARK, "engine_reason": why}))
        row = self._row(work, started, Outcome.REFRESH_ERROR, error=why, run=run) if run and run.settled else None
        try:
            self._shop.contender.check_again()
            self._shop.contender.ledger.release(
                run.lease if run else lease,
                *_as_found(lease),
                utc_now(),
                attempts=lease.attempts.one_less() if lease.attempts else None,
            )
        except OdpfError as failure:
            _log.warning("%s could not be released: %s", work.config.raw_table, failure)
        return row

    def _row(
        self,
        work: TableWork,
        started: str,
        outcome: Outcome,
        *,
        status: RefreshStatus | None = None,
        error: str | None = None,
        run: TableRun | None = None,
        seconds: float | None = None,
    ) -> AuditRow:
        """Make and append the audit row."""
        settled = run.settled if run else []
        manifest, config = self._manifest, work.config
        engine = (
            run.engine
            if run and (work.maintenance or work.rebuild or any(batch.instant for batch in settled))
            else None
        )
        row = AuditRow(
            source_table_name=config.source_table_name,
            raw_database_name=config.raw_database_name,
            raw_table_name=config.raw_table_name,
            outcome=outcome,
            refresh_status=status,
            error=error,
            engine=engine.name if engine else None,
            files=sum(len(batch.batch.records) for batch in settled),
            files_quarantined=sum(batch.quarantined for batch in settled),
            bytes=sum(record.file.size for batch in settled for record in batch.batch.records),
            counts=_sum(settled),
            warnings=(*(warning for batch in settled for warning in batch.warnings), *(run.warnings if run else ())),
            full_load_completion=work.full_load_completion,
            raw_table=config.raw_table,
            run_id=manifest.run_id,
            run_started_at=manifest.started_at,
            batch_no=manifest.batch_no,
            refresh_cadence=manifest.cadence.refresh_cadence,
            glue_job_run_id=self._shop.contender.owner,
            started_at=started,
            ended_at=iso(utc_now()),
            phases=phase_seconds(),
            seconds=None if seconds is None else round(seconds, 3),
            fence=run.lease.fence if run else None,
            commit_instants=tuple(batch.instant for batch in settled if batch.instant),
            recovered=any(batch.recovered for batch in settled),
            high_water_mark=run.lease.high_water_mark if run else None,
            odpf_version=CODE_VERSION,
            hudi_version=engine.hudi_version if engine else "",
        )
        with log_keys(batch_id=settled[-1].batch.batch_id if settled else None):
            self._append(row)
        return row

    def _append(self, row: AuditRow) -> None:
        self._audit.append(row)
        _log.info("%s: %s %s", row.raw_table, row.outcome, row.error or row.counts.model_dump(exclude_defaults=True))

    @contextmanager
    def _beating(self) -> Iterator[None]:
        """One heartbeat for all tables of the job run, as long as it works."""
        ended = threading.Event()
        contender = self._shop.contender

        def beat() -> None:
            while True:
                try:
                    contender.ledger.beat(contender.owner)
                except OdpfError as error:  # a missed beat costs nothing; the next one comes soon
                    _log.warning("heartbeat missed: %s", error)
                if ended.wait(self._shop.settings.heartbeat_seconds):
                    return

        thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()


def _is_as_planned(work: TableWork, row: AuditRow) -> bool:
    """Whether a table committed its files by the engine that its time was expected of."""
    return bool(_tried_with(work)) and row.outcome is Outcome.COMPLETED and row.engine == work.engine


def _megabytes(work: TableWork) -> float:
    """What a table needs in this process; Spark's stand in Java, which spills."""
    size = work_size(work) if work.engine is EngineName.ARROW else None
    return size.memory_mb if size else 0.0


def _as_found(lease: TableState) -> tuple[RefreshStatus, str | None]:
    """Status and error that the table had before it was taken."""
    return RefreshStatus.ERROR if lease.last_error else RefreshStatus.COMPLETED, lease.last_error


def _tried_with(work: TableWork) -> str:
    """The configuration that the table's files are tried with; empty where they are not what it is taken for."""
    return "" if work.maintenance or work.rebuild else work.config.digest


def _attempts(work: TableWork, lease: TableState, error: str | None) -> Attempts | None:
    """The attempts to give the table back with."""
    if not _tried_with(work):
        return lease.attempts
    return lease.attempts.failed(utc_now(), _CHANCE.random()) if lease.attempts and error else None


def _sum(settled: list[Settled]) -> Counts:
    total = Counts()
    for batch in settled:
        total += batch.counts
    return total


def _text(error: Exception, raw_table: str) -> str:
    if isinstance(error, OdpfError):
        _log.warning("%s: %s", raw_table, error)
        return str(error)
    _log.exception("%s failed", raw_table)
    return (
        f"Unexpected {type(error).__name__}: {error}. Nothing is lost; the next run tries again. See the job run's log."
    )
