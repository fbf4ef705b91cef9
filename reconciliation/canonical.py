"""Canonical texts in Python: what the SQL of every dialect makes of a value, for values that lie in files."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from reconciliation.forms import Form

NULL = "~"
SEPARATOR = "|"
_HALF_A_MILLISECOND = timedelta(microseconds=500)


def canonical(value: Any, form: Form, *, milliseconds: bool = False) -> str | None:
    """The canonical text of a value; None for null.

    Args:
        value: as a Parquet file has it, or a line of JSON.
        form: in which it is compared.
        milliseconds: whether moments are compared to the millisecond (Dialect).

    Raises:
        ValueError, TypeError, ArithmeticError: it is no value of this form.
    """
    if value is None:
        return None
    return _moment(value, milliseconds) if form is Form.MOMENT else _SPELLED[form](value)


def row_text(texts: Iterable[str | None]) -> str:
    """Canonical texts of a row's values as one."""
    return SEPARATOR.join(NULL if text is None else text for text in texts)


def key_id(values: Iterable[tuple[Any, Form]], *, integer: bool, milliseconds: bool = False) -> str:
    """What a key is told by: an integer key by its digits, every other by the digest of its canonical texts."""
    texts = [canonical(value, form, milliseconds=milliseconds) for value, form in values]
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


def _moment(value: datetime | date | str, milliseconds: bool) -> str:
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    if not isinstance(value, datetime):
        return f"{value.isoformat()} 00:00:00"
    plain = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    if milliseconds:
        rounded = plain + _HALF_A_MILLISECOND
        plain = rounded.replace(microsecond=rounded.microsecond // 1000 * 1000)
    return trimmed(plain.isoformat(" ", "microseconds"))


def _number(value: Any) -> str:
    return trimmed(f"{Decimal(str(int(value) if isinstance(value, bool) else value)):f}")


def _single(value: float) -> str:
    return bits(struct.unpack("f", struct.pack("f", value))[0])


_SPELLED: Mapping[Form, Callable[[Any], str]] = {
    Form.NUMBER: _number,
    Form.SINGLE: _single,
    Form.DOUBLE: bits,
    Form.BOOLEAN: lambda value: "1" if value else "0",
    Form.DATE: str,
    Form.CLOCK: lambda value: trimmed(str(value)),
    Form.TEXT: lambda value: md5(str(value).encode()),
    Form.PADDED: lambda value: md5(str(value).rstrip(" ").encode()),
    Form.BYTES: lambda value: md5(bytes(value)),
}
