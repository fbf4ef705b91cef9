"""What the console looks at and acts on: the ports of one deployment, put together by the command."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from config_manager.stores import Stores
from odpf.adapters.caller import Caller
from odpf.adapters.executions import Execution
from odpf.ports import AuditLog, JobRuns
from odpf.run_request import RunRequest
from odpf.summarised import summarised
from odpf_cli.quarantine_contents import Quarantine
from odpf_cli.quarantine_release import Releaser
from odpf_cli.run_following import RunSource
from odpf_cli.table_facts import Ports
from odpf_cli.unlocking import Unlocking


class OperatorPorts(Ports, Protocol):
    """What an operator reads and does, under the names that `odpf.adapters.aws.Aws` has."""

    @property
    def audit(self) -> AuditLog:
        """What runs did."""

    @property
    def job_runs(self) -> JobRuns:
        """Runs of the Glue job."""


class Executions(Protocol):
    """Executions of the state machine."""

    def start(self, run_id: str, request: RunRequest) -> None:
        """Start a run."""

    def get(self, run_id: str) -> Execution | None:
        """One execution."""

    def recent(self, limit: int) -> list[Execution]:
        """The newest executions, newest first."""


class Deployment(NamedTuple):
    """One deployment. `operator` looks, runs and releases; `publisher` plans and applies configuration, as `odpf config` does."""

    operator: OperatorPorts
    publisher: Stores
    executions: Executions
    caller: Caller
    region: str

    @property
    def runs(self) -> RunSource:
        """Where runs leave their traces."""
        ports = self.operator
        return RunSource(self.executions, ports.objects, ports.audit, ports.ledger, ports.settings.artifacts_bucket)

    @property
    def quarantine(self) -> Quarantine:
        """What could not be applied."""
        ports, bucket = self.operator, self.operator.settings.artifacts_bucket
        return Quarantine(ports.tracker, ports.ledger, ports.audit, ports.config, ports.objects, bucket)

    @property
    def releaser(self) -> Releaser:
        """Puts files back."""
        ports = self.operator
        return Releaser(ports.tracker, ports.ledger, ports.objects, ports.settings.staging_places)

    @property
    def unlocking(self) -> Unlocking:
        """Frees tables."""
        ports = self.operator
        is_over = summarised(ports.objects, ports.settings.artifacts_bucket)
        return Unlocking(ports.settings, ports.ledger, ports.job_runs, self.region, is_over)
