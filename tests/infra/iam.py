"""IAM's decision over policies of a template: the part of its language that they may use, and nothing silently beyond it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tests.infra.cloudformation import ACCOUNT, Template

Context = Mapping[str, Any]
ALWAYS: Context = {"aws:SecureTransport": "true", "aws:ResourceAccount": ACCOUNT, "aws:PrincipalAccount": ACCOUNT}
"""Condition keys that every call of an account's own principals within it has."""
_PARTS_OF_AN_ARN = 5
_KNOWN = {"Sid", "Effect", "Action", "Resource", "Condition"}


class Unsupported(Exception):
    """Something in a policy that these policies are not to use, or this evaluator does not know."""


class Grant(NamedTuple):
    """One action on one resource pattern, as a statement has it."""

    sid: str
    action: str
    resource: str
    condition: Mapping[str, Mapping[str, Any]]
    allows: bool

    def covers(self, action: str, resource: str, context: Context) -> bool:
        """Whether the statement speaks of this call."""
        return (
            fnmatchcase(action.lower(), self.action.lower())
            and arn_matches(self.resource, resource)
            and all(_holds(operator, keys, {**ALWAYS, **context}) for operator, keys in self.condition.items())
        )


Policy = tuple[Grant, ...]


def allowed(policy: Policy, action: str, resource: str, context: Context | None = None) -> bool:
    """IAM's answer: a statement allows it and none denies it."""
    speaking = [grant for grant in policy if grant.covers(action, resource, context or {})]
    return bool(speaking) and all(grant.allows for grant in speaking)


def policies(template: Template) -> dict[str, Policy]:
    """What every role and managed policy of a template may do, by logical id.

    Raises:
        Unsupported: a role has a managed policy that is not in the template.
    """
    managed = template.resources("AWS::IAM::ManagedPolicy")
    found: dict[str, list[Grant]] = {name: list(grants(each["PolicyDocument"])) for name, each in managed.items()}
    names = {}
    for name, role in template.resources("AWS::IAM::Role").items():
        names[role.get("RoleName", name)] = name
        if foreign := role.get("ManagedPolicyArns"):
            raise Unsupported(f"{name} has managed policies from elsewhere: {foreign}")
        found[name] = [grant for policy in role.get("Policies", ()) for grant in grants(policy["PolicyDocument"])]
    for each in (*template.resources("AWS::IAM::Policy").values(), *managed.values()):
        for role_name in each.get("Roles", ()):
            found[names[role_name]] += grants(each["PolicyDocument"])
    return {name: tuple(each) for name, each in found.items()}


def grants(document: Mapping[str, Any]) -> Iterator[Grant]:
    """The statements of a resolved policy document, taken apart."""
    for statement in document["Statement"]:
        if foreign := statement.keys() - _KNOWN:
            raise Unsupported(f"{', '.join(sorted(foreign))} in a statement: say what is allowed, not what is not")
        condition = statement.get("Condition", {})
        for operator in condition:
            _operator(operator)
        for action in _listed(statement["Action"]):
            for resource in _listed(statement["Resource"]):
                if "${" in resource:
                    raise Unsupported(f"a policy variable in {resource}")
                yield Grant(statement.get("Sid", ""), action, resource, condition, statement["Effect"] == "Allow")


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN fits a pattern, segment by segment: a `*` reaches over a colon only in the last one."""
    if pattern == "*" or arn == "*":
        return pattern == "*"
    patterns, parts = pattern.split(":", _PARTS_OF_AN_ARN), arn.split(":", _PARTS_OF_AN_ARN)
    return len(patterns) == len(parts) and all(_like(part, each) for each, part in zip(patterns, parts, strict=True))


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _like(value: str, pattern: str) -> bool:
    """`*` and `?` only; fnmatch would read brackets too."""
    parts = {"*": ".*", "?": "."}
    expression = "".join(parts.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(expression, value, re.DOTALL) is not None


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": _like,
    "ArnEquals": lambda value, wanted: arn_matches(wanted, value),
    "ArnLike": lambda value, wanted: arn_matches(wanted, value),
    "Bool": lambda value, wanted: value.lower() == wanted.lower(),
}


class _Operator(NamedTuple):
    quantifier: str
    compare: Callable[[str, str], bool]
    if_exists: bool


def _operator(name: str) -> _Operator:
    quantifier, _, base = name.rpartition(":")
    plain = base.removesuffix("IfExists")
    if plain not in _OPERATORS or quantifier not in ("", "ForAllValues", "ForAnyValue"):
        raise Unsupported(f"condition operator {name}")
    return _Operator(quantifier, _OPERATORS[plain], base != plain)


def _holds(operator: str, keys: Mapping[str, Any], context: Context) -> bool:
    return all(_key_holds(_operator(operator), wanted, context.get(key)) for key, wanted in keys.items())


def _key_holds(operator: _Operator, wanted: Any, given: Any) -> bool:
    if given is None:  # an absent key fits "for all of its values" and "if it exists", nothing else
        return operator.if_exists or operator.quantifier == "ForAllValues"
    values = _listed(given)
    if len(values) > 1 and not operator.quantifier:
        raise Unsupported("several values of a condition key without ForAllValues or ForAnyValue")
    fitting = [any(operator.compare(value, each) for each in _listed(wanted)) for value in values]
    return any(fitting) if operator.quantifier == "ForAnyValue" else all(fitting)
