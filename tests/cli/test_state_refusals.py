"""What `odpf state` does not import, and what it does not export: why, and that nothing was written."""

from __future__ import annotations

import json

import pytest

from odpf.adapters.executions import Execution
from odpf.adapters.state_tables import StateTable
from odpf.epoch import Epoch
from odpf.errors import TransientError
from odpf.settings import StagingPlace
from odpf.states import ExecutionState
from odpf_cli import state as command
from tests.behaviours.builders import NOW, RAW_TABLE
from tests.cli.builders import table_item
from tests.cli.state_deployments import (
    CONFIG,
    COPY,
    HISTORY,
    LEDGER,
    Typed,
    acquired,
    copied,
    deployment,
    key_of,
    lines,
    tables,
    worked,
)


@pytest.fixture
def there(monkeypatch, tmp_path):
    """A deployment that has worked."""
    monkeypatch.chdir(tmp_path)
    with worked(monkeypatch) as aws:
        yield aws


@pytest.fixture
def here(there):
    """One that has just been made: another prefix, the same buckets."""
    return deployment(there)


@pytest.fixture
def typed(monkeypatch, capsys):
    return Typed(monkeypatch, capsys)


@pytest.fixture
def folder(there, typed, tmp_path):
    assert typed(there, "export", tmp_path / "copy")[0] == 0
    return tmp_path / "copy"


def damage(folder):
    file = folder / f"{HISTORY}.jsonl.gz"
    content = bytearray(file.read_bytes())
    content[-9] ^= 1
    file.write_bytes(content)


def rewritten(folder, **changes):
    file = folder / "manifest.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def of_a_newer_record_version(folder):
    found = json.loads((folder / "manifest.json").read_text())["tables"]
    found[HISTORY]["record_versions"] = [1, 2]
    rewritten(folder, tables=found)


