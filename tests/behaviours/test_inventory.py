"""What IAM's simulation and the clocks of AWS are asked, in the service's own words."""

from __future__ import annotations

from datetime import UTC, timedelta
from email.utils import format_datetime

import pytest

from odpf.adapters.inventory import Decision, Inventory
from odpf.clock import utc_now
from odpf.errors import TerminalError
from tests.behaviours.wire import Wire

ROLE, TABLE, BUCKET = "arn:aws:iam::1:role/r", "arn:aws:dynamodb:eu-west-1:1:table/t", "arn:aws:s3:::b/k"


@pytest.fixture
def inventory(aws):
    return Inventory(aws.session, aws.settings)


@pytest.fixture
def service(inventory, monkeypatch):
    """The one client of a service, so that its answers can be given in its place."""

    def made(name):
        client = inventory._client(name)
        monkeypatch.setattr(inventory, "_client", lambda _: client)
        return Wire(client)

    return made


def test_actions_are_simulated_by_resource(inventory, service):
    results = [
        {"EvalActionName": "dynamodb:PutItem", "EvalDecision": "allowed"},
        {"EvalActionName": "dynamodb:Scan", "EvalDecision": "implicitDeny"},
    ]
    asked = service("iam").answer("SimulatePrincipalPolicy", {"EvaluationResults": results}, 200)
    decided = inventory.decisions(ROLE, [("dynamodb:PutItem", TABLE), ("dynamodb:Scan", TABLE)])
    assert decided == [Decision("dynamodb:PutItem", TABLE, True), Decision("dynamodb:Scan", TABLE, False)]
    assert [(each["PolicySourceArn"], each["ResourceArns"]) for each in asked] == [(ROLE, [TABLE])]


def test_whoever_may_not_simulate_is_told(inventory, service):
    service("iam").answer("SimulatePrincipalPolicy", {"Error": {"Code": "AccessDenied", "Message": "no"}}, 403)
    with pytest.raises(TerminalError, match="Allow SimulatePrincipalPolicy"):
        inventory.decisions(ROLE, [("s3:GetObject", BUCKET)])


@pytest.mark.parametrize(("off", "says"), [(timedelta(minutes=20), "behind"), (timedelta(minutes=-20), "ahead of")])
def test_a_refusal_far_from_aws_s_clock_is_the_clock_s(inventory, service, off, says):
    date = format_datetime((utc_now() + off).astimezone(UTC), usegmt=True)
    refusal = {
        "Error": {"Code": "SignatureDoesNotMatch", "Message": "expired"},
        "ResponseMetadata": {"HTTPStatusCode": 403, "HTTPHeaders": {"date": date}},
    }
    service("sts").answer("GetCallerIdentity", refusal, 403)
    with pytest.raises(TerminalError, match=says):
        inventory.identity()


def test_the_caller_is_known_with_the_clock_s_difference(inventory):
    found = inventory.identity()
    assert found.place.account in found.arn
    assert found.ahead_seconds is None or abs(found.ahead_seconds) < 60


def test_what_is_not_there_is_none(inventory):
    place = inventory.identity().place
    assert inventory.tables(["odpf_nothing"]) == {"odpf_nothing": None}
    assert inventory.bucket("odpf-no-such-bucket") is False
    assert inventory.state_machine(place) is None
    assert inventory.job() is None
    assert inventory.functions(["watch"]) == {"watch": None}
