"""Entry points of Glue jobs."""
