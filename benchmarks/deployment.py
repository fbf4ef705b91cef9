"""The framework as the benchmarks run it: everything of a job run but its process's start, over ports that can be chosen."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from pathlib import Path

from benchmarks.places import CADENCE, FOLDER, STAGING, table_config
from file_processor.batch_run import BatchRun
from file_processor.engines.engine import Engine
from file_processor.lease import Contender
from file_processor.workshop import Workshop
from odpf.adapters.aws import Aws
from odpf.audit import AuditRow
from odpf.clock import iso, utc_now
from odpf.landed_file import LandedFile
from odpf.manifest import BatchManifest, TableWork
from odpf.ports import ObjectStore
from odpf.settings import Settings
from odpf.states import EngineName
from odpf_local.memory import MemoryAws

Staged = Mapping[str, Sequence[LandedFile]]
"""Files that wait, by table."""


class Deployment:
    """One deployment and its engine.

    Args:
        ports: everything but the objects: tracker, ledger, audit, catalog, events.
        objects: where landed files and raw tables lie.
        engine: which one every table is configured to take; it is the only one there.
    """

    def __init__(
        self, settings: Settings, ports: Aws | MemoryAws, objects: ObjectStore, engine: EngineName, made: Engine
    ) -> None:
        self._settings, self._ports, self._objects, self._engine = settings, ports, objects, engine
        self._engines: dict[EngineName, Callable[[], Engine]] = {engine: lambda: made}
        self._runs = count(1)

    def stage(self, table: str, paths: Sequence[Path]) -> list[LandedFile]:
        """Put files where DMS would, and register them."""
        staged = []
        for path in paths:
            key = f"{FOLDER}/bench/{table}/{path.name}"
            with path.open("rb") as file:
                self._objects.put_file(STAGING, key, file)
            (stored,) = self._objects.list(STAGING, key)
            landed = LandedFile.parse(
                bucket=STAGING,
                key=key,
                etag=stored.etag,
                size=stored.size,
                last_modified=stored.last_modified,
                places=self._settings.staging_places,
            )
            assert landed is not None
            self._ports.tracker.register(landed, utc_now())
            staged.append(landed)
        return staged

    def run(self, staged: Staged, tables_at_once: int = 1) -> list[AuditRow]:
        """One job run over these tables: lease, recovery, read, reduce, commit, catalog, ledger, audit, release."""
        ports = self._ports
        settings = self._settings.model_copy(update={"tables_at_once": tables_at_once})
        run_id = f"bench-{next(self._runs)}-{uuid.uuid4().hex[:8]}"
        contender = Contender(ports.ledger, ports.job_runs, settings, f"jr_{uuid.uuid4().hex}", run_id)
        manifest = BatchManifest(
            run_id=run_id,
            started_at=iso(utc_now()),
            batch_no=0,
            settings=settings,
            cadence=CADENCE,
            tables=tuple(
                TableWork(config=table_config(table, self._engine), files=tuple(files), engine=self._engine)
                for table, files in staged.items()
            ),
        )
        shop = Workshop(
            settings=settings,
            tracker=ports.tracker,
            objects=self._objects,
            catalog=ports.catalog,
            refresh_events=ports.refresh_events,
            contender=contender,
            engines=self._engines,
            hash_keys=ports.hash_keys,
        )
        return BatchRun(manifest, shop, ports.audit).run()
