"""The folder that holds a copy of the state: a file per table, and a manifest that is written last.

    manifest.json                             where it is from, and what each file has to be
    file_tracker_history.jsonl.gz and so on   one item a line, {"Item": {"rows": {"N": "3"}, ...}}

The lines are DynamoDB JSON as its own export to and import from S3 have them (DynamoDB developer guide, "Import file
formats"), so that other programs read them, too: nothing is lost in them, numbers are the text that DynamoDB has.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from odpf.adapters.items import RECORD_VERSION
from odpf.adapters.state_tables import TypedItem
from odpf.epoch import Epoch
from odpf.errors import InvalidSettings
from odpf.settings import StagingPlace
from odpf.tables import TABLES

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
_LEVEL = 6
"""Of gzip: half of the time that its default takes, for files a hundredth larger."""
_SCALARS = frozenset({"S", "N", "BOOL", "NULL"})


def _base64(value: bytes) -> str:
    return base64.b64encode(value).decode()


_LINES = json.JSONEncoder(default=_base64, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


class InvalidExport(InvalidSettings):
    """A folder is no whole export of a state, or not one that may be imported here."""


class ExportedTable(BaseModel):
    """What the file of a table has to be.

    Attributes:
        bytes, sha256: of the file as it lies there, compressed.
        record_versions: those that its items have; configuration may come without one.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    items: int
    bytes: int
    sha256: str
    record_versions: tuple[int, ...] = ()


class StateManifest(BaseModel):
    """Where a copy of the state is from, and what it consists of.

    Attributes:
        odpf_version: the release that made it.
        endpoint: at which DynamoDB answered.
        exported_by: the identity of who made it.
        began_at, ended_at: every item is as it stood at some moment between; UTC, ISO 8601.
        staging_places, raw_bucket, artifacts_bucket: where the data lies that the state speaks of.
        epoch: that of the deployment.
        held: raw tables that a run held, with its owner.
        tables: by name without the prefix.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    format_version: int = FORMAT_VERSION
    odpf_version: str
    account: str
    region: str
    endpoint: str
    prefix: str
    exported_by: str
    began_at: str
    ended_at: str
    staging_places: tuple[StagingPlace, ...]
    raw_bucket: str
    artifacts_bucket: str
    epoch: Epoch
    held: dict[str, str]
    tables: dict[str, ExportedTable]


def file_of(folder: Path, table: str) -> Path:
    """The file of a table."""
    return folder / f"{table}.jsonl.gz"


def write_items(folder: Path, table: str, items: Iterable[TypedItem]) -> ExportedTable:
    """Write the file of a table while its items come; the same items in the same order make the same bytes."""
    file, count, versions = file_of(folder, table), 0, set[int]()
    with file.open("wb") as raw, gzip.GzipFile("", "wb", _LEVEL, raw, mtime=0) as lines:
        for item in items:
            lines.write(line_of(item) + b"\n")
            count += 1
            versions |= _record_version(item)
    return ExportedTable(
        items=count, bytes=file.stat().st_size, sha256=_digest(file), record_versions=tuple(sorted(versions))
    )


def read_items(folder: Path, table: str) -> Iterator[TypedItem]:
    """The items of a table's file, one by one."""
    with gzip.open(file_of(folder, table), "rb") as lines:
        for line in lines:
            yield {name: _typed(value) for name, value in json.loads(line)["Item"].items()}


def line_of(item: TypedItem) -> bytes:
    """An item as the line of a file; equal items have equal lines, in whatever order DynamoDB gives names and sets."""
    return _LINES.encode({"Item": {name: _ordered(value) for name, value in item.items()}}).encode()


def write_manifest(folder: Path, manifest: StateManifest) -> None:
    """Write the manifest: from here on the folder is an export."""
    (folder / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> StateManifest:
    """Read the manifest, and look whether the files are what it says.

    Raises:
        InvalidExport: the folder is no export, of another format, or its files are not those that were written.
    """
    manifest = _read(folder)
    for schema in TABLES:
        _check(folder, schema.name, manifest.tables.get(schema.name))
    return manifest


def _read(folder: Path) -> StateManifest:
    try:
        document = json.loads((folder / MANIFEST).read_bytes())
        version = int(document["format_version"])
    except FileNotFoundError:
        raise InvalidExport(
            f"{folder} is no export of a state: it has no {MANIFEST}, which an export writes last. Give the folder that "
            "`odpf state export` made; one that was interrupted has to be made again."
        ) from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InvalidExport(
            f"{folder / MANIFEST} cannot be read ({error!r}). Take another copy of the export."
        ) from None
    if version != FORMAT_VERSION:
        raise InvalidExport(
            f"{folder} has format version {version}, this release reads {FORMAT_VERSION}. It was made by "
            f"ODPF {document.get('odpf_version')}: import it with that release or a newer one."
        )
    try:
        return StateManifest.model_validate(document)
    except ValidationError as error:
        raise InvalidExport(f"{folder / MANIFEST} is damaged: {error}. Take another copy of the export.") from None


def _check(folder: Path, table: str, expected: ExportedTable | None) -> None:
    file = file_of(folder, table)
    if expected is None:
        raise InvalidExport(f"{folder / MANIFEST} does not name table {table}. Take another copy of the export.")
    if not file.is_file():
        raise InvalidExport(f"{file} is missing. Nothing was written; take another copy of the export.")
    if file.stat().st_size != expected.bytes or _digest(file) != expected.sha256:
        raise InvalidExport(
            f"{file} is not the file that was exported: its sha256 is not the one in {MANIFEST}. Nothing was written; take "
            "another copy of the export."
        )
    if newer := [version for version in expected.record_versions if version > RECORD_VERSION]:
        raise InvalidExport(
            f"{file} has items of record version {max(newer)}, this release writes {RECORD_VERSION}. Nothing was written; "
            "import it with the release that made it, or a newer one."
        )


def _record_version(item: TypedItem) -> set[int]:
    version = item.get("record_version", {}).get("N")
    return {int(version)} if version else set()


def _ordered(value: dict[str, Any]) -> dict[str, Any]:
    """A typed value with its sets in order, which they do not have."""
    ((kind, inner),) = value.items()
    if kind in _SCALARS:
        return value
    match kind:
        case "SS" | "NS" | "BS":
            return {kind: sorted(inner)}
        case "L":
            return {kind: [_ordered(each) for each in inner]}
        case "M":
            return {kind: {name: _ordered(each) for name, each in inner.items()}}
        case _:
            return value


def _typed(value: dict[str, Any]) -> dict[str, Any]:
    """A typed value as it was: JSON has no bytes."""
    ((kind, inner),) = value.items()
    if kind in _SCALARS:
        return value
    match kind:
        case "B":
            return {kind: base64.b64decode(inner)}
        case "BS":
            return {kind: [base64.b64decode(each) for each in inner]}
        case "L":
            return {kind: [_typed(each) for each in inner]}
        case "M":
            return {kind: {name: _typed(each) for name, each in inner.items()}}
        case _:
            return value


def _digest(file: Path) -> str:
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
