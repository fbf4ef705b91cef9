"""Reads a CloudFormation template as an account would have it: parameters given, conditions decided, intrinsics resolved."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

ACCOUNT, REGION = "123456789012", "eu-west-1"
NOTHING = object()
"""AWS::NoValue: the property or list element is not there."""

_PSEUDO = {
    "AWS::AccountId": ACCOUNT,
    "AWS::NoValue": NOTHING,
    "AWS::Partition": "aws",
    "AWS::Region": REGION,
    "AWS::StackName": "odpf",
    "AWS::URLSuffix": "amazonaws.com",
}
_IN_TEXT = re.compile(r"\$\{(!?)([^}]+)\}")


def _arn(service: str, resource: str) -> Callable[[str], str]:
    return lambda name: f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}{name}"


# Type: (property with the physical name, ARN by that name, whether Ref gives the ARN).
_TYPES: dict[str, tuple[str, Callable[[str], str], bool]] = {
    "AWS::CodeBuild::Project": ("Name", _arn("codebuild", "project/"), False),
    "AWS::DynamoDB::GlobalTable": ("TableName", _arn("dynamodb", "table/"), False),
    "AWS::DynamoDB::Table": ("TableName", _arn("dynamodb", "table/"), False),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", lambda name: f"arn:aws:iam::{ACCOUNT}:policy/{name}", True),
    "AWS::IAM::Role": ("RoleName", lambda name: f"arn:aws:iam::{ACCOUNT}:role/{name}", False),
    "AWS::KMS::Key": ("", _arn("kms", "key/"), False),
    "AWS::Lambda::Function": ("FunctionName", _arn("lambda", "function:"), False),
    "AWS::Logs::LogGroup": ("LogGroupName", lambda name: f"{_arn('logs', 'log-group:')(name)}:*", False),
    "AWS::S3::Bucket": ("BucketName", lambda name: f"arn:aws:s3:::{name}", False),
    "AWS::SNS::Topic": ("TopicName", _arn("sns", ""), True),
    "AWS::SQS::Queue": ("QueueName", _arn("sqs", ""), False),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", _arn("states", "stateMachine:"), True),
}


class Unresolvable(Exception):
    """Something in the template that this reader does not know; it never guesses."""


class Template:
    """One template with its parameters given.

    Args:
        document: the template.
        parameters: values; the others have their defaults, a list parameter is given with commas.
    """

    def __init__(self, document: Mapping[str, Any], parameters: Mapping[str, str] | None = None) -> None:
        self._document = document
        self._given = dict(parameters or {})

    def resources(self, kind: str) -> dict[str, dict[str, Any]]:
        """Resolved properties of the resources of a type that the conditions let be made, by logical id."""
        return {
            name: self.resolve(resource.get("Properties", {}))
            for name, resource in self._document["Resources"].items()
            if resource["Type"] == kind and self._is_made(resource)
        }

    def resolve(self, value: Any) -> Any:
        """A value without intrinsics."""
        if isinstance(value, list):
            return [found for each in value if (found := self.resolve(each)) is not NOTHING]
        if not isinstance(value, Mapping):
            return value
        if len(value) == 1:
            ((name, argument),) = value.items()
            if name in self._FUNCTIONS:
                return self._FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise Unresolvable(name)
        resolved = {key: self.resolve(each) for key, each in value.items()}
        return {key: each for key, each in resolved.items() if each is not NOTHING}

    def _is_made(self, resource: Mapping[str, Any]) -> bool:
        return "Condition" not in resource or self._condition(resource["Condition"])

    def _condition(self, name: str) -> bool:
        return self._true(self._document["Conditions"][name])

    def _true(self, expression: Any) -> bool:
        ((name, argument),) = expression.items()
        if name == "Condition":
            return self._condition(argument)
        if name == "Fn::Equals":
            first, second = (self.resolve(each) for each in argument)
            return bool(first == second)
        parts = [self._true(each) for each in argument]
        decided = {"Fn::And": all(parts), "Fn::Or": any(parts), "Fn::Not": not parts[0]}
        if name not in decided:
            raise Unresolvable(name)
        return decided[name]

    def _parameter(self, name: str) -> Any:
        declared = self._document["Parameters"][name]
        try:
            value = str(self._given[name]) if name in self._given else declared["Default"]
        except KeyError:
            raise Unresolvable(f"parameter {name} has no default and is not given") from None
        is_list = declared["Type"].startswith(("CommaDelimitedList", "List<"))
        return [part.strip() for part in value.split(",")] if is_list else value

    def _ref(self, name: str) -> Any:
        if name in _PSEUDO:
            return _PSEUDO[name]
        if name in self._document.get("Parameters", {}):
            return self._parameter(name)
        resource = self._resource(name)
        if resource["Type"] == "AWS::Lambda::Alias":
            properties = self.resolve(resource["Properties"])
            return f"{_arn('lambda', 'function:')(properties['FunctionName'])}:{properties['Name']}"
        physical, arn, gives_arn = self._physical(name, resource)
        return arn(physical) if gives_arn else physical

    def _get_att(self, argument: Any) -> Any:
        name, _, attribute = argument.partition(".") if isinstance(argument, str) else (argument[0], "", argument[1])
        resource = self._resource(name)
        if resource["Type"] == "AWS::Lambda::Version" and attribute == "Version":
            return "1"
        if attribute != "Arn":
            raise Unresolvable(f"Fn::GetAtt {name}.{attribute}")
        physical, arn, _ = self._physical(name, resource)
        return arn(physical)

    def _resource(self, name: str) -> Mapping[str, Any]:
        resources = self._document["Resources"]
        if name not in resources:
            raise Unresolvable(f"{name} is neither a parameter nor a resource")
        found: Mapping[str, Any] = resources[name]
        return found

    def _physical(self, name: str, resource: Mapping[str, Any]) -> tuple[str, Callable[[str], str], bool]:
        """The physical name; the logical id where CloudFormation would make one up."""
        if resource["Type"] not in _TYPES:
            raise Unresolvable(f"the name of a {resource['Type']}")
        named_by, arn, gives_arn = _TYPES[resource["Type"]]
        return self.resolve(resource.get("Properties", {}).get(named_by, name)), arn, gives_arn

    def _if(self, argument: list[Any]) -> Any:
        condition, then, otherwise = argument
        return self.resolve(then if self._condition(condition) else otherwise)

    def _join(self, argument: list[Any]) -> str:
        delimiter, parts = argument
        return str(delimiter).join(self.resolve(parts))

    def _split(self, argument: list[Any]) -> list[str]:
        delimiter, text = argument
        return list(self.resolve(text).split(delimiter))

    def _select(self, argument: list[Any]) -> Any:
        index, parts = argument
        return self.resolve(parts)[int(index)]

    def _sub(self, argument: Any) -> str:
        text, own = (argument, {}) if isinstance(argument, str) else argument

        def value(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            if name in own:
                return str(self.resolve(own[name]))
            return str(self._get_att(name) if "." in name else self._ref(name))

        return _IN_TEXT.sub(value, text)

    _FUNCTIONS: dict[str, Callable[[Template, Any], Any]] = {  # noqa: RUF012  a constant of the class
        "Ref": _ref,
        "Fn::GetAtt": _get_att,
        "Fn::If": _if,
        "Fn::Join": _join,
        "Fn::Select": _select,
        "Fn::Split": _split,
        "Fn::Sub": _sub,
    }
