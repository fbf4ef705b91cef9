"""The reader of templates and the evaluator of policies that the comparison with recorded calls stands on."""

from __future__ import annotations

import pytest

from tests.infra.cloudformation import Template, Unresolvable
from tests.infra.iam import Unsupported, allowed, arn_matches, grants, policies

ROLE = "arn:aws:iam::123456789012:role/odpf_x"


def template(properties, **more):
    document = {
        "Parameters": {
            "Prefix": {"Type": "String", "Default": "odpf_"},
            "Buckets": {"Type": "CommaDelimitedList", "Default": "a,b"},
            "Key": {"Type": "String"},
        },
        "Conditions": {
            "HasPrefix": {"Fn::Not": [{"Fn::Equals": [{"Ref": "Prefix"}, ""]}]},
            "HasNone": {"Fn::Not": [{"Condition": "HasPrefix"}]},
        },
        "Resources": {"It": {"Type": "AWS::IAM::Role", "Properties": {"Value": properties}}, **more},
    }
    return Template(document)


def resolved(value, **more):
    return template(value, **more).resources("AWS::IAM::Role")["It"].get("Value", "absent")


QUEUE = {"Queue": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "${Prefix}events"}}}}
ALIAS = {"Live": {"Type": "AWS::Lambda::Alias", "Properties": {"FunctionName": "odpf_f", "Name": "live"}}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Ref": "Prefix"}, "odpf_"),
        ({"Ref": "Buckets"}, ["a", "b"]),
        ({"Ref": "AWS::Region"}, "eu-west-1"),
        ({"Ref": "Queue"}, "odpf_events"),
        ({"Ref": "Live"}, "arn:aws:lambda:eu-west-1:123456789012:function:odpf_f:live"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "arn:aws:sqs:eu-west-1:123456789012:odpf_events"),
        ({"Fn::Sub": "${Prefix}x-${AWS::AccountId}-${!Kept}"}, "odpf_x-123456789012-${Kept}"),
        ({"Fn::Sub": ["${Own}/${Queue.Arn}", {"Own": "o"}]}, "o/arn:aws:sqs:eu-west-1:123456789012:odpf_events"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "Prefix"}]]}, "arn:odpf_"),
        ({"Fn::Split": [",", {"Fn::Join": [",", {"Ref": "Buckets"}]}]}, ["a", "b"]),
        ({"Fn::Select": ["1", {"Ref": "Buckets"}]}, "b"),
        ({"Fn::If": ["HasPrefix", "yes", "no"]}, "yes"),
        ({"Fn::If": ["HasNone", "yes", {"Ref": "AWS::NoValue"}]}, "absent"),
        ([{"Ref": "AWS::NoValue"}, "x"], ["x"]),
    ],
)
def test_intrinsics_are_resolved(value, expected):
    assert resolved(value, **QUEUE, **ALIAS) == expected


@pytest.mark.parametrize(
    "value",
    [
        {"Ref": "Key"},
        {"Ref": "Nothing"},
        {"Fn::GetAtt": ["Queue", "QueueUrl"]},
        {"Fn::ImportValue": "other"},
        {"Fn::GetAtt": ["Bus", "Arn"]},
    ],
)
def test_what_cannot_be_resolved_is_an_error(value):
    with pytest.raises(Unresolvable):
        resolved(value, **QUEUE, Bus={"Type": "AWS::Events::EventBus"})


def test_a_resource_whose_condition_fails_is_not_there():
    role = {"Type": "AWS::IAM::Role", "Condition": "HasNone", "Properties": {}}
    assert list(template("x", Other=role).resources("AWS::IAM::Role")) == ["It"]


def policy(*statements):
    return tuple(grants({"Statement": list(statements)}))


def statement(action="s3:GetObject", resource="arn:aws:s3:::lake/db/*", effect="Allow", **more):
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


OBJECT = "arn:aws:s3:::lake/db/t/a.parquet"


def test_what_no_statement_allows_is_refused():
    assert allowed(policy(statement()), "s3:GetObject", OBJECT)
    assert not allowed(policy(statement()), "s3:PutObject", OBJECT)
    assert not allowed(policy(statement()), "s3:GetObject", "arn:aws:s3:::lake/other/a")
    assert not allowed(policy(), "s3:GetObject", OBJECT)


def test_a_denial_wins():
    denied = policy(statement(), statement(effect="Deny", resource="arn:aws:s3:::lake/db/t/*"))
    assert not allowed(denied, "s3:GetObject", OBJECT)
    assert allowed(denied, "s3:GetObject", "arn:aws:s3:::lake/db/u/a.parquet")


