"""The page of a benchmark's run: goals, charts, tables. Collected where `make bench` has installed what draws."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from benchmarks.page import as_page
from benchmarks.report import as_document
from tests.benchmarks.test_goals import FOUND


class Cells(HTMLParser):
    def __init__(self):
        super().__init__()
        self.rows, self.inside = [], False

    def handle_starttag(self, tag, _):
        if tag == "tr":
            self.rows.append([])
        self.inside = tag in ("td", "th")

    def handle_data(self, data):
        if self.inside and self.rows:
            self.rows[-1].append(data.strip())


def test_the_page_has_a_line_a_goal_and_its_charts_in_itself():
    text = as_page(as_document(FOUND))
    cells = Cells()
    cells.feed(text)
    assert ["C4", "read units (3,000)", "90", "<= 60", "missed"] in [
        [each for each in row if each] for row in cells.rows
    ]
    assert text.count("<svg") == text.count("</svg>") >= 2
    assert re.findall(r"(?:src|href)=\"http[^\"]*", text) == []
