"""Faults of table mappings, alone, against each other, and against the tables' configuration."""

from __future__ import annotations

import json

import pytest

from odpf.errors import InvalidSettings
from odpf.states import Severity
from odpf_local.dms.reference import REFERENCE_RULES
from tests.lint.builders import ENDPOINT, MAPPINGS, TASK, added, changed, changing, mapping, selecting, table

SEQUENCE, OPERATION, COMMITTED, POSITION = (
    f"mapping-{name}" for name in ("change-sequence", "operation", "commit-timestamp", "stream-position")
)
WARNING = Severity.WARNING


def test_the_example_has_no_fault(linted):
    assert linted.faults(mappings=[MAPPINGS]) == set()
    assert (
        linted.faults(mappings=[MAPPINGS], tables=[table(), table("shop.lines", table_data_versioning_type="H")])
        == set()
    )


def test_the_reference_demonstration_lacks_what_is_recommended_and_nothing_else(linted):
    assert linted.errors(mappings=[REFERENCE_RULES]) == {COMMITTED, "mapping-before-images"}


@pytest.mark.parametrize(
    ("column", "rule", "severity"),
    [
        ("CDC_TIMESTAMP_SEQ", SEQUENCE, Severity.ERROR),
        ("CDC_OPERATION", OPERATION, Severity.ERROR),
        ("CDC_COMMIT_TIMESTAMP", COMMITTED, Severity.ERROR),
        ("CDC_STREAM_POSITION", POSITION, WARNING),
        ("add-before-image-columns", "mapping-before-images", Severity.ERROR),
    ],
)
def test_every_recommended_column_is_missed(linted, column, rule, severity):
    assert linted.faults(mappings=[changed(column, gone=True)]) == {(rule, severity)}
    elsewhere = changed(column, object_locator={"schema-name": "Shop", "table-name": "%", "column-name": "%"})
    assert linted.faults(mappings=[elsewhere]) == {(rule, severity)}


@pytest.mark.parametrize(
    ("schema", "table", "covers"),
    [("shop", "%", True), ("sh_p", "%", True), ("%", "orders", False), ("s%", "%o%", False), ("[s]hop", "%", True)],
)
def test_columns_must_be_added_to_every_selected_table(linted, schema, table, covers):
    at = {"schema-name": schema, "table-name": table, "column-name": "%"}
    assert (linted.errors(mappings=[changed("CDC_TIMESTAMP_SEQ", object_locator=at)]) == set()) is covers


def test_several_rules_may_cover_the_selection_together(linted):
    selections = [
        selecting(table="orders"),
        selecting(table="line%", number=2),
        selecting(table="line_old", action="exclude", number=3),
    ]
    for_lines = added("CDC_TIMESTAMP_SEQ", "$AR_H_CHANGE_SEQ", "shop.line%.%")
    rules = mapping(for_lines, selections=selections)
    rules["rules"][3]["object-locator"]["table-name"] = "orders"
    assert linted.faults(mappings=[rules]) == set()
    rules["rules"].remove(for_lines)
    (found,) = [each for each in linted(mappings=[rules]) if each.severity is Severity.ERROR]
    assert "shop.line" in found.found


def test_a_rule_for_everything_covers_thousands_of_tables(linted):
    selections = [selecting("shop", f"customer_orders_of_region_{number:04d}") for number in range(2000)]
    found = linted(mappings=[mapping(selections=selections)])
    assert not [each for each in found if each.rule == SEQUENCE]


def test_a_history_needs_the_stream_position_and_other_tables_do_not(linted):
    rules = changed("CDC_STREAM_POSITION", gone=True)
    assert linted.faults(mappings=[rules], tables=[table()]) == set()
    assert linted.errors(mappings=[rules], tables=[table(), table("shop.log", table_data_versioning_type="H")]) == {
        POSITION
    }
    assert linted.warnings(mappings=[rules], tables=[table("crm.log", table_data_versioning_type="H")]) == {POSITION}


