"""What files alone tell about their entries: each validated by its model, and no two claiming the same name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from config_manager.parse import Entry, Parsed
from config_manager.problem import Problem
from odpf.config_problems import problems_of
from odpf.table_config import CadenceConfig, TableConfig

Config = TypeVar("Config", bound=BaseModel)


class Checked(NamedTuple, Generic[Config]):
    """An entry of a file whose values are valid."""

    entry: Entry
    config: Config


class CheckedFiles(NamedTuple):
    """The valid entries, and all problems that need nothing but the files."""

    cadences: tuple[Checked[CadenceConfig], ...]
    tables: tuple[Checked[TableConfig], ...]
    problems: tuple[Problem, ...]


def check_files(parsed: Parsed) -> CheckedFiles:
    """Validate every entry and compare the entries with each other."""
    problems = list(parsed.problems)
    cadences = _valid(parsed.cadences, CadenceConfig, problems)
    tables = _valid(parsed.tables, TableConfig, problems)
    problems += _repeated(parsed.cadences, _text_of("refresh_cadence"), "refresh_cadence", "cadence")
    problems += _repeated(parsed.tables, _text_of("source_table_name"), "source_table_name", "source table")
    problems += _shared_raw_tables(parsed.tables)
    return CheckedFiles(cadences, tables, tuple(problems))


def raw_names(database: str, table: str, table_type: str) -> list[str]:
    """The names that a raw table takes in the catalog; merge_on_read adds its two views."""
    suffixes = ("", "_ro", "_rt") if table_type == "merge_on_read" else ("",)
    return [f"{database}.{table}{suffix}" for suffix in suffixes]


def _valid(entries: Iterable[Entry], model: type[Config], problems: list[Problem]) -> tuple[Checked[Config], ...]:
    valid = []
    for entry in entries:
        try:
            valid.append(Checked(entry, model.model_validate(entry.values)))
        except ValidationError as error:
            problems += [entry.problem(key, message) for key, message in problems_of(error, model)]
    return tuple(valid)


def _text_of(key: str) -> Callable[[Entry], list[str]]:
    return lambda entry: [value] if isinstance(value := entry.values.get(key), str) else []


def _repeated(entries: Iterable[Entry], names: Callable[[Entry], list[str]], key: str, what: str) -> list[Problem]:
    """One problem for every entry that names what an entry before it has named."""
    first: dict[str, Entry] = {}
    problems = []
    for entry in entries:
        for name in names(entry):
            before = first.setdefault(name, entry)
            if before is not entry:
                problems.append(entry.problem(key, f"{what} {name!r} is configured twice, also at {before.path}"))
                break
    return problems


def _shared_raw_tables(entries: Iterable[Entry]) -> list[Problem]:
    def names(entry: Entry) -> list[str]:
        database, table = entry.values.get("raw_database_name"), entry.values.get("raw_table_name")
        table_type = str(entry.values.get("hudi_table_type", "")).lower()
        both = isinstance(database, str) and isinstance(table, str)
        return raw_names(str(database), str(table), table_type) if both else []

    return _repeated(entries, names, "raw_table_name", "raw table")
