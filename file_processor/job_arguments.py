"""What the state machine hands to a job run or an invocation: who it is, and which manifest says what to do."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import NamedTuple, NoReturn
from urllib.parse import urlsplit

from odpf.errors import InvalidManifest
from odpf.manifest import BatchManifest
from odpf.ports import ObjectStore


class JobArguments(NamedTuple):
    """Which work, and whose; `job_run_id` is the request id of an invocation."""

    job_run_id: str
    run_id: str
    bucket: str
    key: str

    @classmethod
    def parse(cls, argv: Sequence[str]) -> JobArguments:
        """Read the command line of a job run; Glue's own arguments are passed over.

        Raises:
            InvalidManifest: an argument is missing, or the manifest's URI is none.
        """
        parser = _Parser(allow_abbrev=False, add_help=False)
        for name in ("--JOB_RUN_ID", "--run_id", "--manifest_uri"):
            parser.add_argument(name, required=True)
        known, _ = parser.parse_known_args(argv)
        return cls.of(known.JOB_RUN_ID, known.run_id, known.manifest_uri)

    @classmethod
    def of(cls, job_run_id: str, run_id: str, manifest_uri: str) -> JobArguments:
        """Take what was given.

        Raises:
            InvalidManifest: the manifest's URI is none.
        """
        uri = urlsplit(manifest_uri)
        if uri.scheme != "s3" or not uri.netloc or not uri.path.strip("/"):
            raise InvalidManifest(f"manifest_uri {manifest_uri!r} is no s3:// URI. Start the cadence again.")
        return cls(job_run_id, run_id, uri.netloc, uri.path.lstrip("/"))

    def manifest(self, objects: ObjectStore) -> BatchManifest:
        """Fetch the manifest and check that it is this run's.

        Raises:
            InvalidManifest: it is missing, damaged, of another format version, or of another run.
        """
        try:
            manifest = BatchManifest.from_bytes(objects.get(self.bucket, self.key))
        except FileNotFoundError:
            raise InvalidManifest(
                f"There is no manifest s3://{self.bucket}/{self.key}. Start the cadence again: `odpf run CADENCE`."
            ) from None
        if manifest.run_id != self.run_id:
            raise InvalidManifest(
                f"The manifest belongs to run {manifest.run_id}, the job was started for {self.run_id}. "
                "Start the cadence again."
            )
        return manifest


class _Parser(argparse.ArgumentParser):
    """argparse with ODPF's error in place of its exit."""

    def error(self, message: str) -> NoReturn:
        raise InvalidManifest(f"The job's arguments cannot be used: {message}. The state machine sets them all.")
