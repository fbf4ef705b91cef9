"""Hudi's knobs, one at a time, beside the options that the Spark engine sets (D8): bare upserts, so that nothing else is in the figures."""

from __future__ import annotations

from benchmarks.systems import LOCAL, SystemSpec
from file_processor.engines.spark.hudi import PARALLELISM

_KNOBS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("metadata", "metadata table", {"hoodie.metadata.enable": "true"}),
    ("server", "timeline server", {"hoodie.embed.timeline.server": "true"}),
    ("markers", "timeline server with its markers",
     {"hoodie.embed.timeline.server": "true", "hoodie.write.markers.type": "TIMELINE_SERVER_BASED"}),
    ("bloom", "index BLOOM", {"hoodie.index.type": "BLOOM", "hoodie.parquet.bloom.filter.enabled": "true"}),
    ("bucket", "index BUCKET, one bucket", {"hoodie.index.type": "BUCKET", "hoodie.bucket.index.num.buckets": "1"}),
    ("record", "index RECORD_INDEX",
     {"hoodie.index.type": "RECORD_INDEX", "hoodie.metadata.enable": "true", "hoodie.metadata.record.index.enable": "true"}),
    ("lock", "Hudi's own lock",
     {"hoodie.write.concurrency.mode": "optimistic_concurrency_control",
      "hoodie.clean.failed.writes.policy": "LAZY", "hoodie.cleaner.policy.failed.writes": "LAZY",
      "hoodie.write.lock.provider": "org.apache.hudi.client.transaction.lock.InProcessLockProvider"}),
    ("parallel", "two hundred tasks a step", dict.fromkeys(PARALLELISM, "200")),
)  # fmt: skip

DEFAULTS = next(spec for spec in LOCAL if spec.id == "S3")
KNOBS = tuple(
    SystemSpec(f"S3 {word}", f"bare upsert, {title}", DEFAULTS.module, options=tuple(options.items()))
    for word, title, options in _KNOBS
)
