"""`odpf quarantine` as typed."""

from __future__ import annotations

import hashlib
import json

import pytest

from odpf.counts import Counts
from odpf.states import FileState, RefreshStatus
from odpf.table_state import TableState
from odpf_cli import quarantine as command
from odpf_cli import quarantine_contents
from odpf_cli.main import execute
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, PLACE, audit_row, embed, landed, record, table_item

CONTENT = b"PAR1 no more"
BAD, WORSE, APPLIED = (f"20260131-{hour}0000000.parquet" for hour in (10, 11, 12))
BATCH = "b" * 32


def put(aws, name, content=CONTENT, table="shop/orders"):
    aws.objects.put(PLACE.bucket, f"{PLACE.prefix}{table}/{name}", content)


def file_of(name, content=CONTENT, table="shop/orders"):
    etag = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return landed(name, table).model_copy(
        update={"etag": etag, "file_id": hashlib.sha256(name.encode()).hexdigest()[:32]}
    )


def row(number, reason="The key part id is null", file=APPLIED, **values):
    data = json.dumps({"id": None, "item": f"item {number}", **values})
    line = {"file": file, "row": number, "reason": reason, "operation": "U", "change_sequence": "7" * 35, "data": data}
    return json.dumps(line)


def put_rows(aws, *lines, part="part-00000.json"):
    folder = f"quarantine/shop_raw.orders/{BATCH}"
    aws.objects.put(aws.settings.artifacts_bucket, f"{folder}/{part}", "".join(f"{line}\n" for line in lines).encode())
    aws.objects.put(aws.settings.artifacts_bucket, f"{folder}/_SUCCESS", b"")


def done(name, state=FileState.QUARANTINED, at="10:00", **more):
    values = {"raw_table": "shop_raw.orders", "run_id": "run-1", "done_at": f"2026-01-31T{at}:00.000000Z", **more}
    return record(name, state, **values).model_copy(update={"file": file_of(name)})


@pytest.fixture
def aws(monkeypatch, tmp_path):
    """A table with two files in quarantine, and one that was applied but for two rows."""
    monkeypatch.chdir(tmp_path)
    aws = MemoryAws()
    monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
    monkeypatch.setattr(command, "announce", lambda _: None)
    aws.config.put_tables([table_item()])
    applied = done(APPLIED, FileState.PROCESSED, "12:00", reason=None, batch_id=BATCH, generation=1, rows=3)
    state = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders")
    lease = aws.ledger.acquire(state, "jr_1", "run-1", NOW)
    reached = lease.model_copy(update={"generation": 1, "high_water_mark": f"000001 {'8' * 35} {APPLIED} 0000000000"})
    aws.ledger.finish_files(lease, [done(BAD), done(WORSE, at="11:00", reason="No sequence column"), applied])
    aws.ledger.release(aws.ledger.advance(lease, reached), RefreshStatus.COMPLETED, None, NOW)
    for name in (BAD, WORSE, APPLIED):
        put(aws, name)
    put_rows(aws, row(0), row(2, "The change sequence is not 35 digits: 7"))
    return aws


