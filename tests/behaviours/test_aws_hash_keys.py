"""Keys of hashed columns as Secrets Manager has them."""

from __future__ import annotations

import boto3
import pytest

from odpf.errors import TerminalError
from odpf.hash_key import HashKey

SECRET = "k" * 32


@pytest.fixture
def secrets(aws):
    return boto3.client("secretsmanager", region_name="eu-west-1")


@pytest.mark.parametrize("value", [{"SecretString": SECRET}, {"SecretBinary": SECRET.encode()}])
def test_a_key_is_a_secret_s_text_or_its_bytes(aws, secrets, value):
    secrets.create_secret(Name="odpf_hash_key", **value)
    assert aws.hash_keys.key("odpf_hash_key").check == HashKey(SECRET.encode(), "").check


def test_a_secret_is_asked_for_once(aws, secrets):
    secrets.create_secret(Name="odpf_hash_key", SecretString=SECRET)
    before = aws.hash_keys.key("odpf_hash_key")
    secrets.put_secret_value(SecretId="odpf_hash_key", SecretString=SECRET[::-1] + "!")
    assert aws.hash_keys.key("odpf_hash_key") is before


def test_a_secret_that_is_not_there_or_too_short_is_said_and_not_kept(aws, secrets):
    with pytest.raises(TerminalError, match="odpf_hash_key"):
        aws.hash_keys.key("odpf_hash_key")
    secrets.create_secret(Name="odpf_hash_key", SecretString="short")
    with pytest.raises(TerminalError, match="5 bytes"):
        aws.hash_keys.key("odpf_hash_key")
    secrets.put_secret_value(SecretId="odpf_hash_key", SecretString=SECRET)
    assert aws.hash_keys.key("odpf_hash_key").name == "odpf_hash_key"
