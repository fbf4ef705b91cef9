"""Readers of single values in row events, byte by byte as MySQL writes them.

Formats: MySQL source, `Field_*::pack` and `my_time.cc`; decimals `decimal2bin`; JSON `json_binary.h`.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Context, Decimal
from typing import Any, TypeAlias

from pymysqlreplication.json_binary import parse_json

from odpf_local.dms.replicate.kinds import Kind

Reader: TypeAlias = Callable[[bytes, int], tuple[Any, int]]
"""Reads a value at an offset; gives it and the offset after it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DIGITS_TO_BYTES = (0, 1, 1, 2, 2, 3, 3, 4, 4, 4)
_NINE = 9
_WIDE = Context(prec=100)


def integer_reader(size: int, signed: bool) -> Reader:
    """An integer, little endian."""

    def read(data: bytes, offset: int) -> tuple[int, int]:
        return int.from_bytes(data[offset : offset + size], "little", signed=signed), offset + size

    return read


def float_reader(data: bytes, offset: int) -> tuple[float, int]:
    """A FLOAT."""
    return struct.unpack_from("<f", data, offset)[0], offset + 4


def double_reader(data: bytes, offset: int) -> tuple[float, int]:
    """A DOUBLE."""
    return struct.unpack_from("<d", data, offset)[0], offset + 8


def year_reader(data: bytes, offset: int) -> tuple[int, int]:
    """A YEAR: years since 1900, 0 for the year 0000."""
    return 1900 + data[offset] if data[offset] else 0, offset + 1


def date_reader(data: bytes, offset: int) -> tuple[date | None, int]:
    """A DATE; None for one that no calendar has."""
    packed = int.from_bytes(data[offset : offset + 3], "little")
    try:
        return date(packed >> 9, packed >> 5 & 15, packed & 31), offset + 3
    except ValueError:
        return None, offset + 3


def bit_reader(bits: int) -> Reader:
    """A BIT: one bit is a boolean, more are bytes, most significant first."""
    size = (bits + 7) // 8

    def read(data: bytes, offset: int) -> tuple[bool | bytes, int]:
        content = data[offset : offset + size]
        return content != b"\x00" if bits == 1 else content, offset + size

    return read


def datetime_reader(fraction: int) -> Reader:
    """A DATETIME: five bytes of sign, year * 13 + month, day, hour, minute, second; then the fraction."""
    size = 5 + (fraction + 1) // 2

    def read(data: bytes, offset: int) -> tuple[datetime | None, int]:
        packed = int.from_bytes(data[offset : offset + 5], "big") - (1 << 39)
        year, month = divmod(packed >> 22, 13)
        clock = packed >> 12 & 31, packed >> 6 & 63, packed & 63
        try:
            found = datetime(year, month, packed >> 17 & 31, *clock, _fraction(data[offset + 5 : offset + size]))
        except ValueError:
            found = None
        return found, offset + size

    return read


def timestamp_reader(fraction: int) -> Reader:
    """Four bytes of seconds since 1970 UTC, then the fraction; zero seconds stand for the zero date."""
    size = 4 + (fraction + 1) // 2

    def read(data: bytes, offset: int) -> tuple[datetime | None, int]:
        seconds = int.from_bytes(data[offset : offset + 4], "big")
        microseconds = _fraction(data[offset + 4 : offset + size])
        if not seconds:  # '0000-00-00 00:00:00'
            return None, offset + size
        return (_EPOCH + timedelta(seconds=seconds, microseconds=microseconds)).replace(tzinfo=None), offset + size

    return read


def time_reader(fraction: int) -> Reader:
    """A TIME as text: three bytes of sign, hour, minute, second; then the fraction. A negative time is one negative number of them all."""
    more = (fraction + 1) // 2
    size = 3 + more

    def read(data: bytes, offset: int) -> tuple[str, int]:
        packed = int.from_bytes(data[offset : offset + size], "big") - (1 << (8 * size - 1))
        whole, part = divmod(abs(packed), 256**more)
        text = f"{'-' if packed < 0 else ''}{whole >> 12:02d}:{whole >> 6 & 63:02d}:{whole & 63:02d}"
        if fraction:
            text += f".{_fraction(part.to_bytes(more, 'big')):06d}"[: fraction + 1]
        return text, offset + size

    return read


def _fraction(content: bytes) -> int:
    """Microseconds, stored as hundredths, ten-thousandths or millionths of a second."""
    return int.from_bytes(content, "big") * 100 ** (3 - len(content)) if content else 0


def decimal_reader(kind: Kind) -> Reader:
    """Groups of nine digits in four bytes, shorter groups at both ends; a negative one is inverted."""
    whole, places = kind.digits - kind.places, kind.places
    groups = [whole % _NINE] + [_NINE] * (whole // _NINE), [_NINE] * (places // _NINE) + [places % _NINE]
    size = sum(_DIGITS_TO_BYTES[digits] for side in groups for digits in side)

    def read(data: bytes, offset: int) -> tuple[Decimal | str, int]:
        content = data[offset : offset + size]
        negative = not content[0] & 0x80
        number = int.from_bytes(content, "big") ^ (1 << (8 * size - 1))
        if negative:
            number ^= (1 << (8 * size)) - 1
        plain = number.to_bytes(size, "big")
        digits = "".join(_digits(plain, groups[0], groups[1]))
        value = Decimal(f"{'-' if negative else ''}{digits}").scaleb(-places, _WIDE)
        return f"{value:f}" if kind.beyond_decimal else value, offset + size

    return read


def _digits(content: bytes, *sides: list[int]) -> Iterator[str]:
    offset = 0
    for digits in (group for side in sides for group in side if group):
        size = _DIGITS_TO_BYTES[digits]
        yield f"{int.from_bytes(content[offset : offset + size], 'big'):0{digits}d}"
        offset += size


def enum_reader(size: int, members: Sequence[str]) -> Reader:
    """The number of the member, 0 for the empty text that stands for an invalid one."""

    def read(data: bytes, offset: int) -> tuple[str, int]:
        number = int.from_bytes(data[offset : offset + size], "little")
        return members[number - 1] if number else "", offset + size

    return read


def set_reader(size: int, members: Sequence[str]) -> Reader:
    """A bit for each member."""

    def read(data: bytes, offset: int) -> tuple[str, int]:
        mask = int.from_bytes(data[offset : offset + size], "little")
        return ",".join(member for place, member in enumerate(members) if mask >> place & 1), offset + size

    return read


def sized_reader(length_size: int, convert: Callable[[bytes], Any]) -> Reader:
    """Content behind its length."""

    def read(data: bytes, offset: int) -> tuple[Any, int]:
        start = offset + length_size
        end = start + int.from_bytes(data[offset:start], "little")
        return convert(data[start:end]), end

    return read


def padded(size: int) -> Callable[[bytes], bytes]:
    """Content filled up with NULs."""
    return lambda content: content.ljust(size, b"\x00")


def json_text(content: bytes) -> str | None:
    """MySQL's binary JSON as text, spaced as the server writes it."""
    return json.dumps(_text_keys(parse_json(content[0], content[1:])), ensure_ascii=False) if content else None


def _text_keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {_text_keys(key): _text_keys(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_text_keys(each) for each in value]
    return value.decode() if isinstance(value, bytes) else value
