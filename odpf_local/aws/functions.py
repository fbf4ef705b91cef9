"""Lambda functions: known to the Lambda API, executed by calling their handlers, in this process or in one of their own."""

from __future__ import annotations

import json
import logging
from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from threading import Lock, Thread
from typing import Any

from moto.awslambda.models import LambdaFunction

from odpf_local.aws.function_call import FunctionError, LambdaContext, call
from odpf_local.aws.function_processes import FunctionProcesses
from odpf_local.aws.replacement import replaced
from odpf_local.aws.running import REGION

log = logging.getLogger(__name__)


class Functions:
    """Handlers by function name, imported when first called.

    In this process a function runs once at a time, as one Lambda environment does; different functions run side by side.

    Args:
        handlers: function name to dotted path `package.module.function`.
        region: of the functions.
        apart: names of those whose every invocation gets a process.
        processes: executes these.
    """

    def __init__(
        self,
        handlers: Mapping[str, str],
        region: str = REGION,
        apart: Collection[str] = (),
        processes: FunctionProcesses | None = None,
    ) -> None:
        self._region = region
        self._paths = dict(handlers)
        self._locks = {name: Lock() for name in handlers}
        self._apart = frozenset(apart)
        self._processes = processes

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the functions."""
        return tuple(self._paths)

    def invoke(self, name: str, event: Any) -> Any:
        """Call the handler with a copy of the event.

        Raises:
            FunctionError: the handler raised, could not be imported, or returned what is no JSON.
        """
        if self._processes is not None and name in self._apart:
            return self._processes.invoke(name, self._paths[name], event)
        with self._locks[name]:
            return call(self._paths[name], event, LambdaContext(name, self._region))

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
