"""A skip is a failure where it must be, with `--no-skips`, and wherever CI is set; and what stays together in one process."""

from __future__ import annotations

import os

import pytest

TOGETHER = ("engines", "end_to_end")
"""Folders whose session fixtures are dear."""


def pytest_addoption(parser):
    parser.addoption("--no-skips", action="store_true", help="A skipped test is a failed one.")


def pytest_configure(config):
    if config.getoption("--no-skips") or os.environ.get("CI"):
        config.pluginmanager.register(NoSkips(), "no-skips")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Side by side (make test) one process has the one Spark session, one the program's embedded AWS; a module stays whole."""
    for item in items:
        folder = item.path.parent.name
        item.add_marker(pytest.mark.xdist_group(folder if folder in TOGETHER else item.path.stem))


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
