"""`odpf demo`: the reference demonstration, from nothing to validated counts, in an embedded AWS of its own."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from odpf.adapters.aws import Aws
from odpf.settings import Settings
from odpf_cli.demo_report import DemoResult, render
from odpf_cli.demo_steps import DATABASE, Demonstration
from odpf_cli.display import duration
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, note
from odpf_local.aws import running
from odpf_local.aws.running import Running
from odpf_local.dms.taxi import TABLES, TaxiSource

_HERE = 'eval "$(odpf local env)"'


def demo(
    rows: Annotated[int, typer.Option(min=1, help="Rows of each table.")] = 10_000,
    tables: Annotated[int, typer.Option(min=1, max=TABLES, help="How many of the tables.")] = TABLES,
    parquet: Annotated[
        Path | None,
        typer.Option(help="A yellow_tripdata_*.parquet to take the rows from.", exists=True, dir_okay=False),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the embedded AWS running, to look around.")] = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Load taxi trips, change them, refresh twice, and compare the lake with the source.

    Example:
        odpf demo --rows 100000
    """
    began = time.monotonic()
    source = TaxiSource(tables=tables, rows=rows, parquet_file=parquet)
    with _interrupted_by_sigterm(), _folder(keep) as folder, _embedded(folder, keep, began) as instance:
        result = Demonstration.of(Aws(Settings.from_environment(), component="demo"), source).play(began)
        emit(output, result.model_dump(mode="json"), lambda: render(result))
        _what_next(result, instance, folder, keep)
    raise typer.Exit(ExitStatus.DONE if result.ok else ExitStatus.FAILED)


@contextmanager
def _embedded(folder: Path, keep: bool, began: float) -> Iterator[Running]:
    """An instance of its own, which this process's environment points at until it is stopped."""
    finished = False
    try:
        instance = running.launch(folder, tell=note)
        note(f"[bold]embedded AWS[/] ready at {instance.endpoint_url}, {duration(time.monotonic() - began)}")
        with _environment(instance.environment):
            yield instance
        finished = True
    finally:
        if not (keep and finished):
            running.stop(folder)


@contextmanager
def _environment(variables: dict[str, str]) -> Iterator[None]:
    """Nothing of the user's own AWS account may be in reach of the demonstration."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(variables | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


@contextmanager
def _folder(keep: bool) -> Iterator[Path]:
    """A temporary folder; its logs are worth keeping when something went wrong."""
    folder = Path(tempfile.mkdtemp(prefix="odpf-demo-"))
    try:
        yield folder
    except KeyboardInterrupt:
        note("Interrupted; the embedded AWS and its job runs have ended.")
        shutil.rmtree(folder, ignore_errors=True)
        raise
    except Exception:
        note(f"Logs of the embedded AWS and its job runs: {folder / running.STATE_FOLDER}")
        raise
    if not keep:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """End in good order on SIGTERM too: the embedded AWS and its jobs are processes of their own."""

    def interrupt(number: int, frame: object) -> None:  # noqa: ARG001  signal's signature
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _what_next(result: DemoResult, instance: Running, folder: Path, keep: bool) -> None:
    newest = f"FROM {DATABASE}.{result.tables[-1].source_table_name.split('.')[-1]} ORDER BY pk_id DESC LIMIT 1"
    query = f'odpf query "SELECT * {newest}"'
    note("")
    if keep:
        note(f"It goes on at {instance.endpoint_url}. Look around:")
        lines = [f"cd {folder}", _HERE, "odpf status", query, "odpf local down"]
    else:
        note("Try it with your own files:")
        lines = ["odpf local up --detach", _HERE, "odpf config apply examples/taxi", "odpf dms generate --help"]
    if not shutil.which("odpf"):
        lines.insert(0, f". {Path(sys.prefix)}/bin/activate")
    for line in lines:
        note(f"  {escape(line)}")
