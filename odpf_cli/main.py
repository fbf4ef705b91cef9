"""The program `odpf`: puts the commands together and turns errors into messages and exit statuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from itertools import pairwise

import typer
from rich.markup import escape

from odpf.errors import InvalidConfiguration, InvalidSettings, OdpfError
from odpf_cli import config, dead_letters, dms, epoch, generation, local, quarantine, runs, state, table
from odpf_cli.adopt import adopt
from odpf_cli.console.command import console
from odpf_cli.cost import cost
from odpf_cli.demo import demo
from odpf_cli.doctor.command import doctor
from odpf_cli.explain import explain
from odpf_cli.files import files
from odpf_cli.lint.command import lint
from odpf_cli.logs import logs
from odpf_cli.output import ExitStatus, stderr
from odpf_cli.query import query
from odpf_cli.rebuild import replay, resnapshot
from odpf_cli.reconcile import reconcile
from odpf_cli.report import write_report
from odpf_cli.run import run
from odpf_cli.status import status
from odpf_cli.target import FORGOTTEN, USE_EMBEDDED, endpoint_forgotten
from odpf_cli.unlock import unlock

app = typer.Typer(
    name="odpf",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keep a data lake in step with operational databases: DMS files on S3 become exact Apache Hudi tables.",
)
app.command()(demo)
app.command("report")(write_report)
app.add_typer(local.app, name="local")
app.add_typer(config.app, name="config")
app.add_typer(dms.app, name="dms")
app.add_typer(epoch.app, name="epoch")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(generation.app, name="generation")
app.add_typer(runs.app, name="runs")
app.add_typer(state.app, name="state")
app.add_typer(table.app, name="table")
for command in (
    run,
    status,
    files,
    explain,
    query,
    replay,
    resnapshot,
    adopt,
    unlock,
    cost,
    lint,
    doctor,
    console,
    reconcile,
    logs,
):
    app.command()(command)


def main() -> None:
    """Run the program."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command; an error becomes its sentence, with json also a document, and an exit status."""
    try:
        return int(app(list(arguments), standalone_mode=False) or ExitStatus.DONE)
    except OdpfError as error:
        stderr.print(f"[bold red]error[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        _document(arguments, str(error), type(error).__name__)
        invalid = isinstance(error, InvalidConfiguration | InvalidSettings)
        if not invalid and endpoint_forgotten():
            stderr.print(f"{FORGOTTEN}. {USE_EMBEDDED}", highlight=False, soft_wrap=True)
        return ExitStatus.INVALID if invalid else ExitStatus.FAILED
    except typer.TyperException as error:
        _explain_usage(error)
        _document(arguments, error.format_message(), type(error).__name__)
        return error.exit_code
    except typer.Abort:
        stderr.print("Stopped; nothing was changed.")
        return ExitStatus.FAILED


def _explain_usage(error: typer.TyperException) -> None:
    context, message = getattr(error, "ctx", None), error.format_message()
    if message:  # without arguments the help, already printed, is all there is to say
        stderr.print(f"[bold red]error[/] {escape(message)}", highlight=False)
    if message and context is not None:
        stderr.print(f"{escape(context.get_usage())}\nHelp: {context.command_path} --help", highlight=False)


def _document(arguments: Sequence[str], message: str, kind: str) -> None:
    """With `--output json` stdout is one document, also when something is wrong."""
    if "--output=json" in arguments or ("--output", "json") in pairwise(arguments):
        typer.echo(json.dumps({"error": message, "kind": kind}, ensure_ascii=False))
