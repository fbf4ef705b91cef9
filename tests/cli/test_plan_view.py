"""A plan stays readable, however many tables it has."""

from __future__ import annotations

from rich.console import Console

from config_manager.plan import ConfigPlan
from odpf_cli.plan_view import render_plan
from odpf_local.memory import MemoryAws
from tests.config_manager.builders import cadence, deploy, plan, table

FIRST = tuple(table(f"t{n}") for n in range(300))
CHANGED = tuple(table(f"t{n}", is_active="N") for n in range(300))


def lines_of(found: ConfigPlan, **more: bool) -> list[str]:
    console = Console(width=200)
    with console.capture() as captured:
        console.print(render_plan(found, **more))
    return captured.get().splitlines()


def test_equal_changes_stand_together_dangerous_ones_first():
    stores = MemoryAws()
    deploy(stores, *FIRST, table("other"))
    found = plan(stores, *(table(f"new{n}") for n in range(40)), table("other", on_bad_file="stop"), *CHANGED)
    lines = lines_of(found)
    assert lines[:2] == ["~ 300 tables  ! the table is not refreshed any more", "    is_active: Y -> N"]
    assert "    ... and 290 more (--all shows them)" in lines
    assert "+ 40 tables into shop_raw (hourly)" in lines
    assert "40 to add, 301 to change, 0 to remove, 1 unchanged; 300 dangerous, marked !" in lines
    assert len(lines) < 40
    assert len(lines_of(found, everything=True)) > 340


def test_removed_tables_stand_together():
    stores = MemoryAws()
    deploy(stores, *FIRST)
    lines = lines_of(plan(stores, table(), prune=True))
    assert lines[0] == "- 300 tables of cadence hourly  ! not refreshed any more; the raw table and its rows stay"
    assert len(lines) < 20


def test_many_problems_are_cut_and_counted():
    lines = lines_of(plan(MemoryAws(), *(table(f"t{n}", engine="flink") for n in range(70))))
    assert lines[50] == "... and 20 more (--all shows them)"


def test_what_a_person_should_think_about_is_marked():
    stores = MemoryAws()
    deploy(stores, table(), cadences=(cadence(), cadence("by_hand", schedule=None)))
    found = plan(
        stores,
        table(refresh_cadence="by_hand", schema_policy={"added": "discard"}, raw_database_S3_bucket="other-bucket"),
        cadences=({"refresh_cadence": "hourly"}, {"refresh_cadence": "by_hand"}),
        prune=True,
    )
    text = " ".join(lines_of(found))
    for told in ("hand only", "columns that are added", "bucket can be changed while", "no schedule any more"):
        assert told in text
