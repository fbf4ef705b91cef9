"""Writes Hudi tables with plain Spark, with the options and steps of the original AWS ODP framework."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from tests.engines.staged_table import SEQUENCE, StagedTable


class OtherFramework:
    """One table, at `s3://<raw bucket>/<raw table name>`.

    Args:
        table: whose staged files it applies.
        options: further options of Hudi's.
    """

    def __init__(self, table: StagedTable, **options: str) -> None:
        self._table, self._options = table, options
        self._spark = SparkSession.getActiveSession()
        self.location = f"s3://{table.lake.settings.raw_bucket}/{table.name}"

    def load(self, *names: str) -> None:
        """A full load: the table is written anew."""
        self._write(self._read(names).drop("Op"), "bulk_insert", "overwrite")

    def changes(self, *names: str) -> None:
        """Change files: with S the newest row of every key, first those that stay and then those to delete."""
        rows = self._read(names)
        if self._table.history:
            self._write(rows.drop("Op"), "upsert", "append")
            return
        newest = Window.partitionBy(*self._table.config["hudi_primary_key"].split(",")).orderBy(F.desc(SEQUENCE))
        rows = rows.withColumn("rn", F.row_number().over(newest)).where("rn = 1").drop("rn")
        for operation, kept in (("upsert", rows.where("Op <> 'D'")), ("delete", rows.where("Op = 'D'"))):
            if kept.head(1):
                self._write(kept.drop("Op"), operation, "append")

    def _read(self, names: tuple[str, ...]) -> DataFrame:
        assert self._spark is not None
        places = [self._table.lake._place(self._table.source, name) for name in names]
        return self._spark.read.parquet(*(f"s3://{bucket}/{key}" for bucket, key in places))

    def _write(self, rows: DataFrame, operation: str, mode: str) -> None:
        config = self._table.config
        key = config["hudi_primary_key"]
        options = {
            "hoodie.table.name": self._table.name,
            "hoodie.datasource.write.operation": operation,
            "hoodie.datasource.write.recordkey.field": f"{key},{SEQUENCE}" if self._table.history else key,
            "hoodie.datasource.write.precombine.field": SEQUENCE,
            "hoodie.datasource.write.partitionpath.field": config.get("hudi_partition_key", ""),
            "hoodie.datasource.write.hive_style_partitioning": "true",
            "hoodie.datasource.write.keygenerator.class": "org.apache.hudi.keygen.ComplexKeyGenerator",
            "hoodie.cleaner.policy": "KEEP_LATEST_COMMITS",
            "hoodie.cleaner.commits.retained": "1",
            "hoodie.bulkinsert.shuffle.parallelism": "1",
            "hoodie.upsert.shuffle.parallelism": "1",
            "hoodie.delete.shuffle.parallelism": "1",
        }
        rows.write.format("hudi").options(**options | self._options).mode(mode).save(self.location)
