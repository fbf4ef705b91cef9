"""A MariaDB server of the tests' own: data in a temporary folder, a free port, ended by its process."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from odpf_local.dms.replicate.source import MysqlSource
from tests.free_port import free_port
from tests.server_start import wait_for

_DAEMON = shutil.which("mariadbd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
_INSTALL = shutil.which("mariadb-install-db", path=f"{os.environ.get('PATH', '')}:/usr/bin:/usr/local/bin")
ADVICE = "needs a MariaDB server: apt-get install mariadb-server"
_AS_ROOT = ["--user=root"] if os.geteuid() == 0 else []


class Mariadb(NamedTuple):
    """A running server: for SQL, and as a source of `odpf dms replicate`."""

    engine: sa.Engine
    source: MysqlSource
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        """The SOURCE argument of `odpf dms replicate`."""
        return f"mysql://{self.source.user}@{self.source.host}:{self.source.port}"


def installed() -> bool:
    return bool(_DAEMON and _INSTALL)


@contextmanager
def running(folder: Path) -> Iterator[Mariadb]:
    """A server for a while; without one installed the test is skipped."""
    if not installed():
        pytest.skip(ADVICE)
    server = start(folder)
    try:
        yield server
    finally:
        stop(server)


def start(folder: Path, *options: str) -> Mariadb:
    """A new server that logs whole rows; `options` are added to its command line."""
    data, port = folder / "data", free_port()
    subprocess.run(
        [
            _INSTALL,
            "--no-defaults",
            f"--datadir={data}",
            "--auth-root-authentication-method=normal",
            "--skip-test-db",
            *_AS_ROOT,
        ],
        check=True,
        capture_output=True,
    )
    command = [
        *(_DAEMON, "--no-defaults", *_AS_ROOT, f"--datadir={data}", f"--socket={folder / 'sock'}", f"--port={port}"),
        *("--bind-address=127.0.0.1", "--skip-name-resolve", "--server-id=1", "--local-infile=1"),
        *("--log-bin=log", "--binlog-format=ROW", "--binlog-row-image=FULL", "--binlog-row-metadata=FULL"),
        *("--innodb-flush-log-at-trx-commit=0", "--innodb-buffer-pool-size=64M", "--character-set-server=utf8mb4"),
        *options,
    ]
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    engine = sa.create_engine(
        f"mysql+pymysql://root@127.0.0.1:{port}/?charset=utf8mb4&local_infile=1", poolclass=sa.NullPool
    )
    server = Mariadb(engine, MysqlSource(port=port), process)
    wait_for(engine, process, folder / "server.log")
    return server


def stop(server: Mariadb) -> None:
    server.engine.dispose()
    server.process.terminate()
    server.process.wait(timeout=60)
