"""Two Regions in memory, and the replication between them, part by part: nothing says which part comes first."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

from odpf.clock import utc_now
from odpf.settings import Settings, StagingPlace
from tests.file_processor.workbench import Workbench

FIRST = Settings(
    staging_places=(StagingPlace(bucket="staging-a", folder="internal_staging"),),
    raw_bucket="raw-a",
    artifacts_bucket="artifacts-a",
)
SECOND = Settings(
    staging_places=(StagingPlace(bucket="staging-b", folder="internal_staging", replica_of="staging-a"),),
    raw_bucket="raw-b",
    artifacts_bucket="artifacts-b",
)
EVERYTHING = ("epoch", "ledger", "pending", "history", "staging", "artifacts", "raw")


class TwoRegions:
    """`a` is the first Region and active, `b` the second one."""

    def __init__(self, first: Settings = FIRST, second: Settings = SECOND, **item):
        self.a = Workbench(first, "eu-west-1", 10, **item)
        self.b = Workbench(second, "eu-central-1", 11, **item)
        activate(self.a)
        replicate(self.a, self.b)

    def loaded(self) -> TwoRegions:
        """A table with a load and a change, the same in both Regions."""
        self.a.load((1, 10), (2, 20))
        self.a.change(1, "U", 1, 11)
        self.a.run()
        replicate(self.a, self.b)
        return self

    def fail_over(self, parts=EVERYTHING) -> None:
        """Replicate those parts and give the work to the second Region."""
        replicate(self.a, self.b, *parts)
        activate(self.b)


def activate(bench: Workbench, at: Workbench | None = None) -> None:
    """Raise the epoch to a Region, in its own copy of the ledger unless told otherwise."""
    ledger = (at or bench).aws.ledger
    ledger.raise_epoch(ledger.epoch(), bench.region, "operator", utc_now())


def replicate(source: Workbench, target: Workbench, *parts: str) -> None:
    """Bring parts of one Region into the other; buckets keep times and etags, as S3's replicas do."""
    for part in parts or EVERYTHING:
        match part:
            case "epoch":
                target.aws.ledger._epoch = source.aws.ledger._epoch
            case "ledger":
                target.aws.ledger._states = dict(source.aws.ledger._states)
            case "pending" | "history":
                name = f"_{part}"
                setattr(target.aws.tracker, name, copy.deepcopy(getattr(source.aws.tracker, name)))
            case "staging":
                _copy(source, target, source.aws.settings.staging_places[0].bucket)
            case "artifacts":
                _copy(source, target, source.aws.settings.artifacts_bucket)
            case "raw":
                _copy(source, target, source.aws.settings.raw_bucket, mirrored=True)


def _copy(source: Workbench, target: Workbench, bucket: str, *, mirrored: bool = False) -> None:
    there = target.aws.objects._buckets.setdefault(f"{bucket[:-1]}{'b' if bucket.endswith('a') else 'a'}", {})
    if mirrored:
        there.clear()
    there |= source.aws.objects._buckets.get(bucket, {})


BOTH_CHANGES = {1: 11, 2: 22}


def only_result(summary):
    (result,) = summary.tables
    return result


def ids(bench):
    return [record.file.file_id for record in bench.history]


FIRST_MOMENT = datetime(2026, 1, 31, 10, tzinfo=UTC)
