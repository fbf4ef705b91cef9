"""Ministack on one port of this machine, with the one step it lacks: Glue job runs, executed as local processes.

Runs in an environment of its own (`.venv-ministack`): ministack pins a botocore, and its Lambda processes must find
nothing of the checkout, only what their packages carry. Started with `-m` in the checkout, which puts that on the path of
this process and of no other.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack import app
from ministack.core import lambda_runtime

from tests.deployed import policy_facts
from tests.deployed.glue_step import GlueStep


def main(configuration: dict[str, Any]) -> None:
    """Serve until SIGTERM, then end every process that was started."""
    policy_facts.add()
    step = GlueStep(
        Path(configuration["job_runs"]), configuration["python"], configuration["job_environment"], Path.cwd()
    )
    step.bind()
    server = Config()
    server.bind = [f"127.0.0.1:{configuration['port']}"]  # ministack's own main would listen on every interface
    server.graceful_timeout = 1
    try:
        # Not asyncio.run: it would wait for the threads of executions and pollers, which end only with the process.
        asyncio.new_event_loop().run_until_complete(_serve(server))
    finally:
        step.stop()
        _kill_functions()


async def _serve(server: Config) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    await serve(_as_if_by_tls(app.app), server, shutdown_trigger=ended.wait)


def _kill_functions() -> None:
    """End the processes of Lambda functions at once; ministack's own way gives each of them seconds."""
    for pool in list(lambda_runtime._workers.values()):
        for worker in pool:
            if worker._proc is not None:
                worker._proc.kill()


def _as_if_by_tls(application: Any) -> Any:
    """Say that requests came by TLS, as a proxy in front would: the deployed policies refuse everything else."""

    async def behind_proxy(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"x-forwarded-proto", b"https")]}
        await application(scope, receive, send)

    return behind_proxy


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
    os._exit(0)  # whatever threads still wait for
