"""A large table with few differences costs few rows, whatever its keys are; every difference is found and none invented."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest

from odpf.states import Difference, Reconciled
from reconciliation import search
from reconciliation.comparison import Plan
from reconciliation.dialects.athena import Athena
from reconciliation.forms import Form, LakeColumn, Pair, Pairing, SourceColumn
from reconciliation.ranges import ByHash, ByNumber, first_division
from reconciliation.statements import Statements
from tests.reconciliation.builders import changed, comparison, comparison_of, found, orders, pairs_of, plan, without
from tests.reconciliation.duck import DuckLake

ROWS = 20_000
ONE = pa.table(
    {
        "id": pa.array([1, 2], pa.int64()),
        "number": pa.array([5, 6], pa.int32()),
        "exact": pa.array([Decimal("1.50"), Decimal("-0.01")], pa.decimal128(10, 2)),
        "single": pa.array([0.1, 2.5], pa.float32()),
        "double": pa.array([0.1, -2.5e-300]),
        "truth": [True, False],
        "day": [date(2026, 1, 31), date(1000, 1, 1)],
        "moment": pa.array([datetime(2026, 1, 31, 10), datetime(2026, 1, 31, 10, 0, 0, 1)], pa.timestamp("us")),
        "words": ["note", ""],
        "bytes": pa.array([b"\x00", b""], pa.binary()),
    }
)


def test_a_large_table_that_agrees_costs_two_statements_a_side_and_no_row():
    compared = comparison(orders(ROWS), orders(ROWS))
    assert compared.compare(plan()).outcome is Reconciled.AGREES
    assert {side.queries for side in compared.traffic.values()} == {2}
    assert compared.traffic["source"].rows <= 1 + ROWS / 500


def test_a_large_table_with_few_differences_transfers_few_rows():
    theirs = without(changed(orders(ROWS), 15_000, "note", "other"), 10)
    compared = comparison(orders(ROWS), theirs)
    result = compared.compare(plan())
    assert result.differences == {Difference.DIFFERENT: 1, Difference.MISSING_IN_LAKE: 1}
    for side in compared.traffic.values():
        assert side.queries <= 7
        assert side.rows < 1_000
        assert side.bytes < 40_000


@pytest.mark.parametrize("keys", [("note",), ("id", "note")])
def test_text_and_composite_keys_cost_no_more(keys):
    compared = comparison(orders(ROWS), without(orders(ROWS), 10), *keys)
    assert compared.compare(plan()).differences == {Difference.MISSING_IN_LAKE: 1}
    assert compared.traffic["source"].rows < 600


def test_keys_with_gaps_are_found():
    ids = [*range(1, 2_000), 10**15, 10**18]
    ours = pa.table({"id": pa.array(ids, pa.int64()), "note": [str(n) for n in ids]})
    result = found(ours, changed(ours, 2_000, "note", "x"))
    assert [row.key for row in result.rows] == [{"id": str(10**18)}]


CHANGES = [
    ("number", 7),
    ("number", None),
    ("exact", Decimal("1.51")),
    ("exact", Decimal("15.00")),
    ("single", 0.10000001),
    ("double", 0.1 + 2**-56),
    ("truth", False),
    ("day", date(2026, 2, 1)),
    ("moment", datetime(2026, 1, 31, 10, 0, 0, 1)),
    ("moment", datetime(2026, 1, 31, 11)),
    ("words", "note "),
    ("words", "Note"),
    ("words", "nöte"),
    ("words", None),
    ("words", ""),
    ("bytes", b"\x00\x00"),
    ("bytes", b""),
]


def test_one_value_of_any_type_that_differs_is_found_with_its_column():
    """Every row of the table is a case; between them are rows that agree."""
    ours = pa.concat_tables([ONE.slice(0, 1)] * 2 * len(CHANGES))
    ours = theirs = ours.set_column(0, "id", pa.array(range(ours.num_rows), pa.int64()))
    for number, (column, value) in enumerate(CHANGES):
        theirs = changed(theirs, 2 * number, column, value)
    rows = found(ours, theirs).rows
    assert {int(row.key["id"] or 0): row.columns for row in rows} == {
        2 * n: (column,) for n, (column, _) in enumerate(CHANGES)
    }


def test_of_rows_with_one_key_those_that_both_sides_have_are_no_difference_in_any_order():
    twice = pa.concat_tables([orders(2), changed(orders(1), 0, "note", "second")])
    swapped = pa.concat_tables([twice.slice(2), orders(2)])
    assert found(twice, swapped).outcome is Reconciled.AGREES
    (row,) = found(twice, changed(swapped, 0, "note", "third")).rows
    assert (row.kind, row.source, row.lake) == (Difference.DIFFERENT, {"note": "second"}, {"note": "third"})


def test_a_row_that_is_equal_at_the_last_look_is_no_difference_whatever_is_shown_of_it():
    """Spaces at the end of padded text are shown, and count for nothing."""
    source, lake = (DuckLake({name: orders(1)}) for name in ("shop.orders", "shop_raw.orders"))
    notes = iter(["other", "note 1  "])

    def write() -> None:
        lake.tables["shop_raw.orders"] = changed(orders(1), 0, "note", next(notes))

    note = Pair(SourceColumn("note", Form.PADDED, "char"), LakeColumn("note", "string"), Form.PADDED)
    pairs = Pairing(pairs_of(orders(1), "id").keys, (note,), ())
    lake.tables["shop_raw.orders"] = changed(orders(1), 0, "note", "other")
    assert comparison_of(source, lake, pairs, between=write).compare(plan()).outcome is Reconciled.AGREES
    assert next(notes, None) is None


def test_ranges_of_ints_do_not_overflow():
    keys = pa.table({"id": pa.array([-(2**31), 2**31 - 1], pa.int32())})
    lake = DuckLake({"shop.orders": keys})
    asked = Statements(Athena(), '"shop"."orders"', pairs_of(keys, "id")).digests(ByNumber(-(2**31), 2**31 - 1, 16**7))
    assert sorted(str(row[0]) for row in lake.run(asked)) == ["0", "15"]


def test_null_is_not_empty_text():
    (row,) = found(ONE, changed(ONE, 1, "words", None)).rows
    assert (row.source, row.lake) == ({"words": ""}, {"words": None})


def test_values_that_two_rows_have_swapped_are_two_differences():
    theirs = changed(changed(orders(10), 0, "note", "note 2"), 1, "note", "note 1")
    assert found(orders(10), theirs).differences == {Difference.DIFFERENT: 2}


def test_values_that_two_columns_have_swapped_are_a_difference():
    ours = pa.table(
        {"id": [1], "a": ["x"], "b": [None]}, pa.schema({"id": pa.int64(), "a": pa.string(), "b": pa.string()})
    )
    theirs = changed(changed(ours, 0, "a", None), 0, "b", "x")
    assert found(ours, theirs).columns == {"a": 1, "b": 1}


def test_a_row_that_is_there_twice_is_found():
    theirs = pa.concat_tables([orders(10), orders(3).slice(2)])
    (row,) = found(orders(10), theirs).rows
    assert (row.kind, row.key) == (Difference.DUPLICATE, {"id": "3"})


def test_the_same_row_twice_more_is_no_exclusive_or():
    theirs = pa.concat_tables([orders(10), orders(1), orders(1)])
    assert found(orders(10), theirs).differences == {Difference.DUPLICATE: 1}


def test_negative_zero_is_zero():
    assert found(changed(ONE, 0, "double", 0.0), changed(ONE, 0, "double", -0.0)).outcome is Reconciled.AGREES


def test_an_empty_table_agrees_with_an_empty_one_and_not_with_another():
    assert found(orders(0), orders(0)).outcome is Reconciled.AGREES
    assert found(orders(0), orders(3)).differences == {Difference.MISSING_IN_SOURCE: 3}


def test_more_keys_than_are_looked_at_are_told():
    base = plan()
    result = comparison(orders(0), orders(ROWS)).compare(Plan(base.level, base.tolerance, 0, most_keys=50))
    assert result.outcome is Reconciled.DRIFTED
    assert sum(result.differences.values()) == 50
    assert result.keys_not_seen > 0
    assert result.ranges_not_seen > 0


def test_a_table_that_differs_everywhere_is_divided_no_more_than_is_looked_at(monkeypatch):
    for name, value in (("LEAF_ROWS", 4), ("RANGES_A_STATEMENT", 8), ("RANGES_AT_ONCE", 4)):
        monkeypatch.setattr(search, name, value)
    ours, base = orders(4_000), plan()
    theirs = ours.set_column(2, "price", pa.array([0.0] * 4_000))
    compared = comparison(ours, theirs)
    result = compared.compare(Plan(base.level, base.tolerance, 0, most_keys=50))
    assert (result.outcome, result.differences) == (Reconciled.DRIFTED, {Difference.DIFFERENT: 50})
    assert result.ranges_not_seen > 5
    assert compared.traffic["source"].rows < 600


@pytest.mark.parametrize(
    ("rows", "span", "expected"),
    [
        (10_000_000, (1, 10_000_000), ByNumber(1, 10_000_000, 4096)),
        (10_000_000, None, ByHash(3)),
        (100, (1, 100), ByNumber(1, 100, 256)),
        (100, (1, 10**18), ByHash(0)),
        (0, None, ByHash(0)),
    ],
)
def test_how_a_table_is_divided_first(rows, span, expected):
    assert first_division(rows, span) == expected


def test_ranges_that_are_neighbours_are_one_span_and_none_ends_above_the_highest_key():
    division = ByNumber(low=-5, high=100, width=16)
    assert list(division.spans([0, 1, 6])) == [(-5, 26), (91, 100)]


def test_finer_ranges_lie_within_coarser_ones():
    for division in (ByNumber(1, 10**6, 256), ByHash(2)):
        assert division.finer().coarser() == division


def test_kinds_are_counted_together():
    theirs = without(pa.concat_tables([orders(10), orders(11).slice(10)]), 4)
    assert Counter(row.kind for row in found(orders(10), theirs).rows) == {
        Difference.MISSING_IN_LAKE: 1,
        Difference.MISSING_IN_SOURCE: 1,
    }
