"""A row of the table of limits: what is measured of a call, the most that a service takes, and how it refuses more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from odpf_local.aws_hook.call import Call, ServiceError

Refusal = Callable[[Call, int], ServiceError]
"""How a service refuses a call in which it found more than it takes."""


class Limit(NamedTuple):
    """A limit of a service's API.

    Attributes:
        what: is counted, with its unit.
        service: botocore's name of it.
        operations: that have it; empty for all of the service.
        most: is accepted.
        measured: everything in a call that may be too much.
        refusal: the service's answer.
        source: of the rule. `(u)` behind it: the number is documented, the words of the refusal are not verified.
    """

    what: str
    service: str
    operations: frozenset[str]
    most: int
    measured: Callable[[Call], Iterable[int]]
    refusal: Refusal
    source: str

    def refused(self, call: Call) -> ServiceError | None:
        """The refusal of a call that is above the limit; None when it is at or below it."""
        if call.service != self.service or (self.operations and call.operation not in self.operations):
            return None
        return next((self.refusal(call, found) for found in self.measured(call) if found > self.most), None)


def says(code: str, message: str, status: int = 400, **fields: str) -> Refusal:
    """A refusal in these words, `{found}` in them being what was measured."""

    def refusal(_: Call, found: int) -> ServiceError:
        told = {name: text.format(found=found) for name, text in fields.items()}
        return ServiceError(code, message.format(found=found), status, told)

    return refusal


def invalid(message: str) -> Refusal:
    """A ValidationException in these words."""
    return says("ValidationException", message)


def too_long(member: str, most: int) -> Refusal:
    """What the services' common framework says when it checks a request against its model."""
    return invalid(
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}"
    )
