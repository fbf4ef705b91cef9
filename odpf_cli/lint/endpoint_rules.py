"""Rules of the endpoint settings (AWS DMS user guide, "Using Amazon S3 as a target", and the API's S3Settings)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from odpf.config_problems import did_you_mean
from odpf.config_values import RESERVED_COLUMN_PREFIXES
from odpf.states import Severity
from odpf_cli.lint.endpoint import Endpoint, Said
from odpf_cli.lint.rule import Check, Fault, Rule, Subject
from odpf_cli.lint.switch import shown, switched, whole_number
from odpf_local.dms.endpoint import SETTING_NAMES

_WITH_A_DAY = frozenset({"YYYYMMDD", "YYYYMMDDHH", "MMYYYYDD", "DDMMYYYY"})
_LONGEST_INTERVAL = 3600
_NOT_STORABLE = "Op"


def _must_be(name: str, wanted: bool, default: bool = False) -> Check:
    """Every value that a boolean setting is given is the wanted one, or its default is."""

    def check(endpoint: Endpoint) -> Iterator[Fault]:
        said = endpoint.of(name)
        if not said and default is not wanted:
            yield Fault(None, endpoint.whole)
        yield from _unlike(said, lambda value: switched(value) is wanted)

    return check


def _is_not(name: str, unwanted: bool) -> Check:
    """No value that a boolean setting is given is the unwanted one."""
    return lambda endpoint: _unlike(endpoint.of(name), lambda value: switched(value) is not unwanted)


def _unlike(said: tuple[Said, ...], fits: Callable[[Any], bool]) -> Iterator[Fault]:
    yield from (Fault(shown(each.value), each.place) for each in said if not fits(each.value))


def _plain(value: Any) -> str:
    return str(value).strip().lower().replace("_", "-")


def _parquet(endpoint: Endpoint) -> Iterator[Fault]:
    said = endpoint.of("DataFormat")
    if not said:
        yield Fault(None, endpoint.whole)
    yield from _unlike(said, lambda value: _plain(value) == "parquet")


def _timestamp_column(endpoint: Endpoint) -> Iterator[Fault]:
    said = endpoint.of("TimestampColumnName")
    if not said:
        blank = endpoint.said.get("TimestampColumnName")
        yield Fault(shown(blank[0].value) if blank else None, blank[0].place if blank else endpoint.whole)
    yield from _unlike(said, lambda value: isinstance(value, str) and bool(value.strip()))


def _timestamp_name(endpoint: Endpoint) -> Iterator[Fault]:
    def fits(value: Any) -> bool:
        name = str(value).strip().lower()
        return name != _NOT_STORABLE.lower() and not name.startswith(RESERVED_COLUMN_PREFIXES)

    yield from _unlike(endpoint.of("TimestampColumnName"), fits)


def _day(endpoint: Endpoint) -> Iterator[Fault]:
    yield from _unlike(endpoint.of("DatePartitionSequence"), lambda value: str(value).upper() in _WITH_A_DAY)


def _encrypted(endpoint: Endpoint) -> Iterator[Fault]:
    if not endpoint.of("ServerSideEncryptionKmsKeyId"):
        yield Fault(None, endpoint.whole)


def _by_that_key(endpoint: Endpoint) -> Iterator[Fault]:
    said = endpoint.of("EncryptionMode")
    if not said:
        yield Fault(None, endpoint.whole)
    yield from _unlike(said, lambda value: _plain(value) == "sse-kms")


def _said_once(endpoint: Endpoint) -> Iterator[Fault]:
    for name, said in endpoint.said.items():
        different = {_plain(each.value) for each in said}
        if len(different) > 1:
            values = " and ".join(str(shown(each.value)) for each in said)
            yield Fault(values, said[-1].place, name)
    yield from (Fault("twice", place, name) for name, place in endpoint.twice)


def _known(endpoint: Endpoint) -> Iterator[Fault]:
    for name, place in endpoint.strangers:
        yield Fault(name, place, name, fix=f"Correct or remove it{did_you_mean(name, SETTING_NAMES) or '.'}")


def _booleans(endpoint: Endpoint) -> Iterator[Fault]:
    """Of settings that no other rule holds to one value."""
    for name in ("EnableStatistics", "ParquetTimestampInMillisecond", "GlueCatalogGeneration"):
        yield from (fault._replace(setting=name) for fault in _unlike(endpoint.of(name), _is_boolean))


def _is_boolean(value: Any) -> bool:
    return switched(value) is not None


def _no_path(endpoint: Endpoint) -> Iterator[Fault]:
    yield from _unlike(endpoint.of("CdcPath"), lambda _: False)


def _staging(endpoint: Endpoint) -> Iterator[Fault]:
    """A bucket that the deployment takes files from, and another folder than one of its places.

    One below a place is another, too: the first two folders below a place are schema and table.
    """
    bucket, folder = (endpoint.of(name) for name in ("BucketName", "BucketFolder"))
    prefixes = [place.prefix for place in endpoint.places if bucket and place.bucket == bucket[0].value]
    written = f"{str(folder[0].value).strip('/')}/" if folder else ""
    if prefixes and written not in prefixes:
        yield Fault(written or None, (folder or bucket)[0].place, expected=" or ".join(prefixes))


def _private(endpoint: Endpoint) -> Iterator[Fault]:
    open_to_others = {"public-read", "public-read-write", "authenticated-read"}
    yield from _unlike(endpoint.of("CannedAclForObjects"), lambda value: _plain(value) not in open_to_others)


def _soon(endpoint: Endpoint) -> Iterator[Fault]:
    def fits(value: Any) -> bool:
        seconds = whole_number(value)
        return seconds is not None and 0 <= seconds <= _LONGEST_INTERVAL

    yield from _unlike(endpoint.of("CdcMaxBatchInterval"), fits)


def _rule(name: str, setting: str, expected: str, check: Check, reason: str, fix: str, **more: Any) -> Rule:
    return Rule(f"endpoint-{name}", Subject.ENDPOINT, setting, expected, reason, fix, check, **more)


ENDPOINT_RULES = (
    _rule(
        "data-format",
        "DataFormat",
        "parquet",
        _parquet,
        "DMS writes CSV unless it is told otherwise, and ODPF reads Parquet only: everything else is ignored.",
        "Set DataFormat to parquet.",
        demanded=True,
    ),
    _rule(
        "op-in-full-load",
        "IncludeOpForFullLoad",
        "true",
        _must_be("IncludeOpForFullLoad", True),
        "Without it full loads have no column Op, their files another shape than those of changes (engine 3.4.7 and later have it for Parquet).",
        "Set IncludeOpForFullLoad to true.",
        demanded=True,
    ),
    _rule(
        "inserts-only",
        "CdcInsertsOnly",
        "false",
        _must_be("CdcInsertsOnly", False),
        "DMS leaves out updates and deletes: the raw table departs from its source without an error.",
        "Set CdcInsertsOnly to false, and reload the tables.",
        demanded=True,
    ),
    _rule(
        "inserts-and-updates",
        "CdcInsertsAndUpdates",
        "false",
        _must_be("CdcInsertsAndUpdates", False),
        "DMS leaves out deletes and tells it only in its own log: deleted rows stay in the lake.",
        "Set CdcInsertsAndUpdates to false, and reload the tables.",
        demanded=True,
    ),
    _rule(
        "timestamp-column",
        "TimestampColumnName",
        "a column name",
        _timestamp_column,
        "Without it a file does not say when its rows were committed or transferred.",
        "Set TimestampColumnName, for example to DMS_TIMESTAMP.",
        demanded=True,
    ),
    _rule(
        "timestamp-column-name",
        "TimestampColumnName",
        "a name that is not Op and does not begin with _hoodie_ or _odpf_",
        _timestamp_name,
        "Such names belong to DMS, Hudi and ODPF: files with a column of that name go to quarantine.",
        "Choose another name, for example DMS_TIMESTAMP.",
    ),
    _rule(
        "task-start-time",
        "UseTaskStartTimeForFullLoadTimestamp",
        "true",
        _must_be("UseTaskStartTimeForFullLoadTimestamp", True),
        "Without it rows of a full load carry the time of their transfer, which can be later than that of changes made to them meanwhile.",
        "Set UseTaskStartTimeForFullLoadTimestamp to true.",
        demanded=True,
    ),
    _rule(
        "date-partition",
        "DatePartitionEnabled",
        "true",
        _must_be("DatePartitionEnabled", True),
        "Without date folders all change files of a table lie in one place, and listing it for lost events costs more every day.",
        "Set DatePartitionEnabled to true and DatePartitionSequence to YYYYMMDD.",
        demanded=True,
    ),
    _rule(
        "date-partition-day",
        "DatePartitionSequence",
        "a sequence with a day: YYYYMMDD, YYYYMMDDHH, MMYYYYDD or DDMMYYYY",
        _day,
        "Folders of whole months hold so many files that listing them costs as if there were none.",
        "Set DatePartitionSequence to YYYYMMDD.",
        demanded=True,
    ),
    _rule(
        "preserve-transactions",
        "PreserveTransactions",
        "false",
        _must_be("PreserveTransactions", False),
        "DMS then writes the changes of all tables into one folder, as CSV: no table can be told from their place.",
        "Set PreserveTransactions to false and remove CdcPath.",
        demanded=True,
    ),
    _rule(
        "cdc-path",
        "CdcPath",
        "not set",
        _no_path,
        "Changes of all tables would lie in one folder, where ODPF can tell no table from their place.",
        "Remove CdcPath.",
    ),
    _rule(
        "staging-folder",
        "BucketFolder",
        "a staging folder of the deployment",
        _staging,
        "The deployment looks into its staging folders alone: these files would be neither registered nor applied.",
        "Set BucketFolder to the staging folder, or add it to the deployment's staging places.",
    ),
    _rule(
        "encryption-key",
        "ServerSideEncryptionKmsKeyId",
        "the deployment's KMS key",
        _encrypted,
        "Without a key of its own S3 decides how staged rows of your databases are encrypted, and who may read them.",
        "Set ServerSideEncryptionKmsKeyId to the deployment's key (docs/aws.md) and EncryptionMode to SSE_KMS.",
        demanded=True,
    ),
    _rule(
        "encryption-mode",
        "EncryptionMode",
        "SSE_KMS",
        _by_that_key,
        "DMS encrypts with S3's own keys (SSE_S3, the default) and ignores the key that is named.",
        "Set EncryptionMode to SSE_KMS.",
        demanded=True,
    ),
    _rule(
        "milliseconds",
        "ParquetTimestampInMillisecond",
        "false",
        _is_not("ParquetTimestampInMillisecond", True),
        "Timestamps lose their microseconds, for good.",
        "Set ParquetTimestampInMillisecond to false, unless the source has no microseconds.",
        severity=Severity.WARNING,
    ),
    _rule(
        "statistics",
        "EnableStatistics",
        "true",
        _is_not("EnableStatistics", False),
        "Without statistics a file does not say which change sequences it holds: it is read to know whether it is late, and "
        "schema_policy narrowed: evolve proves nothing.",
        "Set EnableStatistics to true.",
        severity=Severity.WARNING,
    ),
    _rule(
        "batch-interval",
        "CdcMaxBatchInterval",
        "seconds, at most 3600 (the default is 60)",
        _soon,
        "Changes wait in DMS that long before a file of them is written; no refresh is fresher.",
        "Set CdcMaxBatchInterval to 60, or to the interval of the cadence.",
        severity=Severity.WARNING,
    ),
    _rule(
        "public-objects",
        "CannedAclForObjects",
        "none, or bucket_owner_full_control",
        _private,
        "DMS would give staged rows of your databases to everybody, or fail where the bucket forbids it.",
        "Remove CannedAclForObjects.",
    ),
    _rule(
        "said-once",
        "S3Settings",
        "one value",
        _said_once,
        "The setting is said more than once, and not alike: which value DMS takes is not documented.",
        "Say it once, in S3Settings.",
        severity=Severity.WARNING,
    ),
    _rule(
        "boolean",
        "S3Settings",
        "true or false",
        _booleans,
        "DMS takes true, false, y and n.",
        "Write true or false.",
    ),
    _rule(
        "unknown-setting",
        "S3Settings",
        "a setting of a DMS S3 endpoint",
        _known,
        "No setting of a DMS S3 endpoint has this name: what it was meant to change has its default.",
        "Correct or remove it.",
        severity=Severity.WARNING,
    ),
)
"""A new rule is one more entry, its function above."""
