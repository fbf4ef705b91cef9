"""One HTML page of a run: goals, charts, tables. Nothing is fetched, so the file can be kept and sent."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from html import escape
from statistics import median
from typing import Any

import matplotlib as mpl
from markdown_it import MarkdownIt
from matplotlib.figure import Figure

from benchmarks.goals import Goal, goals
from benchmarks.report import TITLES, as_markdown

mpl.rcParams.update(
    {"svg.fonttype": "none", "svg.hashsalt": "odpf", "font.size": 9, "axes.grid": True, "grid.alpha": 0.3}
)
_STYLE = """
:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --bad: #cf222e; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid var(--line); padding: .25rem .7rem; text-align: left; vertical-align: top; }
.met { color: var(--good); } .missed { color: var(--bad); font-weight: 600; }
td.goal { white-space: nowrap; }
figure { display: inline-block; margin: 0 1rem 1rem 0; background: #fff; color: #000; }
div.wide { overflow-x: auto; }
"""


def as_page(document: dict[str, Any]) -> str:
    """The page."""
    found = goals(document)
    charts = "".join(f"<figure>{_svg(figure)}</figure>" for figure in _charts(document))
    tables = MarkdownIt().enable("table").render(as_markdown(document))
    return (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>ODPF benchmarks</title><style>{_STYLE}</style><h1>ODPF benchmarks</h1>"
        "<p>Ratios, counts and CPU seconds of one interleaved run; every result with a time was compared with its source.</p>"
        f'<h2>Goals</h2>{_told(found)}<h2>Charts</h2>{charts}<h2>Figures</h2><div class="wide">{tables}</div></html>'
    )


def _told(found: Sequence[Goal]) -> str:
    met, missed = (sum(goal.is_met is which for goal in found) for which in (True, False))
    rows = "".join(
        f"<tr><td>{goal.id}</td><td>{escape(goal.what)}</td><td>{escape(goal.figure)}</td>"
        f'<td class="goal">{escape(goal.goal)}</td>'
        f'<td class="{_verdict(goal)}">{_verdict(goal)}</td></tr>'
        for goal in found
    )
    heading = "<tr><th></th><th>what</th><th>figure</th><th>goal</th><th></th></tr>"
    return f"<p>{met} met, {missed} missed.</p><table>{heading}{rows}</table>"


def _verdict(goal: Goal) -> str:
    return {True: "met", False: "missed", None: ""}[goal.is_met]


def _charts(document: dict[str, Any]) -> Iterator[Figure]:
    series = [each for each in document.get("cycles", []) if each["measured"] and each["system"] in TITLES]
    changes = max((each["changes"] for each in series if each["changes"] <= 1_000), default=0)
    of = [each for each in series if each["changes"] == changes and changes]
    for field, title in (("cpu_seconds", "CPU seconds"), ("wall_seconds", "seconds")):
        if len({each["rows"] for each in of}) > 1:
            yield _lines(of, field, f"{title} of a cycle of {changes:,} changes")
    one = document.get("one_table", {})
    if cycles := one.get("cycles"):
        figure, axes = _figure("CPU seconds of one table, cycle by cycle", "cycle")
        axes.plot([each["measured"]["cpu_seconds"] for each in cycles], linewidth=0.8)
        yield figure
    if batches := one.get("batches"):
        figure, axes = _figure("seconds of a batch of many files", "files")
        axes.plot([b["files"] for b in batches], [b["measured"]["wall_seconds"] for b in batches], marker="o")
        yield figure
    if found := document.get("makespan"):
        figure, axes = _figure("makespan of 3,000 tables / lower bound", "cycle; 0 is packed by count")
        for each in found:
            cycles = [each["by_count"], *each["cycles"]]
            axes.plot(
                [c["makespan"] / c["bound"] for c in cycles], marker="o", label=f"batches of {each['batch_size']}"
            )
        axes.axhline(1.3, color="#cf222e", linestyle=":", label="goal")
        axes.legend()
        yield figure


def _lines(series: Sequence[dict[str, Any]], field: str, title: str) -> Figure:
    figure, axes = _figure(title, "rows of the table")
    for system in dict.fromkeys(each["system"] for each in series):
        own = [each for each in series if each["system"] == system]
        values = [median(one[field] for one in each["measured"]) for each in own]
        axes.plot([each["rows"] for each in own], values, marker="o", label=TITLES[system])
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.legend()
    return figure


def _figure(title: str, x: str) -> tuple[Figure, Any]:
    figure = Figure(figsize=(5.2, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.set_title(title)
    axes.set_xlabel(x)
    return figure, axes


def _svg(figure: Figure) -> str:
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type")))
    return text.getvalue().partition("?>")[2].partition('svg11.dtd">')[2]
