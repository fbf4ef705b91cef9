"""What the watch and the summarise step talk to: metrics, notices, queues, the cost of job runs."""

from __future__ import annotations

import json

import pytest

from odpf.adapters.aws import Aws
from odpf.adapters.metrics import EmfMetrics, dimension_value
from odpf.errors import TerminalError
from odpf.metrics import Dimension, Metric, Unit
from odpf.notice import Notice
from odpf.ports import QueuedMessage
from odpf.states import FindingKind, JobRunState, NoticeState
from odpf_local.memory import MemoryJobRuns
from odpf_local.memory.metrics import MemoryMetrics
from tests.behaviours.builders import NOW, SETTINGS
from tests.behaviours.wire import Wire

WHOLE = {Dimension.DEPLOYMENT: "odpf"}
NOTICE = Notice(
    kind=FindingKind.NO_RUN,
    state=NoticeState.BEGUN,
    refresh_cadence="hourly",
    subject="ODPF odpf: cadence hourly was not run",
    text="Größe",
)


class TestMetrics:
    def documents(self, capsys):
        return [json.loads(line) for line in capsys.readouterr().out.splitlines()]

    def test_a_document_has_the_values_and_exactly_the_dimensions_that_were_given(self, capsys, monkeypatch):
        monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "somebody")
        values = {Metric.FRESHNESS_LAG: 12.5, Metric.PENDING_FILES: 3}
        EmfMetrics().put({**WHOLE, Dimension.REFRESH_CADENCE: "hourly"}, values, {"run_id": "r1"})
        (document,) = self.documents(capsys)
        (directive,) = document["_aws"]["CloudWatchMetrics"]
        assert directive["Namespace"] == "ODPF"
        assert directive["Dimensions"] == [["deployment", "refresh_cadence"]]
        assert directive["Metrics"] == [
            {"Name": "FreshnessLag", "Unit": "Seconds"},
            {"Name": "PendingFiles", "Unit": "Count"},
        ]
        assert (document["deployment"], document["refresh_cadence"], document["run_id"]) == ("odpf", "hourly", "r1")
        assert (document["FreshnessLag"], document["PendingFiles"]) == ([12.5], [3.0])

    def test_all_metrics_there_are_fit_into_one_document(self, capsys):
        EmfMetrics().put(WHOLE, dict.fromkeys(Metric, 1.0))
        assert [len(d["_aws"]["CloudWatchMetrics"][0]["Metrics"]) for d in self.documents(capsys)] == [len(Metric)]

    def test_each_put_is_a_document_of_its_own_and_no_values_are_none(self, capsys):
        metrics = EmfMetrics()
        metrics.put(WHOLE, {Metric.WATCHED: 1})
        metrics.put({**WHOLE, Dimension.REFRESH_CADENCE: "daily"}, {Metric.RUNS_MISSED: 0})
        metrics.put(WHOLE, {})
        assert [set(d) & set(Metric) for d in self.documents(capsys)] == [{"Watched"}, {"RunsMissed"}]

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("shop.orders", "shop.orders"),
            ("größe.t 1", "gr%C3%B6%C3%9Fe.t 1"),
            ("a%2Eb.c", "a%252Eb.c"),
            (":a.b", "%3Aa.b"),
            ("x" * 2000, "x" * 1024),
        ],
    )
    def test_a_name_becomes_what_cloudwatch_takes(self, name, value):
        assert dimension_value(name) == value

    def test_units_are_those_of_the_numbers(self):
        assert (Metric.DPU_SECONDS.unit, Metric.RUN_SECONDS.unit, Metric.BYTES_DONE.unit) == tuple(Unit)

    def test_memory_keeps_what_was_put(self):
        metrics = MemoryMetrics()
        metrics.put(WHOLE, {Metric.WATCHED: 1}, {"run_id": "r1"})
        metrics.put(WHOLE, {Metric.WATCHED: 2})
        assert metrics.latest("odpf") == {Metric.WATCHED: 2}
        assert metrics.puts[0].properties == {"run_id": "r1"}


