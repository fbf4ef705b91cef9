"""What a configuration may say of personal data, and what of it a deployed table takes."""

from __future__ import annotations

import pytest

from odpf.errors import InvalidConfiguration
from odpf.ports import CatalogTable
from odpf.table_config import read_table_config
from tests.config_manager.builders import deploy, existing, messages, plan, table
from tests.config_manager.test_plan import CountedReads


def deployed(columns=("id", "email", "born"), **values):
    """A deployment whose table has rows of these columns."""
    stores = CountedReads(existing(**values))
    deploy(stores, table(**values))
    stores.catalog.ensure_database("shop_raw")
    entry = CatalogTable("shop_raw", "orders", "s3://raw/t", tuple((c, "string") for c in columns), None, (), False)
    stores.catalog.publish(entry)
    return stores


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"exclude_columns": ["id"]}, "names key column 'id'"),
        ({"exclude_columns": ["CDC_TIMESTAMP_SEQ"]}, "hudi_precombine_field"),
        ({"hash_columns": ["cdc_timestamp_seq"]}, "hudi_precombine_field"),
        ({"hash_columns": ["CDC_OPERATION"]}, "cdc_operation_column"),
        ({"hash_columns": ["at"], "cdc_commit_timestamp_column": "AT"}, "cdc_commit_timestamp_column"),
        ({"exclude_columns": ["at"], "cdc_stream_position_column": "AT"}, "cdc_stream_position_column"),
        ({"hash_columns": ["day"], "hudi_partition_key": "DAY"}, "by which the table is partitioned"),
        ({"exclude_columns": ["day"], "hudi_partition_key": "DAY"}, "by which the table is partitioned"),
        ({"exclude_columns": ["email"], "hash_columns": "email, born"}, "choose one"),
        ({"hash_key_secret": "odpf_hash_key_hr"}, "there are no hash_columns"),
    ],
)
def test_a_column_that_is_needed_as_it_is_cannot_be_excluded_or_hashed(values, told):
    with pytest.raises(InvalidConfiguration, match=told):
        read_table_config(table(**values))


def test_a_key_column_may_be_hashed_and_before_images_are_treated_as_their_columns():
    protected = read_table_config(table(hash_columns=["ID"], exclude_columns="Born")).protected
    assert protected.is_hashed("id")
    assert protected.is_hashed("bi_id")
    assert protected.is_excluded("bi_born")
    assert not protected.is_protected("bi_other")


def test_a_name_that_a_table_does_not_have_is_a_problem_where_its_columns_are_known(stores):
    wrong = table(exclude_columns=["borm"], hash_columns=["email"])
    assert "did you mean 'born'" in messages(plan(deployed(), wrong))["c.yaml:tables[0].exclude_columns"]
    assert messages(plan(stores, wrong)) == {}


def test_an_excluded_column_that_a_rebuild_has_left_out_is_no_problem_later():
    configured = {"exclude_columns": ["born"], "hash_columns": ["email"]}
    stores = deployed(columns=("id", "email"), **configured)
    assert messages(plan(stores, table(**configured, engine="arrow"))) == {}


@pytest.mark.parametrize("values", [{"exclude_columns": ["born"]}, {"hash_columns": ["email"]}])
def test_a_change_of_protected_columns_is_told_as_dangerous_with_the_way_to_what_is_stored(values):
    (change,) = plan(deployed(), table(**values)).changed
    assert "odpf resnapshot --table shop.orders" in change.danger


def test_a_key_column_of_an_existing_table_is_hashed_only_by_a_rebuild():
    found = messages(plan(deployed(), table(hash_columns=["id"])))
    assert "resnapshot --table shop.orders --with" in found["c.yaml:tables[0].hash_columns"]
