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


class Place(NamedTuple):
    """Partition, Region and account of a session: what ARNs are made of, so that nothing has to be listed to find it."""

    partition: str
    region: str
    account: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource there; IAM's have no Region."""
        region = "" if service == "iam" else self.region
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"


def place(session: boto3.Session) -> Place:
    """Ask STS, which everybody may."""
    with aws_call("Asking for the account"):
        client = session.client("sts", config=CLIENT_CONFIG)
        identity = client.get_caller_identity()
    return Place(identity["Arn"].split(":")[1], session.region_name, identity["Account"])
