"""The Spark engine, the only place that knows pyspark."""
