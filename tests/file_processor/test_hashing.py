"""Hashes of columns: HMAC-SHA-256 of one text per value, whatever the type it comes in."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from file_processor.hashing import hashed, hexadecimal, plain
from odpf.errors import TerminalError
from odpf.hash_key import HashKey

SECRET = b"0123456789abcdef0123456789abcdef"
KEY = HashKey(SECRET, "odpf_hash_key")
MOMENT = datetime(1969, 12, 31, 23, 59, 59, 7, UTC)


def of(text: bytes) -> str:
    return hmac.new(SECRET, text, hashlib.sha256).hexdigest()


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        (pa.string(), "Zoë \x00 🎈", "Zoë \x00 🎈".encode()),
        (pa.large_string(), "", b""),
        (pa.dictionary(pa.int32(), pa.string()), "again", b"again"),
        (pa.binary(), b"\xff\x00", b"\xff\x00"),
        (pa.int64(), -(2**63), b"-9223372036854775808"),
        (pa.uint64(), 2**64 - 1, b"18446744073709551615"),
        (pa.decimal128(38, 2), Decimal("5.00"), b"5"),
        (pa.decimal128(38, 20), Decimal("-1E-20"), b"-0.00000000000000000001"),
        (pa.decimal128(10, 2), Decimal("0.00"), b"0"),
        (pa.decimal128(10, 2), Decimal("100.50"), b"100.5"),
        (pa.bool_(), True, b"true"),
        (pa.date32(), date(1, 1, 1), b"0001-01-01"),
        (pa.timestamp("us"), MOMENT.replace(tzinfo=None), b"1969-12-31 23:59:59.000007"),
        (pa.timestamp("ms", tz="UTC"), datetime(9999, 1, 2, tzinfo=UTC), b"9999-01-02 00:00:00.000000"),
        (pa.time64("us"), time(1, 2, 3), b"01:02:03.000000"),
        (pa.float32(), 0.5, b"0x1.0p-1"),
        (pa.float64(), -0.0, b"-0x0.0p0"),
        (pa.float64(), float("nan"), b"NaN"),
        (pa.float64(), float("-inf"), b"-Infinity"),
        (pa.float64(), 5e-324, b"0x0.0000000000001p-1022"),
    ],
)
def test_a_value_is_hashed_by_its_canonical_text_and_null_stays_null(kind, value, text):
    plain_kind = kind.value_type if pa.types.is_dictionary(kind) else kind
    column = pa.array([value, None, value], plain_kind).cast(kind)
    assert hashed(column, KEY).to_pylist() == [of(text), None, of(text)]


def test_text_that_is_not_utf_8_is_hashed_and_stands_in_no_error():
    broken = pa.array([b"\xff\xfe"], pa.binary()).view(pa.string())
    assert hashed(broken, KEY).to_pylist() == [of(b"\xff\xfe")]


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_column_that_grows_keeps_its_hashes(number):
    narrow, wide = pa.array([number], pa.int32()), pa.array([Decimal(number)], pa.decimal128(20, 2))
    assert hashed(narrow, KEY).equals(hashed(wide, KEY))


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_decimal_is_the_number_itself(number):
    assert Decimal(plain(number)) == number
    assert "E" not in plain(number)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_float_is_the_number_itself(number):
    assert str(float.fromhex(hexadecimal(number))) == str(number)


def test_the_pads_of_a_key_of_any_length_make_the_hash_of_rfc_2104():
    for secret in (b"k" * 32, b"k" * 64, b"k" * 65):
        pads = HashKey(secret, "long").pads
        inner = hashlib.sha256(pads.inner + b"value").digest()
        assert hashlib.sha256(pads.outer + inner).hexdigest() == hmac.new(secret, b"value", "sha256").hexdigest()


def test_a_key_shows_nothing_of_itself():
    assert repr(KEY) == "HashKey(odpf_hash_key)"
    assert SECRET.decode() not in f"{KEY} {KEY!r} {KEY.check}"
    with pytest.raises(TerminalError, match="has 5 bytes"):
        HashKey(b"short", "odpf_hash_key")
