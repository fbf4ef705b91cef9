"""Table mappings: selection, names, columns."""

from __future__ import annotations

import json

import pyarrow as pa
import pytest

from odpf_local.dms.errors import InvalidTableMappings
from odpf_local.dms.mapping import TableMappings
from odpf_local.dms.reference import REFERENCE_MAPPINGS
from odpf_local.dms.shape import Column, Shape
from tests.dms.builders import SHAPE, Files, mappings, rule, selection, task, write_all


def columns(*rules, shape=SHAPE):
    return [column.name for column in mappings(*rules).target(shape).columns]


def only(*rules):
    return TableMappings.parse(json.dumps({"rules": [{"rule-id": n, **each} for n, each in enumerate(rules)]}))


@pytest.mark.parametrize(
    ("rules", "selected"),
    [
        ([selection()], True),
        ([selection(schema="sh%", table="%ms")], True),
        ([selection(schema="SHOP")], False),
        ([selection(table="item")], False),
        ([selection("explicit", "shop", "items")], True),
        ([selection(), selection("exclude", "shop", "i%")], False),
        ([selection("exclude", "shop", "i%"), selection()], False),
        ([], False),
    ],
)
def test_a_table_is_replicated_if_a_rule_includes_and_none_excludes_it(rules, selected):
    assert only(*rules).selects("shop", "items") is selected


def test_wildcards_are_those_of_dms_and_everything_else_is_itself():
    chosen = only(selection(schema="a.c", table="x_[0-9][_]z"))
    assert chosen.selects("a.c", "xy7_z")
    assert not chosen.selects("abc", "xy7_z")
    assert not chosen.selects("a.c", "xy7yz")
    assert not chosen.selects("a.c", "xyz_z")


@pytest.mark.parametrize(
    ("action", "more", "name"),
    [
        ("rename", {"value": "new"}, "new"),
        ("convert-uppercase", {}, "NAME"),
        ("convert-lowercase", {}, "name"),
        ("add-prefix", {"value": "p_"}, "p_name"),
        ("add-suffix", {"value": "_s"}, "name_s"),
        ("remove-prefix", {"value": "na"}, "me"),
        ("remove-suffix", {"value": "me"}, "na"),
        ("replace-prefix", {"value": "X", "old_value": "na"}, "Xme"),
        ("replace-suffix", {"value": "X", "old_value": "me"}, "naX"),
        ("replace-suffix", {"value": "X", "old_value": "no"}, "name"),
    ],
)
def test_columns_are_renamed(action, more, name):
    assert columns(rule(action, column="name", **more)) == ["id", name, "photo"]


def test_schemas_and_tables_are_renamed_too():
    target = mappings(
        rule("add-prefix", target="schema", value="src_"), rule("convert-uppercase", target="table")
    ).target(SHAPE)
    assert (target.schema, target.table) == ("src_shop", "ITEMS")


def test_rules_apply_by_their_id():
    rules = [{"rule-id": 9, **rule("convert-uppercase")}, {"rule-id": 2, **rule("add-prefix", value="p_")}]
    assert [c.name for c in only(*rules).target(SHAPE).columns] == ["P_ID", "P_NAME", "P_PHOTO"]


def test_columns_are_removed_and_with_include_rules_only_the_included_stay():
    assert columns(rule("remove-column", column="ph%")) == ["id", "name"]
    assert columns(rule("include-column", column="id"), rule("include-column", column="name")) == ["id", "name"]


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("'it''s'", "it's"),
        ("$AR_M_SOURCE_SCHEMA", "shop"),
        ("$AR_M_SOURCE_TABLE_NAME", "items"),
        ("$name", "row 0"),
    ],
)
def test_added_columns_hold_literals_metadata_and_other_columns(expression, value):
    files = Files()
    write_all(task(files, rule("add-column", value="added", expression=expression)))
    assert files.rows("LOAD")[0]["added"] == value


@pytest.mark.parametrize(
    ("wanted", "names"),
    [("pk-only", ["BI_id"]), ("non-lob", ["BI_id", "BI_name"]), ("all", ["BI_id", "BI_name", "BI_photo"])],
)
def test_before_images_are_of_the_columns_the_filter_lets_through(wanted, names):
    added = rule("add-before-image-columns", before_image_def={"column-prefix": "BI_", "column-filter": wanted})
    assert columns(added) == ["id", "name", "photo", *names]


def test_before_images_hold_the_row_before_updates_and_deletes_and_nothing_else():
    files = Files()
    added = rule("add-before-image-columns", before_image_def={"column-suffix": "_old", "column-filter": "all"})
    write_all(task(files, added), "IUD")
    assert [row["name_old"] for row in files.rows()] == [None, None, None, "old", "old"]


def test_the_reference_mapping_makes_upper_case_columns_and_two_more():
    shape = Shape("taxi_trips", "table_1", (Column("VendorID", pa.int64()), Column("pk_id", pa.int64(), key=True)))
    names = [column.name for column in REFERENCE_MAPPINGS.target(shape).columns]
    assert names == ["VENDORID", "PK_ID", "CDC_TIMESTAMP_SEQ", "CDC_OPERATION"]
    assert not REFERENCE_MAPPINGS.selects("other", "table_1")


@pytest.mark.parametrize(
    ("each", "named"),
    [
        (rule("add-column", value="x"), "expression"),
        (rule("add-column", value="x", expression="$a || $b"), "cannot be honoured"),
        (rule("rename"), "needs a value"),
        (rule("change-data-type", data_type={"type": "string"}), "rule 2"),
        (rule("add-before-image-columns", before_image_def={"column-filter": "all"}), "column-prefix"),
        (rule("add-before-image-columns"), "before-image-def"),
        (rule("remove-column", target="table"), "rule-target column"),
        (rule("rename", column="name", value="ID"), "several columns named id"),
        (rule("rename", value="x", typo=1), "typo"),
        ({**selection(), "filters": [{"filter-type": "source"}]}, "filters"),
    ],
)
def test_what_cannot_be_honoured_is_refused_with_its_rule(each, named):
    with pytest.raises(InvalidTableMappings, match=named):
        mappings(each).target(SHAPE)


def test_rules_without_effect_on_files_are_ignored_with_a_note():
    settings = {"rule-type": "table-settings", "object-locator": {}, "parallel-load": {"type": "partitions-auto"}}
    assert "table-settings" in mappings(settings).notes[0]


@pytest.mark.parametrize("content", ["{", "[]", '{"rules": {}}', '{"rules": [1]}'])
def test_a_document_of_another_kind_is_refused(content):
    with pytest.raises(InvalidTableMappings):
        TableMappings.parse(content)
