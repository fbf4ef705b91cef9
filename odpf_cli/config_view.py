"""How deployed configuration looks, and problems of what was to be deployed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import yaml
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.problem import Problem
from odpf_cli.display import NOTHING, grid


def render_problems(problems: Iterable[Problem]) -> Iterator[Text]:
    """One line per problem."""
    for problem in problems:
        line = f" (line {problem.line})" if problem.line else ""
        yield Text.assemble((problem.path, "bold red"), f"{line}: {problem.message}")


def render_items(cadences: Iterable[Mapping[str, Any]], tables: Iterable[Mapping[str, Any]]) -> RenderableType:
    """Deployed items as two tables."""
    of_cadences = grid(["Cadence", "Schedule", "Maintenance", "Worker"], ["Workers", "Batch size"])
    for item in cadences:
        of_cadences.add_row(
            *_cells(item, "refresh_cadence", "schedule", "maintenance_schedule", "glue_job_worker_type"),
            *_cells(item, "glue_job_max_workers", "refresh_tables_batch_size"),
        )
    of_tables = grid(["Source table", "Raw table", "Cadence", "Key", "Partition", "Type", "Mode", "Active"], [])
    for item in tables:
        raw_table = f"{item.get('raw_database_name', NOTHING)}.{item.get('raw_table_name', NOTHING)}"
        keys = ("hudi_primary_key", "hudi_partition_key", "hudi_table_type", "table_data_versioning_type", "is_active")
        of_tables.add_row(*_cells(item, "source_table_name"), raw_table, *_cells(item, "refresh_cadence", *keys))
    return Group(of_cadences, of_tables)


def as_yaml(document: Mapping[str, Any]) -> str:
    """A configuration file."""
    return yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)


def _cells(item: Mapping[str, Any], *keys: str) -> list[str]:
    return [str(item.get(key, NOTHING)) for key in keys]
