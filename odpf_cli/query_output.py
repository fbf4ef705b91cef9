"""An answer in the form that is asked for: a table, CSV, one JSON document, or a Parquet file."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from odpf.adapters.athena import QueryResult
from odpf.errors import InvalidSettings, TerminalError
from odpf_cli.output import stdout
from odpf_cli.query_values import base_type, documents, is_number
from odpf_cli.query_view import render


class QueryOutput(StrEnum):
    """Form of a query's answer."""

    TABLE = "table"
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def refuse_unwritable(output: QueryOutput, into: Path | None) -> None:
    """Refuse before anything is asked what could not be written afterwards.

    Raises:
        InvalidSettings: with what to do.
    """
    if output is QueryOutput.PARQUET and into is None:
        raise InvalidSettings("A Parquet file is not for a terminal. Say where it goes: --into FILE.parquet")
    if into is not None and not into.absolute().parent.is_dir():
        raise InvalidSettings(f"There is no folder {into.absolute().parent}. Make it, or give another --into.")


def write(result: QueryResult, output: QueryOutput, into: Path | None, below: str) -> None:
    """Write an answer to stdout, or into a file; with a file only whole ones."""
    if into is None:
        _to_stdout(result, output, below)
        return
    part = into.with_name(f"{into.name}.part")
    try:
        if output is QueryOutput.PARQUET:
            _to_parquet(result, part)
        else:
            part.write_text(_text(result, output), encoding="utf-8")
        part.replace(into)
    except OSError as error:
        raise TerminalError(f"{into} cannot be written: {error}. Give another --into.") from None
    finally:
        part.unlink(missing_ok=True)


def as_csv(result: QueryResult) -> str:
    """As Athena writes its own results: values in quotes, null as nothing."""
    names = [column.name for column in result.columns]
    rows = [list(row.values()) for row in documents(result)]
    lines = (",".join(map(_quoted, row)) for row in [names, *rows])
    return "".join(f"{line}\n" for line in lines)


def _to_stdout(result: QueryResult, output: QueryOutput, below: str) -> None:
    if output is QueryOutput.TABLE:
        shown = render(result, documents(result), stdout.width, below)
        if sys.stdout.isatty() and sys.stdin.isatty() and len(result.rows) > stdout.height:
            with stdout.pager(styles=False):
                stdout.print(shown)
        else:
            stdout.print(shown)
    else:
        typer.echo(_text(result, output), nl=False)


def _text(result: QueryResult, output: QueryOutput) -> str:
    if output is QueryOutput.CSV:
        return as_csv(result)
    if output is QueryOutput.JSON:
        return json.dumps(documents(result), ensure_ascii=False, indent=2) + "\n"
    console = Console(width=stdout.width, no_color=True)
    with console.capture() as captured:
        console.print(render(result, documents(result), console.width, ""))
    return captured.get()


def _quoted(value: Any) -> str:
    if value is None:
        return ""
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return '"' + text.replace('"', '""') + '"'


def _to_parquet(result: QueryResult, file: Path) -> None:
    try:
        import pyarrow as pa  # noqa: PLC0415  what no other form of an answer needs
        import pyarrow.parquet as pq  # noqa: PLC0415
    except ImportError:
        raise TerminalError("Parquet needs pyarrow: pip install 'odpf[job]'. Or ask for --output csv.") from None
    columns = zip(*result.rows, strict=True) if result.rows else ([] for _ in result.columns)
    arrays = []
    for column, texts in zip(result.columns, columns, strict=True):
        kind = _arrow_type(pa, column.type)
        convert = _PYTHON.get(base_type(column.type), str)
        arrays.append(pa.array([None if text is None else convert(text) for text in texts], kind))
    pq.write_table(pa.Table.from_arrays(arrays, [column.name for column in result.columns]), file)


def _arrow_type(pa: Any, athena_type: str) -> Any:
    base = base_type(athena_type)
    if base == "decimal":
        precision, scale = athena_type.partition("(")[2].rstrip(") ").split(",") if "(" in athena_type else ("38", "0")
        return pa.decimal128(int(precision), int(scale))
    if is_number(athena_type):
        return {"real": pa.float32(), "float": pa.float32(), "double": pa.float64()}.get(base, pa.int64())
    named = {"boolean": pa.bool_(), "date": pa.date32(), "timestamp": pa.timestamp("us"), "varbinary": pa.binary()}
    return named.get(base, pa.string())


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text[:26])


def _bytes(text: str) -> bytes:
    return bytes.fromhex(text)


_PYTHON: dict[str, Callable[[str], Any]] = {
    **dict.fromkeys(("tinyint", "smallint", "int", "integer", "bigint"), int),
    **dict.fromkeys(("real", "float", "double"), float),
    "decimal": Decimal,
    "boolean": lambda text: text.lower() == "true",
    "date": date.fromisoformat,
    "timestamp": _moment,
    "varbinary": _bytes,
}
