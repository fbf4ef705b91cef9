"""A call of a handler, in whichever process: its context, its answer, the form of its errors."""

from __future__ import annotations

import importlib
import json
import logging
import time
import traceback
import uuid
from collections.abc import Callable
from typing import Any

from odpf_local.aws.running import REGION

log = logging.getLogger(__name__)
Handler = Callable[[Any, Any], Any]
TIMEOUT_SECONDS = 900.0
"""The longest that Lambda takes."""


class FunctionError(Exception):
    """A function failed; `payload` is what Lambda answers then."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(f"{payload['errorType']}: {payload['errorMessage']}")
        self.payload = payload


class LambdaContext:
    """What a handler is told about its invocation, as far as Lambda's documentation promises it."""

    def __init__(
        self,
        function_name: str,
        region: str = REGION,
        timeout_seconds: float = TIMEOUT_SECONDS,
        aws_request_id: str | None = None,
    ) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{region}:123456789012:function:{function_name}"
        self.memory_limit_in_mb = 1024
        self.aws_request_id = aws_request_id or str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = self.aws_request_id
        self._deadline = time.monotonic() + timeout_seconds

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


def call(path: str, event: Any, context: LambdaContext) -> Any:
    """Call a handler, imported when first called, with a copy of the event.

    Args:
        path: `package.module.function`.
        event: what the handler gets.
        context: of the invocation.

    Raises:
        FunctionError: the handler raised, could not be imported, or returned what is no JSON.
    """
    try:
        result = _load(path)(json.loads(json.dumps(event)), context)
        return json.loads(json.dumps(result))
    except Exception as error:  # anything a handler raises is the function's error, as on Lambda
        log.warning("%s failed: %r", context.function_name, error, exc_info=True)
        payload = error_payload(type(error).__name__, str(error), context)
        raise FunctionError({**payload, "stackTrace": traceback.format_tb(error.__traceback__)}) from error


def error_payload(kind: str, message: str, context: LambdaContext) -> dict[str, Any]:
    """What Lambda answers for a function that failed."""
    return {"errorType": kind, "errorMessage": message, "requestId": context.aws_request_id}


def _load(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler
