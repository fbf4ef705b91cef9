"""The embedded AWS in this process: moto behind HTTP, and around it what executes work."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

import boto3
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.moto_api._internal.models import moto_api_backend

from odpf.settings import Settings
from odpf_local.aws.athena.service import AthenaService
from odpf_local.aws.call_recorder import RECORD_VARIABLE, CallRecorder
from odpf_local.aws.deployment import Deployment
from odpf_local.aws.dynamodb import atomic_requests
from odpf_local.aws.function_call import TIMEOUT_SECONDS
from odpf_local.aws.function_processes import FunctionProcesses
from odpf_local.aws.functions import Functions
from odpf_local.aws.http_server import HttpServer, Observer
from odpf_local.aws.job_runs import JobRunner
from odpf_local.aws.log_files import LogFiles
from odpf_local.aws.queue_poller import QueuePoller, undisturbed_deletes
from odpf_local.aws.running import EMBEDDED_LOG, INSTANCE_VARIABLE, REGION, REPOSITORY, STATE_FOLDER
from odpf_local.aws.scheduler import Scheduler
from odpf_local.aws.state_machine import interpreted
from odpf_local.spark_conf import job_environment, prefetch, write_conf

_TOPIC_VARIABLE = "ODPF_ALARM_TOPIC_ARN"
_OWN = frozenset({"ODPF_CACHE", RECORD_VARIABLE, _TOPIC_VARIABLE})
"""Variables that are this machine's or this instance's business, not of the programs that use it."""
COMPONENTS = ("batch_manager", "process_batch", "summarise", "file_manager", "config_manager", "retention", "watch")


@dataclass(frozen=True)
class Options:
    """What a test or a demo may want different.

    `handlers` are dotted paths by component, `apart` those whose every invocation gets a process of its own, ended after
    `function_seconds`; `job_script` is what a job run executes; without `spark` no jars are
    fetched and jobs get no Spark configuration; `record` is a file for the calls that components make.
    """

    handlers: Mapping[str, str] = field(
        default_factory=lambda: {name: f"lambdas.{name}.handler" for name in COMPONENTS}
    )
    apart: frozenset[str] = frozenset({"process_batch"})
    function_seconds: float = TIMEOUT_SECONDS
    job_script: Path = REPOSITORY / "glue_scripts" / "process_batch.py"
    jobs_at_once: int = 2
    driver_memory: str = "2g"
    queue_batch: int = 10
    queue_visibility_seconds: int = 2
    spark: bool = True
    region: str = REGION
    record: Path | None = None
    observer: Observer | None = None
    """Is told every request, where nothing is recorded."""


class EmbeddedAws:
    """One instance; its state lives in memory and ends with it, its logs stay in `<folder>/.odpf`.

    moto keeps its state per process, so there is one instance per process; several processes do not meet.
    """

    def __init__(self, folder: Path, port: int | None = None, options: Options | None = None) -> None:
        """Make an instance that is not yet started; `port` None takes a free one."""
        self.folder = folder.resolve()
        self.options = options or Options()
        self.region = self.options.region
        self.settings = Settings.from_environment()
        self.id = uuid.uuid4().hex
        self._wanted_port = port or 0
        self._stack = ExitStack()
        self.port = 0
        self.endpoint_url = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def environment(self) -> dict[str, str]:
        """What a program must have in its environment to work with this instance."""
        own = {name: value for name, value in os.environ.items() if name.startswith("ODPF_") and name not in _OWN}
        return own | {
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": "embedded",
            "AWS_SECRET_ACCESS_KEY": "embedded",
            "ODPF_STAGING_BUCKET": self.settings.staging_places[0].bucket,
            "ODPF_RAW_BUCKET": self.settings.raw_bucket,
        }

    def start(self, tell: Callable[[str], None] = lambda _: None) -> None:
        """Bring everything up; when this returns the instance answers and works."""
        try:
            self._start(tell)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """End everything, job runs too; returns when none of their processes is left."""
        self._stack.close()

    def _start(self, tell: Callable[[str], None]) -> None:
        enter, undo = self._stack.enter_context, self._stack.callback
        recorder = CallRecorder(self.options.record, DEFAULT_ACCOUNT_ID) if self.options.record else None
        server = HttpServer(self._wanted_port, recorder.observe if recorder else self.options.observer)
        undo(server.stop)
        self.port = server.port
        self.endpoint_url = f"http://127.0.0.1:{self.port}"
        enter(_environment(self.environment() | {"MOTO_PORT": str(self.port)}))
        spark = self._spark(tell)
        moto_api_backend.reset()
        undo(moto_api_backend.reset)
        enter(atomic_requests())
        enter(undisturbed_deletes())
        enter(interpreted(self.endpoint_url))
        processes = FunctionProcesses(
            self._logs, self._process_environment({}), self.region, self.options.function_seconds
        )
        functions = self._functions(processes)
        enter(functions.called_by_lambda_api())
        runner = self._runner(spark)
        enter(runner.behind_glue())
        enter(LogFiles(self._logs, self.folder / STATE_FOLDER / EMBEDDED_LOG, functions.names).behind_api())
        athena = AthenaService(self.endpoint_url, DEFAULT_ACCOUNT_ID, self.region, self.settings.artifacts_bucket)
        enter(athena.behind_api())
        undo(athena.stop)
        server.start()
        session = boto3.Session(
            region_name=self.region,
            aws_access_key_id="embedded",
            aws_secret_access_key="embedded",  # noqa: S106
        )
        deployment = Deployment(session, self.settings, self.endpoint_url)
        deployment.make(functions.names, str(self.options.job_script), self.options.queue_visibility_seconds)
        os.environ[_TOPIC_VARIABLE] = deployment.topic()
        undo(runner.stop)
        undo(processes.stop)
        self._start_workers(functions)

    def _functions(self, processes: FunctionProcesses) -> Functions:
        name = self.settings.function_name
        handlers = {name(component): path for component, path in self.options.handlers.items()}
        return Functions(handlers, self.region, set(map(name, self.options.apart)), processes)

    def _start_workers(self, functions: Functions) -> None:
        settings = self.settings
        workers: list[QueuePoller | Scheduler] = [Scheduler(DEFAULT_ACCOUNT_ID, self.region)]
        for queue, component in ((settings.staging_queue, "file_manager"), (settings.config_queue, "config_manager")):
            if component in self.options.handlers:
                function, batch = settings.function_name(component), self.options.queue_batch
                workers.append(QueuePoller(DEFAULT_ACCOUNT_ID, self.region, queue, functions, function, batch))
        for worker in workers:
            worker.start()
            self._stack.callback(worker.stop)

    def _spark(self, tell: Callable[[str], None]) -> dict[str, str]:
        if not self.options.spark:
            return {}
        conf = self.folder / STATE_FOLDER / "spark"
        write_conf(conf, self.endpoint_url, region=self.region, memory=self.options.driver_memory, jars=prefetch(tell))
        return job_environment(conf)

    def _runner(self, spark: Mapping[str, str]) -> JobRunner:
        environment = self._process_environment(spark)
        return JobRunner(self.options.job_script, self._logs, environment, self.options.jobs_at_once)

    def _process_environment(self, more: Mapping[str, str]) -> dict[str, str]:
        """Of the processes that this instance starts, and by which a later one finds those that were left."""
        return {
            **os.environ,
            **more,
            "PYTHONPATH": os.pathsep.join(filter(None, (str(REPOSITORY), os.environ.get("PYTHONPATH")))),
            "PYTHONUNBUFFERED": "1",
            INSTANCE_VARIABLE: self.id,
        }

    @property
    def _logs(self) -> Path:
        return self.folder / STATE_FOLDER / "logs"


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """This process's environment, with nothing of the user's own AWS account left in it."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_") and name != "AWS_CA_BUNDLE"]:
        del os.environ[name]
    nowhere = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    os.environ.update({**variables, **nowhere, "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": _no_proxy()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _no_proxy() -> str:
    """The loopback interface is never reached through a company's proxy."""
    return ",".join(filter(None, (os.environ.get("NO_PROXY") or os.environ.get("no_proxy"), "127.0.0.1", "localhost")))