BROKEN = {
    "a damaged file": (damage, "is not the file that was exported"),
    "a missing file": (lambda folder: (folder / f"{HISTORY}.jsonl.gz").unlink(), "is missing"),
    "no manifest": (lambda folder: (folder / "manifest.json").unlink(), "is no export of a state"),
    "half a manifest": (lambda folder: (folder / "manifest.json").write_text('{"form'), "cannot be read"),
    "a manifest without a table": (lambda folder: rewritten(folder, tables={}), "does not name table"),
    "a manifest without a deployment": (lambda folder: rewritten(folder, account=None), "is damaged"),
    "a newer format": (lambda folder: rewritten(folder, format_version=2), "format version 2, this release reads 1"),
    "newer items": (of_a_newer_record_version, "record version 2"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_no_whole_export_is_refused_before_anything_is_written(here, typed, folder, what):
    broken, said = BROKEN[what]
    broken(folder)
    status, document, _ = typed(here, "import", folder)
    assert (status, document["kind"], said in document["error"]) == (2, "InvalidExport", True)
    assert not any(copied(here).values())


def test_tables_that_hold_another_state_are_refused_with_what_they_hold(there, here, typed, folder):
    here.config.put_cadence({"refresh_cadence": "daily"})
    tables(here)[HISTORY].write([key_of(HISTORY) | {"batch_id": {"S": "b"}}])
    status, document, _ = typed(here, "import", folder)
    assert status == 1
    assert "copy_batch_config 1 item (1 of another one)" in document["error"]
    assert "copy_file_tracker_history 1 item (1 of it that changed since)" in document["error"]
    assert lines(here, CONFIG) == []


def place(bucket, **more):
    return StagingPlace(**{"bucket": bucket, "folder": "internal_staging", **more})


ELSEWHERE = {
    "another staging bucket": ({"staging_places": (place("acme"),)}, "s3://odpf-staging/internal_staging/"),
    "another folder": ({"staging_places": (place("odpf-staging", folder="a"),)}, "s3://odpf-staging/a/"),
    "a place more": ({"staging_places": (place("odpf-staging"), place("crm", name="crm"))}, "crm=s3://crm/"),
    "another raw bucket": ({"raw_bucket": "acme-raw"}, "ODPF_RAW_BUCKET=odpf-raw, here it is acme-raw"),
    "another artifacts bucket": ({"artifacts_bucket": "acme"}, "ODPF_ARTIFACTS_BUCKET=odpf-artifacts, here it is acme"),
}


@pytest.mark.parametrize("what", ELSEWHERE)
def test_a_deployment_with_other_data_is_refused_and_both_are_named(there, typed, folder, what):
    changes, said = ELSEWHERE[what]
    here = deployment(there, COPY.model_copy(update=changes))
    status, document, _ = typed(here, "import", folder)
    assert (status, said in document["error"]) == (2, True)
    assert not any(copied(here).values())


def test_a_deployment_on_replicas_of_the_buckets_is_filled(there, typed, folder):
    replicas = {"staging_places": (place("acme", replica_of="odpf-staging"),), "raw_bucket": "acme-raw"}
    assert typed(deployment(there, COPY.model_copy(update=replicas)), "import", folder)[0] == 0


def test_a_deployment_whose_runs_are_under_way_is_refused(there, here, typed, folder, monkeypatch):
    class Running:
        def __init__(self, *_):
            pass

        def recent(self, _):
            return [Execution("run-7", ExecutionState.RUNNING, "now"), Execution("run-6", ExecutionState.SUCCEEDED, "")]

    monkeypatch.setattr(command, "Executions", Running)
    status, document, _ = typed(here, "import", folder)
    assert (status, "Runs are under way here: run-7." in document["error"]) == (1, True)


def test_a_folder_with_something_in_it_is_not_written_into(there, typed, folder):
    status, document, _ = typed(there, "export", folder)
    assert (status, "is not empty" in document["error"]) == (2, True)


def test_an_empty_folder_is_filled(there, typed, tmp_path):
    (tmp_path / "new").mkdir()
    assert typed(there, "export", tmp_path / "new")[0] == 0
    assert (tmp_path / "new" / "manifest.json").is_file()


def test_a_folder_that_cannot_be_made_is_told(there, typed, tmp_path):
    (tmp_path / "file").touch()
    status, document, _ = typed(there, "export", tmp_path / "file" / "copy")
    assert (status, "cannot be written" in document["error"]) == (1, True)


def test_an_export_that_fails_leaves_nothing(there, typed, monkeypatch, tmp_path):
    whole = StateTable.scan

    def scan(self):
        yield from whole(self)
        if self.schema.name == HISTORY:
            raise TransientError("the network is gone")

    monkeypatch.setattr(StateTable, "scan", scan)
    status, document, _ = typed(there, "export", tmp_path / "copy")
    assert (status, document["kind"], [*tmp_path.glob("copy*")]) == (1, "TransientError", [])


def test_what_a_killed_export_leaves_is_no_export(there, here, typed, folder):
    """It stands beside, under a name of its own, and has no manifest: that comes last."""
    part = folder.rename(folder.with_name("next.part"))
    (part / "manifest.json").unlink()
    status, document, _ = typed(there, "export", folder.with_name("next"))
    assert (status, "interrupted export" in document["error"]) == (2, True)
    assert typed(here, "import", part)[0] == 2


def rebuild(aws):
    lease = acquired(aws, "jr_2") if not aws.ledger.state(RAW_TABLE).lease_owner else aws.ledger.state(RAW_TABLE)
    aws.ledger.advance(lease, lease.model_copy(update={"place": "000009", "commit_instant": "9"}))


def bump(aws):
    lease = aws.ledger.state(RAW_TABLE)
    aws.ledger.advance(lease, lease.model_copy(update={"generation": lease.generation + 1}))


def commit(aws):
    lease = aws.ledger.state(RAW_TABLE)
    aws.ledger.advance(lease, lease.model_copy(update={"generation": 7, "commit_instant": "2", "high_water_mark": "7"}))


MEANWHILE = {
    "was rebuilt": rebuild,
    "began a new generation": bump,
    "configuration was applied": lambda aws: aws.config.put_tables([table_item("shop.other")]),
    "the epoch is 1, it was 0": lambda aws: aws.ledger.raise_epoch(Epoch(), "eu-west-1", "somebody", NOW),
}


def meanwhile(monkeypatch, happens, behind=LEDGER):
    """Something happens once a table has been read."""
    whole = StateTable.scan

    def scan(self):
        yield from whole(self)
        if self.schema.name == behind:
            monkeypatch.setattr(StateTable, "scan", whole)
            happens()

    monkeypatch.setattr(StateTable, "scan", scan)


@pytest.mark.parametrize("said", MEANWHILE)
def test_a_copy_across_what_no_timeline_tells_is_not_kept(there, typed, monkeypatch, tmp_path, said):
    meanwhile(monkeypatch, lambda: MEANWHILE[said](there), CONFIG if "configuration" in said else LEDGER)
    status, document, _ = typed(there, "export", tmp_path / "copy")
    assert (status, said in document["error"], [*tmp_path.glob("copy*")]) == (1, True, [])


def test_a_copy_across_a_commit_is_kept(there, typed, monkeypatch, tmp_path):
    meanwhile(monkeypatch, lambda: commit(there))
    assert typed(there, "export", tmp_path / "copy")[0] == 0
