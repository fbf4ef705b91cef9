"""What the site has beside the pages of docs/: pages that lie elsewhere, and scripts (docs/theme/scripts.py).

Material would load them from public servers where the site does not bring its own.
"""

from __future__ import annotations

import sys
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page
from mkdocs.utils import get_relative_url

ROOT = Path(__file__).parents[2]
SCRIPTS = Path(sys.prefix) / "share" / "odpf"
MERMAID = "assets/mermaid.min.js"
ASSETS = (MERMAID, "assets/iframe-worker.min.js")
ELSEWHERE = {"changelog.md": "CHANGELOG.md", "benchmarks.md": "benchmarks/README.md"}
"""Pages of the site by the file of the project that they are."""


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Bring in what does not lie below docs/."""
    for page, path in ELSEWHERE.items():
        files.append(File.generated(config, page, content=(ROOT / path).read_text()))
    for asset in ASSETS:
        files.append(File.generated(config, asset, abs_src_path=str(SCRIPTS / Path(asset).name)))
    return files


def on_page_markdown(markdown: str, **_: object) -> str:
    """Lead links that leave docs/ to the site's pages of the same content."""
    for page, path in ELSEWHERE.items():
        markdown = markdown.replace(f"](../{path}", f"]({page}")
    return markdown


def on_post_page(output: str, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG001  the hook's signature
    """Load Mermaid before Material looks for it."""
    if 'class="mermaid"' not in output:
        return output
    return output.replace("</head>", f'<script src="{get_relative_url(MERMAID, page.url)}"></script></head>', 1)
