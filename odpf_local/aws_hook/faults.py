"""Which requests go wrong, and how: a plan as JSON, and its dice, which fall alike for alike seeds and orders of calls."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable
from enum import StrEnum
from functools import cache
from pathlib import Path
from random import Random
from threading import Lock
from typing import Annotated, NamedTuple, Self

from botocore.loaders import create_loader
from pydantic import BaseModel, ConfigDict, Field, PositiveInt, field_validator, model_validator

from odpf.clock import iso, utc_now
from odpf_local.aws_hook.call import Call


class Kind(StrEnum):
    """What can go wrong with a request; see `FaultRule`."""

    THROTTLE = "throttle"
    INTERNAL_ERROR = "internal_error"
    UNAVAILABLE = "unavailable"
    TIMEOUT_BEFORE = "timeout_before"
    LOST_ANSWER = "lost_answer"
    SLOW = "slow"
    TRANSACTION_CONFLICT = "transaction_conflict"
    ERROR = "error"


_ARGUMENTS = {Kind.SLOW: r"\d+(\.\d+)?", Kind.ERROR: r"\w+(\.\w+)*", Kind.LOST_ANSWER: r"(timeout)?"}
"""What may stand behind the colon of a kind: seconds, the service's error code, how the connection ends."""
CONFLICTING = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "TransactGetItems"})
"""Operations that DynamoDB refuses when a transaction has one of their items (developer guide, "Transaction conflicts")."""


class FaultRule(BaseModel):
    """Requests that go wrong, and how.

    A request that the rule matches is an attempt of a call; so a retry is another one. Without `probability` and `nth`
    every one of them goes wrong.

    Attributes:
        kind: `throttle`, `internal_error` (500), `unavailable` (503): the service's own errors. `timeout_before`: the
            request is not sent, and no answer comes. `lost_answer`: it is sent and applied, then the connection is
            closed, or with `lost_answer:timeout` nothing comes. `slow:<seconds>`: it is sent so much later.
            `transaction_conflict`: DynamoDB refuses it for another transaction's sake. `error:<Code>`: any other error.
        service: botocore's name, for example `stepfunctions`; all services without it.
        operation: of that service, in the API's spelling.
        table: part of the name of a DynamoDB table that the call names.
        bucket: part of the name of the S3 bucket.
        key: part of an S3 key or prefix, or of a text in an item's primary key.
        probability: that a matching request goes wrong, 0 < p <= 1.
        nth: numbers of the matching requests that go wrong, from 1; a single number is taken too.
        times: so many go wrong at most, in each process.
        seed: of the dice.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    service: str | None = None
    operation: str | None = None
    table: str | None = None
    bucket: str | None = None
    key: str | None = None
    probability: Annotated[float, Field(gt=0, le=1)] | None = None
    nth: tuple[PositiveInt, ...] = ()
    times: PositiveInt | None = None
    seed: int = 0

    @property
    def what(self) -> Kind:
        """The kind without what stands behind its colon."""
        return Kind(self.kind.partition(":")[0])

    @property
    def argument(self) -> str:
        """What stands behind the colon of the kind."""
        return self.kind.partition(":")[2]

    def matches(self, call: Call) -> bool:
        """Whether a request of the call counts."""
        if self.what is Kind.TRANSACTION_CONFLICT and (call.service != "dynamodb" or call.operation not in CONFLICTING):
            return False
        return (
            self.service in (None, call.service)
            and self.operation in (None, call.operation)
            and _names(self.table, call.tables)
            and _names(self.bucket, call.buckets)
            and _names(self.key, call.keys)
        )

    @field_validator("nth", mode="before")
    @classmethod
    def _one_or_many(cls, nth: object) -> object:
        return (nth,) if isinstance(nth, int) else nth

    @field_validator("kind")
    @classmethod
    def _known_kind(cls, kind: str) -> str:
        name, colon, argument = kind.partition(":")
        if name not in list(Kind):
            raise ValueError(f"{name} is no kind of fault. Use one of {', '.join(Kind)}.")
        form = _ARGUMENTS.get(Kind(name))
        if re.fullmatch(form, argument) is None if form else colon:
            raise ValueError(f"{kind} is not of the form slow:<seconds>, error:<Code>, lost_answer:timeout, or a name.")
        return kind

    @model_validator(mode="after")
    def _can_match(self) -> Self:
        if self.probability is not None and self.nth:
            raise ValueError("Give probability or nth, not both.")
        if self.operation is not None and self.service is None:
            raise ValueError(f"Name the service of the operation {self.operation}.")
        if self.service is not None and self.service not in _services():
            raise ValueError(f"botocore knows no service {self.service}.")
        if self.service is not None and self.operation is not None and self.operation not in _operations(self.service):
            raise ValueError(f"{self.service} has no operation {self.operation}.")
        return self


class FaultPlan(BaseModel):
    """Which requests go wrong.

    Attributes:
        faults: rules; of those that strike the first decides.
        log: the file that is told of each fault, one line of JSON for each; absolute, for processes have their own folders.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    faults: tuple[FaultRule, ...] = ()
    log: Path | None = None

    @field_validator("log")
    @classmethod
    def _absolute(cls, log: Path | None) -> Path | None:
        if log is not None and not log.is_absolute():
            raise ValueError(f"Give the log {log} as an absolute path.")
        return log


