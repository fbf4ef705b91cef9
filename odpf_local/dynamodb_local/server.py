"""A DynamoDB Local of this process's own: in memory, on the loopback interface, gone when this process is."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from odpf.errors import TerminalError
from odpf_local.java import java_home

_STARTED_WITHIN = 60.0
_LOG_LINES = 20
_PORT = re.compile(r"^PORT (\d+)$", re.MULTILINE)
# The same parts as its own ServerRunner takes for `-inMemory -sharedDb`, with three differences. That one listens on
# every interface and has no option for it; it takes a port that must be found free before; and it can send telemetry.
# Here Jetty listens on the loopback interface, on a port that the system chooses, and nothing but its handler is made.
# Then it reads its standard input: that ends with the process that has the other end, however that one ends.
_SERVER = """<?xml version="1.0"?>
<!DOCTYPE Configure PUBLIC "-//Jetty//Configure//EN" "https://jetty.org/configure_10_0.dtd">
<Configure id="server" class="org.eclipse.jetty.server.Server">
  <Call name="addConnector"><Arg>
    <New id="connector" class="org.eclipse.jetty.server.ServerConnector">
      <Arg name="server"><Ref refid="server"/></Arg>
      <Set name="host">127.0.0.1</Set>
      <Set name="port">0</Set>
    </New>
  </Arg></Call>
  <Set name="handler">
    <New class="org.eclipse.jetty.server.handler.ContextHandler">
      <Set name="handler">
        <New class="com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBServerHandler">
          <Arg>
            <New class="com.amazonaws.services.dynamodbv2.local.server.LocalDynamoDBRequestHandler">
              <Arg type="int">0</Arg>             <!-- not used -->
              <Arg type="boolean">true</Arg>      <!-- in memory -->
              <Arg/>                              <!-- folder of files -->
              <Arg type="boolean">true</Arg>      <!-- one database for all credentials and Regions -->
              <Arg type="boolean">false</Arg>     <!-- delays of new tables -->
            </New>
          </Arg>
          <Arg/>                                  <!-- CORS -->
        </New>
      </Set>
    </New>
  </Set>
  <Call name="start"/>
  <Ref refid="connector"><Get id="port" name="localPort"/></Ref>
  <Get class="java.lang.System" name="out">
    <Call name="println"><Arg type="String">PORT <Ref refid="port"/></Arg></Call>
  </Get>
  <Get class="java.lang.System" name="in"><Call name="read"/></Get>
  <Call class="java.lang.System" name="exit"><Arg type="int">0</Arg></Call>
</Configure>
"""


class DynamoDbLocalFailed(TerminalError):
    """DynamoDB Local ended, or hung, before it was ready."""


@contextmanager
def running(jars: Path) -> Iterator[str]:
    """Start one and end it.

    Args:
        jars: what `prefetch` returned.

    Yields:
        Its endpoint URL. It takes any credentials whose access key has letters and digits only.

    Raises:
        DynamoDbLocalFailed: with the end of its log.
    """
    with TemporaryDirectory(prefix="dynamodb-local-") as folder:
        log = Path(folder) / "log"
        with _process(jars, Path(folder), log) as process:
            try:
                yield f"http://127.0.0.1:{_port(process, log)}"
            finally:
                process.kill()  # nothing of it is worth saving


def _process(jars: Path, folder: Path, log: Path) -> subprocess.Popen[bytes]:
    """Start the server in a session of its own, so that a terminal's Ctrl-C does not end it under a running test."""
    (folder / "server.xml").write_text(_SERVER)
    command = [
        str(java_home() / "bin" / "java"),
        # Tests live for seconds: the optimising compiler costs half of the CPU time and does not earn it back.
        *("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xmx256m"),
        f"-Djava.library.path={jars}",
        *("-cp", f"{jars}/*", "org.eclipse.jetty.xml.XmlConfiguration", "server.xml"),
    ]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603  a fixed text
            command,
            cwd=folder,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """Wait for the port, which it names when it answers there."""

    def named() -> re.Match[str] | None:
        found = _PORT.search(log.read_text())
        if found is None and process.poll() is not None:
            raise _failed(log)
        return found

    retry = Retrying(
        retry=retry_if_result(lambda found: found is None),
        wait=wait_fixed(0.05),
        stop=stop_after_delay(_STARTED_WITHIN),
        retry_error_callback=lambda _: None,
    )
    found = retry(named)
    if found is None:
        raise _failed(log)
    return int(found[1])


def _failed(log: Path) -> DynamoDbLocalFailed:
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-_LOG_LINES:])
    return DynamoDbLocalFailed(
        f"DynamoDB Local did not start. Remove its folder from the cache if it is damaged, then try again. "
        f"The end of its log:\n{tail}"
    )
