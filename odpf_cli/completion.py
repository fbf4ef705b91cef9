"""What TAB offers: names of the deployment, from a small cache, and never later than a moment."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Thread
from typing import Annotated, NamedTuple

import typer

from odpf.adapters.aws import Aws
from odpf.adapters.executions import Executions
from odpf.settings import Settings

_FRESH_SECONDS = 60.0
_PATIENCE_SECONDS = 2.0
"""Whoever pressed TAB waits no longer; what comes later is in the cache for the next time."""
_RUNS = 50
_WHERE = ("AWS_ENDPOINT_URL", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION", "ODPF_PREFIX")


class Names(NamedTuple):
    """Names that a deployment has."""

    cadences: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    runs: tuple[str, ...] = ()


def cadences(incomplete: str) -> list[str]:
    """Refresh cadences."""
    return _beginning(names().cadences, incomplete)


def tables(incomplete: str) -> list[str]:
    """Source tables and raw tables."""
    return _beginning(names().tables, incomplete)


def runs(incomplete: str) -> list[str]:
    """The newest runs."""
    return _beginning(names().runs, incomplete)


TableOption = Annotated[
    str,
    typer.Option(help="A source table, or a raw table as DATABASE.TABLE.", show_default=False, autocompletion=tables),
]
"""`--table` of commands that are about one table."""


def names(
    look: Callable[[], Names] | None = None,
    environment: Mapping[str, str] = os.environ,
    patience: float = _PATIENCE_SECONDS,
) -> Names:
    """The deployment's names: of the cache while it is fresh, else asked for; when that takes too long, of before.

    Args:
        look: asks the deployment.
        environment: says which one, and where the cache is.
        patience: seconds.
    """
    cache = cache_file(environment)
    known, is_fresh = _cached(cache)
    if is_fresh:
        return known
    found: list[Names] = []
    asking = Thread(target=lambda: found.append(_asked(look or ask, cache, known)), daemon=True)
    asking.start()
    asking.join(patience)
    return found[0] if found else known


def ask() -> Names:
    """Ask the deployment that the environment names."""
    aws = Aws(Settings.from_environment(), component="operator")
    items = aws.config.tables()
    sources = {str(item["source_table_name"]) for item in items}
    raws = {f"{item.get('raw_database_name')}.{item.get('raw_table_name')}" for item in items}
    cadence_names = {str(item["refresh_cadence"]) for item in (*items, *aws.config.cadences())}
    recent = Executions(aws.session, aws.settings.state_machine_name).recent(_RUNS)
    return Names(
        tuple(sorted(cadence_names)),
        tuple(sorted(sources | raws)),
        tuple(execution.run_id for execution in recent),
    )


def cache_file(environment: Mapping[str, str]) -> Path:
    """One file for each deployment that was asked."""
    where = json.dumps([environment.get(name) for name in _WHERE])
    base = Path(environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", ".")) / ".cache")
    return base / "odpf" / f"names-{hashlib.sha256(where.encode()).hexdigest()[:16]}.json"


def _asked(look: Callable[[], Names], cache: Path, known: Names) -> Names:
    """What is told now; what could not be asked leaves what was known. Nothing may be printed while a shell completes."""
    try:
        found = look()
        cache.parent.mkdir(parents=True, exist_ok=True)
        part = cache.with_suffix(f".{os.getpid()}.part")
        part.write_text(json.dumps(found))
        part.replace(cache)
    except Exception:  # noqa: BLE001  whatever it is, TAB offers what it knows
        return known
    return found


def _cached(cache: Path) -> tuple[Names, bool]:
    try:
        stored = Names(*(tuple(map(str, part)) for part in json.loads(cache.read_text())))
        return stored, time.time() - cache.stat().st_mtime < _FRESH_SECONDS
    except (OSError, ValueError, TypeError):
        return Names(), False


def _beginning(found: tuple[str, ...], incomplete: str) -> list[str]:
    return [name for name in found if name.startswith(incomplete)]
