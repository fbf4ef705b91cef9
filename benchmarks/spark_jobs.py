"""Spark jobs by table and by who asked for them, from Spark's own event log (Spark: Monitoring, `spark.eventLog`)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

_HUDI = "org.apache.hudi."


class SparkJob(NamedTuple):
    """One job.

    Attributes:
        number: of the application.
        pool: scheduler pool, which is the raw table that the job is of; empty for none.
        by_hudi: whether Hudi's code asked for it, and not the engine's.
        where: the call that asked for it.
        stages: their numbers.
    """

    number: int
    pool: str
    by_hudi: bool
    where: str
    stages: tuple[int, ...] = ()


def log_events(conf: Path) -> Path:
    """Have the sessions of a configuration folder write their event logs; returns the folder of the logs."""
    folder = conf / "events"
    folder.mkdir()
    options = {"spark.eventLog.enabled": "true", "spark.eventLog.dir": f"file://{folder}"}
    with (conf / "spark-defaults.conf").open("a") as file:
        file.writelines(f"{name} {value}\n" for name, value in options.items())
    return folder


def spark_jobs(folder: Path, pool: str | None = None) -> list[SparkJob]:
    """Jobs that were begun until now, oldest first.

    Args:
        folder: where the logs are, of sessions that may still be going on.
        pool: only those of a pool.
    """
    found = (_job(event) for path in sorted(folder.iterdir()) for event in _events(path, "SparkListenerJobStart"))
    return [job for job in found if pool in (None, job.pool)]


def shuffled_bytes(folder: Path, jobs: Iterable[SparkJob]) -> int:
    """Bytes that the tasks of jobs have written for others to read."""
    stages = {stage for job in jobs for stage in job.stages}
    ended = (event for path in folder.iterdir() for event in _events(path, "SparkListenerTaskEnd"))
    metrics = (event.get("Task Metrics", {}) for event in ended if event["Stage ID"] in stages)
    return sum(each.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0) for each in metrics)


def asked_by_the_engine(jobs: Iterable[SparkJob]) -> list[SparkJob]:
    """Those that are not Hudi's own."""
    return [job for job in jobs if not job.by_hudi]


def _events(path: Path, kind: str) -> Iterator[dict[str, Any]]:
    with path.open() as lines:
        for line in lines:
            if line.startswith(f'{{"Event":"{kind}"') and line.endswith("\n"):
                yield json.loads(line)


def _job(event: dict[str, Any]) -> SparkJob:
    properties, stages = event.get("Properties", {}), event["Stage Infos"]
    # The stage that a job ends with has the stack of whoever called; the ones before may be of frames made elsewhere.
    last: dict[str, Any] = max(
        stages, key=lambda stage: stage["Stage ID"], default={}
    )  # of no partitions there is no stage
    by_hudi = _HUDI in last.get("Details", "") or _HUDI in properties.get("callSite.long", "")
    where = properties.get("callSite.short") or last.get("Stage Name", "")
    pool = properties.get("spark.scheduler.pool", "")
    return SparkJob(event["Job ID"], pool, by_hudi, where, tuple(stage["Stage ID"] for stage in stages))
