"""Scenario S19: what a changed schema does to a table, by kind of change and policy."""

from itertools import permutations

import pytest

from file_processor.schema_change import SchemaChange
from file_processor.table_columns import TableColumns
from file_processor.value_range import ValueRange
from file_processor.write_plan import fit_files, read_groups
from odpf.errors import TerminalError
from tests.file_processor.file_columns import configured, file, mark

STORED = (("id", "bigint"), ("v", "int"), ("w", "string"), ("d", "decimal(8,2)"), ("seq", "string"))
TABLE = TableColumns(STORED, mark=mark(10))
SAME = {"v": "int", "w": "string", "d": "decimal(8,2)"}
WITHOUT_W = {"v": "int", "d": "decimal(8,2)"}
RENAMED = {"v": "int", "ww": "string", "d": "decimal(8,2)"}
CHANGED = {
    "added": {**SAME, "x": "date"},
    "dropped": WITHOUT_W,
    "widened": {**SAME, "v": "bigint"},
    "narrowed": {**SAME, "v": "boolean"},
    "renamed": RENAMED,
}
COLUMN = {"added": "x", "dropped": "w", "widened": "v", "narrowed": "v", "renamed": "w"}


def fitted(*files, policy=None, table=TABLE, **item):
    return fit_files(files, table, configured(policy, **item))


def changes(found):
    """(kind, column, what was done) of every difference."""
    return [(change.kind, change.column, change.action) for change in found.schema_changes]


def numbers(files):
    return [int(each.chosen.file.name[9:18]) for each in files]


@pytest.mark.parametrize(
    ("kind", "after"),
    [
        ("added", (*STORED, ("x", "date"))),
        ("dropped", STORED),
        ("widened", (("id", "bigint"), ("v", "bigint"), *STORED[2:])),
        ("renamed", (*STORED, ("ww", "string"))),
    ],
)
def test_evolve_takes_a_change_on_and_says_so(kind, after):
    found = fitted(file(11, **CHANGED[kind]), policy={kind: "evolve"})
    assert (found.schema, changes(found)) == (after, [(kind, COLUMN[kind], "evolve")])
    assert f"Column {COLUMN[kind]} " in found.warnings[0]
    assert f"20260131-000000011.parquet: Column {COLUMN[kind]} " in found.warnings[0]
    assert f"schema_policy {kind}: evolve" in found.warnings[0]


@pytest.mark.parametrize("kind", CHANGED)
def test_freeze_stops_the_table_and_names_column_file_and_policy(kind):
    with pytest.raises(TerminalError) as stopped:
        fitted(file(11, **SAME), file(12, **CHANGED[kind]), file(13, **CHANGED[kind]), policy={kind: "freeze"})
    for part in (f"Column {COLUMN[kind]} ", "20260131-000000012.parquet", f"schema_policy {kind}: freeze"):
        assert part in str(stopped.value)


@pytest.mark.parametrize("kind", CHANGED)
def test_quarantine_sets_the_file_aside_and_the_others_go_on(kind):
    found = fitted(file(11, **SAME), file(12, **CHANGED[kind]), policy={kind: "quarantine"})
    assert (numbers(found.usable), found.schema, found.warnings) == ([11], STORED, ())
    ((refused, reason),) = found.refused
    assert numbers([refused]) == [12]
    assert f"Column {COLUMN[kind]} " in reason
    assert f"schema_policy {kind}: quarantine" in reason


@pytest.mark.parametrize("kind", ["added", "widened", "narrowed", "renamed"])
def test_discard_leaves_the_values_out_of_schema_and_reading(kind):
    config = configured({kind: "discard"})
    found = fit_files([file(11, **CHANGED[kind])], TABLE, config)
    left_out = "ww" if kind == "renamed" else COLUMN[kind]
    (group,) = read_groups(found.usable, config, {})
    assert left_out not in [lower for _, lower, _ in group.columns]
    assert (found.schema, changes(found)) == (STORED, [(kind, COLUMN[kind], "discard")])
    assert "left out" in found.warnings[0]


