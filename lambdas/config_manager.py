"""Lambda of the Configuration Manager: manifests put on S3 by CI/CD are applied, each message by itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from config_manager.manifest_event import apply_manifest
from odpf.adapters.aws import Aws
from odpf.adapters.logs import invocation_log
from odpf.clock import utc_now
from odpf.log_keys import log_keys
from odpf.settings import Settings


def handler(event: dict[str, Any], context: object) -> Any:
    """Apply manifests; a refused one is done, a message that failed is delivered again and set aside in the end."""
    with invocation_log("config_manager", "config_manager", context) as logger:
        aws = _aws()

        def apply(record: SQSRecord) -> None:
            with log_keys(message_id=record.message_id):
                outcome = apply_manifest(record.body, aws, utc_now())
                logger.info("message handled", extra={"outcome": outcome.model_dump() if outcome else "no manifest"})

        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event, apply, processor)
        for failed, (_, error, _) in zip(answer["batchItemFailures"], processor.exceptions, strict=True):
            logger.error(str(error), extra={"message_id": failed["itemIdentifier"], "error": type(error).__name__})
        return answer


@cache
def _aws() -> Aws:
    return Aws(Settings.from_environment(), component="config_manager")
