"""Athena: SQL over the committed state of the raw tables, answered by DuckDB over hudi-rs."""
