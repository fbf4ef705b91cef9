"""Runs of the Glue job, and the schedules that start the state machine."""

from __future__ import annotations

import json
from contextlib import nullcontext

import pytest

from odpf.cadence_schedule import maintenance_schedule_name
from odpf.errors import TerminalError, TransientError
from odpf.settings import Settings
from odpf.states import JobRunState
from odpf_local.memory import MemoryJobRuns
from tests.behaviours.builders import SETTINGS
from tests.behaviours.wire import Wire


class TestGlueRuns:
    @pytest.fixture
    def run_id(self, aws):
        glue = aws.session.client("glue")
        glue.create_job(Name="odpf_file_processor", Role="r", Command={"Name": "glueetl"})
        return glue.start_job_run(JobName="odpf_file_processor")["JobRunId"]

    def test_a_run_has_a_state(self, aws, run_id):
        assert aws.job_runs.state(run_id) in JobRunState

    def test_a_run_nobody_knows_has_none(self, aws, run_id):
        assert aws.job_runs.state("jr_unknown") is None

    def test_without_the_job_there_is_no_run(self, aws):
        assert aws.job_runs.state("jr_unknown") is None

    def test_stopping_asks_for_that_run(self, aws):
        wire = Wire(aws.job_runs._client)
        asked = wire.answer("BatchStopJobRun", {"SuccessfulSubmissions": [{"JobRunId": "jr_1"}], "Errors": []}, 200)
        aws.job_runs.stop("jr_1")
        assert asked == [{"JobName": "odpf_file_processor", "JobRunIds": ["jr_1"]}]

    @pytest.mark.parametrize(
        ("state", "fine"), [("SUCCEEDED", True), ("STOPPING", True), ("RUNNING", False), (None, True)]
    )
    def test_a_refusal_matters_only_while_the_run_works(self, aws, state, fine):
        wire = Wire(aws.job_runs._client)
        refusal = {"JobRunId": "jr_1", "ErrorDetail": {"ErrorCode": "X", "ErrorMessage": "not now"}}
        wire.answer("BatchStopJobRun", {"SuccessfulSubmissions": [], "Errors": [refusal]}, 200)
        known = {"JobRun": {"JobRunState": state}}
        unknown = {"Error": {"Code": "EntityNotFoundException", "Message": "no such run"}}
        wire.answer("GetJobRun", known if state else unknown, 200 if state else 400)
        with nullcontext() if fine else pytest.raises(TransientError, match="not now"):
            aws.job_runs.stop("jr_1")


class TestMemoryRuns:
    def test_states_are_what_was_set(self):
        runs = MemoryJobRuns()
        runs.set("jr_1", JobRunState.RUNNING)
        assert (runs.state("jr_1"), runs.state("jr_2")) == (JobRunState.RUNNING, None)

    @pytest.mark.parametrize(
        ("at_once", "before", "after"),
        [
            (True, JobRunState.RUNNING, JobRunState.STOPPED),
            (False, JobRunState.RUNNING, JobRunState.STOPPING),
            (True, JobRunState.SUCCEEDED, JobRunState.SUCCEEDED),
        ],
    )
    def test_stopping_ends_what_runs(self, at_once, before, after):
        runs = MemoryJobRuns(stops_at_once=at_once)
        runs.set("jr_1", before)
        runs.stop("jr_1")
        assert (runs.state("jr_1"), runs.stopped) == (after, ["jr_1"])


class TestSchedules:
    @pytest.fixture(autouse=True)
    def _state_machine(self, stores):
        if hasattr(stores, "session"):
            stores.session.client("stepfunctions").create_state_machine(
                name=SETTINGS.state_machine_name,
                definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
                roleArn="arn:aws:iam::123456789012:role/states",
            )

    def test_a_cadence_has_one_schedule_that_can_change_and_go(self, stores):
        assert stores.schedules.current() == {}
        stores.schedules.put("10_min_refresh", "rate(10 minutes)")
        stores.schedules.put("hourly", "cron(0 * * * ? *)")
        stores.schedules.put("10_min_refresh", "rate(20 minutes)")
        assert stores.schedules.current() == {"10_min_refresh": "rate(20 minutes)", "hourly": "cron(0 * * * ? *)"}
        stores.schedules.remove("hourly")
        stores.schedules.remove("hourly")
        assert stores.schedules.current() == {"10_min_refresh": "rate(20 minutes)"}


class TestWhatAScheduleStarts:
    @pytest.fixture
    def machine(self, aws):
        return aws.session.client("stepfunctions").create_state_machine(
            name=SETTINGS.state_machine_name,
            definition=json.dumps({"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}),
            roleArn="arn:aws:iam::123456789012:role/states",
        )["stateMachineArn"]

    def made(self, aws):
        aws.schedules.put("hourly", "rate(1 hour)")
        return aws.session.client("scheduler").get_schedule(GroupName="odpf_refresh_cadences", Name="hourly")

    def test_it_starts_the_state_machine_with_the_cadence(self, aws, machine):
        schedule = self.made(aws)
        assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert schedule["Target"]["Arn"] == machine
        assert json.loads(schedule["Target"]["Input"]) == {"refresh_cadence": "hourly", "scheduled": True}
        assert schedule["Target"]["RoleArn"] == "arn:aws:iam::123456789012:role/odpf_scheduler-eu-west-1"

    def test_a_schedule_of_maintenance_says_so_to_the_state_machine(self, aws, machine):
        name = maintenance_schedule_name("hourly")
        aws.schedules.put(name, "cron(0 3 * * ? *)")
        schedule = aws.session.client("scheduler").get_schedule(GroupName="odpf_refresh_cadences", Name=name)
        assert json.loads(schedule["Target"]["Input"]) == {
            "refresh_cadence": "hourly",
            "maintenance": True,
            "scheduled": True,
        }
        assert aws.schedules.current() == {name: "cron(0 3 * * ? *)"}
        aws.schedules.remove(name)
        assert aws.schedules.current() == {}

    def test_the_role_is_a_setting(self, aws, machine):
        role = "arn:aws:iam::123456789012:role/own"
        settings = Settings.from_environment({"ODPF_SCHEDULER_ROLE_ARN": role})
        assert self.made(type(aws)(settings, aws.session))["Target"]["RoleArn"] == role

    def test_without_a_state_machine_nothing_is_scheduled(self, aws):
        with pytest.raises(TerminalError, match="odpf_refresh_cadence"):
            aws.schedules.put("hourly", "rate(1 hour)")
        assert aws.schedules.current() == {}
