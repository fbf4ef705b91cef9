"""Which tables are proposed, and under which names DMS writes them: from a source, from the rules of a task, or from both."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from config_manager.found_table import DmsNames, FoundTable
from config_manager.problem import listed
from config_manager.proposal import DEFAULT_SEQUENCE
from odpf.errors import InvalidConfiguration
from odpf_cli.discovery.source import read_source, source_engine
from odpf_cli.discovery.task_rules import TaskRules, selected, unmapped


class Named(NamedTuple):
    """Tables with their names in the files, what is to be said about all of them, and whether a task's rules named them."""

    tables: Iterable[tuple[FoundTable, DmsNames]]
    notes: tuple[str, ...]
    is_mapped: bool


def named_tables(source: str | None, table_mappings: Path | None, schemas: Sequence[str]) -> Named:
    """Find them.

    Args:
        source: URL of the database; None for what the rules say alone.
        table_mappings: file with the rules of the DMS task.
        schemas: only these; all where there are none.

    Raises:
        InvalidConfiguration: neither of the two is given.
        OdpfError: one cannot be read.
    """
    rules = TaskRules.read(table_mappings) if table_mappings else None
    if source is None and rules is None:
        raise InvalidConfiguration("Nothing tells of tables. Give --source URL, --table-mappings FILE, or both.")
    if source is None and rules is not None:
        wild = (f"the rules for {listed(rules.open)} name no single tables: give --source to have these proposed",)
        only = {*schemas}
        found = (table for table in rules.tables() if not only or table.schema in only)
        return Named(selected(found, rules), (*rules.notes, *(wild if rules.open else ())), is_mapped=True)
    tables = read_source(source_engine(source or ""), tuple(schemas))
    if rules is not None:
        return Named(selected(tables, rules), rules.notes, is_mapped=True)
    note = f"{DEFAULT_SEQUENCE} is the name that the recommended mapping rules give to $AR_H_CHANGE_SEQ."
    return Named(unmapped(tables), (note,), is_mapped=False)