@pytest.mark.parametrize(
    ("expression", "rules"),
    [
        ("$AR_H_CHANGE_SEQ ", set()),
        ("AR_H_CHANGE_SEQ", {SEQUENCE, "mapping-expression"}),
        ("$ar_h_change_seq", {SEQUENCE, "mapping-expression"}),
        ("$AR_H_CHANGE_SEQUENCE", {SEQUENCE, "mapping-expression"}),
        ("$AR_H_TIMESTAMP", {SEQUENCE}),
        ("'x'", {SEQUENCE}),
    ],
)
def test_an_expression_is_dms_s_own_or_adds_nothing(linted, expression, rules):
    assert linted.errors(mappings=[changed("CDC_TIMESTAMP_SEQ", expression=expression)]) == rules


@pytest.mark.parametrize(
    ("kind", "fits"),
    [
        ({"type": "string", "length": 35}, True),
        ({"type": "wstring", "length": "50"}, True),
        ({"type": "string"}, True),
        ({"type": "string", "length": 34}, False),
        ({"type": "int8"}, False),
        ({"type": "datetime", "precision": 6}, False),
    ],
)
def test_a_change_sequence_is_text_of_35_digits(linted, kind, fits):
    errors = linted.errors(mappings=[changed("CDC_TIMESTAMP_SEQ", data_type=kind)])
    assert errors == (set() if fits else {"mapping-column-type"})


def test_a_commit_time_may_be_a_timestamp(linted):
    assert (
        linted.faults(mappings=[changed("CDC_COMMIT_TIMESTAMP", data_type={"type": "datetime", "precision": 6})])
        == set()
    )


@pytest.mark.parametrize(
    ("definition", "rules"),
    [
        ({"column-prefix": "bi_", "column-filter": "all"}, set()),
        ({"column-prefix": "BEFORE_", "column-filter": "pk-only"}, {"mapping-before-image-names"}),
        ({"column-prefix": "BI_", "column-suffix": "_X", "column-filter": "pk-only"}, {"mapping-before-image-names"}),
        ({"column-filter": "pk-only"}, {"mapping-readable", "mapping-before-images"}),
        ({"column-prefix": "BI_"}, {"mapping-readable", "mapping-before-images"}),
    ],
)
def test_before_images_are_found_by_their_prefix(linted, definition, rules):
    assert linted.errors(mappings=[changed("add-before-image-columns", before_image_def=definition)]) == rules


def test_a_configured_prefix_counts(linted):
    rules = changed("add-before-image-columns", before_image_def={"column-prefix": "OLD_", "column-filter": "pk-only"})
    assert linted.errors(mappings=[rules], tables=[table(before_image_prefix="OLD_")]) == set()


def test_before_images_of_one_column_are_not_those_of_keys(linted):
    rules = changed(
        "add-before-image-columns", object_locator={"schema-name": "%", "table-name": "%", "column-name": "id"}
    )
    assert linted.faults(mappings=[rules]) == {("mapping-before-images-of-keys", WARNING)}


# --- selection


@pytest.mark.parametrize(
    ("ours", "theirs", "shared"),
    [
        ([("shop", "%")], [("shop", "orders")], True),
        ([("shop", "%")], [("%", "%")], True),
        ([("sh_p", "ord%")], [("s%p", "%s")], True),
        ([("shop", "a%")], [("shop", "b%")], False),
        ([("shop", "%")], [("Shop", "%")], False),
        ([("shop", "%"), ("exclude", "shop", "orders")], [("shop", "orders")], False),
        ([("shop", "%"), ("exclude", "shop", "o%")], [("shop", "%s"), ("exclude", "shop", "[a-n]%")], True),
        ([("shop", "%"), ("exclude", "shop", "o%")], [("shop", "o%")], False),
        ([("explicit", "shop", "orders")], [("shop", "order_")], True),
        ([("shop", "order[_]items")], [("shop", "orderxitems")], False),
    ],
)
def test_a_table_is_in_one_task(linted, ours, theirs, shared):
    def task(rules):
        written = [rule if len(rule) == 3 else ("include", *rule) for rule in rules]
        return mapping(selections=[selecting(s, t, action, n) for n, (action, s, t) in enumerate(written, 1)])

    one_way = linted.errors(mappings=[task(ours), task(theirs)])
    assert linted.errors(mappings=[task(theirs), task(ours)]) == one_way
    if shared:
        assert one_way == {"mapping-two-tasks"}
    else:
        assert "mapping-two-tasks" not in one_way


def test_the_table_and_both_rules_are_named(linted):
    (found,) = [
        each
        for each in linted(mappings=[MAPPINGS, mapping(selections=[selecting(table="orders", number=7)])])
        if each.severity is Severity.ERROR
    ]
    assert "shop.orders in " in found.found
    assert "(rule 1)" in found.found
    assert "(rule 7)" in found.found
    assert found.place.line == 3


