"""The state of one raw table in `odpf_file_processing_tracker`: lease, fence, high-water mark, generation, intent."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from odpf.attempts import Attempts
from odpf.states import RefreshStatus


class Intent(BaseModel):
    """What the owner is about to commit; recovery compares its batch id with the table's timeline.

    Attributes:
        batch_id: digest of the ordered file ids, generation and configuration.
        uri: the object that holds the FileBatch (file ids, positions, counts known before the commit), empty where the
            commit carries it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    batch_id: str
    uri: str = ""


class TableState(BaseModel):
    """One item of the processing tracker.

    Attributes:
        lease_owner: Glue job run id of the writer, None when nobody holds the table.
        lease_epoch, lease_region: the deployment's epoch in which the table was last taken, and the owner's Region.
        fence: grows with every acquisition, never falls.
        generation: counts the loads applied, and the times that an operator raised it; 0 before the first.
        floor: high-water sequence when the load was applied.
        high_water_mark: text form of the greatest order position applied, None before the first commit.
        load_started_at: LastModified of the generation's first LOAD object, or the moment from which an operator's counts, ISO 8601.
        load_id: digest of the newest load's LOAD objects.
        place: what a rebuild has added to the name of the table's folder; empty for the folder of its own name.
        identity: key, partition, table type and mode the table was made with.
        commit_instant: Hudi instant of the last file batch that is settled.
        catalog_digest: digest of what the Glue Data Catalog was last told of this table.
        epoch: in which ledger and timeline were last found to agree; a later one has still to take the table over.
        seam: the newest instant of the timeline when that epoch took the table over, empty without one; None in epoch 0.
        first_in_epoch: the first instant behind the seam; nothing may ever appear between the two.
        table_bytes: size of the data files that readers read after the last commit, at most a bound (Timeline.data_bytes).
        active_commits: completed instants of the active timeline after the last commit or maintenance; None of a table that
            an earlier release wrote last.
        only_spark: what the last run found that Arrow cannot do about the table; None when nothing stands against it.
        last_change_at: commit time of the newest change applied, ISO 8601.
        pace: how long the table's last runs took beside what their bytes say: 2 is twice as long; None before the first.
        attempts: acquisitions since the table was last given back in good order; None after that.
        run_id: of the last run that wrote this item.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    raw_table: str
    source_table_name: str
    refresh_status: RefreshStatus | None = None
    lease_owner: str | None = None
    lease_epoch: int = Field(default=0, ge=0)
    lease_region: str | None = None
    fence: int = Field(default=0, ge=0)
    generation: int = Field(default=0, ge=0)
    floor: str = ""
    high_water_mark: str | None = None
    load_started_at: str | None = None
    load_id: str | None = None
    place: str = ""
    identity: dict[str, str] = Field(default_factory=dict)
    intent: Intent | None = None
    commit_instant: str | None = None
    catalog_digest: str | None = None
    epoch: int = Field(default=0, ge=0)
    seam: str | None = None
    first_in_epoch: str | None = None
    table_bytes: int | None = None
    active_commits: int | None = None
    only_spark: str | None = None
    last_change_at: str | None = None
    last_error: str | None = None
    pace: float | None = None
    attempts: Attempts | None = None
    run_id: str | None = None
    updated_at: str | None = None

    @property
    def exists(self) -> bool:
        """Whether the raw table has a commit."""
        return self.high_water_mark is not None
