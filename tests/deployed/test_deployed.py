"""The templates and packages, deployed unchanged: files in, Hudi tables out, with the policies of the templates enforced.

In the order in which they stand the tests use the minute until the schedule fires.
"""

from __future__ import annotations

import json

import pytest

from odpf.states import RunStatus
from tests.deployed.account import NUMBER, REGION
from tests.deployed.deployment import ARTIFACTS, PREFIX, RAW, SETTINGS, Deployment
from tests.deployed.scenario import BY_HAND, DATABASE, EVERY_MINUTE, Scenario
from tests.end_to_end.waiting import eventually

pytestmark = pytest.mark.more

MANIFEST = """
cadences: [{refresh_cadence: from_a_manifest, schedule: rate(7 hours)}]
tables:
  - source_table_name: shop.returns
    refresh_cadence: from_a_manifest
    raw_database_name: shop_raw
    raw_table_name: returns
    hudi_primary_key: id
    hudi_precombine_field: change_seq
"""
NOTHING_AT_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Action": "dynamodb:*", "Resource": "*"}],
}


def test_the_stacks_are_made_of_the_synthesised_templates_as_they_are(deployment: Deployment):
    cloudformation = deployment.client("cloudformation")

    templates = deployment.templates()

    assert len(templates) == 5
    for stack, template in templates.items():
        body = cloudformation.get_template(StackName=stack)["TemplateBody"]
        assert (json.loads(body) if isinstance(body, str) else body) == template


def test_an_event_takes_a_landed_file_through_queue_and_function_to_the_tracker(scenario: Scenario):
    for source in scenario.sources:
        names = {key.rpartition("/")[2] for key in source.files}
        assert scenario.registered_by_event[source.name] == dict.fromkeys(names, "raw_file_landed")
    handled = [entry for entry in scenario.deployment.documents("file_manager") if entry.get("registered")]
    assert sum(entry["registered"] for entry in handled) == 4


def test_applied_configuration_makes_the_database_and_the_schedule(scenario: Scenario):
    assert len(scenario.applied.document["added"]) == 3
    client = scenario.deployment.client
    assert client("glue").get_database(Name=DATABASE)["Database"]["Name"] == DATABASE
    (schedule,) = client("scheduler").list_schedules(GroupName=SETTINGS.schedule_group)["Schedules"]
    made = client("scheduler").get_schedule(GroupName=SETTINGS.schedule_group, Name=schedule["Name"])
    assert made["ScheduleExpression"] == "rate(1 minute)"
    assert made["Target"]["RoleArn"] == f"arn:aws:iam::{NUMBER}:role/{PREFIX}scheduler-{REGION}"


def test_a_function_can_do_only_what_its_policy_says_and_is_called_again_until_it_can(scenario: Scenario):
    deployment = scenario.deployment
    iam, role = deployment.client("iam"), deployment.role("config_manager")
    queue = deployment.client("sqs").get_queue_url(QueueName=SETTINGS.config_queue)["QueueUrl"]
    # The deployed six minutes until a message is delivered again are more than a test has.
    deployment.client("sqs").set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "3"})
    iam.put_role_policy(RoleName=role, PolicyName="nothing", PolicyDocument=json.dumps(NOTHING_AT_ALL))
    deployment.client("s3").put_object(Bucket=ARTIFACTS, Key="config/returns.yaml", Body=MANIFEST.encode())
    eventually(lambda: "AccessDenied" in "".join(deployment.log("config_manager")), 30, pause=0.2)
    iam.delete_role_policy(RoleName=role, PolicyName="nothing")

    outcome = eventually(
        lambda: [entry["outcome"] for entry in deployment.documents("config_manager") if "outcome" in entry], 30
    )

    assert outcome[0]["source"] == f"s3://{ARTIFACTS}/config/returns.yaml"
    assert outcome[0]["problems"] == []
    assert "shop.returns" in {entry["source_table_name"] for entry in deployment.odpf("status").document}
    names = {s["Name"] for s in deployment.client("scheduler").list_schedules()["Schedules"]}
    assert "from_a_manifest" in names


def test_a_message_that_is_no_event_ends_in_the_dead_letter_queue(scenario: Scenario):
    sqs = scenario.deployment.client("sqs")
    queue = sqs.get_queue_url(QueueName=SETTINGS.staging_queue)["QueueUrl"]
    dead_letters = sqs.get_queue_url(QueueName=f"{SETTINGS.staging_queue}_dlq")["QueueUrl"]
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "1"})  # instead of six minutes

    sqs.send_message(QueueUrl=queue, MessageBody="no event")

    found = eventually(lambda: sqs.receive_message(QueueUrl=dead_letters, WaitTimeSeconds=1).get("Messages"), 30)
    assert [message["Body"] for message in found] == ["no event"]


