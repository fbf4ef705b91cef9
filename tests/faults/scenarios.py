"""Every fault at every place of the protocol, for both engines: what is done to a writer, and what its successors must make of it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from odpf.adapters.dynamo import Dynamo, DynamoTable
from odpf.adapters.items import pending_item
from odpf.clock import utc_now
from odpf.failpoints import Action, Armed, Failpoint
from odpf.landed_file import LandedFile
from odpf.states import JobRunState, Outcome
from odpf_local.aws_hook.configuration import HookConfiguration
from odpf_local.aws_hook.faults import FaultRule
from tests.faults.place import Place, end, waited, wake
from tests.faults.subject import Subject, completed

_ARROW_ALONE = {Failpoint.ANNOUNCED, Failpoint.DATA_WRITTEN, Failpoint.COMPLETING}
_KINDS = ("changes", "reload", "load")
_PAUSES = (
    Failpoint.ACQUIRED, Failpoint.REDUCED, Failpoint.INTENDED, Failpoint.COMMITTING, Failpoint.ANNOUNCED,
    Failpoint.DATA_WRITTEN, Failpoint.COMPLETING, Failpoint.COMMITTED, Failpoint.CHECKED, Failpoint.FILES_MOVED,
    Failpoint.TOLD, Failpoint.ADVANCED, Failpoint.AUDITED,
)  # fmt: skip
_DURING_A_HUDI_WRITE = (0.15, 0.4, 0.8, 1.3)
"""Seconds after Spark was asked to write: within about a second and a half it has committed."""


class Met(NamedTuple):
    """What came of a fault.

    Attributes:
        recovered: seconds from the fault until a run, left alone, had the table right.
        violations: what was wrong before anybody looked at the table.
        happened: whether a process met the fault at all.
    """

    recovered: float
    violations: tuple[str, ...] = ()
    happened: bool = True


class Scenario(NamedTuple):
    """One fault.

    Attributes:
        name: in words, the same for all engines and kinds of work.
        engine: spark or arrow.
        kind: of the file batch that meets it (Subject.stage).
        act: has a run meet the fault, and lets others go on.
    """

    name: str
    engine: str
    kind: str
    act: Callable[[Place, tuple[Subject, ...]], Met]


def scenarios() -> Iterator[Scenario]:
    """All of them, Arrow's first: a job run of Spark's takes ten seconds."""
    for engine in ("arrow", "spark"):
        yield from _of(engine)


def _of(engine: str) -> Iterator[Scenario]:
    yield from _kills(engine)
    yield from _pauses(engine)
    for point in (Failpoint.REDUCED, Failpoint.COMMITTED, Failpoint.FILES_MOVED):
        yield Scenario(f"disk full: {point}", engine, "changes", full_disk(point))
    if engine == "arrow":
        yield Scenario("clock ten minutes behind", engine, "changes", clock_behind)
        yield Scenario("clock eight seconds ahead", engine, "changes", clock_ahead)
    yield Scenario("two runs at once", engine, "changes", two_at_once)
    yield Scenario("an event delivered again after success", engine, "changes", delivered_again)
    yield from _errors(engine)


def _kills(engine: str) -> Iterator[Scenario]:
    for number, point in enumerate(_of_engine(Failpoint, engine)):
        if point is not Failpoint.RECOVERED:  # met only behind another death
            yield Scenario(f"killed: {point}", engine, _KINDS[number % 3], killed(Armed(failpoint=point)))
    yield Scenario("killed: recovering", engine, "changes", killed_twice)
    yield Scenario("killed: between two ledger writes", engine, "many", killed(Armed(failpoint=Failpoint.FILES_MOVED)))
    for after in _DURING_A_HUDI_WRITE if engine == "spark" else ():
        fault = Armed(failpoint=Failpoint.COMMITTING, after=after)
        yield Scenario("killed: during the Hudi write", engine, "changes", killed(fault))


def _pauses(engine: str) -> Iterator[Scenario]:
    for point in _PAUSES if engine == "arrow" else (Failpoint.COMMITTING, Failpoint.COMMITTED):
        yield Scenario(f"paused, stopped by its successor: {point}", engine, "changes", paused(point))
    for number, point in enumerate(_of_engine(_PAUSES, engine)):
        fault = Armed(failpoint=point, action=Action.STOP)
        yield Scenario(f"woken after its successor: {point}", engine, _KINDS[number % 2], woken(fault))
    for after in _DURING_A_HUDI_WRITE if engine == "spark" else ():
        fault = Armed(failpoint=Failpoint.COMMITTING, after=after, action=Action.STOP)
        yield Scenario("woken after its successor: during the Hudi write", engine, "changes", woken(fault))
    for kind in ("changes", "reload") if engine == "arrow" else ():
        yield Scenario("woken and killed behind its late commit", engine, kind, woken_and_killed)


def _of_engine(points: Iterable[Failpoint], engine: str) -> list[Failpoint]:
    return [point for point in points if engine == "arrow" or point not in _ARROW_ALONE]


def _errors(engine: str) -> Iterator[Scenario]:
    lost = [("dynamodb", "UpdateItem", 4), ("dynamodb", "TransactWriteItems", 1), ("dynamodb", "PutItem", 1)]
    lost += [("s3", "PutObject", 5)] if engine == "arrow" else []
    for service, operation, times in lost:
        for nth in range(1, times + 1):
            rule = FaultRule(kind="lost_answer", service=service, operation=operation, nth=nth)
            yield Scenario(f"answer lost: {operation}", engine, "changes", errors(rule, stops=False))
    for kind in ("throttle", "internal_error", "unavailable", "timeout_before", "lost_answer"):
        rules = tuple(
            FaultRule(kind=kind, service=service, probability=0.15, seed=number)
            for number, service in enumerate(("dynamodb", "s3", "glue", "events"))
        )
        yield Scenario(f"errors at random: {kind}", engine, "changes", errors(*rules))
    conflict = FaultRule(kind="transaction_conflict", service="dynamodb", operation="TransactWriteItems", nth=1)
    yield Scenario("transaction cancelled by another", engine, "many", errors(conflict))
    for service, operation in (("dynamodb", "TransactWriteItems"), ("dynamodb", "UpdateItem"), ("glue", "CreateTable")):
        rule = FaultRule(kind="throttle", service=service, operation=operation, probability=1.0)
        kind = "load" if service == "glue" else "changes"
        yield Scenario(f"no end of throttling: {operation}", engine, kind, errors(rule))


def killed(fault: Armed) -> Callable[[Place, tuple[Subject, ...]], Met]:
    """The job run and all that it started get SIGKILL."""

    def act(place: Place, subjects: tuple[Subject, ...]) -> Met:
        happened, wrong = _run_into(place, subjects, fault)
        began = time.monotonic()
        place.refresh(*(each.source for each in subjects))
        return Met(time.monotonic() - began, wrong, happened)

    return act


def killed_twice(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """The second one dies while it finishes what the first one had committed."""
    met, _ = _run_into(place, subjects, Armed(failpoint=Failpoint.COMMITTED))
    again, wrong = _run_into(place, subjects, Armed(failpoint=Failpoint.RECOVERED))
    began = time.monotonic()
    place.refresh(*(each.source for each in subjects))
    return Met(time.monotonic() - began, wrong, met and again)


def _run_into(place: Place, subjects: tuple[Subject, ...], fault: Armed) -> tuple[bool, tuple[str, ...]]:
    place.arm(fault.model_copy(update={"raw_table": subjects[0].raw_table}))
    run_id = place.plan(*(each.source for each in subjects))
    state = place.await_end(place.start(run_id))
    happened = place.disarm()
    place.summary(run_id)
    expected = JobRunState.FAILED if happened else JobRunState.SUCCEEDED
    return happened, () if state is expected else (f"G6: the job run ended as {state}",)


def paused(point: Failpoint) -> Callable[[Place, tuple[Subject, ...]], Met]:
    """It stands still for longer than a lease; its successor has it stopped by Glue before it takes the table."""

    def act(place: Place, subjects: tuple[Subject, ...]) -> Met:
        sources = [each.source for each in subjects]
        place.arm(Armed(failpoint=point, raw_table=subjects[0].raw_table, action=Action.STOP))
        hanging = place.start(place.plan(*sources))
        happened = place.await_fault()
        place.disarm()
        began = time.monotonic()
        place.refresh(*sources)
        if not place.planned["batch_count"]:  # its files are done, so its successor comes with the next ones
            for subject in subjects:
                subject.table.ran(completed(subject.table))
                subject.stage("changes")
            place.refresh(*sources)
        took = time.monotonic() - began
        state = place.await_end(hanging, 5.0)
        wrong = () if state is JobRunState.STOPPED else (f"G5: the former owner was {state} when its table was taken",)
        return Met(took, wrong if happened else (), happened)

    return act


def woken(fault: Armed) -> Callable[[Place, tuple[Subject, ...]], Met]:
    """It stands still, Glue says that it has ended, its successor finishes, and then it goes on."""

    def act(place: Place, subjects: tuple[Subject, ...]) -> Met:
        sources = [each.source for each in subjects]
        place.arm(fault.model_copy(update={"raw_table": subjects[0].raw_table}))
        sleeper = place.outside_glue(place.plan(*sources))
        try:
            happened = place.await_fault()
            place.disarm()
            time.sleep(fault.after + 0.1)
            began = time.monotonic()
            place.refresh(*sources)
            took = time.monotonic() - began
            wake(sleeper)
        finally:
            end(sleeper)
        return Met(took, (), happened)

    return act


def woken_and_killed(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """It wakes up behind its successor, completes its commit, and dies before it can look at what it did."""
    sources = [each.source for each in subjects]
    fault = Armed(failpoint=Failpoint.COMPLETING, raw_table=subjects[0].raw_table, action=Action.STOP)
    place.arm(fault)
    sleeper = place.outside_glue(place.plan(*sources))
    try:
        happened = place.await_fault()
        place.disarm()
        began = time.monotonic()
        place.refresh(*sources)
        took = time.monotonic() - began
        place.arm(fault.model_copy(update={"failpoint": Failpoint.COMMITTED, "action": Action.KILL}))
        wake(sleeper)
        happened &= place.disarm()
    finally:
        end(sleeper)
    return Met(took, (), happened)


def full_disk(point: Failpoint) -> Callable[[Place, tuple[Subject, ...]], Met]:
    """A step fails as on a full disk; the table's run fails cleanly, the other table's does not."""

    def act(place: Place, subjects: tuple[Subject, ...]) -> Met:
        place.arm(Armed(failpoint=point, raw_table=subjects[0].raw_table, action=Action.FULL_DISK))
        summary = place.refresh(*(each.source for each in subjects))
        happened = place.disarm()
        outcomes = {each.source_table_name: each.outcome for each in summary.tables}
        wrong = [] if outcomes.get(subjects[0].source) == "refresh_error" else ["G6: the run hides a failed table"]
        wrong += ["G6: the other table failed, too"] if outcomes.get(subjects[1].source) != "completed" else []
        began = time.monotonic()
        place.refresh(*(each.source for each in subjects))
        return Met(time.monotonic() - began, tuple(wrong), happened)

    return act


def clock_behind(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """Its clock is ten minutes behind the machine's that made the newest commit: a commit of it would be hidden (R13)."""
    sources = [each.source for each in subjects]
    run_id = place.plan(*sources)
    process = place.outside_glue(run_id, clock=-600.0)
    process.wait(120)
    end(process)
    outcomes = [each for each in place.summary(run_id).tables if "behind it. Nothing was written" in (each.error or "")]
    wrong = () if len(outcomes) == len(subjects) else ("R13: a clock ten minutes behind was not noticed",)
    began = time.monotonic()
    place.refresh(*sources)
    return Met(time.monotonic() - began, wrong)


