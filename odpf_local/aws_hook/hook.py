"""The hook: what happens at each of a botocore client's events.

A call is remembered in the request context, which botocore makes anew for every call and hands to all of its events; so
calls of several threads do not meet. The events are those of botocore's client: `before-parameter-build` once, with what
is asked; `before-send` for every request, inside the SDK's retries; `after-call` or `after-call-error` once, at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import boto3
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.client import BaseClient
from botocore.exceptions import ConnectionClosedError, ReadTimeoutError
from botocore.hooks import first_non_none_response

from odpf_local.aws_hook.answer import http_response
from odpf_local.aws_hook.call import Answer, Call, Outcome, ServiceError
from odpf_local.aws_hook.configuration import ConfigurationFile, HookConfiguration, Rules
from odpf_local.aws_hook.faults import Fault, Kind
from odpf_local.aws_hook.limits import refusal
from odpf_local.aws_hook.meter import Meter
from odpf_local.aws_hook.service_errors import error_of

ANSWERED = "http://answered.invalid/"
"""Address of a request that is answered here: botocore asks every handler of `before-send` in any case, and an emulator
in this process (moto) is one, which would apply the request if it still were AWS's."""


class Hook:
    """Meters the calls of clients, refuses those above a limit, and lets some requests fail.

    Args:
        meter: is told of every call and request, if there is one.
        configuration: limits and faults.
        file: limits and faults that change while clients live, in place of `configuration`.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        meter: Meter | None = None,
        configuration: HookConfiguration | None = None,
        file: ConfigurationFile | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.meter = meter
        self.sleep = sleep
        self._file = file
        self._rules = Rules.of(configuration or HookConfiguration())

    def rules(self) -> Rules:
        """What counts now.

        Raises:
            BrokenConfiguration: the file cannot be used.
        """
        return self._file.current() if self._file else self._rules

    def configure(self, configuration: HookConfiguration) -> None:
        """From now on these limits and faults; their dice are new."""
        self._rules = Rules.of(configuration)

    def attach(self, to: BaseClient | boto3.Session) -> None:
        """See a client's calls, or those of all clients that a session makes from now on; twice is once."""
        if isinstance(to, boto3.Session):
            to.events.register("creating-client-class", self._extend, unique_id=self._id("session"))
        else:
            _Attached(self, to, self._id("call")).register(self._id)

    def detach(self, of: boto3.Session) -> None:
        """Leave the clients alone that a session makes from now on."""
        of.events.unregister("creating-client-class", unique_id=self._id("session"))

    def _extend(self, base_classes: list[type], **_: Any) -> None:
        """boto3's way to extend clients (its guide, "Extensibility"): a base class that attaches each one."""
        hook = self

        class Attaching(BaseClient):
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **named)
                hook.attach(self)

        base_classes.insert(0, Attaching)

    def _id(self, event: str) -> str:
        return f"odpf-aws-hook-{id(self)}-{event}"


class _Exchange:
    """A call on its way."""

    def __init__(self, call: Call, protocol: str) -> None:
        self.call, self.protocol = call, protocol
        self.attempts = 0
        self.is_sending = False


class _Attached:
    """A hook's handlers of one client."""

    def __init__(self, hook: Hook, client: BaseClient, key: str) -> None:
        self._hook, self._key = hook, key
        self._client: Any = client  # as it is, of which botocore's stubs tell a part

    def register(self, named: Callable[[str], str]) -> None:
        """Register the handlers: to see what is asked after all others have worked on it, the rest before all others."""
        events: Any = self._client.meta.events
        events.register_last("before-parameter-build", self._asked, unique_id=named("asked"))
        events.register_first("before-send", self._sending, unique_id=named("sending"))
        events.register_first("after-call", self._answered, unique_id=named("answered"))
        events.register_first("after-call-error", self._failed, unique_id=named("failed"))

    def _asked(self, params: Answer, model: Any, context: dict[str, Any], **_: Any) -> None:
        self._hook.rules()  # whatever is wrong with them is told before anything is done
        service = model.service_model
        context[self._key] = _Exchange(Call(service.service_name, model.name, params), service.resolved_protocol)

    def _sending(self, request: Any, event_name: str, **_: Any) -> AWSResponse | None:
        exchange: _Exchange | None = (request.context or {}).get(self._key)
        if exchange is None or exchange.is_sending:
            return None
        exchange.attempts += 1
        if self._hook.meter:
            self._hook.meter.attempted(exchange.call)
        if request.url == ANSWERED:  # by another hook
            return None
        call = exchange.call._replace(body_bytes=int(request.headers.get("Content-Length") or 0))
        rules = self._hook.rules()
        if rules.limits and (refused := refusal(call)):
            return _answer(refused, exchange, request)
        fault = rules.faults.strike(call)
        if fault is None:
            return None
        if fault.rule.what is Kind.LOST_ANSWER:
            self._send(exchange, request, event_name)
        rules.faults.record(fault, call, exchange.attempts)
        return self._inject(fault, exchange, request)

    def _inject(self, fault: Fault, exchange: _Exchange, request: AWSPreparedRequest) -> AWSResponse | None:
        match fault.rule.what:
            case Kind.SLOW:
                self._hook.sleep(float(fault.rule.argument))
                return None
            case Kind.TIMEOUT_BEFORE:
                raise ReadTimeoutError(endpoint_url=request.url)
            case Kind.LOST_ANSWER if fault.rule.argument:
                raise ReadTimeoutError(endpoint_url=request.url)
            case Kind.LOST_ANSWER:
                raise ConnectionClosedError(endpoint_url=request.url)
            case _:
                return _answer(error_of(fault.rule, exchange.call), exchange, request)

    def _send(self, exchange: _Exchange, request: AWSPreparedRequest, event_name: str) -> None:
        """Send a request as botocore's endpoint does: whoever answers `before-send` gets it, else it goes over the wire."""
        exchange.is_sending = True
        try:
            responses = self._client.meta.events.emit(event_name, request=request)
        finally:
            exchange.is_sending = False
        endpoint = self._client._endpoint  # botocore has no public name for it
        answer = first_non_none_response(responses) or endpoint.http_session.send(request)
        answer.raw.close()

    def _answered(self, http_response: Any, parsed: Answer, context: dict[str, Any], **_: Any) -> None:
        self._ended(context, Outcome(http_response.status_code, parsed))

    def _failed(self, context: dict[str, Any], **_: Any) -> None:
        self._ended(context, None)

    def _ended(self, context: dict[str, Any], outcome: Outcome | None) -> None:
        exchange = context.pop(self._key, None)
        if exchange and self._hook.meter:
            self._hook.meter.observe(exchange.call, outcome)


def _answer(error: ServiceError, exchange: _Exchange, request: AWSPreparedRequest) -> AWSResponse:
    answer = http_response(error, exchange.call.service, exchange.protocol, request)
    request.url = ANSWERED
    return answer
