"""A PostgreSQL server of the tests' own: data in a temporary folder, a free port, ended by its process.

`with running() as server:` gives `engine` (SQLAlchemy) and `url`; the database is `source`, its log is logical. PostgreSQL does
not run as root, so root starts it as another user, who owns the folder.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from tests.free_port import free_port

ADVICE = "needs a PostgreSQL server: apt-get install postgresql"
DATABASE = "source"
USER = "odpf"
_VERSIONS = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_PATH = os.pathsep.join([*map(str, _VERSIONS), os.environ.get("PATH", "")])
_INITDB, _POSTGRES = shutil.which("initdb", path=_PATH), shutil.which("postgres", path=_PATH)
_STARTED_WITHIN = 60


class Postgres(NamedTuple):
    """A running server with an empty database."""

    engine: sa.Engine
    url: str
    process: subprocess.Popen[bytes]


def installed() -> bool:
    return bool(_INITDB and _POSTGRES)


@contextmanager
def running(*options: str) -> Iterator[Postgres]:
    """A server for a while; without one installed the test is skipped. `options` are added to its command line."""
    if not installed():
        pytest.skip(ADVICE)
    with tempfile.TemporaryDirectory(prefix="odpf-postgres-") as folder:
        server = _start(Path(folder), options)
        try:
            yield server
        finally:
            server.engine.dispose()
            server.process.terminate()
            server.process.wait(timeout=60)


def _start(folder: Path, options: tuple[str, ...]) -> Postgres:
    owner = _owner()
    if owner:
        shutil.chown(folder, owner, pwd.getpwnam(owner).pw_gid)
    data, port = folder / "data", free_port()
    made = [_INITDB, "-D", data, "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    subprocess.run(made, check=True, capture_output=True, user=owner, cwd=folder)
    command = [_POSTGRES, "-D", data, "-p", str(port), "-k", folder, "-c", "listen_addresses=127.0.0.1"]
    settings = ("fsync=off", "wal_level=logical", "shared_buffers=32MB", "autovacuum=off", "max_wal_senders=4")
    command += [word for setting in settings for word in ("-c", setting)]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen([*command, *options], stdout=log, stderr=log, user=owner, cwd=folder)
    try:
        url = f"postgresql://{USER}@127.0.0.1:{port}"
        _when_ready(url, process, folder / "server.log")
        return Postgres(_engine(f"{url}/{DATABASE}"), f"{url}/{DATABASE}", process)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _owner() -> str | None:
    """Whom root starts it as."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _engine(url: str, **more: object) -> sa.Engine:
    return sa.create_engine(url.replace("postgresql:", "postgresql+psycopg:"), poolclass=sa.NullPool, **more)


def _when_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Make the database as soon as the server answers."""
    engine = _engine(f"{url}/postgres", isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + _STARTED_WITHIN
    while True:
        try:
            with engine.connect() as connection:
                connection.execute(sa.text(f"CREATE DATABASE {DATABASE}"))
                return
        except sa.exc.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"postgres did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.1)
