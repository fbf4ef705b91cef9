"""A report as one HTML page. Nothing is fetched, so the file can be kept and sent."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from html import escape

from odpf_cli.display import duration, number, plural, size
from odpf_cli.report_chart import Point, Span, bars, over_time
from odpf_cli.report_facts import Report, RunFact
from odpf_cli.status_selection import needs_a_person

MOST_ROWS = 200
"""Of a table on the page; what is left out is told."""
_MOST_BARS = 20
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --soft: #8882; --dot: #0969da; --bad: #cf222e; --good: #1a7f37; }
@media (prefers-color-scheme: dark) { :root { --dot: #58a6ff; --bad: #ff7b72; --good: #56d364; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; } h3 { margin: 1.5rem 0 .3rem; }
table { border-collapse: collapse; margin: .5rem 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .2rem .8rem .2rem 0; text-align: left; vertical-align: top; }
td.n, th.n { text-align: right; } .bad { color: var(--bad); } .good { color: var(--good); }
.figures { display: flex; flex-wrap: wrap; gap: .8rem; padding: 0; }
.figures li { list-style: none; background: var(--soft); border-radius: 6px; padding: .5rem 1rem; }
.figures b { display: block; font-size: 1.5rem; }
div.wide { overflow-x: auto; } svg { max-width: 100%; height: auto; }
svg text { fill: currentColor; font: 11px system-ui, sans-serif; } svg .grid { stroke: var(--line); }
svg .dot, svg .bar { fill: var(--dot); } svg circle.bad { fill: var(--bad); } svg .stem { stroke: var(--soft); stroke-width: 2; }
"""


def as_page(found: Report) -> str:
    """The page."""
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>{escape(found.deployment)}: report</title><style>{_STYLE}</style>"
        f"<h1>{escape(found.deployment)}</h1><p>{_minute(found.since)} to {_minute(found.until)} UTC</p>"
        f"{''.join(_parts(found))}</html>"
    )


def _parts(found: Report) -> Iterator[str]:
    yield _figures(found)
    span = Span(datetime.fromisoformat(found.since), datetime.fromisoformat(found.until))
    yield "<h2>Runs</h2>"
    if not found.runs:
        yield "<p>No run had work in this time.</p>"
    elif found.failures:
        yield '<p>Runs with a table that failed are <span class="bad">red</span>.</p>'
    for cadence in sorted({run.refresh_cadence for run in found.runs}):
        yield from _cadence(cadence, [run for run in found.runs if run.refresh_cadence == cadence], span)
    yield from _lag(found)
    yield from _tables(found)
    yield from _failures(found)
    yield from _quarantine(found)


def _figures(found: Report) -> str:
    trouble = sum(map(needs_a_person, found.status))
    figures = [
        (number(len(found.runs)), "runs with work", ""),
        (number(sum(run.rows_read for run in found.runs)), "rows read", ""),
        (size(sum(run.bytes for run in found.runs)), f"in {plural(sum(run.files for run in found.runs), 'file')}", ""),
        (number(len(found.failures)), "failures", "bad" if found.failures else "good"),
        (number(trouble), f"of {plural(len(found.status), 'table')} need a person now", "bad" if trouble else "good"),
        (number(len(found.quarantine)), "files in quarantine", "bad" if found.quarantine else "good"),
    ]
    items = (f'<li><b class="{kind}">{escape(value)}</b>{escape(what)}</li>' for value, what, kind in figures)
    return f'<ul class="figures">{"".join(items)}</ul>'


def _cadence(name: str, runs: Sequence[RunFact], span: Span) -> Iterator[str]:
    yield f"<h3>{escape(name)}: {plural(len(runs), 'run')}</h3>"
    yield _chart("How long runs took", [_point(run, run.seconds, duration(run.seconds)) for run in runs], span)
    delays = [(run, run.delay_seconds) for run in runs if run.delay_seconds is not None]
    if delays:
        points = [_point(run, seconds, f"{duration(seconds)} behind") for run, seconds in delays]
        yield _chart("How far tables were behind the source when they were done (median)", points, span)
    rows = [_point(run, float(run.rows_read), f"{number(run.rows_read)} rows") for run in runs]
    yield f"<p>Rows read</p>{over_time(rows, span, lambda value: number(round(value)))}"


