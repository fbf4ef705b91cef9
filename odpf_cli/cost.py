"""`odpf cost`: what a month of a workload costs on AWS, and what the same work costs by other means."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.settings import Settings
from odpf_cli.cost_deployed import deployed as deployed_workloads
from odpf_cli.cost_others import compared
from odpf_cli.cost_prices import read_prices, shipped
from odpf_cli.cost_report import as_document, render
from odpf_cli.cost_workload import Workload, minutes
from odpf_cli.output import Output, OutputOption, emit

_CASE = Workload()


def cost(
    tables: Annotated[int, typer.Option(min=1, help="Active tables.")] = _CASE.tables,
    changing: Annotated[
        float, typer.Option(min=0, max=1, help="Share of them that have change files at a run.")
    ] = _CASE.changing,
    every: Annotated[str, typer.Option(metavar="INTERVAL", help="10m, 1h, 1d, or rate(10 minutes).")] = "10m",
    files_per_table: Annotated[
        float, typer.Option(min=1, help="Change files of a changing table at a run.")
    ] = _CASE.files_per_table,
    batch_size: Annotated[
        int, typer.Option(min=1, max=500, help="Tables of a job run: refresh_tables_batch_size.")
    ] = _CASE.batch_size,
    staging_days: Annotated[float, typer.Option(min=0, help="Days that files stay in staging.")] = _CASE.staging_days,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Any other value of the workload: docs/cost.md lists them."),
    ] = None,
    deployed: Annotated[
        bool, typer.Option("--deployed", help="Tables and cadences of this deployment, rates of yesterday's runs.")
    ] = False,
    region: Annotated[str, typer.Option(help="Region of the prices.")] = "us-east-1",
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Other prices; begin with --show-prices.", show_default=False)
    ] = None,
    show_prices: Annotated[bool, typer.Option("--show-prices", help="Print the price file and end.")] = False,
    details: Annotated[bool, typer.Option("--details", help="Also every line of ODPF's bill.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Reckon what a month costs: ODPF, the original AWS framework, and one Glue job per table.

    Example:
        odpf cost --tables 500 --changing 0.2 --every 1h --region eu-west-1
    """
    if show_prices:
        typer.echo(shipped(), nl=False)
        return
    found = read_prices(region, prices)
    base = Workload.given(
        {
            "tables": tables,
            "changing": changing,
            "every_minutes": minutes(every),
            "files_per_table": files_per_table,
            "batch_size": batch_size,
            "staging_days": staging_days,
        },
        settings or [],
    )
    workloads = _deployed(base) if deployed else [base]
    bills = compared(workloads, found)
    emit(output, as_document(workloads, found, bills), lambda: render(workloads, found, bills, details=details))


def _deployed(base: Workload) -> list[Workload]:
    aws = Aws(Settings.from_environment(), component="operator")
    return deployed_workloads(aws.config, aws.audit, base, utc_now())
