"""An export while runs work: whatever they do between two pages of its scans, the next run goes on from the copy.

What that run would do is played here on the copy: finish the commits that the ledger does not know, sweep, filter by
history, apply the rest. Every file has to be applied exactly once.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any, NamedTuple

import pytest

from odpf.adapters.aws import Aws
from odpf.adapters.caller import Caller
from odpf.adapters.clients import Dynamo
from odpf.adapters.state_tables import state_tables
from odpf.landed_file import LandedFile
from odpf.states import RefreshStatus
from odpf.table_state import Intent, TableState
from odpf.tables import FILE_TRACKER, FILE_TRACKER_HISTORY, PROCESSING_TRACKER
from odpf_cli import state_export
from odpf_cli.state_export import READ_IN_ORDER, Origin, export_state
from odpf_cli.state_folder import read_items, read_manifest
from tests.behaviours.builders import NOW, SETTINGS, landed, processed

ITEMS_A_PAGE, STEPS_A_PAGE, STEPS_BEFORE = 3, 8, 50
NAMES = ("a", "b")
TRACKERS = [SETTINGS.table(schema.name) for schema in (FILE_TRACKER, FILE_TRACKER_HISTORY)]


class Deployment:
    """Some tables and their runs, one step at a time; each run takes what waits and some files more.

    Attributes:
        landed: every file so far, by table.
        commits: instant and file ids of every commit in the timelines, by table.
    """

    def __init__(self, aws: Aws, seed: int) -> None:
        self._aws, self._random, self._numbers = aws, random.Random(seed), count(1)
        self.landed: dict[str, dict[str, LandedFile]] = {name: {} for name in NAMES}
        self.commits: dict[str, list[tuple[str, set[str]]]] = {name: [] for name in NAMES}
        self._runs = {name: self._run(name) for name in NAMES}

    def files(self) -> dict[str, set[str]]:
        return {name: set(files) for name, files in self.landed.items()}

    def step(self) -> None:
        next(self._runs[self._random.choice(NAMES)])

    def land(self, name: str, files: int) -> None:
        for _ in range(files):
            file = landed(next(self._numbers), f"shop/{name}")
            self._aws.tracker.register(file, NOW)
            self.landed[name][file.file_id] = file

    def _run(self, name: str) -> Iterator[None]:
        """The steps of `TableRun`, again and again; now and then without a commit, as when no row changes."""
        ledger, tracker, raw_table = self._aws.ledger, self._aws.tracker, f"shop_raw.{name}"
        while True:
            self.land(name, self._random.randint(1, 3))
            yield
            files = tracker.pending(f"shop.{name}")
            number = next(self._numbers)
            seen = ledger.state(raw_table) or TableState(raw_table=raw_table, source_table_name=f"shop.{name}")
            lease = ledger.acquire(seen, f"jr_{number}", f"run-{number}", NOW)
            yield
            lease = ledger.record_intent(lease, Intent(batch_id=f"b{number}"))
            yield
            instant = f"{number:017d}" if self._random.random() < 0.8 else None
            if instant:
                self.commits[name].append((instant, {file.file_id for file in files}))
            yield
            records = [processed(file, commit_instant=instant) for file in files]
            for some in (records[:1], records[1:]):  # two transactions, as of many files
                ledger.finish_files(lease, some)
                yield
            lease = ledger.advance(lease, lease.model_copy(update={"commit_instant": instant or lease.commit_instant}))
            yield
            ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)
            yield


class Copied(NamedTuple):
    """What the copy says of a table."""

    settled: str
    pending: set[str]
    history: set[str]


def copied(folder, name: str) -> Copied:
    def of(table: str) -> list[dict[str, Any]]:
        return [item for item in read_items(folder, table) if item["source_table_name"]["S"] == f"shop.{name}"]

    settled = [item["commit_instant"]["S"] for item in of(PROCESSING_TRACKER.name) if "commit_instant" in item]
    pending, history = ({item["file_id"]["S"] for item in of(t.name)} for t in (FILE_TRACKER, FILE_TRACKER_HISTORY))
    return Copied(settled[0] if settled else "", pending, history)


def problems(deployment: Deployment, before: dict[str, set[str]], folder) -> list[str]:
    """What would go wrong with the copy; `before` are the files that had landed when the trackers began to be read."""
    told = []
    for name in NAMES:
        copy, commits = copied(folder, name), deployment.commits[name]
        if lost := before[name] - copy.pending - copy.history:
            told.append(f"{name}: {len(lost)} files are neither pending nor done")
        recovered = {file for instant, files in commits if instant > copy.settled for file in files}
        to_apply = deployment.landed[name].keys() - copy.history - recovered
        times = Counter(file for _, files in commits for file in files)
        times.update(to_apply)
        if again := [file for file, applied in times.items() if applied > 1]:
            told.append(f"{name}: {len(again)} files would be applied again")
        if missing := copy.history - deployment.landed[name].keys():
            told.append(f"{name}: {len(missing)} files nobody put")
    return told


@pytest.fixture
def exported(aws, tmp_path):
    """Export a deployment that works meanwhile; returns what is wrong with the copy."""

    def export(seed: int) -> list[str]:
        deployment, dynamo = Deployment(aws, seed), Dynamo(aws.session)
        before: dict[str, set[str]] = {}
        for _ in range(STEPS_BEFORE):
            deployment.step()

        def page(params: dict[str, Any], **_: Any) -> dict[str, Any]:
            for _ in range(STEPS_A_PAGE):
                deployment.step()
            if params["TableName"] in TRACKERS and not before:
                before.update(deployment.files())
            return {**params, "Limit": ITEMS_A_PAGE}

        dynamo.client.meta.events.register("provide-client-params.dynamodb.Scan", page)
        export_to(tmp_path / "copy", aws, dynamo)
        return problems(deployment, before, tmp_path / "copy")

    return export


def export_to(folder, aws: Aws, dynamo: Dynamo) -> None:
    origin = Origin(SETTINGS, Caller("123456789012", "somebody", "here"), "eu-west-1")
    export_state(state_tables(dynamo, SETTINGS), folder, origin, lambda *_: None)
    assert read_manifest(folder).tables.keys() == {schema.name for schema in READ_IN_ORDER}


@pytest.mark.parametrize("seed", range(4))
def test_a_run_goes_on_from_a_copy_made_while_runs_work(exported, seed):
    assert exported(seed) == []


def test_a_run_goes_on_from_a_copy_made_while_another_thread_works(aws, tmp_path):
    deployment, dynamo, ended = Deployment(aws, 7), Dynamo(aws.session), threading.Event()
    for _ in range(STEPS_BEFORE):
        deployment.step()
    before = deployment.files()

    def work() -> None:
        while not ended.is_set():
            deployment.step()

    dynamo.client.meta.events.register(
        "provide-client-params.dynamodb.Scan", lambda params, **_: {**params, "Limit": ITEMS_A_PAGE}
    )
    thread = threading.Thread(target=work)
    thread.start()
    try:
        export_to(tmp_path / "copy", aws, dynamo)
    finally:
        ended.set()
        thread.join()
    assert sum(map(len, deployment.landed.values())) > sum(map(len, before.values()))
    assert problems(deployment, before, tmp_path / "copy") == []


# Controls: another order of the tables makes copies from which a run does not go on, and this is seen.

OTHER_ORDERS = {
    "would be applied again": (1, (FILE_TRACKER, FILE_TRACKER_HISTORY, PROCESSING_TRACKER)),
    "neither pending nor done": (2, (PROCESSING_TRACKER, FILE_TRACKER_HISTORY, FILE_TRACKER)),
}


@pytest.mark.parametrize("said", OTHER_ORDERS)
def test_in_another_order_it_does_not(exported, monkeypatch, said):
    seed, order = OTHER_ORDERS[said]
    monkeypatch.setattr(state_export, "READ_IN_ORDER", (*order, *READ_IN_ORDER[3:]))
    assert any(said in problem for problem in exported(seed))
