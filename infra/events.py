"""EventBridge rules that put S3's events on a queue."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_sqs as sqs

from infra.names import sub
from infra.roles import VERSION


def objects_created(
    stack: Stack,
    name: str,
    *,
    rule_name: str,
    description: str,
    detail: dict[str, Any],
    queue: sqs.CfnQueue,
    dead: sqs.CfnQueue,
) -> None:
    """Send `Object Created` events to a queue, and those that cannot be delivered for a day to its dead-letter queue."""
    rule = events.CfnRule(
        stack,
        f"{name}Rule",
        name=sub(rule_name),
        description=description,
        event_pattern={"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail},
        targets=[
            events.CfnRule.TargetProperty(
                id="queue",
                arn=queue.attr_arn,
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=86400, maximum_retry_attempts=185
                ),
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=dead.attr_arn),
            )
        ],
    )
    for suffix, target in (("Queue", queue), ("DeadLetters", dead)):
        sqs.CfnQueuePolicy(
            stack,
            f"{name}{suffix}Policy",
            queues=[target.ref],
            policy_document={"Version": VERSION, "Statement": _statements(target, rule)},
        )


def _statements(queue: sqs.CfnQueue, rule: events.CfnRule) -> list[dict[str, Any]]:
    return [
        {
            "Sid": "TheRuleSends",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": queue.attr_arn,
            "Condition": {"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        },
        {
            "Sid": "OnlyByTls",
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Resource": queue.attr_arn,
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
