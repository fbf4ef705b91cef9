"""The configuration folder that job processes get as SPARK_CONF_DIR, and the jars it points at.

What is Spark's environment here (master, memory, jars, S3 endpoint) is Glue's business on AWS; what is part of the
job's meaning (time zone of the session, calendar rebasing, Hudi) is set by the job itself.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from odpf.errors import InvalidSettings, TransientError
from odpf_local.java import TRUSTSTORE_PASSWORD, cache_folder, cache_path, java_home, truststore

HUDI_OF_RUNTIME = {"glue5.0": "0.15.0", "glue5.1": "1.0.2"}
"""Hudi releases by ODPF_RUNTIME, the Glue version whose jobs are stood in for; Spark is the one of Glue 5.0 with both."""
# Only Maven Central: Spark's own list has a host that adds nothing and costs log lines where it cannot be reached.
_IVY_SETTINGS = """<ivysettings>
  <settings defaultResolver="central"/>
  <resolvers><ibiblio name="central" m2compatible="true"/></resolvers>
</ivysettings>
"""
_LOG4J = """rootLogger.level = warn
rootLogger.appenderRef.stdout.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss} %p %c{1}: %m%n%ex
"""
_NOISY = (
    "org.apache.hadoop.fs.s3a",
    "org.apache.hadoop.metrics2",
    "org.apache.hadoop.util.NativeCodeLoader",
    "org.apache.hudi",
    "org.apache.spark.sql.catalyst.util.SparkStringUtils",
    "org.apache.spark.util.Utils",
    "com.amazonaws",
)
_PRINT_JARS = (
    "from pyspark.sql import SparkSession as S; s = S.builder.getOrCreate(); print('JARS', s.conf.get('spark.jars'))"
)


def packages() -> tuple[str, ...]:
    """Coordinates of the jars that jobs here run with.

    Raises:
        InvalidSettings: ODPF_RUNTIME names no Glue version that the job is written for.
    """
    runtime = os.environ.get("ODPF_RUNTIME") or "glue5.0"
    if runtime not in HUDI_OF_RUNTIME:
        raise InvalidSettings(f"ODPF_RUNTIME is {runtime!r}; write one of {', '.join(HUDI_OF_RUNTIME)}.")
    return (
        f"org.apache.hudi:hudi-spark3.5-bundle_2.12:{HUDI_OF_RUNTIME[runtime]}",
        "org.apache.hadoop:hadoop-aws:3.3.4",
    )


class JarsNotFetched(TransientError):
    """Hudi's and S3A's jars could not be had from Maven Central."""


def prefetch(tell: Callable[[str], None] = lambda _: None) -> tuple[Path, ...]:
    """Resolve the jars once for all jobs, through `spark.jars.packages`; at once when they are there.

    Args:
        tell: gets a sentence for a person when something is downloaded.

    Raises:
        JarsNotFetched: with the end of what Spark said.
        InvalidSettings: ODPF_RUNTIME cannot be used.
    """
    if jars := fetched():
        return jars
    with _exclusive(cache_folder() / "jars.lock"):  # the first runs of several programs must not mix their downloads
        if jars := fetched():
            return jars
        tell("Fetching the Hudi and S3A jars from Maven Central (380 MB, only this once) ...")
        jars = _resolve()
        _stamp().write_text(json.dumps([str(jar) for jar in jars]))
        return jars


def fetched() -> tuple[Path, ...]:
    """The jars as far as they are on this machine: all, or none.

    Raises:
        InvalidSettings: ODPF_RUNTIME cannot be used.
    """
    return _stamped(_stamp())


def _stamp() -> Path:
    """Names the jars that were fetched for these coordinates."""
    return cache_path() / f"jars-{hashlib.sha256('|'.join(packages()).encode()).hexdigest()[:16]}.json"


def write_conf(
    folder: Path, endpoint_url: str, *, region: str = "eu-west-1", memory: str = "2g", jars: tuple[Path, ...]
) -> Path:
    """Write spark-defaults.conf and log4j2.properties for jobs that talk to the AWS at `endpoint_url`."""
    own = {
        "spark.hadoop.fs.s3a.endpoint": endpoint_url,
        "spark.hadoop.fs.s3a.endpoint.region": region,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        "spark.hadoop.fs.s3a.aws.credentials.provider": "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider",
        "spark.hadoop.fs.s3a.access.key": "embedded",
        "spark.hadoop.fs.s3a.secret.key": "embedded",
        "spark.hadoop.fs.s3a.attempts.maximum": "3",
        "spark.hadoop.fs.s3a.retry.limit": "3",
        # A buffer per open file, of the size of a part: 64 MB of it, twenty files at once, is more than a small heap has.
        "spark.hadoop.fs.s3a.fast.upload.buffer": "bytebuffer",
        "spark.hadoop.fs.s3a.multipart.size": "8M",
        "spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.s3a.S3AFileSystem",
        "spark.hadoop.fs.s3a.user.agent.prefix": "odpf-file_processor",
    }
    return _write(folder, {**_machine(memory), **_class_path(jars), **own})


def write_conf_of_folder(
    folder: Path, root: Path, buckets: Iterable[str], *, memory: str, jars: tuple[Path, ...]
) -> Path:
    """Write the same for a session to which `s3://<bucket>/` is the folder `<root>/<bucket>`.

    A view file system stands for S3, Hadoop's own way to give another scheme's paths to files: locations are as they are
    on AWS, and a small commit is spared its 200 requests.
    """
    own = {"spark.hadoop.fs.s3.impl": "org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"}
    for bucket in buckets:
        (root / bucket).mkdir(parents=True, exist_ok=True)
        own[f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback"] = f"file://{root}/{bucket}"
    return _write(folder, {**_machine(memory), **_class_path(jars), **own})


def job_environment(conf: Path) -> dict[str, str]:
    """What a Spark process needs to find its configuration, Java and Python."""
    return {
        "SPARK_CONF_DIR": str(conf),
        "JAVA_HOME": str(java_home()),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def _class_path(jars: tuple[Path, ...]) -> dict[str, str]:
    """On the class path as on Glue: handing the jars over by spark.jars copies 380 MB at every start of a job.

    Without slf4j-api: ahead of Spark's own, newer one it would switch all logging off.
    """
    return {"spark.driver.extraClassPath": os.pathsep.join(str(jar) for jar in jars if "slf4j-api" not in jar.name)}


def _machine(memory: str) -> dict[str, str]:
    store = truststore()
    java_options = (
        f'"-Djavax.net.ssl.trustStore={store}"',
        "-Djavax.net.ssl.trustStoreType=PKCS12",
        f"-Djavax.net.ssl.trustStorePassword={TRUSTSTORE_PASSWORD}",
        "-Duser.timezone=UTC",
        # Hudi weighs a record with JOL, which otherwise tries for seconds to attach to its own JVM from outside.
        "-Djdk.attach.allowAttachSelf=true",
        "-Djol.skipHotspotSAAttach=true",
        # Jobs here live for seconds: the optimising compiler costs 40 % of their CPU time and does not earn it back.
        "-XX:TieredStopAtLevel=1",
        # That compiler's own 48 MB are full after forty commits, and then everything is interpreted.
        "-XX:ReservedCodeCacheSize=240m",
        "-XX:+UseSerialGC",
    )
    return {
        "spark.master": "local[2]",
        "spark.driver.memory": memory,
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": " ".join(java_options),
        "spark.serializer": "org.apache.spark.serializer.KryoSerializer",
        "spark.sql.shuffle.partitions": "2",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
    }


def _write(folder: Path, options: Mapping[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spark-defaults.conf").write_text("".join(f"{name} {value}\n" for name, value in options.items()))
    quiet = "".join(
        f"logger.quiet{number}.name = {name}\nlogger.quiet{number}.level = error\n"
        for number, name in enumerate(_NOISY)
    )
    (folder / "log4j2.properties").write_text(_LOG4J + quiet)
    return folder


def _stamped(stamp: Path) -> tuple[Path, ...]:
    if not stamp.exists():
        return ()
    jars = tuple(Path(name) for name in json.loads(stamp.read_text()))
    return jars if all(jar.exists() for jar in jars) else ()


def _resolve() -> tuple[Path, ...]:
    with TemporaryDirectory() as temporary:
        settings = Path(temporary) / "ivysettings.xml"
        settings.write_text(_IVY_SETTINGS)
        options = {
            "spark.jars.packages": ",".join(packages()),
            "spark.jars.ivy": str(cache_folder() / "ivy"),
            "spark.jars.ivySettings": str(settings),
        }
        conf = _write(Path(temporary) / "conf", {**_machine("1g"), **options})
        answer = subprocess.run(  # noqa: S603  this interpreter, a fixed text
            [sys.executable, "-c", _PRINT_JARS],
            env={**os.environ, **job_environment(conf)},
            cwd=temporary,
            capture_output=True,
            text=True,
            check=False,
        )
    for line in answer.stdout.splitlines():
        if line.startswith("JARS "):
            return tuple(Path(jar.removeprefix("file://")) for jar in line.removeprefix("JARS ").split(","))
    tail = "\n".join((answer.stdout + answer.stderr).splitlines()[-15:])
    raise JarsNotFetched(
        f"The jars {', '.join(packages())} could not be fetched. Check the connection to Maven Central, "
        f"then try again. Spark said:\n{tail}"
    )


@contextmanager
def _exclusive(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
