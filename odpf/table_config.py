"""Configuration of cadences and tables: the models behind configuration files and the two configuration tables.

The attribute names are those of the original AWS framework plus optional ones with defaults. A value that this
release cannot honour is refused, never ignored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from odpf.config_problems import problems_of
from odpf.config_values import (
    BUCKET,
    CADENCE,
    KEY_NAME,
    PREFIX,
    CatalogName,
    ColumnName,
    ColumnNames,
    Flag,
    Schedule,
    SourceTableName,
    WorkerType,
    lower,
    without_empty,
)
from odpf.errors import InvalidConfiguration
from odpf.full_load_completion import CompletionText, FullLoadCompletion
from odpf.pause import Pause
from odpf.personal_data import ProtectedColumns
from odpf.schema_policy import SchemaPolicy

MAPPED_OPERATION = "cdc_operation"
"""The operation column that a mapping rule adds, unless the configuration names another."""
RECOMMENDED_EXTRAS = ("dms_timestamp", "cdc_commit_timestamp", "cdc_stream_position")
"""`TimestampColumnName` and what the recommended mapping rules add, under the names that `odpf dms` gives them."""

Model = TypeVar("Model", bound=BaseModel)


class CadenceConfig(BaseModel):
    """One refresh cadence: an item of `odpf_batch_config`. Without a schedule it only runs by hand."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    refresh_cadence: str = Field(pattern=CADENCE, description="Its name: letters, digits, `_`, `-`; at most 50.")
    datalake_format: Annotated[Literal["hudi"], BeforeValidator(lower)] = Field(
        default="hudi", description="The only format."
    )
    glue_job_name: str | None = Field(
        default=None, description="The deployment's job; may be left out, and another job is refused."
    )
    glue_job_worker_type: WorkerType = Field(default="G.1X", description="Worker type of the job runs.")
    glue_job_large_worker_type: WorkerType | None = Field(
        default=None,
        description="Worker type of the job runs of large tables, which have one of their own. Without it "
        "`glue_job_worker_type`.",
    )
    glue_job_max_workers: int = Field(
        default=10,
        ge=2,
        le=299,
        description="Workers that a job run may have at most; how many it has follows from the bytes of its tables.",
    )
    refresh_tables_batch_size: int = Field(
        default=5,
        ge=1,
        le=500,
        description="Tables that one job run handles at most; they are packed so that all batches take about the same time.",
    )
    schedule: Schedule | None = Field(
        default=None,
        description="When it runs, in UTC: `rate(10 minutes)` or `cron(0/10 * * * ? *)`. Without it it runs only by `odpf run`.",
    )
    maintenance_schedule: Schedule | None = Field(
        default=None,
        description="When its long timelines are archived, in UTC, once a day for example: `cron(0 3 * * ? *)`; it applies "
        "no files. Without it only `odpf run CADENCE --maintenance` does it.",
    )
    compute: Literal["glue", "lambda", "auto"] = Field(
        default="glue",
        description="Where table batches are processed. `lambda`: tables of small work in one Lambda function beside the "
        "job, without Spark, the others in Glue; `auto`: Lambda where that is cheaper than the job runs it spares.",
    )
    lag_objective_seconds: int | None = Field(
        default=None,
        ge=60,
        description="How old the oldest waiting change of a table may become before somebody is told. Without it three "
        "intervals of a `rate(...)`, and nothing for `cron(...)`.",
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_means_absent(cls, values: Any) -> Any:
        return without_empty(values)

    def item(self) -> dict[str, Any]:
        """What stands in `odpf_batch_config`: the original's attributes always, the others when they are set."""
        return self.model_dump(exclude_none=True)


class TableConfig(BaseModel):
    """One table: an item of `odpf_raw_table_config`. Column names are kept in lower case, as in the lake."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_table_name: SourceTableName = Field(
        description="`<schema>.<table>`, or `<source>.<schema>.<table>` for a named staging place; case counts; a dot inside "
        "a name is `%2E`, a percent sign `%25`."
    )
    refresh_cadence: str = Field(pattern=CADENCE, description="The one cadence that the table belongs to.")
    raw_database_name: CatalogName = Field(
        description="Glue database; made when it is missing; lower case, no reserved word of Athena."
    )
    raw_table_name: CatalogName = Field(description="Glue table; one source table feeds one raw table.")
    raw_database_S3_bucket: Annotated[str, Field(pattern=BUCKET)] | None = Field(  # noqa: N815  the original's name
        default=None,
        description="Bucket of the raw table, which lies below `<raw_database_name>/<raw_table_name>`. Without it the "
        "deployment's raw bucket.",
    )
    hudi_primary_key: Annotated[ColumnNames, Field(min_length=1)] = Field(
        description="Key column, or several: `[ORDER_ID, LINE]` or `ORDER_ID,LINE`."
    )
    hudi_precombine_field: ColumnName = Field(description="The column with the change sequence (`$AR_H_CHANGE_SEQ`).")
    hudi_partition_key: ColumnName | None = Field(
        default=None, description="One column by which the raw table is partitioned."
    )
    hudi_table_type: Annotated[Literal["copy_on_write", "merge_on_read"], BeforeValidator(lower)] = Field(
        default="copy_on_write",
        description="`merge_on_read` also takes the names `<table>_ro` and `<table>_rt`.",
    )
    table_data_versioning_type: Literal["S", "H", "V"] = Field(
        default="S",
        description="`S`: current snapshot; `H`: append history, a row for every change; `V`: validity intervals, a row for "
        "every version.",
    )
    is_active: Flag = Field(default="Y", description="`N`: the table is not refreshed, its files wait.")
    pause: Pause | None = Field(
        default=None,
        description="Written by `odpf table pause`, taken away by `odpf table resume`; not for files. A file that does not have "
        "it leaves the pause as it is, and says so.",
    )
    engine: Literal["auto", "spark", "arrow"] = Field(
        default="auto",
        description="What applies the changes: `arrow` writes small work into copy_on_write tables without Spark, `spark` "
        "does everything; `auto` chooses by size and says why (`odpf explain`).",
    )
    full_load: Literal["required", "none"] = Field(
        default="required",
        description="`required`: change files wait until a full load has made the table; `none`: they may create it.",
    )
    full_load_completion: CompletionText | None = Field(
        default=None,
        description="When a full load is whole and is applied: `none`, `marker`, `quiet_seconds:N`, `dms`. Without it the "
        "deployment's: `quiet_seconds:120` on AWS, `none` in the embedded AWS.",
    )
    delete_mode: Literal["hard", "soft"] = Field(
        default="hard",
        description="`hard`: a deleted row is removed; `soft`: it stays with the values it had, marked `_odpf_is_deleted`. "
        "With `table_data_versioning_type: S` alone.",
    )
    reload_mode: Literal["replace", "difference"] = Field(
        default="replace",
        description="`replace`: a second full load replaces the first in one commit; `difference`: it is compared with the "
        "table, and one commit inserts, updates and deletes what differs. With `table_data_versioning_type: S` alone.",
    )
    schema_policy: SchemaPolicy = Field(
        default=SchemaPolicy(),
        description="What a changed source schema does, a word for each kind of change; kinds that are not named keep their "
        "defaults.",
    )
    cdc_operation_column: ColumnName | None = Field(
        default=None,
        description="The column that says insert, update or delete. Without it `Op` when that is the file's first column, "
        "else `CDC_OPERATION`.",
    )
    cdc_commit_timestamp_column: ColumnName | None = Field(
        default=None,
        description="The column with the commit time. Without it the first 16 digits of the change sequence.",
    )
    cdc_stream_position_column: ColumnName | None = Field(
        default=None,
        description="The column with the source's own position (`$AR_H_STREAM_POSITION`): with "
        "`table_data_versioning_type: H` a change is told apart by key, generation, position and operation instead of by its "
        "sequence, so that what a task reads again from an earlier place of the log, and numbers anew, is no new row. Rows "
        "without it go to quarantine.",
    )
    cdc_extra_columns: ColumnNames = Field(
        default=RECOMMENDED_EXTRAS,
        description="Other columns that DMS adds: they tell of a change and not of the row, so a load without them has lost "
        "nothing, and rows that differ in them alone are equal to a reload (`reload_mode: difference`, `V`). A list or "
        "comma-separated; `[]` for none.",
    )
    before_image_prefix: Annotated[str, Field(pattern=PREFIX)] = Field(
        default="BI_",
        description="How the columns begin that a mapping rule (`add-before-image-columns`) adds; with `BI_<key column>` a "
        "change of the primary key moves the row. Without them the old row stays beside the new one, since DMS tells nobody "
        "of the old key.",
    )
    exclude_columns: ColumnNames = Field(
        default=(), description="Columns that never come into the lake, with their before images."
    )
    hash_columns: ColumnNames = Field(default=(), description="Columns that are kept as keyed hashes, as text.")
    hash_key_secret: Annotated[str, Field(pattern=KEY_NAME)] | None = Field(
        default=None,
        description="Secret of AWS Secrets Manager with the key of the hashes, by name or ARN. Without it the deployment's "
        "`<prefix>hash_key`.",
    )
    on_bad_file: Literal["continue", "stop"] = Field(
        default="continue",
        description="`continue`: a bad file is quarantined and the table goes on; `stop`: the table waits for a person.",
    )
    partition_is_immutable: Flag = Field(
        default="N",
        description="`N`: a row whose partition value changes moves; `Y`: it never changes. Both engines look rows up in the "
        "whole table either way, so a row that does move is right with both.",
    )
    table_storage_type: Annotated[Literal["hudi"], BeforeValidator(lower)] = Field(
        default="hudi", description="The only format; the original framework's items have it."
    )

    @model_validator(mode="before")
    @classmethod
    def _empty_means_absent(cls, values: Any) -> Any:
        return without_empty(values)

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
            "pause says who stopped the table for now, and is_active says Y; take one of the two out": (
                self.pause is not None and self.is_active == "Y"
            ),
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
        """Tells one configuration of the table from another; a pause that is over has changed nothing."""
        return hashlib.sha256(self.model_dump_json(exclude={"pause"}).encode()).hexdigest()[:16]

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
