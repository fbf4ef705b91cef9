"""Waiting for a database server that a test has started."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import sqlalchemy as sa

_STARTED_WITHIN = 60


def wait_for(engine: sa.Engine, process: subprocess.Popen[bytes], log: Path) -> None:
    """Return as soon as it answers; one that does not start is told by the end of its log."""
    deadline = time.monotonic() + _STARTED_WITHIN
    while True:
        try:
            with engine.connect():
                return
        except sa.exc.OperationalError:
            if process.poll() is not None or time.monotonic() > deadline:
                process.kill()
                raise RuntimeError(f"{process.args[0]} did not start: {log.read_text()[-2000:]}") from None
            time.sleep(0.1)
