"""Names that rules make: of columns and tables, alone, and as the tables' configuration has them."""

from __future__ import annotations

import pytest

from odpf.errors import InvalidConfiguration
from odpf.states import Severity
from tests.lint.builders import ENDPOINT, MAPPINGS, added, changing, mapping, selecting, table

WARNING = Severity.WARNING


# --- names


@pytest.mark.parametrize(
    ("rules", "errors"),
    [
        ([added("cdc_operation", "$AR_H_USER")], {"mapping-columns-equal"}),
        ([changing("rename", at="shop.%.Id", value="ID"), changing("remove-column", 51, at="shop.orders.id")], set()),
        (
            [
                changing("rename", at="shop.%.nr", value="ID"),
                changing("rename", 51, at="shop.orders.id_old", value="id"),
            ],
            {"mapping-columns-equal"},
        ),
        (
            [
                changing("include-column", at="shop.o%.ID"),
                changing("include-column", 51, at="shop.%s.Id"),
                changing("convert-lowercase", 52),
            ],
            {"mapping-columns-equal"},
        ),
        ([changing("include-column", at="shop.o%.ID"), changing("include-column", 51, at="shop.a%.Id")], set()),
        ([changing("rename", value="x")], {"mapping-columns-equal"}),
        (
            [changing("rename", at="shop.orders.a", value="x"), changing("rename", 51, at="shop.lines.b", value="X")],
            set(),
        ),
        ([changing("rename", at="shop.orders.a", value="Cdc_Timestamp_Seq")], {"mapping-columns-equal"}),
        ([changing("rename", at="shop.orders.a", value="no good")], {"mapping-column-name"}),
        ([added("_hoodie_x", "$AR_H_USER")], {"mapping-column-name"}),
        ([added("Op", "$AR_H_USER")], {"mapping-column-name"}),
        ([changing("remove-column")], {"mapping-needed-columns"}),
        ([changing("rename", target="table", at="shop.%.%", value="all")], {"mapping-tables-equal"}),
        ([changing("rename", target="table", at="shop.orders.%", value="all")], set()),
        (
            [
                changing("rename", target="table", at="shop.orders.%", value="a"),
                changing("rename", 51, target="table", at="shop.lines.%", value="a"),
            ],
            {"mapping-tables-equal"},
        ),
    ],
)
def test_names_stay_apart(linted, rules, errors):
    assert linted.errors(mappings=[mapping(*rules)]) == errors


def test_the_endpoint_s_timestamp_column_is_a_column_too(linted):
    endpoint = {**ENDPOINT, "TimestampColumnName": "cdc_commit_timestamp"}
    assert linted.errors(endpoint=endpoint, mappings=[MAPPINGS]) == {"mapping-columns-equal"}


def test_whether_unseen_names_become_equal_is_left_open(linted):
    found = [
        each
        for each in linted(mappings=[mapping(changing("convert-lowercase"))])
        if each.rule == "mapping-names-unseen"
    ]
    assert [each.severity for each in found] == [Severity.UNCHECKED]


# --- configuration


@pytest.mark.parametrize(
    ("config", "rules"),
    [
        ({}, set()),
        ({"hudi_precombine_field": "seq"}, {"mapping-sequence-name"}),
        ({"cdc_operation_column": "op_word"}, {"mapping-operation-name"}),
        ({"cdc_commit_timestamp_column": "committed"}, {"mapping-commit-timestamp-name"}),
        ({"cdc_commit_timestamp_column": "CDC_COMMIT_TIMESTAMP"}, set()),
        ({"cdc_stream_position_column": "pos"}, {"mapping-stream-position-name"}),
    ],
)
def test_tables_name_the_columns_that_the_rules_add(linted, config, rules):
    assert linted.errors(mappings=[MAPPINGS], tables=[table(**config)]) == rules
    assert linted.errors(mappings=[MAPPINGS], tables=[table("crm.orders", **config)]) == set()


def test_a_key_that_a_rule_removes_is_missed(linted):
    rules = mapping(changing("remove-column", at="shop.orders.ID"))
    assert linted.errors(mappings=[rules], tables=[table()]) == {"mapping-needed-columns"}
    assert linted.errors(mappings=[rules], tables=[table("shop.lines")]) == set()


@pytest.mark.parametrize(("column", "missed"), [("Id", False), ("%", False), ("name", True)])
def test_a_key_that_no_rule_includes_is_missed(linted, column, missed):
    rules = mapping(changing("include-column", at=f"shop.orders.{column}"))
    assert linted.errors(mappings=[rules], tables=[table()]) == ({"mapping-needed-columns"} if missed else set())


@pytest.mark.parametrize(
    ("included", "key", "severity"),
    [("CustomerId", "id", None), ("Order%", "orderid", Severity.UNCHECKED), ("Order%", "id", Severity.ERROR)],
)
def test_a_key_is_looked_for_under_its_name_in_the_lake(linted, included, key, severity):
    rules = mapping(
        changing("include-column", at=f"shop.orders.{included}"),
        *([changing("rename", 51, at="shop.orders.CustomerId", value="ID")] if included == "CustomerId" else []),
    )
    found = [
        each
        for each in linted(mappings=[rules], tables=[table(hudi_primary_key=key)])
        if each.rule == "mapping-needed-columns"
    ]
    assert [each.severity for each in found] == ([severity] if severity else [])


def test_a_name_with_its_underscores_escaped_is_a_name(linted):
    rules = mapping(
        changing("remove-column", at="shop.order[_]items.ID"), selections=[selecting("shop", "order[_]items")]
    )
    found = linted.errors(mappings=[rules], tables=[table("shop.order_items")])
    assert "mapping-needed-columns" in found


def test_a_configured_table_is_found_behind_a_rule_that_changes_its_case(linted):
    rules = mapping(
        changing("convert-lowercase", target="table", at="SHOP.%.%"),
        changing("convert-lowercase", 51, target="schema", at="SHOP.%.%"),
        selections=[selecting("SHOP")],
    )
    assert linted.errors(mappings=[rules], tables=[table(hudi_precombine_field="seq")]) == {"mapping-sequence-name"}


def test_a_configuration_that_is_not_valid_is_refused(linted):
    with pytest.raises(InvalidConfiguration, match="hudi_primary_key"):
        linted(mappings=[MAPPINGS], tables=[{**table(), "hudi_primary_key": ""}])
