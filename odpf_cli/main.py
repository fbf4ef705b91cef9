"""The program `odpf`: puts the commands together and turns errors into messages and exit statuses."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

import typer
from rich.markup import escape

from odpf.errors import InvalidConfiguration, InvalidSettings, OdpfError
from odpf_cli.output import ExitStatus, stderr
from odpf_cli.target import FORGOTTEN, USE_EMBEDDED, endpoint_forgotten

COMMANDS = {
    "demo": "odpf_cli.demo:demo",
    "run": "odpf_cli.run:run",
    "status": "odpf_cli.status:status",
    "runs": "odpf_cli.runs:app",
    "logs": "odpf_cli.logs:logs",
    "report": "odpf_cli.report:write_report",
    "files": "odpf_cli.files:files",
    "explain": "odpf_cli.explain:explain",
    "query": "odpf_cli.query:query",
    "console": "odpf_cli.console.command:console",
    "config": "odpf_cli.config:app",
    "table": "odpf_cli.table:app",
    "quarantine": "odpf_cli.quarantine:app",
    "dead-letters": "odpf_cli.dead_letters:app",
    "replay": "odpf_cli.rebuild:replay",
    "resnapshot": "odpf_cli.rebuild:resnapshot",
    "generation": "odpf_cli.generation:app",
    "unlock": "odpf_cli.unlock:unlock",
    "reconcile": "odpf_cli.reconcile:reconcile",
    "adopt": "odpf_cli.adopt:adopt",
    "lint": "odpf_cli.lint.command:lint",
    "doctor": "odpf_cli.doctor.command:doctor",
    "cost": "odpf_cli.cost:cost",
    "epoch": "odpf_cli.epoch:app",
    "state": "odpf_cli.state:app",
    "local": "odpf_cli.local:app",
    "dms": "odpf_cli.dms:app",
}
"""Every command, and where it is: a module and its function, or the group of commands that it has."""


def program(only: str | None = None) -> typer.Typer:
    """The program: with the name of a command that command alone, which starts without the libraries of all the others.

    Args:
        only: a name; one that no command has is None.
    """
    app = typer.Typer(name="odpf", no_args_is_help=True, pretty_exceptions_enable=False)
    app.callback(
        help="Keep a data lake in step with operational databases: DMS files on S3 become exact Apache Hudi tables."
    )(_nothing)
    for name in [only] if only in COMMANDS else COMMANDS:
        module, attribute = COMMANDS[name].split(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def _nothing() -> None:
    """What comes before every command; with it the program has commands, and is none itself, also when it has one."""


def main() -> None:
    """Run the program."""
    sys.exit(execute(sys.argv[1:]))


def execute(arguments: Sequence[str]) -> int:
    """Run one command; an error becomes its sentence, with json also a document, and an exit status."""
    try:
        app = program(next(iter(arguments), None))
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
