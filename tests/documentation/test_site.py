"""The site is built without a warning, which includes links and anchors, and needs no server but its own."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.architecture.source_tree import ROOT
from tests.browser import browsing

pytestmark = pytest.mark.more

MKDOCS = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([*MKDOCS, "--site-dir", folder], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def pages(site):
    return {page: page.read_text() for page in site.rglob("*.html")}


def test_nothing_is_loaded_from_elsewhere(site):
    loaded = re.compile(
        r'<(?:script|img|iframe)[^>]+src="(https?:[^"]+)"|<link[^>]+rel="stylesheet"[^>]+href="(https?:[^"]+)"'
    )
    assert {page.name: found for page, text in pages(site).items() if (found := loaded.findall(text))} == {}


def test_pages_with_diagrams_bring_what_draws_them(site):
    drawn = {page: text for page, text in pages(site).items() if 'class="mermaid"' in text}
    assert "concepts.html" in {page.name for page in drawn}
    for page, text in drawn.items():
        (script,) = re.findall(r'src="([^"]*mermaid[^"]*)"', text)
        assert (page.parent / script).exists()
        assert text.index("mermaid.min.js") < text.index("assets/javascripts/bundle")


def test_every_page_of_docs_is_in_the_site(site):
    names = {path.relative_to(ROOT / "docs").with_suffix(".html") for path in (ROOT / "docs").rglob("*.md")}
    wanted = {Path(*name.parts[:-1], "index.html") if name.name == "README.html" else name for name in names}
    assert wanted <= {page.relative_to(site) for page in pages(site)}


def test_the_search_needs_no_server(site):
    with browsing() as browser:
        page = browser.new_page()
        page.goto((site / "start.html").as_uri())
        page.locator(".md-search__input").fill("release a quarantined file")
        expect(page.locator(".md-search-result__item").first).to_contain_text("quarantine", ignore_case=True)
