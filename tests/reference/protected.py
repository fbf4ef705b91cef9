"""What is left of a row whose columns are excluded or hashed, by Python's own hmac."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal
from typing import Any

SECRETS = {"odpf_hash_key": b"a key of the tests, of 32 bytes.", "odpf_hash_key_2": b"another key, of 32 bytes as well"}


def protected(
    row: dict[str, Any], excluded: Collection[str], hashes: Collection[str], secret: str, prefix: str = "bi_"
) -> dict[str, Any]:
    """A row, by lower-case names, as the lake may have it."""
    kept = {name: value for name, value in row.items() if name.removeprefix(prefix) not in excluded}
    return {n: digest(v, secret) if n.removeprefix(prefix) in hashes else v for n, v in kept.items()}


def digest(value: Any, secret: str = "odpf_hash_key") -> str | None:
    """The hash of a value."""
    return None if value is None else hmac.new(SECRETS[secret], _text(value), hashlib.sha256).hexdigest()


def _text(value: Any) -> bytes:
    match value:
        case bytes():
            return value
        case bool():
            return str(value).lower().encode()
        case datetime():
            return value.replace(tzinfo=None).isoformat(" ", "microseconds").encode()
        case date():
            return value.isoformat().encode()
        case Decimal():
            return f"{value:f}".rstrip("0").rstrip(".").encode() if value % 1 else str(int(value)).encode()
        case _:
            return str(value).encode()
