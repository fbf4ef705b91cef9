"""`odpf lint`: checks settings of DMS and of the deployment before they cost data."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from odpf.adapters.aws import Aws
from odpf.clock import utc_now
from odpf.errors import TerminalError
from odpf.settings import Settings
from odpf.states import Severity
from odpf_cli.lint.facts import NOT_ASKED, Deployment, Files, facts_of, look_at, without_deployment
from odpf_cli.lint.finding import Finding
from odpf_cli.lint.rule import Unknown, findings
from odpf_cli.lint.rules import chosen
from odpf_cli.lint.sarif import as_sarif
from odpf_cli.lint.view import render, render_rules, rules_document
from odpf_cli.output import ExitStatus, Output, emit


class LintOutput(StrEnum):
    """Form of the findings."""

    TABLE = "table"
    JSON = "json"
    SARIF = "sarif"


def lint(
    endpoint_settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of the DMS S3 endpoint: JSON, bare or below S3Settings, or as describe-endpoints prints them; or attributes `name=value;...`.",
            show_default=False,
        ),
    ] = None,
    task_settings: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Settings of a DMS task: JSON, or as describe-replication-tasks prints them.",
            show_default=False,
        ),
    ] = None,
    table_mappings: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILE", help="Table mappings of a DMS task; several times for several tasks.", show_default=False
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="PATH",
            help="Table configuration to compare mappings with, in place of the deployed one.",
            show_default=False,
        ),
    ] = None,
    deployment: Annotated[
        bool,
        typer.Option("--deployment/--no-deployment", help="Also look at configured tables, runtimes, permissions."),
    ] = True,
    rule: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Only this rule; several times for several.", show_default=False),
    ] = None,
    ignore: Annotated[
        list[str] | None,
        typer.Option(metavar="RULE", help="Not this rule; several times for several.", show_default=False),
    ] = None,
    rules: Annotated[bool, typer.Option("--rules", help="List all rules with their reasons.")] = False,
    output: Annotated[LintOutput, typer.Option("--output", help="Form of the result on stdout.")] = LintOutput.TABLE,
) -> int:
    """Check settings of DMS, and of the deployment, before they cost data. Exit status 1 with an error among the findings.

    A setting whose file is not given is told as unchecked. Nothing is written.

    Examples:
        odpf lint --endpoint-settings endpoint.json --task-settings task.json --table-mappings mappings.json

        odpf lint --no-deployment --table-mappings crm.json --table-mappings shop.json --output sarif
    """
    asked = chosen(rule or (), ignore or ())
    if rules:
        emit(_plain(output), rules_document(asked), lambda: render_rules(asked))
        return ExitStatus.DONE
    files = Files(endpoint_settings, task_settings, table_mappings or (), config)
    facts_of(files, without_deployment(NOT_ASKED))  # a file that cannot be read is told before anybody is asked
    found = findings(asked, facts_of(files, _deployment() if deployment else without_deployment(NOT_ASKED)))
    if output is LintOutput.SARIF:
        typer.echo(json.dumps(as_sarif(asked, found), ensure_ascii=False, indent=2))
    else:
        emit(_plain(output), as_document(found), lambda: render(found))
    return ExitStatus.FAILED if any(each.severity is Severity.ERROR for each in found) else ExitStatus.DONE


def as_document(found: list[Finding]) -> dict[str, Any]:
    """The JSON form of the output contract."""
    return {"findings": [each.model_dump(mode="json") for each in found]}


def _plain(output: LintOutput) -> Output:
    return Output.TABLE if output is LintOutput.TABLE else Output.JSON


def _deployment() -> Deployment:
    """What can be seen from here; without a Region or credentials that is this program."""
    aws = Aws(Settings.from_environment(), component="operator")
    try:
        return look_at(aws, utc_now())
    except TerminalError as error:
        return without_deployment(
            Unknown(f"No deployment was reached. {error}", "Set AWS_ENDPOINT_URL, or AWS_PROFILE.")
        )
