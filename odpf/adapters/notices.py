"""Notices through an SNS topic: e-mail, chat, a pager, whatever subscribed to it."""

from __future__ import annotations

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.notice import Notice


class SnsNotices:
    """Publishes to one topic; without a topic nobody is told, and the watch's log is all there is."""

    def __init__(self, session: boto3.Session, topic_arn: str | None) -> None:
        self._client = session.client("sns", config=CLIENT_CONFIG)
        self._topic_arn = topic_arn

    def publish(self, notice: Notice) -> None:
        """Send a notice, with attributes that subscriptions can filter by."""
        if not self._topic_arn:
            return
        with aws_call(f"Publishing to {self._topic_arn}"):
            self._client.publish(
                TopicArn=self._topic_arn,
                Subject=notice.subject,
                Message=notice.text,
                MessageAttributes={
                    name: {"DataType": "String", "StringValue": value} for name, value in notice.attributes.items()
                },
            )
