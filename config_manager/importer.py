"""Items of the original AWS ODP framework as configuration of this one.

The original's items are told by what they hold, in any JSON form in which DynamoDB or its tools write them: one item, a
list, `Items` of a scan, `PutRequest`s of a batch, lines of an export; values plain or typed (`{"S": "..."}`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from config_manager.document import read_json
from config_manager.parse import Entry, Parsed
from config_manager.problem import Problem
from odpf.config_problems import TUNING_OF_THE_ORIGINAL
from odpf.errors import InvalidConfiguration
from odpf.source_table import SourceTable
from odpf.table_config import CadenceConfig, TableConfig

_RENAMED = {"glue_table_data_versioning_type": "table_data_versioning_type", "data_lake_format": "datalake_format"}
_TYPES = frozenset({"S", "N", "BOOL", "NULL", "L", "M", "SS", "NS", "B", "BS"})
_MOST_DIGITS = 10
_ENVELOPES = ("Items", "Item", "PutRequest", "cadences", "tables")


class Imported(NamedTuple):
    """What items say, as entries like those of configuration files, and what was left out or guessed."""

    parsed: Parsed
    warnings: tuple[str, ...]

    def document(self) -> dict[str, list[dict[str, Any]]]:
        """The content of a configuration file."""
        return {
            "cadences": [entry.values for entry in self.parsed.cadences],
            "tables": [entry.values for entry in self.parsed.tables],
        }


def import_items(files: Iterable[tuple[str, bytes]], *, glue_job_name: str, schema: str | None = None) -> Imported:
    """Turn items into entries; all problems of all files at once.

    Args:
        files: (name, content) of JSON files.
        glue_job_name: this deployment's job; items may name another one.
        schema: of source tables whose items name none.
    """
    importer = _Importer(glue_job_name, schema)
    names = []
    for name, content in files:
        names.append(name)
        importer.read(name, content)
    return importer.result(", ".join(names))


class _Importer:
    def __init__(self, glue_job_name: str, schema: str | None) -> None:
        self._not_needed = {"glue_job_name": glue_job_name, "table_storage_type": "hudi"}
        self._schema = schema
        self._cadences: list[Entry] = []
        self._tables: list[Entry] = []
        self._problems: list[Problem] = []
        self._dropped: dict[str, int] = {}
        self._notes: list[str] = []

    def read(self, name: str, content: bytes) -> None:
        try:
            items = list(_items(_json_or_lines(content)))
        except InvalidConfiguration as error:
            self._problems.append(Problem(path=name, message=str(error)))
            return
        if not items:
            self._problems.append(Problem(path=name, message="holds no items"))
        for index, item in enumerate(items):
            self._item(f"{name}:[{index}]", item)

    def result(self, source: str) -> Imported:
        parsed = Parsed(source, tuple(self._cadences), tuple(self._tables), tuple(self._problems))
        return Imported(parsed, (*self._notes, *self._summary()))

    def _item(self, path: str, item: Any) -> None:
        if not isinstance(item, Mapping):
            self._problems.append(Problem(path=path, message="is no item: expected `attribute: value`"))
        elif "source_table_name" in item:
            self._table(path, self._known(item, TableConfig))
        elif "refresh_cadence" in item:
            self._cadences.append(Entry(path, self._cadence(item)))
        else:
            message = "is an item of neither odpf_batch_config nor odpf_raw_table_config: it names no refresh_cadence"
            self._problems.append(Problem(path=path, message=message))

    def _known(self, item: Mapping[str, Any], model: type[CadenceConfig] | type[TableConfig]) -> dict[str, Any]:
        """The attributes that mean something here, under this framework's names; empty ones are absent."""
        named: dict[str, Any] = {}
        for attribute, value in item.items():
            key = _RENAMED.get(attribute, attribute)
            if key not in model.model_fields:
                self._dropped[attribute] = self._dropped.get(attribute, 0) + 1
            elif value not in ("", None) and (attribute == key or key not in item):
                named[key] = value
        needed = [key for key in named if str(named[key]).lower() != self._not_needed.get(key)]
        return {key: named[key] for key in model.model_fields if key in needed}

    def _cadence(self, item: Mapping[str, Any]) -> dict[str, Any]:
        """Numbers as numbers, and this deployment's job."""
        values = {key: _number(value) for key, value in self._known(item, CadenceConfig).items()}
        if other_job := values.pop("glue_job_name", None):
            self._notes.append(f"glue_job_name {other_job} was left out: {self._not_needed['glue_job_name']} is used.")
        return values

    def _table(self, path: str, values: dict[str, Any]) -> None:
        entry = Entry(path, values)
        name = values.get("source_table_name")
        if isinstance(name, str) and "." not in name:
            qualified = _qualified(name, str(values.get("raw_table_name", "")), self._schema)
            if qualified is None:
                self._problems.append(
                    entry.problem(
                        "source_table_name",
                        f"{name!r} does not say where the schema ends and the table begins; give the schema (--schema NAME)",
                    )
                )
                return
            values["source_table_name"] = qualified
        self._tables.append(entry)

    def _summary(self) -> Iterator[str]:
        for attribute, count in sorted(self._dropped.items()):
            why = "it tuned Hudi, which ODPF does itself" if attribute in TUNING_OF_THE_ORIGINAL else "it is not used"
            yield f"{attribute} was left out of {count} items: {why}."
        if self._tables:
            yield (
                "The original compared source tables in lower case; here the case counts. Compare source_table_name with "
                "the folders that DMS writes."
            )
        if unscheduled := [entry.values["refresh_cadence"] for entry in self._cadences]:
            yield (
                f"{', '.join(map(str, unscheduled))}: the original's items hold no schedule; add `schedule: rate(10 minutes)` "
                "or the like, or the cadence only runs by hand."
            )


