"""Scenario V4: what a configuration may not say, each problem with its path, all at once."""

from __future__ import annotations

import pytest

from config_manager.validate import check_files
from odpf.table_config import read_table_config
from tests.config_manager.builders import cadence, messages, parsed, plan, table


def problems(*tables, **more) -> dict[str, str]:
    return {found.path: found.message for found in check_files(parsed(*tables, **more)).problems}


def problem(**values) -> str:
    """The one problem of one table."""
    (message,) = problems(table(**values)).values()
    return message


def test_a_plain_table_has_no_problem():
    assert problems(table()) == {}


def test_every_problem_of_every_entry_is_reported_at_once():
    found = problems(
        table("a", hudi_table_type="cow", raw_table_name="A"),
        table("b", hudi_primary_key=None),
        cadences=(cadence(schedule="often"), cadence("a b")),
    )
    assert set(found) == {
        "c.yaml:cadences[0].schedule",
        "c.yaml:cadences[1].refresh_cadence",
        "c.yaml:tables[0].hudi_table_type",
        "c.yaml:tables[0].raw_table_name",
        "c.yaml:tables[1].hudi_primary_key",
    }


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"hudi_primay_key": "ID"}, "did you mean 'hudi_primary_key'?"),
        ({"Is_Active": "Y"}, "did you mean 'is_active'?"),
        ({"xyzzy": 1}, "Known are"),
        ({"hudi_table_type": "copy_on_wirte"}, "did you mean 'copy_on_write'?"),
        ({"is_active": "maybe"}, "use 'Y' or 'N'"),
        ({"hudi_partition_key": 7}, "put it in quotes"),
        ({"hudi_partition_key": ["A"]}, "was read as a list"),
        ({"hudi_primary_key": 7}, "one column name, or a list"),
        ({"hudi_primary_key": []}, "at least one column"),
        ({"hudi_primary_key": ""}, "is missing or empty"),
        ({"raw_table_name": "order"}, "reserved word"),
        ({"raw_database_name": "table"}, "reserved word"),
        ({"raw_table_name": "orders; drop table x"}, "lower-case letters"),
        ({"raw_table_name": "orders\n"}, "lower-case letters"),
        ({"raw_database_name": "Shop"}, "lower-case letters"),
        ({"hudi_primary_key": "id;drop"}, "cannot be a column"),
        ({"hudi_primary_key": "id`"}, "cannot be a column"),
        ({"hudi_primary_key": "_hoodie_record_key"}, "belong to Hudi"),
        ({"hudi_partition_key": "_odpf_order"}, "belong to Hudi"),
        ({"raw_database_S3_bucket": "s3://bucket/x"}, "the bucket's name alone"),
        ({"source_table_name": "orders"}, "Write <schema>.<table>"),
        ({"source_table_name": "a.b.c.d"}, "Write <schema>.<table>"),
        ({"source_table_name": "a.b/c"}, "folder that DMS writes to"),
        ({"source_table_name": "%2E%2E.b"}, "folder that DMS writes to"),
        ({"source_table_name": "a.b';drop"}, "folder that DMS writes to"),
        ({"refresh_cadence": "every hour"}, "letters, digits, underscores"),
        ({"table_storage_type": "iceberg"}, "use 'hudi'"),
        ({"schema_policy": "evolve"}, "write a mapping"),
        ({"schema_policy": {"wided": "freeze"}}, "is not a known key; did you mean 'widened'?"),
        ({"schema_policy": {"xyzzy": "freeze"}}, "Known are added, dropped, widened, narrowed, renamed"),
        ({"schema_policy": {"added": "frieze"}}, "did you mean 'freeze'?"),
        ({"schema_policy": {"renamed": None}}, "use 'evolve', 'freeze', 'discard' or 'quarantine'"),
        ({"schema_policy": {"dropped": "discard"}}, "a dropped column has no values that could be left out"),
        ({"full_load_completion": "makrer"}, "did you mean 'marker'?"),
        ({"full_load_completion": "quite_seconds:60"}, "did you mean 'quiet_seconds'?"),
        ({"full_load_completion": "later"}, "use 'none', 'marker', 'quiet_seconds:N' or 'dms'"),
        ({"full_load_completion": "marker:1"}, "is not allowed"),
        ({"full_load_completion": "quiet_seconds"}, "write quiet_seconds:N with 1 to 86400"),
        ({"full_load_completion": "quiet_seconds:0"}, "write quiet_seconds:N"),
        ({"full_load_completion": "quiet_seconds:86401"}, "write quiet_seconds:N"),
        ({"full_load_completion": "quiet_seconds:1.5"}, "write quiet_seconds:N"),
        ({"full_load_completion": 120}, "put it in quotes"),
        ({"delete_mode": "softly"}, "did you mean 'soft'?"),
        ({"delete_mode": "soft", "table_data_versioning_type": "H"}, "delete_mode says soft, which is for"),
        ({"delete_mode": "soft", "table_data_versioning_type": "V"}, "delete_mode says soft, which is for"),
        ({"reload_mode": "difference", "table_data_versioning_type": "H"}, "reload_mode says difference, which is for"),
        ({"reload_mode": "difference", "table_data_versioning_type": "V"}, "reload_mode says difference, which is for"),
    ],
)
def test_a_wrong_value_is_refused_with_what_to_write(values, says):
    assert says in problem(**values)


