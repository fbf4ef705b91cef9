"""The functions of the plan and of the summary, as Step Functions calls them."""

from __future__ import annotations

import json

import pytest

from lambdas import batch_manager, summarise
from odpf.errors import InvalidConfiguration
from tests.behaviours.builders import moto_aws
from tests.file_processor.workbench import table_item


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with moto_aws(monkeypatch) as built:
        s3 = built.session.client("s3")
        s3.create_bucket(Bucket="odpf-artifacts", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        batch_manager.batch_manager.cache_clear()
        yield built
    batch_manager.batch_manager.cache_clear()


def plan(run_id="run-1", **more):
    return batch_manager.handler({"run_id": run_id, "refresh_cadence": "hourly", **more}, None)


def test_a_run_is_planned_and_summarised_with_its_id_in_every_line(aws, capsys, caplog):
    aws.config.put_tables([table_item(hudi_table_type="heap")])
    assert (plan()["batch_count"], plan()["nothing_to_do"]) == (0, False)
    assert summarise.handler({"run_id": "run-1"}, None)["status"] == "FAILED"
    said = {record.getMessage(): record for record in caplog.records if record.name.startswith("file_processor")}
    assert (said["planned"].run_id, said["planned"].refresh_cadence, said["planned"].decided) == ("run-1", "hourly", 1)
    assert (said["summarised"].run_id, said["summarised"].status) == ("run-1", "FAILED")
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines() if '"_aws"' in line]
    assert [(d.get("refresh_cadence"), d["TablesFailedInRun"]) for d in documents] == [(None, [1.0]), ("hourly", [1.0])]


def test_the_trace_of_a_plan_is_in_the_artifacts_bucket(aws):
    aws.config.put_tables([table_item()])
    assert plan("run-2")["nothing_to_do"]
    assert json.loads(aws.objects.get("odpf-artifacts", "cadences/hourly/last_plan.json"))["run_id"] == "run-2"


@pytest.mark.parametrize(
    ("given", "remembered"), [({}, True), ({"maintenance": False}, True), ({"maintenance": True}, False)]
)
def test_an_execution_may_be_started_for_maintenance_which_is_no_trace_of_a_refresh(aws, given, remembered):
    aws.config.put_tables([table_item()])
    assert plan("run-3", input={"refresh_cadence": "hourly", **given})["nothing_to_do"]
    traces = [entry.key for entry in aws.objects.list("odpf-artifacts", "cadences/")]
    assert traces == (["cadences/hourly/last_plan.json"] if remembered else [])


def test_what_cannot_be_planned_is_logged_and_raised(aws, caplog):
    with pytest.raises(InvalidConfiguration):
        plan()
    (record,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert (record.run_id, record.refresh_cadence) == ("run-1", "hourly")
    assert "No cadence 'hourly' is configured" in record.getMessage()