@pytest.mark.parametrize(
    ("item", "columns"),
    [
        ({"hudi_primary_key": "v"}, {**SAME, "v": "bigint"}),
        ({"hudi_partition_key": "v"}, {**SAME, "v": "string"}),
        ({"hudi_partition_key": "w"}, {**SAME, "w": "double"}),
        ({"cdc_operation_column": "w"}, {**SAME, "w": "int"}),
    ],
)
def test_what_gives_a_row_its_place_is_never_left_out(item, columns):
    found = fitted(file(11, **columns), policy={"widened": "discard", "narrowed": "discard"}, **item)
    assert found.usable == ()
    assert "cannot be left out" in found.refused[0][1]


@pytest.mark.parametrize("kind", ["bigint", "string", "decimal(12,2)", "double"])
def test_what_stored_rows_cannot_become_in_place_needs_a_rebuild(kind):
    column = "d" if kind == "decimal(12,2)" else "w" if kind == "bigint" else "v"
    found = fitted(file(11, **{**SAME, column: kind}))
    assert (found.usable, found.schema) == ((), STORED)
    assert f"{column} is {kind} in this file and {dict(STORED)[column]} in the table" in found.refused[0][1]
    assert "Give shop.orders a new raw_table_name" in found.refused[0][1]


def test_a_rebuild_is_named_where_evolve_was_asked_and_is_not_possible():
    found = fitted(file(11, **{**SAME, "d": "decimal(12,2)"}))
    assert "stored rows cannot become that in place (schema_policy widened: evolve)" in found.refused[0][1]


@pytest.mark.parametrize(
    "columns",
    [
        {**SAME, "id": "int"},
        {**SAME, "d": "decimal(6,1)"},
        {"d": "int", "w": "string", "v": "int", "id": "bigint"},
    ],
)
def test_a_type_that_the_tables_holds_is_no_change(columns):
    policy = dict.fromkeys(("added", "dropped", "widened", "narrowed", "renamed"), "freeze")
    stored = (*STORED[:3], ("d", "decimal(12,2)"), STORED[4])
    found = fitted(file(11, **columns), policy=policy, table=TABLE._replace(schema=stored))
    assert (found.schema, found.schema_changes, found.refused) == (stored, (), ())


@pytest.mark.parametrize("policy", ["freeze", "quarantine", "evolve"])
def test_files_of_the_table_as_it_was_before_it_widened_are_no_change(policy):
    wide = TABLE._replace(schema=(("id", "bigint"), ("v", "bigint"), *STORED[2:]))
    found = fitted(file(11, **SAME), policy={"widened": policy, "narrowed": policy}, table=wide)
    assert (len(found.usable), found.schema_changes) == (1, ())


class TestTypesThatTheTableDoesNotHold:
    """`narrowed: evolve` casts what is proved to fit, where the column is not widened instead."""

    def test_a_file_whose_values_fit_is_cast(self):
        found = fitted(
            file(11, **{**SAME, "v": "bigint"}, ranges={"v": ValueRange(-5, 5)}),
            policy={"widened": "quarantine", "narrowed": "evolve"},
        )
        assert (found.schema, changes(found)) == (STORED, [("narrowed", "v", "evolve")])
        assert dict(found.usable[0].columns)["v"] == "bigint"

    def test_one_whose_values_do_not_fit_falls_under_the_other_word(self):
        found = fitted(
            file(11, **{**SAME, "v": "bigint"}, ranges={"v": ValueRange(0, 2**31)}),
            policy={"widened": "quarantine", "narrowed": "evolve"},
        )
        assert "schema_policy widened: quarantine" in found.refused[0][1]

    def test_a_column_that_may_widen_does(self):
        found = fitted(
            file(11, **{**SAME, "v": "bigint"}, ranges={"v": ValueRange(0, 5)}), policy={"narrowed": "evolve"}
        )
        assert (dict(found.schema)["v"], changes(found)) == ("bigint", [("widened", "v", "evolve")])

    @pytest.mark.parametrize("ranges", [{}, {"v": ValueRange(1.0, 2.0)}])
    def test_one_that_is_not_proved_to_fit_is_quarantined_with_that_reason(self, ranges):
        table = TABLE._replace(schema=(("id", "bigint"), ("v", "bigint"), *STORED[2:]))
        found = fitted(file(11, **{**SAME, "v": "double"}, ranges=ranges), policy={"narrowed": "evolve"}, table=table)
        assert "statistics of the file do not tell that every value fits" in found.refused[0][1]
        assert "new raw_table_name and reload it" in found.refused[0][1]

    def test_digits_become_a_number_where_all_rows_have_the_same(self):
        found = fitted(
            file(11, **{**SAME, "v": "string"}, ranges={"v": ValueRange("7", "7")}), policy={"narrowed": "evolve"}
        )
        assert (found.schema, changes(found)) == (STORED, [("narrowed", "v", "evolve")])


