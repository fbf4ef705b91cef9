"""The hook in every client of a process: botocore's client plugins, switched on by environment variables.

botocore imports the modules that `BOTOCORE_EXPERIMENTAL__PLUGINS` names and hands them each new client, and swallows
what they raise (botocore/plugin.py, which calls itself experimental); so what is wrong is told at the first request.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

from botocore.client import BaseClient

from odpf_local.aws_hook.configuration import BrokenConfiguration, ConfigurationFile
from odpf_local.aws_hook.hook import Hook

PLUGINS_VARIABLE = "BOTOCORE_EXPERIMENTAL__PLUGINS"
PLUGIN = "odpf=odpf_local.aws_hook"
FILE_VARIABLE = "ODPF_AWS_HOOK"
"""Environment variable with the path of the configuration; without it the plugin does nothing of its own."""

_everywhere: list[Hook] = []
_of_files: dict[str, Hook] = {}
_lock = Lock()


def environment(path: Path) -> dict[str, str]:
    """The variables of a process whose clients shall be hooked.

    Args:
        path: of its configuration, a `HookConfiguration`.
    """
    return {PLUGINS_VARIABLE: PLUGIN, FILE_VARIABLE: str(path.absolute())}


def initialize_client_plugin(client: BaseClient) -> None:
    """Attach a new client; botocore calls this. Clients of one process share one hook, and so its dice and counts."""
    try:
        for hook in _hooks():
            hook.attach(client)
    except Exception as error:  # noqa: BLE001  botocore would swallow it
        _fail(client, error)


@contextmanager
def everywhere(hook: Hook) -> Iterator[Hook]:
    """Attach every client that is made in this process meanwhile, by whatever session; they stay attached."""
    before = os.environ.get(PLUGINS_VARIABLE)
    _everywhere.append(hook)
    os.environ[PLUGINS_VARIABLE] = PLUGIN
    try:
        yield hook
    finally:
        _everywhere.remove(hook)
        if before is None:
            del os.environ[PLUGINS_VARIABLE]
        else:
            os.environ[PLUGINS_VARIABLE] = before


def _hooks() -> list[Hook]:
    path = os.environ.get(FILE_VARIABLE)
    if not path:
        return list(_everywhere)
    with _lock:
        if path not in _of_files:
            _of_files[path] = Hook(file=ConfigurationFile(Path(path)))
        return [*_everywhere, _of_files[path]]


def _fail(client: BaseClient, error: Exception) -> None:
    def fail(**_: Any) -> None:
        raise BrokenConfiguration(
            f"The AWS hook could not be attached: {error}. Correct odpf_local/aws_hook."
        ) from error

    client.meta.events.register_first("before-parameter-build", fail)