def _chart(title: str, points: Sequence[Point], span: Span) -> str:
    return f"<p>{escape(title)}</p>{over_time(points, span, duration, are_seconds=True)}"


def _point(run: RunFact, value: float, told: str) -> Point:
    failed = f", {run.tables_failed} failed" if run.tables_failed else ""
    at = datetime.fromisoformat(run.ended_at)
    return Point(at, value, f"{run.run_id}: {told}, {plural(run.tables, 'table')}{failed}", bool(run.tables_failed))


def _lag(found: Report) -> Iterator[str]:
    lagging = sorted(
        (entry for entry in found.status if entry.pending_files), key=lambda entry: -entry.freshness_lag_seconds
    )
    yield "<h2>Lag now</h2>"
    if not lagging:
        yield "<p>Nothing waits.</p>"
        return
    yield f"<p>{plural(len(lagging), 'table')} have files that wait{_of_most(len(lagging), _MOST_BARS)}.</p>"
    yield bars([(each.source_table_name, each.freshness_lag_seconds) for each in lagging[:_MOST_BARS]], duration)


def _tables(found: Report) -> Iterator[str]:
    yield f"<h2>Tables</h2><p>{plural(len(found.tables), 'table')} had work{_of_most(len(found.tables), MOST_ROWS)}.</p>"
    now = {entry.source_table_name: entry.word for entry in found.status}
    yield _grid(
        ["Table", "Cadence", "Now", "Runs", "Failures", "Rows", "Files", "Bytes", "Behind at most"],
        (
            (
                table.source_table_name,
                table.refresh_cadence,
                now.get(table.source_table_name) or "-",
                number(table.runs),
                number(table.failures),
                number(table.rows_read),
                number(table.files),
                size(table.bytes),
                duration(table.delay_seconds),
            )
            for table in found.tables[:MOST_ROWS]
        ),
        numbers=6,
    )


def _failures(found: Report) -> Iterator[str]:
    if found.failures:
        yield f"<h2>Failures</h2><p>Newest first{_of_most(len(found.failures), MOST_ROWS)}.</p>"
        rows = (
            (_minute(f.at), f.source_table_name, f.run_id, f.error or str(f.outcome))
            for f in found.failures[:MOST_ROWS]
        )
        yield _grid(["At (UTC)", "Table", "Run", "Error"], rows)


def _quarantine(found: Report) -> Iterator[str]:
    if found.quarantine:
        yield f"<h2>In quarantine now</h2><p>Newest first{_of_most(len(found.quarantine), MOST_ROWS)}.</p>"
        rows = (
            (_minute(file.done_at), file.source_table_name, file.path, file.reason or "")
            for file in found.quarantine[:MOST_ROWS]
        )
        yield _grid(["Since (UTC)", "Table", "File", "Reason"], rows)


def _grid(names: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = 0) -> str:
    """A table whose last columns are numbers."""
    first = len(names) - numbers

    def cells(tag: str, values: Sequence[str]) -> str:
        kinds = (' class="n"' if place >= first else "" for place in range(len(values)))
        return "".join(f"<{tag}{kind}>{escape(value)}</{tag}>" for kind, value in zip(kinds, values, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    return f'<div class="wide"><table><tr>{cells("th", names)}</tr>{body}</table></div>'


def _of_most(count: int, most: int) -> str:
    return f"; {most} of {count:,} are shown" if count > most else ""


def _minute(moment: str | None) -> str:
    return f"{datetime.fromisoformat(moment):%Y-%m-%d %H:%M}" if moment else "-"