class TestMixedBatches:
    """Files with and without a change in one batch are normal, in whatever order their rows come."""

    @pytest.mark.parametrize(
        "order", list(permutations([SAME, {**SAME, "x": "int"}, {**SAME, "x": "bigint", "v": "bigint"}]))
    )
    def test_added_and_widened_columns_come_to_the_same_in_every_order(self, order):
        found = fitted(*(file(11 + n, **columns) for n, columns in enumerate(order)))
        assert (len(found.usable), found.refused) == (3, ())
        assert dict(found.schema) == {**dict(STORED), "v": "bigint", "x": "bigint"}
        assert {(change.kind, change.column) for change in found.schema_changes} == {("added", "x"), ("widened", "v")}

    def test_a_column_that_is_new_in_the_batch_may_still_become_any_type(self):
        files = file(11, **SAME, x="decimal(5,2)"), file(12, **SAME, x="decimal(9,4)"), file(13, **SAME, x="int")
        assert dict(fitted(*files).schema)["x"] == "decimal(14,4)"

    @pytest.mark.parametrize("policy", ["freeze", "quarantine"])
    def test_a_column_that_a_later_file_has_was_not_dropped(self, policy):
        files = file(11, **WITHOUT_W), file(12, **SAME), file(13, **WITHOUT_W, nulls=("w",))
        found = fitted(*files, policy={"dropped": policy})
        assert (len(found.usable), found.schema_changes) == (3, ())

    @pytest.mark.parametrize("policy", ["freeze", "quarantine"])
    @pytest.mark.parametrize("columns", [WITHOUT_W, {**WITHOUT_W, "v": "int"}])
    def test_a_file_that_comes_late_with_the_old_schema_dropped_nothing(self, policy, columns):
        found = fitted(file(9, **columns), policy={"dropped": policy, "renamed": policy})
        assert (len(found.usable), found.schema_changes, found.absent) == (1, (), ())

    def test_a_load_file_that_comes_after_changes_is_late_too(self):
        found = fitted(file(2, load=True, **WITHOUT_W), policy={"dropped": "freeze"})
        assert found.schema_changes == ()

    def test_a_file_that_does_not_tell_its_sequences_is_not_taken_for_late(self):
        assert changes(fitted(file(9, statistics=False, **WITHOUT_W))) == [("dropped", "w", "evolve")]

    def test_a_file_that_is_set_aside_brings_nothing_with_it(self):
        found = fitted(file(11, **{**SAME, "v": "boolean", "x": "int"}), file(12, **SAME))
        assert (found.schema, numbers(found.usable)) == (STORED, [12])

    def test_a_change_that_many_files_show_is_told_once_with_their_number(self):
        files = [file(n, **SAME, x="int") for n in (11, 12, 13)]
        (change,) = fitted(*files, policy={"added": "discard"}).schema_changes
        assert (change.files, change.file[-13:]) == (3, "00011.parquet")
        assert change.warning.endswith("The same in 2 more of the files.")

    def test_an_unreadable_file_is_not_asked_for_its_columns(self):
        found = fitted(file(11, problem="no parquet"), policy={"dropped": "freeze"})
        assert [reason for _, reason in found.refused] == ["no parquet"]


