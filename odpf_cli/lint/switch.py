"""Values as DMS takes them: booleans and numbers may be texts."""

from __future__ import annotations

from typing import Any

_TRUE, _FALSE = frozenset({"true", "t", "y", "yes", "1"}), frozenset({"false", "f", "n", "no", "0"})


def switched(value: Any) -> bool | None:
    """A boolean as DMS reads it (S3Settings: `true, false, y, and n`); None for what is none."""
    word = str(value).strip().lower()
    if word in _TRUE:
        return True
    return False if word in _FALSE else None


def whole_number(value: Any) -> int | None:
    """A whole number, or the text of one; None for anything else."""
    try:
        return None if isinstance(value, bool) else int(str(value))
    except ValueError:
        return None


def shown(value: Any) -> str | None:
    """A value as it stands in JSON, text without quotes."""
    if value is None or isinstance(value, str):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)
