"""What only the services do: answers that get lost, conflicts, throttling, pages, limits, and the price of it all."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from odpf.adapters.finish import FILES_AT_ONCE
from odpf.adapters.items import MOST_CHARACTERS, history_item
from odpf.errors import LeaseLost, TableLocked, TerminalError, TransientError
from odpf.settings import Settings
from odpf.states import FileState, RefreshStatus, Registration, Release
from odpf.table_state import Intent
from tests.behaviours.builders import (
    NEVER_RUN,
    NOW,
    RAW_TABLE,
    SETTINGS,
    TABLE,
    audit_row,
    landed,
    processed,
)
from tests.behaviours.wire import Wire


@pytest.fixture
def wire(aws):
    return Wire(aws._dynamo.client)


def acquire(aws, owner="jr_1"):
    return aws.ledger.acquire(aws.ledger.state(RAW_TABLE) or NEVER_RUN, owner, "r1", NOW)


def finish(aws, record):
    lease = acquire(aws)
    aws.ledger.finish_files(lease, [record])
    aws.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)


def in_quarantine(aws):
    record = processed(landed(), reason="truncated").model_copy(update={"state": FileState.QUARANTINED})
    finish(aws, record)
    return record


def cancelled(*codes: str) -> dict[str, Any]:
    reasons = [{"Code": code} for code in codes]
    return {"Error": {"Code": "TransactionCanceledException", "Message": "cancelled"}, "CancellationReasons": reasons}


def throttled(code: str = "ThrottlingException") -> dict[str, Any]:
    return {"Error": {"Code": code, "Message": "slow down"}}


class TestLostAnswers:
    """The write was applied, its answer was not seen, and the SDK sends it again."""

    def test_an_acquisition_is_recognised_as_the_own_one(self, aws, wire):
        wire.lose_one_answer("UpdateItem")
        lease = acquire(aws)
        assert (lease.lease_owner, lease.fence) == ("jr_1", 1)
        assert wire.requests["UpdateItem"] == 2

    def test_a_release_is_recognised_as_the_own_one(self, aws, wire):
        lease = acquire(aws)
        wire.lose_one_answer("UpdateItem")
        assert aws.ledger.release(lease, RefreshStatus.ERROR, "failed", NOW).last_error == "failed"

    def test_a_raised_fence_is_recognised_as_the_own_one(self, aws, wire):
        lease = acquire(aws)
        wire.lose_one_answer("UpdateItem")
        assert aws.ledger.raise_fence(lease, 8).fence == 9

    def test_intent_and_progress_are_simply_written_again(self, aws, wire):
        lease = acquire(aws)
        wire.lose_one_answer("UpdateItem")
        assert aws.ledger.record_intent(lease, Intent(batch_id="b", uri="u")).intent is not None
        wire.lose_one_answer("UpdateItem")
        reached = lease.model_copy(update={"high_water_mark": "000001 x"})
        assert aws.ledger.advance(lease, reached).high_water_mark == "000001 x"

    def test_a_take_over_in_between_is_a_lost_lease(self, aws, wire):
        lease = acquire(aws)

        def take_over():
            aws.ledger.acquire(lease.model_copy(update={"lease_owner": None}), "jr_2", "r2", NOW)

        wire.lose_one_answer("UpdateItem", meanwhile=take_over)
        with pytest.raises(LeaseLost):
            aws.ledger.release(lease, RefreshStatus.COMPLETED, None, NOW)
        assert aws.ledger.state(RAW_TABLE).lease_owner == "jr_2"

    def test_finished_files_are_finished_once(self, aws, wire):
        lease = acquire(aws)
        aws.tracker.register(landed(), NOW)
        wire.lose_one_answer("TransactWriteItems")
        aws.ledger.finish_files(lease, [processed(landed())])
        assert list(aws.tracker.history(TABLE)) == [processed(landed())]
        assert aws.tracker.pending(TABLE) == []

    def test_a_take_over_between_two_transactions_of_files_stops_the_second(self, aws, wire):
        lease = acquire(aws)
        wire.lose_one_answer("TransactWriteItems", meanwhile=lambda: aws.ledger.acquire(lease, "jr_2", "r2", NOW))
        with pytest.raises(LeaseLost):
            aws.ledger.finish_files(lease, [processed(landed(number)) for number in range(FILES_AT_ONCE + 1)])
        assert len(list(aws.tracker.history(TABLE))) == FILES_AT_ONCE

    def test_an_audit_row_is_there_once(self, aws, wire):
        wire.lose_one_answer("PutItem")
        aws.audit.append(audit_row())
        assert aws.audit.of_table(RAW_TABLE) == [audit_row()]

    def test_a_registered_file_is_pending(self, aws, wire):
        wire.lose_one_answer("PutItem")
        assert aws.tracker.register(landed(), NOW) is Registration.ALREADY_PENDING
        assert aws.tracker.pending(TABLE) == [landed()]

    def test_a_release_moves_a_file_once(self, aws, wire):
        record = in_quarantine(aws)
        wire.lose_one_answer("TransactWriteItems")
        assert aws.tracker.release([record])[0] in (Release.PUT_BACK, Release.WAITS)
        assert (aws.tracker.pending(TABLE), list(aws.tracker.history(TABLE))) == ([landed()], [])

    def test_a_release_whose_file_was_applied_before_its_answer_was_missed_leaves_it(self, aws, wire):
        record = in_quarantine(aws)
        wire.lose_one_answer("TransactWriteItems", meanwhile=lambda: finish(aws, processed(landed())))
        aws.tracker.release([record])
        assert (aws.tracker.pending(TABLE), list(aws.tracker.history(TABLE))) == ([], [processed(landed())])


class TestTrouble:
    """Throttling and conflicts are tried again within a budget; what cannot pass says what to do."""

    def test_conflicting_transactions_are_tried_again(self, aws, wire):
        lease = acquire(aws)
        wire.answer("TransactWriteItems", cancelled("None", "TransactionConflict", "None"), 400, times=2)
        aws.ledger.finish_files(lease, [processed(landed())])
        assert len(list(aws.tracker.history(TABLE))) == 1

    def test_conflicts_without_end_are_a_transient_error(self, aws, wire):
        lease = acquire(aws)
        aws.ledger._finish._retry_seconds = 0.2
        wire.answer("TransactWriteItems", cancelled("TransactionConflict", "None", "None"), 400, times=1000)
        with pytest.raises(TransientError, match="next run"):
            aws.ledger.finish_files(lease, [processed(landed())])

    def test_a_transaction_refused_for_what_is_in_it_is_terminal(self, aws, wire):
        lease = acquire(aws)
        wire.answer("TransactWriteItems", cancelled("None", "None", "ValidationError"), 400, times=1)
        with pytest.raises(TerminalError, match=r"lake_raw\.table_1"):
            aws.ledger.finish_files(lease, [processed(landed())])

    def test_a_release_that_meets_another_transaction_is_tried_again(self, aws, wire):
        record = in_quarantine(aws)
        wire.answer("TransactWriteItems", cancelled("None", "TransactionConflict"), 400, times=2)
        assert aws.tracker.release([record]) == [Release.PUT_BACK]

    def test_a_release_that_meets_transactions_without_end_moves_nothing(self, aws, wire):
        record = in_quarantine(aws)
        aws.tracker._history._retry_seconds = 0.2
        wire.answer("TransactWriteItems", cancelled("TransactionConflict", "None"), 400, times=1000)
        with pytest.raises(TransientError, match="nothing was moved"):
            aws.tracker.release([record])
        assert (aws.tracker.pending(TABLE), list(aws.tracker.history(TABLE))) == ([], [record])

    def test_a_release_refused_for_what_is_in_it_is_terminal(self, aws, wire):
        record = in_quarantine(aws)
        wire.answer("TransactWriteItems", cancelled("None", "ValidationError"), 400, times=1)
        with pytest.raises(TerminalError):
            aws.tracker.release([record])

    def test_unprocessed_reads_and_writes_are_asked_for_again(self, aws, wire):
        files = [landed(number) for number in range(3)]
        aws.ledger.finish_files(acquire(aws), [processed(file) for file in files])
        wire.leave_out_once("BatchGetItem", "UnprocessedKeys")
        assert aws.tracker.done(files) == {file.file_id for file in files}
        wire.leave_out_once("BatchWriteItem", "UnprocessedItems")
        aws.config.put_tables([{"refresh_cadence": "c", "source_table_name": "a.b"}])
        assert len(aws.config.tables()) == 1

    def test_throttling_that_outlasts_the_retries_is_transient(self, aws, wire):
        wire.answer("GetItem", throttled("ProvisionedThroughputExceededException"), 400, times=1)
        with pytest.raises(TransientError, match="next run tries again"):
            aws.ledger.state(RAW_TABLE)

    @pytest.mark.parametrize(
        ("code", "status", "expected", "said"),
        [
            ("InternalServerError", 500, TransientError, "tries again"),
            ("AccessDeniedException", 400, TerminalError, "Allow GetItem"),
            ("UnrecognizedClientException", 400, TerminalError, "credentials"),
            ("ValidationException", 400, TerminalError, "refuses the request GetItem"),
        ],
    )
    def test_errors_of_the_service_say_what_to_do(self, aws, wire, code, status, expected, said):
        wire.answer("GetItem", {"Error": {"Code": code, "Message": "no"}}, status, times=1)
        with pytest.raises(expected, match=said) as raised:
            aws.ledger.state(RAW_TABLE)
        assert isinstance(raised.value.__cause__, ClientError)

    def test_tables_that_are_not_deployed_are_named(self, aws):
        other = type(aws)(Settings(**{**SETTINGS.model_dump(), "prefix": "other_"}), aws.session)
        with pytest.raises(TerminalError, match=r"other_file_processing_tracker.*ODPF_PREFIX"):
            other.ledger.state(RAW_TABLE)

    def test_a_connection_that_fails_is_transient(self, aws, wire):
        for _ in range(6):
            wire.lose_one_answer("GetItem")
        with pytest.raises(TransientError, match="network"):
            aws.ledger.heartbeat("jr_1")

    def test_a_service_that_cannot_be_reached_is_transient(self, aws, monkeypatch):
        monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(TransientError, match=r"127\.0\.0\.1:9"):
            type(aws)(SETTINGS, aws.session).ledger.heartbeat("jr_1")

    def test_an_item_of_a_newer_release_is_not_guessed_at(self, aws):
        acquire(aws)
        aws.ledger._table.update(
            {"raw_table_name": RAW_TABLE}, {"record_version": 2}, "attribute_exists(#fence)", {"fence": None}
        )
        with pytest.raises(TerminalError, match=r"record_version 2.*lake_raw\.table_1"):
            aws.ledger.state(RAW_TABLE)


class TestPrice:
    """Requests and limits that were promised."""

    def test_a_new_file_costs_one_eventual_read_and_one_write(self, aws, wire):
        aws.tracker.register(landed(), NOW)
        assert wire.requests == {"GetItem": 1, "PutItem": 1}

    def test_200_files_are_finished_in_five_transactions(self, aws, wire):
        lease = acquire(aws)
        aws.ledger.finish_files(lease, [processed(landed(number)) for number in range(200)])
        assert wire.requests["TransactWriteItems"] == 5
        assert wire.requests["UpdateItem"] == 1

    def test_a_transaction_of_the_biggest_items_stays_below_4_mb(self, aws):
        sizes = []
        aws._dynamo.client.meta.events.register(
            "before-call.dynamodb.TransactWriteItems", lambda params, **_: sizes.append(len(params["body"]))
        )
        reason = "😀" * 10 * MOST_CHARACTERS
        records = [processed(landed(n, "é" * 450 + "/t"), reason=reason) for n in range(49)]
        aws.ledger.finish_files(acquire(aws), records)
        assert max(sizes) < 4_000_000
        assert len(next(aws.tracker.history()).reason or "") <= MOST_CHARACTERS

    def test_known_asks_a_hundred_files_at_once(self, aws, wire):
        aws.tracker.known([landed(number) for number in range(150)])
        assert wire.requests == {"BatchGetItem": 4}

    def test_more_than_a_page_of_items_is_read_whole(self, aws, wire):
        records = [processed(landed(number), reason="x" * 3900) for number in range(320)]
        aws.tracker._history.batch_write(puts=map(history_item, records))
        assert len(list(aws.tracker.history(TABLE))) == 320
        assert wire.requests["Query"] > 1
        assert len(list(aws.tracker.history())) == 320
        assert wire.requests["Scan"] > 1


class TestItems:
    """A person reads the items in the console."""

    def test_a_pending_file(self, aws):
        aws.tracker.register(landed(), NOW)
        assert next(aws.tracker._pending.scan()) == {
            "source_table_name": TABLE,
            "file_id": landed().file_id,
            "file_ingestion_status": "raw_file_landed",
            "dms_file_type": "Incremental",
            "schema_name": "taxi_trips",
            "table_name": "table_1",
            "bucket": "odpf-staging",
            "key": "internal_staging/taxi_trips/table_1/20260131-000000001.parquet",
            "path": "s3://odpf-staging/internal_staging/taxi_trips/table_1/20260131-000000001.parquet",
            "etag": "e1",
            "size": 1000,
            "last_modified": "2026-01-31T10:15:30.123456Z",
            "landed_at": "2026-01-31T10:15:30.123456Z",
            "record_version": 1,
        }

    def test_a_done_file_says_what_applied_it(self, aws):
        aws.ledger.finish_files(acquire(aws), [processed(landed())])
        item = next(aws.tracker._history.scan())
        assert item["file_ingestion_status"] == FileState.PROCESSED
        assert (item["raw_table_name"], item["batch_id"], item["rows"]) == (RAW_TABLE, "b1", 3)
        assert not any(isinstance(value, dict) for value in item.values())

    def test_an_audit_row_has_its_counts_and_its_day_as_attributes(self, aws):
        aws.audit.append(audit_row())
        item = next(aws.audit._table.scan())
        assert (item["raw_table_name"], item["run_day"], item["rows_late"]) == (RAW_TABLE, "2026-01-31", 1)
        assert item["run_sort"] == "2026-01-31T10:00:00.000000Z#r1#0#1"

    def test_a_heartbeat_item_expires(self, aws):
        aws.ledger.beat("jr_1")
        item = next(aws.ledger._table.scan())
        assert (item["raw_table_name"], item["beats"]) == ("#job_run/jr_1", 1)
        assert item["expires_at"] > NOW.timestamp()


def test_two_views_of_a_taken_table_are_told_who_holds_it(aws):
    acquire(aws)
    with pytest.raises(TableLocked, match="jr_1 holds it"):
        aws.ledger.acquire(NEVER_RUN, "jr_9", "r9", NOW)
