"""Switch off each guard of the apply semantics and show that a test turns red: `make mutations`.

Every mutation is made in a copy of the checkout, one after the other; a guard whose loss no test notices is a failure. The
tests are those of the Arrow engine and of the pure decisions, which need neither Spark nor an embedded AWS.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

_REPOSITORY = Path(__file__).resolve().parents[1]
_ENGINES = "file_processor/engines/arrow"


class Mutation(NamedTuple):
    """A guard that is switched off.

    Attributes:
        guard: what it keeps, with the scenario.
        path: of the module.
        text: what stands there, once.
        instead: what is put in its place.
        tests: arguments of pytest; at least one test of them must fail.
    """

    guard: str
    path: str
    text: str
    instead: str
    tests: str


MUTATIONS = (
    Mutation(
        "order within a batch: the newest row of a key (S1, S2)",
        f"{_ENGINES}/reduction.py",
        '.aggregate([(_RANK, "max")])[f"{_RANK}_max"]',
        '.aggregate([(_RANK, "min")])[f"{_RANK}_min"]',
        "tests/engines/test_order_of_changes.py -k 'arrow and not spark'",
    ),
    Mutation(
        "order against the table: older never overwrites newer (S4)",
        f"{_ENGINES}/reduction.py",
        "beaten = pc.fill_null(pc.greater_equal(order, latest[ORDER].combine_chunks()), False)",
        "beaten = pa.repeat(pa.scalar(False), latest.num_rows)",
        "tests/engines/test_order_of_changes.py -k 'arrow and not spark'",
    ),
    Mutation(
        "deleted rows are remembered (S5)",
        f"{_ENGINES}/deletes.py",
        "is_newer = pc.fill_null(pc.greater(deleted, order), False)",
        "is_newer = pc.fill_null(pc.less(deleted, order), False)",
        "tests/engines/test_deleted_rows.py -k 'arrow and not spark'",
    ),
    Mutation(
        "deletes are looked for in every file since (S5)",
        "file_processor/applied_deletes.py",
        ">= (position.generation, position.sequence)",
        "> (position.generation, '9')",
        "tests/engines/test_deleted_rows.py -k 'arrow and not spark'",
    ),
    Mutation(
        "a delete that cannot be looked up sends the row to quarantine (S5)",
        f"{_ENGINES}/deletes.py",
        "pc.less_equal(order, log.gone_through)",
        "pc.less(order, '')",
        "tests/engines/test_deleted_rows.py -k 'arrow and not spark'",
    ),
    Mutation(
        "the floor of a generation: a load holds what was applied before it (S10, R3a)",
        f"{_ENGINES}/rows.py",
        "return pc.if_else(pc.less_equal(sequence, plan.floor), before, own)",
        "return pa.repeat(own, len(sequence))",
        "tests/engines/test_loads.py -k 'arrow and not spark'",
    ),
    Mutation(
        "before images: a changed key leaves no row behind (S11)",
        "file_processor/key_changes.py",
        "return {key: column for key, column in named.items() if column in columns}",
        "return {}",
        "tests/engines/test_key_changes.py -k 'arrow and not spark'",
    ),
    Mutation(
        "keys that Hudi cannot tell apart (S12)",
        f"{_ENGINES}/rows.py",
        "found = [_when(pc.is_null(columns[key]), problems.key_part_is_null(key)) for key in keys]",
        "found = []",
        "tests/engines/test_keys_and_partitions.py tests/arrow/test_keys.py -k 'arrow and not spark'",
    ),
    Mutation(
        "a history tells changes apart by the source's log position (S15)",
        "file_processor/columns.py",
        "*(_KEY_BY_POSITION if config.stream_position else HISTORY_KEY)",
        "*HISTORY_KEY",
        "tests/engines/test_history.py -k 'arrow and not spark'",
    ),
    Mutation(
        "a reload is not compared by what DMS adds (S9)",
        "file_processor/columns.py",
        "return _with_a_part(config) | {*config.cdc_extra_columns}",
        "return _with_a_part(config)",
        "tests/engines/test_reload_difference.py -k 'arrow and not spark'",
    ),
    Mutation(
        "rows that move between partitions (S13)",
        f"{_ENGINES}/reduction.py",
        "return pc.fill_null(pc.and_(pc.equal(effect, UPDATED), elsewhere), False)",
        "return pa.repeat(pa.scalar(False), latest.num_rows)",
        "tests/engines/test_keys_and_partitions.py -k 'arrow and not spark'",
    ),
    Mutation(
        "intervals end where the next change begins (S16)",
        f"{_ENGINES}/intervals.py",
        'pc.sort_indices(events, sort_keys=[(KEY, "ascending"), (ORDER, "ascending")])',
        'pc.sort_indices(events, sort_keys=[(KEY, "ascending"), (ORDER, "descending")])',
        "tests/engines/test_intervals.py -k 'arrow and not spark'",
    ),
    Mutation(
        "intervals that a delete has ended stay ended (S16)",
        f"{_ENGINES}/intervals.py",
        "ended = _ended(stored, _loaded(batch, plan), plan)",
        "ended = stored.schema.empty_table()",
        "tests/engines/test_intervals.py -k 'arrow and not spark'",
    ),
    Mutation(
        "soft deletes keep the newest values (S17)",
        f"{_ENGINES}/merged_rows.py",
        "is_fresh = pc.equal(rows[VALUES_ORDER], rows[UPSERT]).fill_null(False)",
        "is_fresh = pc.is_valid(rows[UPSERT])",
        "tests/engines/test_soft_deletes.py tests/arrow/test_random_sequences.py -k 'arrow and not spark'",
    ),
    Mutation(
        "a load is applied when it is whole (S8)",
        "file_processor/load_completion.py",
        "    if verdict.is_whole:\n",
        "    if verdict is not None:\n",
        "tests/file_processor/test_load_completion.py tests/file_processor/test_load_gate.py",
    ),
    Mutation(
        "a reload without a row it can apply empties no table (S9)",
        "file_processor/applying.py",
        "if batch.kind is CycleKind.RELOAD and rows and reduced.loaded == 0:",
        "if False:",
        "tests/engines/test_loads.py tests/engines/test_reload_difference.py -k 'arrow and not spark'",
    ),
    Mutation(
        "schema policy: nothing narrows without a word (S19)",
        "file_processor/schema_policy.py",
        "if refusals := tuple(change for change in changes if change.is_refusal):",
        "if refusals := ():",
        "tests/file_processor/test_schema_policy.py",
    ),
    Mutation(
        "the key encoding of the table (S24)",
        "file_processor/table_properties.py",
        "return found in (expected, _KEY_GENERATORS[expected])",
        "return bool(found)",
        "tests/file_processor/test_runtime_guard.py",
    ),
    Mutation(
        "a table keeps its key, partition, type and mode (S25)",
        "odpf/table_config.py",
        "return {name: (was[name], value) for name, value in wanted.items() if was.get(name, value) != value}",
        "return {}",
        "tests/file_processor tests/engines/test_keys_and_partitions.py -k 'not spark and (arrow or made_with or identity or table_run)'",
    ),
    Mutation(
        "files that history has are not applied again (S6, R1)",
        "file_processor/table_run.py",
        "return tuple(file for file in files if file.file_id not in done | just_settled)",
        "return files",
        "tests/file_processor/test_table_run.py tests/file_processor/test_crashes.py",
    ),
    Mutation(
        "a rebuild stops where a file that was applied is gone",
        "file_processor/rebuild.py",
        "if each.state is not FileState.PROCESSED]",
        "if False]",
        "tests/engines/test_rebuild.py -k 'arrow and not spark'",
    ),
    Mutation(
        "a commit whose files were cleaned is not read",
        "file_processor/time_travel.py",
        "return found if _whole(found, later) else None",
        "return found",
        "tests/arrow/test_cleaning.py",
    ),
    Mutation(
        "a rebuilt table has the floor of its load (S10)",
        "file_processor/rebuild_steps.py",
        "        floor=state.floor,\n",
        '        floor="",\n',
        "tests/engines/test_rebuild.py -k 'arrow and not spark'",
    ),
)


def main() -> int:
    """Try all; 1 if a guard's loss is not noticed, or its text is no longer there."""
    shown = Table("guard", "tests", "noticed")
    lost = 0
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        copy_checkout(copy)
        for mutation in MUTATIONS:
            verdict = _try(copy, mutation)
            lost += verdict != "red"
            shown.add_row(mutation.guard, mutation.tests.split(" -k")[0], verdict)
            print(f"{mutation.guard}: {verdict}", file=sys.stderr, flush=True)
    Console().print(shown)
    return min(lost, 1)


def copy_checkout(folder: Path) -> None:
    """The tracked files as they stand."""
    listed = subprocess.run(["git", "ls-files"], cwd=_REPOSITORY, capture_output=True, text=True, check=True)
    for name in listed.stdout.splitlines():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_REPOSITORY / name, target)


def _try(copy: Path, mutation: Mutation) -> str:
    path = copy / mutation.path
    original = path.read_text()
    if original.count(mutation.text) != 1:
        return "its text is not there"
    path.write_text(original.replace(mutation.text, mutation.instead))
    try:
        return "red" if _fails(copy, mutation.tests) else "GREEN"
    finally:
        path.write_text(original)


def _fails(copy: Path, arguments: str) -> bool:
    """Whether a test fails; no test at all, or a broken one, counts as none."""
    command = f"{sys.executable} -m pytest -x -q -p no:cacheprovider -m 'not soak and not more' {arguments}"
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    done = subprocess.run(["sh", "-c", command], cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.returncode == 1


if __name__ == "__main__":
    sys.exit(main())
