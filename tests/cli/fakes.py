"""Step Functions as the tests want it: executions that end when told to."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from odpf.adapters.executions import Execution
from odpf.states import ExecutionState
from odpf_cli.run_following import RunSource
from odpf_local.memory import MemoryAws

STARTED, ENDED = "2026-01-31T12:00:00.000000Z", "2026-01-31T12:01:00.000000Z"


@dataclass
class ScriptedExecutions:
    """Gives one execution after the other, the last for ever; before each the world may change."""

    states: list[ExecutionState]
    between: list[Callable[[], None]] = field(default_factory=list)
    error: str | None = None
    cause: str | None = None

    def get(self, run_id: str) -> Execution | None:
        if not self.states:
            return None
        if self.between:
            self.between.pop(0)()
        state = self.states[0] if len(self.states) == 1 else self.states.pop(0)
        return Execution(run_id, state, STARTED, ENDED if state.terminal else None, self.error, self.cause)


def source(aws: MemoryAws, executions: ScriptedExecutions) -> RunSource:
    return RunSource(executions, aws.objects, aws.audit, aws.ledger, aws.settings.artifacts_bucket)
