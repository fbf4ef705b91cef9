"""Puts files as AWS DMS writes them into the staging bucket, with nothing but boto3 and pyarrow.

A full load of four orders, then one file of changes: `Op` tells insert, update and delete, `seq` is the change
sequence that a DMS mapping rule adds (35 digits, empty in a full load). The rows of a change file stand in no order.
"""

from __future__ import annotations

import io
import os
from datetime import UTC, datetime

import boto3
import pyarrow as pa
import pyarrow.parquet as pq

BUCKET = os.environ.get("ODPF_STAGING_BUCKET", "odpf-staging")
NOW = datetime.now(UTC)


def put(name: str, rows: list[dict[str, object]]) -> None:
    """Write one Parquet object below the table's folder."""
    content = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), content)
    key = f"internal_staging/shop/orders/{name}"
    boto3.client("s3").put_object(Bucket=BUCKET, Key=key, Body=content.getvalue())
    print(f"s3://{BUCKET}/{key}: {len(rows)} rows")


def change(operation: str, number: int, order: int, item: str, price: float) -> dict[str, object]:
    """One row of a change file."""
    return {"Op": operation, "id": order, "item": item, "price": price, "seq": f"{NOW:%Y%m%d%H%M%S}00{number:019d}"}


ITEMS = ["lamp", "chair", "table", "shelf"]
put("LOAD00000001.parquet", [{"id": n, "item": item, "price": 10.0 * n, "seq": ""} for n, item in enumerate(ITEMS, 1)])
put(
    f"{NOW:%Y%m%d-%H%M%S}000.parquet",
    [
        change("U", 3, 2, "chair", 25.0),
        change("D", 4, 3, "table", 30.0),
        change("U", 1, 2, "chair", 21.5),
        change("I", 2, 5, "bench", 70.0),
    ],
)
