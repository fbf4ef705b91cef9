"""The program `odpf`: puts the commands together and turns errors into messages and exit statuses."""

from __future__ import annotations

import json
import sys

import typer

from odpf.errors import InvalidConfiguration, InvalidSettings, OdpfError
from odpf_cli.output import ExitStatus, stderr

app = typer.Typer(
    name="odpf",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Keep a data lake in step with operational databases: DMS files on S3 become exact Apache Hudi tables.",
)


def main() -> None:
    """Run the program; an OdpfError becomes its sentence and an exit status, with json also a document."""
    try:
        app()
    except OdpfError as error:
        if "json" in sys.argv or "--output=json" in sys.argv:
            typer.echo(json.dumps({"error": str(error), "kind": type(error).__name__}, ensure_ascii=False))
        stderr.print(f"[bold red]error[/] {error}", highlight=False)
        invalid = isinstance(error, InvalidConfiguration | InvalidSettings)
        sys.exit(ExitStatus.INVALID if invalid else ExitStatus.FAILED)
