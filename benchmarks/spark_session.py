"""A Spark session for the benchmarks, to which `s3://` is a folder of this machine, or the embedded S3."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from benchmarks.places import ARTIFACTS, RAW, STAGING, Place
from file_processor.engines.spark.session import open_session
from odpf_local.spark_conf import job_environment, prefetch, write_conf, write_conf_of_folder


def open_spark(place: Place, *, in_s3: bool, memory: str = "3g") -> SparkSession:
    """Open it as a job of the embedded AWS would.

    Without S3 the product is measured as it is, with locations `s3://`, and what it writes are local files.
    """
    jars, folder = prefetch(print), place.root / "spark"
    if in_s3:
        conf = write_conf(folder, place.emulator.endpoint_url, memory=memory, jars=jars)
    else:
        conf = write_conf_of_folder(folder, place.root, (STAGING, RAW, ARTIFACTS), memory=memory, jars=jars)
    os.environ.update(job_environment(conf))
    return open_session("benchmark")
