from __future__ import annotations

import gc
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import boto3
import pytest
from pyspark.sql import SparkSession

from benchmarks.spark_jobs import log_events
from file_processor.engines.arrow.engine import ArrowEngine
from file_processor.engines.spark.engine import SparkEngine
from file_processor.engines.spark.session import open_session
from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf.states import EngineName
from odpf_local.aws import running
from odpf_local.spark_conf import job_environment, prefetch, write_conf, write_conf_of_folder
from tests.engines.lake import Lake, lake_in_folder, storage_options
from tests.engines.other_release import OtherRelease
from tests.engines.stories import ARM, ARMS, MIXED, RELEASES, play
from tests.reference.protected import SECRETS

ONLY_SPARK = ("merge_on_read", "merge on read", "double")
_IN_EMBEDDED_AWS = os.environ.get("ODPF_TEST_LAKE") == "embedded"
_LAKES = {"arrow": "folder_lake", RELEASES: "releases_lake"}
PORTS = ("tracker", "ledger", "audit", "config", "objects", "catalog", "refresh_events", "job_runs", "hash_keys")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every story is told once an engine; in an embedded AWS, Spark's in turns of both Hudi releases as well."""
    if ARM in metafunc.fixturenames:
        arms = getattr(metafunc.function, "arms", getattr(metafunc.module, "ARMS", ARMS))
        metafunc.parametrize(ARM, (*arms, RELEASES) if "spark" in arms and _IN_EMBEDDED_AWS else arms)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Arrow leaves to Spark what is only Spark's; where the engines take turns, Spark alone is for the long tests.

    So are the releases in turns, but for modules of make test-more, and what a module's LONG_ARMS names.
    """
    arms: dict[str, set[str]] = {}
    told = [item for item in items if hasattr(item, "callspec") and ARM in item.callspec.params]
    for item in told:
        arms.setdefault(item.originalname, set()).add(item.callspec.params[ARM])  # type: ignore[attr-defined]
    dropped = set()
    for item in told:
        only_spark = any(word in item.callspec.id for word in ONLY_SPARK)  # type: ignore[attr-defined]
        arm = item.callspec.params[ARM]  # type: ignore[attr-defined]
        if only_spark and arm in MIXED:
            dropped.add(item)
        is_mixed = arms[item.originalname] & {"arrow-spark", "spark-arrow"}  # type: ignore[attr-defined]
        is_long = arm in getattr(item.module, "LONG_ARMS", ())  # type: ignore[attr-defined]
        in_turns = arm == RELEASES and item.get_closest_marker("more") is None
        if in_turns or is_long or (arm == "spark" and is_mixed and not only_spark):
            item.add_marker(pytest.mark.soak)
    config.hook.pytest_deselected(items=sorted(dropped, key=lambda item: item.nodeid))
    items[:] = [item for item in items if item not in dropped]


@pytest.fixture(scope="session")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A lake with both engines and one Spark session: in a folder; or, where ODPF_TEST_LAKE says embedded, in S3."""
    opened = _in_embedded_aws if _IN_EMBEDDED_AWS else _in_folder
    with opened(tmp_path_factory.mktemp("lake")) as lake:
        yield lake


@contextmanager
def _in_folder(folder: Path) -> Iterator[Lake]:
    """Stores in memory, objects in a folder: a cycle of a table costs half of what it does over HTTP."""
    lake = lake_in_folder(folder)
    settings = lake.settings
    buckets = (settings.staging_places[0].bucket, settings.raw_bucket, settings.artifacts_bucket)
    conf = write_conf_of_folder(folder / "spark", folder, buckets, memory="2g", jars=prefetch())
    with _session(conf) as spark:
        yield replace(lake, engines={EngineName.SPARK: lambda: SparkEngine(spark), **lake.engines})


@contextmanager
def _in_embedded_aws(folder: Path) -> Iterator[Lake]:
    """An embedded AWS in a process of its own."""
    embedded = running.launch(folder)
    try:
        with patch.dict(os.environ, embedded.environment):
            settings = Settings.from_environment()
            aws = Aws(settings, boto3.Session())
            for port in PORTS:  # clients keep the endpoint they are made with; no other test sees these variables
                getattr(aws, port)
            aws.job_runs.state("none")  # its client is made for the first question
            for name, value in SECRETS.items():
                aws.session.client("secretsmanager").create_secret(Name=name, SecretBinary=value)
                aws.hash_keys.key(name)
        environment = dict(embedded.environment)
        with _session(write_conf(folder / "spark", embedded.endpoint_url, jars=prefetch())) as spark:
            engines = {EngineName.SPARK: lambda: SparkEngine(spark), EngineName.ARROW: lambda: ArrowEngine(aws.objects)}
            yield Lake(settings, aws, engines, storage_options(environment), environment=environment)
    finally:
        running.stop(folder)


@contextmanager
def _session(conf: Path) -> Iterator[SparkSession]:
    log_events(conf)
    with patch.dict(os.environ, job_environment(conf)):
        spark = open_session("odpf tests")
    yield spark
    with _no_complaint_about_sockets():
        spark.stop()


@pytest.fixture(scope="session")
def event_log(lake: Lake) -> Path:
    """Where Spark writes the event log of the lake's session."""
    spark = SparkSession.getActiveSession()
    assert spark is not None
    return Path(spark.conf.get("spark.eventLog.dir", "").removeprefix("file://"))


@pytest.fixture(scope="session")
def folder_lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """The Arrow engine alone, in a folder."""
    return lake_in_folder(tmp_path_factory.mktemp("folder_lake"))


@pytest.fixture(scope="session")
def releases_lake(lake: Lake, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """The lake with both Hudi releases in turns, in two processes that meet in the embedded AWS."""
    assert isinstance(lake.aws, Aws)
    other = OtherRelease(tmp_path_factory.mktemp("other_release"), lake.environment)
    yield replace(lake, other_release=other)
    other.close()


@pytest.fixture(scope="module")
def played(request: pytest.FixtureRequest) -> dict[str, BaseException | None]:
    """The module's stories, told side by side in the lake of their arm; what each failed with."""
    module = request.module
    name = Path(module.__file__).stem.removeprefix("test_")
    items = [item for item in request.session.items if item.module is module and hasattr(item.obj, "story")]  # type: ignore[attr-defined]
    of_lake: dict[str, list[pytest.Item]] = {}
    for item in items:
        of_lake.setdefault(_LAKES.get(item.callspec.params[ARM], "lake"), []).append(item)  # type: ignore[attr-defined]
    with _no_complaint_about_sockets():
        told = [play(request.getfixturevalue(lake), f"{name}_{lake}", items) for lake, items in of_lake.items()]
    return {node: problem for each in told for node, problem in each.items()}


@contextmanager
def _no_complaint_about_sockets() -> Iterator[None]:
    """py4j leaves the sockets of ended threads to the garbage collector: collect them here, where nobody minds."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield
        gc.collect()
