"""Configuration of cadences and tables: the models behind configuration files and the two configuration tables.

The attribute names are those of the original AWS framework plus optional ones with defaults. A value that this
release cannot honour is refused, never ignored.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    WithJsonSchema,
    model_validator,
)

from odpf.config_problems import problems_of
from odpf.errors import InvalidConfiguration, InvalidSourceTable
from odpf.full_load_completion import CompletionText, FullLoadCompletion
from odpf.personal_data import ProtectedColumns
from odpf.reserved_words import RESERVED_WORDS
from odpf.schema_policy import SchemaPolicy
from odpf.source_table import SourceTable

RESERVED_COLUMN_PREFIXES = ("_hoodie_", "_odpf_")
MAPPED_OPERATION = "cdc_operation"
"""The operation column that a mapping rule adds, unless the configuration names another."""
RECOMMENDED_EXTRAS = ("dms_timestamp", "cdc_commit_timestamp", "cdc_stream_position")
"""`TimestampColumnName` and what the recommended mapping rules add, under the names that `odpf dms` gives them."""

Model = TypeVar("Model", bound=BaseModel)

_CADENCE = r"^[A-Za-z0-9_-]{1,50}$"
_CATALOG_NAME = re.compile(r"^[a-z_][a-z0-9_]{0,127}$")
_BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
_RATE = re.compile(r"^rate\([1-9][0-9]{0,5} (minutes?|hours?|days?)\)$")
_CRON = re.compile(r"^cron\(([0-9A-Z*?,/#-]+( [0-9A-Z*?,/#-]+){5})\)$")
_DAY_OF_MONTH, _DAY_OF_WEEK = 2, 4
_NO_SOURCE_NAME = re.compile(r"[\x00-\x1f\x7f/\\`\"';]")
_PREFIX = r"^[A-Za-z_][A-Za-z0-9_]{0,30}$"
_KEY_NAME = r"^[A-Za-z0-9/_+=.@:-]{1,512}$"
_COLUMN = re.compile(r"^[^\x00-\x1f`\"';,=]{1,255}$")


def _catalog_name(name: str) -> str:
    if not _CATALOG_NAME.fullmatch(name):
        raise ValueError("use lower-case letters, digits and underscores, not a digit first (Athena's rule for names)")
    if name in RESERVED_WORDS:
        raise ValueError(f"{name!r} is a reserved word of Athena; choose another name, for example {name + '_table'!r}")
    return name


def _source_table(name: str) -> str:
    try:
        parts = SourceTable.parse(name)
    except InvalidSourceTable as error:
        raise ValueError(str(error)) from None
    if _NO_SOURCE_NAME.search(name) or {".", ".."} & set(parts):
        raise ValueError(
            f"{name!r} cannot be a folder that DMS writes to: no slashes, quotes, semicolons or control characters"
        )
    return name


def _column(name: str) -> str:
    if not _COLUMN.match(name.strip()):
        raise ValueError(
            f"{name!r} cannot be a column: write 1 to 255 characters without quotes, commas, semicolons, equals signs"
        )
    lowered = name.strip().lower()
    if lowered.startswith(RESERVED_COLUMN_PREFIXES):
        raise ValueError(f"columns beginning with {' or '.join(RESERVED_COLUMN_PREFIXES)} belong to Hudi and ODPF")
    return lowered


def _columns(value: object) -> object:
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(","))
    return value


def _flag(value: object) -> object:
    if isinstance(value, bool):
        return "Y" if value else "N"
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _schedule(value: str) -> str:
    cron = _CRON.fullmatch(value)
    if not _RATE.fullmatch(value) and not cron:
        raise ValueError("write rate(10 minutes) or cron(0/10 * * * ? *) as EventBridge Scheduler has it")
    if cron and [cron[1].split()[day] for day in (_DAY_OF_MONTH, _DAY_OF_WEEK)].count("?") != 1:
        raise ValueError("in cron(...) exactly one of day of month and day of week (3rd and 5th place) is `?`")
    return value


def _without_empty(values: Any) -> Any:
    """The original framework, and the DynamoDB console, write empty text where there is no value."""
    if isinstance(values, dict):
        return {key: value for key, value in values.items() if value is not None and value != ""}
    return values


ColumnName = Annotated[str, AfterValidator(_column)]
CatalogName = Annotated[
    str, AfterValidator(_catalog_name), WithJsonSchema({"type": "string", "pattern": _CATALOG_NAME.pattern})
]
ScheduleText = Annotated[
    str,
    AfterValidator(_schedule),
    WithJsonSchema({"type": "string", "pattern": f"{_RATE.pattern}|{_CRON.pattern}"}),
]
_NAMES = {"type": "string", "minLength": 1}
ColumnNames = Annotated[
    tuple[ColumnName, ...],
    BeforeValidator(_columns),
    WithJsonSchema({"anyOf": [_NAMES, {"type": "array", "items": _NAMES}]}),
]
WorkerType = Literal["G.1X", "G.2X", "G.4X", "G.8X", "G.12X", "G.16X", "R.1X", "R.2X", "R.4X", "R.8X"]
Flag = Annotated[Literal["Y", "N"], BeforeValidator(_flag), WithJsonSchema({"enum": ["Y", "N", "y", "n", True, False]})]


class CadenceConfig(BaseModel):
    """One refresh cadence: an item of `odpf_batch_config`. Without a schedule it only runs by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_cadence: str = Field(pattern=_CADENCE)
    datalake_format: Annotated[Literal["hudi"], BeforeValidator(_lower)] = "hudi"
    glue_job_name: str | None = None
    glue_job_worker_type: WorkerType = "G.1X"
    glue_job_large_worker_type: WorkerType | None = None
    glue_job_max_workers: int = Field(default=10, ge=2, le=299)
    refresh_tables_batch_size: int = Field(default=5, ge=1, le=500)
    schedule: ScheduleText | None = None
    maintenance_schedule: ScheduleText | None = None
    compute: Literal["glue", "lambda", "auto"] = "glue"
    lag_objective_seconds: int | None = Field(default=None, ge=60)

    @model_validator(mode="before")
    @classmethod
    def _empty_means_absent(cls, values: Any) -> Any:
        return _without_empty(values)

    def item(self) -> dict[str, Any]:
        """What stands in `odpf_batch_config`: the original's attributes always, the others when they are set."""
        return self.model_dump(exclude_none=True)


