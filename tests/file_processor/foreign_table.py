"""A Hudi table as the original AWS ODP framework leaves it, made by hand: one commit, one data file a partition."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from odpf.ports import ObjectStore

INSTANT = "20260101101500123"
SEQUENCE = "CDC_TIMESTAMP_SEQ"
PROPERTIES = {
    "hoodie.table.version": "6",
    "hoodie.table.type": "COPY_ON_WRITE",
    "hoodie.table.recordkey.fields": "ID",
    "hoodie.table.partition.fields": "",
    "hoodie.table.precombine.field": SEQUENCE,
    "hoodie.table.keygenerator.class": "org.apache.hudi.keygen.ComplexKeyGenerator",
    "hoodie.compaction.payload.class": "org.apache.hudi.common.model.OverwriteWithLatestAvroPayload",
    "hoodie.table.metadata.partitions": "files",
}


def put_table(
    objects: ObjectStore,
    bucket: str,
    base: str,
    rows: Sequence[Mapping[str, Any]],
    properties: Mapping[str, str] | None = None,
    columns: Mapping[str, pa.DataType] | None = None,
) -> str:
    """Write it; returns its location."""
    name = f"{'f' * 8}-0_0-1-1_{INSTANT}.parquet"
    kinds = dict(columns or {"ID": pa.int64(), "V": pa.string(), SEQUENCE: pa.string()})
    hudi = {
        "_hoodie_commit_time": [INSTANT] * len(rows),
        "_hoodie_commit_seqno": [f"{INSTANT}_0_{number}" for number in range(len(rows))],
        "_hoodie_record_key": [f"ID:{row['ID']}" for row in rows],
        "_hoodie_partition_path": [""] * len(rows),
        "_hoodie_file_name": [name] * len(rows),
    }
    data = {column: pa.array([row.get(column) for row in rows], kind) for column, kind in kinds.items()}
    out = io.BytesIO()
    pq.write_table(pa.table({**hudi, **data}), out, store_schema=False)
    commit = {"partitionToWriteStats": {"": [{"fileId": f"{'f' * 8}-0", "path": name}]}, "operationType": "UPSERT"}
    said = {**PROPERTIES, **(properties or {})}
    objects.put(bucket, f"{base}/.hoodie/hoodie.properties", "\n".join(f"{k}={v}" for k, v in said.items()).encode())
    objects.put(bucket, f"{base}/{name}", out.getvalue())
    objects.put(bucket, f"{base}/.hoodie/{INSTANT}.commit", json.dumps(commit).encode())
    return f"s3://{bucket}/{base}"
