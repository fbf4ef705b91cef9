"""The one Glue job: processes the table batch its manifest names. The same script runs on Glue and on one machine."""

from __future__ import annotations

import sys

from file_processor.batch_run import BatchRun
from file_processor.engines.offer import both
from file_processor.job_arguments import JobArguments
from file_processor.lease import Contender
from file_processor.side_by_side import spare_megabytes
from file_processor.workshop import Workshop
from odpf.adapters.aws import Aws
from odpf.adapters.clients import session_of
from odpf.adapters.logs import job_log
from odpf.adapters.object_store import S3ObjectStore
from odpf.states import Outcome
from odpf.summarised import summarised


def main(argv: list[str]) -> str:
    """Process the batch; returns the text to end with when a table failed, so that the job run is seen to fail, else none."""
    session = session_of("file_processor")
    arguments = JobArguments.parse(argv)
    manifest = arguments.manifest(S3ObjectStore(session))
    job_log(
        job_run_id=arguments.job_run_id,
        run_id=manifest.run_id,
        refresh_cadence=manifest.cadence.refresh_cadence,
        batch_no=manifest.batch_no,
    )
    aws = Aws(manifest.settings, session)
    settings, over = manifest.settings, summarised(aws.objects, manifest.settings.artifacts_bucket)
    lease = aws.ledger, aws.job_runs, settings, arguments.job_run_id, manifest.run_id, manifest.epoch, aws.region
    contender = Contender(*lease, is_summarised=over)
    ports = aws.tracker, aws.objects, aws.catalog, aws.refresh_events
    shop = Workshop(settings, *ports, contender, both(aws.objects), aws.hash_keys)
    run = BatchRun(manifest, shop, aws.audit, megabytes=spare_megabytes())
    failed = [row for row in run.run() if row.outcome is Outcome.REFRESH_ERROR]
    names = ", ".join(row.source_table_name for row in failed)
    return names and f"{len(failed)} of {len(manifest.tables)} tables failed: {names}"


if __name__ == "__main__":
    if problem := main(sys.argv[1:]):
        sys.exit(problem)
