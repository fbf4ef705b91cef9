"""One deployment of ODPF: names of its resources and where files land.

Every entry point reads the settings once, from the environment, and hands them down. A run carries its own
copy in its manifest, so a job never depends on the environment of the machine it runs on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from odpf.errors import InvalidSettings
from odpf.full_load_completion import CompletionText

_AS_THEY_ARE = (
    "lease_seconds",
    "heartbeat_seconds",
    "tables_at_once",
    "most_attempts",
    "scheduler_role_arn",
    "alarm_topic_arn",
    "full_load_completion",
)
"""Settings whose variables hold their values as they are."""


class StagingPlace(BaseModel):
    """A folder of a bucket into which one DMS endpoint writes.

    `name` is the `<source>` part of source table names, empty for the default place. `folder` is the endpoint's
    `BucketFolder`: any number of levels, or empty.

    In a second Region the bucket is a replica of the first one's, with the same keys and etags. `replica_of` names that
    one: file ids are made with it, so that a file has one id in both Regions (docs/regions.md).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = ""
    bucket: str
    folder: str = ""
    replica_of: str | None = None

    @property
    def identity(self) -> str:
        """The bucket whose name file ids are made with."""
        return self.replica_of or self.bucket

    @property
    def prefix(self) -> str:
        """The key prefix of everything below this place, with its closing slash; empty at a bucket's root."""
        folder = self.folder.strip("/")
        return f"{folder}/" if folder else ""


class Settings(BaseModel):
    """Names of a deployment's resources; the defaults are those of the embedded AWS.

    Attributes:
        raw_bucket_replicas: in a second Region the bucket here for each one that table configurations name.
        most_attempts: a table that failed so often in a row is set aside (odpf/attempts.py).
        scheduler_role_arn: what schedules start the state machine as; without it `<prefix>scheduler-<region>` of the account.
        alarm_topic_arn: the SNS topic that is told of what a watch finds; nobody is told without it.
        full_load_completion: by what full loads count as whole, of tables that do not say it themselves.
        dms_task_arns: the DMS tasks that are asked for table statistics, for tables with the rule `dms`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    prefix: str = Field(default="odpf_", pattern=r"^[a-zA-Z0-9_-]{0,40}$")
    staging_places: tuple[StagingPlace, ...]
    raw_bucket: str
    artifacts_bucket: str
    raw_bucket_replicas: dict[str, str] = Field(default_factory=dict)
    lease_seconds: int = Field(default=60, ge=3)
    heartbeat_seconds: float = Field(default=10.0, gt=0)
    tables_at_once: int = Field(default=4, ge=1)
    most_attempts: int = Field(default=5, ge=1)
    scheduler_role_arn: str | None = None
    alarm_topic_arn: str | None = None
    full_load_completion: CompletionText = "none"
    dms_task_arns: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Read the settings from `ODPF_*` variables.

        `ODPF_STAGING_PLACES` is a JSON list of {"name", "bucket", "folder"}; without it there is one place,
        `ODPF_STAGING_BUCKET` with `ODPF_STAGING_FOLDER`. `ODPF_DMS_TASK_ARNS` has commas between its ARNs.

        Raises:
            InvalidSettings: a variable has a value that cannot be used; the message names it.
        """
        get = environment.get
        places: object
        try:
            places = json.loads(environment["ODPF_STAGING_PLACES"])
        except KeyError:
            bucket, folder = get("ODPF_STAGING_BUCKET", "odpf-staging"), get("ODPF_STAGING_FOLDER", "internal_staging")
            places = [{"bucket": bucket, "folder": folder}]
        except ValueError as error:
            raise InvalidSettings(f"ODPF_STAGING_PLACES is not JSON: {error}. Give a list of staging places.") from None
        values: dict[str, object] = {
            "prefix": get("ODPF_PREFIX", "odpf_"),
            "staging_places": places,
            "raw_bucket": get("ODPF_RAW_BUCKET", "odpf-raw"),
            "artifacts_bucket": get("ODPF_ARTIFACTS_BUCKET", "odpf-artifacts"),
        }
        if replicas := get("ODPF_RAW_BUCKET_REPLICAS"):
            try:
                values["raw_bucket_replicas"] = json.loads(replicas)
            except ValueError as error:
                raise InvalidSettings(
                    f"ODPF_RAW_BUCKET_REPLICAS is not JSON: {error}. Give an object of bucket names."
                ) from None
        if tasks := get("ODPF_DMS_TASK_ARNS"):
            values["dms_task_arns"] = tuple(arn.strip() for arn in tasks.split(",") if arn.strip())
        for name in _AS_THEY_ARE:
            if (value := get(f"ODPF_{name.upper()}")) is not None:
                values[name] = value
        try:
            return cls.model_validate(values)
        except ValidationError as error:
            problems = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
            raise InvalidSettings(
                f"The ODPF_* environment cannot be used: {problems}. Correct these variables."
            ) from None

    def table(self, name: str) -> str:
        """The DynamoDB table `name` (design name without prefix, for example `file_tracker`)."""
        return f"{self.prefix}{name}"

    @property
    def is_second_region(self) -> bool:
        """Whether files land here as replicas of another Region's."""
        return any(place.replica_of for place in self.staging_places)

    @property
    def deployment(self) -> str:
        """The deployment's name in metrics: the prefix without its separator."""
        return self.prefix.rstrip("_-") or "odpf"

    @property
    def glue_job_name(self) -> str:
        """The one configuration-driven job."""
        return f"{self.prefix}file_processor"

    @property
    def state_machine_name(self) -> str:
        """The state machine that every refresh cadence starts."""
        return f"{self.prefix}refresh_cadence"

    @property
    def schedule_group(self) -> str:
        """The EventBridge Scheduler group that holds one schedule per refresh cadence."""
        return f"{self.prefix}refresh_cadences"

    @property
    def staging_queue(self) -> str:
        """The queue between the S3 event rule and the File Manager; its dead-letter queue is `<name>_dlq`."""
        return f"{self.prefix}staging_events"

    @property
    def config_queue(self) -> str:
        """The queue between the artifacts bucket's event rule and the Configuration Manager."""
        return f"{self.prefix}config_events"

    @property
    def alarm_topic(self) -> str:
        """The SNS topic of this deployment's notices."""
        return f"{self.prefix}notices"

    @property
    def hash_key_secret(self) -> str:
        """The secret with which columns are hashed, of tables that name none; the job may read those whose names begin so."""
        return f"{self.prefix}hash_key"

    def function_name(self, component: str) -> str:
        """The Lambda function of a component, for example batch_manager: the name of its entry point in `lambdas`."""
        return f"{self.prefix}{component}"
