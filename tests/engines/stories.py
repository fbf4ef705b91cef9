"""Stories: tests that stop at every `yield` until the cadence has run, and are told side by side.

    @story
    def test_a_late_update_changes_nothing(told):
        table = told.table()
        table.load({"id": 1, "v": "loaded"})
        yield
        ...
        assert table.values() == {1: "loaded"}

All stories of a module put their files, one run of one cadence processes all their tables, all stories go on. So a
story costs what its own tables cost, and the tables of a run are many, as in a real cadence.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from odpf.audit import RunSummary
from tests.engines.lake import Lake
from tests.engines.staged_table import StagedTable

Story = Iterator[None]
ARM = "arm"
ARMS = ("spark", "arrow")
"""The engine of a story's tables. In the arms `spark-arrow` and `arrow-spark` it changes with every run, so that each
continues what the other wrote; a module's ARMS, or a story's, say which it is told in."""
MIXED = ("arrow", "spark-arrow", "arrow-spark")
RELEASES = "releases"
"""The arm of Spark alone in which the Hudi release changes with every run; a long test of every story that Spark tells."""


def story(function: Callable[..., Story]) -> Callable[..., None]:
    """Make a test of a story; it fails with what its story failed with."""

    def test(played: dict[str, BaseException | None], request: pytest.FixtureRequest, **parameters: Any) -> None:
        if problem := played[request.node.nodeid]:
            raise problem

    told, *parameters = inspect.signature(function).parameters.values()
    own = [told.replace(name=name) for name in ("played", "request", ARM)]
    test.__signature__ = inspect.Signature([*own, *parameters])  # type: ignore[attr-defined]
    test.__name__, test.__qualname__ = function.__name__, function.__qualname__
    test.__doc__, test.__module__ = function.__doc__, function.__module__
    test.pytestmark = getattr(function, "pytestmark", [])  # type: ignore[attr-defined]
    test.story = function  # type: ignore[attr-defined]
    return test


def arms(*names: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Tell a story in these arms."""

    def mark(test: Callable[..., None]) -> Callable[..., None]:
        test.arms = names  # type: ignore[attr-defined]
        return test

    return mark


class Told:
    """What one story is given: it makes its tables here, and finds the last run's summary."""

    def __init__(self, lake: Lake, cadence: str, name: str, arm: str) -> None:
        self.lake, self._cadence, self._name = lake, cadence, name
        self._engines = ["spark"] if arm == RELEASES else arm.split("-")
        self.tables: list[StagedTable] = []
        self.summary: RunSummary | None = None

    def table(self, name: str | None = None, **options: Any) -> StagedTable:
        """Make and configure a table; without a name it has the story's."""
        number = f"_{len(self.tables) + 1}" if self.tables else ""
        options = {"engine": self._engines[0], **options}
        table = StagedTable(self.lake, name or f"{self._name}{number}", self._cadence, **options)
        self.tables.append(table)
        return table

    def ran(self, summary: RunSummary) -> None:
        """Tell the tables what the run did for them."""
        self.summary = summary
        results = {result.raw_table_name: result for result in summary.tables}
        for table in self.tables:
            table.ran(results.get(table.name))
        if len(self._engines) > 1:
            self._engines.reverse()
            for table in self.tables:
                table.reconfigure(engine=self._engines[0])


def play(lake: Lake, cadence: str, items: list[pytest.Item]) -> dict[str, BaseException | None]:
    """Tell the stories of these tests side by side; returns what each failed with, by node id."""
    ended: dict[str, BaseException | None] = {}
    going: dict[str, tuple[Story, Told]] = {}
    for number, item in enumerate(items):
        parameters = dict(item.callspec.params)  # type: ignore[attr-defined]
        told = Told(lake, cadence, f"{cadence}_{number}", parameters.pop(ARM))
        going[item.nodeid] = (item.obj.story(told, **parameters), told)  # type: ignore[attr-defined]
    while going:
        for node, (scenes, _) in list(going.items()):
            try:
                next(scenes)
            except StopIteration:
                ended[node] = None
            except BaseException as problem:  # noqa: BLE001  it is raised again, in the story's own test
                ended[node] = problem
        going = {node: each for node, each in going.items() if node not in ended}
        if going:
            summary = lake.run(cadence)
            for _, told in going.values():
                told.ran(summary)
    return ended
