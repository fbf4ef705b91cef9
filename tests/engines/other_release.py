"""A second process whose Spark session has the other supported Hudi release: tables are written by both in turns."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.spark.engine import SparkEngine
from file_processor.engines.spark.session import open_session
from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.states import EngineName
from odpf_local.spark_conf import HUDI_OF_RUNTIME, job_environment, prefetch, write_conf
from tests.engines.lake import Lake

_DONE = "the batch is done"


class OtherRelease:
    """Processes batches of an embedded AWS, one after the other.

    Args:
        folder: for its Spark.
        environment: of the embedded AWS.
    """

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        own = os.environ.get("ODPF_RUNTIME") or next(iter(HUDI_OF_RUNTIME))
        (other,) = HUDI_OF_RUNTIME.keys() - {own}
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(folder)],
            env={**os.environ, **environment, "ODPF_RUNTIME": other},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def process(self, run_id: str, number: int) -> None:
        """One table batch, as a job run."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{run_id} {number}\n")
        self._process.stdin.flush()
        for line in self._process.stdout:
            if line.strip() == _DONE:
                return
        raise AssertionError("the process with the other release has ended")

    def close(self) -> None:
        """End it."""
        self._process.communicate(timeout=60)


def main(folder: str) -> None:
    """Process the batches that standard input names, a line each: run id, number."""
    settings = Settings.from_environment()
    aws = Aws(settings)
    conf = write_conf(Path(folder), os.environ["AWS_ENDPOINT_URL"], jars=prefetch())
    os.environ.update(job_environment(conf))
    spark = open_session("odpf tests, the other release")
    engines = {EngineName.SPARK: lambda: SparkEngine(spark), EngineName.ARROW: lambda: ArrowEngine(aws.objects)}
    lake = Lake(settings, aws, engines)
    for line in sys.stdin:
        run_id, number = line.split()
        lake.process(run_id, int(number))
        print(_DONE, flush=True)
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])