@pytest.mark.parametrize("component", ["watch", "retention"])
def test_what_runs_by_the_clock_runs(scenario: Scenario, component: str):
    scenario.deployment.invoke(component)

    assert not [entry for entry in scenario.deployment.documents(component) if entry.get("level") == "ERROR"]


def test_the_watch_measures_what_waits(scenario: Scenario):
    scenario.deployment.invoke("watch")

    documents = scenario.deployment.documents("watch")
    metrics = [entry for entry in documents if "_aws" in entry]
    assert {m["Namespace"] for entry in metrics for m in entry["_aws"]["CloudWatchMetrics"]} == {"ODPF"}
    (measured,) = [m for m in metrics if m.get("refresh_cadence") == EVERY_MINUTE and "PendingFiles" in m][-1:]
    assert measured["PendingFiles"] == [3]


def test_the_schedule_starts_the_run_and_the_job_writes_what_was_put(scenario: Scenario):
    execution = scenario.execution(EVERY_MINUTE)

    assert execution["status"] == "SUCCEEDED", execution
    for source in (scenario.orders, scenario.items):
        assert scenario.in_the_lake(source) == source.expected()
        states = scenario.deployment.files(source.name)
        assert states == {key.rpartition("/")[2]: "raw_file_processed" for key in source.files}
    (run,) = scenario.deployment.job_runs(execution["name"])
    assert run["JobRunState"] == "SUCCEEDED"
    assert run["DPUSeconds"] > 0


def test_what_ran_is_what_was_packed(scenario: Scenario):
    scenario.execution(EVERY_MINUTE)
    dynamodb = scenario.deployment.client("dynamodb")

    runs = dynamodb.scan(TableName=SETTINGS.table("file_processing_tracker_history"))["Items"]
    published = dynamodb.scan(TableName=SETTINGS.table("config_deploy_tracker"))["Items"]

    assert {run["odpf_version"]["S"] for run in runs} == {scenario.deployment.release}
    by_manifest = [item for item in published if item.get("source", {"S": ""})["S"].startswith("s3://")]
    assert {item["odpf_version"]["S"] for item in by_manifest} == {scenario.deployment.release}


def test_the_catalog_says_where_the_tables_are_and_what_they_hold(scenario: Scenario):
    scenario.execution(EVERY_MINUTE)

    table = scenario.deployment.client("glue").get_table(DatabaseName=DATABASE, Name="shop_orders")["Table"]

    assert table["StorageDescriptor"]["Location"] == f"s3://{RAW}/{DATABASE}/shop_orders"
    columns = {column["Name"]: column["Type"] for column in table["StorageDescriptor"]["Columns"]}
    assert {name: columns[name] for name in ("id", "value", "note")} == {
        "id": "bigint",
        "value": "bigint",
        "note": "string",
    }


def test_who_listens_hears_of_every_refreshed_table(scenario: Scenario):
    scenario.execution(EVERY_MINUTE)
    heard: dict[str, dict[str, object]] = {}

    def all_heard() -> bool:
        heard.update({event["raw_table_name"]: event for event in scenario.announced()})
        return {"shop_orders", "shop_items"} <= heard.keys()

    eventually(all_heard, 20)


def test_the_run_is_measured(scenario: Scenario):
    scenario.execution(EVERY_MINUTE)

    metrics = [entry for entry in scenario.deployment.documents("summarise") if "_aws" in entry]

    (measured,) = [entry for entry in metrics if entry.get("refresh_cadence") == EVERY_MINUTE][:1]
    assert measured["TablesCompleted"] == [2]


def test_an_operator_starts_a_cadence_and_waits_for_it(scenario: Scenario):
    scenario.customers.update(id=1, note="moved")
    scenario.customers.delete(id=3)
    scenario.deployment.put(*scenario.customers.changes())

    answer = scenario.deployment.odpf("run", BY_HAND, "--wait")

    assert (answer.status, answer.document["status"]) == (0, RunStatus.SUCCEEDED), answer
    assert answer.document["warnings"] == []
    assert scenario.in_the_lake(scenario.customers) == scenario.customers.expected()


def test_the_same_deployment_again_changes_nothing(deployment: Deployment):
    told = deployment.deploy()

    assert told.count("nothing to change") == 5, told


def test_one_component_is_deployed_alone_and_its_functions_run_the_new_version(deployment: Deployment):
    functions = deployment.client("lambda")
    name = SETTINGS.function_name("file_manager")
    before = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]

    deployment.deploy("--stack", "file-manager", RetentionDays=60)

    after = functions.get_alias(FunctionName=name, Name="live")["FunctionVersion"]
    assert int(after) == int(before) + 1
    assert deployment.invoke("retention")["retention_days"] == 60
