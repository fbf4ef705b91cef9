"""Which types hold each other's values."""

import pytest

from file_processor.schema import common_type, has_text, widens_in_place


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        ("int", "bigint", "bigint"),
        ("float", "double", "double"),
        ("int", "double", "double"),
        ("int", "float", None),
        ("decimal(8,2)", "decimal(12,2)", "decimal(12,2)"),
        ("decimal(10,2)", "decimal(12,4)", "decimal(12,4)"),
        ("decimal(12,2)", "decimal(12,4)", "decimal(14,4)"),
        ("decimal(10,0)", "bigint", "decimal(19,0)"),
        ("int", "decimal(12,2)", "decimal(12,2)"),
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


@pytest.mark.parametrize(
    ("table_type", "wide", "is_possible"),
    [
        ("int", "bigint", True),
        ("float", "double", True),
        ("int", "double", False),
        ("decimal(8,2)", "decimal(12,2)", False),
        ("bigint", "string", False),
        ("bigint", "int", False),
    ],
)
def test_a_stored_column_widens_only_as_hudi_can(table_type, wide, is_possible):
    assert widens_in_place(table_type, wide) is is_possible


def test_everything_has_a_text_but_bytes():
    assert [kind for kind in ("bigint", "decimal(8,2)", "date", "binary") if not has_text(kind)] == ["binary"]
