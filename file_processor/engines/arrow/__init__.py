"""The Arrow engine: Hudi commits (version 6, copy_on_write) without Spark."""
