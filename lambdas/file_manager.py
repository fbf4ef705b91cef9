"""Lambda of the File Manager: messages of the staging queue to the file tracker, each message by itself."""

from __future__ import annotations

from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord

from file_manager.register import register_message
from odpf.adapters.aws import Aws
from odpf.adapters.logs import invocation_log
from odpf.clock import utc_now
from odpf.log_keys import log_keys
from odpf.settings import Settings


def handler(event: dict[str, Any], context: object) -> Any:
    """Register what arrived; SQS delivers the messages reported as failed again, and sets them aside in the end."""
    with invocation_log("file_manager", "file_manager", context) as logger:
        aws = _aws()

        def register(record: SQSRecord) -> None:
            with log_keys(message_id=record.message_id):
                counts = register_message(record.body, aws.settings.staging_places, aws.tracker, utc_now())
                logger.info("message handled", extra=counts)

        processor = BatchProcessor(EventType.SQS, raise_on_entire_batch_failure=False)
        answer = process_partial_response(event, register, processor)
        for failed, (_, error, _) in zip(answer["batchItemFailures"], processor.exceptions, strict=True):
            logger.error(str(error), extra={"message_id": failed["itemIdentifier"], "error": type(error).__name__})
        return answer


@cache
def _aws() -> Aws:
    return Aws(Settings.from_environment(), component="file_manager")
