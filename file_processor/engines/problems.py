"""Why a row cannot be applied: the sentences that both engines give as the reason of a quarantined row."""

from __future__ import annotations

UNKNOWN_OPERATION = "The operation is none of I, U, D: "
"""Followed by the operation."""
FULL_LOAD_OPERATION = "A row of a full load has operation "
"""Followed by the letter."""
NO_OPERATION = "The operation is empty"
OPERATIONS_DISAGREE = "Op and the mapped operation column disagree"
NO_SEQUENCE = "The change sequence is empty"
MALFORMED_SEQUENCE = "The change sequence is not 35 digits: "
"""Followed by the sequence."""
NO_STREAM_POSITION = "The stream position is empty"
NO_COMMIT_TIME = "Neither the commit timestamp nor the change sequence tells when it was committed"
NO_KEY_AT_ALL = "Every key part is empty text, which Hudi cannot store"


def key_part_is_null(key: str) -> str:
    """A row without a key."""
    return f"The key part {key} is null"


def key_is_empty(key: str) -> str:
    """Hudi refuses a record key of no characters."""
    return f"The key {key} is empty text, which Hudi cannot store"


def key_joins(key: str) -> str:
    """The text of a composite key could be read in two ways."""
    return f"The key part {key} holds text that Hudi uses to join key parts"


def key_is_finer(key: str) -> str:
    """Two keys would have one text."""
    return f"The key part {key} is finer than a millisecond, to which Hudi keeps times in keys"


def delete_unknown(path: str) -> str:
    """A row older than the high-water mark, of a key that the table does not have."""
    return (
        f"Whether its key was deleted by a newer change cannot be told: {path} is no longer in staging as it was applied. "
        "Put it back and release this row, or reload the table"
    )
