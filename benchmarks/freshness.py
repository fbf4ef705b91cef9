"""From a file put into staging to its rows visible, through the whole embedded AWS, and where the time went (D9)."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.places import Place
from benchmarks.systems import WrongResult
from benchmarks.worker import in_process
from benchmarks.workload import Source
from config_manager.parse import parse_path
from config_manager.prepare import prepare
from config_manager.publish import publish
from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.clock import utc_now
from odpf.phases import Phase
from odpf.run_request import RunRequest
from odpf.settings import Settings
from odpf.states import EngineName, Outcome
from odpf_cli.query import queries
from odpf_cli.run import new_run_id
from odpf_local.aws import running

_DATABASE = "freshness_raw"
_ROWS, _CHANGES = 1_000, 100
_POLL, _PATIENCE = 0.02, 600.0
_UNTIL_VISIBLE = (Phase.TAKE, Phase.RECOVER, Phase.ENGINE, Phase.READ, Phase.INTEND, Phase.COMMIT)
_ENGINES_WORK = ("engine", "read", "commit")


class Freshness(NamedTuple):
    """One file of changes.

    Attributes:
        steps: seconds of each step from the put to the commit, in order.
        afterwards: seconds of each step behind the commit until the run had ended.
    """

    engine: str
    steps: dict[str, float]
    afterwards: dict[str, float]

    @property
    def seconds(self) -> float:
        """Until the rows were visible."""
        return sum(self.steps.values())

    @property
    def overhead(self) -> float:
        """Share of everything but the engine's start, its reading and the Hudi commit."""
        return 1 - sum(self.steps.get(step, 0.0) for step in _ENGINES_WORK) / self.seconds


def run_freshness(place: Place, runs: int) -> list[Freshness]:
    """Measure so many files with each engine, each in a run of its own, on an embedded AWS of their own.

    Raises:
        WrongResult: a file was not applied, or what it changed cannot be queried.
    """
    folder = place.root / "freshness"
    instance = running.launch(folder)
    try:
        return in_process(place._replace(root=folder, emulator=instance), _measure, runs)
    finally:
        running.stop(folder)


def _measure(place: Place, runs: int) -> list[Freshness]:
    deployed = _Deployed(Aws(Settings.from_environment(), component="benchmark"), place.root)
    deployed.configure()
    return [found for engine in EngineName for found in deployed.files(engine, runs)]


class _Deployed:
    def __init__(self, aws: Aws, folder: Path) -> None:
        self._aws, self._folder = aws, folder
        self._executions = Executions(aws.session, aws.settings.state_machine_name)
        self._glue: Any = aws.session.client("glue")

    def configure(self) -> None:
        """A table and a cadence for each engine."""
        path = self._folder / "freshness.json"
        path.write_text(json.dumps({"cadences": [{"refresh_cadence": _cadence(engine)} for engine in EngineName],
                                    "tables": [_table(engine) for engine in EngineName]}))  # fmt: skip
        publish(prepare(parse_path(path), self._aws), self._aws, who="benchmark", now=utc_now())

    def files(self, engine: EngineName, runs: int) -> list[Freshness]:
        """Load the table, then one file of changes after the other."""
        source = Source(self._folder / f"source-{engine}", _ROWS)
        self._apply(engine, source.load()[0])
        found = [self._apply(engine, source.change(_CHANGES).path) for _ in range(runs)]
        (row,) = queries(self._aws).run(f"SELECT count(*) AS found FROM {_DATABASE}.{engine}").rows
        expected = sum(len(slice_) for slice_ in source.expected())
        if row[0] != str(expected):
            raise WrongResult(f"{row[0]} rows are visible in {engine}, and {expected} should be")
        return found

    def _apply(self, engine: EngineName, file: Path) -> Freshness:
        put = time.time()
        self._put(engine, file)
        _until(lambda: self._aws.tracker.pending(f"bench.{engine}"), f"{file.name} was not registered")
        registered = time.time()
        run_id = new_run_id(_cadence(engine), utc_now())
        self._executions.start(run_id, RunRequest(refresh_cadence=_cadence(engine)))
        _until(lambda: (found := self._executions.get(run_id)) and found.ended_at, f"{run_id} did not end")
        ended = time.time()
        rows = self._aws.audit.of_run(run_id)
        if len(rows) != 1 or rows[0].outcome is not Outcome.COMPLETED or not rows[0].commit_instants:
            raise WrongResult(f"{run_id}: {rows}")
        (row,) = rows
        job = self._glue.get_job_run(JobName=self._aws.settings.glue_job_name, RunId=row.glue_job_run_id)["JobRun"]
        began = datetime.fromisoformat(row.started_at).timestamp()
        marks = (put, registered, job["StartedOn"].timestamp(), began)
        names = ("event, queue, File Manager", "state machine and plan", "job process, imports, manifest")
        steps = {name: to - at for name, (at, to) in zip(names, pairwise(marks), strict=True)}
        steps |= {str(phase): row.phases.get(phase, 0.0) for phase in _UNTIL_VISIBLE}
        table_ended = datetime.fromisoformat(row.ended_at).timestamp()
        afterwards = {
            "check, ledger, catalog, event": row.phases.get(Phase.SETTLE, 0.0),
            "audit, release, end of the process, summary": ended - table_ended,
        }
        return Freshness(str(engine), steps, afterwards)

    def _put(self, engine: EngineName, file: Path) -> None:
        place = self._aws.settings.staging_places[0]
        key = "/".join(filter(None, (place.folder, "bench", str(engine), file.name)))
        with file.open("rb") as content:
            self._aws.objects.put_file(place.bucket, key, content)


def _cadence(engine: EngineName) -> str:
    return f"freshness_{engine}"


def _table(engine: EngineName) -> dict[str, str]:
    return {
        "source_table_name": f"bench.{engine}",
        "refresh_cadence": _cadence(engine),
        "raw_database_name": _DATABASE,
        "raw_table_name": str(engine),
        "hudi_primary_key": "id",
        "hudi_precombine_field": "change_seq",
        "engine": str(engine),
    }


def _until(found: Callable[[], Any], problem: str) -> None:
    """Wait for something.

    Raises:
        WrongResult: it did not come.
    """
    began = time.monotonic()
    while not found():
        if time.monotonic() - began > _PATIENCE:
            raise WrongResult(problem)
        time.sleep(_POLL)
