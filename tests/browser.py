"""A browser of this machine, without a window."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

_PROGRAMS = ("google-chrome", "google-chrome-stable", "chromium", "chromium-browser")
"""Ubuntu's chromium-browser only leads to a snap, so it is the last."""
_PROGRAM = next(filter(None, map(shutil.which, _PROGRAMS)), None)
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)


@contextmanager
def browsing() -> Iterator[Browser]:
    """Open it while the block runs; without one the test is skipped."""
    if _PROGRAM is None:
        pytest.skip("needs a browser: Chrome, or apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=_PROGRAM, args=["--no-sandbox"] if os.geteuid() == 0 else []
        )
        yield browser
        browser.close()
