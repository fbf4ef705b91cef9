"""An emulator in this process that accepts everything: clients without an AWS behind them, and what reaches it."""

from __future__ import annotations

import io
from functools import cache

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config

from odpf_local.aws_hook import FaultRule, Hook, HookConfiguration, Meter

ANSWERS = {"s3": b"<Result/>", "sns": b"<Result/>"}


class Emulator:
    """Answers a client's requests, as moto does, when they are AWS's; `reached` are their operations."""

    def __init__(self, client):
        self.reached = []
        self._answer = ANSWERS.get(client.meta.service_model.service_name, b"{}")
        client.meta.events.register("before-send", self._accept)

    def _accept(self, request, event_name, **_):
        if "amazonaws.com" not in request.url:
            return None
        self.reached.append(event_name.rpartition(".")[2])
        return AWSResponse(request.url, 200, {}, Body(self._answer))


class Body(io.BytesIO):
    def stream(self):
        yield self.read()


def hooked(service, *faults, attempts=1, **configuration):
    """A client, the emulator behind it, and the hook before it."""
    client = session().client(service, config=Config(retries={"mode": "standard", "total_max_attempts": attempts}))
    emulator, hook = Emulator(client), Hook(Meter(), planned(*faults, **configuration), sleep=lambda seconds: None)
    hook.attach(client)
    return client, emulator, hook


def planned(*faults, **configuration):
    """A configuration with rules, each a rule or its kind."""
    rules = [rule if isinstance(rule, FaultRule) else FaultRule(kind=rule) for rule in faults]
    return HookConfiguration(faults=tuple(rules), **configuration)


@cache
def session():
    return boto3.Session("testing", "testing", region_name="eu-west-1")
