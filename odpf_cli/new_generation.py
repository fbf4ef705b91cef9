"""What `odpf generation bump` does: nothing of the ending generation may wait, then the next one begins by S3's clock."""

from __future__ import annotations

import json
from datetime import datetime
from typing import NamedTuple

from file_manager.sweep import list_table
from file_processor.generation_bump import bump_generation
from file_processor.lease import Contender
from odpf.clock import iso
from odpf.errors import TerminalError
from odpf.ports import FileTracker, JobRuns, Ledger, ObjectStore
from odpf.settings import Settings
from odpf.table_config import TableConfig
from odpf.table_state import TableState
from odpf_cli.display import plural
from odpf_cli.files import waiting


class Deployment(NamedTuple):
    """The ports it takes, and whose Region this is."""

    settings: Settings
    tracker: FileTracker
    ledger: Ledger
    objects: ObjectStore
    job_runs: JobRuns
    region: str


class Bumped(NamedTuple):
    """A table's state before and after, and what a person should know."""

    former: TableState
    state: TableState
    warnings: tuple[str, ...]


def begin_generation(deployment: Deployment, config: TableConfig, since: datetime | None, who: str) -> Bumped:
    """Bump the generation of a table.

    Args:
        deployment: where it is.
        config: the table.
        since: when the new task began to write, by S3's clock; None for now.
        who: bumps it.

    Raises:
        TerminalError: files of the former task wait, the table has no commit, or `since` cannot be.
        TableLocked: a run works on the table.
        EpochRaised: another Region writes.
    """
    former = deployment.ledger.state(config.raw_table)
    if former is None:
        raise TerminalError(f"{config.raw_table} was never written, so no change can be late. Nothing was changed.")
    now = _write_down(deployment, former, since, who)
    if since is not None and since > now:
        raise TerminalError(f"--since {iso(since)} lies after {iso(now)}, the time of S3. Nothing was changed.")
    _refuse_waiting(deployment, config, since or now)
    contender = Contender.of_operator(
        deployment.ledger, deployment.job_runs, deployment.settings, deployment.region, former
    )
    state = bump_generation(contender, config.raw_table, since or now)
    return Bumped(former, state, _warnings(deployment, config))


def _write_down(deployment: Deployment, former: TableState, since: datetime | None, who: str) -> datetime:
    """Keep who bumps what, and take the time from the object: S3's own, by which landed files are compared with it."""
    bucket = deployment.settings.artifacts_bucket
    key = f"generations/{former.raw_table}/{former.generation:06d}.json"
    said = {"bumped_by": who, "since": iso(since) if since else None, "former": former.model_dump(mode="json")}
    deployment.objects.put(bucket, key, json.dumps(said).encode())
    return next(entry.last_modified for entry in deployment.objects.list(bucket, key) if entry.key == key)


def _refuse_waiting(deployment: Deployment, config: TableConfig, begins: datetime) -> None:
    """A file put before the new generation begins would be late with every row, so it has to be applied first.

    When a file was put is told by S3's clock where the listing has it; an event tells it a little late.
    """
    table, tracker = config.source_table_name, deployment.tracker
    listed = list_table(table, deployment.settings.staging_places, deployment.objects).checked().listing
    known = tracker.known(listed.values())
    unknown = [file for file in listed.values() if file.file_id not in known]  # their events are lost or on their way
    files = [listed.get(file.file_id, file) for file in waiting(tracker, table)] + unknown
    if early := [file for file in files if file.last_modified < begins]:
        raise TerminalError(
            f"{plural(len(early), 'file')} of {table}, put before {iso(begins)}, still wait; all their rows would be late. "
            f"Nothing was changed. Let them be applied (odpf run {config.refresh_cadence} --wait), then bump. If the new "
            "task wrote them already, say when it began to: --since"
        )


def _warnings(deployment: Deployment, config: TableConfig) -> tuple[str, ...]:
    table = config.source_table_name
    left = len(list(deployment.tracker.quarantined(table)))
    if not left:
        return ()
    return (
        f"{plural(left, 'file')} of {table} in quarantine: those of the former task can be released no more. "
        f"odpf quarantine list --table '{table}'",
    )
