"""Lambda of small table batches: what the Glue job does, by the Arrow engine alone, as far as the invocation's time lasts."""

from __future__ import annotations

from aws_lambda_powertools.utilities.typing import LambdaContext

from file_processor.engines.offer import arrow_alone
from file_processor.invocation import Invocation
from file_processor.job_arguments import JobArguments
from file_processor.lease import Contender
from file_processor.owners import Owner
from file_processor.workshop import Workshop
from odpf.adapters.aws import Aws
from odpf.adapters.clients import session_of
from odpf.adapters.logs import invocation_log
from odpf.adapters.object_store import S3ObjectStore
from odpf.summarised import summarised


def handler(event: dict[str, str], context: LambdaContext) -> dict[str, str]:
    """Process a batch; see Invocation.run."""
    run_id, uri = event["run_id"], event["manifest_uri"]
    with invocation_log("process_batch", "file_processor", context, run_id=run_id, manifest_uri=uri):
        session = session_of("process_batch")
        manifest = JobArguments.of(context.aws_request_id, run_id, uri).manifest(S3ObjectStore(session))
        settings, aws = manifest.settings, Aws(manifest.settings, session)
        contender = Contender(
            aws.ledger,
            aws.job_runs,
            settings,
            Owner.invocation(run_id, manifest.batch_no, context.aws_request_id).text,
            run_id,
            manifest.epoch,
            aws.region,
            is_summarised=summarised(aws.objects, settings.artifacts_bucket),
            is_patient=False,
        )
        engines = arrow_alone(aws.objects)
        ports = aws.tracker, aws.objects, aws.catalog, aws.refresh_events
        shop = Workshop(settings, *ports, contender, engines, aws.hash_keys)
        answer = Invocation(manifest, uri, shop, aws.audit).run(lambda: context.get_remaining_time_in_millis() / 1000)
        return dict(answer)