def test_actions_have_wildcards_and_no_case():
    assert allowed(policy(statement(action=["S3:get*"])), "s3:GetObject", OBJECT)


@pytest.mark.parametrize(
    ("pattern", "arn", "expected"),
    [
        ("*", OBJECT, True),
        ("arn:aws:s3:::lake/*", OBJECT, True),
        ("arn:aws:s3:::lake/d?/*", OBJECT, True),
        ("arn:aws:s3:::lake/[d]b/*", OBJECT, False),
        ("arn:aws:s3:::lak", OBJECT, False),
        ("arn:aws:states:*:*:execution:m:*", "arn:aws:states:eu-west-1:1:execution:m:run:1", True),
        ("arn:aws:*:m", "arn:aws:states:eu-west-1:1:m", False),
        ("arn:aws:s3:::*", "*", False),
        ("*", "*", True),
    ],
)
def test_patterns_of_arns(pattern, arn, expected):
    assert arn_matches(pattern, arn) is expected


@pytest.mark.parametrize(
    ("condition", "context", "expected"),
    [
        ({"StringEquals": {"k": "v"}}, {"k": "v"}, True),
        ({"StringEquals": {"k": ["v", "w"]}}, {"k": "w"}, True),
        ({"StringEquals": {"k": "v"}}, {"k": "V"}, False),
        ({"StringEquals": {"k": "v"}}, {}, False),
        ({"StringEqualsIfExists": {"k": "v"}}, {}, True),
        ({"StringEqualsIfExists": {"k": "v"}}, {"k": "w"}, False),
        ({"StringLike": {"k": "runs/*"}}, {"k": "runs/a/b"}, True),
        ({"StringLike": {"k": "runs/*"}}, {"k": "batches/a"}, False),
        ({"ArnLike": {"k": "arn:aws:iam::*:role/odpf_*"}}, {"k": ROLE}, True),
        ({"ArnEquals": {"k": ROLE}}, {"k": f"{ROLE}y"}, False),
        ({"Bool": {"aws:SecureTransport": "false"}}, {}, False),
        ({"ForAllValues:StringEquals": {"k": ["v", "w"]}}, {"k": ["v", "w"]}, True),
        ({"ForAllValues:StringEquals": {"k": ["v"]}}, {"k": ["v", "w"]}, False),
        ({"ForAllValues:StringEquals": {"k": ["v"]}}, {}, True),
        ({"ForAnyValue:StringEquals": {"k": ["v"]}}, {"k": ["v", "w"]}, True),
        ({"ForAnyValue:StringEquals": {"k": ["v"]}}, {}, False),
        ({"StringEquals": {"k": "v"}, "StringLike": {"l": "*"}}, {"k": "v"}, False),
    ],
)
def test_conditions(condition, context, expected):
    found = policy(statement(Condition=condition))
    assert allowed(found, "s3:GetObject", OBJECT, context) is expected


@pytest.mark.parametrize(
    "unsupported",
    [
        {"Effect": "Allow", "NotAction": "s3:*", "Resource": "*"},
        {"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "*"},
        statement(Principal="*"),
        statement(Condition={"NumericLessThan": {"k": "1"}}),
        statement(resource="arn:aws:s3:::lake/${aws:username}/*"),
    ],
)
def test_what_the_evaluator_does_not_know_is_an_error(unsupported):
    with pytest.raises(Unsupported):
        policy(unsupported)


def test_a_role_has_its_inline_policies_and_those_attached_to_it():
    def document(action):
        return {"Statement": [statement(action=action)]}

    resources = {
        "R": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "odpf_r", "Policies": [{"PolicyDocument": document("s3:GetObject")}]},
        },
        "P": {
            "Type": "AWS::IAM::Policy",
            "Properties": {"Roles": [{"Ref": "R"}], "PolicyDocument": document("s3:PutObject")},
        },
        "M": {
            "Type": "AWS::IAM::ManagedPolicy",
            "Properties": {"Roles": [{"Ref": "R"}], "PolicyDocument": document("s3:DeleteObject")},
        },
    }
    found = policies(Template({"Resources": resources}))
    assert [grant.action for grant in found["R"]] == ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"]
    assert [grant.action for grant in found["M"]] == ["s3:DeleteObject"]


def test_a_managed_policy_from_elsewhere_cannot_be_judged():
    role = {"Type": "AWS::IAM::Role", "Properties": {"ManagedPolicyArns": ["arn:aws:iam::aws:policy/Admin"]}}
    with pytest.raises(Unsupported, match="Admin"):
        policies(Template({"Resources": {"R": role}}))