def test_the_prefix_of_before_images_is_the_one_of_the_mapping_rule():
    assert problems(table(before_image_prefix="OLD_")) == {}
    assert "before_image_prefix" in next(iter(problems(table(before_image_prefix="1-"))))


def test_each_problem_of_a_schema_policy_has_its_path():
    found = problems(table(schema_policy={"added": "discrd", "dropped": "discard", "moved": "evolve"}))
    assert set(found) == {f"c.yaml:tables[0].schema_policy.{key}" for key in ("added", "dropped", "moved")}


@pytest.mark.parametrize(
    ("policy", "word"),
    [({}, "evolve"), ({"narrowed": "freeze"}, "evolve"), ({"added": "discard", "widened": "quarantine"}, "discard")],
)
def test_a_policy_for_some_kinds_of_change_keeps_the_others_and_is_stored_as_it_was_written(policy, word):
    (checked,) = check_files(parsed(table(schema_policy=policy))).tables
    assert checked.config.schema_policy.added == word
    assert checked.config.schema_policy.dropped == "evolve"
    assert read_table_config(checked.config.item()) == checked.config
    assert checked.config.item().get("schema_policy", {}) == policy


def test_the_documented_defaults_may_be_written_out():
    defaults = {
        "engine": "auto",
        "full_load": "required",
        "delete_mode": "hard",
        "reload_mode": "replace",
        "schema_policy": {
            "added": "evolve",
            "dropped": "evolve",
            "widened": "evolve",
            "narrowed": "quarantine",
            "renamed": "evolve",
        },
        "cdc_operation_column": None,
        "cdc_commit_timestamp_column": None,
        "cdc_stream_position_column": None,
        "cdc_extra_columns": ["dms_timestamp", "cdc_commit_timestamp", "cdc_stream_position"],
        "before_image_prefix": "BI_",
        "on_bad_file": "continue",
        "partition_is_immutable": "N",
    }
    checked = check_files(parsed(table(**defaults), table("b")))
    assert checked.problems == ()
    assert checked.tables[0].config.item().keys() == checked.tables[1].config.item().keys()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("AT, By", ("at", "by")),
        (["AT"], ("at",)),
        ([], ()),
        ("", ("dms_timestamp", "cdc_commit_timestamp", "cdc_stream_position")),
    ],
)
def test_columns_that_dms_adds_are_named_as_a_list_or_a_text(written, read):
    (checked,) = check_files(parsed(table(cdc_extra_columns=written))).tables
    assert checked.config.cdc_extra_columns == read
    assert read_table_config(checked.config.item()) == checked.config


@pytest.mark.parametrize("rule", ["none", "marker", "quiet_seconds:1", "quiet_seconds:86400", "dms"])
def test_a_rule_for_whole_loads_is_kept_even_where_it_is_the_deployments_default(rule):
    checked = check_files(parsed(table(full_load_completion=rule), table("b")))
    assert checked.problems == ()
    assert [each.config.item().get("full_load_completion") for each in checked.tables] == [rule, None]


@pytest.mark.parametrize(
    ("option", "reason"),
    [
        ("hoodie.datasource.write.operation", "one Hudi commit"),
        ("hoodie.datasource.write.payload.class", "older rows overwrite newer"),
        ("hoodie.datasource.write.precombine.field", "older rows overwrite newer"),
        ("hoodie.write.table.version", "Athena reads table version 6"),
        ("hoodie.index.type", "makes duplicates"),
        ("hoodie.clean.commits.retained", "recovery"),
        ("hoodie.datasource.hive_sync.enable", "Data Catalog itself"),
        ("hoodie.write.concurrency.mode", "lease and fence"),
        ("hoodie.something.new", "tested with"),
    ],
)
def test_a_hudi_option_is_refused_by_name_with_the_guarantee_it_would_break(option, reason):
    assert reason in problem(**{option: "x"})
    inside = problem(hudi_options={option: "x"})
    assert option in inside
    assert reason in inside


