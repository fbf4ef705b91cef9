"""How clients are configured, and the one that several stores share."""

from __future__ import annotations

import boto3
from botocore.config import Config

from odpf import __version__

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},  # exponential with jitter; more would outlast a lease
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,  # the threads of a job over its tables share a client
    user_agent_extra=f"odpf/{__version__}",
)


class Dynamo:
    """DynamoDB of one session; clients, unlike sessions, are safe to share between threads."""

    def __init__(self, session: boto3.Session) -> None:
        self.client = session.client("dynamodb", config=CLIENT_CONFIG)
