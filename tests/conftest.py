"""A skip is a failure where it must be, with `--no-skips`, and wherever CI is set; and what stays together in one process."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from xdist.scheduler import LoadScopeScheduling

TOGETHER = ("engines", "end_to_end")
"""Folders whose session fixtures are dear."""
AFTER = {"test_least_privilege.py": "end_to_end"}
"""Modules that look at what the tests of a folder have left in their process."""
FIRST = (*TOGETHER, "arrow")
"""Folders that take longest: whoever begins them last waits for them alone."""


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="A skipped test is a failed one.")


def pytest_configure(config):
    if config.getoption("--no-skips") or os.environ.get("CI"):
        config.pluginmanager.register(NoSkips(), "no-skips")


def pytest_xdist_make_scheduler(config, log):
    """Side by side (make test) one process has the one Spark session, one the program's embedded AWS; a module stays whole."""
    return ByFolder(config, log)


def pytest_collection_modifyitems(config, items):
    if hasattr(config, "workerinput"):
        order = {name: number for number, name in enumerate(FIRST)}
        items.sort(key=lambda item: order.get(item.path.parent.name, len(order)))


class ByFolder(LoadScopeScheduling):
    """Hands whole modules out, and some whole folders, in the order of the tests and not of their numbers."""

    def __init__(self, config, log):
        config.option.loadscopereorder = False
        super().__init__(config, log)

    def _split_scope(self, nodeid):
        module = Path(nodeid.split("::", 1)[0])
        folder = AFTER.get(module.name, module.parent.name)
        return folder if folder in TOGETHER else str(module)


class NoSkips:
    """Turns skips into failures, of tests and of whole modules."""

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self):
        return _failed_if_skipped((yield))

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(self):
        return _failed_if_skipped((yield))


def _failed_if_skipped(report):
    if report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped where a skip is a failure: {report.longrepr[-1]}"
    return report