def test_tuning_of_the_original_framework_is_refused_as_such():
    assert "original framework" in problem(hudi_commits_to_keep="3")


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"hudi_primary_key": "id,ID"}, "names a column twice"),
        ({"hudi_primary_key": "cdc_timestamp_seq"}, "hudi_precombine_field 'cdc_timestamp_seq' describes a change"),
        ({"hudi_partition_key": "CDC_TIMESTAMP_SEQ"}, "describes a change"),
        ({"cdc_operation_column": "id"}, "cdc_operation_column 'id' describes a change"),
        ({"cdc_operation_column": "cdc_timestamp_seq"}, "need columns of their own"),
        ({"cdc_stream_position_column": "CDC_TIMESTAMP_SEQ"}, "need columns of their own"),
        ({"cdc_extra_columns": "at, ID"}, "cdc_extra_columns names a key"),
        ({"partition_is_immutable": "Y"}, "no hudi_partition_key"),
        ({"hudi_primary_key": "BI_ID"}, "before_image_prefix"),
    ],
)
def test_contradictions_within_a_table_are_refused(values, says):
    assert says in problem(**values)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"schedule": "rate(0 minutes)"}, "write rate(10 minutes)"),
        ({"schedule": "cron(0 0 * * *)"}, "write rate(10 minutes)"),
        ({"schedule": "cron(0 0 * * * *)"}, "day of week"),
        ({"maintenance_schedule": "daily"}, "write rate(10 minutes)"),
        ({"glue_job_worker_type": "G.025X"}, "streaming"),
        ({"glue_job_worker_type": "g.1x"}, "did you mean 'G.1X'?"),
        ({"glue_job_max_workers": 1}, "greater than or equal to 2"),
        ({"refresh_tables_batch_size": "many"}, "valid integer"),
        ({"datalake_format": "iceberg"}, "use 'hudi'"),
        ({"scheduel": "rate(1 hour)", "schedule": None}, "did you mean 'schedule'?"),
    ],
)
def test_a_wrong_cadence_is_refused_with_what_to_write(values, says):
    (message,) = problems(cadences=(cadence(**values),)).values()
    assert says in message


@pytest.mark.parametrize(
    "schedule", ["rate(1 minute)", "rate(10 minutes)", "cron(0/10 * * * ? *)", "cron(0 6 ? * MON-FRI *)"]
)
def test_schedules_of_eventbridge_are_accepted(schedule):
    assert problems(cadences=(cadence(schedule=schedule),)) == {}


def test_a_source_table_twice_is_refused_and_one_that_differs_in_case_is_another():
    found = problems(table(), table(raw_table_name="again"), table("ORDERS", raw_table_name="upper"))
    assert found == {
        "c.yaml:tables[1].source_table_name": (
            "source table 'shop.orders' is configured twice, also at c.yaml:tables[0]"
        )
    }


def test_names_that_differ_only_by_where_a_separator_stands_are_different_tables():
    names = ("a_b.c", "a.b_c", "a%2Eb.c", "a.b%2Ec", "a.b.c")
    tables = [table(f"t{n}", source_table_name=name) for n, name in enumerate(names)]
    assert problems(*tables) == {}


def test_two_tables_with_one_raw_table_are_refused_also_where_a_view_takes_the_name():
    found = problems(
        table(hudi_table_type="merge_on_read"),
        table("other", raw_table_name="orders"),
        table("third", raw_table_name="orders_rt"),
        table("fourth", raw_table_name="orders", raw_database_name="elsewhere"),
    )
    assert set(found) == {"c.yaml:tables[1].raw_table_name", "c.yaml:tables[2].raw_table_name"}


def test_a_cadence_twice_is_refused():
    assert list(problems(cadences=(cadence(), cadence()))) == ["c.yaml:cadences[1].refresh_cadence"]


def test_a_cadence_that_is_nowhere_is_refused_with_the_one_it_may_have_been_meant_for(stores):
    found = messages(plan(stores, table(refresh_cadence="hurly"), table("b", refresh_cadence="zzz")))
    assert "did you mean 'hourly'?" in found["c.yaml:tables[0].refresh_cadence"]
    assert "add it to `cadences`" in found["c.yaml:tables[1].refresh_cadence"]


def test_another_job_than_the_deployments_is_refused(stores):
    found = messages(plan(stores, cadences=(cadence(glue_job_name="mine"),)))
    assert "odpf_file_processor" in found["c.yaml:cadences[0].glue_job_name"]
