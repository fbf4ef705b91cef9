"""The settings of a DMS S3 target endpoint that decide what the files look like.

Names and defaults are those of the DMS API (`S3Settings` of CreateEndpoint); what DMS has and the stand-in cannot
honour is refused, what does not touch the files' content is ignored with a note.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic.alias_generators import to_pascal

from odpf_local.dms.errors import InvalidEndpointSettings

_CSV_ONLY = frozenset(
    [
        "CsvRowDelimiter",
        "CsvDelimiter",
        "UseCsvNoSupValue",
        "CsvNoSupValue",
        "CsvNullValue",
        "AddColumnName",
        "Rfc4180",
        "IgnoreHeaderRows",
        "AddTrailingPaddingCharacter",
    ]
)
_NOT_CONTENT = frozenset(
    [
        "ServiceAccessRoleArn",
        "EncryptionMode",
        "ServerSideEncryptionKmsKeyId",
        "CannedAclForObjects",
        "ExpectedBucketOwner",
        "GlueCatalogGeneration",
        "EncodingType",
        "DictPageSizeLimit",
        "DataPageSize",
        "ExternalTableDefinition",
    ]
)
_DATE_FORMATS = {
    "YYYYMMDD": ("%Y", "%m", "%d"),
    "YYYYMMDDHH": ("%Y", "%m", "%d", "%H"),
    "YYYYMM": ("%Y", "%m"),
    "MMYYYYDD": ("%m", "%Y", "%d"),
    "DDMMYYYY": ("%d", "%m", "%Y"),
}
_DELIMITERS = {"SLASH": "/", "DASH": "-", "UNDERSCORE": "_", "NONE": ""}


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower().replace("_", "-") if isinstance(value, str) else value


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        raise ValueError(f"{name!r} is no time zone; write Area/Location, for example Asia/Seoul") from None
    return name


class EndpointSettings(BaseModel):
    """What the stand-in honours of `S3Settings`; attributes are the DMS names in snake case.

    `max_file_size` (KB) splits full loads; DMS documents it for .csv files only.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", alias_generator=to_pascal, populate_by_name=True)

    bucket_name: str | None = None
    bucket_folder: str = ""
    data_format: Annotated[Literal["parquet"], BeforeValidator(_lower)]
    compression_type: Annotated[Literal["none", "gzip"], BeforeValidator(_lower)] = "none"
    parquet_version: Annotated[Literal["parquet-1-0", "parquet-2-0"], BeforeValidator(_lower)] = "parquet-1-0"
    enable_statistics: bool = True
    row_group_length: int = Field(default=10_000, ge=1)
    date_partition_enabled: bool = False
    date_partition_sequence: Annotated[
        Literal["YYYYMMDD", "YYYYMMDDHH", "YYYYMM", "MMYYYYDD", "DDMMYYYY"], BeforeValidator(_upper)
    ] = "YYYYMMDD"
    date_partition_delimiter: Annotated[Literal["SLASH", "DASH", "UNDERSCORE", "NONE"], BeforeValidator(_upper)] = (
        "SLASH"
    )
    date_partition_timezone: Annotated[str, AfterValidator(_zone)] = "UTC"
    include_op_for_full_load: bool = False
    cdc_inserts_only: bool = False
    cdc_inserts_and_updates: bool = False
    timestamp_column_name: str = ""
    use_task_start_time_for_full_load_timestamp: bool = False
    parquet_timestamp_in_millisecond: bool = False
    cdc_max_batch_interval: float = Field(default=60, ge=0)
    cdc_min_file_size: int = Field(default=32_000, ge=0)
    max_file_size: int = Field(default=1_048_576, ge=1, le=1_048_576)
    preserve_transactions: bool = False
    cdc_path: str = ""

    @model_validator(mode="after")
    def _changes_agree(self) -> Self:
        if self.cdc_inserts_only and self.cdc_inserts_and_updates:
            raise ValueError("CdcInsertsOnly and CdcInsertsAndUpdates cannot both be true")
        if self.preserve_transactions or self.cdc_path:
            raise ValueError("PreserveTransactions and CdcPath (transaction order) exist for .csv only; remove them")
        return self

    @property
    def prefix(self) -> str:
        """BucketFolder with its closing slash, empty without one."""
        folder = self.bucket_folder.strip("/")
        return f"{folder}/" if folder else ""

    @property
    def load_has_operation(self) -> bool:
        """Whether a full load has the column `Op`."""
        return self.include_op_for_full_load

    @property
    def changes_have_operation(self) -> bool:
        """Whether change files have the column `Op`."""
        return self.include_op_for_full_load or not (self.cdc_inserts_only or self.cdc_inserts_and_updates)

    @property
    def operations(self) -> tuple[str, ...]:
        """The operations that are written at all; DMS drops the others without a word in the data."""
        if self.cdc_inserts_only:
            return ("I",)
        return ("I", "U") if self.cdc_inserts_and_updates else ("I", "U", "D")

    def local(self, moment: datetime) -> datetime:
        """A moment in DatePartitionTimezone, which date folders and names of change files use."""
        return moment.astimezone(ZoneInfo(self.date_partition_timezone))

    def date_folder(self, committed_at: datetime) -> str:
        """The date folder of a transaction with its closing slash, empty without date partitions."""
        if not self.date_partition_enabled:
            return ""
        moment = self.local(committed_at)
        parts = _DATE_FORMATS[self.date_partition_sequence]
        return _DELIMITERS[self.date_partition_delimiter].join(moment.strftime(part) for part in parts) + "/"


