"""Pauses: who stops a table for a while writes it into the configuration, and configuration files do not undo it. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from config_manager.deployed import Deployed
from config_manager.parse import Entry, Parsed
from config_manager.validate import Checked, CheckedFiles
from odpf.pause import Pause
from odpf.table_config import TableConfig


def paused(tables: Iterable[TableConfig], pause: Pause) -> Parsed:
    """The configuration in which these tables are paused."""
    stopped = {"is_active": "N", "pause": pause.model_dump()}
    return _parsed("odpf table pause", tables, stopped)


def resumed(tables: Iterable[TableConfig]) -> Parsed:
    """The configuration in which these tables go on; to be prepared without keeping pauses."""
    return _parsed("odpf table resume", tables, {"is_active": "Y", "pause": None})


def keep_pauses(files: CheckedFiles, deployed: Deployed) -> tuple[CheckedFiles, tuple[str, ...]]:
    """The files with the pauses of the tables that are deployed paused, and a warning for each.

    A file says how a table is refreshed, a pause that it is not for now: whoever applies the one does not mean the other.
    """
    pauses = {
        name: pause
        for _, config in files.tables
        if not config.pause and (pause := _deployed_pause(name := config.source_table_name, deployed))
    }
    kept = tuple(_kept(checked, pauses.get(checked.config.source_table_name)) for checked in files.tables)
    told = tuple(f"{pause.told(name)}. Applying a file leaves it paused." for name, pause in pauses.items())
    return files._replace(tables=kept), told


def _kept(checked: Checked[TableConfig], pause: Pause | None) -> Checked[TableConfig]:
    if pause is None:
        return checked
    return checked._replace(config=checked.config.model_copy(update={"is_active": "N", "pause": pause}))


def _deployed_pause(name: str, deployed: Deployed) -> Pause | None:
    items = deployed.tables.get(name, {}).values()
    return next((item.config.pause for item in items if item.config and item.config.pause), None)


def _parsed(source: str, tables: Iterable[TableConfig], change: dict[str, Any]) -> Parsed:
    entries = [Entry(f"{source} {table.source_table_name}", {**table.item(), **change}) for table in tables]
    return Parsed(source, tables=tuple(entries))
