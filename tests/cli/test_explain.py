"""What `odpf explain` says of a table in which situation."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from file_manager.sweep import sweep
from odpf.attempts import Attempts
from odpf.errors import InvalidConfiguration, TerminalError
from odpf.states import EngineName
from odpf.table_config import read_table_config
from odpf.table_state import TableState
from odpf_cli.engine_explanation import explain_table
from odpf_cli.explain import render
from odpf_cli.full_load_look import Look
from odpf_local.memory import MemoryAws
from tests.cli.builders import NOW, landed, table_item

MEGABYTE = 1024 * 1024
CHANGES = "20260131-100000000.parquet"


class Ledger:
    """A ledger that knows one state of one table."""

    def __init__(self, **values):
        self.known = TableState(raw_table="shop_raw.orders", source_table_name="shop.orders", **values)

    def state(self, raw_table):
        return self.known if raw_table == self.known.raw_table else None


def written(**values):
    return Ledger(high_water_mark="000001 x y 0", table_bytes=MEGABYTE, **values)


def look(aws, **settings):
    return Look(aws.settings.model_copy(update=settings), aws.objects, aws.dms_tasks)


def explained(item=None, *, name="shop.orders", ledger=None, files=(CHANGES,), size=2000, cadence=None):
    aws = MemoryAws()
    aws.config.put_tables([item or table_item()])
    if cadence:
        aws.config.put_cadence({"refresh_cadence": "hourly", **cadence})
    for file in files:
        aws.tracker.register(landed(file, size=size), NOW)
    return explain_table(name, aws.config, ledger or written(), aws.tracker, look(aws))


def shown(found):
    text = io.StringIO()
    Console(file=text, width=400).print(render(found))
    return text.getvalue()


def test_small_changes_into_a_small_table_take_arrow():
    found = explained()
    assert (found.engine, found.left_alone) == (EngineName.ARROW, None)
    assert (found.table_bytes, found.pending_files, found.pending_bytes) == (MEGABYTE, 1, 2000)
    assert "small work" in found.reason


@pytest.mark.parametrize(
    ("item", "ledger", "size", "reason"),
    [
        ({"engine": "spark"}, {}, 1, "engine: spark"),
        ({"hudi_table_type": "merge_on_read"}, {}, 1, "merge_on_read"),
        ({}, {"only_spark": "A commit is pending."}, 1, "A commit is pending."),
        ({}, {}, 100 * MEGABYTE, "100.0 MB of landed files"),
    ],
)
def test_what_arrow_cannot_do_or_should_not_takes_spark_and_says_why(item, ledger, size, reason):
    found = explained(table_item(**item), ledger=written(**ledger), size=size)
    assert found.engine is EngineName.SPARK
    assert reason in found.reason


def test_how_long_it_is_expected_to_take_comes_from_its_bytes_and_its_last_runs():
    by_bytes, slow = explained(), explained(ledger=written(pace=2.0))
    assert slow.expected_seconds == pytest.approx(2 * by_bytes.expected_seconds, abs=0.02)
    assert "by its bytes" in shown(by_bytes)
    assert "its last runs took 2 times what their bytes say" in shown(slow)


def test_a_large_table_has_a_job_run_of_its_own_with_workers_from_its_bytes():
    found = explained(size=3 * 1024 * MEGABYTE, cadence={"glue_job_large_worker_type": "G.2X"})
    assert (found.workers, found.worker_type) == (8, "G.2X")
    assert "a Glue job run of its own, as it is large: 8 workers, G.2X" in shown(found)
    assert explained().workers is None


def test_a_new_table_with_a_load_is_planned_without_a_known_size():
    found = explained(ledger=Ledger(), files=["LOAD00000001.parquet"])
    assert (found.engine, found.table_bytes, found.left_alone) == (EngineName.ARROW, None, None)


def test_a_raw_table_with_its_database_is_the_same_table():
    assert explained(name="shop_raw.orders") == explained(name="shop.orders")


def test_a_name_of_a_source_table_is_that_table_before_it_is_a_raw_one():
    aws = MemoryAws()
    other = table_item("shop_raw.orders", raw_table_name="others")
    aws.config.put_tables([table_item(), other])
    assert explain_table("shop_raw.orders", aws.config, aws.ledger, aws.tracker, look(aws)).raw_table_name == "others"


def test_where_a_batch_is_processed_is_what_the_cadence_says():
    assert explained().compute == "glue"
    assert explained(cadence={"compute": "lambda"}).compute == "lambda"


def test_an_unknown_table_is_invalid_input_with_a_guess_at_what_was_meant():
    with pytest.raises(InvalidConfiguration, match=r"'shop\.order' is configured; did you mean 'shop\.orders'\?"):
        explained(name="shop.order")


def test_a_file_that_history_has_already_does_not_wait():
    aws = MemoryAws()
    aws.config.put_tables([table_item()])
    file = landed(CHANGES)

    class Repeated:
        def pending(self, _):
            return [file]

        def done(self, files):
            return {file.file_id for file in files}

    assert explain_table("shop.orders", aws.config, written(), Repeated(), look(aws)).pending_files == 0


@pytest.mark.parametrize(
    ("item", "ledger", "files", "why"),
    [
        ({}, written(), (), "No files wait"),
        ({"is_active": "N"}, written(), (CHANGES,), "is_active: N"),
        ({}, Ledger(), (CHANGES,), "wait for the table's full load"),
    ],
)
def test_a_table_that_the_next_run_leaves_alone_says_why(item, ledger, files, why):
    assert why in (explained(table_item(**item), ledger=ledger, files=files).left_alone or "")


def test_a_table_that_a_dead_run_left_is_taken_without_files():
    assert explained(ledger=written(lease_owner="jr_1"), files=()).left_alone is None


@pytest.mark.parametrize(
    ("item", "cadence", "why"),
    [
        ({"hudi_tabel_type": "x"}, {}, "hudi_tabel_type"),
        ({}, {"glue_job_worker_type": "big"}, "glue_job_worker_type"),
    ],
)
def test_what_is_wrong_with_the_configuration_is_told(item, cadence, why):
    found = explained(table_item(**item), cadence=cadence)
    assert why in (found.left_alone or "")


def test_a_broken_table_has_no_engine():
    found = explained(table_item(hudi_tabel_type="x"))
    assert (found.engine, found.engine_configured, found.reason) == (None, None, "The configuration is not valid.")


def test_a_table_that_is_active_in_two_cadences_says_so():
    aws = MemoryAws()
    aws.config.put_tables([table_item(), table_item(refresh_cadence="daily")])
    assert "more than one cadence" in (
        explain_table("shop.orders", aws.config, aws.ledger, aws.tracker, look(aws)).left_alone or ""
    )


def test_a_person_reads_engine_reason_and_place():
    text = shown(explained(cadence={"compute": "auto"}))
    for words in ("shop.orders -> shop_raw.orders", "arrow", "small work", "whichever costs less", "1 file, 2.0 kB"):
        assert words in text
    assert "leaves it alone" not in text


def test_a_person_reads_why_a_table_is_left_alone():
    text = shown(explained(files=(), ledger=Ledger()))
    assert "The next run leaves it alone: No files wait for it." in text
    assert "size not known yet" in text


def staged(aws, *names):
    for each in names:
        aws.objects.put("odpf-staging", f"internal_staging/shop/orders/{each}", b"rows")
    sweep(aws.settings.staging_places, ["shop.orders"], aws.objects, aws.tracker, NOW)


def test_a_full_load_that_is_not_known_to_be_whole_is_held_and_says_by_which_rule():
    aws = MemoryAws()
    aws.config.put_tables([table_item()])
    staged(aws, "LOAD00000001.parquet", CHANGES)
    found = explain_table(
        "shop.orders", aws.config, aws.ledger, aws.tracker, look(aws, full_load_completion="quiet_seconds:120")
    )
    assert found.full_load_completion == "quiet_seconds:120"
    assert found.left_alone == found.full_load
    assert "2 files waiting until the full load is whole (full_load_completion: quiet_seconds:120)" in found.full_load
    text = shown(found)
    assert text.count("until the full load is whole") == 1


def test_a_whole_load_says_which_rule_of_the_table_said_so():
    aws = MemoryAws()
    aws.config.put_tables([table_item(full_load_completion="marker")])
    staged(aws, "LOAD00000001.parquet", "_ODPF_LOAD_COMPLETE")
    found = explain_table("shop.orders", aws.config, aws.ledger, aws.tracker, look(aws))
    assert (found.full_load_completion, found.left_alone) == ("marker", None)
    text = shown(found)
    assert "marker: _ODPF_LOAD_COMPLETE was put at" in text


def test_without_a_load_that_waits_nothing_is_listed():
    class NoListing:
        def list(self, *_):
            raise AssertionError("nothing waits that a listing could tell of")

    aws = MemoryAws(objects=NoListing())
    aws.config.put_tables([table_item()])
    found = explain_table("shop.orders", aws.config, written(), aws.tracker, look(aws))
    assert (found.full_load_completion, found.full_load) == ("none", None)


def test_a_staging_folder_that_cannot_be_listed_costs_no_other_answer():
    class Forbidden:
        def list(self, *_):
            raise TerminalError("Listing failed. Allow ListObjectsV2.")

    aws = MemoryAws(objects=Forbidden())
    aws.config.put_tables([table_item()])
    aws.tracker.register(landed("LOAD00000001.parquet"), NOW)
    found = explain_table("shop.orders", aws.config, aws.ledger, aws.tracker, look(aws))
    assert (found.engine, found.left_alone) == (EngineName.ARROW, None)
    assert (
        found.full_load
        == "It cannot be looked at from here: What lies in staging of shop.orders is not known: Listing failed. Allow ListObjectsV2."
    )


def test_a_table_set_aside_says_what_has_it_tried_again():
    attempts = Attempts(number=5, tried_with=read_table_config(table_item()).digest)
    found = explained(ledger=written(attempts=attempts, last_error="The disk is full."))
    assert "Set aside: the last 5 attempts failed" in (found.left_alone or "")
    assert "--table 'shop.orders'" in (found.left_alone or "")
