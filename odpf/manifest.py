"""The run manifest: what the plan step froze, in S3; only pointers to it travel through Step Functions and Glue.

Layout below the artifacts bucket: `runs/<run id>/run.json` (RunManifest), `runs/<run id>/batches/<n>.json`
(BatchManifest, n counts from 0; `<n>.<k>.json` is what an invocation left of it, k tables),
`runs/<run id>/summary.json` (what `odpf run --wait` prints), `runs/<run id>/rebuild.json` (RebuildReport).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odpf.audit import TableResult
from odpf.errors import InvalidManifest
from odpf.landed_file import LandedFile
from odpf.rebuild import Rebuild
from odpf.settings import Settings
from odpf.states import Compute, EngineName
from odpf.table_config import CadenceConfig, TableConfig

MANIFEST_VERSION = 6


class _Manifest(BaseModel):
    """A document with a format version and a digest over the rest of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def to_bytes(self) -> bytes:
        """Encode with version and digest."""
        body = self.model_dump(mode="json")
        document = {"version": MANIFEST_VERSION, "digest": _digest(body), "body": body}
        return json.dumps(document, ensure_ascii=False).encode()

    @classmethod
    def from_bytes(cls, content: bytes) -> Self:
        """Decode and check.

        Raises:
            InvalidManifest: not a manifest, of another version, or changed since it was written.
        """
        try:
            document = json.loads(content)
            version, digest, body = document["version"], document["digest"], document["body"]
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidManifest(
                f"Not a run manifest ({error!r}). Start the cadence again: `odpf run CADENCE`."
            ) from None
        if version != MANIFEST_VERSION:
            raise InvalidManifest(
                f"The manifest has format version {version}, this release reads {MANIFEST_VERSION}. "
                "Deploy the job and the Lambdas from one release, then start the cadence again."
            )
        if digest != _digest(body):
            raise InvalidManifest("The manifest was changed after it was written. Start the cadence again.")
        try:
            return cls.model_validate(body)
        except ValidationError as error:
            raise InvalidManifest(f"The manifest does not fit its format: {error}. Start the cadence again.") from None


class TableWork(BaseModel):
    """One table of a batch: its configuration as of the plan, and the frozen set of its pending files.

    `staged_loads` are all LOAD objects now in staging, listed only when a pending file is one: a reload may have
    put some of them again with the same bytes. `engine` is what the plan expects to process it, with the reason; a job
    run that finds the table other than the ledger said takes Spark instead. `table_bytes` are those of the data files
    that have to be searched and rewritten, as the ledger has them; None when it does not say; `pace` is how long the
    table's last runs took beside what their bytes say (`TableState.pace`). With `maintenance` the
    table's timeline is archived, and no file is applied; with `rebuild` the files that were applied are applied again. `put_back` are LOAD objects that were put again with bytes that
    an earlier generation had applied, so that history has them; `full_load_completion` is the rule by which the load
    among the files is whole, None without a load.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    config: TableConfig
    files: tuple[LandedFile, ...]
    staged_loads: tuple[LandedFile, ...] = ()
    put_back: tuple[LandedFile, ...] = ()
    full_load_completion: str | None = None
    engine: EngineName = EngineName.SPARK
    engine_reason: str = ""
    table_bytes: int | None = None
    pace: float = 1.0
    maintenance: bool = False
    rebuild: Rebuild | None = None

    @property
    def inputs(self) -> tuple[LandedFile, ...]:
        """What is known when it is planned of what will be read."""
        return (*self.files, *self.put_back)


class BatchManifest(_Manifest):
    """What one job run, or one Lambda invocation, does; `epoch` and `region` are those of the plan, and it runs in no others."""

    run_id: str
    started_at: str
    batch_no: int = Field(ge=0)
    epoch: int = Field(default=0, ge=0)
    region: str = ""
    settings: Settings
    cadence: CadenceConfig
    compute: Compute = Compute.GLUE
    tables: tuple[TableWork, ...]


class RunManifest(_Manifest):
    """One run of a cadence: how many batches, which tables in each, and the tables that the plan itself decided.

    `started_at` is UTC, ISO 8601 with microseconds; it begins the audit key of every table of the run.
    """

    run_id: str
    started_at: str
    refresh_cadence: str
    batches: tuple[tuple[PlannedTable, ...], ...]
    decided: tuple[TableResult, ...] = ()
    warnings: tuple[str, ...] = ()


class PlannedTable(BaseModel):
    """A table's names within a run manifest."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source_table_name: str
    raw_database_name: str
    raw_table_name: str
    files: int
    bytes: int

    @classmethod
    def of(cls, table: TableWork) -> Self:
        """The names, and how much there is to read."""
        return cls(
            source_table_name=table.config.source_table_name,
            raw_database_name=table.config.raw_database_name,
            raw_table_name=table.config.raw_table_name,
            files=len(table.inputs),
            bytes=sum(file.size for file in table.inputs),
        )


RunManifest.model_rebuild()


def run_prefix(run_id: str) -> str:
    """Key prefix of everything a run writes for itself."""
    return f"runs/{run_id}"


def run_key(run_id: str) -> str:
    """Key of the run manifest."""
    return f"{run_prefix(run_id)}/run.json"


def batch_key(run_id: str, batch_no: int) -> str:
    """Key of a batch manifest; the state machine builds the same text with States.Format."""
    return f"{run_prefix(run_id)}/batches/{batch_no}.json"


def rest_key(run_id: str, batch_no: int, tables: int) -> str:
    """Key of the manifest of what an invocation left of a batch: fewer tables every time."""
    return f"{run_prefix(run_id)}/batches/{batch_no}.{tables}.json"


def summary_key(run_id: str) -> str:
    """Key of the run's summary."""
    return f"{run_prefix(run_id)}/summary.json"


def report_key(run_id: str) -> str:
    """Key of the report of a run that rebuilt a table."""
    return f"{run_prefix(run_id)}/rebuild.json"


def _digest(body: Any) -> str:
    canonical = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
