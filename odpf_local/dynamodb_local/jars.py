"""The jars of DynamoDB Local, from Maven Central, resolved by the Ivy that PySpark ships."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from odpf.errors import TransientError
from odpf_local.java import TRUSTSTORE_PASSWORD, cache_folder, java_home, truststore

RELEASE = "2.6.1"
_LOG_LINES = 15
_LIBRARIES = "lib"
_IVY_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true"/></resolvers>
</ivysettings>
"""
# jetty-xml, of the very release that DynamoDB Local has its Jetty of: the server is put together by it (see `server`).
_IVY = f"""<ivy-module version="2.0">
  <info organisation="odpf" module="dynamodb-local"/>
  <dependencies>
    <dependency org="com.amazonaws" name="DynamoDBLocal" rev="{RELEASE}" conf="default"/>
    <dependency org="org.eclipse.jetty" name="jetty-xml" rev="12.0.14" conf="default"/>
  </dependencies>
</ivy-module>
"""


class DynamoDbLocalNotFetched(TransientError):
    """DynamoDB Local could not be had from Maven Central."""


def prefetch(tell: Callable[[str], None] = lambda _: None) -> Path:
    """Fetch the jars once for all tests; at once when they are there.

    They are gathered in a folder of another name, so an interrupted download leaves nothing that looks whole.

    Args:
        tell: gets a sentence for a person when something is downloaded.

    Returns:
        The folder with the jars and, for SQLite, one native library for each system.

    Raises:
        DynamoDbLocalNotFetched: with the end of what Ivy said.
    """
    home = cache_folder() / f"dynamodb-local-{RELEASE}"
    if home.exists():
        return home
    tell("Fetching DynamoDB Local from Maven Central (52 MB, only this once) ...")
    with TemporaryDirectory(dir=cache_folder(), prefix=f"{home.name}-") as folder:
        _retrieve(Path(folder))
        try:
            (Path(folder) / _LIBRARIES).rename(home)
        except OSError:
            if not home.exists():  # else another program was faster
                raise
    return home


def _retrieve(folder: Path) -> None:
    (folder / "ivysettings.xml").write_text(_IVY_SETTINGS)
    (folder / "ivy.xml").write_text(_IVY)
    command = [
        str(java_home() / "bin" / "java"),
        f"-Djavax.net.ssl.trustStore={truststore()}",
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={TRUSTSTORE_PASSWORD}",
        *("-jar", str(_ivy()), "-settings", "ivysettings.xml", "-ivy", "ivy.xml", "-cache", "ivy"),
        *("-retrieve", f"{_LIBRARIES}/[artifact]-[revision](-[classifier]).[ext]"),
    ]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603  a fixed text
    if answer.returncode:
        tail = "\n".join((answer.stdout + answer.stderr).splitlines()[-_LOG_LINES:])
        raise DynamoDbLocalNotFetched(
            f"DynamoDB Local {RELEASE} could not be fetched. Check the connection to Maven Central, then try again. "
            f"Ivy said:\n{tail}"
        )


def _ivy() -> Path:
    """Found without importing PySpark, which is the Spark engine's business."""
    spec = find_spec("pyspark")
    if spec is None or spec.origin is None:
        raise DynamoDbLocalNotFetched("PySpark is not installed, whose Ivy fetches the jars. Run make setup.")
    (jar,) = (Path(spec.origin).parent / "jars").glob("ivy-*.jar")
    return jar
