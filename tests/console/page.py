"""A page on a console: opened in a profile of its own, looked at by axe, kept as a picture in build/console."""

from __future__ import annotations

import re
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import PATIENCE_MS
from tests.console.serving import Serving

PICTURES = Path(__file__).parents[2] / "build" / "console"
WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 800, "height": 800}


class opened:  # noqa: N801  reads as the `with` statement it is
    """A page on a console, in a browser profile of its own."""

    def __init__(self, chromium: Browser, server: Serving, **options: object) -> None:
        self.context = chromium.new_context(**{"viewport": WIDE, **options})
        self.page, self.errors = self.context.new_page(), list[str]()
        self.page.set_default_timeout(PATIENCE_MS)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda said: self.errors.append(said.text) if "Content Security" in said.text else None)
        self.page.goto(server.link)
        expect(self.page.locator("#fresh")).not_to_have_text(re.compile("^(reading|$)"))  # the first facts have come

    def __enter__(self) -> Page:
        return self.page

    def __exit__(self, *_: object) -> None:
        self.context.close()
        assert self.errors == []


def picture(page: Page, name: str) -> None:
    """Keep what it looks like."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png")


def accessible(page: Page, *rules: str) -> list[str]:
    """What axe finds wrong; with these rules alone, or with all of them."""
    found = Axe().run(page, options={"runOnly": list(rules)} if rules else None)
    return [f"{each['id']}: {node['html'][:120]}" for each in found.response["violations"] for node in each["nodes"]]


def row(page: Page, text: str) -> Locator:
    """A row of a table that has this text."""
    return page.locator("tr[data-key]").filter(has_text=text)