class TestColumnsThatAreGone:
    """A dropped column is told when it goes, and its policy is about that moment."""

    def test_it_is_told_once(self):
        first = fitted(file(11, **WITHOUT_W), file(12, **WITHOUT_W))
        assert (changes(first), first.absent) == ([("dropped", "w", "evolve")], ("w",))
        later = fitted(file(13, **WITHOUT_W), table=TABLE._replace(absent=first.absent), policy={"dropped": "freeze"})
        assert (later.schema_changes, later.absent) == ((), ("w",))

    def test_one_that_came_back_may_go_again(self):
        back = fitted(file(11, **SAME), table=TABLE._replace(absent=("w",)))
        assert back.absent == ()
        assert changes(fitted(file(11, **SAME), file(12, **WITHOUT_W))) == [("dropped", "w", "evolve")]

    def test_a_late_file_does_not_bring_it_back(self):
        assert fitted(file(9, **SAME), table=TABLE._replace(absent=("w",))).absent == ("w",)

    def test_a_file_that_was_refused_does_not_count_as_told(self):
        assert fitted(file(11, **WITHOUT_W), policy={"dropped": "quarantine"}).absent == ()

    def test_a_column_of_nulls_without_a_type_is_there(self):
        assert fitted(file(11, **WITHOUT_W, nulls=("w",)), policy={"dropped": "freeze"}).schema_changes == ()


class TestRenames:
    """One column is missing and one of its type stands at its place: anything else is a dropped and an added column."""

    @pytest.mark.parametrize(
        "columns",
        [
            {"v": "int", "ww": "int", "d": "decimal(8,2)"},
            {"ww": "string", "v": "int", "d": "decimal(8,2)"},
            {"v": "int", "d": "decimal(8,2)", "ww": "string"},
            {"v": "int", "ww": "string", "x": "string", "d": "decimal(8,2)"},
        ],
        ids=["another type", "before its place", "behind its place", "two new"],
    )
    def test_what_looks_otherwise_is_dropped_and_added(self, columns):
        found = fitted(file(11, **columns), policy={"renamed": "freeze"})
        assert {kind for kind, _, _ in changes(found)} == {"dropped", "added"}

    def test_two_missing_columns_are_dropped(self):
        found = fitted(file(11, ww="string", d="decimal(8,2)"), policy={"renamed": "freeze"})
        assert changes(found) == [
            ("dropped", "v", "evolve"),
            ("dropped", "w", "evolve"),
            ("added", "ww", "evolve"),
        ]

    def test_a_column_that_went_before_does_not_hide_one(self):
        table = TABLE._replace(absent=("v",))
        found = fitted(file(11, ww="string", d="decimal(8,2)"), table=table)
        assert changes(found) == [("renamed", "w", "evolve")]
        assert found.absent == ("v", "w")

    def test_afterwards_the_new_name_is_the_tables(self):
        first = fitted(file(11, **RENAMED))
        table = TABLE._replace(schema=first.schema, absent=first.absent)
        assert fitted(file(12, **RENAMED), table=table, policy={"dropped": "freeze"}).schema_changes == ()

    def test_a_discarded_one_stays_discarded(self):
        policy = {"renamed": "discard"}
        first = fitted(file(11, **RENAMED), policy=policy)
        table = TABLE._replace(absent=first.absent)
        assert changes(fitted(file(12, **RENAMED), table=table, policy=policy)) == [("renamed", "w", "discard")]

    @pytest.mark.parametrize(
        ("policy", "expected"),
        [
            ({"added": "discard"}, [("dropped", "w", "evolve"), ("added", "ww", "discard")]),
            ({"added": "quarantine"}, [("added", "ww", "quarantine")]),
            ({"dropped": "quarantine"}, [("dropped", "w", "quarantine")]),
        ],
    )
    def test_evolve_lets_nothing_through_that_the_words_for_its_halves_would_stop(self, policy, expected):
        assert changes(fitted(file(11, **RENAMED), policy=policy)) == expected


