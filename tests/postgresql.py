"""A PostgreSQL server of the tests' own: data in a temporary folder, a free port, ended by its process."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import sqlalchemy as sa

from tests.free_port import free_port
from tests.server_start import wait_for

_PLACES = ":".join(
    [
        os.environ.get("PATH", ""),
        *sorted(map(str, Path("/usr/lib/postgresql").glob("*/bin")), reverse=True),
        "/usr/local/bin",
    ]
)
_INITDB, _SERVER = shutil.which("initdb", path=_PLACES), shutil.which("postgres", path=_PLACES)
ADVICE = "needs a PostgreSQL server: apt-get install postgresql"


class Postgresql(NamedTuple):
    """A running server: for SQL, and as the --source of a command."""

    engine: sa.Engine
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def running() -> Iterator[Postgresql]:
    """A server for a while; without one installed the test is skipped."""
    if not (_INITDB and _SERVER):
        pytest.skip(ADVICE)
    # Not below pytest's folders, which only their owner may enter: the server refuses to run as root.
    with tempfile.TemporaryDirectory(prefix="odpf-postgresql-") as folder:
        server = _start(Path(folder))
        try:
            yield server
        finally:
            server.engine.dispose()
            server.process.terminate()
            server.process.wait(timeout=60)


def _start(folder: Path) -> Postgresql:
    data, port, who = folder / "data", free_port(), _unprivileged(folder)
    subprocess.run(
        [
            str(_INITDB),
            f"--pgdata={data}",
            "--username=odpf",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ],
        check=True,
        capture_output=True,
        cwd=folder,
        **who,
    )
    options = {
        "port": port,
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "wal_level": "logical",
        "shared_buffers": "64MB",
    }
    settings = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [str(_SERVER), "-D", str(data), *settings], stdout=log, stderr=log, cwd=folder, **who
        )
    url = f"postgresql://odpf@127.0.0.1:{port}/postgres"
    engine = sa.create_engine(url.replace("postgresql", "postgresql+psycopg", 1), poolclass=sa.NullPool)
    server = Postgresql(engine, url, process)
    wait_for(engine, process, folder / "server.log")
    return server


def _unprivileged(folder: Path) -> dict[str, Any]:
    """Whom the server runs as: PostgreSQL refuses root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = names.get("postgres") or names["nobody"]
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
