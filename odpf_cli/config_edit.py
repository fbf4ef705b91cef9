"""`odpf config edit`: one change of many tables in their files, which stay the truth; nothing is deployed."""

from __future__ import annotations

import difflib
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from rich.console import Group, RenderableType
from rich.text import Text

from config_manager.parse import configuration_files, join, parse_content
from config_manager.validate import check_files
from odpf.errors import InvalidConfiguration
from odpf_cli.config_publish import YesOption, exit_on
from odpf_cli.config_view import render_problems
from odpf_cli.display import plural
from odpf_cli.output import ExitStatus, Output, OutputOption, emit, stderr
from odpf_cli.table_edit import Edit, Edited, edited, read_values

_STYLES = {"+": "green", "-": "red", "@": "cyan"}


class _File(NamedTuple):
    path: Path
    before: bytes
    after: Edited

    def diff(self) -> list[str]:
        before, after = (text.decode("utf-8-sig").splitlines() for text in (self.before, self.after.content))
        return list(difflib.unified_diff(before, after, str(self.path), str(self.path), lineterm=""))


def edit_files(
    path: Annotated[
        Path, typer.Argument(metavar="PATH", help="A YAML or JSON file, or a folder of them.", show_default=False)
    ],
    match: Annotated[
        str | None,
        typer.Option(metavar="PATTERN", help="Source tables: 'shop.*', '*.orders_?'; case counts.", show_default=False),
    ] = None,
    cadence: Annotated[
        str | None, typer.Option(help="Only tables of this refresh cadence.", show_default=False)
    ] = None,
    put: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Write a key; may be repeated.")
    ] = None,
    unset: Annotated[list[str] | None, typer.Option(metavar="KEY", help="Take a key out; may be repeated.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the difference and write nothing.")] = False,
    yes: YesOption = False,
    output: OutputOption = Output.TABLE,
) -> None:
    """Change keys of many tables in the files of PATH: shows the difference, then writes. Comments stay.

    Examples:
        odpf config edit tables/ --match 'shop.*' --set engine=arrow --unset hudi_partition_key

        odpf config edit tables/ --cadence hourly --set refresh_cadence=daily --dry-run
    """
    change = _edit(match, cadence, put or (), unset or ())
    files = _edited(path, change)
    parsed = join(str(path), [parse_content(str(file.path), file.after.content) for file in files])
    problems = check_files(parsed).problems
    changed = [file for file in files if file.after.changed]
    writing = bool(changed) and not problems and not dry_run
    asked = writing and not yes and sys.stdin.isatty()
    if asked:
        stderr.print(_render(changed))
    declined = asked and not typer.confirm("Write this?", err=True)
    if writing and not declined:
        _write(changed)
    document = {
        "selected": [name for file in files for name in file.after.selected],
        "changed": [name for file in changed for name in file.after.changed],
        "files": [
            {"path": str(file.path), "changed": list(file.after.changed), "diff": file.diff()} for file in changed
        ],
        "written": writing and not declined,
        "problems": [problem.model_dump(exclude_none=True) for problem in problems],
    }
    end = Text(_end(files, written=bool(document["written"])), style="bold")
    shown = [] if asked else [_render(changed)]
    emit(output, document, lambda: Group(*(render_problems(problems) if problems else (*shown, end))))
    exit_on(problems)
    if declined:
        raise typer.Exit(ExitStatus.FAILED)


def _edit(match: str | None, cadence: str | None, put: Iterable[str], unset: Iterable[str]) -> Edit:
    values, gone = read_values(list(put)), tuple(unset)
    if match is None and cadence is None:
        raise InvalidConfiguration("Name the tables: --match 'shop.*', --cadence NAME, or both. --match '*' means all.")
    if not values and not gone:
        raise InvalidConfiguration("Name the change: --set key=value, --unset key, or both.")
    if both := sorted(values.keys() & set(gone)):
        raise InvalidConfiguration(f"--set and --unset both name {', '.join(both)}; keep one of them.")
    return Edit(match, cadence, values, gone)


def _edited(path: Path, change: Edit) -> list[_File]:
    """Every file of the path as it would be; files that are not valid YAML or JSON are told before anything is edited."""
    try:
        contents = [(file, file.read_bytes()) for file in configuration_files(path)]
    except OSError as error:
        raise InvalidConfiguration(f"{path} cannot be read: {error.strerror or error}.") from None
    if not contents:
        raise InvalidConfiguration(
            f"{path}: there are no YAML or JSON files. Give a configuration file, or a folder of them."
        )
    before = join(str(path), [parse_content(str(file), content) for file, content in contents])
    if before.problems:
        listed = "; ".join(f"{each.path}: {each.message}" for each in before.problems[:5])
        raise InvalidConfiguration(f"Nothing was edited, the files have problems: {listed}")
    return [_File(file, content, edited(file.name, content, change)) for file, content in contents]


def _write(files: Iterable[_File]) -> None:
    """Each file whole or not at all."""
    for file in files:
        target = file.path.resolve()
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as written:
            written.write(file.after.content)
        os.chmod(written.name, target.stat().st_mode)
        os.replace(written.name, target)


def _render(files: Iterable[_File]) -> RenderableType:
    return Group(*(line for file in files for line in _coloured(file.diff())))


def _coloured(lines: Iterable[str]) -> Iterator[Text]:
    for line in lines:
        yield Text(line, style=_STYLES.get(line[:1], ""))


def _end(files: Iterable[_File], *, written: bool) -> str:
    files = list(files)
    selected = sum(len(file.after.selected) for file in files)
    changed = sum(len(file.after.changed) for file in files)
    what = "written; next: odpf config plan" if written else "nothing written"
    return f"{plural(selected, 'table')} selected, {changed:,} changed in {plural(sum(bool(f.after.changed) for f in files), 'file')}; {what}"
