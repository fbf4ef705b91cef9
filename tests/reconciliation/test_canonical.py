"""Canonical texts tell values apart exactly when they are different values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reconciliation.canonical import bits, canonical, key_id, number_of_bits, row_text
from reconciliation.forms import Form, LakeColumn, Pair, SourceColumn, pairing

VALUES = {
    Form.NUMBER: st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3),
    Form.DOUBLE: st.floats(allow_nan=False),
    Form.DATE: st.dates(),
    Form.MOMENT: st.datetimes(),
    Form.TEXT: st.text(),
    Form.BYTES: st.binary(),
}


@pytest.mark.parametrize("form", list(VALUES))
def test_texts_are_equal_exactly_when_values_are(form):
    @given(VALUES[form], VALUES[form])
    def holds(one, other):
        assert (canonical(one, form) == canonical(other, form)) is (one == other)

    holds()


@given(st.lists(st.none() | st.sampled_from(["1", "0", "a" * 32]), min_size=2, max_size=4))
def test_a_row_s_text_says_in_which_column_a_null_is(texts):
    assert row_text(texts).split("|") == ["~" if text is None else text for text in texts]


@given(st.floats(allow_nan=False))
def test_a_double_is_read_back_from_its_bits(number):
    assert number_of_bits(bits(number)) == number


@pytest.mark.parametrize(
    ("value", "form", "expected"),
    [
        (Decimal("1.50"), Form.NUMBER, "1.5"),
        (Decimal("100.00"), Form.NUMBER, "100"),
        (Decimal("1E+2"), Form.NUMBER, "100"),
        (True, Form.NUMBER, "1"),
        (-0.0, Form.DOUBLE, "0" * 16),
        (float("nan"), Form.DOUBLE, "nan"),
        (date(2026, 1, 31), Form.MOMENT, "2026-01-31 00:00:00"),
        (datetime(2026, 1, 31, 11, tzinfo=timezone(timedelta(hours=1))), Form.MOMENT, "2026-01-31 10:00:00"),
        (datetime(2026, 1, 31, 10, 0, 0, 500000, UTC), Form.MOMENT, "2026-01-31 10:00:00.5"),
        ("2026-01-31T10:00:00.500Z", Form.MOMENT, "2026-01-31 10:00:00.5"),
        ("-838:59:59.5000", Form.CLOCK, "-838:59:59.5"),
        (None, Form.TEXT, None),
    ],
)
def test_spellings(value, form, expected):
    assert canonical(value, form) == expected


@pytest.mark.parametrize(
    ("microseconds", "expected"), [(999_499, "00.999"), (999_500, "01"), (499, "00"), (123_500, "00.124")]
)
def test_moments_to_the_millisecond_are_rounded(microseconds, expected):
    moment = datetime(2026, 1, 31, 10, 0, 0, microseconds)
    assert canonical(moment, Form.MOMENT, milliseconds=True) == f"2026-01-31 10:00:{expected}"


def test_spaces_at_the_end_count_but_for_padded_text():
    assert canonical("a ", Form.TEXT) != canonical("a", Form.TEXT)
    assert canonical("a ", Form.PADDED) == canonical("a", Form.PADDED)


def test_an_integer_key_is_its_digits_and_others_a_digest():
    assert key_id([(7, Form.NUMBER)], integer=True) == "7"
    assert key_id([(7, Form.NUMBER), ("a", Form.TEXT)], integer=False) != key_id(
        [("a", Form.TEXT), (7, Form.NUMBER)], integer=False
    )


def column(name, form=Form.TEXT, kind="text", **more):
    return SourceColumn(name, form, kind, **more)


def test_columns_that_cannot_be_compared_are_named_with_the_reason():
    source = [
        column("Id", Form.NUMBER, "int", integer=True),
        column("shape", None, "geometry"),
        column("gone"),
        column("day", Form.DATE, "date"),
        column("out"),
        column("twice", virtual=True),
    ]
    lake = [
        LakeColumn("id", "bigint"),
        LakeColumn("shape", "binary"),
        LakeColumn("day", "binary"),
        LakeColumn("old", "string"),
        LakeColumn("seq", "string"),
        LakeColumn("_odpf_order", "string"),
    ]
    names = {each.name: None if each.name == "out" else each.name.lower() for each in source}
    found = pairing(source, lake, names, ("id",), frozenset({"seq"}))
    assert found.all == (Pair(source[0], lake[0], Form.NUMBER),)
    assert {left.column: left.reason for left in found.not_compared} == {
        "shape": "no one text for values of type geometry",
        "gone": "at the source only: not in the lake",
        "day": "date at the source, binary in the lake",
        "out": "left out by the table mappings",
        "twice": "computed when read: the log has no value of it",
        "old": "in the lake only: dropped at the source, or added by a mapping rule",
    }


@pytest.mark.parametrize(
    ("source", "lake", "form"),
    [
        (Form.NUMBER, "decimal(20,0)", Form.NUMBER),
        (Form.NUMBER, "string", Form.NUMBER),
        (Form.NUMBER, "boolean", Form.BOOLEAN),
        (Form.NUMBER, "double", Form.DOUBLE),
        (Form.SINGLE, "double", Form.SINGLE),
        (Form.BOOLEAN, "int", Form.BOOLEAN),
        (Form.DATE, "timestamp", Form.MOMENT),
        (Form.PADDED, "string", Form.PADDED),
    ],
)
def test_the_form_follows_both_types(source, lake, form):
    (pair,) = pairing([column("a", source)], [LakeColumn("a", lake)], {"a": "a"}, (), frozenset()).others
    assert pair.form is form
