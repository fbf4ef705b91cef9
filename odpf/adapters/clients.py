"""How clients are configured, and the one that several stores share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from odpf.release import CODE_VERSION

CLIENT_CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 6},  # exponential with jitter; more would outlast a lease
    connect_timeout=5,
    read_timeout=30,
    max_pool_connections=32,  # the threads of a job over its tables share a client
    user_agent_extra=f"odpf/{CODE_VERSION}",
)


def session_of(component: str | None = None) -> boto3.Session:
    """A session with the SDK's standard credentials and Region, whose requests say which component makes them.

    The name stands as `app/odpf-<component>` in the user agent, and so in CloudTrail (SDK reference, "Application ID").
    """
    session = botocore.session.Session()
    if component:
        session.set_config_variable("user_agent_appid", f"odpf-{component}")
    session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    return boto3.Session(botocore_session=session)


def moment(value: Any) -> datetime:
    """A timestamp of an answer.

    S3 writes one for every object that it lists. The SDK's own parser guesses at the format, which takes four fifths of
    the time that a listing costs; this one knows that it is ISO 8601, and leaves all others to it.

    Raises:
        ValueError: it is no timestamp.
    """
    if isinstance(value, str) and value.endswith("Z"):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    return parse_timestamp(value)


def object_store_options(session: boto3.Session) -> dict[str, str]:
    """Credentials, Region and endpoint of a session in the names of the Rust `object_store` library, which readers use."""
    credentials = session.get_credentials()
    options = {"aws_region": session.region_name or ""}
    if credentials is not None:
        frozen = credentials.get_frozen_credentials()
        given = {
            "aws_access_key_id": frozen.access_key,
            "aws_secret_access_key": frozen.secret_key,
            "aws_session_token": frozen.token,
        }
        options |= {name: value for name, value in given.items() if value}
    endpoint = session.client("s3", config=CLIENT_CONFIG).meta.endpoint_url
    if not endpoint.endswith((".amazonaws.com", ".amazonaws.com.cn")):
        options |= {"aws_endpoint": endpoint, "aws_allow_http": "true"}
    return options


class Dynamo:
    """DynamoDB of one session; clients, unlike sessions, are safe to share between threads."""

    def __init__(self, session: boto3.Session) -> None:
        self.client = session.client("dynamodb", config=CLIENT_CONFIG)
