"""Keys of hashed columns from AWS Secrets Manager."""

from __future__ import annotations

from functools import cached_property
from threading import Lock
from typing import Any

import boto3

from odpf.adapters.clients import CLIENT_CONFIG
from odpf.adapters.failures import aws_call
from odpf.hash_key import HashKey


class SecretsManagerHashKeys:
    """Each secret is asked for once as long as this lives: for one job run, or one invocation."""

    def __init__(self, session: boto3.Session) -> None:
        self._session, self._lock = session, Lock()
        self._found: dict[str, HashKey] = {}

    @cached_property
    def _client(self) -> Any:
        """Made with the first question: most tables ask none."""
        return self._session.client("secretsmanager", config=CLIENT_CONFIG)

    def key(self, secret: str) -> HashKey:
        """The current version of a secret, by its name or ARN: its text in UTF-8, or its bytes.

        Raises:
            TransientError: Secrets Manager cannot answer.
            TerminalError: there is no such secret, no permission, or it is no key.
        """
        with self._lock:
            if secret not in self._found:
                with aws_call(f"Reading the secret {secret}"):
                    answer = self._client.get_secret_value(SecretId=secret)
                value = answer.get("SecretBinary") or answer.get("SecretString", "").encode()
                self._found[secret] = HashKey(value, secret)
            return self._found[secret]
