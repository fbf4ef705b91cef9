"""Lambda functions: known to the Lambda API, executed in this process by calling their handlers."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from threading import Lock, Thread
from typing import Any

from moto.awslambda.models import LambdaFunction

from odpf_local.aws.replacement import replaced
from odpf_local.aws.running import REGION

log = logging.getLogger(__name__)
Handler = Callable[[Any, Any], Any]
TIMEOUT_SECONDS = 900


class LambdaContext:
    """What a handler is told about its invocation, as far as Lambda's documentation promises it."""

    def __init__(self, function_name: str, region: str = REGION) -> None:
        self.function_name = function_name
        self.function_version = "$LATEST"
        self.invoked_function_arn = f"arn:aws:lambda:{region}:123456789012:function:{function_name}"
        self.memory_limit_in_mb = 1024
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = f"/aws/lambda/{function_name}"
        self.log_stream_name = self.aws_request_id
        self._deadline = time.monotonic() + TIMEOUT_SECONDS

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds left."""
        return max(0, int((self._deadline - time.monotonic()) * 1000))


class FunctionError(Exception):
    """A handler raised; `payload` is what Lambda answers then."""

    def __init__(self, payload: dict[str, Any]) -> None:
        super().__init__(f"{payload['errorType']}: {payload['errorMessage']}")
        self.payload = payload


class Functions:
    """Handlers by function name, imported when first called.

    A function runs once at a time, as one Lambda environment does; different functions run side by side.
    """

    def __init__(self, handlers: Mapping[str, str], region: str = REGION) -> None:
        """Take `handlers`: function name to dotted path `package.module.function`."""
        self._region = region
        self._paths = dict(handlers)
        self._locks = {name: Lock() for name in handlers}

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the functions."""
        return tuple(self._paths)

    def invoke(self, name: str, event: Any) -> Any:
        """Call the handler with a copy of the event.

        Raises:
            FunctionError: the handler raised, could not be imported, or returned what is no JSON.
        """
        context = LambdaContext(name, self._region)
        try:
            with self._locks[name]:
                result = _load(self._paths[name])(json.loads(json.dumps(event)), context)
                return json.loads(json.dumps(result))
        except Exception as error:  # anything a handler raises is the function's error, as on Lambda
            log.warning("%s failed: %r", name, error, exc_info=True)
            raise FunctionError(_error_payload(error, context)) from error

    def called_by_lambda_api(self) -> AbstractContextManager[None]:
        """Let the Lambda API (and Step Functions through it) call these handlers; moto would want Docker."""
        original = LambdaFunction.invoke

        def invoke(function: LambdaFunction, body: Any, request_headers: Any, response_headers: Any) -> Any:
            name = function.function_name
            if name not in self._paths:
                return original(function, body, request_headers, response_headers)
            event = json.loads(body) if body else {}
            if request_headers.get("X-Amz-Invocation-Type") == "Event":
                Thread(target=self._invoke_and_forget, args=(name, event), daemon=True).start()
                return b""
            try:
                return json.dumps(self.invoke(name, event)).encode()
            except FunctionError as error:
                response_headers["x-amz-function-error"] = "Unhandled"
                return json.dumps(error.payload).encode()

        return replaced(LambdaFunction, "invoke", invoke)

    def _invoke_and_forget(self, name: str, event: Any) -> None:
        try:
            self.invoke(name, event)
        except FunctionError:  # logged where it happened; nobody waits for the answer
            return


def _load(path: str) -> Handler:
    module, _, name = path.rpartition(".")
    handler: Handler = getattr(importlib.import_module(module), name)
    return handler


def _error_payload(error: Exception, context: LambdaContext) -> dict[str, Any]:
    return {
        "errorType": type(error).__name__,
        "errorMessage": str(error),
        "requestId": context.aws_request_id,
        "stackTrace": traceback.format_tb(sys.exc_info()[2]),
    }
