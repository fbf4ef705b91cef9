"""Which tables patterns of DMS rules have in common."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odpf_local.dms.wildcards import TableName, TablePattern, is_name, like, like_column, table_of_all

PATTERNS = st.text("ab%_", min_size=1, max_size=5)


def both(first, second, *without):
    groups = [[TablePattern("s", first)], [TablePattern("s", second)]]
    found = table_of_all(groups, [TablePattern("s", each) for each in without])
    return found.table if found else None


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("%", "", True),
        ("o%s", "orders", True),
        ("o%s", "ORDERS", False),
        ("order_", "orders", True),
        ("order[_]", "orders", False),
        ("t[a-c]", "tb", True),
        ("t[a-c]", "td", False),
        ("t[a", "t[a", True),
        ("a.b", "axb", False),
    ],
)
def test_wildcards_match_as_dms_documents_them(pattern, name, matches):
    assert like(pattern, name) is matches


def test_an_underscore_in_a_column_is_itself():
    assert like_column("order_id", "order_id")
    assert not like_column("order_id", "orderXid")


def test_a_name_may_have_underscores():
    assert [is_name(each) for each in ("order_items", "order%", "[_]a", "t[ab]")] == [True, False, True, False]


@pytest.mark.parametrize(
    ("first", "second", "without", "common"),
    [
        ("orders", "%", [], "orders"),
        ("a%", "%b", [], "ab"),
        ("a%", "b%", [], None),
        ("a__", "%c", [], "abc"),
        ("%", "%", ["%"], None),
        ("o%", "o%", ["orders", "o"], "ox"),
        ("orders", "%", ["o%s"], None),
    ],
)
def test_what_two_patterns_have_in_common_is_found(first, second, without, common):
    found = both(first, second, *without)
    assert found == common or (found and common and like(first, found) and like(second, found))


def test_a_table_has_a_name():
    assert table_of_all([[TablePattern("%", "%")]]) == TableName("x", "x")


@given(first=PATTERNS, second=PATTERNS, without=PATTERNS, names=st.lists(st.text("abx", min_size=1, max_size=4)))
def test_nothing_in_common_is_said_only_where_no_name_is(first, second, without, names):
    found = both(first, second, without)
    fit = [name for name in names if like(first, name) and like(second, name) and not like(without, name)]
    assert found is not None or fit == []
    assert found is None or (like(first, found) and like(second, found) and not like(without, found))
    assert re.fullmatch(r"[^\0]+", found or "-")


def test_hundreds_of_tables_named_one_by_one_are_compared_at_once():
    ours = [TablePattern("shop", f"table_{number}") for number in range(600)]
    theirs = [TablePattern("shop", f"other[_]{number}") for number in range(600)]
    assert table_of_all([ours, theirs]) is None
    assert table_of_all([ours, [*theirs, TablePattern("shop", "table[_]599")]]) == TableName("shop", "table_599")