class Fault(NamedTuple):
    """A rule that strikes; `position` in its plan, from 0."""

    position: int
    rule: FaultRule


class Faults:
    """The dice of a plan. Each rule has its own, thrown for every request that it matches; safe to share by threads.

    A rule whose turn another one took has thrown its die and not used up one of its `times`.
    """

    def __init__(self, plan: FaultPlan) -> None:
        self._log = plan.log
        self._dice = [_Die(rule, position) for position, rule in enumerate(plan.faults)]
        self._lock = Lock()

    def strike(self, call: Call) -> Fault | None:
        """Throw the dice for a request; what goes wrong with it, None for nothing."""
        matching = [die for die in self._dice if die.rule.matches(call)]
        with self._lock:
            struck = next(iter([die for die in matching if die.thrown()]), None)
            if struck is None:
                return None
            struck.used += 1
        return Fault(struck.position, struck.rule)

    def record(self, fault: Fault, call: Call, attempt: int) -> None:
        """Tell the plan's file, if it has one, in one write that lines of other processes do not come between.

        Args:
            fault: that was injected.
            call: whose request it was.
            attempt: the number of the request in its call, from 1.
        """
        if self._log is None:
            return
        told = {
            "at": iso(utc_now()),
            "pid": os.getpid(),
            "rule": fault.position,
            "kind": fault.rule.kind,
            "service": call.service,
            "operation": call.operation,
            "attempt": attempt,
            "tables": call.tables,
            "buckets": call.buckets,
            "keys": call.keys,
        }
        descriptor = os.open(self._log, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o644)
        try:
            os.write(descriptor, f"{json.dumps(told)}\n".encode())
        finally:
            os.close(descriptor)


class _Die:
    def __init__(self, rule: FaultRule, position: int) -> None:
        self.rule, self.position, self.used = rule, position, 0
        self._seen, self._random = 0, Random(f"{rule.seed}/{position}")

    def thrown(self) -> bool:
        self._seen += 1
        struck = self._seen in self.rule.nth if self.rule.nth else self._random.random() < (self.rule.probability or 1)
        return struck and (self.rule.times is None or self.used < self.rule.times)


def _names(part: str | None, named: Iterable[str]) -> bool:
    return part is None or any(part in name for name in named)


@cache
def _services() -> frozenset[str]:
    return frozenset(create_loader().list_available_services("service-2"))


@cache
def _operations(service: str) -> frozenset[str]:
    return frozenset(create_loader().load_service_model(service, "service-2")["operations"])
