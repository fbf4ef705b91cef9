"""Lambda of the watch: a schedule calls it every few minutes."""

from __future__ import annotations

from functools import cache
from typing import Any

from observability.limits import Limits
from observability.watch import Watch
from odpf.adapters.aws import Aws
from odpf.adapters.logs import invocation_log
from odpf.clock import utc_now
from odpf.settings import Settings


def handler(_event: Any, context: object) -> dict[str, int]:
    """Watch once; see Watch.watch."""
    with invocation_log("watch", "observability", context):
        return watch().watch(utc_now())._asdict()


@cache
def watch() -> Watch:
    """The use case on AWS, built with the first call."""
    aws = Aws(Settings.from_environment(), component="watch")
    return Watch(
        settings=aws.settings,
        limits=Limits.from_environment(),
        config=aws.config,
        tracker=aws.tracker,
        ledger=aws.ledger,
        objects=aws.objects,
        queues=aws.queues,
        metrics=aws.metrics,
        notices=aws.notices,
        region=aws.region,
    )
