"""Engines: read, reduce, merge and write one file batch as one Hudi commit."""