@pytest.fixture
def answer(capsys):
    def run(*arguments):
        status = execute(["quarantine", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def told(capsys, *arguments):
    status = execute(["quarantine", *arguments])
    captured = capsys.readouterr()
    return status, " ".join(captured.out.split())


def ids(*names):
    return [file_of(name).file_id for name in names]


def pending(aws):
    return [file.name for file in aws.tracker.all_pending()]


class TestList:
    def test_files_and_batches_come_newest_first_with_their_reasons(self, aws, answer):
        status, document = answer("list")
        assert (status, [file["path"].rsplit("/", 1)[-1] for file in document["files"]]) == (0, [WORSE, BAD])
        assert [file["reason"] for file in document["files"]] == ["No sequence column", "truncated"]
        (batch,) = document["batches"]
        assert (batch["batch_id"], batch["rows"], batch["run_id"], batch["source_table_name"]) == (
            BATCH, 2, "run-1", "shop.orders",
        )  # fmt: skip
        assert batch["reasons"] == {"The key part id is null": 1, "The change sequence is not 35 digits": 1}
        assert [file["file_id"] for file in batch["files"]] == ids(APPLIED)

    def test_one_table_can_be_asked_for(self, aws, answer):
        assert answer("list", "--table", "shop.orders") == answer("list")
        assert answer("list", "--table", "shop.lines")[1] == {"files": [], "batches": []}

    def test_rows_of_files_that_a_later_batch_applied_are_there_no_more(self, aws, answer):
        state = aws.ledger.state("shop_raw.orders")
        lease = aws.ledger.acquire(state, "jr_2", "run-2", NOW)
        aws.ledger.finish_files(lease, [done(APPLIED, FileState.PROCESSED, "13:00", batch_id="c" * 32)])
        assert answer("list")[1]["batches"] == []

    def test_of_very_many_rows_the_audit_has_the_number(self, aws, answer, monkeypatch):
        monkeypatch.setattr(quarantine_contents, "MOST_ROWS_READ", 2)
        put_rows(aws, *map(row, range(50)))
        assert answer("list")[1]["batches"][0]["rows"] is None
        aws.audit.append(audit_row("run-1", counts=Counts(rows_read=50, rows_quarantined=50)))
        (batch,) = answer("list")[1]["batches"]
        assert (batch["rows"], batch["reasons"]) == (50, {"The key part id is null": 2})

    def test_a_person_reads_reasons_and_what_to_type_next(self, aws, capsys):
        status, text = told(capsys, "list")
        assert (status, "No sequence column" in text, "odpf quarantine show ID" in text) == (0, True, True)

    def test_an_empty_quarantine_says_so(self, aws, capsys):
        assert "Nothing is in quarantine." in told(capsys, "list", "--table", "shop.lines")[1]


class TestShow:
    def test_a_file_with_where_from_when_and_what_next(self, aws, answer):
        (bad,) = ids(BAD)
        status, document = answer("show", bad)
        assert (status, document["batch"], document["next"]) == (0, None, _next(bad))
        file = document["file"]
        assert (file["reason"], file["run_id"], file["done_at"]) == (
            "truncated",
            "run-1",
            "2026-01-31T10:00:00.000000Z",
        )

    def test_a_batch_with_its_rows_reasons_and_values(self, aws, answer):
        status, document = answer("show", BATCH)
        assert (status, document["file"], document["batch"]["rows"]) == (0, None, 2)
        first, second = document["batch"]["shown"]
        assert (first["file"], first["row"], first["values"]) == (APPLIED, 0, {"id": None, "item": "item 0"})
        assert second["reason"] == "The change sequence is not 35 digits: 7"

    def test_as_many_rows_as_are_asked_for(self, aws, answer):
        put_rows(aws, *map(row, range(2, 50)), part="part-00001.json")
        assert [len(answer("show", BATCH, *more)[1]["batch"]["shown"]) for more in ((), ("--rows", "3"))] == [20, 3]
        assert answer("show", BATCH)[1]["batch"]["rows"] == 50

    def test_what_is_not_there_is_an_error_that_says_where_to_look(self, aws, answer):
        status, document = answer("show", "f" * 32)
        assert (status, "odpf quarantine list" in document["error"]) == (1, True)

    def test_a_number_that_json_does_not_have_is_a_text(self, aws, answer):
        line = json.loads(row(0)) | {"data": '{"price":NaN}'}
        put_rows(aws, json.dumps(line))
        assert answer("show", BATCH)[1]["batch"]["shown"][0]["values"] == {"price": "NaN"}

    def test_a_person_reads_facts_rows_and_advice(self, aws, capsys):
        text = told(capsys, "show", BATCH)[1]
        assert all(part in text for part in (APPLIED, "item 0", f"odpf quarantine release {BATCH}"))
        assert "truncated" in told(capsys, "show", *ids(BAD))[1]


def _next(file_id):
    return f"Remove the cause, then put it back: odpf quarantine release {file_id}"


class TestRelease:
    def test_a_file_goes_back_among_those_that_wait(self, aws, answer):
        (bad,) = ids(BAD)
        status, document = answer("release", bad, "--yes")
        assert (status, [(file["file_id"], file["result"]) for file in document["files"]]) == (0, [(bad, "put_back")])
        assert (pending(aws), document["warnings"]) == ([BAD], [])

    def test_again_is_the_same(self, aws, answer):
        answer("release", *ids(BAD), "--yes")
        status, document = answer("release", *ids(BAD), "--yes")
        assert (status, document["files"][0]["result"], pending(aws)) == (0, "waits_already", [BAD])

    def test_a_table_s_files_by_reason(self, aws, answer):
        assert answer("release", "--table", "shop.orders", "--reason", "SEQUENCE", "--yes")[0] == 0
        assert pending(aws) == [WORSE]
        assert answer("release", "--table", "shop.orders", "--yes")[0] == 0
        assert sorted(pending(aws)) == [BAD, WORSE]

    def test_files_of_rows_go_back_by_their_batch_with_a_warning(self, aws, answer):
        status, document = answer("release", BATCH, "--yes")
        assert (status, pending(aws)) == (0, [APPLIED])
        assert "late or unchanged" in document["warnings"][0]

    def test_files_of_rows_go_back_by_table_only_when_asked_for(self, aws, answer):
        answer("release", "--table", "shop.orders", "--rows", "--reason", "key part", "--yes")
        assert pending(aws) == [APPLIED]

    def test_what_is_refused_says_why_and_fails(self, aws, answer):
        put(aws, BAD, b"other bytes")
        status, document = answer("release", *ids(BAD, WORSE), "--yes")
        assert (status, [file["result"] for file in document["files"]]) == (1, ["not_released", "put_back"])
        assert "was overwritten" in document["files"][0]["why"]
        assert pending(aws) == [WORSE]

    def test_with_an_unknown_id_nothing_is_released(self, aws, answer):
        status, document = answer("release", *ids(BAD), "f" * 32, "--yes")
        assert (status, "f" * 32 in document["error"], pending(aws)) == (1, True, [])

    @pytest.mark.parametrize("arguments", [(), ("x", "--table", "t"), ("x", "--reason", "r"), ("x", "--rows")])
    def test_what_cannot_be_meant_is_wrong_usage(self, aws, answer, arguments):
        assert (answer("release", *arguments)[0], pending(aws)) == (2, [])

    def test_only_a_terminal_is_asked_and_no_is_no(self, aws, monkeypatch, capsys):
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
        assert execute(["quarantine", "release", *ids(BAD)]) == 1
        assert "truncated" in capsys.readouterr().err
        assert pending(aws) == []

    def test_with_a_forgotten_endpoint_nothing_is_released(self, aws, answer, monkeypatch, tmp_path):
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        embed(tmp_path)
        assert (answer("release", *ids(BAD), "--yes")[0], pending(aws)) == (2, [])

    def test_a_person_reads_how_many_wait_and_what_stays(self, aws, capsys):
        aws.objects.delete(PLACE.bucket, [f"{PLACE.prefix}shop/orders/{BAD}"])
        status, text = told(capsys, "release", *ids(BAD, WORSE), "--yes")
        assert (status, "no longer in staging" in text, "1 file wait" in text) == (1, True, True)
