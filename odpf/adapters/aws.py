"""The ports on AWS, put together: entry points build one `Aws` and hand its parts down."""

from __future__ import annotations

from functools import cached_property

import boto3

from odpf.adapters.audit_log import DynamoAuditLog
from odpf.adapters.catalog import GlueCatalog
from odpf.adapters.clients import Dynamo, session_of
from odpf.adapters.config_store import DynamoConfigStore
from odpf.adapters.dms_tasks import DmsReplicationTasks
from odpf.adapters.dynamo import RETRY_SECONDS, DynamoTable
from odpf.adapters.failures import aws_call
from odpf.adapters.file_tracker import DynamoFileTracker
from odpf.adapters.hash_keys import SecretsManagerHashKeys
from odpf.adapters.job_runs import GlueJobRuns
from odpf.adapters.ledger import DynamoLedger
from odpf.adapters.log_events import LogEvents
from odpf.adapters.metrics import EmfMetrics
from odpf.adapters.notices import SnsNotices
from odpf.adapters.object_store import S3ObjectStore
from odpf.adapters.queues import SqsQueues
from odpf.adapters.refresh_events import EventBridgeRefreshEvents
from odpf.adapters.schedules import SchedulerSchedules
from odpf.errors import TerminalError
from odpf.settings import Settings
from odpf.tables import (
    BATCH_CONFIG,
    CONFIG_DEPLOY_TRACKER,
    FILE_TRACKER,
    FILE_TRACKER_HISTORY,
    PROCESSING_TRACKER_HISTORY,
    RAW_TABLE_CONFIG,
    TableSchema,
)


class Aws:
    """Every port on one AWS account, each built when it is first asked for; safe to share between threads.

    Args:
        settings: names of the deployment's resources.
        session: credentials and region; the SDK's standard ones by default.
        retry_seconds: budget for what the SDK does not retry (unprocessed keys, cancelled transactions).
        component: who makes the requests, told to AWS in a session that is not given (see `session_of`).
    """

    def __init__(
        self,
        settings: Settings,
        session: boto3.Session | None = None,
        retry_seconds: float = RETRY_SECONDS,
        component: str | None = None,
    ) -> None:
        self.settings = settings
        self._component = component
        self._given_session = session
        self._retry_seconds = retry_seconds

    @cached_property
    def session(self) -> boto3.Session:
        """Where the clients come from.

        Raises:
            TerminalError: the profile does not exist, or no region is configured.
        """
        with aws_call("Opening an AWS session"):
            session = self._given_session or session_of(self._component)
        if session.region_name is None:
            raise TerminalError(
                "No AWS Region is configured. Set AWS_DEFAULT_REGION, or choose a profile that has one: AWS_PROFILE. "
                'On this machine alone: `odpf local up --detach`, then eval "$(odpf local env)".'
            )
        return session

    @property
    def region(self) -> str:
        """The Region this deployment's clients talk to."""
        return self.session.region_name or ""

    @cached_property
    def tracker(self) -> DynamoFileTracker:
        """Landed files."""
        return DynamoFileTracker(self._table(FILE_TRACKER), self._table(FILE_TRACKER_HISTORY))

    @cached_property
    def ledger(self) -> DynamoLedger:
        """States and leases of raw tables."""
        return DynamoLedger(self._dynamo, self.settings, self._retry_seconds)

    @cached_property
    def audit(self) -> DynamoAuditLog:
        """What runs did."""
        return DynamoAuditLog(self._table(PROCESSING_TRACKER_HISTORY))

    @cached_property
    def config(self) -> DynamoConfigStore:
        """Configuration of cadences and tables."""
        return DynamoConfigStore(
            self._table(BATCH_CONFIG), self._table(RAW_TABLE_CONFIG), self._table(CONFIG_DEPLOY_TRACKER)
        )

    @cached_property
    def objects(self) -> S3ObjectStore:
        """Objects in S3."""
        return S3ObjectStore(self.session)

    @cached_property
    def schedules(self) -> SchedulerSchedules:
        """Schedules of the cadences."""
        return SchedulerSchedules(self.session, self.settings)

    @cached_property
    def catalog(self) -> GlueCatalog:
        """The Glue Data Catalog."""
        return GlueCatalog(self.session)

    @cached_property
    def refresh_events(self) -> EventBridgeRefreshEvents:
        """Events of refreshed tables."""
        return EventBridgeRefreshEvents(self.session)

    @cached_property
    def job_runs(self) -> GlueJobRuns:
        """Runs of the Glue job."""
        return GlueJobRuns(self.session, self.settings.glue_job_name)

    @cached_property
    def log_events(self) -> LogEvents:
        """What functions and job runs have logged."""
        return LogEvents(self.session)

    @cached_property
    def dms_tasks(self) -> DmsReplicationTasks:
        """The deployment's DMS tasks."""
        return DmsReplicationTasks(self.session, self.settings.dms_task_arns)

    @cached_property
    def hash_keys(self) -> SecretsManagerHashKeys:
        """Keys of hashed columns."""
        return SecretsManagerHashKeys(self.session)

    @cached_property
    def metrics(self) -> EmfMetrics:
        """Numbers about the work, in CloudWatch."""
        return EmfMetrics()

    @cached_property
    def notices(self) -> SnsNotices:
        """Messages to people."""
        return SnsNotices(self.session, self.settings.alarm_topic_arn)

    @cached_property
    def queues(self) -> SqsQueues:
        """Queues of the flow."""
        return SqsQueues(self.session)

    @cached_property
    def _dynamo(self) -> Dynamo:
        return Dynamo(self.session)

    def _table(self, schema: TableSchema) -> DynamoTable:
        return DynamoTable(self._dynamo, self.settings.table(schema.name), self._retry_seconds)
