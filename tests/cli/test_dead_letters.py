"""`odpf dead-letters` as typed (R1, R4, R5, V3)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from file_manager.register import register_message
from odpf.errors import TransientError
from odpf_cli import dead_letters as command
from odpf_cli.main import execute
from odpf_local.memory import MemoryAws
from odpf_local.memory.queues import SENT_AT
from tests.cli.builders import NOW, embed, landed
from tests.cli.failing_queues import CONFIG, DEAD, DEAD_CONFIG, QUEUE, FailingQueues, deliver, set_aside
from tests.file_manager.payloads import CHANGES, object_created, payload, staged

JUNK = '{"source": "somebody.else", "detail": {}}'
EVENT = staged(f"shop/orders/{CHANGES}")
MANIFEST = json.dumps(payload("config_manifest_created"))
UNDELIVERED = {
    "RULE_ARN": "arn:rule",
    "TARGET_ARN": "arn:queue",
    "ERROR_CODE": "NO_PERMISSIONS",
    "ERROR_MESSAGE": "denied",
}


@pytest.fixture
def aws(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    aws = MemoryAws()
    aws.queues = FailingQueues(aws.settings)
    monkeypatch.setattr(command, "Aws", lambda settings, **_: aws)
    monkeypatch.setattr(command, "announce", lambda _: None)
    return aws


@pytest.fixture
def answer(capsys):
    def run(*arguments):
        status = execute(["dead-letters", *arguments, "--output", "json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def told(capsys, *arguments):
    status = execute(["dead-letters", *arguments])
    captured = capsys.readouterr()
    return status, " ".join(captured.out.split())


def results(document):
    return {each["message_id"]: each["result"] for each in document["messages"]}


def registered(aws):
    return [file.name for file in aws.tracker.all_pending()]


class TestList:
    def test_a_file_that_is_not_registered_with_its_age_and_receptions(self, aws, answer):
        message_id = aws.queues.put(DEAD, EVENT, sent_at=datetime.now(UTC) - timedelta(hours=2))
        status, document = answer("list")
        (letter,) = document["messages"]
        assert (status, letter["message_id"], letter["kind"]) == (0, message_id, "landed_file")
        assert letter["about"] == f"s3://odpf-staging/internal_staging/shop/orders/{CHANGES} of table shop.orders."
        assert [(file["source_table_name"], file["registered"]) for file in letter["files"]] == [("shop.orders", False)]
        assert (7200 <= letter["age_seconds"] < 7300, letter["receive_count"], letter["queue"]) == (True, 1, QUEUE)

    def test_a_file_that_a_listing_found_is_registered_meanwhile(self, aws, answer):
        register_message(EVENT, aws.settings.staging_places, aws.tracker, NOW)
        aws.queues.put(DEAD, EVENT)
        (letter,) = answer("list")[1]["messages"]
        assert (letter["kind"], letter["files"][0]["registered"]) == ("registered_meanwhile", True)
        assert letter["next"].startswith("Nothing is missing")

    def test_of_several_files_of_which_one_is_registered_the_others_still_count(self, aws, answer):
        first, other = (payload("s3_notification")["Records"][0] for _ in range(2))
        for number, record in enumerate((first, other)):
            record["s3"]["bucket"]["name"] = "odpf-staging"
            record["s3"]["object"]["key"] = f"internal_staging/shop/orders/20260131-10153012{number}.parquet"
        register_message(json.dumps({"Records": [first]}), aws.settings.staging_places, aws.tracker, NOW)
        aws.queues.put(DEAD, json.dumps({"Records": [first, other]}))
        (letter,) = answer("list")[1]["messages"]
        assert (letter["kind"], [file["registered"] for file in letter["files"]]) == ("landed_file", [True, False])

    @pytest.mark.parametrize(
        ("body", "reason"),
        [
            ("x" * 256_000, "not JSON"),
            (JUNK, "not an S3 event"),
            (object_created(bucket="other"), "no staging place"),
        ],
        ids=["256 KB", "another event", "another bucket"],
    )
    def test_what_cannot_be_used_says_why_and_that_it_comes_back(self, aws, answer, body, reason):
        aws.queues.put(DEAD, body)
        (letter,) = answer("list")[1]["messages"]
        assert (letter["kind"], reason in letter["about"], letter["files"]) == ("unusable", True, [])
        assert "return after five tries" in letter["next"]
        assert letter["body_begins"] == body[:300]

    def test_other_objects_and_manifests_are_told_for_what_they_are(self, aws, answer):
        aws.queues.put(DEAD, staged("shop/orders/_SUCCESS"))
        aws.queues.put(DEAD_CONFIG, MANIFEST)
        aws.queues.put(DEAD_CONFIG, MANIFEST.replace("shop.json", "notes.txt"))
        aws.queues.put(DEAD_CONFIG, EVENT)
        letters = [(each["queue"], each["kind"]) for each in answer("list")[1]["messages"]]
        assert letters == [(QUEUE, "ignored"), (CONFIG, "manifest"), (CONFIG, "ignored"), (CONFIG, "unusable")]

    def test_an_event_that_could_not_be_delivered_says_what_eventbridge_said(self, aws, answer, capsys):
        aws.queues.put(DEAD, EVENT, UNDELIVERED)
        assert answer("list")[1]["messages"][0]["not_delivered"] == "NO_PERMISSIONS: denied"
        assert "EventBridge could not deliver it: NO_PERMISSIONS: denied." in told(capsys, "list")[1]

    def test_twice_in_a_row_is_the_same_but_for_the_look(self, aws, answer):
        for number in range(15):
            aws.queues.put(DEAD, JUNK, sent_at=SENT_AT - timedelta(minutes=number))
        first, second = (answer("list")[1]["messages"] for _ in range(2))
        assert [each["message_id"] for each in first] == [each["message_id"] for each in second]
        assert [each["sent_at"] for each in first] == sorted(each["sent_at"] for each in first)
        assert {each["receive_count"] for each in second} == {2}

    def test_so_many_of_each_queue_as_are_asked_for(self, aws, answer):
        for queue in (DEAD, DEAD_CONFIG):
            for _ in range(25):
                aws.queues.put(queue, JUNK)
        for limit, shown in ((), 20), (("--limit", "3"), 3):
            queues = answer("list", *limit)[1]["queues"]
            assert [(each["messages"], each["shown"]) for each in queues] == [(25, shown), (25, shown)]
        assert len(answer("list", "--queue", DEAD, "--limit", "1000")[1]["messages"]) == 25

    def test_nothing_there_is_nothing_wrong(self, aws, answer, capsys):
        status, document = answer("list")
        assert (status, document["messages"]) == (0, [])
        assert [(each["dead_letter_queue"], each["messages"]) for each in document["queues"]] == [
            (DEAD, 0),
            (DEAD_CONFIG, 0),
        ]
        assert told(capsys, "list") == (0, "There are no dead letters.")

    def test_a_person_reads_what_there_is_and_what_to_type_next(self, aws, capsys):
        aws.queues.put(DEAD, EVENT)
        aws.queues.put(DEAD, JUNK + "\x1b[31m")
        status, text = told(capsys, "list")
        assert (status, "odpf_staging_events_dlq: 2 messages" in text, "\x1b[31m" in text) == (0, True, False)
        for part in ("1 message of files that are not registered", "odpf dead-letters redrive --all", "somebody.else"):
            assert part in text

    @pytest.mark.parametrize("arguments", [("list",), ("redrive", "--all", "--yes")])
    def test_an_unknown_queue_and_a_deployment_that_is_not_here(self, aws, answer, arguments):
        status, document = answer(*arguments, "--queue", "odpf_staging")
        assert (status, QUEUE in document["error"]) == (2, True)
        aws.queues.depths.clear()
        status, document = answer(*arguments)
        assert (status, document["kind"], "ODPF_PREFIX" in document["error"]) == (1, "NoDeadLetterQueue", True)

    def test_a_component_that_is_not_deployed_has_none(self, aws, answer):
        del aws.queues.depths[DEAD_CONFIG]
        aws.queues.put(DEAD, EVENT)
        assert [each["queue"] for each in answer("list")[1]["queues"]] == [QUEUE]


class TestRedrive:
    def test_everything_goes_back_to_the_queue_it_came_from(self, aws, answer):
        for _ in range(23):
            aws.queues.put(DEAD, JUNK)
        aws.queues.put(DEAD_CONFIG, MANIFEST)
        status, document = answer("redrive", "--all", "--yes")
        assert (status, {*results(document).values()}, len(document["messages"])) == (0, {"sent_back"}, 24)
        assert [len(aws.queues.bodies(name)) for name in (QUEUE, DEAD, CONFIG, DEAD_CONFIG)] == [23, 0, 1, 0]

    def test_of_one_queue_alone(self, aws, answer):
        aws.queues.put(DEAD, EVENT)
        aws.queues.put(DEAD_CONFIG, MANIFEST)
        assert answer("redrive", "--all", "--queue", CONFIG, "--yes")[0] == 0
        assert [len(aws.queues.bodies(name)) for name in (DEAD, DEAD_CONFIG)] == [1, 0]

    def test_chosen_messages_alone_and_the_others_can_be_received_at_once(self, aws, answer):
        ids = [aws.queues.put(DEAD, f"{number}") for number in range(30)]
        ids.append(aws.queues.put(DEAD_CONFIG, MANIFEST))
        chosen = [ids[28], ids[3], ids[30]]
        status, document = answer("redrive", *(word for each in chosen for word in ("--message-id", each)), "--yes")
        assert (status, {*results(document)}) == (0, {*chosen})
        assert (sorted(aws.queues.bodies(QUEUE)), aws.queues.bodies(CONFIG)) == (["28", "3"], [MANIFEST])
        assert aws.queues.depth(DEAD) == 28

    def test_with_an_unknown_id_nothing_is_sent(self, aws, answer):
        known = aws.queues.put(DEAD, EVENT)
        status, document = answer("redrive", "--message-id", known, "--message-id", "nobody", "--yes")
        assert (status, document["kind"], "nobody" in document["error"]) == (1, "NotADeadLetter", True)
        assert (aws.queues.bodies(QUEUE), aws.queues.depth(DEAD)) == ([], 1)

    def test_twice_is_one_file(self, aws, answer):
        aws.queues.put(DEAD, EVENT)
        for _ in range(2):
            assert answer("redrive", "--all", "--yes")[0] == 0
            deliver(aws)
            aws.queues.put(DEAD, EVENT)
        assert registered(aws) == [CHANGES]

    @pytest.mark.parametrize("which", ["all", "one"])
    @pytest.mark.parametrize("ends", ["service", "person"])
    def test_dead_between_sending_and_removing_loses_nothing_and_the_next_one_finishes(self, aws, answer, which, ends):
        message_id = aws.queues.put(DEAD, EVENT)
        chosen = ["--all"] if which == "all" else ["--message-id", message_id]
        aws.queues.raises["delete"] = TransientError("no answer") if ends == "service" else KeyboardInterrupt()
        status, document = answer("redrive", *chosen, "--yes")
        assert (status, bool(document["error"])) == (1, True)
        assert results(document) == ({message_id: "sent_back_and_still_here"} if ends == "service" else {})
        assert (aws.queues.bodies(QUEUE), aws.queues.bodies(DEAD), aws.queues.depth(DEAD)) == ([EVENT], [EVENT], 1)
        assert results(answer("redrive", *chosen, "--yes")[1]) == {message_id: "sent_back"}
        assert (aws.queues.bodies(QUEUE), aws.queues.bodies(DEAD)) == ([EVENT, EVENT], [])
        deliver(aws)
        assert registered(aws) == [CHANGES]

    def test_a_process_that_is_killed_leaves_it_in_both_queues(self, aws, monkeypatch):
        aws.queues.put(DEAD, EVENT)
        aws.queues.raises["delete"] = SystemExit()  # no report is made, and nothing is made visible again
        monkeypatch.setattr(aws.queues, "show", lambda *_: None)
        with pytest.raises(SystemExit):
            execute(["dead-letters", "redrive", "--all", "--yes"])
        assert (aws.queues.bodies(QUEUE), aws.queues.bodies(DEAD), aws.queues.depth(DEAD)) == ([EVENT], [EVENT], 0)
        aws.queues.end_of_hiding()
        assert aws.queues.depth(DEAD) == 1

    def test_what_the_queue_does_not_take_stays_with_the_reason(self, aws, answer, capsys):
        message_id = aws.queues.put(DEAD, EVENT)
        aws.queues.refuses["send"] = "InternalError: busy"
        status, document = answer("redrive", "--all", "--yes")
        assert (status, results(document)) == (1, {message_id: "not_sent"})
        assert (document["messages"][0]["why"], aws.queues.depth(DEAD)) == ("InternalError: busy", 1)
        assert told(capsys, "redrive", "--all", "--yes") == (1, f"{message_id}: InternalError: busy")

    def test_what_cannot_be_removed_is_told_and_harmless(self, aws, answer, capsys):
        aws.queues.put(DEAD, EVENT)
        aws.queues.refuses["delete"] = "ReceiptHandleIsInvalid"
        status, text = told(capsys, "redrive", "--all", "--yes")
        assert (status, "1 message sent back" in text, "Redrive again" in text) == (1, True, True)
        assert aws.queues.depth(DEAD) == 1

    @pytest.mark.parametrize(("requests", "sent"), [(1, 0), (2, 10)])
    def test_when_sending_fails_nothing_is_removed_and_what_went_before_is_told(self, aws, answer, requests, sent):
        for _ in range(15):
            aws.queues.put(DEAD, EVENT)
        aws.queues.raises["send"], aws.queues.good_requests = TransientError("no answer"), requests - 1
        status, document = answer("redrive", "--all", "--yes")
        assert (status, document["error"], len(document.get("messages", ()))) == (1, "no answer", sent)
        assert (len(aws.queues.bodies(QUEUE)), aws.queues.depth(DEAD)) == (sent, 15 - sent)

    def test_junk_that_went_is_counted_and_comes_back_marked(self, aws, answer):
        aws.queues.put(DEAD, JUNK, UNDELIVERED | {"by": "hand"})
        aws.queues.put(DEAD, EVENT)
        status, document = answer("redrive", "--all", "--yes")
        assert (status, [each["unusable"] for each in document["messages"]]) == (0, [True, False])
        assert "1 message of those sent back cannot be used" in document["warnings"][0]
        set_aside(aws)
        assert [each["times_sent_back"] for each in answer("list")[1]["messages"]] == [1, 1]
        assert [each["not_delivered"] for each in answer("list")[1]["messages"]] == [None, None]
        answer("redrive", "--all", "--yes")
        set_aside(aws)
        assert [each["times_sent_back"] for each in answer("list")[1]["messages"]] == [2, 2]

    def test_a_message_that_comes_back_while_everything_is_sent_does_not_go_round_for_ever(
        self, aws, answer, monkeypatch
    ):
        for _ in range(12):
            aws.queues.put(DEAD, JUNK)
        receive = aws.queues.receive

        def receive_what_was_set_aside(queue, most, hidden_seconds):
            if queue == DEAD and aws.queues.bodies(QUEUE):
                set_aside(aws)
            return receive(queue, most, hidden_seconds)

        monkeypatch.setattr(aws.queues, "receive", receive_what_was_set_aside)
        status, document = answer("redrive", "--all", "--yes")
        assert (status, list(results(document).values()).count("sent_back")) == (1, 12)
        assert "came back while this redrive ran" in document["warnings"][-1]
        assert aws.queues.depth(DEAD) + len(aws.queues.bodies(QUEUE)) == 12

    @pytest.mark.parametrize(("body", "attributes"), [("x" * 262_144, {}), ("x", {f"a{n}": "b" for n in range(10)})])
    def test_a_message_without_room_for_the_mark_is_sent_as_it_is(self, aws, answer, body, attributes):
        aws.queues.put(DEAD, body, attributes)
        assert answer("redrive", "--all", "--yes")[0] == 0
        (message,) = aws.queues.receive(QUEUE, 10, 60)
        assert (message.body, message.attributes) == (body, attributes)

    def test_messages_that_are_visible_again_before_the_end_are_taken_once(self, aws, answer, monkeypatch):
        ids = [aws.queues.put(DEAD, f"{number}") for number in range(12)]
        receive = aws.queues.receive

        def receive_late(queue, most, hidden_seconds):
            aws.queues.end_of_hiding()
            return receive(queue, most, hidden_seconds)

        monkeypatch.setattr(aws.queues, "receive", receive_late)
        assert len(answer("list")[1]["messages"]) == 10
        assert answer("redrive", "--message-id", ids[2], "--yes")[0] == 0
        assert (aws.queues.bodies(QUEUE), len(aws.queues.bodies(DEAD))) == (["2"], 11)

    def test_nothing_there_is_nothing_wrong(self, aws, answer, capsys):
        assert answer("redrive", "--all") == (0, {"messages": [], "warnings": [], "error": None})
        assert told(capsys, "redrive", "--all") == (0, "There are no dead letters.")

    @pytest.mark.parametrize("arguments", [(), ("--all", "--message-id", "x"), ("--all", "--message-id", "x", "--yes")])
    def test_what_cannot_be_meant_is_wrong_usage(self, aws, answer, arguments):
        aws.queues.put(DEAD, EVENT)
        assert (answer("redrive", *arguments)[0], aws.queues.bodies(QUEUE)) == (2, [])

    @pytest.mark.parametrize("agreed", [True, False])
    def test_only_a_terminal_is_asked(self, aws, monkeypatch, agreed):
        message_id = aws.queues.put(DEAD, EVENT)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        asked = []
        monkeypatch.setattr("typer.confirm", lambda text, **_: asked.append(text) or agreed)
        assert execute(["dead-letters", "redrive", "--all"]) == (0 if agreed else 1)
        assert asked == [f"Send about 1 message back to {QUEUE} and {CONFIG}?"]
        assert aws.queues.bodies(QUEUE) == ([EVENT] if agreed else [])
        assert execute(["dead-letters", "redrive", "--message-id", message_id, "--yes"]) == (1 if agreed else 0)

    @pytest.mark.parametrize("verb", [("redrive", "--all"), ("delete", "--message-id", "x")])
    def test_with_a_forgotten_endpoint_nothing_is_changed(self, aws, answer, monkeypatch, tmp_path, verb):
        aws.queues.put(DEAD, EVENT)
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        embed(tmp_path)
        assert (answer(*verb, "--yes")[0], aws.queues.bodies(QUEUE)) == (2, [])


class TestDelete:
    def test_junk_is_shown_and_gone(self, aws, answer, capsys):
        message_id = aws.queues.put(DEAD, JUNK)
        other = aws.queues.put(DEAD, JUNK)
        execute(["dead-letters", "delete", "--message-id", message_id, "--yes"])
        captured = capsys.readouterr()
        assert ("somebody.else" in captured.err, captured.out) == (True, "1 message deleted.\n")
        assert [each["message_id"] for each in answer("list")[1]["messages"]] == [other]

    def test_with_json_there_is_one_document(self, aws, answer):
        message_id = aws.queues.put(DEAD, JUNK)
        status, document = answer("delete", "--message-id", message_id, "--yes")
        assert (status, results(document), aws.queues.bodies(DEAD)) == (0, {message_id: "deleted"}, [])

    @pytest.mark.parametrize(("queue", "body"), [(DEAD, EVENT), (DEAD_CONFIG, MANIFEST)])
    def test_what_could_still_be_handled_is_refused_with_all_else(self, aws, answer, queue, body):
        ids = [aws.queues.put(DEAD, JUNK), aws.queues.put(queue, body)]
        status, document = answer("delete", "--message-id", ids[0], "--message-id", ids[1], "--yes")
        assert (status, f"redrive --message-id {ids[1]}" in document["error"]) == (1, True)
        assert {*aws.queues.bodies(DEAD), *aws.queues.bodies(DEAD_CONFIG)} == {JUNK, body}

    def test_what_is_registered_may_go(self, aws, answer):
        file = landed(CHANGES)
        aws.tracker.register(file, NOW)
        message_id = aws.queues.put(DEAD, object_created(file.key, file.etag))
        assert answer("delete", "--message-id", message_id, "--yes")[0] == 0

    def test_a_terminal_is_asked_and_no_is_no(self, aws, monkeypatch, capsys):
        message_id = aws.queues.put(DEAD, JUNK)
        monkeypatch.setattr("sys.stdin.isatty", lambda: True)
        monkeypatch.setattr("typer.confirm", lambda *_, **__: False)
        assert execute(["dead-letters", "delete", "--message-id", message_id]) == 1
        assert ("somebody.else" in capsys.readouterr().err, aws.queues.depth(DEAD)) == (True, 1)

    def test_where_nobody_can_be_asked_and_without_an_id_it_is_wrong_usage(self, aws, answer):
        message_id = aws.queues.put(DEAD, JUNK)
        assert [answer("delete", *given)[0] for given in (["--message-id", message_id], ["--yes"])] == [2, 2]
        assert aws.queues.depth(DEAD) == 1

    def test_an_unknown_id_is_an_error_and_nothing_goes(self, aws, answer):
        message_id = aws.queues.put(DEAD, JUNK)
        status, document = answer("delete", "--message-id", message_id, "--message-id", "nobody", "--yes")
        assert (status, document["kind"], aws.queues.depth(DEAD)) == (1, "NotADeadLetter", 1)

    def test_what_stays_says_why_and_fails(self, aws, answer):
        message_id = aws.queues.put(DEAD, JUNK)
        aws.queues.refuses["delete"] = "InternalError"
        status, document = answer("delete", "--message-id", message_id, "--yes")
        assert (status, results(document), document["messages"][0]["why"]) == (
            1, {message_id: "not_deleted"}, "InternalError",
        )  # fmt: skip
