"""What the watch and the summarise step talk to: metrics, notices, queues, the cost of job runs."""

from __future__ import annotations

import json

import pytest

from odpf.adapters.aws import Aws
from odpf.adapters.metrics import EmfMetrics, dimension_value
from odpf.metrics import Dimension, Metric, Unit
from odpf.notice import Notice
from odpf.states import FindingKind, JobRunState, NoticeState
from odpf_local.memory import MemoryJobRuns
from odpf_local.memory.metrics import MemoryMetrics
from tests.behaviours.builders import SETTINGS
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


class TestQueues:
    @pytest.fixture
    def queue(self, stores):
        name = f"{SETTINGS.staging_queue}_dlq"
        if hasattr(stores, "session"):
            sqs = stores.session.client("sqs")
            url = sqs.create_queue(QueueName=name)["QueueUrl"]
            for body in ("a", "b"):
                sqs.send_message(QueueUrl=url, MessageBody=body)
        else:
            stores.queues.depths[name] = 2
        return name

    def test_the_messages_of_a_queue_are_counted_and_an_absent_queue_has_no_number(self, stores, queue):
        assert stores.queues.depth(queue) == 2
        assert stores.queues.depth("odpf_nothing") is None


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