SETTING_NAMES = frozenset(to_pascal(name) for name in EndpointSettings.model_fields) | _CSV_ONLY | _NOT_CONTENT
"""Every setting of a DMS S3 endpoint that is known here (DMS API, S3Settings)."""


def parse_endpoint_settings(content: str | bytes) -> tuple[EndpointSettings, tuple[str, ...]]:
    """Read endpoint settings JSON, bare or below `S3Settings`.

    Returns:
        The settings, and notes on what was ignored.

    Raises:
        InvalidEndpointSettings: not JSON, or settings that cannot be honoured; the message lists all of them.
    """
    values = _document(content)
    ignored = sorted(_NOT_CONTENT & set(values) | _CSV_ONLY & set(values))
    notes = tuple(f"{name} is ignored: it does not change what Parquet files hold." for name in ignored)
    honoured = {name: value for name, value in values.items() if name not in ignored and value is not None}
    if str(honoured.get("DataFormat", "csv")).lower() != "parquet":
        raise InvalidEndpointSettings(
            "DataFormat is not parquet (the default of DMS is csv). ODPF reads Parquet only: set DataFormat to parquet."
        )
    try:
        return EndpointSettings.model_validate(honoured), notes
    except ValidationError as error:
        problems = "; ".join(_problem(each["loc"], each["msg"], each["type"]) for each in error.errors())
        raise InvalidEndpointSettings(f"The endpoint settings cannot be used: {problems}. Correct the file.") from None


def read_endpoint_settings(path: Path) -> tuple[EndpointSettings, tuple[str, ...]]:
    """Read an endpoint settings file; see `parse_endpoint_settings`."""
    try:
        return parse_endpoint_settings(path.read_bytes())
    except OSError as error:
        raise InvalidEndpointSettings(f"{path}: {error.strerror}. Give a file with endpoint settings JSON.") from None


def _document(content: str | bytes) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except ValueError as error:
        raise InvalidEndpointSettings(
            f"The endpoint settings are not JSON ({error}). Export them with `aws dms describe-endpoints`."
        ) from None
    if isinstance(document, dict) and "S3Settings" in document:
        document = document["S3Settings"]
    if not isinstance(document, dict):
        raise InvalidEndpointSettings('The endpoint settings are no object. Write {"S3Settings": {...}}.')
    return document


def _problem(place: tuple[int | str, ...], message: str, kind: str) -> str:
    name = str(place[0]) if place else "S3Settings"
    if kind == "extra_forbidden":
        return f"{name}: no setting of a DMS S3 endpoint"
    return f"{name}: {message}"