class TestNotices:
    def test_a_subscription_gets_the_kinds_it_asks_for(self, aws):
        sns, sqs = aws.session.client("sns"), aws.session.client("sqs")
        topic = sns.create_topic(Name=SETTINGS.alarm_topic)["TopicArn"]
        url = sqs.create_queue(QueueName="inbox")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        policy = {"kind": ["no_run"], "state": ["begun"]}
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"FilterPolicy": json.dumps(policy)})
        notices = Aws(SETTINGS.model_copy(update={"alarm_topic_arn": topic}), aws.session).notices
        notices.publish(NOTICE)
        notices.publish(NOTICE.model_copy(update={"state": NoticeState.OVER}))
        (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
        body = json.loads(message["Body"])
        assert (body["Subject"], body["Message"]) == (NOTICE.subject, NOTICE.text)
        assert {name: each["Value"] for name, each in body["MessageAttributes"].items()} == NOTICE.attributes

    @pytest.mark.parametrize("topic", [None, ""])
    def test_without_a_topic_nobody_is_told(self, aws, topic):
        notices = Aws(SETTINGS.model_copy(update={"alarm_topic_arn": topic}), aws.session).notices
        wire = Wire(notices._client)
        notices.publish(NOTICE)
        assert wire.requests == {}


QUEUE = SETTINGS.staging_queue
DEAD = f"{QUEUE}_dlq"


class TestQueues:
    @pytest.fixture
    def put(self, stores):
        """Both queues, and a way to put messages into the second as somebody else does."""
        if not hasattr(stores, "session"):
            return lambda *bodies: [stores.queues.put(DEAD, body) for body in bodies]
        sqs = stores.session.client("sqs")
        urls = [sqs.create_queue(QueueName=name)["QueueUrl"] for name in (QUEUE, DEAD)]
        return lambda *bodies: [sqs.send_message(QueueUrl=urls[1], MessageBody=body)["MessageId"] for body in bodies]

    def test_the_messages_of_a_queue_are_counted_and_an_absent_queue_has_no_number(self, stores, put):
        put("a", "b")
        assert stores.queues.depth(DEAD) == 2
        assert stores.queues.depth("odpf_nothing") is None

    def test_a_received_message_is_hidden_until_it_is_shown(self, stores, put):
        (sent,) = put("größe")
        (message,) = stores.queues.receive(DEAD, 10, 60)
        assert (message.message_id, message.body, message.receptions, message.attributes) == (sent, "größe", 1, {})
        assert message.sent_at <= message.first_received_at
        assert (stores.queues.receive(DEAD, 10, 60), stores.queues.depth(DEAD)) == ([], 0)
        stores.queues.show(DEAD, [message])
        (again,) = stores.queues.receive(DEAD, 10, 60)
        assert (again.message_id, again.sent_at, again.receptions) == (sent, message.sent_at, 2)

    def test_as_many_are_received_as_are_wanted_and_ten_at_the_most(self, stores, put):
        put(*map(str, range(14)))
        assert [len(stores.queues.receive(DEAD, most, 60)) for most in (3, 50, 50)] == [3, 10, 1]

    def test_a_removed_message_is_gone_and_may_be_removed_and_shown_again(self, stores, put):
        put("a", "b")
        first, other = stores.queues.receive(DEAD, 10, 60)
        assert [stores.queues.delete(DEAD, [first]) for _ in range(2)] == [{}, {}]
        stores.queues.show(DEAD, [first, other])
        assert [message.body for message in stores.queues.receive(DEAD, 10, 60)] == [other.body]

    def test_what_is_sent_is_a_new_message_with_body_and_attributes(self, stores, put):
        put(*map(str, range(12)))
        messages = [*stores.queues.receive(DEAD, 10, 60), *stores.queues.receive(DEAD, 10, 60)]
        assert stores.queues.send(QUEUE, [each._replace(attributes={"by": "größe"}) for each in messages]) == {}
        sent = [*stores.queues.receive(QUEUE, 10, 60), *stores.queues.receive(QUEUE, 10, 60)]
        assert [each.body for each in sent] == [each.body for each in messages]
        assert {each.attributes["by"] for each in sent} == {"größe"}
        assert not {each.message_id for each in sent} & {each.message_id for each in messages}

    @pytest.mark.parametrize("do", ["receive", "show", "send", "delete"])
    def test_a_queue_that_is_not_there_is_an_error(self, stores, put, do):
        put("a")
        given = (10, 60) if do == "receive" else (stores.queues.receive(DEAD, 10, 60),)
        with pytest.raises(TerminalError, match="odpf_nothing"):
            getattr(stores.queues, do)("odpf_nothing", *given)


class TestSqs:
    """What only a service does."""

    @pytest.fixture
    def messages(self, aws):
        sqs = aws.session.client("sqs")
        for name in (QUEUE, DEAD):
            sqs.create_queue(QueueName=name)
        aws.queues.send(DEAD, [QueuedMessage(str(n), "", f"body {n}", NOW, None, 0, {}) for n in range(3)])
        return aws.queues.receive(DEAD, 10, 60)

    def test_long_messages_go_in_requests_of_their_own(self, aws, messages):
        wire = Wire(aws.queues._client)
        lengths = (200_000, 60_000, 3_000, 600_000, 1)
        sent = [messages[0]._replace(message_id=str(n), body="x" * length) for n, length in enumerate(lengths)]
        assert aws.queues.send(QUEUE, sent) == {}
        assert wire.requests == {"SendMessageBatch": 4, "GetQueueUrl": 1}
        assert aws.queues.depth(QUEUE) == len(lengths)

    @pytest.mark.parametrize(("do", "operation"), [("send", "SendMessageBatch"), ("delete", "DeleteMessageBatch")])
    def test_single_messages_that_failed_are_told_by_their_ids(self, aws, messages, do, operation):
        failed = {"Id": "1", "Code": "InternalError", "Message": "try again", "SenderFault": False}
        Wire(aws.queues._client).answer(operation, {"Failed": [failed]}, 200)
        assert getattr(aws.queues, do)(DEAD, messages) == {messages[1].message_id: "InternalError: try again"}

    def test_a_lost_answer_sends_twice_rather_than_never(self, aws, messages):
        Wire(aws.queues._client).lose_one_answer("SendMessageBatch")
        assert aws.queues.send(QUEUE, messages) == {}
        assert aws.queues.depth(QUEUE) == 2 * len(messages)

    def test_a_receipt_that_is_no_longer_taken_is_no_error_when_a_message_is_shown(self, aws, messages):
        aws.queues.show(DEAD, [messages[0]._replace(receipt="of nothing")])
        assert aws.queues.depth(DEAD) == 0


class TestDpuSeconds:
    @pytest.mark.parametrize(
        ("run", "seconds"),
        [
            ({"DPUSeconds": 71.5, "ExecutionTime": 60, "WorkerType": "G.2X", "NumberOfWorkers": 10}, 71.5),
            ({"ExecutionTime": 60, "WorkerType": "G.1X", "NumberOfWorkers": 10}, 600),
            ({"DPUSeconds": 0.0, "ExecutionTime": 60, "WorkerType": "G.4X", "NumberOfWorkers": 2}, 480),
            ({"ExecutionTime": 60, "WorkerType": "R.8X", "NumberOfWorkers": 2}, 960),
            ({"ExecutionTime": 60, "WorkerType": "Standard", "NumberOfWorkers": 2}, 120),
            ({"ExecutionTime": 60, "MaxCapacity": 2.5}, 150),
            ({"JobRunState": "FAILED"}, 0),
        ],
    )
    def test_glues_own_figure_counts_else_the_workers_time(self, aws, run, seconds):
        Wire(aws.job_runs._client).answer("GetJobRun", {"JobRun": run}, 200)
        assert aws.job_runs.dpu_seconds("jr_1") == seconds

    def test_a_run_nobody_knows_has_no_figure(self, stores):
        assert stores.job_runs.dpu_seconds("jr_unknown") is None

    def test_memory_answers_what_was_set(self):
        runs = MemoryJobRuns()
        runs.set("jr_1", JobRunState.SUCCEEDED, dpu_seconds=7.5)
        assert runs.dpu_seconds("jr_1") == 7.5
