"""How a cost looks: services by framework, what ODPF's bill is made of, and what moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.console import Group, RenderableType
from rich.text import Text

from odpf_cli.cost_counts import batch_manager
from odpf_cli.cost_model import MINUTE, Bill, Line, bill, by_service, odpf
from odpf_cli.cost_prices import Prices
from odpf_cli.cost_workload import Workload
from odpf_cli.display import NOTHING, duration, grid, plural

DEFAULT_BATCH, LARGE_BATCH, TWICE = 5, 500, 2
MONTH, YEAR = 30, 365
LONGEST_PLAN_SECONDS = 900
"""AWS Lambda's limit."""
_CENTS_BELOW = 10
_CENT = 0.01
_LEFT_OUT = "Storage, DMS, Athena, data transfer, VPC endpoints, free tiers and discounts are left out: docs/cost.md."


class Variant(NamedTuple):
    """The same workload with one thing changed, and what ODPF costs then."""

    what: str
    total: float


def variants(workloads: Sequence[Workload], prices: Prices) -> list[Variant]:
    """What moves ODPF's bill, one thing at a time."""
    changed = {
        f"batches of {DEFAULT_BATCH}, a cadence's default": [w.but(batch_size=DEFAULT_BATCH) for w in workloads],
        f"batches of {LARGE_BATCH}: fewer starts, longer runs": [w.but(batch_size=LARGE_BATCH) for w in workloads],
        "small tables on Lambda: compute: lambda": [w.but(compute="lambda") for w in workloads],
        "half as often, the same share changing": [w.but(every_minutes=w.every_minutes * TWICE) for w in workloads],
        "half as many tables with changes": [w.but(changing=w.changing / TWICE) for w in workloads],
        "nothing changes at all": [w.but(changing=0) for w in workloads],
        "a lag metric for every table (TableMetrics=on)": [w.but(table_metrics="on") for w in workloads],
        f"files kept {MONTH} days in staging": [w.but(staging_days=MONTH) for w in workloads],
        f"files kept {YEAR} days (RetentionDays=0: for ever)": [w.but(staging_days=YEAR) for w in workloads],
        "table-cycles that take twice as long": [
            w.but(seconds_per_table=w.seconds_per_table * TWICE) for w in workloads
        ],
        "twice the requests of a Hudi commit": [
            w.but(
                s3_writes_per_commit=w.s3_writes_per_commit * TWICE, s3_reads_per_commit=w.s3_reads_per_commit * TWICE
            )
            for w in workloads
        ],
    }
    found = []
    for what, others in changed.items():
        if list(others) != list(workloads):
            found.append(Variant(what, bill("odpf", "ODPF", (), odpf(others), prices).total))
    return found


def as_document(workloads: Sequence[Workload], prices: Prices, bills: Sequence[Bill]) -> dict[str, Any]:
    """The JSON form."""
    shown = [workload.model_dump() for workload in workloads]
    return {
        "workload": shown[0] if len(shown) == 1 else shown,
        "prices": {"region": prices.region, "as_of": prices.as_of, "currency": "USD"},
        "scenarios": [_scenario(each) for each in bills],
        "variants": [variant._asdict() for variant in variants(workloads, prices)],
    }


def _scenario(shown: Bill) -> dict[str, Any]:
    return {
        "name": shown.name,
        "title": shown.title,
        "assumes": list(shown.assumes),
        "lines": [line._asdict() for line in shown.lines],
        "total": shown.total,
    }


def render(workloads: Sequence[Workload], prices: Prices, bills: Sequence[Bill], *, details: bool) -> RenderableType:
    """For a person, within 100 columns."""
    parts: list[RenderableType] = [Text(_case(each)) for each in workloads]
    parts += [Text(_duration(each), "dim") for each in workloads if each.batches]
    parts.append(_comparison(workloads, prices, bills))
    parts += [Text.assemble(f"{each.title}: ", "; ".join(each.assumes), ".", style="dim") for each in bills]
    parts.append(Text())
    parts += [Text(warning, "yellow") for each in workloads for warning in warnings(each)]
    if details:
        parts.append(_details(bills[0]))
    parts.append(_moves(bills[0], variants(workloads, prices)))
    parts.append(Text(f"List prices of {prices.region} as of {prices.as_of}, to be checked. {_LEFT_OUT}", "dim"))
    return Group(*parts)


def warnings(workload: Workload) -> list[str]:
    """What the figures do not show by themselves."""
    found = []
    seconds = workload.batch_seconds(max(workload.batches)) if workload.batches else 0
    if seconds > workload.every_minutes * MINUTE:
        found.append(f"A batch takes {duration(seconds)}, longer than the cadence: smaller batches, or fewer runs.")
    plan = batch_manager(workload.tables, workload.staged_files).seconds
    if plan > LONGEST_PLAN_SECONDS:
        found.append(
            f"The plan takes {duration(plan)}, longer than a Lambda may: more cadences, or fewer staged files."
        )
    return found


def _case(workload: Workload) -> str:
    changed, files = workload.changed_a_run, plural(round(workload.files), "file")
    every = f"{workload.every_minutes:,.4g} minutes"
    return f"{plural(workload.tables, 'table')} every {every}, {changed:,.4g} of them with changes: {files} a month."


def _duration(workload: Workload) -> str:
    size, number = max(workload.batches), len(workload.batches)
    seconds = duration(workload.batch_seconds(size))
    what = "invocation" if workload.on_lambda else "job run"
    return f"A run with changes starts {plural(number, what)} of up to {plural(size, 'table')}, {seconds} each."


def _comparison(workloads: Sequence[Workload], prices: Prices, bills: Sequence[Bill]) -> RenderableType:
    table = grid(["US dollars a month"], [], "What it costs")
    for each in bills:
        table.add_column(each.title, justify="right")
    for service, costs in by_service(bills, prices).items():
        table.add_row(service, *(_money(cost) for cost in costs))
    tables = sum(each.tables for each in workloads)
    totals = [each.total for each in bills]
    table.add_section()
    table.add_row("Total", *(_money(total) for total in totals), style="bold")
    table.add_row("of one table", *(_money(total / tables) for total in totals))
    table.add_row("against ODPF", *(f"{total / totals[0]:,.1f} x" for total in totals))
    return table


def _details(shown: Bill) -> RenderableType:
    table = grid(["Service", "What"], ["Quantity", "Unit", "USD"], f"What {shown.title}'s bill is made of")
    lines = sorted((line for line in shown.lines if line.cost >= _CENT), key=_by_cost)
    for line in lines:
        table.add_row(line.service, line.what, _quantity(line.quantity), line.unit, f"{line.cost:,.2f}")
    return table


def _by_cost(line: Line) -> float:
    return -line.cost


def _moves(shown: Bill, found: Sequence[Variant]) -> RenderableType:
    table = grid(["With"], ["ODPF costs", "Difference"], "What moves it")
    for variant in found:
        table.add_row(variant.what, _money(variant.total), f"{variant.total - shown.total:+,.0f}")
    return table


def _quantity(amount: float) -> str:
    for size, name in ((10**9, " billion"), (10**6, " million")):
        if amount >= size:
            return f"{amount / size:,.2f}{name}"
    return f"{amount:,.0f}" if amount >= _CENTS_BELOW else f"{amount:,.2f}"


def _money(amount: float) -> str:
    if not amount:
        return NOTHING
    return f"{amount:,.0f}" if amount >= _CENTS_BELOW else f"{amount:,.2f}"
