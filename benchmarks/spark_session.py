"""A Spark session for the benchmarks, to which `s3://` is a folder of this machine, or the embedded S3."""

from __future__ import annotations

import os

from pyspark.sql import SparkSession

from benchmarks.places import ARTIFACTS, RAW, STAGING, Place
from file_processor.engines.spark.session import open_session
from odpf_local.spark_conf import job_environment, prefetch, write_conf


def open_spark(place: Place, *, in_s3: bool, memory: str = "3g") -> SparkSession:
    """Open it as a job of the embedded AWS would.

    Without S3 a view file system stands for it: Hadoop's own way to give another scheme's paths to files. So the product
    is measured as it is, with locations `s3://`, and what it writes are local files.
    """
    conf = write_conf(place.root / "spark", place.emulator.endpoint_url, memory=memory, jars=prefetch(print))
    if not in_s3:
        lines = ["spark.hadoop.fs.s3.impl org.apache.hadoop.fs.viewfs.ViewFileSystemOverloadScheme"]
        for bucket in (STAGING, RAW, ARTIFACTS):
            (place.root / bucket).mkdir(parents=True, exist_ok=True)
            lines.append(f"spark.hadoop.fs.viewfs.mounttable.{bucket}.linkFallback file://{place.root}/{bucket}")
        with (conf / "spark-defaults.conf").open("a") as file:
            file.writelines(f"{line}\n" for line in lines)
    os.environ.update(job_environment(conf))
    return open_session("benchmark")
