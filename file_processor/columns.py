"""Columns that ODPF adds to raw tables."""

from __future__ import annotations

OPERATION = "_odpf_operation"
ORDER = "_odpf_order"
CHANGE_SEQUENCE = "_odpf_change_sequence"
COMMIT_TIME = "_odpf_commit_time"
GENERATION = "_odpf_generation"

HISTORY_KEY = (GENERATION, CHANGE_SEQUENCE)
"""With the source's key these identify a change in history mode (S15)."""
