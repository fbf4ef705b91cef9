"""Events of refreshed tables, as a pipeline behind EventBridge receives them."""

from __future__ import annotations

import json

import pytest

from odpf.counts import Counts
from odpf.errors import TransientError
from odpf.table_drifted import TableDrifted
from odpf.table_refreshed import TableRefreshed
from tests.behaviours.wire import Wire

EVENT = TableRefreshed(
    batch_id="b" * 32,
    run_id="run",
    refresh_cadence="hourly",
    source_table_name="shop.orders",
    raw_database_name="lake_raw",
    raw_table_name="orders",
    location="s3://odpf-raw/lake_raw/orders",
    commit_instant="20260131100000000",
    generation=1,
    high_water_mark="000001 5 20260131-100000000.parquet 0000000000",
    counts=Counts(rows_read=2, rows_inserted=2),
)

DRIFT = TableDrifted(
    reconciliation_id="20260131T100000-ab12",
    report="s3://odpf-artifacts/reconciliations/20260131T100000-ab12.json",
    refresh_cadence="hourly",
    source_table_name="shop.orders",
    raw_database_name="lake_raw",
    raw_table_name="orders",
    rows_different=2,
    rows_at_source=3,
    rows_in_lake=1,
)


def test_a_rule_on_the_detail_type_gets_the_event_whole(aws):
    sqs, events = aws.session.client("sqs"), aws.session.client("events")
    url = sqs.create_queue(QueueName="downstream")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    pattern = {"source": ["odpf"], "detail-type": ["odpf.table.refreshed"], "detail": {"raw_table_name": ["orders"]}}
    events.put_rule(Name="downstream", EventPattern=json.dumps(pattern))
    events.put_targets(Rule="downstream", Targets=[{"Id": "queue", "Arn": arn}])
    aws.refresh_events.put(EVENT)
    aws.refresh_events.put(EVENT.model_copy(update={"raw_table_name": "other"}))
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert TableRefreshed.model_validate(json.loads(message["Body"])["detail"]) == EVENT


def test_a_rule_on_drift_gets_the_event_of_a_drifted_table_alone(aws):
    sqs, events = aws.session.client("sqs"), aws.session.client("events")
    url = sqs.create_queue(QueueName="alarm")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="alarm", EventPattern=json.dumps({"source": ["odpf"], "detail-type": ["odpf.table.drifted"]}))
    events.put_targets(Rule="alarm", Targets=[{"Id": "queue", "Arn": arn}])
    aws.refresh_events.put(EVENT)
    aws.refresh_events.put_drift(DRIFT)
    (message,) = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    assert TableDrifted.model_validate(json.loads(message["Body"])["detail"]) == DRIFT


def test_an_event_that_the_bus_refuses_is_told(aws):
    refused = {"FailedEntryCount": 1, "Entries": [{"ErrorCode": "InternalException", "ErrorMessage": "busy"}]}
    Wire(aws.refresh_events._client).answer("PutEvents", refused, status=200)
    with pytest.raises(TransientError, match="InternalException busy"):
        aws.refresh_events.put(EVENT)
