"""Whether a run is over: its last step has written its summary."""

from __future__ import annotations

from collections.abc import Callable

from odpf.manifest import summary_key
from odpf.ports import ObjectStore


def summarised(objects: ObjectStore, bucket: str) -> Callable[[str], bool]:
    """Tell it of runs by their ids.

    Args:
        objects: where summaries lie.
        bucket: the artifacts bucket.
    """

    def is_summarised(run_id: str) -> bool:
        try:
            objects.get(bucket, summary_key(run_id))
        except FileNotFoundError:
            return False
        return True

    return is_summarised