class TableConfig(BaseModel):
    """One table: an item of `odpf_raw_table_config`. Column names are kept in lower case, as in the lake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_table_name: Annotated[str, AfterValidator(_source_table)]
    refresh_cadence: str = Field(pattern=_CADENCE)
    raw_database_name: CatalogName
    raw_table_name: CatalogName
    raw_database_S3_bucket: Annotated[str, Field(pattern=_BUCKET)] | None = None  # noqa: N815  the original's name
    hudi_primary_key: Annotated[ColumnNames, Field(min_length=1)]
    hudi_precombine_field: ColumnName
    hudi_partition_key: ColumnName | None = None
    hudi_table_type: Annotated[Literal["copy_on_write", "merge_on_read"], BeforeValidator(_lower)] = "copy_on_write"
    table_data_versioning_type: Literal["S", "H", "V"] = "S"
    is_active: Flag = "Y"
    engine: Literal["auto", "spark", "arrow"] = "auto"
    full_load: Literal["required", "none"] = "required"
    full_load_completion: CompletionText | None = None
    delete_mode: Literal["hard", "soft"] = "hard"
    reload_mode: Literal["replace", "difference"] = "replace"
    schema_policy: SchemaPolicy = SchemaPolicy()
    cdc_operation_column: ColumnName | None = None
    cdc_commit_timestamp_column: ColumnName | None = None
    cdc_stream_position_column: ColumnName | None = None
    cdc_extra_columns: ColumnNames = RECOMMENDED_EXTRAS
    before_image_prefix: Annotated[str, Field(pattern=_PREFIX)] = "BI_"
    exclude_columns: Annotated[tuple[ColumnName, ...], BeforeValidator(_columns)] = ()
    hash_columns: Annotated[tuple[ColumnName, ...], BeforeValidator(_columns)] = ()
    hash_key_secret: Annotated[str, Field(pattern=_KEY_NAME)] | None = None
    on_bad_file: Literal["continue", "stop"] = "continue"
    partition_is_immutable: Flag = "N"
    table_storage_type: Annotated[Literal["hudi"], BeforeValidator(_lower)] = "hudi"

    @model_validator(mode="before")
    @classmethod
    def _empty_means_absent(cls, values: Any) -> Any:
        return _without_empty(values)

    @model_validator(mode="after")
    def _keys_agree(self) -> Self:
        if contradictions := self._contradictions():
            raise ValueError("; ".join(contradictions))
        return self

    def _contradictions(self) -> list[str]:
        stored = {*self.hudi_primary_key, self.hudi_partition_key} - {None}
        change_columns = {
            "hudi_precombine_field": self.hudi_precombine_field,
            "cdc_operation_column": self.cdc_operation_column,
            "cdc_commit_timestamp_column": self.cdc_commit_timestamp_column,
            "cdc_stream_position_column": self.cdc_stream_position_column,
        }
        roles: dict[str, tuple[str, ...]] = {key: (column,) for key, column in change_columns.items() if column}
        roles.setdefault("cdc_operation_column", ("op", MAPPED_OPERATION))
        named = [column for column in change_columns.values() if column]
        prefix = self.before_image_prefix.lower()
        rules = {
            "hudi_primary_key names a column twice": len(set(self.hudi_primary_key)) != len(self.hudi_primary_key),
            "partition_is_immutable says Y but there is no hudi_partition_key": (
                self.partition_is_immutable == "Y" and self.hudi_partition_key is None
            ),
            "engine says arrow, which writes copy_on_write alone, and hudi_table_type says merge_on_read": (
                self.engine == "arrow" and self.hudi_table_type != "copy_on_write"
            ),
            "delete_mode says soft, which is for table_data_versioning_type S: H and V keep deleted rows by themselves": (
                self.delete_mode == "soft" and self.table_data_versioning_type != "S"
            ),
            "reload_mode says difference, which is for table_data_versioning_type S: H and V keep what was there": (
                self.reload_mode == "difference" and self.table_data_versioning_type != "S"
            ),
            f"{' and '.join(key for key in change_columns if change_columns[key])} need columns of their own": (
                len(set(named)) != len(named)
            ),
            f"a key or partition column begins with before_image_prefix {self.before_image_prefix!r}": any(
                column.startswith(prefix) for column in stored if column
            ),
            "hash_key_secret is named and there are no hash_columns": (
                self.hash_key_secret is not None and not self.hash_columns
            ),
            "cdc_extra_columns names a key or partition column, which is the source's": (
                "cdc_extra_columns" in self.model_fields_set and bool(stored & {*self.cdc_extra_columns})
            ),
        }
        of_changes = [
            f"{key} {column!r} describes a change and cannot be in hudi_primary_key or hudi_partition_key"
            for key, column in change_columns.items()
            if column in stored and column
        ]
        personal = self.protected.contradictions(self.hudi_primary_key, self.hudi_partition_key, roles)
        return [*of_changes, *personal, *(sentence for sentence, broken in rules.items() if broken)]

    @property
    def raw_table(self) -> str:
        """`<raw_database_name>.<raw_table_name>`, the key of the processing tracker."""
        return f"{self.raw_database_name}.{self.raw_table_name}"

    @property
    def protected(self) -> ProtectedColumns:
        """The columns that must not stand in the lake as they are."""
        return ProtectedColumns(self.exclude_columns, self.hash_columns, self.before_image_prefix.lower())

    @property
    def stream_position(self) -> str | None:
        """The column whose values tell a history's changes apart, with the operation; None where change sequences do (S15).

        A task that reads its source's log again from an earlier position gives the same changes other sequences; their stream
        positions (DMS guide, `AR_H_STREAM_POSITION`) stay.
        """
        return self.cdc_stream_position_column if self.table_data_versioning_type == "H" else None

    @property
    def identity(self) -> dict[str, str]:
        """What an existing table cannot change without being rebuilt (S25); what has a default, where it is another; of hashed columns those of the key."""
        hashed_keys = [key for key in self.hudi_primary_key if key in self.hash_columns]
        return {
            "hudi_primary_key": ",".join(self.hudi_primary_key),
            "hudi_partition_key": self.hudi_partition_key or "",
            "hudi_table_type": self.hudi_table_type,
            "table_data_versioning_type": self.table_data_versioning_type,
            **({} if self.delete_mode == "hard" else {"delete_mode": self.delete_mode}),
            **({"cdc_stream_position_column": self.stream_position} if self.stream_position else {}),
            **({"hash_columns": ",".join(hashed_keys)} if hashed_keys else {}),
        }

    @property
    def digest(self) -> str:
        """Tells one configuration of the table from another."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:16]

    def completion(self, default: str) -> FullLoadCompletion:
        """By what the table's full load counts as whole.

        Args:
            default: of the deployment (`Settings.full_load_completion`).
        """
        return FullLoadCompletion.parse(self.full_load_completion or default)

    def identity_changes(self, made_with: Mapping[str, str]) -> dict[str, tuple[str, str]]:
        """What an existing table would become that it cannot: (what it is, what is wanted) by attribute.

        Args:
            made_with: the identity that the table has; empty for one without rows. Tables made by earlier releases do not
                say what has a default.
        """
        if not made_with:
            return {}
        defaults = {"delete_mode": "hard", "cdc_stream_position_column": "", "hash_columns": ""}
        wanted, was = defaults | self.identity, defaults | dict(made_with)
        return {name: (was[name], value) for name, value in wanted.items() if was.get(name, value) != value}

    def location(self, default_bucket: str, replicas: Mapping[str, str] | None = None, place: str = "") -> str:
        """The raw table's base path.

        Args:
            default_bucket: of the deployment in this Region.
            replicas: this Region's bucket for buckets that configurations name (`Settings.raw_bucket_replicas`).
            place: where a rebuild has moved it (`TableState.place`); no raw table's name has a dot.
        """
        named = self.raw_database_S3_bucket
        bucket = (replicas or {}).get(named, named) if named else default_bucket
        folder = f"{self.raw_table_name}.{place}" if place else self.raw_table_name
        return f"s3://{bucket}/{self.raw_database_name}/{folder}"

    def item(self) -> dict[str, Any]:
        """What stands in `odpf_raw_table_config`: set attributes, the key as comma-separated text like the original."""
        values = self.model_dump(exclude_defaults=True)
        values["hudi_primary_key"] = ",".join(self.hudi_primary_key)
        for always in ("hudi_table_type", "table_data_versioning_type", "is_active"):
            values[always] = getattr(self, always)
        return values


def read_table_config(item: Mapping[str, Any]) -> TableConfig:
    """Validate one item as it stands in `odpf_raw_table_config`, whoever put it there.

    Raises:
        InvalidConfiguration: with every problem of the item.
    """
    return _read(TableConfig, item, f"table {item.get('source_table_name', '?')!s}")


def read_cadence_config(item: Mapping[str, Any]) -> CadenceConfig:
    """Validate one item as it stands in `odpf_batch_config`.

    Raises:
        InvalidConfiguration: with every problem of the item.
    """
    return _read(CadenceConfig, item, f"cadence {item.get('refresh_cadence', '?')!s}")


def _read(model: type[Model], item: Mapping[str, Any], what: str) -> Model:
    try:
        return model.model_validate(dict(item))
    except ValidationError as error:
        problems = problems_of(error, model)
        listed = "; ".join(f"{path}: {message}".removeprefix(": ") for path, message in problems)
        raise InvalidConfiguration(
            f"Configuration of {what} is not valid: {listed}. Correct it with `odpf config apply`.", problems
        ) from None
