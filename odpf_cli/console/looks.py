"""What all browser tabs look at together, each thing read as often as it has to be and no more."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple

from odpf_cli.console.deployment import Deployment
from odpf_cli.console.overview import ITEMS_A_SECOND, Overview, OverviewReader
from odpf_cli.console.run_view import RunReader, RunsReader
from odpf_cli.console.shared import Shared
from odpf_cli.console.table_view import RunLines
from odpf_cli.quarantine_contents import Contents

QUARANTINE_KEPT = 20.0
RUNS_KEPT = 20
"""Runs of which somebody has looked at every table."""


class Looks(NamedTuple):
    """What all browser tabs share."""

    overview: Shared[Overview]
    runs: Shared[list[dict[str, Any]]]
    quarantine: Shared[Contents]
    lines: RunLines
    run: Callable[[str], Shared[dict[str, Any]]]
    configuration_changed: Callable[[datetime], None]

    @classmethod
    def at(cls, deployment: Deployment, refresh_seconds: float) -> Looks:
        """Read a deployment, the more seldom the more there is to read."""

        def keeps(overview: Overview | None) -> float:
            return max(refresh_seconds, overview.items / ITEMS_A_SECOND if overview else 0.0)

        def keeps_run(run: dict[str, Any] | None) -> float:
            if run and run["ended"]:
                return math.inf
            return max(refresh_seconds, len(run["tables"]) / ITEMS_A_SECOND if run else 0.0)

        @lru_cache(RUNS_KEPT)
        def run(run_id: str) -> Shared[dict[str, Any]]:
            return Shared(RunReader(run_id, deployment.runs).read, keeps_run)

        reader = OverviewReader(deployment.operator)
        return cls(
            overview=Shared(reader.read, keeps),
            runs=Shared(RunsReader(deployment).read, lambda _: refresh_seconds),
            quarantine=Shared(lambda _: deployment.quarantine.contents(), lambda _: QUARANTINE_KEPT),
            lines=RunLines(deployment.operator.audit),
            run=run,
            configuration_changed=reader.configuration_changed,
        )

    def forget(self) -> None:
        """Something was done: whoever looks next reads anew."""
        for shared in (self.overview, self.runs, self.quarantine):
            shared.forget()