def test_a_table_that_goes_to_another_place_in_each_task_is_not_written_twice(linted):
    copy = mapping(changing("add-prefix", 90, target="schema", at="shop.%.%", value="copy_"))
    assert linted.errors(mappings=[MAPPINGS, copy]) == set()


@pytest.mark.parametrize(
    ("selections", "rules"),
    [
        ([selecting(action="exclude")], {"mapping-selects"}),
        ([selecting(table="orders"), selecting(table="o%", action="exclude", number=2)], {"mapping-selects"}),
        ([selecting(action="explicit")], {"mapping-explicit"}),
        ([selecting(table="orders_2024", action="explicit")], set()),
        ([selecting(number=102)], {"mapping-rule-id"}),
        ([selecting(number="102")], {"mapping-rule-id"}),
        ([selecting(action="includes")], {"mapping-readable", "mapping-selects"}),
        ([{**selecting(), "object-locator": {"schema-name": "shop"}}], set()),
        ([{**selecting(), "rule-type": "select"}], {"mapping-readable", "mapping-selects"}),
    ],
)
def test_a_selection_selects(linted, selections, rules):
    assert (
        linted.errors(mappings=[mapping(selections=selections)])
        - {SEQUENCE, OPERATION, COMMITTED, "mapping-before-images"}
        == rules
    )


def test_filters_leave_rows_out(linted):
    filtered = selecting(filters=[{"filter-type": "source", "column-name": "id", "filter-conditions": []}])
    assert linted.faults(mappings=[mapping(selections=[filtered])]) == {("mapping-filters", WARNING)}
    assert linted.faults(mappings=[mapping(selections=[selecting(filters=[])])]) == set()


def test_what_dms_has_and_files_do_not_show_is_no_fault(linted):
    rules = [
        {
            "rule-type": "table-settings",
            "rule-id": 70,
            "rule-name": "70",
            "object-locator": {"schema-name": "shop", "table-name": "orders"},
            "parallel-load": {"type": "partitions-auto"},
        },
        changing("change-data-type", 71, at="shop.orders.note", data_type={"type": "string", "length": 100}),
        changing(
            "define-primary-key",
            72,
            target="table",
            at="shop.orders.%",
            primary_key_def={"name": "pk", "columns": ["id"]},
        ),
        changing("rename", 73, target="table-tablespace", at="shop.orders.%", value="t"),
        changing("add-column", 74, at="shop.orders.%", value="kind", expression="'x'", data_type={"type": "int2"}),
    ]
    views = {
        **selecting(number=75),
        "object-locator": {"schema-name": "shop", "table-name": "v%", "table-type": "view"},
    }
    assert linted.faults(mappings=[mapping(*rules, selections=[selecting(), views])]) == set()


# --- files


@pytest.mark.parametrize(
    "form",
    [
        {"ReplicationTasks": [{"TableMappings": json.dumps(changed("CDC_OPERATION", gone=True))}]},
        {"TableMappings": changed("CDC_OPERATION", gone=True)},
    ],
)
def test_descriptions_of_tasks_are_read(linted, form):
    assert linted.errors(mappings=[form]) == {OPERATION}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"rules": {}}', "no list"),
        ('{"rules": [1]}', "no list of objects"),
        ('{"Rules": []}', "no table mappings"),
        (json.dumps(TASK), "--task-settings"),
        (json.dumps(ENDPOINT), "--endpoint-settings"),
        ('{"rules": [}', "line 1, column 12"),
    ],
)
def test_a_file_that_is_something_else_is_refused_with_what_to_do(linted, content, says):
    with pytest.raises(InvalidSettings, match=says):
        linted(mappings=[content])


def test_without_files_every_demanded_setting_is_unchecked(linted):
    found = linted()
    assert {each.severity for each in found} == {Severity.UNCHECKED}
    settings = " ".join(each.setting for each in found)
    for name in (
        "DataFormat",
        "IncludeOpForFullLoad",
        "HandleSourceTableTruncated",
        "LobMaxSize",
        "AR_H_CHANGE_SEQ",
        "ServerSideEncryptionKmsKeyId",
    ):
        assert name in settings