class TestTheFirstBatch:
    """The files of a table's first batch make it together: nothing in them is a change."""

    def test_columns_and_types_of_all_files_become_the_table(self):
        policy = dict.fromkeys(("added", "dropped", "widened", "renamed"), "freeze")
        files = file(1, load=True, v="decimal(5,2)"), file(2, load=True, v="decimal(9,4)", w="string"), file(3, v="int")
        found = fitted(*files, table=TableColumns(), policy=policy)
        assert found.schema == (("id", "bigint"), ("v", "decimal(14,4)"), ("w", "string"), ("seq", "string"))
        assert found.schema_changes == ()

    def test_types_that_do_not_meet_set_the_later_file_aside(self):
        found = fitted(file(1, load=True, v="int"), file(2, load=True, v="string"), table=TableColumns())
        assert "cannot become that together" in found.refused[0][1]


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"cdc_operation_column": "W"},
        {"cdc_commit_timestamp_column": "w"},
        {"cdc_stream_position_column": "w"},
        {"cdc_extra_columns": "W"},
    ],
)
def test_columns_of_mapping_rules_are_not_the_sources(item):
    """A full load has none of them, the first changes bring them."""
    policy = {"added": "freeze", "dropped": "freeze"}
    columns = {"w": "string"} if item else {"cdc_operation": "string"}
    loaded = TableColumns((("id", "bigint"), ("v", "int")), mark="000001  LOAD00000001.parquet 0000000001")
    found = fitted(file(1, v="int", **columns), table=loaded, policy=policy, **item)
    assert dict(found.schema).keys() == {"id", "v", "seq", *columns}
    again = fitted(file(2, load=True, v="int"), table=TableColumns(found.schema), policy=policy, **item)
    assert again.schema_changes == found.schema_changes == ()


def test_a_stored_change_of_a_newer_release_can_be_read():
    found = fitted(file(11, **CHANGED["added"])).schema_changes[0]
    assert SchemaChange.model_validate({**found.model_dump(mode="json"), "new": 1}) == found


@pytest.mark.parametrize("way", ["hashed", "excluded"])
def test_a_protected_column_does_not_come_back_under_a_new_name(way):
    key = {"hashed": "hash_columns", "excluded": "exclude_columns"}[way]
    hidden = {key: "w"}

    def protecting(*names, **columns):
        return {**columns, way: names}

    before = fitted(file(1, load=True, **protecting("w", v="int")), table=TableColumns(), **hidden)
    assert before.refused == ()
    table = TableColumns(before.schema, before.absent, before.excluded)
    found = fitted(file(11, **protecting("w", v="int")), file(12, v="int", ww="string"), table=table, **hidden)
    ((refused, reason),) = found.refused
    assert (numbers([refused]), "ww" in dict(found.schema)) == ([12], False)
    assert "Column w is no longer in this file" in reason
    assert "(ww)" in reason
    assert fitted(file(12, **protecting("ww", v="int")), table=table, **{key: "w,ww"}).refused == ()
    assert fitted(file(12, v="int", ww="string"), table=table).refused == ()
    images = fitted(file(12, **protecting("w", "bi_w", v="int")), table=table, **hidden)
    with_images = TableColumns(images.schema, images.absent, images.excluded)
    assert fitted(file(2, load=True, **protecting("w", v="int", x="date")), table=with_images, **hidden).refused == ()
    dropped = fitted(file(12, v="int"), table=table, **hidden)
    later = TableColumns(dropped.schema, dropped.absent, dropped.excluded)
    assert fitted(file(13, v="int", x="date"), table=later, **hidden).refused == ()