def clock_ahead(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """Its clock goes eight seconds ahead: the next run waits until its own has passed the newest instant."""
    sources = [each.source for each in subjects]
    process = place.outside_glue(place.plan(*sources), clock=8.0)
    process.wait(120)
    end(process)
    for subject in subjects:
        subject.table.ran(completed(subject.table))
        subject.stage("changes")
    began = time.monotonic()
    place.refresh(*sources)
    return Met(time.monotonic() - began)


def two_at_once(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """A second run starts while the first one works; one applies the files, the other says that the table is locked."""
    sources = [each.source for each in subjects]
    runs = [place.plan(*sources), place.plan(*sources)]
    began = time.monotonic()
    jobs = [place.start(run_id) for run_id in runs]
    states = [place.await_end(job) for job in jobs]
    took = time.monotonic() - began
    outcomes = [each.outcome.value for run_id in runs for each in place.summary(run_id).tables]
    wrong = [] if set(outcomes) <= {"completed", "skipped_locked"} else [f"two runs at once ended with {outcomes}"]
    wrong += [] if states == [JobRunState.SUCCEEDED] * 2 else [f"their job runs ended as {states}"]
    return Met(took, tuple(wrong))


def delivered_again(place: Place, subjects: tuple[Subject, ...]) -> Met:
    """Events of files that are done put them back to the pending ones."""
    sources = [each.source for each in subjects]
    subject, tracker = subjects[0], place.aws.tracker
    place.refresh(*sources)
    items = [record.file for record in tracker.history(subject.source)]
    table = place.settings.table("file_tracker")
    _put_back(place, table, items)
    began = time.monotonic()
    place.refresh(*sources)
    waited(lambda: not tracker.pending(subject.source), 5.0)
    return Met(time.monotonic() - began)


def _put_back(place: Place, table: str, files: list[LandedFile]) -> None:
    store = DynamoTable(Dynamo(place.aws.session), table)
    for file in files:
        store.put(pending_item(file, utc_now()))


def errors(*rules: FaultRule, stops: bool = True) -> Callable[[Place, tuple[Subject, ...]], Met]:
    """The job's requests meet errors; its tables are done or fail cleanly, and the next run heals what is left.

    Where the errors are none that `stops` a table, it is done by the run that met them.
    """

    def act(place: Place, subjects: tuple[Subject, ...]) -> Met:
        sources = [each.source for each in subjects]
        place.errors.unlink(missing_ok=True)
        run_id = place.plan(*sources)
        place.meet(HookConfiguration(limits=True, faults=rules, log=place.errors))
        began = time.monotonic()
        place.await_end(place.start(run_id))
        place.meet(HookConfiguration(limits=True))
        missed = [each for each in place.summary(run_id).tables if each.outcome is not Outcome.COMPLETED]
        place.refresh(*sources)
        wrong = (
            ()
            if stops
            else tuple(f"G6: {each.outcome.value} for an error that stops nothing: {each.error}" for each in missed)
        )
        return Met(time.monotonic() - began, wrong, place.errors.exists())

    return act
