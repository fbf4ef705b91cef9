"""What stands against adopting a table, and what a person should know before. Pure: facts in, findings out (docs/adopt.md)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from file_processor.adoption_facts import StagedFiles, TableFacts
from file_processor.inspection import Inspection
from file_processor.table_properties import TableProperties
from odpf.adoption import AdoptionCheck, Finding
from odpf.states import Severity
from odpf.table_config import TableConfig
from odpf.table_state import TableState

_VERSIONS = ("3", "4", "5", "6")
"""Table versions of Hudi 0.10 to 0.15, whose timelines and data files look alike; later ones have another layout."""
_NAMED = 3


def check_adoption(
    config: TableConfig,
    state: TableState | None,
    facts: TableFacts,
    staged: StagedFiles,
    now: datetime,
    quiet_minutes: int,
) -> AdoptionCheck:
    """Judge one table.

    Args:
        config: as it is to be kept from then on.
        state: what the ledger has of the raw table.
        facts: of the table that is adopted.
        staged: its staged files.
        now: for a store whose listings do not tell the time.
        quiet_minutes: how long nothing may have been written to its timeline.
    """
    findings = [
        *_of_odpf(config, state),
        *_of_timeline(facts, facts.listed_at or now, timedelta(minutes=quiet_minutes)),
        *(_of_properties(facts.properties, config) if facts.properties else ()),
        *_of_rows(facts),
        *_of_files(config, facts, staged),
    ]
    return AdoptionCheck(
        source_table_name=config.source_table_name,
        raw_table=config.raw_table,
        location=facts.location,
        mark=facts.keys.mark if facts.keys else None,
        rows=facts.keys.rows if facts.keys else None,
        files_applied=len(staged.applied),
        files_straddling=tuple(each.chosen.file.name for each in staged.straddling),
        files_waiting=len(staged.waiting) + len(staged.straddling),
        findings=tuple(findings),
    )


def _against(subject: str, sentence: str) -> Finding:
    return Finding(subject=subject, severity=Severity.ERROR, sentence=sentence)


def _told(subject: str, sentence: str) -> Finding:
    return Finding(subject=subject, severity=Severity.WARNING, sentence=sentence)


def _judged(subject: str, problem: str | None, fine: str) -> Finding:
    return _against(subject, problem) if problem else Finding(subject=subject, severity=Severity.OK, sentence=fine)


def _of_odpf(config: TableConfig, state: TableState | None) -> Iterator[Finding]:
    if state is not None and (state.exists or state.intent):
        yield _against("ledger", f"{config.raw_table} is written by ODPF already; there is nothing to adopt.")
    if config.table_data_versioning_type == "V" or config.delete_mode == "soft":
        yield _against(
            "mode",
            "Validity intervals and soft deletes need changes that the table does not have. Adopt it with S or H, then build it "
            f"anew from its staged files: odpf resnapshot --table {config.source_table_name} --with PATH",
        )


def _of_timeline(facts: TableFacts, now: datetime, quiet: timedelta) -> Iterator[Finding]:
    timeline = facts.timeline
    if facts.properties is None or not timeline.instants:
        yield _against("timeline", f"At {facts.location} is no Hudi table with a commit. Say where it lies: --from")
        return
    pending = [f"{each.action} {each.instant}" for each in timeline.pending]
    unfinished = (
        f"Not finished: {', '.join(pending[:_NAMED])}. Let the former framework finish or roll back what it has begun, then "
        "stop it."
    )
    yield _judged(
        "timeline", unfinished if pending else None, f"Commits: {len(timeline.instants)}; none is unfinished."
    )
    age = now - facts.written_at if facts.written_at else quiet
    recent = (
        f"Something was written there {int(age.total_seconds() // 60)} minutes ago. Stop the former framework's schedule and "
        f"jobs, and wait until nothing was written for {int(quiet.total_seconds() // 60)} minutes (--quiet-minutes)."
    )
    yield _judged("writers", recent if age < quiet else None, "Nothing was written lately.")


def _of_properties(said: TableProperties, config: TableConfig) -> Iterator[Finding]:
    version = said.version or "?"
    yield _judged(
        "version",
        None
        if version in _VERSIONS
        else f"It is of Hudi table version {version}; {', '.join(_VERSIONS)} can be adopted.",
        f"Hudi table version {version}.",
    )
    is_copy = (said.table_type or "").upper() == "COPY_ON_WRITE"
    yield _judged(
        "type", None if is_copy else f"It is {said.table_type or '?'}; copy_on_write can be adopted.", "copy_on_write."
    )
    keys = config.hudi_primary_key
    wanted = (*keys, config.hudi_precombine_field) if config.table_data_versioning_type == "H" else keys
    yield _same("key", said.record_key, ",".join(wanted), "hudi_primary_key and table_data_versioning_type")
    yield _same("partition", said.partition_fields, config.hudi_partition_key or "", "hudi_partition_key")
    yield _same("precombine", said.precombine, config.hudi_precombine_field, "hudi_precombine_field")
    if said.payload and said.payload != "DefaultHoodieRecordPayload":
        yield _told(
            "payload",
            f"Rows were written with {said.payload}, which lets older rows overwrite newer ones: compare the table with its "
            "source.",
        )
    if said.has_metadata_table:
        yield _told("metadata table", "It has a metadata table; the adopted one has none and needs none.")
    for property_ in said.lacks_whole_rows():
        yield _against("properties", f"{property_}: its data files do not hold whole rows.")


def _same(subject: str, found: str | None, wanted: str, key: str) -> Finding:
    has = ",".join(part.strip().split(":")[0] for part in (found or "").lower().split(","))
    problem = f"The table says {has or 'none'}, the configuration {wanted or 'none'}. Correct {key}."
    return _judged(subject, problem if has != wanted else None, f"{wanted or 'none'}, as configured.")


def _of_rows(facts: TableFacts) -> Iterator[Finding]:
    for found in facts.inspections:
        if found.problem:
            yield _against("data files", f"{found.chosen.file.path}: {found.problem}")
            return
    keys = facts.keys
    if keys is None:
        if facts.inspections:
            yield _against("sequence", "A data file does not have the column of hudi_precombine_field.")
        return
    yield _judged(
        "keys",
        f"{keys.twice} of {keys.rows} rows have a key that another row has. Which one is right nobody can tell from them: reload "
        "the table instead."
        if keys.twice
        else None,
        f"Rows: {keys.rows}; no key is there twice.",
    )
    yield _judged(
        "sequence",
        f"{keys.malformed} rows have a change sequence that is no text of 35 digits, so they have no place in the order."
        if keys.malformed
        else None,
        f"Rows of a load: {keys.loaded}; greatest change sequence: {keys.mark or 'none'}.",
    )


def _of_files(config: TableConfig, facts: TableFacts, staged: StagedFiles) -> Iterator[Finding]:
    if newer := staged.newer_loads:
        yield _against(
            "full load",
            f"{newer[0].chosen.file.path} was put after the table was last written. Do not adopt it: that full load makes it anew.",
        )
    if not staged.every:
        yield _told(
            "staged files", f"No file of {config.source_table_name} is in staging; deletes and rebuilds need them."
        )
        return
    yield _told(
        "staged files",
        f"{len(staged.applied)} go to history as already applied, {len(staged.waiting) + len(staged.straddling)} wait "
        f"({len(staged.straddling)} with rows on both sides of the mark).",
    )
    if unreadable := [each for each in staged.waiting if each.problem]:
        yield _told("staged files", f"{unreadable[0].chosen.file.path}: {unreadable[0].problem}")
    if difference := _columns_differ(facts.inspections, staged.every):
        yield _told("columns", difference)


def _columns_differ(table: Sequence[Inspection], files: Sequence[Inspection]) -> str | None:
    """Columns that only the table or only the readable staged files have; None where there are none."""
    stored, landed = ({name for each in some for name, _ in each.columns} for some in (table, files))
    only_stored, only_landed = sorted(stored - landed), sorted(landed - stored)
    if not landed or not (only_stored or only_landed):
        return None
    return (
        f"Only the table has {', '.join(only_stored) or 'nothing'}; only staged files have {', '.join(only_landed) or 'nothing'}. "
        "What schema_policy says is done with files that wait."
    )
