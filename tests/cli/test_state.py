"""`odpf state` as typed: an export of one deployment fills another one."""

from __future__ import annotations

import gzip
import json

import pytest

from odpf.adapters.caller import caller
from odpf.adapters.state_tables import StateTable
from odpf.epoch import Epoch
from odpf.errors import TransientError
from odpf_cli import state as command
from odpf_cli.main import execute
from tests.behaviours.builders import NOW, RAW_TABLE, landed, processed
from tests.cli.builders import embed
from tests.cli.state_deployments import (
    CADENCES,
    CONFIG,
    HISTORY,
    LEDGER,
    Typed,
    acquired,
    copied,
    deployment,
    lines,
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


def test_every_item_comes_back_as_it_was_but_for_what_is_true_there_alone(there, here, typed, folder):
    status, document, _ = typed(here, "import", folder)
    assert (status, document["epoch"]) == (0, 1)
    before, after = copied(there), copied(here)
    before[LEDGER] = [line.replace(b'"catalog_digest":{"S":"c"},', b"") for line in before[LEDGER]]
    before[CADENCES] = [line.replace(b"odpf_file_processor", b"copy_file_processor") for line in before[CADENCES]]
    assert before == after
    assert {name: len(found) for name, found in after.items() if len(found) != 1} == {HISTORY: 2}


def test_an_import_begins_an_epoch_in_its_region(there, here, typed, tmp_path):
    there.ledger.raise_epoch(Epoch(), "eu-central-1", "somebody", NOW)
    assert typed(there, "export", tmp_path / "copy")[1]["epoch"]["active_region"] == "eu-central-1"
    typed(here, "import", tmp_path / "copy")
    begun = here.ledger.epoch()
    assert (begun.number, begun.active_region, begun.raised_by) == (2, "eu-west-1", caller(here.session).arn)


def test_heartbeats_are_not_copied_and_the_epoch_is(there, typed, tmp_path):
    there.ledger.raise_epoch(Epoch(), "eu-west-1", "somebody", NOW)
    typed(there, "export", tmp_path / "copy")
    content = gzip.decompress((tmp_path / "copy" / f"{LEDGER}.jsonl.gz").read_bytes())
    assert (b"#job_run" in content, b"#epoch" in content) == (False, True)


def test_a_lease_is_copied_with_owner_and_fence_and_told(there, here, typed, folder):
    _, document, _ = typed(here, "import", folder)
    state = here.ledger.state(RAW_TABLE)
    assert (state.lease_owner, state.fence) == ("jr_1", 1)
    assert "1 table was held when the state was exported: lake_raw.table_1" in document["warnings"][0]


def test_a_lease_of_an_invocation_is_said_to_be_waited_out(there, here, typed, tmp_path):
    acquired(there, "lambda:run-1:0:r", "lake_raw.other")
    typed(there, "export", tmp_path / "copy")
    (warning,) = typed(here, "import", tmp_path / "copy")[1]["warnings"]
    assert "waited out for the function's timeout" in warning


def test_an_export_says_where_it_is_from_and_what_it_holds(there, typed, tmp_path):
    status, document, told = typed(there, "export", tmp_path / "copy")
    assert (status, document["prefix"], document["region"]) == (0, "odpf_", "eu-west-1")
    assert "account 123456789012 at https://dynamodb.eu-west-1.amazonaws.com" in told
    assert document["tables"][HISTORY]["items"] == 2
    assert document["tables"][LEDGER]["record_versions"] == [1]
    manifest = json.loads((tmp_path / "copy" / "manifest.json").read_text())
    assert manifest["tables"] == document["tables"]
    assert "1 table was held by runs meanwhile" in document["warnings"][0]


def test_the_lines_are_those_that_dynamodb_imports_from_s3(folder):
    content = gzip.decompress((folder / f"{CADENCES}.jsonl.gz").read_bytes())
    assert json.loads(content)["Item"]["refresh_cadence"] == {"S": "hourly"}


def test_a_higher_epoch_of_another_region_is_another_state(there, here, typed, folder):
    here.ledger.raise_epoch(Epoch(), "eu-central-1", "somebody", NOW)
    status, document, _ = typed(here, "import", folder)
    assert (status, "copy_file_processing_tracker epoch 1 of eu-central-1" in document["error"]) == (1, True)


def test_an_epoch_that_was_begun_here_meanwhile_stays(there, here, typed, folder):
    for number in range(3):
        here.ledger.raise_epoch(here.ledger.epoch(), "eu-west-1", f"somebody {number}", NOW)
    assert typed(here, "import", folder)[1]["epoch"] == 3


def test_files_that_landed_here_meanwhile_are_no_other_state(there, here, typed, folder):
    for number in (1, 2, 3):
        here.tracker.register(landed(number), NOW.replace(year=2027))
    unreadable = landed(4).model_copy(update={"problem": "no name that DMS gives"})
    here.tracker.quarantine(processed(unreadable).model_copy(update={"batch_id": None}))
    here.ledger.beat("jr_9")
    assert typed(here, "import", folder)[0] == 0
    waiting = {file.file_id for file in here.tracker.all_pending()}
    assert waiting == {landed(number).file_id for number in (1, 2, 3)}
    assert here.tracker.done([landed(1), landed(4)]) == {landed(1).file_id, landed(4).file_id}
    assert set(lines(there, "file_tracker")) < set(lines(here, "file_tracker"))


def interrupt(monkeypatch, error, at=CONFIG):
    """Writing the table fails, once."""
    whole = StateTable.write

    def write(self, items):
        if self.schema.name == at:
            monkeypatch.setattr(StateTable, "write", whole)
            raise error
        whole(self, items)

    monkeypatch.setattr(StateTable, "write", write)


@pytest.mark.parametrize("error", [TransientError("throttled"), KeyboardInterrupt()])
@pytest.mark.parametrize("at", [HISTORY, LEDGER, CONFIG])
def test_an_interrupted_import_goes_on(there, here, typed, folder, monkeypatch, error, at):
    interrupt(monkeypatch, error, at)
    assert typed(here, "import", folder)[0] == 1
    assert lines(here, CADENCES) == []
    status, document, _ = typed(here, "import", folder)
    assert (status, document["epoch"], document["tables"][CONFIG]["written"]) == (0, 1, 1)
    assert document["tables"][HISTORY]["written"] == (2 if at == HISTORY else 0)
    assert copied(here)[CADENCES]


def test_a_second_import_writes_nothing(there, here, typed, folder):
    first, second = (typed(here, "import", folder) for _ in range(2))
    assert (first[0], second[0]) == (0, 0)
    assert {made["written"] for made in second[1]["tables"].values()} == {0}
    assert second[1]["epoch"] == first[1]["epoch"] == 1


def test_an_import_does_not_go_on_when_a_run_has_worked_since(there, here, typed, folder):
    typed(here, "import", folder)
    here.ledger.release(here.ledger.state(RAW_TABLE), here.ledger.state(RAW_TABLE).refresh_status, None, NOW)
    status, document, _ = typed(here, "import", folder)
    assert (status, "1 of it that changed since" in document["error"]) == (1, True)
    assert here.ledger.state(RAW_TABLE).lease_owner is None


def test_configuration_is_written_last(there, here, typed, folder, monkeypatch):
    whole, order = StateTable.write, []
    monkeypatch.setattr(StateTable, "write", lambda self, items: (order.append(self.schema.name), whole(self, items)))
    typed(here, "import", folder)
    assert order.index(HISTORY) < order.index("file_tracker") < order.index(LEDGER)
    assert order[-3:] == ["config_deploy_tracker", CONFIG, CADENCES]


def test_only_a_terminal_is_asked_and_no_is_no(there, here, typed, folder, monkeypatch, capsys):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
    monkeypatch.setattr(command, "Aws", lambda settings, **_: here)
    assert execute(["state", "import", str(folder)]) == 1
    assert "Nothing was changed" in capsys.readouterr().err
    assert not any(copied(here).values())
    assert typed(here, "import", folder, "--yes")[0] == 0


@pytest.mark.parametrize("verb", ["export", "import"])
def test_with_a_forgotten_endpoint_nothing_is_done(there, typed, monkeypatch, tmp_path, verb):
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    embed(tmp_path)
    assert typed(there, verb, tmp_path / "copy")[0] == 2


def test_a_person_reads_what_was_copied_and_what_to_type_next(
    there, here, typed, folder, monkeypatch, tmp_path, capsys
):
    monkeypatch.setattr(command, "Aws", lambda settings, **_: there)
    assert execute(["state", "export", str(tmp_path / "again")]) == 0
    assert "odpf_file_tracker_history" in (out := capsys.readouterr().out)
    assert "Copy buckets after this moment, never before." in " ".join(out.split())
    monkeypatch.setattr(command, "Aws", lambda settings, **_: here)
    assert execute(["state", "import", str(folder)]) == 0
    out = " ".join(capsys.readouterr().out.split())
    assert "8 items written. Epoch 1 has begun in eu-west-1." in out
    assert "odpf config apply tables.yaml" in out
