"""`odpf cost`: rules of the model, the comparison, and the program as typed."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import pytest

from odpf.errors import InvalidConfiguration
from odpf_cli import cost_counts as counts
from odpf_cli.cost_deployed import deployed, rates, runs_a_day
from odpf_cli.cost_model import bill, glue_hours, odpf
from odpf_cli.cost_others import compared, job_per_table, original, original_seconds
from odpf_cli.cost_prices import Priced, read_prices, shipped
from odpf_cli.cost_report import variants, warnings
from odpf_cli.cost_workload import DAYS_A_MONTH, HOURS_A_MONTH, Workload, minutes
from odpf_cli.main import execute
from odpf_cli.output import stdout
from odpf_local.memory import MemoryAws
from tests.architecture.source_tree import ROOT
from tests.behaviours.builders import moto_aws
from tests.cli.builders import audit_row, table_item

CASE = Workload()
PRICES = read_prices("us-east-1")
NOW = datetime(2026, 2, 1, 9, tzinfo=UTC)
PAGE = (ROOT / "docs" / "cost.md").read_text()


def quantity(uses, priced, what=None):
    return sum(use.quantity for use in uses if use.priced is priced and what in (None, use.what))


def total(uses):
    return bill("x", "x", (), uses, PRICES).total


@pytest.mark.parametrize(
    "changes",
    [
        {"tables": 6000},
        {"changing": 0.2},
        {"every_minutes": 5, "staging_days": CASE.staging_days / 2},
        {"seconds_per_table": 3},
    ],
)
def test_twice_as_much_costs_more_and_at_most_twice(changes):
    """Every run looks every staged file up, so twice the runs over twice the files would cost more than twice."""
    once, twice = total(odpf([CASE])), total(odpf([CASE.but(**changes)]))
    assert once < twice <= 2 * once


def test_twice_the_cadences_cost_twice_but_what_stands():
    once, twice = list(odpf([CASE])), list(odpf([CASE, CASE]))
    for priced, what in {(use.priced, use.what) for use in once}:
        one, two = quantity(once, priced, what), quantity(twice, priced, what)
        assert two == pytest.approx(2 * one) or two == pytest.approx(one) or priced in (Priced.SCHEDULE, Priced.LOG_GB)


def test_where_nothing_changes_no_job_run_starts_and_no_file_is_paid_for():
    uses = list(odpf([CASE.but(changing=0)]))
    assert {use.priced for use in uses if use.quantity} >= {Priced.S3_WRITE, Priced.STEP_TRANSITION}
    for priced in (Priced.GLUE_DPU_HOUR, Priced.DYNAMODB_WRITE):
        assert quantity(uses, priced) == 0
    assert quantity(uses, Priced.S3_READ) == CASE.runs * counts.PLAN_GETS, "what the plan before was, and how it ended"
    assert quantity(uses, Priced.STEP_TRANSITION) == CASE.runs * counts.TRANSITIONS_OF_AN_IDLE_RUN


@pytest.mark.parametrize(("seconds", "billed"), [(1, 60), (60, 60), (61, 61), (3600, 3600)])
def test_glue_bills_a_run_for_a_minute_at_least_then_by_the_second(seconds, billed):
    assert glue_hours(1, seconds, CASE, 2) == pytest.approx(2 * billed / 3600)


@pytest.mark.parametrize(
    ("tables", "changing", "size", "batches"),
    [
        (3000, 0.1, 50, (50,) * 6),
        (3000, 0.1, 70, (70,) * 4 + (20,)),
        (3000, 0.00001, 50, (1,)),
        (7, 1, 5, (5, 2)),
        (7, 0, 5, ()),
        (10, 0.21, 5, (3,)),
    ],
)
def test_only_tables_with_files_are_packed(tables, changing, size, batches):
    assert Workload(tables=tables, changing=changing, batch_size=size).batches == batches


def test_with_less_than_one_changing_table_only_that_share_of_the_runs_works():
    rare = Workload(tables=10, changing=0.01)
    assert rare.busy_runs == pytest.approx(rare.runs / 10)
    assert rare.cycles == pytest.approx(rare.busy_runs)


def test_a_month_has_730_hours():
    assert Workload(every_minutes=60).runs == HOURS_A_MONTH


def test_tables_side_by_side_share_the_seconds_and_a_single_one_does_not():
    workload = Workload(job_start_seconds=20, seconds_per_table=2, side_by_side=4)
    assert [workload.batch_seconds(tables) for tables in (1, 2, 8)] == [22, 21 + 1, 24]


def test_files_that_stay_in_staging_are_looked_up_once_a_day():
    week, month = (list(odpf([CASE.but(staging_days=days)])) for days in (7, 28))
    what = "sweep: is a staged file known"
    read = [quantity(uses, Priced.DYNAMODB_READ, what) for uses in (week, month)]
    files_of_a_day = CASE.files / DAYS_A_MONTH
    assert read[1] - read[0] == pytest.approx(DAYS_A_MONTH * 21 * files_of_a_day, rel=0.01)


def test_the_original_starts_all_batches_whatever_has_changed():
    busy, idle = (list(original([CASE.but(changing=share)])) for share in (0.1, 0))
    starts = CASE.runs * CASE.tables / CASE.original_batch_size
    least = starts * 60 * CASE.original_workers / 3600
    assert [quantity(uses, Priced.GLUE_DPU_HOUR) for uses in (busy, idle)] == pytest.approx([least, least])
    assert original_seconds(CASE.but(changing=1), 5) == 20 + 5 * 18


def test_a_job_per_table_pays_a_minute_of_two_workers_for_each_start():
    every, changed = (list(job_per_table([CASE], only_changed=only)) for only in (False, True))
    minute = 2 * 60 / 3600
    assert quantity(every, Priced.GLUE_DPU_HOUR) == pytest.approx(CASE.runs * CASE.tables * minute)
    assert quantity(changed, Priced.GLUE_DPU_HOUR) == pytest.approx(CASE.cycles * minute)


def test_the_case_is_cheaper_than_what_it_is_compared_with():
    ours, on_lambda, *others = compared([CASE], PRICES)
    assert (ours.name, on_lambda.name) == ("odpf", "odpf_lambda")
    assert on_lambda.total < ours.total / 2
    assert all(other.total > 3 * ours.total for other in others)


def test_the_case_on_lambda_is_a_plan_and_one_invocation_a_run_and_no_job_run():
    case = CASE.but(compute="lambda")
    uses = list(odpf([case]))
    assert case.batches == (300,)
    assert quantity(uses, Priced.GLUE_DPU_HOUR, "job runs") == 0
    assert quantity(uses, Priced.LAMBDA_REQUEST, "table batches") == case.runs
    assert quantity(uses, Priced.LAMBDA_GB_SECOND, "table batches") == pytest.approx(case.runs * 2 * (2 + 300 * 0.1))


@pytest.mark.parametrize(
    ("changes", "tables", "job_runs"),
    [
        ({}, 3000, 6),
        ({"changing": 0.01}, 300 * 14.4 / 11, 1),
        ({"tables": 1, "every_minutes": 1440}, 0.1 / 11, 0.1 / 11),
    ],
)
def test_what_arrow_commits_is_archived_once_a_day_by_few_job_runs(changes, tables, job_runs):
    case = CASE.but(compute="lambda", **changes)
    uses = list(odpf([case]))
    assert case.maintained_a_day == pytest.approx(tables)
    seconds = 20 + max(1, tables) / max(1, job_runs) * 1.5 / min(max(1, tables), 1.6)
    hours = 730 / 24 * job_runs * max(60, seconds) * 2 / 3600
    assert quantity(uses, Priced.GLUE_DPU_HOUR, "maintenance") == pytest.approx(hours)


def test_what_spark_commits_needs_no_maintenance():
    assert CASE.maintained_a_day == 0
    assert quantity(list(odpf([CASE])), Priced.GLUE_DPU_HOUR, "maintenance") == 0


def test_a_cadence_that_is_on_lambda_already_is_compared_with_no_other_of_our_own():
    ours, *others = compared([CASE.but(compute="lambda")], PRICES)
    assert (ours.name, ours.title) == ("odpf", "ODPF on Lambda")
    assert [each.name for each in others] == [each.name for each in compared([CASE], PRICES)[2:]]


@pytest.mark.parametrize(
    ("changes", "batches"),
    [({"tables": 30_000}, (500,) * 6), ({"lambda_seconds_per_table": 44.8}, (10,) * 30), ({"changing": 0}, ())],
)
def test_an_invocation_is_given_what_the_plan_would_give_it(changes, batches):
    assert CASE.but(compute="lambda", **changes).batches == batches


def test_a_bill_is_the_sum_of_its_lines_and_has_each_purpose_once():
    for shown in compared([CASE, CASE], PRICES):
        assert shown.total == pytest.approx(sum(line.quantity * line.price for line in shown.lines))
        assert len({(line.service, line.what, line.unit) for line in shown.lines}) == len(shown.lines)


def test_what_moves_the_bill_names_each_change_and_its_total():
    moved = {variant.what: variant.total for variant in variants([CASE], PRICES)}
    assert len(moved) == 11
    assert moved["a lag metric for every table (TableMetrics=on)"] > total(odpf([CASE]))
    assert not any("default" in what for what in {v.what for v in variants([CASE.but(batch_size=5)], PRICES)})


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({}, None),
        ({"seconds_per_table": 60}, "longer than the cadence"),
        ({"staging_days": 900}, "longer than a Lambda"),
    ],
)
def test_what_cannot_work_is_told(changes, word):
    told = warnings(CASE.but(**changes))
    assert [word in warning for warning in told] == ([True] if word else [])


@pytest.mark.parametrize(("text", "found"), [("10m", 10), ("1h", 60), ("2 d", 2880), ("rate(15 minutes)", 15)])
def test_intervals_are_written_short_or_as_schedules(text, found):
    assert minutes(text) == found


@pytest.mark.parametrize("text", ["", "0m", "ten", "10 s", "cron(0 1 * * ? *)"])
def test_other_intervals_are_refused(text):
    with pytest.raises(InvalidConfiguration, match="10m, 1h"):
        minutes(text)


@pytest.mark.parametrize("region", ["us-east-1", "eu-west-1"])
def test_the_shipped_prices_are_whole(region):
    prices = read_prices(region)
    assert set(prices.usd) == set(Priced) == set(prices.items)
    assert prices.cost(Priced.S3_WRITE, 1000) == pytest.approx(0.005)


def test_other_prices_are_taken_from_a_file(tmp_path):
    path = tmp_path / "prices.yaml"
    path.write_text(shipped().replace("glue_dpu_hour: 0.44", "glue_dpu_hour: 0.88"))
    assert read_prices("us-east-1", path).cost(Priced.GLUE_DPU_HOUR, 1) == 0.88


@pytest.mark.parametrize(
    ("region", "text", "word"),
    [
        ("mars-1", None, "no prices of mars-1"),
        ("us-east-1", "items: {}\nregions: {}\n", "no entry for"),
        ("us-east-1", "{", "cannot be used"),
        ("us-east-1", "x: 1", "cannot be used"),
    ],
)
def test_prices_that_cannot_be_used_say_why(tmp_path, region, text, word):
    path = tmp_path / "prices.yaml"
    path.write_text(text or shipped())
    with pytest.raises(InvalidConfiguration, match=word):
        read_prices(region, path)


@pytest.mark.parametrize("setting", ["nonsense=1", "workers=1", "workers", "changing=2"])
def test_settings_that_are_none_are_refused(setting):
    with pytest.raises(InvalidConfiguration, match="Its values are tables"):
        Workload.given({}, [setting])


def test_settings_go_over_options():
    found = Workload.given({"tables": 5}, ["tables=7", "table_metrics=off"])
    assert (found.tables, found.table_metrics) == (7, "off")


@pytest.mark.parametrize(
    ("schedule", "runs"), [("rate(10 minutes)", 144), ("cron(0 6,18 * * ? *)", 2), ("rate(7 days)", 1)]
)
def test_a_day_has_so_many_runs(schedule, runs):
    assert runs_a_day(schedule, NOW) == runs


def test_a_deployment_gives_its_tables_and_yesterdays_rates():
    aws = MemoryAws()
    for name, schedule in (("hourly", "rate(1 hour)"), ("by_hand", None), ("empty", "rate(1 hour)")):
        aws.config.put_cadence({"refresh_cadence": name, "schedule": schedule, "refresh_tables_batch_size": 20})
    aws.config.put_tables(table_item(f"shop.t{number}") for number in range(4))
    aws.config.put_tables([table_item("shop.old", is_active="N"), table_item("shop.x", refresh_cadence="by_hand")])
    for hour in range(12):
        started = f"2026-01-31T{hour:02d}:00:00.000000Z"
        aws.audit.append(audit_row(f"r{hour}", files=3, run_started_at=started))

    (found,) = deployed(aws.config, aws.audit, Workload(), NOW)

    assert (found.tables, found.every_minutes, found.batch_size) == (4, 60, 20)
    assert (found.changing, found.files_per_table) == (12 / (4 * 24), 3)


def test_without_an_audit_row_the_rates_are_those_given():
    assert rates([], 4, 24) == {}


def test_a_deployment_without_schedules_is_refused():
    aws = MemoryAws()
    with pytest.raises(InvalidConfiguration, match="has a schedule"):
        deployed(aws.config, aws.audit, Workload(), NOW)


def test_the_document_has_workload_prices_and_lines(capsys):
    assert execute(["cost", "--tables", "10", "--every", "1h", "--set", "workers=4", "--output", "json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["workload"]["tables"], document["workload"]["workers"]) == (10, 4)
    assert document["prices"] == {"region": "us-east-1", "as_of": PRICES.as_of, "currency": "USD"}
    assert [each["name"] for each in document["scenarios"]][:3] == ["odpf", "odpf_lambda", "original_tuned"]
    for scenario in document["scenarios"]:
        assert scenario["total"] == pytest.approx(sum(line["cost"] for line in scenario["lines"]))
        assert set(scenario["lines"][0]) == {"service", "what", "quantity", "unit", "price", "cost"}


def test_a_deployment_on_aws_is_reckoned_by_its_configuration(capsys, monkeypatch):
    with moto_aws(monkeypatch) as aws:
        monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
        aws.config.put_cadence({"refresh_cadence": "hourly", "schedule": "rate(1 hour)"})
        aws.config.put_tables([table_item("shop.a"), table_item("shop.b")])
        assert execute(["cost", "--deployed", "--output", "json"]) == 0
    workload = json.loads(capsys.readouterr().out)["workload"]
    assert (workload["tables"], workload["every_minutes"], workload["batch_size"]) == (2, 60, 5)


def test_the_table_fits_a_hundred_columns(capsys, monkeypatch):
    monkeypatch.setattr(stdout, "_width", 100)
    assert execute(["cost", "--details"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    assert not any("…" in line for line in lines)
    assert any(line.strip().startswith("Total") for line in lines)


def test_the_prices_are_printed_to_be_copied(capsys):
    assert execute(["cost", "--show-prices"]) == 0
    assert capsys.readouterr().out == shipped()


def test_the_page_names_every_value_of_a_workload():
    assert [name for name in Workload.model_fields if f"`{name}`" not in PAGE] == []


def test_the_pages_figures_are_the_models():
    told = re.search(r"^\| Total \|(.*)\|$", PAGE, re.MULTILINE)
    figures = [float(figure.replace(",", "")) for figure in told[1].split("|")]
    assert figures == pytest.approx([shown.total for shown in compared([CASE], PRICES)], rel=0.02)


@pytest.mark.parametrize(
    "arguments", [["--every", "soon"], ["--region", "mars-1"], ["--set", "x=1"], ["--tables", "0"], ["--changing", "2"]]
)
def test_wrong_arguments_are_wrong_usage(capsys, arguments):
    assert execute(["cost", *arguments, "--output", "json"]) == 2
    assert "error" in json.loads(capsys.readouterr().out)
