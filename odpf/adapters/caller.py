"""Whose credentials are in use, and which AWS answers."""

from __future__ import annotations

from typing import NamedTuple

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call


class Caller(NamedTuple):
    """The identity behind a session, and the endpoint at which DynamoDB answers it."""

    account: str
    arn: str
    endpoint: str


def caller(session: boto3.Session) -> Caller:
    """Ask STS."""
    with aws_call("Asking for the caller's identity"):
        identity = session.client("sts", config=CLIENT_CONFIG).get_caller_identity()
        endpoint = session.client("dynamodb", config=CLIENT_CONFIG).meta.endpoint_url
    return Caller(identity["Account"], identity["Arn"], endpoint)
