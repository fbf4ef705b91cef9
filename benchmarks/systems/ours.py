"""The framework with one of its engines: everything included (benchmarks/README.md)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import boto3

from benchmarks.deployment import Deployment
from benchmarks.idle_ports import idle_aws
from benchmarks.measuring import count_requests
from benchmarks.places import Place
from benchmarks.systems import Stores, SystemSpec, WrongResult
from benchmarks.workload import ChangeFile
from file_processor.engines.engine import Engine
from odpf.adapters.aws import Aws
from odpf.audit import AuditRow
from odpf.landed_file import LandedFile
from odpf.ports import ObjectStore
from odpf.settings import Settings
from odpf.states import EngineName, Outcome
from odpf_local.local_objects import LocalObjectStore
from odpf_local.memory import MemoryAws

MakeEngine = Callable[[ObjectStore], Engine]


class Ours:
    """A system; its deployment can be used for more than one table at once."""

    def __init__(self, spec: SystemSpec, place: Place, name: EngineName, make: MakeEngine) -> None:
        session = place.session()
        self.requests: Counter[str] = count_requests(session)
        settings = place.settings()
        ports = _ports(spec.stores, settings, session)
        objects: ObjectStore = ports.objects if spec.in_s3 else LocalObjectStore(place.root)
        self.deployment = Deployment(settings, ports, objects, name, make(objects))
        self._engine = name

    def load(self, table: str, paths: Sequence[Path]) -> Callable[[], None]:
        """See System."""
        return self._work(table, self.deployment.stage(table, paths))

    def change(self, table: str, file: ChangeFile) -> Callable[[], None]:
        """See System."""
        return self._work(table, self.deployment.stage(table, [file.path]), file.rows)

    def _work(self, table: str, files: list[LandedFile], rows: int | None = None) -> Callable[[], None]:
        return lambda: check_rows(self.deployment.run({table: files}), self._engine, 1, rows)


def _ports(stores: Stores, settings: Settings, session: boto3.Session) -> Aws | MemoryAws:
    match stores:
        case Stores.HTTP:
            return Aws(settings, session)
        case Stores.MEMORY:
            return MemoryAws(settings)
        case Stores.IDLE:
            return idle_aws(settings)


def check_rows(found: Iterable[AuditRow], engine: EngineName, tables: int, rows: int | None = None) -> None:
    """Make sure that every table was done, by the engine that was asked for, with all its rows.

    Raises:
        WrongResult: with what the audit row says.
    """
    found = list(found)
    for row in found:
        done = row.outcome is Outcome.COMPLETED and row.engine == engine and bool(row.commit_instants)
        if not done or (rows is not None and row.counts.rows_read != rows):
            raise WrongResult(f"{row.raw_table}: {row.outcome} by {row.engine}, {row.counts}: {row.error}")
    if len(found) != tables:
        raise WrongResult(f"{len(found)} audit rows of {tables} tables")
