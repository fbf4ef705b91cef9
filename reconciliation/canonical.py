"""Canonical texts in Python: what the SQL of every dialect makes of a value, for values that lie in files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from reconciliation.forms import Form

NULL = "~"
SEPARATOR = "|"


def canonical(value: Any, form: Form) -> str | None:
    """The canonical text of a value; None for null."""
    if value is None:
        return None
    match form:
        case Form.NUMBER:
            return trimmed(f"{Decimal(str(int(value) if isinstance(value, bool) else value)):f}")
        case Form.SINGLE:
            return bits(struct.unpack("f", struct.pack("f", value))[0])
        case Form.DOUBLE:
            return bits(float(value))
        case Form.BOOLEAN:
            return "1" if value else "0"
        case Form.DATE:
            return value.isoformat() if isinstance(value, date) else str(value)
        case Form.MOMENT:
            return _moment(value)
        case Form.CLOCK:
            return trimmed(str(value))
        case Form.TEXT:
            return md5(str(value).encode())
        case Form.PADDED:
            return md5(str(value).rstrip(" ").encode())
        case Form.BYTES:
            return md5(bytes(value))


def row_text(texts: Iterable[str | None]) -> str:
    """Canonical texts of a row's values as one."""
    return SEPARATOR.join(NULL if text is None else text for text in texts)


def key_id(values: Iterable[tuple[Any, Form]], *, integer: bool) -> str:
    """What a key is told by: an integer key by its digits, every other by the digest of its canonical texts."""
    texts = [canonical(value, form) for value, form in values]
    return texts[0] or NULL if integer else md5(row_text(texts).encode())


def md5(content: bytes) -> str:
    """A digest, in lower case."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def trimmed(text: str) -> str:
    """Without zeros behind the last place."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def bits(value: float) -> str:
    """The 16 hex digits of a double."""
    return "nan" if value != value else struct.pack(">d", value + 0.0).hex()  # noqa: PLR0124  only NaN is not itself


def number_of_bits(text: str) -> float:
    """The inverse of `bits`."""
    found: float = float("nan") if text == "nan" else struct.unpack(">d", bytes.fromhex(text))[0]
    return found


def _moment(value: datetime | date) -> str:
    if not isinstance(value, datetime):
        return f"{value.isoformat()} 00:00:00"
    plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return trimmed(plain.isoformat(" ", "microseconds"))
