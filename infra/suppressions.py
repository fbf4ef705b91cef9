"""Findings of cdk-nag and checkov that we live with, each with its reason, in the template where auditors read them."""

from __future__ import annotations

from aws_cdk import CfnResource

WILDCARD = "AwsSolutions-IAM5"
_NAG, _CHECKOV = "cdk_nag", "checkov"


def suppress(resource: CfnResource, reasons: dict[str, str]) -> None:
    """Let rules pass for one resource, beside those that pass already.

    Args:
        resource: the resource.
        reasons: reason by rule, `AwsSolutions-*` of cdk-nag or `CKV_*` of checkov.
    """
    nag = (resource.get_metadata(_NAG) or {}).get("rules_to_suppress", [])
    checkov = (resource.get_metadata(_CHECKOV) or {}).get("skip", [])
    nag = [*nag, *({"id": rule, "reason": why} for rule, why in reasons.items() if not rule.startswith("CKV"))]
    checkov = [*checkov, *({"id": rule, "comment": why} for rule, why in reasons.items() if rule.startswith("CKV"))]
    if nag:
        resource.add_metadata(_NAG, {"rules_to_suppress": nag})
    if checkov:
        resource.add_metadata(_CHECKOV, {"skip": checkov})
