"""An embedded AWS in a process of its own that writes a line per request: `python -m benchmarks.counting_aws FOLDER`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from odpf_local.aws import running
from odpf_local.aws.call_recorder import request
from odpf_local.aws.instance import Options
from odpf_local.aws.running import Running
from odpf_local.aws.server import serve

_SERVICE = re.compile(r"Credential=[^/]+/\d{8}/[a-z0-9-]+/([a-z0-9-]+)/aws4_request")
_START_SECONDS = 120


def request_log(folder: Path) -> Path:
    """Where the instance of a folder writes its requests."""
    return folder / "requests.log"


def launch(folder: Path) -> Running:
    """Start an instance and return when it is ready; `running.stop(folder)` ends it.

    Raises:
        TimeoutError: it did not get ready; its output says why.
    """
    folder.mkdir(parents=True, exist_ok=True)
    paths = os.pathsep.join(filter(None, (str(running.REPOSITORY), os.environ.get("PYTHONPATH"))))
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.counting_aws", str(folder)],
        env={**os.environ, "PYTHONPATH": paths},
        start_new_session=True,
    )
    started = time.monotonic()
    while (found := running.find(folder)) is None:
        if server.poll() is not None or time.monotonic() - started > _START_SECONDS:
            server.kill()
            raise TimeoutError("The embedded AWS did not start.")
        time.sleep(0.05)
    return found


class RequestLog:
    """Appends `<service> <operation>` per request; of S3 the method and the bucket, with a slash when it was for an object."""

    def __init__(self, file: Path) -> None:
        self._descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def observe(self, environ: Mapping[str, Any], body: bytes, status: str) -> None:
        """Note a request."""
        if found := _SERVICE.search(environ.get("HTTP_AUTHORIZATION", "")):
            made = request(environ, body, status)
            os.write(self._descriptor, f"{found[1]} {made.operation or _of_s3(made.method, made.path)}\n".encode())

    def close(self) -> None:
        """Give the file back."""
        os.close(self._descriptor)


def _of_s3(method: str, path: str) -> str:
    bucket, slash, _ = path.strip("/").partition("/")
    return f"{method} {bucket}{slash}"


def main() -> None:
    """Serve until ended."""
    folder = Path(sys.argv[1])
    serve(folder, None, Options(spark=False, observer=RequestLog(request_log(folder)).observe))


if __name__ == "__main__":
    main()
