"""The rules of a DMS table mappings document, as they are written in its JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from odpf_local.dms.errors import InvalidTableMappings
from odpf_local.dms.wildcards import TablePattern, like, like_column

_NO_PART = ("table-settings", "object-mapping")
_NO_EFFECT = ("define-primary-key", "remove-primary-key")
_ARGUMENT = frozenset(
    ["rename", "add-prefix", "add-suffix", "remove-prefix", "remove-suffix", "replace-prefix", "replace-suffix"]
)
_COLUMN_ONLY = frozenset({"add-column", "include-column", "remove-column", "add-before-image-columns"})


def _dashed(name: str) -> str:
    return name.replace("_", "-")


class _Rule(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=_dashed, populate_by_name=True)


class Locator(_Rule):
    """What a rule speaks of, by the wildcards of `odpf_local.dms.wildcards`."""

    schema_name: str
    table_name: str = "%"
    column_name: str = "%"
    table_type: Literal["table", "all"] = "table"

    def covers(self, schema: str, table: str = "", column: str | None = None) -> bool:
        """Whether the locator covers a table, or a column of it."""
        of_table = like(self.schema_name, schema) and like(self.table_name, table)
        return of_table and (column is None or like_column(self.column_name, column))

    @property
    def tables(self) -> TablePattern:
        """The tables it covers."""
        return TablePattern(self.schema_name, self.table_name)


class Selection(_Rule):
    """A selection rule."""

    rule_type: Literal["selection"]
    rule_id: Annotated[int, Field(ge=0)]
    rule_name: str = ""
    rule_action: Literal["include", "exclude", "explicit"]
    object_locator: Locator
    filters: tuple[()] = ()
    load_order: int | None = None


class DataType(_Rule):
    """The type of an added column."""

    type: Literal["string", "wstring", "clob", "nclob", "datetime", "int4", "int8", "double", "boolean"] = "string"
    length: int | str | None = None
    precision: int | str | None = None
    scale: int | str | None = None


class BeforeImage(_Rule):
    """Which before images become columns, and how these are called."""

    column_prefix: str = ""
    column_suffix: str = ""
    column_filter: Literal["pk-only", "non-lob", "all"]

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not self.column_prefix and not self.column_suffix:
            raise ValueError("before-image-def needs a column-prefix or a column-suffix")
        return self


class Transformation(_Rule):
    """A transformation rule."""

    rule_type: Literal["transformation"]
    rule_id: Annotated[int, Field(ge=0)]
    rule_name: str = ""
    rule_target: Literal["schema", "table", "column"]
    rule_action: Literal[
        "rename",
        "convert-uppercase",
        "convert-lowercase",
        "add-prefix",
        "add-suffix",
        "remove-prefix",
        "remove-suffix",
        "replace-prefix",
        "replace-suffix",
        "add-column",
        "include-column",
        "remove-column",
        "add-before-image-columns",
    ]
    object_locator: Locator
    value: str | None = None
    old_value: str | None = None
    expression: str | None = None
    data_type: DataType | None = None
    before_image_def: BeforeImage | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        action = self.rule_action
        if action in _COLUMN_ONLY and self.rule_target != "column":
            raise ValueError(f"{action} is for rule-target column only")
        if action in _ARGUMENT and not self.value:
            raise ValueError(f"{action} needs a value")
        if action.startswith("replace-") and not self.old_value:
            raise ValueError(f"{action} needs an old-value")
        if action == "add-column" and not (self.value and self.expression):
            raise ValueError("add-column needs value (the column's name) and expression")
        if action == "add-before-image-columns" and self.before_image_def is None:
            raise ValueError("add-before-image-columns needs before-image-def")
        return self

    def renamed(self, name: str) -> str:
        """The name after this rule; actions that are no renames leave it alone."""
        value, old = self.value or "", self.old_value or ""
        renamed = {
            "rename": value,
            "convert-uppercase": name.upper(),
            "convert-lowercase": name.lower(),
            "add-prefix": value + name,
            "add-suffix": name + value,
            "remove-prefix": name.removeprefix(value),
            "remove-suffix": name.removesuffix(value),
            "replace-prefix": value + name.removeprefix(old) if name.startswith(old) else name,
            "replace-suffix": name.removesuffix(old) + value if name.endswith(old) else name,
        }
        return renamed.get(self.rule_action, name)


def read_rules(
    content: str | bytes,
) -> tuple[tuple[Selection, ...], tuple[Transformation, ...], tuple[str, ...]]:
    """Read table mappings JSON.

    Returns:
        Selection rules, transformation rules by rule id, and notes on what was ignored.

    Raises:
        InvalidTableMappings: not JSON, or rules that cannot be honoured; the message lists all of them.
    """
    selections: list[Selection] = []
    transformations: list[Transformation] = []
    notes: list[str] = []
    problems: list[str] = []
    for rule in rules_of(content):
        where = f"rule {rule.get('rule-id', '?')}"
        try:
            match read_rule(rule):
                case None:
                    kind = rule.get("rule-action") or rule.get("rule-type")
                    notes.append(f"{where} ({kind}) is ignored: it does not change what the files hold.")
                case Transformation() as transformation:
                    transformations.append(transformation)
                case Selection() as selection:
                    selections.append(selection)
        except ValidationError as error:
            problems += [f"{where}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
    if problems:
        raise InvalidTableMappings(
            f"The table mappings cannot be honoured: {'; '.join(problems)}. Correct or remove these rules."
        )
    return tuple(selections), tuple(sorted(transformations, key=lambda rule: rule.rule_id)), tuple(notes)


def read_rule(rule: Mapping[str, Any]) -> Selection | Transformation | None:
    """One rule as it stands in the JSON; None for one that does not change what the files hold.

    Raises:
        ValidationError: it cannot be honoured.
    """
    kind = rule.get("rule-type")
    if kind in _NO_PART or rule.get("rule-action") in _NO_EFFECT:
        return None
    return (Transformation if kind == "transformation" else Selection).model_validate(rule)


def read_file(path: Path) -> bytes:
    """The content of a table mappings file."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidTableMappings(f"{path}: {error.strerror}. Give a file with table mappings JSON.") from None


def rules_of(content: str | bytes) -> list[dict[str, Any]]:
    """The rules of table mappings as they stand there.

    Raises:
        InvalidTableMappings: it is no JSON, or has no list of rules.
    """
    try:
        document = json.loads(content)
    except ValueError as error:
        raise InvalidTableMappings(f"The table mappings are not JSON ({error}).") from None
    rules = document.get("rules") if isinstance(document, dict) else None
    if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
        raise InvalidTableMappings('The table mappings have no list of rules. Write {"rules": [{...}, ...]}.')
    return rules
