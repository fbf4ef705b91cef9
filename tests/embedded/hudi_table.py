"""A copy_on_write table of version 6 written by hand into the embedded S3, and its catalog entry."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

BUCKET = "odpf-raw"
META = (
    "_hoodie_commit_time",
    "_hoodie_commit_seqno",
    "_hoodie_record_key",
    "_hoodie_partition_path",
    "_hoodie_file_name",
)
PROPERTIES = """hoodie.table.name={name}
hoodie.table.type=COPY_ON_WRITE
hoodie.table.version=6
hoodie.timeline.layout.version=1
hoodie.table.recordkey.fields=pk_id
hoodie.table.precombine.field=pk_id
hoodie.table.timeline.timezone=UTC
"""


class HudiTable:
    """Each commit is a new file group; `columns` are (name, Avro type, Hive type)."""

    def __init__(self, client: Any, database: str, name: str, columns: list[tuple[str, Any, str]]) -> None:
        self._s3, self._glue = client("s3"), client("glue")
        self._database, self._name, self._columns = database, name, columns
        self._path = f"{database}/{name}"
        self._put(".hoodie/hoodie.properties", PROPERTIES.format(name=name).encode())

    def publish(self) -> None:
        """Register in the catalog."""
        if self._database not in [each["Name"] for each in self._glue.get_databases()["DatabaseList"]]:
            self._glue.create_database(DatabaseInput={"Name": self._database})
        columns = [{"Name": name, "Type": "string"} for name in META]
        columns += [{"Name": name, "Type": hive} for name, _, hive in self._columns]
        storage = {"Columns": columns, "Location": f"s3://{BUCKET}/{self._path}"}
        table = {"Name": self._name, "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
        self._glue.create_table(DatabaseName=self._database, TableInput=table)

    def add_column(self, name: str, avro: Any, hive: str) -> None:
        """From the next commit on there is one more column."""
        self._columns.append((name, avro, hive))

    def write(self, instant: str, rows: pa.Table, *, commit: bool = True) -> None:
        """Write one file; without `commit` it is what a writer leaves that died before its commit."""
        file = f"00000000-0000-0000-0000-{instant[-12:]}-0_0-0-0_{instant}.parquet"
        count = rows.num_rows
        meta = [
            [instant] * count,
            [f"{instant}_0_{row}" for row in range(count)],
            [str(v) for v in rows["pk_id"].to_pylist()],
        ]
        arrays = [pa.array(values) for values in (*meta, [""] * count, [file] * count)]
        content = io.BytesIO()
        pq.write_table(pa.table([*arrays, *rows.columns], names=[*META, *rows.column_names]), content)
        for suffix in ("commit.requested", "inflight"):
            self._put(f".hoodie/{instant}.{suffix}", b"")
        self._put(file, content.getvalue())
        if commit:
            self._put(f".hoodie/{instant}.commit", self._commit(file, count, len(content.getvalue())))

    def _commit(self, file: str, rows: int, size: int) -> bytes:
        fields = [{"name": name, "type": ["null", "string"], "default": None} for name in META]
        fields += [{"name": name, "type": ["null", avro], "default": None} for name, avro, _ in self._columns]
        schema = {"type": "record", "name": "record", "namespace": "hoodie", "fields": fields}
        stat = {
            "fileId": file.partition("_")[0], "path": file, "prevCommit": "null", "partitionPath": "",
            "numWrites": rows, "numDeletes": 0, "numUpdateWrites": 0, "numInserts": rows,
            "totalWriteBytes": size, "fileSizeInBytes": size,
        }  # fmt: skip
        metadata = {
            "partitionToWriteStats": {"": [stat]},
            "compacted": False,
            "extraMetadata": {"schema": json.dumps(schema)},
            "operationType": "UPSERT",
        }
        return json.dumps(metadata).encode()

    def _put(self, key: str, content: bytes) -> None:
        self._s3.put_object(Bucket=BUCKET, Key=f"{self._path}/{key}", Body=content)