def _qualified(name: str, raw_table: str, schema: str | None) -> str | None:
    """`<schema>.<table>` from the original's `<schema>_<table>`, None when nothing tells where to split."""
    if schema is not None:
        start = f"{schema}_".lower()
        table = name[len(start) :] if name.lower().startswith(start) and len(name) > len(start) else name
        return str(SourceTable("", schema, table))
    end = f"_{raw_table}".lower()
    if raw_table and name.lower().endswith(end) and len(name) > len(end):
        return str(SourceTable("", name[: -len(end)], name[-len(raw_table) :]))
    return None


def _json_or_lines(content: bytes) -> Any:
    try:
        return read_json(content).values
    except InvalidConfiguration:
        lines = [line for line in content.splitlines() if line.strip()]
        if len(lines) > 1 and all(line.lstrip().startswith(b"{") and line.rstrip().endswith(b"}") for line in lines):
            return [read_json(line).values for line in lines]
        raise


def _items(values: Any) -> Iterator[Any]:
    """Every item within the forms in which tools write them."""
    if isinstance(values, list):
        for value in values:
            yield from _items(value)
        return
    if isinstance(values, Mapping) and "refresh_cadence" not in values:
        inner = [values[key] for key in _ENVELOPES if key in values]
        inner = inner or [value for value in values.values() if isinstance(value, list)]
        if inner:
            yield from _items(inner)
            return
    yield _untyped_item(values)


def _untyped_item(item: Any) -> Any:
    if isinstance(item, Mapping) and item and all(_is_typed(value) for value in item.values()):
        return {key: _untyped(value) for key, value in item.items()}
    return item


def _is_typed(value: Any) -> bool:
    return isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _TYPES


def _untyped(value: Mapping[str, Any]) -> Any:
    kind, inner = next(iter(value.items()))
    if kind == "NULL":
        return None
    return _number(inner) if kind == "N" else inner


def _number(text: Any) -> Any:
    """Whole numbers as such; whatever else stands there is left for validation to refuse."""
    return int(text) if isinstance(text, str) and text.isdecimal() and len(text) < _MOST_DIGITS else text
