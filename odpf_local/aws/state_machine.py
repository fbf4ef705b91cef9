"""Step Functions: moto's interpreter, and the framework's state machine in it."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from botocore.config import Config
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.state.exec.state_task import lambda_eval_utils
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_callback,
    state_task_service_glue,
)
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.resource import ResourceCondition
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_glue import (
    StateTaskServiceGlue,
)
from moto.stepfunctions.parser.asl.utils.encoding import to_json_str
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

from odpf.adapters.clients import session_of
from odpf.settings import Settings
from odpf_local.aws.replacement import replaced

DEFINITION = Path(__file__).parents[2] / "infra" / "state_machine.asl.json"
_POLL_SECONDS = 0.2


def definition(settings: Settings, path: Path = DEFINITION) -> str:
    """The state machine definition with this deployment's names in it."""
    names = {
        "BatchManagerFunction": settings.function_name("batch_manager"),
        "ProcessBatchFunction": settings.function_name("process_batch"),
        "SummariseFunction": settings.function_name("summarise"),
        "GlueJobName": settings.glue_job_name,
    }
    return re.sub(r"\$\{(\w+)\}", lambda match: names[match[1]], path.read_text())


@contextmanager
def interpreted(endpoint_url: str) -> Iterator[None]:
    """State machines are executed for real, against the AWS at `endpoint_url`."""
    before = default_user_config.get("stepfunctions")
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    client_for = _clients(endpoint_url)
    glue, callback = state_task_service_glue, state_task_service_callback
    sync = StateTaskServiceGlue._sync_to_start_job_run
    with ExitStack() as replacements:
        for owner, name, value in (
            (glue, "boto_client_for", client_for),
            (lambda_eval_utils, "boto_client_for", client_for),
            # .sync ends with a look at a callback endpoint that exists only for patterns with a task token
            (glue, "_SUPPORTED_INTEGRATION_PATTERNS", {ResourceCondition.Sync, ResourceCondition.WaitForTaskToken}),
            (callback, "_DELAY_SECONDS_SYNC_CONDITION_CHECK", _POLL_SECONDS),
            (StepFunctionsParserBackend, "start_execution", _with_name(StepFunctionsParserBackend.start_execution)),
            (StateTaskServiceGlue, "_sync_to_start_job_run", _with_plain_output(sync)),
        ):
            replacements.enter_context(replaced(owner, name, value))
        try:
            yield
        finally:
            if before is None:
                del default_user_config["stepfunctions"]
            else:
                default_user_config["stepfunctions"] = before


def _with_name(start_execution: Callable[..., Any]) -> Callable[..., Any]:
    """An execution started without a name gets one of its own; in moto all of them are called None."""

    def start(backend: Any, state_machine_arn: str, name: str | None = None, *arguments: Any, **named: Any) -> Any:
        return start_execution(backend, state_machine_arn, name or str(uuid.uuid4()), *arguments, **named)

    return start


def _with_plain_output(sync: Callable[..., Any]) -> Callable[..., Any]:
    """The job run as JSON values: the times in it would break DescribeExecution."""

    def builder(*arguments: Any) -> Callable[[], Any]:
        resolve = sync(*arguments)

        def plain() -> Any:
            job_run = resolve()
            return None if job_run is None else json.loads(to_json_str(job_run))

        return plain

    return builder


def _clients(endpoint_url: str) -> Callable[..., Any]:
    """One client per service: moto makes one per state, which is slow and not safe in the threads of a Map."""
    lock = Lock()

    @cache
    def client(service: str, region: str) -> Any:
        return session_of("state_machine").client(  # type: ignore[call-overload]
            service,
            region_name=region,
            endpoint_url=endpoint_url,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",  # noqa: S106  the embedded AWS takes any
            config=Config(
                parameter_validation=False,
                retries={"total_max_attempts": 1},
                read_timeout=3600,
                max_pool_connections=64,
            ),
        )

    def client_for(region: str, service: str, state_credentials: Any = None) -> Any:  # noqa: ARG001  moto's signature
        with lock:
            return client(service, region)

    return client_for
