"""How files fit the schema of their table."""

import pytest

from file_processor.schema import common_type, fit

TABLE = (("id", "bigint"), ("v", "int"))


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("int", "bigint", "bigint"),
        ("float", "double", "double"),
        ("decimal(10,2)", "decimal(12,4)", "decimal(12,4)"),
        ("decimal(10,0)", "bigint", "decimal(19,0)"),
        ("decimal(38,2)", "decimal(38,4)", None),
        ("bigint", "double", None),
        ("int", "string", None),
        ("date", "timestamp", None),
        ("string", "string", "string"),
    ],
)
def test_two_types_meet_without_loss_or_not_at_all(one, other, both):
    assert common_type(one, other) == both
    assert common_type(other, one) == both


def test_a_new_column_comes_last():
    assert fit(TABLE, (("new", "string"), ("id", "bigint")), table_has_rows=True).schema == (*TABLE, ("new", "string"))


def test_a_column_that_is_missing_stays():
    assert fit(TABLE, (("id", "bigint"),), table_has_rows=True).schema == TABLE


@pytest.mark.parametrize(("kind", "after"), [("bigint", "bigint"), ("int", "int")])
def test_a_stored_column_widens_only_as_hudi_can(kind, after):
    assert dict(fit(TABLE, (("v", kind),), table_has_rows=True).schema)["v"] == after


@pytest.mark.parametrize("kind", ["string", "double", "decimal(12,2)", "date"])
def test_a_stored_column_of_another_type_is_refused_with_both_types(kind):
    found = fit(TABLE, (("v", kind),), table_has_rows=True)
    assert found.schema == TABLE
    assert f"v is {kind} in this file and int in the table" in found.problem


def test_before_the_first_row_decimals_grow():
    assert fit((("v", "decimal(5,2)"),), (("v", "decimal(9,4)"),), table_has_rows=False).schema == (
        ("v", "decimal(9,4)"),
    )
