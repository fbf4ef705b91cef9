"""A Spark program of nobody's: reads Hudi tables, lets Hudi's own procedures look for damage, writes on top of them.

Run in a process of its own, so that it can have either Hudi release; prints one JSON document.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import lit

SQL = "org.apache.spark.sql.hudi.HoodieSparkSessionExtension"
COMMON = {
    "hoodie.write.table.version": "6",
    "hoodie.write.auto.upgrade": "false",
    "hoodie.metadata.enable": "false",
    "hoodie.embed.timeline.server": "false",
    "hoodie.write.markers.type": "DIRECT",
    "hoodie.datasource.write.hive_style_partitioning": "true",
    "hoodie.datasource.write.partitionpath.urlencode": "true",
    "hoodie.datasource.write.precombine.field": "_odpf_order",
    "hoodie.index.type": "GLOBAL_SIMPLE",
    "hoodie.simple.index.update.partition.path": "true",
    "hoodie.clean.commits.retained": "1",
    "hoodie.cleaner.commits.retained": "1",
    "hoodie.keep.min.commits": "2",
    "hoodie.keep.max.commits": "3",
}


def main(tables: list[dict[str, Any]]) -> dict[str, Any]:
    """What became of each table, by name."""
    spark = SparkSession.builder.config("spark.sql.extensions", SQL).getOrCreate()
    for name, value in {"spark.sql.session.timeZone": "UTC"}.items():
        spark.conf.set(name, value)
    try:
        return {table["name"]: checked(spark, table) for table in tables}
    finally:
        spark.stop()


def checked(spark: SparkSession, table: dict[str, Any]) -> dict[str, Any]:
    """Read, validate, upsert, delete, clean, archive, overwrite."""
    path = table["path"]
    answer: dict[str, Any] = {"read": rows(spark, path), "problems": problems(spark, table)}
    frame = spark.read.format("hudi").load(path)
    own = [column for column in frame.columns if not column.startswith("_hoodie_")]
    one, another = frame.select(own).orderBy("id").limit(2).collect()
    upserted = spark.createDataFrame([one], frame.select(own).schema)
    for number in range(5):
        write(upserted.withColumn("v", lit(f"upserted {number}")), table, "upsert")
    answer["upserted"] = rows(spark, path)
    write(spark.createDataFrame([another], frame.select(own).schema), table, "delete")
    answer["deleted"] = rows(spark, path)
    answer["problems after writes"] = problems(spark, table)
    write(spark.createDataFrame([one], frame.select(own).schema), table, "insert_overwrite_table")
    answer["overwritten"] = rows(spark, path)
    return answer


def problems(spark: SparkSession, table: dict[str, Any]) -> list[str]:
    """What Hudi's own procedures find."""
    if not table["partition"]:  # of such tables Hudi 0.15 says "Positive number of partitions required"
        return []
    found = [str(row) for row in spark.sql(f"CALL show_invalid_parquet(path => '{table['path']}')").collect()]
    name = f"{table['database']}.{table['name']}"
    spark.sql(f"CREATE DATABASE IF NOT EXISTS {table['database']}")
    spark.sql(f"CREATE TABLE IF NOT EXISTS {name} USING hudi LOCATION '{table['path']}'")
    lacking = spark.sql(f"CALL repair_add_partition_meta(table => '{name}', dry_run => true)").collect()
    return [*found, *(str(row) for row in lacking if row["metadata_is_present"] == "No")]


def write(frame: DataFrame, table: dict[str, Any], operation: str) -> None:
    """One commit with Hudi's data source."""
    options = {
        **COMMON,
        "hoodie.table.name": table["name"],
        "hoodie.database.name": table["database"],
        "hoodie.datasource.write.operation": operation,
        "hoodie.datasource.write.recordkey.field": table["key"],
        "hoodie.datasource.write.partitionpath.field": table["partition"],
        "hoodie.datasource.write.keygenerator.class": f"org.apache.hudi.keygen.{table['generator']}KeyGenerator",
    }
    frame.write.format("hudi").options(**options).mode("append").save(table["path"])


def rows(spark: SparkSession, path: str) -> list[dict[str, Any]]:
    """Key and value of every row."""
    frame = spark.read.format("hudi").load(path)
    return sorted((row.asDict() for row in frame.select("id", "v", "part").collect()), key=str)


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
