"""What the console does on request, each with the code of the command of the same name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from odpf.errors import InvalidConfiguration
from odpf_cli.console.deployment import Deployment
from odpf_cli.quarantine_release import already_waiting, warnings
from odpf_cli.quarantine_selection import select_ids
from odpf_cli.quarantine_view import released_document
from odpf_cli.run import new_run_id, requested
from odpf_cli.table_names import configured_table


def release(deployment: Deployment, ids: Sequence[str]) -> dict[str, Any]:
    """Put files back among those that wait, as `odpf quarantine release`.

    Raises:
        NotInQuarantine: nobody knows one of the ids; nothing was released.
        InvalidConfiguration: there are no ids.
    """
    if not ids:
        raise InvalidConfiguration("Choose what is to be released.")
    selected = select_ids(deployment.quarantine, ids)
    released = [*deployment.releaser.release(selected.records), *map(already_waiting, selected.waiting)]
    return released_document(released, warnings(released))


def run(deployment: Deployment, cadence: str | None, tables: Sequence[str], now: datetime) -> dict[str, Any]:
    """Start a run of a cadence, or of some of its tables, as `odpf run`.

    Raises:
        UnknownCadence: nobody configured it.
        InvalidConfiguration: a table is not configured, or nothing was asked for.
    """
    if cadence is None and not tables:
        raise InvalidConfiguration("Say which cadence or which table is to be run.")
    request = requested(deployment.operator.config, cadence, tables)
    run_id = new_run_id(request.refresh_cadence, now)
    deployment.executions.start(run_id, request)
    return {"run_id": run_id}


def holder(deployment: Deployment, table: str) -> dict[str, Any]:
    """Who holds a table, for the question before it is unlocked."""
    config = configured_table(table, deployment.operator.config)
    found = deployment.unlocking.holder(config.raw_table)
    if found is None:
        return {"held": False, "told": f"Nobody holds {config.raw_table}.", "has_ended": True}
    return {"held": True, "told": found.told(), "has_ended": found.has_ended}


def unlock(deployment: Deployment, table: str, *, stop: bool) -> dict[str, Any]:
    """Free a table whose writer hangs, as `odpf unlock`; without `stop` it waits a lease for a sign of life.

    Raises:
        TableLocked: the writer is alive.
    """
    config = configured_table(table, deployment.operator.config)
    unlocking = deployment.unlocking
    found = unlocking.holder(config.raw_table)
    if found is None:
        return {"raw_table": config.raw_table, "unlocked": False}
    state = unlocking.free(found, stop=stop)
    return {"raw_table": state.raw_table, "unlocked": True, "fence": state.fence}
