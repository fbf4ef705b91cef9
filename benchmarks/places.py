"""Where a benchmark's files and tables lie: buckets that are folders, or the embedded AWS's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import boto3

from odpf.settings import Settings, StagingPlace
from odpf.table_config import CadenceConfig, TableConfig
from odpf_local.aws.running import Running

STAGING, RAW, ARTIFACTS, OTHERS = "bench-staging", "bench-raw", "bench-artifacts", "bench-others"
"""Not the embedded AWS's own: putting into those would start its File Manager."""
FOLDER = "dms"
DATABASE = "bench_raw"
CADENCE = CadenceConfig(refresh_cadence="bench")


class Place(NamedTuple):
    """What a worker process is told of its surroundings.

    Attributes:
        root: a folder of its own; its buckets are folders below.
        emulator: the embedded AWS, for ledger, audit and catalog over HTTP, and for objects when they are in S3.
        request_log: where the embedded AWS writes its requests.
    """

    root: Path
    emulator: Running
    request_log: Path

    def settings(self, tables_at_once: int = 1) -> Settings:
        """A deployment over these buckets."""
        return Settings(
            staging_places=(StagingPlace(bucket=STAGING, folder=FOLDER),),
            raw_bucket=RAW,
            artifacts_bucket=ARTIFACTS,
            tables_at_once=tables_at_once,
        )

    def session(self) -> boto3.Session:
        """Clients of the embedded AWS; their endpoint stands in the environment."""
        return boto3.Session(region_name=self.emulator.region)

    def storage(self) -> dict[str, str]:
        """Options with which hudi-rs and delta-rs reach the embedded S3."""
        environment = self.emulator.environment
        return {
            "aws_endpoint": self.emulator.endpoint_url,
            "aws_allow_http": "true",
            "aws_region": environment["AWS_REGION"],
            "aws_access_key_id": environment["AWS_ACCESS_KEY_ID"],
            "aws_secret_access_key": environment["AWS_SECRET_ACCESS_KEY"],
        }

    def uri(self, bucket: str, key: str, *, in_s3: bool) -> str:
        """Where an object is, for programs that know nothing of the folders."""
        return f"s3://{bucket}/{key}" if in_s3 else f"file://{self.root}/{bucket}/{key}"


def table_config(table: str, engine: str = "auto") -> TableConfig:
    """How a table of the workload is registered."""
    return TableConfig.model_validate(
        {
            "source_table_name": f"bench.{table}",
            "refresh_cadence": CADENCE.refresh_cadence,
            "raw_database_name": DATABASE,
            "raw_table_name": table,
            "hudi_primary_key": "id",
            "hudi_precombine_field": "change_seq",
            "engine": engine,
        }
    )


def make_buckets(place: Place) -> None:
    """Make the buckets, in the embedded S3 and as folders."""
    session: Any = place.session()
    client, region = session.client("s3"), {"LocationConstraint": place.emulator.region}
    for bucket in (STAGING, RAW, ARTIFACTS, OTHERS):
        client.create_bucket(Bucket=bucket, CreateBucketConfiguration=region)
